"""The page's modules against arrays that the Python package wrote, in Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from soft_grids import LIST, MESSAGES, attempts, noisy, readings, values

from capture.find.learned import closeup, detector
from capture.find.learned.closeup import view_of
from capture.find.learned.detector import gather
from capture.find.learned.networks.closeup_size import CELLS
from capture.find.learned.sides import fit_sides
from capture.find.learned.snap import snap_quad
from capture.geometry.rectify import Region
from riis_physical.artifacts import Condition
from riis_physical.model.condition import normalised as normalised_condition
from riis_physical.model.noise import fixed_noise
from riis_physical.page.models import write_models
from riis_physical.qr.code import payload as codec
from riis_physical.qr.code.encode import encode
from riis_physical.qr.code.structure import (
    LEVELS,
    blocks,
    data_mask,
    data_positions,
    grid_size,
    known_modules,
)
from riis_physical.qr.soft.likelihood import log_likelihoods
from riis_physical.qr.soft.presence import finder_score, function_modules, presence_score
from riis_physical.qr.soft.reading import module_means

NODE = shutil.which("node")
TESTS = Path(__file__).with_name("modules")
pytestmark = pytest.mark.skipif(NODE is None, reason="needs Node.js")

TEXTS = (*MESSAGES, "a", "A1b2", "WIFI:S:net;T:WPA;P:12345678;;", "A" * 60 + "1" * 40)


def codes() -> list[dict[str, Any]]:
    found = []
    for version in range(1, 11):
        for level in LEVELS:
            mask, dark = known_modules(version, level)
            rows, columns = data_positions(version)
            found.append(
                {
                    "version": version,
                    "level": level,
                    "mask": values(mask),
                    "values": values(dark),
                    "function": values(function_modules(version)[0]),
                    "places": values(rows * grid_size(version) + columns),
                    "inverted": values(data_mask(version)),
                    "blocks": [values(block.positions) for block in blocks(version, level)],
                }
            )
    return found


def payloads() -> list[dict[str, Any]]:
    found = []
    for text in TEXTS:
        code = encode(text)
        found.append(
            {
                "text": text,
                "version": code.version,
                "level": code.level,
                "data": values(codec.build(code.payload, code.version, code.level)),
                "modules": values(code.modules),
            }
        )
    return found


def soft() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    grid, version = noisy(MESSAGES[0], 0.1, rng)
    picture = rng.normal(0, 1, (4 * len(grid),) * 2).astype(np.float32)
    return {
        "grid": values(grid),
        "version": version,
        "odds": values(log_likelihoods(grid, version)),
        "presence": presence_score(grid, version),
        "finder": finder_score(grid[:10, :10]),
        "picture": values(picture),
        "means": values(module_means(picture)),
    }


def photo() -> np.ndarray:
    """A framed picture at an angle before a wall, with detail."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (300, 200), interpolation=cv2.INTER_CUBIC)
    sheet = cv2.copyMakeBorder(picture, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=(240, 240, 235))
    wall = cv2.resize(
        rng.integers(60, 150, (9, 12, 3), dtype=np.uint8), (480, 360), interpolation=cv2.INTER_CUBIC
    )
    own = np.array([[0, 0], [340, 0], [340, 240], [0, 240]], np.float32)
    there = np.array([[70, 60], [400, 75], [390, 310], [60, 290]], np.float32)
    matrix = cv2.getPerspectiveTransform(own, there)
    laid = cv2.warpPerspective(sheet, matrix, (480, 360), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.full((240, 340), 255, np.uint8), matrix, (480, 360))
    return np.where(cover[..., None] > 127, laid, wall).astype(np.uint8)


CORNERS = np.array([[92, 80], [377, 92], [367, 285], [84, 269]], np.float32)


def geometry() -> dict[str, Any]:
    pixels = photo()
    bows = np.array([0.004, -0.006, 0.003, 0.005], np.float32)
    region = Region.cut(pixels, CORNERS)
    bent = Region.cut(pixels, CORNERS, bows=bows)
    # Seen twice as finely, where reduced copies and several samples come in.
    large = cv2.resize(pixels, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    far = Region.cut(large, (CORNERS + 0.5) * 4 - 0.5)
    turned = np.roll(region.corners, -1, axis=0)
    window = region.rectify((168, 168), corners=turned, window=(0, 0, 80, 80))
    view = view_of(pixels, CORNERS)
    assert view is not None
    snapped = snap_quad(pixels, CORNERS + np.array([3, -2], np.float32), 7.0)

    def planes(image: np.ndarray) -> list[float]:
        return values(np.round(image.transpose(2, 0, 1), 5))

    return {
        "rgba": cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA).ravel().tolist(),
        "large": cv2.cvtColor(large, cv2.COLOR_RGB2RGBA).ravel().tolist(),
        "corners": CORNERS.tolist(),
        "bows": bows.tolist(),
        "frame": planes(region.rectify((168, 168)).image),
        "scale": region.rectify((168, 168)).scale_px,
        "bent": planes(bent.rectify((168, 168)).image),
        "far": planes(far.rectify((168, 168)).image),
        "window": planes(window.image),
        "view": planes(view[0].astype(np.float32) / 255),
        "start": (CORNERS + np.array([3, -2])).tolist(),
        "snapped": snapped.corners.tolist(),
        "copy": planes(cv2.resize(pixels, (256, 192), interpolation=cv2.INTER_AREA) / 255),
    }


