"""Frames of videos and cameras, and one answer from several photos."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from capture.many import frames
from capture.many.frames import open_camera, video_frames, watch
from capture.many.fused import FusedScan
from capture.read.place.finding import Finding
from capture.read.place.probe import Hypothesis
from capture.scan import PhotoFindings
from riis_physical.artifacts import Condition, ScanResult, Status
from riis_physical.cli import main
from riis_physical.errors import BadImageError, ConfigError
from riis_physical.model import engine
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.presence import presence_score
from tests.capture.many.test_fuse import MESSAGE, soft

CODE = encode(MESSAGE)
CORNERS = np.array([[10, 10], [90, 10], [90, 60], [10, 60]], np.float32)
CONDITION = Condition(0.8, 0.02, 70.0, 7.0)
SHAPE = (60, 80)


class NamedModel:
    name = "fake"


def findings(grid: np.ndarray | None, frame: np.ndarray | None = None) -> PhotoFindings:
    """What a scan sees where the network reveals `grid`; None: nothing is there."""
    if grid is None:
        return PhotoFindings((), (), [ScanResult("", Status.NO_CONTAINER, detail="nothing")], ())
    found = Finding(
        hypothesis=Hypothesis(0, 0, CODE.version),
        revealer=NamedModel(),  # type: ignore[arg-type]
        corners=CORNERS,
        condition=CONDITION,
        presence=presence_score(grid, CODE.version),
        frame=np.full((264, 264, 3), 0.5, np.float32) if frame is None else frame,
        enhanced=None,
        picture=np.zeros((132, 132), np.float32),
        logits=grid,
        source="outline",
        evident=True,
    )
    result = ScanResult(
        "", Status.UNREADABLE, corners=CORNERS, condition=CONDITION, model="fake",
        timings_ms={"detect": 2.0, "total": 5.0}, detail="blurred: hold still",
    )  # fmt: skip
    return PhotoFindings((found,), (), [result], ())


def find(photo: Any, revealers: Any = None, **options: Any) -> PhotoFindings:
    """Stands for `find_containers`: every photo a noisy view; those named `none` are empty."""
    if isinstance(photo, np.ndarray):
        return findings(soft(CODE, 1.25, int(photo.sum()) % 2**31))
    if "bad" in str(photo):
        bad = ScanResult(str(photo), Status.BAD_IMAGE, detail="is damaged")
        return PhotoFindings((), (), [bad], ())
    if "none" in str(photo):
        return findings(None)
    return findings(soft(CODE, 1.25, sum(str(photo).encode())))


def scene(seed: int, blur: float = 0.0) -> np.ndarray:
    picture = np.random.default_rng(seed).integers(0, 255, (*SHAPE, 3), dtype=np.uint8)
    large = cv2.resize(picture, (160, 120), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.GaussianBlur(large, (0, 0), blur) if blur else large, np.uint8)


def video(path: Path, pictures: list[np.ndarray], rate: int = 5) -> Path:
    kind = "MJPG" if path.suffix == ".avi" else "mp4v"
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*kind), rate, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


class FakeCamera:
    """Gives the pictures one after another, then nothing."""

    def __init__(self, pictures: list[np.ndarray], *, opened: bool = True) -> None:
        self.left, self.opened, self.released = list(pictures), opened, False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def read(self) -> tuple[bool, Any]:
        return (True, self.left.pop(0)) if self.left else (False, None)

    def get(self, prop: int) -> float:
        return 0.0

    def release(self) -> None:
        self.released = True


@pytest.mark.parametrize("name", ["clip.avi", "clip.mp4"])
def test_the_sharpest_frames_of_each_second_come_first(name: str, tmp_path: Path) -> None:
    blurs = [3, 2, 0, 1, 4] + [2, 3, 3, 1, 0]
    pictures = [scene(number, blur) for number, blur in enumerate(blurs)]
    found = list(video_frames(video(tmp_path / name, pictures)))
    assert [f.number for f in found] == [2, 3, 1, 9, 8, 5]
    assert found[0].sharpness > found[1].sharpness > found[2].sharpness
    error = np.abs(found[0].pixels[..., ::-1].astype(float) - pictures[2]).mean()
    assert found[0].pixels.shape == (120, 160, 3) and error < 40


def test_frames_that_show_the_same_are_scanned_once(tmp_path: Path) -> None:
    still = [scene(1)] * 12 + [scene(2)] * 3
    found = list(video_frames(video(tmp_path / "still.avi", still)))
    assert len(found) == 2


def test_files_that_are_no_video(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(BadImageError, match="no video that can be read.*--fuse"):
        next(video_frames(tmp_path / "text.mp4"))
    with pytest.raises(BadImageError, match="does not exist"):
        next(video_frames(tmp_path / "absent.mp4"))
    with pytest.raises(BadImageError, match="is a folder"):
        next(video_frames(tmp_path))


def test_a_camera_is_watched_until_the_message_reads() -> None:
    camera = FakeCamera([scene(k) for k in range(200)])
    seen: list[np.ndarray] = []
    shown: list[str] = []

    def step(pixels: np.ndarray) -> bool:
        seen.append(pixels)
        return len(seen) == 3

    def show(bgr: np.ndarray, text: str) -> bool:
        shown.append(text)
        return True

    assert watch(camera, step, show) == 3
    assert camera.released and len(seen) == 3 and len(shown) >= 3


def test_a_camera_ends_with_its_frames_the_limit_or_the_user() -> None:
    pictures = [scene(k) for k in range(6)]
    assert 1 <= watch(FakeCamera(pictures), lambda _: False) <= 6
    assert watch(FakeCamera(pictures), lambda _: False, max_frames=1) == 1
    assert watch(FakeCamera(pictures), lambda _: False, lambda *_: False) == 0


def test_a_scan_that_fails_ends_the_watching() -> None:
    def step(pixels: np.ndarray) -> bool:
        raise BadImageError("too small")

    camera = FakeCamera([scene(k) for k in range(50)])
    with pytest.raises(BadImageError, match="too small"):
        watch(camera, step)
    assert camera.released


def test_no_camera_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda number: FakeCamera([], opened=False))
    with pytest.raises(ConfigError, match="no camera 7 gives a picture.*--video FILE"):
        open_camera(7)


def test_several_photos_are_one_answer() -> None:
    scan = FusedScan(find)
    names = ["none.jpg", "bad.jpg", *(f"{k}.jpg" for k in range(8))]
    for name in names:
        if scan.add(name, name):
            break
    (answer,) = scan.results()
    assert answer.result.status is Status.DECODED and answer.result.text == MESSAGE
    assert 4 <= len(scan.names) <= 7
    assert answer.photos == tuple(scan.names[2:])
    assert answer.frame is not None and answer.result.photo == scan.names[answer.frame]
    assert answer.result.timings_ms["detect"] == 2.0 * len(answer.photos)
    assert [r.photo for r in scan.unusable()] == ["bad.jpg"]


def test_two_views_of_one_place_in_a_photo_are_one_container() -> None:
    def twice(photo: Any) -> PhotoFindings:
        one, other = (find(f"{photo}{k}") for k in range(2))
        elsewhere = replace(other.findings[0], corners=CORNERS + 200, evident=False)
        doubts = (other.results[0], replace(other.results[0], corners=CORNERS + 200))
        return replace(one, weak=(other.findings[0], elsewhere), doubts=doubts)

    scan = FusedScan(twice)
    while not scan.add(str(len(scan.names)), str(len(scan.names))):
        assert len(scan.names) < 9
    for track in scan.fusion.tracks:
        assert len({part.photo for part in track.parts}) == len(track.parts)
    assert len(scan.fusion.tracks) == 2 and scan.results()[0].result.text == MESSAGE


def test_photos_that_do_not_read_together_keep_the_advice() -> None:
    scan = FusedScan(lambda photo: findings(soft(CODE, 2.2, len(str(photo)))))
    for name in ("a", "bb"):
        assert not scan.add(name, name)
    (answer,) = scan.results()
    assert answer.result.status is Status.UNREADABLE and answer.result.payload is None
    assert answer.result.detail == "2 photos together do not read; blurred: hold still"


def test_what_shows_too_weakly_alone_keeps_its_advice() -> None:
    def faint(photo: Any) -> PhotoFindings:
        one = findings(soft(CODE, 2.2, len(str(photo))))
        doubt = replace(one.results[0], detail="blurred: hold still")
        nothing = ScanResult("", Status.NO_CONTAINER, detail="nothing")
        return PhotoFindings((), one.findings, [nothing], (doubt,))

    scan = FusedScan(faint)
    for name in ("a", "bb"):
        scan.add(name, name)
    assert {seen.result.detail for seen in scan._seen.values()} == {"blurred: hold still"}
    assert {seen.result.photo for seen in scan._seen.values()} == {"a", "bb"}


def test_photos_without_a_container_are_one_line() -> None:
    scan = FusedScan(find)
    assert not scan.add("none1.jpg", "none1.jpg") and not scan.add("bad.jpg", "bad.jpg")
    (answer,) = scan.results()
    assert answer.result.status is Status.NO_CONTAINER
    assert "none of 2 photos shows a container" in answer.result.detail
    scan = FusedScan(find)
    scan.add("bad.jpg", "bad.jpg")
    assert [a.result.status for a in scan.results()] == [Status.BAD_IMAGE]


def test_a_code_that_anyone_can_see_is_no_message_of_several_photos() -> None:
    drawn = np.kron(np.where(CODE.modules, 0.1, 0.9), np.ones((8, 8)))
    frame = np.repeat(drawn[..., None], 3, axis=2).astype(np.float32)
    scan = FusedScan(lambda photo: findings(soft(CODE, 1.25, len(str(photo))), frame))
    for number in range(1, 7):
        assert not scan.add("x" * number, "x" * number)
    assert all(answer.result.payload is None for answer in scan.results())


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line with :func:`find` in place of the scan."""
    monkeypatch.setattr("capture.scan.find_containers", find)
    monkeypatch.setattr(engine, "load_readers", lambda *_: [NamedModel()])
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return call


