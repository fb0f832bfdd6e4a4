"""What the quality estimates and the advice say about photos whose faults are known."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest
import skimage.data
import torch
from capture_scenes import Scene, photograph_flat
from PIL import Image

from capture.quality.assess import advice, assess, container_width_px
from capture.quality.photo_fault import photo_fault
from capture.quality.spectrum_fit import predict
from riis_physical.artifacts import CaptureQuality, Condition, FloatArray, UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.images import jpeg_quality
from training.detector.fit_quality import fit, flat_capture
from training.measure.reading.quality import agreement

CONDITION = Condition(blur=0.6, noise=0.01, jpeg_quality=77.0, scale_px=10.0)
SIZE = (600, 800)
WIDTH = 480.0


@lru_cache
def picture() -> UInt8Image:
    """A photograph with a texture as fine as a hidden code's, without burnt-out places."""
    host = cv2.resize(skimage.data.coffee()[..., :3], (600, 400)).astype(np.float32)
    fine = np.random.default_rng(0).normal(0, 6, (*host.shape[:2], 1))
    return np.clip(30 + 0.7 * host + fine, 0, 255).astype(np.uint8)


def take(**options: float) -> Scene:
    wall = np.full((60, 80, 3), 120, np.uint8)
    given = {"width_px": WIDTH, "angle_deg": 8, "blur": 0.4, "noise": 0.005, "jpeg": 92}
    given |= {"roll_deg": 3, "aged_light": False}
    return photograph_flat(picture(), wall, np.random.default_rng(3), size=SIZE, **given | options)


def judge(photo: UInt8Image, corners: FloatArray, quality: float | None = 92) -> CaptureQuality:
    return assess(photo, corners, CONDITION, quality)


def moved(photo: UInt8Image, length: int, angle_deg: float) -> UInt8Image:
    kernel = np.zeros((61, 61), np.float32)
    end = 0.5 * length * np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    points = [tuple(np.rint(16 * (30 + s * end)).astype(int).tolist()) for s in (-1, 1)]
    cv2.line(kernel, points[0], points[1], 1.0, 1, cv2.LINE_AA, 4)
    return np.asarray(cv2.filter2D(photo, -1, kernel / kernel.sum()), np.uint8)


def test_a_good_photo_has_no_reason_to_fail() -> None:
    scene = take()
    quality = judge(scene.photo, scene.corners)
    assert advice(quality) == "take the photo again, closer, straight on and in even light"
    assert quality.motion_px is None and quality.glare_place is None
    assert quality.width_px == pytest.approx(container_width_px(scene.corners))
    assert quality.module_px == 10.0 and quality.file_jpeg_quality == 92


@pytest.mark.parametrize("angle_deg", [20.0, 70.0, 140.0])
def test_motion_is_told_with_its_length_and_direction(angle_deg: float) -> None:
    scene = take()
    quality = judge(moved(scene.photo, 10, angle_deg), scene.corners)
    assert quality.motion_px is not None and 5 < quality.motion_px < 15  # told roughly
    assert quality.motion_deg is not None
    assert abs((quality.motion_deg - angle_deg + 90) % 180 - 90) <= 10
    assert "motion blur: hold still" in advice(quality)
    assert "out of focus" not in advice(quality)


def test_defocus_is_no_motion() -> None:
    scene = take(blur=4.0)
    quality = judge(scene.photo, scene.corners)
    assert quality.motion_px is None
    assert "out of focus" in advice(quality) and "motion" not in advice(quality)


@pytest.mark.parametrize(
    ("u", "v", "place"),
    [(0.83, 0.17, "upper right"), (0.17, 0.83, "lower left"), (0.5, 0.5, "middle")],
)
@pytest.mark.parametrize("turns", [0, 1])
def test_glare_is_told_with_its_place_in_the_photo(
    u: float, v: float, place: str, turns: int
) -> None:
    scene = take()
    low, high = scene.corners.min(0), scene.corners.max(0)
    x, y = np.meshgrid(np.arange(SIZE[1]), np.arange(SIZE[0]))
    centre, reach = low + (high - low) * (u, v), 0.17 * (high - low)
    fall = np.exp(-0.5 * (((x - centre[0]) / reach[0]) ** 2 + ((y - centre[1]) / reach[1]) ** 2))
    photo = np.clip(scene.photo + 420 * fall[..., None], 0, 255).astype(np.uint8)
    quality = judge(photo, np.roll(scene.corners, turns, axis=0))
    assert quality.glare > 0.05
    assert quality.glare_place == place
    assert f"glare on the {place}: change the angle" in advice(quality)


def test_darkness_and_burnt_light_are_told() -> None:
    scene = take()
    dark = judge((scene.photo * 0.08).astype(np.uint8), scene.corners)
    assert dark.level < 0.06 and dark.dark > 0.5
    assert "very dark: add light" in advice(dark)
    burnt = judge(np.clip(scene.photo * 4.0, 0, 255).astype(np.uint8), scene.corners)
    assert burnt.clipped > 0.5
    assert "overexposed" in advice(burnt)


