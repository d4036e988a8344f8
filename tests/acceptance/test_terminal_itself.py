"""`placet console` in a terminal of its own: what it draws, the keys that it takes, and what it leaves behind."""

from __future__ import annotations

import os
import pty
import select
import shutil
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.programs import PROGRAM, ROOT, Placet, environment

SECONDS = 60
F3, CTRL_Q, ESCAPE = b"\x1bOR", b"\x11", b"\x1b"


class Terminal:
    """A terminal of 80 by 24 characters with a program in it."""

    def __init__(self, descriptor: int, process: subprocess.Popen[bytes]) -> None:
        self._descriptor, self.process, self.drawn = descriptor, process, b""

    def send(self, keys: bytes) -> None:
        os.write(self._descriptor, keys)

    def sees(self, text: bytes) -> None:
        """Read what is drawn until this comes, from here on."""
        deadline, start = time.monotonic() + SECONDS, len(self.drawn)
        while text not in self.drawn[start:]:
            ready, _, _ = select.select([self._descriptor], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{text!r} never came; what came is\n{self.drawn.decode(errors='replace')}"
            try:
                self.drawn += os.read(self._descriptor, 65_536)
            except OSError:  # the program has ended
                raise AssertionError(f"{text!r} never came; {self.drawn.decode(errors='replace')}") from None


@contextmanager
def a_terminal(folder: Path, *arguments: str, **variables: str) -> Iterator[Terminal]:
    terminal, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, *arguments],
        cwd=folder,
        env=environment({"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables}),
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    try:
        yield Terminal(terminal, process)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


@pytest.fixture
def placet(tmp_path: Path, database_url: str) -> Placet:
    (tmp_path / "definitions").mkdir()
    placet = Placet(tmp_path, {"PLACET_DATABASE_URL": database_url})
    assert placet("directory", "load", str(ROOT / "engine/placet/demo/people.yaml")).status == 0
    assert placet("definitions", "deploy", str(ROOT / "definitions/leave_request.yaml")).status == 0
    assert placet("start", "Leave request", "--as", "anna", "--data", "days=3").status == 0
    return placet


def test_it_is_drawn_listens_and_leaves_the_terminal_as_it_was(placet: Placet):
    with a_terminal(placet.folder, "console", "--as", "ben", **placet.variables) as terminal:
        terminal.sees(b"Leave request")
        assert b"\x1b[?1049h" in terminal.drawn  # a screen of its own
        terminal.send(F3)
        terminal.sees(b"Manager's approval")
        terminal.send(b"a")
        terminal.sees(b"Comment")
        terminal.send(CTRL_Q)
        terminal.sees(b"\x1b[?1049l")  # and back
        assert terminal.process.wait(SECONDS) == 0
    assert b"Traceback" not in terminal.drawn


def test_who_cannot_begin_is_told_in_one_line(tmp_path: Path, sqlite_template: Path):
    database = f"sqlite:///{shutil.copy(sqlite_template, tmp_path)}"
    for arguments, said in (
        (["--as", "nobody"], b"There is no user 'nobody'"),
        ([], b"Nobody is named who decides this; say --as USER"),
        (["--server", "http://127.0.0.1:9"], b"asks who you are; set PLACET_USER and PLACET_PASSWORD."),
    ):
        with a_terminal(tmp_path, "console", *arguments, PLACET_DATABASE_URL=database) as terminal:
            terminal.sees(said)
            assert terminal.process.wait(SECONDS) != 0
        assert b"Traceback" not in terminal.drawn
        assert b"\x1b[?1049h" not in terminal.drawn
