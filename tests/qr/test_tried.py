"""What was read in vain: alike grids once, and text only so often."""

from __future__ import annotations

import numpy as np
import pytest

from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft import reading
from riis_physical.qr.soft.tried import Tried

CODE = encode("https://example.org/walls/12")
Grid = np.ndarray


def noisy(wrong: float, seed: int) -> Grid:
    """The code's soft values (N, N) with so many modules wrong, at random."""
    rng = np.random.default_rng(seed)
    signs = np.where(CODE.modules, 1.0, -1.0) * np.where(
        rng.random(CODE.modules.shape) < wrong, -1, 1
    )
    return (signs * rng.uniform(0.5, 1.5, signs.shape)).astype(np.float32)


def with_flips(grid: Grid, count: int, seed: int = 0) -> Grid:
    flipped = grid.copy()
    places = np.random.default_rng(seed).choice(grid.size, count, replace=False)
    flipped.ravel()[places] *= -1
    return flipped


def test_a_grid_is_like_one_that_differs_in_few_signs() -> None:
    grid, tried = noisy(0.3, 0), Tried()
    assert not tried.like(grid, thorough=False)
    tried.add(grid, thorough=False)
    few = int(0.009 * grid.size)
    assert tried.like(with_flips(grid, few), thorough=False)
    assert not tried.like(with_flips(grid, 2 * few), thorough=False)
    assert not tried.like(grid, thorough=True)  # it was not read thoroughly yet
    tried.add(grid, thorough=True)
    assert tried.like(grid, thorough=True)
    assert not tried.like(np.ones((29, 29), np.float32), thorough=False)  # another version


def test_what_was_read_in_vain_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Grid] = []
    real = reading.read_grid

    def counted(grid: Grid, *more: object, **options: object) -> object:
        read.append(grid)
        return real(grid, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read_grid", counted)
    tried, hopeless = Tried(), noisy(0.35, 1)
    picture = np.kron(hopeless, np.ones((4, 4), np.float32))  # says what the values say
    for _ in range(2):
        found = reading.read_revealed(hopeless, picture, CODE.version, tried=tried)
        assert found is None
    assert len(read) == 1
    found = reading.read_revealed(noisy(0.05, 2), None, CODE.version, tried=tried)
    assert found is not None and found.payload == CODE.payload
    assert len(read) == 2


def test_text_is_weighed_so_often_and_no_more() -> None:
    grid = noisy(0.2, 3)
    free, spent = Tried(), Tried(most_lists=0)
    reading.read_revealed(grid, None, CODE.version, tried=free)
    assert free.lists > 0 and free.left
    assert reading.read_revealed(grid, None, CODE.version, tried=spent) is None
    assert spent.lists == 0 and not spent.left
    easy = reading.read_revealed(noisy(0.03, 4), None, CODE.version, tried=spent)
    assert easy is not None  # which other decoders read
    free.lists = 1000
    assert reading.read_revealed(noisy(0.03, 5), None, CODE.version, tried=free) is not None
    assert free.lists == 0  # what is in vain counts, and another code may be beside this one


def test_what_was_met_without_words_left_is_read_once_there_are_some() -> None:
    tried, hard = Tried(most_lists=90), noisy(0.06, 0)  # which text alone makes sure
    tried.lists = 90
    assert reading.read_revealed(hard, None, CODE.version, tried=tried) is None
    tried.lists = 0
    assert reading.read_revealed(hard, None, CODE.version, tried=tried) is not None
