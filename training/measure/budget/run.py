"""`riis-physical measure budget`: what each distortion costs, and what search wins back.

The same draws are looked at as they are and with one group of distortions at its identity:
through the reveal alone, by the channel that training uses, and through the whole pipeline,
as photos that are scanned. The scanner's search stands beside reading the same photo at its
true corners with nothing searched. All captures are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from capture.clock import Clock
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import photograph
from riis_physical.channel.ranges import PRESETS
from riis_physical.errors import ConfigError
from riis_physical.hiding.plan import steadied
from riis_physical.hiding.strength.draws import Scene
from riis_physical.images import load_host, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from training.measure.budget.groups import GROUPS, NOTHING, without
from training.measure.capture import draw_channel, hide_one, judge, photo_file, product_scan
from training.measure.common.draws import Hosts
from training.measure.common.experiment import Experiment, PlainRecord, carry_out, each, simulated
from training.measure.common.messages import PRINTABLE
from training.measure.common.paired import paired_difference
from training.measure.common.settings import Plain
from training.measure.common.truth import read_at_truth

KIND = "budget"
REVEAL, PIPELINE = "reveal", "pipeline"
SOFT_READS = 0.87
"""Share of modules right from which soft reading mostly succeeds."""

Json = dict[str, Any]
Task = tuple[str, str, int]


@dataclass(frozen=True)
class BudgetSettings(Plain):
    """Draws, and what is done with them.

    Attributes:
        images: folder of hosts. model: shipped name or a .safetensors file.
        hosts: looked at through the reveal, with `draws` each, for each preset.
        captures: photos through the whole pipeline for each preset; 0 leaves them away.
        groups: taken away one at a time.
    """

    images: str
    model: str = "auto"
    presets: tuple[str, ...] = ("normal", "hard")
    hosts: int = 8
    draws: int = 4
    captures: int = 8
    groups: tuple[str, ...] = tuple(GROUPS)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in self.presets:
            if name not in PRESETS:
                raise ConfigError(f"unknown preset {name!r}: choose {', '.join(PRESETS)}")
        for name in self.groups:
            if name not in GROUPS:
                raise ConfigError(f"unknown group {name!r}: choose {', '.join(GROUPS)}")
        if self.hosts < 1 or self.draws < 1 or self.captures < 0:
            raise ConfigError("expected at least one host with one draw")

    def tasks(self) -> list[Task]:
        """Part, preset and number; the reveal first, presets in turn."""
        parts = ((REVEAL, self.hosts), (PIPELINE, self.captures))
        return [
            (part, preset, index)
            for part, count in parts
            for index in range(count)
            for preset in self.presets
        ]


@dataclass(frozen=True)
class Budget:
    """Looks at draws with and without each group; a runner of pool.run_tasks."""

    settings: BudgetSettings

    @cached_property
    def revealer(self) -> Revealer:
        """The model."""
        return Revealer.load(self.settings.model)

    @cached_property
    def hosts(self) -> Hosts:
        """The pictures."""
        return Hosts(Path(self.settings.images), self.settings.seed)

    def run(self, part: str, preset: str, index: int) -> Iterator[PlainRecord]:
        """One record with all groups."""
        groups = (NOTHING, *self.settings.groups)
        look = self._revealed if part == REVEAL else self._scanned
        yield PlainRecord(
            {"part": part, "preset": preset, "index": index, **look(preset, index, groups)}
        )

    def _revealed(self, preset: str, index: int, groups: Sequence[str]) -> Json:
        s = self.settings
        path = self.hosts.path(index)
        host, code = load_host(path).pixels, encode(PRINTABLE.draw(s.seed, index)[0])
        scene = Scene(host, code, self.revealer)
        residual = steadied(self.revealer.embed(scene.frame, code.modules))
        params = scene.params(PRESETS[preset], s.draws, s.seed + index, "mixed")
        accuracy = {}
        for group in groups:
            seen = scene.look(residual, without(params, group))
            accuracy[group] = [round(float(value), 4) for value in seen.accuracy]
        return {"host": path.name, "accuracy": accuracy}

    def _scanned(self, preset: str, index: int, groups: Sequence[str]) -> Json:
        s = self.settings
        hidden = hide_one(self.hosts, self.revealer, s.seed, index, Clock.bare())
        if hidden.made is None:
            return {"host": hidden.path.name, "refused": hidden.refused}
        params, seed = draw_channel((s.seed, len(preset), index), preset, "mixed")
        at_truth, scanned, accuracy = {}, {}, {}
        for group in groups:
            if group != NOTHING and _same(params, group):
                continue
            photo = photograph(hidden.made.container, without(params, group), seed=seed)
            with photo_file(photo) as file:
                loaded = load_photo(file)
                truth = read_at_truth(
                    loaded.pixels, photo.corners, loaded.jpeg_quality, hidden.code, self.revealer
                )
                results = product_scan(str(file), [self.revealer], None)
            at_truth[group] = truth.right
            accuracy[group] = round(truth.accuracy, 4)
            scanned[group] = judge(results, hidden.code.payload).right
        return {
            "host": hidden.path.name,
            "accuracy": accuracy,
            "at_truth": at_truth,
            "scanned": scanned,
        }


def _same(params: ChannelParams, group: str) -> bool:
    """Whether a photo has nothing of a group: it would be the same photo again."""
    return group == "corners" or params.describe() == without(params, group).describe()


def evaluate_budget(
    settings: BudgetSettings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    seconds: float | None = None,
) -> Json:
    """Look at every draw with and without each group and write `output`; see :func:`carry_out`."""
    budget = Budget(settings)
    tasks = settings.tasks()
    experiment = Experiment(
        kind=KIND,
        **simulated(settings.as_dict(), budget.revealer.record, budget.hosts),
        settings=settings,
        make=Budget,
        **each(tasks, "part", "preset", "index"),
        unit="look",
        summarise=lambda records: summarised([r.values for r in records], settings),
    )
    return carry_out(experiment, output, workers=workers, force=force, seconds=seconds)


def summarised(rows: Sequence[Json], settings: BudgetSettings) -> Json:
    """What taking a group away gains, by preset, through the reveal and the whole pipeline."""
    groups = (NOTHING, *settings.groups)
    found = []
    for preset in settings.presets:
        own = [row for row in rows if row["preset"] == preset and "refused" not in row]
        looked = [row["accuracy"] for row in own if row["part"] == REVEAL]
        photos = [row for row in own if row["part"] == PIPELINE]
        found.append(
            {
                "preset": preset,
                "draws": sum(len(row[NOTHING]) for row in looked),
                "hosts": len(looked),
                "captures": len(photos),
                "without": [
                    {"group": group, **_revealed(looked, group), **_scanned(photos, group)}
                    for group in groups
                ],
            }
        )
    return {"presets": found}


def _revealed(looked: Sequence[Json], group: str) -> Json:
    """Accuracy without a group, and the gain with a 95 % interval over hosts."""
    if not looked:
        return {}
    each = np.concatenate([row[group] for row in looked])
    gains = np.array([np.mean(row[group]) - np.mean(row[NOTHING]) for row in looked])
    spread = 1.96 * gains.std(ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else float("nan")
    return {
        "accuracy": round(float(each.mean()), 4),
        "worst": round(float(np.percentile(each, 5)), 4),
        "soft_reads": round(float((each >= SOFT_READS).mean()), 4),
        "gain": round(float(gains.mean()), 4),
        "gain_half": None if np.isnan(spread) else round(float(spread), 4),
    }


def _scanned(photos: Sequence[Json], group: str) -> Json:
    """Photos read without a group at the true corners and by the scan, against as they are.

    A photo that has nothing of the group counts as it is.
    """
    if not photos:
        return {}
    truth = [row["at_truth"].get(group, row["at_truth"][NOTHING]) for row in photos]
    scan = [row["scanned"].get(group, row["scanned"][NOTHING]) for row in photos]
    before = [row["scanned"][NOTHING] for row in photos]
    return {
        "at_truth": sum(truth),
        "scanned": sum(scan),
        "won_back": sum(s and not t for s, t in zip(scan, truth, strict=True)),
        "lost_by_search": sum(t and not s for s, t in zip(scan, truth, strict=True)),
        "against_as_it_is": paired_difference(scan, before),
    }


def lines(result: Json) -> Iterator[str]:
    """A result for people."""
    for found in result["presets"]:
        yield (
            f"{found['preset']}: {found['hosts']} hosts with {found['draws']} draws, "
            f"{found['captures']} photos, simulated"
        )
        for row in found["without"]:
            label = "as it is" if row["group"] == NOTHING else f"without {row['group']}"
            text = f"  {label}:"
            if "accuracy" in row:
                text += f" modules right {row['accuracy']:.1%}, 5th percentile {row['worst']:.1%}"
            if "scanned" in row:
                text += f"; {row['at_truth']} read at true corners, {row['scanned']} by the scan"
            yield text
