"""Trying out the mail server of the settings."""

from __future__ import annotations

from placet.clock import Clock
from placet.core.ids import IdMaker
from placet.errors import InvalidInput, Unavailable
from placet.mail.addresses import mailbox
from placet.mail.letter import Letter
from placet.mail.post import Post
from placet.mail.server import server_of
from placet.settings import Settings


async def try_out(settings: Settings, clock: Clock, address: str) -> None:
    """Send a mail to an address, and return once the server has taken it.

    Raises `InvalidInput` for an address that is none, and where the settings name no mail server; `Unavailable` where
    it does not take the mail, with what it said.
    """
    server, box = server_of(settings), mailbox(address)
    if server is None:
        raise InvalidInput(
            "No mail server is known; set smtp_url, for example "
            "PLACET_SMTP_URL=smtp://user:password@mail.example.org, and mail_from."
        )
    if box is None:
        raise InvalidInput(f"{address[:100]!r} is no mail address; give one such as anna@example.org.")
    text = "This mail was sent to try out the mail server of Placet. It has arrived; nothing is left to do.\n"
    letter = Letter(key=IdMaker().make(clock.now()), subject="A test from Placet", text=text, to=[box])
    post = Post(server, clock)
    try:
        delivery = await post.send(letter, [box.address])
    finally:
        await post.close()
    if reply := next(iter(delivery.others.values()), None):
        raise Unavailable(f"The mail to {address} could not be sent: {reply}.")
