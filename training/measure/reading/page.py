"""What the page reads of the photos that the command line reads, and what it makes of others.

The same simulated captures go to `riis-physical scan` and to the page's modules, which run in
Node with the same WebAssembly as in a browser: once as photos, once as frames of a camera that is
held still, 1,280 px long, until one reads. All that the page holds reads: `scan` too gets no
other models. Pictures without a message tell how often a text is invented and what a frame
costs: photographs as they are and, in turn, on a sheet before another one.
"""

from __future__ import annotations

import json
import shutil
import statistics
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from capture.scan import scan_photo
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError, RiisError
from riis_physical.images import load_photo
from riis_physical.model.engine import load_readers
from riis_physical.model.weights import load_record
from riis_physical.system.journal import Journal
from riis_physical.system.terminal import asked_quiet
from training.measure.common.environment import describe_environment
from training.measure.common.output import check_result, write_result
from training.measure.common.settings import Settings
from training.measure.common.summary import rate
from training.measure.reading.captures import Capture, make_captures

KIND = "page"
FRAME_PX = 1280
#: Frames that a camera gives of one capture at most, and of a picture without a message: one that
#: seeks it, and one for each model.
MOST_LOOKS, EMPTY_LOOKS = 12, 3
#: Of the pictures without a message, one in so many is read by each reader.
OF_EMPTY = {"live": 1, "two": 25, "photo": 5}
READER = Path(__file__).with_name("page.mjs")
#: Who reads what: the page frames, with one thread and with two, the command line and the page
#: photos.
READERS = ("live", "two", "scan", "photo")


@dataclass(frozen=True)
class Read:
    """One capture read once.

    Attributes:
        reader: one of READERS. threads: that computed, None for the command line's own choice.
        empty: whether it is of a host without a message.
        file: of the capture. text: that was read. state: of a frame.
        ms: of each look. cpu_ms: of all threads, empty where it was not measured.
    """

    reader: str
    threads: int | None
    empty: bool
    file: str
    text: str | None
    state: str | None
    ms: list[float]
    cpu_ms: list[float]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


