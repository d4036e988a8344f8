"""Mail: templates, and the way to a mail server."""
