"""How visible a container is, as a figure of a metric of sight and in words.

A figure of a metric says little to people, and PSNR of a rippled night sky misleads. So the
figure is compared with JPEG copies of the same host under the same metric: "about as visible
as JPEG at quality 20" holds for one viewing distance and is no promise, but can be imagined.

Metrics are libraries and tools that may be there or not: SSIMULACRA 2 and butteraugli know
masking and agree with each other best, FLIP is cheap and flatters fine texture. All look at
a copy whose longer side is at most LOOK_PX, at PX_PER_DEGREE: a picture seen from about
three times its longer side.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError

LOOK_PX = 768
PX_PER_DEGREE = 40.0
DISTANCE = "seen from three times its longer side"
QUALITIES = (5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95)
"""JPEG qualities that are compared with."""


@dataclass(frozen=True)
class Metric:
    """A metric of sight.

    Attributes:
        name: as people call it. label: for keys.
        measure: (host, container), both uint8 (H, W, 3), to the figure.
        lower_is_better: whether a smaller figure is less visible.
        is_there: whether it can be used here.
        install: how to get it.
        typical: figures of JPEG copies of photographs at QUALITIES, where a search for one
            begins; nothing else follows from them.
    """

    name: str
    label: str
    measure: Callable[[UInt8Image, UInt8Image], float]
    lower_is_better: bool
    is_there: Callable[[], bool]
    install: str
    typical: tuple[float, ...] = ()


@dataclass(frozen=True)
class Seen:
    """How visible a change is.

    Attributes:
        metric: name. value: its figure.
        jpeg_quality: the greatest of QUALITIES at which a JPEG copy of the host is no less
            visible by it; 0 where even the least is less visible.
    """

    metric: str
    value: float
    jpeg_quality: int

    def __str__(self) -> str:
        if self.jpeg_quality < QUALITIES[0]:
            what = f"more visible than JPEG at quality {QUALITIES[0]}"
        elif self.jpeg_quality >= QUALITIES[-1]:
            what = f"no more visible than JPEG at quality {QUALITIES[-1]}"
        else:
            what = f"about as visible as JPEG at quality {self.jpeg_quality}"
        return f"{what} ({self.metric} {self.value:.3g}, {DISTANCE})"


def ssimulacra2(host: UInt8Image, container: UInt8Image) -> float:
    """SSIMULACRA 2: 100 is equal, 90 hard to see, 70 high, 50 medium, 30 low quality."""
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(io.BytesIO(_png(host)), io.BytesIO(_png(container))))


def butteraugli(host: UInt8Image, container: UInt8Image) -> float:
    """Butteraugli, by the tool of that name: below 1 is hardly seen, larger is worse."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("host.png", "container.png")]
        for path, picture in zip(paths, (host, container), strict=True):
            path.write_bytes(_png(picture))
        done = subprocess.run(
            ["butteraugli", *map(str, paths)], capture_output=True, text=True, check=False
        )
    words = done.stdout.split()
    if done.returncode or not words:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise ConfigError(
            f"butteraugli failed ({said[0] if said else f'status {done.returncode}'}): "
            "expected the tool of Debian's package butteraugli"
        )
    return float(words[0])


def flip(host: UInt8Image, container: UInt8Image) -> float:
    """Mean FLIP at PX_PER_DEGREE, 0 (equal) to 1."""
    import flip_evaluator

    unit = [picture.astype(np.float32) / np.float32(255) for picture in (host, container)]
    _, mean, _ = flip_evaluator.evaluate(
        *unit, "LDR", applyMagma=False, parameters={"ppd": PX_PER_DEGREE}
    )
    return float(mean)


METRICS: dict[str, Metric] = {
    metric.label: metric
    for metric in (
        Metric(
            "SSIMULACRA 2", "ssimulacra2", ssimulacra2, False, lambda: _imports("ssimulacra2"),
            "install riis-physical with its visible extra",
            (-58, -14, 11, 27, 39, 45, 55, 62, 66, 71, 77, 84, 88),
        ),
        Metric(
            "butteraugli", "butteraugli", butteraugli, True,
            lambda: shutil.which("butteraugli") is not None,
            "install Debian's package butteraugli, or another with the tool of that name",
        ),
        Metric(
            "FLIP", "flip", flip, True, lambda: _imports("flip_evaluator"),
            "install riis-physical with its visible extra",
        ),
    )
}  # fmt: skip
"""By label, the most trusted first."""


class Ladder:
    """A host's JPEG copies by a metric, each measured once however many containers ask."""

    def __init__(self, host: UInt8Image, metric: Metric) -> None:
        """Args: host uint8 (H, W, 3), at the size that is looked at."""
        self.host, self.metric = host, metric
        self._figures: dict[int, float] = {}

    def figure(self, quality: int) -> float:
        """The metric's figure of the copy at a quality."""
        if quality not in self._figures:
            self._figures[quality] = self.metric.measure(self.host, jpeg_copy(self.host, quality))
        return self._figures[quality]

    def as_visible(self, value: float) -> int:
        """The greatest of QUALITIES at which a copy is no less visible; 0 where none is."""
        low, high = 0, len(QUALITIES)  # the first that is less visible is in low .. high
        likely = sum(figure <= value for figure in self.metric.typical)
        near = 2 if self.metric.typical else 0  # so many steps from there before it is halved
        while low < high:
            middle = min(max(likely, low), high - 1) if near > 0 else (low + high) // 2
            copy = self.figure(QUALITIES[middle])
            if copy < value if self.metric.lower_is_better else copy > value:
                high, likely = middle, middle - 1
            else:
                low, likely = middle + 1, middle + 1
            near -= 1
        return QUALITIES[low - 1] if low else 0

    def seen(self, container: UInt8Image) -> Seen:
        """How visible a container of the host is, at the same size."""
        value = self.metric.measure(self.host, container)
        return Seen(self.metric.name, value, self.as_visible(value))


def how_visible(host: UInt8Image, container: UInt8Image, metric: str | None = None) -> Seen | None:
    """How visible a container is beside its host, both uint8 (H, W, 3).

    Args:
        metric: label of one of METRICS; None takes the first that is there.

    Returns:
        None where no metric was named and none is there.

    Raises:
        ConfigError: no such metric, or it is not installed.
    """
    if metric is None:
        there = [one for one in METRICS.values() if one.is_there()]
        if not there:
            return None
        chosen = there[0]
    else:
        chosen = _named(metric)
    return Ladder(looked_at(host), chosen).seen(looked_at(container))


def looked_at(picture: UInt8Image) -> UInt8Image:
    """The copy that metrics look at: the longer side at most LOOK_PX."""
    scale = LOOK_PX / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = (max(8, round(picture.shape[1] * scale)), max(8, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg_copy(picture: UInt8Image, quality: int) -> UInt8Image:
    """A picture as a JPEG file with 4:2:0 chroma gives it back."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=quality, subsampling=2)
    return np.array(Image.open(stream).convert("RGB"))


def _named(label: str) -> Metric:
    if label not in METRICS:
        raise ConfigError(f"no metric {label!r}: expected one of {', '.join(METRICS)}")
    found = METRICS[label]
    if not found.is_there():
        raise ConfigError(f"{found.name} is not there: {found.install}")
    return found


def _imports(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def _png(picture: UInt8Image) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
