"""Definitions as pictures: Mermaid text, and SVG that needs nothing but itself."""

from __future__ import annotations

from placet.diagram.mermaid import to_mermaid
from placet.diagram.svg import to_svg

__all__ = ["to_mermaid", "to_svg"]
