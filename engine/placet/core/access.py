"""Who may do what, and why: one table of rules, asked by everybody through one function.

An act is allowed by the first of its grounds that holds. A ground is a permission of the actor's role, or what he has
to do with the process. The engine itself (`actor` None) may do everything; somebody inactive nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from placet.core.definition import Definition
from placet.core.names import fold_dn
from placet.core.people import Directory, Person
from placet.core.permissions import EVERY_PERMISSION, SYSTEM_ROLES, Permission
from placet.core.records import Process, WorkItem
from placet.core.standing_in import is_proxy, stands_in
from placet.core.statuses import WorkItemStatus
from placet.errors import NotAllowed


class Act(Enum):
    """Everything that somebody may or may not do; the values are how it is told."""

    SIGN_IN = "sign in"
    LIST_DEFINITIONS = "list definitions"
    START = "start a process"
    START_AS_PROXY = "start a process in the name of another"
    READ = "read the process"
    COMMENT = "comment on the process"
    ANSWER = "answer its work items"
    ACT_FOR_OTHERS = "act on work items of others"
    REASSIGN = "reassign its work items"
    TERMINATE = "terminate the process"
    END_IN_ERROR = "end the process in error"
    PAUSE = "pause the process"
    RESUME = "resume the process"
    RETRY = "retry what failed"
    CHANGE_DATA = "change the data of the process"
    CHANGE_DEFINITIONS = "change definitions"
    MANAGE_PEOPLE = "change users, groups and roles"
    REGISTER_APPLICATIONS = "register applications"
    OPERATE = "run connectors and engines, read the audit trail"


@dataclass(frozen=True, slots=True)
class Row:
    """A process with all that says whose it is: each of its items, and who had one that went to somebody else."""

    process: Process
    definition: Definition
    items: Collection[WorkItem] = ()
    former: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """One question; `row` None asks in general, `name` is in whose name a process is to be started."""

    directory: Directory
    actor: str
    now: datetime | None = None
    row: Row | None = None
    name: str | None = None

    @property
    def person(self) -> Person | None:
        return self.directory.people.get(fold_dn(self.actor))


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether something is allowed and on what ground; `needs` is what would allow it, empty where nothing would."""

    allowed: bool
    because: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing by which an act is allowed: how to tell that it holds, what it is called, and what to say of it."""

    holds: Callable[[Asked], bool]
    name: str
    because: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The grounds of an act; one that is done to a process `needs_sight` of it as well."""

    grounds: tuple[Ground, ...]
    needs_sight: bool = False


