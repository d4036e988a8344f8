"""Events as a stream over HTTP: as they happen, resumed where one was, and of what one may see."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from placet import Engine, ManualClock
from placet_api import create_app
from placet_api.admin import events
from placet_api.cli.gate import Gate
from tests.acceptance.conftest import PASSWORD, RunningServer, serving
from tests.acceptance.event_source import STREAM, listening

pytestmark = pytest.mark.usefixtures("without_jobs")


async def kinds(source, count):
    return [message.data["Kind"] for message in await source.take(count)]


async def test_events_are_told_as_they_happen(server: RunningServer):
    async with asyncio.timeout(20), listening(server("admin")) as source:
        assert source.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert source.response.headers["cache-control"] == "no-store"
        await source.position()
        process = await server.start("anna")

        told = (await source.next()).data

        assert told | {"Detail": {}} == {
            "Kind": "process.started",
            "Time": "20260302090000000+0000",
            "Process": {"GUID": process, "Link": f"/v1/wf/processes/{process}"},
            "Number": 1,
            "Activity": "",
            "WorkItem": {"GUID": "", "Link": ""},
            "Actor": {"DN": "cn=anna,ou=users,o=placet", "Value": "Anna Berg", "GUID": "", "Link": ""},
            "Detail": {},
        }
        assigned = (await source.next()).data
        assert (assigned["Kind"], assigned["WorkItem"]["GUID"][:28]) == ("work_item.assigned", process[:28])


async def test_a_client_that_comes_again_misses_nothing_and_gets_nothing_twice(server: RunningServer):
    seen, last = [], "0-0"
    await server.start("anna")
    async with asyncio.timeout(30):
        for turn in range(12):
            await server.start("anna")  # of two events
            async with listening(server("admin"), last=last) as source:
                for message in await source.take(turn % 3 + 1):
                    seen.append((message.data["Process"]["GUID"], message.data["Number"]))
                    last = message.id

    whole = [(event.process_id, event.number) for _, event in await everything(server)]
    assert seen == whole[: len(seen)]
    assert len(seen) == 24


async def everything(server: RunningServer):
    found, pages = [], server.engine.as_system().event_pages("0-0")
    while page := (await anext(pages)).events:
        found += page
    await pages.aclose()
    return found


async def test_what_the_client_has_seen_goes_before_what_it_asked_for_first(server: RunningServer):
    await server.start("anna")
    async with asyncio.timeout(20):
        async with listening(server("admin"), after="0-0") as source:
            first = await source.next()
        async with listening(server("admin"), after="0-0", last=first.id) as source:
            assert (await source.next()).data["Number"] == first.data["Number"] + 1


async def test_everybody_is_told_of_the_processes_that_he_may_see(server: RunningServer):
    """Dora sees nothing of Anna's; Ben does once the request waits for him; a stream goes on over what is not his."""
    of_anna = await server.start("anna")
    of_dora = await server.start("dora")

    async with asyncio.timeout(20):
        async with listening(server("anna"), after="0-0") as anna, listening(server("dora"), after="0-0") as dora:
            assert {message.data["Process"]["GUID"] for message in await anna.take(2)} == {of_anna}
            assert {message.data["Process"]["GUID"] for message in await dora.take(2)} == {of_dora}
            at = dora.last_id
        async with listening(server("admin"), after="0-0") as admin:
            seen = {message.data["Process"]["GUID"] for message in await admin.take(4)}
            assert seen == {of_anna, of_dora}
    assert at == (await everything(server))[3][0]


async def test_a_reader_of_nothing_is_told_where_to_resume(server: RunningServer):
    await server.start("anna")
    position = (await everything(server))[-1][0]

    async with asyncio.timeout(20), listening(server("dora"), after="0-0") as source:
        assert await source.position() == position


async def test_a_reader_of_little_is_told_how_far_he_has_come(server: RunningServer):
    """Long before the next sign of life, so that who comes again often begins where he was."""
    async with asyncio.timeout(10), listening(server("dora"), after="0-0") as source:
        assert await source.position() == "0-0"
        await server.start("anna")
        told = await source.position()

    assert told in [position for position, _ in await everything(server)]


