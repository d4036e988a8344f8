"""Connectors over REST: kept, tested against a real server, imported and exported, and never a secret in an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from placet import Engine, ManualClock
from tests.acceptance.conftest import SETTINGS, RunningServer
from tests.token_server import CLIENT, CLIENT_SECRET, PASSWORD, USER, TokenServer

CONNECTORS, SERVICES, CONFIGURATIONS = "/v1/connectors", "/v1/connectors/services", "/v1/connectors/configurations"
BASIC = {"Name": "Theirs", "Kind": "basic", "Fields": {"username": "hugo", "password": "open-sesame"}}
PNG = b"\x89PNG\r\n\x1a\n<script>"


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    """An engine that may call servers of this machine."""
    settings = SETTINGS.with_values("test", outbound_allow="127.0.0.0/8")
    async with Engine(database_url, settings=settings, clock=clock, run_jobs=False) as engine:
        yield engine


@pytest.fixture
async def theirs() -> AsyncIterator[TokenServer]:
    async with TokenServer() as theirs:
        yield theirs


@pytest.fixture
def admin(server: RunningServer) -> httpx2.AsyncClient:
    return server("admin")


def token_configuration(theirs: TokenServer, **fields: str) -> dict[str, Any]:
    given = {
        "tokenCredentialUri": theirs.url("/token"),
        "clientId": CLIENT,
        "clientSecret": CLIENT_SECRET,
        "username": USER,
        "password": PASSWORD,
        **fields,
    }
    return {"Name": "Theirs", "Kind": "oauth2_password", "Fields": given}


async def added(admin: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await admin.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def connected(admin: httpx2.AsyncClient, theirs: TokenServer, **more: Any) -> dict[str, Any]:
    """A connector to somebody else's server, with what it needs."""
    await added(admin, CONFIGURATIONS, token_configuration(theirs))
    await added(admin, SERVICES, {"Name": "Items", "Configuration": "Theirs"})
    return await added(
        admin, CONNECTORS, {"Name": "All items", "Service": "Items", "URL": theirs.url("/items"), **more}
    )


def reason(answer: httpx2.Response) -> str:
    return str(answer.json()["Fault"]["Reason"]["Text"])


# -- kept ------------------------------------------------------------------------------------------


async def test_a_configuration_is_added_read_changed_and_removed(admin: httpx2.AsyncClient):
    made = await admin.post(CONFIGURATIONS, json=BASIC)

    body = made.json()
    assert made.status_code == 201
    assert made.headers["location"] == body["Link"] == f"{CONFIGURATIONS}/{body['GUID']}"
    assert (body["Name"], body["Kind"], body["Fields"]) == ("Theirs", "basic", {"username": "hugo"})
    assert (body["Secrets"], body["Revision"], body["Updated"]) == ([{"Value": "password"}], 1, "")
    assert (await admin.get(body["Link"])).json() == body
    assert (await admin.get(CONFIGURATIONS)).json() == [body]

    changed = BASIC | {"Name": "Theirs still", "Fields": {"username": "anna"}}
    answer = await admin.put(body["Link"], json=changed)
    assert (answer.status_code, answer.json()["Name"], answer.json()["Revision"]) == (200, "Theirs still", 2)
    assert answer.json()["Secrets"] == [{"Value": "password"}]
    assert (await admin.delete(body["Link"])).status_code == 204
    assert (await admin.get(body["Link"])).status_code == 404


async def test_a_service_names_its_configuration_and_keeps_its_limits(admin: httpx2.AsyncClient):
    configuration = await added(admin, CONFIGURATIONS, BASIC)
    wanted = {"Name": "Items", "ProductName": "P", "APIVersion": "2", "Limits": {"Concurrency": 3}}
    service = await added(admin, SERVICES, wanted | {"Configuration": configuration["Name"]})

    assert service["Configuration"] == {
        "GUID": configuration["GUID"], "Link": configuration["Link"], "Value": "Theirs",
    }  # fmt: skip
    assert service["Limits"] == {"Concurrency": 3, "BreakerFailures": 10, "BreakerSeconds": 30}
    assert (service["ProductName"], service["ProductVersion"], service["APIVersion"]) == ("P", "", "2")
    answer = await admin.put(service["Link"], json=service)  # as it was answered
    assert (answer.status_code, answer.json()) == (200, service)


