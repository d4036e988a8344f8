"""Mails: a decision words them, and a job sends each once the decision is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from placet.core import data_items
from placet.core.approvals import delegate_for, principal
from placet.core.definition import Addressees, Approval, Email, Notice
from placet.core.draft import Draft
from placet.core.mail_words import STANDARD
from placet.core.names import fold_dn
from placet.core.records import Job, WorkItem
from placet.core.templates import render, shortened
from placet.core.voters import actors, may_decide
from placet.errors import ExpressionError, InvalidInput

LANE = "mail"
LONGEST_SUBJECT = 200  # characters
MOST_RECIPIENTS = 100  # of one mail

_KINDS = {
    "work_item.assigned": "assigned",
    "work_item.reassigned": "assigned",
    "work_item.redirected": "assigned",
    "work_item.reminded": "reminder",
    "work_item.escalated": "escalation",
    "process.completed": "finished",
    "process.terminated": "finished",
    "process.failed": "finished",
}


def begin_mail(draft: Draft, number: int, activity: Email) -> None:
    """Word a mail as the data are now, ask for it to be sent, and wait until it is on its way."""
    facts = _facts(draft, _process_link(draft))
    words = _worded(Notice(activity.subject, activity.text, activity.html), facts)
    to = _recipients(draft, activity.to)
    cc = [] if activity.cc is None else [each for each in _recipients(draft, activity.cc) if each not in to]
    if len(to) + len(cc) > MOST_RECIPIENTS:
        raise InvalidInput(
            f"a mail goes to at most {MOST_RECIPIENTS} users, groups and addresses, not to {len(to) + len(cc)}"
        )
    _add(draft, number, words, to=to, cc=cc, activity=activity.id)
    draft.record("mail.requested", activity=activity.id)


def notify(draft: Draft) -> None:
    """Ask for the notifications that a definition wants of what a decision has done, one a person and work item."""
    wanted = draft.definition.notifications
    if not wanted or draft.facts.public_url is None:
        return
    found: dict[int | None, str] = {}
    for event in draft.decision.events:
        kind = _KINDS.get(event.kind, "")
        if kind in wanted and (event.item is None or draft.items[event.item].status.is_open):
            found.setdefault(event.item, kind)
    for number, kind in found.items():
        if number is None:
            _tell_of_end(draft, kind)
        else:
            _tell_of_item(draft, kind, draft.items[number])


def _tell_of_item(draft: Draft, kind: str, item: WorkItem) -> None:
    link = _link(draft, "work-items", item.id)
    facts = _facts(draft, link) | {"item": _described(draft, item)}
    _tell(draft, kind, _who_can_answer(draft, item), facts, item=item.number)


def _tell_of_end(draft: Draft, kind: str) -> None:
    facts = _facts(draft, _process_link(draft))
    facts["process"] |= {"outcome": draft.process.approval_status.label.lower()}
    _tell(draft, kind, [draft.process.initiator, draft.process.recipient], facts, item=None)


def _tell(draft: Draft, kind: str, people: Iterable[str], facts: Mapping[str, Any], *, item: int | None) -> None:
    """Ask for a mail to each of these people who can be told, in the definition's words or else the standard ones."""
    found = {fold_dn(dn): person for dn in people if (person := draft.directory.person(dn)) and person.active}
    if not found:
        return
    own, standard = draft.definition.notifications[kind], STANDARD[kind]
    subject = own.subject or standard.subject
    try:
        words = _worded(
            Notice(subject, own.text, own.html) if own.text else Notice(subject, standard.text, standard.html), facts
        )
    except ExpressionError as failure:  # what people have to do is more than how it is said
        draft.comment(f"The standard notification was sent instead of the definition's own: {failure.message}")
        words = _worded(standard, facts)
    for person in found.values():
        _add(draft, 0, words, to=[person.dn], cc=[], notify=kind, item=item)


def _add(draft: Draft, token: int, words: Mapping[str, Any], **more: Any) -> Job:
    key = f"{draft.process.id}-{draft.process.job_count + 1}"
    return draft.add_job("mail", token, lane=LANE, key=key, tries=[], **words, **more)


def _worded(notice: Notice, facts: Mapping[str, Any]) -> dict[str, Any]:
    assert notice.subject is not None
    assert notice.text is not None
    subject = " ".join(render(notice.subject, facts).split())  # a header is one line, whatever the data hold
    if not subject:
        raise ExpressionError(f"The subject {shortened(notice.subject)!r} is empty with these data; give it words.")
    html = None if notice.html is None else render(notice.html, facts, html=True)
    return {"subject": subject[:LONGEST_SUBJECT], "text": render(notice.text, facts), "html": html}


# -- what templates are given ------------------------------------------------------------------------


def _facts(draft: Draft, link: str | None) -> dict[str, Any]:
    """What every template is given; a data item without a value is null."""
    facts = draft.expression_facts()
    del facts["response"]
    known = data_items.for_expressions(draft.definition, draft.process.data)
    return facts | {"data": {**dict.fromkeys(draft.definition.data), **known}, "link": link}


def _described(draft: Draft, item: WorkItem) -> dict[str, Any]:
    name = draft.directory.display_name
    return {
        "id": item.id,
        "name": draft.definition.activities[item.activity].name,
        "addressee": name(item.addressee),
        "instead_of": name(item.proxy_for) if item.proxy_for else None,
        "returned": item.returned,
        "priority": item.priority.name.lower(),
        "created_at": item.created_at,
        "due_at": item.due_at or item.expires_at,
        "expires_at": item.expires_at,
    }


def _process_link(draft: Draft) -> str | None:
    return _link(draft, "processes", draft.process.id)


def _link(draft: Draft, noun: str, id_: str) -> str | None:
    """Where people find something in the console, where it is known how they reach it."""
    public_url = draft.facts.public_url
    return f"{public_url.rstrip('/')}/console/{noun}/{id_}" if public_url else None


# -- who gets it -------------------------------------------------------------------------------------


def _recipients(draft: Draft, given: Addressees) -> list[str]:
    """The DNs of users and groups and the mail addresses that are named, each once."""
    value = given if isinstance(given, str) else given.evaluate(draft.expression_facts())
    found: dict[str, str] = {}
    for entry in value if isinstance(value, list) else [value]:
        known = principal(draft.directory, entry)
        if known is not None:
            found.setdefault(fold_dn(known.dn), known.dn)
        elif _is_address(entry) and draft.directory.person(entry) is None:
            found.setdefault(entry.strip().casefold(), entry.strip())
    return list(found.values())


def _is_address(entry: Any) -> bool:
    """Whether an entry is a mail address as it stands and no DN; whether it can be one is seen when it is used."""
    return isinstance(entry, str) and "@" in entry and "=" not in entry.partition("@")[0]


def _who_can_answer(draft: Draft, item: WorkItem) -> list[str]:
    """The DNs of who can answer an item: who claimed it, else all of a group who have not answered in this round."""
    approval = draft.definition.activities[item.activity]
    assert isinstance(approval, Approval)
    if item.owner is not None:
        return [item.owner]
    asked = sorted(actors(draft.directory, item.addressee))
    if not item.returned:
        votes = draft.token(item.token).votes
        done = [] if votes is None else votes.voters
        asked = [dn for dn in asked if fold_dn(dn) not in done and may_decide(draft.process, approval, dn)]
    return [delegate_for(draft, approval, dn) for dn in asked]
