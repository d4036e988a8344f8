"""What has changed between two versions of a definition: line by line, and activity by activity."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from placet import Definition

_AROUND = 3  # lines that are shown before and behind a change


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a comparison: its numbers in both texts, and `mark`, one of `+`, `-`, empty and `…` for a gap."""

    mark: str
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that a definition has and that is not the same: `how` is added, removed or changed."""

    kind: str
    name: str
    how: str


def lines(old: str, new: str) -> list[Line]:
    """The lines that differ, with a few around them."""
    before, after = old.splitlines(), new.splitlines()
    compared: list[Line] = []
    for number, group in enumerate(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_AROUND)):
        if number:
            compared.append(Line("…", ""))
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                pairs = zip(range(old_from, old_to), range(new_from, new_to), strict=True)
                compared += [Line("", before[was], was + 1, now + 1) for was, now in pairs]
                continue
            compared += [Line("-", before[at], old=at + 1) for at in range(old_from, old_to)]
            compared += [Line("+", after[at], new=at + 1) for at in range(new_from, new_to)]
    return compared


def changes(old: Definition, new: Definition) -> list[Changed]:
    """Activities and data items that were added, removed or changed, in their order."""
    found: list[Changed] = []
    for kind, before, after in (
        ("activity", old.activities, new.activities),
        ("data item", old.data, new.data),
    ):
        found += [Changed(kind, name, "removed") for name in before if name not in after]
        found += [Changed(kind, name, "added") for name in after if name not in before]
        found += [Changed(kind, name, "changed") for name in after if name in before and before[name] != after[name]]
    return found
