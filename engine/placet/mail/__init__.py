"""Mail: letters, and the way to a mail server."""
