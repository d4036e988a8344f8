"""What goes wrong again and again while a database is away: a log that says so once is the one that is read."""

from __future__ import annotations

from structlog.stdlib import BoundLogger


class Trouble:
    """Something that does not work for a while: the log has when that begins, when its reason changes, and its end."""

    def __init__(self, log: BoundLogger, words: str) -> None:
        self._log, self._words = log, words
        self.reason: str | None = None  # none: it works, as far as is known

    def met(self, reason: str) -> None:
        """It did not work."""
        if reason != self.reason:
            self._log.warning(self._words, error=reason)
        self.reason = reason

    def over(self) -> None:
        """It works."""
        if self.reason is not None:
            self._log.info(f"over: {self._words}")
        self.reason = None
