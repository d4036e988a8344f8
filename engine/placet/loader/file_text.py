"""The text of a file, as far as it can be read at all."""

from __future__ import annotations

from pathlib import Path

from placet.loader.faults import Faults, Place

MAX_BYTES = 1_048_576


def read_text(path: Path, faults: Faults) -> str | None:
    """The text of a file without its byte order mark, or None once a fault says why it cannot be read."""
    try:
        content = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b" " * (MAX_BYTES + 1)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        found = f"0x{content[failure.start]:02x}"
        faults.add(Place(line), f"The byte {found} is not UTF-8; save the file as UTF-8.")
    except OSError as failure:
        faults.add(Place(), f"The file cannot be read: {failure.strerror}.")
    else:
        return text if fits(text, faults) else None
    return None


def fits(text: str, faults: Faults) -> bool:
    """Whether a text is small enough to be looked at."""
    if len(text) <= MAX_BYTES and len(text.encode(errors="replace")) <= MAX_BYTES:
        return True
    faults.add(Place(), f"The file is larger than {MAX_BYTES // 1024} KiB; what belongs in it needs far less.")
    return False
