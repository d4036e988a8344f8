"""Where PostgreSQL is: one server, or several of which one takes writes, and which one that is may change."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy import exc as sa_exc

from placet.errors import InvalidInput
from placet.settings import hide_secret
from placet.store.database.errors import in_words

_PORT = "5432"
_DRIVER = "postgresql+asyncpg://"

#: Everything between the login and the database, where that is more than one server.
_SEVERAL = re.compile(r"(?P<login>[^/?#]*@)?(?P<servers>[^/?#@]*,[^/?#@]*)(?P<rest>[/?#].*)?")
_ONE = re.compile(r"(\[(?P<v6>[^\]]+)\]|(?P<name>[^:\[\]]+))(:(?P<port>\d+))?")
#: What a session has to be; any other is of no use to who writes.
_WRITABLE = ("read-write", "primary")

#: How the wire is secured; to asyncpg all but the first can be told in an address alone.
_SSL_FILES = ("sslrootcert", "sslcert", "sslkey")
_SECURING = ("sslmode", *_SSL_FILES)
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
#: What may stand behind the name of the database.
_TAKEN = ("host", "port", "user", "password", "passfile", "target_session_attrs", *_SECURING)

_ELSEWHERE = (
    OSError,  # a TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it starts or stops
    asyncpg.TargetServerAttributeNotMatched,
)


def address(url: str) -> URL:
    """A database's URL as SQLAlchemy reads it; several servers may stand in it as PostgreSQL's own programs take them.

    Raises `InvalidInput`.
    """
    try:
        found = _address(url.partition("://")[2])
        _, given = found.get_dialect()().create_connect_args(found)
        _require_ports(given.get("port"))
    except (ValueError, sa_exc.ArgumentError):
        raise InvalidInput(
            f"{hide_secret(url)!r} is no address of a database; write postgresql://user:password@host:port/name, or"
            " host:port,host:port for a server and its standby."
        ) from None
    for name in found.query:
        if name not in _TAKEN:
            raise InvalidInput(
                f"The address of the database ends in {name!r}, which is nothing that can be said there; what can is "
                f"{', '.join(_TAKEN)}."
            )
    _require(given, "target_session_attrs", _WRITABLE, "an engine writes")
    _require(given, "sslmode", _SSL_MODES, "that is no way to secure a connection")
    for name in _SSL_FILES:
        if name in given and not (isinstance(given[name], str) and os.path.isfile(given[name])):
            raise InvalidInput(f"{name} is {given[name]!r} in the address of the database, and there is no such file.")
    return found


def _require_ports(given: int | Sequence[int] | None) -> None:
    ports = [given] if isinstance(given, int) else given or ()
    if not all(0 < port <= 65535 for port in ports):
        raise ValueError(ports)


def _require(given: Mapping[str, Any], name: str, known: Sequence[str], why: str) -> None:
    wanted = given.get(name, known[0])
    if wanted not in known:
        raise InvalidInput(
            f"{name} is {wanted!r} in the address of the database, and {why}; leave it out, or give it as "
            f"{', '.join(known[:-1])} or {known[-1]}."
        )


def _address(rest: str) -> URL:
    several = _SEVERAL.fullmatch(rest)
    if several is None:
        return make_url(_DRIVER + rest)
    places = [_ONE.fullmatch(each) for each in several["servers"].split(",")]
    hosts = [each and (each["v6"] or each["name"]) for each in places]
    if not all(hosts):
        raise ValueError(several["servers"])
    ports = [each["port"] or _PORT for each in places if each]
    without = make_url(f"{_DRIVER}{several['login'] or ''}{several['rest'] or ''}")
    return without.update_query_dict({"host": ",".join(map(str, hosts)), "port": ",".join(ports)})


class Servers:
    """Connects to the first of the servers of an address that takes writes, beginning with the one that did so last."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    async def connect(self, **given: Any) -> Any:
        """A connection of asyncpg, for which each server has so much time as is given.

        Raises `ConnectionError` where none of several takes writes.
        """
        hosts, ports = given.pop("host", None), given.pop("port", None)
        if not isinstance(hosts, list):
            return await _to_one(host=hosts, port=ports, **given)
        asked = given | {"target_session_attrs": given.get("target_session_attrs", _WRITABLE[0])}
        refusals = []
        for place in sorted(zip(hosts, ports, strict=True), key=lambda place: place != self._last):
            try:
                connection = await _to_one(host=place[0], port=place[1], **asked)
            except _ELSEWHERE as failure:
                refusals.append(f"{place[0]}:{place[1]}: {in_words(failure)}")
            else:
                self._last = place
                return connection
        raise ConnectionError(f"no server takes writes: {'; '.join(refusals)}")


async def _to_one(**given: Any) -> Any:
    if securing := {name: given.pop(name) for name in _SECURING if name in given}:
        given["dsn"] = f"postgresql://?{urlencode(securing)}"
    try:
        return await asyncpg.connect(**given)
    except asyncpg.TargetServerAttributeNotMatched:
        raise ConnectionError("it takes no writes at present") from None
    except asyncpg.ClientConfigurationError as failure:
        raise InvalidInput(
            "The address of the database cannot be used.",
            f"The address of the database cannot be used: {in_words(failure)}.",
        ) from None
