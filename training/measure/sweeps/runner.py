"""One host and message through all points of a sweep."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from riis_physical.artifacts import ScanResult, UInt8Image
from riis_physical.channel.params import ChannelParams, sample_params
from riis_physical.channel.photo import DEFAULT_SIZE, Photograph, photograph, place
from riis_physical.errors import HostError, WeightsError
from riis_physical.hiding import HideResult, hide
from riis_physical.images import load_host, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode, encode
from training.measure.common.draws import Hosts, draw_background, draw_message
from training.measure.common.records import NOT_HIDDEN
from training.measure.common.trial import Clock, Scan, judge, product_scan
from training.measure.sweeps.places import CLOSE_WITHIN, CornerError, corner_error, proposed
from training.measure.sweeps.records import BenchmarkRecord
from training.measure.sweeps.settings import BenchmarkSettings, Point
from training.measure.sweeps.varied import DETECTION, SWEEPS, at_value
from training.measure.sweeps.visible import photograph_visible, read_by_each


@dataclass(frozen=True)
class Setup:
    """What captures of one index and sweep share, up to the swept property.

    Attributes:
        params: of the channel. seed: of place and background. size: (h, w) of photos.
        wall: behind the sheet, None for a procedural one. wall_name: its file.
    """

    params: ChannelParams
    seed: int
    size: tuple[int, int]
    wall: UInt8Image | None
    wall_name: str | None


@dataclass(frozen=True)
class BenchmarkRunner:
    """Runs captures of a benchmark; a runner of pool.run_tasks.

    Attributes:
        settings: of the benchmark. hosts: its pictures.
        revealer: the loaded model.
        scan: photo path, revealers, corners or None to results.
    """

    settings: BenchmarkSettings
    hosts: Hosts
    revealer: Revealer
    scan: Scan

    def run(self, index: int, points: Sequence[Point]) -> Iterator[BenchmarkRecord]:
        """Hide once, then photograph and scan at each point of one sweep."""
        message = draw_message(self.settings.seed, index)
        code = encode(message)
        host = load_host(self.hosts.path(index))
        clock = Clock()
        try:
            with clock.stage("hide"):
                hidden = hide(host, message, revealer=self.revealer)
        except HostError:
            yield from (self._not_hidden(index, point, code) for point in points)
            return
        for point in points:
            setup = self.setup(index, point, hidden.container.shape[:2])
            yield self._capture(index, point, code, hidden, setup, clock.copy())

    def setup(self, index: int, point: Point, container_size: tuple[int, ...]) -> Setup:
        """Parameters and surroundings of a capture, before the property is varied."""
        settings = self.settings
        key = settings.capture_seed(point.sweep, point.preset, index)
        words = np.random.SeedSequence(key).generate_state(2)
        generator = torch.Generator().manual_seed(int(words[0]))
        params = sample_params(point.preset, 1, generator, medium=settings.medium)
        height, width = container_size[:2]
        params = params.override(aspect=height / width)
        upright = height > width
        size = settings.size or (DEFAULT_SIZE[::-1] if upright else DEFAULT_SIZE)
        seed = int(words[1])
        if point.sweep == "width":
            size = fitting_size(params, max(SWEEPS["width"].values), size, point.margin, seed)
        if point.sweep == "angle":
            straight = params.override(yaw_deg=0.0, pitch_deg=0.0)
            fitted = place(straight, size, point.margin, seed)[1]
            params = params.override(container_width_px=float(fitted.container_width_px[0]))
        folder = None if settings.backgrounds is None else Path(settings.backgrounds)
        wall = draw_background(folder, (int(key[0]), *key[1:]))
        pixels = None if wall is None else load_photo(wall).pixels
        return Setup(params, seed, size, pixels, None if wall is None else wall.name)

    def _capture(
        self,
        index: int,
        point: Point,
        code: QrCode,
        hidden: HideResult,
        setup: Setup,
        clock: Clock,
    ) -> BenchmarkRecord:
        params = setup.params
        if point.value is not None:
            params = at_value(params, point.sweep, point.value, about_x=index % 2 == 1)
        scene: dict[str, Any] = {
            "background": setup.wall, "size": setup.size, "margin": point.margin,
            "seed": setup.seed,
        }  # fmt: skip
        with clock.stage("photograph"):
            photo = photograph(hidden.container, params, **scene)
        with tempfile.TemporaryDirectory(prefix="riis-benchmark-") as folder:
            file = Path(folder) / "capture.jpg"
            file.write_bytes(photo.jpeg)
            with clock.stage("scan"):
                results = self.scan(str(file), [self.revealer], None)
            with clock.stage("scan_given"):
                given = self.scan(str(file), [self.revealer], photo.corners)
        for result in results:
            for stage, ms in result.timings_ms.items():
                clock.add(f"scan.{stage}", ms)
        outcome, outcome_given = judge(results, code.payload), judge(given, code.payload)
        best = corner_error([r.corners for r in results if r.corners is not None], photo.corners)
        other = None
        if best is None or best.worst > CLOSE_WITHIN:
            with clock.stage("candidates"):
                other = corner_error(proposed(photo.image), photo.corners)
        visible: dict[str, bool] = {}
        if point.sweep != DETECTION:
            with clock.stage("visible"):
                size = (hidden.container.shape[0], hidden.container.shape[1])
                twin = photograph_visible(code, size, photo.params, **scene)
                visible = read_by_each(twin.image, code.payload)
        width_px, across = _scale(photo, code)
        return BenchmarkRecord(
            **_of_point(point),
            index=index,
            host=self.hosts.path(index).name,
            medium=_medium(params),
            version=code.version,
            status=outcome.status,
            background=setup.wall_name,
            size=list(setup.size),
            width_px=width_px,
            px_per_module=across,
            right=outcome.right,
            right_given=outcome_given.right,
            wrong_texts=outcome.wrong_texts + outcome_given.wrong_texts,
            found_by=_found_by(results),
            **_errors("result", best),
            **_errors("candidate", other),
            visible=visible,
            timings_ms=clock.ms,
        )

    def _not_hidden(self, index: int, point: Point, code: QrCode) -> BenchmarkRecord:
        size = load_host(self.hosts.path(index)).pixels.shape
        return BenchmarkRecord(
            **_of_point(point),
            index=index,
            host=self.hosts.path(index).name,
            medium=_medium(self.setup(index, point, size).params),
            version=code.version,
            status=NOT_HIDDEN,
        )


def make_runner(settings: BenchmarkSettings, sha256: str | None = None) -> BenchmarkRunner:
    """Load the model and bind the product's scan.

    Args:
        sha256: of the weights that are expected; None takes any.

    Raises:
        WeightsError: no such model, or another one than expected.
        TrainingError: no pictures.
    """
    hosts = Hosts(Path(settings.images), settings.seed)
    if settings.backgrounds is not None:
        Hosts(Path(settings.backgrounds), settings.seed)
    revealer = Revealer.load(settings.model, settings.device)
    if sha256 is not None and revealer.record["sha256"] != sha256:
        raise WeightsError(
            f"the weights of {settings.model} were replaced during the benchmark: start it again"
        )
    return BenchmarkRunner(settings, hosts, revealer, product_scan)


def fitting_size(
    params: ChannelParams, width_px: float, least: tuple[int, int], margin: float, seed: int
) -> tuple[int, int]:
    """The smallest photo (h, w) of the same shape in which a container so wide fits."""
    placed = place(params.override(container_width_px=width_px), least, margin, seed)[1]
    factor = float(placed.container_width_px[0]) / width_px
    return (math.ceil(least[0] / factor), math.ceil(least[1] / factor))


def _of_point(point: Point) -> dict[str, Any]:
    return {
        "sweep": point.sweep, "value": point.value, "preset": point.preset, "margin": point.margin
    }  # fmt: skip


def _medium(params: ChannelParams) -> str:
    return "screen" if float(params.is_screen[0]) > 0 else "print"


def _scale(photo: Photograph, code: QrCode) -> tuple[float, float]:
    """Width of the container, and the shorter side of a module, in the photo."""
    sides = np.linalg.norm(np.roll(photo.corners, -1, axis=0) - photo.corners, axis=1)
    return float(sides[0::2].mean()), float(min(sides[0::2].mean(), sides[1::2].mean()) / code.size)


def _found_by(results: Sequence[ScanResult]) -> str | None:
    return next((result.found_by for result in results if result.found_by), None)


def _errors(name: str, error: CornerError | None) -> dict[str, Any]:
    return {
        f"{name}_error": None if error is None else error.mean,
        f"{name}_worst": None if error is None else error.worst,
    }
