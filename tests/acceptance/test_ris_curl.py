"""Every command of the contract's section 24.2.7, run by curl as it is printed there."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import LEAVE, RunningServer, rest_authorization


class Curl:
    """Runs printed commands with host, port and ids filled in, and with the credentials that the section asks for."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self.status, self.headers, self.body = 0, "", ""

    async def __call__(self, printed: str, user: str = "anna", **ids: str) -> Any:
        command = printed.replace("http://domain:port", self._server.url)
        for name, value in ids.items():
            command = command.replace(f"{{{name.replace('_', ' ')}}}", value).replace(f"<{name}>", value)
        words = [*shlex.split(command), "-H", f"RESTAuthorization: {rest_authorization(user)}"]
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, verbose = await process.communicate()
        assert process.returncode == 0, verbose.decode()
        # what curl tells of its progress may stand before the first of them, on the same line
        received = re.findall(r"< (\S.*?)\r?$", verbose.decode(), re.MULTILINE)
        self.status, self.headers = int(received[0].split()[1]), "\n".join(received)
        return json.loads(out) if out else None


@pytest.fixture
def curl(server: RunningServer) -> Curl:
    return Curl(server)


ROOT = 'curl -v -H "Accept: application/json" http://domain:port/RIS/v1'


async def test_the_root_lists_three_collections(curl: Curl):
    found = await curl(ROOT)

    assert curl.status == 200
    assert [entry["Link"] for entry in found] == [
        "/RIS/v1/wf/definitions",
        "/RIS/v1/wf/processes",
        "/RIS/v1/wf/workitems",
    ]


async def test_definitions(curl: Curl):
    found = await curl(f"{ROOT}/wf/definitions")

    assert curl.status == 200
    assert [each["Value"] for each in found] == ["Leave request", "Parcel", "Role Approval"]


async def test_one_definition(curl: Curl):
    found = await curl(f"{ROOT}/wf/definitions/{{definition id}}", definition_id=LEAVE)

    assert curl.status == 200
    assert found["DN"] == "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"


async def test_a_process_from_its_start_to_its_end(curl: Curl, tmp_path: Path):
    """A definition is read, filled in and posted back; the process is found in the list, alone, and terminated."""
    definition = await curl(f"{ROOT}/wf/definitions/{{definition id}}", definition_id=LEAVE)
    definition["DataItems"][0]["Values"] = [{"Value": "3"}]
    definition["Recipient"] = "cn=clara,ou=users,o=placet"
    (tmp_path / "start.json").write_text(json.dumps(definition))

    started = await curl(
        'curl -v -H "Accept: application/json" -H "Content-Type: application/json" -X POST --data-binary '
        "@<filename> http://domain:port/RIS/v1/wf/definitions/{definition id}",
        filename=str(tmp_path / "start.json"),
        definition_id=LEAVE,
    )
    assert (curl.status, started) == (204, None)

    processes = await curl(f"{ROOT}/wf/processes")
    assert curl.status == 200
    assert [each["Recipient"]["Value"] for each in processes] == ["Clara Berg"]

    request_id = processes[0]["GUID"]
    alone = await curl(f"{ROOT}/wf/processes/{{request id}}", request_id=request_id)
    assert (curl.status, alone) == (200, processes[0])

    ended = await curl(
        'curl -v -H "Accept: application/json" -X DELETE http://domain:port/RIS/v1/wf/processes/{request id}',
        request_id=request_id,
    )
    assert (curl.status, ended) == (204, None)
    after = await curl(f"{ROOT}/wf/processes/{{request id}}", request_id=request_id)
    assert (after["ProcessStatus"], after["ApprovalStatus"]) == ("Terminated", "Retracted")


async def test_without_credentials_curl_is_asked_for_them(curl: Curl):
    fault = await curl(ROOT, user="nobody")

    assert curl.status == 401
    assert "www-authenticate: Basic" in curl.headers
    assert fault["Fault"]["Code"]["Subcode"]["Value"] == "NotAuthenticated"


async def test_the_filter_of_section_24_2_2(curl: Curl, server: RunningServer):
    await server.start("anna")
    base = 'curl -v "http://domain:port/v1/wf/processes?filter=recipient%3dcn%3d'

    assert len(await curl(f'{base}anna,ou%3dusers,o%3dplacet"')) == 1
    assert await curl(f'{base}admin,ou%3didmsample,o%3dnetiq"') == []
