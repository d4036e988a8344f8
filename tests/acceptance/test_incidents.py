"""Incidents over REST and on the command line: who sees them, and what retry and skip do."""

from __future__ import annotations

import asyncio

import pytest

from placet import Engine
from placet.directory.caller import Caller
from tests.acceptance.conftest import PASSWORD
from tests.acceptance.test_calls import CONNECTOR, OUTBOUND, UNDRAWN
from tests.fault_server import FaultServer
from tests.programs import Placet


@pytest.fixture
async def engine(database_url, clock):
    async with Engine(database_url, settings=OUTBOUND, clock=clock) as engine:
        await engine.as_system().deploy(UNDRAWN)
        yield engine


@pytest.fixture
async def faults():
    async with FaultServer() as server:
        yield server


@pytest.fixture
async def failed(server, faults):
    """The path of an incident: a call that is refused once more often than it is tried."""
    await connect(server.engine, faults, "/error?code=400&times=1")
    process = (await server.engine.as_system().start("Undrawn", initiator="anna", data={"who": "Ann"})).process
    await server.engine.settled()
    (found,) = (await server("admin").get("/v1/incidents")).json()
    assert found["Process"]["GUID"] == process.id
    return found["Link"]


async def connect(engine, faults, target):
    text = CONNECTOR.format(url=faults.url(target), attempts=3, failures=100)
    await engine.connectors.import_text(Caller(None, engine.directory, engine.clock.now()), text, "c.yaml")


async def status_of(server, link):
    answer = await server("admin").get((await server("admin").get(link)).json()["Process"]["Link"])
    return answer.json()["ProcessStatus"]


async def test_an_incident_tells_all_that_is_known_of_it(server, failed):
    body = (await server("admin").get(failed)).json()

    assert (body["Activity"], body["ActivityName"], body["Kind"]) == ("call", "Call it", "connector")
    assert (body["Connector"], body["Inputs"]) == ("Faulty", {"who": "Ann"})
    assert body["IdempotencyKey"] == f"{body['Process']['GUID']}-1"
    assert body["Reason"].startswith("The call of 'Faulty' failed: ")
    assert [(each["Code"], each["At"]) for each in body["Tries"]] == [("400", body["Opened"])]
    assert body["Response"]["message"] == {"error": "it did not work"}
    assert (body["Resolved"], body["Resolution"], body["ResolvedBy"]["DN"]) == ("", "", "")
    assert (await server("admin").get("/v1/incidents")).json() == [body]


async def test_incidents_are_listed_by_a_query(server, failed):
    admin, body = server("admin"), (await server("admin").get(failed)).json()

    for query in ("Kind = connector and Process.ProcessStatus = Running", "Reason contains 'FAULTY'", ""):
        assert (await admin.get("/v1/incidents", params={"q": query})).json() == [body]
    assert (await admin.get("/v1/incidents", params={"q": "Kind = mail"})).json() == []
    assert (await admin.get("/v1/incidents", params={"q": "", "process": "f" * 32})).json() == []
    await admin.post(f"{failed}/skip")
    assert (await admin.get("/v1/incidents", params={"q": "Kind = connector"})).json() == []
    for parameters in ({"q": "Resolution = skipped"}, {"q": "Kind = connector", "state": "all"}):
        assert len((await admin.get("/v1/incidents", params=parameters)).json()) == 1
    assert (await server("anna").get("/v1/incidents?q=Kind%3Dmail")).status_code == 403


