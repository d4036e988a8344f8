"""Starting a process: who may, for whom, and with which data."""

from __future__ import annotations

from placet.commands import StartProcess
from placet.core import walk
from placet.core.access import Act, is_same, require_act
from placet.core.definition import Definition
from placet.core.draft import Decision, Draft, Facts
from placet.core.form_checks import checked_start
from placet.core.mails import notify
from placet.core.names import is_dn
from placet.core.people import Directory
from placet.core.records import Process, Snapshot
from placet.core.standing_in import is_proxy
from placet.core.statuses import Life
from placet.errors import Conflict, InvalidInput


def start(definition: Definition, command: StartProcess, facts: Facts) -> Decision:
    """A new process, run to its first wait."""
    if definition.retired:
        raise Conflict(f"Definition {definition.dn} is retired; it starts no more processes.")
    initiator, proxy = _initiator(command, facts)
    process = _process(definition, command, initiator, proxy, facts)
    draft = Draft(definition, Snapshot(process), command, facts, is_new=True)
    process.data = checked_start(draft, command)
    draft.record("process.started", actor=command.actor or initiator)
    draft.flow.depth = command.depth
    walk.begin(draft)
    notify(draft)
    return draft.finish()


def _initiator(command: StartProcess, facts: Facts) -> tuple[str, str | None]:
    """The DNs of in whose name it is started and of the proxy, once it is known that the actor may do this.

    Who starts something in the name of another is the proxy, unless he names one.
    """
    directory, actor, given = facts.directory, command.actor, command.initiator or command.actor
    if given is None:
        raise InvalidInput("A start needs an initiator: the DN or user name of who asks.")
    require_act(directory, actor, Act.START)
    initiator = _known(directory, given, "initiator")
    proxy = _proxy(directory, command.proxy) if command.proxy else None
    if proxy is None and actor is not None and not is_same(actor, initiator):
        proxy = _proxy(directory, actor)
    if proxy is not None and not (is_same(actor, initiator) and is_proxy(directory, proxy, initiator, facts.now)):
        granted_by = initiator if is_same(actor, proxy) else None
        require_act(directory, actor, Act.START_AS_PROXY, name=granted_by, now=facts.now)
    return initiator, proxy


def _proxy(directory: Directory, given: str) -> str:
    """The DN of who is to stand in; only an active user can."""
    person = directory.person(given)
    if person is None or not person.active:
        raise InvalidInput(f"The proxy {given[:100]!r} is no active user; give the user name or DN of one.")
    return person.dn


def _process(definition: Definition, command: StartProcess, initiator: str, proxy: str | None, facts: Facts) -> Process:
    directory = facts.directory
    return Process(
        id=command.process_id,
        definition=definition.row,
        initiator=initiator,
        recipient=_known(directory, command.recipient, "recipient") if command.recipient else initiator,
        life=Life.RUNNING,
        created_at=facts.now,
        correlation_id=command.correlation_id,
        proxy=proxy,
        parent=command.parent,
        engine_id=facts.engine_id,
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