@pytest.mark.parametrize("quality", [20, 30])
def test_coarse_jpeg_is_told_by_tables_and_by_pixels(quality: int) -> None:
    scene = take(jpeg=quality)
    with Image.open(io.BytesIO(scene.jpeg)) as file:
        tables = jpeg_quality(file)
    told = judge(scene.photo, scene.corners, tables)
    assert told.file_jpeg_quality == told.jpeg_quality == quality
    assert f"JPEG quality {quality}: send the original file" in advice(told)
    # Saved again at a finer quality, or as a PNG, the traces stay.
    assert judge(scene.photo, scene.corners, 98).jpeg_quality == pytest.approx(quality, abs=2)
    alone = judge(scene.photo, scene.corners, None)
    assert alone.file_jpeg_quality is None
    assert alone.jpeg_quality == pytest.approx(quality, abs=2)


def test_pixels_that_were_never_compressed_show_no_jpeg() -> None:
    rng = np.random.default_rng(1)
    photo = np.clip(rng.normal(128, 25, (*SIZE, 3)), 0, 255).astype(np.uint8)
    assert judge(photo, take().corners, None).jpeg_quality == 100


def test_a_narrow_container_is_told_with_its_width() -> None:
    scene = take(width_px=180)
    width = container_width_px(scene.corners)
    assert advice(judge(scene.photo, scene.corners)).startswith(
        f"the container is {width:.0f} px wide in the photo: come closer"
    )


@pytest.mark.parametrize("yaw_deg", [0.0, 30.0, 58.0])
def test_the_viewing_angle_is_that_of_a_phone(yaw_deg: float) -> None:
    turn, half, focal = np.radians(yaw_deg), 0.5, 26 / 36 * 800
    x = np.array([-half, half, half, -half])
    y = np.array([-0.4, -0.4, 0.4, 0.4])
    depth = 1.2 + x * np.sin(turn)
    corners = np.stack([focal * x * np.cos(turn) / depth + 399.5, focal * y / depth + 299.5], 1)
    quality = judge(take().photo, corners.astype(np.float32))
    assert quality.angle_deg == pytest.approx(yaw_deg, abs=1.0)
    assert ("seen at 58 degrees: stand in front of it" in advice(quality)) == (yaw_deg == 58)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p // 60, "black"),
        (lambda p: p // 8, "very dark"),
        (lambda p: 255 - p // 60, "white"),
        (lambda p: p // 60 + 100, "one even area"),
        (lambda p: cv2.GaussianBlur(p, (0, 0), 16), "very blurred"),
        (lambda p: cv2.resize(p, (90, 60)), "90 px wide"),
    ],
)
def test_a_photo_that_can_show_nothing_is_told(
    change: Callable[[UInt8Image], UInt8Image], words: str
) -> None:
    photo = take().photo
    assert photo_fault(photo) is None
    fault = photo_fault(change(photo).astype(np.uint8))
    assert fault is not None and words in fault


def test_the_worst_reason_comes_first() -> None:
    scene = take()
    quality = replace(judge(scene.photo, scene.corners), width_px=240.0, level=0.02)
    assert advice(quality).startswith("very dark: add light; the container is 240 px wide")


@pytest.mark.parametrize(
    ("name", "values"),
    [("blur_sigma", (0.3, 0.9, 1.8, 3.5)), ("noise_sigma", (0.003, 0.02, 0.05, 0.12))],
)
def test_estimates_rise_with_the_simulation(name: str, values: tuple[float, ...]) -> None:
    generator = torch.Generator().manual_seed(4)
    mild = sample_params("easy", 1, generator).override(
        container_width_px=500.0, blur_sigma=0.5, noise_sigma=0.006, motion=0.0, dot_blur=0.2
    )
    found = []
    for value in values:
        photo = flat_capture(picture(), mild.override(**{name: value}), np.random.default_rng(5))
        h, w = photo.shape[:2]
        corners = np.array([[0, 0], [w - 1, 0], [w - 1, h - 1], [0, h - 1]], np.float32)
        quality = judge(photo, corners)
        found.append(quality.blur if name == "blur_sigma" else quality.noise)
    assert found == sorted(found)
    assert found[-1] > 2.5 * found[0]


def test_a_fit_recovers_a_curve() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 3))
    y = np.stack([x[:, 0] + 0.5 * x[:, 1] ** 2, x[:, 2] - x[:, 1]], axis=1)
    fitted = {name: values.astype(np.float64) for name, values in fit(x[:250], y[:250]).items()}
    found = predict(fitted, (x[250:] - fitted["centre"]) / fitted["spread"])
    assert np.median(np.abs(found - y[250:])) < 0.15


def test_agreement_is_one_for_the_truth_and_holds_no_order_for_chance() -> None:
    truth = np.linspace(1, 2, 40).tolist()
    assert agreement(truth, truth)["spearman"] == 1
    chance = agreement(truth, np.random.default_rng(0).normal(size=40).tolist())
    assert chance["low"] < 0 < chance["high"]
    assert agreement(truth, [77.0] * 40)["spearman"] is None
