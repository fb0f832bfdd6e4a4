"""The one place that hides, photographs, scans and judges; all measurements go through it.

    seed and index -> message and host -> container -> photo's file -> results -> outcome

Everything follows from the seed, and the scan sees nothing but the photo's file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from capture.clock import Clock
from capture.scan import PhotoFindings, find_containers, scan_photo
from riis_physical.artifacts import FloatArray, ScanResult, UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import Photograph
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.errors import HostError, WeightsError
from riis_physical.hiding import HideResult, hide
from riis_physical.images import LoadedImage, load_host, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode, encode
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from training.measure.common.draws import Hosts, draw_background
from training.measure.common.messages import PRINTABLE, Messages

Find = Callable[[str, Sequence[Revealer]], PhotoFindings]


class Scan(Protocol):
    """A photo's file to results."""

    def __call__(
        self,
        path: str,
        revealers: Sequence[Revealer],
        corners: FloatArray | None,
        knowledge: Knowledge = NOTHING,
        /,
    ) -> Sequence[ScanResult]: ...


class Places(Protocol):
    """The part of a measurement's settings that says what to work with."""

    @property
    def model(self) -> str: ...
    @property
    def images(self) -> str: ...
    @property
    def backgrounds(self) -> str | None: ...
    @property
    def seed(self) -> int: ...
    @property
    def device(self) -> str: ...


def load(settings: Places, sha256: str | None = None) -> tuple[Hosts, Revealer]:
    """Hosts and model of a measurement.

    Args:
        sha256: of the weights that are expected; None takes any.

    Raises:
        WeightsError: no such model, or another one than expected.
        TrainingError: no pictures, or no backgrounds.
    """
    hosts = Hosts(Path(settings.images), settings.seed)
    if settings.backgrounds is not None:
        Hosts(Path(settings.backgrounds), settings.seed)
    revealer = Revealer.load(settings.model, settings.device)
    if sha256 is not None and revealer.record["sha256"] != sha256:
        raise WeightsError(
            f"the weights of {settings.model} were replaced meanwhile: start the measurement again"
        )
    return hosts, revealer


@dataclass(frozen=True)
class Hidden:
    """A host and a message, and the container of both.

    Attributes:
        path, host: the picture. code: of the message. knowledge: what its reader knows of it.
        made: None where the host was refused, for the reason in `refused`.
    """

    path: Path
    host: LoadedImage
    code: QrCode
    knowledge: Knowledge
    made: HideResult | None
    refused: str = ""

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the host."""
        return (self.host.pixels.shape[0], self.host.pixels.shape[1])


def hide_one(
    hosts: Hosts,
    revealer: Revealer,
    seed: int,
    index: int,
    clock: Clock,
    strength: float = 1.0,
    messages: Messages = PRINTABLE,
) -> Hidden:
    """Hide message `index` in host `index`."""
    message, knowledge = messages.draw(seed, index)
    path = hosts.path(index)
    host, code = load_host(path), encode(message)
    try:
        with clock.stage("hide"):
            made = hide(host, message, revealer=revealer, strength=strength, knowledge=knowledge)
    except HostError as error:
        return Hidden(path, host, code, knowledge, None, str(error))
    return Hidden(path, host, code, knowledge, made)


def draw_channel(
    key: Sequence[int], ranges: str | ChannelRanges, medium: str
) -> tuple[ChannelParams, int]:
    """Channel parameters of one capture, and the seed of its place and background."""
    words = np.random.SeedSequence(tuple(key)).generate_state(2)
    generator = torch.Generator().manual_seed(int(words[0]))
    return sample_params(ranges, 1, generator, medium=medium), int(words[1])


@dataclass(frozen=True)
class Wall:
    """What lies behind a sheet: a photograph, or None for a procedural wall."""

    path: Path | None
    pixels: UInt8Image | None

    @property
    def name(self) -> str | None:
        """Of the file."""
        return None if self.path is None else self.path.name


def draw_wall(folder: str | None, key: tuple[int, ...]) -> Wall:
    """What lies behind the sheet of one capture."""
    path = draw_background(None if folder is None else Path(folder), key)
    return Wall(path, None if path is None else load_photo(path).pixels)


@contextmanager
def photo_file(photo: Photograph, name: str = "capture.jpg") -> Iterator[Path]:
    """The photo as the camera's file, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="riis-measure-") as folder:
        file = Path(folder) / name
        file.write_bytes(photo.jpeg)
        yield file


def product_scan(
    path: str,
    revealers: Sequence[Revealer],
    corners: FloatArray | None,
    knowledge: Knowledge = NOTHING,
) -> Sequence[ScanResult]:
    """The product's scan of a photo's file."""
    return scan_photo(path, list(revealers), corners=corners, knowledge=knowledge)


def product_find(path: str, revealers: Sequence[Revealer]) -> PhotoFindings:
    """The same with the evidence behind the results."""
    return find_containers(path, list(revealers))


@dataclass(frozen=True)
class Outcome:
    """What a scan's results amount to.

    Attributes:
        status, decoder, confidence, detail: of the right result, else of one that was
            read, else of the first; empty where nothing was scanned.
        right: exactly the hidden message came back.
        wrong_texts: texts that are not the message.
    """

    status: str = ""
    right: bool = False
    wrong_texts: int = 0
    decoder: str | None = None
    confidence: float = 0.0
    detail: str = ""


def judge(results: Sequence[ScanResult], payload: bytes) -> Outcome:
    """Compare a scan's results with the message; any other text counts as wrong."""
    read = [result for result in results if result.payload is not None]
    right = [result for result in read if result.payload == payload]
    if not results:
        return Outcome()
    best = (right or read or list(results))[0]
    return Outcome(
        status=str(best.status),
        right=bool(right),
        wrong_texts=len(read) - len(right),
        decoder=best.decoder,
        confidence=float(best.confidence),
        detail=best.detail,
    )


@dataclass(frozen=True)
class CornerError:
    """Distances of four corners from their true places, as shares of the container's width.

    Attributes:
        mean: over the four corners. worst: of them.
    """

    mean: float
    worst: float


def corner_error(found: Sequence[FloatArray], truth: FloatArray) -> CornerError | None:
    """The error of the best of some outlines; None where there is none.

    The best is the one whose worst corner is nearest. The way up does not count: the
    corners may begin at any of the four.
    """
    width = float(np.linalg.norm(truth[1] - truth[0]) + np.linalg.norm(truth[2] - truth[3])) / 2
    errors = []
    for corners in found:
        for turn in range(4):
            apart = np.linalg.norm(np.roll(corners, turn, axis=0) - truth, axis=1) / width
            errors.append(CornerError(float(apart.mean()), float(apart.max())))
    return min(errors, key=lambda error: error.worst, default=None)


def outlines(results: Sequence[ScanResult]) -> list[FloatArray]:
    """Corners of all results that have some."""
    return [result.corners for result in results if result.corners is not None]


def medium_of(params: ChannelParams) -> str:
    """`print` or `screen`."""
    return "screen" if float(params.is_screen[0]) > 0 else "print"


def mean_width_px(photo: Photograph) -> float:
    """Mean length of the container's top and bottom edge in the photo."""
    return float(_sides(photo)[0::2].mean())


def module_px(photo: Photograph, code: QrCode) -> float:
    """The shorter side of a module in the photo."""
    sides = _sides(photo)
    return float(min(sides[0::2].mean(), sides[1::2].mean()) / code.size)


def _sides(photo: Photograph) -> Any:
    return np.linalg.norm(np.roll(photo.corners, -1, axis=0) - photo.corners, axis=1)
