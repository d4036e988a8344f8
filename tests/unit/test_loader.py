# ruff: noqa: E501  one line a case reads better in the tables of this file
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from placet.core import definition as core
from placet.core.expressions import Expression
from placet.core.names import dn_guid
from placet.core.statuses import ApprovalStatus, Priority
from placet.errors import InvalidDefinition
from placet.loader import Fault, json_schema, load_directory, parse_definition

DEFINITIONS = Path(__file__).parents[2] / "definitions"
LEAVE = """\
name: Leave request                        # dn defaults to cn=<name>,cn=RequestDefs,cn=AppConfig,o=placet
category: accounts                         # also: description, operation (grant, revoke, both), retention
data:
  days:   {type: integer, required: true, indexed: true}
  reason: {type: string}
start: size
activities:
  size:     {kind: condition, when: data.days > 10, paths: {"true": board, "false": manager}}
  manager:
    kind: approval
    name: Manager's approval
    addressees: initiator.manager          # CEL: a DN or user name, a group, or a list that mixes them
    settle: any                            # any | all | a number | a percentage
    self_approval: forbidden
    fallback: cn=HR,ou=groups,o=placet     # asked when nobody resolves
    timeout: 3d
    remind: {after: 1d, every: 1d}
    escalate: {after: 2d, to: recipient.manager.manager}
    writes: [reason]                       # data items that an approver may change
    paths: {approved: done, denied: refused, timedout: refused}
  board:    {kind: approval, addressees: "['cn=Board,ou=groups,o=placet']", settle: 50%, paths: {approved: done, denied: refused}}
  refused:  {kind: status, set: denied, next: done}
  done:     {kind: finish}
"""


def a_definition(*activities: str, data: str = "", start: str = "a") -> str:
    """A definition whose first activity stands in line 5."""
    lines = "\n".join(f"  {activity}" for activity in activities)
    return f"name: Trial\ndata: {{{data}}}\nstart: {start}\nactivities:\n{lines}\n"


def faults_of(text: str) -> list[str]:
    with pytest.raises(InvalidDefinition) as caught:
        parse_definition(text, "f.yaml")
    assert caught.value.faults == sorted(caught.value.faults)
    return [str(fault) for fault in caught.value.faults]


def test_the_leave_request_loads_as_written():
    leave = parse_definition(LEAVE)

    assert (leave.name, leave.dn) == ("Leave request", "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet")
    assert leave.guid == dn_guid(leave.dn)
    assert (leave.category, leave.operation, leave.start) == ("accounts", "grant", "size")
    assert leave.source == LEAVE
    assert leave.data["days"] == core.DataItem("days", core.DataType.INTEGER, required=True, indexed=True)
    assert leave.activities == {
        "size": core.Condition(
            id="size", name="size", when=Expression("data.days > 10"), paths={"true": "board", "false": "manager"}
        ),
        "manager": core.Approval(
            id="manager",
            name="Manager's approval",
            addressees=Expression("initiator.manager"),
            settle=core.Settle(),
            self_approval=False,
            fallback="cn=HR,ou=groups,o=placet",
            timeout=timedelta(days=3),
            remind=core.Remind(timedelta(days=1), timedelta(days=1)),
            escalate=core.Escalate(timedelta(days=2), Expression("recipient.manager.manager")),
            writes=("reason",),
            paths={"approved": "done", "denied": "refused", "timedout": "refused"},
        ),
        "board": core.Approval(
            id="board",
            name="board",
            addressees=Expression("['cn=Board,ou=groups,o=placet']"),
            settle=core.Settle(core.SettleKind.PERCENT, 50),
            paths={"approved": "done", "denied": "refused"},
        ),
        "refused": core.StatusActivity(
            id="refused", name="refused", status=ApprovalStatus.DENIED, paths={"next": "done"}
        ),
        "done": core.Finish(id="done", name="done"),
    }


