"""What is refused: every status with its fault body, and input that is malformed, hostile or too large."""

from __future__ import annotations

import base64
import gzip
from typing import Any

import httpx2
import pytest

from placet.errors import Unavailable
from placet_api import create_app
from placet_api.params import encode_cursor
from tests.acceptance.conftest import LEAVE, RunningServer, rest_authorization

START = f"/v1/wf/definitions/{LEAVE}"
UNKNOWN = "f" * 32


def fault_of(answer: httpx2.Response) -> tuple[str, str]:
    """The symbol and the sentence of a fault body that is complete and tells no secrets."""
    assert answer.headers["content-type"] == "application/json"
    fault = answer.json()["Fault"]
    assert set(fault) - {"Detail"} == {"Code", "Reason"}
    assert fault["Code"]["Value"] == ("Receiver" if answer.status_code >= 500 else "Sender")
    text = fault["Reason"]["Text"]
    assert text.strip()
    assert "Traceback" not in text
    assert ".py" not in text
    assert "SELECT" not in text
    return fault["Code"]["Subcode"]["Value"], text


# -- who is asking -------------------------------------------------------------------------------

GARBLED = base64.b64encode(b"no colon").decode()


async def test_nobody_gets_in_without_credentials(server: RunningServer):
    headers: list[tuple[dict[str, str], str]] = [
        ({}, "NoAuthHeader"),
        ({"RESTAuthorization": rest_authorization("anna", "wrong")}, "NotAuthenticated"),
        ({"RESTAuthorization": rest_authorization("nobody")}, "NotAuthenticated"),
        ({"RESTAuthorization": rest_authorization("gone")}, "NotAuthenticated"),
        ({"RESTAuthorization": GARBLED}, "NotAuthenticated"),
        ({"RESTAuthorization": "%%%"}, "NotAuthenticated"),
        ({"RESTAuthorization": ""}, "NotAuthenticated"),
        ({"Authorization": f"Basic {rest_authorization('anna', 'wrong')}"}, "NotAuthenticated"),
        ({"Authorization": "Bearer abc"}, "InvalidToken"),
        ({"Authorization": "Digest abc"}, "NotAuthenticated"),
        ({"Authorization": "Basic"}, "NotAuthenticated"),
    ]
    for given, symbol in headers:
        for method, path in (("GET", "/v1"), ("POST", START), ("OPTIONS", "/v1"), ("GET", "/v1/wf/nothing")):
            answer = await server("").request(method, path, headers=given)
            assert answer.status_code == 401, (given, path)
            scheme = "Bearer" if symbol == "InvalidToken" else "Basic"
            assert answer.headers["www-authenticate"].startswith(f"{scheme} realm=")
            assert fault_of(answer)[0] == symbol


async def test_a_browser_asks_its_reader_for_no_password_behind_the_back_of_a_page(server: RunningServer):
    answer = await server("").get("/v1/events", headers={"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Session realm="Placet"')


async def test_ways_to_sign_in(server: RunningServer):
    for user in ("anna", "ANNA", "cn=anna,ou=users,o=placet", "CN=Anna, OU=users, O=placet"):
        token = rest_authorization(user)
        for headers in ({"RESTAuthorization": token}, {"Authorization": f"Basic {token}"}):
            assert (await server("").get("/v1", headers=headers)).status_code == 200, (user, headers)


ANNA, BEN = rest_authorization("anna"), rest_authorization("ben")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Authorization", f"Basic {ANNA}"), ("Authorization", f"Basic {ANNA}")], 200),
        ([("Authorization", f"basic  {ANNA}"), ("RESTAuthorization", ANNA)], 200),
        ([("RESTAuthorization", ANNA), ("RESTAuthorization", BEN)], 400),
        ([("Authorization", f"Basic {BEN}"), ("Authorization", f"Basic {ANNA}")], 400),
        ([("Authorization", f"Basic {BEN}"), ("RESTAuthorization", ANNA)], 400),
        ([("Authorization", "Bearer abc"), ("RESTAuthorization", ANNA)], 400),
        ([("Authorization", ""), ("RESTAuthorization", ANNA)], 400),
    ],
)
async def test_who_says_twice_who_he_is_says_the_same(
    server: RunningServer, headers: list[tuple[str, str]], status: int
):
    answer = await server("").get("/v1", headers=headers)

    assert answer.status_code == status
    if status == 400:
        symbol, text = fault_of(answer)
        assert symbol == "InvalidInput"
        assert text.endswith("send one header: RESTAuthorization, Authorization or RESTSessionSecret.")


