"""Over REST: why a process waits, what one can do about it, and changing its data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.conftest import RunningServer

pytestmark = pytest.mark.usefixtures("without_jobs")


async def waiting(server: RunningServer, process: str, user: str = "anna") -> list[Any]:
    answer = await server(user).get(f"/v1/wf/processes/{process}/waiting")
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def offered(server: RunningServer, process: str, user: str) -> dict[str, list[str]]:
    """The names of what is offered, by what it is done with."""
    found: dict[str, list[str]] = {}
    for each in (await server(user).get(f"/v1/wf/processes/{process}/actions")).json():
        found.setdefault(each["Of"], []).append(each["Name"])
    return found


async def test_everybody_is_offered_what_he_may_do(server: RunningServer):
    process = await server.start()

    assert await offered(server, process, "ben") == {
        "process": ["comment"],
        "work item": ["approve", "deny", "refuse", "return", "claim", "comment"],
    }
    await server("admin").post(f"/v1/wf/processes/{process}/pause")
    assert await offered(server, process, "ben") == {"process": ["comment"]}
    assert (await offered(server, process, "admin"))["process"] == [
        "comment", "change-data", "resume", "terminate", "end-in-error"
    ]  # fmt: skip
    await server("anna").delete(f"/v1/wf/processes/{process}")
    assert await offered(server, process, "admin") == {"process": ["comment"]}
    assert await waiting(server, process) == []


@pytest.mark.parametrize("what", ["waiting", "actions"])
async def test_who_may_not_see_a_process_is_told_nothing(server: RunningServer, what: str):
    path = f"/v1/wf/processes/{await server.start()}/{what}"

    assert (await server("dora").get(path)).status_code == 404
    assert (await server("").get(path)).status_code == 401
    assert (await server("anna").post(path)).status_code == 405
    assert (await server("anna").get(f"/v1/wf/processes/nonsense/{what}")).status_code == 404


async def test_data_is_changed_by_who_supervises(server: RunningServer):
    process = await server.start(reason="Rest")
    path = f"/v1/wf/processes/{process}/data"
    body = {"DataItems": [{"Name": "days", "Value": "12"}, {"Name": "reason", "Value": ""}], "Comment": "A slip."}

    answer = await server("admin").post(path, json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    values = {each["Name"]: each["Value"] for each in (await server.item(process))["DataItems"]}
    assert (values["days"], values["reason"]) == ("12", "")
    comments = (await server("anna").get(f"/v1/wf/processes/{process}/comments")).json()
    assert [(each["Comment"], each["User"]["Value"]) for each in comments] == [("A slip.", "Admin Berg")]


@pytest.mark.parametrize(
    ("user", "body", "status", "said"),
    [
        ("anna", {"Data": {"days": 4}}, 403, "PM_SUPERVISOR"),
        ("dora", {"Data": {"days": 4}}, 404, "There is no process"),
        ("admin", {"Data": {"days": "many"}}, 400, "not an integer"),
        ("admin", {"Data": {"hours": 4}}, 400, "no data item"),
        ("admin", {"Data": {"days": 3}}, 400, "Nothing would change"),
        ("admin", {}, 400, "Nothing would change"),
        ("admin", {"Data": {"days": 4}, "Comment": 7}, 400, "Comment is"),
    ],
)
async def test_what_cannot_be_used_is_refused_in_words(server: RunningServer, user, body, status, said):
    path = f"/v1/wf/processes/{await server.start()}/data"

    answer = await server(user).post(path, json=body)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text


async def test_data_is_changed_of_the_revision_that_was_read(server: RunningServer):
    process = await server.start()
    path = f"/v1/wf/processes/{process}"
    tag = (await server("admin").get(path)).headers["etag"]
    await server("anna").post(f"{path}/comments", json={"Comment": "Hm."})

    stale = await server("admin").post(f"{path}/data", json={"Data": {"days": 4}}, headers={"If-Match": tag})
    assert stale.status_code == 412
    ended = await server("anna").delete(path)
    assert ended.status_code == 204
    assert (await server("admin").post(f"{path}/data", json={"Data": {"days": 4}})).status_code == 409
