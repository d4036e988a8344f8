"""Environments of their own for the engines that Placet is measured beside."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from workspace import BUILD, Workspace


def environment(space: Workspace, name: str, *requirements: str) -> Path | None:
    """The interpreter of an environment with these packages in it, made when it is missing; None where it cannot be."""
    folder = BUILD.parent / name
    interpreter = folder / "bin" / "python"
    if not (folder / "complete").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
            install = [interpreter, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *requirements]
            subprocess.run(install, check=True)
        except (OSError, subprocess.CalledProcessError) as failure:
            space.report.remark(f"{name} could not be installed, so that it is not measured: {failure}")
            return None
        (folder / "complete").touch()
    return interpreter