async def test_one_person_reads_so_many_streams(server: RunningServer, monkeypatch):
    monkeypatch.setattr("placet.stream.MOST_STREAMS", 1)
    async with asyncio.timeout(20), listening(server("anna")) as source:
        await source.position()
        refused = await server("anna").get("/v1/events", headers=STREAM)

        assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
        assert "reads 1 streams of events here already" in refused.text
        async with listening(server("ben")) as another:
            await another.position()


async def test_somebody_who_is_locked_out_is_told_and_hears_no_more(server: RunningServer):
    async with asyncio.timeout(20), listening(server("anna")) as source:
        await source.position()
        person = server.engine.directory.person("anna")
        answer = await server("admin").put(f"/api/1.0/workflow/user/{person.id}", json={"usr_status": "INACTIVE"})
        assert answer.status_code == 200, answer.text
        await server.start("dora")

        told = await source.next()

        assert (told.kind, told.data["Fault"]["Code"]["Subcode"]["Value"]) == ("fault", "NotAllowed")
        with pytest.raises(EOFError):
            await source.next()


async def in_a_session(server: RunningServer) -> httpx2.AsyncClient:
    """The administrator, who has signed in for a session."""
    answer = await server("").post("/v1/session", json={"User": "admin", "Password": PASSWORD})
    server("").cookies.clear()
    headers = {"RESTSessionSecret": answer.json()["RESTSessionSecret"]}
    client = httpx2.AsyncClient(base_url=server.url, headers=headers)
    server.keep(client)
    return client


async def test_a_stream_ends_with_the_session_that_it_was_asked_for_in(server: RunningServer):
    client = await in_a_session(server)
    async with asyncio.timeout(20), listening(client) as source:
        await source.position()
        await client.delete("/v1/session")
        await server.start("anna")

        told = await source.next()

        assert (told.kind, told.data["Fault"]["Code"]["Subcode"]["Value"]) == ("fault", "NotAuthenticated")
        with pytest.raises(EOFError):
            await source.next()


async def test_a_stream_ends_once_its_session_was_not_used_for_too_long(server: RunningServer, clock: ManualClock):
    client = await in_a_session(server)
    async with asyncio.timeout(20), listening(client) as source:
        await source.position()
        clock.move(minutes=60)

        assert (await source.next()).kind == "fault"


async def test_a_stream_says_now_and_then_that_it_lives_and_ends_after_a_while(server: RunningServer, monkeypatch):
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.0)
    async with asyncio.timeout(20), listening(server("admin")) as source:
        first = await source.position()
        assert await source.position() == first
    monkeypatch.setattr(events, "LONGEST_SECONDS", 0.0)
    async with asyncio.timeout(20), listening(server("admin")) as source:
        with pytest.raises(EOFError):
            await source.next()


async def test_closing_the_engine_ends_every_stream(server: RunningServer):
    async with asyncio.timeout(20), listening(server("admin")) as source, listening(server("anna")) as other:
        await source.position()
        await other.position()
        await server.engine.close()
        for each in (source, other):
            with pytest.raises(EOFError):
                await each.next()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"after": "7"}, "no position"),
        ({"after": "0-0", "since": "1"}, "'since' is not a parameter"),
    ],
)
async def test_what_cannot_be_streamed_is_refused_as_anything_else(server: RunningServer, parameters, words):
    answer = await server("admin").get("/v1/events", params=parameters, headers=STREAM)

    assert answer.status_code == 400
    assert words in answer.json()["Fault"]["Reason"]["Text"]


async def test_nobody_listens_who_does_not_say_who_he_is(server: RunningServer):
    assert (await server("").get("/v1/events", headers=STREAM)).status_code == 401


async def test_the_headers_can_be_asked_for_alone(server: RunningServer):
    answer = await server("anna").head("/v1/events", headers=STREAM)

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


async def test_a_node_that_stops_ends_its_streams_first(engine: Engine, clock: ManualClock):
    """Else it would wait for them, as it does for every answer that it has begun."""
    gate = Gate(create_app(engine))
    gate.open()
    async with serving(gate) as url, asyncio.timeout(20):
        server = RunningServer(url, engine, clock)
        async with listening(server("admin")) as source:
            await source.position()
            assert await gate.close(20)
            with pytest.raises(EOFError):
                await source.next()
        await server.close()
