"""Trying configurations and connectors out: what was sent, what came back and how it went in words; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass

import httpx2

from placet.connectors.authentication import needs_token
from placet.connectors.caller import SUCCESS, Answer
from placet.connectors.catalog import Catalog
from placet.connectors.client import origin
from placet.connectors.records import Configuration, Connector
from placet.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Trial:
    """How a test went: green where it is `ok`, else red; `answer` shows the rest, its secrets hidden."""

    ok: bool
    message: str
    answer: Answer


def require_same_server(catalog: Catalog, stored: Connector | None, tried: Connector) -> None:
    """Refuse to try out what would send what proves who calls to where its connector is not; raises `InvalidInput`."""
    if stored is None or catalog.configuration_of(catalog.service_of(tried)) is None:
        return
    before, after = (httpx2.URL(each.url.partition("{")[0]) for each in (stored, tried))
    if origin(before) != origin(after) or stored.service_id != tried.service_id:
        raise InvalidInput(
            f"The connector {stored.name!r} is not stored like that, and a test would send what proves who calls to "
            f"another server, or that of another service; change the connector first, then test it."
        )


def of_configuration(configuration: Configuration, answer: Answer) -> Trial:
    """The result of asking for a token by a configuration."""
    if not needs_token(configuration.kind):
        text = "There is nothing to ask for beforehand: it goes along with every call; test a connector to see it work."
        return Trial(True, text, answer)
    if answer.outcome == SUCCESS:
        return Trial(True, f"It works: a token was given within {_told(answer)}.", answer)
    return Trial(False, f"It does not work: {_reason(answer)}", answer)


def of_call(answer: Answer) -> Trial:
    """The result of calling a connector."""
    if answer.outcome == SUCCESS:
        return Trial(True, f"It works: {answer.response['code']} came back within {_told(answer)}.", answer)
    return Trial(False, f"It does not work: {_reason(answer)}", answer)


def _reason(answer: Answer) -> str:
    return f"{str(answer.error).rstrip('.')}."


def _told(answer: Answer) -> str:
    milliseconds = answer.took.total_seconds() * 1_000
    return f"{milliseconds:.0f} ms" if milliseconds < 1_000 else f"{milliseconds / 1_000:.1f} s"
