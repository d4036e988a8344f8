"""Who wants which notifications: a row where that is not what the definitions say."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from placet.store.database import insert_into
from placet.store.tables import mail_choice


def choices(tx: Connection, user_id: str) -> dict[str, bool]:
    """What a user has chosen, by kind."""
    query = select(mail_choice.c.kind, mail_choice.c.wanted).where(mail_choice.c.user_id == user_id)
    return {row.kind: row.wanted for row in tx.execute(query)}


def choose(tx: Connection, user_id: str, chosen: Mapping[str, bool]) -> None:
    """Store what a user chooses; of what he does not name nothing changes."""
    for kind, wanted in sorted(chosen.items()):
        statement = insert_into(tx, mail_choice).values(user_id=user_id, kind=kind, wanted=wanted)
        keys = [mail_choice.c.user_id, mail_choice.c.kind]
        tx.execute(statement.on_conflict_do_update(index_elements=keys, set_={"wanted": wanted}))


def is_wanted(tx: Connection, user_id: str, kind: str) -> bool:
    """Whether a user wants a kind of notification, as everybody does who has not chosen."""
    query = select(mail_choice.c.wanted).where(mail_choice.c.user_id == user_id, mail_choice.c.kind == kind)
    return tx.execute(query).scalar() is not False
