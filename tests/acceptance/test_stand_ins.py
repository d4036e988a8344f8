"""Absences and proxy grants over HTTP: who may arrange them, between whom, and for how long."""

from __future__ import annotations

import pytest

from placet.core.names import user_dn

ANNA, BEN, CLARA = (user_dn(name) for name in ("anna", "ben", "clara"))
KINDS = {"absences": "Delegate", "proxies": "Proxy"}
NEXT_WEEK = {"From": "2026-03-09T08:00:00Z", "To": "2026-03-13T18:00:00+01:00"}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


async def add(server, kind, user, other, **members):
    return await server(user).post(f"/v1/{kind}", json={KINDS[kind]: other} | members)


async def added(server, kind, user, other, **members):
    answer = await add(server, kind, user, other, **members)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_one_arranges_ones_own_and_takes_it_back(server, kind):
    answer = await add(server, kind, "anna", "ben", **NEXT_WEEK)

    value = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == value["Link"] == f"/v1/{kind}/{value['GUID']}"
    assert (value["Person"]["DN"], value[KINDS[kind]]["DN"]) == (ANNA, BEN)
    assert value[KINDS[kind]]["Value"] == "Ben Berg"
    assert (value["From"], value["To"]) == ("20260309080000000+0000", "20260313170000000+0000")
    assert value["Created"] == "20260302090000000+0000"
    assert (await server("anna").get(f"/v1/{kind}")).json() == [value]

    shown = await server("anna").get(value["Link"])
    assert shown.json() == value
    again = await server("anna").get(value["Link"], headers={"If-None-Match": shown.headers["etag"]})
    assert again.status_code == 304

    removed = await server("anna").delete(value["Link"])
    assert (removed.status_code, removed.content) == (204, b"")
    assert (await server("anna").get(value["Link"])).status_code == 404
    assert (await server("anna").delete(value["Link"])).status_code == 404
    assert (await server("anna").get(f"/v1/{kind}")).json() == []


async def test_decisions_know_at_once(server, kind):
    value = await added(server, kind, "anna", {"DN": BEN})

    def known():
        found = getattr(server.engine.directory, kind).get(ANNA.casefold(), [])
        return [(each.stand_in, each.from_at, each.to_at) for each in found]

    assert known() == [(BEN, server.clock.now(), None)]
    await server("anna").delete(value["Link"])
    assert known() == []


async def test_for_others_it_takes_the_permission_of_a_supervisor(server, kind):
    refused = await add(server, kind, "anna", "dora", Person="ben")
    value = await added(server, kind, "admin", "dora", Person="ben")

    assert (refused.status_code, "PM_SUPERVISOR" in refused.text) == (403, True)
    assert value["Person"]["DN"] == BEN
    assert (await server("anna").get(f"/v1/{kind}")).json() == []
    assert (await server("anna").get(value["Link"])).status_code == 404
    assert (await server("anna").delete(value["Link"])).status_code == 404
    assert (await server("dora").get(f"/v1/{kind}")).json() == [value]
    assert (await server("dora").delete(value["Link"])).status_code == 403
    assert (await server("admin").get(f"/v1/{kind}")).json() == [value]
    assert (await server("ben").delete(value["Link"])).status_code == 204


FAULTS = [
    ("anna", {}, "himself"),
    ("nobody", {}, "no user 'nobody'"),
    ("gone", {}, "inactive"),
    ("", {}, "has no"),
    ("ben", {"From": "soon"}, "From: 'soon' is not a time"),
    ("ben", {"To": "2026-03-01"}, "after that"),
    ("ben", {"From": "2026-02-01", "To": "2026-03-01"}, "is over"),
    ("ben", {"From": "2026-03-09", "To": "2026-03-09"}, "after that"),
    ("ben", {"From": 7}, "From is a number"),
]


async def test_what_cannot_be_meant_is_refused(server, kind):
    for other, members, reason in FAULTS:
        answer = await add(server, kind, "anna", other, **members)

        assert answer.status_code == 400, members
        assert reason in answer.json()["Fault"]["Reason"]["Text"]


async def test_what_overlaps_is_refused(server, kind):
    first = await added(server, kind, "anna", "ben", **NEXT_WEEK)

    for members in (NEXT_WEEK, {}, {"From": "2026-03-12"}, {"To": "2026-03-10"}):
        refused = await add(server, kind, "anna", "ben", **members)
        assert (refused.status_code, first["GUID"] in refused.text) == (409, True)

    await added(server, kind, "anna", "ben", From="2026-03-13T17:00:00Z")
    await added(server, kind, "anna", "ben", To="2026-03-09T08:00:00Z")
    await added(server, kind, "clara", "ben", **NEXT_WEEK)


async def test_nobody_arranges_without_end(server, kind, monkeypatch):
    monkeypatch.setattr("placet.directory.stand_ins.MOST", 2)
    for day in (10, 11):
        await added(server, kind, "anna", "ben", From=f"2026-03-{day}", To=f"2026-03-{day}T12:00")

    refused = await add(server, kind, "anna", "ben", From="2026-03-12")
    assert (refused.status_code, "remove one first" in refused.text) == (409, True)
    server.clock.move(days=9)
    await added(server, kind, "anna", "ben", From="2026-03-12")


async def test_a_long_list_comes_in_pages(server, kind):
    made = [
        (await added(server, kind, "anna", "ben", From=f"2026-03-{day}", To=f"2026-03-{day}T12:00"))["GUID"]
        for day in range(10, 15)
    ]

    found, path = [], f"/v1/{kind}?limit=2"
    while path:
        page = await server("anna").get(path)
        found += [each["GUID"] for each in page.json()]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert found == made
    for query in ("cursor=x", "limit=0", "limit=x", "sort=x", "limit=1&limit=2"):
        assert (await server("anna").get(f"/v1/{kind}?{query}")).status_code == 400, query


# -- what absences are of --------------------------------------------------------------------------


async def test_an_absence_is_of_everything_of_a_category_or_of_one_definition(server):
    definition = "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"
    for named in ("leave REQUEST", definition, definition.upper()):
        value = await added(server, "absences", "anna", "ben", Definition=named)
        assert (value["Definition"], value["Category"]) == (definition, "")
        await server("anna").delete(value["Link"])
    by_category = await added(server, "absences", "anna", "ben", Category="Accounts")
    assert (by_category["Definition"], by_category["Category"]) == ("", "accounts")

    await added(server, "absences", "anna", "clara", Definition="Leave request")
    await added(server, "absences", "anna", "dora")
    (known,) = [each for each in server.engine.directory.absences[ANNA.casefold()] if each.definition]
    assert known.definition == definition.casefold()


async def test_what_is_not_there_is_refused_with_what_is_nearest(server):
    for members, reason in (
        ({"Definition": "Leave requst"}, "did you mean 'Leave request'?"),
        ({"Definition": "Zzz"}, "there are: Leave request, Parcel"),
        ({"Category": "acounts"}, "did you mean 'accounts'?"),
        ({"Category": "accounts", "Definition": "Parcel"}, "leave one of them out"),
    ):
        answer = await add(server, "absences", "anna", "ben", **members)

        assert (answer.status_code, reason in answer.text) == (400, True), answer.text
