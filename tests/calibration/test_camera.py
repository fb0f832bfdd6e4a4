"""A known lens is recovered from photos of the board; bad photos are told why."""

import json
from pathlib import Path

import numpy as np
import pytest
from camera_views import DISTORTION, MATRIX, POSES, SIZE, photograph_board, rays
from PIL import Image

from calibration.board import Board
from calibration.camera import fit_camera
from calibration.views import find_view
from riis_physical.camera import CameraProfile
from riis_physical.cli import main
from riis_physical.errors import CalibrationError
from riis_physical.images import save_image

BOARD = Board()


@pytest.fixture(scope="module")
def directions() -> np.ndarray:
    return rays()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, directions: np.ndarray) -> list[Path]:
    folder = tmp_path_factory.mktemp("board")
    paths = [folder / f"photo{index}.png" for index in range(len(POSES))]
    for path, pose in zip(paths, POSES, strict=True):
        save_image(path, photograph_board(BOARD, pose, directions))
    return paths


@pytest.fixture(scope="module")
def profile(photos: list[Path]) -> CameraProfile:
    return fit_camera(photos, BOARD)


def shift(profile: CameraProfile, directions: np.ndarray) -> np.ndarray:
    """How far the lens moves points over the picture, less what the profile says."""
    ys, xs = np.mgrid[: SIZE[0] : 25, : SIZE[1] : 25].astype(float)
    points = np.stack([xs, ys], axis=-1)
    true = directions[::25, ::25] * MATRIX[[0, 1], [0, 1]] + MATRIX[:2, 2]
    return (true - points) - (profile.undistort_points(points) - points)


def test_a_known_camera_is_recovered(profile: CameraProfile, directions: np.ndarray) -> None:
    assert profile.image_size == SIZE
    assert profile.photos.used == len(POSES) and not profile.photos.refused
    for axis in (0, 1):
        assert profile.matrix[axis][axis] == pytest.approx(MATRIX[axis, axis], rel=0.01)
        assert profile.matrix[axis][2] == pytest.approx(MATRIX[axis, 2], abs=2)
    missed = np.linalg.norm(shift(profile, directions), axis=-1)
    assert float(missed.max()) < 0.3
    assert profile.rms_px < 0.15
    assert 0 < profile.focal_error_px < 2
    assert abs(profile.distortion[0] - DISTORTION[0]) < 0.01


def test_bad_photos_are_refused_with_their_reason(
    photos: list[Path], directions: np.ndarray, tmp_path: Path
) -> None:
    good = photograph_board(BOARD, POSES[0], directions)
    bad = {name: tmp_path / f"{name}.png" for name in ("wall", "blurred", "small", "bent")}
    save_image(bad["wall"], np.full_like(good, 120))
    save_image(bad["blurred"], photograph_board(BOARD, POSES[5], directions, blur_px=2.4))
    save_image(bad["small"], np.ascontiguousarray(good[::2, ::2]))
    warped = np.asarray(Image.fromarray(good).transform(
        (SIZE[1], SIZE[0]), Image.Transform.QUAD, (0, 0, 90, 750, 900, 640, 1000, 60),
        Image.Resampling.BICUBIC,
    ))  # fmt: skip
    bend = np.rint(12 * np.sin(np.arange(SIZE[1]) / 120)).astype(int)
    columns = [np.roll(warped[:, x], bend[x], axis=0) for x in range(SIZE[1])]
    save_image(bad["bent"], np.stack(columns, axis=1))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    files = [*photos[:7], *bad.values(), tmp_path / "broken.jpg", tmp_path / "absent.jpg"]
    lines: list[str] = []
    profile = fit_camera(files, BOARD, tell=lines.append)
    assert profile.photos.used == 7
    why = {item.photo: item.reason for item in profile.photos.refused}
    assert set(why) == {"wall.png", "blurred.png", "small.png", "bent.png", "broken.jpg",
                        "absent.jpg"}  # fmt: skip
    assert "too few corners: 0 of 54" in why["wall.png"]
    assert "blurred: sigma" in why["blurred.png"]
    assert "another image size: 500x375, most have 1000x750" in why["small.png"]
    assert "miss the fit by" in why["bent.png"]
    assert len([line for line in lines if "refused" in line]) == 6
    assert len([line for line in lines if "corners, blur" in line]) == 7


def test_blur_is_measured_in_pixels(directions: np.ndarray) -> None:
    sharp, soft = (
        find_view(photograph_board(BOARD, POSES[2], directions, blur), BOARD).blur_px
        for blur in (0.6, 1.4)
    )
    assert 0.5 < sharp < 1.2 and 1.3 < soft < 1.9


def test_too_few_photos_and_photos_from_one_side_are_refused(
    photos: list[Path], directions: np.ndarray, tmp_path: Path
) -> None:
    with pytest.raises(CalibrationError, match="4 of 4 photos can be used, expected 5 or more"):
        fit_camera(photos[:4], BOARD)
    flat = []
    for index in range(5):
        flat.append(tmp_path / f"flat{index}.png")
        save_image(flat[-1], photograph_board(BOARD, (0, 0, 0, 0, 0, 0.8), directions))
    with pytest.raises(CalibrationError, match="tilted"):
        fit_camera(flat, BOARD)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return int(stop.value.code or 0), out, err


def test_the_camera_command_writes_a_profile(
    capsys: pytest.CaptureFixture[str], photos: list[Path], profile: CameraProfile, tmp_path: Path
) -> None:
    output = tmp_path / "camera.json"
    status, out, err = run(capsys, "calibrate", "camera", *photos, "-o", output)
    assert status == 0, err
    assert "9 used, 0 refused" in out and "px RMS" in out
    assert "photo0.png: 42 corners" in err
    np.testing.assert_allclose(CameraProfile.load(output).matrix, profile.matrix)
    assert json.loads(output.read_text())["units"]["rms_px"] == "px"
    assert run(capsys, "calibrate", "camera", *photos, "-o", output)[0] == 1  # exists


def test_exit_status_of_bad_data_and_of_wrong_usage(
    capsys: pytest.CaptureFixture[str], photos: list[Path], tmp_path: Path
) -> None:
    output = tmp_path / "camera.json"
    status, out, err = run(capsys, "calibrate", "camera", photos[0], "-o", output)
    assert (status, out) == (1, "") and not output.exists()
    assert "1 of 1 photos can be used" in err
    status, _, err = run(capsys, "calibrate", "camera", photos[0], "-o", output, "--board", "7x")
    assert status == 2 and "is no board" in err
    assert run(capsys, "calibrate", "camera", "-o", output)[0] == 2
    assert run(capsys, "calibrate", "board")[0] == 2
    assert run(capsys, "calibrate", "board", "-o", tmp_path / "board.svg")[0] == 1
    status, out, _ = run(capsys, "calibrate", "board", "-o", tmp_path / "b.png", "--dpi", 100)
    assert status == 0 and "175 x 250 mm on A4" in out
