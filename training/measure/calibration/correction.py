"""`riis-physical measure correction`: what `scan --profile` gains, the whole way.

A simulated device (medium and lens of fixed parameters, all else of `normal`) is
calibrated with photos of the chart; then the same captures of containers are scanned
without a profile, with the fitted one, and with that of another device.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from calibration.chart.layout import Chart
from calibration.fit.fit import fit_profile
from capture.clock import Clock
from capture.read.place.correction import Correction
from capture.scan import find_containers
from riis_physical.channel.draw import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.errors import ConfigError
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import QrCode
from training.measure.calibration.charts import photograph_chart
from training.measure.capture import hide_one, photo_file
from training.measure.common.draws import Hosts
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each, simulated
from training.measure.common.paired import paired_difference
from training.measure.common.settings import plain

KIND = "correction"
CHART_PHOTOS = 4
#: What is the device's own: strong tone, weak colour, a grey black and a dull white.
DEVICES = {
    "strong": {"tone": 0.4, "contrast": 0.5, "paper_white": 0.8, "ink_black": 0.2,
               "media_saturation": 0.6, "gamut": 0.4, "dot_gain": 0.1},
    "dark": {"tone": -0.45, "contrast": -0.3, "paper_white": 0.85, "ink_black": 0.1,
             "media_saturation": 0.6, "gamut": 0.4, "dot_gain": 0.1},
}  # fmt: skip
OTHER = {"strong": "dark", "dark": "strong"}
WAYS = ("without", "fitted", "wrong")

Json = dict[str, Any]


@dataclass(frozen=True)
class CorrectionSettings:
    """Captures by one of DEVICES, of containers of one strength."""

    images: str
    device: str = "strong"
    n: int = 60
    strength: float = 0.6
    model: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ConfigError(f"{self.n} captures: expected 1 or more")

    def as_dict(self) -> Json:
        """Plain values for JSON; of paths the last part alone, wherever they lie."""
        return {
            **plain(self),
            "parameters": DEVICES[self.device],
            "chart_photos": CHART_PHOTOS,
        }


class ThreeWays:
    """Scans each capture three ways; a runner of pool.run_tasks."""

    def __init__(self, settings: CorrectionSettings) -> None:
        """Load the model and calibrate.

        Raises:
            RiisError: no such model, no pictures.
        """
        self.settings = settings
        self.hosts = Hosts(Path(settings.images), settings.seed)
        self.revealer = Revealer.load(settings.model)
        self._corrections: dict[str, Correction | None] | None = None

    @property
    def corrections(self) -> dict[str, Correction | None]:
        """By way; calibrated when the first capture is scanned."""
        if self._corrections is None:
            device, seed = self.settings.device, self.settings.seed
            with tempfile.TemporaryDirectory() as folder:
                self._corrections = {
                    "without": None,
                    "fitted": _calibrated(Path(folder), device, seed),
                    "wrong": _calibrated(Path(folder), OTHER[device], seed),
                }
        return self._corrections

    def run(self, index: int) -> Iterator[PlainRecord]:
        """One capture."""
        settings = self.settings
        hidden = hide_one(
            self.hosts, self.revealer, settings.seed, index, Clock.bare(), settings.strength
        )
        if hidden.made is None:
            yield PlainRecord({"index": index, "refused": True})
            return
        seed = 1000 * settings.seed + index
        params = sample_params("normal", 1, torch.Generator().manual_seed(seed))
        params = params.override(**DEVICES[settings.device])
        with photo_file(photograph(hidden.made.container, params, seed=seed)) as path:
            ways = {
                way: _scanned(path, self.revealer, correction, hidden.code)
                for way, correction in self.corrections.items()
            }
        yield PlainRecord({"index": index, **ways})


def evaluate_correction(
    settings: CorrectionSettings, output: Path, *, workers: int = 1, force: bool = False,
    ways: ThreeWays | None = None,
) -> Json:  # fmt: skip
    """Calibrate, capture, scan three ways and write `output`; see :func:`carry_out`.

    Args:
        ways: runs in this process in place of workers.
    """
    made = ways or ThreeWays(settings)
    experiment = Experiment(
        kind=KIND,
        **simulated(settings.as_dict(), made.revealer.record, made.hosts),
        settings=settings,
        make=ThreeWays,
        **each([(i,) for i in range(settings.n)], "index"),
        unit="capture",
        summarise=_summary,
    )
    return carry_out(experiment, output, workers=workers, force=force, here=ways)


def _summary(made: list[PlainRecord]) -> Json:
    rows = sorted((record.values for record in made), key=lambda row: int(row["index"]))
    records = [row for row in rows if "refused" not in row]
    return {
        "captures": len(records),
        "hosts_refused": len(rows) - len(records),
        "decoded": {way: sum(r[way]["decoded"] for r in records) for way in WAYS},
        "fitted_minus_without": _compared(records, "fitted"),
        "wrong_minus_without": _compared(records, "wrong"),
        "records": records,
    }


def _calibrated(folder: Path, device: str, seed: int) -> Correction | None:
    """What scan takes from a profile of the device, fitted to photos of its chart."""
    paths = []
    for index in range(CHART_PHOTOS):
        taken = photograph_chart(
            "normal", "print", 7919 * (seed + 1) + index, Chart(), **DEVICES[device]
        )
        path = folder / f"chart-{device}-{index}.jpg"
        path.write_bytes(taken.jpeg)
        paths.append(path)
    return Correction.of(fit_profile(paths, device).profile)


def _scanned(path: Path, revealer: Revealer, correction: Correction | None, code: QrCode) -> Json:
    began = time.perf_counter()
    found = find_containers(path, [revealer], correction=correction)
    took = time.perf_counter() - began
    decoded = any(result.payload == code.payload for result in found.results)
    right = None
    for finding in found.findings:
        if finding.logits.shape == code.modules.shape:
            share = float(((finding.logits > 0) == code.modules.astype(bool)).mean())
            right = max(right or 0.0, share)
    return {"decoded": decoded, "modules_right": right, "seconds": round(took, 3)}


def _compared(records: list[Json], way: str) -> Json:
    """Messages and modules of a way against none, on the same captures."""
    pairs = [(r[way], r["without"]) for r in records]
    gaps = np.array([
        one["modules_right"] - other["modules_right"] for one, other in pairs
        if one["modules_right"] is not None and other["modules_right"] is not None
    ])  # fmt: skip
    half = 1.96 * float(gaps.std(ddof=1)) / len(gaps) ** 0.5 if len(gaps) > 1 else None
    return {
        "messages": paired_difference(
            [one["decoded"] for one, _ in pairs], [other["decoded"] for _, other in pairs]
        ),
        "modules_points": round(100 * float(gaps.mean()), 3) if len(gaps) else None,
        "modules_half_width": None if half is None else round(100 * half, 3),
        "modules_pairs": len(gaps),
        "mean_seconds": [round(float(np.mean([p[i]["seconds"] for p in pairs])), 2)
                         for i in (0, 1)],
    }  # fmt: skip


def lines(result: Json) -> Iterator[str]:
    """A result for people."""
    yield f"messages read of {result['captures']}: {result['decoded']}"
    for way in ("fitted", "wrong"):
        found = result[f"{way}_minus_without"]
        yield (
            f"{way}: modules {found['modules_points']} +- {found['modules_half_width']} points "
            f"({found['modules_pairs']} pairs)"
        )
