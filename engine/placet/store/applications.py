"""Applications that may ask for tokens, as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, select

from placet.store.database import insert_into
from placet.store.tables import application, user_account


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """One application; `id` is its client_id, `owner` the uid of a user.

    `secret` is encrypted, and missing where the application is public: it could not keep one.
    """

    id: str
    name: str
    owner: str
    created_at: datetime
    description: str = ""
    web_site: str = ""
    redirect_uris: Sequence[str] = ()
    secret: bytes | None = field(default=None, repr=False)

    @property
    def is_public(self) -> bool:
        return self.secret is None


_COLUMNS = [application.c[name] for name in ApplicationRow.__dataclass_fields__]
_WITH_OWNERS = select(*_COLUMNS, user_account.c.dn.label("owner_dn")).outerjoin(
    user_account, user_account.c.id == application.c.owner
)


def applications(tx: Connection) -> list[tuple[ApplicationRow, str]]:
    """All applications by name, each with its owner's DN (empty where there is no such user any more)."""
    rows = tx.execute(_WITH_OWNERS.order_by(application.c.name, application.c.id)).mappings()
    return [_with_owner(dict(row)) for row in rows]


def find(tx: Connection, client_id: str) -> tuple[ApplicationRow, str] | None:
    """One application and its owner's DN."""
    row = tx.execute(_WITH_OWNERS.where(application.c.id == client_id)).mappings().first()
    return None if row is None else _with_owner(dict(row))


def add(tx: Connection, row: ApplicationRow) -> bool:
    """Add an application, or return False where its client_id is taken."""
    values = asdict(row) | {"redirect_uris": list(row.redirect_uris)}
    statement = insert_into(tx, application).values(values).on_conflict_do_nothing()
    return tx.execute(statement.returning(application.c.id)).first() is not None


def remove(tx: Connection, client_id: str) -> bool:
    """Remove an application, or return False where there is none."""
    statement = delete(application).where(application.c.id == client_id).returning(application.c.id)
    return tx.execute(statement).first() is not None


def _with_owner(row: dict[str, object]) -> tuple[ApplicationRow, str]:
    owner_dn = row.pop("owner_dn")
    return ApplicationRow(**row), str(owner_dn or "")  # type: ignore[arg-type]  # its columns are its fields
