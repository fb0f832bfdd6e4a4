"""The rounds of a scan: what costs little first, and what was read out of the way."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from tinted import MESSAGE, TintRevealer, container, error_px, host, take

import capture.find.learned.pictures as pictures_module
import capture.read.cascade as cascade_module
from capture.clock import Clock
from capture.find.candidates import Candidate
from capture.find.learned.closeup import CloseUp
from capture.find.learned.detector import Sight
from capture.find.learned.networks.detector_size import OFFSET_UNIT, STRIDE
from capture.find.learned.pictures import Pictures
from capture.geometry.rectify import Region
from capture.read.cascade import Cascade
from capture.read.place.effort import Budget, Effort
from capture.read.place.probe import LIKELY_VERSIONS, VERSIONS, Hypothesis, probe, probe_beside
from capture.read.rescue.outlines import other_outlines
from capture.read.search import Search
from capture.scan import scan_photo
from riis_physical.qr.code.encode import encode

VERSION = encode(MESSAGE).version
SMALL = np.array([[80, 80], [399, 80], [399, 335], [80, 335]], np.float32)
BESIDE = np.array([[416, 80], [735, 80], [735, 335], [416, 335]], np.float32)
FAR = np.array([[560, 480], [879, 480], [879, 735], [560, 735]], np.float32)


def sight(*quads: np.ndarray, ratio: float = 1.0, sure: float = 0.97) -> Sight:
    """Maps of a photo of 1024 x 768 with areas where pictures are, and no votes."""
    picture = np.full((48, 64), 0.02, np.float32)
    for quad in quads:
        (left, top), (right, bottom) = quad[0] / STRIDE, (quad[2] + 1) / STRIDE
        picture[int(top) : int(bottom), int(left) : int(right)] = sure
    offsets = np.full((4, 2, 48, 64), 3.0 / OFFSET_UNIT, np.float32)
    return Sight(picture.copy(), picture, offsets, np.full(2, ratio, np.float32))


def search(photo: np.ndarray, revealer: TintRevealer) -> Search:
    return Search(photo, 95, [revealer], Clock())


def test_what_is_known_is_taken_out_of_the_maps() -> None:
    # One area runs from the first picture into the second, which hides both.
    bridge = np.array([[390, 160], [420, 160], [420, 250], [390, 250]], np.float32)
    seen = sight(SMALL, BESIDE, bridge, ratio=2.0)
    left = [one for one in seen.pictures([SMALL * 2]) if one.fill > 0.8]
    assert left and all(np.abs(one.corners - BESIDE * 2).max() < 40 for one in left)
    assert not [one for one in seen.pictures([SMALL * 2, BESIDE * 2]) if one.fill > 0.8]


def test_only_evident_pictures_beside_a_read_one_lead_to_a_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Detector:
        def __init__(self, seen: Sight) -> None:
            self.see = lambda _: seen

    photo = np.zeros((768, 1024, 3), np.uint8)
    for seen, evident in ((sight(SMALL), False), (sight(SMALL, FAR), True)):
        monkeypatch.setattr(pictures_module, "shipped_detector", lambda _, s=seen: Detector(s))
        assert Pictures(photo).any_beside([SMALL]) is evident
    faint = sight(SMALL)
    faint.picture[30:46, 35:55] = 0.55
    monkeypatch.setattr(pictures_module, "shipped_detector", lambda _: Detector(faint))
    assert not Pictures(photo).any_beside([SMALL])


def test_a_frame_around_what_was_read_is_no_other_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = np.array([[160, 144], [319, 144], [319, 271], [160, 271]], np.float32)

    class Detector:
        see = staticmethod(lambda _: sight(SMALL))

    monkeypatch.setattr(pictures_module, "shipped_detector", lambda _: Detector())
    pictures = Pictures(np.zeros((768, 1024, 3), np.uint8))
    assert pictures.beside([inner]) is None and not pictures.any_beside([inner])
    monkeypatch.setattr(pictures_module, "shipped_detector", lambda _: None)
    assert Pictures(np.zeros((768, 1024, 3), np.uint8)).any_beside([inner])


def test_places_beside_are_looked_at_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    class Detector:
        see = staticmethod(lambda _: sight(SMALL, FAR))

    monkeypatch.setattr(pictures_module, "shipped_detector", lambda _: Detector())
    pictures = Pictures(np.zeros((768, 1024, 3), np.uint8))
    rounds = 0
    while pictures.beside([SMALL]) is not None:
        rounds += 1
        assert rounds < 4
    assert rounds >= 1


def test_a_marked_place_that_does_not_read_at_once_is_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = take(container(), width_px=400)
    away = scene.corners - scene.corners.mean(0) + np.float32([250, 200])
    marked = [Candidate(scene.corners, "fiducials"), Candidate(away, "fiducials")]
    monkeypatch.setattr(cascade_module, "known_candidates", lambda *_: marked)
    monkeypatch.setattr(cascade_module, "seen_candidates", lambda *_: [])
    monkeypatch.setattr(Pictures, "any_beside", lambda *_: False)
    searched: list[np.ndarray] = []

    def best(_: Search, candidates: list[Candidate], *__: object, **___: object) -> None:
        searched.extend(candidate.corners for candidate in candidates)

    monkeypatch.setattr(Search, "best", best)
    one = Cascade(search(scene.photo, TintRevealer()))
    one.look_everywhere()
    assert [found.reading is not None for found in one.findings] == [True]
    assert len(searched) == 1 and searched[0] is away


def test_a_side_is_tried_where_it_may_be_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = take(container(), width_px=400)
    wrong = scene.corners.copy()
    wrong[2:] += np.float32([0, 60])  # the lower side a seventh too low

    class Detector:
        see = staticmethod(lambda _: sight(SMALL))

    looked: list[np.ndarray] = []

    class Look:
        def look(self, _: object, places: list[np.ndarray]) -> list[CloseUp]:
            looked.extend(places)
            return [CloseUp(wrong, 0.9, 0.5, (scene.corners,)) for _ in places]

    monkeypatch.setattr(pictures_module, "shipped_detector", lambda _: Detector())
    monkeypatch.setattr(pictures_module, "shipped_close_look", lambda _: Look())
    monkeypatch.setattr(cascade_module, "outline_candidates", lambda *_: [])
    monkeypatch.setattr(Search, "best", lambda *_, **__: None)
    monkeypatch.setattr(Search, "by_patterns", lambda *_: None)
    one = Cascade(search(scene.photo, TintRevealer()))
    one.look_everywhere()
    assert [found.reading.payload for found in one.findings] == [MESSAGE.encode()]
    assert error_px(scene, one.findings[0].corners) < 3
    assert len({place.tobytes() for place in looked}) == len(looked)  # each place once
    # What was tried so quickly is still worth a second look.
    tried: list[Candidate] = []
    monkeypatch.setattr(Search, "at_once", lambda *_, **__: None)

    def others(_: object, before: list[Candidate], __: object) -> list[Candidate]:
        tried.extend(before)
        return []

    monkeypatch.setattr(cascade_module, "other_candidates", others)
    unread = Cascade(search(scene.photo, TintRevealer()))
    unread.look_everywhere()
    assert tried and all(error_px(scene, place.corners) > 20 for place in tried)
    assert any(error_px(scene, place.corners) < 3 for place in unread.tried)
    # Places that hold no container for all that the detector knows are not searched so.
    doubtful = sight(SMALL)
    doubtful.container[:] = 0.1
    monkeypatch.setattr(Detector, "see", staticmethod(lambda _: doubtful))
    assert not Pictures(scene.photo).otherwise


def test_time_spent_on_what_was_replaced_is_kept() -> None:
    scene = take(container())
    one = Cascade(search(scene.photo, TintRevealer()))
    one.look_at(Candidate(scene.corners, "given"))
    before = dict(one.spent[0])
    (found,) = one.findings
    assert one._instead(found)
    assert len(one.findings) == 1
    assert all(one.spent[0][stage] >= ms for stage, ms in before.items())


def test_no_lines_are_sought_where_the_likeliest_picture_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> list[Candidate]:
        raise AssertionError("outlines were sought")

    monkeypatch.setattr(cascade_module, "outline_candidates", refuse)
    scene = take(container())
    (result,) = scan_photo(scene.photo, [TintRevealer()])
    assert result.text == MESSAGE and result.found_by == "learned"
    assert error_px(scene, result.corners) < 3
    with pytest.raises(AssertionError, match="were sought"):
        scan_photo(take(host().astype(np.uint8)).photo, [TintRevealer()])


def test_a_hidden_corner_does_not_hide_the_code() -> None:
    scene = take(container())
    photo = scene.photo.copy()
    cover = np.zeros(photo.shape[:2], np.uint8)
    corner = scene.corners[0] + 0.25 * (scene.corners - scene.corners[0])
    cv2.fillConvexPoly(cover, np.rint(corner).astype(np.int32), 1)
    photo[cover > 0] = 255 - photo[cover > 0]  # red for blue: the pattern shows inverted
    revealer = TintRevealer()
    region = Region.cut(photo, scene.corners)
    tries = [Hypothesis(0, 0, version) for version in LIKELY_VERSIONS]
    assert probe(revealer, [region], tries, 95)[0].finder < 0.5
    best = probe_beside(revealer, [region], tries, 95)[0]
    assert best.version == VERSION and best.finder > 0.8


def test_a_place_is_probed_once() -> None:
    scene = take(container())
    revealer = TintRevealer()
    one = search(scene.photo, revealer)
    views = one._views([Candidate(scene.corners, "given")])
    tries = [Hypothesis(0, 0, version) for version in LIKELY_VERSIONS]
    first = next(one._probes.probed(views, tries))
    spent = revealer.modules
    again = next(one._probes.probed(views, tries[::-1]))
    assert revealer.modules == spent > 0
    assert first == again and first[0][1].version == VERSION


@pytest.mark.parametrize("effort", [Effort.NORMAL, Effort.THOROUGH])
def test_further_models_look_where_the_first_sees_anything(effort: Effort) -> None:
    scene = take(container())
    first, other = TintRevealer(), TintRevealer()
    budget = Budget(effort)
    one = Search(scene.photo, 95, [first, other], Clock(), budget=budget)
    views = one._views([Candidate(scene.corners, "given")])
    tries = [Hypothesis(0, turn, version) for turn in range(4) for version in VERSIONS]
    seen, again = one._probes.probed(views, tries)
    assert len(seen) == len(tries) and again[0][1].version == VERSION
    everywhere = effort is Effort.THOROUGH
    assert (len(again) == len(tries)) is everywhere
    assert (other.modules == first.modules) is everywhere and other.modules > 0


def test_other_outlines_are_revealed_once_and_few_of_them() -> None:
    scene = take(container())
    one = Search(scene.photo, 95, [TintRevealer()], Clock(), budget=Budget(Effort.NORMAL))
    wrong = scene.corners.copy()
    wrong[2:] += 0.05 * (wrong[[1, 0]] - wrong[2:])
    views = one._views([Candidate(wrong, "outline"), Candidate(scene.corners, "outline")])
    found = views.reveal(one.revealers[0], Hypothesis(0, 0, VERSION))
    assert found is not None
    found = replace(found, reading=None)
    places = views.places(False)
    better = other_outlines(one._viewer, places, found)
    assert better.reading is not None and better.hypothesis.quad == 1
    known = len(places)
    other_outlines(one._viewer, places, found)
    assert len(places) == known


def test_patterns_give_a_code_that_an_outline_misses() -> None:
    scene = take(container())
    wrong = scene.corners.copy()
    wrong[2:] += 0.09 * (wrong[[1, 0]] - wrong[2:])  # the lower side, three modules too high
    found = search(scene.photo, TintRevealer()).by_patterns(wrong)
    assert found is not None and found.reading is not None
    assert found.reading.payload == MESSAGE.encode() and error_px(scene, found.corners) < 12
    plain = take(host().astype(np.uint8))
    assert search(plain.photo, TintRevealer()).by_patterns(plain.corners) is None


def test_a_given_place_is_all_that_is_looked_at() -> None:
    scene = take(container())
    one = Cascade(search(scene.photo, TintRevealer()))
    one.look_at(Candidate(scene.corners, "given"))
    assert [found.source for found in one.findings] == ["given"]
    assert len(one.tried) == 1 and len(one.spent) == 1
