"""Tiles cover a picture once, whatever its size."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from riis_physical.pictures.tiles import GRID, Span, blended, spans


@pytest.mark.parametrize("length", [1, 63, 64, 65, 96, 111, 160, 161, 500])
def test_spans_reach_every_pixel(length: int) -> None:
    found = spans(length, 64, 32)
    counts = np.zeros(length)
    for one in found:
        assert one.start % GRID == 0 and one.stop - one.start <= 64
        counts[one.where] += one.weight
    assert found[0].start == 0 and found[-1].stop == length and (counts > 0).all()
    assert len(found) == 1 or all(one.stop - one.start > 32 for one in found)


@pytest.mark.parametrize("size", [(20, 30), (64, 64), (150, 210), (97, 65)])
def test_what_tiles_copy_comes_out_unchanged(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (*size, 4), dtype=np.uint8)

    def copy(rows: Span, columns: Span) -> np.ndarray:
        return picture[rows.where, columns.where].astype(np.float32) / 255

    assert np.array_equal(blended(size, 4, copy, tile=64, overlap=32), picture)


def test_a_wrong_rim_of_a_tile_is_not_seen() -> None:
    def rimmed(rows: Span, columns: Span) -> np.ndarray:
        part = np.full((rows.stop - rows.start, columns.stop - columns.start, 1), 0.5, np.float32)
        if rows.start:
            part[:8] = 1
        if columns.start:
            part[:, :8] = 1
        return part

    assert set(np.unique(blended((300, 280), 1, rimmed, tile=64, overlap=32))) == {128}


def test_floats_are_kept_of_one_row_of_tiles() -> None:
    def grey(rows: Span, columns: Span) -> np.ndarray:
        return np.full((rows.stop - rows.start, columns.stop - columns.start, 3), 0.5, np.float32)

    size = (6400, 200)
    tracemalloc.start()
    blended(size, 3, grey, tile=128, overlap=48)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    result, band = size[0] * size[1] * 3, 128 * size[1] * 3 * 4
    assert peak < result + 6 * band < result * 4  # the whole in floats
