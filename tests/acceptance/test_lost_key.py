"""A key that was lost: the node says so at its start, makes no other one, and hides nothing but what it cannot open."""

from __future__ import annotations

import httpx2
import pytest

from placet import Engine
from placet.directory.caller import Caller
from placet.errors import Unavailable
from placet_api import create_app
from tests.acceptance.conftest import SETTINGS, serving
from tests.acceptance.oauth import registered


@pytest.fixture
def settings(tmp_path):
    """Those of a node with a key file."""
    return SETTINGS.with_values("test", secret_key="", secret_key_file=str(tmp_path / "placet.key"))


def opened(database_url, settings, clock):
    return Engine(database_url, settings=settings, clock=clock)


@pytest.fixture
async def before(engine, database_url, settings, clock):
    """The secret of an application that was registered while the key was there; `engine` brings the people."""
    await engine.close()
    async with opened(database_url, settings, clock) as first:
        assert first.opens_secrets
        return await registered(first)


async def test_a_lost_key_file_is_missed_at_the_start(before, database_url, settings, clock, tmp_path, caplog):
    key = tmp_path / "placet.key"
    kept = key.read_text()
    key.unlink()

    async with opened(database_url, settings, clock) as engine:
        [entry] = _logged(caplog, "ERROR")
        assert entry.message == "stored secrets do not open"
        assert f"The key file {key} is missing" in entry.reason
        with pytest.raises(Unavailable, match="put the file back"):
            await registered(engine)
        assert not key.exists()
        [shown] = await _listed(engine)
        assert (shown.secret, shown.is_public) == ("", False)
        async with serving(create_app(engine)) as url:
            ready = await _ready(url)
        assert ready == {
            "status": "ready",
            "warning": "Some of the stored secrets do not open with the key of this node; its log says more.",
        }

    key.write_text(kept)
    async with opened(database_url, settings, clock) as engine:
        [shown] = await _listed(engine)
        assert (engine.opens_secrets, shown.secret) == (True, before.secret)
        async with serving(create_app(engine)) as url:
            assert await _ready(url) == {"status": "ready"}


async def test_one_secret_that_does_not_open_hides_no_other(before, database_url, settings, clock, caplog):
    other = settings.with_values("test", secret_key="another key, of 32 characters at least")

    async with opened(database_url, other, clock) as engine:
        [entry] = _logged(caplog, "ERROR")
        assert (entry.secrets, entry.of) == (1, 1)
        second = await registered(engine, name="Second")

        listed = {each.name: each.secret for each in await _listed(engine)}
        assert listed == {"Travel desk": "", "Second": second.secret}
        shown = await engine.oauth.applications.one(_system(engine), before.client_id)
        assert shown.secret == ""


async def test_who_else_may_read_the_key_is_told(before, database_url, settings, clock, tmp_path, caplog):
    (tmp_path / "placet.key").chmod(0o644)

    async with opened(database_url, settings, clock):
        pass

    [entry] = _logged(caplog, "WARNING")
    assert entry.do == f"chmod 600 {tmp_path / 'placet.key'}"


def _logged(caplog, level):
    return [each for each in caplog.records if each.levelname == level]


def _system(engine):
    return Caller(None, engine.directory, engine.clock.now())


async def _listed(engine):
    return await engine.oauth.applications.every(_system(engine))


async def _ready(url):

    async with httpx2.AsyncClient(base_url=url) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    return answer.json()
