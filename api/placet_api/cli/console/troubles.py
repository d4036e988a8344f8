"""What can go wrong while the console runs, for whoever sits before it; anything else is a bug and ends it."""

from __future__ import annotations

from placet.errors import PlacetError
from placet_api.cli.exits import WrongUsage, sentence_of

TROUBLES = (PlacetError, WrongUsage, OSError, TimeoutError)


def in_words(failure: Exception) -> str:
    """One sentence, without the place of a fault in a text."""
    return sentence_of(failure).splitlines()[0]
