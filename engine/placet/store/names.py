"""Interned names: a DN is written once, rows hold its number, and both directions are kept in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from placet.core.names import fold_dn
from placet.store.database import insert_into
from placet.store.tables import name

_MOST_IN_MEMORY = 200_000


class NameCache:
    """Names known to be committed; shared by all readers and writers of one database."""

    def __init__(self) -> None:
        self.dns: dict[int, str] = {}
        self.numbers: dict[str, int] = {}
        self.unheard: set[str] = set()  # which had no number when they were looked for

    def keep(self, rows: Iterable[tuple[int, str, str]]) -> None:
        if len(self.dns) > _MOST_IN_MEMORY:
            self.dns, self.numbers = {}, {}
        if len(self.unheard) > _MOST_IN_MEMORY:
            self.unheard = set()
        for number, folded, dn in rows:
            self.dns[number] = dn
            self.numbers[folded] = number


class Names:
    """Names as one transaction sees them; what it added is shared only once it has committed."""

    def __init__(self, cache: NameCache) -> None:
        self._cache = cache
        self._known_dns, self._known_numbers = cache.dns, cache.numbers  # as they were, should they be dropped
        self._dns: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._fresh: list[tuple[int, str, str]] = []

    def committed(self) -> None:
        self._cache.keep(self._fresh)

    def dn(self, number: int) -> str:
        """The DN of a number that has been fetched."""
        known = self._known_dns.get(number)
        return self._dns[number] if known is None else known

    def optional_dn(self, number: int | None) -> str | None:
        return None if number is None else self.dn(number)

    def number(self, dn: str) -> int:
        """The number of a DN that has been fetched or interned."""
        folded = fold_dn(dn)
        known = self._known_numbers.get(folded)
        return self._numbers[folded] if known is None else known

    def optional_number(self, dn: str | None) -> int | None:
        return None if dn is None else self.number(dn)

    def fetch(self, tx: Connection, numbers: Iterable[int | None]) -> None:
        """Have the DNs of these numbers at hand."""
        missing = set(numbers).difference(self._known_dns, self._dns, (None,))
        if missing:
            self._keep(tx.execute(select(name.c.id, name.c.folded, name.c.dn).where(name.c.id.in_(missing))).all())

    def find(self, tx: Connection, dns: Iterable[str]) -> None:
        """Have the numbers of those DNs at hand that have one."""
        missing = {fold_dn(dn) for dn in dns} - self._known_numbers.keys() - self._numbers.keys()
        if missing:
            self._keep(tx.execute(select(name.c.id, name.c.folded, name.c.dn).where(name.c.folded.in_(missing))).all())

    def look_for(self, tx: Connection, folded: Iterable[str]) -> list[int | None]:
        """The numbers of names, None where there is or recently was none; each is looked for once."""
        wanted = list(folded)
        missing = [each for each in wanted if each not in self._known_numbers and each not in self._cache.unheard]
        if missing:
            self.find(tx, missing)
            self._cache.unheard |= set(missing) - self._numbers.keys()
            self.committed()
        return list(map(self._cache.numbers.get, wanted))

    def known_number(self, dn: str) -> int | None:
        """The number of a DN after `find`, None where it has none."""
        folded = fold_dn(dn)
        return self._known_numbers.get(folded, self._numbers.get(folded))

    def intern(self, tx: Connection, dns: Iterable[str | None]) -> None:
        """Have a number for each of these DNs, a new one where there is none yet."""
        wanted = {dn for dn in dns if dn is not None and self.known_number(dn) is None}
        if not wanted:
            return
        self.find(tx, wanted)
        new = {fold_dn(dn): dn for dn in sorted(wanted) if self.known_number(dn) is None}
        if new:
            rows = [{"folded": folded, "dn": new[folded]} for folded in sorted(new)]
            tx.execute(insert_into(tx, name).on_conflict_do_nothing(), rows)
            self.find(tx, wanted)

    def _keep(self, rows: Iterable[Any]) -> None:
        for number, folded, dn in rows:
            self._dns[number] = dn
            self._numbers[folded] = number
            self._fresh.append((number, folded, dn))
