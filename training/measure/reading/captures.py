"""Simulated captures kept as files, with the text that each holds: the same for all readers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from riis_physical.channel.photo import photograph
from riis_physical.errors import HostError
from riis_physical.hiding import hide
from riis_physical.images import load_host, load_photo
from riis_physical.model.revealer import Revealer
from riis_physical.system.files import atomic_path, write_text
from training.measure.common.draws import Hosts, draw_background
from training.measure.common.messages import draw_message
from training.measure.common.settings import Settings
from training.measure.reading.trial import draw_capture

_LIST = "captures.json"


@dataclass(frozen=True)
class Capture:
    """One photo.

    Attributes:
        file: name of the JPEG in the folder.
        text: that it holds; None where the host could not take it.
        medium: print or screen.
        corners: xy (4, 2) outer corners of the container.
    """

    file: str
    text: str | None
    medium: str
    corners: list[list[float]]


def make_captures(folder: Path, settings: Settings) -> list[Capture]:
    """Photos as the settings draw them, made where they are not there yet.

    Args:
        folder: made if need be; a folder that was begun goes on.
        settings: of the first preset and strength.

    Raises:
        ConfigError, TrainingError, WeightsError: as the settings say.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hosts = Hosts(Path(settings.images), settings.seed)
    revealer = Revealer.load(settings.model, settings.device)
    found = []
    for index in range(settings.n):
        about = folder / f"{index:04d}.json"
        if not about.exists():
            _make(folder, settings, hosts, revealer, index)
        found.append(Capture(**json.loads(about.read_text(encoding="utf-8"))))
    write_text(folder / _LIST, json.dumps([asdict(one) for one in found]), force=True)
    return found


def _make(
    folder: Path,
    settings: Settings,
    hosts: Hosts,
    revealer: Revealer,
    index: int,
) -> None:
    preset = settings.presets[0]
    message = draw_message(settings.seed, index)
    text: str | None = message
    host = load_host(hosts.path(index))
    picture = host.pixels
    try:
        picture = hide(host, message, revealer=revealer, strength=settings.strengths[0]).container
    except HostError:
        text = None
    params, seed = draw_capture(settings, preset, index)
    backgrounds = None if settings.backgrounds is None else Path(settings.backgrounds)
    wall = draw_background(backgrounds, settings.capture_seed(preset, index))
    photo = photograph(
        picture,
        params,
        background=None if wall is None else load_photo(wall).pixels,
        size=settings.size,
        margin=settings.margin,
        seed=seed,
    )
    name = f"{index:04d}.jpg"
    with atomic_path(folder / name, force=True) as part:
        part.write_bytes(photo.jpeg)
    medium = "screen" if float(params.is_screen[0]) > 0 else "print"
    capture = Capture(name, text, medium, photo.corners.tolist())
    write_text(folder / f"{index:04d}.json", json.dumps(asdict(capture)), force=True)
