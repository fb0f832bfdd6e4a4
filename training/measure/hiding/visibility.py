"""What a chosen strength and refining save: dB and metrics of sight, at one predicted rate.

    python -m training.measure.hiding.visibility --images DIR --n 8 -o results/visibility.json

Each host is hidden in three times: at one strength for all hosts, at the strength chosen for
it, and refined. The one strength for all is the least at which the mean predicted rate of
the hosts, with the margin taken off, is what the chosen strengths have, so that the two
compare at the same rate. The rates are predicted from simulated draws with the true outline
known; `--captures` reads fresh ones too. Hosts made in code come first with `--hard-hosts`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
from tqdm import tqdm

from riis_physical import metrics
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel.ranges import PRESETS
from riis_physical.errors import ConfigError, RiisError
from riis_physical.hiding import add_residual
from riis_physical.hiding.draws import Scene
from riis_physical.hiding.plan import steadied
from riis_physical.hiding.refine import refine
from riis_physical.hiding.strength import Aim, choose_with_curve
from riis_physical.hiding.target_rate import Captures
from riis_physical.hiding.visible import METRICS, Ladder, looked_at
from riis_physical.images import load_host, save_image
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.system.files import check_writable, write_text
from training.hiding.data import list_photos
from training.measure.common.environment import describe_environment
from training.measure.hiding.hard_hosts import HARD_HOSTS

KIND, FORMAT = "visibility", 1
MESSAGE = "https://example.org/exhibition/room-12"
_FRESH_SEED = 3_000_000  # of captures that are read
_STRENGTHS = np.round(np.arange(0.3, 2.005, 0.01), 2)


class _Host:
    """A host, its residual, and how much of it reads at any strength."""

    def __init__(
        self, name: str, pixels: UInt8Image, revealer: Revealer, aim: Aim, labels: Sequence[str]
    ) -> None:
        self.name, self.pixels, self.aim = name, pixels, aim
        self.scene = Scene(pixels, encode(MESSAGE), revealer)
        self.residual = steadied(revealer.embed(self.scene.frame, self.scene.code.modules))
        self.choice, self.curve = choose_with_curve(self.scene, self.residual, aim)
        small = looked_at(pixels)
        self.ladders = {
            label: Ladder(small, METRICS[label]) for label in labels if METRICS[label].is_there()
        }

    def figures(self, residual: FloatArray, strength: float, captures: int) -> dict[str, Any]:
        """What is known of the host with a residual at a strength."""
        container = add_residual(self.pixels, residual * np.float32(strength))
        found: dict[str, Any] = {
            "strength": strength,
            "psnr": round(metrics.psnr(self.pixels, container), 3),
        }
        for label, ladder in self.ladders.items():
            seen = ladder.seen(looked_at(container))
            found[label] = round(seen.value, 4)
            found[f"{label}_as_jpeg"] = seen.jpeg_quality
        if captures:
            drawn = Captures(
                self.scene, residual, PRESETS["normal"], "mixed", captures, _FRESH_SEED
            )
            rate = drawn.rate(strength)
            found["read"] = [rate.hits, rate.trials]
        return found


def evaluate_visibility(
    hosts: list[tuple[str, UInt8Image]],
    output: Path,
    revealer: Revealer,
    *,
    rate: float = 0.97,
    seconds: float = 0.0,
    steps: int | None = None,
    captures: int = 0,
    keep: Path | None = None,
    labels: Sequence[str] = tuple(METRICS),
    force: bool = False,
) -> dict[str, Any]:
    """Measure and write `output`.

    Args:
        hosts: names and uint8 pictures (H, W, 3).
        seconds, steps: of refining each host; 0 seconds leaves it away.
        captures: fresh simulated captures that are read of each container.
        keep: folder for the hosts and containers themselves.
        labels: of the metrics of sight, as far as they are there.

    Raises:
        ConfigError: no hosts.
        OutputError: `output` exists and `force` is off, or cannot be written.
    """
    check_writable(output, force=force)
    if not hosts:
        raise ConfigError("no hosts: give a folder of pictures with --images, or --hard-hosts")
    aim = Aim(rate=rate)
    made = [
        _Host(name, pixels, revealer, aim, labels) for name, pixels in tqdm(hosts, desc="choosing")
    ]
    one = one_strength(made)
    records = []
    for host in tqdm(made, desc="measuring"):
        versions: dict[str, tuple[FloatArray, float]] = {
            "one": (host.residual, one),
            "chosen": (host.residual, host.choice.strength),
        }
        record: dict[str, Any] = {"host": host.name, "limit": host.choice.limit}
        if seconds:
            done = refine(host.scene, host.residual, host.choice, aim, seconds=seconds, steps=steps)
            versions["refined"] = (done.residual, done.choice.strength)
            record["refining"] = {
                "kept": done.kept,
                "steps": done.steps,
                "seconds": round(done.seconds, 1),
                "before": str(done.before),
                "after": str(done.after),
            }
        for name, (residual, strength) in versions.items():
            record[name] = host.figures(residual, strength, captures)
            if keep is not None:
                container = add_residual(host.pixels, residual * np.float32(strength))
                save_image(keep / f"{host.name}-{name}.png", container, force=force)
        if keep is not None:
            save_image(keep / f"{host.name}-host.png", host.pixels, force=force)
        records.append(record)
        tqdm.write(json.dumps(record), file=sys.stderr)
    result = {
        "kind": KIND,
        "format": FORMAT,
        "simulated": True,
        "model": {"name": revealer.name, "sha256": revealer.record.get("sha256")},
        "environment": describe_environment(),
        "rate": rate,
        "margin": aim.margin,
        "message": MESSAGE,
        "one_strength": one,
        "mean": means(records),
        "records": records,
    }
    write_text(output, json.dumps(result, indent=1) + "\n", force=force)
    return result


def one_strength(hosts: list[_Host]) -> float:
    """The least strength whose mean rate over the hosts is that of the chosen ones."""
    wanted = np.mean([host.choice.with_margin for host in hosts])
    for strength in _STRENGTHS:
        if np.mean([host.curve.rate(float(strength), host.aim.margin) for host in hosts]) >= wanted:
            return float(strength)
    return float(_STRENGTHS[-1])


def means(records: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean of each figure by version."""
    found: dict[str, dict[str, float]] = {}
    for name in ("one", "chosen", "refined"):
        rows = [record[name] for record in records if name in record]
        if rows:
            keys = [key for key in rows[0] if key != "read"]
            found[name] = {key: round(float(np.mean([r[key] for r in rows])), 4) for key in keys}
            if "read" in rows[0]:
                found[name]["read"] = sum(r["read"][0] for r in rows)
                found[name]["captures"] = sum(r["read"][1] for r in rows)
    return found


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    yield (
        f"{result['model']['name']}, {len(result['records'])} hosts, one strength for all: "
        f"{result['one_strength']:g}; simulated"
    )
    for name, row in result["mean"].items():
        yield f"{name:8} " + ", ".join(f"{key} {value:g}" for key, value in row.items())


