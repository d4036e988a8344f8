"""The example of the source page from end to end: a drop-down filled by another server, and the chosen one approves.

Both servers are processes of their own, and everything between them and the test is HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.programs import Node, Placet, until

ADMINISTRATOR = ("admin", "open sesame 1")
HUGO = "hugo and hugo"
THEIRS = {
    "users": [
        {"usr_username": "ben", "usr_firstname": "Ben", "usr_lastname": "Adler"},
        {"usr_username": "zoe", "usr_firstname": "Zoe", "usr_lastname": "Winter", "usr_status": "INACTIVE"},
        {"usr_username": "hugo", "usr_firstname": "Hugo", "usr_lastname": "Berg", "password": HUGO,
         "usr_role": "PROCESSMAKER_ADMIN"},
    ]
}  # fmt: skip
OURS = {"users": [{"usr_username": name, "password": f"{name} of ours"} for name in ("anna", "ben", "zoe")]}
FROM_A_CONNECTOR = """
name: Ask a colleague
data: {who: {type: string, required: true}}
form:
  fields:
    who:
      label: Who decides
      choices:
        connector: active users
        rows: response.message.map(user, [user.usr_username, user.usr_username])
start: ask
activities:
  ask: {kind: approval, addressees: data.who, paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
FROM_A_MAPPING = """
name: Ask in two steps
data: {users: {type: json}, UsersName: {type: json}, who: {type: string}}
form: {fields: {}}
start: get
activities:
  get: {kind: connector, connector: Active users, outputs: {users: response.message}, paths: {success: rows}}
  rows: {kind: mapping, set: {UsersName: "data.users.map(user, [user.usr_username, user.usr_username])"}, next: choose}
  choose:
    kind: approval
    addressees: initiator
    writes: [who]
    form: {fields: {who: {label: Who decides, required: true, choices: {data: UsersName}}}}
    paths: {approved: ask, denied: done}
  ask: {kind: approval, addressees: data.who, paths: {approved: done, denied: done}}
  done: {kind: finish}
"""


@dataclass
class Both:
    """Our server, theirs, and the credentials of the application that theirs has for connectors."""

    ours: Node
    theirs: Node
    client_id: str
    client_secret: str

    def asks(self, name: str, password: str | None = None) -> httpx2.Client:
        """A client of ours for somebody."""
        return httpx2.Client(base_url=self.ours.url, auth=(name, password or f"{name} of ours"))

    @property
    def configuration(self) -> dict[str, Any]:
        """The fields of the source page, those with defaults left out."""
        fields = {
            "tokenCredentialUri": f"{self.theirs.url}/workflow/oauth2/token",
            "scope": "*",
            "clientId": self.client_id,
            "clientSecret": self.client_secret,
            "username": "HUGO",  # in any case
            "password": HUGO,
        }
        return {"Name": "ProcessMaker Authentication Service", "Kind": "oauth2_password", "Fields": fields}


def prepared(folder: Path, people: dict[str, Any], **variables: str) -> Placet:
    """A server's folder, database and people."""
    (folder / "definitions").mkdir(parents=True)
    (folder / "people.json").write_text(json.dumps(people))
    placet = Placet(folder, {"PLACET_ADMIN_PASSWORD": ADMINISTRATOR[1], **variables})
    assert placet("migrate").status == 0
    loaded = placet("directory", "load", "people.json")
    assert loaded.status == 0, loaded.err
    return placet


@pytest.fixture
def both(tmp_path: Path, database_url: str) -> Iterator[Both]:
    theirs = prepared(tmp_path / "theirs", THEIRS)
    ours = prepared(
        tmp_path / "ours", OURS, PLACET_DATABASE_URL=database_url, PLACET_OUTBOUND_ALLOW="127.0.0.1",
        PLACET_SECRET_KEY="k" * 32,
    )  # fmt: skip
    for name, text in (("connector.yaml", FROM_A_CONNECTOR), ("mapping.yaml", FROM_A_MAPPING)):
        (ours.folder / "definitions" / name).write_text(text)
    with theirs.serve() as their_node, ours.serve() as our_node:
        [application] = theirs("applications", "list", "--format", "json").json
        assert application["name"] == "pmConnectorsPlugin"
        yield Both(our_node, their_node, application["client_id"], application["client_secret"])
        for secret in (HUGO, application["client_secret"]):
            assert secret not in our_node.log() + their_node.log()


def created(client: httpx2.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def connect(both: Both, admin: httpx2.Client) -> dict[str, Any]:
    """Everything of the page up to the connector, which comes back."""
    created(admin, "/v1/connectors/configurations", both.configuration)
    service = {"Name": "ProcessMaker", "ProductName": "ProcessMaker", "ProductVersion": "3.2", "APIVersion": "3.2"}
    created(admin, "/v1/connectors/services", service | {"Configuration": both.configuration["Name"]})
    connector = {
        "Name": "Active users",
        "Service": "ProcessMaker",
        "URL": f"{both.theirs.url}/api/1.0/workflow/users",
        "Parameters": [{"Name": "status", "In": "query", "Default": "ACTIVE"}],
    }
    return created(admin, "/v1/connectors", connector)


def form_of(client: httpx2.Client, link: str) -> tuple[str, list[str]]:
    """Where a form is submitted to, and the values of its one drop-down."""
    form = client.get(f"{link}/form").json()
    [field] = form["Fields"]
    return link, sorted(choice["Value"] for choice in field["Choices"])


def definition(client: httpx2.Client, name: str) -> str:
    """The link of a definition."""
    return next(str(each["Link"]) for each in client.get("/v1/wf/definitions").json() if each["Value"] == name)


def inbox(client: httpx2.Client, process: str) -> list[dict[str, Any]]:
    """The work items of a process that are asked of whoever looks."""
    asked = {"filter": ["Addressee=self", f"ProcessId={process.rpartition('/')[2]}"]}
    return [*client.get("/v1/wf/workitems", params=asked).json()]


def approve(client: httpx2.Client, process: str, **data: str) -> httpx2.Response:
    [item] = inbox(client, process)
    body = {"AvailableActions": [{"Value": "Approve"}], **({"Data": data} if data else {})}
    return client.put(f"/v1/wf/workitems/{item['GUID']}", json=body)


def status(client: httpx2.Client, process: str) -> tuple[str, str]:
    found = client.get(process).json()
    return found["ProcessStatus"], found["ApprovalStatus"]


def test_test_is_green_or_red_and_keeps_nothing(both: Both):
    wrong = both.configuration | {"Fields": both.configuration["Fields"] | {"password": "not hugo's"}}
    with both.asks(*ADMINISTRATOR) as admin:
        green = admin.post("/v1/connectors/configurations/test", json=both.configuration).json()
        red = admin.post("/v1/connectors/configurations/test", json=wrong).json()

        assert (green["Success"], green["Response"]["Code"]) == (True, 200)
        assert (red["Success"], red["Response"]["Code"]) == (False, 400)
        assert "invalid_grant" in red["Message"]
        for secret in (HUGO, both.client_secret, "not hugo's"):
            assert secret not in json.dumps([green, red])
        assert admin.get("/v1/connectors/configurations").json() == []


def test_the_connector_shows_who_is_active(both: Both):
    with both.asks(*ADMINISTRATOR) as admin:
        connector = connect(both, admin)
        trial = admin.post(f"{connector['Link']}/test", json={}).json()
        gone = admin.post(f"{connector['Link']}/test", json={"Inputs": {"status": "INACTIVE"}}).json()

    assert (trial["Success"], trial["Response"]["Code"]) == (True, 200)
    assert trial["Request"]["URL"] == f"{both.theirs.url}/api/1.0/workflow/users?status=ACTIVE"
    assert trial["Request"]["Headers"]["authorization"] == "***"
    assert sorted(user["usr_username"] for user in trial["Result"]) == ["admin", "ben", "hugo"]
    assert [user["usr_username"] for user in gone["Result"]] == ["zoe"]


def test_who_is_chosen_from_the_connectors_answer_approves(both: Both):
    with both.asks(*ADMINISTRATOR) as admin, both.asks("anna") as anna, both.asks("ben") as ben:
        connect(both, admin)
        until(lambda: form_of(anna, definition(anna, "Ask a colleague"))[1] != [])  # another program sees it soon
        link, choices = form_of(anna, definition(anna, "Ask a colleague"))
        assert choices == ["admin", "ben", "hugo"]

        lie = anna.post(link, json={"Data": {"who": "zoe"}})  # one of ours, and not among the choices
        assert (lie.status_code, lie.json()["Fault"]["Detail"]["DataItems"][0]["Name"]) == (400, "who")
        process = anna.post(link, json={"Data": {"who": "ben"}}).headers["location"]

        assert inbox(anna, process) == []
        assert approve(ben, process).status_code == 200
        assert status(anna, process) == ("Completed", "Approved")


def test_who_is_chosen_from_rows_that_a_mapping_has_set_approves(both: Both):
    with both.asks(*ADMINISTRATOR) as admin, both.asks("anna") as anna, both.asks("ben") as ben:
        connect(both, admin)
        process = anna.post(definition(anna, "Ask in two steps"), json={}).headers["location"]
        until(lambda: inbox(anna, process) != [])  # the call has come back

        [item] = inbox(anna, process)
        assert form_of(anna, f"/v1/wf/workitems/{item['GUID']}")[1] == ["admin", "ben", "hugo"]
        lie = approve(anna, process, who="zoe")
        assert (lie.status_code, lie.json()["Fault"]["Detail"]["DataItems"][0]["Name"]) == (400, "who")
        assert approve(anna, process, who="ben").status_code == 200

        assert approve(ben, process).status_code == 200
        assert status(anna, process) == ("Completed", "Approved")
