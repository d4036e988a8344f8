"""The tokens that other services gave us, one row for each authentication configuration."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from placet.store.database import insert_into
from placet.store.tables import auth_configuration, outbound_token


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundTokenRow:
    """Tokens, encrypted, of one revision of a configuration; `expires_at` None where nobody said."""

    configuration_id: str
    revision: int
    tokens: bytes = field(repr=False)
    expires_at: datetime | None = None


_COLUMNS = [outbound_token.c[name] for name in OutboundTokenRow.__dataclass_fields__]


def find(tx: Connection, configuration_id: str) -> OutboundTokenRow | None:
    query = select(*_COLUMNS).where(outbound_token.c.configuration_id == configuration_id)
    row = tx.execute(query).mappings().first()
    return None if row is None else OutboundTokenRow(**row)


def mark(tx: Connection, configuration_id: str) -> str:
    """What the tokens of a configuration are told apart by from those before and after; "" where there are none."""
    row = find(tx, configuration_id)
    return "" if row is None else hashlib.sha256(row.tokens).hexdigest()


def keep(tx: Connection, row: OutboundTokenRow) -> bool:
    """Write tokens over those before; False where the configuration has been changed or removed since."""
    configuration = select(auth_configuration.c.revision).where(auth_configuration.c.id == row.configuration_id)
    if tx.execute(configuration.with_for_update(read=True)).scalar() != row.revision:
        return False
    values = asdict(row) | {"renewing_until": None}
    statement = insert_into(tx, outbound_token).values(values)
    tx.execute(statement.on_conflict_do_update(index_elements=[outbound_token.c.configuration_id], set_=values))
    return True


def keep_first(tx: Connection, row: OutboundTokenRow, before: str) -> bool:
    """As `keep`, where nobody has kept others since there was that mark."""
    configuration = select(auth_configuration.c.id).where(auth_configuration.c.id == row.configuration_id)
    tx.execute(configuration.with_for_update())  # of two who bring the same, one sees what the other has kept
    return mark(tx, row.configuration_id) == before and keep(tx, row)


def begin_renewing(tx: Connection, row: OutboundTokenRow, now: datetime, until: datetime) -> bool:
    """Have the tokens of a row renewed by nobody else until then; False where somebody does so, or has."""
    c = outbound_token.c
    is_same = (c.configuration_id == row.configuration_id) & (c.tokens == row.tokens)
    statement = update(outbound_token).where(is_same, or_(c.renewing_until.is_(None), c.renewing_until <= now))
    return tx.execute(statement.values(renewing_until=until).returning(c.revision)).first() is not None


def end_renewing(tx: Connection, configuration_id: str) -> None:
    """Let others try, after it came to nothing."""
    tx.execute(
        update(outbound_token).where(outbound_token.c.configuration_id == configuration_id).values(renewing_until=None)
    )
