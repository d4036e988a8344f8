"""Registering applications, over REST and by the command line, and the one that is always there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from placet.directory.applications import CONNECTORS_PLUGIN
from placet.engine import Engine
from placet.settings import Settings
from tests.acceptance.conftest import RunningServer
from tests.acceptance.oauth import TOKEN, basic, registered
from tests.programs import Placet

APPLICATIONS = "/v1/applications"
WANTED = {"Name": "Travel desk", "RedirectURIs": [{"Value": "https://travel.example.org/in"}]}

pytestmark = pytest.mark.usefixtures("without_jobs")


async def audited(server: RunningServer, kind: str) -> list[dict[str, Any]]:
    return list((await server("admin").get(f"/v1/audit?kind={kind}")).json())


async def test_an_application_is_registered_shown_and_removed(server: RunningServer):
    made = await server("admin").post(APPLICATIONS, json=WANTED | {"Description": "Books"})

    assert made.status_code == 201
    body = made.json()
    assert re.fullmatch("[A-Z]{32}", body["ClientID"])
    assert re.fullmatch("[0-9a-f]{32}", body["ClientSecret"])
    assert (body["Name"], body["Description"], body["Public"]) == ("Travel desk", "Books", False)
    assert body["RedirectURIs"] == WANTED["RedirectURIs"]
    assert body["Owner"]["DN"] == "cn=admin,ou=users,o=placet"
    assert made.headers["location"] == body["Link"] == f"{APPLICATIONS}/{body['ClientID']}"
    assert made.headers["cache-control"] == "no-store"
    assert (await server("admin").get(body["Link"])).json() == body
    assert (await server("admin").get(APPLICATIONS)).json() == [body]

    answer = await server("").post(
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": basic(body["ClientID"], body["ClientSecret"])},
    )
    assert answer.status_code == 200

    assert (await server("admin").delete(body["Link"])).status_code == 204
    assert (await server("admin").delete(body["Link"])).status_code == 404
    assert (await server("admin").get(APPLICATIONS)).json() == []
    [entry] = await audited(server, "application.registered")
    assert (entry["Target"], entry["Actor"]["DN"]) == (body["ClientID"], "cn=admin,ou=users,o=placet")
    assert body["ClientSecret"] not in json.dumps(entry)
    [entry] = await audited(server, "application.removed")
    assert entry["Before"] == {"name": "Travel desk", "tokens": 1}


async def test_a_public_application_has_no_secret(server: RunningServer):
    made = await server("admin").post(APPLICATIONS, json=WANTED | {"Public": True})

    assert (made.json()["ClientSecret"], made.json()["Public"]) == ("", True)


async def test_it_takes_the_permission(server: RunningServer):
    for answer in (
        await server("anna").get(APPLICATIONS),
        await server("anna").post(APPLICATIONS, json=WANTED),
        await server("anna").delete(f"{APPLICATIONS}/{'A' * 32}"),
    ):
        assert answer.status_code == 403
        assert "PM_REST_API_APPLICATIONS" in answer.text
    assert (await server("").get(APPLICATIONS)).status_code == 401


async def test_nobody_sees_the_secret_of_an_application_whose_owner_he_is_not(server: RunningServer):
    """Whoever has a secret acts as the owner: who may register applications would be the administrator otherwise."""
    theirs = await registered(server.engine, owner="admin")
    await make_manager(server, "dora")
    mine = (await server("dora").post(APPLICATIONS, json=WANTED)).json()

    assert [each["ClientID"] for each in (await server("dora").get(APPLICATIONS)).json()] == [mine["ClientID"]]
    assert (await server("dora").get(f"{APPLICATIONS}/{theirs.client_id}")).status_code == 404
    assert (await server("dora").delete(f"{APPLICATIONS}/{theirs.client_id}")).status_code == 404
    everybodys = {each["ClientID"] for each in (await server("admin").get(APPLICATIONS)).json()}
    assert everybodys == {mine["ClientID"], theirs.client_id}


async def make_manager(server: RunningServer, user: str) -> None:
    from placet.store import roles

    person = server.engine.directory.person(user)
    assert person is not None

    def work(tx: Any) -> None:
        role = roles.find_role_by_code(tx, "PROCESSMAKER_MANAGER")
        assert role is not None
        roles.set_role(tx, person.id, role.id)

    await server.engine.store.write(work)
    await server.engine.refresh()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"Name": ""}, "name of the application is empty"),
        ({"Name": " "}, "name of the application is empty"),
        ({"Name": "x" * 257}, "257 characters"),
        ({"Name": "a\0b"}, "The name of the application has U+0000 in it, which nobody sees"),
        ({"Name": "Travel\u202eksed"}, "has U+202E in it"),
        ({"Name": "Travel\ndesk"}, "has U+000A in it"),
        ({"Name": 1}, "Name is a number"),
        ({"Public": "yes"}, "Public is a text; give true or false"),
        ({"RedirectURIs": [{"Value": "javascript:alert(1)"}]}, "is no complete address"),
        ({"RedirectURIs": "https://a.example"}, "RedirectURIs is a text"),
        ({"RedirectURIs": [{"Value": f"https://a.example/{n}"} for n in range(21)]}, "21 redirect URIs"),
        ({"WebSite": "javascript:alert(1)"}, "is no web address"),
    ],
)
async def test_what_cannot_be_registered_is_refused(changed: dict[str, Any], says: str, server: RunningServer):
    answer = await server("admin").post(APPLICATIONS, json=WANTED | changed)

    assert answer.status_code == 400
    assert says in answer.json()["Fault"]["Reason"]["Text"]


async def test_the_application_of_the_connectors_is_added_once(engine: Engine):
    applications = engine.oauth.applications

    await applications.ensure_connectors_plugin(engine.directory)
    await applications.ensure_connectors_plugin(engine.directory)

    found = await engine.store.read(lambda tx: tx.exec_driver_sql("SELECT id, name FROM application").all())
    assert [name for _, name in found] == [CONNECTORS_PLUGIN]


async def test_another_key_is_told_where_a_secret_is_needed(engine: Engine, server: RunningServer):
    application = await registered(engine)
    engine.vault.__dict__.clear()
    engine.vault.__init__(Settings(secret_key="another key of thirty-two letters"))  # type: ignore[misc]  # in its place

    answer = await server("").post(
        TOKEN,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": basic(application.client_id, application.secret or "")},
    )
    assert answer.status_code == 503
    assert "does not open with this key; set PLACET_SECRET_KEY" in answer.text
    [shown] = (await server("admin").get(APPLICATIONS)).json()
    assert (shown["ClientSecret"], shown["Public"]) == ("", False)


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def placet(tmp_path: Path, database_url: str) -> Placet:
    variables = {"PLACET_DATABASE_URL": database_url, "PLACET_SECRET_KEY": "of the tests, 32 characters long"}
    return Placet(tmp_path, variables)


def test_the_commands_add_list_and_remove(placet: Placet, tmp_path: Path):
    (tmp_path / "people.json").write_text(json.dumps({"users": [{"usr_username": "ben"}, {"usr_username": "admin"}]}))
    assert placet("directory", "load", "people.json").status == 0
    assert placet("applications", "list").err == "There are none; `placet serve` adds the one of the connectors.\n"

    added = placet(
        "applications", "add", "Travel desk", "--owner", "ben",
        "--redirect-uri", "https://a.example/1", "--redirect-uri", "https://a.example/2",
    )  # fmt: skip
    client_id, secret = re.findall(r"client_(?:id|secret) +(\S+)", added.out)

    [listed] = placet("applications", "list", "--format", "json").json
    assert (listed["client_id"], listed["client_secret"]) == (client_id, secret)
    assert listed["redirect_uris"] == ["https://a.example/1", "https://a.example/2"]
    assert listed["owner"] == "cn=ben,ou=users,o=placet"
    assert secret in placet("applications", "list").out

    assert placet("applications", "remove", client_id).out == f"Removed {client_id}.\n"
    gone = placet("applications", "remove", client_id)
    assert (gone.status, "There is no application" in gone.err) == (3, True)


def test_an_unknown_owner_and_a_wrong_address_are_refused(placet: Placet):
    nobody = placet("applications", "add", "X", "--owner", "nobody")
    assert (nobody.status, "There is no user 'nobody'" in nobody.err) == (3, True)


def test_the_application_of_the_connectors_is_there_once_serve_is_ready(placet: Placet, tmp_path: Path):
    (tmp_path / "definitions").mkdir()
    with placet.serve() as node:
        [found] = placet("applications", "list", "--format", "json").json
        answer = httpx2.post(
            f"{node.url}/workflow/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(found["client_id"], found["client_secret"]),
        )
        log = node.log()

    assert found["client_secret"] not in log
    assert (found["name"], found["owner"]) == (CONNECTORS_PLUGIN, "cn=admin,ou=users,o=placet")
    assert answer.status_code == 200


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_without_a_key_on_postgresql_serve_says_so_and_serves(database_url: str, tmp_path: Path):
    (tmp_path / "definitions").mkdir()
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": database_url})
    with placet.serve() as node:
        assert httpx2.get(f"{node.url}/readyz").status_code == 200
        assert "set PLACET_SECRET_KEY" in node.log()

    refused = placet("applications", "add", "X")
    assert refused.status == 69
    assert "There is no key to keep secrets encrypted with; set PLACET_SECRET_KEY" in refused.err