async def test_the_process_says_what_failed_and_who_may_retry_it(server, failed):
    incident = (await server("admin").get(failed)).json()
    process = incident["Process"]["Link"]

    (wait,) = (await server("anna").get(f"{process}/waiting")).json()
    assert (wait["Kind"], wait["Activity"], wait["Since"]) == ("incident", "call", incident["Opened"])
    assert wait["Incident"] == {"GUID": incident["GUID"], "Link": failed}
    assert (wait["Of"], wait["Reason"], wait["Tries"]) == ("Faulty", incident["Reason"], incident["Tries"])
    assert [(each["Permission"], each["People"][0]["Value"]) for each in wait["Helpers"]] == [
        ("PM_SUPERVISOR", "Admin Berg")
    ]
    (below_ris,) = (await server("anna").get(f"/RIS{process}/waiting")).json()
    assert below_ris["Incident"]["Link"] == failed  # incidents are below /v1 alone
    offered = (await server("admin").get(f"{process}/actions")).json()
    assert [each["Name"] for each in offered if each["Of"] == "incident"] == ["retry", "skip"]
    offered = (await server("anna").get(f"{process}/actions")).json()
    assert [(each["Of"], each["Name"]) for each in offered] == [("process", "comment"), ("process", "terminate")]


async def test_only_who_supervises_sees_incidents_and_resolves_them(server, failed):
    for path in ("/v1/incidents", failed):
        answer = await server("anna").get(path)
        assert (answer.status_code, "PM_SUPERVISOR" in answer.text) == (403, True)
    for way in ("retry", "skip"):
        assert (await server("anna").post(f"{failed}/{way}")).status_code == 403
        assert (await server("dora").post(f"{failed}/{way}")).status_code == 404  # no process of hers
        assert (await server("").post(f"{failed}/{way}")).status_code == 401


async def test_a_retry_tries_again_and_the_incident_is_resolved(server, failed, faults):
    answer = await server("admin").post(f"{failed}/retry")
    assert (answer.status_code, answer.content) == (204, b"")
    await server.engine.settled()

    assert await status_of(server, failed) == "Completed"
    keys = [asked.key for asked in faults.requests]
    assert keys == [keys[0]] * 2
    body = (await server("admin").get(failed)).json()
    assert (body["Resolution"], body["ResolvedBy"]["DN"]) == ("retried", "cn=admin,ou=users,o=placet")
    assert (await server("admin").get("/v1/incidents")).json() == []
    assert len((await server("admin").get("/v1/incidents?state=all")).json()) == 1
    again = await server("admin").post(f"{failed}/retry")
    assert (again.status_code, "cannot be resolved twice" in again.text) == (409, True)


async def test_a_retry_with_other_data_is_another_request(server, failed, faults):
    body = {"DataItems": [{"Name": "who", "Value": "Ben"}]}

    assert (await server("admin").post(f"{failed}/retry", json=body)).status_code == 204
    await server.engine.settled()

    first, second = faults.requests
    assert (first.json, second.json) == ({"who": "Ann"}, {"who": "Ben"})
    assert first.key != second.key


async def test_a_retry_with_other_inputs_changes_no_data(server, failed, faults):
    assert (await server("admin").post(f"{failed}/retry", json={"Inputs": {"who": "Ben"}})).status_code == 204
    await server.engine.settled()

    assert faults.requests[1].json == {"who": "Ben"}
    process_id = (await server("admin").get(failed)).json()["Process"]["GUID"]
    assert (await server.engine.as_system().process(process_id)).process.data == {"who": "Ann", "found": True}


async def test_a_skip_takes_a_result_in_place_of_the_answer(server, failed, faults):
    answer = await server("admin").post(f"{failed}/skip", json={"Result": {"ok": "by hand"}})
    await server.engine.settled()

    assert answer.status_code == 204
    assert await status_of(server, failed) == "Completed"
    assert len(faults.requests) == 1


