"""Approvals: whom an activity asks, and what an answer, a timeout or a reminder does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from placet.core.clockwork import later, next_ring
from placet.core.definition import Addressees, Approval, SettleKind
from placet.core.draft import Draft
from placet.core.names import fold_dn
from placet.core.people import Directory, Group, Person
from placet.core.records import WorkItem
from placet.core.standing_in import delegate_of
from placet.core.voters import has_free_voter, may_decide
from placet.core.votes import Round
from placet.errors import ExpressionError, InvalidInput

_PEOPLE = frozenset({"initiator", "recipient"})


def ask(draft: Draft, number: int, approval: Approval) -> None:
    """Make a work item for each addressee; nobody to ask is an error, never a silent orphan."""
    addressees = _voters(draft, approval)
    settle = approval.settle
    if settle.kind is SettleKind.COUNT and settle.amount > len(addressees):
        raise InvalidInput(f"it wants {settle.amount} yes votes but there are only {len(addressees)} to ask")
    draft.require_room(len(addressees))
    draft.token(number).votes = Round(total=len(addressees))
    for addressee in addressees:
        assign(draft, number, approval, addressee)


def assign(draft: Draft, token: int, approval: Approval, addressee: str) -> WorkItem:
    """Make one work item, with its timers set."""
    now = draft.now
    delegate = delegate_for(draft, approval, addressee)
    item = WorkItem(
        process_id=draft.process.id,
        number=0,
        activity=approval.id,
        token=token,
        addressee=delegate,
        proxy_for=None if delegate == addressee else addressee,
        created_at=now,
        priority=approval.priority,
        due_at=later(now, approval.due) if approval.due else None,
        expires_at=later(now, approval.timeout) if approval.timeout else None,
    )
    item.timer_at = next_ring(item, approval)
    item = draft.add_item(item)
    whom = {"addressee": delegate} | ({"proxy_for": item.proxy_for} if item.proxy_for else {})
    draft.record("work_item.assigned", activity=approval.id, item=item.number, **whom)
    return item


def delegate_for(draft: Draft, approval: Approval, addressee: str) -> str:
    """Who gets what is meant for somebody: his delegate while he is absent, unless that one must not decide here."""
    delegate = delegate_of(draft.directory, addressee, draft.definition, draft.now)
    return delegate if may_decide(draft.process, approval, delegate) else addressee


def _voters(draft: Draft, approval: Approval) -> list[str]:
    """The DNs to ask, each once: the addressees, else the fallback."""
    reason = ""
    try:
        found = _eligible(draft, approval, resolve(draft, approval.addressees))
    except (ExpressionError, InvalidInput) as failure:
        if approval.fallback is None:
            raise
        found, reason = [], f" ({failure.message.rstrip('.')})"
    if found:
        return found
    if approval.fallback is None:
        raise InvalidInput(
            "nobody could be asked: no addressee is an active user or a group with one" + _excluded(approval)
        )
    found = _eligible(draft, approval, resolve(draft, approval.fallback))
    if not found:
        raise InvalidInput("nobody could be asked, and the fallback is no active user or group with one either")
    draft.comment(
        f"{approval.name}: nobody could be asked{reason}; the fallback is asked instead.", activity=approval.id
    )
    return found


def _excluded(approval: Approval) -> str:
    return "" if approval.self_approval else " (who asks or receives may not approve himself)"


def resolve(draft: Draft, addressees: Addressees) -> list[str]:
    """The DNs of active users and groups that addressees name, each once, in their order.

    What follows from the initiator and the recipient alone is kept with the directory that it follows from.
    """
    if isinstance(addressees, str) or not addressees.variables <= _PEOPLE:
        return _resolve(draft, addressees)
    key = (addressees.source, draft.process.initiator, draft.process.recipient)
    known = draft.directory.resolved.get(key)
    if known is None:
        known = draft.directory.remember(key, _resolve(draft, addressees))
    return known


def _resolve(draft: Draft, addressees: Addressees) -> list[str]:
    given = addressees if isinstance(addressees, str) else addressees.evaluate(draft.expression_facts())
    return named_by(draft.directory, given)


def named_by(directory: Directory, given: Any) -> list[str]:
    """The DNs of active users and groups that the value of an expression names, each once, in their order."""
    found: dict[str, str] = {}
    for entry in given if isinstance(given, list) else [given]:
        known = principal(directory, entry)
        if known is not None:
            found.setdefault(fold_dn(known.dn), known.dn)
    return list(found.values())


def principal(directory: Directory, entry: Any) -> Person | Group | None:
    """The user or group that one entry names, if he or one of it can act."""
    if isinstance(entry, dict):  # a person as expressions see one, for example `initiator.manager`
        entry = entry.get("dn")
    if entry is None:
        return None
    if not isinstance(entry, str):
        raise InvalidInput(f"addressees have to be DNs, user names or groups, not {entry!r}")
    person = directory.person(entry)
    if person is not None:
        return person if person.active else None
    group = directory.group(entry)
    return group if group is not None and group.active and directory.active_members(group) else None


def _eligible(draft: Draft, approval: Approval, found: Iterable[str]) -> list[str]:
    """Without those whom `self_approval: forbidden` keeps out, and groups of nobody else."""
    if approval.self_approval:
        return list(found)
    return [dn for dn in found if has_free_voter(draft.directory, draft.process, approval, (), dn)]


def can_answer(draft: Draft, item: WorkItem, approval: Approval, dn: str) -> bool:
    """Whether an item may go to somebody, or to a group: one vote each, and none where self-approval is forbidden."""
    if item.returned:
        return True
    others = [other for other in draft.open_items(item.token) if other.number != item.number]
    if any(fold_dn(dn) in (fold_dn(other.addressee), fold_dn(other.proxy_for or "")) for other in others):
        return False
    votes = draft.token(item.token).votes
    assert votes is not None
    return has_free_voter(draft.directory, draft.process, approval, votes.voters, dn)
