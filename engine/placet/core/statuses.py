"""The states of a process and of a work item, with the integers that the contract gives them.

The integers of process and approval status are those of the reference (section 6.2); filters take them.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class ProcessStatus(IntEnum):
    """Where a process is in its life."""

    RUNNING = 0
    STOPPED = 1
    TERMINATED = 2
    COMPLETED = 3

    @property
    def label(self) -> str:
        """The word of the contract."""
        return self.name.capitalize()


class ApprovalStatus(IntEnum):
    """What was decided."""

    PROCESSING = 0
    DENIED = 1
    APPROVED = 2
    RETRACTED = 3
    ERROR = 4

    @property
    def label(self) -> str:
        """The word of the contract."""
        return self.name.capitalize()


class Life(Enum):
    """The pairs of the two statuses that can occur; no other pair is ever stored."""

    RUNNING = (ProcessStatus.RUNNING, ApprovalStatus.PROCESSING)
    STOPPED = (ProcessStatus.STOPPED, ApprovalStatus.PROCESSING)
    APPROVED = (ProcessStatus.COMPLETED, ApprovalStatus.APPROVED)
    DENIED = (ProcessStatus.COMPLETED, ApprovalStatus.DENIED)
    RETRACTED = (ProcessStatus.TERMINATED, ApprovalStatus.RETRACTED)
    ERROR = (ProcessStatus.TERMINATED, ApprovalStatus.ERROR)

    @property
    def process_status(self) -> ProcessStatus:
        """Where the process is in its life."""
        return self.value[0]

    @property
    def approval_status(self) -> ApprovalStatus:
        """What was decided."""
        return self.value[1]

    @property
    def is_over(self) -> bool:
        """Whether nothing more can happen."""
        return self not in (Life.RUNNING, Life.STOPPED)


class WorkItemStatus(IntEnum):
    """Where a work item is in its life."""

    OPEN = 0
    CLAIMED = 1
    COMPLETED = 2
    CANCELLED = 3
    TIMED_OUT = 4

    @property
    def label(self) -> str:
        """The word of the contract."""
        return "Timedout" if self is WorkItemStatus.TIMED_OUT else self.name.capitalize()

    @property
    def is_open(self) -> bool:
        """Whether the item still waits for an answer."""
        return self in (WorkItemStatus.OPEN, WorkItemStatus.CLAIMED)


class Priority(IntEnum):
    """How urgent a work item is, with the codes of the contract."""

    HIGH = 1
    MEDIUM = 2
    LOW = 3

    @property
    def label(self) -> str:
        """The word of the contract."""
        return self.name.capitalize()


class Action(IntEnum):
    """What can be done with a work item, with the codes of the contract."""

    APPROVE = 0
    DENY = 1
    REFUSE = 2
    CLAIM = 3
    RELEASE = 4
    REASSIGN = 5
    COMMENT = 6
    RETURN = 7

    @property
    def label(self) -> str:
        """The word of the contract."""
        return self.name.capitalize()


class NodeStatus(Enum):
    """Where an engine node is in its life; the values are the words that are told."""

    STARTING = "Starting"
    RUNNING = "Running"
    DRAINING = "Draining"
    SHUTDOWN = "Shutdown"
    TIMED_OUT = "Timedout"

    @property
    def is_alive(self) -> bool:
        """Whether it has been heard of just now."""
        return self in (NodeStatus.STARTING, NodeStatus.RUNNING, NodeStatus.DRAINING)
