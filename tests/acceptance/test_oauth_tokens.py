"""The token endpoint: every grant, every refusal in its words, and what ends a token."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from placet.directory.grants import challenge_of
from placet.directory.passwords import hash_password
from placet.store import people
from placet.store.database import opened
from placet.store.directory_version import Transaction
from tests.acceptance.conftest import LEAVE, PASSWORD, RunningServer
from tests.acceptance.oauth import DEFINITIONS, REDIRECT, TOKEN, TravelDesk, basic, registered
from tests.acceptance.officers import BASE

VERIFIER = "a-verifier-of-at-least-forty-three-characters.~_"

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
async def desk(server: RunningServer) -> TravelDesk:
    return TravelDesk(server, await registered(server.engine))


# -- what is given ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [TOKEN, f"/api/1.0{TOKEN}", f"{TOKEN}/"])
async def test_a_password_gives_two_tokens_in_the_documented_form(path: str, desk: TravelDesk):
    answer = await desk.ask(path, grant_type="password", username="ANNA", password=PASSWORD, scope="*")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert list(answer.json()) == ["access_token", "expires_in", "token_type", "scope", "refresh_token"]
    body = answer.json()
    assert (body["expires_in"], body["token_type"], body["scope"]) == (86400, "bearer", "*")
    for name in ("access_token", "refresh_token"):
        assert len(body[name]) == 40
        assert int(body[name], 16) >= 0
        assert body[name] == body[name].lower()


async def test_a_token_speaks_for_its_user(desk: TravelDesk):
    token = (await desk.password("anna"))["access_token"]
    headers = {"Authorization": f"bearer {token}"}

    started = await desk.server("").post(
        f"{DEFINITIONS}/{LEAVE}", headers=headers, json={"DataItems": [{"Name": "days", "Value": 3}]}
    )

    assert started.status_code == 204
    process = await desk.server("").get(started.headers["location"], headers=headers)
    assert process.json()["Initiator"]["DN"] == "cn=anna,ou=users,o=placet"


async def test_no_scope_is_answered_as_null_and_allows_everything(desk: TravelDesk):
    body = await desk.password()

    assert body["scope"] is None
    assert (await _start(desk, body["access_token"])) == 204


@pytest.mark.parametrize(
    ("scope", "status"),
    [("view_processes", 403), ("view_process", 403), ("edit_process", 204), ("view_process edit_processes", 204)],
)
async def test_who_only_views_may_read_and_not_write(scope: str, status: int, desk: TravelDesk):
    body = await desk.password(scope=scope)

    assert body["scope"] == scope
    assert await desk.get(body["access_token"]) == 200
    assert await _start(desk, body["access_token"]) == status


async def test_who_only_views_gets_no_secrets(desk: TravelDesk):
    viewing = await desk.password("admin", scope="view_processes")
    editing = await desk.password("admin")

    assert await desk.get(viewing["access_token"], "/v1/applications") == 403
    assert await desk.get(editing["access_token"], "/v1/applications") == 200


@pytest.mark.parametrize(("scope", "statuses"), [("view_processes", {401}), ("edit_processes", {200, 201})])
async def test_who_only_views_changes_no_people_either(scope: str, statuses: set[int], desk: TravelDesk):
    admin = desk.server.engine.directory.person("admin")
    assert admin is not None
    token = (await desk.password("admin", scope=scope))["access_token"]
    client, headers = desk.server(""), {"Authorization": f"Bearer {token}"}
    group, user = f"{BASE}/group", f"{BASE}/user/{admin.id}"

    assert (await client.get(user, headers=headers)).status_code == 200
    changes = [
        await client.post(group, headers=headers, json={"grp_title": "Auditors"}),
        await client.post(f"{user}?http_method=PUT", headers=headers, json={"usr_city": "Graz"}),
        await client.put(user, json={"usr_city": "Linz", "access_token": token}),
        await client.put(user, headers=headers, json={"usr_new_pass": "taken over"}),
    ]

    assert {each.status_code for each in changes} <= statuses
    if statuses == {401}:
        assert changes[0].json() == {"error": {"code": 401, "message": "Unauthorized"}}
        assert (await desk.server("admin").get(user)).json()["usr_city"] == ""


async def _start(desk: TravelDesk, token: str) -> int:
    answer = await desk.server("").post(
        f"{DEFINITIONS}/{LEAVE}",
        headers={"Authorization": f"Bearer {token}"},
        json={"DataItems": [{"Name": "days", "Value": 3}]},
    )
    return answer.status_code


@pytest.mark.parametrize("kind", ["json", "form", "parts"])
@pytest.mark.parametrize("place", ["body", "header"])
async def test_bodies_and_credentials_come_in_any_form(kind: str, place: str, desk: TravelDesk):
    members = {"grant_type": "password", "username": "anna", "password": PASSWORD}
    headers = {"Authorization": desk.basic} if place == "header" else {}
    if place == "body":
        members |= {"client_id": desk.application.client_id, "client_secret": desk.application.secret or ""}
    sent: dict[str, Any] = {
        "json": {"json": members},
        "form": {"data": members},
        "parts": {"files": {name: (None, value) for name, value in members.items()}},
    }[kind]

    answer = await desk.server("").post(TOKEN, headers=headers, **sent)

    assert answer.status_code == 200, answer.text


async def test_an_applications_own_token_acts_as_its_owner_and_cannot_be_refreshed(desk: TravelDesk):
    answer = await desk.ask(grant_type="client_credentials")

    assert list(answer.json()) == ["access_token", "expires_in", "token_type", "scope"]
    session = await desk.server("").get(
        "/v1/session", headers={"Authorization": f"Bearer {answer.json()['access_token']}"}
    )
    assert session.json()["Person"]["DN"] == "cn=ben,ou=users,o=placet"


async def test_a_refresh_token_counts_once(desk: TravelDesk):
    first = await desk.password(scope="view_processes edit_processes")

    again = await desk.ask(grant_type="refresh_token", refresh_token=first["refresh_token"], scope="view_process")

    assert again.status_code == 200
    assert again.json()["scope"] == "view_process"
    assert again.json()["refresh_token"] != first["refresh_token"]
    assert await desk.get(again.json()["access_token"]) == 200
    assert _refusal(await desk.refresh(first)) == ("invalid_grant", "Invalid refresh token")


async def test_the_reuse_of_a_refresh_token_ends_all_of_its_sign_in(desk: TravelDesk):
    first, others = await desk.password(), await desk.password()
    second = (await desk.refresh(first)).json()
    third = (await desk.refresh(second)).json()
    desk.server.clock.move(hours=23)
    assert [await desk.get(each["access_token"]) for each in (first, second, third)] == [200, 200, 200]

    assert _refusal(await desk.refresh(first)) == ("invalid_grant", "Invalid refresh token")

    assert [await desk.get(each["access_token"]) for each in (first, second, third, others)] == [401, 401, 401, 200]
    assert _refusal(await desk.refresh(third)) == ("invalid_grant", "Invalid refresh token")
    assert (await desk.refresh(others)).status_code == 200
    [entry] = await _audited(desk, "token.revoked")
    assert (entry["Target"], entry["Address"]) == (desk.application.client_id, "127.0.0.1")
    assert entry["After"] == {"reason": "a refresh token was used twice"}


async def test_of_two_who_refresh_at_once_neither_keeps_what_he_gets(desk: TravelDesk):
    first = await desk.password()

    answers = await asyncio.gather(desk.refresh(first), desk.refresh(first))

    assert sorted(answer.status_code for answer in answers) == [200, 400]
    [given] = [answer.json() for answer in answers if answer.status_code == 200]
    assert await desk.get(given["access_token"]) == 401


async def test_another_application_ends_nothing_by_a_used_refresh_token(desk: TravelDesk):
    other = TravelDesk(desk.server, await registered(desk.server.engine, name="Other"))
    first = await desk.password()
    second = (await desk.refresh(first)).json()

    answer = await other.refresh(first)

    assert _refusal(answer) == ("invalid_grant", "refresh_token doesn't exist or is invalid for the client")
    assert await desk.get(second["access_token"]) == 200


async def test_a_used_refresh_token_can_still_be_taken_back_with_all_that_came_of_it(desk: TravelDesk):
    first = await desk.password()
    second = (await desk.refresh(first)).json()

    assert (await desk.ask("/workflow/oauth2/revoke", token=first["refresh_token"])).status_code == 200

    assert await desk.get(second["access_token"]) == 401


# -- the user as he is when tokens are given -------------------------------------------------------


async def test_a_password_that_was_just_changed_gives_no_tokens(desk: TravelDesk):
    await desk.password("anna")
    await _store_password(desk, "another password")

    old = await desk.ask(grant_type="password", username="anna", password=PASSWORD)
    new = await desk.ask(grant_type="password", username="anna", password="another password")

    assert _refusal(old) == ("invalid_grant", "Invalid username and password combination")
    assert new.status_code == 200


async def test_a_password_that_was_only_hashed_anew_gives_tokens(desk: TravelDesk):
    await desk.password("anna")
    await _store_password(desk, PASSWORD)

    assert (await desk.ask(grant_type="password", username="anna", password=PASSWORD)).status_code == 200


@pytest.mark.parametrize("grant", ["password", "refresh_token", "authorization_code", "client_credentials"])
async def test_who_was_just_kept_out_gets_no_tokens(grant: str, desk: TravelDesk):
    tokens, code = await desk.password("ben"), await desk.code("ben")
    ben = desk.server.engine.directory.person("ben")
    assert ben is not None
    await _on_another_node(desk, lambda tx: people.set_status(tx, ben.id, "INACTIVE"))
    members = {"username": "ben", "password": PASSWORD, "refresh_token": tokens["refresh_token"], "code": code}

    answer = await desk.ask(grant_type=grant, **members)

    assert _refusal(answer)[0] == "invalid_grant"


async def _store_password(desk: TravelDesk, password: str) -> None:
    anna, hashed = desk.server.engine.directory.person("anna"), await hash_password(password)
    assert anna is not None
    await _on_another_node(desk, lambda tx: people.set_password(tx, anna.id, hashed))


async def _on_another_node(desk: TravelDesk, work: Callable[[Transaction], object]) -> None:
    """Change people behind the back of this node: what it holds in memory, and the credentials it knows, are older."""
    async with opened(desk.server.engine.settings.database_url) as database:
        writer = await database.connect_writer()
        await writer.begin()
        await writer.run(work)
        await writer.commit()
        await writer.close()


# -- refusals on the audit trail -------------------------------------------------------------------


async def test_a_refused_right_of_a_token_is_on_the_trail(desk: TravelDesk):
    viewing = (await desk.password(scope="view_processes"))["access_token"]
    assert await _start(desk, viewing) == 403

    [entry] = await _audited(desk, "right.refused")

    assert (entry["Actor"]["DN"], entry["Address"]) == ("cn=anna,ou=users,o=placet", "127.0.0.1")
    assert entry["Target"] == f"POST {DEFINITIONS}/{LEAVE}"
    assert "view_processes" in entry["After"]["reason"]


async def test_refused_token_requests_are_counted_by_application_and_address(desk: TravelDesk):
    for _ in range(3):
        await desk.ask(grant_type="refresh_token", refresh_token="x")
        for name in ("A" * 32, "B" * 32):
            await desk.ask(headers={"Authorization": basic(name, "guessed")}, grant_type="client_credentials")
    desk.server.clock.move(minutes=1)

    entries = await _audited(desk, "token.refused")

    counts: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        counts[entry["Target"], entry["After"]["reason"]] += entry["After"]["count"]
    assert counts == {("", "The client credentials are invalid"): 6, (desk.application.client_id, INVALID): 3}
    assert len(entries) <= 4  # of each the first, and what followed within the minute
    assert {entry["Address"] for entry in entries} == {"127.0.0.1"}
    assert "guessed" not in json.dumps(entries)


async def test_access_tokens_that_do_not_count_are_counted_by_address(desk: TravelDesk):
    tokens = await desk.password()
    desk.server.clock.move(days=1)
    for token in (tokens["access_token"], tokens["refresh_token"], "0" * 40, "x"):
        assert await desk.get(token) == 401
    assert (await desk.server("").get(f"{ROLE}?access_token=y")).status_code == 401
    desk.server.clock.move(minutes=1)

    entries = await _audited(desk, "token.refused")

    assert entries[-1]["Target"] == f"GET {DEFINITIONS}"
    assert "This access token is unknown" in entries[-1]["After"]["reason"]
    assert sum(entry["After"]["count"] for entry in entries) == 5
    assert len(entries) <= 2
    assert tokens["access_token"] not in json.dumps(entries)


async def _audited(desk: TravelDesk, kind: str) -> list[dict[str, Any]]:
    return list((await desk.server("admin").get(f"/v1/audit?kind={kind}")).json())


async def test_a_scope_does_not_grow_by_refreshing(desk: TravelDesk):
    first = await desk.password(scope="view_processes")

    wider = await desk.ask(grant_type="refresh_token", refresh_token=first["refresh_token"], scope="*")

    assert _refusal(wider)[0] == "invalid_scope"
    assert (await desk.ask(grant_type="refresh_token", refresh_token=first["refresh_token"])).status_code == 200


# -- codes -----------------------------------------------------------------------------------------


async def test_a_code_gives_tokens_once_and_its_reuse_takes_them_back(desk: TravelDesk):
    code = await desk.code()
    first = (await desk.ask(grant_type="authorization_code", code=code)).json()
    refreshed = (await desk.ask(grant_type="refresh_token", refresh_token=first["refresh_token"])).json()
    assert await desk.get(first["access_token"]) == await desk.get(refreshed["access_token"]) == 200

    again = await desk.ask(grant_type="authorization_code", code=code)

    assert _refusal(again) == ("invalid_grant", "Authorization code doesn't exist or is invalid for the client")
    assert await desk.get(first["access_token"]) == await desk.get(refreshed["access_token"]) == 401
    assert (await desk.ask(grant_type="refresh_token", refresh_token=refreshed["refresh_token"])).status_code == 400


async def test_the_reuse_is_noticed_long_after_the_code_has_gone(desk: TravelDesk):
    code = await desk.code()
    first = (await desk.ask(grant_type="authorization_code", code=code)).json()
    desk.server.clock.move(hours=1)

    assert (await desk.ask(grant_type="authorization_code", code=code)).status_code == 400
    assert await desk.get(first["access_token"]) == 401


async def test_a_code_lasts_half_a_minute(desk: TravelDesk):
    code, late = await desk.code(), await desk.code()
    desk.server.clock.move(seconds=29)
    assert (await desk.ask(grant_type="authorization_code", code=code)).status_code == 200
    late = await desk.code()
    desk.server.clock.move(seconds=30)

    answer = await desk.ask(grant_type="authorization_code", code=late)

    assert _refusal(answer) == ("invalid_grant", "The authorization code has expired")


async def test_a_code_of_another_application_is_none(desk: TravelDesk):
    other = TravelDesk(desk.server, await registered(desk.server.engine, name="Other"))
    code = await desk.code()

    stolen = await other.ask(grant_type="authorization_code", code=code)

    assert _refusal(stolen) == ("invalid_grant", "authorization_code doesn't exist or is invalid for the client")
    assert (await desk.ask(grant_type="authorization_code", code=code)).status_code == 200


@pytest.mark.parametrize(
    ("query", "members", "error"),
    [
        ({}, {}, None),
        ({"redirect_uri": REDIRECT}, {"redirect_uri": REDIRECT}, None),
        ({"redirect_uri": REDIRECT}, {}, "redirect_uri_mismatch"),
        ({"redirect_uri": REDIRECT}, {"redirect_uri": f"{REDIRECT}/"}, "redirect_uri_mismatch"),
        ({"challenge": "S256"}, {"code_verifier": VERIFIER}, None),
        ({"challenge": "S256"}, {}, "invalid_grant"),
        ({"challenge": "S256"}, {"code_verifier": f"{VERIFIER}x"}, "invalid_grant"),
        ({"challenge": "S256"}, {"code_verifier": challenge_of(VERIFIER)}, "invalid_grant"),
        ({}, {"code_verifier": VERIFIER}, "invalid_grant"),
    ],
)
async def test_a_code_fits_what_it_was_asked_with(
    query: dict[str, str], members: dict[str, str], error: str | None, desk: TravelDesk
):
    if "challenge" in query:
        query = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    answer = await desk.ask(grant_type="authorization_code", code=await desk.code(**query), **members)

    assert answer.json().get("error") == error
    if error == "redirect_uri_mismatch":
        assert answer.json() == {
            "error": "redirect_uri_mismatch",
            "error_description": "The redirect URI is missing or do not match",
            "error_uri": "http://tools.ietf.org/html/rfc6749#section-4.1.3",
        }


# -- refusals --------------------------------------------------------------------------------------

INVALID = "Invalid refresh token"
NO_CLIENT = "Invalid REST API credentials, please send a valid client_id and client_secret."


@pytest.mark.parametrize(
    ("members", "error", "description"),
    [
        ({}, "invalid_request", "The grant type was not specified in the request"),
        ({"grant_type": ""}, "invalid_request", "The grant type was not specified in the request"),
        ({"grant_type": "implicit"}, "unsupported_grant_type", 'Grant type "implicit" not supported'),
        ({"grant_type": "password"}, "invalid_request", 'Missing parameters: "username" and "password" required'),
        (
            {"grant_type": "password", "username": "anna", "password": "wrong"},
            "invalid_grant",
            "Invalid username and password combination",
        ),
        (
            {"grant_type": "password", "username": "nobody", "password": PASSWORD},
            "invalid_grant",
            "Invalid username and password combination",
        ),
        (
            {"grant_type": "password", "username": "gone", "password": PASSWORD},
            "invalid_grant",
            "Invalid username and password combination",
        ),
        ({"grant_type": "authorization_code"}, "invalid_request", 'Missing parameter: "code" is required'),
        ({"grant_type": "refresh_token"}, "invalid_request", 'Missing parameter: "refresh_token" is required'),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant", "Invalid refresh token"),
        (
            {"grant_type": "authorization_code", "code": "ü"},
            "invalid_grant",
            "Authorization code doesn't exist or is invalid for the client",
        ),
        ({"grant_type": "client_credentials", "scope": "root"}, "invalid_scope", "An unsupported scope was requested"),
    ],
)
async def test_a_refusal_has_its_words(members: dict[str, str], error: str, description: str, desk: TravelDesk):
    answer = await desk.ask(**members)

    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


@pytest.mark.parametrize(
    ("grant", "headers", "description"),
    [
        ("password", {}, NO_CLIENT),
        ("password", {"Authorization": basic("A" * 32, "0" * 32)}, NO_CLIENT),
        ("client_credentials", {}, "Client credentials were not found in the headers or body"),
        ("client_credentials", {"Authorization": basic("A" * 32, "0" * 32)}, "The client credentials are invalid"),
        ("client_credentials", {"Authorization": basic("x", "y")}, "The client credentials are invalid"),
        ("client_credentials", {"Authorization": "Basic !"}, "The client credentials are invalid"),
    ],
)
async def test_an_application_that_is_none(grant: str, headers: dict[str, str], description: str, desk: TravelDesk):
    answer = await desk.ask(headers=headers, grant_type=grant, username="anna", password=PASSWORD)

    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_client", "error_description": description}


async def test_the_secret_has_to_be_right(desk: TravelDesk):
    wrong = basic(desk.application.client_id, "0" * 32)

    assert _refusal(await desk.ask(headers={"Authorization": wrong}, grant_type="client_credentials")) == (
        "invalid_client",
        "The client credentials are invalid",
    )


async def test_a_public_application_has_neither_a_secret_nor_tokens_of_its_own(server: RunningServer):
    desk = TravelDesk(server, await registered(server.engine, is_public=True))
    members = {"client_id": desk.application.client_id}

    for grant in ("client_credentials", "password"):
        answer = await desk.ask(headers={}, grant_type=grant, **members)
        assert _refusal(answer) == ("unauthorized_client", "The grant type is unauthorized for this client_id")


@pytest.mark.parametrize(
    ("content", "content_type", "says"),
    [
        (b"{", "application/json", "Error parsing JSON, malformed JSON"),
        (b"[]", "application/json", "The body is an array; send an object."),
        (b'{"grant_type": 1}', "application/json", "grant_type is a number; give a text."),
        (b"grant_type=a&grant_type=b", "application/x-www-form-urlencoded", "grant_type is given more than once"),
        (b"username=%ff", "application/x-www-form-urlencoded", "not UTF-8"),
        (b"broken", "multipart/form-data; boundary=x", "cannot be read"),
        (b"--x--", "multipart/form-data", "cannot be read"),
        (b"<a/>", "text/xml", "content type 'text/xml' is not read"),
    ],
)
async def test_a_body_that_is_none_is_an_invalid_request(
    content: bytes, content_type: str, says: str, desk: TravelDesk
):
    answer = await desk.server("").post(TOKEN, content=content, headers={"Content-Type": content_type})

    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"
    assert says in answer.json()["error_description"]


async def test_other_refusals_keep_the_form(desk: TravelDesk):
    got = await desk.server("").get(TOKEN)
    assert (got.status_code, got.headers["allow"], got.json()["error"]) == (405, "POST", "invalid_request")
    large = await desk.server("").post(TOKEN, data={"grant_type": "x" * 100_001})
    assert (large.status_code, large.json()["error"]) == (413, "invalid_request")
    elsewhere = await desk.server("").post("/nowhere/oauth2/token", data={"grant_type": "password"})
    assert (elsewhere.status_code, elsewhere.json()) == (
        400,
        {"error": {"code": 400, "message": "Bad Request: You have specified an unavailable workspace."}},
    )


async def test_credentials_that_differ_are_refused(desk: TravelDesk):
    answer = await desk.ask(grant_type="client_credentials", client_id="A" * 32)

    assert _refusal(answer)[0] == "invalid_request"


async def test_passwords_cannot_be_tried_one_after_the_other(desk: TravelDesk):
    for _ in range(10):
        answer = await desk.ask(grant_type="password", username="anna", password="wrong")
        assert answer.status_code == 400

    answer = await desk.ask(grant_type="password", username="anna", password=PASSWORD)

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_secrets_of_applications_cannot_be_tried_one_after_the_other(desk: TravelDesk):
    for number in range(10):
        wrong = basic(desk.application.client_id, f"guess {number}")
        answer = await desk.ask(headers={"Authorization": wrong}, grant_type="client_credentials")
        assert _refusal(answer)[0] == "invalid_client"

    answer = await desk.ask(grant_type="client_credentials")

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    desk.server.clock.move(minutes=5)
    assert (await desk.ask(grant_type="client_credentials")).status_code == 200


async def test_guesses_of_others_do_not_stop_an_application_that_was_here_before(desk: TravelDesk):
    assert (await desk.ask(grant_type="client_credentials")).status_code == 200
    for number in range(12):
        wrong = basic(desk.application.client_id, f"guess {number}")
        await desk.ask(headers={"Authorization": wrong}, grant_type="client_credentials")

    assert (await desk.ask(grant_type="client_credentials")).status_code == 200


# -- what ends a token -----------------------------------------------------------------------------


async def test_tokens_end_by_themselves(desk: TravelDesk):
    tokens = await desk.password()
    desk.server.clock.move(seconds=86_399)
    assert await desk.get(tokens["access_token"]) == 200
    desk.server.clock.move(seconds=1)
    assert await desk.get(tokens["access_token"]) == 401
    desk.server.clock.move(seconds=1_209_600 - 86_401)
    refreshed = (await desk.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])).json()
    desk.server.clock.move(seconds=1_209_600)

    answer = await desk.ask(grant_type="refresh_token", refresh_token=refreshed["refresh_token"])

    assert _refusal(answer) == ("invalid_grant", "Refresh token has expired")


async def test_the_next_token_removes_those_that_have_expired(desk: TravelDesk):
    await desk.password()
    desk.server.clock.move(days=15)
    await desk.password()

    stored = await desk.server.engine.store.read(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM token").scalar())

    assert stored == 2


async def test_only_hashes_are_stored(desk: TravelDesk):
    tokens = await desk.password()
    shown = {tokens["access_token"], tokens["refresh_token"], await desk.code(), desk.application.secret}

    def everything(tx: Any) -> str:
        names = ("token", "application", "audit")
        return " ".join(str(list(map(tuple, tx.exec_driver_sql(f"SELECT * FROM {name}")))) for name in names)

    stored = await desk.server.engine.store.read(everything)
    assert [secret for secret in shown if str(secret) in stored] == []


@pytest.mark.parametrize("prefix", ["", "/api/1.0"])
async def test_who_has_a_token_may_end_it(prefix: str, desk: TravelDesk):
    token = (await desk.password())["access_token"]
    assert await desk.get(token) == 200
    url = f"{prefix}/workflow/oauth2/{token}"

    expired = await desk.server("").post(f"{url}/expire", json={})
    assert (expired.status_code, expired.content) == (200, b"")
    assert await desk.get(token) == 401
    deleted = await desk.server("").delete(url)
    assert (deleted.status_code, deleted.content) == (200, b"")
    for answer in (await desk.server("").delete(url), await desk.server("").post(f"{url}/expire")):
        text = f'Bad Request: The row "{token}" in table OAUTH_ACCESS_TOKENS doesn\'t exist!'
        assert answer.json() == {"error": {"code": 400, "message": text}}


async def test_a_refresh_token_is_no_access_token(desk: TravelDesk):
    refresh = (await desk.password())["refresh_token"]

    assert await desk.get(refresh) == 401
    assert (await desk.server("").delete(f"/workflow/oauth2/{refresh}")).status_code == 400


async def test_revoking_a_refresh_token_ends_all_of_its_sign_in(desk: TravelDesk):
    tokens, others = await desk.password(), await desk.password()
    revoke = "/workflow/oauth2/revoke"

    assert (await desk.ask(revoke, token=tokens["refresh_token"])).status_code == 200

    assert await desk.get(tokens["access_token"]) == 401
    assert (await desk.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])).status_code == 400
    assert await desk.get(others["access_token"]) == 200
    assert (await desk.ask(revoke, token=tokens["refresh_token"])).status_code == 200
    assert (await desk.ask(revoke)).status_code == 400
    assert (await desk.ask(revoke, headers={}, token=others["access_token"])).json()["error"] == "invalid_client"
    stranger = TravelDesk(desk.server, await registered(desk.server.engine, name="Other"))
    assert (await stranger.ask(revoke, token=others["access_token"])).status_code == 200
    assert await desk.get(others["access_token"]) == 200


async def test_a_removed_application_takes_its_tokens_with_it(desk: TravelDesk):
    tokens = await desk.password()
    assert await desk.get(tokens["access_token"]) == 200

    removed = await desk.server("admin").delete(f"/v1/applications/{desk.application.client_id}")

    assert removed.status_code == 204
    assert await desk.get(tokens["access_token"]) == 401
    answer = await desk.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("change", [{"usr_new_pass": "another password"}, {"usr_status": "INACTIVE"}])
async def test_a_user_who_was_changed_has_no_tokens_any_more(change: dict[str, str], desk: TravelDesk):
    tokens, others = await desk.password("anna"), await desk.password("clara")
    assert await desk.get(tokens["access_token"]) == 200
    person = desk.server.engine.directory.person("anna")
    assert person is not None

    changed = await desk.server("admin").put(f"/api/1.0/workflow/user/{person.id}", json=change)

    assert changed.status_code == 200, changed.text
    assert await desk.get(tokens["access_token"]) == 401
    answer = await desk.ask(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert _refusal(answer) == ("invalid_grant", "Invalid refresh token")
    assert await desk.get(others["access_token"]) == 200


async def test_an_application_whose_owner_is_out_gets_no_tokens_of_its_own(desk: TravelDesk):
    own = (await desk.ask(grant_type="client_credentials")).json()["access_token"]
    owner = desk.server.engine.directory.person("ben")
    assert owner is not None
    await desk.server("admin").put(f"/api/1.0/workflow/user/{owner.id}", json={"usr_status": "INACTIVE"})

    assert await desk.get(own) == 401
    assert _refusal(await desk.ask(grant_type="client_credentials"))[0] == "invalid_grant"


# -- where a token may stand -----------------------------------------------------------------------


async def test_a_token_that_does_not_count_is_told_so(desk: TravelDesk):
    for token in ("0" * 40, "-", "x", "ü"):
        answer = await desk.server("").get(DEFINITIONS, headers=[(b"Authorization", f"Bearer {token}".encode())])
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_only_one_way_to_say_who_is_asking_counts(desk: TravelDesk):
    token = (await desk.password())["access_token"]
    bearer = ("Authorization", f"Bearer {token}")
    two = await desk.server("anna").get(DEFINITIONS, headers=dict([bearer]))
    assert two.status_code in (400, 401)
    twice = await desk.server("").get(DEFINITIONS, headers=[bearer, ("Authorization", basic("anna", PASSWORD))])
    assert twice.status_code in (400, 401)


ROLE = "/api/1.0/workflow/role/00000000000000000000000000000003/permissions"


async def test_clients_of_processmaker_may_send_a_token_as_a_parameter(desk: TravelDesk):
    token = (await desk.password("admin"))["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    client = desk.server("")

    assert (await client.get(f"{ROLE}?access_token={token}")).status_code == 200
    group = {"grp_title": "New", "grp_status": "ACTIVE"}
    posted = await client.post("/api/1.0/workflow/group", data={"access_token": token, **group})
    assert posted.status_code == 201

    refused = [
        await client.get(f"{ROLE}?access_token={token}", headers=bearer),
        await client.get(f"{ROLE}?access_token={token}&access_token={token}"),
        await client.get(f"{ROLE}?access_token={token}", headers={"Authorization": basic("admin", PASSWORD)}),
        await client.get(f"{ROLE}?access_token="),
        await client.post(f"/api/1.0/workflow/group?access_token={token}", data={"access_token": token, **group}),
        await client.get(ROLE, headers=[("Authorization", f"Bearer {token}"), ("Authorization", basic("a", "b"))]),
    ]
    assert [answer.status_code for answer in refused] == [401] * len(refused)
    assert refused[0].json() == {"error": {"code": 401, "message": "Unauthorized"}}


async def test_a_token_in_the_query_string_is_none_of_the_workflow_service(desk: TravelDesk):
    token = (await desk.password())["access_token"]

    answer = await desk.server("").get(f"{DEFINITIONS}?access_token={token}")

    assert answer.status_code == 401
    assert token not in answer.text


def _refusal(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 400
    body = json.loads(answer.content)
    return body["error"], body["error_description"]
