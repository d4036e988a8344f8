"""Scopes: what a token may be used for, in the words of the clients."""

from __future__ import annotations

#: Both spellings are taken, and kept as they were asked for.
EDITING = frozenset({"*", "edit_process", "edit_processes"})
VIEWING = frozenset({"view_process", "view_processes"})


def are_known(scope: str) -> bool:
    """Whether each of the words of a scope is one that there is."""
    return set(scope.split(" ")) <= EDITING | VIEWING


def may_write(scope: str | None) -> bool:
    """Whether a token of this scope may change anything; who asked for none in particular may."""
    return scope is None or not EDITING.isdisjoint(scope.split(" "))


def is_within(scope: str, granted: str | None) -> bool:
    """Whether a scope asks for nothing that was not granted before."""
    if granted is None or "*" in granted.split(" "):
        return True
    return {_plural(word) for word in scope.split(" ")} <= {_plural(word) for word in granted.split(" ")}


def _plural(word: str) -> str:
    return f"{word}es" if word in ("edit_process", "view_process") else word
