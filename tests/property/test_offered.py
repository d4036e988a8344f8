"""What is offered is what is accepted: every action on every item, for everybody, in states reached at random."""

from dataclasses import dataclass

from hypothesis import example, given
from hypothesis import strategies as st

from placet.commands import ActOnWorkItem
from placet.core.decide import Facts, decide
from placet.core.refusals import Case, actions_for
from placet.core.statuses import Action
from placet.errors import PlacetError
from tests.builders import (
    ADMIN,
    ALONE,
    ANNA,
    BOARD,
    BOB,
    CARL,
    DAY,
    DORA,
    EVE,
    GONE,
    STRANGER,
    Story,
    a_definition,
    a_wait,
    an_approval,
)

PEOPLE = [None, ANNA, BOB, CARL, DORA, EVE, GONE, STRANGER, ADMIN, "cn=unheard,o=x"]
ADDRESSEES = [BOB, BOARD, ALONE, [BOARD, BOB], [BOARD, EVE, CARL], [BOB, CARL, DORA], "initiator.dn"]
REASSIGNED_TO = [BOB, EVE, STRANGER, BOARD]


def asking(addressees, settle="any", self_approval=True):
    return a_definition(
        ask=an_approval(addressees, settle=settle, self_approval=self_approval, fallback=EVE, paths={"denied": "rest"}),
        rest=a_wait(DAY),
    )


DEFINITIONS = st.builds(asking, st.sampled_from(ADDRESSEES), st.sampled_from(["any", "all", "60%"]), st.booleans())


@dataclass(frozen=True)
class Move:
    """Something that somebody tries; what is refused changes nothing."""

    action: str
    actor: str | None
    number: int
    to: str


ACTIONS = ["approve", "approve", "deny", "refuse", "claim", "claim", "release", "reassign", "return", "return"]
MOVES = st.builds(
    Move,
    st.sampled_from([*ACTIONS, "pause", "resume", "terminate"]),
    st.sampled_from([None, ANNA, BOB, CARL, DORA, EVE, ADMIN]),
    st.integers(1, 5),
    st.sampled_from(REASSIGNED_TO),
)


def play(story: Story, move: Move) -> None:
    try:
        match move.action:
            case "pause" | "resume" | "terminate":
                getattr(story, move.action)(None)
            case action:
                story.act(move.number, action, move.actor, to=move.to)
    except PlacetError:
        return


def accepted(story: Story, number: int, action: Action, actor: str | None) -> bool:
    """Whether `decide` takes the action, with some arguments that are right for it."""
    facts = Facts(story.now, story.directory, "node-1", story.ids.make)
    for to in REASSIGNED_TO if action is Action.REASSIGN else [None]:
        comment = "Why?" if action is Action.COMMENT else None
        command = ActOnWorkItem(process_id=story.id, number=number, action=action, actor=actor, comment=comment, to=to)
        try:
            decide(story.definition, story.snapshot, command, facts)
        except PlacetError:
            continue
        return True
    return False


def test_what_is_offered_is_what_is_accepted():
    seen: set[tuple[Action, bool]] = set()

    @given(
        DEFINITIONS, st.sampled_from([ANNA, BOB, GONE]), st.sampled_from([None, "dora"]), st.lists(MOVES, max_size=6)
    )
    @example(asking([BOARD, BOB], "all"), ANNA, None, [Move("approve", BOB, 2, EVE)])
    @example(asking(BOARD, self_approval=False), BOB, None, [Move("claim", CARL, 1, EVE)])
    @example(asking(BOARD), GONE, None, [])
    def holds(definition, initiator, recipient, moves):
        story = Story(definition).start(initiator, recipient=recipient)
        for move in moves:
            play(story, move)
        for number, item in story.snapshot.items.items():
            for actor in PEOPLE:
                offered = actions_for(Case(story.process, item, story.definition, actor, story.directory, story.now))
                taken = [action for action in Action if accepted(story, number, action, actor)]
                assert offered == taken, (actor, item)
                seen.update((action, action in offered) for action in Action)

    holds()

    assert seen == {(action, offered) for action in Action for offered in (True, False)}
