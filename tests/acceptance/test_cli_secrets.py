"""`placet secrets rotate` as a program, from one key to the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.programs import Placet

OLD, NEW, OTHER = "old-" * 8, "new-" * 8, "nix-" * 8


@pytest.fixture
def placet(tmp_path: Path, empty_database_url: str) -> Placet:
    """The program on a database that keeps the secret of one application."""
    (tmp_path / "people.json").write_text(json.dumps({"users": [{"usr_username": "anna"}]}))
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": empty_database_url, "PLACET_SECRET_KEY": OLD})
    assert placet("migrate").status == 0
    assert placet("directory", "load", "people.json").status == 0
    assert placet("applications", "add", "Travel", "--owner", "anna").status == 0
    return placet


def test_what_was_kept_is_kept_with_the_new_key(placet: Placet):
    before = placet("applications", "list", "--format", "json").json

    done = placet("secrets", "rotate", PLACET_SECRET_KEY=NEW, PLACET_SECRET_KEYS_OLD=OLD)
    again = placet("secrets", "rotate", PLACET_SECRET_KEY=NEW)

    assert (done.status, done.out, done.err) == (0, "Encrypted anew: 1. With the newest key already: 0.\n", "")
    assert again.out == "Encrypted anew: 0. With the newest key already: 1.\n"
    assert placet("applications", "list", "--format", "json", PLACET_SECRET_KEY=NEW).json == before
    assert before[0]["client_secret"] not in placet("applications", "list").out
    [entry] = placet("audit", "--kind", "secrets", "--format", "json", PLACET_SECRET_KEY=NEW).json
    assert (entry["kind"], entry["after"]) == ("secrets.rotated", {"renewed": 1, "lost": 0})


def test_what_does_not_open_is_named_without_any_key(placet: Placet):
    done = placet("secrets", "rotate", PLACET_SECRET_KEY=NEW, PLACET_SECRET_KEYS_OLD=OTHER)

    assert done.status == 69
    assert "1 do not open with any key that is set, for example those of application" in done.err
    assert not any(key in done.out + done.err for key in (OLD, NEW, OTHER))
    assert placet("applications", "list").status == 0
