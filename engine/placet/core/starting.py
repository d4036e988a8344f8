"""Starting a process: who may, for whom, and with which data."""

from __future__ import annotations

from placet.commands import StartProcess
from placet.core import data_items, walk
from placet.core.definition import Definition
from placet.core.draft import Decision, Draft, Facts
from placet.core.names import is_dn
from placet.core.people import Directory
from placet.core.records import Process, Snapshot
from placet.core.rights import administers, is_same
from placet.core.statuses import Life
from placet.errors import Conflict, InvalidInput, NotAllowed


def start(definition: Definition, command: StartProcess, facts: Facts) -> Decision:
    """A new process, run to its first wait."""
    if definition.retired:
        raise Conflict(f"Definition {definition.dn} is retired; it starts no more processes.")
    initiator = _initiator(command, facts.directory)
    process = _process(definition, command, initiator, facts)
    draft = Draft(definition, Snapshot(process), command, facts, is_new=True)
    draft.record("process.started", actor=command.actor or initiator)
    draft.flow.depth = command.depth
    walk.begin(draft)
    return draft.finish()


def _initiator(command: StartProcess, directory: Directory) -> str:
    """The DN of who asks, once it is known that the actor may start this in his name."""
    given = command.initiator or command.actor
    if given is None:
        raise InvalidInput("A start needs an initiator: the DN or user name of who asks.")
    if command.proxy and not administers(directory, command.actor):
        raise NotAllowed("Only an administrator may start a process as a proxy.")
    initiator = _known(directory, given, "initiator")
    if not (administers(directory, command.actor) or is_same(command.actor, initiator)):
        raise NotAllowed("Only an administrator may start a process in the name of somebody else.")
    return initiator


def _process(definition: Definition, command: StartProcess, initiator: str, facts: Facts) -> Process:
    directory = facts.directory
    return Process(
        id=command.process_id,
        definition=definition.row,
        initiator=initiator,
        recipient=_known(directory, command.recipient, "recipient") if command.recipient else initiator,
        life=Life.RUNNING,
        created_at=facts.now,
        correlation_id=command.correlation_id,
        proxy=_known(directory, command.proxy, "proxy") if command.proxy else None,
        parent=command.parent,
        engine_id=facts.engine_id,
        data=data_items.check_start(definition, command.data),
    )


def _known(directory: Directory, given: str, role: str) -> str:
    """The DN of a user name or DN; any well-formed DN will do, an unknown bare word will not."""
    found = directory.person(given) or directory.group(given)
    if found is not None:
        return found.dn
    if is_dn(given):
        return given.strip()
    raise InvalidInput(
        f"The {role} {given[:100]!r} is neither a user name that is known nor a DN such as cn=name,o=placet."
    )
