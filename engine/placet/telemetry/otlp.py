"""Spans on their way to a collector, by OTLP over HTTP; what that takes is the extra `placet[telemetry]`."""

from __future__ import annotations

from typing import Any

from placet.errors import InvalidInput
from placet.settings import Settings

_SECONDS = 3.0  # for one export, all of its tries together: a node that stops waits as long


def provider_of(settings: Settings) -> Any:
    """A provider whose spans go to the collector that the settings name; raises `InvalidInput` without the extra.

    Its `shutdown` sends what is left, and gives up after some seconds where nobody takes it.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise InvalidInput(
            "The setting otlp_endpoint asks for traces, and what sends them is not installed; "
            "pip install 'placet[telemetry]', or leave the setting out."
        ) from None
    about = {"service.name": "placet", "service.instance.id": settings.engine_id}
    provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
