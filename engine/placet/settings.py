"""The settings of a node, each with its default; `PLACET_*` variables and `placet.toml` override them."""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from placet.errors import InvalidInput

# The standard library's: where nobody has set up logging, the line goes to standard error as it stands.
log = logging.getLogger("placet.settings")

#: What the command line reads besides the settings of a node.
_OTHER_VARIABLES = frozenset({"PLACET_CONFIG", "PLACET_SERVER", "PLACET_USER", "PLACET_PASSWORD"})

SHORTEST_SECRET_KEY = 32  # characters
SHORTEST_METRICS_TOKEN = 16

_SMTP_URL = re.compile(
    r"smtps?://(?P<login>[^\s:/?#@]+:[^\s/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]]+)(:[0-9]{1,5})?/?"
    r"(\?tls=(off|starttls))?"
)
_MAIL_FROM = re.compile(r"([^<>\r\n\x00-\x1f]*<)?[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*>?")


def _setting(
    default: Any,
    about: str,
    takes: str = "a text",
    fits: Callable[[Any], object] = lambda value: True,
    *,
    secret: bool = False,
) -> Any:
    """A setting: what it is, which values it takes in words, and whether a value of the right type is one."""
    told = {"about": about, "takes": takes, "fits": fits, "secret": secret}
    return field(default=default, repr=not secret, metadata=told)


