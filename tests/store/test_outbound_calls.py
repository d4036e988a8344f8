"""Calls from end to end: each way to prove who calls, what comes back, and in which words it fails."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx2
import pytest
from starlette.responses import JSONResponse

from placet.clock import ManualClock
from placet.connectors.authorizing import Authorizing
from placet.connectors.caller import Answer, Caller, retry_after
from placet.connectors.catalog import Catalog
from placet.connectors.client import Client, Reply
from placet.connectors.pagination import linked
from placet.connectors.records import (
    AuthKind,
    Configuration,
    Connector,
    Pagination,
    PaginationKind,
    Parameter,
    ParameterType,
    Place,
    Service,
)
from placet.connectors.response import decoded, judge
from placet.connectors.sealing import seal
from placet.connectors.tokens import Tokens
from placet.core.defaults import ADMINISTRATOR_ROLE
from placet.core.expressions import compile_expression
from placet.core.names import dn_guid, user_dn
from placet.core.people import Directory, Person
from placet.core.permissions import EVERY_PERMISSION
from placet.directory.caller import Caller as Operator
from placet.directory.secrets import Vault
from placet.errors import Conflict, InvalidInput, NotAllowed, Unavailable
from placet.settings import Settings
from placet.store import audit, people, roles
from placet.store import connectors as store
from placet.store.connectors import ConfigurationRow
from placet.store.directory_version import Transaction
from tests import fault_server
from tests.builders import ADMIN, ANNA, DIRECTORY
from tests.fault_server import FaultServer, refused_url
from tests.store.conftest import Transactions
from tests.token_server import API_KEY, CLIENT, CLIENT_SECRET, PASSWORD, USER, TokenServer

ID = "c" * 32
OTHER = user_dn("other")
OPERATORS = Directory(
    [Person(dn, dn, id=dn_guid(dn), role=ADMINISTRATOR_ROLE, permissions=EVERY_PERMISSION) for dn in (ADMIN, OTHER)]
    + [person for person in DIRECTORY.people.values() if person.dn != ADMIN],
    [],
)
SETTINGS = Settings(outbound_allow="127.0.0.0/8", secret_key="k" * 32)
SECRETS = {"clientSecret": CLIENT_SECRET, "password": PASSWORD, "value": API_KEY}


@pytest.fixture
async def service() -> AsyncIterator[TokenServer]:
    async with TokenServer() as server:
        yield server


@pytest.fixture
async def faults() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@dataclass
class Outside:
    """A caller with one configuration, which is stored."""

    transactions: Transactions
    clock: ManualClock
    vault: Vault
    client: Client
    configuration: Configuration | None = None

    def __post_init__(self) -> None:
        self.tokens = Tokens(self.client, self.transactions, self.vault, self.clock)
        self.caller = Caller(self.client, self.tokens, self.vault, self.clock, self.catalog)
        self.authorizing = Authorizing(self.client, self.tokens, self.vault, self.clock, self.find)

    async def catalog(self) -> Catalog:
        known = [] if self.configuration is None else [self.configuration]
        service = Service(id="s", name="S", configuration_id=known[0].id if known else None)
        return Catalog(1, known, [service], [])

    async def find(self, configuration_id: str) -> Configuration | None:
        return (await self.catalog()).configurations.by_id.get(configuration_id)

    def operator(self, dn: str) -> Operator:
        return Operator(OPERATORS.person(dn), OPERATORS, self.clock.now())

    async def sign_in_by(self, kind: AuthKind, secrets: dict[str, str], **fields: str) -> Configuration:
        sealed = seal(self.vault, ID, secrets)
        self.configuration = Configuration(id=ID, name="Theirs", kind=kind, fields=fields, sealed=sealed)
        row = ConfigurationRow(
            id=ID, name="Theirs", folded="theirs", revision=1, created_at=self.clock.now(), kind=kind, fields=fields
        )
        await self.transactions.write(lambda tx: store.configurations.add(tx, row))
        return self.configuration

    async def call(self, url: str, inputs: dict[str, Any] | None = None, *, key: str = "key", **members: Any) -> Answer:
        connector = Connector(**{"id": "c", "name": "Items", "service_id": "s", "url": url} | members)
        return await self.caller.call(connector, inputs or {}, key=key)


@pytest.fixture
async def outside(transactions: Transactions, clock: ManualClock) -> AsyncIterator[Outside]:
    made = Outside(transactions, clock, Vault(SETTINGS), Client(SETTINGS))
    await transactions.write(lambda tx: _add_operators(tx, clock))
    yield made
    await made.tokens.close()
    await made.client.close()


def _add_operators(tx: Transaction, clock: ManualClock) -> None:
    roles.seed_defaults(tx, clock.now())
    for dn in (ADMIN, OTHER):
        people.add_user(tx, people.UserRow(id=dn_guid(dn), dn=dn, user_name=dn[3:8], role=ADMINISTRATOR_ROLE))


def oauth(service: TokenServer, **more: str) -> dict[str, str]:
    return {"tokenCredentialUri": service.url("/token"), "clientId": CLIENT, "username": USER} | more


# The kind, its fields, what the token endpoint is sent beside the client, and what the service is sent.
WAYS: dict[str, tuple[AuthKind, dict[str, str], dict[str, str] | None, dict[str, str]]] = {
    "basic": (AuthKind.BASIC, {"username": USER}, None, {"authorization": "Basic aHVnbzpvcGVuIHNlc2FtZSAmIG1vcmU="}),
    "key": (AuthKind.API_KEY, {"key": "X-Api-Key", "place": "header"}, None, {"x-api-key": API_KEY}),
    "password": (
        AuthKind.OAUTH2_PASSWORD,
        {"scope": "a b", "audience": "https://api.example.org"},
        {"grant_type": "password", "username": USER, "password": PASSWORD, "scope": "a b", "audience": "https://api.example.org"},
        {"authorization": "Bearer access-token-1"},
    ),
    "client": (
        AuthKind.OAUTH2_CLIENT_CREDENTIALS,
        {"authorizationPrefix": "Token", "headerAuthorization": "X-Auth", "scope": "", "audience": ""},
        {"grant_type": "client_credentials"},
        {"x-auth": "Token access-token-1"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
async def test_a_call_proves_who_makes_it(way: str, outside: Outside, service: TokenServer):
    kind, fields, form, headers = WAYS[way]
    await outside.sign_in_by(kind, SECRETS, **oauth(service, **fields))

    answer = await outside.call(service.url("/items"))

    assert (answer.outcome, answer.response["code"]) == ("success", 200), answer.response
    [sent] = service.calls
    assert headers.items() <= sent.items()
    client = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}
    assert service.forms == ([] if form is None else [form | client])


async def test_an_api_key_in_the_query(outside: Outside, service: TokenServer):
    await outside.sign_in_by(AuthKind.API_KEY, SECRETS, key="api_key", place="query")

    answer = await outside.call(service.url("/items?a=b"))

    assert answer.outcome == "success"
    assert service.queries == [{"a": "b", "api_key": API_KEY}]
    assert answer.request.url == service.url("/items?a=b&api_key=***")


async def test_a_service_account_signs_who_it_is(outside: Outside, service: TokenServer, clock: ManualClock):
    await outside.sign_in_by(
        AuthKind.OAUTH2_SERVICE_ACCOUNT, {"keyFile": service.key_file()}, subject="anna@example.org", scope="a b"
    )

    assert (await outside.call(service.url("/items"))).outcome == "success"
    issued = int(clock.now().timestamp()) - 60
    claims = {name: service.claims[name] for name in ("iss", "sub", "aud", "scope", "iat", "exp")}
    assert claims == {
        "iss": "robot@example.org",
        "sub": "anna@example.org",
        "aud": service.url("/token"),
        "scope": "a b",
        "iat": issued,
        "exp": issued + 3600,
    }
    assert service.forms[0].keys() == {"grant_type", "assertion"}


@pytest.mark.parametrize(
    "key_file",
    [
        "",
        "{",
        "[]",
        '{"client_email": 1}',
        '{"client_email": "a", "private_key": "secret key", "token_uri": "https://a"}',
    ],
)
async def test_a_key_file_that_is_none_is_said_to_be_and_not_repeated(key_file: str, outside: Outside):
    await outside.sign_in_by(AuthKind.OAUTH2_SERVICE_ACCOUNT, {"keyFile": key_file})

    answer = await outside.call("https://example.org/")

    assert (answer.outcome, answer.transient) == ("fault", False)
    assert "The key file of the configuration 'Theirs' cannot be used" in answer.response["error"]
    assert "secret key" not in repr(answer) + answer.response["error"]


async def authorized(outside: Outside, service: TokenServer, operator: str = ADMIN, **more: str) -> tuple[str, str]:
    """The code and state that an operator comes back with."""
    fields = oauth(service, authorizationUri=service.url("/authorize?prompt=consent"), scope="a b")
    fields |= {"redirectUri": "https://placet.example.org/v1/connectors/authorized"} | more
    configuration = await outside.sign_in_by(AuthKind.OAUTH2_AUTHORIZATION_CODE, SECRETS, **fields)
    url = await outside.authorizing.begin(outside.operator(operator), configuration)
    query = parse_qs(urlsplit(url).query)
    assert (query["prompt"], query["scope"], query["code_challenge_method"]) == (["consent"], ["a b"], ["S256"])
    async with httpx2.AsyncClient() as browser:
        back = (await browser.get(url)).headers["location"]
    assert back.startswith(fields["redirectUri"])
    brought = parse_qs(urlsplit(back).query)
    return brought["code"][0], brought["state"][0]


async def test_an_operator_agrees_and_calls_go_on_from_there(
    outside: Outside, service: TokenServer, clock: ManualClock
):
    code, state = await authorized(outside, service)
    before = await outside.call(service.url("/items"))

    assert (await outside.authorizing.finish(outside.operator(ADMIN.upper()), code, state)).id == ID
    first = await outside.call(service.url("/items"))
    clock.move(hours=2)
    second = await outside.call(service.url("/items"))

    assert (before.outcome, before.transient) == ("fault", False)
    assert "an operator has to authorize it" in before.response["error"]
    assert (first.outcome, second.outcome) == ("success", "success")
    assert service.grants() == ["authorization_code", "refresh_token"]
    assert [call["authorization"] for call in service.calls] == ["Bearer access-token-1", "Bearer access-token-2"]


async def test_who_was_not_sent_cannot_bring_anything_back(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)

    with pytest.raises(NotAllowed, match="Somebody else was sent"):
        await outside.authorizing.finish(outside.operator(OTHER), code, state)
    assert service.forms == []


async def test_only_operators_authorize(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)

    with pytest.raises(NotAllowed, match="PM_SETUP_ADVANCE"):
        await outside.authorizing.begin(outside.operator(ANNA), outside.configuration)
    with pytest.raises(NotAllowed, match="PM_SETUP_ADVANCE"):
        await outside.authorizing.finish(outside.operator(ANNA), code, state)


async def test_that_somebody_agreed_is_in_the_audit_trail(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)
    await outside.authorizing.finish(outside.operator(ADMIN), code, state)

    [entry] = await outside.transactions.read(lambda tx: audit.page(tx, before_id=None, limit=10))
    assert (entry.kind, entry.target, entry.actor) == ("configuration.authorized", "Theirs", ADMIN)
    assert (entry.before, entry.after) == (None, None)


@pytest.mark.parametrize("state", ["", "x", "ü", "QUJD", "A" * 5_000])
async def test_a_state_that_was_not_given_here_is_none(state: str, outside: Outside, service: TokenServer):
    code, real = await authorized(outside, service)

    for forged in (state, real[:-8] + "AAAAAAA="):
        with pytest.raises(InvalidInput, match="not one that was given here"):
            await outside.authorizing.finish(outside.operator(ADMIN), code, forged)


async def test_a_state_is_for_ten_minutes(outside: Outside, service: TokenServer, clock: ManualClock):
    code, state = await authorized(outside, service)
    clock.move(minutes=10)

    with pytest.raises(InvalidInput, match="longer than 10 minutes"):
        await outside.authorizing.finish(outside.operator(ADMIN), code, state)


async def test_a_code_is_used_once(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)
    await outside.authorizing.finish(outside.operator(ADMIN), code, state)

    with pytest.raises(Conflict, match="given a token since"):
        await outside.authorizing.finish(outside.operator(ADMIN), code, state)
    assert service.grants() == ["authorization_code"]


async def test_a_state_counts_once_also_with_another_code(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)
    service.wait_for = asyncio.Event()
    first = asyncio.create_task(outside.authorizing.finish(outside.operator(ADMIN), code, state))
    await service.arrived.wait()
    service.arrived.clear()
    second = asyncio.create_task(outside.authorizing.finish(outside.operator(ADMIN), "code-of-another", state))
    await service.arrived.wait()
    service._codes["code-of-another"] = service._codes[code]
    service.wait_for.set()

    ends = await asyncio.gather(first, second, return_exceptions=True)
    assert sorted(type(each).__name__ for each in ends) == ["Configuration", "Conflict"]
    with pytest.raises(Conflict, match="given a token since"):
        await outside.authorizing.finish(outside.operator(ADMIN), "one-more", state)


async def test_what_a_changed_configuration_was_authorized_for_is_not_kept(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)
    outside.configuration = replace(outside.configuration, revision=2)

    with pytest.raises(Conflict, match="changed or removed"):
        await outside.authorizing.finish(outside.operator(ADMIN), code, state)


async def test_a_service_that_is_away_may_be_asked_again(outside: Outside, service: TokenServer):
    code, state = await authorized(outside, service)
    service.broken = JSONResponse({}, 503)

    with pytest.raises(Unavailable, match="status 503"):
        await outside.authorizing.finish(outside.operator(ADMIN), code, state)


async def test_only_an_authorization_code_is_authorized(outside: Outside, service: TokenServer):
    configuration = await outside.sign_in_by(AuthKind.BASIC, SECRETS, username="a")

    with pytest.raises(InvalidInput, match="of the kind basic, for which nobody has to agree"):
        await outside.authorizing.begin(outside.operator(ADMIN), configuration)


async def test_a_token_that_is_refused_is_renewed_once(outside: Outside, service: TokenServer):
    await outside.sign_in_by(AuthKind.OAUTH2_PASSWORD, SECRETS, **oauth(service))
    await outside.call(service.url("/items"))
    service.refusing = {"access-token-1"}
    renewed = await outside.call(service.url("/items"), key="again")
    service.refusing = {"access-token-2", "access-token-3"}
    refused = await outside.call(service.url("/items"))

    assert (renewed.outcome, refused.outcome, refused.transient) == ("success", "fault", False)
    assert refused.response["error"] == "The service answered with the status 401 Unauthorized."
    assert len(service.calls) == 5
    assert [call["idempotency-key"] for call in service.calls[1:3]] == ["again", "again"]


async def test_a_password_that_is_refused_is_not_sent_twice(outside: Outside, service: TokenServer):
    await outside.sign_in_by(AuthKind.BASIC, {"password": "wrong"}, username=USER)

    assert (await outside.call(service.url("/items"))).response["code"] == 401
    assert len(service.calls) == 1


# What the other side does: the outcome, whether another try may fare better, and the words.
FAULTS: dict[str, tuple[str, bool, str]] = {
    "/error?code=500": ("fault", True, "answered with the status 500 Internal Server Error"),
    "/error?code=503": ("fault", True, "503 Service Unavailable"),
    "/error?code=429&after=7": ("fault", True, "429 Too Many Requests"),
    "/error?code=408": ("fault", True, "408 Request Timeout"),
    "/error?code=404": ("fault", False, "404 Not Found"),
    "/error?code=501": ("fault", False, "501 Not Implemented"),
    "/close": ("fault", True, "broke off"),
    "/half": ("fault", True, "broke off"),
    "/garbage": ("fault", True, "broke off"),
    "/hang": ("timedout", True, "no whole answer within 0.3 s"),
    "/drip": ("timedout", True, "no whole answer within 0.3 s"),
    "/invalid-json": ("fault", False, "says that its answer is JSON, and it is not"),
    "/large": ("fault", False, "longer than 4,194,304 bytes"),
    "/bomb": ("fault", False, "longer than 4,194,304 bytes"),
    "/members": ("fault", False, "packed in more than 100 pieces"),
    "/deep?code=503": ("fault", True, "503 Service Unavailable"),
    "/many?code=503": ("fault", True, "503 Service Unavailable"),
    "/loop": ("fault", False, "redirected more than 5 times"),
}


@pytest.mark.parametrize("path", FAULTS)
async def test_what_the_other_side_does_is_an_answer(path: str, outside: Outside, faults: FaultServer):
    timeout = timedelta(seconds=0.3 if FAULTS[path][0] == "timedout" else 20)
    answer = await outside.call(faults.url(path), timeout=timeout)

    outcome, transient, words = FAULTS[path]
    assert (answer.outcome, answer.transient) == (outcome, transient)
    assert words in answer.response["error"]
    assert answer.response.keys() == {"success", "code", "message", "headers", "error", "result"}
    assert answer.response["success"] is False
    assert answer.response["result"] is None
    assert answer.retry_after == (timedelta(seconds=7) if "after" in path else None)
    json.dumps(answer.response)


async def test_where_nobody_listens(outside: Outside):
    answer = await outside.call(refused_url())

    assert (answer.outcome, answer.transient, answer.response["code"]) == ("fault", True, None)
    assert answer.took > timedelta(0)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("0", timedelta(0)),
        ("Mon, 02 Mar 2026 09:01:30 GMT", timedelta(seconds=90)),
        ("Mon, 02 Mar 2026 08:00:00 GMT", timedelta(0)),
        ("99999999999999999999", timedelta(days=1)),
        ("Mon, 02 Mar 2099 08:00:00 GMT", timedelta(days=1)),
        ("soon", None),
        ("-5", None),
        ("Mon, 02 Mar 2026 09:01:30", timedelta(seconds=90)),
        ("Mon, 02 Mar 2026 09:01:30 -0000", timedelta(seconds=90)),
        ("Mon Mar  2 09:01:30 2026", timedelta(seconds=90)),  # RFC 9110 has it read
        ("120, 120", timedelta(seconds=120)),
        ("²", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 02 Mar 2026 09:01:30 +9999999999999999999999", None),
    ],
)
async def test_how_long_to_wait_is_taken_from_what_the_service_says(header: str, wait: Any, outside: Outside):
    assert retry_after(header, outside.clock.now()) == wait


async def test_a_response_says_what_came(outside: Outside, faults: FaultServer):
    answer = await outside.call(faults.url("/ok"))

    assert answer.response == {
        "success": True,
        "code": 200,
        "message": {"ok": True},
        "headers": {"content-length": "12", "content-type": "application/json"},
        "error": None,
        "result": {"ok": True},
    }
    assert (answer.outcome, answer.transient, answer.retry_after) == ("success", False, None)
    assert answer.request.method == "GET"


async def test_a_cookie_is_not_passed_on(outside: Outside, faults: FaultServer, monkeypatch: pytest.MonkeyPatch):
    """It would sign in whoever reads it in the data of a process."""

    async def signed_in(server: FaultServer, request: fault_server.Asked, writer: Any) -> None:
        fault_server.answer(writer, {}, Set_Cookie="session=secret")

    monkeypatch.setitem(fault_server.FAULTS, "/ok", signed_in)
    assert "secret" not in str((await outside.call(faults.url("/ok"))).response)


async def test_a_short_key_is_hidden_by_its_name(outside: Outside, faults: FaultServer):
    await outside.sign_in_by(AuthKind.API_KEY, {"value": "abc"}, key="X-Door", place="header")
    answer = await outside.call(faults.url("/echo"))

    assert answer.response["message"]["headers"]["x-door"] == "abc"
    assert answer.request.headers["x-door"] == "***"


async def test_a_text_is_a_text(outside: Outside, faults: FaultServer):
    assert (await outside.call(faults.url("/wrong-type"))).response["message"] == "<p>Welcome to our proxy</p>"


async def test_what_cannot_be_stored_is_replaced(outside: Outside, faults: FaultServer):
    message = (await outside.call(faults.url("/unstorable"))).response["message"]

    assert (message["nul"], message["half"]) == ("a\ufffdb", "\ufffd")


@pytest.mark.parametrize(
    ("success", "path", "outcome", "words"),
    [
        ("response.code == 404", "/error?code=404", "success", None),
        ("response.message.ok", "/ok", "success", None),
        ("!response.message.ok", "/ok", "fault", "The condition for success does not hold; the status is 200 OK."),
        ("response.message.absent", "/ok", "fault", "response.message.absent"),
        ("response.message", "/ok", "fault", "gave neither true nor false"),
        ("response.success", "/error?code=500", "fault", "does not hold; the status is 500"),
    ],
)
async def test_a_condition_says_what_success_is(
    success: str, path: str, outcome: str, words: str | None, outside: Outside, faults: FaultServer
):
    answer = await outside.call(faults.url(path), success=compile_expression(success))

    assert answer.outcome == outcome
    assert answer.response["success"] == (outcome == "success")
    assert (words or "") in (answer.response["error"] or "")


async def test_a_mapping_makes_the_result(outside: Outside, faults: FaultServer):
    rows = compile_expression("[[response.code, string(response.message.ok)]]")
    answer = await outside.call(faults.url("/ok"), output=rows)
    failed = await outside.call(faults.url("/ok"), output=compile_expression("response.message.absent"))

    assert answer.response["result"] == [[200, "true"]]
    assert (failed.outcome, failed.transient, failed.response["result"]) == ("fault", False, None)
    assert "response.message.absent" in failed.response["error"]
    assert failed.response["message"] == {"ok": True}


async def test_inputs_that_do_not_fit_are_told_before_anybody_is_asked(outside: Outside, service: TokenServer):
    await outside.sign_in_by(AuthKind.OAUTH2_PASSWORD, SECRETS, **oauth(service))
    needed = (Parameter("status", Place.QUERY, required=True),)

    with pytest.raises(InvalidInput, match="needs a value for 'status'"):
        await outside.call(service.url("/items"), parameters=needed)
    assert (service.forms, service.calls) == ([], [])


async def test_nothing_shows_a_secret(outside: Outside, service: TokenServer, caplog: pytest.LogCaptureFixture):
    """Neither what is logged, nor what people are shown, even where the service says our own secret back to us."""
    caplog.set_level("DEBUG")
    configuration = await outside.sign_in_by(AuthKind.OAUTH2_PASSWORD, SECRETS, **oauth(service))
    call = await outside.call(service.url("/items"))
    tried = await outside.caller.test(configuration)
    wrong = await outside.caller.test(replace(configuration, sealed=None, secrets=SECRETS | {"password": "wrong one"}))

    assert call.response["message"]["you_said"] == "Bearer access-token-1"
    told = [call.request, call.shown, tried.request, tried.shown, wrong.request, wrong.shown, caplog.text]
    told += [call, tried, wrong, outside.configuration]
    for secret in (PASSWORD, CLIENT_SECRET, "wrong one", "access-token", "refresh-token", "k" * 32):
        assert secret not in "".join(map(repr, told)), secret
    assert call.shown["message"] == {"items": ["one", "two"], "you_said": "***"}


async def test_what_a_failed_call_says_back_to_us_is_not_kept(outside: Outside, faults: FaultServer):
    await outside.sign_in_by(AuthKind.API_KEY, SECRETS, key="X-Door", place="header")
    failed = await outside.call(faults.url("/echo?token=theirs"), success=compile_expression("false"))

    assert failed.response["message"]["headers"]["x-door"] == "***"
    assert failed.response["message"]["query"] == {"token": "theirs"}
    assert API_KEY not in str(failed.response)


async def test_a_configuration_is_tried(outside: Outside, service: TokenServer):
    configuration = await outside.sign_in_by(AuthKind.OAUTH2_PASSWORD, SECRETS, **oauth(service))
    good = await outside.caller.test(configuration)
    bad = await outside.caller.test(replace(configuration, sealed=None, secrets={"password": "no"}))
    away = await outside.caller.test(replace(configuration, fields=oauth(service, tokenCredentialUri=refused_url())))

    assert (good.outcome, good.response["code"]) == ("success", 200)
    assert good.shown["message"]["access_token"] == "***"
    assert good.request.body == (
        "grant_type=password&username=hugo&password=***&client_id=the-client&client_secret=***"
    )
    assert (bad.outcome, bad.response["code"]) == ("fault", 400)
    assert bad.shown["error"] == "127.0.0.1 gave no token (status 400): invalid_client, not with no."
    assert (away.outcome, away.transient, away.response["code"]) == ("fault", True, None)
    assert await Tokens(outside.client, outside.transactions, outside.vault, outside.clock).access(
        replace(configuration, secrets=SECRETS)
    ) == "access-token-2"  # fmt: skip


async def test_a_configuration_without_a_token_is_fine_as_it_is(outside: Outside):
    answer = await outside.caller.test(await outside.sign_in_by(AuthKind.BASIC, SECRETS, username="a"))

    assert (answer.outcome, answer.request) == ("success", None)


# -- pages -----------------------------------------------------------------------------------------


def paged(kind: PaginationKind, parameter: str = "", pages: int = 10, **more: str) -> dict[str, Any]:
    compiled = {name: compile_expression(text) for name, text in more.items()}
    return {"pagination": Pagination(kind, parameter, pages=pages, **compiled)}


@pytest.fixture
def lists(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Seven numbers in pages of three; each way to ask for the next one is understood."""

    async def numbers(server: FaultServer, request: fault_server.Asked, writer: Any) -> None:
        page = int(request.query.get("page") or request.query.get("cursor") or 1)
        items = list(range(1, 8))[3 * page - 3 : 3 * page]
        more = {"Link": f'</numbers?page=9>; rel="last", </numbers?page={page + 1}>; rel="next"'} if page < 3 else {}
        if "elsewhere" in request.query:
            more = {"Link": f"<{request.query['elsewhere']}>; rel=next"}
        if "bad" in request.query and page == 2:
            fault_server.answer(writer, {"error": "no"}, 503)
            return
        bare = "bare" in request.query or (page and "link" in request.query)
        body = items if bare else {"items": items, "next": page + 1 if page < 3 else None}
        fault_server.answer(writer, body, **more)

    monkeypatch.setitem(fault_server.FAULTS, "/numbers", numbers)
    return lambda query="": faults.url(f"/numbers{query}")


