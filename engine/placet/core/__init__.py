"""Decisions: what a command does to a process. No clock, no SQL, no file, no `await`."""
