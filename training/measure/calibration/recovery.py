"""`python -m training.measure.calibration.recovery`: how well calibration recovers what is known.

Photographs charts through the channel with known parameters, fits each photo by itself
and compares: tone, blur, noise, and the distortion of lenses of known k1 and k2.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from tqdm import tqdm

from calibration.fit.fit import fit_profile
from calibration.fit.photo import measure_photo
from calibration.fit.ranges import MID_GREY, SLOPE_AT_MID_GREY
from riis_physical.errors import CalibrationError, ConfigError, RiisError
from riis_physical.metrics import wilson_interval
from riis_physical.system.files import check_writable, write_text
from training.measure.calibration.charts import camera, lens_error, photograph_chart, through_lens
from training.measure.common.environment import describe_environment

KIND = "calibration"
FORMAT = 1
MEDIA = ("print", "screen")
TARGETS = {"tone": 0.02, "blur": 0.10, "noise": 0.15, "lens_px": 0.3}
MOST_K1, MOST_K2 = 0.12, 0.05
LENS_PHOTOS = 4

Json = dict[str, Any]


def evaluate_calibration(
    output: Path, *, n: int, lenses: int, seed: int = 0, preset: str = "normal", force: bool = False
) -> Json:
    """Measure and write the result to `output`.

    Args:
        n: photos, prints and screens in turn. lenses: lenses, LENS_PHOTOS photos each.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        ConfigError: no photos asked for.
    """
    check_writable(output, force=force)
    if n < 1 or lenses < 0:
        raise ConfigError(f"{n} photos and {lenses} lenses: expected 1 or more, and 0 or more")
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        photos = [_photo(Path(folder), preset, MEDIA[i % 2], seed + i) for i in _bar(n, "photos")]
        bent = [_lens(Path(folder), seed + i) for i in _bar(lenses, "lenses")]
    result = {
        "kind": KIND,
        "format": FORMAT,
        "settings": {"n": n, "lenses": lenses, "seed": seed, "preset": preset,
                     "photos_a_lens": LENS_PHOTOS},
        "targets": TARGETS,
        "environment": describe_environment(),
        "seconds": round(time.perf_counter() - began, 1),
        "refused": sum("refused" in record for record in photos),
        "tone": _summary(photos, "tone"),
        "blur": _summary(photos, "blur"),
        "noise": _summary(photos, "noise"),
        "lens_px": _summary(bent, "lens_px"),
        "photos": photos,
        "lens_photos": bent,
    }  # fmt: skip
    write_text(output, json.dumps(result, indent=1) + "\n", force=force)
    return result


def _bar(count: int, name: str) -> Iterable[int]:
    return tqdm(range(count), desc=name)


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


@click.command(help=__doc__)
@click.option("--n", default=60, show_default=True, help="Photos, prints and screens in turn.")
@click.option("--lenses", default=12, show_default=True, help=f"Of {LENS_PHOTOS} photos each.")
@click.option("--seed", default=0, show_default=True)
@click.option("--preset", type=click.Choice(["easy", "normal", "hard"]), default="normal",
              show_default=True)  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--force", is_flag=True, help="Overwrite the output.")
def main(n: int, lenses: int, seed: int, preset: str, output: Path, force: bool) -> None:
    try:
        result = evaluate_calibration(
            output, n=n, lenses=lenses, seed=seed, preset=preset, force=force
        )
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"refused {result['refused']} of {n}")
    for name in TARGETS:
        found = result[name]
        if found["measured"]:
            click.echo(
                f"{name}: {found['within']} of {found['measured']} within {TARGETS[name]:g}, "
                f"median {found['median']:.4f}, largest {found['largest']:.4f}"
            )
        else:
            click.echo(f"{name}: not measured")


if __name__ == "__main__":
    main()
