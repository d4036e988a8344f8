"""Whether what a definition gives a connector is what that takes, where both are in one folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from placet.core.definition import ConnectorCall, Definition
from placet.loader.faults import Faults, did_you_mean
from placet.loader.yaml_tree import Mapping as MappingNode
from placet.loader.yaml_tree import place_of_key


@dataclass(frozen=True, slots=True)
class Takes:
    """The names of a connector's inputs, and of those that it cannot do without."""

    inputs: Collection[str]
    required: Collection[str]


def check_connectors(
    definition: Definition, root: MappingNode, connectors: Mapping[str, Takes], faults: Faults
) -> None:
    """Check the inputs of the calls in a file; `connectors` are those that are known, by folded name."""
    for call in definition.activities.values():
        takes = connectors.get(call.connector.casefold()) if isinstance(call, ConnectorCall) else None
        if takes is None or not isinstance(call, ConnectorCall):
            continue
        here = ("activities", call.id)
        for name in call.inputs:
            if name not in takes.inputs:
                what = f"the input {name!r}, which it does not take: {did_you_mean(name, takes.inputs)}"
                faults.add(
                    place_of_key(root, (*here, "inputs", name)), f"Activity {call.id!r} gives {call.connector!r} {what}"
                )
        for name in takes.required:
            if name not in call.inputs:
                what = f"does not give {call.connector!r} the input {name!r}, which it needs; add it to inputs."
                faults.add(place_of_key(root, (*here, "connector")), f"Activity {call.id!r} {what}")
