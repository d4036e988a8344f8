"""Placet: an async approval-workflow engine with durable process state.

`Engine` is the way in: open one on a database URL, load definitions, start, act, search, and follow events.
"""

from placet.clock import Clock, ManualClock, SystemClock
from placet.core.definition import Definition
from placet.core.records import Comment, Event, Process, WorkItem
from placet.core.statuses import Action, ApprovalStatus, Priority, ProcessStatus, WorkItemStatus
from placet.engine import Engine
from placet.errors import PlacetError
from placet.settings import Settings, read_settings
from placet.store.search import FoundProcess, FoundWorkItem, ProcessListing, cursor_of

__version__ = "0.1.0"

__all__ = [
    "Action",
    "ApprovalStatus",
    "Clock",
    "Comment",
    "Definition",
    "Engine",
    "Event",
    "FoundProcess",
    "FoundWorkItem",
    "ManualClock",
    "PlacetError",
    "Priority",
    "Process",
    "ProcessListing",
    "ProcessStatus",
    "Settings",
    "SystemClock",
    "WorkItem",
    "WorkItemStatus",
    "__version__",
    "cursor_of",
    "read_settings",
]
