"""The shape of a definition file: its keys and their values, one model for each kind of activity."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from placet.core.definition import DataType, Settle
from placet.loader.fields import PART, Cel, Dn, Duration, Flag, Settling, Signature, Target, Targets, Texts, Who, Words
from placet.loader.form_shape import FormShape


class Shape(BaseModel):
    model_config = PART


class NextPath(Shape):
    next: Target


class NextOrError(NextPath):
    error: Target | None = None


class BranchPaths(Shape):
    next: Targets


class ApprovalPaths(Shape):
    approved: Target
    denied: Target
    refused: Target | None = None
    timedout: Target | None = None
    returned: Target | None = None
    error: Target | None = None


class ConditionPaths(Shape):
    true: Target
    false: Target
    error: Target | None = None


class ProcessPaths(Shape):
    approved: Target | None = None
    denied: Target | None = None
    next: Target | None = None
    error: Target | None = None


class ConnectorPaths(Shape):
    success: Target
    fault: Target | None = None
    timedout: Target | None = None


class RemindShape(Shape):
    after: Duration
    every: Duration | None = None


class EscalateShape(Shape):
    after: Duration
    to: Who


class ActivityShape(Shape):
    kind: str
    name: Words | None = None


class ApprovalShape(ActivityShape):
    kind: Literal["approval"]
    addressees: Who
    settle: Settling = Field(default=Settle(), json_schema_extra={"default": "any"})
    self_approval: Literal["allowed", "forbidden"] = "allowed"
    fallback: Who = None
    timeout: Duration | None = None
    remind: RemindShape | None = None
    escalate: EscalateShape | None = None
    due: Duration | None = None
    priority: Literal["high", "medium", "low"] = "medium"
    writes: list[Target] = []
    form: FormShape | None = None
    paths: ApprovalPaths


class ConditionShape(ActivityShape):
    kind: Literal["condition"]
    when: Cel
    paths: ConditionPaths


class BranchShape(ActivityShape):
    kind: Literal["branch"]
    next: Targets | None = None
    paths: BranchPaths | None = None


class MergeShape(ActivityShape):
    kind: Literal["merge"]
    next: Target | None = None
    paths: NextPath | None = None


class MappingShape(ActivityShape):
    kind: Literal["mapping"]
    sets: dict[str, Cel] = Field(alias="set", min_length=1)
    next: Target | None = None
    paths: NextOrError | None = None


class StatusShape(ActivityShape):
    kind: Literal["status"]
    status: Literal["approved", "denied"] = Field(alias="set")
    next: Target | None = None
    paths: NextPath | None = None


class LogShape(ActivityShape):
    kind: Literal["log"]
    comment: Cel
    next: Target | None = None
    paths: NextPath | None = None


class WaitShape(ActivityShape):
    kind: Literal["wait"]
    for_: Duration | None = Field(default=None, alias="for")
    until: Cel = None
    next: Target | None = None
    paths: NextPath | None = None


class ProcessShape(ActivityShape):
    kind: Literal["process"]
    definition: Words
    recipient: Who = None
    data: dict[str, Cel] = {}
    wait: Flag = True
    next: Target | None = None
    paths: ProcessPaths | None = None


class ConnectorShape(ActivityShape):
    kind: Literal["connector"]
    connector: Words
    inputs: dict[str, Cel] = {}
    outputs: dict[str, Cel] = {}
    fault_outputs: dict[str, Cel] = {}
    paths: ConnectorPaths


class EmailShape(ActivityShape):
    kind: Literal["email"]
    to: Who
    cc: Who = None
    subject: Words
    text: Words
    html: Words | None = None
    next: Target | None = None
    paths: NextOrError | None = None


class FinishShape(ActivityShape):
    kind: Literal["finish"]


ACTIVITIES: dict[str, type[ActivityShape]] = {
    "approval": ApprovalShape,
    "condition": ConditionShape,
    "branch": BranchShape,
    "merge": MergeShape,
    "mapping": MappingShape,
    "status": StatusShape,
    "log": LogShape,
    "wait": WaitShape,
    "process": ProcessShape,
    "connector": ConnectorShape,
    "email": EmailShape,
    "finish": FinishShape,
}

AnyActivity: TypeAlias = Annotated[
    ApprovalShape
    | ConditionShape
    | BranchShape
    | MergeShape
    | MappingShape
    | StatusShape
    | LogShape
    | WaitShape
    | ProcessShape
    | ConnectorShape
    | EmailShape
    | FinishShape,
    Field(discriminator="kind"),
]


class NoticeShape(Shape):
    subject: Words | None = None
    text: Words | None = None
    html: Words | None = None


AnyNotice: TypeAlias = Annotated[
    NoticeShape | None,
    BeforeValidator(lambda given: {} if given == "default" else given),
    WithJsonSchema({"anyOf": [{"const": "default"}, NoticeShape.model_json_schema(by_alias=True)]}),
]


class NotificationsShape(Shape):
    assigned: AnyNotice = None
    reminder: AnyNotice = None
    escalation: AnyNotice = None
    finished: AnyNotice = None


class DataItemShape(Shape):
    type: DataType = DataType.STRING
    required: Flag = False
    multi_valued: Flag = False
    indexed: Flag = False
    internal: Flag = False
    description: Words = ""


class HeadShape(Shape):
    """Everything of a file but its data items and activities."""

    name: Texts
    start: Target
    dn: Dn | None = None
    category: Words = ""
    description: Texts = {}
    operation: Literal["grant", "revoke", "both"] = "grant"
    legal_disclaimer: Words = ""
    retention: Duration | None = None
    form: FormShape | None = None
    digital_signature: Signature = "not-required"
    notifications: NotificationsShape = NotificationsShape()


class FileShape(HeadShape):
    """A definition of an approval workflow."""

    data: dict[str, DataItemShape] = {}
    activities: dict[str, AnyActivity] = Field(min_length=1)
