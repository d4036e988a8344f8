"""Tokens of other services on both databases: asked for once, kept encrypted, renewed in time, on several nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from starlette.responses import JSONResponse, Response

from placet.clock import ManualClock
from placet.connectors.client import CallFailed, Client
from placet.connectors.grants import NotGranted
from placet.connectors.records import AuthKind, Configuration
from placet.connectors.tokens import Tokens
from placet.directory.secrets import Vault
from placet.errors import Unavailable
from placet.settings import Settings
from placet.store import connectors as store
from placet.store import outbound_tokens
from placet.store.connectors import ConfigurationRow
from tests.store.conftest import Transactions
from tests.token_server import CLIENT, CLIENT_SECRET, PASSWORD, USER, TokenServer

ID = "c" * 32
SETTINGS = Settings(outbound_allow="127.0.0.0/8", secret_key="k" * 32)


@pytest.fixture
async def service() -> AsyncIterator[TokenServer]:
    async with TokenServer() as server:
        yield server


@pytest.fixture
async def node(transactions: Transactions, clock: ManualClock) -> AsyncIterator[Callable[..., Tokens]]:
    """Makes the tokens of another node each time."""
    await transactions.write(lambda tx: store.configurations.add(tx, row(clock.now())))
    made: list[tuple[Tokens, Client]] = []

    def make(settings: Settings = SETTINGS, database: Any = transactions) -> Tokens:
        client = Client(settings)
        made.append((Tokens(client, database, Vault(settings), clock), client))
        return made[-1][0]

    yield make
    for tokens, client in made:
        await tokens.close()
        await client.close()


def row(now: datetime, revision: int = 1) -> ConfigurationRow:
    return ConfigurationRow(
        id=ID, name="C", folded="c", revision=revision, created_at=now, kind="oauth2_password", fields={}
    )


def by_password(service: TokenServer, **changed: Any) -> Configuration:
    fields = {"tokenCredentialUri": service.url("/token"), "clientId": CLIENT, "username": USER, "scope": "*"}
    secrets = {"clientSecret": CLIENT_SECRET, "password": PASSWORD}
    made = Configuration(id=ID, name="C", kind=AuthKind.OAUTH2_PASSWORD, fields=fields, secrets=secrets)
    return replace(made, **changed)


async def test_many_callers_ask_once(node, service):
    tokens, configuration = node(), by_password(service)

    assert {*await asyncio.gather(*(tokens.access(configuration) for _ in range(50)))} == {"access-token-1"}
    assert await tokens.access(configuration) == "access-token-1"
    assert service.forms == [
        {
            "grant_type": "password",
            "username": USER,
            "password": PASSWORD,
            "scope": "*",
            "client_id": CLIENT,
            "client_secret": CLIENT_SECRET,
        }
    ]


async def test_another_node_takes_what_is_stored(node, service):
    configuration = by_password(service)
    await node().access(configuration)

    assert await node().access(configuration) == "access-token-1"
    assert len(service.forms) == 1


async def test_what_is_stored_tells_nothing(node, service, transactions, caplog):
    caplog.set_level("DEBUG")
    tokens = node()
    await tokens.access(by_password(service))
    stored = await transactions.read(lambda tx: outbound_tokens.find(tx, ID))

    told = b"".join([stored.tokens, repr(stored).encode(), repr(vars(tokens)).encode(), caplog.text.encode()])
    for secret in ("access-token-1", "refresh-token-1", PASSWORD, CLIENT_SECRET, "k" * 32):
        assert secret.encode() not in told


async def test_a_token_is_renewed_before_it_ends_by_its_refresh_token(node, service, clock):
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    clock.move(seconds=3600 - 31)
    assert await tokens.access(configuration) == "access-token-1"
    clock.move(seconds=1)

    assert {*await asyncio.gather(*(tokens.access(configuration) for _ in range(20)))} == {"access-token-2"}
    assert service.grants() == ["password", "refresh_token"]
    assert service.forms[1]["refresh_token"] == "refresh-token-1"
    assert service.forms[1]["client_secret"] == CLIENT_SECRET


async def test_a_token_that_lives_for_seconds_is_used_for_most_of_them(node, service, clock):
    service.lifetime = "10"
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    clock.move(seconds=7)
    assert await tokens.access(configuration) == "access-token-1"
    clock.move(seconds=1)
    assert await tokens.access(configuration) == "access-token-2"


@pytest.mark.parametrize("lifetime", [None, "never", True, -1])
async def test_a_token_of_which_nobody_says_when_it_ends_is_used_until_it_is_refused(lifetime, node, service, clock):
    service.lifetime = lifetime
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    clock.move(days=400)

    assert await tokens.access(configuration) == "access-token-1"
    assert await tokens.access(configuration, refused="access-token-1") == "access-token-2"


async def test_many_who_were_refused_ask_once(node, service):
    tokens, configuration = node(), by_password(service)
    old = await tokens.access(configuration)

    new = await asyncio.gather(*(tokens.access(configuration, refused=old) for _ in range(20)))

    assert {*new, await tokens.access(configuration, refused=old)} == {"access-token-2"}
    assert len(service.forms) == 2


async def test_who_is_refused_while_others_find_the_old_one_gets_a_new_one(node, service, transactions, clock):
    first, second, configuration = node(), node(), by_password(service)
    old = await first.access(configuration)

    found, new = await asyncio.gather(second.access(configuration), second.access(configuration, refused=old))

    assert (found, new) == (old, "access-token-2")


async def test_two_nodes_use_a_refresh_token_once(node, service, clock):
    """Whoever shows a used one a second time may lose everything that came of the same sign-in."""
    nodes, configuration = [node() for _ in range(4)], by_password(service)
    for each in nodes:
        await each.access(configuration)
    clock.move(hours=1)

    assert {*await asyncio.gather(*(each.access(configuration) for each in nodes))} == {"access-token-2"}
    assert service.grants() == ["password", "refresh_token"]


async def test_a_node_that_died_while_it_renewed_is_not_waited_for_forever(node, service, transactions, clock):
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    clock.move(hours=1)
    now = clock.now()
    stored = await transactions.read(lambda tx: outbound_tokens.find(tx, ID))
    assert await transactions.write(lambda tx: outbound_tokens.begin_renewing(tx, stored, now, clock.now()))

    assert await tokens.access(configuration) == "access-token-2"


async def test_a_refresh_token_that_counts_no_longer_is_no_trouble(node, service, clock):
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    service._refresh.clear()
    clock.move(hours=1)

    assert await tokens.access(configuration) == "access-token-2"
    assert service.grants() == ["password", "refresh_token", "password"]


async def test_a_refresh_token_is_kept_where_no_other_comes_with_the_next_token(node, service, transactions, clock):
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    service.refresh_tokens = False
    clock.move(hours=1)
    await tokens.access(configuration)
    service._refresh.add("refresh-token-1")
    clock.move(hours=1)
    await tokens.access(configuration)

    assert [form.get("refresh_token") for form in service.forms] == [None, "refresh-token-1", "refresh-token-1"]


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_token_endpoint_that_is_away_keeps_what_there_is(status, node, service, clock):
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    clock.move(hours=1)
    service.broken = Response("<p>away</p>", status)
    for _ in range(2):
        with pytest.raises(NotGranted, match=rf"gave no token \(status {status}\), without saying why\.") as caught:
            await tokens.access(configuration)
        assert caught.value.transient
    service.broken = None

    assert await tokens.access(configuration) == "access-token-2"
    assert service.grants() == ["password", "refresh_token", "refresh_token", "refresh_token"]


async def test_a_changed_configuration_asks_anew(node, service, transactions, clock):
    tokens, configuration = node(), by_password(service)
    await tokens.access(configuration)
    await transactions.write(lambda tx: store.configurations.change(tx, row(clock.now(), 2)))

    assert await tokens.access(replace(configuration, revision=2)) == "access-token-2"
    assert service.grants() == ["password", "password"]


async def test_nothing_is_kept_of_a_configuration_that_was_changed_meanwhile(node, service, transactions, clock):
    tokens, configuration = node(), by_password(service)
    service.wait_for = asyncio.Event()
    asking = asyncio.create_task(tokens.access(configuration))
    await service.arrived.wait()
    await transactions.write(lambda tx: store.configurations.change(tx, row(clock.now(), 2)))
    service.wait_for.set()

    assert await asking == "access-token-1"
    assert await transactions.read(lambda tx: outbound_tokens.find(tx, ID)) is None


class Refusing:
    """A database that is read as ever, and takes nothing while it is `away`."""

    def __init__(self, transactions: Transactions) -> None:
        self.read, self._write = transactions.read, transactions.write
        self.away, self.refused, self.taken = False, 0, asyncio.Event()
        self.when_refused: Callable[[], None] = lambda: None

    async def write(self, work: Callable[[Any], Any]) -> Any:
        if self.away:
            self.refused += 1
            self.when_refused()
            raise Unavailable("The disk is full.")
        result = await self._write(work)
        self.taken.set()
        return result


@pytest.fixture
def refusing(transactions: Transactions, monkeypatch: pytest.MonkeyPatch) -> Refusing:
    monkeypatch.setattr("placet.connectors.tokens._WRITE_AGAIN", 0)
    return Refusing(transactions)


async def renewed_while_away(tokens: Tokens, database: Refusing, service: TokenServer, clock: ManualClock) -> None:
    """Have a token renewed, of which the database takes nothing from the moment on in which it comes."""
    configuration = by_password(service)
    await tokens.access(configuration)
    clock.move(hours=1)
    service.wait_for, service.arrived = asyncio.Event(), asyncio.Event()
    asking = asyncio.create_task(tokens.access(configuration))
    await service.arrived.wait()
    database.away = True
    service.wait_for.set()
    assert await asking == await tokens.access(configuration) == "access-token-2"
    assert database.refused


async def test_a_token_that_the_database_does_not_take_counts_and_is_written_down_later(
    node, refusing, service, transactions, clock
):
    """The refresh token that is stored was used up by it: whoever shows that again has to be authorized anew."""
    tokens, again = node(database=refusing), asyncio.Event()
    await renewed_while_away(tokens, refusing, service, clock)
    refusing.when_refused = again.set
    async with asyncio.timeout(20):
        await again.wait()
        refusing.taken.clear()
        refusing.away = False
        await refusing.taken.wait()

    other = node()
    assert await other.access(by_password(service)) == "access-token-2"
    clock.move(hours=1)
    assert await other.access(by_password(service)) == "access-token-3"
    assert service.grants() == ["password", "refresh_token", "refresh_token"]


async def test_what_is_written_down_later_comes_before_what_is_asked_for_next(
    node, refusing, service, clock, monkeypatch
):
    monkeypatch.setattr("placet.connectors.tokens._WRITE_AGAIN", 1e6)
    tokens = node(database=refusing)
    await renewed_while_away(tokens, refusing, service, clock)
    clock.move(hours=1)
    with pytest.raises(Unavailable, match="disk is full"):
        await tokens.access(by_password(service))
    refusing.away = False

    assert await tokens.access(by_password(service)) == "access-token-3"
    assert [form.get("refresh_token") for form in service.forms] == [None, "refresh-token-1", "refresh-token-2"]


async def test_who_closes_writes_down_what_was_not(node, refusing, service, clock, monkeypatch):
    monkeypatch.setattr("placet.connectors.tokens._WRITE_AGAIN", 1e6)
    tokens = node(database=refusing)
    await renewed_while_away(tokens, refusing, service, clock)
    refusing.away = False
    await tokens.close()

    assert await node().access(by_password(service)) == "access-token-2"


async def test_a_token_that_is_lost_for_good_is_told_of_and_not_shown(node, refusing, service, clock, caplog):
    tokens = node(database=refusing)
    await renewed_while_away(tokens, refusing, service, clock)
    await tokens.close()

    assert "a token is lost" in caplog.text
    assert "token-2" not in caplog.text + repr(vars(tokens))


async def test_a_token_of_a_configuration_that_was_changed_before_it_is_written_down_is_not_kept(
    node, refusing, service, transactions, clock, monkeypatch
):
    monkeypatch.setattr("placet.connectors.tokens._WRITE_AGAIN", 1e6)
    tokens = node(database=refusing)
    await renewed_while_away(tokens, refusing, service, clock)
    await transactions.write(lambda tx: store.configurations.change(tx, row(clock.now(), 2)))
    refusing.away = False

    assert await tokens.access(by_password(service, revision=2)) == "access-token-3"
    assert service.grants() == ["password", "refresh_token", "password"]


async def test_who_gives_up_leaves_it_to_the_others(node, service):
    tokens, configuration = node(), by_password(service)
    service.wait_for = asyncio.Event()
    first, second = (asyncio.create_task(tokens.access(configuration)) for _ in range(2))
    await service.arrived.wait()
    first.cancel()
    service.wait_for.set()

    assert await second == "access-token-1"
    assert first.cancelled() or first.cancelling()
    assert len(service.forms) == 1


async def test_a_wrong_password_is_said_without_repeating_it(node, service):
    configuration = by_password(service, secrets={"clientSecret": CLIENT_SECRET, "password": "wrong & secret"})

    with pytest.raises(NotGranted) as caught:
        await node().access(configuration)
    assert not caught.value.transient
    assert caught.value.message == "127.0.0.1 gave no token (status 400): invalid_grant, not with ***."


@pytest.mark.parametrize(
    "answer",
    [
        JSONResponse({"access_token": None}),
        JSONResponse({"access_token": "a\r\nX-Evil: 1"}),
        JSONResponse({"access_token": "ü"}),
        JSONResponse(["access_token"]),
        Response("access_token=a", 200),
        Response("[" * 100_000, 200, media_type="application/json"),
        Response("", 307, {"location": "/token"}),
        JSONResponse({"access_token": "a"}, 201),
    ],
)
async def test_an_answer_that_is_no_token_is_none(answer, node, service):
    service.broken = answer

    with pytest.raises(CallFailed) as caught:
        await node().access(by_password(service))
    assert not caught.value.transient
    assert len(service.forms) == 1


async def test_a_token_that_the_key_does_not_open_is_asked_for_again(node, service):
    configuration = by_password(service)
    await node().access(configuration)

    other = node(replace(SETTINGS, secret_key="o" * 32))
    assert await other.access(configuration) == "access-token-2"


async def test_nothing_is_kept_of_what_is_only_tested(node, service, transactions):
    tokens = node()
    for _ in range(2):
        await tokens.access(by_password(service, id=""))

    assert len(service.forms) == 2
    assert await transactions.read(lambda tx: outbound_tokens.find(tx, ID)) is None
