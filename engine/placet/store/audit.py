"""The audit trail: what was changed about people and rights, and what was refused. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from placet.store.bulk import AT_ONCE, Bulk
from placet.store.tables import audit

#: Every kind of entry, and what it says.
KINDS: Mapping[str, str] = {
    "user.created": "a user was added",
    "user.changed": "a user's names, address, manager, status or dates were changed",
    "user.closed": "a user was deleted: he stays known as closed",
    "password.changed": "a user's password was set",
    "role.created": "a role was added",
    "role.changed": "a role's code, name or status was changed",
    "role.removed": "a role was deleted",
    "role.assigned": "a user was given a role",
    "role.unassigned": "a user's role was taken away",
    "permission.given": "a permission was added to a role",
    "permission.taken": "a permission was taken from a role",
    "group.created": "a group was added",
    "group.changed": "a group's title or status was changed",
    "group.removed": "a group was deleted",
    "group.joined": "a user was put into a group",
    "group.left": "a user was taken out of a group",
    "application.registered": "an OAuth application was registered",
    "application.changed": "an application's description, addresses or secret was changed",
    "application.removed": "an application was removed, with all its tokens",
    "token.issued": "a user agreed on the consent page that an application gets tokens for him",
    "token.revoked": "a token was taken back",
    "token.refused": "an application asked for a token and got none, or an access token did not count",
    "session.begun": "somebody signed in for a session",
    "session.ended": "sessions ended: signed out, a password changed, or a user no longer active",
    "sign_in.refused": "user name and password did not fit an active account, or failed too often",
    "right.refused": "somebody asked for what he may not do",
    "absence.added": "somebody's work goes to another for a time",
    "absence.removed": "an absence was taken back",
    "notifications.changed": "somebody's choice of mails was changed",
    "proxy.granted": "somebody may start processes in another's name",
    "proxy.revoked": "a proxy grant was taken back",
    "configuration.added": "an authentication configuration was added",
    "configuration.changed": "an authentication configuration was changed, or a secret of it",
    "configuration.authorized": "an operator agreed at the service that a configuration is used",
    "configuration.tested": "an authentication configuration was tried out that is not stored like that",
    "configuration.removed": "an authentication configuration was removed",
    "service.added": "a service was added",
    "service.changed": "a service or its image was changed",
    "service.removed": "a service was removed",
    "connector.added": "a connector was added",
    "connector.changed": "a connector was changed",
    "connector.tested": "a connector was called that is not stored like that",
    "connector.removed": "a connector was removed",
    "webhook.added": "a webhook was added",
    "webhook.changed": "a webhook was changed, or its secret",
    "webhook.disabled": "a webhook was left alone because its receiver said that it is gone",
    "webhook.replayed": "dead deliveries of a webhook were sent on their way again",
    "webhook.removed": "a webhook was removed, with all that was on its way",
    "secrets.rotated": "what is kept encrypted was encrypted anew with the newest key",
    "engine.drained": "an engine was told to take no more work",
    "directory.loaded": "users, groups and roles were loaded from a file",
}

# What would be a secret under these names is never written, whoever hands it over.
_SECRET = frozenset({"password", "password_hash", "secret", "client_secret", "access_token", "refresh_token", "hash"})
_INSERT = Bulk(insert(audit), ["at", "actor", "address", "kind", "target", "before", "after"])
_LONGEST = 1024  # characters of an actor, address or target, for some of them were typed by strangers


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry; `actor` is a DN or the name that was tried, None for the engine or whoever holds the database."""

    id: int
    at: datetime
    kind: str
    actor: str | None
    address: str
    target: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; what is empty or None leaves all. `from_at` is the first moment that counts, `to_at` the end."""

    kinds: Collection[str] = ()
    actors: Collection[str] = ()
    targets: Collection[str] = ()
    from_at: datetime | None = None
    to_at: datetime | None = None


EVERYTHING = AuditFilter()


def add(
    tx: Connection,
    *,
    at: datetime,
    kind: str,
    actor: str | None,
    address: str = "",
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down what happened, one of `KINDS`; `before` and `after` are JSON objects, kept without secrets.

    Raises `ValueError` for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of audit entry; they are in placet.store.audit.KINDS")
    values = {
        "at": at,
        "kind": kind,
        "actor": None if actor is None else actor[:_LONGEST],
        "address": address[:_LONGEST],
        "target": target[:_LONGEST],
        "before": _without_secrets(before),
        "after": _without_secrets(after),
    }
    tx.execute(insert(audit).values(values))


def add_many(
    tx: Connection,
    entries: Iterable[tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any] | None]],
    *,
    at: datetime,
    actor: str | None,
    address: str = "",
) -> None:
    """Write down many changes of one moment: each entry's kind, target, before and after."""
    same = {"at": at, "actor": actor, "address": address}
    rows = (
        same
        | {"kind": kind, "target": target[:_LONGEST]}
        | {"before": _without_secrets(before), "after": _without_secrets(after)}
        for kind, target, before, after in entries
    )
    while some := list(islice(rows, AT_ONCE)):
        _INSERT.run(tx, some)


def page(
    tx: Connection, wanted: AuditFilter = EVERYTHING, *, before_id: int | None = None, limit: int | None = 100
) -> list[AuditRow]:
    """Entries, the newest first; `before_id` is the last one of the page before, no limit gives all."""
    c = audit.c
    query = select(audit).order_by(c.at.desc(), c.id.desc()).limit(limit)
    for column, values in ((c.kind, wanted.kinds), (c.actor, wanted.actors), (c.target, wanted.targets)):
        if values:
            query = query.where(column.in_(values))
    if wanted.from_at is not None:
        query = query.where(c.at >= wanted.from_at)
    if wanted.to_at is not None:
        query = query.where(c.at < wanted.to_at)
    if before_id is not None:
        last = tx.execute(select(c.at).where(c.id == before_id)).scalar()  # for numbers do not quite follow the time
        if last is None:
            return []
        query = query.where(c.at <= last, or_(c.at < last, c.id < before_id))
    return [AuditRow(**row) for row in tx.execute(query).mappings()]


def _without_secrets(value: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if value is None else {name: each for name, each in value.items() if name not in _SECRET}
