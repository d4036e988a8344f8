"""Where a process stands: tokens on activities, and the scopes of branches whose paths have yet to meet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from placet.core.votes import Round


@dataclass(slots=True)
class Token:
    """One point where the process stands; `denied` tells that its last decision was not a yes."""

    at: str
    denied: bool = False
    scopes: list[int] = field(default_factory=list)
    votes: Round | None = None
    child: str | None = None  # the process that a process activity waits for


@dataclass(slots=True)
class Scope:
    """One branch on its way to its merge."""

    expected: int
    arrived: int = 0
    denied: bool = False


@dataclass(slots=True)
class Flow:
    """All that is neither a status nor data; kept as JSON and dropped when the process ends."""

    tokens: dict[int, Token] = field(default_factory=dict)
    scopes: dict[int, Scope] = field(default_factory=dict)
    last: int = 0  # the highest number given to a token or scope
    decided: str | None = None  # what a status activity has set
    paused_at: int | None = None  # milliseconds since 1970
    depth: int = 0  # how many processes stand above this one
    held: list[dict[str, Any]] = field(default_factory=list)  # outcomes of children that came during a pause
    stranded: list[int] = field(default_factory=list)  # items that wait although nobody can answer them
    way: list[str] = field(default_factory=list)  # the steps taken so far, each once: `activity>path`

    def number(self) -> int:
        """A number for a new token or scope."""
        self.last += 1
        return self.last

    def note_step(self, activity: str, path: str) -> None:
        """Keep in mind that a path was taken; for pictures, however often it happens."""
        step = f"{activity}>{path}"
        if step not in self.way:
            self.way.append(step)

    def dump(self) -> dict[str, Any]:
        """As JSON, without what is empty."""
        dump: dict[str, Any] = {
            "last": self.last,
            "tokens": {str(n): _token(token) for n, token in self.tokens.items()},
        }
        if self.scopes:
            dump["scopes"] = {str(number): asdict(scope) for number, scope in self.scopes.items()}
        rest = ("decided", "paused_at", "held", "depth", "stranded", "way")
        dump.update((name, value) for name in rest if (value := getattr(self, name)))
        return dump

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> Flow:
        """What `dump` gave, as a flow that may be changed."""
        tokens = {}
        for number, token in stored.get("tokens", {}).items():
            votes = Round(**token["votes"]) if "votes" in token else None
            if votes is not None:
                votes.voters = list(votes.voters)  # what was stored must not change with the draft
            denied, scopes = token.get("denied", False), list(token.get("scopes", ()))
            tokens[int(number)] = Token(token["at"], denied, scopes, votes, token.get("child"))
        return cls(
            tokens=tokens,
            scopes={int(number): Scope(**scope) for number, scope in stored.get("scopes", {}).items()},
            last=stored.get("last", 0),
            decided=stored.get("decided"),
            paused_at=stored.get("paused_at"),
            depth=stored.get("depth", 0),
            held=list(stored.get("held", ())),
            stranded=list(stored.get("stranded", ())),
            way=list(stored.get("way", ())),
        )


def _token(token: Token) -> dict[str, Any]:
    dump: dict[str, Any] = {"at": token.at}
    if token.denied:
        dump["denied"] = True
    if token.scopes:
        dump["scopes"] = list(token.scopes)
    if token.votes:
        votes = token.votes
        dump["votes"] = {"total": votes.total, "yes": votes.yes, "no": votes.no, "refused": votes.refused}
        if votes.voters:
            dump["votes"]["voters"] = list(votes.voters)
    if token.child:
        dump["child"] = token.child
    return dump


def voters_of(stored: Mapping[str, Any], token: int) -> Collection[str]:
    """The folded DNs of who has answered in the round of a token, without loading the whole of a stored flow."""
    voters: Collection[str] = stored["tokens"][str(token)].get("votes", {}).get("voters", ())
    return voters
