"""Reads one answer to its end and throws it away: `python drain.py PORT [CORE]`, the request on its input.

Prints as JSON how long it took and how many bytes came.
"""

from __future__ import annotations

import json
import socket
import sys
import time

from machine import pin

ENDING = b"\r\n0\r\n\r\n"


def drain(port: int, sent: bytes) -> dict[str, float]:
    buffer, tail, size = bytearray(1 << 18), b"", 0
    begin = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        while tail != ENDING:
            received = connection.recv_into(buffer)
            if not received:
                raise EOFError(f"the answer broke off after {size} bytes")
            if not size and b" 200 " not in buffer[:20]:
                raise RuntimeError(bytes(buffer[:received]))
            tail = (tail + buffer[max(0, received - len(ENDING)) : received])[-len(ENDING) :]
            size += received
    return {"seconds": time.perf_counter() - begin, "bytes": size}


if __name__ == "__main__":
    pin(int(sys.argv[2]) if len(sys.argv) > 2 else None)
    print(json.dumps(drain(int(sys.argv[1]), sys.stdin.buffer.read())))
