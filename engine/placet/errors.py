"""Every error that Placet raises on purpose.

Each class has a stable `code`; a message says what was asked, what is so, and what would work. None of them knows HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable


class PlacetError(Exception):
    """The root of the tree; `code` never changes from release to release.

    `message` is for whoever asked; `str` gives what an operator is told, which may be more than is for everybody.
    """

    code = "error"

    def __init__(self, message: str, to_operator: str = "") -> None:
        super().__init__(to_operator or message)
        self.message = message


class InvalidInput(PlacetError):
    """What was given cannot be used, whatever the state of the process."""

    code = "invalid-input"


class InvalidData(InvalidInput):
    """Data items are unknown, missing or wrong; `faults` has all of them with what is wrong, `item` is the first."""

    code = "invalid-data"

    def __init__(self, item: str, message: str) -> None:
        super().__init__(message)
        self.item = item
        self.faults: list[tuple[str, str]] = [(item, message)]

    @classmethod
    def of(cls, faults: Iterable[tuple[str, str]]) -> InvalidData:
        """One error of several, in their order; there is at least one."""
        listed = list(faults)
        made = cls(listed[0][0], "\n".join(message for _, message in listed))
        made.faults = listed
        return made


class InvalidFilter(InvalidInput):
    """A filter or query cannot be read; `key` is the field it is about, if there is one.

    Of a query also `text` is known, the `position` in it (0 is the first character), the value that was `given` where
    it is one that is wrong, and what may have been meant.
    """

    code = "invalid-filter"

    def __init__(
        self, message: str, key: str | None = None, *, given: str | None = None, suggestion: str | None = None
    ) -> None:
        super().__init__(message)
        self.key = key
        self.given = given
        self.suggestion = suggestion
        self.text: str | None = None
        self.position: int | None = None
        self._end = 0

    def at(self, position: int, text: str, end: int) -> InvalidFilter:
        """The same refusal, which now knows from where to where in a text it is about."""
        self.position, self.text, self._end = position, text, end
        return self

    @property
    def corrected(self) -> str | None:
        """The text as it was probably meant; None where nobody can guess."""
        if self.text is None or self.position is None or self.suggestion is None:
            return None
        first = self.text[self.position : self.position + 1]
        quote = first if first in ("'", '"') else ""
        return f"{self.text[: self.position]}{quote}{self.suggestion}{quote}{self.text[self._end :]}"


class InvalidDefinition(InvalidInput):
    """A definition file has faults; `faults` lists all of them, each with its place."""

    code = "invalid-definition"

    def __init__(self, faults: Iterable[object]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InvalidDirectory(InvalidInput):
    """A file of people has faults; `faults` lists all of them, each with its place."""

    code = "invalid-directory"

    def __init__(self, faults: Iterable[object]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class InvalidConnectors(InvalidInput):
    """Connectors, or what they need, have faults; `faults` lists all of them, each with its place."""

    code = "invalid-connectors"

    def __init__(self, faults: Iterable[object]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class NotAuthenticated(PlacetError):
    """Nobody, or nobody who could be recognised, is asking."""

    code = "not-authenticated"


class TooManyAttempts(NotAuthenticated):
    """Too many sign-ins have failed; `retry_after` is in whole seconds."""

    code = "too-many-attempts"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotAllowed(PlacetError):
    """The caller is known and may not do this."""

    code = "not-allowed"


class NotFound(PlacetError):
    """There is no such thing, or the caller may not know of it."""

    code = "not-found"


class Conflict(PlacetError):
    """The request does not fit the state that the thing is in."""

    code = "conflict"


_ENDED = {"approved": "was approved", "denied": "was denied", "retracted": "was terminated", "error": "ended in error"}


class TransitionNotAllowed(Conflict):
    """A machine has no way from `state` by `trigger`; `accepted` are the triggers that it has."""

    code = "transition-not-allowed"

    def __init__(self, thing: str, trigger: str, state: str, accepted: Iterable[str]) -> None:
        self.trigger, self.state, self.accepted = trigger, state, sorted(accepted)
        ways = f"it accepts: {', '.join(self.accepted)}." if self.accepted else "nothing more can happen to it."
        so = _ENDED.get(state, f"is {state.replace('_', ' ')}")
        super().__init__(f"Cannot {trigger.replace('_', ' ')} a {thing} that {so}; {ways}")


class RevisionMismatch(PlacetError):
    """The caller's copy is older than what is stored."""

    code = "revision-mismatch"


class QueryTooSlow(PlacetError):
    """A query took longer than `seconds`, which is what one may take, and was ended."""

    code = "query-too-slow"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"The query was ended after {seconds:g} s, the time limit `query_seconds`. Narrow it down by a field that "
            "has an index (a person, a definition, a status that few have, a range of times), or by fewer rows; "
            "its explanation (explain=true) shows what is read."
        )


class TooLarge(PlacetError):
    """More was sent than a limit allows."""

    code = "too-large"


class Unavailable(PlacetError):
    """The engine cannot serve this now; the same request may work in a moment."""

    code = "unavailable"


class ExpressionError(PlacetError):
    """An expression of a definition failed while a process ran."""

    code = "expression"
