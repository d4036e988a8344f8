"""The console's overview: what its figures count."""

from __future__ import annotations

import re

from placet.core.names import dn_guid, user_dn
from tests.acceptance.browsing import signed_in
from tests.acceptance.conftest import RunningServer

BEN = f"/api/1.0/workflow/user/{dn_guid(user_dn('ben'))}"


async def test_what_nobody_can_answer_is_counted(server: RunningServer):
    admin = await signed_in(server, "admin")
    await server.start("anna")
    figure = re.compile(r"Nobody can answer (\S+) open, and an approval found nobody")
    assert figure.findall(await admin.page("/")) == ["0"]

    answer = await server("admin").put(BEN, json={"usr_status": "INACTIVE"})
    assert answer.is_success, answer.text
    await server.engine.settled()

    assert figure.findall(await admin.page("/")) == ["1"]
    found = await admin.page("/query?q=ProcessStatus+%3D+Running+and+Events.Kind+%3D+work_item.stranded")
    assert "1 process" in found
