"""What a definition is once it is loaded: data items and activities, ready to be decided upon.

`placet.loader` makes these from YAML files and has checked them; nothing here can fail on a file's content.
An activity is a value: its kind is its class, its outgoing paths map a path's name to the next activity's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import TypeAlias

from placet.core.expressions import Expression
from placet.core.form import Form
from placet.core.statuses import ApprovalStatus, Priority


class DataType(Enum):
    """The types of data items; the values are the words of definition files and of the contract."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DN = "dn"
    BINARY = "binary"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class DataItem:
    """One thing that a request carries; an `internal` one is set by the process alone and asked of nobody."""

    name: str
    type: DataType = DataType.STRING
    multi_valued: bool = False
    required: bool = False
    indexed: bool = False
    description: str = ""
    internal: bool = False


class SettleKind(Enum):
    """What the yes votes of an approval are measured by; the values are the words of definition files."""

    ANY = "any"
    ALL = "all"
    COUNT = "count"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Settle:
    """How many yes votes an approval wants; `amount` is a number of voters or a percentage of them."""

    kind: SettleKind = SettleKind.ANY
    amount: int = 0


#: Somebody to ask: a DN as it stands, or an expression that gives a DN, a user name, a group or a list that mixes them.
Addressees: TypeAlias = "str | Expression"


@dataclass(frozen=True, slots=True)
class Remind:
    """When an unanswered item is brought to mind: counted from its creation, then again and again."""

    after: timedelta
    every: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Escalate:
    """When an unanswered item goes to somebody else, counted from its creation, and to whom."""

    after: timedelta
    to: Addressees


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What every activity has; `paths` never names an activity that does not exist."""

    id: str
    name: str
    paths: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Activity):
    """Asks people; `due`, `timeout` and the rest count from the creation of each item."""

    addressees: Addressees
    settle: Settle = Settle()
    self_approval: bool = True
    fallback: Addressees | None = None
    timeout: timedelta | None = None
    remind: Remind | None = None
    escalate: Escalate | None = None
    due: timedelta | None = None
    priority: Priority = Priority.MEDIUM
    writes: tuple[str, ...] = ()
    form: Form | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Activity):
    """Goes on over `true` or `false`."""

    when: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch(Activity):
    """Takes all of `targets` at once; they meet again in one merge."""

    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Activity):
    """Goes on once all paths of its branch have come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingActivity(Activity):
    """Sets data items from expressions that all see the data as it was before."""

    sets: Mapping[str, Expression]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusActivity(Activity):
    """Decides how the process will end."""

    status: ApprovalStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Log(Activity):
    """Writes a comment in the initiator's name."""

    comment: Expression


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait(Activity):
    """Waits for a duration, or until the time that an expression gives."""

    duration: timedelta | None = None
    until: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubProcess(Activity):
    """Starts another definition (by DN); with `wait` goes on over the child's outcome, else at once over `next`."""

    definition: str
    recipient: Addressees | None = None
    data: Mapping[str, Expression] = field(default_factory=dict)
    wait: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorCall(Activity):
    """Calls a connector by name; `outputs` set data items from its `response`, and `fault_outputs` where it fails."""

    connector: str
    inputs: Mapping[str, Expression] = field(default_factory=dict)
    outputs: Mapping[str, Expression] = field(default_factory=dict)
    fault_outputs: Mapping[str, Expression] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Activity):
    """Sends a mail; `subject`, `text` and `html` are templates."""

    to: Addressees
    cc: Addressees | None = None
    subject: str
    text: str
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told by mail: templates, each in place of the standard one; own `text` goes without its HTML."""

    subject: str | None = None
    text: str | None = None
    html: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish(Activity):
    """Ends the process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One immutable version of a definition; `source` is the file's text as it was given."""

    dn: str
    name: str
    start: str
    activities: Mapping[str, Activity]
    data: Mapping[str, DataItem] = field(default_factory=dict)
    form: Form | None = None  # of a request
    guid: str = ""
    version: int = 1
    category: str = ""
    description: str = ""
    operation: str = "grant"
    legal_disclaimer: str = ""
    retention: timedelta | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    descriptions: Mapping[str, str] = field(default_factory=dict)
    notifications: Mapping[str, Notice] = field(default_factory=dict)
    source: str = ""
    retired: bool = False
    row: int = 0

    @property
    def asked(self) -> dict[str, DataItem]:
        """The data items that people may give, in their order: all but the internal ones."""
        return {name: item for name, item in self.data.items() if not item.internal}
