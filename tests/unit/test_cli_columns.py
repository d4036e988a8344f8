"""How wide the columns of a table are: which are left out where a terminal is narrow, and which are cut short."""

from __future__ import annotations

import pytest

from placet_api.cli.columns import GAP, Column, fit

ID, WORDS, NAME, DAY = Column("ID"), Column("Words", least=10), Column("Name", least=5, rank=1), Column("Day", rank=2)
COLUMNS = [ID, WORDS, NAME, DAY]
NATURAL = [32, 20, 12, 6]


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (200, {0: 32, 1: 20, 2: 12, 3: 6}),
        (76, {0: 32, 1: 20, 2: 12, 3: 6}),
        (75, {0: 32, 1: 20, 2: 12}),  # room for one character less: what is rank 2 goes
        (68, {0: 32, 1: 20, 2: 12}),
        (67, {0: 32, 1: 20, 2: 11}),  # the last one is cut first
        (61, {0: 32, 1: 20, 2: 5}),
        (60, {0: 32, 1: 19, 2: 5}),
        (51, {0: 32, 1: 10, 2: 5}),
        (50, {0: 32, 1: 16}),  # cutting is not enough: what is rank 1 goes, and the rest gets its room
        (44, {0: 32, 1: 10}),
        (20, {0: 32, 1: 10}),  # an id is never cut: the terminal has to break the line
    ],
)
def test_columns_are_left_out_or_cut_short_until_they_fit(room: int, widths: dict[int, int]):
    assert fit(COLUMNS, NATURAL, room) == widths


@pytest.mark.parametrize("room", range(44, 80))
def test_what_is_kept_fits(room: int):
    widths = fit(COLUMNS, NATURAL, room)

    assert sum(widths.values()) + GAP * (len(widths) - 1) <= room


def test_a_short_column_is_not_made_longer():
    assert fit([Column("Words", least=10), ID], [3, 32], 40) == {0: 3, 1: 32}
