"""What the page teaches: queries to begin with, which a test runs, and what would be where there is nothing yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

#: Open processes of which an approval found nobody who can answer it.
STUCK = "ProcessStatus = Running and Events.Kind = work_item.stranded"

EXAMPLES: Mapping[str, Sequence[tuple[str, str]]] = {
    "processes": (
        ("ProcessStatus = Running and CreationTime < -7d", "open for longer than a week"),
        ("Initiator = me sort CreationTime desc", "what I have asked for"),
        ("WorkItems(Status = Open and Addressee = me)", "where I am asked right now"),
        (
            "ApprovalStatus in (Denied, Error) and CompletionTime >= today-7d",
            "refused or failed in the last seven days",
        ),
        (
            "Incidents.ResolutionTime is null and Incidents.OpenTime is not null",
            "something failed, and waits for somebody",
        ),
        (STUCK, "nobody was found who can answer"),
        ("group by Definition, ApprovalStatus sort count desc", "how many of each, and how long they took"),
        ("CreationTime >= -30d group by day(CreationTime)", "starts by day"),
    ),
    "workitems": (
        ("Status in (Open, Claimed) and Addressee = me", "what waits for me"),
        ("Status = Open and DueTime < now", "overdue"),
        ("Process.ProcessStatus = Running and CreationTime < -3d sort CreationTime", "the oldest first"),
        ("CompletionTime >= -7d group by Actor sort count desc", "who has answered how many, and how fast"),
    ),
    "events": (
        ("Kind in (process.failed, call.failed) and Time >= -1d", "what went wrong since yesterday"),
        ("Actor = me and Time >= today", "what I have done today"),
        ("Time >= -1d group by Kind sort count desc", "what happens most"),
    ),
    "incidents": (
        ("ResolutionTime is null sort OpenTime", "open ones, the oldest first"),
        ("group by Kind, ActivityId sort count desc", "what fails most"),
    ),
    "definitions": (
        ("Retired = false sort Name", "those that can be started"),
        ("Category = accounts", "of one category"),
    ),
    "users": (
        ("Status = ACTIVE and Manager is null", "active ones without a manager"),
        ("group by Role sort count desc", "how many have each role"),
    ),
}

#: What a reader is told where there is nothing of a resource at all.
NOTHING_YET: Mapping[str, str] = {
    "processes": "A process begins when somebody starts a request; those that you may see are listed here.",
    "workitems": "A work item asks somebody for an answer; those of the processes that you may see are listed here.",
    "events": "Whatever happens to a process is kept as an event, and listed here if you may see the process.",
    "incidents": "Nothing has failed for good. When a call or a mail does, it is here until it is retried or skipped.",
    "definitions": "A definition says how a request is decided; deploy one, and requests can be started from it.",
    "users": "Users come from a file or are added one by one.",
}
