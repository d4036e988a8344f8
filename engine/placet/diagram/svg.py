"""A definition as one SVG: self-contained and readable on light and on dark ground, or as a piece of a page."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from math import sqrt
from textwrap import wrap

from placet.core.definition import Definition
from placet.diagram.layout import Layout, Spot, lay_out
from placet.diagram.outline import START, Arrow, Figure, Form, arrows, figures, way_of

_MARGIN = 28.0
_NOT_XML = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_LETTER, _SMALL, _LINE = 7.4, 6.2, 18.0  # rough widths of a letter, and the height of a line
_LIGHT = {
    "ground": "#ffffff",
    "ink": "#1f2933",
    "soft": "#5b6775",
    "line": "#8793a1",
    "step": "#f4f6f8",
    "ask": "#e8f1fd",
    "ask-line": "#3b74c4",
    "choice": "#fdf3dc",
    "choice-line": "#b98a1d",
    "end": "#e4f4ea",
    "end-line": "#2f8553",
    "bar": "#d8dee5",
    "here": "#ffedd5",
    "here-line": "#c2410c",
    "way": "#0b6273",
}
_DARK = {
    "ground": "#14181d",
    "ink": "#e6eaee",
    "soft": "#a3aeba",
    "line": "#6b7785",
    "step": "#222930",
    "ask": "#17293f",
    "ask-line": "#6ea4ea",
    "choice": "#332a14",
    "choice-line": "#d9ab45",
    "end": "#15301f",
    "end-line": "#58b883",
    "bar": "#39434e",
    "here": "#45270f",
    "here-line": "#fb923c",
    "way": "#63c4d6",
}
_FONT = """.placet{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;font-size:14px}
text{text-anchor:middle}.detail,.label{font-size:12px}.figure{stroke-width:1.4}.arrow{fill:none;stroke-width:1.5}
.finish .figure{stroke-width:3.5}.here .figure{stroke-width:3}.taken.arrow{stroke-width:3}
.label{stroke-width:5px;paint-order:stroke;stroke-linejoin:round}"""


def _colours(palette: Mapping[str, str]) -> str:
    """Rules with plain colours; many viewers of SVG know no CSS variables."""
    kinds = {"step": "line", "ask": "ask-line", "choice": "choice-line", "bar": "line", "here": "here-line"}
    rules = [f".ground{{fill:{palette['ground']}}}", f"text{{fill:{palette['ink']}}}"]
    rules += [f".detail,.label{{fill:{palette['soft']}}}", f".label{{stroke:{palette['ground']}}}"]
    rules += [f".arrow{{stroke:{palette['line']}}}", f".head{{fill:{palette['line']}}}"]
    rules += [f".taken.arrow{{stroke:{palette['way']}}}", f".taken.head{{fill:{palette['way']}}}"]
    rules += [f".start .figure,.finish .figure{{fill:{palette['end']};stroke:{palette['end-line']}}}"]
    rules += [f".{kind} .figure{{fill:{palette[kind]};stroke:{palette[line]}}}" for kind, line in kinds.items()]
    return "".join(rules)


_STYLE = f"{_FONT}\n{_colours(_LIGHT)}\n@media (prefers-color-scheme:dark){{{_colours(_DARK)}}}"


def to_svg(
    definition: Definition, *, highlight: Collection[str] = (), way: Collection[str] = (), is_piece: bool = False
) -> str:
    """The picture of a definition, start at the top.

    `highlight` names activities to mark as current, `way` has the steps that were taken (as `core.flow` notes them). A
    piece is for the page that it is put into, which has the colours.
    """
    shown = {figure.id: figure for figure in figures(definition)}
    lines = arrows(definition)
    taken = way_of(definition, way) if way else set()
    texts = {name: _wrapped(figure) for name, figure in shown.items()}
    sizes = {name: _size(figure, texts[name]) for name, figure in shown.items()}
    widths = {(arrow.source, arrow.target): len(arrow.label) * _SMALL + 4 * bool(arrow.label) for arrow in lines}
    layout = lay_out(sizes, widths, START)
    has_loop = any(arrow.source == arrow.target for arrow in lines)
    width, height = layout.width + 2 * _MARGIN + (60 if has_loop else 0), layout.height + 2 * _MARGIN
    ports = _ports(layout)
    drawn = [_arrow(layout, arrow, ports, shown, (arrow.source, arrow.target) in taken) for arrow in lines]
    marks = {name: _mark(name, highlight, taken) for name in shown}
    parts = [
        *_head(definition.name, width, height, is_piece=is_piece),
        f'<g transform="translate({_MARGIN:.0f} {_MARGIN:.0f})">',
        *(path for path, _ in drawn),
        *(_node(figure, texts[name], layout.spots[name], marks[name]) for name, figure in shown.items()),
        *(label for _, label in drawn if label),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def _head(name: str, width: float, height: float, *, is_piece: bool) -> list[str]:
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    heads = "".join(
        f'<marker id="{css.replace(" ", "-")}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
        f'markerUnits="userSpaceOnUse" orient="auto"><path class="{css}" d="M0 0 10 5 0 10z"/></marker>'
        for css in ("head", "taken head")
    )
    if is_piece:
        return [f'<svg class="diagram" role="img" aria-label="{_clean(name)}" {box}>', f"<defs>{heads}</defs>"]
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="placet" role="img" aria-labelledby="title" {box}>',
        f'<title id="title">{_clean(name)}</title>',
        f"<style>{_STYLE}</style>",
        f"<defs>{heads}</defs>",
        f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>',
    ]


def _mark(name: str, highlight: Collection[str], taken: Collection[tuple[str, str]]) -> str:
    """What becomes of a figure's class: where the process stands, or has been."""
    if name in highlight:
        return " here"
    return " taken" if any(name in ends for ends in taken) else ""


