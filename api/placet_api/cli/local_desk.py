"""Commands about people and rights, carried out by an engine of this program's own, on a database."""

from __future__ import annotations

from collections.abc import Mapping

from placet import Engine
from placet.arguments import id_of
from placet.core.names import is_dn
from placet.core.permissions import SYSTEM_ROLES
from placet.directory import absences, accounts, audit, proxies, users
from placet.directory.absences import AbsenceRow, NewAbsence
from placet.directory.applications import Application, Registration
from placet.directory.audit import AuditRow, Wanted
from placet.directory.caller import Caller
from placet.directory.proxies import NewProxy, ProxyRow
from placet.directory.records import RoleListed
from placet.errors import NotFound
from placet.mail import choices
from placet_api.cli.desk import (
    AbsenceView,
    ApplicationView,
    AuditView,
    NewApplication,
    NewUser,
    ProxyView,
    RoleView,
    UserView,
)
from placet_api.cli.exits import WrongUsage
from placet_api.cli.views import Named


class LocalDesk:
    """`placet_api.cli.desk.Desk` on an opened engine; `actor` None is the engine itself."""

    def __init__(self, engine: Engine, actor: str | None = None) -> None:
        person = None if actor is None else engine.directory.person(actor)
        if actor is not None and person is None:
            raise NotFound(f"There is no user {actor!r}; give a user name or a DN of the directory.")
        self._engine, self._store = engine, engine.store
        self._caller = Caller(person, engine.directory, engine.clock.now())

    async def roles(self) -> list[RoleView]:
        found = await accounts.every_role(self._store, self._caller)
        return [_role(each) for each in found]

    async def users(self, text: str, role: str | None, limit: int | None) -> list[UserView]:
        found = await accounts.every_user(self._store, self._caller, text, role=role, limit=limit)
        return [
            UserView(row.user_name, row.dn, row.first_name, row.last_name, row.email, code or None, row.status)
            for row, code in found
        ]

    async def add_user(self, new: NewUser) -> tuple[str, str]:
        settings = self._engine.settings
        values = users.UserValues(
            user_name=new.user_name,
            first_name=new.first_name,
            last_name=new.last_name,
            email=new.email,
            due_on=new.due_on,
            role=new.role or SYSTEM_ROLES.operator,
            password=None if new.password is None else accounts.checked_password(new.password, settings),
        )
        added, code = await users.add(self._store, self._caller, values)
        return added.dn, code

    async def set_password(self, user: str, password: str) -> None:
        await accounts.set_password(self._store, self._caller, user, password, self._engine.settings)

    async def set_status(self, user: str, status: str) -> None:
        await accounts.set_status(self._store, self._caller, user, status)

    async def notifications(self, user: str) -> dict[str, bool]:
        return await choices.choices(self._store, self._caller, user)

    async def choose(self, user: str, chosen: Mapping[str, bool]) -> dict[str, bool]:
        return await choices.choose(self._store, self._caller, chosen, user)

    async def absences(self) -> list[AbsenceView]:
        return [self._absence(row) for row in await absences.page(self._store, self._caller)]

    async def add_absence(self, wanted: NewAbsence) -> AbsenceView:
        definitions = await self._engine.as_system().definitions()
        return self._absence(await absences.add(self._store, self._caller, wanted, definitions))

    async def remove_absence(self, absence_id: str) -> None:
        await absences.remove(self._store, self._caller, id_of(absence_id, "absence"))

    async def proxies(self) -> list[ProxyView]:
        return [self._proxy(row) for row in await proxies.page(self._store, self._caller)]

    async def add_proxy(self, wanted: NewProxy) -> ProxyView:
        return self._proxy(await proxies.add(self._store, self._caller, wanted))

    async def remove_proxy(self, grant_id: str) -> None:
        await proxies.remove(self._store, self._caller, id_of(grant_id, "proxy grant"))

    async def audit(self, wanted: Wanted, limit: int | None) -> list[AuditView]:
        return [self._entry(row) for row in await audit.page(self._store, self._caller, wanted, limit=limit)]

    async def applications(self) -> list[ApplicationView]:
        return [_application(each) for each in await self._engine.oauth.applications.every(self._caller)]

    async def register(self, wanted: NewApplication) -> ApplicationView:
        if self._caller.actor is not None and wanted.owner is not None:
            raise WrongUsage("--owner does not go with --as: whoever acts is the owner.")
        name = wanted.owner or "admin"
        owner = self._caller.actor or self._engine.directory.person(name)
        if owner is None:
            raise NotFound(f"There is no user {name[:100]!r}; give --owner a user name or a DN.")
        asked = Registration(
            wanted.name, wanted.description, wanted.web_site, tuple(wanted.redirect_uris), wanted.is_public
        )
        return _application(await self._engine.oauth.applications.register(self._caller, asked, owner))

    async def remove_application(self, client_id: str) -> None:
        await self._engine.oauth.applications.remove(self._caller, client_id)

    # -- views -----------------------------------------------------------------------------------

    def _named(self, dn: str) -> Named:
        return Named(dn, self._engine.directory.display_name(dn))

    def _absence(self, row: AbsenceRow) -> AbsenceView:
        person, delegate = self._named(row.person), self._named(row.delegate)
        of = row.category, row.definition
        return AbsenceView(row.id, person, delegate, *of, row.from_at, row.to_at, row.created_at)

    def _proxy(self, row: ProxyRow) -> ProxyView:
        person, proxy = self._named(row.person), self._named(row.proxy)
        return ProxyView(row.id, person, proxy, row.from_at, row.to_at, row.created_at)

    def _entry(self, row: AuditRow) -> AuditView:
        names = self._name(row.actor or ""), self._name(row.target)
        return AuditView(row.id, row.at, row.kind, row.actor, row.address, row.target, row.before, row.after, names)

    def _name(self, text: str) -> str:
        return self._engine.directory.display_name(text) if is_dn(text) else text


def _role(listed: RoleListed) -> RoleView:
    row = listed.role
    return RoleView(row.id, row.code, row.name, row.status, listed.users)


def _application(made: Application) -> ApplicationView:
    return ApplicationView(
        name=made.name,
        client_id=made.client_id,
        client_secret=made.secret,
        description=made.description,
        web_site=made.web_site,
        redirect_uris=list(made.redirect_uris),
        owner=made.owner,
        created_at=made.created_at,
    )
