"""Failed sign-ins, counted so that nobody can try password after password.

They are counted twice: for each person and address, where few are allowed, so that whoever guesses shuts out himself
and not the person; and for each person from wherever they come, where it takes many more.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from placet.clock import Clock
from placet.errors import TooManyAttempts


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within so long are allowed; `whence` completes the sentence that says that there were more."""

    most: int
    within: timedelta
    whence: str


FROM_ONE_ADDRESS = Limit(10, timedelta(minutes=5), "from this address failed within 5 minutes")
FROM_ANYWHERE = Limit(100, timedelta(hours=1), "failed within an hour")
_REMEMBERED = 10_000  # keys of each limit; the one that failed longest ago is forgotten first
_SUBNET = 64  # bits of an IPv6 address: whoever has one has all that begin with the same


class FailedSignIns:
    """The latest failures for each person, whether there is such a person or not."""

    def __init__(self, clock: Clock) -> None:
        self._near, self._anywhere = _Failures(clock, FROM_ONE_ADDRESS), _Failures(clock, FROM_ANYWHERE)

    def begin(self, who: str, address: str) -> None:
        """Count an attempt as failed until `succeed` takes it back; raises `TooManyAttempts` where it is one too many.

        Counted before its outcome is known, so that of many attempts at once no more are made than are allowed.
        """
        origin = who, _origin(address)
        self._near.check(origin)
        self._anywhere.check(who)
        self._near.add(origin)
        self._anywhere.add(who)

    def succeed(self, who: str, address: str) -> None:
        """Forget what failed at this address before the right password came; elsewhere guesses still count."""
        self._near.forget((who, _origin(address)))
        self._anywhere.take_back(who)


class _Failures:
    """The times of the latest failures under each key, as many as the limit needs."""

    def __init__(self, clock: Clock, limit: Limit) -> None:
        self._clock, self._limit = clock, limit
        self._times: OrderedDict[Hashable, deque[datetime]] = OrderedDict()

    def check(self, key: Hashable) -> None:
        """Raise `TooManyAttempts` where there were as many as are allowed."""
        limit, times = self._limit, self._times.get(key)
        if times is None or len(times) < limit.most:
            return
        wait = times[0] + limit.within - self._clock.now()
        if wait > timedelta():
            seconds = math.ceil(wait.total_seconds())
            text = f"{limit.most} sign-ins with this name {limit.whence}; try again in {seconds} seconds."
            raise TooManyAttempts(text, seconds)

    def add(self, key: Hashable) -> None:
        self._times.setdefault(key, deque(maxlen=self._limit.most)).append(self._clock.now())
        self._times.move_to_end(key)
        if len(self._times) > _REMEMBERED:
            self._times.popitem(last=False)

    def take_back(self, key: Hashable) -> None:
        """Take back the latest failure under a key."""
        times = self._times.get(key)
        if times:
            times.pop()

    def forget(self, key: Hashable) -> None:
        self._times.pop(key, None)


def _origin(address: str) -> str:
    """What is counted as one address."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a name, or nothing where the server does not know
        return address[:64]
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or ip_network((int(parsed), _SUBNET), strict=False))
