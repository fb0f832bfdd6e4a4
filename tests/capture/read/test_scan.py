"""Scanning with a stand-in for the network that sees a faint colour pattern."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from tinted import (
    MESSAGE,
    Revealed,
    TintRevealer,
    container,
    error_px,
    host,
    take,
    tinted,
    wall,
)

from capture.explain import Explanation
from capture.geometry.rectify import Region
from capture.read.place.effort import MODULES, Budget, Effort, Hope
from capture.read.place.probe import (
    LIKELY_VERSIONS,
    PROBE_MODULES,
    VERSIONS,
    Hypothesis,
    probe,
    rounds,
)
from capture.scan import find_containers, scan_photo
from riis_physical.artifacts import Condition, Status
from riis_physical.cli import cli
from riis_physical.errors import ConfigError, OutputError, RectificationError
from riis_physical.model import engine
from riis_physical.qr.code.encode import encode
from riis_physical.qr.code.structure import data_positions


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_reads_the_message_whichever_way_up(turns: int, tmp_path: Path) -> None:
    scene = take(container(), turns, turns=turns, width_px=500)
    file = tmp_path / "photo.jpg"
    file.write_bytes(scene.jpeg)
    (result,) = scan_photo(file, [TintRevealer()])
    assert result.status is Status.DECODED
    assert result.text == MESSAGE
    assert error_px(scene, result.corners) < 3
    assert result.condition is not None and result.condition.jpeg_quality == 95
    assert set(result.timings_ms) == {"load", "detect", "probe", "reveal", "read", "total"}
    assert result.photo == str(file) and result.model == "tint" and result.confidence > 0.5


def test_an_upright_container_is_found_with_few_reveals() -> None:
    revealer = TintRevealer()
    (result,) = scan_photo(take(container()).photo, [revealer])
    assert result.text == MESSAGE
    # Eight corners, one whole frame.
    assert revealer.modules <= 8 * 144 + 37 * 37


def test_given_corners_skip_detection() -> None:
    scene = take(container(), 3)
    rolled = np.roll(scene.corners, 1, axis=0)
    for corners in (scene.corners, rolled):
        (result,) = scan_photo(scene.photo, [TintRevealer()], corners=corners)
        assert result.text == MESSAGE
        np.testing.assert_allclose(result.corners, scene.corners, atol=1e-3)


def test_slightly_wrong_corners_are_aligned() -> None:
    scene = take(container(), 4)
    module = float(np.linalg.norm(scene.corners[1] - scene.corners[0])) / 37
    wrong = scene.corners + np.array(
        [[0.5, 0.5], [0.6, -0.5], [0.5, 0.5], [-0.5, 0.5]], np.float32
    ) * np.float32(module)
    (result,) = scan_photo(scene.photo, [TintRevealer()], corners=wrong)
    assert result.text == MESSAGE


def test_two_containers_give_two_results() -> None:
    left, right = take(container("on the left"), 5), take(container("on the right"), 6)
    photo = np.concatenate([left.photo, right.photo], axis=1)
    results = scan_photo(photo, [TintRevealer()])
    assert sorted(r.text or "" for r in results) == ["on the left", "on the right"]
    assert [r.index for r in results] == [0, 1]
    first, second = (dict(r.timings_ms) for r in results)
    total = first.pop("total")
    assert total == second.pop("total")
    assert second["load"] == 0 < second["reveal"]
    assert sum(first.values()) + sum(second.values()) <= total


class RelatedRevealer(TintRevealer):
    """Shows the finder patterns, and a quarter of a whole code's modules wrong."""

    name = "related"

    def reveal(self, frames: np.ndarray, conditions: Sequence[Condition | None]) -> Revealed:
        revealed = super().reveal(frames, conditions)
        if frames.shape[1] <= 8 * PROBE_MODULES:
            return revealed
        wrong = np.random.default_rng(1).random(revealed.logits.shape[1:]) < 0.25
        return Revealed(np.where(wrong, -revealed.logits, revealed.logits), revealed.picture * 0)


@pytest.mark.parametrize("mute", [False, True])
def test_the_model_that_hid_is_found_among_several(mute: bool) -> None:
    scene = take(container())
    first = TintRevealer(luma=True) if mute else RelatedRevealer()
    (alone,) = scan_photo(scene.photo, [first])
    assert alone.text is None
    (result,) = scan_photo(scene.photo, [first, TintRevealer()])
    assert result.text == MESSAGE and result.model == "tint"


def test_a_further_model_costs_nothing_where_the_first_one_reads() -> None:
    idle = TintRevealer(luma=True)
    (result,) = scan_photo(take(container()).photo, [TintRevealer(), idle])
    assert result.text == MESSAGE
    assert idle.modules == 0


