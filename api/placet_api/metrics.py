"""`/metrics`: the figures of an engine for Prometheus, for this machine only or for who has the token."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from ipaddress import ip_address
from socket import gethostname

from starlette.requests import Request

from placet.engine import Engine
from placet.errors import NotAllowed, NotAuthenticated
from placet.telemetry.exposition import as_open_metrics, as_text, registry_of
from placet_api.answers import Answer
from placet_api.errors import fault_of
from placet_api.negotiation import LONGEST_ACCEPT, content_type

OFFERED = ("text/plain", "application/openmetrics-text")
_BEARER = "bearer "
_PORT = re.compile(r":[0-9]*$")
_THROUGH_A_PROXY = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_CHALLENGE = ((b"www-authenticate", b'Bearer realm="Placet metrics"'),)


class MetricsPage:
    """Answers with what one engine counts."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._token = engine, engine.settings.metrics_token.encode()
        self._registry = registry_of(engine.telemetry.metrics)

    async def answer(self, request: Request) -> Answer:
        """The figures, in the format that the client likes best."""
        try:
            self._admit(request)
        except NotAuthenticated as refusal:
            fault = fault_of(refusal)
            return Answer(fault.status, fault.body, (fault.headers[0], *_CHALLENGE))
        except NotAllowed as refusal:
            return fault_of(refusal)
        if self._engine.is_open:
            await self._engine.telemetry.metrics.renew()
        liked = content_type(request.headers.get("accept", "")[:LONGEST_ACCEPT], OFFERED)
        kind, body = as_open_metrics(self._registry) if liked == OFFERED[1] else as_text(self._registry)
        return Answer(200, body, ((b"content-type", kind.encode()), (b"cache-control", b"no-store")))

    def _admit(self, request: Request) -> None:
        """Raises `NotAuthenticated` without the token where there is one, else `NotAllowed` from another machine."""
        if self._token:
            given = request.headers.get("authorization", "")
            word, token = given[: len(_BEARER)].lower(), given[len(_BEARER) :].strip()
            if word != _BEARER or not hmac.compare_digest(token.encode(), self._token):
                raise NotAuthenticated(
                    "These figures take the token of the setting metrics_token; send Authorization: Bearer with it."
                )
        elif not _is_of_this_machine(request):
            raise NotAllowed(
                "These figures are for this machine only; set metrics_token on the server, and send it as "
                "Authorization: Bearer."
            )


def _is_of_this_machine(request: Request) -> bool:
    """Whether a request comes from this machine, and was not only passed on by a proxy on it."""
    headers: Mapping[str, str] = request.headers
    if request.client is None or any(name in headers for name in _THROUGH_A_PROXY):
        return False
    return _is_loopback(request.client.host) and _names_this_machine(headers.get("host", ""))


def _names_this_machine(host: str) -> bool:
    """Whether a request is for this machine by a name of its own: a stranger's page in a browser here gives another."""
    name = _PORT.sub("", host).lower()
    return name in ("localhost", gethostname().lower()) or _is_loopback(name.strip("[]"))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
