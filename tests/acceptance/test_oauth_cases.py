"""The acceptance cases of the token service, in order; and what is answered here instead of two of them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.acceptance.oauth import REDIRECT, params
from tests.acceptance.processmaker_cases import ADMIN_PASSWORD, SUITES, Runner, write_fixture
from tests.programs import Placet

ADMIN = {"Authorization": f"Basic {base64.b64encode(f'admin:{ADMIN_PASSWORD}'.encode()).decode()}"}
#: A token without a user, and tokens in the fragment for a client whose secret everybody knows.
EXCEPTED = frozenset({"OB-014", "OB-019"})


@pytest.fixture
def runner(database_url: str, tmp_path: Path) -> Iterator[Runner]:
    """A node with the people of the cases, and an application of the administrator's."""
    (tmp_path / "definitions").mkdir()
    variables = {"PLACET_DATABASE_URL": database_url, "PLACET_SECRET_KEY": "of the tests, 32 characters long"}
    placet = Placet(tmp_path, variables)
    loaded = placet("directory", "load", str(write_fixture(tmp_path / "people.json")))
    assert loaded.status == 0, loaded.err
    added = placet("applications", "add", "Cases", "--redirect-uri", REDIRECT)
    assert added.status == 0, added.err
    known = dict(re.findall(r"(client_id|client_secret) +(\S+)", added.out))
    with placet.serve() as node, httpx2.Client(base_url=node.url) as client:
        yield Runner(client, ADMIN, known)


def test_the_suite_holds(runner: Runner):
    assert len(SUITES["OB"]["cases"]) == SUITES["OB"]["count"]

    assert runner.run_suite("OB", but=EXCEPTED) == []


def test_an_applications_own_token_has_a_user(runner: Runner):
    """In place of OB-014: the token of client_credentials acts as the owner, with what his role allows."""
    credentials = (runner.known["client_id"], runner.known["client_secret"])
    token = runner.client.post(
        f"{runner.base}/oauth2/token", data={"grant_type": "client_credentials"}, auth=credentials
    ).json()["access_token"]

    roles = runner.client.get(f"{runner.base}/roles", headers={"Authorization": f"Bearer {token}"})

    assert roles.status_code == 200
    assert roles.json()


def test_no_token_comes_in_a_fragment(runner: Runner):
    """In place of OB-019: there is no built-in client with a public secret, and no implicit grant."""
    query = {"response_type": "token", "client_id": "x-pm-local-client", "scope": "*"}

    nobody = runner.client.post(f"{runner.base}/oauth2/authorize", params=query, headers=ADMIN)
    ours = runner.client.post(
        f"{runner.base}/oauth2/authorize", params=query | {"client_id": runner.known["client_id"]}, headers=ADMIN
    )

    assert (nobody.status_code, "location" in nobody.headers) == (400, False)
    assert ours.status_code == 302
    assert params(ours.headers["location"])["error"] == "unsupported_response_type"
    assert "#" not in ours.headers["location"]
