"""One container, its photos one by one, each alone and all that came so far together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from capture.many.fused import FusedScan
from capture.scan import PhotoFindings, find_containers
from riis_physical.artifacts import UInt8Image
from riis_physical.channel.params import sample_params
from riis_physical.channel.photo import Photograph, photograph
from riis_physical.errors import HostError, WeightsError
from riis_physical.hiding import hide
from riis_physical.images import load_host, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from training.measure.common.draws import Hosts, draw_background, draw_message
from training.measure.common.records import NOT_HIDDEN
from training.measure.common.trial import Clock, judge
from training.measure.fusing.records import FuseRecord
from training.measure.fusing.settings import FuseSettings

Find = Callable[[str, Sequence[Revealer]], PhotoFindings]


@dataclass(frozen=True)
class Scene:
    """What all photos of a container share.

    Attributes:
        medium: `print` or `screen`.
        wall: behind the sheet, None for procedural ones. wall_name: its file.
    """

    medium: str
    wall: UInt8Image | None
    wall_name: str | None


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
        message = draw_message(self.settings.seed, index)
        code = encode(message)
        host_path, scene, clock = self.hosts.path(index), self.scene(index), Clock()
        about = {
            "index": index, "host": host_path.name, "medium": scene.medium,
            "version": code.version, "background": scene.wall_name,
        }  # fmt: skip
        host = load_host(host_path)
        try:
            with clock.stage("hide"):
                hidden = hide(
                    host, message, revealer=self.revealer, strength=self.settings.strength
                )
        except HostError:
            yield FuseRecord.from_dict({**about, "status": NOT_HIDDEN})
            return
        singles, together, widths = [], [], []
        seen: dict[str, PhotoFindings] = {}
        # A photo is scanned once, for its own answer and for the sum.
        scan, done, wrong = FusedScan(lambda photo: seen.pop(str(photo))), False, set()
        for frame in range(self.settings.frames):
            with clock.stage("photograph"):
                photo = self.photo(hidden.container, scene, index, frame)
            widths.append(_width_px(photo))
            with tempfile.TemporaryDirectory(prefix="riis-benchmark-") as folder:
                file = Path(folder) / f"{frame}.jpg"
                file.write_bytes(photo.jpeg)
                with clock.stage("scan"):
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
            host=host_path.name,
            medium=scene.medium,
            version=code.version,
            status=together[-1].status,
            background=scene.wall_name,
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
        folder = None if settings.backgrounds is None else Path(settings.backgrounds)
        wall = draw_background(folder, key)
        pixels = None if wall is None else load_photo(wall).pixels
        return Scene(medium, pixels, None if wall is None else wall.name)

    def photo(self, container: UInt8Image, scene: Scene, index: int, frame: int) -> Photograph:
        """One photo, all of whose channel is drawn anew."""
        settings = self.settings
        key = settings.frame_seed(index, frame)
        words = np.random.SeedSequence(key).generate_state(2)
        generator = torch.Generator().manual_seed(int(words[0]))
        return photograph(
            container,
            sample_params(settings.preset, 1, generator, medium=scene.medium),
            background=scene.wall,
            size=settings.size,
            margin=settings.margin,
            seed=int(words[1]),
        )


def make_fuse_runner(settings: FuseSettings, sha256: str | None = None) -> FuseRunner:
    """Load the model and bind the product's scan.

    Args:
        sha256: of the weights that are expected; None takes any.

    Raises:
        WeightsError: no such model, or another one than expected.
        TrainingError: no pictures.
    """
    hosts = Hosts(Path(settings.images), settings.seed)
    if settings.backgrounds is not None:
        Hosts(Path(settings.backgrounds), settings.seed)
    revealer = Revealer.load(settings.model, settings.device)
    if sha256 is not None and revealer.record["sha256"] != sha256:
        raise WeightsError(
            f"the weights of {settings.model} were replaced during the benchmark: start it again"
        )
    return FuseRunner(settings, hosts, revealer, product_find)


def product_find(path: str, revealers: Sequence[Revealer]) -> PhotoFindings:
    """What the product's scan sees in a photo file."""
    return find_containers(path, list(revealers))


def _width_px(photo: Photograph) -> float:
    sides = np.linalg.norm(np.roll(photo.corners, -1, axis=0) - photo.corners, axis=1)
    return float(sides[0::2].mean())
