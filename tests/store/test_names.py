"""Interned names: one number for all spellings, and none that a rollback took back."""

import asyncio

import pytest

from placet.store.database import opened
from placet.store.names import NameCache, Names
from tests.builders import ANNA, BOB, CARL, DORA


class RolledBackError(Exception):
    pass


async def intern(transactions, cache, *dns, keep=True):
    """The numbers of names after a transaction that is kept, or not."""

    def work(tx):
        names = Names(cache)
        names.intern(tx, dns)
        numbers = [names.optional_number(dn) for dn in dns]
        if not keep:
            raise RolledBackError(numbers)
        return names, numbers

    names, numbers = await transactions.write(work)
    names.committed()
    return numbers


async def spelled(transactions, *numbers):
    def work(tx):
        names = Names(NameCache())
        names.fetch(tx, numbers)
        return [names.optional_dn(number) for number in numbers]

    return await transactions.read(work)


async def test_a_name_has_one_number_and_its_first_spelling(transactions):
    cache = NameCache()
    one, same, none, other = await intern(transactions, cache, ANNA, "CN=Anna , OU=users,o=placet", None, BOB)

    assert one == same != other
    assert none is None
    assert await intern(transactions, cache, ANNA.upper(), BOB) == [one, other]
    assert await intern(transactions, NameCache(), ANNA.upper(), BOB) == [one, other]
    assert (await spelled(transactions, one))[0] in (ANNA, "CN=Anna , OU=users,o=placet")
    assert await spelled(transactions, other, None) == [BOB, None]


async def test_a_rolled_back_name_is_forgotten(transactions):
    cache = NameCache()
    await intern(transactions, cache, ANNA)

    with pytest.raises(RolledBackError):
        await intern(transactions, cache, BOB, keep=False)
    (carl,) = await intern(transactions, cache, CARL)
    (bob,) = await intern(transactions, cache, BOB)

    assert await spelled(transactions, carl, bob) == [CARL, BOB]
    assert (cache.dns[carl], cache.dns[bob]) == (CARL, BOB)


async def test_what_one_transaction_added_is_not_shared_before_it_has_committed(transactions):
    cache = NameCache()

    def work(tx):
        names = Names(cache)
        names.intern(tx, [ANNA])
        return names, Names(cache).known_number(ANNA)

    names, seen_by_others = await transactions.write(work)

    assert seen_by_others is None
    names.committed()
    assert Names(cache).known_number(ANNA) is not None


async def test_names_beyond_ascii_fold_the_same_way_in_both_databases(transactions):
    upper, lower = "cn=STRASSE Ä,o=x", "CN=straße ä, o=X"

    one, same = await intern(transactions, NameCache(), upper, lower)

    assert one == same


async def test_a_full_memory_starts_over(transactions, monkeypatch):
    monkeypatch.setattr("placet.store.names._MOST_IN_MEMORY", 2)
    cache = NameCache()
    numbers = [(await intern(transactions, cache, dn))[0] for dn in (ANNA, BOB, CARL, DORA)]

    assert len(cache.dns) <= 3
    assert [(await intern(transactions, cache, dn))[0] for dn in (ANNA, BOB, CARL, DORA)] == numbers
    assert await spelled(transactions, *numbers) == [ANNA, BOB, CARL, DORA]


async def test_two_programs_intern_the_same_names_at_once(database_url):
    people = [f"cn=p{n},o=x" for n in range(40)]

    async def one(dns):
        async with opened(database_url) as database:
            connection = await database.connect_writer()
            try:
                await connection.begin()

                def work(tx):
                    names = Names(NameCache())
                    names.intern(tx, dns)
                    return [names.number(dn) for dn in people]

                numbers = await connection.run(work)
                await connection.commit()
                return numbers
            finally:
                await connection.close()

    first, second = await asyncio.gather(one(people), one(people[::-1]))

    assert first == second
    assert len(set(first)) == 40
