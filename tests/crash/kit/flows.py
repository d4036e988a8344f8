"""The definitions of the kit: people decide, timers of a second come due, and a service is called."""

from __future__ import annotations

from pathlib import Path

from placet.core.names import dn_guid

_DATA = "data: {number: {type: integer, required: true, indexed: true}, tag: {type: string, indexed: true}}"
_CLERKS = "cn=Clerks,ou=groups,o=placet"
_CALL = "kind: connector, connector: Booking, inputs: {number: data.number}"

#: One answer for all clerks; then a timer and a call beside each other.
TRIP = f"""
name: Trip
{_DATA}
start: ask
activities:
  ask: {{kind: approval, addressees: "{_CLERKS}", paths: {{approved: both, denied: refused}}}}
  both: {{kind: branch, next: [rest, book]}}
  rest: {{kind: wait, for: 1s, next: meet}}
  book: {{{_CALL}, paths: {{success: meet}}}}
  meet: {{kind: merge, next: done}}
  refused: {{kind: status, set: denied, next: done}}
  done: {{kind: finish}}
"""
#: An answer of each clerk, all of which are counted.
BOARD = f"""
name: Board
{_DATA}
start: ask
activities:
  ask: {{kind: approval, addressees: "['carla', 'dario']", settle: all, paths: {{approved: book, denied: done}}}}
  book: {{{_CALL}, paths: {{success: done}}}}
  done: {{kind: finish}}
"""
#: A reminder and a timeout that come while it is decided.
HURRIED = f"""
name: Hurried
{_DATA}
start: ask
activities:
  ask:
    kind: approval
    addressees: "{_CLERKS}"
    remind: {{after: 1s}}
    timeout: 2s
    paths: {{approved: done, denied: done, timedout: done}}
  done: {{kind: finish}}
"""
#: Its service always answers and is waited for long enough, so that no call fails for good.
CONNECTOR = """
services: {{Bookings: {{limits: {{breaker_failures: 1000}}}}}}
connectors:
  Booking:
    service: Bookings
    method: POST
    url: {url}
    timeout: 60s
    parameters: {{number: {{in: body, type: integer, required: true}}}}
"""
FLOWS = ("Trip", "Board", "Hurried")
#: How long the timers of these definitions run, in seconds.
WAIT_SECONDS, REMINDER_SECONDS, TIMEOUT_SECONDS = 1, 1, 2


def definition_id(flow: str) -> str:
    """The id of one of these definitions: it comes from its DN and is the same everywhere."""
    return dn_guid(f"cn={flow},cn=RequestDefs,cn=AppConfig,o=placet")


def item_of(process_id: str, flow: str, clerk: int) -> str:
    """The id of the item of a process that a clerk, by number, is asked first."""
    return f"{process_id[:28]}{clerk + 1 if flow == 'Board' else 1:04x}"


def write_flows(folder: Path, service_url: str) -> None:
    """Write the files of a folder of definitions, with the connector that calls a service at this address."""
    (folder / "connectors").mkdir(parents=True)
    (folder / "connectors" / "booking.yaml").write_text(CONNECTOR.format(url=service_url))
    for name, text in zip(FLOWS, (TRIP, BOARD, HURRIED), strict=True):
        (folder / f"{name.lower()}.yaml").write_text(text)
