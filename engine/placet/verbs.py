"""What people do with processes and work items: a method for each verb, that makes a command of it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from placet.arguments import action_of, id_of, place_of_item
from placet.commands import (
    ActOnWorkItem,
    AddComment,
    ChangeData,
    PauseProcess,
    ResolveIncident,
    ResumeProcess,
    StartProcess,
    TerminateProcess,
)
from placet.core.statuses import Action
from placet.door import Door
from placet.store.search import FoundProcess, FoundWorkItem


class Verbs(Door):
    """Each returns once what it did is durable, and changes nothing where it is refused."""

    @abstractmethod
    async def _check_inputs(self, connector: str, inputs: Mapping[str, Any]) -> None:
        """Raises `InvalidInput` for what a connector does not take, as far as it is known."""

    async def start(
        self,
        definition: str,
        *,
        actor: str | None = None,
        initiator: str | None = None,
        recipient: str | None = None,
        proxy: str | None = None,
        data: Mapping[str, Any] | None = None,
        correlation_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> FoundProcess:
        """Start a definition (GUID, DN or name) and return the process as it then is, waiting or ended.

        The initiator is the actor unless another is named, and the recipient the initiator; who starts it in the name
        of another is its proxy, unless the actor names one. `data` has a value for
        each data item, a list where it is multi-valued; the text of a value does as well. The same `idempotency_key` of
        the same actor starts nothing more and returns the first process.

        Raises `NotFound` without such a definition; `InvalidData` for a data item that is unknown, missing or of the
        wrong type; `InvalidInput` without an initiator, for an unknown name and for text that cannot be stored;
        `NotAllowed` without the permission PM_CASES, and to start in the name of somebody else without PM_SUPERVISOR or
        a proxy grant of his; `Conflict` where the definition is retired, or the key was used for another request.
        """
        request = [definition, initiator, recipient, proxy, data or {}, correlation_id]
        fingerprint = json.dumps(request, default=str, sort_keys=True) if idempotency_key is not None else None
        command = StartProcess(
            process_id=self.new_id(),
            actor=await self._dn(actor),
            definition=definition,
            initiator=initiator,
            recipient=recipient,
            proxy=proxy,
            data=data or {},
            correlation_id=correlation_id,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
        )
        outcome = await self.handle(command)
        if outcome.process is None or outcome.definition is None:
            return await self.process(outcome.process_id, actor=command.actor)
        return FoundProcess(outcome.process, outcome.definition)

    async def act(
        self,
        item_id: str,
        action: str | Action,
        *,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
        comment: str | None = None,
        to: str | None = None,
    ) -> FoundWorkItem:
        """Approve, deny, refuse, claim, release, reassign, comment or return a work item, and give it as it then is.

        `data` changes data items that the activity lets its addressees write, with approve, deny and return only; `to`
        is the user or group that a reassignment asks instead.

        Raises `NotFound` without such an item, also where the actor may not see it; `NotAllowed` where he may see it
        and not do this; `Conflict` where it has been answered, claimed by another or stopped; `TransitionNotAllowed`, a
        `Conflict`, where it does not take the action as it stands; `InvalidData` for data that may not be written or is
        of the wrong type; `InvalidInput` for an unknown action or name, an empty comment or an unstorable text.
        """
        process_id, number = place_of_item(item_id)
        command = ActOnWorkItem(
            process_id=process_id,
            number=number,
            actor=await self._dn(actor),
            action=action_of(action),
            data=data or {},
            comment=comment,
            to=to,
        )
        outcome = await self.handle(command)
        assert outcome.item is not None
        assert outcome.process is not None
        assert outcome.definition is not None
        return FoundWorkItem(outcome.item, outcome.process, outcome.definition)

    async def terminate(
        self, process_id: str, *, actor: str | None = None, error: bool = False, reason: str | None = None
    ) -> None:
        """End a process as Terminated + Retracted, with `error` as Terminated + Error; the reason becomes a comment.

        Raises `NotFound` without such a process, also where the actor may not see it; `NotAllowed` without the
        permission PM_CANCELCASE, unless he is its initiator and does not end it in error; `TransitionNotAllowed` where
        it has ended; `InvalidInput` for an unknown actor or an unstorable reason.
        """
        actor = await self._dn(actor)
        await self.handle(TerminateProcess(process_id=id_of(process_id), actor=actor, error=error, reason=reason))

    async def pause(self, process_id: str, *, actor: str | None = None) -> None:
        """Stop a process: its items can be read but not acted on, and its timers stand still.

        Raises `NotFound` without such a process, also where the actor may not see it; `NotAllowed` without the
        permission PM_SUPERVISOR; `TransitionNotAllowed` where it is not running; `InvalidInput` for an unknown actor.
        """
        await self.handle(PauseProcess(process_id=id_of(process_id), actor=await self._dn(actor)))

    async def resume(self, process_id: str, *, actor: str | None = None) -> None:
        """Let a stopped process go on; each of its timers has the time left that it had.

        Raises `NotFound` without such a process, also where the actor may not see it; `NotAllowed` without the
        permission PM_SUPERVISOR; `TransitionNotAllowed` where it is not stopped; `InvalidInput` for an unknown actor.
        """
        await self.handle(ResumeProcess(process_id=id_of(process_id), actor=await self._dn(actor)))

    async def change_data(
        self, process_id: str, data: Mapping[str, Any], *, actor: str | None = None, reason: str | None = None
    ) -> None:
        """Change data items of a process that has not ended, None empties one; the reason becomes a comment.

        What has been asked and decided stays as it is; what comes later sees the new data.

        Raises `NotFound` without such a process, also where the actor may not see it; `NotAllowed` without the
        permission PM_SUPERVISOR; `Conflict` where it has ended; `InvalidData` for items that are unknown or of the
        wrong type; `InvalidInput` where nothing would change, for an unknown actor or an unstorable reason.
        """
        actor = await self._dn(actor)
        await self.handle(ChangeData(process_id=id_of(process_id), actor=actor, data=data, reason=reason))

    async def retry_incident(
        self,
        incident_id: str,
        *,
        actor: str | None = None,
        data: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Try again what failed; `data` changes data items first, `inputs` those of a connector for this call alone.

        A call with the same inputs goes with the same idempotency key. An input that is None is not given.

        Raises `NotFound` without such an incident, also where the actor may not see its process; `NotAllowed` without
        the permission PM_SUPERVISOR; `Conflict` where it is resolved, or the process stopped; `InvalidData` for data of
        the wrong type; `InvalidInput` for what else cannot be used.
        """
        process_id, number = place_of_item(incident_id, "incident")
        if inputs:
            found = await self.incident(incident_id, actor=actor)
            await self._check_inputs(found.incident.payload.get("connector", ""), inputs)
        await self.handle(
            ResolveIncident(
                process_id=process_id,
                number=number,
                way="retry",
                actor=await self._dn(actor),
                data=data or {},
                inputs=inputs or {},
            )
        )

    async def skip_incident(self, incident_id: str, *, actor: str | None = None, result: Any = None) -> None:
        """Go on without what failed; `result` stands for what the connector would have given, and sets the outputs.

        Raises `NotFound` without such an incident, also where the actor may not see its process; `NotAllowed` without
        the permission PM_SUPERVISOR; `Conflict` where it is resolved, or the process stopped; `InvalidData` where an
        output does not fit its data item; `InvalidInput` where none can be made of the result.
        """
        process_id, number = place_of_item(incident_id, "incident")
        await self.handle(
            ResolveIncident(
                process_id=process_id, number=number, way="skip", actor=await self._dn(actor), result=result
            )
        )

    async def comment(self, process_id: str, text: str, *, actor: str | None = None) -> None:
        """Add a comment of up to 10,000 characters to a process that the actor may read, also to one that has ended.

        Raises `NotFound` without such a process, also where the actor may not see it; `InvalidInput` for an unknown
        actor, and for a text that is empty, too long or cannot be stored.
        """
        await self.handle(AddComment(process_id=id_of(process_id), text=text, actor=await self._dn(actor)))
