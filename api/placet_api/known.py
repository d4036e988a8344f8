"""What a scope has of who is asking, once that is known."""

from __future__ import annotations

ACTOR = "placet.actor"  # the person
STAMP = "placet.stamp"  # of the password by which he is known, at once or when his session was looked up
