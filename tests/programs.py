"""The `placet` program as tests run it: one command, or a node that serves until it is stopped.

A command runs inside the test, in a thread. What serves, or is asked for `apart`, is a process of its own: forked from
one that has imported everything, which a program of `PROGRAM` spends most of its time with. Passwords cost little.
"""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self, TextIO

import argon2

ROOT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-W", "error", "-c", "from placet_api.cli.main import main; main()"]
SECONDS = 60
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

#: Children are forked from a process that has imported all that any of them needs, once, and does nothing else.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["pytest", "tests.programs", "tests.crash.node", "tests.preloaded"])


@dataclass(frozen=True)
class Ran:
    """What one command left behind."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a program: none of Placet's but those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PLACET_")}
    path = os.pathsep.join(str(ROOT / name) for name in ("engine", "api"))
    return {**kept, "PYTHONPATH": path, "TZ": "UTC", **(given or {})}


@dataclass(frozen=True)
class Placet:
    """Runs commands in one folder."""

    folder: Path
    variables: Mapping[str, str]

    def __call__(self, *arguments: str, given: str = "", **variables: str) -> Ran:
        """Run one command to its end; `given` is its standard input."""
        if arguments[:1] == ("serve",):  # it sets the signals of its process
            return self.apart(*arguments, given=given, **variables)
        given_to = self.folder, arguments, {**self.variables, **variables}, given
        thread = ThreadPoolExecutor(1)  # the test's own may have a loop that runs
        try:
            return thread.submit(_run_inside, *given_to).result(SECONDS)
        finally:
            thread.shutdown(wait=False)

    def apart(self, *arguments: str, given: str = "", **variables: str) -> Ran:
        """The same in a process of its own."""
        with tempfile.TemporaryDirectory() as streams:
            files = [Path(streams, name) for name in ("in", "out", "err")]
            for file, content in zip(files, (given, "", ""), strict=True):
                file.write_text(content)
            program = Program(self.folder, arguments, environment({**self.variables, **variables}), files)
            try:
                status = program.wait(SECONDS)
            finally:
                program.end()
            return Ran(status, *(file.read_text() for file in files[1:]))

    def serve(self, *arguments: str) -> Node:
        """A node that serves when the block begins."""
        return Node(self.folder, ["serve", "--port", "0", *arguments], environment(self.variables))

    def start(self, *arguments: str) -> StartingNode:
        """A node that listens when the block begins, and may not take commands yet."""
        variables = {"PLACET_LOG_LEVEL": "debug", **self.variables}  # its address is logged at that level
        return StartingNode(self.folder, ["serve", "--port", "0", *arguments], environment(variables))


class Program:
    """A running `placet` in a folder, with what `subprocess.Popen` has of it.

    `streams` are the files that it reads and writes as its standard ones; one may be a connection instead.
    """

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        streams: Sequence[Path | Connection],
    ) -> None:
        self._process = processes.Process(
            target=_run, args=(folder, list(arguments), dict(variables), list(streams)), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """The exit status, or None while it runs; minus the number of the signal that ended it."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """The exit status once it has ended; raises `subprocess.TimeoutExpired`."""
        self._process.join(seconds)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(PROGRAM, seconds)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def end(self) -> None:
        """Kill it if it still runs."""
        self._process.kill()
        self._process.join()


def _run_inside(folder: Path, arguments: Sequence[str], variables: Mapping[str, str], given: str) -> Ran:
    from placet_api.cli.main import run

    out, err = _stream(), _stream(errors="backslashreplace")
    with _set_up(folder, environment(variables)), _streams(_stream(given), out, err):
        status = int(run(list(arguments)))
    return Ran(status, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def _stream(content: str = "", errors: str = "strict") -> Any:
    return io.TextIOWrapper(io.BytesIO(content.encode()), "utf-8", errors, write_through=True)


@contextmanager
def _streams(*streams: Any) -> Iterator[None]:
    """Let a program read and write these; a log that it sets up goes with them."""
    names = ("stdin", "stdout", "stderr")
    before = [getattr(sys, name) for name in names]
    root, own = logging.getLogger(), logging.getLogger("placet")
    logs = list(root.handlers), root.level, own.level
    for name, stream in zip(names, streams, strict=True):
        setattr(sys, name, stream)
    try:
        yield
    finally:
        for name, stream in zip(names, before, strict=True):
            setattr(sys, name, stream)
        root.handlers[:] = logs[0]
        root.setLevel(logs[1])
        own.setLevel(logs[2])


@contextmanager
def _set_up(folder: Path, variables: Mapping[str, str]) -> Iterator[None]:
    """Be in a folder, with these environment variables."""
    place, before = Path.cwd(), dict(os.environ)
    _move(folder, variables)
    try:
        yield
    finally:
        _move(place, before)


def _move(folder: Path, variables: Mapping[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    time.tzset()


def _run(folder: Path, arguments: list[str], variables: dict[str, str], streams: list[Path | Connection]) -> None:
    """Be the program, in a child that has just been forked."""
    from placet.directory import passwords
    from placet_api.cli.main import main

    passwords._hasher = CHEAP

    _move(folder, variables)
    for number, stream in enumerate(streams):
        with stream if isinstance(stream, Connection) else stream.open("a+") as its:
            os.dup2(its.fileno(), number)
    os.lseek(0, 0, os.SEEK_SET)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
    sys.argv = ["placet", *arguments]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background ignores Ctrl-C
    warnings.resetwarnings()
    warnings.simplefilter("error")
    main()


def printing(folder: Path, arguments: Sequence[str], variables: Mapping[str, str], log: Path) -> tuple[Program, TextIO]:
    """Start a program that goes on, and return it with what it prints; its errors go into a file."""
    here, there = processes.Pipe(duplex=False)
    program = Program(folder, arguments, variables, [Path(os.devnull), there, log])
    there.close()
    printed = os.fdopen(os.dup(here.fileno()))
    here.close()
    return program, printed


class Node:
    """A node in a process of its own, for the length of a `with` block."""

    def __init__(self, folder: Path, arguments: list[str], variables: dict[str, str]) -> None:
        self._log = folder / "node.log"
        self._log.write_text("")
        self.process, self.printed = printing(folder, arguments, variables, self._log)

    def __enter__(self) -> Self:
        self.await_welcome()
        return self

    def await_welcome(self) -> None:
        """Read what the node prints once it takes commands."""
        self.welcome = ""
        for line in self.printed:
            self.welcome += line
            if line.startswith("Ctrl-C"):
                break
        else:
            self.process.wait(SECONDS)
            raise AssertionError(f"the node did not start:\n{self.welcome}{self.log()}")
        found = re.search(r"http://\S+", self.welcome)
        assert found is not None
        self.url = found.group()

    def __exit__(self, *failure: object) -> None:
        self.process.end()
        self.printed.close()

    def password(self) -> str:
        """The administrator's password as it was printed."""
        found = re.search(r"admin +(\S+) ", self.welcome)
        assert found is not None
        return found.group(1)

    def log(self) -> str:
        return self._log.read_text()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask the node to stop and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)


class StartingNode(Node):
    """A node that is looked at while it starts; `await_welcome` returns once it has."""

    def __enter__(self) -> Self:
        until(lambda: '"listening"' in self.log())
        [line] = [line for line in self.log().splitlines() if '"listening"' in line]
        self.url = json.loads(line)["address"]
        return self


def until(condition: Callable[[], bool]) -> None:
    """Return once another process has got so far; there is no event to wait for."""
    end = time.monotonic() + SECONDS / 2
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        threading.Event().wait(0.02)
