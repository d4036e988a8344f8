"""A chart of dots as SVG: values one after the other, and the limit that they are held to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 44, 16, 56, 44  # around the plot
#: For light and for dark surroundings; the classes of the series, in their order.
STYLE = """
  text { font: 12px sans-serif; fill: #333 } .title { font-size: 14px; font-weight: 600 }
  .grid { stroke: #8884 } .limit { stroke: #c0392b; stroke-dasharray: 6 4 } .limit-name { fill: #c0392b }
  .s0 { fill: #1f6fb4 } .s1 { fill: #b45f06 } .s2 { fill: #2e7d32 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .limit { stroke: #ff8a80 } .limit-name { fill: #ff8a80 }
    .s0 { fill: #6db3f2 } .s1 { fill: #ffb74d } .s2 { fill: #81c784 }
  }
"""


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of values; the nth of each kind belong together."""

    name: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Scale:
    count: int
    highest: int

    def x(self, place: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (place + 0.5) / self.count

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.highest


def dots(title: str, series: Sequence[Series], limit: float) -> str:
    """A chart of up to three series in seconds, with a line at what they are held to."""
    scale = _Scale(len(series[0].values), ceil(max(limit, *(max(each.values) for each in series)) + 0.2))
    parts = [*_frame(title, scale), *_legend(series), *_limit(limit, scale)]
    for number, each in enumerate(series):
        parts += [
            _dot(number, scale.x(place + (number - 1) * 0.2), scale.y(value), f"{each.name}: {value:.2f} s")
            for place, value in enumerate(each.values)
        ]
    lines = "\n".join(f"  {part}" for part in parts)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    told = f'role="img" aria-label="{escape(title)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {told}>\n<style>{STYLE}</style>\n{lines}\n</svg>\n'


def _frame(title: str, scale: _Scale) -> list[str]:
    parts = [f'<text class="title" x="{LEFT}" y="20">{escape(title)}</text>']
    for value in range(scale.highest + 1):
        y = scale.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value} s</text>')
    for place in range(scale.count):
        x, y = scale.x(place), HEIGHT - BOTTOM + 18
        parts.append(f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{place + 1}</text>')
    return parts


def _legend(series: Sequence[Series]) -> list[str]:
    parts = []
    for number, each in enumerate(series):
        x = LEFT + 8 + number * 140
        parts += [_dot(number, x, 38, each.name), f'<text x="{x + 10}" y="42">{escape(each.name)}</text>']
    return parts


def _limit(limit: float, scale: _Scale) -> list[str]:
    y = scale.y(limit)
    return [
        f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>',
        f'<text class="limit-name" x="{WIDTH - RIGHT}" y="{y - 6:.1f}" text-anchor="end">promised: {limit:g} s</text>',
    ]


def _dot(number: int, x: float, y: float, about: str) -> str:
    return f'<circle class="s{number}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(about)}</title></circle>'
