"""Connector files: what they give, every fault at its place, and that what is exported reads as what it was."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from placet.connectors.catalog import Catalog
from placet.connectors.export import exported, sections_of, to_yaml
from placet.connectors.files import contents_of, json_schema, load_folder, parse_connectors
from placet.connectors.kinds import FIELDS
from placet.connectors.reading import Contents
from placet.connectors.records import (
    AuthKind,
    BodyType,
    Limits,
    PaginationKind,
    Parameter,
    ParameterType,
    Place,
    Retry,
)
from placet.connectors.rows import connector_of, row_of_connector
from placet.errors import InvalidConnectors

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs"
REFERENCE = (DOCS / "reference/connector-files.md").read_text("utf-8")
HOW_TO = (DOCS / "how-to/sign-in-at-other-services.md").read_text("utf-8")
SECRETS = {"CLIENT_SECRET": "of the client", "PASSWORD": "of the user"}

FILE = """
configurations:
  Travel sign-in:
    kind: oauth2_password
    tokenCredentialUri: https://travel.example.org/token
    clientId: placet
    clientSecret: {env: CLIENT_SECRET}
    username: anna
    password: {env: PASSWORD}
services:
  Travel desk:
    product_name: Trips
    api_version: "2.0"
    configuration: travel SIGN-IN
    limits: {concurrency: 3}
connectors:
  Book a trip:
    service: Travel desk
    description: |
      Books it.
      For good.
    method: post
    url: https://travel.example.org/{country}/trips?source=placet
    parameters:
      country: {in: path, default: nl}
      days: {in: body, type: integer, required: true}
      price: {in: body, type: decimal, default: 2.50}
      urgent: {in: body, type: boolean, default: true}
      stops: {in: body, type: json, default: '["Ghent", 2]'}
      X-Trace: {in: header, default: "007"}
    headers: {X-Asked-By: Placet}
    timeout: 1m30s
    retry: {attempts: 2, first: 5s, factor: 1.5, longest: 1h, jitter: false}
    success: response.code == 201
    output: response.message.id
  All trips:
    service: Travel desk
    url: https://travel.example.org/trips
    pagination: {kind: cursor, parameter: after, next: response.message.next, items: response.message.trips, pages: 3}
