"""Definitions as an engine has them: loaded from files, deployed as versions, retired, listed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from placet.core.access import Act
from placet.core.definition import Definition
from placet.core.names import dn_guid
from placet.core.permissions import Permission
from placet.directory.caller import Caller
from placet.door import Door
from placet.loader import load_directory, parse_definition
from placet.store import definitions


class Deployed(NamedTuple):
    """A definition, the number of its newest version, and whether this deployment made that version."""

    definition: Definition
    version: int
    is_new: bool


class Dated(NamedTuple):
    """One version of a definition, and when it was deployed."""

    definition: Definition
    deployed_at: datetime


class Deployment(Door):
    """A definition whose text has changed becomes a new version; running processes keep theirs."""

    async def load_definitions(self, folder: str | Path, *, actor: str | None = None) -> list[Deployed]:
        """Deploy every `*.yaml` file of a folder, by DN; one that was retired stays so while its text is the same.

        Raises `InvalidDefinition` with all faults of all files, and then deploys none of them; `NotAllowed` without
        the permission PM_FACTORY.
        """
        dn = await self._permitted(actor, Act.CHANGE_DEFINITIONS)
        return await self._deploy(dn, await asyncio.to_thread(load_directory, folder), revive=False)

    async def deploy(
        self, text: str, file: str = "<text>", *, actor: str | None = None, over: int | None = None
    ) -> Deployed:
        """Deploy one definition from its YAML text; one that was retired starts processes again.

        Raises `InvalidDefinition` with all faults of the text, each as `file:line:column: …`; `NotAllowed` without the
        permission PM_FACTORY; `Conflict` where the newest version is not the number `over`, of which 0 says that there
        is none yet.
        """
        dn = await self._permitted(actor, Act.CHANGE_DEFINITIONS)
        return (await self._deploy(dn, [parse_definition(text, file)], revive=True, over=over))[0]

    async def _deploy(
        self, dn: str | None, given: Sequence[Definition], *, revive: bool, over: int | None = None
    ) -> list[Deployed]:
        now = self.clock.now()

        def work(tx: Any) -> list[tuple[Definition, int, bool]]:
            self._require_define(tx, dn)
            if over is not None:
                definitions.require_newest(tx, dn_guid(given[0].dn), over)
            return definitions.deploy(tx, given, now, revive=revive)

        deployed = await self._write(work)
        await self.refresh()
        return [Deployed(replace(each, version=version), version, is_new) for each, version, is_new in deployed]

    async def retire(self, definition: str, *, actor: str | None = None) -> None:
        """Let a definition (GUID, DN or name) start nothing any more; its processes go on.

        Raises `NotFound` without such a definition; `NotAllowed` without the permission PM_FACTORY.
        """
        dn = await self._permitted(actor, Act.CHANGE_DEFINITIONS)
        guid = (await self._newest(definition)).guid

        def work(tx: Any) -> None:
            self._require_define(tx, dn)
            definitions.retire(tx, guid)

        await self._write(work)
        await self.refresh()

    def _require_define(self, tx: Any, dn: str | None) -> None:
        """Refuse whoever may not change definitions as he is stored, which another node may have changed just now."""
        person = None if dn is None else self._world.directory.person(dn)
        if person is not None:
            Caller(person, self._world.directory, self.clock.now()).as_stored(tx).require(Permission.DEFINE)

    async def definitions(self, *, actor: str | None = None) -> list[Definition]:
        """The newest version of every definition, by DN; the retired ones are marked.

        Raises `NotAllowed` without the permission PM_LOGIN.
        """
        await self._permitted(actor, Act.LIST_DEFINITIONS)

        def newest(tx: Any) -> list[Definition]:
            self._world.refresh(tx)
            return [self._world.definition(tx, version.row) for version in self._world.catalog.latest()]

        return await self._read(newest)

    async def definition(self, guid_or_dn_or_name: str, *, actor: str | None = None) -> Definition:
        """The newest version of one definition, retired or not.

        Raises `NotFound` without such a definition, and for a name that several have; `NotAllowed` without the
        permission PM_LOGIN.
        """
        await self._permitted(actor, Act.LIST_DEFINITIONS)
        return await self._newest(guid_or_dn_or_name)

    async def versions(self, guid_or_dn_or_name: str, *, actor: str | None = None) -> list[Dated]:
        """Every version of one definition, the newest first.

        Raises `NotFound` without such a definition, and for a name that several have; `NotAllowed` without the
        permission PM_LOGIN.
        """
        await self._permitted(actor, Act.LIST_DEFINITIONS)

        def history(tx: Any) -> list[Dated]:
            self._world.refresh(tx)
            guid = self._world.catalog.find(guid_or_dn_or_name).guid
            stored = definitions.history(tx, guid)
            return [Dated(self._world.definition(tx, each.row), each.deployed_at) for each in stored]

        return await self._read(history)

    async def _newest(self, guid_or_dn_or_name: str) -> Definition:
        def newest(tx: Any) -> Definition:
            self._world.refresh(tx)
            return self._world.definition(tx, self._world.catalog.find(guid_or_dn_or_name).row)

        return await self._read(newest)