@pytest.mark.parametrize(
    ("way", "body", "status", "said"),
    [
        ("skip", {"Result": {"nothing": 1}}, 400, "cannot be made of this result"),
        ("retry", {"Inputs": [1]}, 400, "Inputs is an array; give an object"),
        ("retry", {"DataItems": [{"Name": "nobody", "Value": 1}]}, 400, "There is no data item"),
        ("retry", {"Inputs": {"who": "\0"}}, 400, "cannot be stored"),
        ("retry", {"Inputs": {"whom": "Ben"}}, 400, "has no parameter 'whom': did you mean 'who'?"),
        ("retry", {"Inputs": {"who": ["Ben"]}}, 400, "is of type string and cannot be a list"),
    ],
)
async def test_what_cannot_be_used_is_refused_in_words(server, failed, way, body, status, said):
    answer = await server("admin").post(f"{failed}/{way}", json=body)

    assert (answer.status_code, said in answer.json()["Fault"]["Reason"]["Text"]) == (status, True), answer.text
    assert (await server("admin").get(failed)).json()["Resolution"] == ""


async def test_incidents_come_in_pages_and_by_process(server, faults):
    await connect(server.engine, faults, "/error?code=400")
    ids = [(await server.engine.as_system().start("Undrawn", initiator="anna")).process.id for _ in range(5)]
    await server.engine.settled()

    first = await server("admin").get("/v1/incidents?limit=3")
    second = await server("admin").get(first.links["next"]["url"])
    assert [row["Process"]["GUID"] for row in first.json() + second.json()] == ids
    assert "next" not in second.links
    (own,) = (await server("admin").get(f"/v1/incidents?process={ids[2]}")).json()
    assert own["Process"]["GUID"] == ids[2]
    for wrong in ("state=closed", "process=x", "cursor=x", "limit=0", "other=1"):
        assert (await server("admin").get(f"/v1/incidents?{wrong}")).status_code in (400, 404)


async def test_no_other_id_is_an_incident(server, failed):
    for path in (f"/v1/incidents/{'0' * 32}", "/v1/incidents/x", failed[:-1] + "9"):
        assert (await server("admin").get(path)).status_code == 404
        assert (await server("admin").post(f"{path}/retry")).status_code == 404


# -- the command line --------------------------------------------------------------------------------


@pytest.mark.parametrize("by_server", [False, True])
async def test_the_commands_show_and_resolve_incidents(server, failed, database_url, by_server, tmp_path):
    """On the database, and through the server: the same."""
    incident = failed.rpartition("/")[2]
    signed = {"PLACET_USER": "admin", "PLACET_PASSWORD": PASSWORD, "PLACET_SERVER": server.url}
    placet = Placet(tmp_path, signed if by_server else {"PLACET_DATABASE_URL": database_url})

    async def run(*arguments):
        ran = await asyncio.to_thread(placet, "incidents", *arguments)
        assert ran.status == 0, ran.err
        return ran

    (row,) = (await run("list", "--format", "json")).json
    assert (row["id"], row["connector"], row["tries"][0]["code"]) == (incident, "Faulty", "400")
    assert "Undrawn: Call it" in (await run("list")).out
    shown = (await run("show", incident)).out
    assert all(word in shown for word in ("The call of 'Faulty' failed", "it did not work", '{"who": "Ann"}', "Tries"))
    details = await asyncio.to_thread(placet, "process", "show", row["process_id"])
    assert ("Could not be done" in details.out, incident in details.out) == (True, True)

    wrong = await asyncio.to_thread(placet, "incidents", "retry", incident, "--input", "who")
    assert (wrong.status, "has no name" in wrong.err) == (2, True)
    wrong = await asyncio.to_thread(placet, "incidents", "skip", incident, "--result", "{")
    assert (wrong.status, "takes JSON" in wrong.err) == (2, True)
    if by_server:
        await run("retry", incident, "--data", "who=Ben", "--input", "who=Carl")
    else:
        await run("skip", incident, "--result", '{"ok": 1}')
    assert (await run("list")).err.strip() == "There are none."
    (row,) = (await run("list", "--all", "--process", row["process_id"], "--format", "json")).json
    assert row["resolution"] == ("retried" if by_server else "skipped")
    assert (row["resolved_by"] is not None) is by_server