"""


def read(text: str) -> Contents:
    return parse_connectors(text, "travel.yaml", SECRETS)


def faults(text: str) -> list[str]:
    with pytest.raises(InvalidConnectors) as caught:
        parse_connectors(text, "f.yaml", SECRETS)
    return str(caught.value).splitlines()


def test_a_file_gives_what_it_says():
    contents = read(FILE)

    [configuration], [service] = contents.configurations, contents.services
    assert configuration.record.kind is AuthKind.OAUTH2_PASSWORD
    assert configuration.record.secrets == {"clientSecret": "of the client", "password": "of the user"}
    assert configuration.record.fields == {
        "tokenCredentialUri": "https://travel.example.org/token",
        "grant_type": "password",
        "clientId": "placet",
        "username": "anna",
        "scope": "",
        "audience": "",
        "authorizationPrefix": "Bearer",
        "headerAuthorization": "Authorization",
    }
    assert (service.record.product_name, service.record.api_version) == ("Trips", "2.0")
    assert service.record.limits == Limits(concurrency=3)
    assert service.refers_to == "travel SIGN-IN"
    book, trips = (each.record for each in contents.connectors)
    assert (book.method, book.description, book.body_type) == ("POST", "Books it.\nFor good.", BodyType.JSON)
    assert book.timeout == timedelta(seconds=90)
    assert book.retry == Retry(2, timedelta(seconds=5), 1.5, timedelta(hours=1), jitter=False)
    assert [each.default for each in book.parameters] == ["nl", None, 2.5, True, ["Ghent", 2], "007"]
    assert book.parameters[1] == Parameter("days", Place.BODY, ParameterType.INTEGER, required=True)
    assert book.success is not None
    assert book.success.evaluate({"response": {"code": 201}}) is True
    assert (trips.pagination.kind, trips.pagination.pages) == (PaginationKind.CURSOR, 3)


def test_a_file_that_says_little_gives_the_defaults():
    [given] = read("connectors: {A: {service: S, url: 'http://example.org'}}").connectors

    record = given.record
    assert (record.method, record.timeout, record.retry.attempts) == ("GET", timedelta(seconds=30), 5)
    assert (record.success, record.output, record.pagination.kind) == (None, None, PaginationKind.NONE)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("json", "application/merge-patch+json"),
        ("json", "application/json; charset=utf-8"),
        ("text", 'application/xml; charset="UTF-8"'),
        ("text", "application/soap+xml; action=a"),
    ],
)
def test_what_a_body_is_may_be_said(body: str, said: str):
    text = f"connectors: {{A: {{service: S, url: 'http://x.org', body: {body}, headers: {{Content-Type: '{said}'}}}}}}"
    [given] = read(text).connectors

    assert given.record.headers == {"Content-Type": said}


def test_what_is_stored_of_a_connector_gives_it_back():
    for given in read(FILE).connectors:
        record = replace(given.record, id="0" * 32, service_id="1" * 32, created_at=NOON)

        assert connector_of(row_of_connector(record, NOON)) == record


def test_what_is_exported_is_read_as_what_it_was_and_has_no_secret():
    given = read(FILE)
    text = to_yaml(exported(catalog_of(given)))

    again = parse_connectors(text, "again.yaml", {})
    assert [each.record for each in again.connectors] == [each.record for each in reversed(given.connectors)]  # by name
    assert [each.record for each in again.services] == [each.record for each in given.services]
    assert [replace(each.record, secrets=SECRETS) for each in again.configurations] == [
        replace(each.record, secrets=SECRETS) for each in given.configurations
    ]
    assert "of the client" not in text
    assert "Secret" not in text


def test_with_names_only_what_those_need_is_exported():
    others = {"services": {"Other": {}}, "connectors": {"Other": {"service": "Other", "url": "http://o.example.org"}}}
    sections = {name: each | others.get(name, {}) for name, each in sections_of(read(FILE)).items()}
    catalog = catalog_of(contents_of(sections))

    sections = exported(catalog, ["all TRIPS"])
    assert (list(sections["connectors"]), list(sections["services"])) == (["All trips"], ["Travel desk"])


def test_what_goes_to_a_server_has_the_secrets_of_the_variables():
    sections = sections_of(read(FILE))

    assert contents_of(sections) == read(FILE)


def catalog_of(contents: Contents) -> Catalog:
    """What was read as if it were stored, under ids that are counted."""
    configurations = [replace(each.record, id=f"{n:032x}") for n, each in enumerate(contents.configurations)]
    services = [
        replace(each.record, id=f"{n:032x}", configuration_id=each.refers_to and configurations[0].id)
        for n, each in enumerate(contents.services)
    ]
    ids = {each.name: each.id for each in services}
    connectors = [
        replace(each.record, id=f"{n:032x}", service_id=ids.get(each.refers_to or "", "0" * 32))
        for n, each in enumerate(contents.connectors)
    ]
    return Catalog(1, configurations, services, connectors)


def test_nothing_secret_is_in_what_a_configuration_is_printed_as():
    printed = repr(read(FILE))

    assert "of the client" not in printed
    assert "of the user" not in printed


def test_a_secret_whose_variable_is_not_set_is_passed_over_with_a_note():
    contents = parse_connectors(FILE, "f.yaml", {"PASSWORD": "x"})

    [configuration] = contents.configurations
    assert configuration.record.secrets == {"password": "x"}
    [note] = contents.notes
    assert note.startswith("The variable CLIENT_SECRET is not set; 'clientSecret' of configuration 'Travel sign-in'")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "f.yaml:1:1: A connector file is a mapping with any of configurations"),
        ("a: [", "This is not YAML"),
        ("conectors: {}", "1:1: There is no section 'conectors': did you mean 'connectors'?"),
        ("connectors: []", "1:13: 'connectors' has to be a mapping"),
        ("services: {' x': {}}", "1:12: ' x' is no name; give 1 to 100 characters"),
        (f"services: {{{'ab' * 16}: {{}}}}", "looks like an id"),
        ("services: {A: {}, a: {}}", "1:19: 'a' and 'A' differ in case only; keep one of the two."),
        ("services: {A: {}, A: {}}", "1:19: The key 'A' was given before"),
        ("services: {A: {limits: {concurrency: 0}}}", "1:38: 'limits.concurrency' of service 'A': '0' does not work"),
        ("services: {A: {produkt: x}}", "1:16: There is no key 'produkt' of service 'A': did you mean"),
        ("configurations: {A: {}}", "1:21: The configuration 'A' has no kind; kinds are: none, basic"),
        ("configurations: {A: {kind: basik}}", "1:28: The configuration 'A' cannot be used: 'basik' is no kind: did"),
        ("configurations: {A: x}", "1:21: The configuration 'A' has to be a mapping"),
        ("configurations: {A: {kind: basic}}", "1:21: 'username' of configuration 'A' is missing; add username:"),
        ("configurations: {A: {kind: basic, user: x, username: x}}", "There is no key 'user' of configuration 'A'"),
        ("configurations: {A: {kind: api_key, key: a b}}", "1:42: 'key' of configuration 'A': 'a b' cannot name"),
        ("configurations: {A: {kind: api_key, key: k, place: body}}", "'body' is no place for a key"),
        ("configurations: {A: {kind: basic, username: [x]}}", "'username' of configuration 'A' has to be one text."),
    ],
)
def test_a_fault_of_a_file_is_told_with_its_place(text: str, fault: str):
    assert any(fault in each for each in faults(text)), faults(text)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ("", "'url' of connector 'A' is missing"),
        ("url: ftp://x.org", "'url' of connector 'A': 'ftp://x.org' is no web address"),
        ("url: 'http://'", "is no web address"),
        ("url: 'http:///x'", "has no fixed host"),
        ("url: http://x.org:1a/", "its host or port cannot be read"),
        ("url: 'http://{host}/'", "has no fixed host"),
        ("url: http://a:b@x.org/", "has a user before its host"),
        ("url: 'http://x.org/#a'", "has a fragment"),
        ("url: 'http://x.org/a b'", "is no web address"),
        ("url: http://127.1/", "cannot be called: The host '127.1' is an odd spelling of an address"),
        ("url: 'https://[::1]x/'", "'https://[::1]x/'"),
        ("url: https://e..org/", "cannot be called"),
        ("url: https://e*.org/", "cannot be called"),
        ("url: http://x.org, parameters: {a: {type: decimal, default: 1e999}}", "this one is too large"),
        (f"url: http://x.org, parameters: {{a: {{type: decimal, default: 1{'0' * 400}}}}}", "this one is too large"),
        ("url: http://x.org, parameters: {a: {type: integer, default: 18446744073709551616}}", "up to 18 digits"),
        ("url: http://x.org, parameters: {a: {type: json, default: '[18446744073709551616]'}}", "up to 18 digits"),
        (f"url: http://x.org, parameters: {{a: {{type: json, default: '{'[' * 40 + ']' * 40}'}}}}", "up to 30 levels"),
        ("url: http://x.org, parameters: {a: {in: header, default: é}}", "a letter that no header takes"),
        ('url: http://x.org, parameters: {a: {in: header, default: "a\\r\\nb: c"}}', "holds a control character"),
        ("url: http://x.org, headers: {X-A: é}", "holds a letter that no header takes"),
        ("url: 'http://x.org/{id}'", "has {id}, and there is no such path parameter; add it as id: {in: path}"),
        ("url: 'http://x.org/{'", "has a brace too many"),
        ("url: 'http://x.org/?q={q}', parameters: {q: {in: query}}", "has a brace too many"),
        ("url: http://x.org, parameters: {id: {in: path}}", "write {id} where it goes in the url"),
        ("url: http://x.org, method: BREW", "'BREW' is no method"),
        ("url: http://x.org, parameters: {a: {in: cookie}}", "'parameters.a.in' of connector 'A' cannot be 'cookie'"),
        ("url: http://x.org, parameters: {a: {type: number}}", "cannot be 'number'"),
        ("url: http://x.org, parameters: {a: {type: integer, default: x}}", "cannot be 'x', for its type is integer"),
        ("url: http://x.org, parameters: {a: {type: integer, default: 1.5}}", "give a whole number such as 50"),
        ("url: http://x.org, parameters: {a: {type: decimal, default: NaN}}", "give a number such as 2.5"),
        ("url: http://x.org, parameters: {a: {type: boolean, default: yes}}", "give true or false"),
        ('url: http://x.org, parameters: {a: {default: "\\0"}}', "it has a NUL character at position 1"),
        ("url: http://x.org, parameters: {a: {type: json, default: '\"\\ud800\"'}}", "it has half of a surrogate pair"),
        ("url: http://x.org, parameters: {a: {type: json, default: [1]}}", "a list or mapping is written as JSON"),
        ("url: http://x.org, parameters: {a: {type: json, in: header}}", "is json, which has no place in a header"),
        ("url: http://x.org, parameters: {a: {in: body}}", "is in the body, and GET sends none"),
        ("url: http://x.org, parameters: {'a/b': {}}", "'a/b' cannot name a parameter"),
        ("url: http://x.org, parameters: {Host: {in: header}}", "is written by what sends the request"),
        ("url: http://x.org, headers: {authorization: x}", "give that in an authentication configuration"),
        ("url: http://x.org, headers: {Idempotency-Key: x}", "is written by what sends the request"),
        ("url: http://x.org, headers: {Content-Type: xml}", "cannot be 'xml'; give a media type such as"),
        (
            "url: http://x.org, headers: {content-type: text/xml}",
            "where the body is json; give a type that ends in +json",
        ),
        (
            "url: http://x.org, body: form, headers: {Content-Type: text/plain}",
            "is written by what sends the body form; leave it out",
        ),
        (
            "url: http://x.org, body: text, headers: {Content-Type: multipart/mixed}",
            "is written by what sends the body text; leave it out",
        ),
        (
            "url: http://x.org, body: text, headers: {Content-Type: text/xml; charset=latin1}",
            "names another charset than utf-8",
        ),
        ("url: http://x.org, parameters: {Content-Type: {in: header}}", "is written by what sends the request"),
        (
            "url: http://x.org, method: POST, parameters: {scan: {in: body, type: file}}",
            "The parameter 'scan' of connector 'A' is a file; give it in: body, and the connector body: multipart.",
        ),
        (
            "url: http://x.org, method: POST, body: multipart, parameters: {f: {in: body, type: file, default: eA==}}",
            "a file has no default",
        ),
        ("url: http://x.org, timeout: 9d", "a call is waited for an hour at most; give 1h or less"),
        ("url: http://x.org, headers: {a b: x}", "cannot name a header"),
        ('url: http://x.org, headers: {X-A: "a\\r\\nb: c"}', "holds a control character"),
        ("url: http://x.org, headers: {X-A: 1}, parameters: {x-a: {in: header}}", "is given twice; keep one"),
        ("url: http://x.org, timeout: soon", "'soon' is not a duration"),
        ("url: http://x.org, retry: {attempts: 21}", "give a number from 1 to 20"),
        ("url: http://x.org, retry: {factor: 0.5}", "'0.5' is no factor"),
        (
            "url: http://x.org, success: response.code +",
            "'success' of connector 'A': 'response.code +' is no",
        ),
        ("url: http://x.org, success: '1 + 1'", "it gives int; a condition gives true or false"),
        ("url: http://x.org, output: data.x", "it looks at data; of a connector only response can be looked at"),
        ("url: http://x.org, pagination: {kind: cursor, parameter: a}", "is by cursor and has no next"),
        ("url: http://x.org, pagination: {kind: page}", "is by page and has no parameter"),
        (
            "url: http://x.org, pagination: {kind: page, parameter: p, next: response.x}",
            "which only kind: cursor",
        ),
        ("url: http://x.org, method: POST, body: text, parameters: {a: {in: body}, b: {in: body}}", "is text and made"),
        ("url: http://x.org, servise: x", "There is no key 'servise' of connector 'A'"),
    ],
)
def test_a_fault_of_a_connector_is_told_with_what_would_work(fields: str, fault: str):
    text = f"connectors: {{A: {{service: S, {fields}}}}}"

    assert any(fault in each for each in faults(text)), faults(text)
    assert all(each.startswith("f.yaml:1:") for each in faults(text))


def test_a_secret_in_a_file_is_refused_and_not_repeated():
    [fault] = faults("configurations: {A: {kind: basic, username: a, password: my secret}}")

    assert fault.startswith("f.yaml:1:58: 'password' of configuration 'A' is secret, and no secret belongs in a file")
    assert "password: {env: NAME}" in fault
    assert "my secret" not in fault


@pytest.mark.parametrize(
    ("key_file", "fault"),
    [
        ("no json", "is not JSON"),
        ("[1]", "has no client_email and no private_key and no token_uri"),
        ('{"client_email": "a", "private_key": "b", "token_uri": "ftp://x"}', "has a token_uri that is no web address"),
    ],
)
def test_a_key_file_is_checked_and_not_repeated(key_file: str, fault: str):
    with pytest.raises(InvalidConnectors) as caught:
        contents_of({"configurations": {"A": {"kind": "oauth2_service_account", "keyFile": key_file}}})

    assert f"'keyFile' of configuration 'A' {fault}" in str(caught.value)
    assert "private" not in str(caught.value).replace("private_key", "")


def test_what_comes_from_elsewhere_may_name_no_variable():
    """A variable of the server, such as its key, would else be sent to whom the caller likes."""
    with pytest.raises(InvalidConnectors, match="'password' of configuration 'A' has to be one text"):
        contents_of({"configurations": {"A": {"kind": "basic", "username": "a", "password": {"env": "HOME"}}}})


def test_the_files_of_a_folder_are_read_together(tmp_path: Path):
    (tmp_path / "b.yaml").write_text("connectors: {A: {service: S, url: 'http://x.org'}}")
    (tmp_path / "a.yml").write_text("services: {S: {}}")
    (tmp_path / "notes.txt").write_text("not: read")

    contents = load_folder(tmp_path, {})
    assert [each.record.name for each in contents.connectors] == ["A"]
    assert [each.record.name for each in contents.services] == ["S"]
    assert not load_folder(tmp_path / "none", {})


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("services: {S: {}}")
    (tmp_path / "b.yaml").write_text("services: {s: {}}")
    (tmp_path / "c.yaml").write_text("x: 1")
    (tmp_path / "d.yaml").write_bytes(b"services: {\xff: {}}")

    with pytest.raises(InvalidConnectors) as caught:
        load_folder(tmp_path, {})
    second, third, fourth = str(caught.value).splitlines()
    assert second.endswith("b.yaml:1:12: 's' is among the services of a.yaml already; keep one of the two.")
    assert "c.yaml:1:1: There is no section 'x'" in third
    assert "d.yaml:1:1: The byte 0xff is not UTF-8" in fourth


# -- what the pages say ----------------------------------------------------------------------------


@pytest.mark.parametrize("page", [REFERENCE, HOW_TO])
def test_every_file_on_a_page_loads(page: str):
    for text in re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        assert parse_connectors(text, "page.yaml", {})
        Draft202012Validator(json_schema()).validate(YAML(typ="safe").load(text))


def test_the_schema_for_editors_refuses_what_the_reader_refuses():
    for text in ("x: {}", "configurations: {A: {kind: basic}}", "connectors: {A: {service: S}}"):
        assert not Draft202012Validator(json_schema()).is_valid(YAML(typ="safe").load(text))
        assert faults(text)


def test_the_how_to_has_every_kind_with_its_fields():
    kinds = {AuthKind(kind): fields(section) for kind, section in re.findall(SECTION, HOW_TO + "## ", re.DOTALL)}

    assert kinds == {kind: set(known) for kind, known in FIELDS.items()}


SECTION = r"## [^\n]*`(\w+)`\n(.*?)(?=\n## )"


def fields(section: str) -> set[str]:
    """The fields in the first column of the table of a section."""
    table = section.partition("|---|---|\n")[2]
    return {name for row in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}


def test_the_reference_has_every_key_of_a_file():
    schemas = json_schema()["$defs"].values()
    keys = {key for schema in schemas for key in schema.get("properties", {})}

    assert {key for key in keys if not re.search(rf"[`.]{key}[`.]", REFERENCE)} == set()
