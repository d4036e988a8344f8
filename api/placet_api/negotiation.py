"""What a client accepts: content types and languages."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

ENGLISH = "en"
LONGEST_ACCEPT = 1000  # characters that are looked at, and kept as keys of the caches here


@lru_cache(maxsize=512)
def content_type(accept: str, offered: tuple[str, ...]) -> str | None:
    """The offered content type that `Accept` likes best, the first of equals; None where it takes none of them."""
    if not accept.strip():
        return offered[0]
    ranges = _weighted(accept)
    best = max(offered, key=lambda offer: _weight(offer, ranges))
    return best if _weight(best, ranges) > 0 else None


def _weight(offer: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How much an offer is liked: what names it exactly counts before `type/*`, and that before `*/*`."""
    kind = offer.partition("/")[0] + "/*"
    for pattern in (offer, kind, "*/*"):
        weights = [weight for name, weight in ranges if name == pattern]
        if weights:
            return max(weights)
    return 0.0


@lru_cache(maxsize=512)
def language(accepted: str, offered: tuple[str, ...]) -> str:
    """The offered language that `Accept-Language` likes best; English, which is always there, where it likes none."""
    for name, weight in sorted(_weighted(accepted), key=lambda each: -each[1]):
        if weight > 0 and name == "*":
            return ENGLISH
        found = _fitting(name, (*offered, ENGLISH)) if weight > 0 else None
        if found is not None:
            return found
    return ENGLISH


def _fitting(name: str, offered: Sequence[str]) -> str | None:
    """The offer of that name, else one of the same language: `nl` for `nl-be`."""
    for cut in (str.lower, _primary):
        for offer in offered:
            if cut(offer) == cut(name):
                return offer
    return None


def _primary(tag: str) -> str:
    return tag.lower().partition("-")[0]


def _weighted(header: str) -> list[tuple[str, float]]:
    """The names of an `Accept` header, in lower case, each with its weight."""
    names = []
    for part in header.split(","):
        name, *parameters = (text.strip().lower() for text in part.split(";"))
        if name:
            names.append((name, _quality(parameters)))
    return names


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0
