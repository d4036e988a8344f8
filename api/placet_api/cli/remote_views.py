"""The objects of `/v1/wf` to what commands show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from placet.query.times import parse_time
from placet_api.cli.views import (
    ChoiceView,
    CommentView,
    DataItemView,
    DefinitionView,
    EventView,
    FieldView,
    IncidentView,
    Named,
    ProcessView,
    TryView,
    WaitView,
    WorkItemView,
)

Json = Mapping[str, Any]


def definition(body: Json) -> DefinitionView:
    return DefinitionView(
        guid=body.get("GUID", ""),
        dn=body.get("DN", ""),
        name=body.get("Value", ""),
        version=int(body["Version"]) if body.get("Version") else None,
        category=body.get("Category", ""),
        description=body.get("Description", ""),
        retired=False,  # the service lists what can be started
        data=tuple(map(data_item, body.get("DataItems", ()))),
    )


def data_item(body: Json) -> DataItemView:
    return DataItemView(body["Name"], body["Type"], bool(body.get("MultiValued")))


def fields(form: Json) -> list[FieldView]:
    """The fields of a form, in their order."""
    return [_field(each, form["Data"].get(each["Name"])) for each in form["Fields"]]


def _field(body: Json, value: Any) -> FieldView:
    return FieldView(
        name=body["Name"],
        type=body["Type"],
        multi_valued=body["MultiValued"],
        label=body["Label"],
        help=body["Help"],
        required=body["Required"],
        visible=body["Visible"],
        read_only=body["ReadOnly"],
        choices=tuple(ChoiceView(each["Value"], each["Label"]) for each in body.get("Choices", ())),
        fault=body.get("Fault", ""),
        value=value,
    )


def process(body: Json) -> ProcessView:
    return ProcessView(
        id=body["GUID"],
        definition=named(body["Definition"]),
        version=int(body["Version"]),
        process_status=body["ProcessStatus"],
        approval_status=body["ApprovalStatus"],
        initiator=named(body["Initiator"]),
        recipient=named(body["Recipient"]),
        created_at=parse_time(body["Created"]),
        completed_at=time(body.get("Completed")),
        correlation_id=body.get("CorrelationId"),
        engine_id=body.get("EngineId", ""),
    )


def work_item(body: Json) -> WorkItemView:
    return WorkItemView(
        id=body["GUID"],
        process_id=body["Process"]["GUID"],
        definition=named(body["Definition"]),
        activity=body["Activity"],
        activity_name=body["ActivityName"],
        addressee=named(body["Addressee"]),
        owner=_optional(body.get("Owner")),
        initiator=named(body["Initiator"]),
        recipient=named(body["Recipient"]),
        status=body["Status"]["Value"],
        priority=body["Priority"]["Value"],
        created_at=parse_time(body["Created"]),
        expires_at=time(body.get("Expires")),
        completed_at=time(body.get("Completed")),
    )


def comment(body: Json) -> CommentView:
    return CommentView(
        at=parse_time(body["Timestamp"]),
        text=body["Comment"],
        user=_optional(body.get("User")),
        system=bool(body["System"]),
    )


def incident(body: Json) -> IncidentView:
    return IncidentView(
        id=body["GUID"],
        process_id=body["Process"]["GUID"],
        definition=named(body["Definition"]),
        activity=body["Activity"],
        activity_name=body["ActivityName"],
        kind=body["Kind"],
        opened_at=parse_time(body["Opened"]),
        reason=body["Reason"],
        connector=body["Connector"],
        inputs=body["Inputs"],
        idempotency_key=body["IdempotencyKey"],
        tries=tuple(
            TryView(parse_time(each["At"]), each["Code"], each["Error"], each["Milliseconds"]) for each in body["Tries"]
        ),
        response=body["Response"],
        resolved_at=time(body["Resolved"]),
        resolution=body["Resolution"],
        resolved_by=named(body["ResolvedBy"]) if body["ResolvedBy"]["DN"] else None,
    )


def event(body: Json) -> EventView:
    return EventView(
        at=parse_time(body["Time"]),
        kind=body["Kind"],
        activity=body["Activity"] or None,
        activity_name=body["ActivityName"] or None,
        actor=_optional(body["Actor"]),
        addressee=_optional(body["Addressee"]),
    )


def wait(body: Json) -> WaitView:
    return WaitView(
        kind=body["Kind"],
        activity=body["Activity"] or None,
        activity_name=body["ActivityName"] or None,
        since=parse_time(body["Since"]),
        words=tuple(each["Value"] for each in body["Words"]),
    )


def data_items(values: Mapping[str, Any], known: Iterable[DataItemView]) -> list[dict[str, Any]]:
    """Values as the service takes them; an unknown name goes as a text, and the server says what is wrong."""
    kinds = {item.name: item for item in known}
    sent = []
    for name, value in values.items():
        item = kinds.get(name, DataItemView(name, "string", multi_valued=isinstance(value, list)))
        many = value if isinstance(value, list) and (item.multi_valued or item.type != "json") else [value]
        entry = {"Name": name, "Type": item.type, "MultiValued": item.multi_valued}
        sent.append({**entry, "Values": [{"Value": each} for each in many]})
    return sent


def named(body: Json) -> Named:
    return Named(body["DN"], body["Value"])


def _optional(body: Any) -> Named | None:
    return named(body) if isinstance(body, Mapping) and body.get("DN") else None


def time(text: str | None) -> datetime | None:
    return parse_time(text) if text else None
