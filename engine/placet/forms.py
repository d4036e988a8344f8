"""Forms: what is asked at a start and with a work item, with the choices and values that there are now."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from placet.core.access import Act, require_act
from placet.core.data_items import read_change, read_start
from placet.core.definition import Approval, Definition
from placet.core.draft import expression_facts
from placet.core.form import Form
from placet.core.form_choices import Answers, ChoicesWanted, Question
from placet.core.form_schema import submission_schema
from placet.core.forms import FieldState, Sheet, approval_form, fill_in, request_form, writable_items
from placet.core.records import Process, WorkItem
from placet.core.refusals import Case, require_possible
from placet.core.statuses import Action, Life
from placet.door import Door
from placet.errors import Conflict
from placet.store.search import FoundWorkItem


@dataclass(frozen=True, slots=True)
class FormView:
    """A form as somebody sees it now: its fields in their order, and what may be submitted as JSON Schema 2020-12.

    `item` is the work item that it belongs to, None for the form of a start.
    """

    definition: Definition
    form: Form
    fields: tuple[FieldState, ...]
    schema: Mapping[str, Any]
    item: WorkItem | None = None

    @property
    def data(self) -> dict[str, Any]:
        """The values of the fields by data item, as they can be submitted."""
        return {state.name: state.value for state in self.fields if state.value is not None}


class Forms(Door):
    """The forms of an engine."""

    @abstractmethod
    async def definition(self, guid_or_dn_or_name: str, *, actor: str | None = None) -> Definition: ...

    @abstractmethod
    async def work_item(self, item_id: str, *, actor: str | None = None) -> FoundWorkItem: ...

    @abstractmethod
    async def _choices(self, questions: Collection[Question]) -> Answers:
        """What connectors answer."""

    async def form(
        self, definition: str, *, actor: str | None = None, data: Mapping[str, Any] | None = None
    ) -> FormView:
        """The form by which a definition (GUID, DN or name) is started, as it is with `data` filled in.

        Raises `NotFound` without such a definition; `NotAllowed` without the permission PM_CASES; `Conflict` where it
        is retired; `InvalidData` for data that is unknown or of the wrong type; `InvalidInput` for an unknown actor.
        """
        found = await self.definition(definition, actor=actor)
        dn = await self._dn(actor)
        require_act(self._world.directory, dn, Act.START)
        if found.retired:
            raise Conflict(f"Definition {found.dn} is retired; it starts no more processes.")
        who = dn or ""
        process = Process("", found.row, who, who, Life.RUNNING, self.clock.now())
        checked = read_start(found, data or {})
        wrong = {name: fault for name, fault in checked.faults.items() if name in (data or {})}
        changes = replace(checked, faults=wrong).require()
        facts = self._facts(found, process)
        return await self._view(Sheet(request_form(found), found, {}, found.asked, facts, changes), None)

    async def work_item_form(
        self, item_id: str, *, actor: str | None = None, data: Mapping[str, Any] | None = None
    ) -> FormView:
        """The form of a work item that the actor may answer, as it is with `data` filled in.

        Raises `NotFound` without such an item, also where the actor may not see it; `NotAllowed` where he may see it
        and not answer; `Conflict` where it has been answered, claimed by another or stopped; `InvalidData` for data
        that may not be written or is of the wrong type; `InvalidInput` for an unknown actor.
        """
        found = await self.work_item(item_id, actor=actor)
        item, process, definition = found.item, found.process, found.definition
        dn, directory = await self._dn(actor), self._world.directory
        case = Case(process, item, definition, dn, directory, self.clock.now())
        require_possible(case, Action.APPROVE)
        approval = definition.activities[item.activity]
        assert isinstance(approval, Approval)
        writable = writable_items(definition, approval, item)
        changes = read_change(definition, data or {}, writable, process.data).require()
        form = approval_form(definition, approval, item)
        facts = self._facts(definition, process)
        return await self._view(Sheet(form, definition, process.data, writable, facts, changes), item)

    def _facts(self, definition: Definition, process: Process) -> dict[str, Any]:
        return expression_facts(definition, process, self._world.directory, self.clock.now())

    async def _view(self, sheet: Sheet, item: WorkItem | None) -> FormView:
        try:
            states = fill_in(sheet, {})
        except ChoicesWanted as wanted:
            states = fill_in(sheet, await self._choices(wanted.questions))
        return FormView(sheet.definition, sheet.form, tuple(states), submission_schema(states), item)
