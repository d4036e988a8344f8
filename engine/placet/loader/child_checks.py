"""Whether a definition that starts another one gives it data items that it takes, where both are in one folder."""

from __future__ import annotations

from collections.abc import Mapping

from placet.core.definition import Definition, SubProcess
from placet.core.names import fold_dn
from placet.loader.faults import Faults, did_you_mean
from placet.loader.yaml_tree import Mapping as MappingNode
from placet.loader.yaml_tree import place_of_key


def check_children(definition: Definition, root: MappingNode, others: Mapping[str, Definition], faults: Faults) -> None:
    """Check what the process activities of a file give; `others` are the definitions of the folder by folded DN."""
    for activity in definition.activities.values():
        child = others.get(fold_dn(activity.definition)) if isinstance(activity, SubProcess) else None
        if child is None or not isinstance(activity, SubProcess):
            continue
        for item in activity.data:
            if item not in child.asked:
                place = place_of_key(root, ("activities", activity.id, "data", item))
                faults.add(place, f"Process {activity.id!r} gives {child.name!r} {_reason(child, item)}")


def _reason(child: Definition, item: str) -> str:
    if item in child.data:
        return f"the data item {item!r}, which is internal: only the mappings of that definition set it; leave it out."
    return f"the data item {item!r}, which it does not declare: {did_you_mean(item, child.asked)}"