def test_fuse_prints_one_line(run: Run) -> None:
    names = ["none.jpg", *(f"{k}.jpg" for k in range(8))]
    for name in ("bad.jpg", *names):
        Path(name).touch()  # what is no file is told without a look at it
    status, out, err = run("scan", "--json", "--fuse", *names)
    assert (status, err) == (0, "")
    record = json.loads(out)
    assert record["photos"] == names and record["text"] == MESSAGE
    assert record["photo"] in record["photos_used"] and "none.jpg" not in record["photos_used"]
    assert {"status", "corners", "decoder", "confidence", "condition", "quality"} < set(record)
    status, out, err = run("scan", "--fuse", "bad.jpg", *names)
    assert (status, out) == (0, MESSAGE + "\n")
    assert "bad.jpg: left out: is damaged" in err
    assert run("scan", "--fuse", "none.jpg")[0] == 1


def test_video_prints_one_line(run: Run, tmp_path: Path) -> None:
    clip = video(tmp_path / "clip.avi", [scene(k) for k in range(20)])
    status, out, err = run("scan", "--json", "--video", clip)
    assert (status, err) == (0, "")
    record = json.loads(out)
    assert record["text"] == MESSAGE and record["video"] == str(clip)
    assert 2 <= record["frames_used"] <= 6
    status, out, _ = run("scan", "--json", "--video", clip, "--max-frames", "1")
    record = json.loads(out)
    assert (status, record["status"], record["frames_used"]) == (1, "unreadable", 1)
    (tmp_path / "text.mp4").write_text("no video")
    status, out, err = run("scan", "--video", tmp_path / "text.mp4")
    assert (status, out) == (1, "") and err.startswith("Error: ") and "no video" in err


def test_camera_reads_without_a_display(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "has_display", lambda: False)
    monkeypatch.setattr(
        frames, "open_camera", lambda number: FakeCamera([scene(k) for k in range(400)])
    )
    status, out, err = run("scan", "--json", "--camera", "0")
    record = json.loads(out)
    assert (status, record["text"], record["camera"]) == (0, MESSAGE, 0)
    assert "no display for a preview" in err
