"""Processes of a collection as JSON text, written row by row without making a value of each.

A collection may have a million rows. What rows share (people, definitions, the days of their times) is written once;
a test holds each row equal to what `Renderer.process` makes of the same process.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from placet import ProcessListing, ProcessRow
from placet.core.statuses import ApprovalStatus, ProcessStatus
from placet.query.times import format_time
from placet_api.ris.render import Renderer

_PROCESS_STATUSES = {status.value: status.label for status in ProcessStatus}
_APPROVAL_STATUSES = {status.value: status.label for status in ApprovalStatus}
#: Milliseconds, and each minute of a day as it stands in a time of the contract, in front of seconds and milliseconds.
_DAY, _MINUTE = 86_400_000, 60_000
_MINUTES = tuple((minute // 60 * 100 + minute % 60) * 100_000 for minute in range(24 * 60))


def write_processes(listing: ProcessListing, render: Renderer, accepted: str) -> list[str]:
    """Each row of a listing as the JSON object of the contract; of short ones, what was written before is kept."""
    if not listing.is_short:
        return _write(listing.rows, listing, render, accepted)
    kept = render.row_texts(accepted)
    found = [kept.get(row.id) for row in listing.rows]
    fresh = [row for row, known in zip(listing.rows, found, strict=True) if known is None or known[0] is not row]
    if fresh:
        texts = _write(fresh, listing, render, accepted)
        kept.update({row.id: (row, text) for row, text in zip(fresh, texts, strict=True)})
    return [kept[row.id][1] for row in listing.rows]


def _write(rows: Sequence[ProcessRow], listing: ProcessListing, render: Renderer, accepted: str) -> list[str]:
    links = render.links
    people = render.person_texts()
    nodes = {row.engine_id: _json(row.engine_id) for row in rows}
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
    ) in rows:
        guid = id_.hex()
        ended = "" if completed is None else _time(completed)
        rest = ""
        if proxy or correlation:
            rest = f',"Proxy":{_json(proxy)}' if proxy else ""
            rest += f',"CorrelationId":{_json(correlation)}' if correlation else ""
        written.append(
            f'{begin}{guid}{then}{guid}{link}{guid}","Initiator":{people[initiator]},"Recipient":{people[recipient]},'
            f'{definitions[definition]}{_time(created)}","Completed":"{ended}",'
            f'"ApprovalStatus":"{_APPROVAL_STATUSES[approval]}","ProcessStatus":"{_PROCESS_STATUSES[status]}",'
            f'"Version":"{versions[definition]}","EngineId":{nodes[node]}{rest}}}'
        )
    return written


@lru_cache(maxsize=20_000)
def _day(number: int) -> int:
    """The contract's time of the midnight with which a day begins, as a number without its zone."""
    return int(format_time(datetime.fromtimestamp(number * 86_400, UTC))[:8]) * 1_000_000_000


def _time(millis: int) -> str:
    """The contract's time of a moment, put together from those of its day and of its minute."""
    return f"{_day(millis // _DAY) + _MINUTES[millis % _DAY // _MINUTE] + millis % _MINUTE:017}+0000"


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
