"""Pictures without any container: not one text may come back.

Originals are scanned as their files are, then random crops of them. Some of both are
also photographed as ordinary prints, which look like containers to the detection: with a
white margin and bare, half of them before other photographs. Visible codes of random
messages on such sheets come on top; a visible code is no hidden message.
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

from capture.clock import Clock
from riis_physical.artifacts import ScanResult, Status, UInt8Image
from riis_physical.channel.photo import encode_jpeg, photograph
from riis_physical.errors import ConfigError
from riis_physical.images import load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.model.weights import available
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.knowledge import NOTHING
from training.detector.held_out import unseen
from training.hiding.material.data import list_photos
from training.measure.capture import Scan, draw_channel, draw_wall, product_scan
from training.measure.common.bound import visible_container
from training.measure.common.draws import digest
from training.measure.common.messages import draw_message
from training.measure.common.settings import Plain
from training.measure.common.summary import rate, spread
from training.measure.negatives.knowledge import all_known

KINDS = ("original", "crop", "print", "bare_print", "visible_code")
PRINTS = ("print", "bare_print")
CROP_QUALITY = 92
MARGIN = 0.06
_ORDER_STREAM, _CROP_STREAM, _PRINT_STREAM, _CODE_STREAM, _WALL_STREAM = 11, 12, 13, 14, 15


@dataclass(frozen=True)
class NegativeSettings(Plain):
    """One measurement.

    Attributes:
        model: shipped name, path of a .safetensors file, or `auto` for all that ship.
        folders: with originals, none of which holds a container.
        held_out_of: training folders, of which the pictures that no training has seen
            are originals too.
        backgrounds: folder of photographs that lie behind half of the prints; None
            puts procedural walls and desks behind all of them.
        n: pictures scanned as they are: originals first, then crops.
        print_every: one picture in so many is also photographed as a print, in turn
            with a margin and bare.
        codes: prints of visible codes.
        preset: of the channel, for prints.
        seed: of order, crops and channel.
        device: where the model runs.
        known: scan with beginnings and a list of messages too.
    """

    model: str
    folders: tuple[str, ...]
    held_out_of: tuple[str, ...] = ()
    backgrounds: str | None = None
    n: int = 1000
    print_every: int = 3
    codes: int = 30
    preset: str = "normal"
    seed: int = 0
    device: str = "cpu"
    known: bool = False

    def __post_init__(self) -> None:
        if self.n < 1 or self.print_every < 1 or self.codes < 0 or not self.all_folders:
            raise ConfigError("expected at least one folder, one picture and print-every 1 or more")

    @property
    def all_folders(self) -> tuple[str, ...]:
        """Where originals come from."""
        return (*self.folders, *self.held_out_of)


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

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> NegativeRecord:
        """The inverse of :meth:`as_dict`; raises TypeError or KeyError on missing keys."""
        box = values["box"]
        return cls(**{**values, "box": None if box is None else tuple(box)})


@dataclass(frozen=True)
class Negatives:
    """Scans pictures of one measurement; a runner of pool.run_tasks."""

    settings: NegativeSettings
    originals: Sequence[Path]
    revealers: Sequence[Revealer]
    scan: Scan

    @property
    def digest(self) -> str:
        """Of the originals, in the order of use."""
        return digest(self.originals)

    def run(self, index: int) -> Iterator[NegativeRecord]:
        """The scans of picture `index`; from n on, of visible code number index - n."""
        settings = self.settings
        with tempfile.TemporaryDirectory(prefix="riis-negatives-") as name:
            folder = Path(name)
            if index >= settings.n:
                drawn = _visible_code(settings.seed, index)
                file = self._printed(drawn, index, folder, MARGIN, None)
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
                bare = (index // settings.print_every) % 2 == 1
                wall = self._wall(index, source)
                file = self._printed(pixels, index, folder, 0.0 if bare else MARGIN, wall)
                yield self._scanned(PRINTS[bare], index, label, box, file)

    def _wall(self, index: int, source: Path) -> UInt8Image | None:
        """What is behind a print: another photograph than the printed one, or None."""
        wall = draw_wall(self.settings.backgrounds, (self.settings.seed, _WALL_STREAM, index))
        return None if wall.path == source else wall.pixels

    def _printed(
        self,
        picture: UInt8Image,
        index: int,
        folder: Path,
        margin: float,
        wall: UInt8Image | None,
    ) -> Path:
        key = (self.settings.seed, _PRINT_STREAM, index)
        params, seed = draw_channel(key, self.settings.preset, "print")
        file = folder / "print.jpg"
        photo = photograph(picture, params, background=wall, margin=margin, seed=seed)
        file.write_bytes(photo.jpeg)
        return file

    def _scanned(
        self,
        kind: str,
        index: int,
        source: str,
        box: tuple[int, int, int, int] | None,
        file: Path,
    ) -> NegativeRecord:
        knowledge = all_known() if self.settings.known else NOTHING
        clock = Clock.bare()
        with clock.stage("scan"):
            results = self.scan(str(file), self.revealers, None, knowledge)
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
    found += [path for folder in settings.held_out_of for path in unseen(Path(folder))]
    found = list(dict.fromkeys(found))
    order = np.random.default_rng([settings.seed, _ORDER_STREAM]).permutation(len(found))
    names = available() if settings.model == "auto" else [settings.model]
    revealers = [Revealer.load(name, settings.device) for name in names or ["auto"]]
    return Negatives(settings, [found[int(i)] for i in order], revealers, product_scan)


def whole_pictures(
    records: Sequence[NegativeRecord], settings: NegativeSettings
) -> list[NegativeRecord]:
    """Of what a stopped measurement left, the pictures of which all scans are there, once."""
    records = list({(record.index, record.kind): record for record in records}.values())
    kinds: dict[int, set[str]] = {}
    for record in records:
        kinds.setdefault(record.index, set()).add(record.kind)
    whole = {
        index
        for index, own in kinds.items()
        if index >= settings.n or index % settings.print_every or own & set(PRINTS)
    }
    return [record for record in records if record.index in whole]


def draw_box(seed: int, index: int, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Left, top, width, height of a crop: 40 to 90 % of each side."""
    rng = np.random.default_rng([seed, _CROP_STREAM, index])
    height, width = (max(1, round(side * rng.uniform(0.4, 0.9))) for side in size)
    top = int(rng.integers(size[0] - height + 1))
    left = int(rng.integers(size[1] - width + 1))
    return (left, top, width, height)


def summarise_negatives(records: Sequence[NegativeRecord]) -> dict[str, Any]:
    """Texts returned, statuses and time, over all scans and by kind.

    `without_codes` leaves prints of visible codes out: what is in them is a code.
    """
    pictures = [record for record in records if record.kind in ("original", "crop")]
    return {
        "pictures": len(pictures),
        "originals": len({record.source for record in pictures if record.kind == "original"}),
        **_counts(records),
        "without_codes": _counts([r for r in records if r.kind != "visible_code"]),
        "by_kind": {
            kind: _counts(own)
            for kind in KINDS
            if (own := [record for record in records if record.kind == kind])
        },
    }


def _counts(records: Sequence[NegativeRecord]) -> dict[str, Any]:
    return {
        "scans": len(records),
        "texts": sum(len(record.texts) for record in records),
        "with_text": rate(bool(record.texts) for record in records),
        "unreadable": rate(str(Status.UNREADABLE) in record.statuses for record in records),
        "status": dict(Counter(status for record in records for status in record.statuses)),
        "scan_ms": spread(record.timings_ms.get("scan") for record in records),
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
