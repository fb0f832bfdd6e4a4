"""Scanning with a device profile: tone and light undone, the lens taken out, nothing lost."""

from __future__ import annotations

import json
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from click.testing import CliRunner, Result
from PIL import Image

from capture.read.place.correction import Correction, apply_table, even_light, tone_table
from capture.scan import PhotoFindings, find_containers, scan_photo
from riis_physical.artifacts import Condition, Status
from riis_physical.camera import CameraProfile, PhotoReport
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects.tone import medium_response
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.cli import cli
from riis_physical.errors import ConfigError
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer
from riis_physical.profile import DeviceProfile, Noise, Response, Vignetting
from riis_physical.qr.code.encode import encode

MESSAGE = "https://example.org/corrected"
MEDIUM = {
    "tone": 0.5, "contrast": 0.6, "paper_white": 0.75, "ink_black": 0.25,
    "media_saturation": 0.5, "gamut": 0.0, "dot_gain": 0.0, "crosstalk_matrix": 0.0,
}  # fmt: skip
HOSTS = (skimage.data.astronaut, skimage.data.coffee, skimage.data.chelsea)


def profile(**measured: object) -> DeviceProfile:
    return DeviceProfile(name="mine", origin="fitted", medium="print", **measured)


def response(**medium: float) -> Response:
    """What the channel's medium makes of greys, as a fit would find it."""
    levels = torch.linspace(0, 1, 33)
    params = sample_params("normal", 1, torch.Generator(), "print").override(**(MEDIUM | medium))
    seen = medium_response(levels.expand(1, 3, 1, -1), params)[0, 0, 0].clamp(0, 1)
    curve = np.maximum.accumulate(seen.double().numpy()).tolist()
    return Response(levels=levels.tolist(), red=curve, green=curve, blue=curve, saturation=0.5)


def wrong_response() -> Response:
    return response(tone=-0.5, contrast=-0.4, paper_white=1.0, ink_black=0.0)


@lru_cache(maxsize=1)
def model() -> Revealer:
    return Revealer.load("print-1")


@lru_cache(maxsize=16)
def capture(number: int, strength: float = 0.6) -> Photograph:
    host = np.asarray(HOSTS[number % len(HOSTS)]())
    container = hide(host, MESSAGE, revealer=model(), strength=strength).container
    generator = torch.Generator().manual_seed(number)
    params = sample_params("normal", 1, generator, "print").override(**MEDIUM, motion=0.0)
    return photograph(container, params, size=(700, 900), seed=number)


def found(number: int, correction: Correction | None, **options: object) -> PhotoFindings:
    photo = capture(number)
    return find_containers(
        photo.image, [model()], corners=photo.corners, correction=correction, **options
    )


def right(findings: PhotoFindings) -> float:
    """Share of modules that are right in the first finding."""
    return float(((findings.findings[0].logits > 0) == encode(MESSAGE).modules).mean())


def scan(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["scan", *(str(argument) for argument in arguments)])


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(capture(0, 1.0).jpeg)
    return path


def test_a_fitted_response_makes_more_modules_right() -> None:
    correction = Correction.of(profile(response=response()))
    numbers = (2, 4, 5, 8)
    plain = [right(found(number, None)) for number in numbers]
    corrected = [right(found(number, correction)) for number in numbers]
    assert np.mean(corrected) > np.mean(plain) + 0.003


def test_a_wrong_response_loses_nothing() -> None:
    correction = Correction.of(profile(response=wrong_response(), blur_sigma=3.0))
    for number in (1, 2, 4):
        without, with_it = found(number, None).results[0], found(number, correction).results[0]
        assert without.text == with_it.text == MESSAGE


def test_what_does_not_read_corrected_is_read_as_it_is() -> None:
    """A model that reads no frame whose tone was changed."""
    photo = capture(0, 1.0)
    seen: list[np.ndarray] = []

    class Strict:
        name = "strict"

        def reveal(self, frames: np.ndarray, conditions: list[Condition | None]) -> object:
            grids = model().reveal(frames, conditions)
            spread = float(np.ptp(np.quantile(frames, [0.01, 0.99])))
            seen.append(frames)
            return grids if spread < 0.6 else model().reveal(frames * 0 + 0.5, conditions)

        estimate = staticmethod(model().estimate)

    correction = Correction.of(profile(response=response()))
    (result,) = scan_photo(photo.image, [Strict()], corners=photo.corners, correction=correction)
    assert any(np.ptp(np.quantile(frames, [0.01, 0.99])) >= 0.6 for frames in seen)
    assert (result.text, result.corrected) == (MESSAGE, False)


