import asyncio
import os
import sys
import threading

import pytest
from argon2 import PasswordHasher

from placet.directory import passwords
from placet.directory.passwords import decoy_hash, hash_password, is_password_hash, needs_rehash, verify_password
from placet.errors import InvalidInput


async def test_only_the_password_itself_fits_its_hash():
    stored = await hash_password("schöner Tag: 1=1")

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await verify_password(stored, "schöner Tag: 1=1")
    assert not await verify_password(stored, "schöner Tag: 1=2")


async def test_equal_passwords_have_different_hashes():
    assert await hash_password("demo") != await hash_password("demo")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "is empty; give one of 1 to 1,024 characters"),
        ("x" * 1025, "has 1,025 characters; give one of at most 1,024"),
        ("a\ud800b", "half of a surrogate pair"),
    ],
)
async def test_what_cannot_be_a_password_is_refused(password, reason):
    with pytest.raises(InvalidInput, match=reason):
        await hash_password(password)


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$m=1,t=1,p=1$AA", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_nothing_fits_what_is_no_hash(stored):
    assert not is_password_hash(stored)
    assert not await verify_password(stored, stored)


async def test_half_a_surrogate_pair_fits_no_hash():
    assert not await verify_password(await hash_password("demo"), "\udc80")


async def test_a_hash_of_other_costs_fits_and_asks_to_be_renewed():
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("demo")

    assert await verify_password(cheap, "demo")
    assert needs_rehash(cheap)
    assert not needs_rehash(await hash_password("demo"))


async def test_a_decoy_costs_what_a_real_hash_costs_and_nothing_fits_it():
    decoy, real = decoy_hash(), await hash_password("demo")

    assert not await verify_password(decoy, "demo")
    assert not needs_rehash(decoy)
    assert decoy.split("$")[:4] == real.split("$")[:4]
    assert len(decoy) == len(real)
    assert decoy != decoy_hash()


async def test_one_password_for_two_cores_is_computed_at_a_time_beside_the_loop(monkeypatch):
    entered, gate, running = threading.Semaphore(0), threading.Event(), []

    def verify(stored, text):
        running.append(text)
        entered.release()
        gate.wait(60)
        return True

    monkeypatch.setattr(passwords, "_verify", verify)
    answers = asyncio.gather(*(verify_password("", str(number)) for number in range(passwords.THREADS + 4)))

    try:
        assert all([await asyncio.to_thread(entered.acquire, timeout=5) for _ in range(passwords.THREADS)])
        assert running == [str(number) for number in range(passwords.THREADS)]
    finally:
        gate.set()
    assert await answers == [True] * (passwords.THREADS + 4)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (3, 1), (4, 2), (16, 8)])
def test_there_is_a_thread_for_every_two_cores(cores, threads):
    assert passwords.threads_for(cores) == threads


async def test_the_thread_steps_back_behind_the_loop():
    def niceness():
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    there = await asyncio.get_running_loop().run_in_executor(passwords._threads, niceness)

    assert there - niceness() == (10 if sys.platform == "linux" else 0)
