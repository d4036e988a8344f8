"""The faces of Placet: HTTP and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from placet_api.app import create_app, serve_app

__all__ = ["create_app", "serve_app"]


def __getattr__(name: str) -> Any:
    """Load the applications when they are asked for: `placet --help` needs none of them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from placet_api import app

    return getattr(app, name)
