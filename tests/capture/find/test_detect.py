"""Detection: known outlines are found to a fraction of a pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data
from capture_scenes import Scene, photograph_flat

from capture.find.outlines.detect import find_quadrilaterals
from capture.find.outlines.edges import ANGLE_BINS, _bins_about
from capture.find.outlines.refine import refine_quad

SIZE = (900, 1200)


def picture(name: str) -> np.ndarray:
    return np.ascontiguousarray(getattr(skimage.data, name)()[..., :3])


def wall(rng: np.random.Generator) -> np.ndarray:
    """A plain wall with shelves, boxes and speckle."""
    room = np.full((600, 800, 3), rng.integers(90, 190, 3), np.uint8)
    for _ in range(14):
        x, y = rng.integers(0, 700), rng.integers(0, 500)
        w, h = rng.integers(20, 300, 2)
        colour = tuple(int(v) for v in rng.integers(20, 235, 3))
        cv2.rectangle(room, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
    speckle = rng.normal(0, 6, room.shape)
    return np.clip(room + speckle, 0, 255).astype(np.uint8)


def corner_error(scene: Scene) -> float:
    """Largest corner error of the best candidate, as a fraction of the width."""
    width = float(np.linalg.norm(scene.corners[1] - scene.corners[0]))
    errors = [
        min(
            float(np.linalg.norm(np.roll(quad.corners, turn, 0) - scene.corners, axis=1).max())
            for turn in range(4)
        )
        for quad in find_quadrilaterals(scene.photo)
    ]
    return min(errors, default=float("inf")) / width


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize(
    ("medium", "margin"), [("print", 0.02), ("print", 0.06), ("print", 0.12), ("screen", 0.05)]
)
def test_finds_the_outline(name: str, medium: str, margin: float) -> None:
    rng = np.random.default_rng([len(name), int(margin * 100)])
    scene = photograph_flat(
        picture(name), wall(rng), rng, medium=medium, margin=margin, width_px=480, size=SIZE
    )
    assert corner_error(scene) < 0.004


def test_finds_it_without_noise_almost_exactly() -> None:
    rng = np.random.default_rng(3)
    scene = photograph_flat(
        picture("coffee"), wall(rng), rng, size=SIZE, blur=0.6, noise=0, jpeg=98, aged_light=False
    )
    assert corner_error(scene) < 0.0008


@pytest.mark.parametrize("middle", [0, 5, ANGLE_BINS // 2, ANGLE_BINS - 1])
def test_bins_about_one_go_around_the_circle(middle: int) -> None:
    bins = np.arange(ANGLE_BINS)
    apart = np.abs((bins - middle + ANGLE_BINS // 2) % ANGLE_BINS - ANGLE_BINS // 2)
    found = np.concatenate([np.arange(low, high) for low, high in _bins_about(middle, 15)])
    assert np.array_equal(np.sort(found), np.flatnonzero(apart <= 15))


def test_finds_a_turned_sheet() -> None:
    rng = np.random.default_rng(4)
    scene = photograph_flat(picture("astronaut"), wall(rng), rng, turns=1, width_px=400, size=SIZE)
    assert corner_error(scene) < 0.004


@pytest.mark.slow
def test_finds_it_in_twelve_megapixels() -> None:
    rng = np.random.default_rng(5)
    scene = photograph_flat(
        picture("chelsea"), wall(rng), rng, size=(3000, 4000), width_px=1800, noise=0.02
    )
    assert corner_error(scene) < 0.003


def test_bowed_sides_meet_in_the_true_corners() -> None:
    inside = np.array([[150.0, 120.0], [750.0, 120.0], [750.0, 560.0], [150.0, 560.0]])
    t = np.linspace(0, 1, 200)[:, None]
    outline = []
    for s in range(4):
        start, end = inside[s], inside[(s + 1) % 4]
        across = np.array([(end - start)[1], -(end - start)[0]]) / np.linalg.norm(end - start)
        outline.append(start + t * (end - start) + 4 * t * (1 - t) * 4.0 * across)
    large = np.full((4 * 700, 4 * 900, 3), 240, np.uint8)
    points = np.rint((np.concatenate(outline) + 0.5) * 4 - 0.5).astype(np.int32)
    cv2.fillPoly(large, [points], (90, 120, 60))
    photo = np.asarray(cv2.resize(large, (900, 700), interpolation=cv2.INTER_AREA))
    fit = refine_quad(photo, inside.astype(np.float32) + 2.0, 1, 5.0)
    np.testing.assert_allclose(fit.corners, inside, atol=0.4)
    assert fit.support.min() > 0.95
    lengths = np.linalg.norm(np.roll(inside, -1, 0) - inside, axis=1)
    np.testing.assert_allclose(fit.bows * lengths, 4.0, atol=0.4)


def test_at_most_eight_best_first() -> None:
    rng = np.random.default_rng(6)
    quads = find_quadrilaterals(cv2.resize(wall(rng), (1600, 1200)))
    assert len(quads) <= 8
    scores = [quad.score for quad in quads]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("shape", [(40, 40, 3), (600, 800, 3)])
def test_flat_pictures_have_none(shape: tuple[int, ...]) -> None:
    assert find_quadrilaterals(np.full(shape, 128, np.uint8)) == []