def test_every_other_kind_and_key():
    found = parse_definition(
        dedent("""
        name: {en: Order, nl: Bestelling}
        description: {en: Buy, nl: Koop}
        dn: cn=Order,o=acme
        operation: both
        legal_disclaimer: Binding.
        retention: 120d
        digital_signature: not-required
        data:
          total: {type: decimal, description: In euro}
          who: {type: dn, multi_valued: true}
        start: both
        activities:
          both: {kind: branch, next: [first, second]}
          first: {kind: mapping, set: {total: 0.5}, paths: {next: meet, error: meet}}
          second: {kind: log, name: Note, comment: "'asked'", next: pause}
          pause: {kind: wait, for: P3DT12H, next: until}
          until: {kind: wait, until: now + duration('1h'), next: meet}
          meet: {kind: merge, next: child}
          child: {kind: process, definition: Leave request, recipient: initiator.dn, data: {days: 3}, paths: {approved: vote, denied: vote, error: vote}}
          vote: {kind: approval, addressees: data.who, settle: 2, due: 1d12h, priority: high, paths: {approved: other, denied: other, refused: other}}
          other: {kind: process, definition: "cn=x,o=acme", wait: false, next: set}
          set: {kind: status, set: approved, paths: {next: done}}
          done: {kind: finish}
        """)
    )

    steps = found.activities
    assert (found.dn, found.name, found.names) == ("cn=Order,o=acme", "Order", {"en": "Order", "nl": "Bestelling"})
    assert (found.description, found.descriptions["nl"]) == ("Buy", "Koop")
    assert (found.operation, found.legal_disclaimer, found.retention) == ("both", "Binding.", timedelta(days=120))
    assert found.data["who"].multi_valued
    assert found.data["total"].description == "In euro"
    assert steps["both"] == core.Branch(id="both", name="both", targets=("first", "second"))
    assert steps["first"].sets == {"total": Expression("0.5")}
    assert steps["first"].paths == {"next": "meet", "error": "meet"}
    assert (steps["second"].name, steps["second"].comment) == ("Note", Expression("'asked'"))
    assert (steps["pause"].duration, steps["pause"].until) == (timedelta(days=3, hours=12), None)
    assert steps["until"].until == Expression("now + duration('1h')")
    assert steps["meet"] == core.Merge(id="meet", name="meet", paths={"next": "child"})
    assert steps["child"].definition == "cn=Leave request,cn=RequestDefs,cn=AppConfig,o=placet"
    assert (steps["child"].recipient, steps["child"].data) == (Expression("initiator.dn"), {"days": Expression("3")})
    assert steps["child"].wait
    assert (steps["vote"].settle, steps["vote"].due) == (core.Settle(core.SettleKind.COUNT, 2), timedelta(hours=36))
    assert (steps["vote"].priority, steps["vote"].self_approval) == (Priority.HIGH, True)
    assert (steps["other"].definition, steps["other"].wait, steps["other"].paths) == (
        "cn=x,o=acme",
        False,
        {"next": "set"},
    )
    assert steps["set"].status is ApprovalStatus.APPROVED


@pytest.mark.parametrize("keys", ["true: b, false: b", '"true": b, "false": b'])
def test_true_and_false_name_paths_with_and_without_quotes(keys):
    found = parse_definition(
        a_definition(f"a: {{kind: condition, when: true, paths: {{{keys}}}}}", "b: {kind: finish}")
    )
    assert found.activities["a"].paths == {"true": "b", "false": "b"}


DONE = "z: {kind: finish}"
LOG = "{kind: log, comment: \"'x'\", next: %s}"
ASK = "kind: approval, addressees: initiator.manager"
WAYS = "paths: {approved: z, denied: z}"


