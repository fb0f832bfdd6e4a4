"""Fitting a profile: what the channel did is recovered, and bad photos are refused."""

import json
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from calibration.chart.find import find_chart
from calibration.fit.effects.lens import fit_lens
from calibration.fit.effects.light import fit_light
from calibration.fit.effects.vignetting import fit_vignetting
from calibration.fit.fit import fit_profile
from calibration.fit.photo import ChartPhoto, measure_photo
from calibration.fit.ranges import MID_GREY, SLOPE_AT_MID_GREY
from riis_physical.camera import CameraProfile, PhotoReport
from riis_physical.cli import main
from riis_physical.errors import CalibrationError
from riis_physical.images.srgb import to_linear, to_srgb
from riis_physical.profile import DeviceProfile
from training.measure.calibration.charts import (
    KnownPhoto,
    camera,
    lens_error,
    photograph_chart,
    through_lens,
)

FIXED = {"noise_sigma": 0.02, "sharpen": 0.4, "luma_sigma": 0.45, "jpeg_quality": 95.0}


@lru_cache(maxsize=4)
def known(medium: str = "print") -> KnownPhoto:
    fixed = {**FIXED, "moire": 0.05} if medium == "screen" else FIXED
    return photograph_chart("normal", medium, 21, **fixed)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    """Exit status, and what the command said."""
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    said = capsys.readouterr()
    code = stop.value.code
    return (code if isinstance(code, int) else int(code is not None)), said.out + said.err


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shots")
    for medium in ("print", "screen"):
        (made / f"{medium}.jpg").write_bytes(known(medium).jpeg)
    return made


@pytest.fixture(scope="module")
def measured(folder: Path) -> dict[str, ChartPhoto]:
    return {name: measure_photo(folder / f"{name}.jpg", name) for name in ("print", "screen")}


@pytest.mark.parametrize("medium", ["print", "screen"])
def test_tone_is_recovered_within_two_percent(measured: dict[str, ChartPhoto], medium: str) -> None:
    tone = measured[medium].tone
    assert np.abs(tone.curve - known(medium).curve(tone.levels)).max() < 0.02


@pytest.mark.parametrize("medium", ["print", "screen"])
def test_blur_is_recovered_within_ten_percent(measured: dict[str, ChartPhoto], medium: str) -> None:
    assert measured[medium].blur.sigma == pytest.approx(known(medium).blur, rel=0.1)


@pytest.mark.parametrize("medium", ["print", "screen"])
def test_noise_is_recovered_within_fifteen_percent(
    measured: dict[str, ChartPhoto], medium: str
) -> None:
    noise = measured[medium].noise
    assert noise is not None
    sigma = SLOPE_AT_MID_GREY * np.sqrt(noise.floor + noise.slope * MID_GREY)
    assert sigma == pytest.approx(known(medium).noise, rel=0.15)


def test_the_channels_parameters_are_recovered(measured: dict[str, ChartPhoto]) -> None:
    """Those that can be told apart: the medium's tone curve, contrast and black."""
    params, found = known().params, measured["print"].response
    assert found.tone == pytest.approx(float(params.tone - params.dot_gain), abs=0.06)
    assert found.contrast == pytest.approx(float(params.contrast), abs=0.08)
    assert found.ink_black == pytest.approx(float(params.ink_black), abs=0.02)
    assert found.rms < 0.02


def test_moire_is_told_from_none(measured: dict[str, ChartPhoto]) -> None:
    moire = measured["screen"].moire
    assert moire is not None and 0.025 < moire.amplitude < 0.06
    assert measured["print"].moire is None


def test_a_lens_is_recovered_within_a_third_of_a_pixel() -> None:
    true = camera(-0.1, 0.03)
    photo = photograph_chart("easy", "print", 5, lens=0.0, curl=0.0)
    fit = fit_lens([find_chart(through_lens(photo.image, true))])
    assert fit is not None
    found = camera(fit.k1, fit.k2)
    assert lens_error(found, true, fit.dots).max() < 0.3
    assert lens_error(camera(0.0, 0.0), true, fit.dots).max() > 3


def test_vignetting_is_recovered() -> None:
    image = photograph_chart("easy", "print", 6, gradient=0.1, vignette=0.0, gain=0.8).image
    height, width = image.shape[:2]
    ys, xs = np.mgrid[:height, :width]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    square = ((xs - middle[0]) ** 2 + (ys - middle[1]) ** 2) / (middle**2).sum()
    fall = 1 - 0.3 * square
    darker = to_srgb(to_linear(image / 255) * fall[..., None])
    seen = find_chart(np.rint(255 * darker).astype(np.uint8))
    fit = fit_vignetting([(seen, fit_light(seen))])
    assert fit is not None
    within = square[square < 0.5]
    found = 1 + fit.v2 * within + fit.v4 * within**2
    assert np.abs(found / (1 - 0.3 * within) - 1).max() < 0.03