# -- grounds -------------------------------------------------------------------------------------


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two DNs name the same, however they are spelled; nobody is the same as nobody."""
    return one is not None and other is not None and fold_dn(one) == fold_dn(other)


def is_member(directory: Directory, actor: str, dn: str) -> bool:
    """Whether a DN names an active group that an actor belongs to."""
    group = directory.group(dn)
    return group is not None and group.active and fold_dn(actor) in group.members


def is_for(asked: Asked, definition: Definition, item: WorkItem) -> bool:
    """Whether an open item is for an actor because he stands in for whom it asks."""
    if asked.now is None or not item.status.is_open:
        return False
    return stands_in(asked.directory, asked.actor, item.addressee, definition, asked.now)


def _permission(permission: Permission) -> Ground:
    return Ground(
        lambda asked: asked.directory.allows(asked.actor, permission),
        f"the permission {permission}",
        f"his role holds {permission}",
    )


def _of_row(holds: Callable[[Asked, Row], bool], name: str) -> Ground:
    return Ground(lambda asked: asked.row is not None and holds(asked, asked.row), name, f"he is {name}")


def _is_initiator(asked: Asked, row: Row) -> bool:
    return is_same(asked.actor, row.process.initiator)


def _is_asked(asked: Asked, row: Row) -> bool:
    """Whether he had, has or ended an item, himself or as one of a group."""
    addressees = {*(item.addressee for item in row.items), *row.former}
    if any(is_same(asked.actor, dn) or is_member(asked.directory, asked.actor, dn) for dn in addressees):
        return True
    return any(is_same(asked.actor, item.actor) for item in row.items)


def _may_answer(asked: Asked, row: Row) -> bool:
    return any(
        item.status.is_open and is_addressed(asked, row.definition, item) and not _is_held_by_another(asked, item)
        for item in row.items
    )


_INITIATOR = _of_row(_is_initiator, "its initiator")
_RECIPIENT = _of_row(lambda asked, row: is_same(asked.actor, row.process.recipient), "its recipient")
_STARTER = _of_row(lambda asked, row: is_same(asked.actor, row.process.proxy), "the proxy who started it")
_ASKED = _of_row(_is_asked, "somebody who is or was asked, himself or as one of a group")
_DELEGATE = _of_row(
    lambda asked, row: any(is_for(asked, row.definition, item) for item in row.items),
    "the delegate of somebody absent who is asked",
)
_ADDRESSEE = _of_row(_may_answer, "the addressee of an open work item")
_OWN = Ground(
    lambda asked: (
        asked.row is not None
        and _is_initiator(asked, asked.row)
        and asked.directory.allows(asked.actor, Permission.START)
    ),
    f"{Permission.START} for one's own",
    f"it is his own, and his role holds {Permission.START}",
)
_GRANTED = Ground(
    lambda asked: (
        asked.name is not None
        and asked.now is not None
        and asked.directory.allows(asked.actor, Permission.START)
        and is_proxy(asked.directory, asked.actor, asked.name, asked.now)
    ),
    f"a proxy grant with {Permission.START}",
    "a proxy grant is in force",
)
_SEEN = Ground(lambda asked: True, "sight of the process", "he may read the process")

#: The one table of rules.
RULES: Mapping[Act, Rule] = {
    Act.SIGN_IN: Rule((_permission(Permission.LOGIN),)),
    Act.LIST_DEFINITIONS: Rule((_permission(Permission.LOGIN),)),
    Act.START: Rule((_permission(Permission.START),)),
    Act.START_AS_PROXY: Rule((_permission(Permission.SUPERVISE), _GRANTED)),
    Act.READ: Rule((_permission(Permission.SEE_ALL), _INITIATOR, _RECIPIENT, _STARTER, _ASKED, _DELEGATE)),
    Act.COMMENT: Rule((_SEEN,), needs_sight=True),
    Act.ANSWER: Rule((_ADDRESSEE,), needs_sight=True),
    Act.ACT_FOR_OTHERS: Rule((_permission(Permission.SUPERVISE),), needs_sight=True),
    Act.REASSIGN: Rule((_permission(Permission.REASSIGN),), needs_sight=True),
    Act.TERMINATE: Rule((_permission(Permission.TERMINATE), _OWN), needs_sight=True),
    Act.END_IN_ERROR: Rule((_permission(Permission.TERMINATE),), needs_sight=True),
    Act.PAUSE: Rule((_permission(Permission.SUPERVISE),), needs_sight=True),
    Act.RESUME: Rule((_permission(Permission.SUPERVISE),), needs_sight=True),
    Act.RETRY: Rule((_permission(Permission.SUPERVISE),), needs_sight=True),
    Act.CHANGE_DATA: Rule((_permission(Permission.SUPERVISE),), needs_sight=True),
    Act.CHANGE_DEFINITIONS: Rule((_permission(Permission.DEFINE),)),
    Act.MANAGE_PEOPLE: Rule((_permission(Permission.MANAGE_PEOPLE),)),
    Act.REGISTER_APPLICATIONS: Rule((_permission(Permission.REGISTER_APPLICATIONS),)),
    Act.OPERATE: Rule((_permission(Permission.OPERATE),)),
}


# -- the one function ----------------------------------------------------------------------------


def answer(
    directory: Directory,
    actor: str | None,
    act: Act,
    row: Row | None = None,
    *,
    name: str | None = None,
    now: datetime | None = None,
    seen: bool = False,
) -> Answer:
    """Whether an actor (a DN) may do something, and why.

    `row` is the process that it is done to; with `seen` it is known that he may read it. Without `now` nobody stands in
    for anybody.
    """
    if actor is None:
        return Answer(True, "the engine itself may do everything")
    if not may_act(directory, actor):
        return Answer(False, "he is inactive, or his role is", "an active user with an active role")
    asked, rule = Asked(directory, actor, now, row, name), RULES[act]
    if rule.needs_sight and not seen and row is not None and _ground(asked, RULES[Act.READ]) is None:
        return Answer(False, "he may not read the process", _names(RULES[Act.READ]))
    found = _ground(asked, rule)
    if found is not None:
        return Answer(True, found.because)
    return Answer(False, "nothing allows it", _names(rule))


def _ground(asked: Asked, rule: Rule) -> Ground | None:
    return next((ground for ground in rule.grounds if ground.holds(asked)), None)


def _names(rule: Rule) -> str:
    return " or ".join(ground.name for ground in rule.grounds)


def permits(directory: Directory, actor: str | None, act: Act) -> bool:
    """Whether an actor may do something wherever he sees it, by his role and not by what a process is to him."""
    known: bool | None = directory.resolved.get((actor, act))
    return directory.remember((actor, act), answer(directory, actor, act).allowed) if known is None else known


def may_act(directory: Directory, actor: str | None) -> bool:
    """Whether an actor may ask for anything at all: the inactive may not; a DN that is no user's may."""
    person = None if actor is None else directory.person(actor)
    return person is None or person.active


