"""Which code makes a run or a figure."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

UNKNOWN = "unknown"


def commit() -> str:
    """Commit of the source tree with its state; the package's version where there is no tree."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return package_version("riis-physical")
    return found.stdout.strip()


def package_version(package: str) -> str:
    """Version of an installed package, or `unknown`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return UNKNOWN
