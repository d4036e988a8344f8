"""A server on a real socket, with five people and three definitions, and clients that speak to it as one of them."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import pytest
import uvicorn
from starlette.types import ASGIApp

from placet import Engine, ManualClock
from placet.directory import passwords
from placet.settings import Settings
from placet_api import create_app
from tests.builders import NINE
from tests.conftest import Contents, nothing
from tests.mail_server import MailServer, a_mail_server_beside
from tests.programs import CHEAP

DEFINITIONS = Path(__file__).parents[2] / "definitions"
PASSWORD = "open sesame: 1"  # a colon in it, for headers that part user and password by one
LEAVE = "bf94bbcb0acf087ad3b7fda9604557dd"  # of the definition's DN, the same everywhere
SETTINGS = Settings(body_limit=100_000, engine_id="ENGINE", secret_key="of the tests, 32 characters long")

SECONDS = 60  # which an answer may take on a machine that has much else to do
READY_SSL_CONTEXT = cache(httpcore2.default_ssl_context)

PARCEL = """
name: Parcel
data:
  text: {type: string}
  truth: {type: boolean}
  count: {type: integer, indexed: true}
  price: {type: decimal}
  day: {type: date}
  who: {type: dn}
  bytes: {type: binary}
  tree: {type: json}
  tags: {type: string, multi_valued: true}
start: ask
activities:
  ask:
    kind: approval
    name: Ask the board
    addressees: cn=Board,ou=groups,o=placet
    writes: [text, truth, count, price, day, who, bytes, tree, tags]
    paths: {approved: done, denied: done}
  done: {kind: finish}
"""


class Counted(set[Any]):
    """What a server has in hand; `none_left` is set while that is nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.none_left = asyncio.Event()
        self.none_left.set()

    def add(self, element: Any) -> None:
        super().add(element)
        self.none_left.clear()

    def discard(self, element: Any) -> None:
        super().discard(element)
        if not self:
            self.none_left.set()


class ReadyServer(uvicorn.Server):
    """A server that tells when it listens, leaves the signals to the test run, and looks at no watch when it stops.

    Uvicorn's own looks ten times a second whether it has to stop, and then waits for another tenth of one.
    """

    def __init__(self, app: ASGIApp, lifespan: str = "off") -> None:
        self.listening, self.leaving = asyncio.Event(), asyncio.Event()
        super().__init__(uvicorn.Config(app, port=0, log_config=None, ws="none", lifespan=lifespan))
        self.connections = self.server_state.connections = Counted()
        self.tasks = self.server_state.tasks = Counted()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.leaving.wait()

    async def shutdown(self, sockets: Any = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.connections):
            connection.shutdown()
        await self.connections.none_left.wait()
        await self.tasks.none_left.wait()
        await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


@asynccontextmanager
async def serving(app: ASGIApp, lifespan: str = "off") -> AsyncIterator[str]:
    """The address of an application for the length of a block."""
    server = ReadyServer(app, lifespan)
    running = asyncio.create_task(server.serve())
    await server.listening.wait()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.leaving.set()
        await running


def rest_authorization(user: str, password: str = PASSWORD) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


