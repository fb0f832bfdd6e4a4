"""Studies made in code, for tests: planned ones with real containers, and filled databases."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from skimage import data

from capture.study.config import StudyConfig
from capture.study.store import FOLDERS, Study

TEXT = """
name: wall
hosts: hosts
factors:
  host: [astronaut.png, coffee.png]
  message_length: [28]
  width_mm: [150]
  distance_m: [0.6]
  angle_deg: [0, 35]
  light: [daylight]
  device: [pixel, other]
devices:
  pixel: {exif: Pixel 9, photo_px: [1600, 1200], focal_mm35: 26}
"""


def write_source(folder: Path, text: str = TEXT) -> Path:
    """STUDY.yaml and its hosts in a folder."""
    hosts = folder / "hosts"
    hosts.mkdir(exist_ok=True)
    Image.fromarray(data.astronaut()).save(hosts / "astronaut.png")
    Image.fromarray(data.coffee()).save(hosts / "coffee.png")
    source = folder / "STUDY.yaml"
    source.write_text(text)
    return source


def filled(
    folder: Path, photos: int, *, settings: int = 1, seed: int = 0, results: bool = True
) -> Study:
    """A database as after a run, without files: wider containers are read more often.

    In truth logit(rate) = 3 * log2(width / 250 px) + 2.944: 95 % at 250 px.
    """
    folder.mkdir()
    for name in FOLDERS:
        (folder / name).mkdir()
    config = StudyConfig.parse(
        "{name: made, hosts: hosts, factors: {distance_m: [0.5, 1, 2], angle_deg: [0, 30], "
        "light: [daylight, dim], device: [a, b], message_length: [28]}}"
    )
    study = Study.create(folder, config)
    rng = np.random.default_rng(seed)
    with study.change():
        for number in range(4):
            study.insert(
                "container",
                {"id": number + 1, "host": f"h{number}.png", "message": f"message {number}",
                 "message_length": 28, "strength": 0.6 + 0.2 * number, "model": "auto",
                 "file": f"containers/c{number}.png", "width_px": 600, "height_px": 400,
                 "qr_version": 3, "psnr": 42.0 - 2 * number, "ssim": 0.97, "flip": None},
            )  # fmt: skip
            study.insert(
                "sheet",
                {"id": f"A0{number + 1}", "container_id": number + 1, "medium": "print",
                 "width_mm": 180.0, "height_mm": 120.0, "tag": number, "file": "sheets/print.pdf",
                 "page": number + 1},
            )  # fmt: skip
        made_by = {"version": "0", "commit": "abc", "models": ["m"], "weights": ["0" * 64]}
        for number in range(settings):
            made = json.dumps(made_by)
            study.insert("setting", {"id": f"s{number}", "name": f"m-{number}", "made_by": made})
        for number in range(photos):
            distance = (0.5, 1.0, 2.0)[number % 3]
            width = 520 / distance * rng.uniform(0.8, 1.2)
            study.insert(
                "row",
                {"id": number + 1, "sheet_id": f"A0{number % 4 + 1}", "distance_m": distance,
                 "angle_deg": (0.0, 30.0)[number // 3 % 2], "device": "ab"[number // 6 % 2],
                 "light": ("daylight", "dim")[number // 12 % 2], "repeat": 1},
            )  # fmt: skip
            study.insert(
                "photo",
                {"sha256": f"{number:064d}", "file": f"photos/{number}.jpg", "name": f"{number}",
                 "simulated": 1, "container_id": number % 4 + 1, "row_id": number + 1,
                 "sheet_id": f"A0{number % 4 + 1}", "recognised_by": "margin code",
                 "width_px": round(width, 2), "angle_deg": 1.0, "distance_m": distance},
            )  # fmt: skip
            for setting in range(settings if results else 0):
                right = rng.random() < 1 / (1 + np.exp(-(3 * np.log2(width / 250) + 2.944)))
                study.insert(
                    "result",
                    {"photo_id": number + 1, "setting_id": f"s{setting}",
                     "status": "decoded" if right else "unreadable", "is_right": int(right),
                     "stage": "read" if right else "reading", "confidence": 0.9,
                     "detail": "" if right else "a hidden code is there but does not read; "
                     "the container is 180 px wide in the photo: come closer", "total_ms": 100.0},
                )  # fmt: skip
    return study


def database(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All of a study's database, but for how long scans took."""
    with Study.open(folder) as study:
        names = study.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = {t["name"]: study.rows(f"SELECT * FROM {t['name']}") for t in names}
    for line in tables["result"]:
        del line["total_ms"]
    return tables


def until(done: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until something is true; its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(what)
