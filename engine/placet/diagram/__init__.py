"""Definitions as pictures: Mermaid text, SVG, and lines for a terminal."""

from __future__ import annotations

from placet.diagram.mermaid import to_mermaid
from placet.diagram.outline import stands_on, steps_taken
from placet.diagram.svg import to_svg
from placet.diagram.text import to_text

__all__ = ["stands_on", "steps_taken", "to_mermaid", "to_svg", "to_text"]
