"""Captures in real rooms with what comes between a print or screen and the camera there.

Each kind adds one thing to a capture of preset normal before a photograph of a room.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray, UInt8Image
from training.measure.kinds.making import Case, Material, capture, fitted

Floats = NDArray[np.float32]
SIZE = (1200, 1600)
TAPE = np.array([0.55, 0.47, 0.3], np.float32)  # of linear light


def glass(material: Material, index: int) -> Case:
    """Behind glass: a faint, blurred reflection of another room lies over everything."""
    photo, _, message = _taken(material, index)
    rng = material.rng(index + 1)
    other = fitted(material.wall(index + 1)[:, ::-1], photo.shape[:2])
    soft = cv2.GaussianBlur(_light(other), (0, 0), float(rng.uniform(1, 4)))
    share = np.float32(rng.uniform(0.06, 0.2))
    return Case(_stored(_light(photo) + share * soft, rng), (message,))


def tape(material: Material, index: int) -> Case:
    """Strips of tape over all four corners, almost opaque."""
    photo, corners, message = _taken(material, index)
    rng = material.rng(index + 1)
    light = _light(photo)
    width = float(np.linalg.norm(corners[1] - corners[0]))
    middle = corners.mean(0)
    for corner in corners:
        inward = (middle - corner) / np.linalg.norm(middle - corner)
        across = np.array([-inward[1], inward[0]])
        long, wide = width * rng.uniform(0.14, 0.22), width * rng.uniform(0.05, 0.08)
        centre = corner + inward * wide * rng.uniform(0.2, 0.6)
        ends = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
        strip = [centre + x * across * long / 2 + y * inward * wide / 2 for x, y in ends]
        mask = np.zeros(light.shape[:2], np.float32)
        cv2.fillConvexPoly(mask, np.rint(np.array(strip)).astype(np.int32), 1.0, cv2.LINE_AA)
        opaque = float(rng.uniform(0.7, 0.95)) * mask[..., None]
        light = light * (1 - opaque) + opaque * TAPE
    return Case(_stored(light, rng), (message,))


def shallow_focus(material: Material, index: int) -> Case:
    """A print at 35 to 45 degrees, sharp at one end and blurred at the other."""
    rng = material.rng(index + 1)
    yaw = float(rng.uniform(35, 45) * rng.choice([-1, 1]))
    photo, corners, message = _taken(material, index, yaw_deg=yaw, pitch_deg=0.0)
    left, right = corners[:, 0].min(), corners[:, 0].max()
    along = np.clip((np.arange(photo.shape[1]) - left) / (right - left), 0, 1)
    sharp = float(rng.uniform(0.1, 0.5))
    width = float(np.linalg.norm(corners[1] - corners[0]))
    wanted = np.abs(along - sharp) * rng.uniform(3.0, 6.0) * width / 512  # sigma, px
    sigmas = np.linspace(0, float(wanted.max()), 9)
    light = _light(photo)
    stack = [light, *(cv2.GaussianBlur(light, (0, 0), float(sigma)) for sigma in sigmas[1:])]
    place = wanted / max(float(wanted.max()), 1e-6) * 8
    low = np.minimum(place.astype(int), 7)
    mixed = np.empty_like(light)
    for level in range(8):
        columns = low == level
        share = (place[columns] - level)[None, :, None].astype(np.float32)
        mixed[:, columns] = (
            stack[level][:, columns] * (1 - share) + stack[level + 1][:, columns] * share
        )
    return Case(_stored(mixed, rng), (message,))


def bands(material: Material, index: int) -> Case:
    """A screen or lamp that flickers: bands across the rows of the sensor."""
    photo, _, message = _taken(material, index, is_screen=1.0)
    rng = material.rng(index + 1)
    period, depth = float(rng.uniform(60, 400)), float(rng.uniform(0.15, 0.5))
    rows = np.arange(photo.shape[0])
    wave = np.clip(1.5 * np.sin(2 * np.pi * (rows / period + rng.random())), -1, 1)
    return Case(
        _stored(_light(photo) * (1 - depth * (0.5 + 0.5 * wave))[:, None, None], rng), (message,)
    )


def subpixels(material: Material, index: int) -> Case:
    """A screen of red, green and blue stripes, sampled by the sensor: moire as it comes about."""
    picture, message = material.container(index)
    rng = material.rng(index + 1)
    wall = material.wall(index)
    photo, corners, _ = capture(
        picture, wall, material.rng(index), size=SIZE, is_screen=1.0, moire=0.0, screen_grid=0.0
    )
    width = float(np.linalg.norm(corners[1] - corners[0]))
    across = width / float(rng.uniform(0.8, 2.6))  # pixels of the screen along the picture
    down = across * picture.shape[0] / picture.shape[1]
    to_screen = cv2.getPerspectiveTransform(
        corners.astype(np.float32),
        np.array([[0, 0], [across, 0], [across, down], [0, down]], np.float32),
    )
    height, width_px = photo.shape[:2]
    mask = _stripes(
        np.asarray(to_screen, np.float32), (height, width_px), float(rng.uniform(0.2, 0.45))
    )
    outside = np.ones((height, width_px), np.uint8)
    cv2.fillConvexPoly(outside, np.rint(corners).astype(np.int32), 0)
    mask[outside > 0] = 1
    return Case(_stored(_light(photo) * mask, rng), (message,))


def _stripes(to_screen: Floats, size: tuple[int, int], blur_px: float) -> Floats:
    """Light (h, w, 3) that stripes let through, 1 in the mean; the sensor's pixels see in part."""
    fine = 3
    ys, xs = np.mgrid[0 : size[0] * fine, 0 : size[1] * fine].astype(np.float32)
    points = np.stack([(xs + 0.5) / fine - 0.5, (ys + 0.5) / fine - 0.5], -1)
    there = cv2.perspectiveTransform(points.reshape(1, -1, 2), to_screen)[0]
    x, y = (there[:, axis].reshape(xs.shape) for axis in (0, 1))
    lit_row = np.abs(y - np.floor(y) - 0.5) < 0.42
    channels = []
    for channel in range(3):
        place = x - np.floor(x) - (channel + 0.5) / 3
        lit = (np.abs(place) < 0.14) & lit_row
        soft = cv2.GaussianBlur(lit.astype(np.float32), (0, 0), blur_px * fine)
        # A sensor's pixel sees two thirds of its own area.
        seen = cv2.resize(soft, (size[1], size[0]), interpolation=cv2.INTER_AREA)
        channels.append(seen / max(float(seen.mean()), 1e-6))
    mask = np.stack(channels, -1)
    return mask.astype(np.float32)


