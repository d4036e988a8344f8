"""`…/configurations/{id}/authorize` and `/v1/connectors/authorized`: an operator goes to a service, and comes back."""

from __future__ import annotations

from urllib.parse import parse_qsl

from placet.directory.caller import Caller
from placet.errors import Conflict, InvalidInput, NotAuthenticated
from placet_api.answers import Answer, json_answer
from placet_api.auth import authenticate
from placet_api.openapi.html import tag
from placet_api.processmaker.consent import page
from placet_api.ris.request import Request

PAGES = ("text/html", "application/json")
_NEVER_KEPT = (b"cache-control", b"no-store")
_SECOND_TIME = "placet_again"


async def authorize(request: Request) -> Answer:
    """Say where the operator who asks has to go to agree."""
    request.query()
    url = await request.engine.connectors.authorize(request.caller, request.id("configuration"))
    return json_answer({"URL": url}, headers=(_NEVER_KEPT,), indented=request.target.debug)


async def authorized(request: Request) -> Answer:
    """Take what the operator brings back, as the one who was sent; whatever else the service sent along is passed over.

    A browser that was sent here by another server keeps the cookie of its session to itself: it is asked to come again,
    from here.
    """
    brought = dict(parse_qsl(request.query_string.decode("latin-1")))
    if request.method == "HEAD":  # who only looks uses up no code
        return page("Authorization", tag("p", "An operator comes back to this page."))
    try:
        actor = await authenticate(request.engine, request.scope, request.headers)
    except NotAuthenticated:
        if _SECOND_TIME in brought or b"text/html" not in request.headers.get(b"accept", b""):
            raise
        again = b"0; url=?" + request.query_string + f"&{_SECOND_TIME}=1".encode()
        return page("Authorization", tag("p", "One moment, please."), headers=((b"refresh", again),))
    caller = Caller(actor, request.engine.directory, request.engine.clock.now(), request.address)
    if "error" in brought:
        raise Conflict(f"The service did not agree: {brought['error'][:100]!r}; begin again when it will.")
    if not brought.get("code") or not brought.get("state"):
        raise InvalidInput("There is no code or no state; begin at the configuration, which leads to the service.")
    configuration = await request.engine.connectors.authorizing.finish(caller, brought["code"], brought["state"])
    return page(
        "Authorized",
        tag("h1", "It is authorized"),
        tag("p", f"The configuration {configuration.name} can be used from now on. You can close this page."),
    )
