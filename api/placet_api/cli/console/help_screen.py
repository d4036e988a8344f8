"""The help screen: what the keys do, and how a query is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

from placet_api.actions import ACTIONS, Subject
from placet_api.cli.console.text_screen import TextDialog

_ANSWERS = [(each.key, each.title) for each in ACTIONS if each.of is Subject.WORK_ITEM]

#: What the keys do, by page; those of the first part work on all of them.
KEYS: Mapping[str, Sequence[tuple[str, str]]] = {
    "Everywhere": [
        ("F1", "this help"),
        ("F2", "the query page"),
        ("F3", "the inbox"),
        ("F4", "start a request"),
        ("F5", "read the page again"),
        ("F6", "saved views"),
        ("Esc", "back, or close what is open"),
        ("Ctrl-Q", "leave"),
    ],
    "Query": [
        ("/", "to the query bar; Tab completes, Enter runs the query"),
        ("Enter", "open the row"),
        ("1 … 6", "what is searched"),
        ("x", "explain how the query is run"),
        ("Ctrl-S", "save the query as a view"),
    ],
    "Process": [
        ("a", "what can be done with it, its work items and incidents"),
        ("c", "comment"),
        ("o", "processes with the same correlation id"),
        ("1 … 5", "why it waits, data, timeline, diagram, comments"),
    ],
    "Inbox": [
        ("Enter", "what can be done with the work item"),
        ("o", "open its process"),
        ("Space", "tick it; an answer then goes to all that are ticked"),
        *((key, title.lower()) for key, title in _ANSWERS),
    ],
    "Forms": [("Tab", "the next field"), ("Ctrl-S", "send"), ("Esc", "cancel")],
}
_LANGUAGE = (
    "ProcessStatus = Running and CreationTime < -7d",
    "Initiator = me sort CreationTime desc",
    "WorkItems.Addressee = me or Data.days > 10",
    "group by Definition",
)


class Help(TextDialog):
    """The keys by page, and examples of queries."""

    def __init__(self) -> None:
        parts = [_part(title, keys) for title, keys in KEYS.items()]
        examples = Text.assemble(("Queries", "bold"), *(f"\n  {each}" for each in _LANGUAGE))
        super().__init__("Help", Text("\n\n").join([*parts, examples]))


def _part(title: str, keys: Sequence[tuple[str, str]]) -> Text:
    return Text.assemble(
        (title, "bold"), *(part for key, does in keys for part in (f"\n  {key.ljust(8)}", (does, "dim")))
    )