@click.command(help=__doc__)
@click.option("--images", type=click.Path(path_type=Path), help="Folder with hosts.")
@click.option("--n", type=click.IntRange(1), default=8, show_default=True, help="Hosts of it.")
@click.option("--hard-hosts", is_flag=True, help="The hosts made in code, too.")
@click.option("--model", default="auto", show_default=True)
@click.option("--seconds", type=click.FloatRange(0), default=0.0, help="Of refining; 0: none.")
@click.option("--steps", type=click.IntRange(1), help="Of refining, at most.")
@click.option("--captures", type=click.IntRange(0), default=0, help="Read of each container.")
@click.option(
    "--metric", "labels", multiple=True, type=click.Choice(list(METRICS)), default=list(METRICS)
)
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for the containers.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--force", is_flag=True, help="Overwrite the output.")
def main(
    images: Path | None, n: int, hard_hosts: bool, model: str, seconds: float,
    steps: int | None, captures: int, labels: tuple[str, ...], keep: Path | None,
    output: Path, force: bool,
) -> None:  # fmt: skip
    hosts = [(name, make()) for name, make in HARD_HOSTS.items()] if hard_hosts else []
    try:
        if images is not None:
            photos = list_photos(images)
            step = max(1, math.floor(len(photos) / n))
            hosts += [(path.stem, load_host(path).pixels) for path in photos[::step][:n]]
        result = evaluate_visibility(
            hosts, output, Revealer.load(model),
            seconds=seconds, steps=steps, captures=captures, keep=keep, labels=labels,
            force=force,
        )  # fmt: skip
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    for line in lines(result):
        click.echo(line)


if __name__ == "__main__":
    main()
