"""One host and message through all points of a sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from capture.clock import Clock
from riis_physical.artifacts import ScanResult
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import DEFAULT_SIZE, photograph, place
from riis_physical.hiding import HideResult
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode
from training.measure.capture import (
    CornerError,
    Scan,
    Wall,
    corner_error,
    draw_channel,
    draw_wall,
    hide_one,
    judge,
    load,
    mean_width_px,
    medium_of,
    module_px,
    outlines,
    photo_file,
    product_scan,
)
from training.measure.common.draws import Hosts
from training.measure.common.records import NOT_HIDDEN
from training.measure.sweeps.places import CLOSE_WITHIN, proposed
from training.measure.sweeps.records import BenchmarkRecord
from training.measure.sweeps.settings import BenchmarkSettings, Point
from training.measure.sweeps.varied import DETECTION, SWEEPS, at_value
from training.measure.sweeps.visible import photograph_visible, read_by_each


@dataclass(frozen=True)
class Setup:
    """What captures of one index and sweep share, up to the swept property.

    Attributes:
        params: of the channel. seed: of place and background. size: (h, w) of photos.
        wall: behind the sheet.
    """

    params: ChannelParams
    seed: int
    size: tuple[int, int]
    wall: Wall


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
        clock = Clock.bare()
        hidden = hide_one(self.hosts, self.revealer, self.settings.seed, index, clock)
        if hidden.made is None:
            yield from (
                self._not_hidden(index, point, hidden.code, hidden.size) for point in points
            )
            return
        for point in points:
            setup = self.setup(index, point, hidden.made.container.shape[:2])
            yield self._capture(index, point, hidden.code, hidden.made, setup, clock.copy())

    def setup(self, index: int, point: Point, container_size: tuple[int, ...]) -> Setup:
        """Parameters and surroundings of a capture, before the property is varied."""
        settings = self.settings
        key = settings.capture_seed(point.sweep, point.preset, index)
        params, seed = draw_channel(key, point.preset, settings.medium)
        height, width = container_size[:2]
        params = params.override(aspect=height / width)
        upright = height > width
        size = settings.size or (DEFAULT_SIZE[::-1] if upright else DEFAULT_SIZE)
        if point.sweep == "width":
            size = fitting_size(params, max(SWEEPS["width"].values), size, point.margin, seed)
        if point.sweep == "angle":
            straight = params.override(yaw_deg=0.0, pitch_deg=0.0)
            fitted = place(straight, size, point.margin, seed)[1]
            params = params.override(container_width_px=float(fitted.container_width_px[0]))
        return Setup(params, seed, size, draw_wall(settings.backgrounds, key))

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
            "background": setup.wall.pixels, "size": setup.size, "margin": point.margin,
            "seed": setup.seed,
        }  # fmt: skip
        with clock.stage("photograph"):
            photo = photograph(hidden.container, params, **scene)
        with photo_file(photo) as file:
            with clock.stage("scan"):
                results = self.scan(str(file), [self.revealer], None)
            with clock.stage("scan_given"):
                given = self.scan(str(file), [self.revealer], photo.corners)
        for result in results:
            for stage, ms in result.timings_ms.items():
                clock.add(f"scan.{stage}", ms)
        outcome, outcome_given = judge(results, code.payload), judge(given, code.payload)
        best = corner_error(outlines(results), photo.corners)
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
        return BenchmarkRecord(
            **_of_point(point),
            index=index,
            host=self.hosts.path(index).name,
            medium=medium_of(params),
            version=code.version,
            status=outcome.status,
            background=setup.wall.name,
            size=list(setup.size),
            width_px=mean_width_px(photo),
            px_per_module=module_px(photo, code),
            right=outcome.right,
            right_given=outcome_given.right,
            wrong_texts=outcome.wrong_texts + outcome_given.wrong_texts,
            found_by=_found_by(results),
            **_errors("result", best),
            **_errors("candidate", other),
            visible=visible,
            timings_ms=clock.ms,
        )

    def _not_hidden(
        self, index: int, point: Point, code: QrCode, size: tuple[int, int]
    ) -> BenchmarkRecord:
        return BenchmarkRecord(
            **_of_point(point),
            index=index,
            host=self.hosts.path(index).name,
            medium=medium_of(self.setup(index, point, size).params),
            version=code.version,
            status=NOT_HIDDEN,
        )


def make_runner(settings: BenchmarkSettings, sha256: str | None = None) -> BenchmarkRunner:
    """Load what a benchmark works with; arguments and errors as those of capture.load."""
    return BenchmarkRunner(settings, *load(settings, sha256), product_scan)


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


def _found_by(results: Sequence[ScanResult]) -> str | None:
    return next((result.found_by for result in results if result.found_by), None)


def _errors(name: str, error: CornerError | None) -> dict[str, Any]:
    return {
        f"{name}_error": None if error is None else error.mean,
        f"{name}_worst": None if error is None else error.worst,
    }