def test_the_tone_is_undone_within_a_limited_gain() -> None:
    curve = response()
    levels = np.linspace(0.05, 0.7, 200, dtype=np.float32)  # where the response rises well
    frame = np.repeat(np.interp(levels, curve.levels, curve.red)[None, :, None], 3, axis=2)
    frame = np.concatenate([frame, np.full((1, 200, 3), curve.red[-1])]).astype(np.float32)
    table = tone_table(curve, frame)
    assert np.all(np.diff(table, axis=1) >= 0) and table.min() >= 0 and table.max() <= 1
    undone = apply_table(frame, table)[0, :, 0]
    assert np.corrcoef(undone, levels)[0, 1] > 0.999
    steps = np.diff(levels)
    assert np.diff(undone).mean() == pytest.approx(steps.mean(), rel=0.25)
    # Exposure is taken out: half the light gives nearly the same values.
    darker = (frame**2.2 * 0.75) ** (1 / 2.2)
    again = apply_table(darker.astype(np.float32), tone_table(curve, darker.astype(np.float32)))
    np.testing.assert_allclose(again[0, :, 0], undone, atol=0.06)


def test_the_condition_is_the_worse_of_photo_and_profile() -> None:
    correction = Correction.of(
        profile(blur_sigma=1.5, noise=Noise(floor=1e-4, slope=1e-3), jpeg_quality=70)
    )
    assert correction is not None
    sharp = correction.condition(Condition(0.5, 0.002, 95.0, 9.0), None)
    at_mid_grey = 1.08 * (1e-4 + 0.214e-3) ** 0.5  # in sRGB
    assert sharp == Condition(1.5, pytest.approx(at_mid_grey), 70, 9.0)
    assert correction.condition(Condition(0.5, 0.1, 95.0, 9.0), 95.0).jpeg_quality == 95.0
    assert correction.condition(Condition(1.9, 0.1, 60.0, 9.0), None) == Condition(1.9, 0.1, 60, 9)


def test_light_is_even_again() -> None:
    vignetting = Vignetting(v2=-0.5, v4=0.1)
    y, x = np.mgrid[:300, :400]
    square = ((x - 199.5) ** 2 + (y - 149.5) ** 2) / (199.5**2 + 149.5**2)
    linear = 0.3 * (1 - 0.5 * square + 0.1 * square**2)
    seen = np.rint(255 * (1.055 * linear ** (1 / 2.4) - 0.055)).astype(np.uint8)
    even = even_light(np.repeat(seen[..., None], 3, axis=2), vignetting)
    assert np.ptp(seen) > 25 and np.ptp(even.astype(int)) <= 2


def test_a_wrong_fall_of_light_loses_nothing() -> None:
    photo = capture(0, 1.0)
    correction = Correction.of(profile(vignetting=Vignetting(v2=1.5, v4=1.5)))
    (result,) = scan_photo(photo.image, [model()], correction=correction)
    assert result.text == MESSAGE


def lens(k1: float = -0.2, size: tuple[int, int] = (700, 900)) -> CameraProfile:
    return CameraProfile(
        image_size=size,
        matrix=((800.0, 0.0, 449.5), (0.0, 800.0, 349.5), (0.0, 0.0, 1.0)),
        distortion=(k1, 0.0, 0.0, 0.0, 0.0),
        rms_px=0.2,
        focal_error_px=1.0,
        photos=PhotoReport(used=9),
    )


def test_the_lens_of_the_profile_is_that_of_a_camera_profile() -> None:
    photo = capture(0, 1.0)
    look = partial(find_containers, photo.image, [model()], corners=photo.corners)
    by_profile = look(correction=Correction.of(profile(lens=lens(-0.02))))
    by_camera = look(camera=lens(-0.02))
    np.testing.assert_array_equal(by_profile.findings[0].logits, by_camera.findings[0].logits)
    assert by_profile.results[0].corrected and not by_camera.results[0].corrected
    # A camera that is given counts instead of the profile's.
    both = look(correction=Correction.of(profile(lens=lens(-0.3))), camera=lens(-0.02))
    np.testing.assert_array_equal(both.findings[0].logits, by_camera.findings[0].logits)
    (result,) = look(correction=Correction.of(profile(lens=lens(size=(900, 900))))).results
    assert result.status is Status.DECODED and not result.corrected


