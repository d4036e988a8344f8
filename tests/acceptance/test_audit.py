"""The audit trail over HTTP: what is on it, who may read it, and refusals that are counted."""

from __future__ import annotations

import pytest

from placet.core.names import user_dn
from tests.acceptance.conftest import PASSWORD, rest_authorization

ANNA, BEN, ADMIN = (user_dn(name) for name in ("anna", "ben", "admin"))

pytestmark = pytest.mark.usefixtures("without_jobs")


async def trail(server, query="", user="admin"):
    answer = await server(user).get(f"/v1/audit{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def kinds(entries):
    return [entry["Kind"] for entry in entries]


async def test_what_somebody_arranges_is_on_the_trail_with_before_and_after(server):
    link = (await server("anna").post("/v1/absences", json={"Delegate": "ben"})).json()["Link"]
    server.clock.move(minutes=1)
    await server("admin").delete(link)

    removed, added = await trail(server, "?kind=absence")

    described = {
        "id": link[-32:],
        "delegate": BEN,
        "category": None,
        "definition": None,
        "from": "2026-03-02T09:00:00+00:00",
        "to": None,
    }
    assert (added["Kind"], added["Before"], added["After"]) == ("absence.added", None, described)
    assert (added["Actor"]["DN"], added["Target"], added["Address"]) == (ANNA, ANNA, "127.0.0.1")
    assert (removed["Kind"], removed["Before"], removed["After"]) == ("absence.removed", described, None)
    assert (removed["Actor"]["Value"], removed["At"]) == ("Admin Berg", "20260302090100000+0000")
    assert int(removed["Number"]) > int(added["Number"])


async def test_sessions_are_on_the_trail_without_their_secrets(server):
    secret = (await server("").post("/v1/session", json={"User": "anna", "Password": PASSWORD})).json()[
        "RESTSessionSecret"
    ]
    server("").cookies.clear()
    await server("").delete("/v1/session", headers={"RESTSessionSecret": secret})

    answer = await server("admin").get("/v1/audit?kind=session")

    assert kinds(answer.json()) == ["session.ended", "session.begun"]
    assert secret not in answer.text
    assert PASSWORD not in answer.text


async def test_reading_it_takes_a_permission_and_its_lack_is_on_it(server):
    for _ in range(3):
        refused = await server("anna").get("/v1/audit")
        assert (refused.status_code, "PM_SETUP_ADVANCE" in refused.text) == (403, True)

    (entry,) = await trail(server, "?kind=right.refused")

    assert (entry["Actor"]["DN"], entry["Target"], entry["Address"]) == (ANNA, "GET /v1/audit", "127.0.0.1")
    assert (entry["After"]["count"], "PM_SETUP_ADVANCE" in entry["After"]["reason"]) == (1, True)
    server.clock.move(minutes=1)
    later, _ = await trail(server, "?kind=right.refused")
    assert later["After"]["count"] == 2


async def test_refused_sign_ins_are_counted_by_person_and_address(server):
    for user in ("anna", ANNA.upper(), "anna", "a\u0308nna", "ben"):
        headers = {"RESTAuthorization": rest_authorization(user, "a guess")}
        assert (await server("").get("/v1", headers=headers)).status_code == 401
    server.clock.move(minutes=1)

    answer = await server("admin").get("/v1/audit?kind=sign_in.refused")

    found = [(entry["Actor"]["DN"] or entry["Actor"]["Value"], entry["After"]["count"]) for entry in answer.json()]
    assert sorted(found) == sorted([(ANNA, 1), (ANNA, 2), ("a\u0308nna", 1), (BEN, 1)])
    assert "a guess" not in answer.text


async def test_the_address_is_part_of_what_is_counted(server):
    for address in ("192.0.2.1", "192.0.2.2"):
        server.engine.refused.sign_in(ANNA, address)

    found = await trail(server, "?kind=sign_in.refused&actor=anna")

    assert sorted(entry["Address"] for entry in found) == ["192.0.2.1", "192.0.2.2"]


async def test_entries_are_found_by_kind_actor_target_and_time(server):
    await server("anna").post("/v1/proxies", json={"Proxy": "ben"})
    server.clock.move(hours=1)
    await server("ben").post("/v1/proxies", json={"Proxy": "anna"})

    for query, expected in (
        ("kind=proxy.granted&actor=anna", [ANNA]),
        (f"kind=proxy&actor={BEN}", [BEN]),
        ("kind=proxy&target=ben", [BEN]),
        ("kind=proxy&from=2026-03-02T10:00:00Z", [BEN]),
        ("kind=proxy&to=2026-03-02T10:00:00Z", [ANNA]),
        ("kind=proxy", [BEN, ANNA]),
        ("kind=role.created&actor=anna", []),
    ):
        assert [entry["Actor"]["DN"] for entry in await trail(server, f"?{query}")] == expected, query


async def test_a_long_trail_comes_in_pages(server):
    for other in ("ben", "clara", "dora", "admin", "ben"):
        await server("anna").post("/v1/proxies", json={"Proxy": other, "From": "2026-04-01"})

    found, path = [], "/v1/audit?kind=proxy&limit=2"
    while path:
        page = await server("admin").get(path)
        assert len(page.json()) <= 2
        found += page.json()
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert [entry["After"]["proxy"] for entry in found] == [user_dn(n) for n in ("admin", "dora", "clara", "ben")]


async def test_a_filter_that_cannot_be_meant_is_refused(server):
    for query, reason in (
        ("kind=rolle", "did you mean 'role'"),
        ("kind=xyz", "there are: user, password, role"),
        ("from=soon", "from: 'soon' is not a time"),
        ("cursor=x", "cursor"),
        ("limit=0", "limit"),
        ("name=x", "not a parameter"),
    ):
        answer = await server("admin").get(f"/v1/audit?{query}")

        assert (answer.status_code, reason in answer.text) == (400, True), answer.text


@pytest.mark.parametrize("filter_", ["target", "actor"])
async def test_what_no_entry_can_hold_is_not_looked_for(server, filter_):
    answer = await server("admin").get(f"/v1/audit?{filter_}=an%00na")

    assert answer.status_code == 400
    assert "NUL" in answer.text
