"""Which mails somebody wants, over HTTP; `test_cli_people.py` has the commands."""

from __future__ import annotations

import pytest

PATH = "/v1/notifications"
ALL = {"Assigned": True, "Reminder": True, "Escalation": True, "Finished": True}


async def test_one_chooses_for_oneself(server):
    shown = (await server("anna").get(PATH)).json()
    assert (shown.pop("Person")["DN"], shown) == ("cn=anna,ou=users,o=placet", ALL)

    changed = await server("anna").put(PATH, json={"Reminder": False, "Finished": False})
    again = await server("anna").put(PATH, json=changed.json() | {"Finished": True})

    assert changed.status_code == again.status_code == 200
    assert again.json() == (await server("anna").get(PATH)).json()
    assert {name: value for name, value in again.json().items() if name != "Person"} == ALL | {"Reminder": False}
    assert (await server("ben").get(PATH)).json()["Reminder"] is True


async def test_for_others_it_takes_the_permission_and_is_on_the_audit_trail(server):
    ours = await server("admin").put(f"{PATH}?user=anna", json={"Assigned": False})
    assert (ours.status_code, ours.json()["Assigned"]) == (200, False)
    assert ours.json()["Person"]["DN"] == "cn=anna,ou=users,o=placet"
    for call in (
        server("ben").get(f"{PATH}?user=anna"),
        server("ben").put(f"{PATH}?user=anna", json={"Assigned": True}),
        server("ben").get(f"{PATH}?user=nobody"),
    ):
        refused = await call
        assert (refused.status_code, "PM_USERS" in refused.text) == (403, True)
    assert (await server("admin").get(f"{PATH}?user=nobody")).status_code == 404

    (entry,) = (await server("admin").get("/v1/audit?kind=notifications.changed")).json()
    assert (entry["Target"], entry["Before"]["assigned"], entry["After"]["assigned"]) == (
        "cn=anna,ou=users,o=placet",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"Asigned": False}, "there are: Assigned, Reminder, Escalation, Finished"),
        ({"Assigned": "no"}, "Assigned is 'no'; it has to be true or false"),
        ({"Assigned": None}, "it has to be true or false"),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_changes_nothing(server, body, words):
    refused = await server("anna").put(PATH, json={"Reminder": False} | body)

    assert (refused.status_code, words in refused.text) == (400, True)
    assert (await server("anna").get(PATH)).json()["Reminder"] is True
