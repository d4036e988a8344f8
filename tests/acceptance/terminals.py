"""Terminals that tests type commands into: a shell, and the `placet` program inside the test."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import shlex
import subprocess
import time
import tty
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from placet_api.cli.main import run

# What programs add on a terminal: bold, colours and links.
_DECORATION = re.compile(r"\x1b\[[\d;]*m|\x1b\]8;;.*?\x1b\\")
_SECONDS = 60


class Shell:
    """A bash on a plain terminal of 80 columns, for the length of a `with` block."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._terminal, its = pty.openpty()
        tty.setraw(its)  # neither echo nor carriage returns
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env={**variables, "TERM": "dumb", "COLUMNS": "80", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=its,
            stderr=its,
        )
        os.close(its)

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *failure: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def type(self, command: str) -> tuple[int, str]:
        """Run one command and return its exit status and what it printed."""
        assert self._process.stdin is not None
        end = "that was all:"
        self._process.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '%s%d\\n' '{end}' $?\n".encode())
        self._process.stdin.flush()
        printed, deadline = b"", time.monotonic() + _SECONDS
        while (over := re.search(rf"{end}(\d+)\n".encode(), printed)) is None:
            ready, _, _ = select.select([self._terminal], [], [], deadline - time.monotonic())
            assert ready, f"{command!r} takes longer than {_SECONDS} seconds; so far it printed\n{printed.decode()}"
            printed += os.read(self._terminal, 65_536)
        return int(over[1]), _DECORATION.sub("", printed[: over.start()].decode())


class Terminal(io.StringIO):
    """Where a program that runs inside the test prints as on a terminal."""

    def isatty(self) -> bool:
        return True

    @property
    def buffer(self) -> _Bytes:
        return _Bytes(self)


class _Bytes:
    """A terminal for who prints bytes on it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def write(self, data: bytes) -> None:
        self._terminal.write(data.decode())

    def flush(self) -> None:
        """Everything is there already."""


class Program:
    """`placet` inside the test, where commands are many: each costs a twentieth of a program of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        for name in [name for name in os.environ if name.startswith("PLACET_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("TERM", "xterm")
        self.columns(80)
        monkeypatch.chdir(folder)
        monkeypatch.setattr("placet_api.cli.logging.set_up_logging", lambda level: None)  # the test keeps its own

    def columns(self, number: int) -> None:
        """Make the terminal as wide as that."""
        self._monkeypatch.setenv("COLUMNS", str(number))

    def note(self, command: str) -> None:
        """Follow what the shell exports."""
        match shlex.split(command):
            case ["export", assignment]:
                self._monkeypatch.setenv(*assignment.split("=", 1))
            case ["unset", name]:
                self._monkeypatch.delenv(name)

    def type(self, command: str) -> tuple[int, str]:
        """Run one command and return its exit status and what it printed."""
        words = shlex.split(command)
        place = words.index("placet")
        terminal = Terminal()
        with self._monkeypatch.context() as until_it_ends, redirect_stdout(terminal), redirect_stderr(terminal):
            for assignment in words[:place]:
                until_it_ends.setenv(*assignment.split("=", 1))
            status = run(words[place + 1 :])
        return status, _DECORATION.sub("", terminal.getvalue())