def spoiled(kind: str) -> np.ndarray:
    image = known().image
    if kind == "blurred":
        return np.asarray(cv2.GaussianBlur(image, (0, 0), 14.0))
    if kind == "clipped":
        return np.asarray(np.clip(image.astype(np.float64) * 1.45, 0, 255), np.uint8)
    if kind == "dark":
        return np.asarray(np.clip(image.astype(np.float64) - 110, 0, 255), np.uint8)
    shade = np.where(np.arange(image.shape[1]) < image.shape[1] // 2, 0.25, 1.0)
    return np.asarray(to_srgb(to_linear(image / 255) * shade[None, :, None]) * 255, np.uint8)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("blurred", "out of focus|no calibration chart|dots found"),
        ("clipped", "overexposed"),
        ("dark", "underexposed"),
        ("shaded", "uneven light"),
    ],
)
def test_a_bad_photo_is_refused_with_the_reason(tmp_path: Path, kind: str, reason: str) -> None:
    path = tmp_path / f"{kind}.png"
    Image.fromarray(spoiled(kind)).save(path)
    with pytest.raises(CalibrationError, match=reason):
        measure_photo(path, "print")


def test_a_profile_is_fitted_written_and_used(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("matplotlib")
    bad = tmp_path / "bad.png"
    Image.new("RGB", (900, 700), (90, 90, 90)).save(bad)
    out = tmp_path / "mine.json"
    arguments = ("calibrate", "fit", folder / "print.jpg", bad, "-o", out)
    status, said = run(capsys, *arguments)
    assert status == 0, said
    assert "1 used, 1 refused" in said
    profile = DeviceProfile.load(out)
    assert profile.name == "mine" and profile.origin == "fitted"
    assert profile.response is not None and profile.noise is not None
    assert profile.lens is not None and profile.jpeg_quality == 95
    assert profile.photos is not None and profile.photos.refused[0].photo == "bad.png"
    ranges = profile.ranges()
    low, high = ranges.blur_sigma
    assert low < known().blur < high
    page = (tmp_path / "mine.html").read_text()
    assert page.count("<img") >= 7 and "bad.png" in page and "http" not in page
    status, said = run(capsys, *arguments)
    assert status != 0 and "mine.json exists already" in said


def test_photos_of_two_charts_are_not_mixed(folder: Path, tmp_path: Path) -> None:
    from calibration.chart.layout import Chart

    other = photograph_chart("easy", "print", 7, Chart(5))
    path = tmp_path / "other.jpg"
    path.write_bytes(other.jpeg)
    made = fit_profile([folder / "print.jpg", path], "one", medium="print")
    assert len(made.photos) == 1
    assert "another chart: number 5, print.jpg shows 0" in made.refused[0][1]


def test_no_usable_photo_is_an_error_with_all_reasons(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.png"
    Image.new("RGB", (900, 700), (90, 90, 90)).save(bad)
    out = tmp_path / "mine.json"
    status, said = run(capsys, "calibrate", "fit", bad, "-o", out)
    assert status != 0
    assert "no photo can be used (bad.png: no calibration chart found" in said
    assert not out.exists() and not out.with_suffix(".html").exists()


def test_a_chart_is_drawn_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "chart.pdf"
    status, said = run(capsys, "calibrate", "chart", "-o", out, "--number", 4, "--dpi", 200)
    assert status == 0 and "252 x 180 mm on A4, chart number 4" in said
    status, said = run(capsys, "calibrate", "chart", "-o", tmp_path / "s.png", "--page", "screen")
    assert status == 0 and "riis-physical show" in said
    status, said = run(capsys, "calibrate", "chart", "-o", out, "--number", 77, "--force")
    assert status != 0 and "expected 0 to 30" in said


def test_fitted_lens_takes_another_size_of_the_same_photos() -> None:
    lens = camera(-0.05, 0.0)
    assert isinstance(lens, CameraProfile)
    half = lens.scaled_to((1000, 1300))
    points = np.array([[100.0, 80.0], [1200.0, 900.0]])
    large = lens.undistort_points(2 * points + 0.5)
    assert half.undistort_points(points) == pytest.approx((large - 0.5) / 2, abs=1e-6)
    assert PhotoReport(used=1).refused == ()


def test_a_profile_of_the_fit_is_plain_json(folder: Path) -> None:
    made = fit_profile([folder / "screen.jpg"], "screen", medium="screen")
    data = json.loads(made.profile.model_dump_json())
    assert data["medium"] == "screen" and "moire" in data["channel"]
    assert data["channel"]["dot_blur"] == [0.0, 0.0]
