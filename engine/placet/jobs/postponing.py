"""Jobs that cannot even be begun, for something of ours is away: a key, the database. They wait, and are no tries."""

from __future__ import annotations

from datetime import datetime, timedelta

from placet.core.records import UNABLE_SINCE, Job
from placet.jobs.runner import Done, Result, TryAgain
from placet.query.times import parse_time

#: How long a job waits for what is away before a person is told, or the path for a fault is taken.
PATIENCE = timedelta(minutes=10)
_SHORTEST, _LONGEST = timedelta(seconds=5), timedelta(minutes=1)


def postponed(job: Job, reason: str, now: datetime) -> Result:
    """What becomes of a job that could not be begun for a `reason`: it waits longer and longer, up to an end."""
    since = parse_time(job.payload[UNABLE_SINCE]) if UNABLE_SINCE in job.payload else now
    waited = max(now - since, timedelta(0))
    if waited >= PATIENCE:
        text = f"For {PATIENCE.seconds // 60} minutes it could not be begun: {reason}"
        return Done("fault", None, text, begun=False)
    after = min(max(waited / 2, _SHORTEST), _LONGEST)
    return TryAgain(after, reason, keep={UNABLE_SINCE: since.isoformat()}, begun=False)
