"""An application of Ben's, and the requests that it makes."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from placet.directory.applications import Application, Registration
from placet.directory.caller import Caller
from placet.engine import Engine
from tests.acceptance.conftest import PASSWORD, RunningServer

REDIRECT = "https://travel.example.org/signed-in"
TOKEN = "/workflow/oauth2/token"
AUTHORIZE = "/workflow/oauth2/authorize"
DEFINITIONS = "/v1/wf/definitions"


async def registered(engine: Engine, owner: str = "ben", **members: Any) -> Application:
    """A new application, whose owner is Ben unless somebody else is named."""
    person = engine.directory.person(owner)
    wanted = Registration(**{"name": "Travel desk", "redirect_uris": (REDIRECT,)} | members)
    caller = Caller(None, engine.directory, engine.clock.now())
    return await engine.oauth.applications.register(caller, wanted, person)


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def params(url: str) -> dict[str, str]:
    """The query parameters of an address."""
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


@dataclass
class TravelDesk:
    """The application at work; its secret is in a Basic header."""

    server: RunningServer
    application: Application

    @property
    def basic(self) -> str:
        return basic(self.application.client_id, self.application.secret or "")

    async def ask(self, path: str = TOKEN, headers: Mapping[str, str] | None = None, **members: str) -> httpx2.Response:
        """A token request with a form."""
        sent = {"Authorization": self.basic} if headers is None else headers
        return await self.server("").post(path, data=members, headers=dict(sent))

    async def password(self, user: str = "anna", **members: str) -> dict[str, Any]:
        """The tokens for a user's password."""
        answer = await self.ask(grant_type="password", username=user, password=PASSWORD, **members)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refresh(self, tokens: Mapping[str, str]) -> httpx2.Response:
        """The answer to the refresh token of an earlier one."""
        return await self.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    async def get(self, token: str, path: str = DEFINITIONS) -> int:
        """The status of a request with an access token."""
        answer = await self.server("").get(path, headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    async def code(self, user: str = "anna", **query: str) -> str:
        """A code, as of somebody who allows it by a program of his own."""
        answer = await self.server(user).post(
            AUTHORIZE, params={"response_type": "code", "client_id": self.application.client_id} | query,
            data={"allow": "Accept"},
        )  # fmt: skip
        assert answer.status_code == 302, answer.text
        return params(answer.headers["location"])["code"]
