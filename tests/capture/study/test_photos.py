"""Photos of a study: facts of the file, measured pose, the row they belong to."""

from __future__ import annotations

import io
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ExifTags, Image
from skimage import data

from capture.find.reference import Reference
from capture.study.photos.exif import (
    has_location,
    simulated_exif,
    without_location,
)
from capture.study.photos.expected import Pose, about_marker, poses_of, quad, search
from capture.study.photos.match import Seen, match
from capture.study.photos.pose import focal_in_px, measure
from capture.study.run import Task, judged
from capture.study.sheets import StudySheet, compose_sheet, find_tags, tag_at
from riis_physical.artifacts import ScanResult, Status
from riis_physical.images.facts import read_facts
from riis_physical.sheets.sources import Source


def located(kind: str) -> bytes:
    """A picture whose EXIF names a phone and a place."""
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "Pixel 9"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 200
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[1], place[2] = "N", (48.0, 51.0, 29.6)
    place[3], place[4] = "E", (2.0, 17.0, 40.2)
    stream = io.BytesIO()
    Image.fromarray(data.astronaut()).save(stream, kind, exif=exif.tobytes())
    return stream.getvalue()


@pytest.mark.parametrize(
    ("kind", "suffix"), [("JPEG", ".jpg"), ("WEBP", ".webp"), ("PNG", ".png"), ("TIFF", ".tif")]
)
def test_the_location_goes_and_nothing_else(tmp_path: Path, kind: str, suffix: str) -> None:
    before, after = tmp_path / f"before{suffix}", tmp_path / f"after{suffix}"
    before.write_bytes(located(kind))
    assert has_location(before)
    after.write_bytes(without_location(before.read_bytes()))
    assert not has_location(after)
    with Image.open(before) as one, Image.open(after) as two:
        assert np.array_equal(np.asarray(one), np.asarray(two))
    if kind != "PNG":
        assert read_facts(after).device == "Pixel 9" and read_facts(after).iso == 200
        assert after.stat().st_size == before.stat().st_size


def test_a_location_in_xmp_goes_too(tmp_path: Path) -> None:
    packet = b'<x:xmpmeta><rdf exif:GPSLatitude="48,51.5N" tiff:Make="X"/>' \
             b"<exif:GPSLongitude>2,17E</exif:GPSLongitude></x:xmpmeta>"  # fmt: skip
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet
    stream = io.BytesIO()
    Image.fromarray(data.astronaut()).save(stream, "JPEG")
    jpeg = stream.getvalue()
    whole = jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]
    path = tmp_path / "x.jpg"
    path.write_bytes(whole)
    assert has_location(path)
    path.write_bytes(without_location(whole))
    assert not has_location(path) and b'tiff:Make="X"' in path.read_bytes()


def test_a_simulated_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.jpg"
    exif = simulated_exif("pixel", 0.01, 100, 26, 2.0, 1)
    Image.fromarray(data.astronaut()).save(path, exif=exif.tobytes())
    facts = read_facts(path)
    assert facts.simulated and facts.device == "pixel" and facts.focal_mm35 == 52
    assert facts.exposure_s == pytest.approx(0.01) and facts.width == 512
    path.write_text("no picture")
    assert read_facts(path).width is None


@pytest.mark.parametrize("angle", [0.0, 25.0, 50.0])
def test_distance_and_angle_come_from_corners(angle: float) -> None:
    size, photo = (180.0, 120.0), (4000, 3000)
    focal = focal_in_px(26, photo)
    turn, _ = cv2.Rodrigues(np.array([0, math.radians(angle), 0]))
    paper = np.array([[-90, -60, 0], [90, -60, 0], [90, 60, 0], [-90, 60, 0]], float)
    seen = paper @ turn.T + np.array([0, 0, 1200.0])
    corners = focal * seen[:, :2] / seen[:, 2:] + (1999.5, 1499.5)
    pose = measure(corners, size, photo, 26)
    assert pose.distance_m == pytest.approx(1.2, rel=1e-3)
    assert pose.angle_deg == pytest.approx(angle, abs=0.3)
    expected = focal * 180 / 1200 * math.cos(math.radians(angle))
    assert pose.width_px == pytest.approx(expected, rel=0.02)
    assert measure(corners, size, photo, None).distance_m is None


def far_off(pose: Pose, focal_px: float, seed: int) -> tuple[np.ndarray, np.ndarray, StudySheet]:
    """A photo (H, W) of a sheet seen far off and askew, the picture's corners, the sheet."""
    sheet = compose_sheet(Source("c", data.coffee()), name="A07", study="w", width_mm=120, tag=6)
    pixels, inner = sheet.picture(600)
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    size = (sheet.box.width, sheet.box.height)
    corners = quad(size, pose, focal_px) + np.float32([420.3, 333.6])
    to_photo = cv2.getPerspectiveTransform(inner, corners)
    wide = cv2.warpPerspective(grey, np.diag([3, 3, 1]) @ to_photo, (2400, 1800),
                               flags=cv2.INTER_AREA, borderValue=150)  # fmt: skip
    small = cv2.resize(
        cv2.GaussianBlur(wide, (0, 0), 2.0), (800, 600), interpolation=cv2.INTER_AREA
    )
    noisy = small + np.random.default_rng(seed).normal(0, 3, small.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8), corners, sheet


