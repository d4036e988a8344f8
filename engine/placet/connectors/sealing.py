"""The secrets of configurations: encrypted each for its own row, opened only when a call needs them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from placet.connectors.records import Configuration
from placet.directory.secrets import Vault
from placet.store.sealed import CONFIGURATIONS


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
