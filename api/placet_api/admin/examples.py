"""Examples of administration: ben is away, and clara answers for him."""

from __future__ import annotations

from typing import Any

ABSENCE_ID = "01a200b712bc703e8390ee82dd3a0000"
PROXY_ID = "01a200b712bc703e8390ee82dd3b0000"
CLIENT_ID = "QXJMZPLWTRBCVNKDHFGSAYEUIOQXJMZP"
SECRET = "the-secret-of-a-session"  # noqa: S105  # an example, not a secret

_FROM, _TO = "20261123000000000+0000", "20261201000000000+0000"


def _person(name: str, full_name: str) -> dict[str, str]:
    return {"DN": f"cn={name},ou=users,o=placet", "Value": full_name, "GUID": "", "Link": ""}


_BEN, _CLARA = _person("ben", "Ben Holm"), _person("clara", "Clara Lind")

SESSION: dict[str, Any] = {
    "Person": _BEN,
    "Permissions": [{"Value": "PM_CASES"}, {"Value": "PM_LOGIN"}],
    "Until": _TO,
}
ABSENCE: dict[str, Any] = {
    "GUID": ABSENCE_ID,
    "Link": f"/v1/absences/{ABSENCE_ID}",
    "Person": _BEN,
    "Delegate": _CLARA,
    "Category": "",
    "Definition": "",
    "From": _FROM,
    "To": _TO,
    "Created": _FROM,
}
PROXY: dict[str, Any] = {
    "GUID": PROXY_ID,
    "Link": f"/v1/proxies/{PROXY_ID}",
    "Person": _BEN,
    "Proxy": _CLARA,
    "From": _FROM,
    "To": "",
    "Created": _FROM,
}
AUDIT_ENTRY: dict[str, Any] = {
    "Number": "7",
    "At": _FROM,
    "Kind": "absence.added",
    "Actor": _BEN,
    "Address": "127.0.0.1",
    "Target": _BEN["DN"],
    "TargetName": _BEN["Value"],
    "Before": None,
    "After": {"delegate": _CLARA["DN"]},
}

APPLICATION: dict[str, Any] = {
    "ClientID": CLIENT_ID,
    "Link": f"/v1/applications/{CLIENT_ID}",
    "ClientSecret": "0f0e0d0c0b0a09080706050403020100",
    "Public": False,
    "Name": "Travel desk",
    "Description": "Books what was permitted",
    "WebSite": "https://travel.example.org",
    "RedirectURIs": [{"Value": "https://travel.example.org/signed-in"}],
    "Owner": _BEN,
    "Created": _FROM,
}

SIGN_IN: dict[str, Any] = {"User": "ben", "Password": "demo"}
NOTIFICATIONS: dict[str, Any] = {
    "Person": _BEN,
    "Assigned": True,
    "Reminder": False,
    "Escalation": True,
    "Finished": True,
}
CHOSEN: dict[str, Any] = {"Reminder": False}
NEW_ABSENCE: dict[str, Any] = {"Delegate": "clara", "From": _FROM, "To": _TO}
NEW_APPLICATION: dict[str, Any] = {
    "Name": "Travel desk",
    "RedirectURIs": [{"Value": "https://travel.example.org/signed-in"}],
}
NEW_PROXY: dict[str, Any] = {"Proxy": "clara"}
