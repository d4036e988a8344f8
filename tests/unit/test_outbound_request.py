"""From a connector and what it is given to a request: every value goes where it belongs, and nowhere else."""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import pytest

from placet.connectors.authentication import NOBODY, Credentials, credentials
from placet.connectors.records import AuthKind, BodyType, Configuration, Connector, Parameter, ParameterType, Place
from placet.connectors.request import build
from placet.errors import InvalidInput


def a_connector(*parameters: Parameter, **members: Any) -> Connector:
    usual = {"id": "c", "name": "Users", "service_id": "s", "url": "https://example.org/users"}
    return Connector(**usual | members, parameters=parameters)


def url_of(connector: Connector, **inputs: Any) -> str:
    return str(build(connector, inputs, NOBODY).url)


USER = Parameter("user", Place.PATH, required=True)
A, B = Parameter("a", Place.BODY), Parameter("b", Place.BODY, ParameterType.JSON)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("hugo", "/hugo"),
        ("a/b", "/a%2Fb"),
        ("../admin", "/..%2Fadmin"),
        ("a?b=c#d", "/a%3Fb%3Dc%23d"),
        ("a b+c%2Fd", "/a%20b%2Bc%252Fd"),
        ("ü\r\n", "/%C3%BC%0D%0A"),
        ("a;b@c:d", "/a%3Bb%40c%3Ad"),
        ("...", "/..."),
        (7, "/7"),
    ],
)
def test_a_path_parameter_stays_in_its_part_of_the_path(value: Any, path: str):
    connector = a_connector(USER, url="https://example.org/users/{user}")

    assert url_of(connector, user=value) == f"https://example.org/users{path}"


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_path_parameter_leads_to_no_other_resource(value: str):
    connector = a_connector(USER, url="https://example.org/users/{user}/items")

    with pytest.raises(InvalidInput, match=r"cannot stand for \{user\} in the path"):
        build(connector, {"user": value}, NOBODY)


def test_query_parameters_are_added_to_those_of_the_url():
    types = {"q": ParameterType.STRING, "n": ParameterType.INTEGER, "d": ParameterType.DECIMAL}
    types |= {"b": ParameterType.BOOLEAN, "j": ParameterType.JSON, "left": ParameterType.STRING}
    parameters = [Parameter(name, Place.QUERY, kind) for name, kind in types.items()]
    connector = a_connector(*parameters, url="https://example.org/users?fixed=a%20b&q=old")

    url = url_of(connector, q="a&b=c d", n=3.0, d=1e-7, b=True, j=["x", 1])

    query = "fixed=a%20b&q=a%26b%3Dc%20d&n=3&d=0.0000001&b=true&j=x&j=1"
    assert url == f"https://example.org/users?{query}"


def test_defaults_are_sent_and_what_is_not_given_is_left_out():
    connector = a_connector(
        Parameter("status", Place.QUERY, default="ACTIVE"), Parameter("limit", Place.QUERY, ParameterType.INTEGER)
    )

    assert url_of(connector) == "https://example.org/users?status=ACTIVE"
    assert url_of(connector, status=None, limit=None) == "https://example.org/users?status=ACTIVE"
    assert url_of(connector, status="", limit="5") == "https://example.org/users?status=&limit=5"


@pytest.mark.parametrize(
    ("kind", "given", "sent"),
    [
        (ParameterType.INTEGER, "12", 12),
        (ParameterType.INTEGER, 12.0, 12.0),
        (ParameterType.DECIMAL, "2.5", 2.5),
        (ParameterType.DECIMAL, 2, 2),
        (ParameterType.BOOLEAN, "true", True),
        (ParameterType.STRING, 12, "12"),
        (ParameterType.STRING, True, "true"),
        (ParameterType.JSON, "[1]", "[1]"),
        (ParameterType.JSON, {"a": [1]}, {"a": [1]}),
    ],
)
def test_a_value_has_the_type_of_its_parameter(kind: ParameterType, given: Any, sent: Any):
    connector = a_connector(Parameter("value", Place.BODY, kind), method="POST")
    expected = httpx2.Request("POST", "https://example.org", json={"value": sent}).content

    assert build(connector, {"value": given}, NOBODY).content == expected


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (ParameterType.INTEGER, "a"),
        (ParameterType.INTEGER, 2.5),
        (ParameterType.INTEGER, True),
        (ParameterType.INTEGER, [1]),
        (ParameterType.INTEGER, float("inf")),
        (ParameterType.DECIMAL, "a"),
        (ParameterType.DECIMAL, float("-inf")),
        (ParameterType.DECIMAL, float("nan")),
        (ParameterType.BOOLEAN, 1),
        (ParameterType.BOOLEAN, "yes"),
        (ParameterType.STRING, ["a"]),
    ],
)
def test_a_value_of_another_type_is_refused(kind: ParameterType, given: Any):
    connector = a_connector(Parameter("value", Place.QUERY, kind))

    with pytest.raises(InvalidInput, match=rf"'value' of the connector 'Users' is of type {kind} and cannot be"):
        build(connector, {"value": given}, NOBODY)


