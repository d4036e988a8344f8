"""Where whoever types a command is: the zone in which his days begin."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_LINK = Path("/etc/localtime")


def local_zone() -> str:
    """The name of the zone that this machine is set to, or UTC where it has none that others know."""
    named = os.environ.get("TZ", "").removeprefix(":") or _linked()
    try:
        return ZoneInfo(named).key
    except (ZoneInfoNotFoundError, ValueError, OSError):  # none, a path, a folder of zones
        return "UTC"


def _linked() -> str:
    _, _, name = str(_LINK.resolve()).partition("/zoneinfo/")
    return name
