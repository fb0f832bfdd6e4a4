"""Which code makes a run or a figure."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

UNKNOWN = "unknown"


def commit() -> str:
    """Commit of the source tree; the package's version where there is no tree.

    "-dirty" says that tracked files differ, other than figures in results/.
    """
    try:
        name = _git("describe", "--always", "--abbrev=12")
        changed = _git(
            "status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)results"
        )
    except (OSError, subprocess.CalledProcessError):
        return package_version("riis-physical")
    return f"{name}-dirty" if changed else name


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def package_version(package: str) -> str:
    """Version of an installed package, or `unknown`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return UNKNOWN
