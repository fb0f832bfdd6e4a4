"""How much information soft reading needs: the fit that `hide` chooses strengths by.

    python -m training.measure.hiding.strength --images DIR --n 8

Each host is hidden in at several strengths, its draws of the channel are looked at and read,
and a logistic curve is fitted to what was read against the information in bits a module.
Its middle and width stand against `riis_physical/hiding/need.py` and WIDTH of `strength.py`
there; run this again when reading changes. Simulated captures, true outline known.
"""

from __future__ import annotations

import math
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from riis_physical.artifacts import UInt8Image
from riis_physical.channel.ranges import PRESETS
from riis_physical.errors import RiisError
from riis_physical.hiding.draws import Scene
from riis_physical.hiding.plan import steadied
from riis_physical.images import load_host
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.qr.soft.reading import read_revealed
from training.hiding.data import list_photos

MESSAGES = (
    "https://example.org/exhibition/room-12",
    "riis",
    "hi, this is a longer message: https://example.org/abc/def?x=1",
    "exhibition-7",
)
STRENGTHS = (0.5, 0.65, 0.8)


def looked_and_read(
    host: UInt8Image, message: str, revealer: Revealer, strength: float, draws: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Information of each draw, and whether the message was read from it."""
    scene = Scene(host, encode(message), revealer)
    residual = steadied(revealer.embed(scene.frame, scene.code.modules)) * np.float32(strength)
    seen = scene.look(residual, scene.params(PRESETS["normal"], draws, seed, "mixed"))
    read = []
    for logits in seen.logits:
        reading = read_revealed(logits, None, scene.code.version)
        read.append(reading is not None and reading.payload == scene.code.payload)
    return seen.information, np.array(read)


def fit_curve(information: NDArray[np.floating], read: NDArray[np.bool_]) -> tuple[float, float]:
    """Middle and width of the logistic curve that makes what was read most likely.

    Raises:
        ValueError: all draws were read, or none: there is nothing to fit.
    """
    if read.all() or not read.any():
        raise ValueError("all draws were read, or none: expected some of both")
    signs = np.where(read, 1.0, -1.0)

    def cost(point: NDArray[np.float64]) -> float:
        middle, log_width = point
        above = signs * (information - middle) / math.exp(log_width)
        return float(np.logaddexp(0, -above).sum() + 1e-3 * (log_width + 4) ** 2)

    starts = [np.array([middle, -4.0]) for middle in (0.3, 0.45, 0.6)]
    fits = [minimize(cost, start, method="Nelder-Mead").x for start in starts]
    middle, log_width = min(fits, key=cost)
    return float(middle), math.exp(float(log_width))


@click.command(help=__doc__)
@click.option("--images", type=click.Path(path_type=Path), required=True)
@click.option("--n", type=click.IntRange(1), default=8, show_default=True, help="Hosts.")
@click.option("--draws", type=click.IntRange(4), default=14, show_default=True)
@click.option("--model", default="auto", show_default=True)
def main(images: Path, n: int, draws: int, model: str) -> None:
    try:
        revealer = Revealer.load(model)
        photos = list_photos(images)
        photos = photos[:: max(1, len(photos) // n)][:n]
        known, read = [], []
        for number, path in enumerate(tqdm(photos, desc="hosts")):
            host = load_host(path).pixels
            for strength in STRENGTHS:
                message = MESSAGES[number % len(MESSAGES)]
                one, hit = looked_and_read(host, message, revealer, strength, draws, number)
                known.append(one)
                read.append(hit)
        middle, width = fit_curve(np.concatenate(known), np.concatenate(read))
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    hits = np.concatenate(read)
    click.echo(f"{revealer.name}: {int(hits.sum())} of {len(hits)} simulated draws read")
    click.echo(f"half are read at {middle:.3f} bits a module, width {width:.4f}")


if __name__ == "__main__":
    main()
