"""Refusals on their way into the audit trail: few entries, and no write where one is refused."""

from __future__ import annotations

import pytest

from placet.directory import refused
from placet.directory.refused import Refused
from placet.errors import Unavailable
from placet.store import audit

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
async def noting(transactions, clock):
    refused = Refused(transactions, clock)
    yield refused
    await refused.close()


async def entries(transactions):
    found = await transactions.read(audit.page)
    return [(each.kind, each.actor, each.address, each.after["count"]) for each in reversed(found)]


async def test_the_first_is_written_at_once_and_what_follows_once_a_minute(noting, transactions, clock):
    noting.sign_in("anna", HERE)
    await noting.write()
    assert await entries(transactions) == [("sign_in.refused", "anna", HERE, 1)]
    for _ in range(59):
        clock.move(seconds=1)
        noting.sign_in("anna", HERE)
        await noting.write()
    assert len(await entries(transactions)) == 1
    clock.move(seconds=1)
    await noting.write()

    assert await entries(transactions) == [("sign_in.refused", "anna", HERE, 1), ("sign_in.refused", "anna", HERE, 59)]


async def test_a_name_that_cannot_be_stored_takes_no_other_entry_with_it(noting, transactions):
    noting.sign_in("an\0na", HERE)
    noting.sign_in("ben", HERE)
    await noting.write()

    assert {actor for _, actor, _, _ in await entries(transactions)} == {"an\N{REPLACEMENT CHARACTER}na", "ben"}


async def test_each_kind_person_and_address_is_counted_alone(noting, transactions):
    for who, address in (("anna", HERE), ("anna", THERE), ("ben", HERE)):
        noting.sign_in(who, address)
        noting.sign_in(who, address)
    noting.right("anna", HERE, "GET /v1/audit", "This takes PM_SETUP_ADVANCE.")
    noting.token(HERE, "The client credentials are invalid")
    noting.token(HERE, "Invalid refresh token", application="A" * 32)
    noting.token(HERE, "This access token is unknown.", target="GET /v1")
    await noting.write()

    assert sorted(await entries(transactions)) == [
        ("right.refused", "anna", HERE, 1),
        ("sign_in.refused", "anna", HERE, 2),
        ("sign_in.refused", "anna", THERE, 2),
        ("sign_in.refused", "ben", HERE, 2),
        ("token.refused", None, HERE, 1),
        ("token.refused", None, HERE, 2),
    ]


async def test_nothing_is_written_where_somebody_is_refused(noting, transactions, monkeypatch):
    writes, write = [], transactions.write

    def counted(function):
        writes.append(function)
        return write(function)

    monkeypatch.setattr(transactions, "write", counted)
    noting.sign_in("anna", HERE)

    assert writes == []  # whoever is refused waits for nothing
    await noting.close()
    assert len(writes) == 1


async def test_the_rest_is_written_when_the_engine_closes(noting, transactions):
    for _ in range(2):
        noting.sign_in("anna", HERE)
        await noting.write()
    await noting.close()

    assert [count for *_, count in await entries(transactions)] == [1, 1]
    noting.sign_in("anna", HERE)
    await noting.close()
    assert len(await entries(transactions)) == 2


async def test_what_somebody_makes_up_does_not_fill_the_memory(noting, transactions, monkeypatch):
    monkeypatch.setattr(refused, "_MOST", 3)
    for number in range(10):
        noting.sign_in(f"name {number}", HERE)
    await noting.write()

    assert (await entries(transactions))[3:] == [("sign_in.refused", None, "", 7)]


async def test_who_comes_back_after_a_quiet_minute_is_written_at_once(noting, transactions, clock):
    noting.sign_in("anna", HERE)
    await noting.write()
    clock.move(minutes=1)
    await noting.write()
    noting.sign_in("anna", HERE)
    await noting.write()

    assert [count for *_, count in await entries(transactions)] == [1, 1]


async def test_a_database_that_takes_no_writes_disturbs_nobody(clock):
    class Away:
        async def write(self, work):
            raise Unavailable("The database is away.")

    noting = Refused(Away(), clock)
    noting.sign_in("anna", HERE)

    await noting.write()
    await noting.close()
