"""Ids of processes and work items."""

import uuid
from datetime import timedelta

from placet.core.ids import IdMaker, is_id, new_command_id
from placet.core.records import split_work_item_id, work_item_id
from tests.builders import NINE


def test_an_id_has_the_layout_of_a_uuid_7_that_ends_in_zeros():
    made = IdMaker().make(NINE)

    assert is_id(made)
    assert made.endswith("0000")
    assert uuid.UUID(made).version == 7
    assert uuid.UUID(made).variant == uuid.RFC_4122
    assert int(made[:12], 16) == NINE.timestamp() * 1000


def test_ids_go_up_more_often_than_the_clock():
    ids = IdMaker()
    made = [ids.make(NINE) for _ in range(10_000)]

    assert made == sorted(set(made))


def test_ids_go_up_when_the_clock_steps_back():
    ids = IdMaker()
    made = [ids.make(NINE - timedelta(milliseconds=n * n)) for n in range(100)]
    made += [ids.make(NINE + timedelta(milliseconds=1)) for _ in range(3)]

    assert made == sorted(set(made))


def test_a_work_item_is_known_with_its_process():
    process_id = IdMaker().make(NINE)

    for number in (1, 255, 0xFFFF):
        assert split_work_item_id(work_item_id(process_id, number)) == (process_id, number)
    assert work_item_id(process_id, 26).endswith("001a")


def test_what_is_an_id():
    assert is_id(new_command_id())
    for text in ("", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 31 + "\n", "0" * 32 + "\n"):
        assert not is_id(text), text
