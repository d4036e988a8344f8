"""What people do with incidents: try again, with changed data where they want, or go on without it."""

from __future__ import annotations

from typing import Any

from placet.commands import ResolveIncident
from placet.core import data_items, walk
from placet.core.access import Act, Row, require_act
from placet.core.calls import inputs_of, request_call
from placet.core.definition import ConnectorCall, Email
from placet.core.draft import Draft
from placet.core.mails import LANE, begin_mail
from placet.core.outcomes import OUTBOUND, outputs
from placet.core.records import UNABLE_SINCE, Incident
from placet.errors import Conflict, ExpressionError, InvalidInput, NotFound

_OF_FAILURE = ("response", UNABLE_SINCE)  # in the payload of an incident, and not in that of the job that it was


def resolve_incident(draft: Draft, command: ResolveIncident) -> None:
    """Resolve an open incident in the way that a command says."""
    require_act(draft.directory, command.actor, Act.RETRY, Row(draft.process, draft.definition), now=draft.now)
    incident = _open_incident(draft, command)
    if incident.token and draft.flow.paused_at is not None:
        raise Conflict("The process is stopped: it has been paused, and has to be resumed first.")
    if command.way == "retry":
        draft.close_incident(incident, "retried")
        draft.record("incident.retried", activity=incident.activity, incident=incident.number)
        _retry(draft, incident, command)
    else:
        draft.close_incident(incident, "skipped")
        draft.record("incident.skipped", activity=incident.activity, incident=incident.number)
        _skip(draft, incident, command)


def _open_incident(draft: Draft, command: ResolveIncident) -> Incident:
    incident = draft.incidents.get(command.number)
    if incident is None:
        raise NotFound(f"There is no incident {command.number} of process {draft.process.id}.")
    if incident.resolved_at is not None:
        who = draft.directory.display_name(incident.actor) if incident.actor else "the system"
        what = "closed with its process" if incident.resolution == "ended" else f"{incident.resolution} by {who}"
        when = f"{incident.resolved_at:%Y-%m-%d %H:%M:%S UTC}"
        raise Conflict(f"This incident was {what} at {when}; it cannot be resolved twice.")
    return incident


def _retry(draft: Draft, incident: Incident, command: ResolveIncident) -> None:
    activity = _activity(draft, incident)
    if command.data and activity is None:
        raise InvalidInput("Nothing of the process waits for this incident, so its data cannot be changed by it.")
    if command.inputs and not isinstance(activity, ConnectorCall):
        raise InvalidInput("A mail has no inputs; change the data items that it is made of.")
    draft.set_data(data_items.check_change(draft.definition, command.data, None, draft.process.data))
    if isinstance(activity, ConnectorCall):
        _call_again(draft, incident, activity, command)
    elif isinstance(activity, Email) and command.data:
        _word_again(draft, incident, activity)
    else:
        payload = {name: value for name, value in incident.payload.items() if name not in _OF_FAILURE}
        draft.add_job("mail", incident.token, lane=LANE, **{**payload, "tries": []})
        draft.record("mail.requested", activity=incident.activity)


def _word_again(draft: Draft, incident: Incident, activity: Email) -> None:
    try:
        begin_mail(draft, incident.token, activity)
    except ExpressionError as failure:
        raise InvalidInput(f"With these data the mail cannot be made: {failure.message}") from None


def _call_again(draft: Draft, incident: Incident, activity: ConnectorCall, command: ResolveIncident) -> None:
    """Call with the key of the incident where the inputs are what they were, for it may have had its effect."""
    before = incident.payload["inputs"]
    inputs = {**before, **_recomputed(draft, activity, command), **data_items.as_json(command.inputs, "The inputs")}
    inputs = {name: value for name, value in inputs.items() if value is not None}
    request_call(draft, incident.token, activity, inputs, incident.payload["key"] if inputs == before else None)


def _recomputed(draft: Draft, activity: ConnectorCall, command: ResolveIncident) -> dict[str, Any]:
    """The inputs by the changed data; one that these no longer give is None."""
    if not command.data:
        return {}
    try:
        return dict.fromkeys(activity.inputs) | inputs_of(draft, activity)
    except ExpressionError as failure:
        raise InvalidInput(f"With these data the inputs cannot be made: {failure.message}") from None


def _skip(draft: Draft, incident: Incident, command: ResolveIncident) -> None:
    """Go on as if it had been done, with the result that somebody gives in place of the answer."""
    activity = _activity(draft, incident)
    if command.data or command.inputs:
        raise InvalidInput("Data and inputs go with a retry; to skip an incident, give a result or nothing.")
    if command.result is not None:
        if not isinstance(activity, ConnectorCall):
            raise InvalidInput("A mail has no result; skip this incident without one.")
        draft.set_data(_from_result(draft, activity, data_items.as_json(command.result, "The result")))
    if activity is not None:
        walk.leave(draft, incident.token, OUTBOUND["call" if isinstance(activity, ConnectorCall) else "mail"].success)


def _from_result(draft: Draft, activity: ConnectorCall, result: Any) -> dict[str, Any]:
    response = {"success": True, "code": None, "message": result, "headers": {}, "error": None, "result": result}
    try:
        return outputs(draft, activity, response)
    except ExpressionError as failure:
        what = f"The outputs of {activity.name!r} cannot be made of this result"
        raise InvalidInput(f"{what}: {failure.message}") from None


def _activity(draft: Draft, incident: Incident) -> ConnectorCall | Email | None:
    if not incident.token:
        return None
    activity = draft.definition.activities[draft.token(incident.token).at]
    assert isinstance(activity, (ConnectorCall, Email))
    return activity