async def test_a_connector_is_answered_as_it_may_be_sent_again(admin: httpx2.AsyncClient):
    await added(admin, SERVICES, {"Name": "Items"})
    wanted = {
        "Name": "Add an item",
        "Service": "Items",
        "Method": "POST",
        "URL": "https://items.example.org/{list}/items",
        "Parameters": [
            {"Name": "list", "In": "path", "Required": True},
            {"Name": "count", "In": "body", "Type": "integer", "Default": 1},
            {"Name": "tags", "In": "body", "Type": "json", "Default": '["a"]'},
        ],
        "BodyType": "json",
        "Headers": {"X-Asked-By": "Placet"},
        "Timeout": "5s",
        "Retry": {"Attempts": 1},
        "Success": "response.code == 201",
        "Output": "response.message.id",
        "Pagination": {"Kind": "none"},
    }
    connector = await added(admin, CONNECTORS, wanted)

    assert connector["Parameters"][1] == {
        "Name": "count", "In": "body", "Type": "integer", "Required": False, "Default": 1, "Description": "",
    }  # fmt: skip
    assert connector["Retry"] == {"Attempts": 1, "First": "1s", "Factor": 2.0, "Longest": "5m", "Jitter": True}
    assert (connector["Timeout"], connector["Headers"]) == ("5s", {"X-Asked-By": "Placet"})
    answer = await admin.put(connector["Link"], json=connector)
    assert (answer.status_code, answer.json()) == (200, connector)


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        (CONFIGURATIONS, {}, "'' is no name"),
        (CONFIGURATIONS, {"Name": "A"}, "has no kind; kinds are: none, basic"),
        (CONFIGURATIONS, {"Name": "A", "Kind": "basic", "Fields": []}, "Fields is an array; give an object."),
        (CONFIGURATIONS, {"Name": "A", "Kind": "basic"}, "'username' of configuration 'A' is missing"),
        (CONFIGURATIONS, {"Name": 5}, "Name is a number; give a text."),
        (SERVICES, {"Name": "A", "Configuration": "None"}, "There is no configuration 'None': there are none."),
        (SERVICES, {"Name": "A", "Limits": {"Concurrency": "many"}}, "'many' does not work; give a number from 1"),
        (CONNECTORS, {"Name": "A", "URL": "http://x.org"}, "'service' of connector 'A' is missing"),
        (CONNECTORS, {"Name": "A", "Service": "S", "URL": "http://x.org"}, "There is no service 'S'"),
        (CONNECTORS, {"Name": "A", "Service": "S", "URL": "file:///etc/passwd"}, "is no web address"),
        (CONNECTORS, {"Name": "A", "Parameters": [{"Name": "a"}, {"Name": "a"}]}, "'a' is there twice"),
        (f"{CONNECTORS}/import", {"x": 1}, "There is no section 'x'"),
        (f"{CONNECTORS}/openapi", {}, "The body has no Document"),
    ],
)
async def test_what_cannot_be_kept_is_refused_in_words(
    admin: httpx2.AsyncClient, path: str, body: dict[str, Any], text: str
):
    answer = await admin.post(path, json=body)

    assert answer.status_code == 400
    assert text in reason(answer)


async def test_what_is_in_use_or_taken_is_a_conflict(admin: httpx2.AsyncClient, theirs: TokenServer):
    connector = await connected(admin, theirs)

    for answer in (
        await admin.delete(connector["Service"]["Link"]),
        await admin.delete((await admin.get(CONFIGURATIONS)).json()[0]["Link"]),
        await admin.post(SERVICES, json={"Name": "ITEMS"}),
    ):
        assert answer.status_code == 409, answer.text


async def test_a_change_may_ask_for_the_revision_that_it_was_made_of(admin: httpx2.AsyncClient):
    made = await added(admin, SERVICES, {"Name": "Items"})
    tag = (await admin.get(made["Link"])).headers["etag"]

    first = await admin.put(made["Link"], json={"Name": "Items", "ProductName": "A"}, headers={"If-Match": tag})
    second = await admin.put(made["Link"], json={"Name": "Items", "ProductName": "B"}, headers={"If-Match": tag})
    assert (first.status_code, second.status_code) == (200, 412)
    assert "'Items' is at revision 2" in reason(second)
    assert (await admin.delete(made["Link"], headers={"If-Match": tag})).status_code == 412
    assert (await admin.get(made["Link"], headers={"If-None-Match": first.headers["etag"]})).status_code == 304
    assert (await admin.delete(made["Link"], headers={"If-Match": "*"})).status_code == 204


