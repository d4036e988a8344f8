"""The way to a mail server: connections that are used again, and what it says to each recipient."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.errors import MessageError

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPHeloError,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from placet.clock import Clock
from placet.log import get_logger
from placet.lookups import Lookups
from placet.mail.letter import Letter, message_of
from placet.mail.server import MailServer
from placet.query.storable import UNSTORABLE
from placet.telemetry.metrics import Metrics

log = get_logger("placet.mail")

MOST_CONNECTIONS = 4
MOST_AT_ONCE = 100  # recipients in one conversation; more are told the next time
_IDLE_SECONDS = 20  # how long a connection is kept for the next mail
_LONGEST_REPLY = 300  # characters of what a server says
_FOR_GOOD = 500  # and above: the code of an answer that stays the same
_CLOSING = 421  # the code of a server that is going away


@dataclass(frozen=True, slots=True)
class Reply:
    """What a mail server said, or how it could not be reached; `code` is SMTP's, or None where it said nothing.

    It tells `of_server` where every other mail would have met the same, and else of one letter or one recipient.
    """

    text: str
    code: int | None = None
    of_server: bool = False

    @property
    def may_change(self) -> bool:
        """Whether it may be another one later."""
        return self.code is None or self.code < _FOR_GOOD

    def __str__(self) -> str:
        return self.text if self.code is None else f"{self.code} {self.text}"


_UNWRITABLE = Reply("the mail cannot be written down; look at its subject and its recipients", 554)


@dataclass(slots=True)
class Delivery:
    """To whom a letter is on its way, and what the server said of the others, all by address."""

    accepted: list[str] = field(default_factory=list)
    others: dict[str, Reply] = field(default_factory=dict)

    @property
    def server_works(self) -> bool:
        """Whether the next mail may fare better: a full mailbox says nothing against the server."""
        return bool(self.accepted) or not any(reply.of_server for reply in self.others.values())


class Post:
    """Hands letters to one mail server, a few at a time."""

    def __init__(self, server: MailServer, clock: Clock, metrics: Metrics | None = None) -> None:
        self.server, self._clock, self._metrics = server, clock, metrics or Metrics()
        self._room, self._lookups = asyncio.Semaphore(MOST_CONNECTIONS), Lookups()
        self._idle: list[tuple[SMTP, asyncio.TimerHandle]] = []

    async def send(self, letter: Letter, recipients: Sequence[str]) -> Delivery:
        """Hand in a letter for some addresses; whatever the server does is told, and nothing raised."""
        delivery = await self._sent(letter, recipients)
        self._metrics.mail_recipients.add(("accepted",), len(delivery.accepted))
        for reply in delivery.others.values():
            self._metrics.mail_recipients.add(("later" if reply.may_change else "refused",))
        return delivery

    async def _sent(self, letter: Letter, recipients: Sequence[str]) -> Delivery:
        delivery = Delivery()
        try:
            message = message_of(letter, self.server.sender, self._clock.now())
        except (MessageError, ValueError):
            return Delivery(others=dict.fromkeys(recipients, _UNWRITABLE))
        options = ["SMTPUTF8", "BODY=8BITMIME"] if letter.needs_utf8 else []
        try:
            async with asyncio.timeout(4 * self.server.seconds), self._connection() as client:
                for begin in range(0, len(recipients), MOST_AT_ONCE):
                    some = recipients[begin : begin + MOST_AT_ONCE]
                    await _hand_in(client, self.server.sender.address, some, message, options, delivery)
        except (SMTPException, OSError, ssl.SSLError, TimeoutError, ValueError) as failure:
            reply = _unreachable(self.server, failure)
            known = {*delivery.accepted, *delivery.others}
            delivery.others |= {address: reply for address in recipients if address not in known}
        return delivery

    async def close(self) -> None:
        """Take leave of the server."""
        while self._idle:
            client, timer = self._idle.pop()
            timer.cancel()
            try:
                await client.quit(timeout=1)
            except (SMTPException, OSError):
                client.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[SMTP]:
        """A connection that nobody else uses meanwhile; it is kept for the next one unless it broke."""
        async with self._room:
            client = await self._kept() or await self._new()
            try:
                yield client
            except BaseException:
                client.close()
                raise
            self._keep(client)

    async def _kept(self) -> SMTP | None:
        while self._idle:
            client, timer = self._idle.pop()
            timer.cancel()
            try:
                await client.noop()  # it may have been closed from the other side meanwhile
            except (SMTPException, OSError):
                client.close()
            else:
                return client
        return None

    async def _new(self) -> SMTP:
        async with asyncio.timeout(self.server.seconds):
            client = self.server.client(await self._connected())
        await client.connect()
        return client

    async def _connected(self) -> socket.socket:
        """A connection to the first address of the server that takes one."""
        failure: OSError | None = None
        for address in await self._lookups.addresses(self.server.host, self.server.port):
            opened = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            opened.setblocking(False)
            try:
                await asyncio.get_running_loop().sock_connect(opened, (address, self.server.port))
            except OSError as failed:
                opened.close()
                failure = failed
            except BaseException:
                opened.close()
                raise
            else:
                return opened
        raise failure or OSError(f"{self.server.host} has no address")

    def _keep(self, client: SMTP) -> None:
        if not client.is_connected:
            return
        kept: list[tuple[SMTP, asyncio.TimerHandle]] = []

        def forget() -> None:
            self._idle.remove(kept[0])
            client.close()

        kept.append((client, asyncio.get_running_loop().call_later(_IDLE_SECONDS, forget)))
        self._idle += kept


async def _hand_in(
    client: SMTP, sender: str, recipients: Sequence[str], message: bytes, options: Sequence[str], delivery: Delivery
) -> None:
    """Have one conversation about a letter, and note what came of it; raises where there was none."""
    try:
        refused, _ = await client.sendmail(sender, recipients, message, mail_options=options)
    except SMTPRecipientsRefused as failure:
        delivery.others |= {each.recipient: _reply(each.code, each.message) for each in failure.recipients}
    except (SMTPServerDisconnected, SMTPHeloError):
        raise
    except SMTPNotSupported:
        reply = Reply("the mail server takes no addresses with other letters than those of ASCII", 553)
        delivery.others |= dict.fromkeys(recipients, reply)
    except SMTPResponseException as failure:
        of_server = isinstance(failure, SMTPSenderRefused) and failure.code < _FOR_GOOD  # it takes nothing from us now
        delivery.others |= dict.fromkeys(recipients, _reply(failure.code, failure.message, of_server=of_server))
    else:
        delivery.others |= {address: _reply(reply.code, reply.message) for address, reply in refused.items()}
        delivery.accepted += [address for address in recipients if address not in refused]


def _reply(code: int, text: str, *, of_server: bool = False) -> Reply:
    return Reply(_said(text), code, of_server or code == _CLOSING)


def _said(text: str) -> str:
    """What a server says, on one line that can be kept."""
    return " ".join(UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text).split())[:_LONGEST_REPLY]


def _unreachable(server: MailServer, failure: Exception) -> Reply:
    """In words, how a mail server was not reached, or broke off; that may always change, also a wrong password."""
    at = f"the mail server {server.host}:{server.port}"
    said = _said(str(failure)) or type(failure).__name__
    if isinstance(failure, TimeoutError):
        return Reply(f"{at} did not answer in time", of_server=True)
    if isinstance(failure, SMTPResponseException):
        return Reply(f"{at} did not let us in: {failure.code} {_said(failure.message)}", of_server=True)
    return Reply(f"{at} cannot be reached: {said}", of_server=True)
