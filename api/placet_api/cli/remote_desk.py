"""Commands about people and rights, carried out by a running server, over `/v1` and `/api/1.0`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from placet.core.names import fold_user_name, is_dn, user_dn
from placet.core.permissions import SYSTEM_ROLES
from placet.directory.absences import NewAbsence
from placet.directory.audit import Wanted
from placet.directory.proxies import NewProxy
from placet.errors import NotFound
from placet.query.times import format_time
from placet.settings import Settings
from placet_api.cli.connection import Connection, open_connection
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
from placet_api.cli.remote_desk_views import absence, application, audit_entry, proxy, role, user

_AT_ONCE = 1000  # users
_ACTIVE = "ACTIVE"


@asynccontextmanager
async def open_remote_desk(url: str, settings: Settings) -> AsyncIterator[RemoteDesk]:
    """The server at `url`, whose people are asked for in the first of the workspaces of these settings."""
    async with open_connection(url) as connection:
        yield RemoteDesk(connection, settings.workspaces.partition(",")[0].strip())


class RemoteDesk:
    """`placet_api.cli.desk.Desk` through the REST services of a server."""

    def __init__(self, connection: Connection, workspace: str) -> None:
        self._server, self._people = connection, f"/api/1.0/{quote(workspace, safe='')}"

    # -- people ----------------------------------------------------------------------------------

    async def roles(self) -> list[RoleView]:
        return [role(each) for each in await self._server.get(f"{self._people}/roles")]

    async def users(self, text: str, role: str | None, limit: int | None) -> list[UserView]:
        code = None if role is None else await self._role(role)
        found: list[UserView] = []
        async for row in self._every_user(text):
            if code is None or row["usr_role"] == code:
                found.append(user(row))
            if limit is not None and len(found) >= limit:
                break
        return found

    async def add_user(self, new: NewUser) -> tuple[str, str]:
        needed = {
            "--first-name": new.first_name,
            "--last-name": new.last_name,
            "--email": new.email,
            "--due-date": new.due_on,
            "--password": new.password,
        }
        if missing := [option for option, value in needed.items() if not value]:
            raise WrongUsage(f"With --server a new user takes {', '.join(missing)} too, as the users service does.")
        body = {
            "usr_username": new.user_name,
            "usr_firstname": new.first_name,
            "usr_lastname": new.last_name,
            "usr_email": new.email,
            "usr_due_date": new.due_on,
            "usr_status": _ACTIVE,
            "usr_role": new.role or SYSTEM_ROLES.operator,
            "usr_new_pass": new.password,
        }
        added = (await self._server.send("POST", f"{self._people}/user", body)).json()
        return user_dn(added["USR_USERNAME"]), added["USR_ROLE"]

    async def set_password(self, user: str, password: str) -> None:
        await self._change(user, usr_new_pass=password)

    async def set_status(self, user: str, status: str) -> None:
        await self._change(user, usr_status=status)

    async def notifications(self, user: str) -> dict[str, bool]:
        return _switches(await self._server.get("/v1/notifications", user=user))

    async def choose(self, user: str, chosen: Mapping[str, bool]) -> dict[str, bool]:
        body = {kind.capitalize(): wanted for kind, wanted in chosen.items()}
        answer = await self._server.send("PUT", f"/v1/notifications?user={quote(user, safe='')}", body)
        return _switches(answer.json())

    async def _change(self, name: str, **values: str) -> None:
        await self._server.send("PUT", f"{self._people}/user/{await self._uid(name)}", values)

    async def _uid(self, name: str) -> str:
        """The uid of a user name, as no request takes the name itself."""
        if is_dn(name):
            raise WrongUsage(f"{name!r} is a DN, and the users service knows none; with --server give the user name.")
        async for row in self._every_user(name):
            if fold_user_name(row["usr_username"]) == fold_user_name(name):
                return str(row["usr_uid"])
        raise NotFound(f"There is no user {name[:100]!r}; give a user name of the directory.")

    async def _every_user(self, text: str) -> AsyncIterator[Mapping[str, Any]]:
        start = 0
        while True:
            found = await self._server.get(f"{self._people}/users", filter=text, start=start, limit=_AT_ONCE)
            for row in found:
                yield row
            if len(found) < _AT_ONCE:
                return
            start += _AT_ONCE

    async def _role(self, code: str) -> str:
        codes = {each.code.casefold(): each.code for each in await self.roles()}
        if code.casefold() not in codes:
            raise NotFound(f"There is no role {code[:100]!r}; `placet role list` has those that there are.")
        return codes[code.casefold()]

    # -- standing in -----------------------------------------------------------------------------

    async def absences(self) -> list[AbsenceView]:
        return [absence(each) async for each in self._server.pages("/v1/absences", [], None)]

    async def add_absence(self, wanted: NewAbsence) -> AbsenceView:
        body = {
            "Delegate": wanted.delegate,
            "Person": wanted.person,
            "Category": wanted.category,
            "Definition": wanted.definition,
            "From": format_time(wanted.from_at) if wanted.from_at else None,
            "To": format_time(wanted.to_at) if wanted.to_at else None,
        }
        return absence((await self._server.send("POST", "/v1/absences", body)).json())

    async def remove_absence(self, absence_id: str) -> None:
        await self._server.send("DELETE", f"/v1/absences/{quote(absence_id, safe='')}")

    async def proxies(self) -> list[ProxyView]:
        return [proxy(each) async for each in self._server.pages("/v1/proxies", [], None)]

    async def add_proxy(self, wanted: NewProxy) -> ProxyView:
        body = {
            "Proxy": wanted.proxy,
            "Person": wanted.person,
            "From": format_time(wanted.from_at) if wanted.from_at else None,
            "To": format_time(wanted.to_at) if wanted.to_at else None,
        }
        return proxy((await self._server.send("POST", "/v1/proxies", body)).json())

    async def remove_proxy(self, grant_id: str) -> None:
        await self._server.send("DELETE", f"/v1/proxies/{quote(grant_id, safe='')}")

    # -- the trail, and applications ---------------------------------------------------------------

    async def audit(self, wanted: Wanted, limit: int | None) -> list[AuditView]:
        asked = {"kind": wanted.kind, "actor": wanted.actor, "target": wanted.target}
        times = {"from": wanted.from_at, "to": wanted.to_at}
        asked |= {name: None if at is None else format_time(at) for name, at in times.items()}
        parameters = [(name, value) for name, value in asked.items() if value is not None]
        return [audit_entry(each) async for each in self._server.pages("/v1/audit", parameters, limit)]

    async def applications(self) -> list[ApplicationView]:
        return [application(each) for each in await self._server.get("/v1/applications")]

    async def register(self, wanted: NewApplication) -> ApplicationView:
        if wanted.owner is not None:
            raise WrongUsage("--owner does not go with --server: whoever signs in is the owner.")
        body = {
            "Name": wanted.name,
            "Description": wanted.description,
            "WebSite": wanted.web_site,
            "RedirectURIs": [{"Value": uri} for uri in wanted.redirect_uris],
            "Public": wanted.is_public,
        }
        return application((await self._server.send("POST", "/v1/applications", body)).json())

    async def remove_application(self, client_id: str) -> None:
        await self._server.send("DELETE", f"/v1/applications/{quote(client_id, safe='')}")


def _switches(value: Mapping[str, Any]) -> dict[str, bool]:
    return {member.lower(): wanted for member, wanted in value.items() if isinstance(wanted, bool)}
