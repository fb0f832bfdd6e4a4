"""Pictures that the photo cuts off, sheets of several, grids of which one was read."""

import numpy as np
import pytest
from tinted import MESSAGE, TintRevealer, container

from capture.clock import Clock
from capture.find.candidates import Candidate
from capture.find.learned.pictures import Pictures
from capture.geometry.quad import outside_share, part_of
from capture.geometry.rectify import frame_corners
from capture.read.cascade import MOST_CONTAINERS, Cascade
from capture.read.parts import beside, cut_off, first_of_sheets, is_near_edge, near_gaps
from capture.read.search import Search


def search(photo: np.ndarray) -> Search:
    return Search(np.ascontiguousarray(photo), 95, [TintRevealer()], Clock())


@pytest.mark.parametrize("sides", [(0,), (1,), (2, 3)])
def test_a_picture_cut_off_by_the_photo_reads(sides: tuple[int, ...]) -> None:
    picture = container()
    height, width = picture.shape[:2]
    cut = [round(0.08 * (width, height)[side % 2]) * (side in sides) for side in range(4)]
    one = search(picture[cut[1] : height - cut[3], cut[0] : width - cut[2]])
    found = one.by_parts(cut_off(frame_corners(one.size), one.size))
    assert found is not None and found.reading is not None
    assert (found.reading.payload, found.source) == (MESSAGE.encode(), "part")
    whole = frame_corners((height, width)) - np.array(cut[:2])
    assert np.abs(found.corners - whole).max() < 12
    lost = 1 - (width - cut[0] - cut[2]) * (height - cut[1] - cut[3]) / (width * height)
    assert outside_share(found.corners, one.size) == pytest.approx(lost, abs=0.03)
    # Modules beyond the photo are not known, and count for nothing.
    assert 0.8 * lost < (found.logits == 0).mean() < 1.3 * lost + 0.01


def test_only_outlines_at_the_edge_of_a_photo_are_cut_off() -> None:
    inside = np.array([[50, 40], [400, 40], [400, 300], [50, 300]], np.float32)
    assert cut_off(inside, (400, 600)) == []
    at_left = inside - np.array([50, 0], np.float32)
    cut = cut_off(at_left, (400, 600))
    assert cut and all(part.end == (1, 0) for part in cut)
    assert all(part.corners[0, 0] < -5 and part.corners[1, 0] == 350 for part in cut)
    assert is_near_edge(at_left, (400, 600)) and not is_near_edge(inside, (500, 600))


def test_what_is_cut_off_goes_on_along_the_sides_that_are_known() -> None:
    # Turned and seen from aside; the photo's edge cuts both right corners off, one by far more.
    whole = np.array([[300, 60], [820, 170], [760, 520], [250, 430]], np.float32)
    size = (600, 735)
    for wrong in (0.0, 90.0):  # where the cut side was thought to be says nothing
        rest = whole.copy()
        for near, far in ((1, 0), (2, 3)):
            way = whole[near] - whole[far]
            rest[near] = whole[far] + way * ((size[1] + wrong - whole[far, 0]) / way[0])
        cut = cut_off(rest, size)
        assert {part.end for part in cut} == {(0, 0)}
        off = [float(np.abs(part.corners - whole).max()) for part in cut]
        assert min(off) < 2 * 520 / 33  # modules, which the code's own patterns make good
        assert all(np.abs(part.corners[[0, 3]] - whole[[0, 3]]).max() < 0.01 for part in cut)


def test_parts_follow_the_perspective() -> None:
    quad = np.array([[0, 0], [100, 10], [90, 80], [5, 100]], np.float32)
    np.testing.assert_allclose(part_of(quad, (0, 0, 1, 1)), quad, atol=1e-3)
    left, right = part_of(quad, (0, 0, 0.5, 1)), part_of(quad, (0.5, 0, 1, 1))
    np.testing.assert_allclose(left[[1, 2]], right[[0, 3]], atol=1e-3)
    assert outside_share(quad, (200, 200)) == 0
    assert outside_share(quad - np.array([50, 0], np.float32), (200, 200)) > 0.4


def test_the_first_picture_of_a_sheet_reads_and_leads_to_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages = [f"Picture number {number} of the sheet" for number in range(6)]
    gap = np.full((container().shape[0], 14, 3), 250, np.uint8)
    rows = [
        np.hstack([part for m in messages[start : start + 3] for part in (container(m), gap)])
        for start in (0, 3)
    ]
    line = np.full((10, rows[0].shape[1], 3), 250, np.uint8)
    sheet = np.vstack([rows[0], line, rows[1]])
    one = search(sheet)
    first = one.by_parts(first_of_sheets(frame_corners(one.size)))
    assert first is not None and first.reading is not None
    assert first.reading.payload == messages[0].encode()
    monkeypatch.setattr(Pictures, "any_beside", lambda *_: True)
    cascade = Cascade(one)
    cascade.look_at(Candidate(first.corners, "given"))
    cascade._look_on()
    read = [found.reading.payload.decode() for found in cascade.findings if found.reading]
    assert sorted(read) == messages and len(read) == 6  # each once
    assert MOST_CONTAINERS == 24


def test_gaps_are_learnt_from_the_first_neighbour() -> None:
    known = np.array([[100, 100], [300, 100], [300, 250], [100, 250]], np.float32)
    for direction, shift in enumerate(((220, 0), (-220, 0), (0, 165), (0, -165))):
        gaps = near_gaps(known, known + np.array(shift, np.float32), direction)
        assert any(abs(gap - 0.1) < 1e-4 for gap in gaps)
        nearest = list(beside(known, gaps))[direction]
        assert any(np.abs(p.corners - known - shift).max() < 0.1 for p in nearest)
