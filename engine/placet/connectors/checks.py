"""What has to hold between the parts of a connector, and of names; each fault at its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from placet.connectors.content import read_default
from placet.connectors.kinds import OURS, token_fault, url_fault, value_fault
from placet.connectors.records import BodyType, PaginationKind, ParameterType, Place
from placet.connectors.shape import ConnectorShape, PaginationShape, ParameterShape
from placet.core.ids import is_id
from placet.loader.faults import Faults, did_you_mean
from placet.loader.faults import Place as At
from placet.loader.yaml_tree import Mapping, Node, Scalar, find, place_of_key
from placet.query.storable import DEEPEST, storable, unstorable_in

LONGEST_NAME = 100
MOST_PARAMETERS = 100
_BRACES = re.compile(r"\{([^{}]*)\}")
PARAMETER_NAME = re.compile(r"[A-Za-z0-9_.$\[\]-]{1,100}")
_MEDIA_TYPE = re.compile(r"([\w!#$&^.+-]+/[\w!#$&^.+-]+)((?:\s*;\s*[\w-]+=(?:[\w.+-]+|\"[^\"\\]*\"))*)", re.ASCII)
_OF_FORMS = ("multipart/", "application/x-www-form-urlencoded")
_UTF_8 = re.compile(r"charset=\"?utf-?8\b", re.IGNORECASE)
_PROOFS = frozenset({"authorization", "proxy-authorization", "cookie"})


def fold_name(name: str) -> str:
    """A name as it is told apart from others."""
    return name.casefold()


def name_fault(name: str) -> str | None:
    """What is wrong with the name of a configuration, service or connector, in words."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != " ".join(name.split()):
        return f"is no name; give 1 to {LONGEST_NAME} characters on one line, single spaces only between words"
    return "looks like an id; choose a name that says what it is" if is_id(name.lower()) else None


def check_connector(owner: str, shape: ConnectorShape, node: Node, faults: Faults) -> dict[str, Any]:
    """The defaults of the parameters by name, once everything that is wrong has been noted."""
    _check_url(owner, shape, node, faults)
    _check_headers(owner, shape, node, faults)
    _check_body(owner, shape, node, faults)
    if shape.pagination is not None:
        _check_pagination(owner, shape.pagination, node, faults)
    if len(shape.parameters) > MOST_PARAMETERS:
        place = place_of_key(node, ("parameters",))
        faults.add(place, f"The {owner} has {len(shape.parameters)} parameters; at most {MOST_PARAMETERS} work.")
    defaults = {}
    for name, parameter in shape.parameters.items():
        _check_parameter(owner, name, parameter, shape.body, place_of_key(node, ("parameters", name)), faults)
        given = find(node, ("parameters", name))
        default = given.values.get("default") if isinstance(given, Mapping) else None
        if default is not None and not (isinstance(default, Scalar) and default.is_null):
            defaults[name] = _default(owner, name, parameter, default, faults)
    return defaults


def _check_url(owner: str, shape: ConnectorShape, node: Node, faults: Faults) -> None:
    place = find(node, ("url",)).place
    fault = url_fault(shape.url)
    if fault is not None:
        faults.add(place, f"'url' of {owner}: {shape.url[:200]!r} {fault}.")
        return
    path, _, query = shape.url.partition("?")
    named = _BRACES.findall(path)
    rest = _BRACES.sub("", path) + query
    if "{" in rest or "}" in rest:
        faults.add(place, f"'url' of {owner} has a brace too many; {{name}} stands in the path, for a path parameter.")
    known = {name for name, each in shape.parameters.items() if each.place is Place.PATH}
    for name in named:
        if name not in known:
            remedy = f"add it as {name}: {{in: path}}" if name else "write its name between the braces"
            faults.add(place, f"'url' of {owner} has {{{name}}}, and there is no such path parameter; {remedy}.")
    for name in known - set(named):
        at = place_of_key(node, ("parameters", name))
        faults.add(at, f"The parameter {name!r} of {owner} is in the path; write {{{name}}} where it goes in the url.")


def _check_parameter(
    owner: str, name: str, parameter: ParameterShape, body: BodyType, place: At, faults: Faults
) -> None:
    if not PARAMETER_NAME.fullmatch(name):
        faults.add(
            place, f"{name[:100]!r} cannot name a parameter of {owner}; use up to 100 letters, digits, - _ . $ [ ]."
        )
    elif parameter.place is Place.HEADER and (fault := header_fault(name)):
        faults.add(place, f"The parameter {name!r} of {owner} {fault}.")
    if parameter.type is ParameterType.JSON and parameter.place in (Place.PATH, Place.HEADER):
        faults.add(place, f"The parameter {name!r} of {owner} is json, which has no place in a {parameter.place}.")
    if parameter.type is ParameterType.FILE and (parameter.place, body) != (Place.BODY, BodyType.MULTIPART):
        faults.add(
            place, f"The parameter {name!r} of {owner} is a file; give it in: body, and the connector body: multipart."
        )