@dataclass(frozen=True, slots=True)
class Settings:
    """One node's settings; `sources` tells for each that was given where its value comes from.

    Raises `InvalidInput` for a value that a setting does not take.
    """

    database_url: str = _setting(
        "sqlite:///placet.db",
        "sqlite:///path or postgresql://user:password@host/name; host:port,host:port for a server and its standby",
        "sqlite:///path or postgresql://user:password@host/name",
        re.compile(r"(sqlite|postgresql|postgres)://").match,
        secret=True,
    )
    database_direct_url: str = _setting(
        "",
        "the same database past a pooler of transactions, to which database_url leads then: for locks, and for being "
        "told of jobs",
        "postgresql://user:password@host/name, or nothing where database_url leads to PostgreSQL itself",
        lambda url: not url or re.match(r"postgres(ql)?://", url),
        secret=True,
    )
    definitions: str = _setting("definitions", "folder of definition files that `serve` loads", "a folder", bool)
    host: str = _setting("127.0.0.1", "address to listen on", "an address such as 127.0.0.1", bool)
    port: int = _setting(
        8080,
        "port to listen on; 0 takes a free one",
        "a number between 0 and 65535",
        lambda port: 0 <= port <= 65535,
    )
    engine_id: str = _setting(
        "",
        "name of this node, of which each needs one of its own; by default ENGINE on SQLite, else host name and port",
        "letters, digits and . _ - only, 64 at most",
        re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})?").fullmatch,
    )
    admin_password: str = _setting("", "password for the administrator where he has none yet", secret=True)
    secret_key: str = _setting(
        "",
        "key that stored secrets are encrypted with, the same on every node",
        f"a text of {SHORTEST_SECRET_KEY} characters or more, such as the output of `openssl rand -hex 32`",
        lambda key: not key or len(key) >= SHORTEST_SECRET_KEY,
        secret=True,
    )
    secret_key_file: str = _setting(
        "", "file with that key where `secret_key` is not set; by default beside a SQLite database, `placet.db.key`"
    )
    secret_keys_old: str = _setting(
        "",
        "keys that were used before, parted by commas: what they encrypted still opens, until `placet secrets rotate`",
        f"texts of {SHORTEST_SECRET_KEY} characters or more, parted by commas",
        lambda keys: not keys or all(len(key.strip()) >= SHORTEST_SECRET_KEY for key in keys.split(",")),
        secret=True,
    )
    start_response: str = _setting(
        "204",
        "answer to a start: 204, or requestID for 200 with the new id",
        "the text 204 or requestID",
        ("204", "requestID").__contains__,
    )
    workspaces: str = _setting(
        "workflow",
        "names below /api/1.0 that the roles and users service answers to, parted by commas",
        "names of letters, digits, _ and - such as workflow,test",
        re.compile(r"[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64})*").fullmatch,
    )
    password_shortest: int = _setting(
        8, "characters that a new password has at least", "a number between 1 and 128", lambda n: 1 <= n <= 128
    )
    password_longest: int = _setting(
        128, "characters that a new password has at most", "a number between 8 and 1024", lambda n: 8 <= n <= 1024
    )
    session_idle_minutes: int = _setting(
        60,
        "a session ends when it was not used for so long",
        "a number between 5 and 10080",
        lambda minutes: 5 <= minutes <= 10_080,
    )
    session_hours: int = _setting(
        12, "a session ends so long after it began", "a number between 1 and 720", lambda hours: 1 <= hours <= 720
    )
    body_limit: int = _setting(
        1_048_576, "largest request body in bytes", "a number of 1024 or more", lambda limit: limit >= 1024
    )
    request_seconds: int = _setting(
        30, "how long a request may take to arrive", "a number of 1 or more", lambda seconds: seconds >= 1
    )
    trusted_proxies: str = _setting(
        "",
        "addresses or networks of proxies whose X-Forwarded-For counts, parted by commas",
        "addresses or networks such as 10.0.0.7,10.1.0.0/16",
        lambda text: not text or all(map(_is_network, text.split(","))),
    )
    outbound_allow: str = _setting(
        "",
        "addresses or networks inside that connectors and webhooks may call, parted by commas",
        "addresses or networks such as 10.0.0.7,10.1.0.0/16",
        lambda text: not text or all(map(_is_network, text.split(","))),
    )
    outbound_bytes: int = _setting(
        4_194_304,
        "longest answer of another service in bytes, unpacked",
        "a number between 1024 and 104857600",
        lambda limit: 1024 <= limit <= 104_857_600,
    )
    outbound_redirects: int = _setting(
        5, "redirects of another service that are followed", "a number between 0 and 20", lambda n: 0 <= n <= 20
    )
    smtp_url: str = _setting(
        "",
        "mail server; smtp: with STARTTLS, unless it is on this machine or the URL ends in ?tls=off",
        "smtp://user:password@host:587 or smtps://user:password@host, with ?tls=off or ?tls=starttls where needed",
        lambda url: not url or _SMTP_URL.fullmatch(url),
        secret=True,
    )
    mail_from: str = _setting(
        "",
        "who mails come from",
        "an address, or a name with it, such as Placet <placet@example.org>",
        lambda text: not text or _MAIL_FROM.fullmatch(text),
    )
    public_url: str = _setting(
        "",
        "where people reach this server, for the links in mails",
        "a URL such as https://placet.example.org",
        lambda url: not url or re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url),
    )
    idempotency_hours: int = _setting(
        24,
        "how long an Idempotency-Key is kept, at least 24",
        "a number between 24 and 100000",
        lambda hours: 24 <= hours <= 100_000,
    )
    query_seconds: int = _setting(
        5,
        "how long a query may take before it is ended",
        "a number between 1 and 50",
        lambda seconds: 1 <= seconds <= 50,
    )
    drain_seconds: int = _setting(
        30,
        "how long a stop waits for requests that were accepted",
        "a number of 0 or more",
        lambda seconds: seconds >= 0,
    )
    log_level: str = _setting(
        "info",
        "debug, info, warning or error",
        "debug, info, warning or error",
        ("debug", "info", "warning", "error").__contains__,
    )
    metrics_token: str = _setting(
        "",
        "what /metrics is asked with as Authorization: Bearer; without one only this machine may ask",
        f"a text of {SHORTEST_METRICS_TOKEN} or more printable characters without spaces, such as the output of "
        "`openssl rand -hex 32`",
        lambda token: not token or re.fullmatch(rf"[!-~]{{{SHORTEST_METRICS_TOKEN},}}", token),
        secret=True,
    )
    otlp_endpoint: str = _setting(
        "",
        "where `serve` sends traces, by OTLP over HTTP; takes the extra placet[telemetry]",
        "a URL such as http://127.0.0.1:4318",
        lambda url: not url or re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", url),
    )
    trace_services: str = _setting(
        "",
        "services that calls tell of their trace, by name, parted by commas; * is all",
        "names of services such as Weather,Ledger, or *",
    )
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.name != "sources":
                _check(each.name, getattr(self, each.name), self.sources.get(each.name))

    def with_values(self, source: str, **values: Any) -> Settings:
        """The same settings with some given explicitly, by `source`; None leaves one as it is.

        Raises `InvalidInput` for a value that a setting does not take.
        """
        given = {name: value for name, value in values.items() if value is not None}
        known = {name: getattr(self, name) for name in names()}
        return Settings(**{**known, **given}, sources={**self.sources, **dict.fromkeys(given, source)})

    def about(self) -> list[tuple[str, str, str, str]]:
        """Each setting: its name, its value (secrets hidden), where it comes from, and what it is."""
        return [
            (name, _shown(name, getattr(self, name)), self.sources.get(name, "default"), _field(name)["about"])
            for name in names()
        ]


