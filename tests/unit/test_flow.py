"""Where a process stands, as JSON and back."""

import orjson

from placet.core.flow import Flow, Scope, Token
from placet.core.votes import Round


def test_all_of_it_comes_back():
    flow = Flow(
        tokens={
            1: Token("a"),
            3: Token("b", True, [2, 5], Round(3, 1, 1, 0, ["cn=bob", "cn=carl"])),
            4: Token("c", child="0" * 32),
            6: Token("d", votes=Round(2)),
        },
        scopes={2: Scope(3, 1, True), 5: Scope(2)},
        last=6,
        decided="Denied",
        paused_at=1_700_000_000_000,
        held=[{"token": 4, "child": "0" * 32, "outcome": "denied", "reason": None}],
    )

    assert Flow.load(orjson.loads(orjson.dumps(flow.dump()))) == flow
    assert Flow.load(Flow().dump()) == Flow()
    assert Flow.load({}) == Flow()


def test_what_was_stored_does_not_change_with_what_was_loaded():
    flow = Flow(tokens={1: Token("a", scopes=[2], votes=Round(2, voters=["cn=bob"]))}, scopes={2: Scope(2)}, last=2)
    stored = flow.dump()
    before = orjson.dumps(stored)

    loaded = Flow.load(stored)
    loaded.tokens[1].votes.voters.append("cn=carl")
    loaded.tokens[1].scopes.append(9)
    loaded.scopes[2].arrived += 1
    loaded.held.append({})
    flow.tokens[1].votes.voters.append("cn=dora")

    assert orjson.dumps(stored) == before


def test_an_ended_process_keeps_nothing():
    assert Flow().dump() == {"last": 0, "tokens": {}}
