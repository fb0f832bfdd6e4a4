"""A virtual field day: the photos that each row asks for, from the simulated channel.

Distance, angle and light are the row's; all else is drawn. A photo shows the part of the
phone's picture around the sheet, as if zoomed in digitally: pixels per millimetre are those
of the whole picture. Every file says in its EXIF that it is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

from capture.many.folder import run_all, sensible_jobs
from capture.study.config import Device
from capture.study.photos.exif import digest, simulated_exif
from capture.study.photos.lights import EXPOSURES, ranges_of
from capture.study.photos.pose import focal_in_px
from capture.study.plan import sheet_of_study
from capture.study.sheets import StudySheet
from capture.study.store import Study
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph
from riis_physical.system.files import atomic_path, make_folder

FOLDER = "photos/simulated"
LEAST_PHOTO = (960, 720)  # of the part that a photo shows
ROOM = 1.25  # of it, around the sheet
SHEET_PX = 1600  # a container is drawn at most this wide


@dataclass(frozen=True)
class _Task:
    """One photo to take."""

    row: dict[str, Any]
    file: Path
    seed: int


@dataclass
class _Camera:
    """Takes simulated photos; keeps the sheets that it drew."""

    folder: Path
    drawn: dict[str, tuple[StudySheet, UInt8Image, FloatArray]] = field(default_factory=dict)

    def __call__(self, task: _Task) -> list[list[float]]:
        """Write a photo; the true corners (4, 2) of its container."""
        torch.set_num_threads(1)
        row = task.row
        with Study.open(self.folder) as study:
            device = study.config.device(row["device"])
            if row["sheet_id"] not in self.drawn:
                sheet = sheet_of_study(
                    study, row["container_id"], row["sheet_id"], row["tag"], row["width_mm"]
                )
                wide = min(sheet.source.pixels.shape[1], SHEET_PX)
                self.drawn = {row["sheet_id"]: (sheet, *sheet.picture(wide))}
        sheet, pixels, inner = self.drawn[row["sheet_id"]]
        jpeg, corners = take(sheet, pixels, inner, row, device, task.seed)
        make_folder(task.file.parent)
        with atomic_path(task.file, force=True) as part:
            part.write_bytes(jpeg)
        return [[round(float(x), 3), round(float(y), 3)] for x, y in corners]


def take(
    sheet: StudySheet,
    pixels: UInt8Image,
    inner: FloatArray,
    row: dict[str, Any],
    device: Device,
    seed: int,
) -> tuple[bytes, FloatArray]:
    """One simulated photo.

    Args:
        pixels, inner: the drawn sheet, and the container's corners xy (4, 2) in it.
        row: distance_m, angle_deg, light, medium and device.

    Returns:
        a JPEG file; the container's true corners xy (4, 2) in it.

    Raises:
        ConfigError: no simulation of this light.
    """
    width_mm = sheet.box.width
    share = sheet.cut.width / width_mm  # the sheet's width in container widths
    focal_px = focal_in_px(device.focal_mm35, device.photo_px)
    away = row["distance_m"] * 1000 / sheet.cut.width  # in widths of the sheet
    generator = torch.Generator().manual_seed(seed)
    params = sample_params(ranges_of(row["light"]), 1, generator, medium=row["medium"])
    rng = np.random.default_rng((seed, 7))
    yaw = math.copysign(row["angle_deg"], rng.uniform(-1, 1))
    seen = math.cos(math.radians(yaw)) / (1 - (math.sin(math.radians(yaw)) / (2 * away)) ** 2)
    params = params.override(
        container_width_px=focal_px / away * seen,
        distance=away,
        yaw_deg=yaw,
        pitch_deg=float(rng.uniform(-3, 3)),
        roll_deg=float(rng.uniform(-3, 3)),
        downscale=1.0,
        second_mix=0.0,  # the phone's own file, no messenger's
        **{
            name: float(getattr(params, name)[0]) / share
            for name in ("blur_sigma", "motion", "dot_blur")
        },
    )
    size = _frame(params, pixels, device)
    photo = photograph(pixels, params, size=size, margin=0.0, medium=row["medium"], seed=seed)
    corners = _inner_corners(photo.corners, inner, pixels)
    zoom = device.photo_px[0] / max(size)
    exposure, iso = EXPOSURES[row["light"]]
    exif = simulated_exif(
        device.exif or row["device"], exposure, iso, device.focal_mm35, zoom, number=seed % 10**6
    )
    return _with_exif(photo.jpeg, exif), corners


def _frame(params: ChannelParams, pixels: UInt8Image, device: Device) -> tuple[int, int]:
    """(h, w) of the part of the phone's picture that is kept: that with the sheet in it."""
    wide = float(params.container_width_px[0])
    lean = math.cos(math.radians(float(params.yaw_deg[0])))
    high = wide / lean * pixels.shape[0] / pixels.shape[1]
    lying = wide >= high
    long, short = (wide, high) if lying else (high, wide)
    whole_long, whole_short = device.photo_px
    part = max(LEAST_PHOTO[0], ROOM * long, ROOM * short * whole_long / whole_short)
    part = min(part, whole_long)
    size = (round(part * whole_short / whole_long / 4) * 4, round(part / 4) * 4)
    return size if lying else (size[1], size[0])


