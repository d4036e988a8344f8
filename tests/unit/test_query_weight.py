"""A condition may ask about so many data items, because each of them becomes a long piece of SQL."""

from __future__ import annotations

import pytest

from placet.errors import InvalidFilter
from placet.query.fields import PROCESSES, WORK_ITEMS
from placet.query.parser import parse_condition
from placet.query.weight import MOST_DATA, check_weight


def weighed(text, resource=PROCESSES):
    node = parse_condition(text, resource)
    assert node is not None
    check_weight(node)


@pytest.mark.parametrize(
    "text",
    [
        " and ".join(f"Data.item{n} = {n}" for n in range(MOST_DATA)),
        "Data.a = Data.b or not Data.c > Data.d",
        f"Data.a in ({', '.join(map(str, range(900)))})",
        " or ".join(f"Initiator = p{n}" for n in range(190)),
    ],
)
def test_what_is_light_enough(text):
    weighed(text)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (" or ".join(f"Data.item{n} is not null" for n in range(MOST_DATA + 1)), 21),
        ("Data.a = Data.b and Data.c = Data.d and Data.e < Data.f", 30),
        (" and ".join(f"not Data.item{n} in (1, 2)" for n in range(30)), 30),
        ("Data.a in (Data.b, Data.c)", 21),
    ],
)
def test_what_is_too_heavy(text, times):
    with pytest.raises(InvalidFilter, match=f"data items {times} times.*at most {MOST_DATA}"):
        weighed(text)


def test_data_items_of_the_process_of_an_item_count_as_well():
    with pytest.raises(InvalidFilter):
        weighed(" and ".join(f"Process.Data.item{n} = 1" for n in range(30)), WORK_ITEMS)