async def test_it_takes_the_permission(server: RunningServer):
    for method, path in (("GET", CONNECTORS), ("POST", f"{CONNECTORS}/test"), ("GET", f"{CONNECTORS}/export")):
        answer = await server("anna").request(method, path, json={"Service": "x", "URL": "http://x.org"})

        assert answer.status_code == 403
        assert "PM_SETUP_ADVANCE" in answer.text
        assert (await server("").request(method, path)).status_code == 401


# -- images ----------------------------------------------------------------------------------------


async def test_an_image_is_served_as_nothing_but_an_image(admin: httpx2.AsyncClient):
    service = await added(admin, SERVICES, {"Name": "Items"})
    image = f"{service['Link']}/image"

    assert (await admin.get(image)).status_code == 404
    put = await admin.put(image, content=PNG, headers={"Content-Type": "text/html"})
    assert put.status_code == 204
    answer = await admin.get(image, headers={"Accept": "image/avif,image/*"})
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert (await admin.get(service["Link"])).json()["Image"] == image
    assert (await admin.delete(image)).status_code == 204
    assert (await admin.get(service["Link"])).json()["Image"] == ""


async def test_what_is_no_image_or_too_large_is_refused(admin: httpx2.AsyncClient):
    image = f"{(await added(admin, SERVICES, {'Name': 'Items'}))['Link']}/image"

    text = await admin.put(image, content=b"<svg/>", headers={"Content-Type": "image/png"})
    large = await admin.put(image, content=PNG + b"\0" * 262_144, headers={"Content-Type": "image/png"})
    assert (text.status_code, large.status_code) == (400, 413)
    assert (await admin.get(image)).status_code == 404


# -- tests -----------------------------------------------------------------------------------------


async def test_a_configuration_that_works_is_green(admin: httpx2.AsyncClient, theirs: TokenServer):
    made = await added(admin, CONFIGURATIONS, token_configuration(theirs))
    answer = await admin.post(f"{made['Link']}/test", json={})

    trial = answer.json()
    assert (answer.status_code, trial["Success"]) == (200, True)
    assert trial["Message"].startswith("It works: a token was given within ")
    assert (trial["Request"]["Method"], trial["Request"]["URL"]) == ("POST", theirs.url("/token"))
    assert trial["Response"]["Code"] == 200
    assert trial["Milliseconds"] > 0
    assert answer.headers["cache-control"] == "no-store"
    for secret in (CLIENT_SECRET, PASSWORD, "access-token-1", "refresh-token-1"):
        assert json.dumps(secret)[1:-1] not in answer.text


async def test_a_configuration_that_does_not_work_is_red(admin: httpx2.AsyncClient, theirs: TokenServer):
    body = token_configuration(theirs, password="not the password")
    trial = (await admin.post(f"{CONFIGURATIONS}/test", json=body)).json()

    assert trial["Success"] is False
    assert trial["Message"].startswith("It does not work: ")
    assert "invalid_grant" in trial["Message"]
    assert "not the password" not in json.dumps(trial)
    assert (await admin.get(CONFIGURATIONS)).json() == []  # testing saves nothing


async def test_a_changed_configuration_is_tested_with_the_secrets_that_are_kept(
    admin: httpx2.AsyncClient, theirs: TokenServer
):
    made = await added(admin, CONFIGURATIONS, token_configuration(theirs, username="nobody"))
    fields = {"tokenCredentialUri": theirs.url("/token"), "clientId": CLIENT, "username": USER}

    trial = (await admin.post(f"{made['Link']}/test", json={"Kind": "oauth2_password", "Fields": fields})).json()
    assert trial["Success"], trial
    assert (await admin.get(made["Link"])).json() == made


async def test_a_connector_is_called_and_its_answer_mapped(admin: httpx2.AsyncClient, theirs: TokenServer):
    connector = await connected(admin, theirs, Output="response.message.items")
    answer = await admin.post(f"{connector['Link']}/test", json={})

    trial = answer.json()
    assert trial["Success"], trial
    assert trial["Message"].startswith("It works: 200 came back within ")
    assert trial["Request"]["Headers"]["authorization"] == "***"
    assert trial["Result"] == trial["Response"]["Message"]["items"]
    assert "access-token" not in answer.text
    assert (await admin.get(connector["Link"])).json() == connector


