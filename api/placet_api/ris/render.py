"""Records as the JSON values of the contract (section 24.2.3). What many records share is made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from placet import Action, Comment, Definition, FoundProcess, FoundWorkItem, Priority, ProcessRow, WorkItemStatus
from placet.core.data_items import to_texts
from placet.core.definition import DataItem, DataType
from placet.core.people import Directory, Person
from placet.core.refusals import Case, actions_for
from placet.core.statuses import Life
from placet.engine import Engine
from placet.query.times import format_time, parse_time
from placet_api.answers import to_json
from placet_api.links import DEFINITIONS, PROCESSES, WORK_ITEMS, Links
from placet_api.negotiation import ENGLISH, language

_MOST_PEOPLE = 20_000  # kept; beyond that all are forgotten
_MOST_ROW_TEXTS = 10_000
_MOST_EVENT_TEXTS = 2_000
_MOST_LANGUAGES = 16
_NOBODY = {"DN": "", "Value": "", "GUID": "", "Link": ""}
_OPERATIONS = {"grant": "0", "revoke": "1", "both": "2"}
_STATUSES = {life: (life.process_status.label, life.approval_status.label) for life in Life}

#: What actions are called; the first name is written, the others are read as well.
ACTION_NAMES: dict[Action, tuple[str, ...]] = {action: (action.label,) for action in Action} | {
    Action.COMMENT: ("Comment only", "Comment"),
    Action.RETURN: ("Return for changes", "Return"),
}


class _PeopleTexts(dict[str, str]):
    """JSON texts of people by their DNs."""

    def __init__(self, render: Renderer) -> None:
        self._render = render

    def __missing__(self, dn: str) -> str:
        text = self[dn] = to_json(self._render.person(dn)).decode()
        return text


class Renderer:
    """Makes the values of answers below one prefix."""

    def __init__(self, engine: Engine, prefix: str) -> None:
        self.links = Links(prefix)
        self._engine = engine
        self._directory: Directory | None = None
        self._people: dict[str, dict[str, str]] = {}
        self._people_texts = _PeopleTexts(self)
        self._row_texts: dict[str, dict[bytes, tuple[ProcessRow, str]]] = {}
        self._event_texts: dict[str, bytes] = {}
        self._definitions: dict[tuple[int, str], dict[str, str]] = {}

    def root(self) -> list[dict[str, str]]:
        return [self.links.collection(kind) for kind in (DEFINITIONS, PROCESSES, WORK_ITEMS)]

    # -- what records share ----------------------------------------------------------------------

    def person(self, dn: str | None) -> dict[str, str]:
        """A person or group; all four members are empty where there is nobody."""
        if dn is None:
            return _NOBODY
        self._look_again()
        found = self._people.get(dn)
        if found is None:
            name = self._engine.directory.display_name(dn)
            found = self._people[dn] = {"DN": dn, "Value": name, "GUID": "", "Link": ""}
        return found

    def person_texts(self) -> dict[str, str]:
        """People and groups as JSON text by their DNs; made when first asked for."""
        self._look_again()
        return self._people_texts

    def row_texts(self, accepted: str) -> dict[bytes, tuple[ProcessRow, str]]:
        """Rows of listings by their ids, with what was written of them for clients that accept these languages."""
        self._look_again()
        kept = self._row_texts
        if len(kept) > _MOST_LANGUAGES or sum(map(len, kept.values())) > _MOST_ROW_TEXTS:
            kept.clear()
        return kept.setdefault(accepted, {})

    def event_texts(self) -> dict[str, bytes]:
        """Events of the stream by their positions, as they are sent: many readers are sent the same ones."""
        self._look_again()
        if len(self._event_texts) > _MOST_EVENT_TEXTS:
            self._event_texts.clear()
        return self._event_texts

    def _look_again(self) -> None:
        """Forget how people were written, once they have changed or are too many."""
        if self._directory is not self._engine.directory or len(self._people) > _MOST_PEOPLE:
            self._directory = self._engine.directory
            self._people, self._people_texts, self._row_texts = {}, _PeopleTexts(self), {}
            self._event_texts = {}

    def definition_of(self, definition: Definition, accepted: str) -> dict[str, str]:
        """The definition as a process or work item shows it."""
        spoken = self.spoken(definition, accepted)
        key = (definition.row, spoken)
        found = self._definitions.get(key)
        if found is None:
            found = self._definitions[key] = {
                "Value": definition.names.get(spoken, definition.name),
                "DN": definition.dn,
                "GUID": definition.guid,
                "Link": self.links.definition + definition.guid,
                "Version": str(definition.version),
            }
        return found

    def spoken(self, definition: Definition, accepted: str) -> str:
        """The language that a definition's texts are written in for a client."""
        if not accepted or not (definition.names or definition.descriptions):
            return ENGLISH
        return language(accepted, tuple({**definition.names, **definition.descriptions}))

    # -- definitions -----------------------------------------------------------------------------

    def definition(self, definition: Definition, accepted: str) -> dict[str, Any]:
        spoken = self.spoken(definition, accepted)
        value = {
            "Links": [self.links.of_definition(kind, definition.dn) for kind in (PROCESSES, WORK_ITEMS)],
            "DataItems": [data_item(item, None) for item in definition.asked.values()],
            "Value": definition.names.get(spoken, definition.name),
            "DN": definition.dn,
            "GUID": definition.guid,
            "Link": self.links.definition + definition.guid,
            "Category": definition.category,
            "DigitalSignatureType": "not-required",
            "Description": definition.descriptions.get(spoken, definition.description),
            "Operation": _OPERATIONS[definition.operation],
        }
        if definition.legal_disclaimer:
            value["LegalDisclaimer"] = definition.legal_disclaimer
        return value

    # -- processes -------------------------------------------------------------------------------

    def process(self, found: FoundProcess, accepted: str) -> dict[str, Any]:
        process, definition, links = found.process, found.definition, self.links
        process_status, approval_status = _STATUSES[process.life]
        value = {
            "Links": [{"Link": links.items_of_process + process.id, "Type": WORK_ITEMS, "Value": "Workflow Workitems"}],
            "GUID": process.id,
            "Link": links.process + process.id,
            "Initiator": self.person(process.initiator),
            "Recipient": self.person(process.recipient),
            "Definition": self.definition_of(definition, accepted),
            "Created": format_time(process.created_at),
            "Completed": format_time(process.completed_at) if process.completed_at else "",
            "ApprovalStatus": approval_status,
            "ProcessStatus": process_status,
            "Version": str(definition.version),
            "EngineId": process.engine_id,
        }
        if process.proxy:
            value["Proxy"] = process.proxy
        if process.correlation_id:
            value["CorrelationId"] = process.correlation_id
        return value

    # -- work items ------------------------------------------------------------------------------

    def work_item(self, found: FoundWorkItem, accepted: str, actor: Person) -> dict[str, Any]:
        item, process, definition = found.item, found.process, found.definition
        values = process.data
        return {
            "GUID": item.id,
            "Link": self.links.work_item + item.id,
            "Links": [
                {"Link": self.links.processes_by_id + process.id, "Type": PROCESSES, "Value": "Workflow Processes"}
            ],
            "Process": {"GUID": process.id, "Link": self.links.process + process.id},
            "Definition": self.definition_of(definition, accepted),
            "Activity": item.activity,
            "ActivityName": activity_name(definition, item.activity),
            "Addressee": self.person(item.addressee),
            "Owner": self.person(item.owner),
            "Recipient": self.person(process.recipient),
            "Initiator": self.person(process.initiator),
            "Status": _STATUS_OF_ITEM[item.status],
            "Priority": _PRIORITY[item.priority],
            "Created": format_time(item.created_at),
            "Expires": format_time(item.expires_at) if item.expires_at else "",
            "Completed": format_time(item.completed_at) if item.completed_at else "",
            "AvailableActions": self._actions(found, actor),
            "DataItems": [data_item(declared, values.get(name)) for name, declared in definition.data.items()],
        }

    def _actions(self, found: FoundWorkItem, actor: Person) -> Sequence[dict[str, str]]:
        """What this person can do with an item now."""
        engine = self._engine
        case = Case(found.process, found.item, found.definition, actor.dn, engine.directory, engine.clock.now())
        return [_ACTION[action] for action in actions_for(case)]

    # -- comments --------------------------------------------------------------------------------

    def comment(self, comment: Comment, definition: Definition) -> dict[str, Any]:
        person = self.person(comment.user)
        return {
            "Activity": comment.activity or "",
            "ActivityName": activity_name(definition, comment.activity) if comment.activity else "",
            "Comment": comment.text,
            "System": comment.system,
            "Timestamp": format_time(comment.at),
            "User": {"DN": person["DN"], "Value": person["Value"]},
        }


