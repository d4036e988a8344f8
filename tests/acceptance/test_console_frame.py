"""Round all pages of the console: signing in and out, whose form it is, errors as pages, and what a page may load."""

from __future__ import annotations

import html
import re

import httpx2
import pytest
from starlette.applications import Starlette

from placet import Engine
from placet_api import create_app
from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import PASSWORD, RunningServer, serving

SIGN_IN = {"user": "anna", "password": PASSWORD}
OWN = {"Sec-Fetch-Site": "same-origin"}

pytestmark = pytest.mark.usefixtures("without_jobs")


@pytest.fixture
async def visitor(server: RunningServer) -> httpx2.AsyncClient:
    """A browser in which nobody has signed in."""
    browser = httpx2.AsyncClient(base_url=server.url, headers=OWN)
    server.keep(browser)
    return browser


async def test_who_signs_in_comes_to_the_page_that_he_wanted(visitor: httpx2.AsyncClient):
    asked = await visitor.get("/console/query?of=workitems&q=Status+%3D+Open")
    form = await visitor.get(asked.headers["location"])
    wanted = re.search(r'name="next" value="([^"]*)"', form.text)
    assert wanted is not None
    answer = await visitor.post("/console/sign-in", data=SIGN_IN | {"next": wanted[1].replace("&amp;", "&")})

    assert (asked.status_code, form.status_code, answer.status_code) == (303, 200, 303)
    assert answer.headers["location"] == "/console/query?of=workitems&q=Status+%3D+Open"
    for word in ("HttpOnly", "SameSite=Strict", "Path=/;"):
        assert word in answer.headers["set-cookie"]
    assert "Anna Berg" in (await visitor.get(answer.headers["location"])).text
    assert (await visitor.get("/console/sign-in")).headers["location"] == "/console/"


async def test_signing_in_leads_nowhere_else(visitor: httpx2.AsyncClient):
    for wanted, location in (
        ("//example.org", "/console//example.org"),
        ("https://example.org", "/console/"),
        ("/\\example.org", "/console/%5Cexample.org"),
        ("/query?q=\r\nx: y", "/console/query?q=%0Ax%3A%20y"),
        ("/sign-in", "/console/"),
        ("/../../v1/me", "/console/"),
        ("/query/./..", "/console/"),
    ):
        answer = await visitor.post("/console/sign-in", data=SIGN_IN | {"next": wanted})

        assert answer.headers["location"] == location


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({"user": "anna", "password": "wrong"}, 401, "do not fit an active account"),
        ({"user": "gone", "password": PASSWORD}, 401, "do not fit an active account"),
        ({"user": "nobody <b>", "password": "x"}, 401, 'value="nobody &lt;b&gt;"'),
        ({"user": "anna"}, 400, "Give your user name and your password"),
    ],
)
async def test_who_does_not_sign_in_is_told_why(
    visitor: httpx2.AsyncClient, sent: dict[str, str], status: int, words: str
):
    answer = await visitor.post("/console/sign-in", data=sent)

    assert answer.status_code == status
    assert words in answer.text
    assert PASSWORD not in answer.text
    assert "set-cookie" not in answer.headers


async def test_many_failures_are_slowed_down(visitor: httpx2.AsyncClient):
    for _ in range(30):
        answer = await visitor.post("/console/sign-in", data=SIGN_IN | {"password": "wrong"})

    assert answer.status_code == 429
    assert "Sign in" in answer.text


async def test_a_session_ends_by_signing_out(server: RunningServer):
    anna = await signed_in(server, "anna")

    location = await anna.submit("/sign-out")

    assert location == "/console/sign-in?again=1"
    assert (await anna.get("/console/")).status_code == 303


async def test_a_page_that_another_site_leads_to_loads_itself_again(server: RunningServer):
    anna = await signed_in(server, "anna")
    async with httpx2.AsyncClient(base_url=server.url, headers={"Sec-Fetch-Site": "cross-site"}) as from_mail:
        asked = await from_mail.get("/console/inbox?tab=requests")  # SameSite keeps the cookie back
        page = await from_mail.get(asked.headers["location"])

    again = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.text)
    assert again is not None
    assert page.status_code == 200
    assert "<form" not in page.text
    way = again[1].replace("&amp;", "&")
    assert (await anna.get(way)).headers["location"] == "/console/inbox?tab=requests"
    async with httpx2.AsyncClient(base_url=server.url, headers={"Sec-Fetch-Site": "cross-site"}) as without:
        assert "<form" in (await without.get(way)).text  # once is enough


