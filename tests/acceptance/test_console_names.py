"""Who is offered where somebody is named: to whom, and which users and groups."""

from __future__ import annotations

import pytest

from placet.core.names import group_dn
from tests.acceptance.browsing import Browser, signed_in
from tests.acceptance.conftest import RunningServer

pytestmark = pytest.mark.usefixtures("without_jobs")


async def offered(browser: Browser, **asked: str) -> dict[str, str]:
    """What may be put into a field, and what it is called."""
    answer = await browser.get("/console/names", params=asked)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return {each["value"]: each["label"] for each in answer.json()}


async def test_users_and_groups_are_offered_by_how_they_begin(server: RunningServer):
    admin = await signed_in(server, "admin")

    assert await offered(admin, q="BEN") == {"ben": "Ben Berg"}
    assert {"anna", "ben"} <= set(await offered(admin, q="be"))  # by last name as well
    assert await offered(admin, q="boa") == {}
    assert await offered(admin, q="boa", groups="1") == {group_dn("Board"): "Board"}
    assert await offered(admin, q="nobody at all", groups="1") == {}


async def test_what_is_typed_is_never_read_as_a_query(server: RunningServer):
    admin = await signed_in(server, "admin")

    for typed in ("\\", '" or Recipient = "ben', "\x00", "x" * 5000, "ü", "me", "and"):
        assert await offered(admin, q=typed, groups="1") == {}, typed


async def test_who_may_see_nobody_is_offered_himself_alone(server: RunningServer):
    anna = await signed_in(server, "anna")

    assert await offered(anna, q="", groups="1") == {"anna": "Anna Berg"}
    assert await offered(anna, q="be", groups="1") in ({}, {"anna": "Anna Berg"})