@pytest.mark.parametrize(
    ("activity", "data", "fault"),
    [
        (
            "{kind: finnish}",
            "",
            "5:13: Activity 'a' cannot be used: 'finnish' is no kind of activity: did you mean 'finish'?",
        ),
        ("{kind: email, subject: s, text: t, next: z}", "", "5:6: 'to' of activity 'a' (email) is missing"),
        ("{kind: email, to: '1', subject: s, text: t, next: z}", "", "'to' of activity 'a' has to give a person"),
        ("{kind: connector, paths: {success: z}}", "", "'connector' of activity 'a' (connector) is missing"),
        ("{kind: connector, connector: c, paths: {}}", "", "The path 'success' of activity 'a' (connector) is not"),
        ("{kind: connector, connector: c, paths: {success: z, error: z}}", "", "There is no path 'error' of activity"),
        (
            "{kind: connector, connector: c, inputs: {n: data.y}, paths: {success: z}}",
            "x: {}",
            "5:55: Activity 'a' names",
        ),
        (
            "{kind: connector, connector: c, outputs: {y: '1'}, paths: {success: z}}",
            "x: {}",
            "Activity 'a' names the data item 'y'",
        ),
        (
            "{kind: connector, connector: c, fault_outputs: {y: '1'}, paths: {success: z, fault: z}}",
            "x: {}",
            "5:54: Activity 'a' names the data item 'y'",
        ),
        (
            "{kind: connector, connector: c, fault_outputs: {x: '1'}, paths: {success: z}}",
            "x: {}",
            "5:38: Activity 'a' has fault_outputs and draws neither fault nor timedout",
        ),
        ("{kind: connector, connector: c, inputs: {n: 1 +}, paths: {success: z}}", "", "'inputs.n' of activity 'a'"),
        ("{kind: connector, connector: c, inputs: [n], paths: {success: z}}", "", "has to be a mapping of keys"),
        ("{name: x}", "", "5:6: Activity 'a' has no kind; kinds are: approval, condition"),
        ("text", "", "5:6: Activity 'a' has to be a mapping"),
        ("{kind: log, next: z}", "", "5:6: 'comment' of activity 'a' (log) is missing"),
        ("{kind: log, comment: 1 + 1, next: z}", "", "5:27: 'comment' of activity 'a' has to give a text"),
        ("{kind: log, comment: \"'x'\"}", "", "'a' has no way on; write one of next: … and paths"),
        ("{kind: log, comment: \"'x'\", next: z, paths: {next: z}}", "", "'a' has both next and paths"),
        (
            "{kind: log, comment: \"'x'\", paths: {nxt: z}}",
            "",
            "There is no path 'nxt' of activity 'a' (log): did you mean 'next'?",
        ),
        (
            "{kind: log, coment: x, comment: \"'x'\", next: z}",
            "",
            "5:18: There is no key 'coment' of activity 'a' (log): did you mean 'comment'?",
        ),
        (
            "{kind: log, comment: data.x +, next: z}",
            "x: {}",
            "5:35: 'comment' of activity 'a' (log): 'data.x +' is no expression: it ends too early",
        ),
        (
            "{kind: log, comment: data.reasn, next: z}",
            "reason: {}",
            "5:32: Activity 'a' names the data item 'reasn', which is not declared: did you mean 'reason'?",
        ),
        (
            "{kind: mapping, set: {x: data.x * 2}, next: z}",
            "x: {type: decimal}",
            "5:38: 'set.x' of activity 'a' cannot work: '*' cannot take a decimal and an integer; write a number as 2.0",
        ),
        ("{kind: mapping, set: {y: 1}, next: z}", "x: {}", "5:28: Activity 'a' names the data item 'y'"),
        ("{kind: mapping, set: {}, next: z}", "", "'set' of activity 'a' (mapping) is empty"),
        (
            "{kind: status, set: granted, next: z}",
            "",
            "5:26: 'set' of activity 'a' (status) cannot be 'granted'; it is one of 'approved' or 'denied'",
        ),
        ("{kind: wait, next: z}", "", "Wait 'a' needs one of for: 2d and until"),
        ("{kind: wait, for: 1d, until: now, next: z}", "", "Wait 'a' needs one of"),
        ("{kind: wait, for: 3 days, next: z}", "", "'3 days' is not a duration between 1s and ten years; write 30m"),
        ("{kind: wait, for: 0s, next: z}", "", "'0s' is not a duration"),
        ("{kind: wait, until: \"'tomorrow'\", next: z}", "", "'until' of activity 'a' has to give a time"),
        (
            "{kind: condition, when: true, paths: {true: z}}",
            "",
            "The path 'false' of activity 'a' (condition) is not drawn",
        ),
        (
            "{kind: condition, when: 1 + 1, paths: {true: z, false: z}}",
            "",
            "'when' of activity 'a' has to give true or false",
        ),
        (
            "{kind: condition, when: true, paths: {true: z, false: y}}",
            "",
            "5:60: A path leads to 'y', which is no activity: there are: a, z.",
        ),
        (
            "{kind: process, definition: X, next: z}",
            "",
            "Process 'a' with wait: true draws the paths approved and denied",
        ),
        (
            "{kind: process, definition: X, wait: false, paths: {approved: z, denied: z}}",
            "",
            "Process 'a' with wait: false draws the path next",
        ),
        (
            "{kind: process, definition: X, wait: perhaps, next: z}",
            "",
            "'wait' of activity 'a' (process): 'perhaps' is neither true nor false",
        ),
        (f"{{{ASK}, paths: {{approved: z}}}}", "", "The path 'denied' of activity 'a' (approval) is not drawn"),
        (
            f"{{{ASK}, settle: 101%, {WAYS}}}",
            "",
            "'101%' is no way to settle; write any, all, a number such as 3 or a percentage such as 50%",
        ),
        (f"{{{ASK}, settle: 0, {WAYS}}}", "", "'0' is no way to settle"),
        (
            f"{{{ASK}, settle: all, writes: [x], {WAYS}}}",
            "x: {}",
            "Approval 'a' asks several voters, so none of them may write data items",
        ),
        (f"{{{ASK}, writes: [y], {WAYS}}}", "x: {}", "Activity 'a' names the data item 'y'"),
        (
            f"{{{ASK}, writes: x, {WAYS}}}",
            "x: {}",
            "'writes' of activity 'a' (approval) has to be a list such as [a, b]",
        ),
        (
            f"{{{ASK}, paths: {{approved: z, denied: z, timedout: z}}}}",
            "",
            "Approval 'a' draws timedout and has no timeout; add timeout: 3d",
        ),
        (f"{{{ASK}, timeout: 1d, remind: {{after: 24h}}, {WAYS}}}", "", "Approval 'a' reminds only after its timeout"),
        (
            f"{{{ASK}, timeout: 1d, escalate: {{after: 2d, to: initiator.dn}}, {WAYS}}}",
            "",
            "Approval 'a' escalates only after its timeout",
        ),
        (f"{{{ASK}, timeout: 1d, due: 2d, {WAYS}}}", "", "Approval 'a' is due only after its timeout"),
        (f"{{{ASK}, remind: {{every: 1d}}, {WAYS}}}", "", "'remind.after' of activity 'a' (approval) is missing"),
        (f"{{{ASK}, self_approval: no, {WAYS}}}", "", "cannot be 'no'; it is one of 'allowed' or 'forbidden'"),
        (f"{{{ASK}, priority: urgent, {WAYS}}}", "", "cannot be 'urgent'; it is one of 'high', 'medium' or 'low'"),
        (
            f"{{kind: approval, addressees: 1 + 1, {WAYS}}}",
            "",
            "'addressees' of activity 'a' has to give a person, a DN, a user name or a list",
        ),
        (
            f"{{kind: approval, addressees: 17, {WAYS}}}",
            "",
            "5:35: 'addressees' of activity 'a' has to give a person, a DN, a user name or a list",
        ),
        (
            f"{{{ASK}, fallback: data.x, {WAYS}}}",
            "x: {type: integer}",
            "'fallback' of activity 'a' has to give a person, a DN, a user name or a list",
        ),
        (
            f"{{{ASK}, escalate: {{after: 1d, to: data.x}}, {WAYS}}}",
            "x: {type: decimal, multi_valued: true}",
            "'to' of activity 'a' has to give a person, a DN, a user name or a list",
        ),
        (f'{{kind: approval, addressees: "[1, 2]", {WAYS}}}', "", "'addressees' of activity 'a' has to give a person"),
        (
            "{kind: wait, until: data.x, next: z}",
            "x: {type: date}",
            "'until' of activity 'a' has to give a time, see timestamp(…)",
        ),
        (
            f"{{kind: approval, addressees: initiator.boss, {WAYS}}}",
            "",
            "5:45: Activity 'a' asks for 'boss' of 'initiator', which it does not have: there are: dn, user_name, name,",
        ),
        (
            f"{{{ASK}, escalate: {{after: 1d, to: recipient.manager.mangaer}}, {WAYS}}}",
            "",
            "Activity 'a' asks for 'mangaer' of 'recipient.manager', which it does not have: did you mean 'manager'?",
        ),
        (
            "{kind: log, comment: string(process.created), next: z}",
            "",
            "5:42: Activity 'a' asks for 'created' of 'process', which it does not have: did you mean 'created_at'?",
        ),
        (
            f"{{{ASK}, writes: [x], {WAYS}}}",
            "x: {internal: true}",
            "Approval 'a' writes the data item 'x', which is internal: only mappings set it.",
        ),
        (
            f"{{{ASK}, fallback: cn=HR,ou=groups, {WAYS}}}",
            "",
            "'ou=groups' is no key of activity 'a' (approval); inside of { } a text with commas stands in quotes",
        ),
    ],
)
def test_a_fault_of_one_activity_is_told_with_its_place_and_what_would_work(activity, data, fault):
    found = faults_of(a_definition(f"a: {activity}", DONE, data=data))
    assert any(fault in line and line.startswith("f.yaml:5:") for line in found), found


