"""The server of a node: its socket, and uvicorn as it is set up here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from placet.errors import InvalidInput, Unavailable
from placet.settings import Settings
from placet_api.cli.protocol import TimedProtocol

_BACKLOG = 2048
#: To uvicorn a fault; here an answer that was broken off on purpose, of which the log has the reason.
_BROKEN_OFF = "ASGI callable returned without completing response."


class Server(uvicorn.Server):
    """Uvicorn's server without its own ideas about signals; `listening` is set once it takes connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def _is_news(line: logging.LogRecord) -> bool:
    return line.msg != _BROKEN_OFF


def configuration(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_news)

    class Protocol(TimedProtocol):
        seconds = settings.request_seconds

    return uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        backlog=_BACKLOG,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,  # by default uvicorn believes every program of this machine
        timeout_graceful_shutdown=1,  # the gate has waited as long as the settings say
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens, so that a taken port shows before anything else is done."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError:
        raise InvalidInput(f"{host!r} is no address of this machine; --host takes one such as 127.0.0.1.") from None
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as failure:
        listener.close()
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {failure.strerror}; "
            "stop what uses it, or give another --port or PLACET_PORT."
        ) from None
    return listener


def url_of(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return _url(host, port)


def reachable_url(listener: socket.socket) -> str:
    """As `url_of`, with the name of this machine where it listens on all addresses."""
    host, port, *_ = listener.getsockname()
    return _url(socket.gethostname() if host in ("0.0.0.0", "::") else host, port)  # noqa: S104  # what was asked for


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
