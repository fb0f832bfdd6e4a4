"""`riis-physical measure visibility`: what a chosen strength and refining save.

In dB and metrics of sight, at one predicted rate. Each host is hidden in three times: at one
strength for all hosts, at the strength chosen for it, and refined. The one strength for all is
the least at which the mean predicted rate of the hosts, with the margin taken off, is what the
chosen strengths have, so that the two compare at the same rate. The rates are predicted from
simulated draws with the true outline known; `--captures` reads fresh ones too. Hosts made in code
come first with `--hard-hosts`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import FloatArray, UInt8Image
from riis_physical.channel.ranges import PRESETS
from riis_physical.errors import ConfigError
from riis_physical.hiding import add_residual
from riis_physical.hiding.plan import steadied
from riis_physical.hiding.refine import refine
from riis_physical.hiding.strength.draws import Scene
from riis_physical.hiding.strength.least import Aim, Choice, choose_with_curve
from riis_physical.hiding.target_rate import Captures
from riis_physical.hiding.visible import METRICS, Ladder, looked_at
from riis_physical.images import load_host, save_image
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from training.hiding.material.data import list_photos
from training.measure.common.experiment import Experiment, PlainRecord, Tasks, carry_out
from training.measure.common.settings import plain
from training.measure.hiding.hard_hosts import HARD_HOSTS

KIND = "visibility"
MESSAGE = "https://example.org/exhibition/room-12"
_FRESH_SEED = 3_000_000  # of captures that are read
_STRENGTHS = np.round(np.arange(0.3, 2.005, 0.01), 2)


@dataclass(frozen=True)
class VisibilitySettings:
    """What is hidden in and looked at.

    Attributes:
        images: folder of hosts, None for none. n: of them, spread over the folder.
        hard_hosts: those made in code, too.
        seconds, steps: of refining each host; 0 seconds leaves it away.
        captures: fresh simulated captures that are read of each container.
        labels: of the metrics of sight, as far as they are there.
        rate: that strengths are chosen for.
        keep: folder for the hosts and containers themselves.
    """

    images: str | None = None
    n: int = 8
    hard_hosts: bool = False
    model: str = "auto"
    seconds: float = 0.0
    steps: int | None = None
    captures: int = 0
    labels: tuple[str, ...] = tuple(METRICS)
    rate: float = 0.97
    keep: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of paths the last part alone, wherever they lie."""
        return {**plain(self), "keep": None}

    def hosts(self) -> list[str]:
        """Names of hosts made in code, then paths.

        Raises:
            ConfigError: none.
        """
        found = list(HARD_HOSTS) if self.hard_hosts else []
        if self.images is not None:
            photos = list_photos(Path(self.images))
            step = max(1, math.floor(len(photos) / self.n))
            found += [str(path) for path in photos[::step][: self.n]]
        if not found:
            raise ConfigError("no hosts: give a folder of pictures with --images, or --hard-hosts")
        return found