async def test_a_connector_that_is_not_kept_can_be_called(admin: httpx2.AsyncClient, theirs: TokenServer):
    await connected(admin, theirs)
    new = {"Service": "Items", "URL": theirs.url("/items"), "Parameters": [{"Name": "q"}], "Output": "response.code"}

    trial = (await admin.post(f"{CONNECTORS}/test", json={**new, "Inputs": {"q": "a b"}})).json()
    assert (trial["Success"], trial["Result"]) == (True, 200)
    assert trial["Request"]["URL"].endswith("/items?q=a%20b")
    red = (await admin.post(f"{CONNECTORS}/test", json={**new, "Success": "response.code == 204"})).json()
    assert (red["Success"], red["Message"]) == (
        False, "It does not work: The condition for success does not hold; the status is 200 OK.",
    )  # fmt: skip
    wrong = await admin.post(f"{CONNECTORS}/test", json={**new, "Inputs": {"p": "x"}})
    assert wrong.status_code == 400
    assert "has no parameter 'p'" in reason(wrong)
    assert [each["Name"] for each in (await admin.get(CONNECTORS)).json()] == ["All items"]


@pytest.mark.parametrize(
    ("output", "result"),
    [
        ('duration("1s")', "0:00:01"),
        ('timestamp("2026-01-01T00:00:00Z")', "2026-01-01T00:00:00+00:00"),
        ('[b"a"]', ["b'a'"]),
        ("1.0 / 0.0", None),
    ],
)
async def test_a_result_that_is_no_json_is_told_as_near_as_can_be(
    admin: httpx2.AsyncClient, theirs: TokenServer, output: str, result: Any
):
    connector = await connected(admin, theirs, Output=output)

    trial = (await admin.post(f"{connector['Link']}/test", json={})).json()
    assert (trial["Success"], trial["Result"]) == (True, result)


# -- files -----------------------------------------------------------------------------------------


async def test_what_is_exported_is_imported_and_has_no_secret(admin: httpx2.AsyncClient, theirs: TokenServer):
    await connected(admin, theirs)
    exported = await admin.get(f"{CONNECTORS}/export")

    assert CLIENT_SECRET not in exported.text
    assert json.dumps(PASSWORD)[1:-1] not in exported.text
    assert list(exported.json()) == ["configurations", "services", "connectors"]
    answer = await admin.post(f"{CONNECTORS}/import", json=exported.json())
    assert (answer.status_code, answer.json()) == (200, {"Added": 0, "Changed": 0, "Same": 3, "Notes": []})
    one = (await admin.get(f"{CONNECTORS}/export", params={"name": "all ITEMS"})).json()
    assert one == exported.json()
    assert (await admin.get(f"{CONNECTORS}/export", params={"name": "x"})).status_code == 404


async def test_a_document_is_listed_and_its_operations_are_picked(admin: httpx2.AsyncClient):
    document = {
        "openapi": "3.0.0",
        "info": {"title": "Items", "version": "1"},
        "servers": [{"url": "https://items.example.org"}],
        "paths": {"/items": {"get": {"operationId": "listItems"}, "post": {"requestBody": {"$ref": "x.yaml"}}}},
    }
    listed = (await admin.post(f"{CONNECTORS}/openapi", json={"Document": json.dumps(document)})).json()
    picked = {"Document": document, "Operations": [{"Name": "listItems"}], "URL": "https://inside.example.org"}
    made = (await admin.post(f"{CONNECTORS}/openapi", json=picked)).json()

    assert [(each["Name"], bool(each["Refused"])) for each in listed["Operations"]] == [
        ("listItems", False), ("POST /items", True),
    ]  # fmt: skip
    assert (listed["Added"], made["Added"]) == (0, 2)
    [connector] = (await admin.get(CONNECTORS)).json()
    assert (connector["Name"], connector["URL"]) == ("listItems", "https://inside.example.org/items")


async def test_no_secret_is_in_the_audit_trail(admin: httpx2.AsyncClient, theirs: TokenServer):
    await connected(admin, theirs)
    trail = (await admin.get("/v1/audit?kind=configuration")).text

    assert "configuration.added" in trail
    assert CLIENT_SECRET not in trail
    assert json.dumps(PASSWORD)[1:-1] not in trail


# -- where secrets go ---------------------------------------------------------------------------------


