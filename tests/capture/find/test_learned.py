"""The learned detector: from maps to corners, and what its training is asked to say."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from capture.find.learned.detector import FINER, LearnedDetector, _around, gather
from capture.find.learned.networks.detector_net import DetectorNet
from capture.find.learned.networks.detector_size import OFFSET_UNIT, STRIDE
from training.detector.material.scenes import Picture
from training.detector.targets import plain, stacked, view
from training.detector.train import Batch, loss_of
from training.detector.validate import score

QUAD = np.array([[200, 120], [600, 180], [580, 560], [180, 500]], np.float32)
OTHER = np.array([[660, 80], [960, 80], [960, 380], [660, 380]], np.float32)


def _pictures() -> list[Picture]:
    return [Picture(QUAD, True, QUAD), Picture(OTHER, False, OTHER)]


def _image(height: int = 640, width: int = 1024) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


def test_targets_gather_back_to_the_pictures_they_were_drawn_from() -> None:
    example = plain(_image(), _pictures())
    h, w = example.picture.shape
    found = gather(example.container, example.picture, example.offsets.reshape(4, 2, h, w))
    assert np.abs(found[0].corners - QUAD).max() < 2 * STRIDE
    assert found[0].container > 0.9
    near = [d for d in found if np.abs(d.corners - OTHER).max() < 2 * STRIDE]
    assert near and all(d.container < 0.1 for d in near)


def test_outlying_votes_do_not_move_the_corners() -> None:
    example = plain(_image(), _pictures()[:1])
    h, w = example.picture.shape
    offsets = example.offsets.reshape(4, 2, h, w).copy()
    rng = np.random.default_rng(1)
    wrong = rng.random((h, w)) < 0.2
    offsets[:, :, wrong] += rng.normal(0, 1.0, (4, 2, int(wrong.sum()))).astype(np.float32)
    torn = example.picture * (np.arange(w) % 2)  # no area has an outline: votes alone
    torn = torn.astype(np.float32)
    best = gather(torn * example.container, torn, offsets)[0]
    assert np.abs(best.corners - QUAD).max() < 3


def test_an_empty_map_holds_nothing() -> None:
    zeros = np.zeros((40, 64), np.float32)
    assert gather(zeros, zeros, np.zeros((4, 2, 40, 64), np.float32)) == []


def test_a_triangle_is_no_picture() -> None:
    area = np.ones((48, 64), np.float32)
    corners = np.array([[0, 0], [15 * FINER, 0], [0, 15 * FINER]], np.int32)[:, None]
    assert _around(corners, area, area) is None


def test_a_picture_in_front_hides_the_one_behind() -> None:
    behind = Picture(QUAD, False, QUAD)
    front = Picture(QUAD + 40, True, QUAD + 40)
    example = plain(_image(), [behind, front])
    row, column = int(330 / STRIDE), int(390 / STRIDE)
    assert example.container[row, column] == 1
    across = example.offsets[0, row, column] * OFFSET_UNIT + column * STRIDE + (STRIDE - 1) / 2
    assert across == pytest.approx(240, abs=0.01)


def test_a_turned_view_keeps_truth_and_pixels_together() -> None:
    image = np.full((384, 512, 3), 255, np.uint8)
    corners = np.array([[150, 100], [350, 100], [350, 250], [150, 250]], np.float32)
    image[100:250, 150:350] = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        example = view(image, [Picture(corners, True, corners)], rng, (384, 512))
        h, w = example.picture.shape
        dark = example.image[STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE].mean(-1) < 60
        asked = example.weight > 0
        assert (dark == (example.picture > 0))[asked].mean() > 0.98
        assert h * STRIDE == 384 and w * STRIDE == 512


def test_training_lowers_the_loss_and_the_detector_runs_on_any_size() -> None:
    torch.manual_seed(0)
    network = DetectorNet((8, 12, 16, 16))
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    small = np.asarray(QUAD / 3, np.float32)
    batch = stacked(Batch, [plain(_image(256, 320), [Picture(small, True, small)])], "cpu")
    first = last = 0.0
    for _step in range(25):
        losses = loss_of(network(batch.images), batch)
        total = losses["container"] + losses["picture"] + losses["offsets"]
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        last = float(total.detach())
        first = first or last
    assert last < 0.6 * first
    detector = LearnedDetector(network)
    for height, width in ((90, 64), (1000, 700), (33, 2000)):
        for found in detector.detect(_image(height, width), least=0.1):
            assert found.corners.shape == (4, 2) and np.isfinite(found.corners).all()


def test_score_counts_only_whole_uncovered_pictures() -> None:
    network = DetectorNet((8, 12, 16, 16))
    cut = Picture(OTHER + np.float32(400), True, OTHER + np.float32(400))
    result = score(network, [(0, _image(), [*_pictures(), cut])])
    assert result.pictures == 2
    assert 0 <= result.recall <= 1