def _inner_corners(outer: FloatArray, inner: FloatArray, pixels: UInt8Image) -> FloatArray:
    """Where the container is in the photo, from where its sheet is."""
    height, width = pixels.shape[:2]
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    to_photo = cv2.getPerspectiveTransform(frame.astype(np.float32), outer.astype(np.float32))
    return np.asarray(cv2.perspectiveTransform(inner[None], to_photo)[0], np.float32)


def _with_exif(jpeg: bytes, exif: Image.Exif) -> bytes:
    """The same file with an EXIF block; the pixels' bytes are untouched."""
    block = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
    length = len(block) + 2
    return jpeg[:2] + b"\xff\xe1" + length.to_bytes(2, "big") + block + jpeg[2:]


def simulate(
    folder: Path,
    *,
    seed: int = 0,
    jobs: int | None = None,
    done: Callable[[], None] | None = None,
    total: Callable[[int], None] | None = None,
) -> int:
    """Take the photos of all rows that have no simulated one yet; how many were taken.

    Photos go into a folder for each phone and light, as a careful photographer would sort
    them; their names say nothing of rows.

    Raises:
        ConfigError: a light that the simulation does not know.
    """
    with Study.open(folder) as study:
        rows = study.rows(
            "SELECT row.*, sheet.medium, sheet.width_mm, sheet.tag, sheet.container_id "
            "FROM row JOIN sheet ON sheet.id = row.sheet_id "
            "WHERE row.id NOT IN (SELECT row_id FROM truth) ORDER BY row.sheet_id, row.id"
        )
        for light in {row["light"] for row in rows}:
            ranges_of(light)
        tasks = [_Task(row, _name(folder, row, seed), _seed(seed, row["id"])) for row in rows]
        if total is not None:
            total(len(tasks))
        taken = run_all(
            partial(_Camera, folder), tasks, jobs=sensible_jobs(len(tasks), jobs), done=done
        )
        for task, corners in zip(tasks, taken, strict=True):
            with study.change():
                study.insert(
                    "truth",
                    {"sha256": digest(task.file), "row_id": task.row["id"], "corners": corners},
                    replace=True,
                )
    return len(tasks)


def _name(folder: Path, row: dict[str, Any], seed: int) -> Path:
    number = int(np.random.default_rng((seed, row["id"], 3)).integers(10**8))
    return folder / FOLDER / row["device"] / row["light"] / f"SIM_{number:08d}.jpg"


def _seed(seed: int, row: int) -> int:
    return int(np.random.default_rng((seed, row)).integers(2**31))
