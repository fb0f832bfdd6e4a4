"""`riis-physical measure visible`: visible QR codes that `read-qr` reads in real photos.

The folder holds photos with, beside each, a text file of the same name that says what its
code holds. A decoder alone gets the photo as it is; `read-qr` tries several copies with all of
them. A text counts as right where it is the truth up to the kind of its line ends and
white space at its own ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError
from riis_physical.images import load_photo
from riis_physical.qr.decoders import DECODERS
from riis_physical.qr.visible import gray_of, read_visible
from training.hiding.material.data import list_photos
from training.measure.common.draws import digest
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each
from training.measure.common.summary import rate

KIND = "visible"
TOGETHER = "read-qr"


def evaluate_visible(
    photos: Path, output: Path, *, workers: int = 1, force: bool = False
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`.

    Raises:
        ConfigError: no photo of the folder has a text.
    """
    known = [path for path in list_photos(photos) if path.with_suffix(".txt").is_file()]
    if not known:
        raise ConfigError(f"no photo in {photos} has a text file of its name: expected NNNN.txt")
    settings = {"photos": photos.name, "photos_sha256": digest(known)}
    experiment = Experiment(
        kind=KIND,
        head={"settings": settings},
        about={"simulated": False, "settings": settings},
        settings=photos,
        make=Readers,
        **each([(path.name,) for path in known], "photo"),
        unit="photo",
        summarise=_summary,
    )
    return carry_out(experiment, output, workers=workers, force=force)


def _summary(records: list[PlainRecord]) -> dict[str, Any]:
    rows = sorted((record.values for record in records), key=lambda row: str(row["photo"]))
    names = [*DECODERS, TOGETHER]
    return {
        "photos": len(rows),
        "read": {name: rate(row[name] == "right" for row in rows) for name in names},
        "wrong": {name: sum(row[name] == "wrong" for row in rows) for name in names},
        "records": rows,
    }


@dataclass(frozen=True)
class Readers:
    """All readers on the photos of a folder; a runner of pool.run_tasks."""

    folder: Path

    def run(self, name: str) -> Iterator[PlainRecord]:
        """`right`, `wrong` (texts, none of them the truth) or `none` for each reader."""
        path = self.folder / name
        truth = path.with_suffix(".txt").read_text(encoding="utf-8")
        photo = load_photo(path).pixels
        gray: UInt8Image = gray_of(photo)
        record = {"photo": name}
        for label, decoder in DECODERS.items():
            payloads = [payload for symbol in decoder(gray) for payload in symbol.candidates]
            record[label] = _judged([_text(payload) for payload in payloads], truth)
        texts = [reading.text for reading in read_visible(photo)]
        record[TOGETHER] = _judged(texts, truth)
        yield PlainRecord(record)


def _judged(texts: Sequence[str | None], truth: str) -> str:
    wanted = truth.strip().splitlines()
    if any(text is not None and text.strip().splitlines() == wanted for text in texts):
        return "right"
    return "wrong" if texts else "none"


def _text(payload: bytes) -> str | None:
    for encoding in ("utf-8", "shift_jis", "latin-1"):
        try:
            return payload.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people, one line a reader."""
    for name, found in result["read"].items():
        yield f"{name}: {found['hits']} of {found['trials']}, wrong {result['wrong'][name]}"
