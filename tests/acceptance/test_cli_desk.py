"""Commands about people and rights through a running server: they print what they print on its database."""

from __future__ import annotations

import asyncio
import io
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from placet_api.cli.main import run
from tests.acceptance.conftest import PASSWORD, RunningServer
from tests.acceptance.oauth import registered
from tests.programs import Ran

Typed: TypeAlias = Callable[..., Awaitable[Ran]]
KEY = "of the tests, 32 characters long"
NEW = ["--first-name", "Erik", "--last-name", "Lund", "--email", "erik@example.org", "--due-date", "2030-12-31"]


@pytest.fixture
def typed(
    server: RunningServer,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Typed:
    """Commands of somebody who asks the server; of nobody, on its database."""
    for name in [name for name in os.environ if name.startswith("PLACET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLACET_SECRET_KEY", KEY)
    monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)

    async def type_(user: str, *arguments: str, given: str = "") -> Ran:
        monkeypatch.setenv("PLACET_USER", user)
        monkeypatch.setenv("PLACET_PASSWORD", PASSWORD)
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        where = ["--server", server.url] if user else ["--database", database_url]
        status = await asyncio.to_thread(run, [*arguments, *where])
        return Ran(status, *capsys.readouterr())

    return type_


LISTS = [
    ["role", "list"],
    ["user", "list"],
    ["user", "list", "berg", "--role", "processmaker_operator", "--limit", "3"],
    ["absence", "list"],
    ["proxy", "list"],
    ["audit"],
    ["audit", "--kind", "proxy", "--actor", "anna", "--from", "2026-03-02", "--to", "2026-03-03", "--limit", "1"],
    ["applications", "list"],
]


@pytest.mark.parametrize("form", ["table", "json"])
async def test_a_list_is_the_same_from_both(typed: Typed, server: RunningServer, form: str):
    await registered(server.engine)
    for other in ("ben", "clara"):
        await server("anna").post("/v1/proxies", json={"Proxy": other, "To": "2026-04-01"})
    await server("anna").post("/v1/absences", json={"Delegate": "ben", "Definition": "Leave request"})
    await server("dora").post("/v1/absences", json={"Delegate": "ben", "Category": "HR", "From": "2026-05-01"})
    await server("").get("/v1", headers={"Authorization": "Bearer x"})
    await server("").get("/v1", auth=("nobody", "wrong"))
    await server("admin").get("/v1/audit")  # which writes what was refused

    for arguments in LISTS:
        asked = await typed("admin", *arguments, "--format", form)
        on_database = await typed("", *arguments, "--format", form)

        assert (asked.status, asked.err) == (on_database.status, on_database.err) == (0, asked.err), asked.err
        if form == "json" and arguments[0] == "user":
            assert [each | {"dn": None} for each in on_database.json] == asked.json
        else:
            assert asked.out == on_database.out
        assert len(asked.out) > 2


async def test_people_are_changed_through_a_server(typed: Typed, server: RunningServer):
    added = await typed("admin", "user", "add", "erik", *NEW, "--password", given=f"{PASSWORD}\n")

    assert added.out == "Added cn=erik,ou=users,o=placet with the role PROCESSMAKER_OPERATOR.\n", added.err
    assert (await server("erik").get("/v1")).status_code == 200
    assert (await typed("admin", "user", "disable", "ERIK")).out == "Disabled ERIK.\n"
    assert (await server("erik").get("/v1")).status_code == 401
    assert (await typed("admin", "user", "enable", "erik")).status == 0
    assert (await server("erik").get("/v1")).status_code == 200
    assert (await typed("admin", "user", "password", "erik", given="another one\n")).status == 0
    assert (await server("").get("/v1", auth=("erik", "another one"))).status_code == 200


@pytest.mark.parametrize("kind", ["absence", "proxy"])
async def test_standing_in_is_arranged_through_a_server(typed: Typed, kind: str):
    added = await typed("anna", kind, "add", "ben", "--from", "2030-01-07", "--to", "2030-01-08T01:00+01:00")
    assert added.status == 0, added.err

    [row] = (await typed("ben", kind, "list", "--format", "json")).json

    assert (row["person"], row["from_at"], row["to_at"]) == (
        "cn=anna,ou=users,o=placet",
        "2030-01-07T00:00:00Z",
        "2030-01-08T00:00:00Z",
    )
    assert added.out.startswith(f"Added {row['id']}: ")
    assert "Anna Berg" in added.out
    assert (await typed("ben", kind, "remove", row["id"])).status == 4
    assert (await typed("anna", kind, "remove", row["id"])).out == f"Removed {row['id']}.\n"
    assert (await typed("anna", kind, "remove", row["id"])).status == 3
    assert (await typed("anna", kind, "list")).err == "There are none.\n"


async def test_applications_are_registered_through_a_server(typed: Typed, server: RunningServer):
    added = await typed("admin", "applications", "add", "Travel", "--redirect-uri", "https://t.example.org/in")
    [listed] = (await typed("admin", "applications", "list", "--format", "json")).json

    assert listed["client_id"] in added.out
    assert listed["client_secret"] in added.out
    assert (listed["owner"], listed["redirect_uris"]) == ("cn=admin,ou=users,o=placet", ["https://t.example.org/in"])
    assert (await typed("admin", "applications", "remove", listed["client_id"])).status == 0
    assert (await typed("admin", "applications", "list")).out == ""


REFUSED = [
    ("admin", ["user", "add", "erik", "--last-name", "Lund"], 2, "takes --first-name, --email, --due-date, --password"),
    ("admin", ["user", "add", "anna", *NEW, "--password"], 1, "The User Name 'anna' already exists."),
    ("admin", ["user", "add", "erik", *NEW, "--role", "NOPE", "--password"], 1, "USR_ROLE"),
    ("admin", ["user", "disable", "nobody"], 3, "There is no user 'nobody'"),
    ("admin", ["user", "disable", "cn=anna,ou=users,o=placet"], 2, "with --server give the user name"),
    ("admin", ["user", "list", "--role", "NOPE"], 3, "There is no role 'NOPE'"),
    ("anna", ["user", "list"], 4, "Unauthorized"),
    ("anna", ["role", "list"], 4, "Unauthorized"),
    ("anna", ["audit"], 4, "PM_SETUP_ADVANCE"),
    ("anna", ["applications", "list"], 4, "PM_REST_API_APPLICATIONS"),
    ("admin", ["applications", "add", "X", "--owner", "ben"], 2, "--owner does not go with --server"),
    ("admin", ["audit", "--kind", "rolle"], 1, "did you mean 'role'"),
    ("admin", ["absence", "list", "--as", "anna"], 2, "neither --database nor --as"),
    ("gone", ["role", "list"], 4, "Unauthorized"),
]


async def test_what_a_server_refuses_is_told_in_its_words(typed: Typed):
    for user, arguments, status, reason in REFUSED:
        ran = await typed(user, *arguments, given=f"{PASSWORD}\n")

        assert (ran.status, reason in ran.err, ran.out) == (status, True, ""), (arguments, ran.err)


async def test_the_variable_names_the_server_too(typed: Typed, server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    here = json.loads((await typed("admin", "role", "list", "--format", "json")).out)
    monkeypatch.setenv("PLACET_SERVER", server.url)

    assert await asyncio.to_thread(run, ["role", "list", "--as", "admin"]) == 2
    assert await asyncio.to_thread(run, ["role", "list"]) == 0
    assert len(here) == 3