async def test_too_many_failures_have_to_wait(server: RunningServer):
    wrong = {"RESTAuthorization": rest_authorization("dora", "wrong")}
    answers = [await server("").get("/v1", headers=wrong) for _ in range(11)]

    assert [each.status_code for each in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert fault_of(answers[-1])[0] == "TooManyAttempts"


async def test_failures_are_counted_for_each_address(server: RunningServer):
    async def status(address: str) -> int:
        transport = httpx2.ASGITransport(create_app(server.engine), client=(address, 4711))
        async with httpx2.AsyncClient(transport=transport, base_url="http://test", headers=wrong) as client:
            return (await client.get("/v1")).status_code

    wrong = {"RESTAuthorization": rest_authorization("dora", "wrong")}
    for _ in range(10):
        assert await status("203.0.113.9") == 401

    assert (await status("203.0.113.9"), await status("192.0.2.1")) == (429, 401)
    assert (await server("dora").get("/v1")).status_code == 200


# -- methods, paths, content types ---------------------------------------------------------------

READING = "GET, HEAD, OPTIONS"


async def test_methods_that_a_resource_does_not_take(server: RunningServer):
    process_id = await server.start()
    item = f"/v1/wf/workitems/{process_id[:28]}0001"
    process = f"/v1/wf/processes/{process_id}"
    table = {
        "/v1": READING,
        "/v1/wf/definitions": READING,
        START: "GET, HEAD, POST, OPTIONS",
        "/v1/wf/processes": READING,
        process: "GET, HEAD, POST, DELETE, OPTIONS",
        f"{process}/comments": "GET, HEAD, POST, OPTIONS",
        f"{process}/pause": "POST, OPTIONS",
        "/v1/wf/workitems": READING,
        item: "GET, HEAD, PUT, POST, OPTIONS",
        f"{START};schema": READING,
    }
    for path, allowed in table.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"} - set(allowed.split(", ")):
            answer = await server("anna").request(method, path, json={})
            assert answer.status_code == 405, (method, path)
            assert answer.headers["allow"] == allowed
            assert fault_of(answer)[0] == "MethodNotAllowed"
        options = await server("anna").options(path)
        assert (options.status_code, options.headers["allow"]) == (204, allowed)
    assert (await server("anna").get(process)).json()["ProcessStatus"] == "Running"


async def test_what_is_not_there(server: RunningServer):
    paths = [
        "/nope",
        "/v1x",
        "/RIS",
        "/v1/wf",
        "/v1/wf/nothing",
        "/v1/wf/definitions/Leave%20request",
        f"/v1/wf/definitions/{UNKNOWN}",
        f"/v1/wf/processes/{UNKNOWN}",
        "/v1/wf/processes/1",
        "/v1/wf/processes/%00",
        "/v1/wf%2Fprocesses",
        "/v1%2fwf/processes",
        f"/v1/wf/processes%2F{UNKNOWN};schema",
        "/v1/wf/processes/%F0%9F%99%82",
        f"/v1/wf/processes/{UNKNOWN}/comments",
        f"/v1/wf/processes/{UNKNOWN}/nothing",
        f"/v1/wf/processes/{UNKNOWN}/comments/1",
        f"/v1/wf/workitems/{UNKNOWN}",
        "/v1/wf/workitems/x' OR '1'='1",
        f"/v1/wf/workitems/{UNKNOWN}/comments",
    ]
    for path in paths:
        answer = await server("admin").get(path)
        assert answer.status_code == 404, path
        assert fault_of(answer)[0] == "NotFound"
    for method, path in (
        ("POST", f"/v1/wf/definitions/{UNKNOWN}"),
        ("DELETE", f"/v1/wf/processes/{UNKNOWN}"),
        ("POST", f"/v1/wf/processes/{UNKNOWN}/pause"),
    ):
        answer = await server("admin").request(method, path, json={})
        assert answer.status_code == 404, path
    body = {"AvailableActions": [{"Code": "0"}]}
    assert (await server("admin").put(f"/v1/wf/workitems/{UNKNOWN}", json=body)).status_code == 404


@pytest.mark.parametrize("name", ["debug", "schema"])
async def test_parameters_of_the_path_are_on_or_off(server: RunningServer, name: str):
    async def text(given: str) -> str:
        answer = await server("anna").get(f"/v1/wf/definitions{given}")
        assert answer.status_code == 200, given
        return answer.text

    off, on = await text(""), await text(f";{name}")
    assert off != on
    for given in (f";{name}=true", f";{name}=TRUE", f";{name.upper()}", f";{name};{name}=true", f";x=false;{name}"):
        assert await text(given) == on, given
    for given in (f";{name}=false", f";x={name}", f";un{name}", ";"):
        assert await text(given) == off, given
    for given in (f";{name}=", f";{name}=1", f";{name}=no", f";{name}=false;{name}"):
        answer = await server("anna").get(f"/v1{given}/wf/definitions")
        assert answer.status_code == 400, given
        assert f";{name}" in fault_of(answer)[1]
    assert (await server("").get(f"/v1;{name}=no")).status_code == 401


async def test_content_types_that_are_not_offered(server: RunningServer):
    for accept, status in {
        "application/json": 200,
        "application/*;q=0.1": 200,
        "text/html, */*;q=0.1": 200,
        "text/html": 406,
        "application/json;q=0": 406,
        "application/schema+json": 406,
        "*/*;q=0": 406,
        "application/json;q=nonsense": 406,
    }.items():
        answer = await server("anna").get("/v1/wf/processes", headers={"Accept": accept})
        assert answer.status_code == status, accept
    assert fault_of(answer)[0] == "NotAcceptable"
    assert (await server("anna").get("/v1;schema", headers={"Accept": "text/html"})).status_code == 406


async def test_content_types_that_are_not_read(server: RunningServer):
    body = b'{"DataItems": [{"Name": "days", "Value": "1"}]}'
    for content_type, status in {
        "application/json": 204,
        "Application/JSON; charset=UTF-8": 204,
        "application/vnd.placet+json": 204,
        "application/json; charset=latin-1": 415,
        "application/x-www-form-urlencoded": 415,
        "text/plain": 415,
        "multipart/form-data; boundary=x": 415,
    }.items():
        answer = await server("anna").post(START, content=body, headers={"Content-Type": content_type})
        assert answer.status_code == status, content_type
    assert fault_of(answer)[0] == "UnsupportedMediaType"
    assert (await server("anna").post(START, content=body)).status_code == 204


async def test_content_encodings_that_are_not_read(server: RunningServer):
    body = b'{"DataItems": [{"Name": "days", "Value": "1"}]}'
    packed = await server("anna").post(START, content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    plain = await server("anna").post(START, content=body, headers={"Content-Encoding": "identity"})

    assert (packed.status_code, packed.headers["accept-encoding"], plain.status_code) == (415, "identity", 204)
    assert fault_of(packed) == (
        "UnsupportedMediaType",
        "The body has the content encoding 'gzip'; send it as it is, without one.",
    )


# -- bodies --------------------------------------------------------------------------------------

DEEP = b'{"DataItems":' + b"[" * 40_000 + b"]" * 40_000 + b"}"
DEEP_DATA = b'{"DataItems":[{"Name":"tree","Value":' + b"[" * 500 + b"]" * 500 + b"}]}"
BODIES: list[tuple[bytes, str]] = [
    (b"", "is empty"),
    (b"{", "is not JSON"),
    (b"\x00", "is not JSON"),
    (b'{"a": NaN}', "is not JSON"),
    (b'{"a": \xff}', "not UTF-8: the byte 0xFF at offset 6 "),
    ('{"Recipient": "Zo\xeb"}'.encode("latin-1"), "not UTF-8: the byte 0xEB at offset 17 "),
    ("{}".encode("utf-16"), "not UTF-8: the byte 0xFF at offset 0 "),
    (b'{"Recipient": "\\ud800"}', "is not JSON"),
    (b"[]", "an array"),
    (b"null", "null"),
    (b'"text"', "a text"),
    (b"7", "a number"),
    (DEEP, "is not JSON"),
    (b'{"DataItems": 7}', "DataItems is a number"),
    (b'{"DataItems": {"days": 3}}', "DataItems is an object"),
    (b'{"DataItems": ["days"]}', "entry 1 is a text"),
    (b'{"DataItems": [{"Value": "1"}]}', "no Name"),
    (b'{"DataItems": [{"Name": 5}]}', "Name is a number"),
    (b'{"DataItems": [{"Name": "days", "Values": "1"}]}', "Values is a text"),
    (b'{"DataItems": [{"Name": "days", "Value": "1", "MultiValued": "no"}]}', "MultiValued"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}, {"Name": "days", "Value": 2}]}', "twice"),
    (b'{"DataItems": [{"Name": "days", "Value": "1", "Values": [{"Value": "2"}]}]}', "disagree"),
    (b'{"DataItems": [{"Name": "days", "Value": "3"}, {"Name": "day", "Value": "3"}]}', "no data item"),
    (b'{"DataItems": [{"Name": "days\\u0000", "Value": "3"}]}', "no data item"),
    (b'{"DataItems": [{"Name": "days", "Value": "three"}]}', "'days'"),
    (b'{"DataItems": [{"Name": "days", "Value": true}]}', "'days'"),
    (b'{"DataItems": [{"Name": "days", "Value": {}}]}', "'days'"),
    (b'{"DataItems": [{"Name": "days", "Value": 99999999999999999999999999}]}', "'days'"),
    (b'{"DataItems": [{"Name": "days", "Value": 1e999}]}', ""),
    (b'{"DataItems": [{"Name": "days", "Values": [{"Value": "1"}, {"Value": "2"}]}]}', "one value"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}, {"Name": "first_day", "Value": "20081399"}]}', "'first_day'"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}, {"Name": "reason", "Value": "a\\u0000b"}]}', "'reason'"),
    (b'{"DataItems": []}', "required"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}], "Recipient": 7}', "Recipient is a number"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}], "Recipient": "who?"}', "neither a user name"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}], "CorrelationId": ["x"]}', "CorrelationId is an array"),
    (b'{"DataItems": [{"Name": "days", "Value": 1}], "CorrelationId": "a\\u0000"}', "NUL"),
]