def found_pictures() -> dict[str, Any]:
    """Maps as the detector gives them for two pictures, and sides as the close look does."""
    h, w = 24, 32
    rng = np.random.default_rng(7)
    picture = rng.uniform(0, 0.2, (h, w)).astype(np.float32)
    container = picture.copy()
    offsets = rng.normal(0, 0.002, (4, 2, h, w)).astype(np.float32)
    quads = np.array(
        [
            [[60, 70], [250, 80], [240, 300], [50, 290]],
            [[300, 60], [470, 50], [480, 240], [290, 250]],
        ],
        np.float32,
    )
    x, y = np.meshgrid(np.arange(w) * 16 + 7.5, np.arange(h) * 16 + 7.5)
    for number, quad in enumerate(quads):
        inside = np.zeros((h, w), np.uint8)
        cv2.fillConvexPoly(inside, np.rint(((quad + 0.5) / 16 - 0.5) * 16).astype(np.int32), 1,
                           shift=4)  # fmt: skip
        cover = inside > 0
        picture[cover], container[cover] = 0.97, (0.9, 0.6)[number]
        for corner in range(4):
            offsets[corner, 0][cover] += ((quad[corner, 0] - x) / 256)[cover]
            offsets[corner, 1][cover] += ((quad[corner, 1] - y) / 256)[cover]
    seen = gather(container, picture, offsets)
    at = np.arange(CELLS, dtype=np.float32)
    sides = np.zeros((4, CELLS, CELLS), np.float32)
    for side, (level, slope) in enumerate(
        ((17.2, 0.02), (78.4, -0.03), (77.1, 0.04), (18.3, 0.01))
    ):
        away = at[:, None] - (level + slope * at[None])
        sides[side] = np.exp(-0.5 * (away / 1.3) ** 2)
        sides[side] /= sides[side].sum(0)
    fit = fit_sides(sides)
    # The left side may as well lie ten cells further in, the top one four.
    doubtful = sides.copy()
    for side, cells, share in ((3, 10, 0.45), (0, 4, 0.3)):
        doubtful[side] = (1 - share) * sides[side] + share * np.roll(sides[side], cells, axis=0)
    doubt = fit_sides(np.round(doubtful, 6))
    return {
        "width": w,
        "height": h,
        "picture": values(picture),
        "container": values(container),
        "offsets": values(offsets),
        "found": [
            {"corners": one.corners.tolist(), "container": one.container, "fill": one.fill}
            for one in seen
        ],
        "cells": CELLS,
        "sides": values(np.round(sides, 6)),
        "quad": fit.quad.tolist(),
        "sure": fit.sure,
        "doubtful": values(np.round(doubtful, 6)),
        "doubtfulQuad": doubt.quad.tolist(),
        "others": [quad.tolist() for quad in doubt.others],
    }


def reading_model() -> dict[str, Any]:
    conditions = [Condition(0.8, 0.012, 85.0, 9.0), Condition(3.0, 0.2, 20.0, 0.5)]
    return {
        "noise": values(fixed_noise(16, 3, 3)),
        "largeNoiseEnd": values(fixed_noise(16, 37, 37).ravel()[-32:]),
        "conditions": [
            {
                "blur": one.blur,
                "noise": one.noise,
                "jpegQuality": one.jpeg_quality,
                "scalePx": one.scale_px,
                "values": values(normalised_condition(one)),
            }
            for one in conditions
        ],
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arrays")
    (folder / "models").mkdir()
    write_models(folder / "models", "auto", detector.SHIPPED, closeup.SHIPPED)
    for name, content in {
        "codes": codes(),
        "payloads": payloads(),
        "soft": soft(),
        "readings": {"list": list(LIST), "cases": readings()},
        "attempts": attempts(),
        "geometry": geometry(),
        "pictures": found_pictures(),
        "model": reading_model(),
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", sorted(file.name for file in TESTS.glob("*.test.mjs")))
def test_module(written: Path, name: str) -> None:
    assert NODE is not None
    done = subprocess.run(
        [NODE, "--test", str(TESTS / name)],
        capture_output=True,
        text=True,
        env=os.environ | {"ARRAYS": str(written)},
        timeout=240,
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_every_module_that_computes_has_a_test() -> None:
    tested = "".join(file.read_text(encoding="utf-8") for file in TESTS.glob("*.mjs"))
    static = Path(detector.__file__).parents[3] / "riis_physical" / "page" / "static"
    for folder in ("find", "geometry", "qr", "read"):
        for file in (static / folder).rglob("*.js"):
            name = file.relative_to(static).as_posix()
            assert name in tested, f"no test imports {name}"
