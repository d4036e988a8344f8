"""Calls of connectors: a decision asks for one, and a job makes it once the decision is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placet.core import data_items
from placet.core.definition import ConnectorCall
from placet.core.draft import Draft


def begin_call(draft: Draft, number: int, activity: ConnectorCall) -> None:
    """Ask for a connector to be called, and wait for what comes back."""
    request_call(draft, number, activity, inputs_of(draft, activity))


def inputs_of(draft: Draft, activity: ConnectorCall) -> dict[str, Any]:
    """The inputs that the data give; one that is null is not given."""
    what = f"the inputs for {activity.connector!r}"
    inputs = data_items.computed(activity.inputs, draft.expression_facts(), what)
    return {name: value for name, value in inputs.items() if value is not None}


def request_call(
    draft: Draft, token: int, activity: ConnectorCall, inputs: Mapping[str, Any], key: str | None = None
) -> None:
    """Add the job of a call; without a `key` of an earlier one it gets its own, which stays the same for every try."""
    own = f"{draft.process.id}-{draft.process.job_count + 1}"
    lane = lane_of(activity.connector)
    draft.add_job("call", token, lane=lane, connector=activity.connector, inputs=inputs, key=key or own, tries=[])
    draft.record("call.requested", activity=activity.id, connector=activity.connector)


def lane_of(connector: str) -> str:
    """The lane that the calls of a connector take."""
    return f"connector/{connector.casefold()}"
