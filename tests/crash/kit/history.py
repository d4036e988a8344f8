"""What clients asked for and were told."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Start:
    """A start under a key, which is its tag as well; `process_id` is what its caller was told, if anything."""

    key: str
    clerk: str
    flow: str
    number: int
    process_id: str | None = None


@dataclass(slots=True)
class Decision:
    """A decision about an item, with a comment that no other has.

    `status` is what its clerk was told, and `doubts` how often he was told nothing, or 503, before.
    """

    tag: str
    clerk: str
    item_id: str
    action: str
    status: int | None = None
    doubts: int = 0


@dataclass(slots=True)
class History:
    """All that was asked of one database; `wrong` are answers that should never have been given."""

    starts: list[Start] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unanswered: int = 0

    @property
    def acknowledged(self) -> int:
        """How many commands somebody was told the outcome of."""
        started = sum(start.process_id is not None for start in self.starts)
        return started + sum(decision.status is not None for decision in self.decisions)

    def new_start(self, client: int, clerk: str, flow: str) -> Start:
        start = Start(f"start-{client}-{len(self.starts)}", clerk, flow, len(self.starts))
        self.starts.append(start)
        return start

    def new_decision(self, clerk: str, item_id: str, action: str) -> Decision:
        decision = Decision(f"decision-{len(self.decisions)}", clerk, item_id, action)
        self.decisions.append(decision)
        return decision

    def told(self, start: Start, process_id: str) -> None:
        """Note the process that a start was answered with; the same key has to give the same."""
        if start.process_id not in (None, process_id):
            self.wrong.append(f"{start.key} was told of process {start.process_id}, and then of {process_id}")
            return
        start.process_id = process_id