def _wrapped(figure: Figure) -> list[str]:
    title = " ".join(figure.title.split())
    return wrap(title, 18 if figure.form is Form.CHOICE else 26, max_lines=3, placeholder="…") or [figure.id]


def _shortened(detail: str) -> str:
    one_line = " ".join(detail.split())
    return one_line if len(one_line) <= 32 else one_line[:31] + "…"


def _size(figure: Figure, lines: Sequence[str]) -> tuple[float, float]:
    text = max(len(line) for line in lines) * _LETTER
    detail = len(_shortened(figure.detail)) * _SMALL
    height = len(lines) * _LINE
    match figure.form:
        case Form.START | Form.FINISH:
            return (max(58.0, text + 22),) * 2
        case Form.CHOICE:
            return text + 76 + height * 0.7, height * 1.5 + 38
        case Form.BAR:
            return max(120.0, text + 40), height + 12
        case _:
            return max(120.0, text + 32, detail + 32), height + 22 + (_LINE if figure.detail else 0)


def _node(figure: Figure, lines: Sequence[str], spot: Spot, mark: str) -> str:
    left, top, right, bottom = _box(spot)
    match figure.form:
        case Form.START | Form.FINISH:
            outline = f'<circle class="figure" cx="{spot.x:.1f}" cy="{spot.y:.1f}" r="{spot.width / 2:.1f}"/>'
        case Form.CHOICE:
            corners = (
                f"{spot.x:.1f},{top:.1f} {right:.1f},{spot.y:.1f} {spot.x:.1f},{bottom:.1f} {left:.1f},{spot.y:.1f}"
            )
            outline = f'<polygon class="figure" points="{corners}"/>'
        case _:
            radius = {Form.ASK: 14, Form.BAR: 3}.get(figure.form, 5)
            size = f'width="{spot.width:.1f}" height="{spot.height:.1f}" rx="{radius}"'
            outline = f'<rect class="figure" x="{left:.1f}" y="{top:.1f}" {size}/>'
    detail = _shortened(figure.detail)
    first = spot.y - (len(lines) + bool(detail)) * _LINE / 2 + 13.5
    texts = [_text(spot.x, first + at * _LINE, line) for at, line in enumerate(lines)]
    texts += [_text(spot.x, first + len(lines) * _LINE, detail, "detail")] if detail else []
    tip = _clean(f"{figure.title}: {figure.detail}" if figure.detail else figure.title)
    css, inner = f"{figure.form.value}{mark}", f"<title>{tip}</title>{outline}{''.join(texts)}"
    return f'<g class="{css}" data-activity="{_clean(figure.id)}">{inner}</g>'


