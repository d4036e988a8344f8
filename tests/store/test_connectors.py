"""Connectors as an engine manages them: imported, changed and removed, with secrets that nobody sees again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from placet import Engine, ManualClock
from placet.connectors.manage import Connectors
from placet.connectors.records import Configuration
from placet.connectors.sealing import opened
from placet.core.people import Person
from placet.directory.audit import Wanted, page
from placet.directory.caller import Caller
from placet.errors import Conflict, InvalidConnectors, InvalidInput, NotAllowed, NotFound, RevisionMismatch, Unavailable
from placet.settings import Settings
from placet.store.tables import auth_configuration, counter, outbound_token
from tests.builders import EVE

SETTINGS = Settings(secret_key="of the tests, 32 characters long")
SECRETS = {"CLIENT_SECRET": "of-the-client", "PASSWORD": "of-the-user"}
FILE = """
configurations:
  Sign-in:
    kind: oauth2_password
    tokenCredentialUri: https://travel.example.org/token
    clientId: placet
    clientSecret: {env: CLIENT_SECRET}
    username: anna
    password: {env: PASSWORD}
services:
  Travel: {configuration: Sign-in}
connectors:
  All trips:
    service: Travel
    url: https://travel.example.org/{country}/trips
    parameters: {country: {in: path, default: nl}, since: {}, a: {}}
