"""The camera profile: its file, its refusals, points through the lens."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeRevealer
from pydantic import ValidationError

from capture.scan import scan_photo
from riis_physical.artifacts import Status
from riis_physical.camera import CameraProfile, PhotoReport
from riis_physical.errors import ConfigError, OutputError


def profile() -> CameraProfile:
    return CameraProfile(
        image_size=(3000, 4000),
        matrix=((3200.0, 0.0, 2010.0), (0.0, 3210.0, 1490.0), (0.0, 0.0, 1.0)),
        distortion=(-0.12, 0.05, 0.001, -0.0005, 0.01),
        rms_px=0.4,
        focal_error_px=3.0,
        photos=PhotoReport(used=9),
    )


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "camera.json"
    profile().save(path)
    assert CameraProfile.load(path) == profile()
    with pytest.raises(OutputError, match="exists already"):
        profile().save(path)
    with pytest.raises(ValidationError, match="frozen"):
        profile().rms_px = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"lens": 1}, "lens: Extra inputs are not permitted; known keys: format_version"),
        ({"photos": {"used": 9, "lost": 1}}, "photos.lost: Extra inputs"),
        ({"format_version": 2}, "format 2, expected 1: calibrate again"),
        ({"format_version": None}, "format None, expected 1"),
        ({"image_size": [0, 4]}, "must be 1 to 65535 px"),
        ({"matrix": [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]}, r"fx, fy > 0"),
        ({"distortion": [0, 0]}, "distortion"),
        ({"rms_px": float("nan")}, "rms_px"),
        ({"units": {"matrix": "mm"}}, "units.matrix"),
    ],
)
def test_wrong_files_are_refused(tmp_path: Path, change: dict[str, Any], match: str) -> None:
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(profile().model_dump(mode="json") | change))
    with pytest.raises(ConfigError, match=match):
        CameraProfile.load(path)


def test_files_that_are_no_profile_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        CameraProfile.load(tmp_path / "absent.json")
    for content in (b"{", b"\xff\xfe", b"[1]", b'"camera"'):
        (tmp_path / "other.json").write_bytes(content)
        with pytest.raises(ConfigError, match="is no JSON file|format None"):
            CameraProfile.load(tmp_path / "other.json")


def test_undistorting_undoes_distorting() -> None:
    points = np.random.default_rng(0).uniform((-200, -200), (4200, 3200), (4, 50, 2))
    seen = profile().distort_points(points)
    assert np.linalg.norm(seen - points, axis=-1).max() > 20
    np.testing.assert_allclose(profile().undistort_points(seen), points, atol=1e-3)
    centre = np.array([2010.0, 1490.0])
    np.testing.assert_allclose(profile().undistort_points(centre), centre)


def test_a_resized_photo_has_resized_points() -> None:
    half = profile().scaled_to((1500, 2000))
    points = np.array([[100.0, 200.0], [1900.0, 1400.0]])
    whole = profile().undistort_points((points + 0.5) * 2 - 0.5)
    np.testing.assert_allclose((half.undistort_points(points) + 0.5) * 2 - 0.5, whole, atol=1e-6)
    with pytest.raises(ConfigError, match="a photo of 3000x4000 does not fit"):
        profile().scaled_to((4000, 3000))


def test_a_photo_of_another_aspect_is_answered_and_ends_nothing() -> None:
    photo = np.zeros((300, 1300, 3), np.uint8)
    (result,) = scan_photo(photo, [FakeRevealer()], camera=profile())
    assert result.status == Status.BAD_IMAGE
    assert "does not fit a camera profile" in result.detail
