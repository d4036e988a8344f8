"""The mail server of the settings: where it is, and how it is spoken to."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypedDict
from urllib.parse import unquote, urlsplit

import aiosmtplib

from placet.errors import InvalidInput
from placet.mail.addresses import Mailbox, sender
from placet.settings import Settings


class _Tls(TypedDict):
    use_tls: bool
    start_tls: bool


class _Client(aiosmtplib.SMTP):
    """A client that stops at the first recipient at whom the server takes leave, and tells what it said."""

    async def rcpt(self, recipient: str, /, **more: Any) -> aiosmtplib.SMTPResponse:
        try:
            return await super().rcpt(recipient, **more)
        except aiosmtplib.SMTPRecipientRefused as refusal:
            if self.is_connected:
                raise
            raise aiosmtplib.SMTPResponseException(refusal.code, refusal.message) from None


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails go; `seconds` is how long one step of a conversation may take."""

    host: str
    port: int
    sender: Mailbox
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = "starttls"  # starttls, always or off
    context: ssl.SSLContext | None = None
    seconds: float = 30

    def client(self, opened: socket.socket) -> aiosmtplib.SMTP:
        """A client on a connection that has been opened, on which nothing has been said yet."""
        ways: dict[str, _Tls] = {
            "always": {"use_tls": True, "start_tls": False},
            "starttls": {"use_tls": False, "start_tls": True},
            "off": {"use_tls": False, "start_tls": False},
        }
        return _Client(
            hostname=self.host,
            sock=opened,
            username=self.user,
            password=self.password,
            local_hostname=self.sender.address.rpartition("@")[2],  # the default is looked up, which may take long
            timeout=self.seconds,
            tls_context=self.context,
            **ways[self.tls],
        )


def server_of(settings: Settings) -> MailServer | None:
    """The mail server of the settings, or None where they name none; raises `InvalidInput` where it is half named."""
    if not settings.smtp_url:
        return None
    if not settings.mail_from:
        raise InvalidInput(
            "The setting smtp_url names a mail server, and mail_from does not say who mails come from; "
            "give it an address, such as Placet <placet@example.org>."
        )
    url = urlsplit(settings.smtp_url)
    assert url.hostname is not None
    is_smtps = url.scheme == "smtps"
    asked = url.query.removeprefix("tls=")
    if is_smtps and asked:
        raise InvalidInput("The setting smtp_url is encrypted from the beginning with smtps:; leave out ?tls=….")
    tls = "always" if is_smtps else asked or ("off" if _is_loopback(url.hostname) else "starttls")
    try:
        port = url.port or (465 if is_smtps else 587)
    except ValueError:
        raise InvalidInput("The port in the setting smtp_url is none; one is between 1 and 65535.") from None
    user = None if url.username is None else unquote(url.username)
    password = None if url.password is None else unquote(url.password)
    return MailServer(url.hostname, port, sender(settings.mail_from), user, password, tls)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
