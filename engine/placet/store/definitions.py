"""Definitions as rows: every version is kept as the text it was given, and never changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from placet.core.definition import Definition
from placet.core.names import dn_guid, fold_dn
from placet.errors import Conflict, NotFound, Unavailable
from placet.loader import parse_definition
from placet.store import counters
from placet.store.tables import definition

COUNTER = "definitions"


@dataclass(frozen=True, slots=True)
class Version:
    """One stored version, without its text."""

    row: int
    guid: str
    version: int
    dn: str
    retired: bool


class Catalog:
    """All versions of all definitions as of one moment; texts are parsed when first asked for and then kept."""

    def __init__(self, versions: Sequence[Version], number: int, parsed: dict[int, Definition]) -> None:
        self.number = number
        self._parsed = parsed
        self._rows = {version.row: version for version in versions}
        self._latest: dict[str, Version] = {}
        for version in versions:  # in order of version
            self._latest[version.guid] = version
        self.listings: dict[Any, Any] = {}  # statements that name rows of this catalog, kept by `search`
        self.guids = {fold_dn(version.dn): version.guid for version in versions}
        self.indexed: frozenset[str] | None = None  # data items that `data_value` has all values of, once looked for

    def rows_of(self, guid: str) -> list[int]:
        """The rows of all versions of one definition."""
        return [version.row for version in self._rows.values() if version.guid == guid]

    def look_for_indexed(self, tx: Connection) -> None:
        """Know which data items every version that has them keeps in an index."""
        if self.indexed is None:
            items = [item for row in self._rows for item in self.get(tx, row).data.values()]
            others = {item.name for item in items if not item.indexed}
            self.indexed = frozenset(item.name for item in items) - others

    def known(self, row: int) -> bool:
        return row in self._rows

    def dn_of(self, row: int) -> str:
        return self._rows[row].dn

    def latest(self) -> list[Version]:
        """The newest version of every definition, retired or not, by DN."""
        return sorted(self._latest.values(), key=lambda version: fold_dn(version.dn))

    def find(self, guid_or_dn_or_name: str) -> Version:
        """The newest version of a definition by GUID, DN or name."""
        asked = guid_or_dn_or_name
        guid = self.guids.get(fold_dn(asked), asked)
        found = self._latest.get(guid)
        if found is None:
            named = [v for v in self._latest.values() if fold_dn(v.dn).startswith(f"cn={fold_dn(asked)},")]
            if len(named) != 1:
                raise NotFound(f"There is no definition {asked[:100]!r}.")
            found = named[0]
        return found

    def get(self, tx: Connection, row: int) -> Definition:
        """One version, ready to be decided upon."""
        version = self._rows[row]
        parsed = self._parsed.get(row)
        if parsed is None:
            source = tx.execute(select(definition.c.source).where(definition.c.id == row)).scalar()
            if source is None:  # a reader may look at a state that is older than the catalog in memory
                raise Unavailable(f"The definition {version.dn} was deployed only just now; try again in a moment.")
            parsed = replace(parse_definition(source, version.dn), row=row, version=version.version)
            self._parsed[row] = parsed
        if parsed.retired != version.retired:
            parsed = self._parsed[row] = replace(parsed, retired=version.retired)
        return parsed


def load_catalog(tx: Connection, parsed: dict[int, Definition]) -> Catalog:
    c = definition.c
    number = counters.value(tx, COUNTER)
    rows = tx.execute(select(c.id, c.guid, c.version, c.dn, c.retired).order_by(c.version)).all()
    return Catalog([Version(*row) for row in rows], number, parsed)


def deploy(
    tx: Connection, definitions: Sequence[Definition], now: datetime, *, revive: bool
) -> list[tuple[Definition, int, bool]]:
    """Store those whose text is new as their next version: each with its version, and whether it is new.

    With `revive` a retired one gets a next version also where its text is as it was.
    """
    outcome = _compared(tx, definitions, revive)
    if any(is_new for _, _, is_new in outcome):
        lock(tx)
        outcome = _compared(tx, definitions, revive)  # another node, begun at the same time, may have stored them
    for given, version, is_new in outcome:
        if is_new:
            row = {"guid": dn_guid(given.dn), "version": version, "dn": given.dn, "source": given.source}
            tx.execute(insert(definition).values(**row, deployed_at=now, retired=False))
    return outcome


def _compared(tx: Connection, definitions: Sequence[Definition], revive: bool) -> list[tuple[Definition, int, bool]]:
    """Each with the version that it is or becomes, and whether that is new."""
    outcome = []
    latest = _latest_sources(tx)
    for given in sorted(definitions, key=lambda each: each.dn):
        version, source, retired = latest.get(dn_guid(given.dn), (0, "", False))
        is_new = not version or source != given.source or (retired and revive)
        outcome.append((given, version + is_new, is_new))
    return outcome


def lock(tx: Connection) -> int:
    """Let nobody else deploy until this transaction ends, and have all of them read again; gives the new number.

    It comes before reading.
    """
    return counters.bump(tx, COUNTER)


@dataclass(frozen=True, slots=True)
class Dated:
    """A stored version by its row, and when it was deployed."""

    row: int
    version: int
    deployed_at: datetime


def history(tx: Connection, guid: str) -> list[Dated]:
    """Every version of one definition, the newest first."""
    c = definition.c
    found = tx.execute(select(c.id, c.version, c.deployed_at).where(c.guid == guid).order_by(c.version.desc()))
    return [Dated(*row) for row in found]


def require_newest(tx: Connection, guid: str, version: int) -> None:
    """Refuse where the newest version is another one, and let it stay the newest; 0 stands for none at all."""
    lock(tx)
    newest = tx.execute(select(func.max(definition.c.version)).where(definition.c.guid == guid)).scalar_one() or 0
    if newest == version:
        return
    if version == 0:
        raise Conflict(f"There is a definition of this name already, at version {newest}; open that one and edit it.")
    raise Conflict(
        f"Version {newest} was deployed meanwhile, and this is based on version {version}; look at it first."
    )


def _latest_sources(tx: Connection) -> Mapping[str, tuple[int, str, bool]]:
    c = definition.c
    newest = select(c.guid, func.max(c.version).label("version")).group_by(c.guid).subquery()
    query = select(c.guid, c.version, c.source, c.retired).join(
        newest, (newest.c.guid == c.guid) & (newest.c.version == c.version)
    )
    return {row.guid: (row.version, row.source, row.retired) for row in tx.execute(query)}


def retire(tx: Connection, guid: str) -> None:
    """Let no version of a definition start anything any more."""
    lock(tx)
    tx.execute(update(definition).where(definition.c.guid == guid).values(retired=True))
