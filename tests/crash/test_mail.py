"""Mails of a process that goes on once, whatever kills the engine that sends them."""

from __future__ import annotations

import signal
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from placet import Engine, ManualClock
from placet.jobs.dispatcher import LEASE
from placet.settings import Settings
from tests.crash import node
from tests.crash.child import run
from tests.crash.invariants import broken, stored
from tests.mail_server import a_mail_server

TOLD = """
name: Told
start: tell
activities:
  tell: {kind: email, to: "'bob@example.org'", subject: Hello, text: Look, next: done}
  done: {kind: finish}
"""


#: The edges of a batch of commands, which the three mails may share.
OF_BATCHES = ("between two writes", "after the last write")


@pytest.mark.parametrize("edge", [*node.EDGES, "after a mail was taken"])
async def test_a_mail_is_sent_with_one_id_and_its_process_goes_on_once(
    durable_database_url: str, folder: Path, edge: str
):
    async with a_mail_server() as server:
        (folder / "smtp_url").write_text(server.url)
        settings = Settings(database_url=durable_database_url, smtp_url=server.url, mail_from="placet@example.org")
        async with Engine(settings=settings, run_jobs=False) as engine:
            await engine.as_system().deploy(TOLD)
            started = [(await engine.as_system().start("Told", initiator="carl")).process.id for _ in range(3)]

        nth = 1 if edge in OF_BATCHES else 2  # the first transaction takes the jobs
        assert await run(node.send, durable_database_url, folder, edge, nth) == -signal.SIGKILL
        async with Engine(settings=settings, clock=ManualClock(datetime.now(UTC) + 2 * LEASE)) as engine:
            await engine.settled()

        found, sent = await stored(durable_database_url), defaultdict(int)
        for mail in server.mails:
            sent[mail.message["Message-ID"]] += 1
        assert broken(found) == []
        assert [len(found.kinds(process_id, "mail.sent")) for process_id in started] == [1, 1, 1]
        assert set(sent) == {f"<{process_id}-1@example.org>" for process_id in started}
        assert max(sent.values()) <= 2
        if edge == "after a mail was taken":
            assert 2 in sent.values()
