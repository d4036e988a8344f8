"""`placet serve`: what is checked before a node starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from placet_api.cli.exits import WrongUsage
from placet_api.cli.options import ON_DATABASE, OnDatabase

if TYPE_CHECKING:
    from placet import Settings

DEMO_DATABASE = "sqlite:///placet-demo.db"


@Parameter(name="*")
@dataclass(frozen=True)
class Node:
    """What `serve` may be told of its node."""

    host: Annotated[str | None, Parameter(metavar="HOST")] = None
    """address to listen on [default: the setting host]"""
    port: Annotated[int | None, Parameter(metavar="PORT")] = None
    """port to listen on; 0 takes a free one [default: the setting port]"""
    definitions: Annotated[Path | None, Parameter(metavar="DIR")] = None
    """folder whose definitions are loaded; SIGHUP loads changed ones [default: the setting definitions]"""
    engine_id: Annotated[str | None, Parameter(metavar="ID")] = None
    """name of this node in EngineId [default: the setting engine_id]"""


def serve(
    *,
    node: Node = Node(),  # frozen
    where: OnDatabase = ON_DATABASE,
    demo: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Run a node: the service, its timers and its jobs, until it is told to stop.

    For example:

        placet serve --demo
        placet serve --database postgresql://placet@db.example.org/placet

    Parameters
    ----------
    demo
        add people and a thousand travel permits, on sqlite:///placet-demo.db unless --database says otherwise, and
        definitions where no folder has any; on a loopback address only
    """
    from placet.errors import NotFound

    settings = settings_of(node, where, demo)
    if demo and not is_loopback(settings.host):
        raise WrongUsage(
            f"--demo has passwords that everybody knows and does not listen on {settings.host}; "
            "leave --host out, or give 127.0.0.1."
        )
    if not Path(settings.definitions).is_dir():
        raise NotFound(
            f"There is no folder {settings.definitions!r} of definitions; make it, or name one with --definitions. "
            "The demonstration has its own: --demo."
        )
    from placet_api.cli.node import run_node

    run_node(settings, demo)


def settings_of(node: Node, where: OnDatabase, demo: bool) -> Settings:
    """The settings of the node: options over PLACET_* over placet.toml."""
    database = where.database or (DEMO_DATABASE if demo else None)
    settings = OnDatabase(database).settings()
    folder = node.definitions
    if demo and folder is None and "definitions" not in settings.sources and not Path(settings.definitions).is_dir():
        folder = _definitions_of_demo()
    return settings.with_values(
        "option",
        host=node.host,
        port=node.port,
        definitions=None if folder is None else str(folder),
        engine_id=node.engine_id,
    )


def _definitions_of_demo() -> Path:
    from placet.demo import definitions_folder

    return definitions_folder()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    from ipaddress import ip_address

    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