def steep(material: Material, index: int) -> Case:
    """Seen from 42 to 58 degrees."""
    rng = material.rng(index + 1)
    yaw = float(rng.uniform(42, 58) * rng.choice([-1, 1]))
    photo, _, message = _taken(material, index, yaw_deg=yaw, container_width_px=1100.0)
    return Case(photo, (message,))


def pillar(material: Material, index: int) -> Case:
    """A poster around a pillar, over 50 to 100 degrees of it, seen from a little above."""
    picture, message = material.container(index)
    rng = material.rng(index + 1)
    wall = fitted(material.wall(index), SIZE)
    height, width = picture.shape[:2]
    half = np.radians(float(rng.uniform(50, 100))) / 2
    shown = float(rng.uniform(500, 800))
    radius = shown / (2 * np.sin(half))
    scale = 2 * radius * half / width  # photo px for one of the picture, along the middle
    tilt = np.radians(float(rng.uniform(-15, 15)))
    ys, xs = np.mgrid[0 : SIZE[0], 0 : SIZE[1]].astype(np.float32)
    x = (xs - SIZE[1] / 2 - rng.uniform(-150, 150)) / radius
    y = ys - SIZE[0] / 2
    angle = np.arcsin(np.clip(x, -1, 1))
    along = (y - radius * (np.cos(angle) - 1) * np.sin(tilt)) / np.cos(tilt)
    map_x = (angle * radius / scale + width / 2).astype(np.float32)
    map_y = (along / scale + height / 2).astype(np.float32)
    edge = 0.05 * width
    paper = cv2.copyMakeBorder(
        picture, int(edge), int(edge), int(edge), int(edge), cv2.BORDER_CONSTANT, value=(250,) * 3
    )
    smaller = cv2.GaussianBlur(paper, (0, 0), max(0.3, 0.45 / max(scale, 0.1)))
    seen = cv2.remap(smaller, map_x + int(edge), map_y + int(edge), cv2.INTER_LINEAR)
    on_paper = (
        (np.abs(x) < 1)
        & (map_x > -edge) & (map_x < width + edge) & (map_y > -edge) & (map_y < height + edge)
    )  # fmt: skip
    column = np.where(np.abs(x) < 1, 150 + 50 * np.cos(angle), 0)[..., None]
    behind = np.where(np.abs(x)[..., None] < 1.0, column, wall).astype(np.float32)
    picture_light = _light(np.where(on_paper[..., None], seen, behind).astype(np.uint8))
    shade = np.where(np.abs(x) < 1, 0.55 + 0.45 * np.cos(angle - 0.3), 1.0)[..., None]
    return Case(_stored(picture_light * shade, rng), (message,))


def _taken(material: Material, index: int, **given: float) -> tuple[UInt8Image, FloatArray, str]:
    picture, message = material.container(index)
    photo, corners, _ = capture(
        picture, material.wall(index), material.rng(index), size=SIZE, **given
    )
    return photo, np.asarray(corners, np.float32), message


def _light(photo: UInt8Image) -> Floats:
    """Linear light, 0 to 1, near enough to sRGB's curve."""
    return np.asarray((photo / np.float32(255)) ** np.float32(2.2), np.float32)


def _stored(light: NDArray[np.floating], rng: np.random.Generator) -> UInt8Image:
    """Light with a little noise as a JPEG of quality 88 shows it."""
    pixels = 255 * np.clip(light, 0, 1) ** (1 / 2.2) + rng.normal(0, 1.2, light.shape)
    photo = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", photo[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    stored = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return np.ascontiguousarray(stored[..., ::-1])
