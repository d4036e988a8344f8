"""Texts that no database should see are refused before a command is queued: NUL, lone surrogates, endless ones."""

from __future__ import annotations

from placet.commands import ActOnWorkItem, AddComment, ChangeData, Command, StartProcess, TerminateProcess
from placet.errors import InvalidInput
from placet.query.storable import unstorable_in

LONGEST_COMMENT = 10_000
LONGEST_NAME = 1_024


def check_command(command: Command) -> None:
    """Refuse a command whose texts cannot be stored."""
    check_text("actor", command.actor, LONGEST_NAME)
    match command:
        case StartProcess():
            require_text("definition", command.definition)
            for name in ("initiator", "recipient", "proxy", "correlation_id", "idempotency_key", "definition"):
                check_text(name, getattr(command, name), LONGEST_NAME)
        case ActOnWorkItem():
            check_text("comment", command.comment, LONGEST_COMMENT)
            check_text("addressee", command.to, LONGEST_NAME)
        case AddComment():
            check_text("comment", command.text, LONGEST_COMMENT)
            if not command.text.strip():
                raise InvalidInput("The comment is empty; give it a text.")
        case TerminateProcess() | ChangeData():
            check_text("reason", command.reason, LONGEST_COMMENT)
        case _:
            pass


def require_text(name: str, text: object) -> None:
    """Refuse None where there has to be a text."""
    if text is None:
        raise InvalidInput(f"The {name} is missing; give one.")


def check_text(name: str, text: object, longest: int) -> None:
    """Refuse what is no text, too long in characters, or cannot be stored; raises InvalidInput that names it."""
    if text is None:
        return
    if not isinstance(text, str):
        raise InvalidInput(f"The {name} is {text!a:.60}, and not a text.")
    if len(text) > longest:
        raise InvalidInput(f"The {name} has {len(text)} characters; at most {longest} are kept.")
    if bad := unstorable_in(text):
        raise InvalidInput(f"The {name} has {bad}; leave it out.")
