"""Servers as children: Placet as a user starts it, and the bare handlers."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from machine import CORES, free_port, pin
from population import DEFINITIONS
from workspace import HERE

READY_SECONDS = 60
ADMIN_PASSWORD = "the administrator of the benchmark"


@dataclass(frozen=True, slots=True)
class Server:
    """A running child that answers on a port; `seconds` is how long it took to be ready."""

    pid: int
    port: int
    seconds: float
    counts: Path | None = None

    def commits(self) -> tuple[int, int]:
        """Commands and commits of a Placet server so far."""
        with socket.socket(socket.AF_UNIX) as side_channel:
            side_channel.connect(str(self.counts))
            commands, batches = json.loads(side_channel.recv(200))
        return commands, batches


@contextmanager
def placet(database: Path | str, folder: Path, *, definitions: Path = DEFINITIONS, **settings: str) -> Iterator[Server]:
    """`placet serve` on a prepared database, a SQLite file or a URL, with these variables set."""
    port, counts = free_port(), folder / "counts"
    counts.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / "placet_serve.py"), str(counts)]
    url = database if isinstance(database, str) else f"sqlite:///{database}"
    command += ["--port", str(port), "--database", url, "--definitions", str(definitions)]
    environment = {
        **os.environ,
        "PLACET_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "PLACET_SECRET_KEY": "the secret key of the benchmark, and of no other",
        "PLACET_LOG_LEVEL": "warning",
        **settings,
    }
    with _child(command, port, environment, counts, CORES.server) as server:
        yield server


@contextmanager
def bare(folder: Path, rows: Path | None = None, *, beside: bool = False) -> Iterator[Server]:
    """The bare handlers on an empty SQLite file of their own; `beside` what is measured, and not in its place."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare:app", "--app-dir", str(HERE), "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    environment = {**os.environ, "BARE_DATABASE": str(folder / f"bare-{port}.db"), "BARE_ROWS": str(rows or "")}
    with _child(command, port, environment, None, CORES.client if beside else CORES.server) as server:
        yield server


@contextmanager
def bare_postgres(url: str) -> Iterator[Server]:
    """The bare handlers on a PostgreSQL database."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bare_postgres:app", "--app-dir", str(HERE), "--port", str(port)]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"]
    with _child(command, port, {**os.environ, "BARE_DATABASE": url}, None, CORES.server) as server:
        yield server


@contextmanager
def _child(
    command: list[str], port: int, environment: dict[str, str], counts: Path | None, core: int | None
) -> Iterator[Server]:
    begin = time.perf_counter()
    settle = partial(pin, core)
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, preexec_fn=settle)
    try:
        _await_ready(child, port)
        yield Server(child.pid, port, time.perf_counter() - begin, counts)
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _await_ready(child: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            if connection.getresponse().status < 300:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.002)
    raise RuntimeError(f"{child.args!r} is not ready: it {'is too slow' if child.poll() is None else 'has ended'}")
