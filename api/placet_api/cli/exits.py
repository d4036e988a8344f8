"""What a command's exit status means, and which error has which."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """The exit statuses of `placet`; scripts may rely on them."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    CONFLICT = 5
    UNAVAILABLE = 69
    INTERRUPTED = 130
    BROKEN_PIPE = 141


ABOUT = {
    Exit.DONE: "done",
    Exit.REFUSED: "refused: faults in a file, data or a filter that cannot be taken",
    Exit.USAGE: "the command line cannot be understood",
    Exit.NOT_FOUND: "there is no such process, work item, definition, user or file",
    Exit.NOT_ALLOWED: "not allowed, or the sign-in failed",
    Exit.CONFLICT: "does not fit the state that the thing is in",
    Exit.UNAVAILABLE: "the database, the server or the port cannot be used now; may work later",
    Exit.INTERRUPTED: "stopped by Ctrl-C",
    Exit.BROKEN_PIPE: "whoever read the output has stopped reading",
}


class WrongUsage(Exception):
    """Options that do not go together; the message says which do."""


def exit_of(failure: Exception) -> Exit:
    """The exit status that goes with an error of `placet.errors`, or of the command line."""
    from placet import errors

    kinds: dict[type[Exception] | tuple[type[Exception], ...], Exit] = {
        WrongUsage: Exit.USAGE,
        (errors.NotFound, FileNotFoundError): Exit.NOT_FOUND,
        (errors.NotAllowed, errors.NotAuthenticated): Exit.NOT_ALLOWED,
        (errors.Conflict, errors.RevisionMismatch): Exit.CONFLICT,
        (errors.Unavailable, ConnectionError, TimeoutError): Exit.UNAVAILABLE,
    }
    return next((code for kind, code in kinds.items() if isinstance(failure, kind)), Exit.REFUSED)


def sentence_of(failure: Exception) -> str:
    """What went wrong, for whoever typed the command; a bug keeps its stack trace."""
    from placet.errors import InvalidFilter, PlacetError

    if isinstance(failure, InvalidFilter) and failure.position is not None:
        from placet.query.caret import caret_lines

        return "\n".join([str(failure), *caret_lines(failure.text or "", failure.position)])
    if isinstance(failure, (PlacetError, WrongUsage)):
        return str(failure)
    if isinstance(failure, ConnectionError | TimeoutError):
        reason = getattr(failure, "strerror", None) or "no answer in time"
        return f"The database cannot be reached ({reason}); is it running, and is --database right?"
    if isinstance(failure, OSError) and failure.strerror:
        return f"{failure.filename}: {failure.strerror}." if failure.filename else f"{failure.strerror}."
    raise failure
