"""Access tokens, refresh tokens, authorization codes and tickets, each under the SHA-256 of what its holder shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from placet.store.tables import application, token, user_account


class TokenKind(StrEnum):
    ACCESS = "access"
    REFRESH = "refresh"
    REPLACED = "replaced"  # a refresh token that was used, kept so that its next use is noticed
    CODE = "code"
    TICKET = "ticket"  # of a page that asks a user, good for one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One token; all that came of one code or one sign-in have the same `origin`.

    `application` is a client_id, `scope` what was asked for (None: nothing in particular). `detail` says of a code
    where it was sent and what its PKCE challenge was.
    """

    hash: bytes = field(repr=False)
    kind: str
    application: str
    user_id: str
    scope: str | None
    issued_at: datetime
    expires_at: datetime
    origin: bytes = field(repr=False)
    detail: Mapping[str, Any] | None = field(default=None, repr=False)


_COLUMNS = [token.c[name] for name in TokenRow.__dataclass_fields__]


def add(tx: Connection, rows: Sequence[TokenRow]) -> None:
    tx.execute(insert(token), [asdict(row) for row in rows])


def find(tx: Connection, token_hash: bytes, *kinds: TokenKind) -> TokenRow | None:
    """A token of one of these kinds, expired or not."""
    row = tx.execute(select(*_COLUMNS).where(_is(token_hash, *kinds))).mappings().first()
    return None if row is None else TokenRow(**row)


def find_holder(tx: Connection, token_hash: bytes) -> tuple[TokenRow, str] | None:
    """An access token, expired or not, and the DN of the user for whom it speaks; none of a removed application."""
    query = (
        select(*_COLUMNS, user_account.c.dn)
        .join(user_account, user_account.c.id == token.c.user_id)
        .join(application, application.c.id == token.c.application)
    )
    row = tx.execute(query.where(_is(token_hash, TokenKind.ACCESS))).mappings().first()
    if row is None:
        return None
    values = dict(row)
    dn: str = values.pop("dn")
    return TokenRow(**values), dn


def remove(tx: Connection, token_hash: bytes, kind: TokenKind) -> bool:
    """Remove a token; of several who do so at once, one is told that it was there."""
    return tx.execute(delete(token).where(_is(token_hash, kind)).returning(token.c.kind)).first() is not None


def replace(tx: Connection, token_hash: bytes) -> bool:
    """Let a refresh token be replaced; of several who do so at once, one is told that it was there."""
    statement = update(token).where(_is(token_hash, TokenKind.REFRESH)).values(kind=TokenKind.REPLACED)
    return tx.execute(statement.returning(token.c.kind)).first() is not None


def expire(tx: Connection, token_hash: bytes, now: datetime) -> bool:
    """Let an access token count no longer, or return False where there is none."""
    statement = update(token).where(_is(token_hash, TokenKind.ACCESS)).values(expires_at=now)
    return tx.execute(statement.returning(token.c.kind)).first() is not None


def remove_expired(tx: Connection, now: datetime) -> None:
    tx.execute(delete(token).where(token.c.expires_at <= now))


def end_of_origin(tx: Connection, origin: bytes) -> int:
    """Remove all that came of one code or one sign-in; return how many there were."""
    return _end(tx, token.c.origin == origin)


def end_of_user(tx: Connection, user_id: str) -> int:
    """Remove all tokens that speak for a user; return how many there were."""
    return _end(tx, token.c.user_id == user_id)


def end_of_application(tx: Connection, client_id: str) -> int:
    """Remove all tokens that an application was given; return how many there were."""
    return _end(tx, token.c.application == client_id)


def _is(token_hash: bytes, *kinds: TokenKind) -> ColumnElement[bool]:
    return (token.c.hash == token_hash) & token.c.kind.in_(kinds)


def _end(tx: Connection, condition: ColumnElement[bool]) -> int:
    return len(tx.execute(delete(token).where(condition).returning(token.c.kind)).all())
