"""Pictures without any container: not one text may come back.

Three kinds of picture are scanned: originals as their files are, random crops
of them beyond, and prints: some of both photographed as ordinary prints with a
white margin, which look like containers to the detection. Visible codes of
random messages on such sheets come on top; a visible code is no hidden message.
"""

from __future__ import annotations

import base64
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.channel.params import sample_params
from riis_physical.channel.photo import encode_jpeg, photograph
from riis_physical.errors import ConfigError
from riis_physical.image_io import load_photo
from riis_physical.qr.encode import encode
from riis_physical.revealer import Revealer
from riis_physical.weights import available
from training.data import list_photos
from training.evaluation.bound import visible_container
from training.evaluation.draws import draw_message
from training.evaluation.summary import rate, spread
from training.evaluation.trial import Clock, Scan, product_scan

KINDS = ("original", "crop", "print", "visible_code")
CROP_QUALITY = 92
MARGIN = 0.06
_ORDER_STREAM, _CROP_STREAM, _PRINT_STREAM, _CODE_STREAM = 11, 12, 13, 14


@dataclass(frozen=True)
class NegativeSettings:
    """One measurement.

    Attributes:
        model: shipped name, path of a .safetensors file, or `auto` for all that ship.
        folders: with originals, none of which holds a container.
        n: pictures scanned as they are: originals first, then crops.
        print_every: one picture in so many is also photographed as a print.
        codes: prints of visible codes.
        preset: of the channel, for prints.
        seed: of order, crops and channel.
        device: where the model runs.
    """

    model: str
    folders: tuple[str, ...]
    n: int = 300
    print_every: int = 3
    codes: int = 30
    preset: str = "normal"
    seed: int = 0
    device: str = "cpu"

    def __post_init__(self) -> None:
        if self.n < 1 or self.print_every < 1 or self.codes < 0 or not self.folders:
            raise ConfigError("expected at least one folder, one picture and print-every 1 or more")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of paths the last part alone."""
        folders = [Path(folder).name for folder in self.folders]
        return {**asdict(self), "model": Path(self.model).name, "folders": folders}


@dataclass(frozen=True)
class NegativeRecord:
    """One scan.

    Attributes:
        kind: one of KINDS. index: number within the measurement.
        source: folder and file name of the original, empty for visible codes.
        box: left, top, width, height of a crop in the original.
        statuses: of the scan's results.
        texts: what was returned, base64; must be empty.
        timings_ms: of the scan.
    """

    kind: str
    index: int
    source: str
    box: tuple[int, int, int, int] | None
    statuses: list[str]
    texts: list[str]
    timings_ms: dict[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Negatives:
    """Scans pictures of one measurement; a runner of pool.run_tasks."""

    settings: NegativeSettings
    originals: Sequence[Path]
    revealers: Sequence[Revealer]
    scan: Scan

    def run(self, index: int) -> Iterator[NegativeRecord]:
        """The scans of picture `index`; from n on, of visible code number index - n."""
        settings = self.settings
        with tempfile.TemporaryDirectory(prefix="riis-negatives-") as name:
            folder = Path(name)
            if index >= settings.n:
                drawn = _visible_code(settings.seed, index)
                file = self._printed(drawn, index, folder)
                yield self._scanned("visible_code", index, "", None, file)
                return
            source = self.originals[index % len(self.originals)]
            label = f"{source.parent.name}/{source.name}"
            is_crop = index >= len(self.originals)
            pixels = load_photo(source).pixels
            box = None
            file = source
            if is_crop:
                box = draw_box(settings.seed, index, pixels.shape[:2])
                left, top, width, height = box
                pixels = np.ascontiguousarray(pixels[top : top + height, left : left + width])
                file = folder / "crop.jpg"
                file.write_bytes(encode_jpeg(pixels, CROP_QUALITY))
            kind = "crop" if is_crop else "original"
            yield self._scanned(kind, index, label, box, file)
            if index % settings.print_every == 0:
                file = self._printed(pixels, index, folder)
                yield self._scanned("print", index, label, box, file)

    def _printed(self, picture: UInt8Image, index: int, folder: Path) -> Path:
        seed = np.random.SeedSequence((self.settings.seed, _PRINT_STREAM, index))
        words = seed.generate_state(2)
        generator = torch.Generator().manual_seed(int(words[0]))
        params = sample_params(self.settings.preset, 1, generator)
        file = folder / "print.jpg"
        file.write_bytes(photograph(picture, params, margin=MARGIN, seed=int(words[1])).jpeg)
        return file

    def _scanned(
        self,
        kind: str,
        index: int,
        source: str,
        box: tuple[int, int, int, int] | None,
        file: Path,
    ) -> NegativeRecord:
        clock = Clock()
        with clock.stage("scan"):
            results = self.scan(str(file), self.revealers, None)
        return NegativeRecord(
            kind=kind,
            index=index,
            source=source,
            box=box,
            statuses=[str(result.status) for result in results],
            texts=[_encoded(result) for result in results if result.payload is not None],
            timings_ms={name: round(ms, 1) for name, ms in clock.ms.items()},
        )


def make_negatives(settings: NegativeSettings) -> Negatives:
    """Load the models and list the originals in a fixed shuffled order.

    Raises:
        RiisError: no such model, no pictures.
    """
    found = [path for folder in settings.folders for path in list_photos(Path(folder))]
    order = np.random.default_rng([settings.seed, _ORDER_STREAM]).permutation(len(found))
    names = available() if settings.model == "auto" else [settings.model]
    revealers = [Revealer.load(name, settings.device) for name in names or ["auto"]]
    return Negatives(settings, [found[int(i)] for i in order], revealers, product_scan)


def draw_box(seed: int, index: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width, height of a crop: 40 to 90 % of each side."""
    rng = np.random.default_rng([seed, _CROP_STREAM, index])
    height, width = (max(1, round(side * rng.uniform(0.4, 0.9))) for side in size)
    top = int(rng.integers(size[0] - height + 1))
    left = int(rng.integers(size[1] - width + 1))
    return (left, top, width, height)


def summarise_negatives(records: Sequence[NegativeRecord]) -> dict[str, Any]:
    """Texts returned and statuses, over all scans and by kind."""
    pictures = [record for record in records if record.kind in ("original", "crop")]
    return {
        "pictures": len(pictures),
        "originals": len({record.source for record in pictures if record.kind == "original"}),
        **_counts(records),
        "by_kind": {
            kind: _counts(own)
            for kind in KINDS
            if (own := [record for record in records if record.kind == kind])
        },
        "scan_ms": spread(record.timings_ms.get("scan") for record in records),
    }


def _counts(records: Sequence[NegativeRecord]) -> dict[str, Any]:
    return {
        "scans": len(records),
        "texts": sum(len(record.texts) for record in records),
        "with_text": rate(bool(record.texts) for record in records),
        "unreadable": rate(str(Status.UNREADABLE) in record.statuses for record in records),
        "status": dict(Counter(status for record in records for status in record.statuses)),
    }


def _visible_code(seed: int, index: int) -> UInt8Image:
    """A visible code as a picture: with a quiet zone, or filling it as a hidden grid does."""
    rng = np.random.default_rng([seed, _CODE_STREAM, index])
    code = encode(draw_message(seed, index))
    side = int(rng.integers(300, 800))
    quiet = side * 4 // code.size if index % 2 else 0
    drawn = visible_container(code, (side, side))
    return np.pad(drawn, ((quiet, quiet), (quiet, quiet), (0, 0)), constant_values=255)


def _encoded(result: ScanResult) -> str:
    return base64.b64encode(result.payload or b"").decode("ascii")