class NodeReader:
    """The page's modules in Node.

    Attributes:
        threads: that compute: one where the runtime cannot have as many as it was asked to.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.threads = int(self._line()["threads"])

    def read(self, pixels: UInt8Image, looks: int = 1) -> dict[str, Any]:
        """What is read in uint8 RGB (H, W, 3), `looks` times at most. Raises RiisError where
        Node ends."""
        height, width = pixels.shape[:2]
        rgba = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
        stdin = self._process.stdin
        assert stdin is not None
        try:
            stdin.write(struct.pack("<III", looks, width, height) + rgba.tobytes())
            stdin.flush()
        except OSError:
            pass  # its last line is missing too
        return self._line()

    def _line(self) -> dict[str, Any]:
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        if not line:
            raise RiisError("the page's reader ended: see what Node says above")
        return dict(json.loads(line))


@contextmanager
def node_reader(site: Path, mode: str, threads: int = 1) -> Iterator[NodeReader]:
    """The page's modules of a folder that `riis-physical page` wrote.

    Args:
        mode: photo or live.

    Raises:
        ConfigError: there is no Node.
    """
    node = shutil.which("node")
    if node is None:
        raise ConfigError("this needs Node.js 20 or newer: install it first")
    command = [node, str(READER), str(site), mode, str(threads)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield NodeReader(process)
        finally:
            process.kill()


def measure(
    site: Path,
    settings: Settings,
    captures: Path,
    output: Path,
    *,
    negatives: Sequence[Path],
    force: bool,
) -> dict[str, Any]:
    """Read all captures with all readers; goes on where it was stopped.

    Args:
        site: the page's folder. captures: folder of photos, made where they are missing.
        output: the result's file; what was read lies beside it as .jsonl.
        negatives: photographs without a message, of which each reader gets its share (OF_EMPTY).

    Raises:
        RiisError: as the parts say.
    """
    check_result(output, force=force)
    model = load_record(settings.model)
    about = json.loads((site / "models" / "models.json").read_text(encoding="utf-8"))
    names = [one["name"] for one in about["reading"]]
    if model["sha256"] not in [one["weights_sha256"] for one in about["reading"]]:
        raise ConfigError(
            f"{site} reads with {', '.join(names)}, not with {model['name']}: write it again "
            f"with --model auto, or {settings.model}"
        )
    head = {"settings": settings.as_dict(), "negatives": len(negatives), "models": names}
    journal: Journal[Read] = Journal(
        output.with_suffix(".jsonl"), head, {}, parse=lambda v: Read(**v), fresh=force
    )
    found = make_captures(captures / "messages", settings)
    done = {(one.reader, one.empty, one.file) for one in journal.done}
    reads = list(journal.done)
    for reader in READERS:
        photos = [_Photo(False, captures / "messages" / one.file) for one in found]
        if reader == "two":
            photos = []
        if reader in OF_EMPTY:
            photos += _empty(negatives)[:: OF_EMPTY[reader]]
        left = [one for one in photos if (reader, one.empty, one.file.name) not in done]
        for read in _read_all(reader, left, site, names):
            reads.append(journal.append(read))
    figures = {
        "captures": "simulated",
        "model": {key: model.get(key) for key in ("name", "sha256")},
        "read_with": names,
        "looks": {"captures": MOST_LOOKS, "negatives": EMPTY_LOOKS},
        "settings": settings.as_dict(),
        "environment": describe_environment(),
        **summary(reads, found),
    }
    return write_result(output, KIND, figures, force=force)


@dataclass(frozen=True)
class _Photo:
    """A photo to read: `empty` for one without a message, `wall` where it goes on a sheet."""

    empty: bool
    file: Path
    wall: Path | None = None
    seed: int = 0

    def pixels(self) -> UInt8Image:
        """uint8 RGB (H, W, 3)."""
        pixels = load_photo(self.file).pixels
        if self.wall is None:
            return pixels
        return on_a_sheet(pixels, load_photo(self.wall).pixels, self.seed)


def _empty(files: Sequence[Path]) -> list[_Photo]:
    """Every other one on a sheet before the one that comes before it."""
    return [
        _Photo(True, file, files[number - 1] if number % 2 else None, number)
        for number, file in enumerate(files)
    ]


def _read_all(
    reader: str, left: Sequence[_Photo], site: Path, models: Sequence[str]
) -> Iterator[Read]:
    bar = tqdm(left, desc=reader, disable=asked_quiet() or not sys.stderr.isatty())
    if not left:
        return
    if reader == "scan":
        revealers = [one for name in models for one in load_readers(name, "cpu")]
        for photo in bar:
            results = scan_photo(photo.file, revealers)
            text = next((r.text for r in results if r.text is not None), None)
            total = round(results[0].timings_ms["total"], 1)
            yield Read(reader, None, photo.empty, photo.file.name, text, None, [total], [])
        return
    mode, threads = ("photo", 1) if reader == "photo" else ("live", 2 if reader == "two" else 1)
    with node_reader(site, mode, threads) as node:
        for photo in bar:
            pixels, looks = photo.pixels(), 1
            if mode == "live":
                scale = FRAME_PX / max(pixels.shape[:2])
                way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
                resized = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=way)
                pixels = np.asarray(resized, np.uint8)
                looks = EMPTY_LOOKS if photo.empty else MOST_LOOKS
            told = node.read(pixels, looks)
            times = [[round(ms, 1) for ms in told[key]] for key in ("ms", "cpuMs")]
            name, text, state = photo.file.name, told["text"], told["state"]
            yield Read(reader, node.threads, photo.empty, name, text, state, *times)


def on_a_sheet(picture: UInt8Image, wall: UInt8Image, seed: int) -> UInt8Image:
    """A picture with a white margin, seen at an angle before another one, (960, 1280, 3)."""
    rng = np.random.default_rng(seed)
    height, width = FRAME_PX * 3 // 4, FRAME_PX
    scene = cv2.resize(wall, (width, height), interpolation=cv2.INTER_AREA)
    margin = round(0.06 * picture.shape[1])
    sheet = cv2.copyMakeBorder(
        picture, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(245, 245, 242)
    )
    h, w = sheet.shape[:2]
    scale = min(0.6 * width / w, 0.75 * height / h)
    corners = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    seen = (corners - (w / 2, h / 2)) * scale * (1 + rng.uniform(-0.06, 0.06, (4, 2)))
    seen = (seen + (width / 2, height / 2)).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, seen)
    laid = cv2.warpPerspective(sheet, matrix, (width, height), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.full((h, w), 255, np.uint8), matrix, (width, height))
    return np.where(cover[..., None] > 127, laid, scene).astype(np.uint8)


def summary(reads: Sequence[Read], captures: Sequence[Capture]) -> dict[str, Any]:
    """Rates with intervals, of all and of what the command line reads; times in milliseconds."""
    truth = {one.file: one for one in captures if one.text is not None}
    right = {
        reader: {
            one.file
            for one in reads
            if one.reader == reader and not one.empty and one.file in truth
            and one.text == truth[one.file].text
        }
        for reader in READERS
    }  # fmt: skip
    rows = {}
    for reader in READERS:
        own = [one for one in reads if one.reader == reader]
        seen = {one.file for one in own if not one.empty and one.file in truth}
        empty = [one for one in own if one.empty]
        wrong = [
            one for one in own
            if one.text is not None and (one.empty or one.file not in right[reader])
        ]  # fmt: skip
        rows[reader] = {
            "threads": sorted({one.threads for one in own if one.threads is not None}),
            "read": rate(file in right[reader] for file in seen),
            "of_what_scan_reads": rate(file in right[reader] for file in seen & right["scan"]),
            "by_medium": {
                medium: rate(file in right[reader] for file in seen if truth[file].medium == medium)
                for medium in ("print", "screen")
            },
            "wrong_texts": len(wrong),
            "negatives": len(empty),
            "ms": _times([sum(one.ms) for one in own if not one.empty]),
            "looks": _times([len(one.ms) for one in own if one.file in right[reader]]),
            "negative_look_ms": _times([ms for one in empty for ms in one.ms]),
            "negative_look_cpu_ms": _times([ms for one in empty for ms in one.cpu_ms]),
        }
    return {"readers": rows}


def _times(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {
        "median": round(statistics.median(values), 1),
        "mean": round(statistics.fmean(values), 1),
        "most": round(max(values), 1),
    }


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for reader, row in result["readers"].items():
        seen = ", ".join(
            f"{what} {rate['hits']} of {rate['trials']}"
            for what, rate in (("read", row["read"]), ("of scan's", row["of_what_scan_reads"]))
            if rate is not None
        )
        told = f"{row['wrong_texts']} wrong texts, {row['negatives']} photos without one"
        look, cpu = row["negative_look_ms"], row["negative_look_cpu_ms"]
        if look is not None and cpu is not None:
            threads = " and ".join(map(str, row["threads"]))
            told += (
                f"; a look at these {look['median']:.0f} ms, {cpu['median']:.0f} ms of CPU time, "
                f"threads: {threads}"
            )
        yield f"{reader:<7}{seen or 'no captures'}; {told}"