SEVEN = [1, 2, 3, 4, 5, 6, 7]


async def test_pages_by_number_end_with_an_empty_one(outside: Outside, lists: Any, faults: FaultServer):
    answer = await outside.call(lists("?bare=1"), **paged(PaginationKind.PAGE, "page"))

    assert answer.response["message"] == answer.response["result"] == SEVEN
    assert [asked.query["page"] for asked in faults.requests] == ["1", "2", "3", "4"]
    assert "more" not in answer.response


async def test_pages_by_cursor(outside: Outside, lists: Any, faults: FaultServer):
    by = paged(PaginationKind.CURSOR, "cursor", next="response.message.next", items="response.message.items")
    answer = await outside.call(lists("?a=b"), **by, output=compile_expression("size(response.message)"))

    assert (answer.response["message"], answer.response["result"]) == (SEVEN, 7)
    assert [asked.query for asked in faults.requests] == [
        {"a": "b"},
        {"a": "b", "cursor": "2"},
        {"a": "b", "cursor": "3"},
    ]


async def test_pages_by_link_carry_the_credentials(outside: Outside, lists: Any, faults: FaultServer):
    await outside.sign_in_by(AuthKind.API_KEY, SECRETS, key="api_key", place="query")
    answer = await outside.call(lists(), **paged(PaginationKind.LINK, items="response.message.items"))

    assert answer.response["message"] == SEVEN
    assert [asked.query["api_key"] for asked in faults.requests] == [API_KEY] * 3
    assert [asked.key for asked in faults.requests] == ["key", "key-p2", "key-p3"], (
        "a service that heeds keys gives each"
    )


