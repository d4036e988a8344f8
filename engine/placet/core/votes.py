"""How the votes of an approval settle it."""

from __future__ import annotations

from dataclasses import dataclass, field

from placet.core.definition import Settle, SettleKind


@dataclass(slots=True)
class Round:
    """One asking of an approval's addressees; `voters` are the people who have answered."""

    total: int
    yes: int = 0
    no: int = 0
    refused: int = 0
    voters: list[str] = field(default_factory=list)


def wanted(settle: Settle, electorate: int) -> int:
    """How many yes votes an electorate of that size has to give."""
    match settle.kind:
        case SettleKind.ANY:
            return 1
        case SettleKind.ALL:
            return electorate
        case SettleKind.COUNT:
            return settle.amount
        case SettleKind.PERCENT:
            return max(1, -(-electorate * settle.amount // 100))


def outcome(settle: Settle, votes: Round) -> str | None:
    """`approved`, `denied` or `refused` once it is settled, else None.

    Who refuses has no vote: the electorate that `all` and a percentage count shrinks by him. With `any` the first
    answer settles; otherwise a no only counts once the wanted yes votes cannot be reached any more.
    """
    electorate = votes.total - votes.refused
    if electorate == 0:
        return "refused"
    if settle.kind is SettleKind.ANY:
        return "approved" if votes.yes else "denied" if votes.no else None
    needed = wanted(settle, electorate)
    if votes.yes >= needed:
        return "approved"
    return "denied" if electorate - votes.no < needed else None
