"""The secrets of configurations: encrypted each for its own row, opened only when a call needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import httpx2

from placet.connectors.client import origin
from placet.connectors.kinds import secret_names
from placet.connectors.records import Configuration
from placet.directory.secrets import Vault
from placet.errors import InvalidConnectors, Unavailable
from placet.store.sealed import CONFIGURATIONS

_SENT_TO = "tokenCredentialUri"


def seal(vault: Vault, configuration_id: str, secrets: Mapping[str, str]) -> bytes | None:
    """Secrets as they are stored, None where there are none; raises `Unavailable` without a key."""
    if not secrets:
        return None
    return vault.seal(json.dumps(dict(secrets), sort_keys=True), of=CONFIGURATIONS.row_name(configuration_id))


def opened(vault: Vault, configuration: Configuration) -> Configuration:
    """A configuration with its secrets; raises `Unavailable` where they do not open with the key that there is."""
    if configuration.sealed is None or configuration.secrets:
        return configuration
    text = vault.open(configuration.sealed, of=CONFIGURATIONS.row_name(configuration.id))
    return replace(configuration, secrets=json.loads(text))


def is_the_same(vault: Vault, stored: Configuration, other: Configuration) -> bool:
    """Whether an opened configuration is as the stored one, with the same secrets; False where those do not open."""
    if (stored.kind, stored.fields) != (other.kind, other.fields):
        return False
    try:
        return opened(vault, stored).secrets == other.secrets
    except Unavailable:
        return False


def goes_elsewhere(stored: Configuration, changed: Configuration) -> bool:
    """Whether a changed configuration sends its secrets to another server than the stored one."""
    before, after = (each.fields.get(_SENT_TO, "") for each in (stored, changed))
    return before != after and origin(httpx2.URL(before)) != origin(httpx2.URL(after))


def kept(vault: Vault, stored: Configuration, changed: Configuration) -> Mapping[str, str]:
    """The stored secrets that hold for a changed configuration, but for those that it is given anew.

    None where they do not open any more and all are given anew. Raises `Unavailable` where some are not, and
    `InvalidConnectors` where it would send to another server what is not given anew.
    """
    if stored.kind is not changed.kind:
        return {}
    try:
        secrets = opened(vault, stored).secrets
    except Unavailable:
        if set(changed.secrets) < set(secret_names(stored.kind)):
            raise
        return {}
    if not goes_elsewhere(stored, changed):
        return secrets
    if missing := sorted({*secrets} - {*changed.secrets}):
        text = (
            f"The configuration {stored.name!r} would send {' and '.join(missing)} to another server than before; "
            f"give {'them' if len(missing) > 1 else 'it'} again together with {_SENT_TO}."
        )
        raise InvalidConnectors([text])
    return {}
