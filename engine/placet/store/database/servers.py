"""Where PostgreSQL is: one server, or several of which one takes writes, and which one that is may change."""

from __future__ import annotations

import re
from typing import Any

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
    except (ValueError, sa_exc.ArgumentError):
        raise InvalidInput(
            f"{hide_secret(url)!r} is no address of a database; write postgresql://user:password@host:port/name, or"
            " host:port,host:port for a server and its standby."
        ) from None
    wanted = given.get("target_session_attrs", _WRITABLE[0])
    if wanted not in _WRITABLE:
        raise InvalidInput(
            f"target_session_attrs is {wanted!r} in the address of the database, and an engine writes; leave it out, or"
            f" give it as {' or '.join(_WRITABLE)}."
        )
    return found


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
    try:
        return await asyncpg.connect(**given)
    except asyncpg.TargetServerAttributeNotMatched:
        raise ConnectionError("it takes no writes at present") from None
