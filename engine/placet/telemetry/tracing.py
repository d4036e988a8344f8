"""The spans of one engine: of commands, batches, jobs and calls; none, and no cost, where nobody collects them.

A span tells what was done and how it went, never what was said: a message of an error may hold data of a process.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from placet.commands import Command

Attributes: TypeAlias = Mapping[str, str | int]

_PROPAGATOR = TraceContextTextMapPropagator()
_NO_SPAN = nullcontext(INVALID_SPAN)
_LONGEST_HEADER = 512  # characters that the propagator reads; of more it would warn, and anybody may send them


class Tracing:
    """Makes spans by a provider: the one that is given, or the one that the program has set by the time of `begin`.

    `services` are the names of those that are told of them, parted by commas.
    """

    def __init__(self, provider: trace.TracerProvider | None = None, services: str = "") -> None:
        self._provider = provider
        self._told = frozenset(name.strip().casefold() for name in services.split(",") if name.strip())
        self.tracer: trace.Tracer | None = None  # None where nobody collects spans

    def reaches(self, service: str) -> bool:
        """Whether a service is told which trace a call is part of; those that are named, `*` is all."""
        return bool(self._told) and ("*" in self._told or service.casefold() in self._told)

    def begin(self) -> None:
        """Find out whether anybody collects spans."""
        provider = self._provider or trace.get_tracer_provider()
        if not isinstance(provider, (trace.ProxyTracerProvider, trace.NoOpTracerProvider)):
            self.tracer = provider.get_tracer("placet")

    def span(
        self, name: str, kind: SpanKind = SpanKind.INTERNAL, *, made_by: str | None = None, about: Attributes
    ) -> AbstractContextManager[Span]:
        """A span for the length of a block; `made_by` is the trace of what asked for it before."""
        return _NO_SPAN if self.tracer is None else _during(_begun(self.tracer, name, kind, made_by, about))

    def command(self, command: Command, queue: Callable[[Any], Future[Any]]) -> Future[Any]:
        """Queue a command that knows its own trace; its span ends with its answer."""
        assert self.tracer is not None
        name = type(command).__name__
        about: Attributes = {"placet.command": name, "placet.process_id": command.process_id}
        span = _begun(self.tracer, f"command {name}", SpanKind.INTERNAL, command.trace, about)
        try:
            answer = queue(replace(command, trace=trace_of(span)))
        except Exception as failure:
            end(span, failure)
            raise
        answer.add_done_callback(partial(_answered, span))
        return answer

    def batch(self, commands: Sequence[Command]) -> Span:
        """The span of a transaction, linked to its commands; it belongs to the trace of the first of them."""
        if self.tracer is None:
            return INVALID_SPAN
        links = [Link(context) for command in commands if (context := context_of(command.trace)) is not None]
        if not links:
            return INVALID_SPAN
        about = {"placet.commands": len(commands)}
        return self.tracer.start_span("batch", _below(links[0].context), links=links, attributes=about)

    def of_request(self, method: str, traceparent: str, tracestate: str) -> Span:
        """The span of a request, below the one of who sends it, by his headers; `""` where there is none."""
        assert self.tracer is not None
        headers = {"traceparent": traceparent, "tracestate": tracestate}
        carrier = {name: value for name, value in headers.items() if 0 < len(value) <= _LONGEST_HEADER}
        context = _PROPAGATOR.extract(carrier) if traceparent else None
        return self.tracer.start_span(method, context, SpanKind.SERVER, {"http.request.method": method})


def during(span: Span) -> AbstractContextManager[Span]:
    """Have what is done in a block belong to a span, which goes on behind it."""
    return trace.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False)


def end(span: Span, failure: BaseException | None = None) -> None:
    """End a span, with the kind of what went wrong."""
    if failure is not None:
        fail(span, type(failure).__name__)
    span.end()


def fail(span: Span, kind: str) -> None:
    """Have a span tell that what it stands for went wrong."""
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def trace_of(span: Span) -> str | None:
    """What another span needs to know to be linked to this one, as a W3C traceparent; None where nobody keeps it."""
    if not span.is_recording():
        return None
    headers: dict[str, str] = {}
    _PROPAGATOR.inject(headers, trace.set_span_in_context(span))
    return headers.get("traceparent")


def current_trace() -> str | None:
    """As `trace_of`, of the span that this is done in."""
    return trace_of(trace.get_current_span())


def context_of(kept: str | None) -> SpanContext | None:
    """The span that a traceparent stands for."""
    if kept is None:
        return None
    context = trace.get_current_span(_PROPAGATOR.extract({"traceparent": kept})).get_span_context()
    return context if context.is_valid else None


def _begun(tracer: trace.Tracer, name: str, kind: SpanKind, made_by: str | None, about: Attributes) -> Span:
    """A span below the current one, or else below and in any case linked to the one that asked for it."""
    maker = context_of(made_by)
    if maker is None:
        return tracer.start_span(name, None, kind, dict(about))
    is_within = trace.get_current_span().get_span_context().is_valid
    return tracer.start_span(name, None if is_within else _below(maker), kind, dict(about), [Link(maker)])


def _below(context: SpanContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(context))


@contextmanager
def _during(span: Span) -> Iterator[Span]:
    try:
        with during(span):
            yield span
    except BaseException as failure:
        end(span, failure)
        raise
    span.end()


def _answered(span: Span, answer: Future[Any]) -> None:
    end(span, None if answer.cancelled() else answer.exception())
