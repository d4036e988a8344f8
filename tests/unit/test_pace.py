"""How calls give way to what people wait for."""

from __future__ import annotations

from placet.jobs.pace import Pace, until_told


def test_calls_give_way_while_others_have_most_done():
    pace = Pace()

    assert not pace.gives_way(1.0, done=40, own=30)
    assert pace.gives_way(1.25, done=80, own=40)
    assert not pace.gives_way(1.5, done=90, own=50)
    assert not pace.gives_way(1.75, done=90, own=50)


def test_what_was_seen_holds_for_a_moment():
    pace = Pace()

    assert pace.gives_way(1.0, done=10, own=0)
    assert pace.gives_way(1.19, done=100, own=90)
    assert not pace.gives_way(1.25, done=100, own=90)


def test_outcomes_of_one_moment_are_told_at_one_time():
    told = {round(now + until_told(now), 6) for now in (7.001, 7.02, 7.199)}

    assert told == {7.2}