@pytest.mark.parametrize(
    ("activities", "fault"),
    [
        (
            ["a: " + LOG % "a2", "a2: " + LOG % "a"],
            "4:1: There is no finish; add one activity such as done: {kind: finish}",
        ),
        (["a: " + LOG % "z", DONE, "y: {kind: finish}"], "7:3: 'y' is a second finish; lead its paths to 'z'"),
        (["a: " + LOG % "z", "b: " + LOG % "z", DONE], "6:3: No path leads to activity 'b'"),
        (["a: {kind: wait, for: 1d, next: a}", DONE], "5:3: No path from activity 'a' comes to the finish"),
        (
            ["a: " + LOG % "b", "b: {kind: condition, when: true, paths: {true: a, false: z}}", DONE],
            "5:3: The circle a → b → a never waits; put an approval, a wait or a process with wait: true into it",
        ),
        (
            [
                "a: {kind: process, definition: X, wait: false, next: b}",
                "b: {kind: condition, when: true, paths: {true: a, false: z}}",
                DONE,
            ],
            "The circle a → b → a never waits",
        ),
        (["a: {kind: merge, next: z}", DONE], "5:3: Merge 'a' is reached outside of a branch"),
        (
            [
                "a: {kind: branch, next: [b, c]}",
                "b: " + LOG % "m",
                "c: " + LOG % "z",
                "m: {kind: merge, next: z}",
                DONE,
            ],
            "The finish 'z' is reached inside branch 'a'",
        ),
        (
            ["a: {kind: branch, next: [b, c]}", "b: {kind: merge, next: z}", "c: {kind: merge, next: z}", DONE],
            "Branch 'a' ends in two merges, 'b' and 'c'",
        ),
        (
            [
                "a: {kind: condition, when: true, paths: {true: b, false: m}}",
                "b: {kind: branch, next: [c, m]}",
                "c: " + LOG % "m",
                "m: {kind: merge, next: z}",
                DONE,
            ],
            "Activity 'm' is reached both inside and outside of branch 'b'; give each branch its own merge",
        ),
        (
            [
                "a: {kind: branch, next: [b, c]}",
                f"b: {{{ASK}, paths: {{approved: m, denied: a}}}}",
                "c: " + LOG % "m",
                "m: {kind: merge, next: z}",
                DONE,
            ],
            "Activity 'a' is reached both inside and outside of branch 'a'",
        ),
        (
            ["a: {kind: branch, next: [b, b]}", "b: " + LOG % "m", "m: {kind: merge, next: z}", DONE],
            "Branch 'a' names an activity twice",
        ),
        (
            [
                "a: {kind: branch, next: [b, c]}",
                "b: {kind: wait, for: 1d, next: b}",
                "c: {kind: wait, for: 1d, next: c}",
                DONE,
            ],
            "Branch 'a' has no merge; lead all of its paths to one activity of kind merge",
        ),
    ],
)
def test_activities_have_to_hang_together(activities, fault):
    found = faults_of(a_definition(*activities))
    assert any(fault in line for line in found), found


