"""Letters: what is to be said to whom, and the message that a mail server is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from placet.mail.addresses import Mailbox, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail; `key` stays the same however often it has to be sent."""

    key: str
    subject: str
    text: str
    html: str | None = None
    to: Sequence[Mailbox] = ()
    cc: Sequence[Mailbox] = ()

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that takes addresses in UTF-8 can have it."""
        return not all(each.is_ascii for each in (*self.to, *self.cc))


def message_of(letter: Letter, sender: Mailbox, at: datetime) -> bytes:
    """A letter as a mail server takes it: text, and HTML where there is any."""
    message = EmailMessage(policy=SMTPUTF8 if letter.needs_utf8 else SMTP)
    message["From"] = _address(sender)
    message["To"] = [_address(each) for each in letter.to]
    if letter.cc:
        message["Cc"] = [_address(each) for each in letter.cc]
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{letter.key}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: whoever is away does not answer it
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message.as_bytes()


def _address(mailbox: Mailbox) -> Address:
    username, _, domain = mailbox.address.rpartition("@")
    return Address(mailbox.name, username, domain)