def _is_network(text: str) -> bool:
    try:
        ip_network(text.strip())
    except ValueError:
        return False
    return True


def names() -> list[str]:
    return [each.name for each in fields(Settings) if each.name != "sources"]


def hide_secret(value: str) -> str:
    """A secret as it may be shown: a URL without its password, anything else as stars."""
    if "://" in value:
        value = re.sub(r"://([^:/@]*):.*@", r"://\1:***@", value)
        return re.sub(r"([?&]password=)[^&]*", r"\1***", value)
    return "***" if value else ""


def read_settings(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Settings from `placet.toml` in the working folder (or `file`), and over it `PLACET_*` variables.

    Raises `InvalidInput` for a value that a setting does not take, and for a name in the file that is no setting. A
    variable that is none is only warned of: an environment has many authors.
    """
    environment = os.environ if environment is None else environment
    path = file or Path(environment.get("PLACET_CONFIG", "placet.toml"))
    if "PLACET_CONFIG" in environment and not path.is_file():
        raise InvalidInput(f"PLACET_CONFIG names {str(path)!r}, which is no file.")
    values = dict(_from_file(path))
    sources = dict.fromkeys(values, str(path))
    for variable in sorted(environment):
        if not variable.startswith("PLACET_") or variable in _OTHER_VARIABLES or variable.startswith("PLACET_TEST_"):
            continue
        name = variable.removeprefix("PLACET_").lower()
        if name in names():
            values[name], sources[name] = _from_text(name, environment[variable], variable), variable
        else:
            variables = [f"PLACET_{name.upper()}" for name in names()]
            log.warning("%s is no setting%s and changes nothing.", variable, _nearest(variable, variables))
    return Settings(**values, sources=sources)


def _nearest(given: str, known: Sequence[str]) -> str:
    near = get_close_matches(given, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _from_file(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    try:
        stored = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as failure:
        raise InvalidInput(f"{path} cannot be read: {failure.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as failure:
        raise InvalidInput(f"{path} cannot be read: {failure}") from None
    for name in stored:
        if name not in names():
            known = f"the settings are {', '.join(names())}"
            raise InvalidInput(f"{path} has an unknown setting {name!r}{_nearest(name, names())}; {known}.")
    return stored


def _from_text(name: str, text: str, variable: str) -> Any:
    if not isinstance(_default(name), int):
        return text
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise _refusal(name, text, variable)
    return int(text)


def _check(name: str, value: Any, source: str | None) -> None:
    if type(value) is not type(_default(name)) or not _field(name)["fits"](value):
        raise _refusal(name, value, source)


def _refusal(name: str, value: Any, source: str | None) -> InvalidInput:
    origin = f" (from {source})" if source else ""
    shown = _shown(name, value) if _field(name)["secret"] else repr(value)
    return InvalidInput(f"The setting {name}{origin} takes {_field(name)['takes']}, not {shown}.")


def _shown(name: str, value: Any) -> str:
    return hide_secret(str(value)) if _field(name)["secret"] else str(value)


def _field(name: str) -> Mapping[str, Any]:
    return next(each.metadata for each in fields(Settings) if each.name == name)


def _default(name: str) -> Any:
    return next(each.default for each in fields(Settings) if each.name == name)
