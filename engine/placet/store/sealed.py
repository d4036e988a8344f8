"""Where encrypted secrets are kept, and what each is bound to: a row's secret opens for that row alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, select, update

from placet.store import connectors, counters, webhooks
from placet.store.tables import application, auth_configuration, outbound_token, webhook


@dataclass(frozen=True, slots=True)
class Sealed:
    """A column of encrypted secrets; `what` stands in front of the id in the name of a row.

    `counter` moves on with every change of those rows that are held in memory.
    """

    what: str
    key: Column[Any]
    secret: Column[Any]
    counter: str | None = None

    def row_name(self, row_id: str) -> str:
        """What the secret of a row is bound to."""
        return f"{self.what} {row_id}"

    def lock(self, tx: Connection) -> None:
        """Let nobody write a whole row that he has read before, and have those in memory read again."""
        if self.counter is not None:
            counters.bump(tx, self.counter)

    def page(self, tx: Connection, after: str | None, limit: int) -> Sequence[tuple[str, bytes]]:
        """Ids with their secrets in the order of their keys, from behind one of them on."""
        query = select(self.key, self.secret).where(self.secret.is_not(None)).order_by(self.key).limit(limit)
        rows = tx.execute(query if after is None else query.where(self.key > after)).all()
        return [(row_id, bytes(secret)) for row_id, secret in rows]

    def replace(self, tx: Connection, row_id: str, before: bytes, after: bytes) -> bool:
        """Put a secret in the place of another; False where that is no longer there."""
        statement = update(self.key.table).where(self.key == row_id, self.secret == before)
        return tx.execute(statement.values({self.secret.name: after}).returning(self.key)).first() is not None


APPLICATIONS = Sealed("application", application.c.id, application.c.secret)
CONFIGURATIONS = Sealed("auth configuration", auth_configuration.c.id, auth_configuration.c.secrets, connectors.COUNTER)
TOKENS = Sealed("tokens of configuration", outbound_token.c.configuration_id, outbound_token.c.tokens)
WEBHOOKS = Sealed("webhook", webhook.c.id, webhook.c.secret, webhooks.COUNTER)

EVERY = (APPLICATIONS, CONFIGURATIONS, TOKENS, WEBHOOKS)
