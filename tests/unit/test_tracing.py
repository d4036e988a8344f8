"""Traces as they are kept with what is done later, and what is made of what others send."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import INVALID_SPAN, NoOpTracerProvider

from placet.commands import PauseProcess
from placet.telemetry.tracing import Tracing, context_of, trace_of

PROCESS = "0" * 28 + "0000"
GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter):
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider)
    tracing.begin()
    return tracing


@pytest.mark.parametrize("provider", [None, NoOpTracerProvider()])
def test_without_anybody_who_collects_them_there_are_no_spans(provider):
    tracing = Tracing(provider)
    tracing.begin()

    with tracing.span("job call", made_by=GIVEN, about={}) as span:
        assert span is INVALID_SPAN
    assert tracing.tracer is None
    assert tracing.batch([PauseProcess(process_id=PROCESS, trace=GIVEN)]) is INVALID_SPAN


def test_a_trace_that_was_kept_is_found_again(tracing):
    with tracing.span("job call", about={}) as span:
        kept = trace_of(span)

    assert context_of(kept).span_id == span.get_span_context().span_id
    assert context_of(kept).trace_id == span.get_span_context().trace_id


def test_of_what_is_not_sampled_nothing_is_kept():
    tracing = Tracing(TracerProvider(ALWAYS_OFF, shutdown_on_exit=False))
    tracing.begin()

    with tracing.span("job call", about={}) as span:
        assert trace_of(span) is None
    assert tracing.batch([PauseProcess(process_id=PROCESS)]) is INVALID_SPAN


@pytest.mark.parametrize(
    "given", ["", "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01", "x" * 5000, "ff" + GIVEN[2:]]
)
def test_what_is_no_trace_begins_a_new_one(tracing, given):
    span = tracing.of_request("GET", given, "")

    assert span.parent is None


@pytest.mark.parametrize("state", ["", "vendor=value", "x" * 5000])
def test_a_trace_that_a_client_sends_goes_on(tracing, state, caplog):
    span = tracing.of_request("GET", GIVEN, state)

    assert f"{span.parent.trace_id:032x}-{span.parent.span_id:016x}" == GIVEN[3:-3]
    assert caplog.records == []


def test_a_span_tells_the_kind_of_a_failure_and_not_its_words(tracing, exporter):
    with pytest.raises(ValueError, match="salary"), tracing.span("job call", about={}):
        raise ValueError("salary is 4711")

    (span,) = exporter.get_finished_spans()
    assert span.attributes["error.type"] == "ValueError"
    assert not span.status.is_ok
    assert "4711" not in span.to_json()


@pytest.mark.parametrize(
    ("services", "reached"), [("", []), ("Weather, ledger", ["weather", "Ledger"]), ("*", ["weather", "Ledger", "ERP"])]
)
def test_a_trace_reaches_the_services_that_are_named(services, reached):
    tracing = Tracing(services=services)

    assert [name for name in ("weather", "Ledger", "ERP") if tracing.reaches(name)] == reached
