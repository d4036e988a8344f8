"""The counters that tell a node of what others have changed."""

from placet.store.counters import WATCHED
from placet.store.definitions import COUNTER as DEFINITIONS
from placet.store.directory import COUNTER as DIRECTORY
from placet.store.webhooks import COUNTER as WEBHOOKS


def test_the_watched_counters_are_those_of_what_a_batch_needs():
    assert set(WATCHED) == {DEFINITIONS, DIRECTORY, WEBHOOKS}
