"""Photos of several threads share the detector's batches, and lose nothing by it."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import skimage.data

from capture.find.learned.detector import LearnedDetector, shipped_detector
from capture.find.learned.networks.batching import Batcher


def gated() -> tuple[Batcher[int, int], list[list[int]], threading.Event, threading.Event]:
    """Squares numbers; the first batch waits for a gate. Even and odd ones do not mix."""
    batches: list[list[int]] = []
    started, gate = threading.Event(), threading.Event()

    def run(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        started.set()
        assert gate.wait(10)
        return [item * item for item in items]

    return Batcher(run, kind=lambda item: item % 2, most=3), batches, started, gate


def test_items_that_wait_make_a_batch_of_their_kind() -> None:
    batcher, batches, started, gate = gated()
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(batcher, 0)
        assert started.wait(10)
        rest = [pool.submit(batcher, number) for number in (2, 4, 6, 8, 1, 3)]
        while len(batcher._waiting) < 6:
            pass
        gate.set()
        assert first.result() == 0
        assert [future.result() for future in rest] == [4, 16, 36, 64, 1, 9]
    assert len(batches) == 4  # 0; three even ones; the fourth; the odd ones
    assert all(len({item % 2 for item in batch}) == 1 and len(batch) <= 3 for batch in batches)
    assert sorted(item for batch in batches for item in batch) == [0, 1, 2, 3, 4, 6, 8]


def test_one_thread_gets_its_answers_alone() -> None:
    batcher, batches, _, gate = gated()
    gate.set()
    assert [batcher(number) for number in range(4)] == [0, 1, 4, 9]
    assert batches == [[0], [1], [2], [3]]


def test_a_failure_reaches_those_of_its_batch_only() -> None:
    def run(items: Sequence[int]) -> list[int]:
        if 3 in items:
            raise ValueError("three")
        return list(items)

    batcher = Batcher(run, kind=lambda item: item, most=4)
    with pytest.raises(ValueError, match="three"):
        batcher(3)
    assert batcher(4) == 4


def test_detections_are_those_of_photos_one_by_one() -> None:
    detector = shipped_detector()
    assert detector is not None
    pictures = (skimage.data.astronaut, skimage.data.coffee, skimage.data.chelsea)
    photos = [np.ascontiguousarray(picture()[..., :3]) for picture in pictures]
    photos += [np.ascontiguousarray(photos[0][::-1]), np.ascontiguousarray(photos[1][:, ::-1])]
    alone = [detector.detect(photo) for photo in photos]
    sizes: list[int] = []

    class Counting(LearnedDetector):
        def _run(self, photos: Sequence[np.ndarray]) -> list[tuple[np.ndarray, ...]]:
            sizes.append(len(photos))
            return super()._run(photos)

    counting = Counting(detector.network)
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(counting.detect, photos))
    assert sum(sizes) == len(photos)
    for one, other in zip(alone, together, strict=True):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a.corners, b.corners, atol=0.05)
            assert a.container == pytest.approx(b.container, abs=1e-3)
