"""Secrets that have to be shown or sent again, and so are kept encrypted and not as hashes.

Each is sealed for one row: copied to another row it opens no more.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import mkstemp

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from placet.errors import Unavailable
from placet.log import get_logger
from placet.settings import SHORTEST_SECRET_KEY, Settings

log = get_logger("placet.secrets")

_VERSION = b"\x01"  # of the form of what is sealed: version, id of the key, nonce, ciphertext with its tag
_ID, _NONCE = 4, 12
_WAYS = "PLACET_SECRET_KEY, or the file that the setting secret_key_file names"


class Vault:
    """Seals secrets with the key of an installation, and opens what was sealed with it or with one before it.

    The key is the setting `secret_key`, and those before it `secret_keys_old`; without the first, the keys are the
    lines of the file `secret_key_file`, the newest first. By default that file lies beside a SQLite database, and is
    made when the first secret is sealed. Raises `Unavailable` without a key, and where what was sealed was sealed with
    another.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.makes_file = True  # not where secrets are stored already: their key is then lost, and a new one no use

    def __repr__(self) -> str:
        return "Vault()"

    def seal(self, text: str, *, of: str) -> bytes:
        """A secret as it is stored; `of` names the row, and has to be given again to open it."""
        key, nonce = self._keys[0], secrets.token_bytes(_NONCE)
        return _VERSION + key.id + nonce + key.cipher.encrypt(nonce, text.encode(), of.encode())

    def open(self, sealed: bytes, *, of: str) -> str:
        """The secret that was sealed for a row."""
        nonce, hidden = sealed[1 + _ID : 1 + _ID + _NONCE], sealed[1 + _ID + _NONCE :]
        try:
            for key in self._keys:
                if sealed.startswith(_VERSION + key.id):
                    return key.cipher.decrypt(nonce, hidden, of.encode()).decode()
        except (InvalidTag, ValueError):  # what is too short for a nonce is a ValueError
            pass
        raise Unavailable(
            f"What is kept encrypted of {of} does not open with this key; set {_WAYS}, to the key that it was "
            "encrypted with, or add that to PLACET_SECRET_KEYS_OLD."
        )

    def knows(self, sealed: bytes) -> bool:
        """Whether a secret was sealed with one of the keys."""
        return any(sealed.startswith(_VERSION + key.id) for key in self._keys)

    def is_current(self, sealed: bytes) -> bool:
        """Whether a secret was sealed with the newest key."""
        return sealed.startswith(_VERSION + self._keys[0].id)

    def sign(self, message: bytes, *, purpose: str) -> bytes:
        """32 bytes that nobody without the key can make for this message and purpose."""
        return hmac.digest(_derived(self._texts[0], f"sign {purpose}"), message, "sha256")

    @cached_property
    def _keys(self) -> Sequence[_Key]:
        """The newest first."""
        return [_Key(_derived(text, "id")[:_ID], AESGCM(_derived(text, "seal"))) for text in self._texts]

    @cached_property
    def _texts(self) -> Sequence[str]:
        old = [key.strip() for key in self._settings.secret_keys_old.split(",") if key.strip()]
        if self._settings.secret_key:
            return [self._settings.secret_key, *old]
        path = _file_of(self._settings)
        if not self.makes_file and not path.exists():
            raise Unavailable(
                f"The key file {path} is missing, and secrets are stored that were encrypted with a key; put the file "
                f"back, or set {_WAYS}."
            )
        return [*_read_or_make(path), *old]


@dataclass(frozen=True, slots=True)
class _Key:
    """A key in use; `id` stands in front of what it sealed, and tells nothing of it."""

    id: bytes
    cipher: AESGCM


def _derived(key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"placet {purpose}".encode()).derive(key.encode())


def _file_of(settings: Settings) -> Path:
    """Where the key is, or will be; beside a database of another kind than SQLite there is no place for a file."""
    if settings.secret_key_file:
        return Path(settings.secret_key_file)
    scheme, _, path = settings.database_url.partition(":///")
    if scheme != "sqlite":
        raise Unavailable(f"There is no key to keep secrets encrypted with; set {_WAYS}, the same on every node.")
    return Path(f"{path.partition('?')[0]}.key")


def _read_or_make(path: Path) -> Sequence[str]:
    """The keys in a file, one a line, which only its owner may read; made with one where it is missing."""
    try:
        if not path.exists():
            _make(path)
        _warn_of_readers(path)
        keys = [line.strip() for line in path.read_text("ascii").splitlines() if line.strip()] or [""]
    except (OSError, UnicodeDecodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it is no text"
        raise Unavailable(f"The key file {path} cannot be used ({reason}); set {_WAYS}.") from None
    shortest = min(map(len, keys))
    if shortest < SHORTEST_SECRET_KEY:
        raise Unavailable(
            f"A key in the file {path} has {shortest} characters, at least {SHORTEST_SECRET_KEY} are needed; "
            f"set {_WAYS}."
        )
    return keys


def _warn_of_readers(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        log.warning("others of this machine may read the key file", file=str(path), do=f"chmod 600 {path}")


def _make(path: Path) -> None:
    """Write a new key, whole or not at all; where two programs do so at once both go on with the first one's."""
    handle, name = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # readable for its owner alone
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
