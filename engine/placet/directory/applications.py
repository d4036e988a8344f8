"""Applications: programs of others that may ask for tokens (the clients of OAuth 2.0)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from placet.clock import Clock
from placet.core.names import dn_guid, unseen_in
from placet.core.people import ADMINISTRATOR, Directory, Person
from placet.core.permissions import EVERY_PERMISSION, Permission
from placet.core.texts import check_text
from placet.directory.audit import note
from placet.directory.caller import Caller, in_force
from placet.directory.database import Database
from placet.directory.redirect_uris import check_redirect_uri, check_web_site
from placet.directory.secrets import Vault
from placet.errors import InvalidInput, NotFound, Unavailable
from placet.store import applications, tokens
from placet.store.applications import ApplicationRow
from placet.store.directory_version import Transaction
from placet.store.sealed import APPLICATIONS

CONNECTORS_PLUGIN = "pmConnectorsPlugin"  # the application as which connectors ask this very server

_CLIENT_ID = re.compile("[A-Za-z]{32}")
_MOST_REDIRECT_URIS = 20


@dataclass(frozen=True, slots=True)
class Registration:
    """An application that is to be registered; one that is public cannot keep a secret and gets none."""

    name: str
    description: str = ""
    web_site: str = ""
    redirect_uris: Sequence[str] = ()
    is_public: bool = False

    def check(self) -> None:
        """Refuse what cannot be registered; raises `InvalidInput`."""
        if not self.name.strip():
            raise InvalidInput("The name of the application is empty; its users are asked by this name.")
        if unseen := unseen_in(self.name):
            raise InvalidInput(f"The name of the application has {unseen} in it, which nobody sees; leave it out.")
        for name, text, longest in (("name", self.name, 256), ("description", self.description, 2000)):
            check_text(name, text, longest)
        check_web_site(self.web_site)
        if len(self.redirect_uris) > _MOST_REDIRECT_URIS:
            raise InvalidInput(f"There are {len(self.redirect_uris)} redirect URIs; {_MOST_REDIRECT_URIS} are kept.")
        for uri in self.redirect_uris:
            check_redirect_uri(uri)


@dataclass(frozen=True, slots=True)
class Application:
    """A registered application; `owner` is a DN, `secret` is None where it is public, empty where no key opens it."""

    client_id: str
    name: str
    description: str
    web_site: str
    redirect_uris: Sequence[str]
    owner: str
    created_at: datetime
    secret: str | None = field(repr=False)

    @property
    def is_public(self) -> bool:
        return self.secret is None


class Applications:
    """The applications of an installation.

    Whoever registers, lists or removes them needs the permission to register applications, and deals with his own
    alone, for whoever has a secret acts as its owner; those who hold every permission deal with all. `ended` is called
    when tokens have ended.
    """

    def __init__(
        self, database: Database, clock: Clock, vault: Vault, ended: Callable[[], None] = lambda: None
    ) -> None:
        self._database, self._clock, self._vault, self._ended = database, clock, vault, ended

    async def register(self, caller: Caller, wanted: Registration, owner: Person | None = None) -> Application:
        """Register an application of the caller's; only the engine itself names another `owner`.

        Raises `InvalidInput` for what cannot be registered, `NotAllowed`, and `Unavailable` without a key for secrets.
        """
        caller.require(Permission.REGISTER_APPLICATIONS)
        wanted.check()
        owned_by = caller.actor or owner
        if owned_by is None:
            raise InvalidInput("The application has no owner; name one, whose rights its own tokens will have.")
        client_id = "".join(secrets.choice(string.ascii_uppercase) for _ in range(32))
        made = self._made(wanted, client_id, owned_by)

        def work(tx: Transaction) -> None:
            _add(tx, made, owned_by, in_force(tx, caller, Permission.REGISTER_APPLICATIONS))

        await self._database.write(work)
        return self._opened(made, owned_by.dn)

    async def ensure_connectors_plugin(self, directory: Directory) -> None:
        """Register the application of the connectors, the administrator's, where it is missing."""
        administrator, client_id = directory.person(ADMINISTRATOR), built_in_id(CONNECTORS_PLUGIN)
        if administrator is None or await self.find(client_id) is not None:
            return
        wanted = Registration(CONNECTORS_PLUGIN, "Connectors that call this server's own services")
        made, caller = self._made(wanted, client_id, administrator), Caller(None, directory, self._clock.now())
        await self._database.write(lambda tx: _add(tx, made, administrator, caller))

    async def every(self, caller: Caller) -> list[Application]:
        """The applications that the caller deals with, with their secrets; raises `NotAllowed`."""
        caller.require(Permission.REGISTER_APPLICATIONS)
        found = await self._database.read(applications.applications)
        return [self._shown(row, dn) for row, dn in found if _deals_with(caller, row)]

    async def one(self, caller: Caller, client_id: str) -> Application:
        """One application with its secret; raises `NotFound`, also where the caller does not deal with it."""
        row = await self._own(caller, client_id)
        owner = caller.directory.user(row.owner)
        return self._shown(row, "" if owner is None else owner.dn)

    async def remove(self, caller: Caller, client_id: str) -> None:
        """Remove an application with all its tokens; raises `NotFound` and `NotAllowed`."""
        row = await self._own(caller, client_id)

        def work(tx: Transaction) -> None:
            by = in_force(tx, caller, Permission.REGISTER_APPLICATIONS)
            if not _deals_with(by, row):
                raise _unknown(client_id)
            _remove(tx, row, by)

        await self._database.write(work)
        self._ended()

    async def _own(self, caller: Caller, client_id: str) -> ApplicationRow:
        caller.require(Permission.REGISTER_APPLICATIONS)
        row = await self.find(client_id)
        if row is None or not _deals_with(caller, row):
            raise _unknown(client_id)
        return row

    async def find(self, client_id: str) -> ApplicationRow | None:
        """An application as anybody may know it."""
        if not _CLIENT_ID.fullmatch(client_id):
            return None
        found = await self._database.read(lambda tx: applications.find(tx, client_id))
        return None if found is None else found[0]

    async def proven(self, client_id: str, secret: str) -> ApplicationRow | None:
        """The application that has this secret; a public one proves itself by having none."""
        row = await self.find(client_id)
        if row is None or row.secret is None:
            return None if secret else row
        stored = self._vault.open(row.secret, of=APPLICATIONS.row_name(client_id))
        return row if hmac.compare_digest(stored.encode(), secret.encode("utf-8", "replace")) else None

    def _made(self, wanted: Registration, client_id: str, owner: Person) -> ApplicationRow:
        sealed = (
            None if wanted.is_public else self._vault.seal(secrets.token_hex(16), of=APPLICATIONS.row_name(client_id))
        )
        return ApplicationRow(
            id=client_id,
            name=wanted.name.strip(),
            owner=owner.id or dn_guid(owner.dn),
            created_at=self._clock.now(),
            description=wanted.description,
            web_site=wanted.web_site,
            redirect_uris=tuple(wanted.redirect_uris),
            secret=sealed,
        )

    def _shown(self, row: ApplicationRow, owner: str) -> Application:
        """As `_opened`, also where the secret does not open: one lost key hides nothing else."""
        try:
            return self._opened(row, owner)
        except Unavailable:
            return replace(self._opened(replace(row, secret=None), owner), secret="")

    def _opened(self, row: ApplicationRow, owner: str) -> Application:
        secret = None if row.secret is None else self._vault.open(row.secret, of=APPLICATIONS.row_name(row.id))
        return Application(
            row.id, row.name, row.description, row.web_site, row.redirect_uris, owner, row.created_at, secret
        )


def built_in_id(name: str) -> str:
    """The client_id of an application that is always there: the same everywhere, so that two nodes add it once."""
    return "".join(string.ascii_uppercase[byte % 26] for byte in hashlib.sha256(name.encode()).digest())


def _unknown(client_id: str) -> NotFound:
    return NotFound(f"There is no application {client_id[:100]!r}; give the client_id of one of yours.")


def _deals_with(caller: Caller, row: ApplicationRow) -> bool:
    actor = caller.actor
    return actor is None or actor.id == row.owner or actor.permissions >= EVERY_PERMISSION


def _add(tx: Transaction, row: ApplicationRow, owner: Person, caller: Caller) -> None:
    if applications.add(tx, row):
        after = {"name": row.name, "redirect_uris": list(row.redirect_uris), "owner": owner.dn}
        note(tx, caller, "application.registered", row.id, after=after)


def _remove(tx: Transaction, row: ApplicationRow, caller: Caller) -> None:
    if applications.remove(tx, row.id):
        ended = tokens.end_of_application(tx, row.id)
        note(tx, caller, "application.removed", row.id, before={"name": row.name, "tokens": ended})
