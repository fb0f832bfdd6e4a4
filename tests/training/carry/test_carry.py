"""What is carried to a bare machine: small photographs, the right wheels, a way to start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from riis_physical.errors import TrainingError
from training.carry.folder import make_carried
from training.carry.images import pack_images
from training.carry.wheels import closure, needed, requirements
from training.hiding.material.data import is_held_out, list_photos, load_photos


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    folder = tmp_path / "photographs"
    (folder / "more").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name, size in (("one.png", (500, 900)), ("more/two.jpg", (300, 200))):
        small = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
        Image.fromarray(small).resize(size[::-1], Image.Resampling.BICUBIC).save(folder / name)
    return folder


def picture(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        return opened.copy()


def test_photographs_are_packed_small_and_once(photographs: Path, tmp_path: Path) -> None:
    target = tmp_path / "packed"
    assert pack_images(photographs, target) == 2
    names = ["more%2Ftwo.jpg.packed.webp", "one.png.packed.webp"]
    assert sorted(file.name for file in target.iterdir()) == names
    sizes = {one.name: picture(one).size for one in target.iterdir()}
    assert sizes == {names[0]: (200, 300), names[1]: (778, 432)}
    before = (target / names[1]).stat().st_mtime_ns
    pack_images(photographs, target)
    assert (target / names[1]).stat().st_mtime_ns == before
    read = load_photos(list_photos(target), 128)
    seen = np.asarray(picture(photographs / "one.png").resize((778, 432)), np.float32)
    assert np.abs(read.pixels[1].astype(np.float32) - seen).mean() < 6


def test_the_same_photographs_are_held_out() -> None:
    names = [f"{i:04d}.jpg" for i in range(400)]
    packed = [f"folder%2F{name}.packed.webp" for name in names]
    held = [is_held_out(name) for name in names]
    assert held == [is_held_out(name) for name in packed] and any(held)


def test_wheels_are_of_what_training_imports_without_torch() -> None:
    wanted = {one.partition("==")[0] for one in needed()}
    assert {"accelerate", "kornia", "numpy", "opencv-python", "pillow", "pydantic"} <= wanted
    assert not wanted & {"torch", "riis-physical", "sympy", "pytest", "fastapi"}
    needs = requirements()
    assert "torch" in closure(["accelerate"], needs)
    assert closure(["a"], {"a": {"b", "gone"}, "b": {"a"}}) == {"a", "b"}


def test_a_carried_folder_starts(photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "carried"
    carried = make_carried(photographs, folder, wheels=False)
    assert carried.photographs == 2 and carried.distributions == 0
    assert (folder / "source/training/configs/print.yaml").is_file()
    (folder / "site").mkdir()
    (folder / "site/ready").touch()  # nothing to install: this machine has all
    started = subprocess.run(
        ["sh", str(folder / "start.sh"), str(tmp_path / "run"), "--config", "nothing"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
        env={**os.environ, "PYTHON": sys.executable, "PYTHONPATH": ""},
    )  # fmt: skip
    assert started.returncode == 1
    assert "found no configuration 'nothing'" in started.stderr
    asked = subprocess.run(["sh", str(folder / "start.sh")], capture_output=True, text=True)
    assert asked.returncode != 0 and "usage" in asked.stderr


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no folder"):
        make_carried(tmp_path / "absent", tmp_path / "carried", wheels=False)
