"""Somebody else's service: it gives tokens in each way of OAuth 2.0, and shows a list to whoever proves who he is.

async with TokenServer() as server:
    ...  # server.url("/token"), server.url("/items")
    assert server.forms == [...]  # what the token endpoint was sent
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from contextlib import AsyncExitStack
from typing import Any, Self
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.acceptance.conftest import serving

CLIENT, CLIENT_SECRET, USER, PASSWORD = "the-client", "client secret of 25 chars", "hugo", "open sesame & more"
API_KEY = "key-0123456789"
KEY_FILE_ID = "key-1"
_PRIVATE = RSAKey.generate_key(2048, private=True)
KEY_FILE = json.dumps(
    {
        "type": "service_account",
        "client_email": "robot@example.org",
        "private_key": _PRIVATE.as_pem(private=True).decode(),
        "private_key_id": KEY_FILE_ID,
        "token_uri": "TOKEN_URI",
    }
)


class TokenServer:
    """Counts what it gave; `lifetime` is told with each token, `refusing` are tokens that count no longer."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.calls: list[dict[str, str]] = []  # the headers of each
        self.queries: list[dict[str, str]] = []
        self.lifetime: int | str | None = 3600
        self.refresh_tokens = True
        self.refusing: set[str] = set()
        self.wait_for: asyncio.Event | None = None  # before a token is given
        self.arrived = asyncio.Event()
        self.broken: Response | None = None  # what the token endpoint answers instead
        self.says_back = False  # whether it answers with all that it was asked
        self._codes: dict[str, dict[str, str]] = {}
        self._refresh: set[str] = set()
        self._given = 0
        self._stack = AsyncExitStack()
        self._url = ""

    async def __aenter__(self) -> Self:
        routes = [
            Route("/token", self._token, methods=["POST"]),
            Route("/authorize", self._authorize),
            Route("/items", self._items, methods=["GET", "POST"]),
        ]
        self._url = await self._stack.enter_async_context(serving(Starlette(routes=routes)))
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._stack.aclose()

    def url(self, path: str) -> str:
        return self._url + path

    def key_file(self) -> str:
        return KEY_FILE.replace("TOKEN_URI", self.url("/token"))

    def grants(self) -> list[str]:
        """The grants that were asked for, in order."""
        return [form["grant_type"] for form in self.forms]

    async def _token(self, request: Request) -> Response:
        form = {name: value for name, [value] in parse_qs((await request.body()).decode()).items()}
        self.forms.append(form)
        self.arrived.set()
        if self.wait_for is not None:
            await self.wait_for.wait()
        if self.broken is not None:
            return self.broken
        if self.says_back:
            return JSONResponse({"error": "no", "said": [f"not with {value}" for value in form.values()]}, 400)
        error = self._fault(form)
        if error:
            return JSONResponse({"error": error, "error_description": f"not with {form.get('password')}"}, 400)
        return self._give()

    def _give(self) -> Response:
        self._given += 1
        answer: dict[str, Any] = {"access_token": f"access-token-{self._given}", "token_type": "bearer"}
        if self.lifetime is not None:
            answer["expires_in"] = self.lifetime
        if self.refresh_tokens:
            answer["refresh_token"] = f"refresh-token-{self._given}"
            self._refresh.add(answer["refresh_token"])
        return JSONResponse(answer)

    def _fault(self, form: dict[str, str]) -> str | None:
        grant = form["grant_type"]
        if grant.endswith("jwt-bearer"):
            return self._fault_of_assertion(form["assertion"])
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, CLIENT_SECRET):
            return "invalid_client"
        if grant == "password":
            return None if (form["username"], form["password"]) == (USER, PASSWORD) else "invalid_grant"
        if grant == "refresh_token":
            if form["refresh_token"] not in self._refresh:
                return "invalid_grant"
            self._refresh.remove(form["refresh_token"])  # each is used once
            return None
        if grant == "authorization_code":
            return self._fault_of_code(form)
        return None if grant == "client_credentials" else "unsupported_grant_type"

    def _fault_of_code(self, form: dict[str, str]) -> str | None:
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return "invalid_grant"
        return None

    def _fault_of_assertion(self, assertion: str) -> str | None:
        token = jwt.decode(assertion, _PRIVATE, algorithms=["RS256"])
        self.claims = token.claims
        return None if token.header["kid"] == KEY_FILE_ID else "invalid_grant"

    async def _authorize(self, request: Request) -> Response:
        """Agree at once, as somebody who has done so before."""
        asked = dict(request.query_params)
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}", 302)

    async def _items(self, request: Request) -> Response:
        self.calls.append(dict(request.headers))
        self.queries.append(dict(request.query_params))
        proof = request.headers.get("authorization", "")
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        proofs = {f"Basic {basic}", *(f"Bearer access-token-{n}" for n in range(1, self._given + 1))}
        keys = (request.headers.get("x-api-key"), request.query_params.get("api_key"))
        custom = request.headers.get("x-auth", "") in {f"Token access-token-{n}" for n in range(1, self._given + 1)}
        if proof.removeprefix("Bearer ") in self.refusing or not (proof in proofs or API_KEY in keys or custom):
            return JSONResponse({"error": "who are you?"}, 401)
        return JSONResponse({"items": ["one", "two"], "you_said": proof})
