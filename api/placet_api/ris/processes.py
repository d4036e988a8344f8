"""Processes: the collection, one, and what can be done with one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from placet import FoundProcess
from placet.commands import ChangeData, PauseProcess, ResumeProcess, TerminateProcess
from placet.errors import InvalidInput
from placet.query.ast import In, Node
from placet.query.fields import PROCESSES as PROCESS_FIELDS
from placet_api.answers import Answer, to_json
from placet_api.body import text_of
from placet_api.links import PROCESSES
from placet_api.params import Paging
from placet_api.ris.collections import Collection, Rows
from placet_api.ris.data_items import read_data_items
from placet_api.ris.request import NO_CONTENT, Request
from placet_api.ris.rows import write_processes
from placet_api.ris.searches import Search

_END = frozenset({"type", "reason"})


def _value(request: Request, found: FoundProcess) -> object:
    return request.render.process(found, request.accept_language)


async def _read(request: Request, wanted: Node | None, paging: Paging, limit: int) -> Rows:
    listing = await request.engine.list_processes(
        wanted, actor=request.actor.dn, limit=limit, after=paging.after, newest_first=paging.newest_first
    )
    return Rows(write_processes(listing, request.render, request.accept_language), listing.cursor)


async def _fetch(request: Request, ids: Sequence[str]) -> Mapping[str, str]:
    wanted = In(PROCESS_FIELDS.field("ProcessId"), tuple(ids))
    found = await request.engine.processes(wanted, actor=request.actor.dn, limit=len(ids))
    return {each.process.id: to_json(_value(request, each)).decode() for each in found}


processes = Collection(
    kind=PROCESSES,
    fields=PROCESS_FIELDS,
    newest_first=True,
    of_items=False,
    read=_read,
    search=Search(PROCESSES, "processes", "ProcessId", _fetch, "-CreationTime"),
)


async def every_process(request: Request) -> Answer:
    return await processes.answer(request)


async def one_process(request: Request) -> Answer:
    request.query()
    found = await request.engine.process(request.id("process"), actor=request.actor.dn)
    return request.answer_found(_value(request, found), found)


async def terminate(request: Request) -> Answer:
    """End a process; by DELETE, or by POST for clients that cannot send DELETE."""
    query = request.query(_END)
    error, reason = _ends_in_error(query.one("type")), query.one("reason") or None
    process_id = request.id("process")
    revision = await request.expected_revision(process_id)
    command = TerminateProcess(
        process_id=process_id, actor=request.actor.dn, error=error, reason=reason, revision=revision
    )
    await request.engine.handle(command)
    return NO_CONTENT


def _ends_in_error(kind: str | None) -> bool:
    match kind.upper() if kind is not None else "RETRACT":
        case "RETRACT":
            return False
        case "ERROR":
            return True
        case _:
            raise InvalidInput(f"type: {(kind or '')[:40]!r} is not a way to end a process; give RETRACT or ERROR.")


async def pause(request: Request) -> Answer:
    request.query()
    process_id = request.id("process")
    revision = await request.expected_revision(process_id)
    await request.engine.handle(PauseProcess(process_id=process_id, actor=request.actor.dn, revision=revision))
    return NO_CONTENT


async def resume(request: Request) -> Answer:
    request.query()
    process_id = request.id("process")
    revision = await request.expected_revision(process_id)
    await request.engine.handle(ResumeProcess(process_id=process_id, actor=request.actor.dn, revision=revision))
    return NO_CONTENT


async def change_data(request: Request) -> Answer:
    """Change data items of a process that has not ended; a `Comment` says why."""
    request.query()
    process_id, body = request.id("process"), await request.body()
    revision = await request.expected_revision(process_id)
    command = ChangeData(
        process_id=process_id,
        actor=request.actor.dn,
        data=read_data_items(body),
        reason=text_of(body, "Comment"),
        revision=revision,
    )
    await request.engine.handle(command)
    return NO_CONTENT
