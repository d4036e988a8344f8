"""Who could act on what a process waits for: whom its items ask, and who may by a permission."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from placet.core.access import Act, Row, answer, is_same
from placet.core.names import fold_dn
from placet.core.people import Directory, StandIn
from placet.core.permissions import Permission
from placet.core.records import Process, WorkItem
from placet.core.refusals import Case, actions_for
from placet.core.standing_in import covers
from placet.core.statuses import Action
from placet.core.stranded import asked_by, why_nobody
from placet.core.waiting import MOST_LOOKED_AT, MOST_NAMED, Asked, Help, Standing

_BY: Mapping[Act, Permission] = {
    Act.ACT_FOR_OTHERS: Permission.SUPERVISE,
    Act.REASSIGN: Permission.REASSIGN,
    Act.RETRY: Permission.SUPERVISE,
    Act.RESUME: Permission.SUPERVISE,
    Act.TERMINATE: Permission.TERMINATE,
}
_ACTIONS = {Act.ACT_FOR_OTHERS: Action.APPROVE, Act.REASSIGN: Action.REASSIGN}


@dataclass(frozen=True, slots=True)
class Scene:
    """A standing with the people and the time that it is seen with.

    `running` is the process as it will be once it is resumed: of one that is stopped nobody could answer anything.
    """

    standing: Standing
    directory: Directory
    now: datetime
    running: Process

    @property
    def row(self) -> Row:
        return self.standing.row

    def may(self, dn: str, item: WorkItem, action: Action) -> bool:
        """Whether somebody can do this with an item."""
        return action in actions_for(Case(self.running, item, self.row.definition, dn, self.directory, self.now))


def whom_it_asks(scene: Scene, item: WorkItem, *, stranded: bool) -> Asked:
    """What is to be said of an open item; `stranded` where the engine knows that nobody can answer it."""
    directory = scene.directory
    asked = (_spelled(directory, dn) for dn in asked_by(item, scene.row.definition, directory, scene.now))
    people, more = _first(directory, asked, lambda dn: scene.may(dn, item, Action.APPROVE))
    return Asked(
        item=item,
        can_answer=people,
        and_others=more,
        absence=_absence(scene, item.proxy_for or item.addressee),
        stuck="" if people else _stuck(directory, item),
        stranded=stranded,
    )


def helpers(scene: Scene, acts: Iterable[Act], asked: Collection[Asked] = ()) -> tuple[Help, ...]:
    """Who may do each of these acts to a process, beside those whom its items ask anyway."""
    found = (_helper(scene, act, asked) for act in acts)
    return tuple(each for each in found if each.people)


def _helper(scene: Scene, act: Act, asked: Collection[Asked]) -> Help:
    row, directory = scene.row, scene.directory
    candidates = scene.standing.holders.get(_BY[act], ())
    if act is Act.TERMINATE:  # who may end what is his own
        own = row.process.initiator
        candidates = [own, *(dn for dn in candidates if not is_same(dn, own))]
    answering = {fold_dn(dn) for each in asked for dn in each.can_answer} if act is Act.ACT_FOR_OTHERS else set()

    def may(dn: str) -> bool:
        if fold_dn(dn) in answering or not answer(directory, dn, act, row, now=scene.now).allowed:
            return False
        return not asked or any(scene.may(dn, each.item, _ACTIONS[act]) for each in asked)

    people, more = _first(directory, candidates, may)
    return Help(act, _BY[act], people, more)


def _first(
    directory: Directory, candidates: Iterable[str], holds: Callable[[str], bool]
) -> tuple[tuple[str, ...], bool]:
    """The first few by name of whom something holds, and whether there may be more."""
    looked_at = list(islice(candidates, MOST_LOOKED_AT + 1))
    by_name = sorted(looked_at[:MOST_LOOKED_AT], key=directory.display_name)
    found = list(islice(filter(holds, by_name), MOST_NAMED + 1))
    return tuple(found[:MOST_NAMED]), len(found) > MOST_NAMED or len(looked_at) > MOST_LOOKED_AT


def _spelled(directory: Directory, dn: str) -> str:
    person = directory.people.get(fold_dn(dn))
    return dn if person is None else person.dn


def _absence(scene: Scene, dn: str) -> StandIn | None:
    """The absence of somebody that his work is handed on for now; a group has none."""
    absences = scene.directory.absences.get(fold_dn(dn), ())
    found = next((each for each in absences if each.holds(scene.now) and covers(each, scene.row.definition)), None)
    return None if found is None else replace(found, stand_in=_spelled(scene.directory, found.stand_in))


def _stuck(directory: Directory, item: WorkItem) -> str:
    owner = None if item.owner is None else directory.person(item.owner)
    if owner is not None and not owner.active:
        return f"{owner.full_name}, who has claimed it, is inactive"
    return why_nobody(directory, item)
