"""The reference page of the metrics has every figure that is exposed, and the how-to page names no other."""

from __future__ import annotations

import re
from pathlib import Path

from placet import Engine
from placet.telemetry.exposition import registry_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference/metrics.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to/observe.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (counter|gauge|histogram) \| ?([^|]*) \| .+ \|$", re.MULTILINE)
SUFFIXES = re.compile(r"_(bucket|sum|count)$")


def test_the_page_has_every_figure_with_its_type_and_labels():
    metrics = Engine("sqlite:///none.db").telemetry.metrics
    figures = {each.name: each.labels for each in [*metrics.counted, *metrics.gauges]}
    rows = {name: tuple(re.findall(r"`(\w+)`", labels)) for name, _, labels in ROW.findall(PAGE)}

    assert {name: labels for name, labels in rows.items() if name.startswith("placet_")} == figures


def test_the_page_has_every_figure_that_is_exposed():
    families = registry_of(Engine("sqlite:///none.db").telemetry.metrics).collect()
    exposed = {each.name + ("_total" if each.type == "counter" else ""): each.type for each in families}

    assert exposed == {name: kind for name, kind, _ in ROW.findall(PAGE)}


def test_names_are_as_prometheus_wants_them():
    for name, kind, _ in ROW.findall(PAGE):
        assert name.endswith("_total") == (kind == "counter")


def test_the_how_to_names_no_figure_that_there_is_not():
    known = {name for name, _, _ in ROW.findall(PAGE)}
    named = {SUFFIXES.sub("", name) for name in re.findall(r"\b(?:placet|process)_[a-z]+_[a-z_]+", HOW_TO)}

    assert len(named) > 8
    assert named <= known
