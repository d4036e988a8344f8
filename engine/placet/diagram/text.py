"""A definition as lines of text: each activity with its ways, where a process stands and which ways it took."""

from __future__ import annotations

from collections.abc import Collection

from placet.core.definition import Definition
from placet.diagram.outline import START, Arrow, Figure, arrows, figures, way_of

HERE, BEEN, NOT_YET = "▶", "✓", "·"


def to_text(definition: Definition, *, highlight: Collection[str] = (), way: Collection[str] = ()) -> str:
    """The activities in the order of their ways, each with the arrows that leave it; taken ones are `━▶`, others `──▷`.

    `highlight` and `way` are as in `to_svg`.
    """
    shown = {figure.id: figure for figure in figures(definition)}
    taken = way_of(definition, way) if way else set()
    lines = []
    for name in _in_order(definition):
        figure, leaving = shown[name], [arrow for arrow in arrows(definition) if arrow.source == name]
        lines.append(f"{_mark(name, highlight, taken)} {_title(figure)}")
        lines += [_arrow(arrow, shown[arrow.target], (arrow.source, arrow.target) in taken) for arrow in leaving]
    return "\n".join(lines) + "\n"


def _in_order(definition: Definition) -> list[str]:
    """All figures, each behind the first that leads to it."""
    order, found = [START], {START}
    following: dict[str, list[str]] = {}
    for arrow in arrows(definition):
        following.setdefault(arrow.source, []).append(arrow.target)
    for name in order:
        new = [target for target in following.get(name, ()) if target not in found]
        order += dict.fromkeys(new)
        found |= set(new)
    return order


def _mark(name: str, highlight: Collection[str], taken: Collection[tuple[str, str]]) -> str:
    if name in highlight:
        return HERE
    return BEEN if any(name in ends for ends in taken) else NOT_YET


def _title(figure: Figure) -> str:
    title, detail = _one_line(figure.title), _one_line(figure.detail)
    return f"{title} ({detail})" if detail else title


def _arrow(arrow: Arrow, target: Figure, is_taken: bool) -> str:
    label = f" {_one_line(arrow.label)}:" if arrow.label else ""
    return f"    {'━━▶' if is_taken else '──▷'}{label} {_one_line(target.title)}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
