"""A mail server of the tests' own, on a real socket of this process: it keeps what it gets, and does as it is told."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Received:
    """One mail: from whom and to whom the server was told that it goes, and the message."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    options: list[str]

    def part(self, subtype: str) -> str:
        """The text of its part of type text/…."""
        body = self.message.get_body((subtype,))
        assert body is not None
        return str(body.get_content())


@dataclass
class MailServer:
    """What it says to a recipient is in `says` by address; to a message what is in `to_message`, first things first."""

    port: int = 0
    mails: list[Received] = field(default_factory=list)
    says: dict[str, list[str]] = field(default_factory=dict)
    to_message: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    password: bytes = b""
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)  # it does not while this is not set

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[Received]:
        return [mail for mail in self.mails if address in mail.recipients]

    # -- what aiosmtpd asks ----------------------------------------------------------------------

    async def handle_RCPT(  # noqa: N802  # by name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        says = self.says.get(address, ["250 OK"])
        said = says.pop(0) if len(says) > 1 else says[0]
        if said.startswith("2"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  # by name
        await self.answers.wait()
        if self.to_message:
            return self.to_message.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        assert envelope.mail_from is not None
        message = message_from_bytes(content, policy=policy.default)
        options = [str(option) for option in envelope.mail_options]
        self.mails.append(Received(envelope.mail_from, list(envelope.rcpt_tos), message, options))
        self.arrived.set()
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == self.password, handled=False)


@asynccontextmanager
async def a_mail_server(
    *,
    password: bytes = b"",
    context: ssl.SSLContext | None = None,
    from_the_beginning: bool = False,
    utf8: bool = True,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """A server that listens while the block runs; with a `context` it speaks TLS, asked for by STARTTLS or not."""
    known = MailServer(password=password)
    known.answers.set()
    open_: set[SMTP] = set()

    def protocol() -> SMTP:
        known.connections += 1
        with warnings.catch_warnings(action="ignore"):  # it is to take passwords without TLS too
            one = SMTP(
                known,
                hostname="mail.test",
                enable_SMTPUTF8=utf8,
                tls_context=None if from_the_beginning else context,
                require_starttls=context is not None and not from_the_beginning,
                authenticator=known.authenticate if password else None,
                auth_required=bool(password),
                auth_require_tls=False,
                ident="test",
            )
        open_.add(one)
        return one

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        protocol, "127.0.0.1", port, ssl=context if from_the_beginning else None, reuse_address=True
    )
    known.port = listening.sockets[0].getsockname()[1]
    try:
        yield known
    finally:
        listening.close()
        known.answers.set()
        for one in open_:
            if one.transport is not None:
                one.transport.abort()
            if one._handler_coroutine is not None:
                one._handler_coroutine.cancel()
        await listening.wait_closed()


@contextmanager
def a_mail_server_beside() -> Iterator[MailServer]:
    """A server that listens in a thread of its own, for tests that wait for a program."""
    started = threading.Event()
    known: list[tuple[MailServer, asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        async with a_mail_server() as server:
            known.append((server, asyncio.get_running_loop(), asyncio.Event()))
            started.set()
            await known[0][2].wait()

    def work() -> None:
        with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=work, name="mail server")
    thread.start()
    started.wait()
    server, loop, stopped = known[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