async def test_there_is_an_end_to_pages(outside: Outside, lists: Any, faults: FaultServer):
    answer = await outside.call(lists("?bare=1"), **paged(PaginationKind.PAGE, "page", pages=2))

    assert (answer.response["message"], answer.response["more"]) == ([1, 2, 3, 4, 5, 6], True)
    assert len(faults.requests) == 2


async def test_pages_together_are_as_long_as_an_answer_may_be(outside: Outside, lists: Any, faults: FaultServer):
    outside.client.longest = 20
    answer = await outside.call(lists("?bare=1"), **paged(PaginationKind.PAGE, "page"))

    assert (answer.outcome, answer.transient) == ("fault", False)
    assert "longer than 20 bytes" in answer.response["error"]
    assert len(faults.requests) == 3


@pytest.mark.parametrize("elsewhere", ["http://127.0.0.2:1/", "https://127.0.0.1/", "http://169.254.169.254/"])
async def test_a_link_to_another_server_is_not_followed(elsewhere: str, outside: Outside, lists: Any):
    url = lists(f"?bare=1&elsewhere={elsewhere}")
    answer = await outside.call(url, **paged(PaginationKind.LINK))

    assert (answer.outcome, answer.transient) == ("fault", False)
    assert "leads to another server" in answer.response["error"]


