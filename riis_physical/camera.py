"""A camera's intrinsics and lens distortion: data, loading, and points through it.

The model is OpenCV's: x = f x' + c with x' the distorted ray of k1, k2, p1, p2
and k3. Points are (x, y) with pixel centres at integers. The values come from
`riis-physical calibrate camera`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from riis_physical.errors import ConfigError
from riis_physical.system.documents import read_json, validated
from riis_physical.system.files import write_text

FORMAT_VERSION = 1
MOST_ROUNDS = 50
CONVERGED = 1e-9  # in units of the focal length
SAME_ASPECT = 0.005

LONGEST_SIDE_PX = 65_535
MOST_FOCAL_PX = 10_000_000.0
Coefficient = Annotated[float, Field(ge=-100, le=100)]

Row = tuple[float, float, float]
Points = NDArray[np.float64]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Units(_Frozen):
    """What the numbers of a profile mean; part of the file, so that it explains itself."""

    image_size: Literal["px, height and width"] = "px, height and width"
    matrix: Literal["px"] = "px"
    distortion: Literal["1, k1 k2 p1 p2 k3 of OpenCV"] = "1, k1 k2 p1 p2 k3 of OpenCV"
    rms_px: Literal["px"] = "px"
    focal_error_px: Literal["px, one sigma"] = "px, one sigma"


class RefusedPhoto(_Frozen):
    """A photo that was left out of the fit, and why."""

    photo: str = Field(max_length=5000)
    reason: str = Field(max_length=5000)


class PhotoReport(_Frozen):
    """The photos behind a profile."""

    used: int = Field(ge=1)
    refused: tuple[RefusedPhoto, ...] = Field(default=(), max_length=10_000)


class CameraProfile(_Frozen):
    """Intrinsics and distortion of one camera at one picture size.

    Attributes:
        format_version: of the file.
        units: of the numbers.
        image_size: (h, w) of the photos.
        matrix: camera matrix, 3 rows of 3.
        distortion: k1, k2, p1, p2, k3.
        rms_px: reprojection error of the fit.
        focal_error_px: standard deviation of the focal length.
        photos: how many the fit used, and which it refused.
    """

    format_version: Literal[1] = 1
    units: Units = Units()
    image_size: tuple[int, int]
    matrix: tuple[Row, Row, Row]
    distortion: tuple[Coefficient, Coefficient, Coefficient, Coefficient, Coefficient]
    rms_px: float = Field(ge=0)
    focal_error_px: float = Field(ge=0)
    photos: PhotoReport

    @field_validator("image_size")
    @classmethod
    def _positive(cls, size: tuple[int, int]) -> tuple[int, int]:
        if min(size) < 1 or max(size) > LONGEST_SIDE_PX:
            raise ValueError(f"image_size {size} must be 1 to {LONGEST_SIDE_PX} px a side")
        return size

    @field_validator("matrix")
    @classmethod
    def _pinhole(cls, matrix: tuple[Row, Row, Row]) -> tuple[Row, Row, Row]:
        (fx, skew, _), (low, fy, _), last = matrix
        if fx <= 0 or fy <= 0 or skew or low or last != (0.0, 0.0, 1.0):
            raise ValueError("matrix must be [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] with fx, fy > 0")
        if max(abs(value) for row in matrix for value in row) > MOST_FOCAL_PX or min(fx, fy) < 1:
            raise ValueError(f"matrix must hold focal lengths of 1 to {MOST_FOCAL_PX:g} px")
        return matrix

    @classmethod
    def load(cls, path: str | Path) -> CameraProfile:
        """Read a profile.

        Raises:
            ConfigError: missing, no JSON, another version, an unknown key or an
                impossible value.
        """
        data = read_json(path, ConfigError)
        version = data.get("format_version") if isinstance(data, dict) else None
        if version != FORMAT_VERSION:
            raise ConfigError(
                f"{path} has camera profile format {version!r}, expected {FORMAT_VERSION}: "
                "calibrate again with `riis-physical calibrate camera`"
            )
        return validated(cls, data, path)

    def save(self, path: str | Path, *, force: bool = False) -> None:
        """Write the profile as JSON; raises OutputError as files.write_text."""
        text = json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)
        write_text(path, text + "\n", force=force)

    def scaled_to(self, size: tuple[int, int]) -> CameraProfile:
        """The profile of the same photos resized to (h, w).

        Raises:
            ConfigError: the aspect is another one, so it is no resized photo.
        """
        down, across = size[0] / self.image_size[0], size[1] / self.image_size[1]
        if min(size) < 1 or abs(down / across - 1) > SAME_ASPECT:
            raise ConfigError(
                f"a photo of {size[1]}x{size[0]} does not fit a camera profile of "
                f"{self.image_size[1]}x{self.image_size[0]}: take it with the same camera, "
                "held the same way and not cropped"
            )
        (fx, _, cx), (_, fy, cy), last = self.matrix
        matrix = (
            (fx * across, 0.0, (cx + 0.5) * across - 0.5),
            (0.0, fy * down, (cy + 0.5) * down - 0.5),
            last,
        )
        return self.model_copy(update={"image_size": size, "matrix": matrix})

    def mirrored(self) -> CameraProfile:
        """The profile of the same photos mirrored left to right."""
        (fx, _, cx), down, last = self.matrix
        k1, k2, p1, p2, k3 = self.distortion
        matrix = ((fx, 0.0, self.image_size[1] - 1 - cx), down, last)
        return self.model_copy(update={"matrix": matrix, "distortion": (k1, k2, p1, -p2, k3)})

    def distort_points(self, points: NDArray[np.floating]) -> Points:
        """Where a photo shows the points (..., 2) of an ideal camera of the same matrix."""
        return self._to_pixels(self._bend(self._to_rays(points)))

    def undistort_points(self, points: NDArray[np.floating]) -> Points:
        """Where an ideal camera of the same matrix shows the photo's points (..., 2)."""
        seen = self._to_rays(points)
        rays = seen.copy()
        for _ in range(MOST_ROUNDS):
            gap = self._bend(rays) - seen
            rays -= gap
            if float(np.abs(gap).max(initial=0.0)) < CONVERGED:
                break
        return self._to_pixels(rays)

    def _to_rays(self, points: NDArray[np.floating]) -> Points:
        (fx, _, cx), (_, fy, cy), _ = self.matrix
        return (np.asarray(points, np.float64) - (cx, cy)) / (fx, fy)

    def _to_pixels(self, rays: Points) -> Points:
        (fx, _, cx), (_, fy, cy), _ = self.matrix
        return rays * (fx, fy) + (cx, cy)

    def _bend(self, rays: Points) -> Points:
        k1, k2, p1, p2, k3 = self.distortion
        x, y = rays[..., 0], rays[..., 1]
        square = x * x + y * y
        radial = 1 + square * (k1 + square * (k2 + square * k3))
        across = x * radial + 2 * p1 * x * y + p2 * (square + 2 * x * x)
        down = y * radial + p1 * (square + 2 * y * y) + 2 * p2 * x * y
        return np.stack([across, down], axis=-1)
