"""`placet secrets …`: the key that stored secrets are encrypted with."""

from __future__ import annotations

from cyclopts import App

from placet_api.cli.options import ON_DATABASE_ONLY, RUNNING, OnDatabaseOnly
from placet_api.cli.output import say

app = App(name="secrets", help="Change the key that stored secrets are encrypted with.", group=RUNNING)


@app.command
async def rotate(*, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Encrypt everything that is kept encrypted anew, with the newest key.

    The older keys are still needed for it: in PLACET_SECRET_KEYS_OLD, or below the newest in the key file. Servers
    may run meanwhile. It may be broken off and typed again.

    Works on the database, not through a server. For example:

        placet secrets rotate
    """
    from placet.directory.caller import Caller
    from placet.directory.rotation import rotate as rotate_secrets
    from placet.errors import Unavailable

    async with where.engine() as engine:
        caller = Caller(None, engine.directory, engine.clock.now())
        done = await rotate_secrets(engine.store, engine.vault, caller)
    say(f"Encrypted anew: {done.renewed}. With the newest key already: {done.current}.")
    if done.lost:
        raise Unavailable(
            f"{len(done.lost)} do not open with any key that is set, for example those of {', '.join(done.lost[:3])}; "
            "add their key to PLACET_SECRET_KEYS_OLD and rotate again, or give them anew."
        )
