"""What becomes of a process when a job that left the house comes back: a path, or an incident where none is drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from placet.commands import JobEnded
from placet.core import data_items, walk
from placet.core.definition import Activity, ConnectorCall
from placet.core.draft import Draft
from placet.core.expressions import Expression
from placet.core.records import Incident, Job
from placet.errors import ExpressionError, InvalidInput

#: So much of an answer is kept with an incident, in characters of JSON.
MOST_KEPT = 10_000
_NO_ANSWER: Mapping[str, Any] = {"code": None, "message": None, "headers": {}, "error": None, "result": None}
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Outbound:
    """A kind of job that leaves: what its incidents are called, its events, and its paths, the first drawn counts."""

    noun: str
    succeeded: str
    failed: str
    success: str
    failures: Mapping[str, Sequence[str]]


OUTBOUND: Mapping[str, Outbound] = {
    "call": Outbound(
        "connector",
        "call.succeeded",
        "call.failed",
        "success",
        {"fault": ("fault",), "timedout": ("timedout", "fault")},
    ),
    "mail": Outbound("mail", "mail.sent", "mail.failed", "next", {"fault": ("error",), "timedout": ("error",)}),
}


@dataclass(frozen=True, slots=True)
class Came:
    """What came back from a job."""

    outcome: str
    response: Mapping[str, Any] | None
    reason: str
    tries: Sequence[Mapping[str, Any]]


def job_ended(draft: Draft, command: JobEnded) -> bool:
    """Go on from the activity that waited for a job; False where that has been overtaken."""
    job = draft.jobs.get(command.number)
    if job is None or job.lane is None or job.timer != command.timer or "came" in job.payload:
        return False
    came = Came(command.outcome, command.response, command.reason or "", list(command.tries))
    if job.token and draft.flow.paused_at is not None:
        kept = {each.name: getattr(came, each.name) for each in fields(came)}
        draft.change_job(job, timer_at=None, payload={**job.payload, "came": kept})
    else:
        _end(draft, job, came)
    return True


def end_held_jobs(draft: Draft) -> None:
    """Go on from the activities whose jobs came back while the process was stopped."""
    for job in list(draft.jobs.values()):
        if "came" in job.payload and job.number in draft.jobs:
            payload = dict(job.payload)
            came = Came(**payload.pop("came"))
            _end(draft, replace(job, payload=payload), came)


def _end(draft: Draft, job: Job, came: Came) -> None:
    kind = OUTBOUND[job.kind]
    activity = draft.definition.activities[draft.token(job.token).at] if job.token else None
    draft.end_job(job)
    if came.outcome == "dropped":
        return
    if came.outcome == "success":
        try:
            values = outputs(draft, activity, came.response or {})
        except (ExpressionError, InvalidInput) as failure:
            reason = f"it answered, and the answer could not be used: {failure.message}"
            came = Came("fault", came.response, reason, came.tries)
        else:
            draft.set_data(values)
            draft.record(kind.succeeded, activity=activity.id if activity else None, tries=len(came.tries))
            if activity is not None:
                walk.leave(draft, job.token, kind.success)
            return
    _fail(draft, job, activity, came)


def _fail(draft: Draft, job: Job, activity: Activity | None, came: Came) -> None:
    """Take the first drawn of the paths that an outcome has, or leave it to a person."""
    kind = OUTBOUND[job.kind]
    at = activity.id if activity else None
    draft.record(kind.failed, activity=at, outcome=came.outcome, reason=came.reason, tries=len(came.tries))
    drawn = activity.paths if activity else {}
    path = next((path for path in kind.failures[came.outcome] if path in drawn), None)
    if activity is not None and path is not None:
        draft.comment(f"{activity.name}: {came.reason}{_noted(draft, activity, came)}", activity=at)
        walk.leave(draft, job.token, path)
        return
    payload = {**job.payload, "tries": list(came.tries), "response": _kept(came.response)}
    draft.add_incident(Incident(draft.process.id, 0, kind.noun, at, job.token, draft.now, came.reason, payload))
    draft.record("incident.opened", activity=at, incident=draft.process.incident_count, reason=came.reason)


def outputs(draft: Draft, activity: Activity | None, response: Mapping[str, Any]) -> dict[str, Any]:
    """The data items that an answer sets; raises ExpressionError or InvalidInput where it does not give them."""
    return _made(draft, activity.outputs, response) if isinstance(activity, ConnectorCall) else {}


def _noted(draft: Draft, activity: Activity, came: Came) -> str:
    """Set the data items that a failure sets; gives why they could not be, for who reads the trail, "" where they are.

    The path is foreseen, so that the process goes on over it all the same.
    """
    if not isinstance(activity, ConnectorCall):
        return ""
    response = {**_NO_ANSWER, **(came.response or {})}
    response |= {"success": False, "error": response["error"] or came.reason}
    try:
        draft.set_data(_made(draft, activity.fault_outputs, response))
    except (ExpressionError, InvalidInput) as failure:
        return f" (its fault_outputs could not be made: {failure.message})"
    return ""


def _made(draft: Draft, mapping: Mapping[str, Expression], response: Mapping[str, Any]) -> dict[str, Any]:
    if not mapping:
        return {}
    facts = draft.expression_facts(response)
    values = {item: expression.evaluate(facts) for item, expression in mapping.items()}
    return data_items.check_change(draft.definition, values, None)


def _kept(response: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """An answer as an incident shows it: a long message is cut, and what a connector made of it goes with it."""
    if response is None:
        return None
    kept = {name: value for name, value in response.items() if name != "result"}
    message = _beginning(kept.get("message"))
    if len(message) > MOST_KEPT:
        kept["message"] = f"{message[: MOST_KEPT - 1]}…"
    if len(_beginning(kept.get("headers"))) > MOST_KEPT:
        kept["headers"] = {}
    return kept


def _beginning(value: Any) -> str:
    """The JSON of a value; of a long one a little more than is kept, and nothing is done for the rest."""
    text = ""
    for part in _ENCODER.iterencode(value):
        text += part
        if len(text) > MOST_KEPT:
            break
    return text
