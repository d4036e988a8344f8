"""Commands that bring connectors in and out, and what they need beside files: secrets and images."""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from placet_api.cli.columns import Column
from placet_api.cli.connector_desk import ImportView
from placet_api.cli.connector_options import WHERE, Where
from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import Format
from placet_api.cli.output import note, print_json, print_table, say

_OFFERED = [
    Column("Operation", least=12),
    Column("Method"),
    Column("Path", least=12),
    Column("Summary", least=12, rank=1),
    Column("Cannot be one, for", least=12, rank=1),
]


async def import_(file: Path, /, *, where: Where = WHERE) -> None:
    """Add or change what a connector file asks for; all of it or nothing.

    Its secrets are variables of the environment. For example:

        placet connectors import connectors.yaml

    Parameters
    ----------
    file
        connectors in YAML or JSON
    """
    from placet.connectors.files import parse_connectors, read_file

    contents = parse_connectors(read_file(file), str(file), os.environ)
    async with where.connectors() as desk:
        made = await desk.import_(contents)
    _tell(made)


async def openapi(
    file: Path,
    /,
    *,
    operation: Annotated[list[str] | None, Parameter(negative="", metavar="NAME", consume_multiple=False)] = None,
    service: str = "",
    url: str | None = None,
    form: Format = "table",
    where: Where = WHERE,
) -> None:
    """Make connectors of operations of an OpenAPI document, or list what it offers.

    For example:

        placet connectors openapi travel.json
        placet connectors openapi travel.json --operation listTrips --service Travel

    Parameters
    ----------
    file
        an OpenAPI document of version 3.0 or 3.1 in JSON or YAML
    operation
        which, by operationId or as in "GET /trips"; may be repeated
    service
        the service of the connectors, added where it is not there [default: the title of the document]
    url
        takes the place of the server in the document
    """
    from placet.connectors.openapi_import import read_file

    text = read_file(file)
    async with where.connectors() as desk:
        rows, made = await desk.openapi(text, service, operation or (), url)
    if form == "json":
        print_json(rows)
    elif operation:
        _tell(made)
    elif rows:
        print_table(_OFFERED, [list(row.values()) for row in rows])
    else:
        note("There are none.")


async def export(*names: str, form: Format = "table", where: Where = WHERE) -> None:
    """Print connectors and what they need as a connector file in YAML, without secrets.

    For example:

        placet connectors export > connectors.yaml
        placet connectors export "Active users"

    Parameters
    ----------
    names
        only these connectors [default: everything there is]
    """
    async with where.connectors() as desk:
        sections = await desk.export(names)
    if form == "json":
        print_json(sections)
    else:
        from placet.connectors.export import to_yaml

        sys.stdout.write(to_yaml(sections))


async def set_secret(
    configuration: str,
    field: str,
    /,
    *,
    env: Annotated[str | None, Parameter(metavar="VARIABLE")] = None,
    where: Where = WHERE,
) -> None:
    """Keep a secret of a configuration; it is asked for, or read from standard input.

    An empty one takes away what was kept. For example:

        placet connectors set-secret Own password < secret.txt
        placet connectors set-secret Own clientSecret --env CLIENT_SECRET

    Parameters
    ----------
    configuration
        its name or id
    field
        which secret, such as password, clientSecret, value or keyFile
    env
        take it from this variable of the environment
    """
    text = _secret(field) if env is None else os.environ.get(env)
    if text is None:
        raise WrongUsage(f"The variable {env} is not set; set it, or leave --env out to be asked.")
    async with where.connectors() as desk:
        await desk.set_secret(configuration, field, text)
    say(f"Set {field} of {configuration}." if text else f"Took {field} of {configuration} away.")


async def set_image(service: str, file: Path | None = None, /, *, where: Where = WHERE) -> None:
    """Keep an image for a service, or take it away where no file is named.

    For example:

        placet connectors set-image ProcessMaker logo.png

    Parameters
    ----------
    service
        its name or id
    file
        a PNG, JPEG, GIF or WebP of at most 256 KiB
    """
    content = None if file is None else _bytes(file)
    async with where.connectors() as desk:
        await desk.set_image(service, content)
    say(f"Set the image of {service}." if content is not None else f"Took the image of {service} away.")


def _bytes(file: Path) -> bytes:
    return file.read_bytes()


def _secret(field: str) -> str:
    """One that is typed, or all of standard input without its last line end: a key file has many lines."""
    if sys.stdin.isatty():
        return getpass(f"{field}: ")
    text = sys.stdin.read()
    return text.removesuffix("\n").removesuffix("\r")


def _tell(made: ImportView) -> None:
    say(f"{made.added} added, {made.changed} changed, {made.same} as they were.")
    for text in made.notes:
        note(text)
