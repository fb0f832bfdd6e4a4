"""The close look: from maps to corners, its targets and training, what it adds to a scan."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from capture.find.learned.closeup import CloseLook, shipped_close_look, view_of
from capture.find.learned.networks.closeup_net import CloseUpMaps, CloseUpNet
from capture.find.learned.networks.closeup_size import CELLS, MARGIN, SIZE, STRIDE
from capture.find.learned.networks.network_file import load_network, packed, unpacked
from capture.find.learned.pictures import Pictures
from capture.find.learned.sides import fit_sides
from riis_physical.errors import WeightsError
from riis_physical.model.weights import save_weights
from training.detector.closeup_train import CloseUpBatch, loss_of, score
from training.detector.closeups import CloseUpExample, draw_place, example, perturbed
from training.detector.material.scenes import Picture
from training.detector.targets import stacked

QUAD = np.array([[200, 140], [560, 170], [540, 500], [190, 470]], np.float32)


def _image(height: int = 640, width: int = 900) -> np.ndarray:
    """A textured picture at QUAD before a smooth wall."""
    rng = np.random.default_rng(0)
    wall = cv2.GaussianBlur(rng.integers(60, 200, (height, width, 3)).astype(np.uint8), (0, 0), 9)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, np.rint(QUAD).astype(np.int32), 1)
    busy = rng.integers(0, 256, (height // 8, width // 8, 3)).astype(np.uint8)
    wall[inside > 0] = cv2.resize(busy, (width, height))[inside > 0]
    return np.asarray(wall, np.uint8)


def _example(place: np.ndarray, hidden: bool = True) -> CloseUpExample:
    made = example(_image(), [Picture(QUAD, hidden, QUAD)], place.astype(np.float32), 0)
    assert made is not None
    return made


@pytest.mark.parametrize("turn", range(4))
def test_targets_lead_back_to_the_corners(turn: int) -> None:
    rng = np.random.default_rng(turn)
    place = np.roll(perturbed(QUAD, rng), turn, 0)
    made = _example(place)
    fit = fit_sides(made.sides)
    quad = fit.quad
    seen = view_of(_image(), place)
    assert seen is not None
    there = cv2.perspectiveTransform(((quad + 0.5) * STRIDE - 0.5)[None].astype(float), seen[1])[0]
    # The corners come in the order of the place that was looked at.
    assert np.abs(there - np.roll(QUAD, turn, 0)).max() < 2.0
    assert fit.sure > 0.8 and not fit.others


def test_a_side_that_may_lie_at_two_places_gives_other_corners() -> None:
    sides = _example(QUAD).sides
    right = fit_sides(sides).quad
    torn = sides.copy()
    torn[2] = 0.35 * sides[2] + 0.65 * np.roll(sides[2], 10, 0)  # a ledge below the picture
    fit = fit_sides(torn)
    # The likelier line wins, and its rival comes first of the others.
    assert np.abs(fit.quad[:2] - right[:2]).max() < 0.3
    assert np.abs(fit.quad[2:, 1] - right[2:, 1] - 10).max() < 0.8
    assert np.abs(fit.others[0] - right).max() < 0.8
    assert 0.5 < fit.sure < 0.75


@pytest.mark.parametrize("spread", [1.5, 2.5])
def test_a_broad_side_has_no_other_places(spread: float) -> None:
    sides = cv2.GaussianBlur(_example(QUAD).sides.transpose(1, 2, 0), (1, 31), 1, sigmaY=spread)
    broad = np.ascontiguousarray(sides.transpose(2, 0, 1))
    assert not fit_sides(broad).others
    # A true rival is not hidden by the shoulders of the likelier one.
    torn = broad.copy()
    torn[2] = 0.4 * broad[2] + 0.6 * np.roll(broad[2], 14, 0)
    right = fit_sides(broad).quad
    assert min(np.abs(other - right).max() for other in fit_sides(torn).others) < 1.0


class Says(torch.nn.Module):
    """A network that sees the same sides everywhere."""

    def __init__(self, sides: np.ndarray) -> None:
        super().__init__()
        self.sides = torch.from_numpy(np.log(sides + 1e-4))

    def forward(self, views: torch.Tensor) -> CloseUpMaps:
        count = len(views)
        inside = torch.full((count, CELLS, CELLS), 3.0)
        return CloseUpMaps(self.sides.expand(count, -1, -1, -1), inside)


def test_lines_that_cross_another_side_give_no_corners() -> None:
    torn = _example(QUAD).sides.copy()
    # The rival of the lower side runs from the lower right to above the upper left corner.
    torn[2] *= 0.6
    for at in range(CELLS):
        torn[2, max(0, at - 10), at] += 0.4
    assert any(not cv2.isContourConvex(quad.reshape(-1, 1, 2)) for quad in fit_sides(torn).others)
    (found,) = CloseLook(Says(torn)).look(_image(), [QUAD])
    assert found is not None and np.abs(found.corners - QUAD).max() < 3
    assert all(cv2.isContourConvex(quad.reshape(-1, 1, 2)) for quad in found.others)


def test_a_few_wrong_positions_do_not_move_a_side() -> None:
    sides = _example(QUAD).sides
    right = fit_sides(sides).quad
    torn = sides.copy()
    rng = np.random.default_rng(3)
    for side in range(4):
        for at in rng.choice(CELLS, CELLS // 4, replace=False):
            torn[side, :, at] = 0
            torn[side, int(rng.integers(CELLS)), at] = 1
    wrong = fit_sides(torn)
    assert np.abs(wrong.quad - right).max() < 0.8
    assert wrong.sure < 0.9


def test_a_container_and_its_host_have_the_same_sides_but_not_the_same_map() -> None:
    one, other = _example(QUAD, True), _example(QUAD, False)
    assert (one.sides == other.sides).all()
    assert one.container[CELLS // 2, CELLS // 2] == 1 and other.container.max() == 0
    assert one.weight[CELLS // 2, CELLS // 2] == 2 and one.weight[2, 2] == 1
    edge = round(MARGIN / STRIDE)
    assert one.weight[CELLS // 2, edge] == 0


def test_a_place_that_no_camera_sees_has_no_view() -> None:
    crossed = QUAD[[0, 2, 1, 3]]
    assert view_of(_image(), crossed) is None
    look = CloseLook(CloseUpNet((8, 12, 16, 16)))
    found = look.look(_image(), [crossed, QUAD], looks=1)
    assert found[0] is None and found[1] is not None
    assert look.look(_image(), []) == []


def test_places_are_drawn_near_pictures_and_elsewhere() -> None:
    rng = np.random.default_rng(0)
    pictures = [Picture(QUAD, True, QUAD)]
    drawn = [draw_place(pictures, (640, 900), rng) for _ in range(200)]
    numbers = [one[1] for one in drawn if one is not None]
    assert 0.02 < numbers.count(None) / len(numbers) < 0.3
    assert draw_place([], (640, 900), np.random.default_rng(1)) is None


def test_training_lowers_the_loss_and_scores_are_counted() -> None:
    torch.manual_seed(0)
    network = CloseUpNet((8, 12, 16, 16))
    batch = stacked(CloseUpBatch, [_example(QUAD), _example(QUAD + 6, False)], "cpu")
    optimiser = torch.optim.Adam(network.parameters(), lr=3e-3)
    totals = []
    for _ in range(12):
        losses = loss_of(network(batch.images), batch)
        total = losses["sides"] + losses["container"]
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(float(total.detach()))
    assert totals[-1] < 0.8 * totals[0]
    counted = score(network, [(0, _image(), [Picture(QUAD, True, QUAD)])])
    assert counted.pictures == 1 and 0 <= counted.within_2 <= counted.within_5 <= 1


def test_the_shipped_close_look_mends_corners_that_are_far_off() -> None:
    image = _image()
    for seed in range(3):
        place = perturbed(QUAD, np.random.default_rng(seed))
        found = shipped_close_look().look(image, [place])[0]
        assert found is not None
        assert np.abs(found.corners - QUAD).max() < 0.03 * 360
        assert found.sure > 0.3
    pictures = Pictures(image)
    assert pictures.likely and np.abs(pictures.likely[0].corners - QUAD).max() < 0.03 * 360
    assert pictures.likely is pictures.likely  # looked for once


def test_packed_kernels_come_back_nearly_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = CloseUpNet((8, 12, 16, 16))
    state = network.state_dict()
    back = unpacked(packed(state))
    assert back.keys() == state.keys()
    for name, value in state.items():
        assert (back[name] - value).abs().max() <= 0.005 * value.abs().max() + 1e-6
    file = tmp_path / "mine.safetensors"
    save_weights(file, packed(state), {"config": {"widths": list(network.widths)}})
    assert file.stat().st_size < 1.3 * sum(v.numel() for v in state.values()) + 20_000
    assert load_network(CloseUpNet, file).widths == network.widths
    save_weights(file, packed(state), {"config": {"widths": [8, 12, 16, 20]}})
    with pytest.raises(WeightsError, match="do not belong together"):
        load_network(CloseUpNet, file)


def test_views_have_the_corners_at_the_margin() -> None:
    seen = view_of(_image(), QUAD)
    assert seen is not None and seen[0].shape == (SIZE, SIZE, 3)
    corner = np.array([[[MARGIN - 0.5, MARGIN - 0.5]]])
    assert np.abs(cv2.perspectiveTransform(corner, seen[1])[0, 0] - QUAD[0]).max() < 1e-3
