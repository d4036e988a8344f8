"""Processes of a collection as JSON text, written row by row without making a value of each.

A collection may have a million rows. What rows share (people, definitions, the minutes of their times) is written once;
a test holds each row equal to what `Renderer.process` makes of the same process.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from placet import ProcessListing
from placet.core.statuses import ApprovalStatus, ProcessStatus
from placet.query.times import format_time
from placet_api.ris.render import Renderer

_PROCESS_STATUSES = {status.value: status.label for status in ProcessStatus}
_APPROVAL_STATUSES = {status.value: status.label for status in ApprovalStatus}
_MOST_MINUTES = 50_000

_minutes: dict[int, str] = {}


def write_processes(listing: ProcessListing, render: Renderer, accepted: str) -> list[str]:
    """Each row of a listing as the JSON object of the contract."""
    links = render.links
    dn = listing.dn
    people = render.person_texts(dn)
    others = {row[9] for row in listing.rows} | {row[10] for row in listing.rows}  # proxies and nodes
    texts = {number: _json(dn(number)) for number in others if number}
    definitions = {
        row: f'"Definition":{_json(render.definition_of(definition, accepted))},"Created":"'
        for row, definition in listing.definitions.items()
    }
    versions = {row: str(definition.version) for row, definition in listing.definitions.items()}
    begin = f'{{"Links":[{{"Link":"{links.items_of_process}'
    then = '","Type":"wf/workitems","Value":"Workflow Workitems"}],"GUID":"'
    link = f'","Link":"{links.process}'
    written = []
    for (
        id_,
        definition,
        initiator,
        recipient,
        status,
        approval,
        created,
        completed,
        correlation,
        proxy,
        node,
        _,
    ) in listing.rows:
        guid = id_.hex()
        rest = f',"Proxy":{texts[proxy]}' if proxy else ""
        if correlation:
            rest += f',"CorrelationId":{_json(correlation)}'
        written.append(
            f'{begin}{guid}{then}{guid}{link}{guid}","Initiator":{people[initiator]},"Recipient":{people[recipient]},'
            f'{definitions[definition]}{time_text(created)}","Completed":"{time_text(completed)}",'
            f'"ApprovalStatus":"{_APPROVAL_STATUSES[approval]}","ProcessStatus":"{_PROCESS_STATUSES[status]}",'
            f'"Version":"{versions[definition]}","EngineId":{texts[node]}{rest}}}'
        )
    return written


def time_text(millis: int | None) -> str:
    """A stored time as the contract writes it; what is not yet is an empty text."""
    if millis is None:
        return ""
    minute, rest = divmod(millis, 60_000)
    head = _minutes.get(minute)
    if head is None:
        if len(_minutes) > _MOST_MINUTES:
            _minutes.clear()
        head = _minutes[minute] = format_time(datetime.fromtimestamp(minute * 60, UTC))[:12]
    return f"{head}{rest:05}+0000"  # the seconds and milliseconds of a minute are its five digits


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