async def test_bodies_that_cannot_be_used(server: RunningServer):
    for body, said in BODIES:
        answer = await server("anna").post(START, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, body[:80]
        assert said in fault_of(answer)[1], body[:80]
    assert (await server("admin").get("/v1/wf/processes")).json() == []


async def test_data_that_nests_too_deep(server: RunningServer):
    definitions = (await server("anna").get("/v1/wf/definitions")).json()
    parcel = next(each["Link"] for each in definitions if each["Value"] == "Parcel")

    answer = await server("anna").post(parcel, content=DEEP_DATA, headers={"Content-Type": "application/json"})

    assert answer.status_code == 400
    assert "nests deeper" in fault_of(answer)[1]


@pytest.mark.parametrize("chunked", [False, True])
async def test_bodies_that_are_too_large(server: RunningServer, chunked: bool):
    body = b'{"x": "' + b"x" * 1_000_000 + b'"}'

    async def chunks() -> Any:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    answer = await server("anna").post(
        START, content=chunks() if chunked else body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert "100,000 bytes" in fault_of(answer)[1]


# -- queries -------------------------------------------------------------------------------------

PROCESS_QUERIES = [
    ("filter", "has no ="),
    ("filter=", "has no ="),
    ("filter=Nothing=1", "not a field"),
    ("filter=Recipent=cn=a", "Did you mean Recipient"),
    ("filter=Recipient=nobody", "distinguished name"),
    ("filter=ProcessId=1", "32 hex digits"),
    ("filter=ProcessStatus=7", "Running (0)"),
    ("filter=ApprovalStatus=0' OR 1=1 --", "is unknown"),
    ("filter=ApprovalStatus=0;DROP TABLE process", "is unknown"),
    ("filter=1=1 OR 1=1", "not a field"),
    ("filter=CreationTime=20080723044715000-0400", "operator"),
    ("filter=CreationTime=20081399EQ", "month 13"),
    ("filter=CreationTime=GE", "not a time"),
    ("filter=Recipient=cn=%00", "NUL"),
    ("filter=CorrelationId=%FF", "UTF-8"),
    ("filter=CorrelationId=" + "x" * 5000, "too long"),
    ("fitler=ProcessStatus=0", "not a parameter"),
    ("&".join(["filter=ProcessStatus=0"] * 150), "too many"),
    ("&".join(["filter=ProcessStatus=0"] * 250), "too many"),
    ("limit=0", "from 1 to 1000"),
    ("limit=1001", "from 1 to 1000"),
    ("limit=-1", "from 1 to 1000"),
    ("limit=ten", "from 1 to 1000"),
    ("limit=1&limit=2", "give it once"),
    ("sort=Recipient", "-CreationTime"),
    ("cursor=", "cursor"),
    ("cursor=abc", "cursor"),
    ("cursor=%F0%9F%99%82", "cursor"),
    ("cursor=" + base64.urlsafe_b64encode(b"1' OR '1'='1").decode(), "cursor"),
    ("cursor=" + base64.urlsafe_b64encode(b"f" * 32 + b".1.1").decode(), "cursor"),
]


async def test_queries_that_cannot_be_used(server: RunningServer):
    for query, said in PROCESS_QUERIES:
        answer = await server("admin").get(f"/v1/wf/processes?{query}")
        assert answer.status_code == 400, query[:80]
        assert said in fault_of(answer)[1], query[:80]
    for path in ("/v1", "/v1/wf/definitions", START):
        assert (await server("admin").get(f"{path}?filter=x")).status_code == 400
    of_processes = encode_cursor((UNKNOWN,))
    assert (await server("admin").get(f"/v1/wf/workitems?cursor={of_processes}")).status_code == 400
    assert (await server("admin").get(f"/v1/wf/processes?cursor={of_processes}")).status_code == 200
    process_id = await server.start()
    for query in ("filter=Type=Robot", "filter=User=1", "limit=1"):
        assert (await server("admin").get(f"/v1/wf/processes/{process_id}/comments?{query}")).status_code == 400


async def test_sql_in_a_value_is_only_a_value(server: RunningServer):
    await server.start()

    answer = await server("admin").get("/v1/wf/processes", params={"filter": "CorrelationId=' OR '1'='1"})
    engine_id = await server("admin").get("/v1/wf/processes", params={"filter": "EngineId=%' OR 1=1; --"})

    assert answer.json() == engine_id.json() == []


# -- what goes wrong on our side -----------------------------------------------------------------


async def test_a_database_that_is_away_is_503(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    await server("anna").get("/v1")

    async def away(work: Any, **options: Any) -> Any:
        raise Unavailable("The database cannot take this now; try again in a moment.")

    monkeypatch.setattr(server.engine._database, "read", away)
    answer = await server("anna").get("/v1/wf/processes")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert fault_of(answer)[0] == "Unavailable"


async def test_an_engine_that_is_closed_is_503(server: RunningServer):
    server.engine.is_open = False

    answer = await server("anna").get("/v1")
    ready = await server("").get("/readyz")

    server.engine.is_open = True
    assert (answer.status_code, ready.status_code) == (503, 503)
    assert fault_of(answer)[0] == fault_of(ready)[0] == "Unavailable"
    assert (await server("").get("/healthz")).status_code == 200


async def test_a_bug_is_told_as_a_number_and_nothing_else(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    def broken(*args: Any, **options: Any) -> Any:
        raise RuntimeError("secret of the inside")

    monkeypatch.setattr(server.engine, "definitions", broken)
    answer = await server("anna").get("/v1/wf/definitions")

    assert answer.status_code == 500
    symbol, text = fault_of(answer)
    assert symbol == "InternalError"
    assert "secret" not in text
