"""The machine under the benchmarks: its disk, its cores, the memory of a process."""

from __future__ import annotations

import os
import platform
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "bench"
IN_MEMORY = ("tmpfs", "ramfs", "devtmpfs")
MIB = 1024 * 1024


@dataclass(slots=True)
class Cores:
    """Where the server and where its clients run; None leaves it to the system."""

    server: int | None = None
    client: int | None = None


PINNING = hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) >= 2
CORES = Cores(0, 1) if PINNING else Cores()


def require_disk(folder: Path) -> str:
    """The file system that a folder is on; ends the program where that is memory, which has no fsync to wait for."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = _file_system(folder)
    if kind in IN_MEMORY:
        sys.exit(
            f"{folder} is on {kind}, which is memory: durable writes cost nothing there. Check out on a real disk."
        )
    return kind


def _file_system(folder: Path) -> str:
    device = folder.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    for line in mounts:
        before, _, after = line.partition(" - ")
        if before.split()[2] == number:
            return after.split()[0]
    return "unknown"


def fdatasyncs_per_second(folder: Path, seconds: float = 0.2) -> float:
    """How often the disk takes 4 KiB at the end of a file for good, just now."""
    sync = getattr(os, "fdatasync", os.fsync)
    path, block, count = folder / "probe", os.urandom(4096), 0
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    try:
        begin = time.perf_counter()
        while (passed := time.perf_counter() - begin) < seconds:
            os.write(file, block)
            sync(file)
            count += 1
        return count / passed
    finally:
        os.close(file)
        path.unlink()


def pin(core: int | None) -> None:
    """Keep this process, and what it starts, on one core."""
    if core is not None:
        os.sched_setaffinity(0, {core})


def memory(pid: int, what: str = "VmRSS") -> float:
    """Resident memory of a process in MiB; `VmHWM` is its highest since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) / 1024
    raise LookupError(what)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def describe() -> str:
    """The class of this machine in a few words."""
    model = platform.processor() or platform.machine()
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text()
        model = next(line.split(":")[1].strip() for line in cpuinfo.splitlines() if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({model}), {size:.0f} GiB, Python {platform.python_version()}"
