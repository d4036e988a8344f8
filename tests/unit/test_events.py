"""What happens, in words, and who did it."""

import pytest

from placet.core.events import KINDS, in_words
from tests.builders import BOB, a_mapping, an_approval, started


@pytest.mark.parametrize(
    ("kind", "addressee", "words"),
    [
        ("process.started", None, "process started"),
        ("process.failed", None, "process failed"),
        ("process.status_set", None, "final status set"),
        ("process.commented", None, "comment added"),
        ("work_item.assigned", "Ben Adler", "assigned to Ben Adler"),
        ("work_item.reminded", "Ben Adler", "reminder sent to Ben Adler"),
        ("work_item.escalated", "Clara Berg", "escalated to Clara Berg"),
        ("work_item.timed_out", None, "timed out"),
        ("work_item.resubmitted", None, "submitted again"),
        ("activity.left", None, "stopped waiting"),
    ],
)
def test_what_a_kind_says_to_people(kind, addressee, words):
    assert in_words(kind, addressee) == words


def test_every_kind_has_words():
    for kind in KINDS.values():
        assert "_" not in in_words(kind)
        assert "." not in in_words(kind)


def test_nobody_is_named_for_what_a_fault_did():
    story = started(ask=an_approval(paths={"approved": "count"}), count=a_mapping(sum="data.missing + 1"))

    story.act(1, "approve", BOB)

    told = {event.kind: event.actor for event in story.events}
    assert (told["work_item.approved"], told["process.failed"]) == (BOB, None)
