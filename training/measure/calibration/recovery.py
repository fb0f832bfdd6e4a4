"""`riis-physical measure calibration`: how well calibration recovers what is known.

Photographs charts through the channel with known parameters, fits each photo by itself
and compares: tone, blur, noise, and the distortion of lenses of known k1 and k2.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from calibration.fit.fit import fit_profile
from calibration.fit.photo import measure_photo
from calibration.fit.ranges import MID_GREY, SLOPE_AT_MID_GREY
from riis_physical.errors import CalibrationError, ConfigError
from riis_physical.metrics import wilson_interval
from training.measure.calibration.charts import camera, lens_error, photograph_chart, through_lens
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each

KIND = "calibration"
MEDIA = ("print", "screen")
TARGETS = {"tone": 0.02, "blur": 0.10, "noise": 0.15, "lens_px": 0.3}
MOST_K1, MOST_K2 = 0.12, 0.05
LENS_PHOTOS = 4

Json = dict[str, Any]


@dataclass(frozen=True)
class RecoverySettings:
    """Photos, prints and screens in turn, and lenses of LENS_PHOTOS photos each."""

    n: int = 60
    lenses: int = 12
    seed: int = 0
    preset: str = "normal"

    def __post_init__(self) -> None:
        if self.n < 1 or self.lenses < 0:
            raise ConfigError(
                f"{self.n} photos and {self.lenses} lenses: expected 1 or more, and 0 or more"
            )

    def as_dict(self) -> Json:
        """Plain values for JSON."""
        return {**asdict(self), "photos_a_lens": LENS_PHOTOS}


@dataclass(frozen=True)
class Recovery:
    """Fits what was photographed; a runner of pool.run_tasks."""

    settings: RecoverySettings

    def run(self, kind: str, number: int) -> Iterator[PlainRecord]:
        """One photo, or one lens."""
        seed = self.settings.seed + number
        with tempfile.TemporaryDirectory() as name:
            if kind == "photo":
                found = _photo(Path(name), self.settings.preset, MEDIA[number % 2], seed)
            else:
                found = _lens(Path(name), seed)
        yield PlainRecord({"kind": kind, "number": number, **found})


def evaluate_calibration(
    settings: RecoverySettings, output: Path, *, workers: int = 1, force: bool = False,
    recovery: Recovery | None = None,
) -> Json:  # fmt: skip
    """Measure and write `output`; see :func:`carry_out`.

    Args:
        recovery: runs in this process in place of workers.
    """
    counts = {"photo": settings.n, "lens": settings.lenses}
    tasks = [(kind, number) for kind, count in counts.items() for number in range(count)]
    experiment = Experiment(
        kind=KIND,
        head={"settings": settings.as_dict()},
        about={"settings": settings.as_dict(), "targets": TARGETS},
        settings=settings,
        make=Recovery,
        **each(tasks, "kind", "number"),
        unit="fit",
        summarise=_figures,
    )
    return carry_out(experiment, output, workers=workers, force=force, here=recovery)


def _figures(records: list[PlainRecord]) -> Json:
    def of(kind: str) -> list[Json]:
        rows = sorted((r.values for r in records), key=lambda row: int(row["number"]))
        return [
            {k: v for k, v in row.items() if k not in ("kind", "number")}
            for row in rows
            if row["kind"] == kind
        ]

    photos, bent = of("photo"), of("lens")
    return {
        "refused": sum("refused" in record for record in photos),
        "tone": _summary(photos, "tone"),
        "blur": _summary(photos, "blur"),
        "noise": _summary(photos, "noise"),
        "lens_px": _summary(bent, "lens_px"),
        "photos": photos,
        "lens_photos": bent,
    }


def _photo(folder: Path, preset: str, medium: str, seed: int) -> Json:
    """Errors of one photo: tone as the largest of all levels and colours, others relative."""
    known = photograph_chart(preset, medium, seed)
    path = folder / f"{seed}.jpg"
    path.write_bytes(known.jpeg)
    record: Json = {"seed": seed, "medium": medium, "true_blur": round(known.blur, 4),
                    "true_noise": round(known.noise, 5),
                    "jpeg_quality": float(known.params.jpeg_quality[0])}  # fmt: skip
    try:
        seen = measure_photo(path, medium)
    except CalibrationError as error:
        return {**record, "refused": str(error)}
    gaps = seen.tone.curve - known.curve(seen.tone.levels)
    record["tone"] = round(float(np.abs(gaps).max()), 5)
    record["blur"] = round(abs(seen.blur.sigma / known.blur - 1), 5)
    if seen.noise is not None:
        variance = seen.noise.floor + seen.noise.slope * MID_GREY
        sigma = SLOPE_AT_MID_GREY * float(np.sqrt(variance))
        record["noise"] = round(abs(sigma / known.noise - 1), 5)
    return record


def _lens(folder: Path, seed: int) -> Json:
    """Largest error over the dots of a lens fitted to several photos."""
    draw = np.random.default_rng((seed, 3))
    true = camera(float(draw.uniform(-MOST_K1, MOST_K1)), float(draw.uniform(-MOST_K2, MOST_K2)))
    paths = []
    for index in range(LENS_PHOTOS):
        known = photograph_chart("easy", "print", 1000 * seed + index, lens=0.0, curl=0.0)
        path = folder / f"lens-{seed}-{index}.png"
        bent = through_lens(known.image, true)
        cv2.imwrite(str(path), cv2.cvtColor(bent, cv2.COLOR_RGB2BGR))
        paths.append(path)
    record: Json = {"seed": seed, "k1": round(true.distortion[0], 5),
                    "k2": round(true.distortion[1], 5)}  # fmt: skip
    try:
        made = fit_profile(paths, "lens")
    except CalibrationError as error:
        return {**record, "refused": str(error)}
    if made.lens is None or made.profile.lens is None:
        return {**record, "refused": "; ".join(made.notes)}
    record["lens_px"] = round(float(lens_error(made.profile.lens, true, made.lens.dots).max()), 4)
    record["rms_px"] = round(made.lens.rms_px, 4)
    return record


def _summary(records: list[Json], name: str) -> Json:
    """How many lie within the target, with the 95 % interval, and how large errors are."""
    values = np.array([record[name] for record in records if name in record])
    if len(values) == 0:
        return {"measured": 0}
    within = int((values <= TARGETS[name]).sum())
    return {
        "measured": len(values),
        "within": within,
        "interval": [round(v, 4) for v in wilson_interval(within, len(values))],
        "median": round(float(np.median(values)), 5),
        "p95": round(float(np.percentile(values, 95)), 5),
        "largest": round(float(values.max()), 5),
    }


def lines(result: Json) -> Iterator[str]:
    """A result for people."""
    yield f"refused {result['refused']} of {result['settings']['n']}"
    for name in TARGETS:
        found = result[name]
        if found["measured"]:
            yield (
                f"{name}: {found['within']} of {found['measured']} within {TARGETS[name]:g}, "
                f"median {found['median']:.4f}, largest {found['largest']:.4f}"
            )
        else:
            yield f"{name}: not measured"