@pytest.mark.parametrize(
    "activities",
    [
        ["a: {kind: finish}"],
        [f"a: {{{ASK}, paths: {{approved: z, denied: a}}}}", DONE],
        ["a: {kind: branch, next: [b, m]}", "b: " + LOG % "m", "m: {kind: merge, next: z}", DONE],
        [
            "a: {kind: branch, next: [b, c]}",
            "b: {kind: branch, next: [d, e]}",
            "c: " + LOG % "m",
            "d: " + LOG % "n",
            "e: " + LOG % "n",
            "n: {kind: merge, next: m}",
            "m: {kind: merge, next: z}",
            DONE,
        ],
        [
            "a: {kind: branch, next: [b, c]}",
            f"b: {{{ASK}, paths: {{approved: m, denied: b}}}}",
            "c: " + LOG % "m",
            "m: {kind: merge, next: d}",
            "d: {kind: condition, when: true, paths: {true: w, false: z}}",
            "w: {kind: wait, for: 1d, next: a}",
            DONE,
        ],
    ],
)
def test_flows_that_are_in_order(activities):
    assert parse_definition(a_definition(*activities)).start == "a"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1: A definition is a mapping with at least name, start and activities"),
        ("- a", "1:1: A definition is a mapping"),
        ("a: [1, 2\nb: 3", "2:2: This is not YAML"),
        ("a: b\n\tc: d", "2:1: This is not YAML"),
        ("a: \x07", "1:4: This character cannot stand in YAML"),
        ("name: a\nname: b", "2:1: The key 'name' was given before, in line 1"),
        ("name: &x a\nstart: *x", "1:7: The anchor &x is not allowed"),
        ("name: &x a\nstart: *x", "2:8: The alias *x is not allowed"),
        ("a: &x [*x, *x]", "1:8: The alias *x is not allowed"),
        ("name: !!python/name:os.system a", "1:7: The tag tag:yaml.org,2002:python/name:os.system is not allowed"),
        ("name: !secret a", "1:7: The tag !secret is not allowed"),
        ("[" * 5000, "nests deeper than 12 levels"),
        ("name: a\n---\nname: b", "2:1: A second document begins here"),
        ("? [a, b]\n: c", "1:3: A key has to be a plain word"),
        ("x" * 1_048_577, "1:1: The file is larger than 1024 KiB"),
        ("name: {nl: Verlof}", "1:7: 'name' has no English text"),
        ("name: {EN: Leave, en: Leave}", "1:7: 'name': 'EN' is no language; write its code"),
        ("name:", "1:6: 'name' is empty; give a text"),
        ("name: a, b\nstart: a", "1:7: No DN can be made of the name 'a, b'; add one with dn: cn=…"),
        ("name: a\ndn: leave", "2:5: 'dn': 'leave' is not a distinguished name"),
        ("name: a\nstrat: b", "2:1: There is no key 'strat': did you mean 'start'?"),
        ("name: a\nstart: b\nactivities: {a: {kind: finish}}", "2:8: The start 'b' is no activity"),
        ("name: a\nstart: b\nactivities: [a]", "3:13: 'activities' has to be a mapping"),
        ("name: a\nstart: b", "1:1: There are no activities"),
        (
            "name: a\ndigital_signature: form",
            "2:20: 'digital_signature': 'form' cannot be had: signing is not offered; write not-required",
        ),
        ("name: a\noperation: give", "2:12: 'operation' cannot be 'give'; it is one of 'grant', 'revoke' or 'both'"),
        ("name: a\nretention: for ever", "2:12: 'retention': 'for ever' is not a duration"),
        ("name: a\ndata: {a: {type: text}}", "2:18: 'type' of data item 'a' cannot be 'text'; it is one of 'string'"),
        ("name: a\ndata: {a: {type: json, indexed: true}}", "2:24: Data item 'a' of type json cannot be indexed"),
        ("name: a\ndata: {a: {type: binary, indexed: true}}", "Data item 'a' of type binary cannot be indexed"),
        ("name: a\ndata: {a b: {}}", "2:8: 'a b' cannot name a data item"),
        (
            "name: a\ndata: {a: {indxed: true}}",
            "2:12: There is no key 'indxed' of data item 'a': did you mean 'indexed'?",
        ),
        (
            "name: a\ndata: {" + "".join(f"d{n}: {{}}, " for n in range(501)) + "}",
            "2:1: There are 501 data items; at most 500 work",
        ),
        (
            "name: a\nactivities: {" + "".join(f"a{n}: {{}}, " for n in range(501)) + "}",
            "2:1: There are 501 activities; at most 500 work",
        ),
        ("name: a\nactivities: {9a: {kind: finish}}", "2:14: '9a' cannot name an activity"),
    ],
)
def test_a_fault_of_the_file_is_told_with_its_place(text, fault):
    found = faults_of(text)
    assert any(fault in line for line in found), found


