"""Webhooks: who is told of which events, and what is on its way to him."""
