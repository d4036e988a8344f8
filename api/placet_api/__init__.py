"""The faces of Placet: HTTP and the command line."""

from placet_api.app import create_app, serve_app

__all__ = ["create_app", "serve_app"]