def test_all_faults_are_told_at_once_in_order():
    found = faults_of(
        a_definition(
            "a: {kind: condition, when: data.dayz > 1, paths: {true: manger, fals: z}}",
            f"manager: {{{ASK}, timeout: soon, settle: most, {WAYS}}}",
            "left: " + LOG % "z",
            DONE,
            data="days: {type: integr}",
        )
    )
    assert [line.partition(": ")[0].split(":")[1:] for line in found] == [
        ["2", "21"],
        ["5", "35"],
        ["5", "52"],
        ["5", "59"],
        ["5", "67"],
        ["6", "69"],
        ["6", "83"],
        ["7", "3"],
    ]


def test_after_an_alias_of_a_mapping_nothing_is_guessed():
    found = faults_of("name: a\nstart: a\nactivities: {a: &x {kind: finish}, b: *x}")
    assert [line.split(": ")[0] for line in found] == ["f.yaml:3:17", "f.yaml:3:39"]


def test_what_cannot_be_followed_makes_no_further_faults():
    found = faults_of(a_definition("a: {kind: log, comment: \"'x'\", next: qqq}", "b: " + LOG % "z", DONE))
    assert len(found) == 1


SET = "a: {kind: mapping, set: {x: 1}, next: z}"


def test_an_internal_item_is_set_by_a_mapping():
    found = parse_definition(a_definition(SET, DONE, data="x: {type: integer, internal: true}, y: {}"))

    assert found.data["x"].internal
    assert list(found.asked) == ["y"]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (
            "x: {internal: true, required: true}",
            "2:28: Data item 'x' is internal: it is asked of nobody, so it cannot be required; drop one of the two.",
        ),
        ("x: {}, y: {internal: true}", "2:19: Data item 'y' is internal and no activity sets it; set it in a mapping"),
        ("x: {internal: perhaps}", "'internal' of data item 'x': 'perhaps' is neither true nor false"),
    ],
)
def test_an_internal_item_that_cannot_work(data, fault):
    assert any(fault in line for line in faults_of(a_definition(SET, DONE, data=data)))


