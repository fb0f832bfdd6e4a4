"""One host and message through hiding, photographs and scans."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from riis_physical import metrics
from riis_physical.artifacts import FloatArray, ScanResult, Status, UInt8Image
from riis_physical.channel.params import ChannelParams, sample_params
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.errors import HostError, WeightsError
from riis_physical.hiding import HideResult, hide
from riis_physical.images import LoadedImage, load_host, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode, encode
from training.measure.common.bound import BoundReading, read_bound
from training.measure.common.draws import Hosts, draw_background, draw_message
from training.measure.common.records import FOUND_WITHIN, NOT_HIDDEN, CaptureRecord
from training.measure.common.settings import Settings
from training.measure.common.truth import read_at_truth

Scan = Callable[[str, Sequence[Revealer], "FloatArray | None"], Sequence[ScanResult]]


@dataclass(frozen=True)
class Trial:
    """What an evaluation needs in order to run any of its captures.

    Attributes:
        settings: of the evaluation. hosts: its pictures.
        revealer: the loaded model.
        scan: photo path, revealers, corners or None to results; not called
            where the settings' corners are `truth`.
    """

    settings: Settings
    hosts: Hosts
    revealer: Revealer
    scan: Scan

    def run(self, index: int, strength: float, presets: Sequence[str]) -> Iterator[CaptureRecord]:
        """Hide once, then photograph and scan under each preset.

        The visible code is photographed at the first strength alone: it does
        not depend on the strength.
        """
        clock = Clock()
        message = draw_message(self.settings.seed, index)
        host = load_host(self.hosts.path(index))
        code = encode(message)
        try:
            with clock.stage("hide"):
                hidden = hide(host, message, revealer=self.revealer, strength=strength)
        except HostError as error:
            for preset in presets:
                yield self._not_hidden(index, strength, preset, code, str(error))
            return
        quality = _quality(host.pixels, hidden, with_flip=self.hosts.is_first(index))
        for preset in presets:
            yield self._capture(index, strength, preset, code, hidden, quality, clock.copy())

    def _capture(
        self,
        index: int,
        strength: float,
        preset: str,
        code: QrCode,
        hidden: HideResult,
        quality: dict[str, float],
        clock: Clock,
    ) -> CaptureRecord:
        settings = self.settings
        params, seed = draw_capture(settings, preset, index)
        wall_path = self._background(preset, index)
        wall = None if wall_path is None else load_photo(wall_path).pixels
        with clock.stage("photograph"):
            photo = photograph(
                hidden.container,
                params,
                background=wall,
                size=settings.size,
                margin=settings.margin,
                seed=seed,
            )
        with tempfile.TemporaryDirectory(prefix="riis-evaluate-") as folder:
            file = Path(folder) / "capture.jpg"
            file.write_bytes(photo.jpeg)
            loaded = load_photo(file)
            results: Sequence[ScanResult] = []
            if settings.corners != "truth":
                given = photo.corners if settings.corners == "given" else None
                with clock.stage("scan"):
                    results = self.scan(str(file), [self.revealer], given)
        with clock.stage("truth"):
            truth = read_at_truth(
                loaded.pixels, photo.corners, loaded.jpeg_quality, code, self.revealer
            )
        bound: BoundReading | None = None
        if settings.visible and strength == settings.strengths[0]:
            bound = read_bound(
                code,
                hidden.container.shape[:2],
                params,
                background=wall,
                size=settings.size,
                margin=settings.margin,
                seed=seed,
            )
        width_px = float(photo.params.container_width_px[0])
        outcome = judge(results, code.payload)
        right = outcome.right
        status = outcome.status
        if settings.corners == "truth":
            right = truth.right
            status = str(Status.DECODED if right else Status.UNREADABLE)
        for result in results:
            for stage, ms in result.timings_ms.items():
                clock.add(f"scan.{stage}", ms)
        corner_error, detected = None, None
        if settings.corners == "detect":
            found = [result.corners for result in results if result.corners is not None]
            corner_error = closest(found, photo.corners)
            detected = _within(corner_error)
            if not detected and not right:
                detected = _within(_best_quad_error(loaded, photo))
        return CaptureRecord(
            index=index,
            preset=preset,
            strength=strength,
            host=self.hosts.path(index).name,
            message_bytes=len(code.payload),
            version=code.version,
            level=str(code.level),
            medium="screen" if float(params.is_screen[0]) > 0 else "print",
            background=None if wall_path is None else wall_path.name,
            status=status,
            right=right,
            wrong_texts=outcome.wrong_texts,
            width_px=width_px,
            px_per_module=truth.px_per_module,
            decoder=outcome.decoder if results else truth.decoder,
            confidence=outcome.confidence,
            detail=outcome.detail,
            corner_error=corner_error,
            detected=detected,
            module_accuracy=truth.accuracy,
            truth_right=truth.right,
            visible_in_photo=None if bound is None else bound.in_photo,
            visible_readable=None if bound is None else bound.readable,
            timings_ms=clock.ms,
            **quality,
        )

    def _not_hidden(
        self, index: int, strength: float, preset: str, code: QrCode, detail: str
    ) -> CaptureRecord:
        params, _ = draw_capture(self.settings, preset, index)
        wall = self._background(preset, index)
        return CaptureRecord(
            index=index,
            preset=preset,
            strength=strength,
            host=self.hosts.path(index).name,
            message_bytes=len(code.payload),
            version=code.version,
            level=str(code.level),
            medium="screen" if float(params.is_screen[0]) > 0 else "print",
            background=None if wall is None else wall.name,
            status=NOT_HIDDEN,
            right=False,
            detail=detail,
        )

    def _background(self, preset: str, index: int) -> Path | None:
        folder = self.settings.backgrounds
        seed = self.settings.capture_seed(preset, index)
        return draw_background(None if folder is None else Path(folder), seed)


def make_trial(settings: Settings, sha256: str | None = None) -> Trial:
    """Load the model and bind the product's scan.

    Args:
        sha256: of the weights that are expected; None takes any.

    Raises:
        WeightsError: no such model, or another one than expected.
        TrainingError: no pictures.
    """
    hosts = Hosts(Path(settings.images), settings.seed)
    revealer = Revealer.load(settings.model, settings.device)
    if settings.z == "mean":
        revealer.record = {**revealer.record, "z_temperature": 0.0}
    if sha256 is not None and revealer.record["sha256"] != sha256:
        raise WeightsError(
            f"the weights of {settings.model} were replaced during the evaluation: start it again"
        )
    return Trial(settings, hosts, revealer, product_scan)


def product_scan(
    path: str, revealers: Sequence[Revealer], corners: FloatArray | None
) -> Sequence[ScanResult]:
    """The product's scan of a photo file."""
    from capture.scan import scan_photo

    return scan_photo(path, list(revealers), corners=corners)


