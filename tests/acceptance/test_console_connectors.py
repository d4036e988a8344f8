"""The console's pages of connectors, services, authentication, webhooks and incidents."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest

from placet import Engine, ManualClock
from placet.connectors.kinds import FIELDS
from placet.connectors.records import AuthKind
from placet.directory.caller import Caller
from tests.acceptance.browsing import Browser, signed_in
from tests.acceptance.conftest import SETTINGS, RunningServer
from tests.acceptance.test_calls import CONNECTOR, UNDRAWN
from tests.fault_server import FaultServer
from tests.token_server import CLIENT, CLIENT_SECRET, PASSWORD, USER, TokenServer

PNG = b"\x89PNG\r\n\x1a\n and what follows"
SECRETS = (CLIENT_SECRET, PASSWORD)


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    """An engine that may call servers of this machine."""
    settings = SETTINGS.with_values("test", outbound_allow="127.0.0.0/8")
    async with Engine(database_url, settings=settings, clock=clock) as engine:
        engine._courier._chance = lambda: 1.0
        yield engine


@pytest.fixture
async def theirs() -> AsyncIterator[TokenServer]:
    async with TokenServer() as theirs:
        yield theirs


@pytest.fixture
async def faults() -> AsyncIterator[FaultServer]:
    async with FaultServer() as faults:
        yield faults


@pytest.fixture
async def admin(server: RunningServer) -> Browser:
    return await signed_in(server, "admin")


def by_password(theirs: TokenServer, **more: str) -> dict[str, str]:
    return {
        "name": "Theirs", "kind": "oauth2_password", "revision": "0", "tokenCredentialUri": theirs.url("/token"),
        "grant_type": "password", "clientId": CLIENT, "clientSecret": CLIENT_SECRET, "username": USER,
        "password": PASSWORD, "scope": "", "audience": "", "authorizationPrefix": "Bearer",
        "headerAuthorization": "Authorization",
    } | more  # fmt: skip


def connector(url: str, **more: str) -> dict[str, str]:
    """What the form sends as it is, with one parameter."""
    return {
        "revision": "0", "name": "All items", "service": "Items", "description": "", "method": "GET", "url": url,
        "parameter.name": "page", "parameter.in": "query", "parameter.type": "integer", "parameter.required": "false",
        "parameter.default": "1", "parameter.description": "Which page", "body": "json", "headers": "X-By: Placet",
        "success": "", "output": "", "pagination.kind": "none", "pagination.parameter": "", "pagination.first": "1",
        "pagination.pages": "10", "pagination.next": "", "pagination.items": "", "timeout": "5s",
        "retry.attempts": "2", "retry.first": "1s", "retry.factor": "2.0", "retry.longest": "5m",
        "retry.jitter": "true",
    } | more  # fmt: skip


async def found(admin: Browser, list_: str, below: str) -> str:
    """The path of the only thing of a list."""
    text = (await admin.get(f"/console{list_}")).text
    ids = set(re.findall(rf'href="/console({below}/[0-9a-f]{{32}})"', text))
    assert len(ids) == 1, text
    return str(ids.pop())


async def kept(admin: Browser, theirs: TokenServer, **more: str) -> str:
    """The path of a connector with all that it needs."""
    await admin.submit("/connectors/configurations/new", **by_password(theirs))
    await admin.submit("/connectors/services/new", revision="0", name="Items", configuration="Theirs")
    await admin.submit("/connectors/new", **connector(theirs.url("/items"), **more))
    return await found(admin, "/connectors", "/connectors")


# -- authentication --------------------------------------------------------------------------------


async def test_the_source_pages_configuration_is_tested_kept_and_changed(admin: Browser, theirs: TokenServer):
    new = "/connectors/configurations/new"
    assert "tokenCredentialUri" in await admin.page(f"{new}?kind=oauth2_password")

    tested = await admin.post(f"/console{new}/test", data=by_password(theirs))
    assert "It works: a token was given" in tested.text
    assert 'data-tone="good"' in tested.text
    wrong = await admin.post(f"/console{new}/test", data=by_password(theirs, password="not it"))
    assert "It does not work" in wrong.text
    assert 'data-tone="bad"' in wrong.text
    piece = await admin.post(f"/console{new}/test", data=by_password(theirs), headers={"HX-Request": "true"})
    assert "It works" in piece.text
    assert "<html" not in piece.text
    await admin.submit(new, **by_password(theirs))

    path = await found(admin, "/connectors?tab=configurations", "/connectors/configurations")
    shown = await admin.get(f"/console{path}")
    assert f'value="{CLIENT}"' in shown.text
    for answer in (tested, wrong, piece, shown):
        assert not any(secret in answer.text for secret in SECRETS)
    unchanged = by_password(theirs, revision="1", clientSecret="", password="", scope="*")
    await admin.submit(path, **unchanged)
    assert "It works" in await admin.submit(f"{path}/test", expected=200, **unchanged | {"revision": "2"})
    stale = await admin.post(f"/console{path}", data=unchanged | {"scope": "mine"})
    assert stale.status_code == 412
    assert 'value="mine"' in stale.text
    await admin.submit(path, **unchanged | {"revision": "2", "take.password": "true"})
    assert "does not work" in await admin.submit(f"{path}/test", expected=200, **unchanged | {"revision": "3"})
    await admin.submit(f"{path}/remove", revision="3")
    assert "There are no authentication configurations" in await admin.page("/connectors?tab=configurations")


@pytest.mark.parametrize(
    "kind",
    [
        "none", "basic", "api_key", "oauth2_password", "oauth2_client_credentials", "oauth2_authorization_code",
        "oauth2_service_account",
    ],
)  # fmt: skip
async def test_every_kind_has_a_form_with_all_its_fields(admin: Browser, kind: str):
    assert f"kind={kind}" in (await admin.get("/console/connectors/configurations/new")).text

    text = (await admin.get(f"/console/connectors/configurations/new?kind={kind}")).text

    for name, field in FIELDS[AuthKind(kind)].items():
        (tag,) = re.findall(rf'<(?:input|textarea|select) id="{name}" name="{name}"[^>]*>', text)
        assert not field.secret or tag.startswith("<textarea") or 'type="password"' in tag
    assert await admin.page("/connectors/configurations/new?kind=magic", expected=400)


async def test_a_configuration_that_cannot_be_kept_says_why_at_the_field(admin: Browser, theirs: TokenServer):
    new = "/connectors/configurations/new"

    answer = await admin.post(f"/console{new}", data=by_password(theirs, tokenCredentialUri="nowhere", name="a  b"))
    assert answer.status_code == 400
    assert "&#39;a  b&#39; is no name" in answer.text
    answer = await admin.post(f"/console{new}", data=by_password(theirs, tokenCredentialUri="nowhere"))
    assert re.search(r'id="tokenCredentialUri-fault".*is no web address', answer.text)
    assert f'value="{USER}"' in answer.text
    assert not any(secret in answer.text for secret in SECRETS)
    await admin.submit(new, **by_password(theirs))
    assert "already" in await admin.submit(new, expected=409, **by_password(theirs))


async def test_secrets_go_to_no_other_server_and_to_no_other_kind(admin: Browser, theirs: TokenServer):
    await admin.submit("/connectors/configurations/new", **by_password(theirs))
    path = await found(admin, "/connectors?tab=configurations", "/connectors/configurations")

    elsewhere = by_password(
        theirs, revision="1", clientSecret="", password="", tokenCredentialUri="http://127.0.0.1:9/token"
    )
    for target in (path, f"{path}/test"):
        assert "would send" in await admin.submit(target, expected=400, **elsewhere)
    assert "Another kind for Theirs" in await admin.page(f"{path}/kinds")
    other = (await admin.get(f"/console{path}?kind=oauth2_client_credentials")).text
    assert "One is kept" not in other
    assert 'value="client_credentials"' in other


async def test_an_operator_is_led_to_the_service_to_agree(admin: Browser, theirs: TokenServer):
    fields = by_password(
        theirs, kind="oauth2_authorization_code", grant_type="authorization_code",
        authorizationUri=theirs.url("/authorize"), redirectUri="http://127.0.0.1/v1/connectors/authorized",
    )  # fmt: skip
    await admin.submit("/connectors/configurations/new", **fields)
    path = await found(admin, "/connectors?tab=configurations", "/connectors/configurations")

    answer = await admin.post(f"/console{path}/authorize")

    (url,) = re.findall(r'href="(http[^"]+)" rel="noreferrer"', answer.text)
    assert url.startswith(theirs.url("/authorize"))
    assert "code_challenge=" in url
    assert not any(secret in answer.text for secret in SECRETS)


# -- services --------------------------------------------------------------------------------------


async def test_a_service_is_kept_with_its_image_changed_and_removed(admin: Browser, theirs: TokenServer):
    await admin.submit("/connectors/configurations/new", **by_password(theirs))
    form = {
        "revision": "0", "name": "Items", "product_name": "Things", "product_version": "3.2", "api_version": "1",
        "configuration": "Theirs", "limits.concurrency": "3",
    }  # fmt: skip
    new = "/console/connectors/services/new"
    wrong = await admin.post(new, data=form, files={"image": ("a.png", b"text", "image/png")})
    assert (wrong.status_code, "This is no image that is kept" in wrong.text) == (400, True)
    assert 'value="Things"' in wrong.text
    assert "There are no services" in await admin.page("/connectors?tab=services")

    made = await admin.post(new, data=form, files={"image": ("a.png", PNG, "image/png")})
    assert made.status_code == 303, made.text
    path = await found(admin, "/connectors?tab=services", "/connectors/services")
    shown = (await admin.get(f"/console{path}")).text
    (image,) = re.findall(r'<img class="logo large" src="([^"]+)"', shown)
    assert (await admin.get(image)).content == PNG
    assert '<option value="Theirs" selected>' in shown
    changed = form | {"revision": "2", "name": "Goods", "limits.concurrency": "many"}
    refused = await admin.post(f"/console{path}", data=changed)
    assert refused.status_code == 400
    assert re.search(r'id="limits.concurrency-fault".*many', refused.text)
    revision = re.findall(r'name="revision" value="([0-9]+)"', shown)[-1]
    await admin.submit(path, **changed | {"revision": revision, "limits.concurrency": "4", "take.image": "true"})
    assert "<img" not in (await admin.get(f"/console{path}")).text
    assert "Goods" in await admin.page("/connectors?tab=services")
    stale = await admin.submit(f"{path}/remove", expected=412, revision=revision)
    assert "at revision" in stale


# -- connectors ------------------------------------------------------------------------------------


async def test_a_connector_is_tested_before_it_is_kept_and_after(admin: Browser, theirs: TokenServer):
    await admin.submit("/connectors/configurations/new", **by_password(theirs))
    await admin.submit("/connectors/services/new", revision="0", name="Items", configuration="Theirs")
    sent = connector(theirs.url("/items"))

    tested = await admin.post("/console/connectors/new/test", data=sent | {"input.page": "2"})
    assert "It works: 200 came back" in tested.text
    assert theirs.queries == [{"page": "2"}]
    assert not any(secret in tested.text for secret in SECRETS)
    assert theirs.calls[0]["authorization"].removeprefix("Bearer ") not in tested.text
    assert "There are no connectors" in await admin.page("/connectors")
    wrong = await admin.submit("/connectors/new/test", expected=400, **sent, **{"input.page": "two"})
    assert "is of type integer" in wrong

    await admin.submit("/connectors/new", **sent)
    path = await found(admin, "/connectors", "/connectors")
    shown = (await admin.get(f"/console{path}")).text
    assert 'name="input.page"' in shown
    assert "X-By: Placet" in shown
    assert "It works" in await admin.submit(f"{path}/test", expected=200, **sent | {"revision": "1"})
    assert theirs.queries[-1] == {"page": "1"}
    changed = sent | {"revision": "1", "success": "response.code == 404", "retry.attempts": "1"}
    await admin.submit(path, **changed)
    assert "It does not work" in await admin.submit(f"{path}/test", expected=200, **changed | {"revision": "2"})
    assert "at revision 2" in await admin.submit(path, expected=412, **changed)
    await admin.submit(f"{path}/remove", revision="2")
    assert "There are no connectors" in await admin.page("/connectors")


@pytest.mark.parametrize(
    ("wrong", "where", "words"),
    [
        ({"url": "file:///etc/passwd"}, "url-fault", "is no web address"),
        ({"timeout": "soon"}, "timeout-fault", "soon"),
        ({"retry.attempts": "99"}, "retry.attempts-fault", "give a number from 1 to 20"),
        ({"success": "response.code +"}, "success-fault", "success"),
        ({"pagination.kind": "sideways"}, "pagination.kind-fault", "sideways"),
        ({"headers": "X-By Placet"}, "headers-fault", "is no header; write Name: value"),
        ({"parameter.default": "one"}, "alert", "its type is integer"),
        ({"name": ""}, "alert", "is no name"),
        ({"service": "Nowhere"}, "alert", "There is no service"),
        ({"revision": "x"}, "", "open the page again"),
    ],
)
async def test_what_cannot_be_kept_says_why_and_stays_in_the_form(
    admin: Browser, wrong: dict[str, str], where: str, words: str
):
    await admin.submit("/connectors/services/new", revision="0", name="Items")
    if "revision" in wrong:
        await admin.submit("/connectors/new", **connector("https://items.example.org/"))
        assert words in await admin.submit(await found(admin, "/connectors", "/connectors"), expected=400, **wrong)
        return

    answer = await admin.post("/console/connectors/new", data=connector("https://items.example.org/") | wrong)

    assert answer.status_code in (400, 404), answer.text
    assert re.search(rf"{where}.*{re.escape(words)}", answer.text), answer.text
    assert "Which page</textarea>" in answer.text
    assert "There are no connectors" in await admin.page("/connectors")


async def test_what_a_form_shows_is_what_it_keeps(admin: Browser, server: RunningServer):
    """Sent back as it is, the form of a connector changes nothing, whatever the connector holds."""
    operator = Caller(None, server.engine.directory, server.engine.clock.now())
    await server.engine.connectors.services.add(operator, "Items", {})
    content = {
        "service": "Items", "method": "POST", "url": "https://items.example.org/{list}/items?all=1", "timeout": "5s",
        "description": "Adds an item.\n\nTo a list.",
        "parameters": {
            "list": {"in": "path", "required": True, "description": "Which list:\nby its name"},
            "tags": {"in": "body", "type": "json", "default": '["a", 1]'},
            "empty": {"in": "body", "default": ""},
            "lines": {"in": "body", "default": "one\ntwo"},
            "share": {"in": "body", "type": "decimal", "default": "0.5"},
            "truth": {"in": "body", "type": "boolean", "default": "true"},
        },
        "headers": {"X-By": "Placet", "X-For": "a: b"}, "body": "json",
        "retry": {"attempts": 3, "first": "2s", "factor": 1.5, "longest": "1m", "jitter": False},
        "success": "response.code == 201", "output": "response.message.id",
        "pagination": {"kind": "cursor", "parameter": "at", "next": "response.message.next", "pages": 4},
    }  # fmt: skip
    made = await server.engine.connectors.add(operator, "Add items", content)
    path = f"/console/connectors/{made.id}"

    answer = await admin.post(path, data=fields_of((await admin.get(path)).text))

    assert answer.status_code == 303, answer.text
    assert await server.engine.connectors.one(operator, made.id) == made  # of the same revision, too


def fields_of(text: str) -> dict[str, list[str]]:
    """What a browser would send of the form of a connector."""
    form = text.partition('id="connector">')[2].partition("</form>")[0]
    fields: dict[str, list[str]] = {}
    pattern = (
        r'<input(?=[^>]* name="(?P<input>[^"]+)")(?:[^>]* value="(?P<value>[^"]*)")?'
        r'|<textarea[^>]* name="(?P<area>[^"]+)"[^>]*>\n(?P<text>.*?)</textarea>'
        r'|<select[^>]* name="(?P<select>[^"]+)"[^>]*>(?P<options>.*?)</select>'
    )
    for each in re.finditer(pattern, form, re.DOTALL):
        name = each["input"] or each["area"] or each["select"]
        value = each["value"] or each["text"] or ""
        if each["select"]:
            options = re.findall(r'value="([^"]*)"( selected)?', each["options"])
            value = next((option for option, chosen in options if chosen), options[0][0])
        fields.setdefault(name, []).append(html.unescape(value))
    return fields


async def test_connectors_are_exported_and_imported(admin: Browser, theirs: TokenServer):
    path = await kept(admin, theirs)
    (link,) = re.findall(r'href="([^"]+)" download=', (await admin.get("/console/connectors")).text)
    exported = (await admin.get(link, headers={"Accept": "text/html,*/*;q=0.8"})).text
    await admin.submit(f"{path}/remove", revision="1")

    assert "1 added, 0 changed, 2 as they were" in await admin.submit("/connectors/import", expected=200, text=exported)
    answer = await admin.post(
        "/console/connectors/import", data={"text": ""}, files={"file": ("c.yaml", exported.encode(), "text/yaml")}
    )
    assert "0 added, 0 changed, 3 as they were" in answer.text
    for text, words in (
        ("connectors: {A: {url: x}}", "connectors:1:"),
        ("", "There is no text"),
        ("configurations: {A: {kind: basic, username: a, password: open sesame}}", "no secret belongs in a file"),
    ):
        assert words in await admin.submit("/connectors/import", expected=400, text=text)
    variable = "configurations: {A: {kind: basic, username: a, password: {env: PATH}}}"
    assert "The variable PATH is not set" in await admin.submit("/connectors/import", expected=200, text=variable)


async def test_connectors_are_made_of_an_openapi_document(admin: Browser):
    document = """
