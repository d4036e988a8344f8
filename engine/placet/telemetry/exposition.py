"""The figures of an engine in the formats that Prometheus reads, by its own client library."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as open_metrics
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from placet.telemetry.metrics import Gauge, Metrics
from placet.telemetry.tallies import Spread, Tally


class Figures(Collector):
    """What an engine has counted, and its gauges as they are now."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for counted in self._metrics.counted:
            yield _counter(counted) if isinstance(counted, Tally) else _histogram(counted)
        for gauge in self._metrics.gauges:
            yield _gauge(gauge)

    def describe(self) -> list[Metric]:
        return []  # a registry asks only so that no two collectors have a name in common


def registry_of(metrics: Metrics) -> CollectorRegistry:
    """A registry with the figures of one engine, and with those of the program that it runs in."""
    registry = CollectorRegistry()
    registry.register(Figures(metrics))
    ProcessCollector(registry=registry)
    return registry


def as_text(registry: CollectorRegistry) -> tuple[str, bytes]:
    """All figures in the text format of Prometheus, as a content type and a body."""
    return CONTENT_TYPE_PLAIN_0_0_4, generate_latest(registry)


def as_open_metrics(registry: CollectorRegistry) -> tuple[str, bytes]:
    """All figures in the text format of OpenMetrics, as a content type and a body."""
    body: bytes = open_metrics.generate_latest(registry)  # type: ignore[no-untyped-call]  # the library has no types there
    return open_metrics.CONTENT_TYPE_LATEST, body


def _counter(tally: Tally) -> Metric:
    family = CounterMetricFamily(tally.name, tally.about, labels=tally.labels)
    for labels, value in sorted(tally.values.items()):
        family.add_metric(labels, value)
    return family


def _histogram(spread: Spread) -> Metric:
    family = HistogramMetricFamily(spread.name, spread.about, labels=spread.labels)
    ends = [*map(floatToGoString, spread.bounds), "+Inf"]
    for labels, series in sorted(spread.series.items()):
        family.add_metric(labels, list(zip(ends, accumulate(series.counts), strict=True)), series.total)
    return family


def _gauge(gauge: Gauge) -> Metric:
    family = GaugeMetricFamily(gauge.name, gauge.about, labels=gauge.labels)
    for labels, value in sorted(gauge.read().items()):
        family.add_metric(labels, value)
    return family
