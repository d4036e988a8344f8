"""The reference of webhooks has every kind of event, and the bounds of the code."""

from __future__ import annotations

import re
from pathlib import Path

from placet.core.events import KINDS
from placet.jobs.webhooks import AT_ONCE, RETRY
from placet.store.deliveries import LEASE
from placet.webhooks.manage import MOST
from placet.webhooks.sender import SECONDS

PAGE = (Path(__file__).parents[2] / "docs/reference/webhooks.md").read_text("utf-8")


def test_the_kinds_of_events_are_those_of_the_code():
    rows = re.findall(r"^\| `(\w+)\.\*` \| (.+) \|$", PAGE, re.MULTILINE)

    assert [kind for _, kinds in rows for kind in re.findall(r"`([\w.]+)`", kinds)] == list(KINDS.values())
    assert all(kind.startswith(f"{group}.") for group, kinds in rows for kind in re.findall(r"`([\w.]+)`", kinds))


def test_the_bounds_are_those_of_the_code():
    told = dict(re.findall(r"^\| ([\w ]+) \| (.+) \|$", PAGE.partition("## Delivery")[2], re.MULTILINE))

    assert told["time to answer"].startswith(f"{SECONDS:.0f} s")
    assert told["tries"].startswith(f"{RETRY.attempts};")
    assert told["at once"].startswith(f"{AT_ONCE} events")
    assert told["webhooks"] == f"at most {MOST}"
    assert f"after {LEASE.total_seconds():.0f} s" in told["a node that dies"]
