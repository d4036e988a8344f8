"""Connectors: calls of other people's REST services."""
