"""One container, its photos one by one, each alone and all that came so far together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from capture.clock import Clock
from capture.many.fused import FusedScan
from capture.scan import PhotoFindings
from riis_physical.artifacts import UInt8Image
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.model.revealer import Revealer
from training.measure.capture import (
    Find,
    Wall,
    draw_channel,
    draw_wall,
    hide_one,
    judge,
    load,
    mean_width_px,
    photo_file,
    product_find,
)
from training.measure.common.draws import Hosts
from training.measure.common.records import NOT_HIDDEN
from training.measure.fusing.records import FuseRecord
from training.measure.fusing.settings import FuseSettings


@dataclass(frozen=True)
class Scene:
    """What all photos of a container share.

    Attributes:
        medium: `print` or `screen`.
        wall: behind the sheet.
    """

    medium: str
    wall: Wall


@dataclass(frozen=True)
class FuseRunner:
    """Runs containers of the benchmark; a runner of pool.run_tasks.

    Attributes:
        settings: of the benchmark. hosts: its pictures.
        revealer: the loaded model.
        find: photo path and revealers to what the scan saw.
    """

    settings: FuseSettings
    hosts: Hosts
    revealer: Revealer
    find: Find

    def run(self, index: int) -> Iterator[FuseRecord]:
        """Hide once, photograph several times, scan each photo once."""
        scene, clock = self.scene(index), Clock.bare()
        hidden = hide_one(
            self.hosts, self.revealer, self.settings.seed, index, clock, self.settings.strength
        )
        code = hidden.code
        about = {
            "index": index, "host": hidden.path.name, "medium": scene.medium,
            "version": code.version, "background": scene.wall.name,
        }  # fmt: skip
        if hidden.made is None:
            yield FuseRecord.from_dict({**about, "status": NOT_HIDDEN})
            return
        singles, together, widths = [], [], []
        seen: dict[str, PhotoFindings] = {}
        # A photo is scanned once, for its own answer and for the sum.
        scan, done, wrong = FusedScan(lambda photo: seen.pop(str(photo))), False, set()
        for frame in range(self.settings.frames):
            with clock.stage("photograph"):
                photo = self.photo(hidden.made.container, scene, index, frame)
            widths.append(mean_width_px(photo))
            with photo_file(photo, f"{frame}.jpg") as file, clock.stage("scan"):
                findings = self.find(str(file), [self.revealer])
            singles.append(judge(findings.results, code.payload))
            if not done:
                name = str(file)
                seen[name] = findings
                with clock.stage("fuse"):
                    done = scan.add(name, name)
                results = [fused.result for fused in scan.results()]
                wrong |= {r.payload for r in results if r.payload not in (None, code.payload)}
            together.append(judge(results, code.payload))
        yield FuseRecord(
            index=index,
            host=hidden.path.name,
            medium=scene.medium,
            version=code.version,
            status=together[-1].status,
            background=scene.wall.name,
            single=[outcome.right for outcome in singles],
            single_status=[outcome.status for outcome in singles],
            fused=[outcome.right for outcome in together],
            frames_used=len(scan.names),
            wrong_single=sum(outcome.wrong_texts for outcome in singles),
            wrong_fused=len(wrong),
            width_px=widths,
            timings_ms=clock.ms,
        )

    def scene(self, index: int) -> Scene:
        """Medium and surroundings of a container."""
        settings = self.settings
        key = settings.container_seed(index)
        medium = settings.medium
        if medium == "mixed":
            medium = ("print", "screen")[int(np.random.default_rng(key).integers(2))]
        return Scene(medium, draw_wall(settings.backgrounds, key))

    def photo(self, container: UInt8Image, scene: Scene, index: int, frame: int) -> Photograph:
        """One photo, all of whose channel is drawn anew."""
        settings = self.settings
        key = settings.frame_seed(index, frame)
        params, seed = draw_channel(key, settings.preset, scene.medium)
        return photograph(
            container,
            params,
            background=scene.wall.pixels,
            size=settings.size,
            margin=settings.margin,
            seed=seed,
        )


def make_fuse_runner(settings: FuseSettings, sha256: str | None = None) -> FuseRunner:
    """Load what a benchmark works with; arguments and errors as those of capture.load."""
    return FuseRunner(settings, *load(settings, sha256), product_find)
