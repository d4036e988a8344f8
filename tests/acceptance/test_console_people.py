"""The console's pages of people: users, groups and roles, and everybody's own page."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.browsing import Browser, signed_in
from tests.acceptance.conftest import PASSWORD, RunningServer

NEW = {
    "user_name": "zoe", "first_name": "Zoe", "last_name": "Zander", "email": "zoe@example.org", "status": "ACTIVE",
    "role": "PROCESSMAKER_OPERATOR", "manager": "ben", "due_on": "2099-12-31", "password": "a fine long one",
}  # fmt: skip

pytestmark = pytest.mark.usefixtures("without_jobs")


async def uid(browser: Browser, kind: str, words: str) -> str:
    text = (await browser.get(f"/console/people?tab={kind}&q={words}")).text
    found = re.search(rf'href="/console/people/{kind}/([0-9a-f]{{32}})"', text)
    assert found is not None, text
    return found[1]


async def test_a_user_is_added_changed_and_removed(server: RunningServer):
    admin = await signed_in(server, "admin")

    await admin.submit("/people/users", **NEW)
    zoe = await uid(admin, "users", "zoe")
    page = await admin.page(f"/people/users/{zoe}")
    assert "Zoe Zander" in page
    assert server.engine.directory.person("zoe").manager == "cn=ben,ou=users,o=placet"  # type: ignore[union-attr]
    await admin.submit(f"/people/users/{zoe}", **NEW | {"last_name": "Zimmer", "manager": "", "password": ""})
    assert "Zoe Zimmer" in await admin.page(f"/people/users/{zoe}")
    person = server.engine.directory.person("zoe")
    assert person is not None
    assert person.manager is None
    assert "Zoe" in await admin.page("/people?q=zimmer")
    await admin.submit(f"/people/users/{zoe}/remove")
    assert "Nobody has these words" in await admin.page("/people?q=zimmer")


async def test_what_cannot_be_kept_says_why_and_stays_in_the_form(server: RunningServer):
    admin = await signed_in(server, "admin")

    for wrong in ({"user_name": "anna"}, {"email": "nowhere"}, {"manager": "nobody"}, {"password": "x"}):
        answer = await admin.post("/console/people/users", data=NEW | wrong)
        assert answer.status_code in (400, 409), answer.text
        assert 'value="Zander"' in answer.text
        assert "a fine long one" not in answer.text
    assert server.engine.directory.person("zoe") is None


async def test_a_group_is_made_filled_and_removed(server: RunningServer):
    admin = await signed_in(server, "admin")

    await admin.submit("/people/groups", title="Readers")
    readers = await uid(admin, "groups", "Readers")
    await admin.submit(f"/people/groups/{readers}/join", user="anna")
    assert "Anna" in await admin.page(f"/people/groups/{readers}")
    assert "already" in await admin.submit(f"/people/groups/{readers}/join", expected=409, user="anna")
    assert "There is no user 'nobody'" in await admin.submit(
        f"/people/groups/{readers}/join", expected=400, user="nobody"
    )
    anna = server.engine.directory.person("anna")
    assert anna is not None
    await admin.submit(f"/people/groups/{readers}/leave", user=anna.id)
    assert "Nobody is in it" in await admin.page(f"/people/groups/{readers}")
    await admin.submit(f"/people/groups/{readers}", title="Writers", status="INACTIVE")
    assert "Writers" in await admin.page("/people?tab=groups")
    await admin.submit(f"/people/groups/{readers}/remove")
    assert "Writers" not in await admin.page("/people?tab=groups")


async def test_a_role_is_made_and_given_permissions(server: RunningServer):
    admin = await signed_in(server, "admin")

    await admin.submit("/people/roles", code="CLERK", name="Clerk")
    clerk = await uid(admin, "roles", "CLERK")
    text = (await admin.get(f"/console/people/roles/{clerk}")).text
    given = re.search(r"<code>PM_CASES</code>.*?name=\"permission\" value=\"([0-9a-f]{32})\"", text, re.DOTALL)
    assert given is not None
    await admin.submit(f"/people/roles/{clerk}/permissions", permission=given[1], do="give")
    assert "PM_CASES" in server.engine.directory.roles[clerk].permissions
    await admin.submit(f"/people/roles/{clerk}/permissions", permission=given[1], do="take")
    await admin.submit(f"/people/roles/{clerk}", code="CLERK", name="Office clerk", status="ACTIVE")
    assert "Office clerk" in await admin.page("/people?tab=roles")
    await admin.submit(f"/people/roles/{clerk}/remove")
    assert "Office clerk" not in await admin.page("/people?tab=roles")


async def test_people_are_for_who_administers_them(server: RunningServer):
    anna = await signed_in(server, "anna")

    await anna.page("/people", expected=403)
    await anna.submit("/people/users", expected=403, **NEW)


async def test_everybody_has_a_page_of_his_own(server: RunningServer):
    anna = await signed_in(server, "anna")

    assert "cn=anna,ou=users,o=placet" in await anna.page("/me")
    await anna.submit("/me/absences", delegate="dora", to="2099-12-31")
    page = (await anna.get("/console/me?tab=absences")).text
    assert "Dora" in page
    absence = re.search(r"/me/absences/([0-9a-f]{32})/remove", page)
    assert absence is not None
    await anna.submit(f"/me/absences/{absence[1]}/remove")
    assert "Nobody stands in for you" in await anna.page("/me?tab=absences")
    assert "nobody" in await anna.submit("/me/absences", expected=400, delegate="nobody at all")
    await anna.submit("/me/proxies", proxy="dora")
    assert "Dora" in await anna.page("/me?tab=absences")
    await anna.submit("/me/mail", kind="assigned")
    assert (await anna.get("/console/me?tab=mail")).text.count(" checked") == 1


async def test_a_password_is_changed_by_who_knows_it(server: RunningServer):
    admin = await signed_in(server, "admin")

    assert "another one" in await admin.submit(
        "/me/password", expected=403, old="x", new="a fine long one", again="a fine long one"
    )
    assert "not the same" in await admin.submit(
        "/me/password", expected=400, old=PASSWORD, new="a fine long one", again="b"
    )
    assert await admin.submit("/me/password", old=PASSWORD, new="a fine long one", again="a fine long one")
    assert (await admin.get("/console/me")).status_code == 303


async def test_an_application_is_registered_and_removed(server: RunningServer):
    admin, anna = await signed_in(server, "admin"), await signed_in(server, "anna")

    sent = {"name": "Robot", "redirect_uris": "https://robot.example.org/back\n"}
    await admin.submit("/applications", **sent)
    page = (await admin.get("/console/applications")).text
    assert "https://robot.example.org/back" in page
    robot = re.search(r"<h2>Robot</h2>.*?/applications/([A-Z]{32})/remove", page, re.DOTALL)
    assert robot is not None
    assert "nowhere" in await admin.submit("/applications", expected=400, name="R", redirect_uris="nowhere")
    await admin.submit(f"/applications/{robot[1]}/remove")
    assert "Robot" not in await admin.page("/applications")
    await anna.page("/applications", expected=403)


async def test_who_administers_people_sees_who_is_absent_and_who_stands_in(server: RunningServer):
    admin, anna = await signed_in(server, "admin"), await signed_in(server, "anna")
    assert "Nobody is absent" in await admin.page("/people/absences")

    await anna.submit("/me/absences", delegate="clara", **{"from": "2026-03-02", "to": "2026-03-03"})
    await anna.submit("/me/absences", delegate="ben", **{"from": "2026-06-01", "to": "2026-06-03"})

    page = await admin.page("/people/absences")
    assert re.search(r"Anna Berg \w\w Clara \S+ everything .* absent Anna Berg BB Ben Berg everything .* later", page)
    assert "later" not in await admin.page("/people/absences?q=clara")
    assert "Absences" in await admin.page("/people")
    assert "Absences" in await admin.page("/applications")
    await anna.page("/people/absences", expected=403)
    server.clock.move(days=2)
    again = await signed_in(server, "admin")
    assert "Clara" not in await again.page("/people/absences?q=anna")  # that one is over
