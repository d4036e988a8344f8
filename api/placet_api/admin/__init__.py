"""Sessions, absences, proxies and the audit trail over HTTP, below `/v1` beside the workflow service."""
