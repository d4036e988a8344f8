"""What can be done with a work item in the console, and what answers and grave actions mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from placet import Action as Code
from placet_api.actions import ACTIONS, Action, Subject

ITEM_ACTIONS: Mapping[str, Action] = {each.name: each for each in ACTIONS if each.of is Subject.WORK_ITEM}
STAYS = ("claim", "release", "comment")  # afterwards there is more to do with the same item


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to a work item: its name and letter, what its button says, and what then happens."""

    name: str
    key: str
    title: str
    about: str


#: What answers a work item, in the order in which it is offered.
ANSWERS: Mapping[str, str] = {
    "approve": "You vote for it.",
    "deny": "You vote against it: it is denied, unless enough others may still agree.",
    "refuse": "You do not decide it: that is no vote, and others who are asked decide. With nobody left it is refused.",
    "return": "Whoever asked is to change it, and then it comes back here.",
}
#: What is told before something is done that has words of its own.
MEANINGS: Mapping[str, str] = {
    **ANSWERS,
    "terminate": "The process ends now, what it asks of people is taken back, and nothing sets it going again.",
    "end-in-error": "The process ends now and counts as failed; nothing sets it going again.",
    "skip": "The process goes on as if the answer had come; it is not tried again.",
}
#: Of a request that came back to who had asked.
_RETURNED: Mapping[str, tuple[str, str]] = {
    "approve": ("Submit again", "It goes back to the approval that returned it."),
    "deny": ("Withdraw", "You do not ask for it any more, and it is over."),
}


def answers_of(possible: Collection[Code], *, is_returned: bool) -> list[Answer]:
    """The answers that are open to somebody."""
    return [_answer(ITEM_ACTIONS[name], is_returned) for name in ANSWERS if Code[name.upper()] in possible]


def _answer(action: Action, is_returned: bool) -> Answer:
    title, about = action.title, ANSWERS[action.name]
    if is_returned:
        title, about = _RETURNED.get(action.name, (title, about))
    return Answer(action.name, action.key, title, about)
