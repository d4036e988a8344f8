"""What a scope has beside the request: who is asking, once that is known, its route, and whether the server goes on."""

from __future__ import annotations

ACTOR = "placet.actor"  # the person
ROUTE = "placet.route"  # the path of its resource as it is documented, with names for what differs
STAMP = "placet.stamp"  # of the password by which he is known, at once or when his session was looked up
STOPPING = "placet.stopping"  # an event that is set once the server waits for its last answers
