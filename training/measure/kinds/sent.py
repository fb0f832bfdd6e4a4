"""Photos and files as they are sent: mirrored, several on one sheet, cut off."""

from __future__ import annotations

import numpy as np

from training.measure.kinds.making import Case, Maker, Material, capture, fitted


def plain(material: Material, index: int) -> Case:
    """A capture of one container, nothing else."""
    picture, message = material.container(index)
    photo, _, _ = capture(picture, material.wall(index), material.rng(index))
    return Case(photo, (message,))


def empty(material: Material, index: int) -> Case:
    """A room with nothing hidden in it."""
    return Case(fitted(material.wall(index), (1200, 1600)), ())


def mirrored_photo(material: Material, index: int) -> Case:
    """As `plain`, mirrored, as selfie cameras store it."""
    case = plain(material, index)
    return Case(np.ascontiguousarray(case.photo[:, ::-1]), case.messages)


def mirrored_file(material: Material, index: int) -> Case:
    """A container's own pixels mirrored."""
    picture, message = material.container(index)
    return Case(np.ascontiguousarray(picture[:, ::-1]), (message,))


def _sheet(material: Material, index: int, across: int, down: int, gap: int) -> Case:
    """Containers of one size side by side, white between them and around."""
    parts = [material.container(across * down * index + n) for n in range(across * down)]
    height, width = parts[0][0].shape[:2]
    sheet = np.full(
        (down * height + (down + 1) * gap, across * width + (across + 1) * gap, 3), 255, np.uint8
    )
    for n, (picture, _) in enumerate(parts):
        top = gap + (n // across) * (height + gap)
        left = gap + (n % across) * (width + gap)
        sheet[top : top + height, left : left + width] = fitted(picture, (height, width))
    return Case(sheet, tuple(message for _, message in parts))


def collage(gap: int) -> Maker:
    """Two by two as a file, `gap` px apart."""
    return lambda material, index: _sheet(material, index, 2, 2, gap)


def collage_photo(material: Material, index: int) -> Case:
    """Two by two, a gap of 8 px, photographed."""
    sheet = _sheet(material, index, 2, 2, 8)
    photo, _, _ = capture(
        sheet.photo, material.wall(index), material.rng(index), size=(2400, 3200),
        container_width_px=float(material.rng(index).uniform(1600, 2200)),
    )  # fmt: skip
    return Case(photo, sheet.messages)


def contact_sheet(material: Material, index: int) -> Case:
    """Six by four as a file."""
    return _sheet(material, index, 6, 4, 24)


def wallpaper(material: Material, index: int) -> Case:
    """One container repeated without gaps, cut anywhere; it counts once."""
    picture, message = material.container(index)
    rng = material.rng(index)
    part = fitted(picture, (picture.shape[0] * 3 // 4, picture.shape[1] * 3 // 4))
    tiled = np.tile(part, (4, 4, 1))
    top, left = (int(rng.integers(0, length)) for length in part.shape[:2])
    window = tiled[top : top + 5 * part.shape[0] // 2, left : left + 5 * part.shape[1] // 2]
    return Case(np.ascontiguousarray(window), (message,))


def cropped(share: float, sides: int = 1, *, border: bool = False) -> Maker:
    """A file with `share` cut off one side, or off two that meet; with white on the others."""

    def make(material: Material, index: int) -> Case:
        picture, message = material.container(index)
        height, width = picture.shape[:2]
        if border:
            edge = width // 12
            picture = np.pad(picture, ((edge,) * 2, (edge,) * 2, (0, 0)), constant_values=245)
        room = width // 12 if border else 0
        first = int(material.rng(index).integers(4))
        cut = [0, 0, 0, 0]  # left, top, right, bottom
        for side in (first, (first + 1) % 4)[:sides]:
            cut[side] = room + round(share * (width if side % 2 == 0 else height))
        photo = picture[cut[1] : picture.shape[0] - cut[3], cut[0] : picture.shape[1] - cut[2]]
        return Case(np.ascontiguousarray(photo), (message,))

    return make


def cropped_photo(material: Material, index: int) -> Case:
    """A capture cut off by the photo's edge by 2 to 12 % of the container on one side."""
    picture, message = material.container(index)
    rng = material.rng(index)
    photo, corners, _ = capture(picture, material.wall(index), rng)
    share = float(rng.uniform(0.02, 0.12))
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    across, down = share * (right - left), share * (bottom - top)
    side = int(rng.integers(4))
    height, width = photo.shape[:2]
    low_x, low_y = (int(left + across) if side == 0 else 0), (int(top + down) if side == 1 else 0)
    high_x = int(right - across) if side == 2 else width
    high_y = int(bottom - down) if side == 3 else height
    return Case(np.ascontiguousarray(photo[low_y:high_y, low_x:high_x]), (message,))
