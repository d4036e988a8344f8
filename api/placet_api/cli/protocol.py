"""HTTP as a node speaks it: a client has so long, and so many bytes, to say what it wants.

Uvicorn's own protocol waits for ever for the rest of a request, takes headers of any size and refuses in plain text.
"""

from __future__ import annotations

import asyncio
import sys
from http import HTTPStatus
from typing import Any, Literal

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from placet.errors import InvalidInput, PlacetError
from placet_api.answers import Answer
from placet_api.errors import HeadTooLarge, RequestTimeout, fault_of

MOST_IN_HEAD = 65_536  # bytes of the request line and the headers


class TimedProtocol(HttpToolsProtocol):
    """One connection; `seconds` is how long a request may take to arrive, from its first byte to its last.

    Neither the time that it takes to answer nor the time between two requests counts. A connection that says nothing
    at all is closed after the same time.
    """

    seconds: float = 30

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arriving: Literal["nothing", "head", "body"] = "nothing"
        self._head_size = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in the class above
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._head_size += len(data)  # counts from the piece after the one in which a request begins
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._arriving == "head" and self._head_size > MOST_IN_HEAD:
            self._refuse(_head_too_large())
            return
        if self._timer is None and (self._arriving != "nothing" or not self._is_answering()):
            self._start_timer()  # most requests arrive in one piece and need none

    # -- what the parser finds -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._stop_timer()
        self._arriving, self._head_size = "head", 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MOST_IN_HEAD:
            raise _head_too_large()  # comes back by way of `send_400_response`
        super().on_headers_complete()
        self._arriving = "body"

    def on_message_complete(self) -> None:
        self._stop_timer()
        self._arriving = "nothing"
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser, or what it has called, did not take."""
        failure = sys.exception()
        cause = failure.__context__ if failure is not None else None
        if isinstance(cause, PlacetError):
            self._refuse(cause)
            return
        said = f" ({failure})" if failure is not None and cause is None else ""
        self._refuse(InvalidInput(f"This is no request of HTTP/1.1{said}; check its first line, headers and lengths."))

    # -- what does not arrive as it should -------------------------------------------------------

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.seconds, self._is_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _is_late(self) -> None:
        self._timer = None
        if self.flow.read_paused:  # it is the server that does not read on
            self._start_timer()
        else:
            self._refuse(
                RequestTimeout(
                    f"The request did not arrive within {self.seconds:g} seconds; send all of it without a pause."
                )
            )

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse(self, failure: PlacetError) -> None:
        """Answer a request that cannot be received, and hang up; an answer that is under way goes out first."""
        if self.transport.is_closing():
            return
        if self._is_answering() and not self._may_interrupt():
            self.cycle.keep_alive = False
            self._stop_timer()
            self._start_timer()  # a request that waits for its turn here is looked at again
            return
        if self._is_answering():
            self.cycle.disconnected = True  # so that nothing is sent behind the refusal, whatever its handler does
        if self._is_answering() or self._arriving == "head":
            self.transport.write(_as_bytes(fault_of(failure)))
        self._stop_timer()
        self.transport.close()

    def _may_interrupt(self) -> bool:
        """Whether what is being answered is the very request that does not arrive, and nothing of it was sent yet."""
        return self._arriving == "body" and not self.cycle.response_started and not self.pipeline


def _head_too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"The request line and the headers are larger than {MOST_IN_HEAD:,} bytes; send fewer or shorter ones."
    )


def _as_bytes(answer: Answer) -> bytes:
    """A whole answer as it goes over the wire, the last one of its connection."""
    headers = dict(answer.headers) | {b"content-length": str(len(answer.body)).encode(), b"connection": b"close"}
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}".encode()]
    lines += [name + b": " + value for name, value in headers.items()]
    return b"\r\n".join([*lines, b"", answer.body])
