"""Checking a tree against the models of `shape`, with every fault said in our words and put in its place."""

from __future__ import annotations

from typing import Any, TypeVar, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from placet.loader.faults import Faults, Place, did_you_mean
from placet.loader.shape import ACTIVITIES, ActivityShape, DataItemShape, HeadShape, Shape
from placet.loader.yaml_tree import Mapping, Node, Scalar, find, place_of_key, plain

ShapeT = TypeVar("ShapeT", bound=Shape)


def check_head(root: Mapping, faults: Faults) -> HeadShape | None:
    head = Mapping(root.place, dict(root.values), root.keys)
    for part in ("data", "activities"):
        head.values.pop(part, None)
    return check_shape(HeadShape, head, "", faults, extra=("data", "activities"))


def check_data_item(name: str, node: Node, faults: Faults) -> DataItemShape | None:
    return check_shape(DataItemShape, node, f"data item {name!r}", faults)


def check_activity(name: str, node: Node, faults: Faults) -> ActivityShape | None:
    """The activity in the shape of its kind, or None once its faults are noted."""
    if not isinstance(node, Mapping):
        faults.add(node.place, f"Activity {name!r} has to be a mapping such as {{kind: finish}}.")
        return None
    kind = node.values.get("kind")
    if not isinstance(kind, Scalar) or kind.is_null:
        place = kind.place if kind is not None else node.place
        faults.add(place, f"Activity {name!r} has no kind; kinds are: {', '.join(ACTIVITIES)}.")
        return None
    if kind.text not in ACTIVITIES:
        reason = f"no kind of activity: {did_you_mean(kind.text, ACTIVITIES)}"
        faults.add(kind.place, f"Activity {name!r} cannot be used: {kind.text!r} is {reason}")
        return None
    shape = check_shape(ACTIVITIES[kind.text], node, f"activity {name!r} ({kind.text})", faults)
    if shape is not None and "next" in type(shape).model_fields:
        return shape if _has_one_next(name, shape, node, faults) else None
    return shape


def _has_one_next(name: str, shape: Any, node: Mapping, faults: Faults) -> bool:
    """Whether the way on is written once: as `next` or as `paths`."""
    if (shape.next is None) == (shape.paths is None):
        what = "has no way on" if shape.next is None else "has both next and paths"
        faults.add(
            node.keys.get("paths", node.place), f"Activity {name!r} {what}; write one of next: … and paths: {{…}}."
        )
        return False
    return True


def check_shape(
    model: type[ShapeT], node: Node, owner: str, faults: Faults, extra: tuple[str, ...] = ()
) -> ShapeT | None:
    """A node in the shape of a model, or None once its faults are noted; `extra` are keys that are read elsewhere."""
    if not isinstance(node, Mapping):
        faults.add(node.place, f"The {owner} has to be a mapping of keys to values.")
        return None
    try:
        return model.model_validate(plain(node))
    except ValidationError as failure:
        for error in failure.errors(include_url=False, include_input=True):
            place, message = _describe(error, model, node, owner, extra)
            faults.add(place, message)
        return None


def _describe(
    error: ErrorDetails, model: type[BaseModel], node: Mapping, owner: str, extra: tuple[str, ...]
) -> tuple[Place, str]:
    path = tuple(step for step in error["loc"])
    key, context = str(path[-1]), error.get("ctx", {})
    place = find(node, path).place
    of = f" of {owner}" if owner else ""
    is_path = "paths" in path[:-1]
    what = f"The path {key!r}{of}" if is_path else f"{'.'.join(map(str, path))!r}{of}"
    given = plain(find(node, path))
    match error["type"]:
        case "missing" if is_path:
            return place, f"{what} is not drawn; add {key}: and the activity that follows."
        case "missing":
            return place, f"{what} is missing; add {key}: with its value."
        case "extra_forbidden" if "=" in key and given is None:
            remedy = "inside of { } a text with commas stands in quotes"
            return place_of_key(node, path), f"{key!r} is no key{of}; {remedy}."
        case "extra_forbidden":
            known = [*_keys(model, path[:-1]), *(extra if len(path) == 1 else ())]
            word = "path" if is_path else "key"
            return place_of_key(node, path), f"There is no {word} {key!r}{of}: {did_you_mean(key, known)}"
        case "literal_error" | "enum":
            return place, f"{what} cannot be {given!r}; it is one of {context['expected']}."
        case "placet":
            target = find(node, path)
            if isinstance(target, Scalar) and "column" in context:
                place = target.place_of(context["line"], context["column"])
            message = context["message"]
            return place, f"{what}{' ' if message.startswith(('is ', 'has ')) else ': '}{message}."
        case "too_short":
            return place, f"{what} is empty; it needs at least one entry."
        case "model_type" | "dict_type" | "model_attributes_type":
            return place, f"{what} has to be a mapping of keys to values."
        case "list_type":
            return place, f"{what} has to be a list such as [a, b]."
        case _:
            return place, f"{what} cannot be {given!r}; it has to be a text."


def _keys(model: type[BaseModel], path: tuple[int | str, ...]) -> list[str]:
    """The keys that a part of a model has."""
    is_name = False  # whether a step is a name that the file gives, and no key
    for step in path:
        if is_name:
            is_name = False
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        if (field := fields.get(str(step))) is None:
            return []
        parts = (field.annotation, *getattr(field.annotation, "__args__", ()))
        inner = [part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)]
        if not inner:
            return []
        model, is_name = inner[0], get_origin(field.annotation) is dict
    return [field.alias or name for name, field in model.model_fields.items()]
