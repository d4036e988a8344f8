"""A layered layout: every figure gets a place, every arrow a way that keeps clear of the figures.

The steps are the usual ones: turn back arrows round, put figures on layers by their longest way from the start, give
arrows a bend on each layer they cross, order each layer so that few arrows cross, then move everything below what it
belongs to. Figures take every other layer, so that each arrow has a bend of its own, where its label finds room.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP_X, GAP_Y = 30.0, 24.0
LABEL_HEIGHT = 16.0
_SWEEPS = 12


@dataclass(slots=True)
class Spot:
    """A figure's place, or a bend of an arrow, by its centre."""

    width: float
    height: float
    layer: int = 0
    x: float = 0.0
    y: float = 0.0
    is_bend: bool = False
    above: list[str] = field(default_factory=list)
    below: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layout:
    """All places, and for each arrow the names of the spots that it runs along, in its own direction."""

    spots: Mapping[str, Spot]
    ways: Mapping[tuple[str, str], Sequence[str]]
    width: float
    height: float


def lay_out(sizes: Mapping[str, tuple[float, float]], arrows: Mapping[tuple[str, str], float], first: str) -> Layout:
    """Place figures top-down from `first`, which reaches all; arrows come with the widths of their labels."""
    spots = {name: Spot(*size) for name, size in sizes.items()}
    forward = _without_circles(spots, list(arrows), first)
    _assign_layers(spots, forward.values())
    ways = {arrow: _bend(spots, arrow, ends, arrows[arrow]) for arrow, ends in forward.items()}
    layers = _order(spots)
    _spread(spots, layers)
    _stack(spots, layers)
    width = max(spot.x + spot.width / 2 for spot in spots.values())
    height = max(spot.y + spot.height / 2 for spot in spots.values())
    return Layout(spots, ways, width, height)


def _without_circles(
    spots: Mapping[str, Spot], arrows: list[tuple[str, str]], first: str
) -> dict[tuple[str, str], tuple[str, str]]:
    """Each arrow, but those to themselves, with its ends turned round where it would close a circle."""
    targets: dict[str, list[str]] = {name: [] for name in spots}
    for source, target in arrows:
        targets[source].append(target)
    forward = {}
    on_way, done = {first}, set()
    stack = [(first, iter(targets[first]))]
    while stack:
        name, rest = stack[-1]
        for target in rest:
            if target != name:
                forward[name, target] = (target, name) if target in on_way else (name, target)
            if target not in on_way and target not in done:
                on_way.add(target)
                stack.append((target, iter(targets[target])))
                break
        else:
            stack.pop()
            on_way.discard(name)
            done.add(name)
    return forward


def _assign_layers(spots: Mapping[str, Spot], ends: Iterable[tuple[str, str]]) -> None:
    pairs = list(ends)
    for _ in spots:
        moved = False
        for upper, lower in pairs:
            if spots[lower].layer <= spots[upper].layer:
                spots[lower].layer = spots[upper].layer + 2
                moved = True
        if not moved:
            break


def _bend(spots: dict[str, Spot], arrow: tuple[str, str], ends: tuple[str, str], label: float) -> list[str]:
    """Add a bend for each layer between the ends of an arrow and give its way along them; the first bears the label."""
    upper, lower = ends
    names = [upper]
    for layer in range(spots[upper].layer + 1, spots[lower].layer):
        names.append(f"{upper}>{lower}>{arrow[0]}>{layer}")  # ids hold no `>`
        spots[names[-1]] = Spot(14.0, 0.0, layer, is_bend=True)
    names.append(lower)
    for above, below in pairwise(names):
        spots[above].below.append(below)
        spots[below].above.append(above)
    way = names if ends == arrow else names[::-1]
    spots[way[1]].width = max(14.0, label)
    spots[way[1]].height = LABEL_HEIGHT if label else 0.0
    return way


def _order(spots: Mapping[str, Spot]) -> list[list[str]]:
    """The names on each layer from left to right: of several sweeps the one with the fewest crossings."""
    layers: list[list[str]] = [[] for _ in range(max(spot.layer for spot in spots.values()) + 1)]
    for name, spot in spots.items():
        layers[spot.layer].append(name)
    best, fewest = [list(layer) for layer in layers], _crossings(spots, layers)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for layer in layers[1:] if down else layers[-2::-1]:
            places = {name: place for row in layers for place, name in enumerate(row)}
            joined = {name: spots[name].above if down else spots[name].below for name in layer}
            means = {name: _mean(joined[name], places, places[name]) for name in layer}
            layer.sort(key=means.__getitem__)
        crossings = _crossings(spots, layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _mean(names: Sequence[str], places: Mapping[str, float], otherwise: float) -> float:
    return sum(places[name] for name in names) / len(names) if names else otherwise


def _crossings(spots: Mapping[str, Spot], layers: Sequence[Sequence[str]]) -> int:
    total = 0
    for upper, lower in pairwise(layers):
        places = {name: place for place, name in enumerate(lower)}
        ends = [places[below] for name in upper for below in sorted(spots[name].below, key=places.__getitem__)]
        total += sum(first > second for at, first in enumerate(ends) for second in ends[at + 1 :])
    return total


def _spread(spots: Mapping[str, Spot], layers: Sequence[Sequence[str]]) -> None:
    """Move each spot towards what it is joined with, as far as its neighbours on the layer let it."""
    for layer in layers:
        _settle(spots, layer, [0.0] * len(layer))
    for sweep in range(_SWEEPS * 2):
        down = sweep % 2 == 0
        for layer in layers[1:] if down else layers[-2::-1]:
            wanted = []
            for name in layer:
                joined = spots[name].above if down else spots[name].below
                wanted.append(_mean(joined, {other: spots[other].x for other in joined}, spots[name].x))
            _settle(spots, layer, wanted)
    left = min(spot.x - spot.width / 2 for spot in spots.values())
    for spot in spots.values():
        spot.x -= left


def _settle(spots: Mapping[str, Spot], layer: Sequence[str], wanted: Sequence[float]) -> None:
    """Place a layer as near to what is wanted as its order and gaps allow (least squares: pools of equal shift)."""
    offsets, edge = [], 0.0
    for name in layer:
        offsets.append(edge + spots[name].width / 2)
        edge += spots[name].width + GAP_X
    pools: list[tuple[float, float, int]] = []  # mean shift, weight, members
    for name, want, offset in zip(layer, wanted, offsets, strict=True):
        shift, weight, members = want - offset, 4.0 if spots[name].is_bend else 1.0, 1
        while pools and pools[-1][0] > shift:
            other, other_weight, other_members = pools.pop()
            shift = (shift * weight + other * other_weight) / (weight + other_weight)
            weight, members = weight + other_weight, members + other_members
        pools.append((shift, weight, members))
    shifts = [shift for shift, _, members in pools for _ in range(members)]
    for name, shift, offset in zip(layer, shifts, offsets, strict=True):
        spots[name].x = shift + offset


def _stack(spots: Mapping[str, Spot], layers: Sequence[Sequence[str]]) -> None:
    top = 0.0
    for layer in layers:
        height = max(spots[name].height for name in layer)
        for name in layer:
            spots[name].y = top + height / 2
            if spots[name].is_bend:
                spots[name].height = height
        top += height + GAP_Y
