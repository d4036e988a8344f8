"""A mapping in parts is a mapping, and its copies are apart from each other."""

from __future__ import annotations

import random

import pytest

from placet.core.parted import PartedMap


def a_map(entries):
    made = PartedMap()
    made.update(entries)
    return made


def test_it_is_a_mapping():
    numbers = a_map({"one": 1, "two": 2})

    assert numbers == {"one": 1, "two": 2}
    assert (numbers["one"], numbers.get("two"), numbers.get("three"), numbers.get("three", 3)) == (1, 2, None, 3)
    assert ("one" in numbers, "three" in numbers, len(numbers)) == (True, False, 2)
    assert sorted(numbers) == ["one", "two"]
    assert sorted(numbers.items()) == [("one", 1), ("two", 2)]
    assert sorted(numbers.values()) == [1, 2]
    with pytest.raises(KeyError):
        numbers["three"]
    with pytest.raises(KeyError):
        del numbers["three"]


def test_an_empty_one_stays_so_when_another_is_filled():
    empty = PartedMap()
    a_map({"one": 1})

    assert empty == {}


def test_copies_go_their_own_ways():
    dice = random.Random(7)
    maps, models = [PartedMap()], [{}]
    for step in range(5_000):
        at = dice.randrange(len(maps))
        key = f"key {dice.randrange(3_000)}"
        match dice.randrange(20):
            case 0 if len(maps) < 12:
                maps.append(maps[at].copy())
                models.append(models[at].copy())
            case number if number < 6:
                assert maps[at].pop(key, None) == models[at].pop(key, None)
            case _:
                maps[at][key] = models[at][key] = step

    assert maps == models
    assert len({len(each) for each in maps}) > 1
