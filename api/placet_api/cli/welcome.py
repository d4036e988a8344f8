"""What `placet serve` prints once it listens."""

from __future__ import annotations

import os
import shlex
import shutil
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
curl -u anna:demo {address}/v1/wf/processes
curl -u ben:demo {address}/v1/wf/workitems"""


def print_welcome(address: str, settings: Settings, password: str | None, definitions: int, demo: bool) -> None:
    """The address, where the data is, who can sign in, and how to stop it.

    The administrator's password is printed only when it was made, later the command that sets another one.
    """
    say(Text.assemble(f"Placet {__version__} serves ", (address, "bold")))
    print_fields(
        [
            ("  Console", f"{address}/console/"),
            ("  Database", hide_secret(settings.database_url)),
            ("  Definitions", f"{definitions}, from the folder {settings.definitions}"),
        ]
    )
    _print_sign_ins(password, demo)
    if password is None:
        say(f"\nSet another password for admin with\n  {_reset_command(settings)}")
    if demo:
        say("\nTry")
        for line in _TRY.format(address=address).splitlines():
            say(f"  {line}")
    say(f"\nCtrl-C stops it; it is process {os.getpid()}.")
    sys.stdout.flush()


def _print_sign_ins(password: str | None, demo: bool) -> None:
    admin = ("admin", "(set before)", "the administrator")
    if password:
        admin = ("admin", password, "the administrator; shown this once")
    say("\nSign in as")
    for user, secret, who in [admin, *(_DEMO_SIGN_INS if demo else [])]:
        say(f"  {user:<6}  {secret:<16}  {who}")


def _reset_command(settings: Settings) -> str:
    """What to type in this folder; the database is named where the command would not find it by itself."""
    words = [_program(), "user", "password", "admin"]
    if settings.sources.get("database_url") == "--database":
        words += ["--database", hide_secret(settings.database_url)]
    return shlex.join(words)


def _program() -> str:
    """This program as it is typed here: by its path where the shell does not find it, as after `make run`."""
    called = sys.argv[0]
    return called if os.path.basename(called) == "placet" and not shutil.which("placet") else "placet"
