"""How many photos of each kind read, and what they cost.

A photo counts as read where all of its containers are; a text that none of them holds is wrong.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from capture.read.place.effort import Effort
from capture.scan import find_containers
from riis_physical.model.revealer import Revealer
from riis_physical.model.weights import available
from training.measure.common.experiment import (
    Experiment,
    carry_out,
    check_output,
    each,
    simulated,
)
from training.measure.common.settings import Plain
from training.measure.common.summary import rate, spread
from training.measure.kinds import scenes, sent
from training.measure.kinds.making import Maker, Material

KIND = "kinds"
KINDS: dict[str, Maker] = {
    "plain": sent.plain,
    "empty room": sent.empty,
    "mirrored photo": sent.mirrored_photo,
    "mirrored file": sent.mirrored_file,
    "collage, no gap": sent.collage(0),
    "collage, 8 px": sent.collage(8),
    "collage, 24 px": sent.collage(24),
    "collage, 60 px": sent.collage(60),
    "collage, photo": sent.collage_photo,
    "contact sheet of 24": sent.contact_sheet,
    "wallpaper": sent.wallpaper,
    "cut by 2 %": sent.cropped(0.02),
    "cut by 6 %": sent.cropped(0.06),
    "cut by 12 %": sent.cropped(0.12),
    "cut by 6 %, two sides": sent.cropped(0.06, 2),
    "cut by 6 %, border": sent.cropped(0.06, border=True),
    "cut, photo": sent.cropped_photo,
    "glass": scenes.glass,
    "tape": scenes.tape,
    "shallow focus": scenes.shallow_focus,
    "bands": scenes.bands,
    "subpixels": scenes.subpixels,
    "steep": scenes.steep,
    "pillar": scenes.pillar,
}


@dataclass(frozen=True)
class Settings(Plain):
    """One measurement; see the options."""

    model: str
    images: str
    backgrounds: str
    kinds: tuple[str, ...]
    n: int
    seed: int
    effort: str


@dataclass(frozen=True)
class KindRecord:
    """One photo of a kind.

    Attributes:
        kind, index: of the photo.
        messages: of its containers. right: how many of them were read.
        wrong: texts that none of them holds.
        statuses: of the results.
        mirrored: how many results say so.
        step: of the scan that read the first one.
        cpu_s, wall_s: of the scan. work: modules revealed, by step.
    """

    kind: str
    index: int
    messages: int
    right: int
    wrong: int
    statuses: tuple[str, ...]
    mirrored: int
    step: str
    cpu_s: float
    wall_s: float
    work: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> KindRecord:
        """From plain values."""
        return cls(**{**values, "statuses": tuple(values["statuses"])})


class KindRunner:
    """Makes photos and scans them."""

    def __init__(self, settings: Settings) -> None:
        """Raises RiisError: no such model, no pictures."""
        self.settings = settings
        name = available()[0] if settings.model == "auto" else settings.model
        self.revealer = Revealer.load(name)
        self.material = Material.of(
            Path(settings.images), Path(settings.backgrounds), self.revealer, settings.seed
        )
        self.effort = Effort(settings.effort)

    def run(self, index: int, kind: str) -> Iterator[KindRecord]:
        """One photo."""
        case = KINDS[kind](self.material, index)
        wall, cpu = time.perf_counter(), time.process_time()
        found = find_containers(case.photo, [self.revealer], effort=self.effort)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        texts = {result.text for result in found.results if result.payload is not None}
        steps = [one.step for one in found.findings if one.reading is not None]
        yield KindRecord(
            kind=kind,
            index=index,
            messages=len(case.messages),
            right=len(texts & set(case.messages)),
            wrong=len(texts - set(case.messages)),
            statuses=tuple(str(result.status) for result in found.results),
            mirrored=sum(result.mirrored for result in found.results),
            step=steps[0] if steps else "",
            cpu_s=round(cpu, 3),
            wall_s=round(wall, 3),
            work=dict(found.work),
        )


def summarise_kind(records: list[KindRecord]) -> dict[str, Any]:
    """Figures of one kind."""
    return {
        "photos": len(records),
        "read": rate(r.right == r.messages and r.messages > 0 for r in records)
        if any(r.messages for r in records)
        else None,
        "containers": sum(r.messages for r in records),
        "containers_read": sum(r.right for r in records),
        "wrong_texts": sum(r.wrong for r in records),
        "cpu_s": spread(r.cpu_s for r in records),
        "modules": spread(sum(r.work.values()) for r in records),
    }


def measure_kinds(
    settings: Settings,
    output: Path,
    *,
    workers: int = 1,
    force: bool = False,
    seconds: float | None = None,
) -> dict[str, Any]:
    """Measure and write `output`; see :func:`carry_out`."""
    check_output(output, workers=workers, force=force)
    here = KindRunner(settings)
    tasks = [(index, kind) for index in range(settings.n) for kind in settings.kinds]
    values = settings.as_dict()

    def summary(records: list[KindRecord]) -> dict[str, Any]:
        wanted = [record for record in records if (record.index, record.kind) in set(tasks)]
        return {
            "kinds": {
                kind: summarise_kind([r for r in wanted if r.kind == kind])
                for kind in settings.kinds
                if any(r.kind == kind for r in wanted)
            }
        }

    subject = simulated(values, here.revealer.record, here.material.hosts)
    experiment = Experiment(
        kind=KIND,
        # More photos, or other kinds, go on where the journal ends.
        head={**subject["head"], "settings": values | {"kinds": None, "n": None}},
        about=subject["about"],
        settings=settings,
        make=KindRunner,
        parse=KindRecord.parse,
        **each(tasks, "index", "kind"),
        unit="photo",
        summarise=summary,
        by_task=True,
    )
    return carry_out(
        experiment, output, workers=workers, force=force, seconds=seconds,
        here=here if workers == 1 else None,
    )  # fmt: skip


def lines(result: dict[str, Any]) -> list[str]:
    """One for each kind, for people."""
    told = []
    for kind, found in result["kinds"].items():
        read = found["read"]
        hits = "" if read is None else f"{read['hits']} of {read['trials']} photos read, "
        told.append(
            f"{kind}: {hits}{found['containers_read']} of {found['containers']} containers, "
            f"{found['wrong_texts']} wrong texts, {found['cpu_s']['median']:.1f} s of one core"
        )
    return told
