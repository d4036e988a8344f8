"""Who is asking. Each way to say so is a scheme; a request is of the first one whose header it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from placet.core.people import Person
from placet.directory.sign_in import parse_basic, parse_rest_authorization
from placet.engine import Engine
from placet.errors import NotAuthenticated
from placet_api.errors import NoCredentials


class Scheme(Protocol):
    """One way to say who is asking."""

    async def person(self, engine: Engine, headers: Mapping[bytes, bytes]) -> Person | None:
        """Who is asking; None where the request does not use this scheme. Raises `NotAuthenticated`."""


class PasswordScheme:
    """User and password in one header; `word` is what stands before them."""

    def __init__(self, header: bytes, word: bytes, parse: Callable[[str], tuple[str, str]]) -> None:
        self._header, self._word, self._parse = header, word, parse

    async def person(self, engine: Engine, headers: Mapping[bytes, bytes]) -> Person | None:
        value = headers.get(self._header)
        if value is None or value[: len(self._word)].lower() != self._word:
            return None
        user, password = self._parse(value.decode("latin-1"))
        return engine.sign_in.cached(user, password) or await engine.sign_in.person(user, password)


SCHEMES: Sequence[Scheme] = (
    PasswordScheme(b"restauthorization", b"", parse_rest_authorization),
    PasswordScheme(b"authorization", b"basic ", parse_basic),
)


async def authenticate(engine: Engine, headers: Mapping[bytes, bytes], schemes: Sequence[Scheme] = SCHEMES) -> Person:
    """The active person behind a request; raises `NotAuthenticated`."""
    for scheme in schemes:
        person = await scheme.person(engine, headers)
        if person is not None:
            return await _active(engine, person)
    if b"authorization" in headers:
        raise NotAuthenticated("The Authorization header has a scheme that is not known here; send Basic.")
    raise NoCredentials(
        "The request does not say who is asking; send RESTAuthorization with the base64 of user:password, "
        "or Authorization: Basic with the same."
    )


async def _active(engine: Engine, signed_in: Person) -> Person:
    """The person as the engine knows him, for a directory in memory may be older or newer than a sign-in."""
    person = engine.directory.person(signed_in.dn)
    if person is None:
        await engine.refresh()
        person = engine.directory.person(signed_in.dn)
    if person is None or not person.active:
        raise NotAuthenticated("This account is not active; ask an administrator.")
    return person
