"""Colour profiles that go into sheets."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError

MAX_PROFILE_BYTES = 32 * 2**20
#: Pillow's mode and the number of inks of the colour spaces that a sheet can have.
SPACES = {b"RGB ": ("RGB", 3), b"CMYK": ("CMYK", 4)}
_CLASSES = (b"prtr", b"mntr", b"spac", b"scnr")
_CREATED = slice(24, 36)  # date and time in the header of a profile


@dataclass(frozen=True)
class Profile:
    """An ICC profile.

    Attributes:
        data: the file's bytes.
        mode: "RGB" or "CMYK". channels: 3 or 4.
        name: the profile's own description.
    """

    data: bytes
    mode: str
    channels: int
    name: str


@lru_cache(maxsize=1)
def srgb() -> Profile:
    """sRGB, the same bytes every time."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[_CREATED] = bytes([7, 226, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0])
    return Profile(bytes(data), "RGB", 3, "sRGB")


def load_profile(path: str | Path) -> Profile:
    """Read an RGB or CMYK profile, for example a printer's.

    Raises:
        ConfigError: no such file, no ICC profile, or one of another kind.
    """
    file = Path(path)
    try:
        if file.stat().st_size > MAX_PROFILE_BYTES:
            raise ConfigError(f"{file} is too large for an ICC profile: expected an .icc file")
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error.strerror or error}") from error
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(data))
        name = ImageCms.getProfileDescription(opened).strip()
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ConfigError(f"{file} is no ICC profile: expected an .icc or .icm file") from error
    space, kind = data[16:20], data[12:16]
    if space not in SPACES or kind not in _CLASSES:
        raise ConfigError(
            f"{file} is a profile of {space.decode('latin-1').strip()} colours "
            f"({kind.decode('latin-1')}): expected an RGB or CMYK profile of a printer or screen"
        )
    return Profile(data, *SPACES[space], name or file.stem)


def convert(pixels: UInt8Image, source: bytes, target: Profile) -> Image.Image:
    """The same colours in another space, relative to the paper's white.

    Raises:
        ConfigError: the target profile cannot be converted to.
    """
    try:
        done = ImageCms.profileToProfile(
            Image.fromarray(pixels),
            ImageCms.ImageCmsProfile(io.BytesIO(source)),
            ImageCms.ImageCmsProfile(io.BytesIO(target.data)),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode=target.mode,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        raise ConfigError(
            f"colours cannot be converted to the profile {target.name!r}: save as PDF, which "
            "names the profile and leaves the conversion to the printer"
        ) from error
    assert done is not None
    return done


def converted(pixels: UInt8Image, icc_profile: bytes | None, printer: Profile | None) -> UInt8Image:
    """Pixels in sRGB, by way of a printer's colours where one is given."""
    relative = ImageCms.Intent.RELATIVE_COLORIMETRIC
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    source, target = (
        ImageCms.ImageCmsProfile(io.BytesIO(data))
        for data in (icc_profile or srgb().data, srgb().data)
    )
    picture = Image.fromarray(pixels)
    try:
        if printer is None:
            transform = ImageCms.buildTransform(source, target, "RGB", "RGB", relative, flags)
        else:
            transform = ImageCms.buildProofTransform(
                source, target, ImageCms.ImageCmsProfile(io.BytesIO(printer.data)), "RGB", "RGB",
                relative, relative, flags | ImageCms.Flags.SOFTPROOFING,
            )  # fmt: skip
        done = ImageCms.applyTransform(picture, transform)
    except (ImageCms.PyCMSError, OSError, ValueError) as error:
        name = "the picture's own profile" if printer is None else f"the profile {printer.name!r}"
        raise ConfigError(
            f"colours cannot be converted by {name} and back: give the printer's output profile"
        ) from error
    assert done is not None
    return np.array(done)


def proof_of(printer: Profile, icc_profile: bytes | None) -> Callable[[UInt8Image], UInt8Image]:
    """What a printer makes of pixels (H, W, 3) in the colours of `icc_profile`, in sRGB."""
    return lambda pixels: converted(pixels, icc_profile, printer)
