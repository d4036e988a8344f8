"""How calls give way: while others keep a node busy, outcomes are told together, and only then calls go on."""

from __future__ import annotations

from dataclasses import dataclass

_WINDOW_SECONDS = 0.2


@dataclass(slots=True)
class Pace:
    """Which share of what a node does is not about calls, looked at anew every so often."""

    share: float = 0.0
    _at: float = 0.0
    _done: int = 0
    _own: int = 0

    def gives_way(self, now: float, done: int, own: int) -> bool:
        """Whether others did more than half of what has been `done` lately; `own` is about calls."""
        if now - self._at >= _WINDOW_SECONDS:
            new = done - self._done
            self.share = 1 - (own - self._own) / new if new else 0.0
            self._at, self._done, self._own = now, done, own
        return self.share > 0.5


def until_told(now: float) -> float:
    """How long an outcome waits for others, so that one batch has them all: every statement for them is paid once."""
    return _WINDOW_SECONDS - now % _WINDOW_SECONDS
