"""What each answer looks like, told once; both documents that `;schema` gives are made of it.

With `Accept: application/json` it is the document of the contract (section 24.2.6), its slips mended; with
`application/schema+json` it is JSON Schema 2020-12, which every answer validates against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, assert_never

from placet.core.definition import DataType
from placet.core.statuses import ApprovalStatus, ProcessStatus
from placet_api.links import DEFINITIONS, PROCESSES, WORK_ITEMS
from placet_api.openapi.operation import reference

_TIME = "[0-9]{17}[+-][0-9]{4}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `time` is one that is written as section 24.2.3 says."""

    pattern: str = ""
    enum: tuple[str, ...] = ()
    time: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number."""


@dataclass(frozen=True, slots=True)
class Anything:
    """A text, or any JSON value in a data item of type json."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object with these members; `optional` ones may be left out, `rule` is what else holds in JSON Schema.

    One with a `name` is told once in the OpenAPI document, and referred to.
    """

    members: Mapping[str, Spec]
    optional: frozenset[str] = frozenset()
    rule: Mapping[str, Any] = field(default_factory=dict, compare=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Array:
    items: Object


Spec: TypeAlias = Text | Flag | Number | Anything | Object | Array

TEXT = Text()
FLAG = Flag()
NUMBER = Number()
ANYTHING = Anything()
GUID = Text(pattern="[0-9a-f]{32}")
PATH = Text(pattern="/.*")
TIME = Text(pattern=_TIME, time=True)
TIME_OR_EMPTY = Text(pattern=f"({_TIME})?", time=True)
CODE = Text(pattern="[0-9]+")

PERSON = Object({"DN": TEXT, "Value": TEXT, "GUID": TEXT, "Link": TEXT}, name="Person")
LINK = Object(
    {"Link": PATH, "Type": Text(enum=("root", DEFINITIONS, PROCESSES, WORK_ITEMS)), "Value": TEXT}, name="Link"
)
LINKS = Array(LINK)
CHOICE = Object({"Code": CODE, "Value": TEXT}, name="Choice")
DEFINITION_OF = Object({"Value": TEXT, "DN": TEXT, "GUID": GUID, "Link": PATH, "Version": CODE}, name="DefinitionOf")

_TEXTS = {"Value": {"type": "string"}, "Values": {"items": {"properties": {"Value": {"type": "string"}}}}}
DATA_ITEM = Object(
    {
        "Name": TEXT,
        "Type": Text(enum=tuple(kind.value for kind in DataType)),
        "Value": ANYTHING,
        "Values": Array(Object({"Value": ANYTHING})),
        "MultiValued": FLAG,
    },
    rule={"if": {"properties": {"Type": {"const": "json"}}}, "else": {"properties": _TEXTS}},
    name="DataItem",
)

DEFINITION = Object(
    {
        "Links": LINKS,
        "DataItems": Array(DATA_ITEM),
        "Value": TEXT,
        "DN": TEXT,
        "GUID": GUID,
        "Link": PATH,
        "Category": TEXT,
        "LegalDisclaimer": TEXT,
        "DigitalSignatureType": TEXT,
        "Description": TEXT,
        "Operation": CODE,
        "Recipient": TEXT,
    },
    optional=frozenset({"LegalDisclaimer", "Recipient"}),  # a client puts the second in when it starts a process
    name="Definition",
)

PROCESS = Object(
    {
        "Links": LINKS,
        "GUID": GUID,
        "Link": PATH,
        "Initiator": PERSON,
        "Recipient": PERSON,
        "Definition": DEFINITION_OF,
        "Created": TIME,
        "Completed": TIME_OR_EMPTY,
        "Proxy": TEXT,
        "CorrelationId": TEXT,
        "ApprovalStatus": Text(enum=tuple(status.label for status in ApprovalStatus)),
        "ProcessStatus": Text(enum=tuple(status.label for status in ProcessStatus)),
        "Version": CODE,
        "EngineId": TEXT,
        "requestID": GUID,
    },
    optional=frozenset({"Proxy", "CorrelationId", "requestID"}),  # the last is there in the answer to a start
    name="Process",
)

WORK_ITEM = Object(
    {
        "GUID": GUID,
        "Link": PATH,
        "Links": LINKS,
        "Process": Object({"GUID": GUID, "Link": PATH}),
        "Definition": DEFINITION_OF,
        "Activity": TEXT,
        "ActivityName": TEXT,
        "Addressee": PERSON,
        "Owner": PERSON,
        "Recipient": PERSON,
        "Initiator": PERSON,
        "Status": CHOICE,
        "Priority": CHOICE,
        "Created": TIME,
        "Expires": TIME_OR_EMPTY,
        "Completed": TIME_OR_EMPTY,
        "AvailableActions": Array(CHOICE),
        "DataItems": Array(DATA_ITEM),
    },
    name="WorkItem",
)

_NAMED_TEXT = Object({"Name": TEXT, "Value": TEXT})
FIELD = Object(
    {
        **DATA_ITEM.members,
        "Label": TEXT,
        "Help": TEXT,
        "Section": TEXT,
        "Required": FLAG,
        "Visible": FLAG,
        "ReadOnly": FLAG,
        "Pattern": TEXT,
        "MinLength": NUMBER,
        "MaxLength": NUMBER,
        "Minimum": ANYTHING,
        "Maximum": ANYTHING,
        "Choices": Array(Object({"Value": ANYTHING, "Label": TEXT})),
        "Fault": TEXT,
    },
    optional=frozenset({"Pattern", "MinLength", "MaxLength", "Minimum", "Maximum", "Choices", "Fault"}),
    rule=DATA_ITEM.rule,
    name="FormField",
)

FORM = Object(
    {
        "Definition": DEFINITION_OF,
        "Activity": TEXT,
        "ActivityName": TEXT,
        "Sections": Array(_NAMED_TEXT),
        "Fields": Array(FIELD),
        "Data": ANYTHING,
        "Schema": ANYTHING,
    },
    name="Form",
)

COMMENT = Object(
    {
        "Activity": TEXT,
        "ActivityName": TEXT,
        "Comment": TEXT,
        "System": FLAG,
        "Timestamp": TIME,
        "User": Object({"DN": TEXT, "Value": TEXT}),
    },
    name="Comment",
)

#: Those that the OpenAPI document tells once.
NAMED = (LINK, PERSON, CHOICE, DATA_ITEM, DEFINITION_OF, DEFINITION, PROCESS, WORK_ITEM, FIELD, FORM, COMMENT)


@dataclass(frozen=True, slots=True)
class Schema:
    """What one resource answers: an object, or with a `name` a collection of such objects."""

    path: str
    object: Object
    name: str | None = None

    def chapter(self) -> dict[str, Any]:
        """The document in the style of the contract."""
        about = {"description": f"schema for: {self.path}"}
        if self.name is None:
            return about | _chapter(self.object)
        return {self.name: about | _chapter(Array(self.object))}

    def standard(self) -> dict[str, Any]:
        """The document as JSON Schema 2020-12."""
        return {"$schema": _DIALECT, "description": f"schema for: {self.path}", **json_schema(self.spec)}

    @property
    def spec(self) -> Object | Array:
        return self.object if self.name is None else Array(self.object)


def _chapter(spec: Spec) -> dict[str, Any]:
    match spec:
        case Text(time=True):
            return {"type": "string", "format": "date-time"}
        case Text(enum=enum):
            return {"type": "string", "enum": list(enum)} if enum else {"type": "string"}
        case Anything():
            return {"type": "string"}
        case Flag():
            return {"type": "boolean"}
        case Number():
            return {"type": "number"}
        case Array(items):
            return {"type": "array", "properties": _chapter_members(items)}
        case Object():
            return {"type": "object", "properties": _chapter_members(spec)}
        case _:
            assert_never(spec)


def _chapter_members(spec: Object) -> dict[str, Any]:
    members = {}
    for name, member in spec.members.items():
        members[name] = _chapter(member)
        if name in spec.optional or member is TIME_OR_EMPTY:
            members[name]["optional"] = True
    return members


def json_schema(spec: Spec, *, refer: bool = False) -> dict[str, Any]:
    """A spec as JSON Schema 2020-12; with `refer` an object that has a name is referred to by it."""
    match spec:
        case Text(enum=enum) if enum:
            return {"type": "string", "enum": list(enum)}
        case Text(pattern=pattern):
            return {"type": "string", "pattern": f"^{pattern}$"} if pattern else {"type": "string"}
        case Anything():
            return {}
        case Flag():
            return {"type": "boolean"}
        case Number():
            return {"type": "number"}
        case Array(items):
            return {"type": "array", "items": json_schema(items, refer=refer)}
        case Object(name=name) if refer and name:
            return dict(reference(name))
        case Object():
            return object_schema(spec, refer=refer)
        case _:
            assert_never(spec)


def object_schema(spec: Object, *, refer: bool = False) -> dict[str, Any]:
    """An object as JSON Schema 2020-12; with `refer` the objects in it that have names are referred to."""
    return {
        "type": "object",
        "properties": {name: json_schema(member, refer=refer) for name, member in spec.members.items()},
        "required": [name for name in spec.members if name not in spec.optional],
        "additionalProperties": False,
        **spec.rule,
    }