def test_what_is_missing_and_what_is_not_known_is_refused():
    connector = a_connector(Parameter("status", Place.QUERY, required=True))

    with pytest.raises(InvalidInput, match="'Users' needs a value for 'status'"):
        build(connector, {}, NOBODY)
    with pytest.raises(InvalidInput, match="has no parameter 'statsu': did you mean 'status'"):
        build(connector, {"statsu": "a"}, NOBODY)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b"])
def test_a_header_has_one_line(value: str):
    connector = a_connector(Parameter("X-Who", Place.HEADER))

    with pytest.raises(InvalidInput, match="'x-who' has several lines"):
        build(connector, {"X-Who": value}, NOBODY)
    with pytest.raises(InvalidInput, match="'Idempotency-Key' has several lines"):
        build(connector, {}, NOBODY, value)
    with pytest.raises(InvalidInput, match="several lines"):
        build(connector, {}, Credentials({"Authorization": value}))


def test_a_header_that_cannot_be_sent_is_refused():
    with pytest.raises(InvalidInput, match="cannot be sent"):
        build(a_connector(Parameter("X-Who", Place.HEADER)), {"X-Who": "ü"}, NOBODY)


@pytest.mark.parametrize("place", Place)
def test_half_a_character_is_refused(place: Place):
    url = "https://example.org/{who}" if place is Place.PATH else "https://example.org/"
    connector = a_connector(Parameter("who", place), method="POST", url=url, body_type=BodyType.TEXT)

    with pytest.raises(InvalidInput, match="cannot be sent"):
        build(connector, {"who": "\ud800"}, NOBODY)


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": object()}])
def test_a_body_that_is_no_json_is_refused(value: Any):
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        build(a_connector(B, method="POST"), {"b": value}, NOBODY)


def test_headers_of_all_kinds():
    connector = a_connector(Parameter("X-Who", Place.HEADER), headers={"X-Fixed": "a", "Accept": "text/csv"})
    sent = build(connector, {"X-Who": "b"}, Credentials({"X-Auth": "secret"}), "the-key").headers

    assert {name: sent[name] for name in ("x-fixed", "accept", "x-who", "x-auth", "idempotency-key", "host")} == {
        "x-fixed": "a", "accept": "text/csv", "x-who": "b", "x-auth": "secret", "idempotency-key": "the-key",
        "host": "example.org",
    }  # fmt: skip
    assert sent["user-agent"] == "Placet"
    assert "idempotency-key" not in build(connector, {}, NOBODY).headers


@pytest.mark.parametrize(
    ("kind", "parameters", "inputs", "content_type", "body"),
    [
        (BodyType.JSON, (A, B), {"a": "x", "b": [1]}, "application/json", b'{"a":"x","b":[1]}'),
        (BodyType.FORM, (A, B), {"a": "x y&z", "b": [1, 2]}, "application/x-www-form-urlencoded", b"a=x+y%26z&b=1&b=2"),
        (BodyType.FORM, (B,), {"b": {"c": 1}}, "application/x-www-form-urlencoded", b"b=%7B%22c%22%3A1%7D"),
        (BodyType.TEXT, (A,), {"a": "x\ny"}, "text/plain; charset=utf-8", b"x\ny"),
    ],
)
def test_a_body(kind: BodyType, parameters: Any, inputs: Any, content_type: str | None, body: bytes):
    request = build(a_connector(*parameters, method="POST", body_type=kind), inputs, NOBODY)

    assert request.content == body
    assert request.headers.get("content-type") == content_type


F = Parameter("scan", Place.BODY, ParameterType.FILE)
PAGE = base64.b64encode(b"%PDF\r\n\0").decode()


@pytest.mark.parametrize(
    ("given", "name", "kind"),
    [
        (PAGE, "scan", "application/octet-stream"),
        ({"content": PAGE}, "scan", "application/octet-stream"),
        ({"content": PAGE, "name": 'Ön "1".pdf', "type": "application/pdf"}, "Ön %221%22.pdf", "application/pdf"),
    ],
)
def test_a_file_is_a_part_with_a_name_and_a_type(given: Any, name: str, kind: str):
    connector = a_connector(A, F, method="POST", body_type=BodyType.MULTIPART)
    content = build(connector, {"a": "x", "scan": given}, NOBODY).content

    head = f'name="scan"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
    assert head + b"%PDF\r\n\0\r\n" in content
    assert build(connector, {"scan": [given, given]}, NOBODY).content.count(head) == 2


