"""Compiled statements that are kept: some of those that people's questions become, and none of the long ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

#: Statements that one connection, or one pool of them, keeps; hardly any two questions of a stranger are alike.
MOST_KEPT = 50
#: Characters of the longest that is kept; what belongs to it takes some forty times as much memory.
LONGEST = 8_000


class Statements(OrderedDict[Hashable, Any]):
    """What SQLAlchemy keeps compiled statements in: those that were added last, as far as they are short."""

    def __init__(self) -> None:
        super().__init__()
        self._turn = Lock()

    def __setitem__(self, key: Hashable, compiled: Any) -> None:
        if len(str(compiled)) > LONGEST:
            return
        with self._turn:
            super().__setitem__(key, compiled)
            while len(self) > MOST_KEPT:
                self.popitem(last=False)