"""
PNG = b"\x89PNG\r\n\x1a\n and so on"
SIGN_IN = {"kind": "basic", "username": "anna", "password": "of-the-user"}


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    async with Engine(database_url, settings=SETTINGS, clock=clock, run_jobs=False) as engine:
        yield engine


@pytest.fixture
def connectors(engine: Engine) -> Connectors:
    return engine.connectors


@pytest.fixture
def us(engine: Engine) -> Caller:
    return Caller(None, engine.directory, engine.clock.now())


async def load(connectors: Connectors, us: Caller, text: str = FILE) -> tuple[int, int, int]:
    """How much was added, changed and as it was."""
    counts = (await connectors.import_text(us, text, "travel.yaml", SECRETS)).counts
    return counts.added, counts.changed, counts.same


async def secrets_of(engine: Engine, us: Caller, name: str = "Sign-in") -> dict[str, str]:
    return dict(opened(engine.vault, await engine.connectors.configurations.one(us, name)).secrets)


async def entries(engine: Engine, us: Caller) -> list[tuple[str, str, Any, Any]]:
    """The audit trail, the oldest first."""
    return [(row.kind, row.target, row.before, row.after) for row in reversed(await page(engine.store, us, Wanted()))]


# -- importing -------------------------------------------------------------------------------------


async def test_a_second_import_changes_nothing(engine: Engine, connectors: Connectors, us: Caller):
    assert await load(connectors, us) == (3, 0, 0)
    before = await everything(engine)

    assert await load(connectors, us) == (0, 0, 3)
    assert await everything(engine) == before


async def everything(engine: Engine) -> Any:
    """The rows as they lie in the database, and how many changes are counted."""

    def read(tx: Any) -> Any:
        rows = tx.execute(select(auth_configuration)).all()
        return rows, tx.execute(select(counter)).all()

    return await engine.store.read(read), await engine.connectors.catalog.now()


async def test_an_import_changes_only_what_differs(engine: Engine, connectors: Connectors, us: Caller):
    await load(connectors, us)

    assert await load(connectors, us, FILE.replace("default: nl", "default: be")) == (0, 1, 2)
    changed = await connectors.one(us, "all TRIPS")
    assert (changed.parameters[0].default, changed.revision, changed.updated_at) == ("be", 2, us.at)
    others = {"since": {"in": "query"}, "a": {"in": "query"}}
    assert (await entries(engine, us))[-1] == (
        "connector.changed",
        "All trips",
        {"parameters": {"country": {"in": "path", "default": "nl"}, **others}},
        {"parameters": {"country": {"in": "path", "default": "be"}, **others}},
    )


async def test_an_import_is_all_or_nothing(engine: Engine, connectors: Connectors, us: Caller):
    text = (
        FILE
        + "  Lost:\n    service: Nobody's\n    url: http://x.org\n  Lost too:\n    service: X\n    url: http://x.org\n"
    )

    with pytest.raises(InvalidConnectors) as caught:
        await load(connectors, us, text)
    assert str(caught.value).splitlines() == [
        """travel.yaml:18:14: There is no service "Nobody's": there are: Travel.""",
        "travel.yaml:21:14: There is no service 'X': there are: Travel.",
    ]
    assert await connectors.export(us) == {}
    assert await entries(engine, us) == []


async def test_what_was_exported_can_be_imported_elsewhere(connectors: Connectors, us: Caller):
    await load(connectors, us)
    sections = await connectors.export(us)

    made = await connectors.import_sections(us, sections)
    assert (made.counts.added, made.counts.changed, made.counts.same) == (0, 0, 3)
    assert json.loads(json.dumps(sections)) == sections


async def test_whatever_a_file_may_say_of_a_connector_is_kept_as_it_is(connectors: Connectors, us: Caller):
    said = {
        "Scan": {"method": "POST", "body": "multipart", "parameters": {"page": {"in": "body", "type": "file"}}},
        "Patch": {"method": "PATCH", "headers": {"Content-Type": "application/merge-patch+json"}},
        "Search": {"pagination": {"kind": "cursor", "next": "response.message.nextLink"}, "timeout": "1h"},
    }
    usual = {"service": "Travel", "url": "https://travel.example.org/"}
    sections = {"services": {"Travel": {}}, "connectors": {name: {**usual, **each} for name, each in said.items()}}

    await connectors.import_sections(us, sections)
    exported = await connectors.export(us)
    assert exported["connectors"] == sections["connectors"]
    assert (await connectors.import_sections(us, exported)).counts.same == 4


async def test_an_import_without_a_secret_leaves_the_stored_one(engine: Engine, connectors: Connectors, us: Caller):
    await load(connectors, us)

    made = await connectors.import_text(us, FILE, "travel.yaml", {"PASSWORD": "another"})
    assert (made.counts.changed, len(made.notes)) == (1, 1)
    assert await secrets_of(engine, us) == {"clientSecret": "of-the-client", "password": "another"}


async def test_an_engine_reads_the_connectors_beside_its_definitions(database_url: str, tmp_path: Path, us: Caller):
    (tmp_path / "connectors").mkdir()
    file = tmp_path / "connectors/travel.yaml"
    file.write_text(FILE)

    for _ in range(2):
        async with Engine(database_url, settings=SETTINGS, definitions=tmp_path, run_jobs=False) as other:
            assert [each.name for each in await other.connectors.every(us)] == ["All trips"]
            assert await other.as_system().definitions() == []
    file.write_text("services: {S: {x: 1}}")
    with pytest.raises(InvalidConnectors, match=r"travel.yaml:1:16: There is no key 'x' of service 'S'"):
        await Engine(database_url, settings=SETTINGS, definitions=tmp_path).open()


# -- secrets ---------------------------------------------------------------------------------------


async def test_a_secret_is_seen_nowhere_again(engine: Engine, connectors: Connectors, us: Caller):
    await load(connectors, us)
    await connectors.configurations.set_secret(us, "Sign-in", "password", "the-new-one")
    stored = await connectors.configurations.one(us, "Sign-in")

    rows = await engine.store.read(lambda tx: tx.execute(select(auth_configuration)).all())
    told = [stored, opened(engine.vault, stored), await connectors.export(us), await entries(engine, us), rows]
    assert not [secret for secret in (*SECRETS.values(), "the-new-one") if secret in repr(told)]
    assert connectors.configurations.secrets_kept(stored) == ["clientSecret", "password"]
    assert (await entries(engine, us))[-1] == ("configuration.changed", "Sign-in", {}, {"secrets_set": ["password"]})


async def test_a_sealed_secret_opens_in_no_other_row(engine: Engine, connectors: Connectors, us: Caller):
    first = await connectors.configurations.add(us, "A", SIGN_IN)
    second = await connectors.configurations.add(us, "B", SIGN_IN)
    moved = Configuration(id=second.id, name="B", kind=second.kind, fields=second.fields, sealed=first.sealed)

    with pytest.raises(Unavailable, match="does not open with this key"):
        opened(engine.vault, moved)


async def test_a_change_keeps_the_secrets_that_it_does_not_give(engine: Engine, connectors: Connectors, us: Caller):
    await connectors.configurations.add(us, "Sign-in", SIGN_IN)

    await connectors.configurations.change(us, "Sign-in", "Sign-in", {"kind": "basic", "username": "ben"})
    assert await secrets_of(engine, us) == {"password": "of-the-user"}
    await connectors.configurations.change(us, "Sign-in", "Sign-in", {"kind": "basic", "username": "b", "password": ""})
    assert await secrets_of(engine, us) == {}


async def test_another_kind_has_none_of_the_former_secrets(engine: Engine, connectors: Connectors, us: Caller):
    await connectors.configurations.add(us, "Sign-in", SIGN_IN)

    await connectors.configurations.change(us, "Sign-in", "Sign-in", {"kind": "api_key", "key": "X-Key"})
    assert await secrets_of(engine, us) == {}


async def test_what_is_no_secret_of_the_kind_cannot_be_set(connectors: Connectors, us: Caller):
    await connectors.configurations.add(us, "Sign-in", SIGN_IN)

    with pytest.raises(InvalidInput, match=r"'username' is no secret of 'Sign-in' \(basic\): there are: password"):
        await connectors.configurations.set_secret(us, "Sign-in", "username", "x")


async def test_without_the_key_everything_but_the_secrets_works(database_url: str, connectors: Connectors, us: Caller):
    await load(connectors, us)

    async with Engine(
        database_url, settings=Settings(secret_key="another key of 32 characters long"), run_jobs=False
    ) as e:
        assert (await e.connectors.import_sections(us, await connectors.export(us))).counts.same == 3
        with pytest.raises(Unavailable, match="does not open with this key"):
            e.connectors.configurations.secrets_kept(await e.connectors.configurations.one(us, "Sign-in"))


async def test_after_a_lost_key_new_secrets_can_be_set(database_url: str, connectors: Connectors, us: Caller):
    await connectors.configurations.add(us, "Sign-in", SIGN_IN)

    settings = Settings(secret_key="another key of 32 characters long")
    async with Engine(database_url, settings=settings, run_jobs=False) as other:
        with pytest.raises(Unavailable):
            opened(other.vault, await other.connectors.configurations.one(us, "Sign-in"))
        await other.connectors.configurations.set_secret(us, "Sign-in", "password", "another")
        assert await secrets_of(other, us) == {"password": "another"}


# -- one by one ------------------------------------------------------------------------------------


async def test_what_is_in_use_is_not_removed(connectors: Connectors, us: Caller):
    await load(connectors, us)

    with pytest.raises(Conflict, match="The configuration 'Sign-in' is used by the service 'Travel'"):
        await connectors.configurations.remove(us, "Sign-in")
    with pytest.raises(Conflict, match="The service 'Travel' is used by the connector 'All trips'"):
        await connectors.services.remove(us, "Travel")
    await connectors.remove(us, "All trips")
    await connectors.services.remove(us, "Travel")
    await connectors.configurations.remove(us, "sign-IN")
    assert await connectors.export(us) == {}


CALLS = """
name: Travel
data: {trip: {}}
start: ask
activities:
  ask: {kind: connector, connector: all TRIPS, paths: {success: done}}
  done: {kind: finish}
