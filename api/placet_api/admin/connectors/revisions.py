"""Entity tags of these resources: an answer is that of a revision, and a change may ask for one."""

from __future__ import annotations

from typing import Any

from placet.connectors.records import Configuration, Connector, Service
from placet_api.answers import Answer
from placet_api.ris.request import Request


def answer(request: Request, value: Any, record: Configuration | Service | Connector) -> Answer:
    """A value with the tag of its revision; names of other things are part of it, and so is when any was changed."""
    return request.answer_tagged(value, f"{record.revision}.{request.engine.connectors.catalog.last.number}")


def expected(request: Request, record: Configuration | Service | Connector) -> int | None:
    """The revision that a change has to find, from `If-Match`; None where any will do.

    Raises `RevisionMismatch` where none of its tags is of the present one.
    """
    return request.matching_revision(record.revision, repr(record.name))