@pytest.mark.parametrize(
    "given",
    [
        "no base64!",
        5,
        {"name": "x"},
        {"content": PAGE, "path": "/etc/passwd"},
        {"content": PAGE, "name": "a\r\nX-Header: b"},
        {"content": PAGE, "type": "text/plain\r\nX-Header: b"},
        {"content": PAGE, "type": "pdf"},
        [PAGE, 5],
    ],
)
def test_what_is_no_file_is_refused(given: Any):
    with pytest.raises(InvalidInput, match=r"is of type file and cannot be .*; give its content as base64"):
        build(a_connector(F, method="POST", body_type=BodyType.MULTIPART), {"scan": given}, NOBODY)


@pytest.mark.parametrize(
    ("kind", "said"), [(BodyType.JSON, "application/merge-patch+json"), (BodyType.TEXT, "application/xml")]
)
def test_a_body_is_what_the_connector_says(kind: BodyType, said: str):
    connector = a_connector(A, method="PATCH", body_type=kind, headers={"Content-Type": said})

    assert build(connector, {"a": "<x/>"}, NOBODY).headers["content-type"] == said
    assert "content-type" not in build(connector, {}, NOBODY).headers, "there is no body"


def test_a_body_in_parts():
    request = build(a_connector(A, B, method="POST", body_type=BodyType.MULTIPART), {"a": "x", "b": [1]}, NOBODY)

    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="a"\r\n\r\nx\r\n' in request.content
    assert b'name="b"\r\n\r\n1\r\n' in request.content


@pytest.mark.parametrize("whole", [[1, 2], {"a": {"b": None}}, "text"])
def test_a_body_that_is_one_json_value(whole: Any):
    connector = a_connector(Parameter("body", Place.BODY, ParameterType.JSON), method="PUT")

    request = build(connector, {"body": whole}, NOBODY)
    assert request.content == httpx2.Request("PUT", "https://example.org", json=whole).content


def test_a_body_of_nothing_is_none():
    request = build(a_connector(A, method="POST"), {}, NOBODY)

    assert (request.content, request.headers["content-length"]) == (b"", "0")


@pytest.mark.parametrize(
    "url", ["https://{user}/", "https://{user}.example.org/", "https://example.org:{user}/", "http://{user}@a/"]
)
def test_no_parameter_names_the_server(url: str):
    with pytest.raises(InvalidInput, match="has no fixed host"):
        build(a_connector(USER, url=url), {"user": "evil.example"}, NOBODY)


def test_a_url_that_cannot_be_called_is_said_to_be():
    with pytest.raises(InvalidInput, match=r"'Users' cannot be called\. The URL has a user or password"):
        build(a_connector(url="https://a:b@example.org/"), {}, NOBODY)


# The kind, its fields and secrets, the token, and the headers and query that come of it.
PROOFS: list[tuple[AuthKind, dict[str, str], dict[str, str], str, dict[str, str], dict[str, str]]] = [
    (AuthKind.NONE, {}, {}, "", {}, {}),
    (AuthKind.BASIC, {"username": "hügo"}, {"password": "a:b"}, "", {"Authorization": "Basic aMO8Z286YTpi"}, {}),
    (AuthKind.API_KEY, {"key": "X-Api-Key"}, {"value": "v"}, "", {"X-Api-Key": "v"}, {}),
    (AuthKind.API_KEY, {"key": "key", "place": "query"}, {"value": "v"}, "", {}, {"key": "v"}),
    (AuthKind.OAUTH2_PASSWORD, {}, {}, "t", {"Authorization": "Bearer t"}, {}),
    (AuthKind.OAUTH2_CLIENT_CREDENTIALS, {"authorizationPrefix": ""}, {}, "t", {"Authorization": "t"}, {}),
    (
        AuthKind.OAUTH2_SERVICE_ACCOUNT,
        {"authorizationPrefix": "Token", "headerAuthorization": "X-Auth"},
        {},
        "t",
        {"X-Auth": "Token t"},
        {},
    ),
]


@pytest.mark.parametrize(("kind", "fields", "secrets", "token", "headers", "query"), PROOFS)
def test_what_proves_who_calls(kind, fields, secrets, token, headers, query):
    made = credentials(Configuration(id="i", name="n", kind=kind, fields=fields, secrets=secrets), token)

    assert (made.headers, made.query) == (headers, query)
    assert repr(made) == "Credentials()"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("salary of ben is 99999", "cannot be a text of 22 characters; give a whole number"),
        ("", "cannot be an empty text"),
        (99999.5, "cannot be a number of this size or kind"),
        ([99999], "cannot be a list"),
        ({"salary": 99999}, "cannot be an object"),
        (True, "cannot be yes or no"),
    ],
)
def test_what_cannot_be_sent_is_not_repeated(given: Any, words: str):
    with pytest.raises(InvalidInput) as caught:
        build(a_connector(Parameter("value", Place.QUERY, ParameterType.INTEGER)), {"value": given}, NOBODY)

    assert words in caught.value.message
    assert "99999" not in caught.value.message
    assert "salary" not in caught.value.message
