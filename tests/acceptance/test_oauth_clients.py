"""Clients that others wrote, against a server on a socket: requests-oauthlib, Authlib and curl."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import BackendApplicationClient, InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from tests.acceptance.conftest import PASSWORD, RunningServer
from tests.acceptance.oauth import AUTHORIZE, DEFINITIONS, REDIRECT, TOKEN, TravelDesk, registered

T = TypeVar("T")

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
async def desk(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> TravelDesk:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # http on this machine
    return TravelDesk(server, await registered(server.engine))


async def beside(work: Callable[[], T]) -> T:
    """Run a client that blocks beside the loop, on which the server is."""
    return await asyncio.to_thread(work)


def allowed(url: str, user: str = "anna") -> str:
    """Where the application's user is sent once she has allowed it, by a program of hers."""
    answer = requests.post(url, data={"allow": "Accept"}, auth=(user, PASSWORD), allow_redirects=False, timeout=30)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


# -- requests-oauthlib -----------------------------------------------------------------------------


async def test_requests_oauthlib_with_a_password_and_a_refresh(desk: TravelDesk):
    url, application = desk.server.url, desk.application
    client = LegacyApplicationClient(application.client_id, scope=["view_processes"])

    def work() -> None:
        with OAuth2Session(client=client) as session:
            token = session.fetch_token(
                f"{url}{TOKEN}", username="anna", password=PASSWORD, client_secret=application.secret
            )
            assert token["scope"] == "view_processes" or token["scope"] == ["view_processes"]
            assert session.get(f"{url}{DEFINITIONS}").status_code == 200
            refreshed = session.refresh_token(f"{url}{TOKEN}", auth=(application.client_id, application.secret))
            assert refreshed["refresh_token"] != token["refresh_token"]
            assert session.get(f"{url}{DEFINITIONS}").status_code == 200
            with pytest.raises(InvalidGrantError):
                session.fetch_token(
                    f"{url}{TOKEN}", username="anna", password="wrong", client_secret=application.secret
                )

    await beside(work)


async def test_requests_oauthlib_as_itself(desk: TravelDesk):
    url, application = desk.server.url, desk.application

    def work() -> str:
        with OAuth2Session(client=BackendApplicationClient(application.client_id)) as session:
            session.fetch_token(f"{url}{TOKEN}", client_secret=application.secret)
            return str(session.get(f"{url}/v1/session").json()["Person"]["DN"])

    assert await beside(work) == "cn=ben,ou=users,o=placet"


async def test_requests_oauthlib_with_a_code_and_pkce(desk: TravelDesk):
    url, application = desk.server.url, desk.application

    def work() -> str:
        with OAuth2Session(application.client_id, redirect_uri=REDIRECT, scope=["*"], pkce="S256") as session:
            page, state = session.authorization_url(f"{url}{AUTHORIZE}")
            back = allowed(page)
            assert f"state={state}" in back
            session.fetch_token(f"{url}{TOKEN}", authorization_response=back, client_secret=application.secret)
            return str(session.get(f"{url}/v1/session").json()["Person"]["DN"])

    assert await beside(work) == "cn=anna,ou=users,o=placet"


# -- Authlib ---------------------------------------------------------------------------------------


async def test_authlib_with_a_code_and_pkce(desk: TravelDesk):
    url, application = desk.server.url, desk.application

    def work() -> str:
        with AuthlibSession(
            application.client_id, application.secret, redirect_uri=REDIRECT, code_challenge_method="S256"
        ) as session:
            verifier = "v" * 48
            page, _ = session.create_authorization_url(f"{url}{AUTHORIZE}", code_verifier=verifier)
            token = session.fetch_token(f"{url}{TOKEN}", authorization_response=allowed(page), code_verifier=verifier)
            refreshed = session.refresh_token(f"{url}{TOKEN}")
            assert refreshed["access_token"] != token["access_token"]
            return str(session.get(f"{url}/v1/session").json()["Person"]["DN"])

    assert await beside(work) == "cn=anna,ou=users,o=placet"


async def test_authlib_revokes_what_it_was_given(desk: TravelDesk):
    url, application = desk.server.url, desk.application

    def work() -> list[int]:
        with AuthlibSession(
            application.client_id, application.secret, token_endpoint_auth_method="client_secret_post"
        ) as session:
            token = session.fetch_token(f"{url}{TOKEN}", username="anna", password=PASSWORD)
            before = session.get(f"{url}{DEFINITIONS}").status_code
            revoked = session.revoke_token(f"{url}/workflow/oauth2/revoke", token["refresh_token"])
            assert revoked.status_code == 200
            return [before, session.get(f"{url}{DEFINITIONS}").status_code]

    assert await beside(work) == [200, 401]


async def test_authlib_is_told_why_not(desk: TravelDesk):
    url, application = desk.server.url, desk.application

    def work() -> None:
        with (
            AuthlibSession(application.client_id, "0" * 32) as session,
            pytest.raises(OAuthError, match="invalid_client: The client credentials are invalid"),
        ):
            session.fetch_token(f"{url}{TOKEN}", grant_type="client_credentials")

    await beside(work)


# -- curl ------------------------------------------------------------------------------------------


async def curl(*words: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        "curl", "-sS", *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, trouble = await process.communicate()
    assert process.returncode == 0, trouble.decode()
    return json.loads(out)


async def test_curl_with_json_a_form_and_parts(desk: TravelDesk):
    url, application = f"{desk.server.url}{TOKEN}", desk.application
    credentials = f"{application.client_id}:{application.secret}"
    members = {
        "grant_type": "password", "username": "anna", "password": PASSWORD, "scope": "*",
        "client_id": application.client_id, "client_secret": application.secret or "",
    }  # fmt: skip

    answers = [
        await curl(url, "-H", "Content-Type: application/json", "-d", json.dumps(members)),
        await curl(url, *(word for name in members for word in ("--data-urlencode", f"{name}={members[name]}"))),
        await curl(url, *(word for name in members for word in ("-F", f"{name}={members[name]}"))),
        await curl(url, "-u", credentials, "-d", "grant_type=client_credentials"),
    ]

    for answer in answers:
        definitions = await curl(
            f"{desk.server.url}{DEFINITIONS}", "-H", f"Authorization: Bearer {answer['access_token']}"
        )
        assert [each for each in definitions if each["Value"] == "Leave request"]