def test_what_a_definition_gives_to_another_one_of_its_folder_is_checked(tmp_path):
    child = a_definition(SET, DONE, data="x: {type: integer, internal: true}, days: {}")
    parent = a_definition("a: {kind: process, definition: Trial, wait: false, next: z, data: {%s}}", DONE)
    (tmp_path / "child.yaml").write_text(child)
    (tmp_path / "parent.yaml").write_text(parent.replace("name: Trial", "name: Parent") % "days: 3")
    assert len(load_directory(tmp_path)) == 2

    (tmp_path / "parent.yaml").write_text(parent.replace("name: Trial", "name: Parent") % "x: 1, dais: 3")
    with pytest.raises(InvalidDefinition) as caught:
        load_directory(tmp_path)

    assert [str(fault).partition("parent.yaml:")[2] for fault in caught.value.faults] == [
        "5:70: Process 'a' gives 'Trial' the data item 'x', which is internal: only the mappings of that definition set "
        "it; leave it out.",
        "5:76: Process 'a' gives 'Trial' the data item 'dais', which it does not declare: did you mean 'days'?",
    ]


def test_a_directory_is_loaded_in_order_with_the_faults_of_all_files(tmp_path):
    (tmp_path / "b.yml").write_text("name: B\nstart: a\nactivities: {a: {kind: finish}}", encoding="utf-8-sig")
    (tmp_path / "a.yaml").write_text("name: A\nstart: a\nactivities: {a: {kind: finish}}")
    (tmp_path / "notes.txt").write_text("no definition")
    (tmp_path / "inner").mkdir()
    assert [definition.name for definition in load_directory(tmp_path)] == ["A", "B"]

    (tmp_path / "c.yaml").write_text(
        "name: x\nstart: a\nactivities: {a: {kind: finish}}\ndn: CN=a , cn=RequestDefs,cn=AppConfig,o=placet"
    )
    (tmp_path / "d.yaml").write_bytes(b"name: x\nstart: \xff")
    (tmp_path / "e.yaml").write_text("name: x\nstart: a\nactivities: {a: {kind: end}}")
    (tmp_path / "f.yaml").write_text(" " * 1_048_577)
    with pytest.raises(InvalidDefinition) as caught:
        load_directory(tmp_path)

    places = [(Path(fault.file).name, fault.line, fault.column) for fault in caught.value.faults]
    assert places == [("c.yaml", 4, 1), ("d.yaml", 2, 1), ("e.yaml", 3, 24), ("f.yaml", 1, 1)]
    assert "is in a.yaml already" in str(caught.value)


