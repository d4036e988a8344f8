"""Distinguished names: how they are recognised and how they are compared."""

from __future__ import annotations

import re
from functools import lru_cache

_PART = r"[A-Za-z][A-Za-z0-9-]*\s*=(?!=)(?:[^,\\]|\\.)*"
_DN = re.compile(rf"{_PART}(?:,\s*{_PART})*")
_SPACES = re.compile(r"\s*([,=])\s*")


def is_dn(text: str) -> bool:
    """Whether a text has the form of a distinguished name, for example `cn=anna,ou=users,o=placet`."""
    return len(text) <= 1024 and _DN.fullmatch(text.strip()) is not None


@lru_cache(maxsize=65_536)
def fold_dn(dn: str) -> str:
    """The form in which two names are compared: no case, no spaces round `,` and `=`."""
    return _SPACES.sub(r"\1", dn.strip()).casefold()
