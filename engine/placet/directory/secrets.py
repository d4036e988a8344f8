"""Secrets that have to be shown or sent again, and so are kept encrypted and not as hashes.

Each is sealed for one row: copied to another row it opens no more.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from tempfile import mkstemp

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from placet.errors import Unavailable
from placet.settings import SHORTEST_SECRET_KEY, Settings

_VERSION = b"\x01"  # of the form of what is sealed: version, nonce, ciphertext with its tag
_NONCE = 12
_WAYS = "PLACET_SECRET_KEY, or the file that the setting secret_key_file names"


class Vault:
    """Seals and opens secrets with the key of an installation.

    The key is the setting `secret_key`, else the content of the file `secret_key_file`; by default that file lies
    beside a SQLite database, and is made when the first secret is sealed. Raises `Unavailable` without a key, and
    where what was sealed was sealed with another.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __repr__(self) -> str:
        return "Vault()"

    def seal(self, text: str, *, of: str) -> bytes:
        """A secret as it is stored; `of` names the row, and has to be given again to open it."""
        nonce = secrets.token_bytes(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, text.encode(), of.encode())

    def open(self, sealed: bytes, *, of: str) -> str:
        """The secret that was sealed for a row."""
        version, nonce, hidden = sealed[:1], sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            if version != _VERSION:
                raise InvalidTag
            return self._cipher.decrypt(nonce, hidden, of.encode()).decode()
        except InvalidTag:
            raise Unavailable(
                f"What is kept encrypted of {of} does not open with this key; "
                f"set {_WAYS}, to the key that it was encrypted with."
            ) from None

    def sign(self, message: bytes, *, purpose: str) -> bytes:
        """32 bytes that nobody without the key can make for this message and purpose."""
        return hmac.digest(self._derived(f"sign {purpose}"), message, "sha256")

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(self._derived("seal"))

    def _derived(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, salt=None, info=f"placet {purpose}".encode()).derive(self._key)

    @cached_property
    def _key(self) -> bytes:
        return (self._settings.secret_key or _read_or_make(_file_of(self._settings))).encode()


def _file_of(settings: Settings) -> Path:
    """Where the key is, or will be; beside a database of another kind than SQLite there is no place for a file."""
    if settings.secret_key_file:
        return Path(settings.secret_key_file)
    scheme, _, path = settings.database_url.partition(":///")
    if scheme != "sqlite":
        raise Unavailable(f"There is no key to keep secrets encrypted with; set {_WAYS}, the same on every node.")
    return Path(f"{path.partition('?')[0]}.key")


def _read_or_make(path: Path) -> str:
    """The key in a file, which only its owner may read, made where it is missing."""
    try:
        if not path.exists():
            _make(path)
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else "it is no text"
        raise Unavailable(f"The key file {path} cannot be used ({reason}); set {_WAYS}.") from None
    if len(key) < SHORTEST_SECRET_KEY:
        raise Unavailable(
            f"The key file {path} has {len(key)} characters, at least {SHORTEST_SECRET_KEY} are needed; set {_WAYS}."
        )
    return key


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
