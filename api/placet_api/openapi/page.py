"""The OpenAPI document as a page: no script, nothing from elsewhere, one heading for each operation."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

import orjson

from placet_api.openapi.curl import curl_line
from placet_api.openapi.html import Html, join, prose, table, tag
from placet_api.openapi.words import members_of, words_for

_STYLE = files(__package__).joinpath("style.css").read_text("utf-8")
_HASH = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()

#: Nothing but this page's own style is allowed, whatever should get into it.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation of the document, with the further paths that it is there under, and that of its variant."""

    path: str
    method: str
    value: Mapping[str, Any]
    also_at: Sequence[str]
    variant: str | None

    @property
    def id(self) -> str:
        return str(self.value["operationId"])


def page(document: Mapping[str, Any]) -> str:
    """The page of a document, complete."""
    info = document["info"]
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{info['title']}: the HTTP interface"),
        tag("link", rel="icon", href="data:,"),
        tag("style", Html(_STYLE)),
    )
    shown = list(_shown(document))
    services = [(each, [one for one in shown if each["name"] in one.value["tags"]]) for each in document["tags"]]
    body = tag(
        "body",
        tag("a", "Skip to the operations", href="#content", class_="skip"),
        _header(document),
        _navigation(services),
        tag(
            "main",
            _sign_in(document),
            *(_service(document, about, operations) for about, operations in services),
            _schemas(document),
            id="content",
        ),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _shown(document: Mapping[str, Any]) -> Iterator[Shown]:
    """Each operation once, under its first path."""
    every = [(path, method, value) for path, item in document["paths"].items() for method, value in item.items()]
    also: dict[tuple[str, str], list[str]] = {}
    variants: dict[str, str] = {}
    for path, method, value in every:
        if "x-same-as" in value:
            also.setdefault((value["x-same-as"], method), []).append(path)
        elif "x-variant-of" in value:
            variants[value["x-variant-of"]] = path
    for path, method, value in every:
        if "x-same-as" not in value and "x-variant-of" not in value:
            yield Shown(path, method, value, also.get((path, method), ()), variants.get(value["operationId"]))


# -- around the operations -----------------------------------------------------------------------


def _header(document: Mapping[str, Any]) -> Html:
    info, root = document["info"], document["servers"][0]["url"].rstrip("/")
    return tag(
        "header",
        tag("h1", f"{info['title']} ", tag("small", info["version"])),
        tag("p", prose(info["description"])),
        tag("p", "The same for programs: ", tag("a", "openapi.json", href=f"{root}/openapi.json")),
    )


def _navigation(services: Sequence[tuple[Mapping[str, Any], Sequence[Shown]]]) -> Html:
    entries = []
    for about, operations in services:
        links = [tag("li", tag("a", _method(each), each.value["summary"], href=f"#{each.id}")) for each in operations]
        service = tag("a", about["name"], href=f"#{_anchor(about['name'])}")
        entries.append(tag("li", service, tag("ul", *links)))
    ends = [tag("li", tag("a", "Signing in", href="#signing-in")), tag("li", tag("a", "Schemas", href="#schemas"))]
    return tag("nav", tag("ul", ends[0], *entries, ends[1]), aria_label="Operations")


def _sign_in(document: Mapping[str, Any]) -> Html:
    root = document["servers"][0]["url"].rstrip("/")
    rows: list[tuple[str, ...]] = [
        (tag("code", name), prose(scheme["description"]))
        for name, scheme in document["components"]["securitySchemes"].items()
    ]
    return tag(
        "section",
        tag("h2", "Signing in", id="signing-in"),
        table(("Name", "How"), rows, "Ways to say who is asking"),
        tag("p", "The examples below are for a shell in which these are set, each to what it is at yours:"),
        tag("pre", tag("code", f"PLACET=http://127.0.0.1:8080{root}\nSIGN_IN=anna:demo")),
    )


def _service(document: Mapping[str, Any], about: Mapping[str, Any], operations: Sequence[Shown]) -> Html:
    entries = [
        tag("li", tag("span", _method(each), tag("a", tag("code", each.path), href=f"#{each.id}")), _summary(each))
        for each in operations
    ]
    return tag(
        "section",
        tag("h2", about["name"], id=_anchor(about["name"])),
        tag("p", prose(about["description"])),
        tag("ul", *entries, class_="overview"),
        *(_operation(document, each) for each in operations),
    )


def _summary(operation: Shown) -> Html:
    return tag("span", operation.value["summary"])


def _method(operation: Shown) -> Html:
    return tag("span", operation.method.upper(), class_=f"method {operation.method}")


def _anchor(name: str) -> str:
    return "service-" + "-".join(name.lower().split())


def _schemas(document: Mapping[str, Any]) -> Html:
    parts = [tag("h2", "Schemas", id="schemas")]
    for name, schema in document["components"]["schemas"].items():
        rows: list[tuple[str, ...]] = [
            (tag("code", member), words_for(each), "always" if needed else "", prose(each.get("description", "")))
            for member, each, needed in members_of(schema)
        ]
        about = tag("p", prose(schema.get("description", "")))
        members = table(("Member", "Is", "There", "Meaning"), rows, f"Members of {name}") if rows else ""
        parts.append(tag("article", tag("h3", name, id=f"schema-{name}"), about, members))
    return tag("section", *parts)


# -- one operation -------------------------------------------------------------------------------


def _operation(document: Mapping[str, Any], shown: Shown) -> Html:
    value = shown.value
    parts = [
        tag("h3", value["summary"]),
        tag("p", _method(shown), tag("code", shown.path), class_="route"),
    ]
    if shown.also_at:
        paths = [join(", " if place else "", tag("code", path)) for place, path in enumerate(shown.also_at)]
        parts.append(tag("p", "The same at ", *paths, class_="note"))
    if not value["security"]:
        parts.append(tag("p", "Open to everybody.", class_="note"))
    if shown.variant:
        parts.append(tag("p", "With parameters in its path: ", tag("code", shown.variant), class_="note"))
    if "description" in value:
        parts.append(tag("p", prose(value["description"])))
    parts += [_parameters(value.get("parameters", ())), _request(shown), *_answers(document, value)]
    return tag("article", *parts, id=shown.id)


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> Html:
    if not parameters:
        return Html("")
    rows: list[tuple[str, ...]] = [
        (
            tag("code", each["name"]),
            each["in"] + (", required" if each["required"] else ""),
            words_for(each["schema"]),
            prose(each["description"]),
        )
        for each in parameters
    ]
    return table(("Name", "In", "Takes", "Meaning"), rows, "Parameters")


def _request(shown: Shown) -> Html:
    body = shown.value.get("requestBody")
    parts = [
        tag("h4", "Request"),
        tag("pre", tag("code", curl_line(shown.path, shown.method, shown.value)), tabindex="0"),
    ]
    if body is not None:
        media = next(iter(body["content"].values()))
        rows: list[tuple[str, ...]] = [
            (tag("code", name), words_for(each), "required" if needed else "", prose(each.get("description", "")))
            for name, each, needed in members_of(media["schema"])
        ]
        parts.append(tag("p", "A body of ", tag("code", ", ".join(body["content"])), ":"))
        parts.append(
            table(("Member", "Takes", "Required", "Meaning"), rows, "Members of the body") if rows else Html("")
        )
        parts.append(_example(media))
    return join(*parts)


def _answers(document: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[Html]:
    refused: list[tuple[str, ...]] = []
    for status, given in value["responses"].items():
        if "$ref" in given:
            reply = document["components"]["responses"][given["$ref"].rpartition("/")[2]]
            refused.append((status, prose(reply["description"]), _headers(reply)))
            continue
        yield tag("h4", f"Answer {status}")
        yield tag(
            "p", prose(given["description"]), *([" Headers: ", _headers(given), "."] if "headers" in given else [])
        )
        for media in list(given.get("content", {}).values())[:1]:
            yield tag("p", tag("code", ", ".join(given["content"])), ": ", words_for(media["schema"]), class_="note")
            yield _example(media)
    if refused:
        yield table(("Status", "When", "Headers"), refused, "Refusals")


def _headers(reply: Mapping[str, Any]) -> Html:
    return tag("code", ", ".join(reply["headers"])) if reply.get("headers") else Html("")


def _example(media: Mapping[str, Any]) -> Html:
    if "example" not in media:
        return Html("")
    example = media["example"]
    text = example if isinstance(example, str) else orjson.dumps(example, option=orjson.OPT_INDENT_2).decode()
    return tag("pre", tag("code", text), tabindex="0")