@dataclass
class RunningServer:
    """Where the service is, the engine behind it, and a client for each person."""

    url: str
    engine: Engine
    clock: ManualClock
    _clients: dict[str, httpx2.AsyncClient] = field(default_factory=dict)

    def __call__(self, user: str) -> httpx2.AsyncClient:
        """The client that signs in as this user; nobody for the empty name."""
        if user not in self._clients:
            headers = {"RESTAuthorization": rest_authorization(user)} if user else {}
            self._clients[user] = httpx2.AsyncClient(base_url=self.url, headers=headers, timeout=SECONDS)
        return self._clients[user]

    async def start(self, user: str = "anna", **data: Any) -> str:
        """The id of a new leave request."""
        items = [{"Name": name, "Value": value} for name, value in ({"days": 3} | data).items()]
        answer = await self(user).post(f"/v1/wf/definitions/{LEAVE}", json={"DataItems": items})
        assert answer.status_code == 204, answer.text
        return str(answer.headers["location"].rpartition("/")[2])

    async def item(self, process_id: str) -> dict[str, Any]:
        """The first work item of a process as the administrator sees it."""
        answer = await self("admin").get(f"/v1/wf/workitems?filter=ProcessId={process_id}")
        return dict(answer.json()[0])

    async def act(self, user: str, item: dict[str, Any], action: str, **members: Any) -> httpx2.Response:
        body = item | {"AvailableActions": [{"Value": action}]} | members
        return await self(user).put(item["Link"], json=body)

    def keep(self, client: httpx2.AsyncClient) -> None:
        """Close a client together with this."""
        self._clients[f"kept {len(self._clients)}"] = client

    async def close(self) -> None:
        for client in self._clients.values():
            await client.aclose()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords, and clients' trusted authorities, that do not cost 20 ms of a core each: other tests see to that."""
    monkeypatch.setattr(passwords, "_hasher", CHEAP)
    monkeypatch.setattr(httpcore2, "default_ssl_context", READY_SSL_CONTEXT)


@pytest.fixture(scope="session")
def people_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Anna's manager is Ben, and his is Clara; Ben and Clara are the board; Dora has nothing to do with anybody."""
    secret = CHEAP.hash(PASSWORD)
    managers = {"anna": "ben", "ben": "clara", "clara": None, "dora": None, "admin": None, "gone": None}
    users = [
        {"usr_username": name, "usr_firstname": name.capitalize(), "usr_lastname": "Berg", "password_hash": secret}
        | ({"manager": manager} if manager else {})
        | ({"groups": ["Board"]} if name in ("ben", "clara") else {})
        | ({"usr_status": "INACTIVE"} if name == "gone" else {})
        for name, manager in managers.items()
    ]
    path = tmp_path_factory.mktemp("people") / "people.json"
    path.write_text(json.dumps({"groups": [{"grp_title": "Board"}, {"grp_title": "HR"}], "users": users}))
    return path


@pytest.fixture(scope="session")
def people_and_definitions(people_file: Path) -> Contents:
    """What the server of this part knows; every test has a copy of its own."""

    async def load(url: str) -> None:
        async with Engine(url, settings=SETTINGS, clock=ManualClock(NINE), run_jobs=False) as engine:
            await engine.as_system().load_people(people_file)
            await engine.as_system().deploy((DEFINITIONS / "leave_request.yaml").read_text())
            await engine.as_system().deploy((DEFINITIONS / "role_approval.yaml").read_text())
            await engine.as_system().deploy(PARCEL)

    return load


@pytest.fixture
def contents(request: pytest.FixtureRequest, people_and_definitions: Contents) -> Contents:
    """The people and definitions where a test asks for the engine that knows them."""
    return people_and_definitions if "engine" in request.fixturenames else nothing


@pytest.fixture
def without_jobs() -> None:
    """Asked for where all is about answers: nothing falls due there, and the engine is opened in half the time."""


@pytest.fixture
async def engine(database_url: str, clock: ManualClock, request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    run_jobs = "without_jobs" not in request.fixturenames
    async with Engine(database_url, settings=SETTINGS, clock=clock, run_jobs=run_jobs) as engine:
        yield engine


@pytest.fixture
async def server(engine: Engine, clock: ManualClock) -> AsyncIterator[RunningServer]:
    async with serving(create_app(engine)) as url:
        running = RunningServer(url, engine, clock)
        yield running
        await running.close()


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """A mail server that the settings name."""
    with a_mail_server_beside() as server:
        monkeypatch.setenv("PLACET_SMTP_URL", server.url)
        monkeypatch.setenv("PLACET_MAIL_FROM", "Placet <placet@example.org>")
        yield server
