"""Covered parts of a container are found and left out, and nothing is made up for them."""

from __future__ import annotations

import numpy as np
import pytest
from occluders import KINDS, OccluderKind, cover

from capture.read.rescue.occlusion import occlusion_map, read_uncovered
from riis_physical.qr.code.encode import encode

CODE = encode("Meet me at the old bridge, 9 pm sharp")  # version 5
HIDDEN = (slice(9, 21), slice(13, 25))  # a tenth


def seen(rng: np.random.Generator, size_below: float = 0.3, noise: float = 0.3) -> np.ndarray:
    """Soft values like the network's: small ones of any sign under the object."""
    logits = np.where(CODE.modules, 6.0, -6.0) * (1 + noise * rng.normal(size=CODE.modules.shape))
    logits[HIDDEN] = 6 * size_below * rng.normal(size=logits[HIDDEN].shape)
    return logits


def test_the_map_shows_what_is_covered_and_nothing_else() -> None:
    found = occlusion_map(seen(np.random.default_rng(0)), CODE.version)
    inside = np.zeros(found.shape, bool)
    inside[HIDDEN] = True
    assert (found[10:20, 14:24] < 0.5).mean() > 0.95
    assert (found[~inside] == 0).mean() < 0.01
    assert (found[~inside] == 1).mean() > 0.8
    clear = seen(np.random.default_rng(1), size_below=3)
    assert (occlusion_map(clear, CODE.version) == 0).mean() < 0.005


def test_signs_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    logits = seen(rng)
    turned = logits * rng.choice([-1, 1], logits.shape)
    np.testing.assert_array_equal(occlusion_map(logits, 5), occlusion_map(turned, 5))


@pytest.mark.parametrize("logits", [np.zeros((37, 37)), np.full((37, 37), np.nan)])
def test_no_signal_at_all_is_no_object(logits: np.ndarray) -> None:
    assert (occlusion_map(logits, 5) == 1).all()
    assert read_uncovered(logits, 5) is None


def test_a_large_dead_part_is_not_erased() -> None:
    logits = np.where(CODE.modules, 6.0, -6.0)
    logits[:, :16] *= 0.01
    assert (occlusion_map(logits, 5) == 1).all()


def test_wrong_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"expected \(37, 37\) for version 5"):
        occlusion_map(np.zeros((36, 37)), 5)


def test_the_rest_reads_and_random_grids_do_not() -> None:
    reading = read_uncovered(seen(np.random.default_rng(3)), CODE.version)
    assert reading is not None
    assert reading.payload == CODE.payload
    coins = np.random.default_rng(4).normal(size=(37, 37))
    coins[HIDDEN] *= 0.05
    assert read_uncovered(coins, 5) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("area", [0.02, 0.1])
def test_occluders_hide_the_area_asked_for(kind: OccluderKind, area: float) -> None:
    container = np.full((120, 180, 3), 128, np.uint8)
    covered = cover(container, kind, area, np.random.default_rng(5))
    assert covered.mask.mean() == pytest.approx(area, rel=0.35)
    assert (covered.image[~covered.mask] == 128).all()
    assert covered.share(37).mean() == pytest.approx(covered.mask.mean(), abs=0.01)


def test_no_area_hides_nothing() -> None:
    container = np.full((40, 60, 3), 128, np.uint8)
    covered = cover(container, "logo", 0.0, np.random.default_rng(0))
    assert not covered.mask.any()
    np.testing.assert_array_equal(covered.image, container)
    with pytest.raises(ValueError, match="expected 0 to 0.5"):
        cover(container, "logo", 0.7, np.random.default_rng(0))
