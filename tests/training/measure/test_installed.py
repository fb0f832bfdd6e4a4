"""Installed sizes: every package's files, compiled ones included, tools left out."""

from __future__ import annotations

import json
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from riis_physical.errors import ConfigError
from training.measure.speed.installed import lines, measure


def environment(folder: Path, packages: dict[str, int]) -> Path:
    """A virtual environment's folder with packages of one module each, so many bytes long."""
    site = folder / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    for name, size in packages.items():
        module = site / f"{name.replace('-', '_')}.py"
        module.write_bytes(b"#" * size)
        about = site / f"{name.replace('-', '_')}-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (about / "RECORD").write_text(f"{module.name},,\n")
    return folder


def test_files_are_added_up_by_package_with_what_python_compiled(tmp_path: Path) -> None:
    here = environment(
        tmp_path / "here", {"riis-physical": 3_000_000, "numpy": 1_000_000, "pip": 9_000_000}
    )
    compiled = Path(cache_from_source(here / "lib/python3.11/site-packages/numpy.py"))
    compiled.parent.mkdir()
    compiled.write_bytes(b"0" * 500_000)
    result = measure({"small": here}, tmp_path / "sizes.json")
    (found,) = result["environments"]
    assert (found["mb"], found["pyc_mb"]) == (4.5, 0.5)
    assert [(one["name"], one["mb"]) for one in found["packages"]] == [
        ("riis-physical", 3.0),
        ("numpy", 1.5),
    ]
    assert json.loads((tmp_path / "sizes.json").read_text())["environments"] == [found]
    assert next(lines(result)).startswith("small: 4 MB, of which ")


def test_a_folder_that_is_no_environment_and_one_without_the_package(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no virtual environment"):
        measure({"none": tmp_path}, tmp_path / "sizes.json")
    other = environment(tmp_path / "other", {"numpy": 10})
    with pytest.raises(ConfigError, match="install it there first"):
        measure({"other": other}, tmp_path / "sizes.json")
