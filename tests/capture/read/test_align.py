"""Alignment: corners that are off by half a module come back, and reading stops it."""

from __future__ import annotations

import cv2
import numpy as np
from fakes import FakeRevealer
from numpy.typing import NDArray

from capture.find.learned.snap import snap_quad
from capture.geometry.rectify import Region
from capture.read.rescue.align import align
from riis_physical.artifacts import Condition
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.reading import Reading, read_revealed

CORNERS = np.array([[80, 60], [560, 75], [545, 520], [70, 500]], np.float32)
CLEAN = Condition(blur=0.3, noise=0.0, jpeg_quality=95.0, scale_px=16.0)


class WaveRevealer(FakeRevealer):
    """A slower wave: as the network's, its values fade where the frame is shifted."""

    def __init__(self) -> None:
        super().__init__(amplitude=0.2)
        across = np.sin(2 * np.pi * (np.arange(8) + 0.5) / 8).astype(np.float32)
        down = np.sin(2 * np.pi * (np.arange(8) + 0.5) / 8).astype(np.float32)
        self.wave = np.outer(down, across)


def capture(message: str, revealer: WaveRevealer) -> tuple[NDArray[np.uint8], int]:
    """A photo of a gray container, and its QR version."""
    code = encode(message)
    side = 8 * code.modules.shape[0]
    frame = np.full((side, side, 3), 0.5, np.float32)
    frame += revealer.embed(frame, code.modules)
    own = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32) - np.float32(0.5)
    to_photo = cv2.getPerspectiveTransform(own, CORNERS)
    photo = cv2.warpPerspective(frame, to_photo, (640, 580), flags=cv2.INTER_CUBIC)
    return (photo.clip(0, 1) * 255).astype(np.uint8), code.version


def test_corners_off_by_a_third_of_a_module_come_back_and_read() -> None:
    revealer = WaveRevealer()
    photo, version = capture("https://example.org/align", revealer)
    module = 480 / (17 + 4 * version)
    shifts = np.array([[1, 0], [0, 1], [-0.7, 0.7], [0.7, 0.7]], np.float32)
    start = CORNERS + np.float32(0.33 * module) * shifts
    tried: list[Reading | None] = []

    def read(logits: NDArray[np.float32], picture: NDArray[np.float32]) -> Reading | None:
        tried.append(read_revealed(logits, picture, version))
        return tried[-1]

    found = align(revealer, Region.cut(photo, start), start, version, CLEAN, read)
    assert found.reading is not None
    assert found.reading.payload == b"https://example.org/align"
    assert len(tried) == 1  # stopped as soon as it read
    before = np.linalg.norm(start - CORNERS, axis=1).mean()
    assert np.linalg.norm(found.corners - CORNERS, axis=1).mean() < 0.5 * before


def test_nothing_to_align_neither_crashes_nor_claims_a_code() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    beyond = np.array([[-40, -30], [320, -20], [330, 310], [-30, 330]], np.float32)
    found = align(FakeRevealer(), Region.cut(noise, beyond), beyond, 2, CLEAN)
    assert found.reading is None
    assert found.logits.shape == (25, 25)
    assert found.presence < 0.53


def test_snapping_finds_sides_whose_edge_changes_its_sign() -> None:
    rng = np.random.default_rng(5)
    wall = np.zeros((580, 640, 3), np.float32)
    wall[:] = np.linspace(40, 215, 640, dtype=np.float32)[None, :, None]
    picture = cv2.resize(rng.uniform(60, 200, (9, 9, 3)).astype(np.float32), (400, 400))
    own = np.array([[0, 0], [400, 0], [400, 400], [0, 400]], np.float32) - np.float32(0.5)
    to_photo = cv2.getPerspectiveTransform(own, CORNERS)
    laid = cv2.warpPerspective(picture, to_photo, (640, 580))
    cover = cv2.warpPerspective(np.ones((400, 400), np.float32), to_photo, (640, 580))[..., None]
    photo = (wall * (1 - cover) + laid * cover + rng.normal(0, 2, wall.shape)).clip(0, 255)
    start = CORNERS + rng.uniform(-6, 6, (4, 2)).astype(np.float32)
    fit = snap_quad(photo.astype(np.uint8), start, 9.0)
    assert np.linalg.norm(fit.corners - CORNERS, axis=1).mean() < 1.2
