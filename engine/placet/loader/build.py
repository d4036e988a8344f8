"""From checked shapes to the values that the engine decides with."""

from __future__ import annotations

from collections.abc import Mapping

from placet.core import definition as core
from placet.core.names import definition_dn, dn_guid, is_dn
from placet.core.statuses import ApprovalStatus, Priority
from placet.loader import shape as s
from placet.loader.form_build import build_form


def build_definition(
    head: s.HeadShape, items: Mapping[str, s.DataItemShape], activities: Mapping[str, s.ActivityShape], source: str
) -> core.Definition:
    dn = head_dn(head)
    data = {name: data_item(name, item) for name, item in items.items()}
    return core.Definition(
        dn=dn,
        guid=dn_guid(dn),
        name=head.name["en"],
        names=head.name,
        description=head.description.get("en", ""),
        descriptions=head.description,
        start=head.start,
        category=head.category,
        operation=head.operation,
        legal_disclaimer=head.legal_disclaimer,
        retention=head.retention,
        notifications={kind: _notice(shape) for kind, shape in head.notifications if shape is not None},
        data=data,
        form=build_form(head.form, data),
        activities={name: _activity(name, shape, data) for name, shape in activities.items()},
        source=source,
    )


def head_dn(head: s.HeadShape) -> str:
    return head.dn or definition_dn(head.name["en"])


def data_item(name: str, item: s.DataItemShape) -> core.DataItem:
    return core.DataItem(
        name=name,
        type=item.type,
        multi_valued=item.multi_valued,
        required=item.required,
        indexed=item.indexed,
        internal=item.internal,
        description=item.description,
    )


def _notice(shape: s.NoticeShape) -> core.Notice:
    return core.Notice(subject=shape.subject, text=shape.text, html=shape.html)


def _activity(name: str, shape: s.ActivityShape, data: Mapping[str, core.DataItem]) -> core.Activity:
    title = shape.name or name
    match shape:
        case s.ApprovalShape():
            return _approval(name, title, shape, data)
        case s.ConditionShape():
            return core.Condition(id=name, name=title, paths=_drawn(shape.paths), when=shape.when)
        case s.BranchShape():
            targets = shape.next or (shape.paths.next if shape.paths is not None else [])
            return core.Branch(id=name, name=title, targets=tuple(targets))
        case s.MergeShape():
            return core.Merge(id=name, name=title, paths=_ways(shape))
        case s.MappingShape():
            return core.MappingActivity(id=name, name=title, paths=_ways(shape), sets=shape.sets)
        case s.StatusShape():
            status = ApprovalStatus[shape.status.upper()]
            return core.StatusActivity(id=name, name=title, paths=_ways(shape), status=status)
        case s.LogShape():
            return core.Log(id=name, name=title, paths=_ways(shape), comment=shape.comment)
        case s.WaitShape():
            return core.Wait(id=name, name=title, paths=_ways(shape), duration=shape.for_, until=shape.until)
        case s.ProcessShape():
            return core.SubProcess(
                id=name,
                name=title,
                paths=_ways(shape),
                definition=shape.definition if is_dn(shape.definition) else definition_dn(shape.definition),
                recipient=shape.recipient,
                data=shape.data,
                wait=shape.wait,
            )
        case s.ConnectorShape():
            return core.ConnectorCall(
                id=name,
                name=title,
                paths=_drawn(shape.paths),
                connector=shape.connector,
                inputs=shape.inputs,
                outputs=shape.outputs,
                fault_outputs=shape.fault_outputs,
            )
        case s.EmailShape():
            return core.Email(
                id=name,
                name=title,
                paths=_ways(shape),
                to=shape.to,
                cc=shape.cc,
                subject=shape.subject,
                text=shape.text,
                html=shape.html,
            )
        case _:
            return core.Finish(id=name, name=title)


def _approval(name: str, title: str, shape: s.ApprovalShape, data: Mapping[str, core.DataItem]) -> core.Approval:
    remind, escalate = shape.remind, shape.escalate
    return core.Approval(
        id=name,
        name=title,
        paths=_drawn(shape.paths),
        addressees=shape.addressees,
        settle=shape.settle,
        self_approval=shape.self_approval == "allowed",
        fallback=shape.fallback,
        timeout=shape.timeout,
        remind=core.Remind(remind.after, remind.every) if remind is not None else None,
        escalate=core.Escalate(escalate.after, escalate.to) if escalate is not None else None,
        due=shape.due,
        priority=Priority[shape.priority.upper()],
        writes=tuple(shape.writes),
        form=build_form(shape.form, data),
    )


def _ways(
    shape: s.MergeShape | s.MappingShape | s.StatusShape | s.LogShape | s.WaitShape | s.ProcessShape | s.EmailShape,
) -> dict[str, str]:
    """The paths of a kind that may write `next: x` for them."""
    return _drawn(shape.paths) if shape.paths is not None else {"next": shape.next or ""}


def _drawn(paths: s.Shape) -> dict[str, str]:
    return {name: target for name, target in paths if target is not None}
