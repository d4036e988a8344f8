"""Pages of documentation: their blocks, and the printed output that real output is held to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
_NAMED = re.compile(r"# (\S+\.\w+)\n")

_MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# What may differ from print: ids of processes and work items, times, a random password, room between columns, and what
# is left out.
_ID = r"\b(?P<head>[0-9a-f]{12}7[0-9a-f]{15})(?P<tail>[0-9a-f]{4})\b"
_TIME = (
    r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\b(?!\+)"
    rf"|\b20\d{{15}}\+0000|(?<=  )\d\d:\d\d\b|\b\d{{1,2}} (?:{_MONTH})\b"
)
_SECRET = r"(?P<secret>(?<=^  admin   )\S{16})"
_DIFFERS = re.compile(
    rf"(?P<lines>^ *…\n)|(?P<some>…)|(?P<id>{_ID})|(?P<time>{_TIME})|{_SECRET}|(?P<room> {{2,}})", re.MULTILINE
)


@dataclass(frozen=True)
class Block:
    """One fenced block; `name` is the file that its first line says it is."""

    language: str
    text: str

    @property
    def name(self) -> str | None:
        named = _NAMED.match(self.text)
        return named[1] if named else None

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Each command with the output that is printed below it."""
        return [(found[1].replace("\\\n", ""), found[2]) for found in _COMMAND.finditer(self.text)]


def blocks(page: str) -> list[Block]:
    return [Block(found[1], found[2]) for found in _FENCED.finditer(page)]


@dataclass
class Ids:
    """What the ids of a page stand for: the first 28 digits, which a process shares with its work items."""

    real: dict[str, str] = field(default_factory=dict)

    def fill(self, text: str) -> str:
        """A text with the real ids; one that no output has shown before is an error of the page."""
        return re.sub(_ID, lambda found: self.real[found["head"]] + found["tail"], text)

    def hold(self, printed: str, real: str) -> None:
        """Check real output against what is printed, and learn the ids that are new."""
        groups: dict[str, str] = {}
        found = self._matched(printed, real, groups)
        assert found, f"printed is\n{printed}\nbut the output is\n{real}"
        self.real |= {head: found[name] for name, head in groups.items()}

    def fits(self, printed: str, real: str) -> bool:
        """Whether real output is what is printed."""
        return self._matched(printed, real, {}) is not None

    def _matched(self, printed: str, real: str, groups: dict[str, str]) -> re.Match[str] | None:
        given = "".join(f"{line.rstrip()}\n" for line in real.splitlines())
        return re.fullmatch(self._pattern(printed, groups), given)

    def _pattern(self, printed: str, groups: dict[str, str]) -> str:
        text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
        pattern, end = "", 0
        for found in _DIFFERS.finditer(text):
            pattern += re.escape(text[end : found.start()]) + self._differing(found, groups)
            end = found.end()
        return pattern + re.escape(text[end:])

    def _differing(self, found: re.Match[str], groups: dict[str, str]) -> str:
        head = found["head"]
        match found.lastgroup:
            case "lines":
                return r"(?:.*\n)*?"
            case "some":
                return r".*?"
            case "time":
                return f"(?:{_TIME})"
            case "secret":
                return r"\S{16}"
            case "room":
                return r"  +" if found.start() and found.string[found.start() - 1] != "\n" else re.escape(found[0])
            case _ if head in self.real:
                return re.escape(self.real[head]) + found["tail"]
            case _ if head in groups.values():
                return f"(?P={next(name for name, each in groups.items() if each == head)})" + found["tail"]
        name = f"id{len(groups)}"
        groups[name] = head
        return f"(?P<{name}>[0-9a-f]{{28}}){found['tail']}"
