"""Composites to learn detection from: containers and ordinary pictures in front of walls.

Each is a simulated photo through the physical channel, stored as a JPEG with its
truth. Ordinary pictures hang there with the same frames and the same light, often
the very host of a container, so that only what is hidden tells the two apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from riis_physical.artifacts import UInt8Image
from riis_physical.channel.background import procedural_background
from riis_physical.channel.draw import sample_params
from riis_physical.channel.effects import geometry
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.photo import BLUR_ROOM_PX, fast_length, photograph
from riis_physical.channel.scene import outline
from riis_physical.errors import TrainingError
from riis_physical.system.files import make_folder, write_text
from training.detector.material.containers import load_pair

FloatArray = NDArray[np.float32]

_STREAM = 12
PHOTO = (864, 1152)
STORED = (768, 1024)
STORED_QUALITY = 96
# The detector sees photos of 2 to 50 megapixels averaged down to STORED, these ones hardly
# at all: their blur, noise and compression are those of the channel times a share of this.
SHARES = (0.3, 1.0)
WIDTHS = (0.18, 0.92)  # of the photo's
BARE = 0.65
PASTED_WIDTHS = (0.15, 0.75)
DRAWN = 0.2  # of the walls
MARGINS = (0.01, 0.15)
# Pictures that are put into a stored composite each time it is drawn, by how often.
PASTED = (0.0, 0.6, 0.4)


@dataclass(frozen=True)
class Picture:
    """A framed picture in a scene.

    Attributes:
        corners: xy (4, 2), stored pixels, clockwise from the printed top-left.
        hidden: whether it is a container.
        sheet: xy (4, 2), the outline with its margin.
    """

    corners: FloatArray
    hidden: bool
    sheet: FloatArray


@dataclass(frozen=True)
class Scenes:
    """What composites are drawn from.

    Attributes:
        pairs: container files, see :func:`training.detector.material.containers.make_pairs`.
        walls: photographs to put behind, in groups that are drawn equally often.
        seed: of everything drawn.
    """

    pairs: Sequence[Path]
    walls: Sequence[Sequence[Path]]
    seed: int

    def make(self, index: int) -> tuple[UInt8Image, list[Picture]]:
        """Composite `index`, uint8 RGB of STORED size (or turned), later pictures in front."""
        rng = np.random.default_rng([self.seed, _STREAM, index])
        size = PHOTO if rng.random() < 0.6 else (PHOTO[1], PHOTO[0])
        canvas = (fast_length(size[0] + 2 * BLUR_ROOM_PX), fast_length(size[1] + 2 * BLUR_ROOM_PX))
        wall = self._wall(rng, canvas)
        placed: list[Picture] = []
        for _ in range(int(rng.choice(4, p=(0.35, 0.35, 0.2, 0.1)))):
            hidden = bool(rng.random() < 0.3)
            picture = self._picture(rng, hidden)
            placed.append(paste(wall, picture, rng, hidden))
        hidden = bool(rng.random() < 0.72)
        picture = self._picture(rng, hidden)
        params = _params(rng, size)
        margin = 0.0 if rng.random() < BARE else float(rng.uniform(*MARGINS))
        shot = photograph(
            picture,
            params,
            background=wall,
            size=size,
            margin=margin,
            seed=int(rng.integers(2**31)),
        )
        unit = geometry.unit_corners(shot.params)
        across = cv2.getPerspectiveTransform(unit[0].numpy(), shot.corners)
        sheet = cv2.perspectiveTransform(outline(shot.params, margin).numpy(), across)[0]
        pictures = [_shifted(one, -float(BLUR_ROOM_PX)) for one in placed]
        pictures.append(Picture(shot.corners, hidden, sheet.astype(np.float32)))
        target = STORED if size == PHOTO else (STORED[1], STORED[0])
        small = cv2.resize(shot.image, (target[1], target[0]), interpolation=cv2.INTER_AREA)
        factor = target[0] / size[0]
        return np.asarray(small, np.uint8), [_scaled(one, factor) for one in pictures]

    def _wall(self, rng: np.random.Generator, size: tuple[int, int]) -> UInt8Image:
        if rng.random() < DRAWN:
            drawn = procedural_background(int(rng.integers(2**31)), size)
            return np.asarray((drawn * 255).round(), np.uint8)
        group = self.walls[int(rng.integers(len(self.walls)))]
        path = group[int(rng.integers(len(group)))]
        raw = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if raw is None:
            raise TrainingError(f"{path} cannot be decoded: remove it or replace it")
        photo = np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), np.uint8)
        if rng.random() < 0.5:
            photo = photo[:, ::-1]
        share = float(rng.uniform(0.5, 1.0))
        scale = min(photo.shape[0] / size[0], photo.shape[1] / size[1]) * share
        h, w = int(size[0] * scale), int(size[1] * scale)
        top = int(rng.integers(photo.shape[0] - h + 1))
        left = int(rng.integers(photo.shape[1] - w + 1))
        part = np.ascontiguousarray(photo[top : top + h, left : left + w])
        mode = cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(part, (size[1], size[0]), interpolation=mode), np.uint8)

    def _picture(self, rng: np.random.Generator, hidden: bool) -> UInt8Image:
        return load_pair(self.pairs[int(rng.integers(len(self.pairs)))])[int(hidden)]


def _params(rng: np.random.Generator, size: tuple[int, int]) -> ChannelParams:
    preset = str(rng.choice(["easy", "normal", "hard"], p=(0.2, 0.6, 0.2)))
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    params = sample_params(preset, 1, generator, medium="mixed")
    width = size[1] * float(np.exp(rng.uniform(*np.log(WIDTHS))))
    share = float(rng.uniform(*SHARES))
    return params.override(
        container_width_px=width,
        blur_sigma=float(params.blur_sigma[0]) * share,
        motion=float(params.motion[0]) * share,
        noise_sigma=float(params.noise_sigma[0]) * share,
        jpeg_quality=100 - (100 - float(params.jpeg_quality[0])) * share,
        second_mix=0.0,
    )


def paste(wall: UInt8Image, picture: UInt8Image, rng: np.random.Generator, hidden: bool) -> Picture:
    """Hang a picture, framed or bare, at an angle on the wall; changes the wall."""
    height, width = picture.shape[:2]
    border = 0 if rng.random() < BARE else max(1, round(width * float(rng.uniform(*MARGINS))))
    colour = rng.integers(225, 256, 3) if rng.random() < 0.6 else rng.integers(0, 120, 3)
    framed = cv2.copyMakeBorder(
        picture, border, border, border, border, cv2.BORDER_CONSTANT,
        value=[int(c) for c in colour],
    )  # fmt: skip
    wide = wall.shape[1] * float(np.exp(rng.uniform(*np.log(PASTED_WIDTHS)))) / width
    box = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    turn = float(rng.normal(0, 5)) * np.pi / 180
    turned = (box - box.mean(0)) @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    place = rng.uniform((0.1, 0.1), (0.9, 0.9)) * (wall.shape[1], wall.shape[0])
    seen = turned * wide + place + rng.normal(0, 0.04 * wide * width, (4, 2)) - 0.5
    own = box + border - 0.5
    to_wall = cv2.getPerspectiveTransform(own.astype(np.float32), seen.astype(np.float32))
    shrink = min(1.0, max(1.5 * wide, 0.02))
    small = cv2.resize(framed, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    small = _printed(np.asarray(small, np.uint8), rng)
    real = (small.shape[1] / framed.shape[1], small.shape[0] / framed.shape[0])
    to_framed = np.array([[1 / real[0], 0, 0.5 / real[0] - 0.5],
                          [0, 1 / real[1], 0.5 / real[1] - 0.5], [0, 0, 1]])  # fmt: skip
    size = (wall.shape[1], wall.shape[0])
    end = np.array([framed.shape[1], framed.shape[0]]) - 0.5
    rim = np.array([[[-0.5, -0.5], [end[0], -0.5], [end[0], end[1]], [-0.5, end[1]]]], np.float32)
    sheet = cv2.perspectiveTransform(rim, to_wall)[0]
    low = np.clip(np.floor(sheet.min(0)) - 1, 0, size).astype(int)
    high = np.clip(np.ceil(sheet.max(0)) + 2, 0, size).astype(int)
    part = wall[low[1] : high[1], low[0] : high[0]]
    if part.size:
        to_part = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ to_wall @ to_framed
        size = (part.shape[1], part.shape[0])
        warped = cv2.warpPerspective(small, to_part, size, flags=cv2.INTER_LINEAR)
        cover = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), to_part, size).astype(
            np.float32
        )[..., None] / np.float32(255)
        part[...] = (part * (1 - cover) + warped * cover + 0.5).astype(np.uint8)
    return Picture(seen.astype(np.float32), hidden, sheet.astype(np.float32))


def _printed(picture: UInt8Image, rng: np.random.Generator) -> UInt8Image:
    """Less contrast, blacks that are not black, and a little blur, as paper and screens have."""
    gain, lift = float(rng.uniform(0.65, 1.0)), float(rng.uniform(0, 40))
    shown = cv2.convertScaleAbs(picture, alpha=gain, beta=lift)
    if rng.random() < 0.5:
        shown = cv2.GaussianBlur(shown, (0, 0), float(rng.uniform(0.3, 1.0)))
    return np.asarray(shown, np.uint8)


def _shifted(picture: Picture, by: float) -> Picture:
    shift = np.float32(by)
    return Picture(picture.corners + shift, picture.hidden, picture.sheet + shift)


def _scaled(picture: Picture, factor: float) -> Picture:
    def scaled(points: FloatArray) -> FloatArray:
        return np.asarray((points + 0.5) * factor - 0.5, np.float32)

    return Picture(scaled(picture.corners), picture.hidden, scaled(picture.sheet))


def store(folder: Path, index: int, image: UInt8Image, pictures: Sequence[Picture]) -> None:
    """Write a composite and its truth."""
    make_folder(folder)
    ok, data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(image, cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, STORED_QUALITY,
         cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444],
    )  # fmt: skip
    assert ok
    truth = [
        {
            "corners": picture.corners.round(2).tolist(),
            "hidden": picture.hidden,
            "sheet": picture.sheet.round(2).tolist(),
        }
        for picture in pictures
    ]
    (folder / f"{index:06d}.jpg").write_bytes(data.tobytes())
    write_text(folder / f"{index:06d}.json", json.dumps(truth), force=True)


def load(folder: Path, index: int) -> tuple[UInt8Image, list[Picture]]:
    """A stored composite."""
    raw = cv2.imread(str(folder / f"{index:06d}.jpg"), cv2.IMREAD_COLOR)
    assert raw is not None
    truth = json.loads((folder / f"{index:06d}.json").read_text())
    pictures = [
        Picture(
            np.array(one["corners"], np.float32),
            bool(one["hidden"]),
            np.array(one["sheet"], np.float32),
        )
        for one in truth
    ]
    return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGR2RGB), np.uint8), pictures


def stored_indices(folder: Path) -> list[int]:
    """Numbers of the complete composites in a folder, sorted."""
    return sorted(int(path.stem) for path in folder.glob("??????.json"))


@dataclass(frozen=True)
class Composites:
    """Stored composites, and pairs to put into them.

    Attributes:
        folder: of the composites. indices: their numbers.
        pairs: container files; none for composites as they are.
    """

    folder: Path
    indices: Sequence[int]
    pairs: Sequence[Path] = ()

    @classmethod
    def of(cls, out: Path, name: str, pairs: str | None = None) -> Composites:
        """Those in a run folder.

        Raises:
            TrainingError: there are none.
        """
        indices = stored_indices(out / name)
        if not indices:
            raise TrainingError(f"{out / name} holds no composites: make them first (--scenes N)")
        files = [] if pairs is None else sorted((out / pairs).glob("*.container.png"))
        return cls(out / name, tuple(indices), tuple(files))

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[tuple[int, UInt8Image, list[Picture]]]:
        """Number, image and pictures of each."""
        for index in self.indices:
            yield (index, *load(self.folder, index))

    def twins(self, rng: np.random.Generator) -> list[tuple[UInt8Image, list[Picture]]]:
        """A composite twice, up to two more pictures put into it.

        In the second the pictures put in are host where the first has the container, and
        container where it has the host: what is hidden is all that differs.
        """
        image, pictures = load(self.folder, self.indices[int(rng.integers(len(self.indices)))])
        twins = [(image, list(pictures)), (image.copy(), list(pictures))]
        for _ in range(int(rng.choice(len(PASTED), p=PASTED)) if self.pairs else 0):
            pair = load_pair(self.pairs[int(rng.integers(len(self.pairs)))])
            first, same = int(rng.random() < 0.5), int(rng.integers(2**31))
            for hidden, (wall, placed) in zip((first, 1 - first), twins, strict=True):
                drawn = np.random.default_rng(same)
                placed.append(paste(wall, pair[hidden], drawn, bool(hidden)))
        return twins