openapi: 3.0.3
info: {title: Trips, version: "7"}
servers: [{url: https://trips.example.org}]
paths:
  /trips:
    get: {operationId: listTrips, summary: All trips, responses: {}}
    post: {operationId: addTrip, requestBody: {content: {application/pdf: {}}}, responses: {}}
"""
    offered = await admin.submit("/connectors/openapi", expected=200, text=document)
    assert "listTrips" in offered
    assert "All trips" in offered
    await admin.submit("/connectors/openapi", text=document, operation="listTrips")
    assert "listTrips" in await admin.page("/connectors")
    assert "Trips" in await admin.page("/connectors?tab=services")
    assert "There is no document" in await admin.submit("/connectors/openapi", expected=400, text=" ")
    assert await admin.submit("/connectors/openapi", expected=400, text="openapi: 2")
    assert "noTrips" in await admin.submit("/connectors/openapi", expected=400, text=document, operation="noTrips")


# -- webhooks --------------------------------------------------------------------------------------


async def test_a_webhook_is_added_tested_changed_and_its_secret_told_once(admin: Browser, faults: FaultServer):
    sent = {"name": "Ledger", "url": faults.url("/echo"), "active": "true", "filter": "", "event": "process.*"}
    assert "wrong" in await admin.submit("/webhooks/new", expected=400, **sent | {"event": "wrong"})

    made = await admin.post("/console/webhooks/new", data=sent)
    assert "only time" in made.text
    (secret,) = re.findall(r'<code class="wrap-anywhere">([^<]{32,})</code>', made.text)
    path = await found(admin, "/webhooks", "/webhooks")
    shown = (await admin.get(f"/console{path}")).text
    assert secret not in shown
    assert re.search(r'value="process.\*" checked', shown)
    tested = (await admin.post(f"/console{path}/test")).text
    assert "It answered 200 OK" in tested
    assert secret not in tested
    renamed = sent | {"name": "Books", "revision": "1", "filter": 'Definition = "Leave request"'}
    await admin.submit(path, **renamed)
    assert "at revision 2" in await admin.submit(path, expected=412, **renamed)
    refused = await admin.submit(path, expected=400, **renamed | {"filter": "Colour = red", "revision": "2"})
    assert "Colour" in refused
    again = await admin.post(f"/console{path}/secret", data={"secret": "one that was thought of"})
    assert "one that was thought of" in again.text
    assert "characters" in await admin.submit(f"{path}/secret", expected=400, secret="short")
    await admin.submit(f"{path}/remove", revision="3")
    assert "There are no webhooks" in await admin.page("/webhooks")


async def test_what_is_dead_is_sent_again(
    admin: Browser, server: RunningServer, faults: FaultServer, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("placet_api.console.pages.webhooks._AT_ONCE", 2)
    sent = {"name": "Ledger", "url": faults.url("/error?times=36"), "active": "true", "event": "process.started"}
    assert (await admin.post("/console/webhooks/new", data=sent)).status_code == 200
    path = await found(admin, "/webhooks", "/webhooks")
    for _ in range(3):
        await server.engine.start("Leave request", actor="anna", data={"days": 1, "reason": "rest"})
    await server.engine.settled()
    assert "On their way 3" in await admin.page(f"{path}/deliveries?state=waiting")
    for _ in range(36):  # after ten failures it is left alone but for one try at a time
        await server.engine.settled()
        clock.move(hours=12)
    await server.engine.settled()

    admin = await signed_in(server, "admin")  # the session has not lived for so long
    shown = (await admin.get(f"/console{path}/deliveries")).text
    (more,) = re.findall(r'href="/console([^"]+)" rel="next"', shown)
    assert "It answered 500" in await admin.page(html.unescape(more))
    event = re.findall(r'name="event" value="([^"]+)"', shown)[0]
    await admin.submit(f"{path}/replay", event=event)
    await server.engine.settled()
    assert faults.requests[-1].headers["placet-event-id"] == event
    assert "no dead delivery" in await admin.submit(f"{path}/replay", expected=404, event=event)
    assert "is no id of an event" in await admin.submit(f"{path}/replay", expected=400, event="x")
    await admin.submit(f"{path}/replay")
    await server.engine.settled()
    assert "Nothing is dead" in await admin.page(f"{path}/deliveries")


# -- incidents -------------------------------------------------------------------------------------


async def test_an_incident_is_found_and_resolved(
    admin: Browser, server: RunningServer, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("placet_api.console.pages.incidents._AT_ONCE", 1)
    engine = server.engine
    assert "No incident is open" in await admin.page("/incidents")
    await engine.as_system().deploy(UNDRAWN)
    text = CONNECTOR.format(url=faults.url("/error?code=400&times=2"), attempts=3, failures=100)
    await engine.connectors.import_text(Caller(None, engine.directory, engine.clock.now()), text, "c.yaml")
    for who in ("Ann", "Zoe"):
        await engine.as_system().start("Undrawn", initiator="anna", data={"who": who})
        await engine.settled()

    listed = (await admin.get("/console/incidents")).text
    (path,) = set(re.findall(r'href="/console(/incidents/[0-9a-f]{32})"', listed))
    (more,) = re.findall(r'href="/console([^"]+)" rel="next"', listed)
    assert path not in (await admin.get(f"/console{html.unescape(more)}")).text
    shown = (await admin.get(f"/console{path}")).text
    assert "it did not work" in shown
    assert "&#34;who&#34;: &#34;Ann&#34;" in shown
    (retry,) = [link for link in re.findall(r'href="/console([^"]+)"', shown) if "do=retry" in link]
    assert "Inputs" in await admin.page(html.unescape(retry))
    process, _, query = html.unescape(retry).partition("?")
    await admin.submit(process, **dict(pair.split("=") for pair in query.split("&")))
    await engine.settled()
    resolved = await admin.page(path)
    assert "retried" in resolved
    assert "Admin Berg" in resolved
    assert "do=retry" not in (await admin.get(f"/console{path}")).text
    assert path not in (await admin.get("/console/incidents")).text
    assert path in (await admin.get("/console/incidents?state=all")).text
    await admin.page("/incidents?state=some", expected=400)
    await admin.page("/incidents?after=x", expected=400)


# -- who -------------------------------------------------------------------------------------------


async def test_it_takes_the_permission(server: RunningServer):
    anna = await signed_in(server, "anna")

    for path in ("", "/new", "/services/new", "/configurations/new", "/import", "/openapi"):
        assert "PM_SETUP_ADVANCE" in await anna.page(f"/connectors{path}", expected=403)
    for path in ("/connectors/new", "/connectors/new/test", "/connectors/import", "/webhooks/new"):
        await anna.submit(path, expected=403, name="x")
    await anna.page("/webhooks", expected=403)
    assert "PM_SUPERVISOR" in await anna.page("/incidents", expected=403)