@pytest.mark.parametrize("yaw", [0.0, 60.0, -60.0])
def test_a_small_sheet_is_found_at_the_sizes_of_the_plan(yaw: float) -> None:
    focal_px, pose = 3000.0, Pose(3.0, yaw)
    photo, corners, sheet = far_off(pose, focal_px, 1)
    assert 6 not in find_tags(photo)  # its cells are smaller than a marker's that shows by itself
    size = (sheet.box.width, sheet.box.height)
    poses = poses_of([(1.0, 0.0), (3.0, 0.0), (3.0, 60.0), (3.02, 61.0)])
    assert len(poses) == 3
    found = search(photo, Reference.of(data.coffee(), "c"), size, poses, focal_px)
    likeness, at = found[0]
    assert likeness > 0.9 and np.abs(at - corners).max() < 2
    outer = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * np.float32(size)
    to_photo = cv2.getPerspectiveTransform(outer, at)
    assert sheet.tag_place is not None
    marks = [(tag, sheet.tag_place) for tag in (2, 6, 40, 77)]
    assert tag_at(photo, to_photo, marks) == 6
    assert tag_at(photo, to_photo, [marks[0], marks[2]]) is None


def test_a_picture_that_is_not_there_is_not_found() -> None:
    poses = poses_of([(d, a) for d in (0.5, 1.0, 2.0, 3.0) for a in (0.0, 40.0, 60.0)])
    reference = Reference.of(data.coffee(), "c")
    for photo in (data.chelsea(), data.astronaut(), data.rocket()):
        grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
        assert search(np.ascontiguousarray(grey), reference, (120.0, 80.0), poses, 1500.0) == []


def test_a_marker_and_the_plan_say_where_a_picture_is() -> None:
    focal_px, size, place = 3000.0, (120.0, 80.0), [0.0, 85.0, 11.0]
    pose = Pose(1.5, -50.0)
    marker = quad_of([place[0], place[1], place[2]], size, pose, focal_px) + 300
    poses = poses_of([(1.5, 0.0), (1.5, 50.0), (3.0, 50.0)])
    tries = about_marker(marker, place, size, poses, focal_px)
    true = quad(size, pose, focal_px) + 300
    assert np.abs(tries[0] - true).max() < 1
    assert about_marker(marker, place, size, poses_of([(9.0, 0.0)]), focal_px) == []


def quad_of(
    place: list[float], size: tuple[float, float], pose: Pose, focal_px: float
) -> np.ndarray:
    """Corners of a marker, by the homography of the picture's own."""
    outer = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    to_px = cv2.getPerspectiveTransform(outer * np.float32(size), quad(size, pose, focal_px))
    marker = outer * np.float32(place[2]) + np.float32(place[:2])
    return np.asarray(cv2.perspectiveTransform(marker[None], to_px)[0], np.float32)


ROWS = [
    {"id": n + 1, "sheet_id": sheet, "distance_m": distance, "angle_deg": angle, "light": light,
     "device": "pixel"}
    for n, (sheet, distance, angle, light) in enumerate(
        (s, d, a, light) for s in ("A01", "A02") for d in (1.0, 2.0) for a in (0.0, 30.0)
        for light in ("daylight", "dim")
    )
]  # fmt: skip
KNOWN = {"light": "dim", "device": "pixel"}


def test_photos_go_to_the_nearest_rows() -> None:
    photos = [Seen(("A01",), 1.9, 3.0, KNOWN), Seen(("A02",), 1.05, 28.0, KNOWN)]
    rows = [ROWS[m.row - 1] for m in match(photos, ROWS, set()) if m.row is not None]
    assert [(r["sheet_id"], r["distance_m"], r["angle_deg"], r["light"]) for r in rows] == [
        ("A01", 2.0, 0.0, "dim"), ("A02", 1.0, 30.0, "dim")
    ]  # fmt: skip


def test_a_row_is_taken_once_while_others_are_free() -> None:
    twice = [{**ROWS[1], "id": 50}, {**ROWS[1], "id": 51}]
    found = match([Seen(("A01",), 1.0, 0.0, KNOWN)] * 3, twice, set())
    assert {m.row for m in found[:2]} == {50, 51} and found[2].row in (50, 51)
    assert match([Seen(("A01",), 1.0, 0.0, KNOWN)], twice, {50})[0].row == 51


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (Seen(("A01",), 1.0, 0.0), "light is one of daylight, dim"),
        (Seen(("A01",), None, 0.0, KNOWN), "no focal length"),
        (Seen(("A01",), 9.0, 0.0, KNOWN), "no row of A01 with light dim, .*about 9 m"),
    ],
)
def test_what_cannot_be_told_is_said(seen: Seen, told: str) -> None:
    import re

    found = match([seen], ROWS, set())[0]
    assert found.row is None and re.search(told, found.reason or "")


def test_how_far_a_photo_came() -> None:
    corners = ((10.0, 10.0), (90.0, 10.0), (90.0, 90.0), (10.0, 90.0))
    task = Task(1, "x.jpg", "s", "right", corners)
    known = frozenset({"right", "other"})
    at = np.array(corners, np.float32)
    elsewhere = at + 200

    def stage(*results: ScanResult) -> str:
        return str(judged(task, results, known)["stage"])

    read = ScanResult("x", Status.DECODED, payload=b"right", corners=at)
    other = ScanResult("x", Status.DECODED, payload=b"other", corners=elsewhere)
    assert stage(other, read) == "read"
    assert stage(other) == "finding"
    assert stage(ScanResult("x", Status.DECODED, payload=b"wrong", corners=at)) == "wrong text"
    assert stage(ScanResult("x", Status.UNREADABLE, corners=at)) == "reading"
    assert stage(ScanResult("x", Status.UNREADABLE, corners=elsewhere)) == "finding"
    assert stage(ScanResult("x", Status.NO_CONTAINER)) == "finding"
    assert stage(ScanResult("x", Status.BAD_IMAGE)) == "file"
