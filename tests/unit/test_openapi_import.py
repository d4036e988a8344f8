"""Operations of OpenAPI documents as connectors: what they become, and what is refused in words."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from placet.connectors.openapi_import import MAX_YAML_BYTES, picked, read_document, read_file
from placet.connectors.openapi_operations import Offer
from placet.connectors.records import BodyType, Connector, Parameter, ParameterType, Place
from placet.errors import InvalidConnectors


def document(paths: dict[str, Any], **more: Any) -> str:
    head = {"openapi": "3.1.0", "info": {"title": "Travel desk", "version": 2}}
    return json.dumps({**head, "servers": [{"url": "https://travel.example.org/v2/"}], "paths": paths, **more})


def offer(operation: dict[str, Any], path: str = "/trips", method: str = "get", **more: Any) -> Offer:
    """The one operation of a document."""
    [found] = read_document(document({path: {method: operation}}, **more)).offers
    return found


def made(operation: dict[str, Any], path: str = "/trips", method: str = "get", **more: Any) -> Connector:
    """The connector that one operation makes."""
    found = read_document(document({path: {method: {"operationId": "it", **operation}}}, **more))
    [given] = picked(found, "Travel", ["it"]).connectors
    assert given.refers_to == "Travel"
    return given.record


def test_an_operation_becomes_a_connector():
    connector = made(
        {
            "summary": "One trip",
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                {
                    "name": "lang",
                    "in": "query",
                    "schema": {"type": "string", "default": "nl"},
                    "description": "of it",
                },
                {"name": "X-Trace", "in": "header", "schema": {"type": ["string", "null"]}},
                {"name": "full", "in": "query", "schema": {"type": "boolean", "default": False}},
                {"name": "near", "in": "query", "schema": {"type": "number", "default": 1}},
                {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
            ],
        },
        "/trips/{id}",
    )

    assert (connector.name, connector.method, connector.url) == (
        "it",
        "GET",
        "https://travel.example.org/v2/trips/{id}",
    )
    assert connector.description == "One trip"
    assert connector.parameters == (
        Parameter("id", Place.PATH, ParameterType.INTEGER, required=True),
        Parameter("lang", Place.QUERY, default="nl", description="of it"),
        Parameter("X-Trace", Place.HEADER),
        Parameter("full", Place.QUERY, ParameterType.BOOLEAN, default=False),
        Parameter("near", Place.QUERY, ParameterType.DECIMAL, default=1.0),
        Parameter("tags", Place.QUERY, ParameterType.JSON),
    )


@pytest.mark.parametrize(
    ("media", "kind", "said"),
    [
        ("application/json", BodyType.JSON, None),
        ("application/merge-patch+json; charset=utf-8", BodyType.JSON, "application/merge-patch+json"),
        ("application/vnd.api+json", BodyType.JSON, "application/vnd.api+json"),
        ("application/x-www-form-urlencoded", BodyType.FORM, None),
        ("multipart/form-data", BodyType.MULTIPART, None),
    ],
)
def test_the_members_of_a_body_become_parameters(media: str, kind: BodyType, said: str | None):
    schema = {
        "type": "object",
        "required": ["days"],
        "properties": {
            "days": {"type": "integer"},
            "why": {"type": "string", "default": "work"},
            "stops": {"type": "array", "default": ["Ghent"]},
            "id": {"type": "string", "readOnly": True},
        },
    }
    connector = made({"requestBody": {"required": True, "content": {media: {"schema": schema}}}}, method="post")

    assert connector.body_type is kind
    assert connector.headers == ({} if said is None else {"Content-Type": said})
    assert connector.parameters == (
        Parameter("days", Place.BODY, ParameterType.INTEGER, required=True),
        Parameter("why", Place.BODY, default="work"),
        Parameter("stops", Place.BODY, ParameterType.JSON, default=["Ghent"]),
    )


@pytest.mark.parametrize(
    ("media", "schema", "kind"),
    [
        ("application/json", {"type": "array"}, ParameterType.JSON),
        ("application/json", {}, ParameterType.JSON),
        ("application/json", {"properties": {"a b": {}}}, ParameterType.JSON),
        ("text/plain", {"type": "string"}, ParameterType.STRING),
    ],
)
def test_a_body_without_telling_members_is_one_parameter(media: str, schema: dict[str, Any], kind: ParameterType):
    connector = made({"requestBody": {"required": True, "content": {media: {"schema": schema}}}}, method="post")

    assert connector.parameters == (Parameter("body", Place.BODY, kind, required=True),)


def test_binary_members_of_a_body_in_parts_are_files():
    binary = {"type": "string", "format": "binary"}
    properties = {
        "scan": binary,
        "pages": {"type": "array", "items": binary},
        "photo": {"type": "string", "contentMediaType": "image/png"},
        "why": {"type": "string"},
    }
    content = {"multipart/form-data": {"schema": {"properties": properties}}}
    connector = made({"requestBody": {"content": content}}, method="post")

    kinds = {each.name: each.type.value for each in connector.parameters}
    assert kinds == {"scan": "file", "pages": "file", "photo": "file", "why": "string"}


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (["application/xml"], BodyType.TEXT, "application/xml"),
        (["text/csv; header=present"], BodyType.TEXT, "text/csv"),
        (["application/vnd.api+json", "application/json"], BodyType.JSON, None),
        (["application/soap+xml", "text/plain"], BodyType.TEXT, None),
        (["application/xml", "application/hal+json"], BodyType.JSON, "application/hal+json"),
    ],
)
def test_the_most_usual_of_several_bodies_is_sent(content: list[str], kind: BodyType, said: str | None):
    connector = made({"requestBody": {"content": {media: {} for media in content}}}, method="post")

    assert (connector.body_type, connector.headers.get("Content-Type")) == (kind, said)


def test_references_within_the_document_are_followed():
    components = {
        "parameters": {"a/b": {"name": "page", "in": "query", "schema": {"$ref": "#/components/schemas/Page"}}},
        "schemas": {"Page": {"type": "integer"}, "Base": {"properties": {"a": {"type": "string"}}}},
    }
    body = {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"b": {"type": "integer"}}}]}
    operation = {
        "parameters": [{"$ref": "#/components/parameters/a~1b"}],
        "requestBody": {"content": {"application/json": {"schema": body}}},
    }

    connector = made(operation, method="put", components=components)
    assert [(each.name, each.type.value) for each in connector.parameters] == [
        ("page", "integer"), ("a", "string"), ("b", "integer"),
    ]  # fmt: skip


def test_the_parameters_of_a_path_hold_for_its_operations_unless_they_say_otherwise():
    item = {
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "n", "in": "query", "schema": {"type": "string"}},
        ],
        "get": {"operationId": "it", "parameters": [{"name": "n", "in": "query", "schema": {"type": "integer"}}]},
    }
    [given] = picked(read_document(document({"/a/{id}": item})), "S", ["GET /a/{id}"]).connectors

    assert [(each.name, each.type.value) for each in given.record.parameters] == [("id", "string"), ("n", "integer")]


def test_servers_are_taken_from_the_nearest_place_and_their_variables_filled():
    servers = [
        {"url": "https://{where}.example.org/{v}", "variables": {"where": {"default": "eu"}, "v": {"default": "1"}}}
    ]

    assert made({"servers": servers}).url == "https://eu.example.org/1/trips"
    text = document({"/trips": {"get": {"operationId": "it"}}}, servers=[{"url": "/v1"}])
    [given] = picked(read_document(text, "http://inside.example.org/api/"), "S", ["it"]).connectors
    assert given.record.url == "http://inside.example.org/api/trips"


def test_an_operation_without_an_id_is_known_by_its_method_and_path():
    found = offer({"description": "All\n trips"})

    assert (found.name, found.method, found.path, found.summary) == ("GET /trips", "GET", "/trips", "All trips")


_QUERY = {"name": "a", "in": "query"}


@pytest.mark.parametrize(
    ("operation", "path", "reason"),
    [
        (
            {"parameters": [{"$ref": "http://evil.example.org/x.json"}]},
            "/t",
            "refers to 'http://evil.example.org/x.json'",
        ),
        ({"parameters": [{"$ref": "other.yaml#/a"}]}, "/t", "nothing but the document itself is read"),
        ({"parameters": [{"$ref": "#/nowhere"}]}, "/t", "which the document does not have"),
        ({"parameters": [{"$ref": "#/loop"}]}, "/t", "its references lead on and on"),
        ({"parameters": ["x"]}, "/t", "something else where there has to be an object"),
        ({"parameters": [_QUERY, {"name": "a", "in": "header"}]}, "/t", "two parameters 'a'"),
        ({"parameters": [{"name": "s", "in": "cookie", "required": True}]}, "/t", "needs the cookie 's'"),
        ({"parameters": [{"name": "s", "in": "body"}]}, "/t", "is in 'body', which is no place"),
        ({"requestBody": {"content": {"application/json": {}}}}, "/t", "it has a body, and GET sends none"),
        ({"servers": [{"url": "/relative"}]}, "/t", "its server is '/relative', which is no full address"),
        ({"servers": [{"url": "https://x.org/?v=1"}]}, "/t", "its server is 'https://x.org/?v=1', which has a query"),
    ],
)
def test_what_cannot_be_a_connector_is_listed_with_the_reason(operation: dict[str, Any], path: str, reason: str):
    found = offer(operation, path, loop={"$ref": "#/loop"})

    assert reason in found.refused
    with pytest.raises(InvalidConnectors, match="cannot be a connector: "):
        picked(read_document(document({path: {"get": operation}}, loop={"$ref": "#/loop"})), "S", [f"GET {path}"])


def test_a_path_whose_parameter_is_not_described_is_refused_when_it_is_picked():
    text = document({"/t/{id}": {"get": {"operationId": "it"}}})

    with pytest.raises(InvalidConnectors, match=r"'it' cannot be a connector: 'url' of connector 'it' has \{id\}"):
        picked(read_document(text), "S", ["it"])


def test_all_operations_that_are_not_there_are_told_at_once():
    found = read_document(document({"/trips": {"get": {"operationId": "listTrips"}}}))

    with pytest.raises(InvalidConnectors) as caught:
        picked(found, "S", ["listTrip", "x", "listTrips"])
    assert str(caught.value).splitlines() == [
        "There is no operation 'listTrip': did you mean 'listTrips'?",
        "There is no operation 'x': there are: listTrips.",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "is not readable as JSON or YAML"),
        ("a: [", "is not readable as JSON or YAML"),
        ("[1]", "is no object"),
        ("{}", "it has no openapi: 3.1.0"),
        ('{"swagger": "2.0"}', "no OpenAPI document of the versions 3.0 and 3.1"),
        ('{"openapi": "2.0"}', "it says openapi: '2.0'"),
        ("#" * (MAX_YAML_BYTES + 1), "are read of YAML; as JSON it may be larger"),
        ("[" * 100_000, "is not readable as JSON or YAML"),
    ],
)
def test_what_is_no_document_is_refused(text: str, reason: str):
    with pytest.raises(InvalidConnectors, match=reason):
        read_document(text)


def test_an_address_that_is_none_is_refused():
    with pytest.raises(InvalidConnectors, match="The url 'ftp://x' is no web address"):
        read_document(document({}), "ftp://x")
    with pytest.raises(InvalidConnectors, match="has a query, and paths go behind it"):
        read_document(document({}), "https://x.org?v=1")


def test_a_document_may_be_yaml(tmp_path: Path):
    file = tmp_path / "travel.yaml"
    file.write_text(
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {/a: {get: {operationId: a}, x-note: {}}}\n"
    )

    found = read_document(read_file(file), "https://example.org")
    assert (found.title, found.version, [each.name for each in found.offers]) == ("T", "1", ["a"])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    (tmp_path / "latin.yaml").write_bytes(b"\xff")

    with pytest.raises(InvalidConnectors, match=r"none.json cannot be read: No such file"):
        read_file(tmp_path / "none.json")
    with pytest.raises(InvalidConnectors, match=r"latin.yaml is not UTF-8"):
        read_file(tmp_path / "latin.yaml")


# -- documents that mean no good ---------------------------------------------------------------------


@pytest.mark.parametrize("path", [".evil.example/", ":8080/", "@evil.example/", "trips", ""])
def test_a_path_is_no_part_of_the_host(path: str):
    [refused] = read_document(document({path: {"get": {}}}), "https://api.corp.example").offers

    assert "a path begins with a slash" in refused.refused
    assert refused.content == {}


def test_variables_are_filled_in_once_and_an_address_has_an_end():
    variables = {"a": {"default": "{b}" * 10}, "b": {"default": "{a}" * 10}, "c": {"default": "x" * 5_000}}
    once = offer({"servers": [{"url": "https://e.org/{a}", "variables": variables}]})
    long = offer({"servers": [{"url": "https://e.org/{c}", "variables": variables}]})

    assert once.content["url"] == "https://e.org/" + "{b}" * 10 + "/trips"
    assert "address has more than 2,000 characters" in long.refused


BOMB = "z0: &z0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"z{n}: &z{n} [{','.join([f'*z{n - 1}'] * 10)}]\n" for n in range(1, 8)
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB + "openapi: 3.1.0", "its aliases stand for too much"),
        ("openapi: 3.1.0\na: &a [*a]", "an alias in it stands within what it stands for"),
        (f"openapi: 3.1.0\na: 0x{'f' * 5_000}", "it has a number that is too long to be one"),
        ("openapi: 3.1.0\na: 2001-13-01", "month must be in 1..12"),
    ],
)
def test_what_becomes_large_or_endless_is_not_read(text: str, reason: str):
    began = time.process_time()
    with pytest.raises(InvalidConnectors, match=reason):
        read_document(text)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "default",
    ["2026-01-01", "!!binary aGVsbG8=", "[2026-01-01]", "!!set {a}", str([["x" * 50] * 50] * 50), "[" * 40 + "]" * 40],
)
@pytest.mark.parametrize("kind", ["string", "integer", "array"])
def test_a_default_that_is_no_short_json_is_left_out(default: str, kind: str):
    text = (
        "openapi: 3.1.0\nservers: [{url: 'https://e.org'}]\npaths: {/a: {get: {operationId: a, parameters: "
        f"[{{name: p, in: query, schema: {{type: {kind}, default: {default}}}}}]}}}}}}"
    )
    [given] = picked(read_document(text), "S", ["a"]).connectors

    assert given.record.parameters[0].default is None


@pytest.mark.parametrize(("kind", "default"), [("integer", 10**30), ("array", [2**70])])
def test_a_number_that_no_row_holds_is_refused(kind: str, default: Any):
    parameter = {"name": "n", "in": "query", "schema": {"type": kind, "default": default}}

    with pytest.raises(InvalidConnectors, match="The default of the parameter 'n'"):
        made({"parameters": [parameter]})


def test_what_cannot_be_told_is_replaced():
    found = read_document(
        r'{"openapi": "3.1.0", "info": {"title": "T\ud800", "version": "\u0000"}, "paths": {'
        r'"/\ud800": {"get": {"summary": "\udfff"}}, "/b": {"$ref": "#/\ud800"}, '
        r'"/c": {"post": {"requestBody": {"content": {"\ud800": {}}}}}}}'
    )

    told = [
        found.title,
        found.version,
        *(text for each in found.offers for text in (each.name, each.path, each.summary, each.refused)),
    ]
    assert "".join(told).encode()
    assert "\0" not in "".join(told)


def test_a_name_that_two_operations_have_is_asked_for():
    text = document(
        {"/x": {"get": {"operationId": "q"}}, "/y": {"get": {"operationId": "q"}}, "/z": {"get": {"operationId": "Q"}}}
    )

    with pytest.raises(InvalidConnectors, match="2 operations 'q'; say which one is meant: GET /x or GET /y"):
        picked(read_document(text), "S", ["q"])
    with pytest.raises(InvalidConnectors, match="GET /y and GET /z would both become the connector 'q'; import one"):
        picked(read_document(text), "S", ["GET /y", "GET /z"])
    [given] = picked(read_document(text), "S", ["GET /y"]).connectors
    assert given.record.url == "https://travel.example.org/v2/y"


def test_what_many_operations_refer_to_is_looked_at_in_part():
    many = {f"p{each}": {"type": "string", "default": "x" * 1_500, "description": "y" * 500} for each in range(2_000)}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Big"}}}}
    schemas = {"Big": {"type": "object", "properties": many, "required": list(many)}}
    paths = {f"/{each}": {"post": {"requestBody": body, "description": "z"}} for each in range(1_500)}
    began = time.process_time()
    found = read_document(document(paths, components={"schemas": schemas}))

    assert [*found.offers[0].content["parameters"]] == ["body"]
    assert time.process_time() - began < 5
