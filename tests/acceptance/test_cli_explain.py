"""`placet explain access`: what the engine would answer, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from placet.core.access import Act
from tests.programs import ROOT, Placet


@pytest.fixture
def placet(database_url: str, tmp_path: Path) -> Placet:
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": database_url})
    assert placet("directory", "load", str(ROOT / "engine/placet/demo/people.yaml")).status == 0
    assert placet("definitions", "deploy", str(ROOT / "definitions/leave_request.yaml")).status == 0
    return placet


def test_why_somebody_may_or_may_not(placet: Placet):
    started = placet("start", "Leave request", "--as", "anna", "--data", "days=3", "--format", "json").json

    told = placet("explain", "access", "anna", started["id"], "--format", "json").json
    assert [each["act"] for each in told] == [act.name for act in Act]
    answers = {each["act"]: (each["allowed"], each["because"], each["needs"]) for each in told}
    assert answers["READ"] == (True, "he is its initiator", "")
    assert answers["PAUSE"] == (False, "nothing allows it", "the permission PM_SUPERVISOR")

    table = placet("explain", "access", "greta", started["id"])
    assert table.status == 0
    assert "he may not read the process" in table.out
    assert placet("explain", "access", "nobody", started["id"]).status != 0
    assert placet("explain", "access", "anna", "0" * 32).status != 0