"""
ASKS = """
name: Travel
data: {trip: {}}
form: {fields: {trip: {choices: {connector: All trips}}}}
start: done
activities: {done: {kind: finish}}
"""


@pytest.mark.parametrize("definition", [CALLS, ASKS])
async def test_what_a_definition_calls_is_neither_removed_nor_renamed(
    engine: Engine, connectors: Connectors, us: Caller, definition: str
):
    await load(connectors, us)
    await engine.as_system().deploy(definition)
    content = (await connectors.export(us))["connectors"]["All trips"]

    with pytest.raises(Conflict, match="The connector 'All trips' is called by the definition 'Travel'"):
        await connectors.remove(us, "All trips")
    with pytest.raises(Conflict, match="change or retire that first"):
        await connectors.change(us, "All trips", "Trips", content)
    await connectors.change(us, "All trips", "ALL TRIPS", content)
    await engine.as_system().retire("Travel")
    await connectors.remove(us, "All trips")


async def test_the_token_of_a_configuration_goes_with_it(engine: Engine, connectors: Connectors, us: Caller):
    made = await connectors.configurations.add(us, "Sign-in", SIGN_IN)
    row = {"configuration_id": made.id, "revision": 1, "tokens": b"sealed"}
    await engine.store.write(lambda tx: tx.execute(outbound_token.insert().values(row)))

    await connectors.configurations.remove(us, "Sign-in")
    assert await engine.store.read(lambda tx: tx.execute(select(outbound_token)).all()) == []


async def test_names_are_told_apart_without_regard_to_case(connectors: Connectors, us: Caller):
    await connectors.services.add(us, "Straße", {})

    with pytest.raises(Conflict, match="There is a service 'Straße' already"):
        await connectors.services.add(us, "STRASSE", {})
    renamed = await connectors.services.change(us, "strasse", "STRASSE", {})
    assert (renamed.name, renamed.revision) == ("STRASSE", 2)
    with pytest.raises(NotFound, match="There is no service 'Strase': did you mean 'STRASSE'"):
        await connectors.services.one(us, "Strase")


async def test_an_older_copy_changes_nothing(connectors: Connectors, us: Caller):
    made = await connectors.services.add(us, "Travel", {})
    await connectors.services.change(us, made.id, "Travel", {"product_name": "Trips"}, revision=1)

    with pytest.raises(RevisionMismatch, match="'Travel' is at revision 2 and no longer at 1"):
        await connectors.services.change(us, made.id, "Travel", {}, revision=1)
    with pytest.raises(RevisionMismatch):
        await connectors.services.remove(us, made.id, revision=1)


async def test_many_who_add_the_same_at_once_add_it_once(connectors: Connectors, us: Caller):
    answers = await asyncio.gather(
        *(connectors.services.add(us, "Travel", {}) for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in answers) == ["Conflict"] * 4 + ["Service"]


async def test_an_image_is_kept_through_changes_of_its_service(connectors: Connectors, us: Caller):
    made = await connectors.services.add(us, "Travel", {})
    await connectors.services.set_image(us, made.id, PNG)
    await connectors.services.change(us, made.id, "Travel", {"product_name": "Trips"})

    assert await connectors.services.image(us, "travel") == (PNG, "image/png")
    await connectors.services.set_image(us, made.id, None)
    with pytest.raises(NotFound, match="The service 'Travel' has no image"):
        await connectors.services.image(us, "travel")


@pytest.mark.parametrize("content", [b"", b"<svg/>", b"GIF8", b"\xff\xd8", b"RIFF1234WEB"])
async def test_what_is_no_image_is_not_kept(connectors: Connectors, us: Caller, content: bytes):
    made = await connectors.services.add(us, "Travel", {})

    with pytest.raises(InvalidInput, match="send a PNG, JPEG, GIF or WebP"):
        await connectors.services.set_image(us, made.id, content)


async def test_another_program_sees_a_change_within_a_second(
    database_url: str, connectors: Connectors, us: Caller, clock: ManualClock
):
    async with Engine(database_url, settings=SETTINGS, clock=clock, run_jobs=False) as other:
        assert await other.connectors.every(us) == []
        await load(connectors, us)

        clock.move(seconds=1)
        assert [each.name for each in await other.connectors.every(us)] == ["All trips"]


async def test_everything_takes_the_permission(engine: Engine, connectors: Connectors):
    nobody = Caller(Person(EVE, "eve"), engine.directory, engine.clock.now())
    calls = [
        connectors.every(nobody),
        connectors.one(nobody, "x"),
        connectors.export(nobody),
        connectors.import_text(nobody, FILE, "f", {}),
        connectors.import_sections(nobody, {}),
        connectors.import_openapi(nobody, "{}"),
        connectors.test(nobody, {}, "x"),
        connectors.test_configuration(nobody, "x"),
        connectors.services.add(nobody, "x", {}),
        connectors.services.change(nobody, "x", "x", {}),
        connectors.services.remove(nobody, "x"),
        connectors.services.image(nobody, "x"),
        connectors.services.set_image(nobody, "x", PNG),
        connectors.configurations.set_secret(nobody, "x", "password", "x"),
    ]
    for call in calls:
        with pytest.raises(NotAllowed, match="PM_SETUP_ADVANCE"):
            await call


# -- from documents --------------------------------------------------------------------------------

DOCUMENT = json.dumps(
    {
        "openapi": "3.1.0",
        "info": {"title": "Travel", "version": "2"},
        "servers": [{"url": "https://travel.example.org"}],
        "paths": {"/trips": {"get": {"operationId": "listTrips"}, "post": {"operationId": "addTrip"}}},
    }
)


async def test_operations_of_a_document_become_connectors_of_a_service(connectors: Connectors, us: Caller):
    listed = await connectors.import_openapi(us, DOCUMENT)
    assert [each.name for each in listed.offers] == ["listTrips", "addTrip"]
    assert await connectors.every(us) == []

    found = await connectors.import_openapi(us, DOCUMENT, operations=["listTrips"])
    assert found.made.counts.added == 2
    service = await connectors.services.one(us, "Travel")
    assert (service.product_name, service.api_version) == ("Travel", "2")
    assert (await connectors.one(us, "listTrips")).service_id == service.id


async def test_what_no_document_tells_stays_when_it_is_imported_again(connectors: Connectors, us: Caller):
    await connectors.import_openapi(us, DOCUMENT, operations=["listTrips"])
    content = (await connectors.export(us))["connectors"]["listTrips"] | {"output": "response.message.size()"}
    await connectors.change(us, "listTrips", "listTrips", content)

    again = await connectors.import_openapi(us, DOCUMENT, operations=["listTrips"])
    assert again.made.counts.changed == 0
    content["headers"] = {"X-Ours": "a"}
    await connectors.change(us, "listTrips", "listTrips", content)
    assert (await connectors.import_openapi(us, DOCUMENT, operations=["listTrips"])).made.counts.changed == 0
    with pytest.raises(Conflict, match="There is a connector 'listTrips' of the service 'Travel' already"):
        await connectors.import_openapi(us, DOCUMENT, service="Other", operations=["listTrips"])