@dataclass(frozen=True)
class Sights:
    """Chooses, hides and looks; a runner of pool.run_tasks.

    `choose` comes first for all hosts, since the one strength for all follows from it.
    """

    settings: VisibilitySettings

    @cached_property
    def revealer(self) -> Revealer:
        """The model."""
        return Revealer.load(self.settings.model)

    def run(
        self, stage: str, host: str, one: float = 0.0, choice: dict[str, Any] | None = None
    ) -> Iterator[PlainRecord]:
        """One stage of one host."""
        pixels = HARD_HOSTS[host]() if host in HARD_HOSTS else load_host(host).pixels
        aim = Aim(rate=self.settings.rate)
        scene = Scene(pixels, encode(MESSAGE), self.revealer)
        residual = steadied(self.revealer.embed(scene.frame, scene.code.modules))
        about = {"stage": stage, "host": Path(host).stem}
        if choice is None:
            made, curve = choose_with_curve(scene, residual, aim)
            rates = [round(curve.rate(float(s), aim.margin), 6) for s in _STRENGTHS]
            yield PlainRecord({**about, "choice": asdict(made), "rates": rates})
            return
        figures = self._shown(pixels, scene, residual, aim, one, Choice(**choice), about["host"])
        yield PlainRecord({**about, "limit": choice["limit"], **figures})

    def _shown(
        self,
        pixels: UInt8Image,
        scene: Scene,
        residual: FloatArray,
        aim: Aim,
        one: float,
        choice: Choice,
        name: str,
    ) -> dict[str, Any]:
        """Figures of every version of the container."""
        settings = self.settings
        versions = {"one": (residual, one), "chosen": (residual, choice.strength)}
        found: dict[str, Any] = {}
        if settings.seconds:
            done = refine(
                scene, residual, choice, aim, seconds=settings.seconds, steps=settings.steps
            )
            versions["refined"] = (done.residual, done.choice.strength)
            found["refining"] = {
                "kept": done.kept,
                "steps": done.steps,
                "seconds": round(done.seconds, 1),
                "before": str(done.before),
                "after": str(done.after),
            }
        small = looked_at(pixels)
        ladders = {
            label: Ladder(small, METRICS[label])
            for label in settings.labels
            if METRICS[label].is_there()
        }
        for version, (shape, strength) in versions.items():
            container = add_residual(pixels, shape * np.float32(strength))
            row: dict[str, Any] = {
                "strength": strength,
                "psnr": round(metrics.psnr(pixels, container), 3),
            }
            for label, ladder in ladders.items():
                seen = ladder.seen(looked_at(container))
                row[label] = round(seen.value, 4)
                row[f"{label}_as_jpeg"] = seen.jpeg_quality
            if settings.captures:
                drawn = Captures(
                    scene, shape, PRESETS["normal"], "mixed", settings.captures, _FRESH_SEED
                )
                rate = drawn.rate(strength)
                row["read"] = [rate.hits, rate.trials]
            found[version] = row
            if settings.keep is not None:
                save_image(Path(settings.keep) / f"{name}-{version}.png", container, force=True)
        if settings.keep is not None:
            save_image(Path(settings.keep) / f"{name}-host.png", pixels, force=True)
        return found


def evaluate_visibility(
    settings: VisibilitySettings, output: Path, *, workers: int = 1, force: bool = False,
    sights: Sights | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Measure and write `output`; see :func:`carry_out`.

    Args:
        sights: runs in this process in place of workers.

    Raises:
        ConfigError: no hosts.
    """
    hosts, weights = settings.hosts(), Sights(settings).revealer.record
    named = {Path(host).stem: host for host in hosts}

    def left(done: Sequence[PlainRecord]) -> Tasks:
        chosen = _of_stage(done, "choose")
        missing = [("choose", host) for name, host in named.items() if name not in chosen]
        if missing:
            return missing
        one, shown = one_strength(list(chosen.values())), _of_stage(done, "show")
        return [
            ("show", host, one, chosen[name]["choice"])
            for name, host in named.items()
            if name not in shown
        ]

    def figures(done: list[PlainRecord]) -> dict[str, Any]:
        shown, chosen = _of_stage(done, "show"), _of_stage(done, "choose")
        records = [
            {key: value for key, value in shown[name].items() if key != "stage"} for name in named
        ]
        one = one_strength(list(chosen.values()))
        return {"one_strength": one, "mean": means(records), "records": records}

    model = {"name": weights.get("name"), "sha256": weights.get("sha256")}
    experiment = Experiment(
        kind=KIND,
        head={"settings": settings.as_dict(), "model": model, "hosts": list(named)},
        about={
            "simulated": True,
            "model": model,
            "settings": settings.as_dict(),
            "rate": settings.rate,
            "margin": Aim().margin,
            "message": MESSAGE,
        },
        settings=settings,
        make=Sights,
        left=left,
        total=2 * len(named),
        unit="look",
        summarise=figures,
    )
    return carry_out(experiment, output, workers=workers, force=force, here=sights)


def _of_stage(records: Sequence[PlainRecord], stage: str) -> dict[str, dict[str, Any]]:
    """Values of one stage's records by host."""
    return {r.values["host"]: r.values for r in records if r.values["stage"] == stage}


def one_strength(chosen: Sequence[dict[str, Any]]) -> float:
    """The least strength whose mean rate over the hosts is that of the chosen ones."""
    wanted = np.mean([host["choice"]["with_margin"] for host in chosen])
    means_at = np.mean([host["rates"] for host in chosen], axis=0)
    enough = np.flatnonzero(means_at >= wanted)
    return float(_STRENGTHS[enough[0]] if len(enough) else _STRENGTHS[-1])


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
