"""Rights from end to end: roles as they are stored, a call that names nobody, absences and proxies that are stored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from placet.clock import ManualClock
from placet.commands import TerminateProcess
from placet.core.access import Act
from placet.core.ids import IdMaker
from placet.core.names import dn_guid, user_dn
from placet.engine import Engine
from placet.errors import InvalidInput, NotAllowed, NotFound
from placet.store import absences, people, proxies, roles
from tests.builders import ADMIN, ANNA, BOB, CARL, DORA, EVE, NINE
from tests.store.harness import ASK, an_engine

_ids = IdMaker()
ONE_MORE = ASK.replace("Ask", "Ask again", 1)


@pytest.fixture
async def engine(database_url: str, clock: ManualClock) -> AsyncIterator[Engine]:
    async with an_engine(database_url, clock) as engine:
        yield engine


async def give(engine: Engine, person: str, *permissions: str) -> str:
    """Give somebody a role of his own that holds these permissions."""
    role = roles.RoleRow(id=dn_guid(f"role of {person}"), code=f"R{person[3:6]}", name="", created_at=NINE)

    def work(tx: Any) -> None:
        roles.add_role(tx, role)
        uids = {each.code: each.id for each in roles.permissions(tx)}
        for code in permissions:
            roles.give_permission(tx, role.id, uids[code])
        roles.set_role(tx, dn_guid(person), role.id)

    await engine.store.write(work)
    return role.id


async def ask(engine: Engine) -> str:
    return (await engine.start("Ask", actor=ANNA)).process.id


async def be_absent(engine: Engine, person: str, delegate: str) -> None:
    row = absences.AbsenceRow(
        id=_ids.make(NINE), user_id=dn_guid(person), delegate_id=dn_guid(delegate), from_at=NINE,
        to_at=NINE + timedelta(days=1), created_at=NINE,
    )  # fmt: skip

    def work(tx: Any) -> None:
        absences.lock(tx)
        absences.add(tx, row)

    await engine.store.write(work)
    await engine.refresh()


# -- who calls -------------------------------------------------------------------------------------


async def test_a_call_that_names_nobody_is_the_applications_only_where_it_says_so(engine: Engine):
    process_id = await ask(engine)
    calls = [
        lambda by: by.process(process_id),
        lambda by: by.processes(),
        lambda by: by.timeline(process_id),
        lambda by: by.definitions(),
        lambda by: by.deploy(ONE_MORE),
        lambda by: by.comment(process_id, "Soon?"),
        lambda by: by.start("Ask", initiator=ANNA),
        lambda by: by.terminate(process_id),
    ]

    for call in calls:
        with pytest.raises(InvalidInput, match=r"Nobody is named who does this; .*engine\.as_system\(\)"):
            await call(engine)
        await call(engine.as_system())
    with pytest.raises(InvalidInput, match="Nobody is named"):
        await engine.handle(TerminateProcess(process_id=process_id))


async def test_whom_the_application_names_has_his_own_rights_only(engine: Engine):
    process_id = await ask(engine)

    with pytest.raises(NotFound):
        await engine.as_system().terminate(process_id, actor=EVE)
    with pytest.raises(NotAllowed, match="PM_SUPERVISOR"):
        await engine.as_system().pause(process_id, actor=ANNA)


# -- permissions -----------------------------------------------------------------------------------


async def test_definitions_are_changed_with_the_permission_to(engine: Engine):
    await give(engine, EVE, "PM_FACTORY")
    await engine.refresh()

    for change in (lambda by: engine.deploy(ONE_MORE, actor=by), lambda by: engine.retire("Ask", actor=by)):
        with pytest.raises(NotAllowed, match="change definitions takes the permission PM_FACTORY"):
            await change(ANNA)
        await change(EVE)
    with pytest.raises(NotAllowed, match="PM_LOGIN"):
        await engine.definitions(actor=EVE)


async def test_a_permission_ends_nothing_that_its_holder_does_not_see(engine: Engine):
    process_id = await ask(engine)
    await give(engine, EVE, "PM_LOGIN", "PM_CANCELCASE", "PM_SUPERVISOR")
    await give(engine, DORA, "PM_LOGIN", "PM_CANCELCASE", "PM_ALLCASES")

    for deed in (engine.terminate, engine.pause):
        with pytest.raises(NotFound):
            await deed(process_id, actor=EVE)
    with pytest.raises(NotFound):
        await engine.change_data(process_id, {"reason": "another"}, actor=EVE)
    assert (await engine.as_system().process(process_id)).process.completed_at is None
    await engine.refresh()
    await engine.terminate(process_id, actor=DORA)


async def test_whoever_starts_needs_the_permission(engine: Engine):
    await give(engine, ANNA, "PM_LOGIN")

    with pytest.raises(NotAllowed, match="PM_CASES"):
        await ask(engine)
    with pytest.raises(NotAllowed, match="PM_CASES"):
        await engine.form("Ask", actor=ANNA)


async def test_who_is_made_inactive_is_out_at_the_next_request(engine: Engine):
    process_id = await ask(engine)
    role = await give(engine, EVE, "PM_LOGIN", "PM_ALLCASES")
    assert (await engine.process(process_id, actor=EVE)).process.id == process_id

    def disable(tx: Any) -> None:
        found = roles.find_role(tx, role)
        assert found is not None
        roles.change_role(tx, roles.RoleRow(id=role, code=found.code, name="", status="INACTIVE", created_at=NINE))

    await engine.store.write(disable)
    with pytest.raises(NotAllowed, match="inactive"):
        await engine.process(process_id, actor=EVE)
    await engine.store.write(lambda tx: people.set_status(tx, dn_guid(ANNA), "INACTIVE"))
    with pytest.raises(NotAllowed, match="inactive"):
        await engine.processes(actor=ANNA)
    with pytest.raises(NotAllowed, match="inactive"):
        await ask(engine)


# -- absences and proxies --------------------------------------------------------------------------


async def test_a_delegate_finds_what_waits_in_his_inbox(engine: Engine, clock: ManualClock):
    before = await ask(engine)
    await be_absent(engine, BOB, EVE)
    during = await ask(engine)

    assert {each.process.id for each in await engine.inbox(EVE)} == {before, during}
    assert {each.process.id for each in await engine.processes(actor=EVE)} == {before, during}
    assert {each.process.id for each in await engine.processes(actor=BOB)} == {before, during}
    assert {each.process.id for each in await engine.inbox(BOB)} == {before}
    assert (await engine.work_items("ProxyFor=cn=bob,ou=users,o=placet", actor=EVE))[0].process.id == during

    clock.move_to(NINE + timedelta(days=2))
    assert {each.process.id for each in await engine.inbox(EVE)} == {during}
    assert {each.process.id for each in await engine.processes(actor=EVE)} == {during}


async def test_who_has_answered_for_another_goes_on_seeing_it(engine: Engine, clock: ManualClock):
    process_id = await ask(engine)
    await be_absent(engine, BOB, EVE)
    [waiting] = await engine.inbox(EVE)

    done = await engine.act(waiting.item.id, "approve", actor=EVE)
    clock.move_to(NINE + timedelta(days=2))

    assert (done.item.addressee, done.item.actor, done.item.proxy_for) == (BOB, EVE, BOB)
    assert (await engine.process(process_id, actor=EVE)).process.id == process_id


async def test_a_proxy_sees_what_he_has_started(engine: Engine):
    grant = proxies.ProxyRow(
        id=_ids.make(NINE), user_id=dn_guid(ANNA), proxy_id=dn_guid(EVE), from_at=NINE, created_at=NINE
    )
    with pytest.raises(NotAllowed, match="proxy grant"):
        await engine.start("Ask", actor=EVE, initiator=ANNA)

    await engine.store.write(lambda tx: (proxies.lock(tx), proxies.add(tx, grant)))
    started = await engine.start("Ask", actor=EVE, initiator="anna")

    assert (started.process.initiator, started.process.proxy) == (ANNA, EVE)
    assert [each.process.id for each in await engine.processes(actor=EVE)] == [started.process.id]
    with pytest.raises(NotAllowed):
        await engine.start("Ask", actor=CARL, initiator="anna")


# -- why -------------------------------------------------------------------------------------------


async def test_why_somebody_may(engine: Engine):
    process_id = await ask(engine)
    await be_absent(engine, BOB, EVE)

    anna = await engine.access("anna", process_id, actor=ANNA)
    assert anna[Act.READ].because == "he is its initiator"
    assert anna[Act.TERMINATE].allowed
    assert not anna[Act.ANSWER].allowed
    eve = await engine.access(EVE, process_id, actor=ADMIN)
    assert eve[Act.ANSWER].allowed
    assert "delegate" in eve[Act.READ].because
    stranger = await engine.as_system().access(user_dn("stranger"), process_id)
    assert not stranger[Act.READ].allowed
    assert "PM_ALLCASES" in stranger[Act.READ].needs
    assert "may not read" in stranger[Act.COMMENT].because


async def test_who_may_ask_why(engine: Engine):
    process_id = await ask(engine)

    with pytest.raises(NotAllowed, match="PM_USERS"):
        await engine.access("bob", process_id, actor=ANNA)
    with pytest.raises(NotFound):
        await engine.access("eve", process_id, actor=EVE)
    with pytest.raises(InvalidInput, match="neither a user name"):
        await engine.as_system().access("nobody", process_id)
