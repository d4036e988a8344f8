"""The settings of a node, each with its default; `PLACET_*` variables and `placet.toml` override them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from placet.errors import InvalidInput

#: What the command line reads besides the settings of a node.
_OTHER_VARIABLES = frozenset({"PLACET_CONFIG", "PLACET_SERVER", "PLACET_USER", "PLACET_PASSWORD"})


def _setting(default: Any, about: str, *, secret: bool = False) -> Any:
    return field(default=default, metadata={"about": about, "secret": secret})


@dataclass(frozen=True, slots=True)
class Settings:
    """One node's settings; `sources` tells for each where its value comes from."""

    database_url: str = _setting(
        "sqlite:///placet.db", "sqlite:///path or postgresql://user:password@host/name", secret=True
    )
    definitions: str = _setting("definitions", "folder of definition files that `serve` loads")
    host: str = _setting("127.0.0.1", "address to listen on")
    port: int = _setting(8080, "port to listen on; 0 takes a free one")
    engine_id: str = _setting("placet", "name of this node in EngineId")
    admin_password: str = _setting("", "password for the administrator where he has none yet", secret=True)
    start_response: str = _setting("204", "answer to a start: 204, or requestID for 200 with the new id")
    body_limit: int = _setting(1_048_576, "largest request body in bytes")
    idempotency_hours: int = _setting(24, "how long an Idempotency-Key is kept, at least 24")
    drain_seconds: int = _setting(30, "how long a stop waits for requests that were accepted")
    log_level: str = _setting("info", "debug, info, warning or error")
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        _check(self)

    def with_values(self, source: str, **values: Any) -> Settings:
        """The same settings with some given explicitly; None leaves one as it is."""
        given = {name: value for name, value in values.items() if value is not None}
        known = {name: getattr(self, name) for name in names()}
        return Settings(**{**known, **given}, sources={**self.sources, **dict.fromkeys(given, source)})

    def about(self) -> list[tuple[str, str, str, str]]:
        """Each setting: its name, its value (secrets hidden), where it comes from, and what it is."""
        rows = []
        for each in fields(self):
            if each.name == "sources":
                continue
            value = getattr(self, each.name)
            shown = hide_secret(str(value)) if each.metadata["secret"] else str(value)
            rows.append((each.name, shown, self.sources.get(each.name, "default"), each.metadata["about"]))
        return rows


def names() -> list[str]:
    return [each.name for each in fields(Settings) if each.name != "sources"]


def hide_secret(value: str) -> str:
    """A secret as it may be shown: a URL without its password, anything else as stars."""
    if "://" in value:
        value = re.sub(r"://([^:/@]*):.*@", r"://\1:***@", value)
        return re.sub(r"([?&]password=)[^&]*", r"\1***", value)
    return "***" if value else ""


def read_settings(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Settings from `placet.toml` in the working folder (or `file`), and over it `PLACET_*` variables."""
    environment = os.environ if environment is None else environment
    path = file or Path(environment.get("PLACET_CONFIG", "placet.toml"))
    if "PLACET_CONFIG" in environment and not path.is_file():
        raise InvalidInput(f"PLACET_CONFIG names {str(path)!r}, which is no file.")
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, value in _from_file(path).items():
        values[name], sources[name] = value, str(path)
    for variable in sorted(environment):
        if not variable.startswith("PLACET_") or variable in _OTHER_VARIABLES or variable.startswith("PLACET_TEST_"):
            continue
        name = variable.removeprefix("PLACET_").lower()
        if name not in names():
            raise InvalidInput(f"{variable} is no setting{_nearest(variable)}; the settings are {_variables()}.")
        values[name], sources[name] = _typed(name, environment[variable], variable), variable
    return Settings(**values, sources=sources)


def _variables() -> str:
    return ", ".join(f"PLACET_{name.upper()}" for name in names())


def _nearest(variable: str) -> str:
    near = get_close_matches(variable, [f"PLACET_{name.upper()}" for name in names()], n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _from_file(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise InvalidInput(f"{path} cannot be read: {failure}") from None
    for name, value in stored.items():
        if name not in names():
            raise InvalidInput(f"{path} has an unknown setting {name!r}; the settings are {', '.join(names())}.")
        if type(value) is not type(_default(name)):
            raise InvalidInput(f"{path}: {name} has to be {_kind(name)}, not {value!r}.")
    return stored


def _default(name: str) -> Any:
    return next(each.default for each in fields(Settings) if each.name == name)


def _kind(name: str) -> str:
    return "a number" if isinstance(_default(name), int) else "a text"


def _typed(name: str, text: str, variable: str) -> Any:
    if not isinstance(_default(name), int):
        return text
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InvalidInput(f"{variable} has to be a number, not {text!r}.")
    return int(text)


def _check(settings: Settings) -> None:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", settings.engine_id):
        raise InvalidInput(f"engine_id {settings.engine_id!r} may have letters, digits and . _ - only, 64 at most.")
    if settings.start_response not in ("204", "requestID"):
        raise InvalidInput(f"start_response has to be 204 or requestID, not {settings.start_response!r}.")
    if not 0 <= settings.port <= 65535:
        raise InvalidInput(f"port has to be between 0 and 65535, not {settings.port}.")
    if settings.body_limit < 1024:
        raise InvalidInput(f"body_limit has to be 1024 or more, not {settings.body_limit}.")
    if settings.idempotency_hours < 24:
        raise InvalidInput(f"idempotency_hours has to be 24 or more, not {settings.idempotency_hours}.")
    if settings.log_level not in ("debug", "info", "warning", "error"):
        raise InvalidInput(f"log_level has to be debug, info, warning or error, not {settings.log_level!r}.")
