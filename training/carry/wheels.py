"""Wheels of what training imports, but for torch and what comes with it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from riis_physical.errors import TrainingError
from riis_physical.system.files import make_folder

_LISTED = """
import json, sys
from importlib import metadata
import riis_physical.commands.training.train, training.hiding.loop
tops = {name.partition(".")[0] for name in sys.modules}
found = metadata.packages_distributions()
print(json.dumps(sorted({one for top in tops for one in found.get(top, [])})))
"""
OWN = "riis-physical"
THERE = "torch"
"""What the bare machine has, with all that it needs itself."""


def needed() -> list[str]:
    """NAME==VERSION of every distribution that training needs and a machine with torch lacks."""
    done = subprocess.run(
        [sys.executable, "-c", _LISTED],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode:
        raise TrainingError(f"training cannot be imported: {done.stderr.strip().splitlines()[-1]}")
    imported = json.loads(done.stdout.splitlines()[-1])
    wanted = closure(imported, requirements()) - closure([THERE], requirements())
    return [f"{name}=={metadata.version(name)}" for name in sorted(wanted - {_plain(OWN)})]


def requirements() -> dict[str, set[str]]:
    """What each installed distribution needs here, without its extras, by plain names."""
    from packaging.requirements import Requirement

    found: dict[str, set[str]] = {}
    for one in metadata.distributions():
        asked = [Requirement(text) for text in one.requires or []]
        found[_plain(one.metadata["Name"])] = {
            _plain(r.name) for r in asked if r.marker is None or r.marker.evaluate({"extra": ""})
        }
    return found


def closure(names: Iterable[str], needs: Mapping[str, set[str]]) -> set[str]:
    """Distributions and all that they need, as far as they are installed."""
    waiting, found = [_plain(name) for name in names], set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in needs:
            found.add(name)
            # The project's own needs are what was imported: not all of it trains.
            waiting += [] if name == _plain(OWN) else sorted(needs[name])
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def fetch(target: Path, python: str | None = None) -> int:
    """Put the wheels into a folder with pip; returns how many distributions.

    Args:
        python: version of the machine that they are for, like 3.12; None for this one's.

    Raises:
        TrainingError: pip found no wheel of one.
    """
    make_folder(target)
    wanted = needed()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    if python is not None:
        command += ["--python-version", python]
    done = subprocess.run(
        [*command, "-q", "-d", str(target), *wanted], capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise TrainingError(f"pip could not fetch the wheels: {said[-1] if said else 'no reason'}")
    return len(wanted)
