"""The console's pages of the audit trail and of engines."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import RunningServer


async def test_the_audit_trail_is_read_filtered_and_paged(server: RunningServer):
    admin, anna = await signed_in(server, "admin"), await signed_in(server, "anna")

    every = await admin.page("/audit")
    assert "session.begun" in every
    assert "Anna Berg" in every
    assert "session.begun" not in (await admin.page("/audit?kind=role&actor=anna")).partition("Before and after")[2]
    assert "Anna Berg" in await admin.page("/audit?kind=session.begun&actor=anna&from=2020-01-01&to=2090-01-01")
    assert "Nothing of that kind was written down" in await admin.page("/audit?to=2020-01-01")
    for wrong in ("kind=nothing", "from=yesterday", "to=9999-12-31"):
        assert wrong.partition("=")[2] in await admin.page(f"/audit?{wrong}", expected=422)
    await admin.page("/audit?before=x", expected=400)
    await anna.page("/audit", expected=403)


async def test_older_entries_are_on_the_next_page(server: RunningServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("placet_api.console.pages.audit._AT_ONCE", 2)
    admin = await signed_in(server, "admin")
    for user in ("anna", "ben"):
        await signed_in(server, user)

    seen, path = [], "/console/audit?kind=session.begun"
    while path:
        text = (await admin.get(path)).text
        seen += re.findall('<span class="clip">([^<]*)</span></span></td>\n    <td data-label="To whom', text)
        path = text.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
        path = path if 'rel="next"' in text else ""
    assert "These are the oldest." in text
    assert seen == ["Ben Berg", "Anna Berg", "Admin Berg"]


async def test_an_engine_tells_what_it_is(server: RunningServer):
    admin, anna = await signed_in(server, "admin"), await signed_in(server, "anna")

    page = await admin.page("/engines")
    assert server.engine.settings.engine_id in page
    assert "are this node's work" in page
    await anna.page("/engines", expected=403)
