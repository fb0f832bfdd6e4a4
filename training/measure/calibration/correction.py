"""`python -m training.measure.calibration.correction`: what `scan --profile` gains, the whole way.

A simulated device (medium and lens of fixed parameters, all else of `normal`) is
calibrated with photos of the chart; then the same captures of containers are scanned
without a profile, with the fitted one, and with that of another device.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from tqdm import tqdm

from calibration.chart.layout import Chart
from calibration.fit.fit import fit_profile
from capture.read.correction import Correction
from capture.scan import find_containers
from riis_physical.channel.params import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.errors import ConfigError, HostError, RiisError
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.system.files import check_writable, write_text
from training.measure.calibration.charts import photograph_chart
from training.measure.common.draws import Hosts, draw_message
from training.measure.common.environment import describe_environment
from training.measure.common.paired import paired_difference

KIND = "correction"
FORMAT = 1
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


def evaluate_correction(
    images: Path, output: Path, *, device: str, n: int, strength: float, model: str, seed: int,
    force: bool = False,
) -> Json:  # fmt: skip
    """Calibrate, capture, scan three ways and write the result to `output`.

    Raises:
        OutputError: `output` exists and `force` is off, or cannot be written.
        ConfigError: no captures asked for.
        TrainingError: no pictures.
    """
    check_writable(output, force=force)
    if n < 1:
        raise ConfigError(f"{n} captures: expected 1 or more")
    hosts = Hosts(images, seed)
    revealer = Revealer.load(model)
    began = time.perf_counter()
    records: list[Json] = []
    skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        corrections = {
            "without": None,
            "fitted": _calibrated(Path(folder), device, seed),
            "wrong": _calibrated(Path(folder), OTHER[device], seed),
        }
        for index in tqdm(range(n), desc="captures"):
            message = draw_message(seed, index)
            try:
                made = hide(hosts.path(index), message, revealer=revealer, strength=strength)
            except HostError:
                skipped += 1
                continue
            params = sample_params(
                "normal", 1, torch.Generator().manual_seed(1000 * seed + index)
            ).override(**DEVICES[device])
            shot = photograph(made.container, params, seed=1000 * seed + index)
            path = Path(folder) / "capture.jpg"
            path.write_bytes(shot.jpeg)
            wanted = encode(message).modules
            records.append(
                {way: _scanned(path, revealer, corrections[way], message, wanted) for way in WAYS}
            )
    result: Json = {
        "kind": KIND,
        "format": FORMAT,
        "simulated": True,
        "settings": {"device": device, "parameters": DEVICES[device], "n": n, "seed": seed,
                     "strength": strength, "model": revealer.name, "images": str(images),
                     "images_digest": hosts.digest, "chart_photos": CHART_PHOTOS},
        "environment": describe_environment(),
        "seconds": round(time.perf_counter() - began, 1),
        "captures": len(records),
        "hosts_refused": skipped,
        "decoded": {way: sum(r[way]["decoded"] for r in records) for way in WAYS},
        "fitted_minus_without": _compared(records, "fitted"),
        "wrong_minus_without": _compared(records, "wrong"),
        "records": records,
    }  # fmt: skip
    write_text(output, json.dumps(result, indent=1) + "\n", force=force)
    return result


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


def _scanned(
    path: Path, revealer: Revealer, correction: Correction | None, message: str, wanted: Any
) -> Json:
    began = time.perf_counter()
    found = find_containers(path, [revealer], correction=correction)
    took = time.perf_counter() - began
    decoded = any(result.payload == message.encode() for result in found.results)
    right = None
    for finding in found.findings:
        if finding.logits.shape == wanted.shape:
            share = float(((finding.logits > 0) == wanted.astype(bool)).mean())
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


@click.command(help=__doc__)
@click.option("--images", type=click.Path(path_type=Path), required=True, help="Hosts.")
@click.option("--device", type=click.Choice(sorted(DEVICES)), default="strong", show_default=True)
@click.option("--n", default=60, show_default=True, help="Captures.")
@click.option("--strength", default=0.6, show_default=True)
@click.option("--model", default="auto", show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--force", is_flag=True, help="Overwrite the output.")
def main(
    images: Path, device: str, n: int, strength: float, model: str, seed: int, output: Path,
    force: bool,
) -> None:  # fmt: skip
    try:
        result = evaluate_correction(
            images, output, device=device, n=n, strength=strength, model=model, seed=seed,
            force=force,
        )  # fmt: skip
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"messages read of {result['captures']}: {result['decoded']}")
    for way in ("fitted", "wrong"):
        found = result[f"{way}_minus_without"]
        click.echo(
            f"{way}: modules {found['modules_points']} +- {found['modules_half_width']} points "
            f"({found['modules_pairs']} pairs)"
        )


if __name__ == "__main__":
    main()
