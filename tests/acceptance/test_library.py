"""The library as a program embeds it: what it refuses and how, whom it knows, and when it can be used."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from placet import Engine, FoundProcess, ManualClock, Settings, cursor_of
from placet.commands import PauseProcess
from placet.engine import migrate_database
from placet.errors import (
    Conflict,
    InvalidData,
    InvalidDefinition,
    InvalidDirectory,
    InvalidFilter,
    InvalidInput,
    NotAllowed,
    NotFound,
    PlacetError,
    RevisionMismatch,
    TransitionNotAllowed,
    Unavailable,
)

NOBODY = "0" * 32
LEAVE = "Leave request"

Ask: TypeAlias = Callable[[Engine, FoundProcess, str], Awaitable[Any]]

#: What is asked of an engine with a running leave request of Anna's and the item that asks Ben, and how that fails.
REFUSALS: list[tuple[Ask, type[PlacetError], str]] = [
    (lambda e, p, i: e.start("Nothing", actor="anna"), NotFound, "There is no definition 'Nothing'"),
    (lambda e, p, i: e.start(5, actor="anna"), InvalidInput, "The definition is 5, and not a text"),
    (lambda e, p, i: e.start(None, actor="anna"), InvalidInput, "The definition is missing"),
    (lambda e, p, i: e.act(None, "approve", actor="ben"), InvalidInput, "The id of a work item is a text"),
    (lambda e, p, i: e.act(i, 3, actor="ben"), InvalidInput, "3 is not an action"),
    (lambda e, p, i: e.process(7, actor="ben"), InvalidInput, "The id of a process is a text"),
    (lambda e, p, i: e.start(LEAVE, actor="anna", data={"hours": 1}), InvalidData, "hours"),
    (lambda e, p, i: e.start(LEAVE, actor="anna", data={}), InvalidData, "days"),
    (lambda e, p, i: e.start(LEAVE, data={"days": 1}), InvalidInput, "needs an initiator"),
    (lambda e, p, i: e.start(LEAVE, initiator="nobody", data={"days": 1}), InvalidInput, "The initiator 'nobody'"),
    (lambda e, p, i: e.start(LEAVE, actor="anna", recipient="x", data={"days": 1}), InvalidInput, "The recipient 'x'"),
    (lambda e, p, i: e.start(LEAVE, actor="anna", correlation_id="\0", data={"days": 1}), InvalidInput, "NUL"),
    (lambda e, p, i: e.start(LEAVE, actor="dora", initiator="anna", data={"days": 1}), NotAllowed, "a proxy grant"),
    (lambda e, p, i: e.start(LEAVE, actor="anna", idempotency_key="k", data={"days": 9}), Conflict, "key 'k'"),
    (lambda e, p, i: e.act(i, "approve", actor="dora"), NotFound, "There is no work item"),
    (lambda e, p, i: e.act(i, "reassign", actor="ben", to="clara"), NotAllowed, "takes the permission PM_REASSIGNCASE"),
    (lambda e, p, i: e.act(i, "applaud", actor="ben"), InvalidInput, "'applaud' is not an action"),
    (lambda e, p, i: e.act(i, "comment", actor="ben"), InvalidInput, "text"),
    (lambda e, p, i: e.act(i, "reassign", to="nobody"), InvalidInput, "'nobody'"),
    (lambda e, p, i: e.act(i, "release", actor="ben"), TransitionNotAllowed, "accepts"),
    (lambda e, p, i: e.act(i, "approve", actor="ben", data={"days": 9}), InvalidData, "days"),
    (lambda e, p, i: e.act("x", "approve"), NotFound, "an id is 32 hex digits"),
    (lambda e, p, i: e.terminate(NOBODY), NotFound, "There is no process"),
    (lambda e, p, i: e.terminate(p.process.id, actor="ben"), NotAllowed, "takes the permission PM_CANCELCASE"),
    (lambda e, p, i: e.terminate(p.process.id, actor="dora"), NotFound, "There is no process"),
    (lambda e, p, i: e.terminate(p.process.id, reason="\0"), InvalidInput, "NUL"),
    (lambda e, p, i: e.pause(p.process.id, actor="anna"), NotAllowed, "takes the permission PM_SUPERVISOR"),
    (lambda e, p, i: e.resume(p.process.id), TransitionNotAllowed, "accepts"),
    (lambda e, p, i: e.comment(p.process.id, " ", actor="anna"), InvalidInput, "empty"),
    (lambda e, p, i: e.comment(p.process.id, "me too", actor="dora"), NotFound, "There is no process"),
    (lambda e, p, i: e.process(p.process.id, actor="dora"), NotFound, "There is no process"),
    (lambda e, p, i: e.work_item(i, actor="dora"), NotFound, "There is no work item"),
    (lambda e, p, i: e.comments(NOBODY), NotFound, "There is no process"),
    (lambda e, p, i: e.timeline(p.process.id, actor="dora"), NotFound, "There is no process"),
    (lambda e, p, i: e.processes("Shoe=7"), InvalidFilter, "Shoe"),
    (lambda e, p, i: e.list_processes(["Status"]), InvalidFilter, "has no ="),
    (lambda e, p, i: e.work_items("Priority=7"), InvalidFilter, "7"),
    (lambda e, p, i: e.processes(limit=-1), InvalidInput, "limit: -1 does not work"),
    (lambda e, p, i: e.list_processes(limit=2**63), InvalidInput, "limit: 9223372036854775808 does not work"),
    (lambda e, p, i: e.inbox("ben", limit=-1), InvalidInput, "limit: -1 does not work"),
    (lambda e, p, i: e.processes(after=("x",)), InvalidInput, "give what cursor_of gave"),
    (lambda e, p, i: e.work_items(after=cursor_of(p)), InvalidInput, "give what cursor_of gave"),
    (lambda e, p, i: e.processes(actor="nobody"), InvalidInput, "The actor 'nobody' is neither a user name"),
    (lambda e, p, i: e.inbox("b\udc00n"), InvalidInput, "is neither a user name"),
    (lambda e, p, i: e.inbox("cn=b\udc00n,o=placet"), InvalidInput, "surrogate"),
    (lambda e, p, i: e.act(i, "approve", actor="nobody"), InvalidInput, "The actor 'nobody'"),
    (lambda e, p, i: e.definition("Nothing"), NotFound, "There is no definition"),
    (lambda e, p, i: e.retire("Nothing"), NotFound, "There is no definition"),
    (lambda e, p, i: e.deploy("name: x\n", "x.yaml"), InvalidDefinition, "x.yaml:1:1: "),
    (lambda e, p, i: e.load_definitions("/nowhere"), InvalidDefinition, "/nowhere"),
    (lambda e, p, i: e.load_people("/nowhere.yaml"), InvalidInput, "Cannot read /nowhere.yaml"),
    (lambda e, p, i: e.load_people(__file__), InvalidDirectory, "test_library.py"),
    (
        lambda e, p, i: e.handle(PauseProcess(process_id=p.process.id, revision=7)),
        RevisionMismatch,
        "at revision 1, not 7",
    ),
]


async def test_what_cannot_be_done_is_refused_with_its_error_and_changes_nothing(engine: Engine):
    started = await engine.start(LEAVE, actor="anna", data={"days": 3}, idempotency_key="k")
    [waiting] = await engine.inbox("ben")
    before = await engine.as_system().timeline(started.process.id)

    for number, (ask, error, text) in enumerate(REFUSALS):
        with pytest.raises(PlacetError) as refusal:
            await ask(engine.as_system(), started, waiting.item.id)
        assert (type(refusal.value), text in refusal.value.message) == (error, True), (number, refusal.value)

    assert await engine.as_system().timeline(started.process.id) == before
    assert len(await engine.as_system().processes()) == 1


async def test_an_engine_is_opened_once(engine: Engine):
    with pytest.raises(Conflict, match="opened before"):
        await engine.open()


async def test_a_name_is_a_user_name_or_a_dn(engine: Engine):
    started = await engine.start(LEAVE, actor="ANNA", data={"days": 3})

    assert started.process.initiator == "cn=anna,ou=users,o=placet"
    assert await engine.inbox("ben") == await engine.inbox("CN=Ben,ou=Users,o=Placet") != []
    assert await engine.inbox("cn=stranger,o=elsewhere") == []


async def test_whom_another_program_has_added_is_known_at_once(engine: Engine, database_url: str, people_file: Path):
    other = Engine(database_url, run_jobs=False)
    await other.open()
    (people_file.parent / "more.yaml").write_text("users: [{usr_username: eve}]")
    await engine.as_system().load_people(people_file.parent / "more.yaml")

    assert await other.processes(actor="eve") == []
    await other.close()


async def test_one_filter_needs_no_list_and_a_page_may_be_empty(engine: Engine):
    started = await engine.start(LEAVE, actor="anna", data={"days": 3})

    assert [found.process.id for found in await engine.processes("Initiator=self", actor="anna")] == [
        started.process.id
    ]
    assert await engine.processes(["Initiator=self", "ProcessStatus=Stopped"], actor="anna") == []
    assert await engine.as_system().processes(limit=0) == []
    listing = await engine.as_system().list_processes(limit=1)
    assert (await engine.as_system().list_processes(after=listing.cursor(-1))).rows == []


async def test_ids_are_taken_in_either_case(engine: Engine):
    started = await engine.start(LEAVE, actor="anna", data={"days": 3})
    upper = started.process.id.upper()
    await engine.comment(upper, "Soon?", actor="anna")

    assert (await engine.as_system().process(upper)).process.id == started.process.id
    assert [each.text for each in await engine.as_system().comments(upper)] == ["Soon?"]
    assert len(await engine.as_system().timeline(upper)) == 3


async def test_a_deployment_tells_what_is_new(engine: Engine):
    text = (await engine.as_system().definition(LEAVE)).source
    definition, version, is_new = await engine.as_system().deploy(text + "# changed\n")

    assert (definition.version, version, is_new) == (2, 2, True)
    again = await engine.as_system().deploy(text + "# changed\n")
    assert (again.definition.version, again.version, again.is_new) == (2, 2, False)
    assert (await engine.as_system().definition(LEAVE)).version == 2


async def test_an_engine_is_used_while_it_is_open(database_url: str, clock: ManualClock):
    engine = Engine(database_url, clock=clock)
    uses: list[Callable[[], Awaitable[Any]]] = [
        lambda: engine.as_system().processes(),
        lambda: engine.as_system().definitions(),
        lambda: engine.refresh(),
        lambda: engine.as_system().pause(NOBODY),
        lambda: engine.as_system().deploy("name: x\nstart: a\nactivities: {a: {kind: finish}}\n"),
    ]

    for use in uses:
        with pytest.raises(Unavailable, match="not open"):
            await use()
    async with engine:
        await engine.as_system().deploy("name: x\nstart: a\nactivities: {a: {kind: finish}}\n")
    for use in uses:
        with pytest.raises(Unavailable, match="not open"):
            await use()
    with pytest.raises(Conflict, match="make another Engine"):
        await engine.open()
    await engine.close()  # once more does no harm


async def test_one_that_could_not_be_opened_can_be_opened_later(database_url: str, tmp_path: Path):
    engine = Engine(database_url, definitions=tmp_path)
    (tmp_path / "x.yaml").write_text("name: x")
    with pytest.raises(InvalidDefinition):
        await engine.open()
    (tmp_path / "x.yaml").write_text("name: x\nstart: a\nactivities: {a: {kind: finish}}\n")

    async with engine:
        assert [each.name for each in await engine.as_system().definitions()] == ["x"]


async def test_without_jobs_nothing_settles(database_url: str):
    async with Engine(database_url, run_jobs=False) as engine:
        with pytest.raises(Unavailable, match="run_jobs=True"):
            await engine.settled()


@pytest.mark.parametrize("url", ["mysql://host/db", "placet.db", "sqlite:////nowhere/at/all/placet.db"])
async def test_what_names_no_database_is_refused_before_it_is_opened(url: str):
    with pytest.raises(InvalidInput):
        Engine(url)
    with pytest.raises(InvalidInput):
        Engine(settings=Settings(database_url=url))
    with pytest.raises(InvalidInput):
        await migrate_database(url)
