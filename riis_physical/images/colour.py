"""Colours of a decoded picture to 8-bit RGB, a band of rows at a time."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

_ALPHA_MODES = ("LA", "PA", "La", "RGBA", "RGBa")
_BAND_ROWS = 64
WHITE = (255, 255, 255)


def colour_name(colour: tuple[int, int, int]) -> str:
    """For people: white, or #rrggbb."""
    return "white" if colour == WHITE else "#{:02x}{:02x}{:02x}".format(*colour)


class Colours:
    """How the colours of one picture become 8-bit RGB.

    Attributes:
        profile: what the RGB pixels still need, None for sRGB.
        notes: one line for each conversion that changed pixels, complete after the last band.
        was_transparent: whether some of it lets the background through.
    """

    def __init__(
        self,
        image: Image.Image,
        profile: bytes | None,
        *,
        keep_profile: bool,
        background: tuple[int, int, int] = WHITE,
    ) -> None:
        """Decide from the whole picture, which is loaded; transparency lies on `background`.

        Raises:
            ValueError: floating-point pixels, or LAB without a usable profile.
        """
        self.profile: bytes | None = None
        self.was_transparent = False
        self._background = background
        self._notes: dict[str, None] = {}  # a set that keeps its order
        self._transform: ImageCms.ImageCmsTransform | None = None
        if image.mode == "F":
            raise ValueError("floating-point pixels")
        self._has_alpha = image.mode in _ALPHA_MODES or "transparency" in image.info
        self._is_16_bit = image.mode.startswith("I") and _highest(image) > 255
        mode = "L" if image.mode.startswith("I") else image.mode
        if self._has_alpha or mode in ("P", "1", "YCbCr", "HSV", "RGBX"):
            mode = "RGB"
        if mode in ("CMYK", "LAB"):
            self._notes[f"{mode} colours converted to sRGB"] = None
        if mode == "RGB" and (not profile or keep_profile or _is_srgb(profile)):
            self.profile = profile if keep_profile else None
            return
        self._transform = _through_profile(mode, profile)
        if self._transform is None:
            if mode == "LAB":
                raise ValueError("LAB without a usable profile")
        elif mode == "RGB":
            self._notes["embedded colour profile converted to sRGB"] = None

    @property
    def notes(self) -> list[str]:
        """One line for each conversion so far."""
        return list(self._notes)

    def to_rgb(self, band: Image.Image) -> Image.Image:
        """Rows of the picture in RGB."""
        if band.mode.startswith("I"):
            band = self._grey(band)
        if self._has_alpha:
            rgba = band.convert("RGBA")
            if int(np.asarray(rgba.getchannel("A")).min()) < 255:
                self.was_transparent = True
                self._notes[f"transparency laid on {colour_name(self._background)}"] = None
            ground = Image.new("RGBA", rgba.size, (*self._background, 255))
            band = Image.alpha_composite(ground, rgba).convert("RGB")
        elif band.mode in ("P", "1", "YCbCr", "HSV", "RGBX"):
            band = band.convert("RGB")
        if self._transform is None:
            return band.convert("RGB")
        converted = ImageCms.applyTransform(band, self._transform)
        assert converted is not None  # a new picture, not one changed in place
        return converted

    def _grey(self, band: Image.Image) -> Image.Image:
        values = np.asarray(band)
        if self._is_16_bit:
            values = np.clip(values, 0, 65535).astype(np.uint16) >> 8
        return Image.fromarray(values.astype(np.uint8))


def _highest(image: Image.Image) -> int:
    """The highest value, found in bands."""
    bands = range(0, image.height, _BAND_ROWS)
    boxes = ((0, y, image.width, min(image.height, y + _BAND_ROWS)) for y in bands)
    return max(int(np.asarray(image.crop(box)).max()) for box in boxes)


def _through_profile(mode: str, profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """The way to sRGB by the embedded profile, None where that is impossible."""
    if not profile:
        return None
    try:
        return ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            _srgb(),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _is_srgb(profile: bytes) -> bool:
    try:
        name = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError):
        return True  # an unreadable profile says nothing: take the pixels as sRGB
    return "srgb" in name.lower()
