"""`/v1/applications`: the programs that may ask for access tokens, each with its secret."""

from __future__ import annotations

from typing import Any

from placet.directory.applications import Application, Registration
from placet.query.times import format_time
from placet_api.answers import Answer, json_answer
from placet_api.body import flag_of, list_of, text_of
from placet_api.ris.request import NO_CONTENT, Request

_NEVER_KEPT = (b"cache-control", b"no-store")  # every answer has a secret in it


async def every_application(request: Request) -> Answer:
    """One's own, or all for who holds every permission; takes PM_REST_API_APPLICATIONS."""
    request.query()
    found = await request.engine.oauth.applications.every(request.caller)
    return _answer(request, [_described(request, each) for each in found])


async def one_application(request: Request) -> Answer:
    request.query()
    found = await request.engine.oauth.applications.one(request.caller, request.target.id)
    return _answer(request, _described(request, found))


async def register(request: Request) -> Answer:
    """Register an application of who asks; its id and secret are made here."""
    request.query()
    body = await request.body()
    wanted = Registration(
        name=text_of(body, "Name") or "",
        description=text_of(body, "Description") or "",
        web_site=text_of(body, "WebSite") or "",
        redirect_uris=[text_of(each, "Value") or "" for each in list_of(body, "RedirectURIs")],
        is_public=bool(flag_of(body, "Public")),
    )
    made = await request.engine.oauth.applications.register(request.caller, wanted)
    return _answer(request, _described(request, made), 201, (b"location", _link(request, made).encode()))


async def remove(request: Request) -> Answer:
    """Remove an application; its tokens count no longer."""
    request.query()
    await request.engine.oauth.applications.remove(request.caller, request.target.id)
    return NO_CONTENT


def _answer(request: Request, value: Any, status: int = 200, *headers: tuple[bytes, bytes]) -> Answer:
    return json_answer(value, status=status, headers=(_NEVER_KEPT, *headers), indented=request.target.debug)


def _described(request: Request, application: Application) -> dict[str, Any]:
    return {
        "ClientID": application.client_id,
        "Link": _link(request, application),
        "ClientSecret": application.secret or "",
        "Public": application.is_public,
        "Name": application.name,
        "Description": application.description,
        "WebSite": application.web_site,
        "RedirectURIs": [{"Value": uri} for uri in application.redirect_uris],
        "Owner": request.render.person(application.owner or None),
        "Created": format_time(application.created_at),
    }


def _link(request: Request, application: Application) -> str:
    return f"{request.render.links.prefix}/applications/{application.client_id}"
