"""The definitions of the durability tests, and their people."""

from __future__ import annotations

import json
from pathlib import Path

from placet.core.names import dn_guid
from placet.directory.passwords import hash_password
from tests.crash.callers import CLERKS, PASSWORD

REQUEST = """
name: Request
data:
  number: {type: integer, required: true, indexed: true}
  tag: {type: string, indexed: true}
start: ask
activities:
  ask: {kind: approval, addressees: "cn=Clerks,ou=groups,o=placet", paths: {approved: done, denied: done}}
  done: {kind: finish}
"""
#: The id of the definition above: it comes from its DN and is the same everywhere.
REQUEST_ID = dn_guid("cn=Request,cn=RequestDefs,cn=AppConfig,o=placet")

#: Asks Bob and hears nothing from him: what comes due is a reminder, an escalation or the timeout.
SILENT = """
name: {name}
start: ask
activities:
  ask: {{kind: approval, addressees: "cn=bob,ou=users,o=placet", {rule}, paths: {{approved: done, denied: done{path}}}}}
  done: {{kind: finish}}
"""
DEFINITIONS = {
    "request": REQUEST,
    "reminded": SILENT.format(name="Reminded", rule="remind: {after: 1h, every: 1h}", path=""),
    "escalated": SILENT.format(
        name="Escalated", rule="escalate: {after: 1d, to: \"'cn=carl,ou=users,o=placet'\"}", path=""
    ),
    "expired": SILENT.format(name="Expired", rule="timeout: 1d", path=", timedout: done"),
    "rested": """
name: Rested
start: rest
activities:
  rest: {kind: wait, for: 1d, next: done}
  done: {kind: finish}
""",
    "child": """
name: Child
start: judge
activities:
  judge: {kind: status, set: denied, next: done}
  done: {kind: finish}
""",
    "parent": """
name: Parent
start: both
activities:
  both: {kind: branch, next: [one, two]}
  one: {kind: process, definition: Child, paths: {approved: meet, denied: meet}}
  two: {kind: process, definition: Child, paths: {approved: meet, denied: meet}}
  meet: {kind: merge, next: done}
  done: {kind: finish}
""",
}


def write_definitions(folder: Path) -> None:
    folder.mkdir()
    for file, text in DEFINITIONS.items():
        (folder / f"{file}.yaml").write_text(text)


async def people() -> str:
    """The clerks, who are one group, and two people who never answer, as a file of people."""
    secret = await hash_password(PASSWORD)
    users = [{"usr_username": clerk, "password_hash": secret, "groups": ["Clerks"]} for clerk in CLERKS]
    users += [{"usr_username": name} for name in ("bob", "carl")]
    return json.dumps({"groups": [{"grp_title": "Clerks"}], "users": users})