# -- work items ----------------------------------------------------------------------------------


def is_addressed(asked: Asked, definition: Definition, item: WorkItem) -> bool:
    """Whether an item asks this actor: himself, as a member of a group, or for whom he stands in."""
    actor, directory = asked.actor, asked.directory
    if is_same(actor, item.addressee) or is_member(directory, actor, item.addressee):
        return True
    return is_for(asked, definition, item)


def may_see_item(asked: Asked, definition: Definition, item: WorkItem) -> bool:
    """Whether an item is shown to an actor: what `visible_items` of the store asks of the database.

    It is to whoever it asks or who ended it; a group's that is claimed only to who of the group holds it.
    """
    actor, directory = asked.actor, asked.directory
    if permits(directory, actor, Act.READ) or is_same(actor, item.addressee) or is_same(actor, item.actor):
        return True
    if is_for(asked, definition, item):
        return True
    return not _is_held_by_another(asked, item) and is_member(directory, actor, item.addressee)


def _is_held_by_another(asked: Asked, item: WorkItem) -> bool:
    if item.status is not WorkItemStatus.CLAIMED or is_same(asked.actor, item.owner):
        return False
    return not is_same(item.owner, item.addressee)  # who stands in for whom an item asks may take it from him


# -- refusals ------------------------------------------------------------------------------------


def inactive(actor: str) -> NotAllowed:
    """The refusal of whatever somebody inactive asks for."""
    return NotAllowed(f"The user {actor} is inactive and may do nothing; an administrator can make him active again.")


def require_active(directory: Directory, actor: str | None) -> None:
    """Refuse whoever is known and inactive."""
    if not may_act(directory, actor):
        raise inactive(actor or "")


def require_act(
    directory: Directory,
    actor: str | None,
    act: Act,
    row: Row | None = None,
    *,
    name: str | None = None,
    now: datetime | None = None,
) -> None:
    """Refuse an act with what it takes; that the actor may read the process is seen to elsewhere."""
    if permits(directory, actor, act):
        return
    found = answer(directory, actor, act, row, name=name, now=now, seen=True)
    if not found.allowed:
        require_active(directory, actor)
        raise NotAllowed(f"To {act.value} takes {found.needs}, which {actor} does not have.")


def require(directory: Directory, actor: str | None, permission: Permission) -> None:
    """Refuse whoever lacks a permission, and say which."""
    if actor is None or directory.allows(actor, permission):
        return
    require_active(directory, actor)
    raise NotAllowed(f"This takes the permission {permission}, which the role of {actor} does not hold.")


def require_no_raise(
    directory: Directory,
    actor: str | None,
    permissions: Collection[str],
    *,
    user: str | None = None,
    role: str | None = None,
) -> None:
    """Refuse to give more than one has, and to change one's own role.

    `permissions` are what is given; `user` is the DN of whose role is changed, `role` the uid of the role whose
    permissions are. Who has the administrator's role may do all of it.
    """
    if holds_everything(directory, actor):
        return
    person = directory.people.get(fold_dn(actor or ""))
    missing = sorted((set(permissions) & EVERY_PERMISSION) - (person.permissions if person else frozenset()))
    if missing:
        raise NotAllowed(f"Nobody may give what he does not hold himself: {', '.join(missing)}.")
    if is_same(actor, user) or (person is not None and role is not None and person.role == role):
        raise NotAllowed("Nobody may change his own role or what it holds; ask another administrator.")


def holds_everything(directory: Directory, actor: str | None) -> bool:
    """Whether an actor has the administrator's role, or is the engine itself."""
    if actor is None:
        return True
    person = directory.people.get(fold_dn(actor))
    role = None if person is None else directory.roles.get(person.role or "")
    return person is not None and person.active and role is not None and role.code == SYSTEM_ROLES.administrator