async def test_what_is_kept_goes_to_no_other_server(admin: httpx2.AsyncClient, theirs: TokenServer):
    made = await added(admin, CONFIGURATIONS, token_configuration(theirs))
    async with TokenServer() as other:
        fields = {"tokenCredentialUri": other.url("/token"), "clientId": CLIENT, "username": USER}
        moved = {"Name": "Theirs", "Kind": "oauth2_password", "Fields": fields}
        again = {**moved, "Fields": {**fields, "clientSecret": CLIENT_SECRET, "password": PASSWORD}}
        half = {**moved, "Fields": {**fields, "password": PASSWORD}}
        for way in (admin.post(f"{made['Link']}/test", json=moved), admin.put(made["Link"], json=moved)):
            refused = await way
            assert refused.status_code == 400
            assert "would send clientSecret and password to another server than before" in reason(refused)
        assert "would send clientSecret to another" in reason(await admin.put(made["Link"], json=half))
        file = {"configurations": {"Theirs": {"kind": "oauth2_password", **fields}}}
        assert "would send clientSecret and password" in reason(await admin.post(f"{CONNECTORS}/import", json=file))
        assert other.forms == []

        assert (await admin.post(f"{made['Link']}/test", json=again)).json()["Success"]
        assert (await admin.put(made["Link"], json=again)).status_code == 200
        assert (await admin.post(f"{made['Link']}/test", json={})).json()["Success"]
        assert len(other.forms) == 2


async def test_a_test_of_what_is_not_stored_is_in_the_audit_trail(admin: httpx2.AsyncClient, theirs: TokenServer):
    connector = await connected(admin, theirs)
    [configuration] = (await admin.get(CONFIGURATIONS)).json()
    new = {"Service": "Items", "URL": theirs.url("/items?new")}
    await admin.post(f"{connector['Link']}/test", json={})
    await admin.post(f"{configuration['Link']}/test", json={})
    assert (await admin.get("/v1/audit?kind=connector.tested")).json() == []

    await admin.post(f"{CONNECTORS}/test", json=new)
    await admin.post(f"{CONFIGURATIONS}/test", json=token_configuration(theirs, username="other"))

    [tested] = (await admin.get("/v1/audit?kind=connector.tested")).json()
    [tried] = (await admin.get("/v1/audit?kind=configuration.tested")).json()
    assert (tested["Target"], tested["After"]["url"]) == ("unsaved", theirs.url("/items?new"))
    assert (tried["After"]["tokenCredentialUri"], tried["After"]["username"]) == (theirs.url("/token"), "other")
    assert PASSWORD not in str(tried)
    assert "password" not in tried["After"]


async def test_a_changed_connector_is_not_tested_at_another_server(admin: httpx2.AsyncClient, theirs: TokenServer):
    connector = await connected(admin, theirs)
    await added(admin, SERVICES, {"Name": "Open"})
    await added(admin, SERVICES, {"Name": "Same", "Configuration": "Theirs"})
    async with TokenServer() as other:
        for changed in (
            {"Service": "Items", "URL": other.url("/items")},
            {"Service": "Same", "URL": theirs.url("/items")},
        ):
            refused = await admin.post(f"{connector['Link']}/test", json=changed)
            assert (refused.status_code, "change the connector first" in reason(refused)) == (400, True)
        nobody = await admin.post(f"{connector['Link']}/test", json={"Service": "Open", "URL": other.url("/items")})
        same = await admin.post(f"{connector['Link']}/test", json={"Service": "Items", "URL": theirs.url("/items?q")})

        assert (nobody.json()["Response"]["Code"], same.json()["Success"]) == (401, True)
        assert [call.get("authorization") for call in other.calls] == [None]


@pytest.mark.parametrize("name", ["Host", "Content-Length", "transfer-encoding", "Idempotency-Key"])
async def test_no_proof_stands_in_a_header_of_ours(admin: httpx2.AsyncClient, theirs: TokenServer, name: str):
    key = {"Name": "A", "Kind": "api_key", "Fields": {"key": name, "value": "secret"}}
    token = token_configuration(theirs, headerAuthorization=name)

    for body in (key, token):
        refused = await admin.post(CONFIGURATIONS, json=body)
        assert (refused.status_code, "is written by what sends the request" in reason(refused)) == (400, True)
    in_query = {**key, "Fields": {**key["Fields"], "place": "query"}}
    assert (await admin.post(CONFIGURATIONS, json=in_query)).status_code == 201


async def test_an_operation_without_a_name_is_told_so(admin: httpx2.AsyncClient):
    document = {"openapi": "3.1.0", "paths": {}}
    answer = await admin.post(f"{CONNECTORS}/openapi", json={"Document": document, "Operations": [{"Value": "x"}]})

    assert (answer.status_code, "has no Name; give one such as" in reason(answer)) == (400, True)