def test_a_missing_directory_is_said(tmp_path):
    with pytest.raises(InvalidDefinition, match="no directory"):
        load_directory(tmp_path / "nowhere")


def test_a_fault_prints_as_compilers_do():
    assert str(Fault("leave.yaml", 3, 7, "Wrong.")) == "leave.yaml:3:7: Wrong."


def test_the_definitions_of_the_project_load():
    found = {definition.name: definition for definition in load_directory(DEFINITIONS)}

    assert found.keys() == {"Leave request", "PageWizardForm", "Purchase order", "Role Approval", "Travel permit"}
    assert (
        found["PageWizardForm"].dn
        == "cn=PageWizardForm,cn=RequestDefs,cn=AppConfig,cn=PicassoDriver,cn=TestDrivers,o=netiq"
    )
    assert (
        found["Role Approval"].dn
        == "cn=Role Approval,cn=RequestDefs,cn=AppConfig,cn=CaribouDriver,cn=TestDrivers,o=netiq"
    )
    assert found["PageWizardForm"].data["recipient"].type is core.DataType.STRING
    assert not found["Role Approval"].data["reason"].required
    internal = {name: each.data.keys() - each.asked.keys() for name, each in found.items()}
    assert {name: items for name, items in internal.items() if items} == {
        "Purchase order": {"objection"},
        "Travel permit": {"step"},
    }


def test_the_schema_for_editors_accepts_what_loads_and_refuses_what_does_not():
    checker = jsonschema.Draft202012Validator(json_schema())
    texts = [LEAVE, *(file.read_text() for file in DEFINITIONS.glob("*.yaml"))]

    assert [list(checker.iter_errors(YAML(typ="safe", pure=True).load(text))) for text in texts] == [[]] * 6
    for wrong in (LEAVE.replace("kind: status", "kind: stat"), LEAVE.replace("writes", "write")):
        assert not checker.is_valid(YAML(typ="safe", pure=True).load(wrong))


@given(st.integers(0, len(LEAVE)), st.integers(0, 12), st.text(alphabet=" \n:{}[]'\"&*!a-", max_size=4))
def test_a_damaged_file_loads_or_tells_its_faults(at, cut, inserted):
    text = LEAVE[:at] + inserted + LEAVE[at + cut :]
    try:
        parse_definition(text)
    except InvalidDefinition as failure:
        lines = text.count("\n") + 1
        places = [(fault.line, fault.column) for fault in failure.faults]
        outside = [place for place in places if not (1 <= place[0] <= lines and place[1] >= 1)]
        if outside or not places:
            raise AssertionError(str(failure)) from failure
