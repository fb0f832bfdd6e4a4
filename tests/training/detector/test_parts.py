"""Both parts of the detector train from one run folder, go on, and export what scan loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from capture.find.learned.closeup import CloseLook
from capture.find.learned.detector import LearnedDetector
from riis_physical.errors import TrainingError
from training.detector.material.scenes import Picture, store
from training.detector.parts import train_part

QUAD = np.array([[200, 140], [560, 170], [540, 500], [190, 470]], np.float32)


def test_the_close_look_trains_goes_on_and_loads(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (768, 1024, 3)).astype(np.uint8)
    for name in ("scenes", "checks"):
        store(tmp_path / name, 0, image, [Picture(QUAD, True, QUAD)])
    first = train_part("closeup", tmp_path, steps=1, batch=1)
    assert first["training"]["steps"] == 1 and first["training"]["scenes"] == 1
    again = train_part("closeup", tmp_path, steps=2, batch=1, resume=True)
    assert again["training"]["steps"] == 2 and again["sha256"] != first["sha256"]
    assert CloseLook.load(tmp_path / "closeup.safetensors").look(image, [QUAD])
    with pytest.raises(TrainingError, match="exists: resume"):
        train_part("closeup", tmp_path, steps=2, batch=1)


def test_the_detector_trains_and_loads(tmp_path: Path) -> None:
    image = np.zeros((768, 1024, 3), np.uint8)
    with pytest.raises(TrainingError, match="holds no composites"):
        train_part("detector", tmp_path, steps=1, batch=1)
    for name in ("scenes", "checks"):
        store(tmp_path / name, 0, image, [Picture(QUAD, True, QUAD)])
    record = train_part("detector", tmp_path, steps=1, batch=1)
    assert record["measured"]["simulated composites"]["pictures"] == 1
    LearnedDetector.load(tmp_path / "detector.safetensors").detect(image)
