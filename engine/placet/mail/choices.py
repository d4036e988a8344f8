"""Which notifications somebody wants: he says so himself, and who administers people says it for others."""

from __future__ import annotations

from collections.abc import Mapping

from placet.core.mail_words import KINDS
from placet.core.permissions import Permission
from placet.directory.audit import note
from placet.directory.caller import Caller
from placet.directory.database import Database
from placet.errors import InvalidInput, NotFound
from placet.store import mail_choices, people
from placet.store.directory_version import Transaction
from placet.store.people import UserRow


async def choices(database: Database, caller: Caller, user: str | None = None) -> dict[str, bool]:
    """Whether a user (by user name or DN, without one the caller) wants each kind of notification.

    Raises `NotFound` without such a user; `NotAllowed` for others than the caller without the permission PM_USERS.
    """

    def work(tx: Transaction) -> dict[str, bool]:
        return _all(tx, _user(tx, caller, user))

    return await database.read(work)


async def choose(
    database: Database, caller: Caller, chosen: Mapping[str, bool], user: str | None = None
) -> dict[str, bool]:
    """Change which kinds of notifications a user wants, and return what now holds of all; raises as `choices`.

    Raises `InvalidInput` for a kind that there is not.
    """
    for kind in chosen:
        if kind not in KINDS:
            raise InvalidInput(f"There is no notification {kind[:50]!r}; there are: {', '.join(KINDS)}.")

    def work(tx: Transaction) -> dict[str, bool]:
        by = caller.as_stored(tx)
        by.require_active()
        row = _user(tx, by, user)
        before = _all(tx, row)
        mail_choices.choose(tx, row.id, chosen)
        after = _all(tx, row)
        if after != before:
            note(tx, caller, "notifications.changed", row.dn, before=before, after=after)
        return after

    return await database.write(work)


def _user(tx: Transaction, caller: Caller, name: str | None) -> UserRow:
    wanted = name or caller.dn
    if wanted is None:
        raise InvalidInput("Nobody is named whose notifications these are; give a user name or DN.")
    row = people.find_user(tx, wanted)
    if row is None or not caller.is_(row.dn):
        caller.require(Permission.MANAGE_PEOPLE)
    if row is None:
        raise NotFound(f"There is no user {wanted[:100]!r}; give a user name or a DN of the directory.")
    return row


def _all(tx: Transaction, row: UserRow) -> dict[str, bool]:
    return dict.fromkeys(KINDS, True) | mail_choices.choices(tx, row.id)