async def test_forms_of_other_sites_change_nothing(server: RunningServer):
    anna = await signed_in(server, "anna")
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://example.org"},
        {},
    ):
        async with httpx2.AsyncClient(base_url=server.url, cookies=dict(anna.cookies), headers=headers) as other:
            for path in ("/sign-in", "/sign-out", "/preferences", "/query/views"):
                answer = await other.post(f"/console{path}", data=SIGN_IN | {"name": "x", "of": "processes", "q": ""})

                assert answer.status_code == 403, (path, headers)
                assert "set-cookie" not in answer.headers
    assert (await anna.get("/console/query")).status_code == 200
    assert "Save this query as a new view" in (page := (await anna.get("/console/query")).text)
    assert 'class="view-list"' not in page


async def test_what_the_reader_chooses_is_kept(server: RunningServer):
    anna = await signed_in(server, "anna")

    location = await anna.submit("/preferences", theme="dark", zone="Asia/Tokyo", keys="off", next="/query?of=events")

    assert location == "/console/query?of=events"
    page = (await anna.get(location)).text
    assert 'data-theme="dark"' in page
    assert 'value="Asia/Tokyo"' in page
    assert 'data-keys="off"' in page
    await anna.submit("/preferences", theme="", keys="on", zone="UTC")
    page = (await anna.get(location)).text
    assert "data-theme" not in page
    assert 'value="UTC"' in page
    assert "data-keys=" not in page


async def test_a_zone_that_there_is_not_is_refused_in_words(server: RunningServer):
    anna = await signed_in(server, "anna")
    await anna.submit("/preferences", zone="Asia/Tokyo")

    for zone in ("Berlin", "europe/berlin", "No/Where", ""):
        location = await anna.submit("/preferences", zone=zone, next="/query")
        page = (await anna.get(location)).text
        assert "is no time zone; choose one by its name" in page
        assert 'value="Asia/Tokyo"' in page


async def test_cookies_that_nobody_gave_do_no_harm(server: RunningServer):
    anna = await signed_in(server, "anna")
    names = ("placet_said", "placet_theme", "placet_zone", "placet_keys")
    for value in ("x", "NQ==", "WzFd", "WzEsMl0=", '"', "a b;c", "%00", "\xe9", "../../etc"):
        cookie = "; ".join([f"placet_session={anna.cookies['placet_session']}", *(f"{name}={value}" for name in names)])

        answer = await anna.get("/console/query", headers={"Cookie": cookie.encode("latin-1")})

        assert answer.status_code == 200
        assert "data-theme" not in answer.text


async def test_errors_are_pages_with_words_and_a_way_back(server: RunningServer):
    anna = await signed_in(server, "anna")
    for path, status, words in (
        ("/nothing", 404, "There is no page"),
        ("/query?of=nothing", 404, "cannot be searched"),
        ("/query?q=%FF", 400, "not UTF-8"),
        ("/query/views", 405, "does not take GET; it takes POST"),
        ("/query?of=users", 403, "PM_USERS"),
        ("/query/export?format=pdf", 400, "is no format"),
    ):
        answer = await anna.get(f"/console{path}")

        assert answer.status_code == status
        assert words in answer.text
        assert 'href="/console/"' in answer.text
        assert "<h1>" in answer.text
        short = await anna.get(f"/console{path}", headers={"HX-Request": "true"})
        assert (short.status_code, short.headers["content-type"]) == (status, "text/plain; charset=utf-8")
        assert words in short.text


async def test_a_script_whose_session_has_ended_stays_where_it_is(visitor: httpx2.AsyncClient):
    for method, path in (("GET", "/query/rows"), ("GET", f"/processes/{'0' * 32}"), ("POST", "/start/x/form")):
        answer = await visitor.request(method, f"/console{path}", headers={"HX-Request": "true"})

        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/plain; charset=utf-8")
        assert "what you have typed stays" in answer.text
        assert "hx-redirect" not in answer.headers


