"""Changing the key, on both databases: in small steps, safe to repeat and to break off, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import LargeBinary

from placet.clock import ManualClock
from placet.directory.caller import Caller
from placet.directory.rotation import Rotated, rotate
from placet.directory.secrets import Vault
from placet.errors import NotAllowed, Unavailable
from placet.settings import Settings
from placet.store import applications, audit, counters, outbound_tokens, sealed, webhooks
from placet.store import connectors as store
from placet.store.applications import ApplicationRow
from placet.store.connectors import ConfigurationRow
from placet.store.directory_version import Transaction
from placet.store.outbound_tokens import OutboundTokenRow
from placet.store.sealed import APPLICATIONS, CONFIGURATIONS, TOKENS, WEBHOOKS, Sealed
from placet.store.tables import metadata
from placet.store.webhooks import WebhookRow
from tests.builders import ANNA, DIRECTORY
from tests.store.conftest import Transactions

OLD, NEW = "old-" * 8, "new-" * 8


def vault(key: str, *old: str) -> Vault:
    return Vault(Settings(secret_key=key, secret_keys_old=",".join(old)))


@pytest.fixture
def owner(clock: ManualClock) -> Caller:
    return Caller(None, DIRECTORY, clock.now())


@pytest.fixture
async def full(transactions: Transactions, clock: ManualClock) -> Transactions:
    """Three rows with a secret in each table, and some without."""

    def fill(tx: Transaction) -> None:
        at, with_old = clock.now(), vault(OLD)
        for number in range(4):
            row_id, client_id = f"{number:032x}", chr(65 + number) * 32

            def secret(kind: Sealed, of: str, number: int = number) -> bytes | None:
                return with_old.seal(f"secret {number}", of=kind.row_name(of)) if number else None

            applications.add(tx, ApplicationRow(
                id=client_id, name="A", owner=f"{0:032x}", created_at=at, secret=secret(APPLICATIONS, client_id)
            ))  # fmt: skip
            store.configurations.add(tx, ConfigurationRow(
                id=row_id, name=row_id, folded=row_id, revision=1, created_at=at, kind="basic", fields={},
                secrets=secret(CONFIGURATIONS, row_id),
            ))  # fmt: skip
            if number:
                tokens = secret(TOKENS, row_id)
                assert tokens is not None
                assert outbound_tokens.keep(tx, OutboundTokenRow(configuration_id=row_id, revision=1, tokens=tokens))
                webhooks.add(tx, WebhookRow(
                    id=row_id, name=row_id, folded=row_id, url="https://a", events=[], filter="", active=True,
                    secret=secret(WEBHOOKS, row_id) or b"", trouble=None, revision=1, created_at=at,
                ))  # fmt: skip

    await transactions.write(fill)
    return transactions


async def opened(database: Transactions, with_: Vault) -> list[str]:
    """Every secret that there is, in the order of the tables."""

    def work(tx: Transaction) -> list[str]:
        return [
            with_.open(secret, of=kind.row_name(row_id))
            for kind in sealed.EVERY
            for row_id, secret in kind.page(tx, None, 100)
        ]

    return await database.read(work)


ALL = ["secret 1", "secret 2", "secret 3"] * 4


@pytest.mark.parametrize("at_once", [1, 2, 3, 100])
async def test_everything_is_encrypted_anew(at_once: int, full: Transactions, owner: Caller):
    done = await rotate(full, vault(NEW, OLD), owner, at_once=at_once)

    assert (done.renewed, done.current, list(done.lost)) == (12, 0, [])
    assert await opened(full, vault(NEW)) == ALL


async def test_it_may_be_done_again(full: Transactions, owner: Caller):
    await rotate(full, vault(NEW, OLD), owner)
    again = await rotate(full, vault(NEW, OLD), owner)

    assert (again.renewed, again.current) == (0, 12)
    entries = await full.read(audit.page)
    assert [(entry.kind, entry.target, entry.after) for entry in entries] == [
        ("secrets.rotated", "secrets", {"renewed": 12, "lost": 0})
    ]


async def test_what_is_held_in_memory_is_read_again(full: Transactions, owner: Caller):
    def numbers(tx: Transaction) -> list[int]:
        return [counters.value(tx, name) for name in ("connectors", "webhooks")]

    before = await full.read(numbers)
    await rotate(full, vault(NEW, OLD), owner)
    after = await full.read(numbers)
    await rotate(full, vault(NEW, OLD), owner)

    assert all(now > then for now, then in zip(after, before, strict=True))
    assert await full.read(numbers) == after


class Killed(BaseException):
    """What happens to a program between two transactions, or in the middle of one."""


@pytest.mark.parametrize("after", range(8))
async def test_it_may_be_killed_anywhere(
    after: int, full: Transactions, owner: Caller, monkeypatch: pytest.MonkeyPatch
):
    replaced = 0

    def replace(self: Sealed, tx: Transaction, *arguments: Any) -> bool:
        nonlocal replaced
        if replaced == after:
            raise Killed
        replaced += 1
        return original(self, tx, *arguments)

    original = Sealed.replace
    with monkeypatch.context() as patched:
        patched.setattr(Sealed, "replace", replace)
        with pytest.raises(Killed):
            await rotate(full, vault(NEW, OLD), owner, at_once=2)
    assert await opened(full, vault(NEW, OLD)) == ALL

    await rotate(full, vault(NEW, OLD), owner, at_once=2)
    assert await opened(full, vault(NEW)) == ALL


async def test_what_was_kept_anew_meanwhile_stays(full: Transactions, owner: Caller, monkeypatch: pytest.MonkeyPatch):
    """A server that runs with the new key has kept another secret between the reading and the writing of a row."""
    newer = vault(NEW).seal("newer", of=APPLICATIONS.row_name("B" * 32))

    def page(self: Sealed, tx: Transaction, *arguments: Any) -> Any:
        rows = original(self, tx, *arguments)
        if self is APPLICATIONS:
            for row_id, secret in rows[:1]:
                assert self.replace(tx, row_id, secret, newer)
        return rows

    original = Sealed.page
    with monkeypatch.context() as patched:
        patched.setattr(Sealed, "page", page)
        done = await rotate(full, vault(NEW, OLD), owner)

    assert (done.renewed, done.current) == (11, 1)
    assert (await opened(full, vault(NEW)))[0] == "newer"


async def test_what_no_key_opens_is_named_and_left(full: Transactions, owner: Caller):
    done = await rotate(full, vault(NEW), owner)

    assert (done.renewed, len(done.lost)) == (0, 12)
    assert done.lost[0] == f"application {'B' * 32}"
    assert await opened(full, vault(OLD)) == ALL
    assert await full.read(audit.page) == []


async def test_it_takes_an_operator(transactions: Transactions, clock: ManualClock):
    with pytest.raises(NotAllowed, match="PM_SETUP_ADVANCE"):
        await rotate(transactions, vault(NEW), Caller(DIRECTORY.person(ANNA), DIRECTORY, clock.now()))


async def test_an_empty_database_has_nothing_to_do(transactions: Transactions, owner: Caller):
    assert await rotate(transactions, vault(NEW), owner) == Rotated()


def test_every_column_of_secrets_is_known():
    """Of the columns of bytes all are encrypted secrets that are neither hashes nor pictures."""
    bare = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if type(column.type) is LargeBinary and column.name not in ("hash", "origin", "image", "key", "fingerprint")
    }

    assert bare == {str(kind.secret) for kind in sealed.EVERY}


def test_rows_of_different_kinds_have_different_names():
    names: list[Callable[[str], str]] = [kind.row_name for kind in sealed.EVERY]
    assert len({name("1") for name in names}) == len(names)


def test_a_key_that_is_no_longer_there_opens_nothing():
    secret = vault(OLD).seal("secret", of="A")

    assert vault(NEW, OLD).open(secret, of="A") == "secret"
    with pytest.raises(Unavailable, match="PLACET_SECRET_KEYS_OLD"):
        vault(NEW).open(secret, of="A")
