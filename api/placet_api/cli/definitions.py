"""`placet definitions …`: check, list, draw, deploy and retire."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from placet_api.cli.exits import Exit, WrongUsage
from placet_api.cli.options import ANYWHERE, DEFINITIONS, ON_DATABASE_ONLY, Anywhere, Format, OnDatabaseOnly
from placet_api.cli.output import note, print_error, print_json, print_table, say
from placet_api.cli.tables import DEFINITION_COLUMNS, definition_row

if TYPE_CHECKING:
    from placet import Definition, Engine
    from placet.loader import Takes

app = App(name="definitions", help="Check, list, draw, deploy and retire definitions.", group=DEFINITIONS)


@app.command(usage="placet definitions check [FILE|DIR...]")
def check(*paths: Path) -> int:
    """Check definition files; every fault is printed with its file, line and column.

    For example:

        placet definitions check definitions
        placet definitions check leave.yaml order.yaml

    Parameters
    ----------
    paths
        files and folders [default: the folder of the setting definitions]
    """
    from placet.errors import InvalidDefinition
    from placet.settings import read_settings

    checked, faults = 0, []
    for path in paths or [Path(read_settings().definitions)]:
        try:
            checked += len(_read(path))
        except InvalidDefinition as failure:
            faults += failure.faults
    for fault in faults:
        say(str(fault))
    if faults:
        print_error(f"{_count(len(faults), 'fault')}; see above.")
        return Exit.REFUSED
    say(f"{_count(checked, 'definition')} without a fault.")
    return Exit.DONE


@app.command(name="list")
async def list_(*, where: Anywhere = ANYWHERE, form: Format = "table") -> None:
    """List the newest version of every definition.

    For example:

        placet definitions list --format json
    """
    async with where.backend() as backend:
        found = await backend.definitions()
    if form == "json":
        print_json(found)
    elif found:
        print_table(DEFINITION_COLUMNS, [definition_row(each) for each in found])
    else:
        note("There are none; `placet definitions deploy FILE` adds one.")


@app.command
async def graph(
    definition: str,
    /,
    *,
    form: Annotated[Literal["svg", "mermaid"], Parameter(name="--format")] = "svg",
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], metavar="FILE")] = None,
    where: OnDatabaseOnly = ON_DATABASE_ONLY,
) -> None:
    """Draw a definition.

    Works on a file or on the database, not through a server. For example:

        placet definitions graph definitions/leave_request.yaml -o leave.svg
        placet definitions graph "Leave request" --format mermaid

    Parameters
    ----------
    definition
        a file, or the name, DN or GUID of one that is deployed
    form
        a picture, or text for Mermaid
    output
        the file to write [default: standard output]
    """
    from placet.diagram import to_mermaid, to_svg

    file = _file(definition)
    if file is None:
        async with where.engine() as engine:
            found = await _definition(engine, definition)
    else:
        found = _read(file)[0]
    drawn = to_svg(found) if form == "svg" else to_mermaid(found)
    if output is None:
        sys.stdout.write(drawn)
    else:
        _write(output, drawn)
        say(f"Wrote {output}.")


@app.command(usage="placet definitions deploy [OPTIONS] FILE|DIR...")
async def deploy(*paths: Path, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Deploy definition files, all of them or none; a changed one becomes a new version.

    Works on the database, not through a server. For example:

        placet definitions deploy leave.yaml

    Parameters
    ----------
    paths
        files and folders
    """
    if not paths:
        raise WrongUsage("Name what to deploy, a file or a folder: placet definitions deploy FILE|DIR...")
    definitions = _read_all(paths)
    async with where.engine() as engine:
        deployed = [await engine.as_system().deploy(each.source, each.dn) for each in definitions]
    for definition, version, is_new in deployed:
        say(f"{definition.name}: version {version}, {'deployed' if is_new else 'unchanged'}.")


@app.command
async def retire(name: str, /, *, where: OnDatabaseOnly = ON_DATABASE_ONLY) -> None:
    """Let a definition start nothing any more; its processes go on.

    Works on the database, not through a server. For example:

        placet definitions retire "Role Approval"

    Parameters
    ----------
    name
        its name, DN or GUID
    """
    async with where.engine() as engine:
        found = await _definition(engine, name)
        await engine.as_system().retire(found.dn)
    say(f"Retired {found.name}; deploying it again brings it back.")


async def _definition(engine: Engine, name: str) -> Definition:
    from placet_api.cli.local import find_definition

    return await find_definition(engine.as_system(), name)


def _read_all(paths: Iterable[Path]) -> list[Definition]:
    """The definitions of all paths; raises InvalidDefinition with the faults of all."""
    from placet.errors import InvalidDefinition

    found, faults = [], []
    for path in paths:
        try:
            found += _read(path)
        except InvalidDefinition as failure:
            faults += failure.faults
    if faults:
        raise InvalidDefinition(faults)
    return found


def _read(path: Path) -> list[Definition]:
    from placet.errors import InvalidDefinition
    from placet.loader import Fault, load_directory, parse_definition

    if path.is_dir():
        found = load_directory(path, _connectors(path / "connectors"))
        if not found:
            raise WrongUsage(f"The folder {str(path)!r} has no definition: no file *.yaml or *.yml is in it.")
        return found
    try:
        return [parse_definition(path.read_bytes().decode("utf-8-sig"), str(path))]
    except UnicodeDecodeError:
        raise InvalidDefinition([Fault(str(path), 1, 1, "The file is not UTF-8; save it as UTF-8.")]) from None


def _connectors(folder: Path) -> dict[str, Takes]:
    """What the connectors of a folder take, by folded name; nothing is made of the secrets that they name."""
    from placet.connectors.files import load_folder
    from placet.errors import InvalidConnectors, InvalidDefinition
    from placet.loader import Takes

    try:
        found = [each.record for each in load_folder(folder, _Variables()).connectors]
    except InvalidConnectors as failure:
        raise InvalidDefinition(failure.faults) from None
    return {
        each.name.casefold(): Takes(
            [parameter.name for parameter in each.parameters],
            [parameter.name for parameter in each.parameters if parameter.required and parameter.default is None],
        )
        for each in found
    }


class _Variables(dict[str, str]):
    """Every variable is set: files are checked where their secrets need not be known."""

    def __missing__(self, name: str) -> str:
        return name

    def get(self, name: str, default: Any = None) -> str:
        return name


def _file(name: str) -> Path | None:
    return Path(name) if Path(name).is_file() else None


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