def _text(x: float, y: float, text: str, css: str = "") -> str:
    return f'<text{f" class={chr(34)}{css}{chr(34)}" if css else ""} x="{x:.1f}" y="{y:.1f}">{_clean(text)}</text>'


def _box(spot: Spot) -> tuple[float, float, float, float]:
    half_width, half_height = spot.width / 2, spot.height / 2
    return spot.x - half_width, spot.y - half_height, spot.x + half_width, spot.y + half_height


def _ports(layout: Layout) -> Mapping[tuple[str, str], float]:
    """Where along a figure's edge the line to a neighbour begins, so that several do not fall into one."""
    ports = {}
    for name, spot in layout.spots.items():
        for neighbours in (spot.above, spot.below):
            ordered = sorted(neighbours, key=lambda other: layout.spots[other].x)
            room = 0.0 if spot.is_bend else min(34.0, spot.width * 0.5 / max(1, len(ordered)))
            for at, other in enumerate(ordered):
                ports[name, other] = spot.x + (at - (len(ordered) - 1) / 2) * room
    return ports


def _arrow(
    layout: Layout, arrow: Arrow, ports: Mapping[tuple[str, str], float], shown: Mapping[str, Figure], is_taken: bool
) -> tuple[str, str]:
    """The line of an arrow, and its label."""
    if arrow.source == arrow.target:
        return _loop(layout.spots[arrow.source], arrow.label, is_taken)
    way = layout.ways[arrow.source, arrow.target]
    spots = [layout.spots[name] for name in way]
    sense = 1 if spots[0].layer < spots[-1].layer else -1
    first, last = ports[way[0], way[1]], ports[way[-1], way[-2]]
    points = [(first, _edge(spots[0], shown[way[0]].form, first, sense))]
    for spot in spots[1:-1]:
        points += [(spot.x, spot.y - sense * spot.height / 2), (spot.x, spot.y + sense * spot.height / 2)]
    points.append((last, _edge(spots[-1], shown[way[-1]].form, last, -sense)))
    label = _text(spots[1].x, spots[1].y + 4, arrow.label, "label") if arrow.label else ""
    return _line(_curve(points), is_taken), label


def _line(path: str, is_taken: bool) -> str:
    css, head = ("taken arrow", "taken-head") if is_taken else ("arrow", "head")
    return f'<path class="{css}" marker-end="url(#{head})" d="{path}"/>'


def _edge(spot: Spot, form: Form, x: float, sense: int) -> float:
    """The height at which a vertical line at `x` meets the lower (1) or upper (-1) outline."""
    off = min(1.0, abs(x - spot.x) * 2 / spot.width)
    slope = {Form.CHOICE: 1 - off, Form.START: sqrt(1 - off * off), Form.FINISH: sqrt(1 - off * off)}.get(form, 1.0)
    return spot.y + sense * slope * spot.height / 2


def _curve(points: Iterable[tuple[float, float]]) -> str:
    (x, y), *rest = points
    path = [f"M{x:.1f} {y:.1f}"]
    for next_x, next_y in rest:
        middle = (y + next_y) / 2
        curve = f"C{x:.1f} {middle:.1f} {next_x:.1f} {middle:.1f} {next_x:.1f} {next_y:.1f}"
        path.append(curve if abs(next_x - x) >= 0.5 else f"V{next_y:.1f}")
        x, y = next_x, next_y
    return " ".join(path)


def _loop(spot: Spot, label: str, is_taken: bool) -> tuple[str, str]:
    _, _, right, _ = _box(spot)
    up, down = spot.y - spot.height / 4, spot.y + spot.height / 4
    bow = right + 34
    path = f"M{right:.1f} {up:.1f} C{bow:.1f} {up - 8:.1f} {bow:.1f} {down + 8:.1f} {right:.1f} {down:.1f}"
    text = _text(bow, spot.y + 4, label, "label") if label else ""
    return _line(path, is_taken), text


def _clean(text: str) -> str:
    """A text for XML: escaped, and without the characters that XML does not know."""
    return escape(_NOT_XML.sub("", text))
