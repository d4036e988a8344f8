"""Traces from a request to the call of another service, on both databases, and on their way to a collector."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from placet import Engine, ManualClock, Settings
from placet.core.names import user_dn
from placet.directory.caller import Caller
from placet.errors import InvalidInput
from placet_api import create_app, serve_app
from tests.acceptance.conftest import LEAVE, rest_authorization, serving
from tests.acceptance.test_calls import CONNECTOR, OUTBOUND, UNDRAWN
from tests.fault_server import FaultServer

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HEADERS = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def settings() -> Settings:
    return OUTBOUND


@pytest.fixture
async def engine(
    database_url: str, clock: ManualClock, provider: TracerProvider, settings: Settings
) -> AsyncIterator[Engine]:
    async with Engine(database_url, settings=settings, clock=clock, tracer_provider=provider) as engine:
        await engine.as_system().deploy(UNDRAWN)
        yield engine


@pytest.fixture
async def faults(engine: Engine, clock: ManualClock) -> AsyncIterator[FaultServer]:
    """A server that the connector of the definition calls."""
    async with FaultServer() as faults:
        text = CONNECTOR.format(url=faults.url("/ok"), attempts=3, failures=100)
        caller = Caller(None, engine.directory, clock.now())
        await engine.connectors.import_text(caller, text, "connectors.yaml")
        yield faults


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = (span for span in exporter.get_finished_spans() if span.name == name)
    return found


def spans_it_follows(span: ReadableSpan) -> set[int]:
    return {link.context.span_id for link in span.links}


async def start_by_rest(engine: Engine) -> str:
    """Start a process that calls a service, as a client does who is part of a trace, and let the call be made."""
    guid = (await engine.as_system().definition("Undrawn")).guid
    async with serving(create_app(engine)) as url, httpx2.AsyncClient(base_url=url) as client:
        headers = HEADERS | {"RESTAuthorization": rest_authorization("anna")}
        answer = await client.post(f"/v1/wf/definitions/{guid}", json={"DataItems": []}, headers=headers)
    assert answer.status_code == 204, answer.text
    await engine.settled()
    return str(answer.headers["location"].rpartition("/")[2])


async def test_a_trace_goes_from_the_request_to_the_call(
    engine: Engine, faults: FaultServer, exporter: InMemorySpanExporter
):
    exporter.clear()

    process_id = await start_by_rest(engine)

    request = named(exporter, "POST /v1/wf/definitions/{id}")
    command, job = named(exporter, "command StartProcess"), named(exporter, "job call")
    call, told = named(exporter, "call Faulty"), named(exporter, "command JobEnded")
    first, second = (span for span in exporter.get_finished_spans() if span.name == "batch")
    assert request.kind is SpanKind.SERVER
    assert (f"{request.context.trace_id:032x}", f"{request.parent.span_id:016x}") == (TRACE, PARENT)
    assert command.parent.span_id == request.context.span_id
    assert spans_it_follows(first) == {command.context.span_id}
    assert spans_it_follows(job) == {command.context.span_id}
    assert call.parent.span_id == job.context.span_id
    assert spans_it_follows(told) == {command.context.span_id}
    assert spans_it_follows(second) == {told.context.span_id}
    assert {span.context.trace_id for span in exporter.get_finished_spans()} == {request.context.trace_id}
    assert request.attributes["http.response.status_code"] == 204
    assert call.attributes == {
        "placet.service": "Faults", "placet.connector": "Faulty", "http.response.status_code": 200
    }  # fmt: skip
    assert job.attributes["placet.process_id"] == command.attributes["placet.process_id"] == process_id


async def test_a_service_is_not_told_of_the_trace(engine: Engine, faults: FaultServer):
    await start_by_rest(engine)

    (asked,) = faults.requests
    assert "traceparent" not in asked.headers


@pytest.mark.parametrize("settings", [replace(OUTBOUND, trace_services="Ledger,faults")])
async def test_a_service_that_is_named_is_told(engine: Engine, faults: FaultServer, exporter: InMemorySpanExporter):
    await start_by_rest(engine)

    (asked,) = faults.requests
    call = named(exporter, "call Faulty").context
    assert asked.headers["traceparent"] == f"00-{TRACE}-{call.span_id:016x}-01"


async def test_a_batch_is_linked_to_all_its_commands(engine: Engine, exporter: InMemorySpanExporter):
    exporter.clear()
    system = engine.as_system()

    await asyncio.gather(*(system.start(LEAVE, initiator="anna", data={"days": 3}) for _ in range(5)))

    commands = {span.context.span_id for span in exporter.get_finished_spans() if span.name == "command StartProcess"}
    batches = [span for span in exporter.get_finished_spans() if span.name == "batch"]
    assert len(commands) == 5
    assert set().union(*map(spans_it_follows, batches)) == commands
    assert sum(span.attributes["placet.commands"] for span in batches) == 5


async def test_without_anybody_who_collects_traces_nothing_is_kept_of_one(
    database_url: str, clock: ManualClock, settings: Settings
):
    async with Engine(database_url, settings=settings, clock=clock, run_jobs=False) as engine:
        await engine.as_system().deploy(UNDRAWN)
        await engine.as_system().start("Undrawn", initiator=user_dn("anna"))

        kept = await engine.store.read(lambda tx: tx.exec_driver_sql("SELECT payload FROM job").scalars().all())

    assert len(kept) == 1
    assert "trace" not in str(kept)


# -- a collector -----------------------------------------------------------------------------------


class Collector(BaseHTTPRequestHandler):
    """Takes spans by OTLP over HTTP."""

    arrived: list[tuple[str, ExportTraceServiceRequest]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.arrived.append((self.path, ExportTraceServiceRequest.FromString(body)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[ThreadingHTTPServer]:
    """A server that collects traces; what has arrived is in `Collector.arrived`."""
    Collector.arrived = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def test_traces_arrive_at_a_collector(database_url: str, collector: ThreadingHTTPServer):
    endpoint = f"http://127.0.0.1:{collector.server_port}/"
    settings = Settings(database_url=database_url, otlp_endpoint=endpoint, engine_id="NODE", secret_key="k" * 32)

    async with serving(serve_app(settings), lifespan="on") as url, httpx2.AsyncClient(base_url=url) as client:
        await client.get("/healthz", headers=HEADERS)

    (path, *_), spans = zip(*Collector.arrived, strict=True)
    found = {
        span.name: span for each in spans for of in each.resource_spans for s in of.scope_spans for span in s.spans
    }
    about = {each.key: each.value.string_value for each in spans[0].resource_spans[0].resource.attributes}
    assert path == "/v1/traces"
    assert found["GET /healthz"].trace_id.hex() == TRACE
    assert (about["service.name"], about["service.instance.id"]) == ("placet", "NODE")


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(InvalidInput, match=r"pip install 'placet\[telemetry\]'"):
        serve_app(Settings(otlp_endpoint="http://127.0.0.1:4318"))
