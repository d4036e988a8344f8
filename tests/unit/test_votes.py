"""How votes settle an approval, against a model that tries out every way it could still go."""

from itertools import product

import pytest

from placet.core.definition import Settle, SettleKind
from placet.core.statuses import Life
from placet.core.votes import Round, outcome, wanted
from tests.builders import ANNA, BOB, CARL, DORA, EVE, a_status, an_approval, settling, started

RULES = ["any", "all", 1, 2, 3, "1%", "50%", "67%", "100%"]
PEOPLE = [BOB, CARL, DORA, EVE]


def enough(rule, yes, no):
    """Whether so many yes votes of those who have a vote at all carry it."""
    voters = yes + no
    match rule:
        case "any":
            return yes >= 1
        case "all":
            return voters > 0 and no == 0
        case int():
            return yes >= rule
        case str():
            return yes > 0 and yes * 100 >= voters * int(rule[:-1])


def expected(rule, total, answers):
    """The rule in words: approved once enough said yes, whatever the others may say; denied once no way is left."""
    yes, no, left = answers.count("approve"), answers.count("deny"), total - len(answers)
    if yes + no + left == 0:
        return "refused"
    if rule == "any":
        return "approved" if yes else "denied" if no else None
    if enough(rule, yes, no + left):
        return "approved"
    endings = product(("approve", "deny", "refuse"), repeat=left)
    return None if any(enough(rule, yes + e.count("approve"), no + e.count("deny")) for e in endings) else "denied"


def sequences(total):
    """All orders of answers that so many people can give."""
    return product(("approve", "deny", "refuse"), repeat=total)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_order_of_answers_settles_as_the_rule_says(rule):
    for total in range(1, 5):
        if isinstance(rule, int) and rule > total:
            continue
        for answers in sequences(total):
            votes = Round(total=total)
            for count, answer in enumerate(answers, 1):
                votes.yes += answer == "approve"
                votes.no += answer == "deny"
                votes.refused += answer == "refuse"
                path = outcome(settling(rule), votes)
                assert path == expected(rule, total, answers[:count]), (rule, total, answers[:count])
                if path is not None:
                    break
            else:
                pytest.fail(f"{answers} never settled {rule} of {total}")


@pytest.mark.parametrize("rule", ["any", "all", 2, "50%"], ids=str)
def test_every_order_of_answers_moves_the_process(rule):
    for answers in sequences(3):
        story = started(ask=an_approval(PEOPLE[:3], settle=rule))
        for count, answer in enumerate(answers, 1):
            story.act(count, answer, PEOPLE[count - 1])
            path = expected(rule, 3, answers[:count])
            if path is not None:
                assert story.life is (Life.APPROVED if path == "approved" else Life.DENIED), answers
                assert story.open == {}
                break
            assert len(story.open) == 3 - count


def test_denied_as_soon_as_the_wanted_yes_votes_cannot_be_reached():
    story = started(ask=an_approval(PEOPLE, settle=3))

    story.act(1, "deny", BOB)
    assert story.life is Life.RUNNING
    story.act(2, "deny", CARL)

    assert story.life is Life.DENIED
    assert story.kinds.count("work_item.cancelled") == 2


def test_a_refusal_can_be_the_last_word_for_those_who_said_yes():
    story = started(ask=an_approval([BOB, CARL], settle="all"))

    story.act(1, "approve", BOB)
    story.act(2, "refuse", CARL)

    assert story.life is Life.APPROVED


@pytest.mark.parametrize(("drawn", "life"), [(True, Life.APPROVED), (False, Life.DENIED)])
def test_nobody_left_takes_the_path_refused_where_drawn(drawn, life):
    paths = {"refused": "pity"} if drawn else {}
    story = started(ask=an_approval([BOB, CARL], settle="all", paths=paths), pity=a_status("approved"))

    story.act(1, "refuse", BOB)
    assert story.life is Life.RUNNING
    story.act(2, "refuse", CARL)

    assert story.life is life


def test_a_percentage_is_rounded_up_and_never_nothing():
    assert [wanted(Settle(SettleKind.PERCENT, 50), n) for n in range(1, 6)] == [1, 1, 2, 2, 3]
    assert wanted(Settle(SettleKind.PERCENT, 1), 3) == 1


def test_more_yes_votes_than_people_is_an_error_of_the_definition():
    story = started(ask=an_approval([BOB, CARL], settle=3), initiator=ANNA)

    assert story.life is Life.ERROR
    assert "wants 3 yes votes but there are only 2" in story.told()[0]