def activity_name(definition: Definition, activity: str) -> str:
    return definition.activities[activity].name


def data_item_values(item: DataItem, stored: Any) -> list[Any]:
    """The values of a data item as they are written: texts, dates in the contract's format, JSON as it is."""
    if stored is None:
        return []
    if item.type is DataType.JSON:
        return list(stored) if item.multi_valued else [stored]
    texts = to_texts(item, stored)
    return [format_time(parse_time(text)) for text in texts] if item.type is DataType.DATE else texts


def data_item(item: DataItem, stored: Any) -> dict[str, Any]:
    """A data item with its values as texts; as JSON where its type is that."""
    values = data_item_values(item, stored)
    return {
        "Name": item.name,
        "Type": item.type.value,
        "Value": values[0] if values else "",
        "Values": [{"Value": value} for value in values],
        "MultiValued": item.multi_valued,
    }


def _pair(code: int, name: str) -> dict[str, str]:
    return {"Code": str(code), "Value": name}


_STATUS_OF_ITEM = {status: _pair(status.value, status.label.capitalize()) for status in WorkItemStatus}
_PRIORITY = {priority: _pair(priority.value, priority.label) for priority in Priority}
_ACTION = {action: _pair(action.value, names[0]) for action, names in ACTION_NAMES.items()}
