"""The source page's configuration at work: OAuth 2.0 by password against our own server, a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from placet import Engine
from placet.directory.caller import Caller
from placet.settings import Settings
from tests.programs import Node, Placet

PEOPLE = {
    "users": [
        {"usr_username": "hugo", "usr_firstname": "Hugo", "usr_lastname": "Berg", "password": "hugo and hugo",
         "usr_role": "PROCESSMAKER_ADMIN"},
        {"usr_username": "gone", "usr_firstname": "Gone", "usr_lastname": "Berg", "usr_status": "INACTIVE"},
    ]
}  # fmt: skip


@pytest.fixture
def theirs(tmp_path: Path) -> Iterator[tuple[Node, dict[str, str]]]:
    """A server with two people, and the application of the connectors that it has by itself."""
    folder = tmp_path / "theirs"
    (folder / "definitions").mkdir(parents=True)
    (folder / "people.json").write_text(json.dumps(PEOPLE))
    placet = Placet(folder, {})
    assert placet("migrate").status == 0
    assert placet("directory", "load", "people.json").status == 0
    with placet.serve() as node:
        [application] = placet("applications", "list", "--format", "json").json
        yield node, application
        assert "hugo and hugo" not in node.log()


async def test_the_users_of_a_server_are_asked_for(theirs: tuple[Node, dict[str, str]], database_url: str):
    node, application = theirs
    configuration = {
        "kind": "oauth2_password",
        "tokenCredentialUri": f"{node.url}/workflow/oauth2/token",
        "scope": "*",
        "clientId": application["client_id"],
        "clientSecret": application["client_secret"],
        "username": "HUGO",
        "password": "hugo and hugo",
    }
    connector = {
        "service": "ProcessMaker",
        "url": f"{node.url}/api/1.0/workflow/users",
        "parameters": {"status": {"in": "query", "default": "ACTIVE"}},
        "output": "response.message.map(user, [user.usr_username, user.usr_username])",
    }
    sections = {
        "configurations": {"Theirs": configuration},
        "services": {"ProcessMaker": {"configuration": "Theirs"}},
        "connectors": {"Users": connector},
    }
    settings = Settings(secret_key="k" * 32, outbound_allow="127.0.0.0/8")
    async with Engine(database_url, settings=settings, run_jobs=False) as engine:
        caller = Caller(None, engine.directory, engine.clock.now())
        await engine.connectors.import_sections(caller, sections)
        tried = await engine.connectors.test_configuration(caller, "theirs")
        called = await engine.connectors.test(caller, {}, "users")
        again = await engine.connectors.test(caller, {"status": "INACTIVE"}, "users")

    assert tried.ok, tried.message
    assert called.answer.response["result"] == [["admin", "admin"], ["hugo", "hugo"]], called.message
    assert again.answer.response["result"] == [["gone", "gone"]]
