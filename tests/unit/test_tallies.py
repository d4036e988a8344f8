"""What is counted, and how it is written down for Prometheus."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from placet.telemetry.exposition import as_open_metrics, as_text, registry_of
from placet.telemetry.metrics import Metrics
from placet.telemetry.tallies import MOST_SERIES, OTHER, Spread, Tally


def samples(metrics):
    """The samples of the engine's own figures, by name and labels."""
    _, text = as_text(registry_of(metrics))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name.startswith("placet_")
    }


def test_a_value_falls_into_the_bucket_that_ends_at_it_or_above():
    spread = Spread("x_seconds", "X.", (0.1, 0.5))

    for value in (0.05, 0.1, 0.3, 2.0):
        spread.add(value)

    assert spread.series[()].counts == [2, 1, 1]
    assert spread.series[()].total == pytest.approx(2.45)


def test_what_has_more_labels_than_are_kept_is_counted_as_other():
    tally, spread = Tally("x_total", "X.", "a", "b"), Spread("x_seconds", "X.", (1.0,), "a")

    for number in range(MOST_SERIES + 5):
        tally.add((str(number), "b"))
        spread.add(0.5, (str(number),))
    tally.add(("0", "b"))

    assert len(tally.values) == len(spread.series) == MOST_SERIES + 1
    assert tally.values[OTHER, OTHER] == 5
    assert tally.values["0", "b"] == 2
    assert spread.series[OTHER,].counts == [5, 0]


def test_a_histogram_is_written_with_buckets_that_add_up():
    metrics = Metrics()
    for seconds in (0.0004, 0.002, 9.0):
        metrics.decided("StartProcess", "done", seconds)

    found = samples(metrics)

    assert found["placet_decisions_total", (("command", "StartProcess"), ("outcome", "done"))] == 3
    assert found["placet_command_seconds_bucket", (("le", "0.001"),)] == 1
    assert found["placet_command_seconds_bucket", (("le", "0.0025"),)] == 2
    assert found["placet_command_seconds_bucket", (("le", "+Inf"),)] == 3
    assert found["placet_command_seconds_count", ()] == 3
    assert found["placet_command_seconds_sum", ()] == pytest.approx(9.0024)


def test_labels_may_be_any_text():
    metrics = Metrics()
    metrics.starts.add(('a "quoted"\nname \\ ü',))

    assert samples(metrics)["placet_starts_total", (("definition", 'a "quoted"\nname \\ ü'),)] == 1


def test_two_engines_count_for_themselves():
    first, second = Metrics(), Metrics()

    first.starts.add(("Ask",))

    assert ("placet_starts_total", (("definition", "Ask"),)) in samples(first)
    assert ("placet_starts_total", (("definition", "Ask"),)) not in samples(second)


def test_open_metrics_ends_as_it_has_to():
    kind, body = as_open_metrics(registry_of(Metrics()))

    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert body.endswith(b"# EOF\n")
