"""Placet: an async approval-workflow engine with durable process state.

`Engine` is the way in: open one on a database URL, load definitions, start, act, search, and follow events.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from placet.core.records import Comment, Event, Incident, Process, WorkItem
from placet.core.statuses import Action, ApprovalStatus, NodeStatus, Priority, ProcessStatus, WorkItemStatus
from placet.errors import PlacetError
from placet.settings import Settings, read_settings

if TYPE_CHECKING:
    from placet.clock import Clock, ManualClock, SystemClock
    from placet.core.definition import Definition
    from placet.engine import Engine
    from placet.store.incidents import FoundIncident
    from placet.store.listing import ProcessListing, ProcessRow
    from placet.store.nodes import EngineNode
    from placet.store.search import FoundProcess, FoundWorkItem, cursor_of
else:  # loaded when first asked for: SQLAlchemy and CEL cost half a second, which settings need not wait for
    _HOMES = {"Definition": "placet.core.definition", "Engine": "placet.engine"}
    _HOMES |= {"EngineNode": "placet.store.nodes", "FoundIncident": "placet.store.incidents"}
    _HOMES |= dict.fromkeys(("ProcessListing", "ProcessRow"), "placet.store.listing")
    _HOMES |= dict.fromkeys(("Clock", "ManualClock", "SystemClock"), "placet.clock")
    _HOMES |= dict.fromkeys(("FoundProcess", "FoundWorkItem", "cursor_of"), "placet.store.search")

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


__version__ = "0.1.0"

__all__ = [
    "Action", "ApprovalStatus", "Clock", "Comment", "Definition", "Engine", "EngineNode", "Event", "FoundIncident",
    "FoundProcess", "FoundWorkItem", "Incident", "ManualClock", "NodeStatus", "PlacetError", "Priority", "Process",
    "ProcessListing", "ProcessRow", "ProcessStatus", "Settings", "SystemClock", "WorkItem", "WorkItemStatus",
    "__version__", "cursor_of", "read_settings",
]  # fmt: skip
