"""What an engine tells of itself: figures for Prometheus, and spans for whoever collects traces."""

from __future__ import annotations

from dataclasses import dataclass, field

from placet.telemetry.metrics import Metrics
from placet.telemetry.tracing import Tracing


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Handed to everything of one engine that does something worth telling."""

    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=Tracing)
