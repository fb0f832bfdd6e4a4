"""One host and message through hiding, photographs and scans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from capture.clock import Clock
from riis_physical import metrics
from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.hiding import HideResult
from riis_physical.images import LoadedImage, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.model.weights import named
from riis_physical.qr.code.encode import QrCode
from training.measure.capture import (
    CornerError,
    Hidden,
    Scan,
    Wall,
    corner_error,
    draw_channel,
    draw_wall,
    hide_one,
    judge,
    load,
    medium_of,
    outlines,
    photo_file,
    product_scan,
)
from training.measure.common.bound import BoundReading, read_bound
from training.measure.common.draws import Hosts
from training.measure.common.records import FOUND_WITHIN, NOT_HIDDEN, CaptureRecord
from training.measure.common.settings import Settings
from training.measure.common.truth import read_at_truth


@dataclass(frozen=True)
class Trial:
    """What an evaluation needs in order to run any of its captures.

    Attributes:
        settings: of the evaluation. hosts: its pictures.
        revealer: the loaded model.
        scan: photo path, revealers, corners or None to results; not called
            where the settings' corners are `truth`.
        readers: models that the scan tries, in this order; none for the one that hid.
    """

    settings: Settings
    hosts: Hosts
    revealer: Revealer
    scan: Scan
    readers: tuple[Revealer, ...] = ()

    def run(self, index: int, strength: float, presets: Sequence[str]) -> Iterator[CaptureRecord]:
        """Hide once, then photograph and scan under each preset.

        The visible code is photographed at the first strength alone: it does
        not depend on the strength.
        """
        clock = Clock.bare()
        hidden = hide_one(
            self.hosts,
            self.revealer,
            self.settings.seed,
            index,
            clock,
            strength,
            self.settings.messages,
        )
        if hidden.made is None:
            for preset in presets:
                yield self._not_hidden(index, strength, preset, hidden)
            return
        quality = _quality(hidden.host.pixels, hidden.made, with_flip=self.hosts.is_first(index))
        for preset in presets:
            yield self._capture(index, strength, preset, hidden, hidden.made, quality, clock.copy())

    def _capture(
        self,
        index: int,
        strength: float,
        preset: str,
        hidden: Hidden,
        made: HideResult,
        quality: dict[str, Any],
        clock: Clock,
    ) -> CaptureRecord:
        settings, code, knowledge = self.settings, hidden.code, hidden.knowledge
        params, seed = draw_capture(settings, preset, index)
        wall = self._wall(preset, index)
        scene: dict[str, Any] = {
            "background": wall.pixels, "size": settings.size, "margin": settings.margin,
            "seed": seed,
        }  # fmt: skip
        with clock.stage("photograph"):
            photo = photograph(made.container, params, **scene)
        with photo_file(photo) as file:
            loaded = load_photo(file)
            results: Sequence[ScanResult] = []
            if settings.corners != "truth":
                given = photo.corners if settings.corners == "given" else None
                with clock.stage("scan"):
                    results = self.scan(
                        str(file), self.readers or [self.revealer], given, knowledge
                    )
        with clock.stage("truth"):
            truth = read_at_truth(
                loaded.pixels, photo.corners, loaded.jpeg_quality, code, self.revealer, knowledge
            )
        bound: BoundReading | None = None
        if settings.visible and strength == settings.strengths[0]:
            bound = read_bound(code, made.container.shape[:2], params, **scene)
        outcome = judge(results, code.payload)
        right, status = outcome.right, outcome.status
        if settings.corners == "truth":
            right = truth.right
            status = str(Status.DECODED if right else Status.UNREADABLE)
        for result in results:
            for stage, ms in result.timings_ms.items():
                clock.add(f"scan.{stage}", ms)
        error, detected = None, None
        if settings.corners == "detect":
            error = corner_error(outlines(results), photo.corners)
            detected = _within(error)
            if not detected and not right:
                detected = _within(_best_quad_error(loaded, photo))
        return CaptureRecord(
            **self._about(index, strength, preset, code, params, wall),
            status=status,
            right=right,
            wrong_texts=outcome.wrong_texts,
            width_px=float(photo.params.container_width_px[0]),
            px_per_module=truth.px_per_module,
            decoder=outcome.decoder if results else truth.decoder,
            confidence=outcome.confidence,
            detail=outcome.detail,
            corner_error=None if error is None else error.worst,
            detected=detected,
            module_accuracy=truth.accuracy,
            truth_right=truth.right,
            visible_in_photo=None if bound is None else bound.in_photo,
            visible_readable=None if bound is None else bound.readable,
            timings_ms=clock.ms,
            **quality,
        )

    def _not_hidden(
        self, index: int, strength: float, preset: str, hidden: Hidden
    ) -> CaptureRecord:
        params, _ = draw_capture(self.settings, preset, index)
        wall = self._wall(preset, index)
        return CaptureRecord(
            **self._about(index, strength, preset, hidden.code, params, wall),
            status=NOT_HIDDEN,
            right=False,
            detail=hidden.refused,
        )

    def _about(
        self,
        index: int,
        strength: float,
        preset: str,
        code: QrCode,
        params: ChannelParams,
        wall: Wall,
    ) -> dict[str, Any]:
        return {
            "index": index,
            "preset": preset,
            "strength": strength,
            "host": self.hosts.path(index).name,
            "message_bytes": len(code.payload),
            "version": code.version,
            "level": str(code.level),
            "medium": medium_of(params),
            "background": wall.name,
        }

    def _wall(self, preset: str, index: int) -> Wall:
        return draw_wall(self.settings.backgrounds, self.settings.capture_seed(preset, index))


def make_trial(settings: Settings, sha256: str | None = None) -> Trial:
    """Load what an evaluation works with; arguments and errors as those of capture.load."""
    hosts, revealer = load(settings, sha256)
    if settings.z == "mean":
        revealer.record = {**revealer.record, "z_temperature": 0.0}
    readers: tuple[Revealer, ...] = ()
    if settings.scan_model is not None:
        readers = tuple(Revealer.load(name, settings.device) for name in named(settings.scan_model))
    return Trial(settings, hosts, revealer, product_scan, readers)


def draw_capture(settings: Settings, preset: str, index: int) -> tuple[ChannelParams, int]:
    """Channel parameters and the photograph's seed of one capture."""
    profile = settings.profile(preset)
    ranges, medium = (
        (preset, settings.medium) if profile is None else (profile.ranges(), profile.medium)
    )
    params, seed = draw_channel(settings.capture_seed(preset, index), ranges, medium)
    if settings.width_px is not None:
        params = params.override(container_width_px=settings.width_px)
    return params, seed


def _quality(host: UInt8Image, hidden: HideResult, *, with_flip: bool) -> dict[str, Any]:
    smooth = metrics.smooth_mask(host)
    container = hidden.container
    found = {
        "psnr": hidden.psnr,
        "ssim": hidden.ssim,
        "psnr_smooth": metrics.psnr(host, container, smooth),
        "ssim_smooth": metrics.ssim(host, container, smooth),
    }
    if with_flip:
        found["flip"] = metrics.flip(host, container)
        found["flip_smooth"] = metrics.flip(host, container, smooth)
    return found


def _within(error: CornerError | None) -> bool:
    return error is not None and error.worst <= FOUND_WITHIN


def _best_quad_error(loaded: LoadedImage, photo: Photograph) -> CornerError | None:
    from capture.find.outlines.detect import find_quadrilaterals

    quads = find_quadrilaterals(loaded.pixels)
    return corner_error([quad.corners for quad in quads], photo.corners)
