"""Whether the activities of a file hang together: the checks of its graph, on whatever of it can be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from placet.loader.faults import Faults, Place, did_you_mean
from placet.loader.shape import ACTIVITIES
from placet.loader.yaml_tree import Mapping as MappingNode
from placet.loader.yaml_tree import Node, Scalar, Sequence


@dataclass(slots=True)
class Vertex:
    """One activity: where its paths lead, and whether some of them could not be followed."""

    kind: str
    place: Place
    targets: list[str] = field(default_factory=list)
    is_open: bool = False
    waits: bool = False


def read_graph(activities: MappingNode, faults: Faults) -> dict[str, Vertex]:
    """The graph as the file draws it; a path to nowhere is a fault, and is taken to lead to the name next to it."""
    graph = {}
    for name, node in activities.values.items():
        kind = _text(node, "kind")
        vertex = Vertex(kind, activities.keys[name])
        vertex.waits = kind in ("approval", "wait") or (kind == "process" and _text(node, "wait").lower() != "false")
        targets = list(_targets(node))
        vertex.is_open = not targets and kind != "finish"
        for target in targets:
            found = target.text if target.text in activities.values else _nearest(target, activities, faults)
            vertex.is_open = vertex.is_open or found is None
            vertex.targets += [found] if found is not None else []
        if len(set(vertex.targets)) < len(vertex.targets) and kind == "branch":
            faults.add(vertex.place, f"Branch {name!r} names an activity twice; each of its paths needs its own.")
        graph[name] = vertex
    return graph


def check_flow(graph: Mapping[str, Vertex], start: str | None, place: Place, faults: Faults) -> None:
    """One finish, all reachable from the start, every way ends, branches nest, no circle without a wait."""
    _check_finish(graph, place, faults)
    reached = _reached(graph, [start]) if start in graph and start is not None else set(graph)
    if not any(graph[name].is_open for name in reached):
        for name in graph.keys() - reached:
            faults.add(graph[name].place, f"No path leads to activity {name!r}; draw one to it, or take it out.")
    _check_ends(graph, reached, faults)
    _check_circles(graph, faults)
    if start in graph and start is not None:
        _check_branches(graph, start, faults)


def _check_finish(graph: Mapping[str, Vertex], place: Place, faults: Faults) -> None:
    finishes = [name for name, vertex in graph.items() if vertex.kind == "finish"]
    if not finishes and all(vertex.kind in ACTIVITIES for vertex in graph.values()):
        faults.add(place, "There is no finish; add one activity such as done: {kind: finish}.")
    for name in finishes[1:]:
        faults.add(
            graph[name].place, f"{name!r} is a second finish; lead its paths to {finishes[0]!r} and take it out."
        )


def _check_ends(graph: Mapping[str, Vertex], reached: set[str], faults: Faults) -> None:
    sources: dict[str, list[str]] = {name: [] for name in graph}
    for name, vertex in graph.items():
        for target in vertex.targets:
            sources[target].append(name)
    ending = {name for name, vertex in graph.items() if vertex.kind == "finish" or vertex.is_open}
    pending = list(ending)
    while pending:
        fresh = [name for name in sources[pending.pop()] if name not in ending]
        ending.update(fresh)
        pending.extend(fresh)
    if not ending:
        return  # there is no finish at all, which is a fault already
    for name in reached - ending:
        faults.add(graph[name].place, f"No path from activity {name!r} comes to the finish; draw one that does.")


def _check_circles(graph: Mapping[str, Vertex], faults: Faults) -> None:
    """A circle has to wait somewhere, or a process would run round it for ever."""
    hasty = {
        name: [t for t in vertex.targets if not graph[t].waits] for name, vertex in graph.items() if not vertex.waits
    }
    after = {name: _reached_over(hasty, hasty[name]) for name in hasty}
    told: set[str] = set()
    for name in hasty:
        if name in after[name] and name not in told:
            circle = [other for other in hasty if other in after[name] and name in after[other]]
            told.update(circle)
            faults.add(
                graph[name].place,
                f"The circle {' → '.join([*circle, name])} never waits; put an approval, a wait or a process "
                "with wait: true into it.",
            )


def _check_branches(graph: Mapping[str, Vertex], start: str, faults: Faults) -> None:
    """Walk with the branches that are open at each activity; each has to be closed by one merge of its own."""
    walk = _BranchWalk(graph, faults)
    walk.run(start)
    for name in walk.without_merge():
        place, remedy = graph[name].place, "lead all of its paths to one activity of kind merge"
        faults.add(place, f"Branch {name!r} has no merge; {remedy}.")


class _BranchWalk:
    def __init__(self, graph: Mapping[str, Vertex], faults: Faults) -> None:
        self.graph = graph
        self.faults = faults
        self.inside: dict[str, tuple[str, ...]] = {}  # the branches that are open where an activity is entered
        self.merge_of: dict[str, str] = {}
        self.told: set[str] = set()

    def run(self, start: str) -> None:
        pending: list[tuple[str, tuple[str, ...]]] = [(start, ())]
        while pending:
            name, scopes = pending.pop(0)
            if name in self.inside:
                self.compare(name, scopes)
                continue
            self.inside[name] = scopes
            after = self.scopes_after(name, scopes)
            if after is not None:
                pending.extend((target, after) for target in self.graph[name].targets)

    def without_merge(self) -> list[str]:
        """The branches that no merge ends, unless a fault told before is the reason."""
        branches = [name for name in self.inside if self.graph[name].kind == "branch"]
        open_ones = {branch for name, scopes in self.inside.items() if self.graph[name].is_open for branch in scopes}
        return [name for name in branches if name not in self.told | open_ones | self.merge_of.keys()]

    def scopes_after(self, name: str, scopes: tuple[str, ...]) -> tuple[str, ...] | None:
        vertex = self.graph[name]
        if vertex.kind == "branch":
            return (*scopes, name)
        if vertex.kind == "finish" and scopes:
            self.told.update(scopes)
            reason = (
                f"The finish {name!r} is reached inside branch {scopes[-1]!r}; lead that path to the branch's merge."
            )
            self.faults.add(vertex.place, reason)
        if vertex.kind != "merge":
            return scopes
        if not scopes:
            self.faults.add(
                vertex.place, f"Merge {name!r} is reached outside of a branch; a merge ends what a branch began."
            )
            return None
        other = self.merge_of.setdefault(scopes[-1], name)
        if other != name:
            self.told.add(scopes[-1])
            reason = f"Branch {scopes[-1]!r} ends in two merges, {other!r} and {name!r}; lead all of its paths to one."
            self.faults.add(vertex.place, reason)
        return scopes[:-1]

    def compare(self, name: str, scopes: tuple[str, ...]) -> None:
        if self.inside[name] == scopes:
            return
        branches = [
            branch for branch in (*self.inside[name], *scopes) if (branch in scopes) != (branch in self.inside[name])
        ]
        self.told.update(branches)
        is_merge = self.graph[name].kind == "merge"
        remedy = (
            "give each branch its own merge"
            if is_merge
            else "no path may lead into or out of a branch but by its merge"
        )
        those = " and ".join(repr(branch) for branch in dict.fromkeys(branches))
        message = f"Activity {name!r} is reached both inside and outside of branch {those}; {remedy}."
        self.faults.add(self.graph[name].place, message)


def _reached(graph: Mapping[str, Vertex], first: Iterable[str]) -> set[str]:
    return _reached_over({name: vertex.targets for name, vertex in graph.items()}, first)


def _reached_over(targets: Mapping[str, list[str]], first: Iterable[str]) -> set[str]:
    pending, reached = list(first), set(first)
    while pending:
        fresh = [target for target in targets[pending.pop()] if target not in reached]
        reached.update(fresh)
        pending.extend(fresh)
    return reached


def _targets(node: Node) -> Iterable[Scalar]:
    if not isinstance(node, MappingNode):
        return
    paths = node.values.get("paths")
    drawn = list(paths.values.values()) if isinstance(paths, MappingNode) else []
    drawn += [node.values["next"]] if "next" in node.values else []
    for target in drawn:
        yield from (
            item for item in (target.items if isinstance(target, Sequence) else [target]) if isinstance(item, Scalar)
        )


def _nearest(target: Scalar, activities: MappingNode, faults: Faults) -> str | None:
    reason = did_you_mean(target.text, activities.values)
    faults.add(target.place, f"A path leads to {target.text!r}, which is no activity: {reason}")
    near = get_close_matches(target.text, activities.values, 1)
    return near[0] if near else None


def _text(node: Node, key: str) -> str:
    value = node.values.get(key) if isinstance(node, MappingNode) else None
    return value.text if isinstance(value, Scalar) else ""
