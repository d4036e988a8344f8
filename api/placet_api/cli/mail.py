"""`placet mail …`."""

from __future__ import annotations

from cyclopts import App

from placet_api.cli.options import RUNNING
from placet_api.cli.output import say

app = App(name="mail", help="Try the mail server of the settings.", group=RUNNING)


@app.command
async def test(address: str, /) -> None:
    """Send a mail to an address, by the mail server of the settings, and say what the server answered.

    Needs no database. For example:

        placet mail test anna@example.org

    Parameters
    ----------
    address
        who gets it
    """
    from placet.clock import SystemClock
    from placet.mail.trial import try_out
    from placet.settings import read_settings

    await try_out(read_settings(), SystemClock(), address)
    say(f"The mail server has taken a mail to {address}.")
