"""Looking names up: one that hangs keeps nobody else waiting, and is looked up once however many ask."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from placet import lookups
from placet.lookups import Lookups


class Resolver:
    """In place of the system's: names that begin with `hang` are found once `release` is set, `none` never."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.release, self.threads = threading.Event(), list[threading.Thread]()
        self._asked = threading.Semaphore(0)

    def __call__(self, host: str, port: int, **more: Any) -> list[Any]:
        self.asked[host] += 1
        self.threads.append(threading.current_thread())
        self._asked.release()
        if host.startswith("hang"):
            self.release.wait()
        if host == "none":
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, more["type"], 6, "", ("192.0.2.7", port))]

    def wait_for(self, count: int) -> None:
        """Return once so many more lookups have begun."""
        for _ in range(count):
            assert self._asked.acquire(timeout=20)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    made = Resolver()
    monkeypatch.setattr(socket, "getaddrinfo", made)
    yield made
    made.release.set()
    for thread in made.threads:
        thread.join()


async def test_addresses_are_found_anew_each_time(resolver: Resolver):
    names = Lookups()

    assert [await names.addresses("example.org", 80) for _ in range(2)] == [["192.0.2.7"]] * 2
    assert resolver.asked == {"example.org": 2}


async def test_names_that_hang_keep_no_other_waiting(resolver: Resolver):
    """The threads of the loop itself are fewer than the hosts here, and serve files too."""
    names = Lookups()
    hanging = [asyncio.create_task(names.addresses(f"hang{number}", 80)) for number in range(40)]
    async with asyncio.timeout(20):
        assert await names.addresses("example.org", 80) == ["192.0.2.7"]
        assert await asyncio.to_thread(str, 7) == "7"

    resolver.release.set()
    assert await asyncio.gather(*hanging) == [["192.0.2.7"]] * 40


async def test_of_many_who_ask_for_one_name_one_looks_it_up(resolver: Resolver):
    names = Lookups()
    asking = [asyncio.create_task(names.addresses("hang", 80 + number)) for number in range(100)]
    await asyncio.to_thread(resolver.wait_for, 1)
    asking[0].cancel()  # who gives up leaves it to the others
    resolver.release.set()

    assert await asyncio.gather(*asking[1:]) == [["192.0.2.7"]] * 99
    assert asking[0].cancelled() or asking[0].cancelling()
    assert resolver.asked == {"hang": 1}


async def test_a_lookup_is_joined_after_everybody_gave_it_up(resolver: Resolver):
    names = Lookups()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await names.addresses("hang", 80)
    last = asyncio.create_task(names.addresses("hang", 80))
    await asyncio.to_thread(resolver.wait_for, 1)
    resolver.release.set()

    assert (await last, resolver.asked) == (["192.0.2.7"], {"hang": 1})


async def test_no_more_threads_than_a_few(resolver: Resolver, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lookups, "MOST", 2)
    names = Lookups()
    asking = [asyncio.create_task(names.addresses(f"hang{number}", 80)) for number in range(5)]
    await asyncio.to_thread(resolver.wait_for, 2)
    assert len(resolver.asked) == 2

    resolver.release.set()
    await asyncio.gather(*asking)
    assert len(resolver.asked) == 5


async def test_a_name_that_is_not_found_is_no_trouble_for_the_next_one(resolver: Resolver):
    names = Lookups()
    for _ in range(3):
        with pytest.raises(socket.gaierror, match="not known"):
            await names.addresses("none", 80)

    assert await names.addresses("example.org", 80) == ["192.0.2.7"]


def test_a_program_that_ends_does_not_wait_for_a_name(resolver: Resolver):
    async def give_up() -> None:
        asking = asyncio.create_task(Lookups().addresses("hang", 80))
        await asyncio.to_thread(resolver.wait_for, 1)
        asking.cancel()

    asyncio.run(give_up())

    (thread,) = resolver.threads
    assert thread.is_alive()
    assert thread.daemon
    resolver.release.set()  # and whom it wanted to tell is gone
    thread.join()
