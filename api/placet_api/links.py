"""Links: paths without a host, below the prefix that the request came in by."""

from __future__ import annotations

from urllib.parse import quote

DEFINITIONS = "wf/definitions"
PROCESSES = "wf/processes"
WORK_ITEMS = "wf/workitems"

TITLES = {DEFINITIONS: "Workflow Definitions", PROCESSES: "Workflow Processes", WORK_ITEMS: "Workflow Workitems"}


class Links:
    """The links below one prefix, such as `/RIS/v1`."""

    def __init__(self, prefix: str) -> None:
        self.prefix = quote(prefix)
        self.definition = f"{self.prefix}/{DEFINITIONS}/"  # an id goes behind each of these
        self.process = f"{self.prefix}/{PROCESSES}/"
        self.work_item = f"{self.prefix}/{WORK_ITEMS}/"
        self.items_of_process = f"{self.prefix}/{WORK_ITEMS}?filter=ProcessId%3D"
        self.processes_by_id = f"{self.prefix}/{PROCESSES}?filter=ProcessId%3D"

    def collection(self, kind: str) -> dict[str, str]:
        return link(f"{self.prefix}/{kind}", kind)

    def of_definition(self, kind: str, dn: str) -> dict[str, str]:
        """The link to everything of one kind that belongs to a definition."""
        return link(f"{self.prefix}/{kind}?filter={quote(f'Definition={dn}', safe='')}", kind)

    def next_page(self, kind: str, query: str) -> bytes:
        """The value of a `Link` header that leads to the next page, by a query string."""
        return f'<{self.prefix}/{kind}?{quote(query, safe="%=&+")}>; rel="next"'.encode()


def link(path: str, kind: str) -> dict[str, str]:
    return {"Link": path, "Type": kind, "Value": TITLES[kind]}
