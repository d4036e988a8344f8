"""Why a process waits, in words: sentences of texts, times, people and processes, which each face shows in its own way.

>>> as_text(("It waits for ", Who("cn=anna,ou=users,o=placet"), "."), name=common_name, moment=str)
'It waits for anna.'
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from placet.core.access import Act
from placet.core.names import common_name, is_dn
from placet.core.waiting import Asked, Coming, Help, Next, Progress, Votes, Wait, WaitKind


@dataclass(frozen=True, slots=True)
class Who:
    """A user or a group, by DN."""

    dn: str


@dataclass(frozen=True, slots=True)
class Other:
    """Another process, by its id."""

    process: str


Part: TypeAlias = str | datetime | Who | Other
Sentence: TypeAlias = tuple[Part, ...]


def in_words(wait: Wait, now: datetime) -> list[Sentence]:
    """What is to be said of a wait: first what is waited for and since when, last who could act."""
    said = [*_WORDS[wait.kind](wait), *_tried(wait), *(_coming(each, wait, now) for each in wait.coming)]
    if wait.kind is WaitKind.ANSWER and not wait.coming and not wait.held:
        said.append(("Nothing ends this by itself: no time limit is set.",))
    return [*said, *_who_could_act(wait)]


def to_texts(wait: Wait, now: datetime, name: Callable[[str], str]) -> list[str]:
    """The same as plain texts, with times in UTC; `name` gives what people call a DN."""
    return [as_text(sentence, name=name, moment=_in_utc) for sentence in in_words(wait, now)]


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S UTC}"


def as_text(sentence: Sentence, *, name: Callable[[str], str], moment: Callable[[datetime], str]) -> str:
    """A sentence as plain text; `name` gives what people call a DN, `moment` a time as it is shown."""
    return "".join(_part(part, name, moment) for part in sentence)


def _part(part: Part, name: Callable[[str], str], moment: Callable[[datetime], str]) -> str:
    match part:
        case str():
            return part
        case datetime():
            return moment(part)
        case Who():
            return name(part.dn)
        case Other():
            return part.process


def _listed(parts: Iterable[Part], *, and_others: bool = False, last: str = " and ") -> Sentence:
    """`a, b and c`; or `a, b, c and others`."""
    listed: list[Part] = [*parts, *(["others"] if and_others else [])]
    joined: list[Part] = []
    for place, part in enumerate(listed):
        if place:
            joined.append(last if place == len(listed) - 1 else ", ")
        joined.append(part)
    return tuple(joined)


def _people(dns: Iterable[str], *, and_others: bool = False, last: str = " and ") -> Sentence:
    return _listed([Who(dn) if is_dn(dn) else dn for dn in dns], and_others=and_others, last=last)


# -- what is waited for ----------------------------------------------------------------------------


def _resumption(wait: Wait) -> list[Sentence]:
    by: Sentence = () if wait.by is None else (" by ", Who(wait.by))
    stands = "Until it is resumed nobody can act on its work items, and its times stand still."
    return [("It was paused", *by, " at ", wait.since, "."), (stands,)]


def _answer(wait: Wait) -> list[Sentence]:
    what = "an answer" if len(wait.asked) == 1 else "answers"
    head = _waits_for(wait, f"{what} from ", *_people(each.item.addressee for each in wait.asked))
    votes = [] if wait.votes is None else [_votes(wait.votes)]
    return [head, *votes, *(sentence for each in wait.asked for sentence in _asked(each))]


def _changes(wait: Wait) -> list[Sentence]:
    (asked,) = wait.asked
    whom = Who(asked.item.addressee)
    head = ("It was returned for changes at ", wait.since, ": ", whom, " has to send it again or withdraw it.")
    return [head, *_asked(asked)]


def _time(wait: Wait) -> list[Sentence]:
    head = _waits_for(wait, "a time to come")
    return [head] if wait.left is None else [head, (f"When it was paused there were {_span(wait.left)} of that left.",)]


def _span(left: timedelta) -> str:
    hours, minutes = divmod(round(left.total_seconds() / 60), 60)
    days, hours = divmod(hours, 24)
    parts = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
    return " ".join(parts) or "0 min"


def _process(wait: Wait) -> list[Sentence]:
    assert wait.process is not None
    definition = common_name(wait.of)
    if wait.progress is Progress.UNSEEN:
        return [_waits_for(wait, f"a process of {definition!r} to end")]
    head = _waits_for(wait, "process ", Other(wait.process), f" of {definition!r} to end")
    match wait.progress:
        case Progress.QUEUED:
            return [head, ("That is about to be started.",)]
        case Progress.DONE:
            follows = "once this one is resumed" if wait.held else "as soon as a node takes it up"
            return [head, (f"That has ended; this one goes on {follows}.",)]
        case _:
            return [head]


def _call(wait: Wait) -> list[Sentence]:
    return _service(wait, f"the connector {wait.of!r} to answer")


def _mail(wait: Wait) -> list[Sentence]:
    return _service(wait, "the mail to ", *_people(wait.to), " to be handed in")


def _service(wait: Wait, *what: Part) -> list[Sentence]:
    head = _waits_for(wait, *what)
    match wait.progress:
        case Progress.QUEUED:
            return [head, ("That is due, and done as soon as a node has room for it.",)]
        case Progress.RUNNING:
            return [head, ("It is being tried right now.",)]
        case Progress.DONE:
            return [head, ("That is done; what follows happens once the process is resumed.",)]
        case Progress.POSTPONED:
            return [head, ("It cannot be begun: something that it takes here, a key or the database, is away.",)]
        case Progress.LEFT_ALONE:
            return [head, ("What it calls is left alone for a while, because too many calls of it have failed.",)]
        case _:
            return [head]


def _incident(wait: Wait) -> list[Sentence]:
    head: Sentence = ("It could not be done: it has waited since ", wait.since, " for somebody to retry or skip it.")
    return [head, (f"{wait.reason.rstrip('.')}.",)]


def _waits_for(wait: Wait, *what: Part) -> Sentence:
    return ("It has waited since ", wait.since, " for ", *what, ".")


_WORDS: Mapping[WaitKind, Callable[[Wait], list[Sentence]]] = {
    WaitKind.RESUMPTION: _resumption,
    WaitKind.ANSWER: _answer,
    WaitKind.CHANGES: _changes,
    WaitKind.TIME: _time,
    WaitKind.PROCESS: _process,
    WaitKind.CALL: _call,
    WaitKind.MAIL: _mail,
    WaitKind.INCIDENT: _incident,
}


# -- details ---------------------------------------------------------------------------------------


def _votes(votes: Votes) -> Sentence:
    so_far = f"so far {votes.yes} approved, {votes.no} denied and {votes.refused} refused"
    rule = f"{votes.wanted} of {votes.total} have to approve" if votes.wanted else "The first answer decides"
    return (f"{rule}; {so_far}.",)


_LOOKING = "the engine is about to look for others"


def _asked(asked: Asked) -> list[Sentence]:
    """What else there is to say of one work item."""
    item = asked.item
    said: list[Sentence] = []
    if item.proxy_for is not None:
        said.append((Who(item.addressee), " is asked in place of ", Who(item.proxy_for), *_until(asked), "."))
    elif asked.absence is not None:
        said.append((Who(item.addressee), *_until(asked), "; ", Who(asked.absence.stand_in), " stands in."))
    if item.owner is not None:
        said.append((Who(item.owner), " has claimed it."))
    if asked.stuck:
        then = "it waits until it is reassigned, or one of them can again" if asked.stranded else _LOOKING
        said.append((f"Nobody whom it asks can answer any more: {asked.stuck}; {then}.",))
    return said


def _until(asked: Asked) -> Sentence:
    if asked.absence is None:
        return ()
    is_absent = ", who is absent" if asked.item.proxy_for is not None else " is absent"
    return (is_absent,) if asked.absence.to_at is None else (f"{is_absent} until ", asked.absence.to_at)


def _tried(wait: Wait) -> list[Sentence]:
    if not wait.tries or wait.kind is WaitKind.INCIDENT:
        return []
    last, times = wait.tries[-1], len(wait.tries)
    said = last.error.rstrip(".") or "it did not work"
    return [(f"It was tried {'once' if times == 1 else f'{times} times'}, last at ", last.at, f": {said}.")]


def _coming(coming: Next, wait: Wait, now: datetime) -> Sentence:
    """What happens by itself, and when; what is due already waits for a node."""
    if coming.at > now:
        at: Sentence = ("At ", coming.at, " ")
    else:
        at = ("Due since ", coming.at, ", and done as soon as a node takes it up: ")
    match coming.what:
        case Coming.TIMEOUT:
            return (*at, f"it times out and goes on to {coming.leads_to!r}.")
        case Coming.REMINDER:
            return (*at, *_people(coming.people), " is reminded.")
        case Coming.ESCALATION if coming.people:
            return (*at, "it goes to ", *_people(coming.people), ", unless it is answered before.")
        case Coming.ESCALATION:
            return (*at, "it is to go to somebody else, and as things are nobody is found for that.")
        case Coming.END:
            return (*at, f"it goes on to {coming.leads_to!r}.")
        case Coming.TRY:
            return (*at, "it is tried again.")


# -- who could act ---------------------------------------------------------------------------------

_HELP = {
    Act.ACT_FOR_OTHERS: "could answer in their place",
    Act.REASSIGN: "could hand it to somebody else",
    Act.RETRY: "could retry or skip it",
    Act.RESUME: "could resume it",
    Act.TERMINATE: "could end the process",
}


def _who_could_act(wait: Wait) -> list[Sentence]:
    when: Sentence = ("Once it is resumed ",) if wait.held and wait.kind is not WaitKind.RESUMPTION else ()
    able = dict.fromkeys(dn for each in wait.asked for dn in each.can_answer)
    more = any(each.and_others for each in wait.asked)
    said: list[Sentence] = [(*when, *_people(able, and_others=more), " can answer.")] if able else []
    said += [_help(each, () if each.act is Act.TERMINATE else when) for each in wait.helps]
    return said or [("Nobody could act on it now.",)]


def _help(found: Help, when: Sentence) -> Sentence:
    people = _people(found.people, and_others=found.and_others, last=" or ")
    by = "" if found.act is Act.TERMINATE else f" ({found.permission})"  # who started it needs no such permission
    return (*when, *people, f" {_HELP[found.act]}{by}.")
