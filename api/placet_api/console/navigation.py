"""The way round the console: its main pages, and the key behind `g` that goes to each."""

from __future__ import annotations

from dataclasses import dataclass

from placet.core.access import Act


@dataclass(frozen=True, slots=True)
class Entry:
    """One main page; `act` is what a person's role has to allow for it to be offered."""

    title: str
    path: str
    icon: str
    key: str
    act: Act | None = None

    def leads_to(self, path: str) -> bool:
        """Whether a page is this one, or below it."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))


ENTRIES = (
    Entry("Overview", "/", "overview", "o"),
    Entry("Query", "/query", "query", "q"),
    Entry("My work", "/inbox", "inbox", "w"),
    Entry("Start a request", "/start", "start", "s", Act.START),
    Entry("Definitions", "/definitions", "definition", "d"),
    Entry("Incidents", "/incidents", "warning", "i", Act.RETRY),
    Entry("Connectors", "/connectors", "connector", "c", Act.OPERATE),
    Entry("People", "/people", "people", "p", Act.MANAGE_PEOPLE),
    Entry("Engines", "/engines", "engine", "e", Act.OPERATE),
    Entry("Audit", "/audit", "audit", "a", Act.OPERATE),
)

#: Lists that lead to processes and work items, and back to which these lead.
LISTS = {"/": "Overview", "/query": "Query", "/inbox": "My work", "/incidents": "Incidents"}
#: Pages that are shown under the entry of another.
_UNDER = {"/processes": "/query", "/work-items": "/inbox", "/webhooks": "/connectors", "/applications": "/people"}


def current(path: str) -> Entry | None:
    """The entry under which a page is shown."""
    for prefix, entry in _UNDER.items():
        if path == prefix or path.startswith(f"{prefix}/"):
            path = entry
    return next((entry for entry in ENTRIES if entry.leads_to(path)), None)
