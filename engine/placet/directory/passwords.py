"""Passwords: argon2id, computed in a worker thread for every two cores, so that the event loop never waits for one."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import threading
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from placet.errors import InvalidInput

LONGEST = 1024
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)  # memory in KiB
_NICER = 10  # than the loop's thread: where they share a core, whoever waits for no password comes first


def _cores() -> int:
    """The cores that this program may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _step_back() -> None:
    if sys.platform == "linux":  # elsewhere it would be the whole program
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICER)


def threads_for(cores: int) -> int:
    return max(1, cores // 2)


THREADS = threads_for(_cores())  # 19 MiB and one core each
_threads = ThreadPoolExecutor(THREADS, thread_name_prefix="placet-password", initializer=_step_back)


async def hash_password(text: str) -> str:
    """The hash to store for a password; raises `InvalidInput` where it is empty, too long or no text."""
    check_password(text)
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, text)


async def verify_password(password_hash: str, text: str) -> bool:
    """Whether a password fits a stored hash."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _verify, password_hash, text)


def check_password(text: str) -> None:
    """Refuse what cannot be a password."""
    if not text:
        raise InvalidInput(f"The password is empty; give one of 1 to {LONGEST:,} characters.")
    if len(text) > LONGEST:
        raise InvalidInput(f"The password has {len(text):,} characters; give one of at most {LONGEST:,}.")
    if not is_text(text):
        raise InvalidInput("The password has half of a surrogate pair in it; leave it out.")


def is_text(text: str) -> bool:
    """Whether a text can be written as UTF-8, which half of a surrogate pair cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def is_password_hash(text: str) -> bool:
    """Whether a text is a hash that `verify_password` can read."""
    try:
        extract_parameters(text)
    except InvalidHashError:
        return False
    return True


def stamp_of(password_hash: str | None) -> str:
    """What tells one stored password from another, and nothing of either: a digest of its salted hash."""
    return sha256((password_hash or "").encode()).hexdigest()[:32]


def needs_rehash(password_hash: str) -> bool:
    """Whether a hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


def decoy_hash() -> str:
    """A hash that no password fits and that costs as much to verify as a real one."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p=1${salt}${digest}"


def _verify(password_hash: str, text: str) -> bool:
    try:
        return _hasher.verify(password_hash, text)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