def _default(owner: str, name: str, parameter: ParameterShape, given: Node, faults: Faults) -> Any:
    what = f"The default of the parameter {name!r} of {owner}"
    if not isinstance(given, Scalar):
        faults.add(given.place, f"{what} has to be one text; a list or mapping is written as JSON in quotes.")
        return None
    try:
        value = read_default(parameter.type, given.text)
        if bad := unstorable_in(given.text) or unstorable_in(json.dumps(value, ensure_ascii=False)):
            raise ValueError(f"it has {bad}; leave that out")
        if parameter.place is Place.HEADER and (bad := value_fault(given.text)):
            raise ValueError(f"it {bad}")
        if storable(value) != value:
            raise ValueError(f"whole numbers have up to 18 digits, and values up to {DEEPEST} levels")
        return value
    except ValueError as failure:
        faults.add(given.place, f"{what} cannot be {given.text[:100]!r}, for its type is {parameter.type}; {failure}.")
        return None


def _check_headers(owner: str, shape: ConnectorShape, node: Node, faults: Faults) -> None:
    headers = {**shape.headers}
    for name, value in headers.items():
        place = place_of_key(node, ("headers", name))
        of_name = content_type_fault(shape.body, value) if name.lower() == "content-type" else header_fault(name)
        for fault in (of_name, value_fault(value)):
            if fault is not None:
                faults.add(place, f"The header {name[:100]!r} of {owner} {fault}.")
    for name in _twice([*headers, *(each for each, given in shape.parameters.items() if given.place is Place.HEADER)]):
        faults.add(place_of_key(node, ("headers",)), f"The header {name!r} of {owner} is given twice; keep one.")


def content_type_fault(body: BodyType, value: str) -> str | None:
    """What is wrong with what a connector says of its own body, in words."""
    found = _MEDIA_TYPE.fullmatch(value)
    if found is None:
        return f"cannot be {value[:100]!r}; give a media type such as application/merge-patch+json"
    media, is_form = found[1].lower(), body in (BodyType.FORM, BodyType.MULTIPART)
    if is_form or media.startswith(_OF_FORMS):
        return f"is written by what sends the body {body}; leave it out"
    if "charset" in found[2].lower() and not _UTF_8.search(found[2]):
        return "names another charset than utf-8, which is what is sent; leave the charset out"
    if body is BodyType.JSON and not (media == "application/json" or media.endswith("+json")):
        return f"cannot be {value[:100]!r} where the body is json; give a type that ends in +json, or say body: text"
    return None


def header_fault(name: str) -> str | None:
    """What is wrong with a header that a connector sends, in words."""
    if name.lower() in _PROOFS:
        return "proves who calls; give that in an authentication configuration, which keeps it encrypted"
    if name.lower() in OURS:
        return "is written by what sends the request; leave it out"
    return token_fault(name)


def _twice(names: list[str]) -> Iterator[str]:
    folded = [name.lower() for name in names]
    return (name for place, name in enumerate(names) if folded.index(name.lower()) < place)


def _check_body(owner: str, shape: ConnectorShape, node: Node, faults: Faults) -> None:
    inside = [name for name, each in shape.parameters.items() if each.place is Place.BODY]
    if not inside:
        return
    place = place_of_key(node, ("parameters", inside[0]))
    if shape.method in ("GET", "HEAD"):
        faults.add(place, f"The parameter {inside[0]!r} of {owner} is in the body, and {shape.method} sends none.")
    if shape.body is BodyType.TEXT and len(inside) > 1:
        faults.add(place, f"The body of {owner} is text and made of one parameter; it has {', '.join(inside)}.")


def _check_pagination(owner: str, shape: PaginationShape, node: Node, faults: Faults) -> None:
    place = place_of_key(node, ("pagination",))
    needed = {PaginationKind.CURSOR: ("next",), PaginationKind.PAGE: ("parameter",)}
    for key in needed.get(shape.kind, ()):
        if not getattr(shape, key):
            faults.add(
                place, f"'pagination' of {owner} is by {shape.kind} and has no {key}; add {key}: with its value."
            )
    if shape.kind is not PaginationKind.CURSOR and shape.next is not None:
        faults.add(place, f"'pagination' of {owner} has next, which only kind: cursor looks at; leave it out.")


def unknown(what: str, name: str, known: list[str]) -> str:
    """The sentence about a name that there is not."""
    asked, folded = name[:LONGEST_NAME], {fold_name(each): each for each in known}
    near = get_close_matches(fold_name(asked), folded, 1)
    return f"There is no {what} {asked!r}: {did_you_mean(folded[near[0]] if near else asked, known)}"
