"""Names in a query: whom they mean is looked up when it is asked, and a wrong one is shown where it stands."""

from __future__ import annotations

import pytest

from placet.errors import InvalidFilter
from tests.builders import ADMIN, ANNA
from tests.store.harness import an_engine


@pytest.fixture
async def engine(database_url, clock):
    async with an_engine(database_url, clock) as engine:
        yield engine


@pytest.mark.parametrize(
    ("text", "position", "corrected"),
    [
        ("ProcessStatus = Running and Initiator = anan limit 5", 40,
         "ProcessStatus = Running and Initiator = anna limit 5"),
        ("WorkItems(Addressee in (bob, 'crl'))", 29, "WorkItems(Addressee in (bob, 'carl'))"),
        ("Initiator = nobody-at-all", 12, None),
        ("Definition = Asc", 13, "Definition = Ask"),
        ("CreationTime > -9999y", 15, None),
    ],
)  # fmt: skip
async def test_a_name_that_nobody_has_is_shown_in_its_place(engine, text, position, corrected):
    with pytest.raises(InvalidFilter) as refusal:
        await engine.query(text, actor=ADMIN)

    assert (refusal.value.text, refusal.value.position) == (text, position)
    assert refusal.value.corrected == corrected


@pytest.mark.parametrize(
    ("actor", "text", "suggestion"),
    [
        (ADMIN, "Initiator = crl", "carl"),
        (ANNA, "Initiator = crl", None),
        (ANNA, "WorkItems(Addressee in (bob, 'crl'))", None),
        (ANNA, "Initiator = anan", "anna"),
        (ANNA, "Definition = Asc", "Ask"),
    ],
)
async def test_what_may_have_been_meant_tells_nobody_of_people_whom_he_may_not_list(engine, actor, text, suggestion):
    with pytest.raises(InvalidFilter) as refusal:
        await engine.query(text, actor=actor)

    assert refusal.value.suggestion == suggestion
    assert ("Did you mean" in str(refusal.value)) is (suggestion is not None)


async def test_names_stand_for_people_and_definitions(engine):
    started = await engine.start("Ask", actor=ANNA, recipient="bob")

    for text in ("Initiator = anna", "Recipient = Bob and Definition = ask", "WorkItems.Addressee in (carl, bob)"):
        table = await engine.query(f"{text} fields ProcessId", actor=ANNA)
        assert table.rows == [(started.process.id,)], text


@pytest.mark.parametrize(
    "text", ["Status = active", "Status in (Active)", "Role = processmaker_admin", "Role startswith 'processMaker_a'"]
)
async def test_codes_of_users_are_compared_without_case(engine, text):
    found = await engine.query(f"{text} fields UserName", "users", actor=ADMIN)

    assert ("admin",) in found.rows
