"""People: where they come from, how they prove who they are, and who is in which group."""