def draw_capture(settings: Settings, preset: str, index: int) -> tuple[ChannelParams, int]:
    """Channel parameters and the photograph's seed of one capture."""
    words = np.random.SeedSequence(settings.capture_seed(preset, index)).generate_state(2)
    generator = torch.Generator().manual_seed(int(words[0]))
    profile = settings.profile(preset)
    if profile is None:
        params = sample_params(preset, 1, generator, medium=settings.medium)
    else:
        params = sample_params(profile.ranges(), 1, generator, medium=profile.medium)
    if settings.width_px is not None:
        params = params.override(container_width_px=settings.width_px)
    return params, int(words[1])


@dataclass(frozen=True)
class Outcome:
    """What a scan's results amount to; see CaptureRecord."""

    status: str
    right: bool
    wrong_texts: int
    decoder: str | None
    confidence: float
    detail: str


def judge(results: Sequence[ScanResult], payload: bytes) -> Outcome:
    """Compare a scan's results with the message; any other text counts as wrong."""
    read = [result for result in results if result.payload is not None]
    right = [result for result in read if result.payload == payload]
    if not results:
        return Outcome("", False, 0, None, 0.0, "")
    best = (right or read or list(results))[0]
    return Outcome(
        status=str(best.status),
        right=bool(right),
        wrong_texts=len(read) - len(right),
        decoder=best.decoder,
        confidence=float(best.confidence),
        detail=best.detail,
    )


def closest(found: Sequence[FloatArray], truth: FloatArray) -> float | None:
    """Smallest over `found` of the largest corner error, as a share of the width.

    Orientation does not count: the corners may begin at any of the four.
    """
    width = float(np.linalg.norm(truth[1] - truth[0]) + np.linalg.norm(truth[2] - truth[3])) / 2
    errors = [
        float(np.linalg.norm(np.roll(corners, turn, axis=0) - truth, axis=1).max()) / width
        for corners in found
        for turn in range(4)
    ]
    return min(errors, default=None)


class Clock:
    """Wall time by stage, in milliseconds."""

    def __init__(self, ms: dict[str, float] | None = None) -> None:
        self.ms: dict[str, float] = dict(ms or {})

    def copy(self) -> Clock:
        """A clock that goes on from here."""
        return Clock(self.ms)

    def add(self, stage: str, ms: float) -> None:
        """Add to a stage."""
        self.ms[stage] = self.ms.get(stage, 0.0) + float(ms)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time the body."""
        start = time.perf_counter()
        yield
        self.add(name, 1000 * (time.perf_counter() - start))


def _quality(host: UInt8Image, hidden: HideResult, *, with_flip: bool) -> dict[str, float]:
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


def _within(corner_error: float | None) -> bool:
    return corner_error is not None and corner_error <= FOUND_WITHIN


def _best_quad_error(loaded: LoadedImage, photo: Photograph) -> float | None:
    from capture.find.outlines.detect import find_quadrilaterals

    return closest([quad.corners for quad in find_quadrilaterals(loaded.pixels)], photo.corners)
