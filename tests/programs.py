"""The `placet` program as tests run it: one command, or a node that serves until it is stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[1]
PROGRAM = [sys.executable, "-W", "error", "-c", "from placet_api.cli.main import main; main()"]
SECONDS = 60


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
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=self.folder,
            env=environment({**self.variables, **variables}),
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def serve(self, *arguments: str) -> Node:
        """A node that serves when the block begins."""
        return Node(self.folder, ["serve", "--port", "0", *arguments], environment(self.variables))

    def start(self, *arguments: str) -> StartingNode:
        """A node that listens when the block begins, and may not take commands yet."""
        variables = {"PLACET_LOG_LEVEL": "debug", **self.variables}  # its address is logged at that level
        return StartingNode(self.folder, ["serve", "--port", "0", *arguments], environment(variables))


class Node:
    """A node in a process of its own, for the length of a `with` block."""

    def __init__(self, folder: Path, arguments: list[str], variables: dict[str, str]) -> None:
        self._log = (folder / "node.log").open("w+")
        self.process = subprocess.Popen(
            [*PROGRAM, *arguments],
            cwd=folder,
            env=variables,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        self.await_welcome()
        return self

    def await_welcome(self) -> None:
        """Read what the node prints once it takes commands."""
        self.welcome = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
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
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()

    def password(self) -> str:
        """The administrator's password as it was printed."""
        found = re.search(r"admin +(\S+) ", self.welcome)
        assert found is not None
        return found.group(1)

    def log(self) -> str:
        self._log.seek(0)
        return self._log.read()

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
