"""The pages on which a user signs in and allows an application to act for him, or does not."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from placet.core.people import Person
from placet.directory.authorizations import AuthorizationRequest
from placet.directory.redirect_uris import origin_of
from placet.directory.scopes import may_write
from placet_api.answers import Answer, Headers
from placet_api.openapi.html import Html, join, tag

_STYLE = files(__package__ or "").joinpath("consent.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_VIEWS = "See the definitions, processes, work items and people that you may see"
_CHANGES = ("Start processes in your name", "Answer your work items, and do whatever else your role allows")


def sign_in_page(request: AuthorizationRequest, ticket: str, trouble: str = "", status: int = 200) -> Answer:
    """Asks who the user is; `trouble` is what was wrong with his last answer."""
    form = tag(
        "form",
        tag("label", "User name", for_="user"),
        tag("input", type="text", id="user", name="user", autocomplete="username", required="", autofocus="",
            autocapitalize="none", spellcheck="false"),
        tag("label", "Password", for_="password"),
        tag("input", type="password", id="password", name="password", autocomplete="current-password", required=""),
        _hidden(ticket),
        tag("div", tag("button", "Sign in", type="submit", class_="first"), _cancel(), class_="choice"),
        method="post",
    )  # fmt: skip
    return page(
        "Sign in",
        tag("h1", "Sign in"),
        tag("p", f"Then you decide what {request.application.name} may do.", class_="soft"),
        *([tag("p", trouble, class_="bad", role="alert")] if trouble else []),
        form,
        status=status,
        target=request.redirect_uri,
    )


def consent_page(request: AuthorizationRequest, person: Person, owner: str, ticket: str) -> Answer:
    """Asks a user who has signed in whether the application may act for him."""
    application = request.application
    wanted = [_VIEWS, *(_CHANGES if may_write(request.scope) else ())]
    form = tag(
        "form",
        _hidden(ticket),
        tag(
            "div",
            tag("button", "Allow", type="submit", name="allow", value="Accept", class_="first"),
            _cancel(),
            class_="choice",
        ),
        method="post",
    )
    about = [tag("p", application.description, class_="soft about", tabindex="0")] if application.description else []
    return page(
        f"Allow {application.name}?",
        tag("h1", f"Allow {application.name} to act for you?"),
        *about,
        tag("p", "It will be able to:"),
        tag("ul", *(tag("li", each) for each in wanted)),
        tag("p", "You are ", tag("strong", person.full_name), f" ({person.user_name}).", class_="small"),
        form,
        tag(
            "p",
            f"Registered by {owner}. Afterwards you go back to {_shown(request.redirect_uri)}.",
            class_="soft small end",
        ),
        target=request.redirect_uri,
    )


def fault_page(trouble: str, status: int, headers: Headers = ()) -> Answer:
    """Says what is wrong where nobody can be sent back anywhere."""
    return page(
        "This does not work",
        tag("h1", "This does not work"),
        tag("p", trouble),
        tag("p", "Nothing was allowed. You can close this page.", class_="soft"),
        status=status,
        headers=headers,
    )


def page(title: str, *content: str, status: int = 200, target: str = "", headers: Headers = ()) -> Answer:
    """A page of HTML in the style of these, which no other site may frame."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} - Placet"),
        tag("style", Html(_STYLE)),
    )
    body = tag("body", tag("main", tag("p", "Placet", class_="brand"), *content))
    text = join(Html("<!doctype html>\n"), tag("html", head, body, lang="en"), "\n")
    return Answer(status, text.encode(), (*_headers(target), *headers))


def _headers(target: str) -> Headers:
    """What keeps other sites out: no frame, no script, and no form to anywhere but here and what is behind it.

    Browsers hold a form's whole way against `form-action`, also where the application at `target` sends on to another
    address of its own, which nobody here knows: so its scheme is allowed.
    """
    back = f" {target.partition(':')[0]}:" if target else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'{back}; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode()),
        (b"x-frame-options", b"DENY"),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cache-control", b"no-store"),
    )


def _hidden(ticket: str) -> Html:
    return tag("input", type="hidden", name="ticket", value=ticket)


def _cancel() -> Html:
    return tag("button", "Cancel", type="submit", name="cancel", value="Cancel", formnovalidate="")


def _shown(uri: str) -> str:
    """Where an address leads, short enough to be read."""
    return origin_of(uri).partition("://")[2] or uri[:60]
