"""What can be done with a process, its work items and its incidents: the one list that every console draws from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, TypeAlias

import orjson

from placet import Action as Code
from placet import Engine, FoundIncident, FoundProcess, FoundWorkItem
from placet.core.access import Act, Answer
from placet.core.people import Directory
from placet.core.refusals import Case, actions_for
from placet.core.statuses import Life
from placet.errors import InvalidInput
from placet.system import System
from placet_api.hands import Hands


class Subject(Enum):
    """What something is done with."""

    PROCESS = "process"
    WORK_ITEM = "work item"
    INCIDENT = "incident"


class Kind(Enum):
    """What somebody is asked for along with an action."""

    TEXT = "text"
    PERSON = "person"  # a user or a group, by user name or DN
    DATA = "data"  # values by data item of the process
    OBJECT = "object"  # a JSON object
    JSON = "json"  # any JSON value


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that an action is given; `name` is its key among the values."""

    name: str
    title: str
    kind: Kind = Kind.TEXT
    required: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A process as somebody sees it: its open work items and incidents that are shown to him, and what he may do."""

    found: FoundProcess
    items: Sequence[FoundWorkItem]
    incidents: Sequence[FoundIncident]
    may: Mapping[Act, Answer]
    actor: str | None
    directory: Directory
    now: datetime

    def allows(self, act: Act) -> bool:
        return self.may[act].allowed

    @property
    def life(self) -> Life:
        return self.found.process.life


Values: TypeAlias = Mapping[str, Any]
Thing: TypeAlias = FoundProcess | FoundWorkItem | FoundIncident


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do; `key` is the letter for it, `done` what is said afterwards, `grave` what cannot be undone."""

    name: str
    title: str
    of: Subject
    key: str
    available: Callable[[Seen, Any], bool]
    carry_out: Callable[[Hands, str, Values], Awaitable[None]]
    done: str
    asks: tuple[Ask, ...] = ()
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An action that is open to somebody now, and the id of what it is done with."""

    action: Action
    id: str


# -- processes -------------------------------------------------------------------------------------

_REASON = Ask("reason", "Reason", help="Kept as a comment.")
_DATA = Ask("data", "Data", Kind.DATA)


async def _comment(hands: Hands, id_: str, values: Values) -> None:
    await hands.comment(id_, values["text"])


async def _change_data(hands: Hands, id_: str, values: Values) -> None:
    await hands.change_data(id_, values["data"], values.get("reason"))


async def _pause(hands: Hands, id_: str, values: Values) -> None:
    await hands.pause(id_)


async def _resume(hands: Hands, id_: str, values: Values) -> None:
    await hands.resume(id_)


async def _terminate(hands: Hands, id_: str, values: Values) -> None:
    await hands.terminate(id_, values.get("reason"), error=False)


async def _end_in_error(hands: Hands, id_: str, values: Values) -> None:
    await hands.terminate(id_, values.get("reason"), error=True)


def _while(act: Act, *lives: Life) -> Callable[[Seen, Any], bool]:
    return lambda seen, thing: seen.allows(act) and seen.life in lives


_GOING_ON = (Life.RUNNING, Life.STOPPED)
_OF_A_PROCESS = (
    Action(
        "comment", "Comment", Subject.PROCESS, "c", _while(Act.COMMENT, *Life), _comment, "Your comment is kept.",
        (Ask("text", "Comment", required=True),),
    ),
    Action(
        "change-data", "Change data", Subject.PROCESS, "e", _while(Act.CHANGE_DATA, *_GOING_ON), _change_data,
        "The data is changed.", (Ask("data", "Data", Kind.DATA, required=True), _REASON),
    ),
    Action(
        "pause", "Pause", Subject.PROCESS, "p", _while(Act.PAUSE, Life.RUNNING), _pause,
        "The process is paused: its times stand still, and nobody can act on it.",
    ),
    Action(
        "resume", "Resume", Subject.PROCESS, "r", _while(Act.RESUME, Life.STOPPED), _resume, "The process goes on.",
    ),
    Action(
        "terminate", "Terminate", Subject.PROCESS, "t", _while(Act.TERMINATE, *_GOING_ON), _terminate,
        "The process is terminated.", (_REASON,), grave=True,
    ),
    Action(
        "end-in-error", "End in error", Subject.PROCESS, "x", _while(Act.END_IN_ERROR, *_GOING_ON), _end_in_error,
        "The process has ended in error.", (_REASON,), grave=True,
    ),
)  # fmt: skip


# -- work items ------------------------------------------------------------------------------------


def _acting(code: Code) -> Callable[[Hands, str, Values], Awaitable[None]]:
    async def act(hands: Hands, id_: str, values: Values) -> None:
        data, comment, to = values.get("data", {}), values.get("comment"), values.get("to")
        await hands.act(id_, code, data=data, comment=comment, to=to)

    return act


def _offered(code: Code) -> Callable[[Seen, Any], bool]:
    def is_offered(seen: Seen, thing: FoundWorkItem) -> bool:
        case = Case(thing.process, thing.item, thing.definition, seen.actor, seen.directory, seen.now)
        return code in actions_for(case)

    return is_offered


def _of_an_item(code: Code, title: str, key: str, done: str, *asks: Ask) -> Action:
    return Action(code.name.lower(), title, Subject.WORK_ITEM, key, _offered(code), _acting(code), done, (*asks, _SAID))


_SAID = Ask("comment", "Comment")
_TO = Ask("to", "To", Kind.PERSON, required=True, help="A user or a group.")
_OF_A_WORK_ITEM = (
    _of_an_item(Code.APPROVE, "Approve", "a", "Approved.", _DATA),
    _of_an_item(Code.DENY, "Deny", "d", "Denied.", _DATA),
    _of_an_item(Code.REFUSE, "Refuse", "f", "Refused: it is for others to decide."),
    _of_an_item(Code.RETURN, "Return for changes", "b", "Returned for changes.", _DATA),
    _of_an_item(Code.CLAIM, "Claim", "c", "Claimed: it is yours."),
    _of_an_item(Code.RELEASE, "Release", "l", "Released: others can act on it."),
    _of_an_item(Code.REASSIGN, "Reassign", "r", "Reassigned.", _TO),
    Action(
        "comment", "Comment", Subject.WORK_ITEM, "m", _offered(Code.COMMENT), _acting(Code.COMMENT),
        "Your comment is kept.", (Ask("comment", "Comment", required=True),),
    ),
)  # fmt: skip


# -- incidents -------------------------------------------------------------------------------------


async def _retry(hands: Hands, id_: str, values: Values) -> None:
    await hands.retry(id_, values.get("data", {}), values.get("inputs", {}))


async def _skip(hands: Hands, id_: str, values: Values) -> None:
    await hands.skip(id_, values.get("result"))


def _resolvable(seen: Seen, thing: FoundIncident) -> bool:
    is_held = bool(thing.incident.token) and seen.life is Life.STOPPED
    return seen.allows(Act.RETRY) and thing.incident.resolved_at is None and not is_held


_INPUTS = Ask("inputs", "Inputs", Kind.OBJECT, help="For this call alone, as a JSON object; null leaves one out.")
_RESULT = Ask("result", "Result", Kind.JSON, help="Stands for the answer that did not come.")
_OF_AN_INCIDENT = (
    Action(
        "retry", "Retry", Subject.INCIDENT, "r", _resolvable, _retry, "It is tried again.", (_DATA, _INPUTS),
    ),
    Action(
        "skip", "Skip", Subject.INCIDENT, "s", _resolvable, _skip, "Skipped: the process goes on without it.",
        (_RESULT,), grave=True,
    ),
)  # fmt: skip


# -- all of them -----------------------------------------------------------------------------------

ACTIONS: tuple[Action, ...] = (*_OF_A_PROCESS, *_OF_A_WORK_ITEM, *_OF_AN_INCIDENT)


def action(of: Subject, name: str) -> Action | None:
    """The action of that name on a kind of thing."""
    return next((each for each in ACTIONS if each.of is of and each.name == name), None)


def values_of(wanted: Action, read: Callable[[Ask], Any]) -> dict[str, Any]:
    """The values that an action was given, as each is `read`; what was left empty is not among them.

    Raises `InvalidInput` for what is required and missing.
    """
    values: dict[str, Any] = {}
    for ask in wanted.asks:
        value = read(ask)
        if value not in (None, "", {}):
            values[ask.name] = value
        elif ask.required:
            what = "change one of the data items" if ask.kind is Kind.DATA else "fill it in"
            raise InvalidInput(f"{ask.title} is missing; {what}.")
    return values


def value_of(ask: Ask, text: str) -> Any:
    """What somebody typed for one thing that is not data; raises `InvalidInput` for what is no JSON."""
    if ask.kind in (Kind.TEXT, Kind.PERSON) or not text:
        return text
    value = json_of(ask.title, text)
    if ask.kind is Kind.OBJECT and not isinstance(value, dict):
        raise InvalidInput(f'{ask.title} is no JSON object; write names and values, such as {{"city": "Oslo"}}.')
    return value


def json_of(name: str, text: str) -> Any:
    """A JSON value that somebody typed; raises `InvalidInput`."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise InvalidInput(f"{name} is no JSON: {fault}.") from None


