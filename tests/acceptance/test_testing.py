"""The bench of `placet.testing`, used as its users do."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path

import pytest

from placet import ApprovalStatus, testing
from placet.errors import InvalidData, InvalidInput

LEAVE = Path(__file__).parents[2] / "definitions" / "leave_request.yaml"
ORDER = LEAVE.with_name("purchase_order.yaml")


async def test_the_example_of_its_docstring_runs(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(LEAVE.parents[1])
    example = testing.__doc__.partition("\n\n")[2].partition("\n\nIt is")[0]
    code = compile(example_function(example), "docstring", "exec")
    names = {"testing": testing, "ApprovalStatus": ApprovalStatus}
    exec(code, names)

    await names["example"]()


def example_function(example: str) -> ast.Module:
    return ast.parse("async def example():\n" + textwrap.indent(textwrap.dedent(example), "    "))


async def test_what_comes_due_does_so_at_its_own_time():
    async with testing.run(LEAVE, people={"anna": {"manager": "ben"}, "ben": {"manager": "clara"}}) as bench:
        process = await bench.start("anna", days=3)
        await bench.move(days=6)

        due = [(event.kind, (event.at - process.created_at).days) for event in await bench.timeline()]

        assert [entry for entry in due if entry[0].startswith("work_item")] == [
            ("work_item.assigned", 0),
            ("work_item.reminded", 1),
            ("work_item.reminded", 2),
            ("work_item.escalated", 3),
            ("work_item.reminded", 3),
            ("work_item.reminded", 4),
            ("work_item.timed_out", 5),
        ]
        assert (await bench.process()).approval_status is ApprovalStatus.DENIED
        assert (bench.clock.now() - process.created_at).days == 6


async def test_a_request_that_came_back_is_withdrawn_or_sent_again():
    async with testing.run(LEAVE, people={"anna": {"manager": "ben"}}) as bench:
        await bench.start("anna", days=3)
        await bench.send_back("ben", comment="Which days?")
        assert await bench.waiting() == [("manager", "anna")]
        await bench.approve("anna", data={"days": 2})
        await bench.send_back("ben")

        process = await bench.deny("anna")

        assert process.approval_status is ApprovalStatus.RETRACTED
        assert process.data == {"days": 2}
        assert [comment.text for comment in await bench.comments()] == ["Which days?"]


async def test_people_are_made_up_and_a_missing_answerer_is_named():
    async with testing.run(LEAVE, people={"helen": {"groups": ["HR"]}}) as bench:
        await bench.start("nobody.knows.him", days=1)

        with pytest.raises(AssertionError, match=r"Nothing waits for ben; the process waits for HR \(manager\)"):
            await bench.approve("ben")
        assert (await bench.approve("helen")).approval_status is ApprovalStatus.APPROVED


async def test_of_several_items_one_has_to_be_chosen():
    people = {"anna": {"manager": "ben"}, "ben": {"groups": ["Finance"]}, "kenji": {"groups": ["Procurement"]}}
    async with testing.run(ORDER, people=people) as bench:
        await bench.start("anna", supplier="Halden", amount="6000", cost_centre="1")

        with pytest.raises(AssertionError, match="2 work items wait for ben; choose an activity of"):
            await bench.approve("ben")
        await bench.approve("ben", activity="finance")
        await bench.approve("ben", activity="department")
        assert (await bench.approve("kenji")).approval_status is ApprovalStatus.APPROVED


async def test_a_text_or_a_folder_is_a_definition_too():
    text = "name: Nothing\ndata: {recipient: {type: string}}\nstart: done\nactivities:\n  done: {kind: finish}\n"
    async with testing.run(text) as bench:
        process = await bench.start("anna", {"recipient": "ben"})
        assert process.data == {"recipient": "ben"}
    async with testing.run(LEAVE.parent, people=["anna"]) as bench:
        with pytest.raises(AssertionError, match="Name the definition to start; there are Leave request, "):
            await bench.start("anna", days=1)
        with pytest.raises(InvalidData):
            await bench.start("anna", definition="Leave request", hours=1)


async def test_a_bench_says_which_file_it_cannot_read():
    with pytest.raises(InvalidInput, match=r"nosuch\.yaml cannot be read \(No such file"):
        async with testing.run("nosuch.yaml"):
            pass
