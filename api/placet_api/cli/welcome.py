"""What `placet serve` prints once it listens."""

from __future__ import annotations

import sys

from rich.text import Text

from placet import Settings, __version__
from placet.settings import hide_secret
from placet_api.cli.output import print_fields, say

_DEMO_SIGN_INS = [
    ("anna", "demo", "an employee; her manager is ben"),
    ("ben", "demo", "answers what anna asks for"),
    ("vera", "demo", "of the board"),
]
_TRY = """\
curl -u anna:demo {address}/v1/wf/definitions
curl -u anna:demo '{address}/v1/wf/processes?filter=Initiator=self'
curl -u ben:demo '{address}/v1/wf/workitems?filter=Addressee=self'"""


def print_welcome(address: str, settings: Settings, password: str | None, definitions: int, demo: bool) -> None:
    """The address, where the data is, and who can sign in; the administrator's password only when it was made."""
    say(Text.assemble(f"Placet {__version__} serves ", (address, "bold")))
    print_fields(
        [
            ("  Database", hide_secret(settings.database_url)),
            ("  Definitions", f"{definitions}, from the folder {settings.definitions}"),
        ]
    )
    sign_ins = [("admin", password, "the administrator; shown this once")] if password else []
    _print_sign_ins(sign_ins + (_DEMO_SIGN_INS if demo else []))
    if demo:
        say("\nTry")
        for line in _TRY.format(address=address).splitlines():
            say(f"  {line}")
    say("\nCtrl-C stops it.")
    sys.stdout.flush()


def _print_sign_ins(people: list[tuple[str, str, str]]) -> None:
    if not people:
        return
    say("\nSign in as")
    for user, password, who in people:
        say(f"  {user:<6}  {password:<16}  {who}")
