"""The whole application against its own OpenAPI document: whatever is sent, what comes back is documented."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from placet import Engine
from placet_api import create_app
from tests.acceptance.conftest import rest_authorization, serving

PROCESSES = 40  # there from the start, so that there is something to act on

CONFIGURATION = """
seed = 20080723
max-failures = 20
continue-on-failure = true
request-timeout = 10.0
warnings = false

[generation]
max-examples = 8
deterministic = true
database = "none"
with-security-parameters = false

[checks]
negative_data_rejection.enabled = false  # members of bodies that nobody reads may be anything
positive_data_acceptance.enabled = false  # a process that has ended refuses what is well written
use_after_free.enabled = false  # a process is there after DELETE has ended it
ignored_auth.enabled = false  # so many failed sign-ins are 429; test_openapi asks without one

[phases.stateful]
max-steps = 4
generation.max-examples = 20
inference.algorithms = []  # it follows the links of the document alone: guessed ones lead to paths without an id

[[operations]]  # the engine may have been drained by then, and is not ready any more
include-path-regex = "^/readyz$"
checks.not_a_server_error.enabled = false

[[operations]]  # the same under another path: the examples show that it is there
include-operation-id-regex = "[0-9]$"
phases.coverage.enabled = false
phases.fuzzing.enabled = false
"""

#: What stands in paths: mostly what is there. Nothing of the administrator, who sends the requests.
PARAMETERS = """
[dictionaries.{name}]
values = {values}

[[operations]]
include-path-regex = "{path}"
parameters = {{ "path.{parameter}" = {{ dictionary = "{name}", probability = 0.9 }} }}
"""


async def things(engine: Engine) -> Sequence[tuple[str, str, Sequence[str]]]:
    """Parts of paths, the parameter in each, and ids of what is there to be asked for."""
    definitions = [each.guid for each in await engine.definitions(actor="admin")]
    started = [await engine.start("Leave request", actor="anna", data={"days": 3}) for _ in range(PROCESSES)]
    processes = [each.process.id for each in started]
    items = [f"{process[:28]}0001" for process in processes]
    people = [engine.directory.person(f"cn={name},ou=users,o=placet") for name in ("ben", "clara", "dora")]
    return [
        ("/wf/definitions/", "id", definitions),
        ("/wf/processes/", "id", processes),
        ("/wf/workitems/", "id", items),
        ("workspace", "workspace", ["workflow"]),
        ("rol_uid", "rol_uid", list(engine.directory.roles)),
        ("usr_uid", "usr_uid", [person.id for person in people if person is not None]),
    ]


def configuration(found: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    parts = [
        PARAMETERS.format(name=f"d{number}", path=path, parameter=parameter, values=list(values))
        for number, (path, parameter, values) in enumerate(found)
    ]
    return CONFIGURATION + "".join(parts)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is tested is the same on either database
async def test_every_answer_is_documented(engine: Engine, tmp_path: Path):
    (tmp_path / "schemathesis.toml").write_text(configuration(await things(engine)))
    async with serving(create_app(engine)) as url:
        run = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml", "run"),
            *("--header", f"RESTAuthorization: {rest_authorization('admin')}", "--no-color", f"{url}/openapi.json"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        report, _ = await run.communicate()

    assert run.returncode == 0, report.decode()
