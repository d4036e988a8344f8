"""`placet connectors …`: other people's services, how they are signed in at, and what may be asked of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from placet_api.cli import connector_files
from placet_api.cli.columns import Column
from placet_api.cli.connector_desk import Of, Row
from placet_api.cli.connector_options import WHERE, Noun, Where
from placet_api.cli.exits import Exit, WrongUsage
from placet_api.cli.options import DEFINITIONS, Format
from placet_api.cli.output import note, print_fields, print_json, print_table, say

app = App(name="connectors", help="Call other people's services: list, test, import, export.", group=DEFINITIONS)

_COLUMNS: dict[Of, list[Column]] = {
    "connectors": [
        Column("Name", least=10),
        Column("Service", least=8, rank=1),
        Column("Method"),
        Column("URL", least=20),
    ],
    "services": [
        Column("Name", least=10),
        Column("Product", least=8, rank=1),
        Column("Version", rank=2),
        Column("API", rank=2),
        Column("Configuration", least=10),
    ],
    "configurations": [Column("Name", least=10), Column("Kind"), Column("Secrets kept", least=8, rank=1)],
}


@app.command(name="list")
async def list_(*, of: Noun = "connectors", form: Format = "table", where: Where = WHERE) -> None:
    """List connectors by name, or the services or configurations that they need.

    For example:

        placet connectors list
        placet connectors list --of configurations

    Parameters
    ----------
    of
        connectors, services or configurations
    """
    async with where.connectors() as desk:
        found = await desk.every(of)
    if form == "json":
        print_json(found)
    elif found:
        print_table(_COLUMNS[of], [[_cell(value) for name, value in row.items() if name != "id"] for row in found])
    else:
        note("There are none.")


@app.command
async def show(name: str, /, *, of: Noun = "connectors", form: Format = "table", where: Where = WHERE) -> None:
    """Show one of them as it stands in a connector file; secrets are not shown.

    For example:

        placet connectors show "Active users"
        placet connectors show ProcessMaker --of services

    Parameters
    ----------
    name
        its name or id
    of
        connectors, services or configurations
    """
    async with where.connectors() as desk:
        row = _picked(await desk.every(of), name, of)
        content = (await desk.export(()))[of][row["name"]]
    if form == "json":
        print_json({**row, **content})
    else:
        from placet.connectors.export import to_yaml

        sys.stdout.write(to_yaml({of: {row["name"]: content}}))


@app.command(name="test")
async def try_(
    name: str,
    /,
    *,
    input_: Annotated[
        list[str] | None, Parameter(name="--input", negative="", metavar="NAME=VALUE", consume_multiple=False)
    ] = None,
    of: Noun = "connectors",
    form: Format = "table",
    where: Where = WHERE,
) -> Exit:
    """Call a connector once, or try a configuration out; nothing is kept.

    Shows what was sent, what came back and what the connector makes of it, secrets hidden. Exits with 1 where it does
    not work. For example:

        placet connectors test "Active users" --input status=ACTIVE
        placet connectors test Own --of configurations

    Parameters
    ----------
    name
        its name or id
    input_
        a value for a parameter; may be repeated
    of
        connectors or configurations
    """
    if of == "services":
        raise WrongUsage("A service cannot be tested; test one of its connectors, or its configuration.")
    inputs = dict(_pair(each) for each in input_ or ())
    async with where.connectors() as desk:
        found = await desk.test(of, name, inputs)
    if form == "json":
        print_json({"success": found.ok, "message": found.message, **found.shown})
    else:
        from rich.text import Text

        say(Text(found.message, style="green" if found.ok else "red"))
        print_fields(shown_lines(found.shown))
    return Exit.DONE if found.ok else Exit.REFUSED


@app.command
async def remove(name: str, /, *, of: Noun = "connectors", where: Where = WHERE) -> None:
    """Remove a connector, or a service or configuration that nothing needs any more.

    For example:

        placet connectors remove "Active users"

    Parameters
    ----------
    name
        its name or id
    of
        connectors, services or configurations
    """
    async with where.connectors() as desk:
        await desk.remove(of, name)
    say(f"Removed {name}.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise WrongUsage(f"--input {text!r} has no name; write --input name=value, for example --input status=ACTIVE.")
    return name, value


def _picked(rows: Sequence[Row], name: str, of: Of) -> Row:
    from placet.connectors.checks import unknown
    from placet.errors import NotFound

    for row in rows:
        if name.casefold() in (str(row["name"]).casefold(), row["id"]):
            return row
    raise NotFound(unknown(of.removesuffix("s"), name, [str(row["name"]) for row in rows]))


def _cell(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def shown_lines(shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parts of a test, a line each."""
    request, response = shown["request"] or {}, shown["response"]
    fields = [("request", f"{request['method']} {request['url']}")] if request else []
    fields += [(f"  {name}", value) for name, value in request.get("headers", {}).items()]
    fields += [("  body", request["body"])] if request.get("body") else []
    fields += [("response", str(response["code"]))] if response["code"] else []
    fields += [(f"  {name}", value) for name, value in response["headers"].items()]
    parts = [("message", response["message"]), ("result", shown["result"])]
    return fields + [(name, json.dumps(value, ensure_ascii=False)) for name, value in parts if value is not None]


app.command(connector_files.import_, name="import")
app.command(connector_files.openapi)
app.command(connector_files.export)
app.command(connector_files.set_secret, name="set-secret")
app.command(connector_files.set_image, name="set-image")
