"""The figures that an engine counts while it works, each defined in one place; its gauges are read when asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from placet.telemetry.tallies import Labels, Spread, Tally

#: From a command that waits for nothing to one that meets a busy disk; and from a quick call to one that is given up.
_SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_LONG = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 48.0, 64.0)

#: The value of a gauge by the values of its labels.
Values: TypeAlias = Mapping[Labels, float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure that is looked up; `read` gives it as it is now."""

    name: str
    about: str
    labels: Labels
    read: Callable[[], Values]


class Metrics:
    """What one engine has counted since it was made, and its gauges."""

    def __init__(self) -> None:
        self.starts = Tally("placet_starts_total", "Processes started.", "definition")
        self.decisions = Tally("placet_decisions_total", "Commands answered.", "command", "outcome")
        self.command_seconds = Spread("placet_command_seconds", "From the queue to the answer of a command.", _SHORT)
        self.batch_commands = Spread("placet_batch_commands", "Commands in a batch.", _SIZES)
        self.commit_seconds = Spread("placet_commit_seconds", "How long the commit of a batch took.", _SHORT)
        self.job_seconds = Spread("placet_job_seconds", "Tries of jobs that leave the house.", _LONG, "kind", "outcome")
        self.call_seconds = Spread("placet_call_seconds", "Calls of other services.", _LONG, "service", "outcome")
        self.mail_recipients = Tally(
            "placet_mail_recipients_total", "Recipients that the mail server was told.", "outcome"
        )
        self.delivery_seconds = Spread(
            "placet_webhook_delivery_seconds", "Tries of telling a receiver of an event.", _LONG, "outcome"
        )
        self.request_seconds = Spread(
            "placet_http_request_seconds",
            "From a request to the beginning of its answer.",
            _SHORT,
            "route",
            "method",
            "status",
        )
        self.requests_under_way = self.event_streams = 0
        self.gauges: list[Gauge] = []
        self._renewals: list[Callable[[], Awaitable[None]]] = []
        self.watch("placet_http_requests_in_progress", "Requests under way.", lambda: {(): self.requests_under_way})
        self.watch("placet_event_streams", "Clients that read events as they happen.", lambda: {(): self.event_streams})

    @property
    def counted(self) -> list[Tally | Spread]:
        """All that is counted while it happens."""
        return [each for each in vars(self).values() if isinstance(each, (Tally, Spread))]

    def watch(self, name: str, about: str, read: Callable[[], Values], *labels: str) -> None:
        """Have a gauge, read whenever somebody asks for the figures."""
        self.gauges.append(Gauge(name, about, labels, read))

    def before_reading(self, renew: Callable[[], Awaitable[None]]) -> None:
        """Have something done before the gauges are read, which is to take no time worth speaking of."""
        self._renewals.append(renew)

    async def renew(self) -> None:
        """Do what is to be done before the gauges are read."""
        for renew in self._renewals:
            await renew()

    def decided(self, command: str, outcome: str, seconds: float) -> None:
        """A command, by the name of its class, has been answered so long after it was given."""
        self.decisions.add((command, outcome))
        self.command_seconds.add(seconds)

    def committed(self, commands: int, seconds: float) -> None:
        """A batch of so many commands has been committed."""
        self.batch_commands.add(commands)
        self.commit_seconds.add(seconds)
