"""`placet webhooks …`: who is told of which events, and what did not arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from placet_api.cli.columns import Column
from placet_api.cli.exits import Exit, WrongUsage
from placet_api.cli.options import ANYWHERE, DEFINITIONS, ROWS, Anywhere, Format, Rows
from placet_api.cli.output import moment, note, print_fields, print_json, print_table, say
from placet_api.cli.tables import print_list

if TYPE_CHECKING:
    from placet_api.cli.webhook_desk import DeliveryView, WebhookView

app = App(name="webhooks", help="Tell other programs what happens, and see what did not arrive.", group=DEFINITIONS)

_COLUMNS = [
    Column("Name", least=8),
    Column("URL", least=20),
    Column("Events", least=10, rank=1),
    Column("State"),
    Column("Waiting", right=True, rank=2),
    Column("Dead", right=True),
]
_DEAD = [Column("Event"), Column("Since", rank=1), Column("Tries", right=True, rank=2), Column("Why", least=20)]
_EVENTS = Annotated[list[str] | None, Parameter(name="--event", negative="", metavar="KIND", consume_multiple=False)]
_FILTERS = Annotated[
    list[str] | None, Parameter(name="--filter", negative="", metavar="NAME=VALUE", consume_multiple=False)
]


@app.command(name="list")
async def list_(*, form: Format = "table", where: Anywhere = ANYWHERE) -> None:
    """List webhooks by name; takes the permission PM_SETUP_ADVANCE, as all of this does.

    For example:

        placet webhooks list
    """
    from placet_api.cli.webhook_desk import open_webhooks

    async with open_webhooks(where) as desk:
        found = await desk.every()
    if form == "json":
        print_json(found)
    elif found:
        print_table(_COLUMNS, [_row(each) for each in found])
    else:
        note("There are none.")


@app.command
async def add(
    name: str, url: str, /, *, event: _EVENTS = None, filter_: _FILTERS = None, where: Anywhere = ANYWHERE
) -> None:
    """Add a webhook that is told of what happens from now on, and print its secret, this once.

    For example:

        placet webhooks add Ledger https://ledger.example.org/in --event 'process.*'

    Parameters
    ----------
    name
        what people call it
    url
        where events are sent
    event
        a kind of event, or work_item.* for a group of them; may be repeated, without it all
    filter_
        a condition on processes, as in `placet query`; may be repeated, and all have to hold
    """
    from placet.webhooks.records import Wanted
    from placet_api.cli.webhook_desk import open_webhooks

    wanted = Wanted(name=name, url=url, events=event or (), filter="\n".join(filter_ or ()))
    async with open_webhooks(where) as desk:
        made = await desk.add(wanted, None)
    print_fields([("id", made.id), ("secret", made.secret or "")])


@app.command
async def change(
    name: str,
    /,
    *,
    url: Annotated[str | None, Parameter(metavar="URL")] = None,
    event: _EVENTS = None,
    filter_: _FILTERS = None,
    active: Annotated[bool | None, Parameter(negative="--inactive")] = None,
    new_secret: Annotated[bool, Parameter(name="--new-secret", negative="")] = False,
    where: Anywhere = ANYWHERE,
) -> None:
    """Change a webhook; what is not given stays as it is.

    For example:

        placet webhooks change Ledger --inactive
        placet webhooks change Ledger --new-secret

    Parameters
    ----------
    name
        its name or id
    url
        where events are sent from now on
    event
        a kind of event that it is told of, in the place of those before; may be repeated, '' for all
    filter_
        a condition on processes, in the place of those before; may be repeated, '' for none
    active
        let it go on where it stopped, or leave it alone for now
    new_secret
        sign by a new secret, printed this once; the one before it signs along for a day
    """
    from placet_api.cli.webhook_desk import Change, open_webhooks

    events = None if event is None else [each for each in event if each]
    asked = Change(url, events, None if filter_ is None else "\n".join(filter_), active)
    if asked == Change() and not new_secret:
        raise WrongUsage("Nothing is to be changed; give --url, --event, --filter, --active or --new-secret.")
    async with open_webhooks(where) as desk:
        if asked != Change():
            await desk.change(name, asked)
        secret = await desk.change_secret(name, None) if new_secret else None
    if secret is None:
        say(f"Changed {name}.")
    else:
        print_fields([("secret", secret)])


@app.command
async def remove(name: str, /, *, where: Anywhere = ANYWHERE) -> None:
    """Remove a webhook with all that is on its way.

    For example:

        placet webhooks remove Ledger

    Parameters
    ----------
    name
        its name or id
    """
    from placet_api.cli.webhook_desk import open_webhooks

    async with open_webhooks(where) as desk:
        await desk.remove(name)
    say(f"Removed {name}.")


@app.command(name="test")
async def try_(name: str, /, *, form: Format = "table", where: Anywhere = ANYWHERE) -> Exit:
    """Send a test, and show what was sent and what came back; exits with 1 where it was not taken.

    For example:

        placet webhooks test Ledger

    Parameters
    ----------
    name
        its name or id
    """
    from placet_api.cli.connectors import shown_lines
    from placet_api.cli.webhook_desk import open_webhooks

    async with open_webhooks(where) as desk:
        found = await desk.test(name)
    if form == "json":
        print_json({"success": found.ok, "message": found.message, **found.shown})
    else:
        from rich.text import Text

        say(Text(found.message, style="green" if found.ok else "red"))
        print_fields(shown_lines({**found.shown, "result": None}))
    return Exit.DONE if found.ok else Exit.REFUSED


@app.command
async def dead(name: str, /, *, rows: Rows = ROWS, where: Anywhere = ANYWHERE) -> None:
    """List the events that did not arrive after their last try, oldest first.

    For example:

        placet webhooks dead Ledger

    Parameters
    ----------
    name
        its name or id
    """
    from placet_api.cli.webhook_desk import open_webhooks

    async with open_webhooks(where) as desk:
        await print_list(desk.dead(name, rows.at_most), _DEAD, _dead_row, rows)


@app.command
async def replay(
    name: str,
    /,
    *,
    event: Annotated[str | None, Parameter(name="--event", metavar="ID")] = None,
    where: Anywhere = ANYWHERE,
) -> None:
    """Send what is dead on its way again.

    For example:

        placet webhooks replay Ledger

    Parameters
    ----------
    name
        its name or id
    event
        only this one, as `placet webhooks dead` shows it
    """
    from placet_api.cli.webhook_desk import open_webhooks

    async with open_webhooks(where) as desk:
        count = await desk.replay(name, event)
    say(f"On its way again: {count}.")


def _row(found: WebhookView) -> Sequence[str]:
    state = "active" if found.active else found.trouble or "inactive"
    return [found.name, found.url, _shown(found.events), state, str(found.waiting), str(found.dead)]


def _shown(events: Sequence[str]) -> str:
    return ", ".join(events) or "all"


def _dead_row(found: DeliveryView) -> Sequence[str]:
    return [found.event_id, moment(found.died_at), str(found.tries), found.last_error]