async def test_a_form_of_a_session_that_has_ended_can_be_sent_again(server: RunningServer):
    anna = await signed_in(server, "anna")
    sent = {"name": 'The "first"', "of": "processes", "q": "Initiator = me\n"}
    async with httpx2.AsyncClient(base_url=server.url, headers=OWN) as visitor:
        answer = await visitor.post("/console/query/views", data=sent)

    assert answer.status_code == 401
    assert "nothing was changed" in answer.text
    assert 'target="_blank"' in answer.text
    held = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', answer.text))
    assert {name: html.unescape(value) for name, value in held.items()} == sent
    parts = {name: (None, html.unescape(value)) for name, value in held.items()}
    assert (await anna.post("/console/query/views", files=parts)).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "/me/password",
        "/people/users",
        f"/people/users/{'0' * 32}",
        "/connectors/configurations/new",
        f"/connectors/configurations/{'0' * 32}/test",
        "/webhooks/new",
        f"/webhooks/{'0' * 32}/secret",
        "/nowhere",
    ],
)
async def test_what_may_be_secret_is_not_shown_again(visitor: httpx2.AsyncClient, path: str):
    answer = await visitor.post(f"/console{path}", data={"password": "very secret", "x": "very secret"})

    assert answer.status_code == 401
    assert "very secret" not in answer.text
    assert "passwords and files are not kept" in answer.text


async def test_what_another_site_has_sent_is_not_shown(visitor: httpx2.AsyncClient):
    sent = {"name": "from elsewhere"}
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = await visitor.post("/console/query/views", data=sent, headers=headers)

        assert answer.status_code == 401
        assert "from elsewhere" not in answer.text
    answer = await visitor.post("/console/query/views", content=b"\xff", headers={"Content-Type": "image/png"})
    assert "passwords and files are not kept" in answer.text


async def test_signing_in_anew_ends_the_session_before(visitor: httpx2.AsyncClient):
    await visitor.post("/console/sign-in", data=SIGN_IN)
    first = visitor.cookies["placet_session"]
    await visitor.post("/console/sign-in", data=SIGN_IN)

    assert visitor.cookies["placet_session"] != first
    old = {"Cookie": f"placet_session={first}"}
    async with httpx2.AsyncClient(base_url=visitor.base_url, headers=OWN | old) as other:
        assert (await other.get("/console/inbox")).status_code == 303
        assert (await other.post("/console/sign-in", data=SIGN_IN)).status_code == 303
    assert (await visitor.get("/console/inbox")).status_code == 200


async def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_of_its_own(server: RunningServer):
    anna = await signed_in(server, "anna")
    for path in ("/sign-in?again=1", "/query", "/query?q=group+by+Definition", "/nothing"):
        answer = await anna.get(f"/console{path}")

        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert answer.headers["cache-control"] == "no-store"
        links = re.findall(r'(?:src|href)="([^"#]*)"', answer.text)
        assert all(each.startswith("/console/") for each in links if each), path
        for file in {each for each in links if "/static/" in each}:
            found = await anna.get(file)
            assert (found.status_code, found.headers["x-content-type-options"]) == (200, "nosniff")


async def test_the_navigation_has_what_one_may_use(server: RunningServer):
    anna, admin = await signed_in(server, "anna"), await signed_in(server, "admin")

    assert 'href="/console/audit"' not in (await anna.get("/console/query")).text
    assert 'href="/console/audit"' in (await admin.get("/console/query")).text


async def test_head_has_no_body_and_the_bare_path_leads_on(server: RunningServer):
    anna = await signed_in(server, "anna")

    head = await anna.head("/console/query")

    assert (head.status_code, head.content) == (200, b"")
    assert (await anna.get("/console")).headers["location"] == "/console/"


async def test_below_a_host_every_link_stays_below_it(engine: Engine):
    host = Starlette()
    host.mount("/inbox flow", create_app(engine))
    async with serving(host) as url, httpx2.AsyncClient(base_url=url, headers=OWN) as browser:
        answer = await browser.post("/inbox%20flow/console/sign-in", data=SIGN_IN)
        assert answer.headers["location"] == "/inbox%20flow/console/"
        page = await browser.get("/inbox%20flow/console/query")

        links = re.findall(r' (?:src|href|action|hx-get|data-root|data-rows-url)="([^"#]*)"', page.text)
        assert page.status_code == 200
        assert [each for each in links if not each.startswith("/inbox%20flow/console/")] == []
        assert 'data-live="/inbox%20flow/v1/events"' in page.text
        for each in {each for each in links if "/static/" in each}:
            assert (await browser.get(each)).status_code == 200


async def test_an_engine_that_is_closed_says_so(database_url: str):
    async with (
        serving(create_app(Engine(database_url))) as url,
        httpx2.AsyncClient(base_url=url, headers=OWN) as browser,
    ):
        answer = await browser.get("/console/query")

    assert answer.status_code == 503
    assert "The engine is not open yet" in answer.text


async def test_a_refusal_calls_people_by_their_names(server: RunningServer):
    anna = await signed_in(server, "anna")

    page = await anna.page("/people", expected=403)

    assert "which Anna Berg does not have" in page
    assert "cn=anna" not in page
