"""The terminal console: the same processes, and the same things to do with them, as the pages at `/console`."""
