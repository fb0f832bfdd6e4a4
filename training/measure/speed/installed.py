"""Installed size: the files of every package in virtual environments, each package by itself.

What `pip install` brings depends on the versions it takes, so that nothing is estimated: each
environment was made by its owner, and what lies in it is added up. pip and setuptools, which a
new environment may have, are not counted. Compiled .pyc files are told apart: Python writes them
when a module is first used, or pip when it installs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError
from training.measure.common.environment import describe_environment
from training.measure.common.output import write_result

KIND = "installed"
TOOLS = ("pip", "setuptools", "wheel")


def measure(
    environments: Mapping[str, Path], output: Path, *, force: bool = False
) -> dict[str, Any]:
    """Sizes of environments in megabytes (10^6 bytes), written to `output`.

    Args:
        environments: folders of virtual environments, by what they are called in the result.

    Raises:
        ConfigError: a folder is no virtual environment, or has no riis-physical.
        OutputError: the result cannot be written.
    """
    figures = {
        "environment": describe_environment(),
        "environments": [_sizes(name, folder) for name, folder in environments.items()],
    }
    return write_result(output, KIND, figures, force=force)


def _sizes(name: str, folder: Path) -> dict[str, Any]:
    sites = sorted(folder.glob("lib/python3*/site-packages"))
    if not (folder / "pyvenv.cfg").is_file() or not sites:
        raise ConfigError(f"{folder} is no virtual environment: make one with python3 -m venv")
    found = [one for one in metadata.distributions(path=[str(sites[0])]) if one.name not in TOOLS]
    if not any(one.name == "riis-physical" for one in found):
        raise ConfigError(f"{folder} has no riis-physical: install it there first")
    packages = sorted((_package(one) for one in found), key=lambda one: -float(one["mb"]))
    return {
        "name": name,
        "mb": round(sum(one["mb"] for one in packages), 1),
        "pyc_mb": round(sum(one["pyc_mb"] for one in packages), 1),
        "packages": packages,
    }


def _package(distribution: metadata.Distribution) -> dict[str, Any]:
    """A package's files, compiled ones included, whoever compiled them."""
    files = {Path(str(file.locate())) for file in distribution.files or []}
    compiled = {file for file in files if file.suffix == ".pyc"}
    compiled |= {Path(cache_from_source(file)) for file in files if file.suffix == ".py"}
    pyc = _bytes(compiled)
    return {
        "name": distribution.name,
        "version": distribution.version,
        "mb": round((_bytes(files - compiled) + pyc) / 1e6, 2),
        "pyc_mb": round(pyc / 1e6, 2),
    }


def _bytes(files: set[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())


def lines(result: dict[str, Any], most: int = 8) -> Iterator[str]:
    """A result for people: the largest packages of each environment."""
    for one in result["environments"]:
        yield f"{one['name']}: {one['mb']:.0f} MB, of which {one['pyc_mb']:.0f} MB .pyc"
        for package in one["packages"][:most]:
            yield f"  {package['mb']:>7.1f} MB  {package['name']} {package['version']}"
