"""Sessions over HTTP: signing in once, and what ends that."""

from __future__ import annotations

import json
import re

import httpx2
import pytest

from placet.directory import accounts
from placet.directory.caller import Caller
from placet.store import roles
from placet_api import create_app
from tests.acceptance.conftest import PASSWORD, rest_authorization, serving
from tests.acceptance.event_source import listening

WHO = {"User": "anna", "Password": PASSWORD}
ANNA = "cn=anna,ou=users,o=placet"

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
async def begin(server):
    """Sign in, and give what was answered and a client that sends the secret as a header."""

    async def work(**who):
        answer = await server("").post("/v1/session", json=WHO | who)
        assert answer.status_code == 201, answer.text
        server("").cookies.clear()
        secret = answer.json()["RESTSessionSecret"]
        clients.append(httpx2.AsyncClient(base_url=server.url, headers={"RESTSessionSecret": secret}))
        return answer, clients[-1]

    clients: list[httpx2.AsyncClient] = []
    yield work
    for client in clients:
        await client.aclose()


@pytest.fixture
async def browser(server):
    """A client that keeps cookies, and has signed in."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        answer = await client.post("/v1/session", json=WHO)
        assert answer.status_code == 201
        yield client


async def test_a_session_begins_with_a_secret_that_stands_for_who_signed_in(server, begin):
    answer, client = await begin()

    body = answer.json()
    assert body["Person"]["DN"] == ANNA
    assert {"Value": "PM_CASES"} in body["Permissions"]
    assert body["Until"] == "20260302100000000+0000"
    assert re.fullmatch(r"[\w-]{43}", body["RESTSessionSecret"])
    assert (answer.headers["location"], answer.headers["cache-control"]) == ("/v1/session", "no-store")

    shown = await client.get("/v1/session")
    assert shown.status_code == 200
    assert shown.json() == {name: body[name] for name in ("Person", "Permissions", "Until")}
    assert (await client.get("/v1/wf/processes")).status_code == 200


async def test_the_secret_is_nowhere_in_the_database(server, begin):
    answer, _ = await begin()
    secret = answer.json()["RESTSessionSecret"]

    rows = await server.engine.store.read(lambda tx: tx.exec_driver_sql("SELECT * FROM session").all())
    trail = await server.engine.store.read(lambda tx: tx.exec_driver_sql("SELECT * FROM audit").all())

    assert len(rows) == 1
    assert secret not in repr(rows) + repr(trail)


async def test_the_password_may_come_in_a_header(server):
    value = rest_authorization("anna")

    for headers in ({"Authorization": f"Basic {value}"}, {"RESTAuthorization": value}):
        answer = await server("").post("/v1/session", headers=headers)
        assert (answer.status_code, answer.json()["Person"]["DN"]) == (201, ANNA)


NO_SESSION = [
    ({"User": "anna", "Password": "wrong"}, 401),
    ({"User": "nobody", "Password": PASSWORD}, 401),
    ({"User": "gone", "Password": PASSWORD}, 401),
    ({"User": "anna"}, 400),
    ({"Password": PASSWORD}, 400),
    ({"User": "anna", "Password": 7}, 400),
    ([], 400),
]


async def test_what_begins_no_session(server):
    for body, status in NO_SESSION:
        answer = await server("").post("/v1/session", json=body)

        assert answer.status_code == status, body
        assert "Fault" in answer.json()
        assert "set-cookie" not in answer.headers
        assert PASSWORD not in answer.text


async def test_who_has_signed_out_is_out_everywhere(server, begin):
    _, client = await begin()
    _, other = await begin()

    ended = await client.delete("/v1/session")

    assert (ended.status_code, ended.content) == (204, b"")
    assert (await client.get("/v1/session")).status_code == 401
    assert (await other.get("/v1/session")).status_code == 200
    assert (await client.delete("/v1/session")).status_code == 401


async def test_a_session_that_is_not_used_ends(server, begin, clock):
    _, client = await begin()
    clock.move(minutes=59)
    assert (await client.get("/v1/session")).json()["Until"] == "20260302105900000+0000"
    clock.move(minutes=59)
    assert (await client.get("/v1/wf/definitions")).status_code == 200
    clock.move(minutes=60)

    refused = await client.get("/v1/wf/definitions")

    assert (refused.status_code, "sign in again" in refused.text) == (401, True)


async def test_what_a_page_looks_at_by_itself_is_no_use_of_a_session(server, begin, clock):
    _, client = await begin()
    quiet = {"Placet-Quiet": "1"}

    for _ in range(14):
        clock.move(minutes=4)
        assert (await client.get("/v1/wf/definitions", headers=quiet)).status_code == 200
        async with listening(client):
            pass
    clock.move(minutes=4)

    assert (await client.get("/v1/wf/definitions", headers=quiet)).status_code == 401


async def test_a_use_counts_also_right_after_a_look(server, begin, clock):
    _, client = await begin()
    for _ in range(3):
        clock.move(minutes=40)
        await client.get("/v1/wf/definitions", headers={"Placet-Quiet": "1"})
        assert (await client.get("/v1/wf/definitions")).status_code == 200


async def test_a_session_ends_however_much_it_is_used(server, begin, clock):
    _, client = await begin()
    for _ in range(23):
        clock.move(minutes=30)
        assert (await client.get("/v1/session")).status_code == 200
    assert (await client.get("/v1/session")).json()["Until"] == "20260302210000000+0000"
    clock.move(minutes=30)

    assert (await client.get("/v1/session")).status_code == 401


async def test_the_lifetime_of_a_session_is_stored_once_a_minute(server, begin, clock):
    _, client = await begin()

    async def seen():
        return await server.engine.store.read(lambda tx: tx.exec_driver_sql("SELECT seen_at FROM session").scalar())

    first = await seen()
    for _ in range(9):
        clock.move(seconds=6)
        await client.get("/v1/session")
    assert await seen() == first
    clock.move(seconds=6)
    await client.get("/v1/session")
    assert await seen() == first + 60_000


async def test_expired_sessions_are_forgotten_when_another_begins(server, begin, clock):
    await begin()
    clock.move(hours=12)
    await begin()

    rows = await server.engine.store.read(lambda tx: tx.exec_driver_sql("SELECT count(*) FROM session").scalar())

    assert rows == 1


async def test_who_is_no_longer_active_is_out_at_the_next_request(server, begin):
    _, client = await begin()
    assert (await client.get("/v1/session")).status_code == 200
    engine = server.engine
    system = Caller(None, engine.directory, engine.clock.now())

    await accounts.set_status(engine.store, system, "anna", "INACTIVE")
    await engine.refresh()
    assert (await client.get("/v1/session")).status_code == 401

    await accounts.set_status(engine.store, system, "anna", "ACTIVE")
    await engine.refresh()
    assert (await client.get("/v1/session")).status_code == 401  # the session does not come back with him


async def test_another_password_ends_the_sessions(server, begin):
    _, client = await begin()
    _, bens = await begin(User="ben")
    engine = server.engine
    system = Caller(None, engine.directory, engine.clock.now())

    await accounts.set_password(engine.store, system, "anna", "another password", engine.settings)
    await engine.refresh()

    assert (await client.get("/v1/session")).status_code == 401
    assert (await bens.get("/v1/session")).status_code == 200


@pytest.mark.parametrize(
    ("out", "back"),
    [
        ({"usr_status": "INACTIVE"}, {"usr_status": "ACTIVE"}),
        ({"role": None}, {"role": "PROCESSMAKER_OPERATOR"}),
    ],
)
async def test_who_was_kept_out_by_a_file_does_not_come_back_into_his_session(server, begin, tmp_path, out, back):
    _, client = await begin()
    _, bens = await begin(User="ben")

    for change in (out, back):
        path = tmp_path / "people.json"
        path.write_text(json.dumps({"users": [{"usr_username": "anna"} | change]}))
        await server.engine.as_system().load_people(path)

    assert (await client.get("/v1/session")).status_code == 401
    assert (await bens.get("/v1/session")).status_code == 200
    assert (await server("").post("/v1/session", json=WHO)).status_code == 201


async def test_a_file_that_changes_something_else_ends_no_session(server, begin, tmp_path):
    _, client = await begin()
    path = tmp_path / "people.json"
    path.write_text(json.dumps({"users": [{"usr_username": "anna", "usr_email": "a@example.org"}]}))

    await server.engine.as_system().load_people(path)

    assert (await client.get("/v1/session")).status_code == 200


async def test_a_role_that_does_not_let_sign_in_is_refused(server, begin):
    _, client = await begin()
    engine = server.engine
    role = await engine.store.read(lambda tx: roles.find_role_by_code(tx, "PROCESSMAKER_OPERATOR"))
    await engine.store.write(lambda tx: roles.take_permission(tx, role.id, f"{1:032}"))
    await engine.refresh()

    for answer in (await client.get("/v1/session"), await server("").post("/v1/session", json=WHO)):
        assert (answer.status_code, "PM_LOGIN" in answer.text) == (403, True)


async def test_a_secret_that_never_was_is_refused(server):
    for secret in ("", "x", "x" * 43, "x" * 10_000, "ä"):
        answer = await server("").get("/v1/session", headers={b"RESTSessionSecret": secret.encode()})

        assert answer.status_code == 401, secret


async def test_two_ways_to_say_who_asks_are_refused(server, begin):
    _, client = await begin()

    answer = await client.get("/v1/session", headers={"RESTAuthorization": rest_authorization("ben")})

    assert answer.status_code == 400


# -- the cookie ------------------------------------------------------------------------------------


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(server):
    answer = await server("").post("/v1/session", json=WHO)

    secret = answer.json()["RESTSessionSecret"]
    expected = f"placet_session={secret}; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
    assert answer.headers["set-cookie"] == expected


async def test_behind_https_and_below_a_path_the_cookie_goes_nowhere_else(engine):
    async def app(scope, receive, send):
        scope = scope | {"scheme": "https", "root_path": "/workflow", "path": "/workflow" + scope["path"]}
        await create_app(engine)(scope, receive, send)

    async with serving(app) as url, httpx2.AsyncClient(base_url=url) as client:
        answer = await client.post("/v1/session", json=WHO)

    assert answer.headers["set-cookie"].endswith("; Path=/workflow; Max-Age=43200; HttpOnly; SameSite=Strict; Secure")


async def test_a_browser_is_known_by_its_cookie_until_it_signs_out(browser):
    assert (await browser.get("/v1/session")).json()["Person"]["DN"] == ANNA

    ended = await browser.delete("/v1/session", headers={"Sec-Fetch-Site": "same-origin"})

    assert ended.status_code == 204
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert (await browser.get("/v1/session")).status_code == 401


async def test_a_password_counts_before_the_cookie(browser):
    other = {"RESTAuthorization": rest_authorization("ben")}

    shown = await browser.get("/v1/session", headers=other)
    ended = await browser.delete("/v1/session", headers=other)

    assert (shown.json()["Person"]["Value"], shown.json()["Until"]) == ("Ben Berg", "")
    assert ended.status_code == 404
    assert (await browser.get("/v1/session")).json()["Person"]["DN"] == ANNA


FROM_PAGES = [
    ({"Sec-Fetch-Site": "same-origin"}, 400),
    ({"Sec-Fetch-Site": "none"}, 400),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 400),
    ({"Origin": "{own}"}, 400),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, 403),
    ({"Origin": "http://elsewhere.example"}, 403),
    ({"Origin": "http://[broken"}, 403),
    ({"Origin": "null"}, 403),
    ({}, 403),
]


async def test_with_the_cookie_only_our_own_pages_change_anything(server, browser):
    for given, status in FROM_PAGES:
        headers = {name: value.format(own=server.url) for name, value in given.items()}

        answer = await browser.post("/v1/absences", json={}, headers=headers)

        assert answer.status_code == status, given
        assert (await browser.get("/v1/absences", headers=headers)).status_code == 200
    await server.engine.refused.write()
    [entry] = (await server("admin").get("/v1/audit?kind=right.refused")).json()
    assert (entry["Actor"]["DN"], entry["Target"]) == (ANNA, "POST /v1/absences")


async def test_another_sites_page_signs_nobody_in(server):
    for site, status in (("cross-site", 403), ("same-origin", 201)):
        answer = await server("").post("/v1/session", json=WHO, headers={"Sec-Fetch-Site": site})

        assert answer.status_code == status


# -- the service -----------------------------------------------------------------------------------


RESOURCES = {
    "session": "GET, HEAD, POST, DELETE, OPTIONS",
    "absences": "GET, HEAD, POST, OPTIONS",
    "absences/" + "0" * 32: "GET, HEAD, DELETE, OPTIONS",
    "proxies": "GET, HEAD, POST, OPTIONS",
    "proxies/" + "0" * 32: "GET, HEAD, DELETE, OPTIONS",
    "audit": "GET, HEAD, OPTIONS",
}


async def test_each_resource_tells_what_it_takes(server):
    for path, allowed in RESOURCES.items():
        options = await server("anna").options(f"/v1/{path}")
        other = await server("anna").patch(f"/v1/{path}")

        assert (options.status_code, options.headers["allow"]) == (204, allowed)
        assert (other.status_code, other.headers["allow"]) == (405, allowed)
        assert (await server("").get(f"/v1/{path}")).status_code == 401
        assert (await server("anna").get(f"/RIS/v1/{path}")).status_code == 404
        assert (await server("anna").get(f"/v1/{path}/x/y")).status_code == 404
        assert (await server("admin").get(f"/v1/{path};schema")).status_code == 200
        assert (await server("admin").get(f"/v1/{path}", headers={"Accept": "text/html"})).status_code == 406
