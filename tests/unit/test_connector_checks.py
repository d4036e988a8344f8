"""What a definition gives a connector that stands in the same folder."""

import pytest

from placet.errors import InvalidDefinition
from placet.loader import Takes, load_directory
from placet_api.cli.main import run

TRIP = """\
name: Trip
data: {city: {type: string}}
start: book
activities:
  book:
    kind: connector
    connector: BOOK a trip
    inputs: {INPUTS}
    paths: {success: done}
  done: {kind: finish}
"""
KNOWN = {"book a trip": Takes(["city", "day"], ["city"])}
CONNECTORS = """
configurations: {Key: {kind: api_key, key: k, value: {env: NOT_SET_HERE}}}
services: {Desk: {configuration: Key}}
connectors:
  Book a trip:
    service: Desk
    url: https://travel.example.org/trips
    parameters: {city: {required: true}, day: {}, seats: {required: true, default: "1"}}
"""


@pytest.mark.parametrize(
    ("inputs", "fault"),
    [
        ("city: data.city", None),
        ("city: data.city, day: \"'x'\"", None),
        ("cty: data.city, city: data.city", "8:14: Activity 'book' gives 'BOOK a trip' the input 'cty', which it does"),
        ("day: \"'x'\"", "7:5: Activity 'book' does not give 'BOOK a trip' the input 'city', which it needs"),
    ],
)
def test_inputs_are_held_to_what_a_connector_takes(tmp_path, inputs, fault):
    (tmp_path / "trip.yaml").write_text(TRIP.replace("INPUTS", inputs))
    assert load_directory(tmp_path)  # a connector may come later
    if fault is None:
        assert load_directory(tmp_path, KNOWN)
        return
    with pytest.raises(InvalidDefinition) as refused:
        load_directory(tmp_path, KNOWN)
    assert [fault in str(each) for each in refused.value.faults] == [True]


@pytest.mark.parametrize(("inputs", "status"), [("city: data.city", 0), ("day: data.city", 1)])
def test_the_command_checks_both_files_of_a_folder(tmp_path, capsys, inputs, status):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "travel.yaml").write_text(CONNECTORS)
    (tmp_path / "trip.yaml").write_text(TRIP.replace("INPUTS", inputs))

    assert run(["definitions", "check", str(tmp_path)]) == status
    assert ("the input 'city', which it needs" in capsys.readouterr().out) is (status != 0)


def test_the_command_tells_the_faults_of_connectors(tmp_path, capsys):
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "travel.yaml").write_text("connectors: {A: {service: Nobody, ulr: x}}")
    (tmp_path / "trip.yaml").write_text(TRIP.replace("INPUTS", ""))

    assert run(["definitions", "check", str(tmp_path)]) != 0
    assert "travel.yaml:1:" in capsys.readouterr().out
