"""What a driver's error says to an operator."""

from __future__ import annotations

import socket
import ssl

import asyncpg
import pytest
from sqlalchemy import exc as sa_exc

from placet.errors import InvalidInput, PlacetError, Unavailable
from placet.store.database import translate

LEFT_ALONE = "transaction blocks not allowed in statement pooling mode"


def refused(words: str, code: str) -> sa_exc.DBAPIError:
    """A refusal of the server's, or of a pooler, as SQLAlchemy hands it on."""
    original = asyncpg.PostgresError(words)
    original.sqlstate = code
    return sa_exc.DBAPIError("SELECT 1", None, original)


@pytest.mark.parametrize(
    ("failure", "kind", "said"),
    [
        (refused("password authentication failed", "28P01"), Unavailable, "does not let this engine in"),
        (refused("password authentication failed", "08P01"), Unavailable, "does not let this engine in"),
        (refused('database "x" does not exist', "3D000"), Unavailable, "does not let this engine in"),
        (refused('database "x" does not exist', "08P01"), Unavailable, "does not let this engine in"),
        (refused("no more connections allowed", "08P01"), Unavailable, "cannot take this now"),
        (refused("unsupported startup parameter: jit", "08P01"), InvalidInput, "leads to a pooler of connections"),
        (refused(LEFT_ALONE, "08003"), InvalidInput, "hands on statements one by one .* have it pool transactions"),
        (refused("cannot execute DELETE", "25006"), Unavailable, "takes no writes .* name the primary in database_url"),
        (socket.gaierror(-2, "Name or service not known"), Unavailable, "cannot be reached"),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), Unavailable, "cannot be reached"),
        (ConnectionRefusedError(111, "Connection refused"), Unavailable, "cannot be reached .* database_url is right"),
        (OSError(28, "No space left on device"), Unavailable, "cannot take this now"),
    ],
)
def test_what_is_wrong_and_what_would_work(failure: Exception, kind: type[PlacetError], said: str):
    told = translate(failure)
    assert type(told) is kind
    with pytest.raises(kind, match=said):
        raise told
