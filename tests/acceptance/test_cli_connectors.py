"""`placet connectors`, on a database and through a server: the same commands, and no secret on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.programs import CHEAP, Placet

FILE = (Path(__file__).parents[1] / "data/connectors.yaml").read_text("utf-8")
TRAVEL = (Path(__file__).parents[1] / "data/travel.json").read_text("utf-8")
LOGO = (Path(__file__).parents[1] / "data/logo.png").read_bytes()
SECRETS = {"CLIENT_SECRET": "the-client-secret", "ADMIN_PASSWORD": "the-admin-password"}
PEOPLE = {"users": [{"usr_username": "admin", "password_hash": CHEAP.hash("open sesame")}]}


@pytest.fixture
def placet(tmp_path: Path, database_url: str) -> Placet:
    """The program in a folder with connectors, on a database with an administrator."""
    (tmp_path / "connectors.yaml").write_text(FILE)
    (tmp_path / "travel.json").write_text(TRAVEL)
    (tmp_path / "logo.png").write_bytes(LOGO)
    (tmp_path / "people.json").write_text(json.dumps(PEOPLE))
    (tmp_path / "definitions").mkdir()
    variables = {"PLACET_DATABASE_URL": database_url, "PLACET_SECRET_KEY": "k" * 32, **SECRETS}
    placet = Placet(tmp_path, variables)
    assert placet("directory", "load", "people.json").status == 0
    return placet


@pytest.fixture(params=["database", "server"])
def connectors(request: pytest.FixtureRequest, placet: Placet, tmp_path: Path) -> Iterator[Placet]:
    """The program on the database, and once more through a server on it."""
    if request.param == "database":
        yield placet
        return
    with placet.serve() as node:
        who = {"PLACET_SERVER": node.url, "PLACET_USER": "admin", "PLACET_PASSWORD": "open sesame"}
        yield Placet(tmp_path, {**who, **SECRETS})
        assert not [secret for secret in SECRETS.values() if secret in node.log()]


def test_connectors_are_imported_listed_shown_exported_and_removed(connectors: Placet):
    assert connectors("connectors", "import", "connectors.yaml").out == "4 added, 0 changed, 0 as they were.\n"
    assert connectors("connectors", "import", "connectors.yaml").out == "0 added, 0 changed, 4 as they were.\n"

    [row] = connectors("connectors", "list", "--format", "json").json
    assert (row["name"], row["service"], row["method"]) == ("Active users", "ProcessMaker", "GET")
    [row] = connectors("connectors", "list", "--of", "services", "--format", "json").json
    assert (row["name"], row["product_name"], row["configuration"]) == ("ProcessMaker", "ProcessMaker", "Own")
    own, travel = connectors("connectors", "list", "--of", "configurations", "--format", "json").json
    assert (own["kind"], own["secrets"], travel["secrets"]) == ("oauth2_password", ["clientSecret", "password"], [])

    shown = connectors("connectors", "show", "ACTIVE users", "--format", "json").json
    assert shown["parameters"] == {"status": {"in": "query", "default": "ACTIVE"}}
    exported = connectors("connectors", "export")
    (connectors.folder / "all.yaml").write_text(exported.out)
    assert connectors("connectors", "import", "all.yaml").out == "0 added, 0 changed, 4 as they were.\n"
    assert not [secret for secret in SECRETS.values() if secret in exported.out]
    assert list(connectors("connectors", "export", "active users", "--format", "json").json["configurations"]) == [
        "Own"
    ]

    refused = connectors("connectors", "remove", "ProcessMaker", "--of", "services")
    assert (refused.status, "is used by the connector 'Active users'" in refused.err) == (5, True)
    assert connectors("connectors", "remove", "Active users").out == "Removed Active users.\n"
    assert connectors("connectors", "list", "--format", "json").json == []
    missing = connectors("connectors", "show", "Active user")
    assert (missing.status, "There is no connector 'Active user': there are none." in missing.err) == (3, True)


def test_a_secret_is_read_from_standard_input_or_a_variable(connectors: Placet):
    connectors("connectors", "import", "connectors.yaml")

    set_ = connectors("connectors", "set-secret", "travel", "password", given="a new one\n")
    assert (set_.status, set_.out) == (0, "Set password of travel.\n")
    assert connectors("connectors", "set-secret", "Own", "password", "--env", "NEW", NEW="another").status == 0
    rows = connectors("connectors", "list", "--of", "configurations", "--format", "json").json
    assert [row["secrets"] for row in rows] == [["clientSecret", "password"], ["password"]]
    assert connectors("connectors", "set-secret", "Travel", "password").out == "Took password of Travel away.\n"

    for arguments, status, text in (
        (("Travel", "username"), 1, "'username' is no secret of 'Travel'"),
        (("Nobody", "password"), 3, "There is no configuration 'Nobody'"),
        (("Travel", "password", "--env", "NOT_SET"), 2, "The variable NOT_SET is not set"),
    ):
        refused = connectors("connectors", "set-secret", *arguments, given="x")
        assert (refused.status, text in refused.err) == (status, True), refused.err


def test_a_test_says_in_words_and_by_its_status_how_it_went(connectors: Placet):
    connectors("connectors", "import", "connectors.yaml")

    red = connectors("connectors", "test", "Active users", "--input", "status=INACTIVE")
    assert red.status == 1
    assert red.out.startswith("It does not work: Nothing is sent to the address 127.0.0.1, which is loopback;")
    green = connectors("connectors", "test", "Travel", "--of", "configurations", "--format", "json")
    assert (green.status, green.json["success"]) == (0, True)
    wrong = connectors("connectors", "test", "Active users", "--input", "state=x")
    assert (wrong.status, "has no parameter 'state'" in wrong.err) == (1, True)
    assert connectors("connectors", "test", "ProcessMaker", "--of", "services").status == 2


def test_the_operations_of_a_document_are_listed_and_picked(connectors: Placet):
    listed = connectors("connectors", "openapi", "travel.json", "--format", "json").json
    assert [(row["name"], bool(row["refused"])) for row in listed] == [("listTrips", False), ("bookTrip", True)]

    picked = connectors(
        "connectors", "openapi", "travel.json", "--operation", "GET /trips", "--url", "https://inside.org"
    )
    assert picked.out == "2 added, 0 changed, 0 as they were.\n"
    assert connectors("connectors", "list", "--format", "json").json[0]["url"] == "https://inside.org/trips"
    refused = connectors("connectors", "openapi", "travel.json", "--operation", "bookTrip")
    assert (refused.status, "'bookTrip' cannot be a connector" in refused.err) == (1, True)


def test_an_image_is_kept_and_taken_away(connectors: Placet):
    connectors("connectors", "import", "connectors.yaml")

    assert connectors("connectors", "set-image", "ProcessMaker", "logo.png").out == "Set the image of ProcessMaker.\n"
    away = connectors("connectors", "set-image", "ProcessMaker")
    assert away.out == "Took the image of ProcessMaker away.\n"
    assert connectors("connectors", "set-image", "ProcessMaker", "travel.json").status == 1


def test_the_faults_of_a_file_are_told_with_their_places(connectors: Placet):
    (connectors.folder / "bad.yaml").write_text("connectors:\n  A:\n    service: S\n  B: {service: S, url: ftp://x}\n")

    refused = connectors("connectors", "import", "bad.yaml")
    assert refused.status == 1
    assert "bad.yaml:3:5: 'url' of connector 'A' is missing" in refused.err
    assert "bad.yaml:4:24: 'url' of connector 'B': 'ftp://x' is no web address" in refused.err