def offers(seen: Seen) -> list[Offer]:
    """What somebody can do now with a process, and with what is open of it."""
    things: list[tuple[Subject, str, Thing]] = [(Subject.PROCESS, seen.found.process.id, seen.found)]
    things += [(Subject.WORK_ITEM, each.item.id, each) for each in seen.items]
    things += [(Subject.INCIDENT, each.incident.id, each) for each in seen.incidents]
    possible = ((each, id_, thing) for of, id_, thing in things for each in ACTIONS if each.of is of)
    return [Offer(each, id_) for each, id_, thing in possible if each.available(seen, thing)]


_MOST_SHOWN = 200  # work items or incidents of one process


async def see(engine: Engine | System, process_id: str, actor: str | None) -> Seen:
    """A process as an actor sees it; raises `NotFound` where he may not. None is the engine itself."""
    found = await engine.process(process_id, actor=actor)
    id_ = found.process.id
    if actor is None:
        may = {act: Answer(True, "the engine itself may do everything") for act in Act}
    else:
        may = await engine.access(actor, id_, actor=actor)
    items = await engine.work_items(f"ProcessId={id_}", actor=actor, limit=_MOST_SHOWN)
    incidents = []
    if may[Act.RETRY].allowed:
        incidents = await engine.incidents(process_id=id_, actor=actor, limit=_MOST_SHOWN)
    return Seen(found, items, incidents, may, actor, engine.directory, engine.clock.now())