@pytest.mark.parametrize("elsewhere", ["file:///etc/passwd", "http://[::1", "http://a@127.0.0.1/"])
async def test_a_link_to_nowhere_is_not_followed(elsewhere: str, outside: Outside, lists: Any):
    answer = await outside.call(lists(f"?bare=1&elsewhere={elsewhere}"), **paged(PaginationKind.LINK))

    assert "leads to where nothing is sent" in answer.response["error"]


async def test_a_page_that_leads_to_itself_is_the_last(outside: Outside, lists: Any, faults: FaultServer):
    by = paged(PaginationKind.CURSOR, "cursor", next="'2'", items="response.message.items")
    answer = await outside.call(lists("?cursor=2"), **by)

    assert (answer.outcome, answer.response["error"]) == ("fault", "The next page is one that was there already.")
    assert len(faults.requests) == 1


@pytest.fixture
def endless(faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Page after page without an end: each has its number, and says where the next one is as `kind` says."""

    async def pages(server: FaultServer, request: fault_server.Asked, writer: Any) -> None:
        number = len(server.requests)
        said = {
            "flip": "ab"[number % 2],
            "link": None,
            "url": faults.url(f"/endless?kind=url&from={number}") if number < 3 else None,
            "relative": f"?kind=relative&from={number}" if number < 3 else None,
            "none": [None, "c1", "c2", None][min(number, 3)],
            "odd": ["x"],
            "elsewhere": "http://127.0.0.2:1/",
        }
        other = "b" if "a" in request.query else "a"
        more = {"Link": f'</endless?kind=link&{other}=1>; rel="next"'} if request.query["kind"] == "link" else {}
        fault_server.answer(writer, {"items": [number], "next": said[request.query["kind"]]}, **more)

    monkeypatch.setitem(fault_server.FAULTS, "/endless", pages)
    return lambda query: faults.url(f"/endless?kind={query}")


OF_ITEMS = {"next": "response.message.next", "items": "response.message.items"}


@pytest.mark.parametrize(
    ("kind", "by"),
    [
        ("flip", paged(PaginationKind.CURSOR, "cursor", **OF_ITEMS)),
        ("link", paged(PaginationKind.LINK, items="response.message.items")),
    ],
)
async def test_pages_that_lead_round_are_a_failure(kind: str, by: Any, outside: Outside, endless: Any, faults: Any):
    answer = await outside.call(endless(kind), **by)

    assert (answer.outcome, answer.response["error"]) == ("fault", "The next page is one that was there already.")
    assert len(faults.requests) == 3


@pytest.mark.parametrize("kind", ["url", "relative"])
async def test_the_next_page_may_be_a_url_in_the_answer(kind: str, outside: Outside, endless: Any, faults: FaultServer):
    await outside.sign_in_by(AuthKind.API_KEY, SECRETS, key="api_key", place="query")
    answer = await outside.call(endless(kind), **paged(PaginationKind.CURSOR, **OF_ITEMS))

    assert answer.response["message"] == [1, 2, 3]
    assert [asked.query.get("from") for asked in faults.requests] == [None, "1", "2"]
    assert [asked.query["api_key"] for asked in faults.requests] == [API_KEY] * 3


@pytest.mark.parametrize(
    ("kind", "parameter", "words"),
    [
        ("elsewhere", "", "leads to another server"),
        ("odd", "cursor", "What next gives is no text and no number."),
        ("odd", "", "What next gives is no text and no number."),
    ],
)
async def test_what_is_no_next_page_is_said_to_be_none(
    kind: str, parameter: str, words: str, outside: Outside, endless: Any
):
    answer = await outside.call(endless(kind), **paged(PaginationKind.CURSOR, parameter, **OF_ITEMS))

    assert words in answer.response["error"]


@pytest.mark.parametrize("last", ["''", "0", "false", "null"])
async def test_nothing_ends_the_pages(last: str, outside: Outside, endless: Any):
    end = f"response.message.next == null ? {last} : response.message.next"
    answer = await outside.call(
        endless("none"), **paged(PaginationKind.CURSOR, "cursor", next=end, items=OF_ITEMS["items"])
    )

    assert answer.response["message"] == [1, 2, 3]


async def test_a_cursor_goes_where_the_connector_has_it(
    outside: Outside, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    async def searched(server: FaultServer, request: fault_server.Asked, writer: Any) -> None:
        page = request.json.get("page", 1)
        fault_server.answer(writer, {"items": [page, request.json["of"]], "next": page + 1 if page < 3 else None})

    monkeypatch.setitem(fault_server.FAULTS, "/search", searched)
    parameters = (Parameter("of", Place.BODY), Parameter("page", Place.BODY, ParameterType.INTEGER))
    more = {"method": "POST", "parameters": parameters, "inputs": {"of": "x"}}
    answer = await outside.call(faults.url("/search"), **more, **paged(PaginationKind.CURSOR, "page", **OF_ITEMS))
    assert answer.response["message"] == [1, "x", 2, "x", 3, "x"]
    assert [asked.json.get("page") for asked in faults.requests] == [None, 2, 3]
    assert [asked.target for asked in faults.requests] == ["/search"] * 3

    faults.requests.clear()
    by_number = paged(PaginationKind.PAGE, "page", items="response.message.next == null ? [] : response.message.items")
    await outside.call(faults.url("/search"), **more, **by_number)
    assert [asked.json["page"] for asked in faults.requests] == [1, 2, 3]


async def test_a_page_that_comes_again_is_the_last(
    outside: Outside, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    async def clamped(server: FaultServer, request: fault_server.Asked, writer: Any) -> None:
        fault_server.answer(writer, [min(int(request.query["page"]), 2)])

    monkeypatch.setitem(fault_server.FAULTS, "/clamped", clamped)
    answer = await outside.call(faults.url("/clamped"), **paged(PaginationKind.PAGE, "page"))

    assert (answer.response["message"], len(faults.requests)) == ([1, 2], 3)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('</b>; rel="next"', "/b"),
        ("</b>; REL=Next", "/b"),
        ('</a>; rel="prev", </b>; rel="last next"', "/b"),
        ('</a>; title="x, <y>; rel=next"; rel=prev, </b>; rel=next', "/b"),
        ('</a>; rel="prev"; rel="next"', None),
        ("</a>; rel=next-archive", None),
        ('</a>; rel="last"; title="; rel=next"', None),
        (r'</a>; title="\"; rel=next; \""; rel=last', None),
        ("</a>; rel", None),
        ("", None),
    ],
)
def test_a_link_is_the_next_one_by_its_relation_alone(header: str, target: str | None):
    assert linked(header) == target


async def test_a_page_that_fails_is_the_answer(outside: Outside, lists: Any):
    answer = await outside.call(lists("?bare=1&bad=1"), **paged(PaginationKind.PAGE, "page"))

    assert (answer.outcome, answer.transient, answer.response["code"]) == ("fault", True, 503)


async def test_a_page_without_a_list_is_said_to_be_none(outside: Outside, lists: Any):
    answer = await outside.call(lists(), **paged(PaginationKind.PAGE, "page"))

    assert "let items say where the list is" in answer.response["error"]


async def test_the_time_of_a_try_is_for_all_of_its_pages(outside: Outside, faults: FaultServer):
    timeout = timedelta(seconds=0.5)
    answer = await outside.call(faults.url("/slow"), timeout=timeout, **paged(PaginationKind.PAGE, "page"))

    assert (answer.outcome, answer.transient) == ("timedout", True)
    assert answer.response["error"] == "127.0.0.1 gave no whole answer within 0.5 s."
    assert len(faults.requests) == 3


async def test_the_time_of_a_try_is_also_for_its_token(outside: Outside, service: TokenServer):
    service.wait_for = asyncio.Event()
    await outside.sign_in_by(AuthKind.OAUTH2_PASSWORD, SECRETS, **oauth(service))
    answer = await outside.call(service.url("/items"), timeout=timedelta(seconds=0.3))
    service.wait_for.set()

    assert (answer.outcome, answer.transient) == ("timedout", True)
    assert answer.response["error"] == "Whoever gives its token gave no whole answer within 0.3 s."


# -- what is large, or made to take long -----------------------------------------------------------


async def test_what_is_deep_is_cut(outside: Outside, faults: FaultServer):
    answer = await outside.call(faults.url("/deep"), output=compile_expression("response.message.a.a"))

    assert answer.outcome == "success"
    assert json.dumps(answer.response["result"]).count("{") == 28
    assert answer.shown["message"]


async def test_of_a_failure_only_the_beginning_is_kept(outside: Outside, faults: FaultServer):
    await outside.sign_in_by(AuthKind.BASIC, SECRETS, username="a")
    answer = await outside.call(faults.url("/many?code=503"))
    good = await outside.call(faults.url("/many"))

    assert len(json.dumps(answer.response["message"])) < 20_000
    assert answer.response["message"][-1] == "…"
    assert len(good.response["message"]) == 350_001
    assert len(json.dumps(good.shown["message"])) < 200_000


@pytest.mark.parametrize("by", [{}, paged(PaginationKind.LINK)])
async def test_what_is_large_is_read_aside(
    by: dict[str, Any], outside: Outside, faults: FaultServer, monkeypatch: pytest.MonkeyPatch
):
    threads: list[str] = []

    def judged(*given: Any) -> None:
        threads.append(threading.current_thread().name)
        judge(*given)

    monkeypatch.setattr("placet.connectors.caller.judge", judged)
    await outside.call(faults.url("/many"), **by)
    await outside.call(faults.url("/ok"))

    assert [name.startswith("placet-aside") for name in threads] == [True, False]


@pytest.mark.parametrize(
    ("charset", "sent"), [("iso-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("iso-8859-1", "utf-8")]
)
def test_json_in_another_charset_is_read_by_what_the_service_says(charset: str, sent: str):
    headers = httpx2.Headers({"content-type": f"application/json; charset={charset}"})
    reply = Reply(200, headers, '{"city": "Köln"}'.encode(sent), httpx2.URL("http://x.org"))

    assert decoded(reply)["message"] == {"city": "Köln"}


@pytest.mark.parametrize(
    "charset", ["punycode", "idna", "utf-7", "unicode_escape", "rot13", "zlib", "x" * 1_000, "\\0"]
)
async def test_a_charset_that_nobody_writes_in_is_read_as_utf_8(charset: str, outside: Outside, faults: FaultServer):
    answer = await outside.call(faults.url(f"/odd-charset?charset={quote(charset)}"))

    assert answer.response["message"] == "a" * 1_000_000


@pytest.mark.parametrize("written", ["utf-16", "utf-16-le", "utf-32", "utf-32-le"])
def test_a_text_need_not_begin_with_a_mark_of_its_order(written: str):
    told = {"content-type": f"text/plain; charset={written.removesuffix('-le')}"}
    reply = Reply(200, httpx2.Headers(told), "Straße".encode(written), httpx2.URL("http://x.example/"))

    assert decoded(reply)["message"] == "Straße"


# -- what a service says back to us ------------------------------------------------------------------


async def test_the_pair_of_basic_is_hidden_also_without_its_word(outside: Outside, faults: FaultServer):
    await outside.sign_in_by(AuthKind.BASIC, SECRETS, username="placet")
    pair = base64.b64encode(f"placet:{PASSWORD}".encode()).decode()
    told = [pair, html.escape(PASSWORD), quote(PASSWORD).lower()]
    answer = await outside.call(faults.url("/echo"), success=compile_expression("false"))
    said = await outside.call(
        f"{faults.url('/echo')}?{urlencode({'said': json.dumps(told)})}", success=compile_expression("false")
    )

    assert pair not in str(answer.response)
    assert all(each not in said.response["message"]["query"]["said"] for each in told)


async def test_a_secret_at_the_cut_is_hidden_whole(outside: Outside, service: TokenServer):
    configuration = await outside.sign_in_by(AuthKind.OAUTH2_PASSWORD, SECRETS, **oauth(service))
    service.broken = JSONResponse({"error": "x", "error_description": "y" * 190 + PASSWORD}, 400)
    answer = await outside.caller.test(configuration)

    assert answer.error is not None
    assert answer.error.endswith("yyy….")
    assert PASSWORD[:4] not in answer.error


async def test_an_assertion_that_is_said_back_is_hidden(outside: Outside, service: TokenServer):
    configuration = await outside.sign_in_by(AuthKind.OAUTH2_SERVICE_ACCOUNT, {"keyFile": service.key_file()})
    service.says_back = True
    answer = await outside.caller.test(configuration)

    [form] = service.forms
    assert form["assertion"].count(".") == 2
    assert answer.shown["message"]["said"] == [f"not with {form['grant_type']}", "not with ***"]
    assert form["assertion"] not in str(answer.response)
