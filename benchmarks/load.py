"""The load generator: requests sent over and over by N keep-alive connections, in a process of its own.

`python load.py PORT CONNECTIONS SECONDS [CORE]` reads one request, or several with NUL between them, which each
connection sends in turn, from its input and prints what it measured as JSON.
It knows as much of HTTP as it takes to find the end of an answer, so that it is quicker than any server here.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import uvloop
from machine import CORES, pin

#: How long the connections run before anything counts.
WARM_UP = 0.5


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of the generator measured; times in milliseconds, `busy` its own share of a core."""

    rate: float
    p50: float
    p99: float
    count: int
    errors: int
    statuses: dict[str, int]
    busy: float
    bytes: int


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run_load(port: int, sent: bytes, connections: int, seconds: float, *, may_fail: bool = False) -> Load:
    """Run the generator as a child; with `may_fail` answers that are errors are answers too."""
    core = "" if CORES.client is None else str(CORES.client)
    command = [sys.executable, str(Path(__file__)), str(port), str(connections), str(seconds), core]
    done = subprocess.run(command, input=sent, stdout=subprocess.PIPE, check=True, timeout=seconds + 60)
    load = Load(**json.loads(done.stdout))
    if not may_fail and (load.errors or not load.count):
        raise RuntimeError(f"{sent[:60]!r}: {load.errors} errors, {load.count} answers, statuses {load.statuses}")
    return load


class Connection(asyncio.Protocol):
    """Sends, waits for the end of the answer, notes the time, sends again."""

    def __init__(self, requests: Sequence[bytes], measured: Measured) -> None:
        self._requests, self._measured = cycle(requests), measured
        self._received = bytearray()
        self._end = -1  # how many bytes the whole answer has; unknown below 0
        self._begun = 0.0
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._end < 0 and not self._read_head():
            return
        if self._is_complete():
            self._measured.note(self._begun, int(self._received[9:12]), len(self._received))
            self._received.clear()
            self._end = -1
            if not self._measured.over:
                self._send()

    def _read_head(self) -> bool:
        head_end = self._received.find(b"\r\n\r\n")
        if head_end < 0:
            return False
        head = bytes(self._received[:head_end]).lower()
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            self._end = head_end + 4 + int(head[at + 17 :].split(b"\r", 1)[0])
        elif b"\r\ntransfer-encoding: chunked" in head:
            self._end = 0
        else:  # no body: 204
            self._end = head_end + 4
        return True

    def _is_complete(self) -> bool:
        return self._received.endswith(b"\r\n0\r\n\r\n") if self._end == 0 else len(self._received) >= self._end

    def connection_lost(self, failure: Exception | None) -> None:
        if not self._measured.over:
            self._measured.errors += 1


class Measured:
    """The answers of all connections."""

    def __init__(self) -> None:
        self.counting = self.over = False
        self.latencies: list[float] = []
        self.statuses: dict[int, int] = {}
        self.errors = self.bytes = 0

    def note(self, begun: float, status: int, size: int) -> None:
        if self.counting:
            self.latencies.append(time.perf_counter() - begun)
            self.bytes += size
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status >= 400:
                self.errors += 1


async def drive(port: int, connections: int, seconds: float, sent: bytes) -> dict[str, Any]:
    loop, measured = asyncio.get_running_loop(), Measured()
    requests = sent.split(b"\0")
    transports = []
    for number in range(connections):  # each begins with another request
        at = number % len(requests)
        own = Connection(requests[at:] + requests[:at], measured)
        transports.append((await loop.create_connection(lambda own=own: own, "127.0.0.1", port))[0])  # type: ignore[misc]
    await asyncio.sleep(WARM_UP)
    measured.counting, begin, worked = True, time.perf_counter(), time.process_time()
    await asyncio.sleep(seconds)
    measured.counting, passed = False, time.perf_counter() - begin
    busy = (time.process_time() - worked) / passed
    measured.over = True
    for transport in transports:
        transport.abort()
    ordered = sorted(measured.latencies) or [0.0]
    return {
        "rate": len(measured.latencies) / passed,
        "p50": ordered[len(ordered) // 2] * 1000,
        "p99": ordered[int(len(ordered) * 0.99)] * 1000,
        "count": len(measured.latencies),
        "errors": measured.errors,
        "statuses": measured.statuses,
        "busy": busy,
        "bytes": measured.bytes,
    }


if __name__ == "__main__":
    port, connections, seconds, core = sys.argv[1:5]
    pin(int(core) if core else None)
    print(json.dumps(uvloop.run(drive(int(port), int(connections), float(seconds), sys.stdin.buffer.read()))))
