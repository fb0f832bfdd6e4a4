"""`riis-physical measure speed`: wall time and peak memory of hiding and scanning.

Pictures are made by the seed: a synthetic host of 24 megapixels as a JPEG, and
a simulated photo of 12 megapixels in which the container is about 1,200 px
wide, and one of the same size that holds no container, which takes scanning
longest. Each of hide and scan runs in a process of its own, with a fixed number of
threads, so that its peak memory is its own. Scanning folders of photos of 12 and of
2 megapixels is timed with one process, two, and two threads.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError, RiisError
from training.measure.common.output import check_result, write_result

KIND = "bench"
HOST_SIZE = (4000, 6000)
PHOTO_SIZE = (3000, 4000)
CONTAINER_SIZE = (1024, 1536)
CONTAINER_WIDTH_PX = 1200
MESSAGE = "https://example.org/exhibition/room-7"
SEED = 3
FEWEST_PHOTOS = 4
#: Of the folders: (h, w) of the photos, and how the work is shared.
FOLDERS = {"large": (3000, 4000), "small": (1224, 1632)}
WAYS = ((1, "processes"), (2, "processes"), (2, "threads"))
#: What to reach: seconds, and megabytes for either.
HIDE_SECONDS, SCAN_SECONDS, MEMORY_MB = 8.0, 2.0, 2000.0


def bench(
    model: str,
    *,
    threads: int = 2,
    repeat: int = 5,
    photos: int = 8,
    output: Path | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Measure hide and scan.

    Args:
        model: shipped name or path of a .safetensors file.
        threads: of each process.
        repeat: runs; times are their medians.
        photos: in each of the folders, at least FEWEST_PHOTOS; 0 leaves folders out.
        output: a result file, None for none.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        ConfigError: too few photos.
        RiisError: a run failed, for example because there is no such model.
    """
    if 0 < photos < FEWEST_PHOTOS:
        raise ConfigError(f"folders of {photos} photos: expected {FEWEST_PHOTOS} or more, or 0")
    from training.measure.common.environment import describe_environment

    check_result(output, force=force)
    environment = describe_environment()
    with tempfile.TemporaryDirectory(prefix="riis-bench-") as name:
        folder = Path(name)
        made = _child("prepare", model, folder, threads, 1)
        hide = _child("hide", model, folder, threads, repeat)
        scan = _child("scan", model, folder, threads, repeat)
        empty = _child("scan-empty", model, folder, threads, repeat)
        folders = _folders(model, folder, threads, photos) if photos else []
    figures = {
        "model": made["model"],
        "threads": threads,
        "repeat": repeat,
        "environment": environment,
        "hide": {"megapixels": _megapixels(HOST_SIZE), "limit_s": HIDE_SECONDS, **hide},
        "scan": {"megapixels": _megapixels(PHOTO_SIZE), "limit_s": SCAN_SECONDS, **scan},
        "scan_empty": {"megapixels": _megapixels(PHOTO_SIZE), "limit_s": SCAN_SECONDS, **empty},
        "folder": folders,
        "memory_limit_mb": MEMORY_MB,
    }
    return write_result(output, KIND, figures, force=force)


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result as a table for people."""
    yield f"{'':<34}{'median':>9}{'first':>9}{'limit':>9}{'memory':>10}"
    for name, label in (
        ("hide", "hide {:g} megapixels"),
        ("scan", "scan {:g} megapixels"),
        ("scan_empty", "scan {:g} megapixels, no container"),
    ):
        figures = result[name]
        yield (
            f"{label.format(figures['megapixels']):<34}"
            f"{figures['median_s']:>7.2f} s{figures['runs_s'][0]:>7.2f} s"
            f"{figures['limit_s']:>7.2f} s{figures['peak_rss_mb']:>7.0f} MB"
        )
        if "with_files_median_s" in figures:
            yield f"{'  with its files':<34}{figures['with_files_median_s']:>7.2f} s"
    for row in result["folder"]:
        shared = f"{row['jobs']} {row['workers']}" if row["jobs"] > 1 else "one process"
        label = f"folder of {row['photos']}, {row['megapixels']:g} MP, {shared}"
        yield (
            f"{label:<44}{row['photos_per_minute']:>8.1f} photos a minute, "
            f"first after {row['start_s']:.1f} s"
        )
    if not result["scan"]["decoded"]:
        yield "note: the photo was not read; reading may take longer than that"
    yield (
        f"{result['threads']} threads, model {result['model']['name']}, "
        f"{result['environment']['cpu']}, load before {result['environment']['load_average']:g}"
    )


def make_pictures(folder: Path, model: str) -> dict[str, Any]:
    """Write host.jpg, photo.jpg and, with the host in place of a container, empty.jpg."""
    import cv2
    import torch

    from riis_physical.channel.draw import sample_params
    from riis_physical.channel.photo import encode_jpeg, photograph
    from riis_physical.hiding import hide
    from riis_physical.model.revealer import Revealer

    revealer = Revealer.load(model)
    host = synthetic_host(HOST_SIZE)
    (folder / "host.jpg").write_bytes(encode_jpeg(host, 95))
    small = cv2.resize(host, CONTAINER_SIZE[::-1], interpolation=cv2.INTER_AREA)
    container = hide(small, MESSAGE, revealer=revealer).container
    params = sample_params("normal", 1, torch.Generator().manual_seed(SEED))
    params = params.override(container_width_px=CONTAINER_WIDTH_PX)
    photo = photograph(container, params, size=PHOTO_SIZE, seed=SEED)
    (folder / "photo.jpg").write_bytes(photo.jpeg)
    empty = photograph(small, params, size=PHOTO_SIZE, seed=SEED)
    (folder / "empty.jpg").write_bytes(empty.jpeg)
    width = float(photo.params.container_width_px[0])
    record = revealer.record
    return {
        "model": {"name": revealer.name, "sha256": record.get("sha256")},
        "container_width_px": width,
    }


def synthetic_host(size: tuple[int, int]) -> Any:
    """A picture of clouds at every scale and a little grain, uint8 (*size, 3)."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(SEED)
    height, width = size
    picture = np.full((height, width, 3), 120, np.float32)
    for cells, depth in ((3, 45), (9, 25), (40, 14), (300, 8)):
        coarse = rng.normal(0, depth, (cells, cells * width // height, 3)).astype(np.float32)
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    for rows in range(0, height, 500):
        strip = picture[rows : rows + 500]
        strip += rng.normal(0, 3, strip.shape[:2])[:, :, None].astype(np.float32)
    return np.clip(picture, 0, 255).astype(np.uint8)


def measure_hide(folder: Path, model: str, repeat: int) -> dict[str, Any]:
    """Hide with its quality figures; apart from it, with reading and writing the files."""
    from riis_physical.hiding import hide
    from riis_physical.images import load_host, save_image
    from riis_physical.model.revealer import Revealer

    revealer = Revealer.load(model)
    before = peak_rss_mb()
    alone: list[float] = []
    whole: list[float] = []
    for _ in range(repeat):
        start = time.perf_counter()
        host = load_host(folder / "host.jpg")
        opened = time.perf_counter()
        result = hide(host, MESSAGE, revealer=revealer)
        hidden = time.perf_counter()
        save_image(folder / "container.png", result.container, force=True)
        whole.append(time.perf_counter() - start)
        alone.append(hidden - opened)
    return {
        **_times(alone),
        "with_files_median_s": round(statistics.median(whole), 3),
        "psnr": round(result.psnr, 2),
        "ssim": round(result.ssim, 4),
        "peak_rss_mb": peak_rss_mb(),
        "loaded_rss_mb": before,
    }


def measure_scan(photo: Path, model: str, repeat: int) -> dict[str, Any]:
    """Scan a photo's file."""
    from capture.scan import scan_photo
    from riis_physical.model.engine import load_readers

    revealers = load_readers(model, "cpu")
    before = peak_rss_mb()
    runs: list[float] = []
    stages: dict[str, list[float]] = {}
    decoded = True
    for _ in range(repeat):
        start = time.perf_counter()
        results = scan_photo(photo, revealers)
        runs.append(time.perf_counter() - start)
        decoded &= any(result.payload == MESSAGE.encode() for result in results)
        for result in results:
            for stage, ms in result.timings_ms.items():
                stages.setdefault(stage, []).append(float(ms))
    return {
        **_times(runs),
        "decoded": decoded,
        "stages_ms": {name: round(statistics.median(ms), 1) for name, ms in stages.items()},
        "peak_rss_mb": peak_rss_mb(),
        "loaded_rss_mb": before,
    }


def peak_rss_mb() -> float:
    """The most memory that this process has held so far, in megabytes of 10^6 bytes."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if sys.platform == "darwin":  # bytes there
        kilobytes //= 1024
    return round(kilobytes * 1024 / 1e6, 1)


def _megapixels(size: tuple[int, int]) -> float:
    return size[0] * size[1] / 1e6


def _times(runs: list[float]) -> dict[str, Any]:
    return {
        "median_s": round(statistics.median(runs), 3),
        "runs_s": [round(run, 3) for run in runs],
    }


def _folders(model: str, folder: Path, threads: int, photos: int) -> list[dict[str, Any]]:
    """Photos a minute, by size of the photos and by how the work is shared."""
    _child("prepare-folders", model, folder, threads, photos)
    return [
        {
            "megapixels": round(_megapixels(size), 1),
            **_child(f"folder-{jobs}-{workers}", model, folder / name, threads, 1),
        }
        for name, size in FOLDERS.items()
        for jobs, workers in WAYS
    ]


def _prepare_folders(folder: Path, model: str, count: int) -> dict[str, Any]:
    from training.measure.speed.folder import make_folders

    return make_folders(folder, model, synthetic_host((1000, 1500)), FOLDERS, count, SEED)


def _measure_folder(folder: Path, model: str, threads: int, way: str) -> dict[str, Any]:
    from training.measure.speed.folder import measure_folder, set_threads

    jobs, workers = int(way.split("-")[1]), way.split("-")[2]
    set_threads(threads, jobs, workers)
    return measure_folder(folder, model, jobs, workers)


def _child(part: str, model: str, folder: Path, threads: int, repeat: int) -> dict[str, Any]:
    """Run one part in a process of its own and return its figures."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    done = subprocess.run(
        [sys.executable, "-m", "training.measure.speed.run", part, model, str(folder), str(threads),
         str(repeat)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **dict.fromkeys(names, str(threads))},
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RiisError(f"bench could not {part}: {said}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _main() -> None:
    """One part, in this process; figures go to standard output as JSON."""
    parser = argparse.ArgumentParser(description="One part of `riis-physical measure speed`.")
    ways = [f"folder-{jobs}-{workers}" for jobs, workers in WAYS]
    parser.add_argument(
        "part", choices=("prepare", "hide", "scan", "scan-empty", "prepare-folders", *ways)
    )
    parser.add_argument("model")
    parser.add_argument("folder", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("repeat", type=int)
    given = parser.parse_args()

    import cv2

    os.environ["OMP_NUM_THREADS"] = str(given.threads)  # before torch or ONNX Runtime is loaded
    cv2.setNumThreads(given.threads)
    part = given.part
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "prepare": lambda: make_pictures(given.folder, given.model),
        "hide": lambda: measure_hide(given.folder, given.model, given.repeat),
        "scan": lambda: measure_scan(given.folder / "photo.jpg", given.model, given.repeat),
        "scan-empty": lambda: measure_scan(given.folder / "empty.jpg", given.model, given.repeat),
        "prepare-folders": lambda: _prepare_folders(given.folder, given.model, given.repeat),
        **{
            way: lambda: _measure_folder(given.folder, given.model, given.threads, part)
            for way in ways
        },
    }
    try:
        print(json.dumps(parts[part]()))
    except RiisError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    _main()
