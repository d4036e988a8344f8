"""`--data name=value`: texts of the command line to values of data items."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from placet_api.cli.exits import WrongUsage
from placet_api.cli.views import DataItemView


def read_data(texts: Iterable[str], items: Iterable[DataItemView]) -> dict[str, Any]:
    """The values by name: one that is given several times, or has many values, is a list; `@file` is a file's content.

    An unknown name stays as it is given: the engine knows what to say of it.
    """
    known = {item.name: item for item in items}
    given: dict[str, list[Any]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise WrongUsage(f"--data {text!r} has no name; write --data name=value, for example --data days=3.")
        given.setdefault(name, []).append(_value(name, value, known))
    return {name: _one_or_many(known.get(name), values) for name, values in given.items()}


def _value(name: str, text: str, known: Mapping[str, DataItemView]) -> Any:
    kind = known[name].type if name in known else "string"
    if text.startswith("@"):
        content = Path(text[1:]).read_bytes()
        if kind == "binary":
            return base64.b64encode(content).decode()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise WrongUsage(f"{text[1:]} is not UTF-8, and {name!r} is no binary data item.") from None
        text = text if kind in ("string", "json") else text.strip()
    return _json(name, text) if kind == "json" else text


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise WrongUsage(f"The data item {name!r} takes JSON, such as '[1, 2]' or '\"a text\"'.") from None


def _one_or_many(item: DataItemView | None, values: list[Any]) -> Any:
    return values if len(values) > 1 or (item is not None and item.multi_valued) else values[0]
