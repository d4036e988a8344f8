"""Texts that no database should see are refused before a command is queued: NUL, lone surrogates, endless ones."""

from __future__ import annotations

from placet.commands import ActOnWorkItem, AddComment, Command, StartProcess, TerminateProcess
from placet.errors import InvalidInput
from placet.query.storable import unstorable_in

LONGEST_COMMENT = 10_000
LONGEST_NAME = 1_024


def check_command(command: Command) -> None:
    """Refuse a command whose texts cannot be stored."""
    check_text("actor", command.actor, LONGEST_NAME)
    match command:
        case StartProcess():
            for name in ("initiator", "recipient", "proxy", "correlation_id", "idempotency_key", "definition"):
                check_text(name, getattr(command, name), LONGEST_NAME)
        case ActOnWorkItem():
            check_text("comment", command.comment, LONGEST_COMMENT)
            check_text("addressee", command.to, LONGEST_NAME)
        case AddComment():
            check_text("comment", command.text, LONGEST_COMMENT)
            if not command.text.strip():
                raise InvalidInput("The comment is empty; give it a text.")
        case TerminateProcess():
            check_text("reason", command.reason, LONGEST_COMMENT)
        case _:
            pass


def check_text(name: str, text: str | None, longest: int) -> None:
    """Refuse a text that is too long, in characters, or cannot be stored; raises InvalidInput that names it."""
    if text is None:
        return
    if len(text) > longest:
        raise InvalidInput(f"The {name} has {len(text)} characters; at most {longest} are kept.")
    if bad := unstorable_in(text):
        raise InvalidInput(f"The {name} has {bad}; leave it out.")