def test_a_picture_without_a_code_has_no_container() -> None:
    (result,) = scan_photo(take(host().astype(np.uint8)).photo, [TintRevealer()])
    assert result.status is Status.NO_CONTAINER
    assert result.payload is None and result.corners is None and result.condition is None
    assert "--corners" in result.detail


def test_a_code_without_a_message_is_unreadable_with_advice() -> None:
    modules = encode(MESSAGE).modules.copy()
    data = data_positions((len(modules) - 17) // 4)
    modules[data] = np.random.default_rng(3).random(len(data[0])) < 0.5  # its patterns alone show
    scene = take(tinted(modules), 7, width_px=280)
    (result,) = scan_photo(scene.photo, [TintRevealer(noise=0.3)], corners=scene.corners)
    assert result.status is Status.UNREADABLE
    assert result.corners is not None and result.payload is None
    assert "px wide in the photo: come closer" in result.detail
    assert result.quality is not None and result.found_by == "given"


def test_a_visible_code_is_never_returned() -> None:
    modules = encode("plain to see").modules
    drawn = np.where(modules, 30, 225).astype(np.uint8)
    picture = np.repeat(
        cv2.resize(drawn, (500, 500), interpolation=cv2.INTER_NEAREST)[..., None], 3, axis=2
    )
    scene = take(picture, 8, width_px=500)
    for corners in (None, scene.corners):
        results = scan_photo(scene.photo, [TintRevealer(luma=True)], corners=corners)
        assert all(result.payload is None for result in results)


def test_bad_files_are_results_not_exceptions(tmp_path: Path) -> None:
    text = tmp_path / "note.jpg"
    text.write_text("no picture")
    for file in (text, tmp_path / "missing.jpg"):
        (result,) = scan_photo(file, [TintRevealer()])
        assert result.status is Status.BAD_IMAGE
        assert result.detail and result.corners is None


def test_wrong_shapes_are_bad_images() -> None:
    (grey,) = scan_photo(np.zeros((90, 90), np.uint8), [TintRevealer()])
    assert grey.status is Status.BAD_IMAGE and "expected uint8 (H, W, 3)" in grey.detail


IMPOSSIBLE = {
    "crossed": ([[0, 0], [80, 80], [80, 0], [0, 80]], "cross"),
    "turned": ([[0, 0], [0, 80], [80, 80], [80, 0]], "counter-clockwise"),
    "outside": ([[900, 0], [980, 0], [980, 80], [900, 80]], "outside the photo"),
}


@pytest.mark.parametrize(("corners", "says"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible_corners_are_the_callers_mistake(
    corners: list[list[int]], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = np.full((90, 90, 3), 128, np.uint8)
    with pytest.raises(RectificationError, match=says):
        scan_photo(photo, [TintRevealer()], corners=np.array(corners))
    file = tmp_path / "photo.png"
    assert cv2.imwrite(str(file), photo)
    monkeypatch.setattr(engine, "load_readers", lambda *_: [TintRevealer()])
    text = ",".join(str(number) for point in corners for number in point)
    ran = CliRunner().invoke(cli, ["scan", str(file), "--corners", text])
    assert ran.exit_code == 2 and says in ran.output and "Traceback" not in ran.output


@pytest.mark.parametrize("turns", [3])
def test_a_mirrored_photo_reads_and_says_so(turns: int) -> None:
    scene = take(container(), turns, turns=turns, width_px=500)
    (result,) = scan_photo(np.ascontiguousarray(scene.photo[:, ::-1]), [TintRevealer()])
    assert (result.text, result.mirrored) == (MESSAGE, True)
    width = scene.photo.shape[1]
    there = (scene.corners * [-1, 1] + [width - 1, 0])[[0, 3, 2, 1]]  # clockwise in the photo
    assert np.abs(result.corners - there).max() < 3


def test_a_mirrored_container_file_reads() -> None:
    (result,) = scan_photo(np.ascontiguousarray(container()[:, ::-1]), [TintRevealer()])
    assert (result.text, result.mirrored) == (MESSAGE, True)
    (plain,) = scan_photo(container(), [TintRevealer()])
    assert not plain.mirrored


@pytest.mark.parametrize("side", ["right", "bottom"])
def test_a_file_with_an_eighth_cut_off_reads(side: str) -> None:
    picture = container()
    height, width = (round(0.88 * extent) for extent in picture.shape[:2])
    rest = picture[:, :width] if side == "right" else picture[:height]
    (result,) = scan_photo(np.ascontiguousarray(rest), [TintRevealer()])
    assert result.text == MESSAGE and 0.09 < result.outside < 0.15


def test_lists_of_photos_say_which_is_mirrored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "load_readers", lambda *_: [TintRevealer()])
    files = [tmp_path / "plain.png", tmp_path / "window.png"]
    for file, picture in zip(files, (container(), container()[:, ::-1]), strict=True):
        Image.fromarray(np.ascontiguousarray(picture)).save(file)
    ran = CliRunner().invoke(cli, ["scan", *map(str, files), "--jobs", "1"])
    assert ran.exit_code == 0 and ran.output.count(MESSAGE) == 2
    (said,) = [line for line in ran.output.splitlines() if "mirrored" in line]
    assert "window.png" in said


def test_a_picture_that_fills_the_photo_is_found() -> None:
    picture = container()
    (result,) = scan_photo(picture, [TintRevealer()])
    assert result.text == MESSAGE
    height, width = picture.shape[:2]
    ends = [[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]]
    np.testing.assert_allclose(result.corners, ends)
    (none,) = scan_photo(host().astype(np.uint8), [TintRevealer()])
    assert none.status is Status.NO_CONTAINER


def test_stages_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "stages"
    scan_photo(take(container()).photo, [TintRevealer()], save_stages=folder)
    names = {file.name for file in folder.iterdir()}
    assert names == {"1-detected.png", "2-rectified.png", "4-revealed.png", "5-grid.png"}
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot make the folder"):
        scan_photo(take(container()).photo, [TintRevealer()], save_stages=tmp_path / "file" / "x")


@pytest.mark.parametrize("readable", [True, False])
def test_one_picture_explains_a_scan(readable: bool, tmp_path: Path) -> None:
    scene = take(container() if readable else host().astype(np.uint8))
    explanation = Explanation()
    found = find_containers(
        scene.photo, [TintRevealer()], save_stages=explanation, effort=Effort.QUICK
    )
    explanation.write(tmp_path / "why.png", found.results, found.work)
    with Image.open(tmp_path / "why.png") as sheet:
        assert sheet.width > (1000 if readable else 500) and sheet.height > 700
    with pytest.raises(OutputError, match="exists"):
        explanation.write(tmp_path / "why.png", found.results, found.work)


def test_work_is_counted_and_bounded() -> None:
    room = wall()
    work = [
        sum(find_containers(room, [TintRevealer()], effort=effort).work.values())
        for effort in (Effort.QUICK, Effort.NORMAL)
    ]
    assert 0 < work[0] <= work[1] < 10_000
    budget = Budget(Effort.NORMAL)
    assert budget.left and budget.hope is Hope.NOTHING
    budget.spend(8_000)
    assert not budget.left
    budget.shows(Hope.CODE)
    budget.within("align")
    assert budget.left and budget.step == "first: align"
    budget.spend(60_000)
    assert not budget.left and Budget(Effort.THOROUGH, spent=budget.spent).left
    assert budget.spent


def test_a_budget_that_is_renewed_begins_anew() -> None:
    budget = Budget(Effort.NORMAL)
    budget.within("align")
    budget.spend(2 * MODULES[Effort.NORMAL][Hope.NOTHING])
    assert not budget.left
    budget.renew()
    assert budget.left and not budget.spent and budget.step == "first"


def test_a_model_is_needed() -> None:
    with pytest.raises(ConfigError, match="no model"):
        scan_photo(np.zeros((90, 90, 3), np.uint8), [])


def test_probe_ranks_the_corners_with_finder_patterns_first() -> None:
    scene = take(container(), 9)
    tries = [Hypothesis(0, turn, version) for turn in range(4) for version in VERSIONS]
    ranked = probe(TintRevealer(), [Region.cut(scene.photo, scene.corners)], tries, 95.0)
    # Three of a code's corners hold a finder pattern; all but the lower right.
    assert {(h.turn, h.version) for h in ranked[:3]} == {
        (turn, encode(MESSAGE).version) for turn in (0, 1, 3)
    }
    assert ranked[0].turn == 0
    assert ranked[3].finder < ranked[2].finder - 0.1


@pytest.mark.parametrize("quads", [1, 3, 8])
def test_rounds_try_nothing_twice(quads: int) -> None:
    tries = [h for part in rounds(quads) for h in part]
    assert len(tries) == len(set(tries)) <= 200
    assert {(h.turn, h.version) for h in tries if h.quad == 0 and not h.mirrored} == {
        (turn, version) for turn in range(4) for version in VERSIONS
    }
    flipped = [h for h in tries if h.mirrored]
    assert {(h.turn, h.version) for h in flipped if h.quad == 0} == {
        (turn, version) for turn in range(4) for version in LIKELY_VERSIONS
    }
    assert len(flipped) < len(tries) / 3