def test_a_wrong_lens_loses_nothing() -> None:
    photo = capture(0, 1.0)
    correction = Correction.of(profile(lens=lens(0.9)))
    (result,) = scan_photo(photo.image, [model()], corners=photo.corners, correction=correction)
    assert result.text == MESSAGE


def test_json_names_the_profile_and_says_whether_it_was_used(photo: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    profile(response=response(), lens=lens(0.0)).save(file)
    lens(0.0).save(tmp_path / "camera.json")
    answer = scan("--json", "--profile", file, "--camera-profile", tmp_path / "camera.json", photo)
    assert answer.exit_code == 0
    record = json.loads(answer.stdout)
    assert (record["text"], record["profile"], record["corrected"]) == (MESSAGE, "mine", True)
    assert "camera.json is used, not that of the profile" in answer.stderr
    assert "profile" not in json.loads(scan("--json", photo).stdout)


def test_a_profile_without_measurements_is_a_note(photo: Path) -> None:
    answer = scan("--json", "--profile", "office-laser", photo)
    assert answer.exit_code == 0
    assert "holds no measurements" in answer.stderr and "nothing is corrected" in answer.stderr
    record = json.loads(answer.stdout)
    assert (record["profile"], record["corrected"]) == ("office laser print", False)


@pytest.mark.parametrize("content", ["{", '{"format_version": 1, "gamma": 2}', None])
def test_a_bad_profile_is_one_clear_error(photo: Path, tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "bad.json"
    if content is not None:
        file.write_text(content)
    for option in ("--profile", "--camera-profile"):  # both end the command in the same way
        answer = scan(option, file, photo)
        assert isinstance(answer.exception, ConfigError) and answer.stdout == ""
        assert "bad.json" in str(answer.exception)
    assert "no profile 'laser'" in str(scan("--profile", "laser", photo).exception)


def test_folders_and_several_photos_are_corrected_too(photo: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    profile(response=response(), blur_sigma=1.0).save(file)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in "ab":
        (folder / f"{name}.jpg").write_bytes(photo.read_bytes())
    answer = scan("--json", "--jobs", 2, "--profile", file, folder)
    records = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [(r["text"], r["profile"], r["corrected"]) for r in records] == 2 * [
        (MESSAGE, "mine", True)
    ]
    fused = scan("--json", "--fuse", "--profile", file, folder)
    record = json.loads(fused.stdout)
    assert (record["text"], record["profile"], record["corrected"]) == (MESSAGE, "mine", True)


def test_a_video_is_corrected_too(photo: Path, tmp_path: Path) -> None:
    file, video = tmp_path / "mine.json", tmp_path / "walk.avi"
    profile(response=response()).save(file)
    frame = np.asarray(Image.open(photo).convert("RGB"))[..., ::-1]
    writer = cv2.VideoWriter(
        str(video), cv2.VideoWriter_fourcc(*"MJPG"), 5, (frame.shape[1], frame.shape[0])
    )
    assert writer.isOpened()  # OpenCV brings this codec
    for _ in range(3):
        writer.write(np.ascontiguousarray(frame))
    writer.release()
    record = json.loads(scan("--json", "--video", video, "--profile", file).stdout)
    assert (record["text"], record["profile"], record["corrected"]) == (MESSAGE, "mine", True)


def test_a_cropped_photo_is_scanned_without_the_lens() -> None:
    matrix = ((1000.0, 0.0, 649.5), (0.0, 1000.0, 499.5), (0.0, 0.0, 1.0))
    lens = CameraProfile(
        image_size=(1000, 1300), matrix=matrix, distortion=(-0.1, 0.0, 0.0, 0.0, 0.0),
        rms_px=0.1, focal_error_px=1.0, photos=PhotoReport(used=1),
    )  # fmt: skip
    correction = Correction.of(profile(lens=lens, vignetting=Vignetting(v2=-0.2, v4=0.0)))
    assert correction is not None
    assert correction.lens_of((2000, 2600)) == lens.scaled_to((2000, 2600))
    turned = correction.lens_of((1300, 1000))
    assert turned is not None
    points = np.array([[100.0, 70.0]])
    straight = lens.undistort_points(points)
    assert turned.undistort_points(points[:, ::-1]) == pytest.approx(straight[:, ::-1])
    assert correction.lens_of((1000, 1000)) is None
    assert correction.vignetting_of((1000, 1000)) is None
    assert correction.vignetting_of((1300, 1000)) is not None
    off = lens.model_copy(update={"distortion": (-0.1, 0.0, 0.001, 0.0, 0.0)})
    assert Correction("off", lens=off).lens_of((1300, 1000)) is None
