"""The zone of whoever types a command: one that others know too, or UTC."""

from __future__ import annotations

from pathlib import Path

import pytest

from placet_api.cli import zone
from placet_api.cli.zone import local_zone


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Asia/Kathmandu", "Asia/Kathmandu"),
        ("UTC", "UTC"),
        ("CET-1CEST", "UTC"),
        ("Europe", "UTC"),
        ("/etc/passwd", "UTC"),
        ("../zoneinfo/UTC", "UTC"),
    ],
)
def test_the_variable_names_it(monkeypatch: pytest.MonkeyPatch, variable: str, expected: str):
    monkeypatch.setenv("TZ", variable)

    assert local_zone() == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [("usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"), ("usr/share/zoneinfo/Nowhere", "UTC"), ("etc/x", "UTC")],
)
def test_without_one_the_machine_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: str, expected: str):
    link = tmp_path / "localtime"
    link.symlink_to(tmp_path / target)
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(zone, "_LINK", link)

    assert local_zone() == expected
