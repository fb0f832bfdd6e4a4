"""The only boundary between image files and arrays.

In come files and bytes, bounded in pixels and memory (`bounds`, `opening`); out come upright
uint8 RGB arrays (`load`), and arrays go out as files with their profile and dpi (`save`).
"""

from riis_physical.images.bounds import PHOTO, WHOLE, Bounds
from riis_physical.images.jpeg_tables import jpeg_quality, luma_steps
from riis_physical.images.load import LoadedImage, load_host, load_photo
from riis_physical.images.opening import MAX_PIXELS, MIN_SIDE_PX, READABLE
from riis_physical.images.save import (
    JPEG_SAVE_QUALITY,
    LOSSY,
    WRITABLE,
    encode_png,
    image_format,
    save_image,
)

__all__ = [
    "JPEG_SAVE_QUALITY",
    "LOSSY",
    "MAX_PIXELS",
    "MIN_SIDE_PX",
    "PHOTO",
    "READABLE",
    "WHOLE",
    "WRITABLE",
    "Bounds",
    "LoadedImage",
    "encode_png",
    "image_format",
    "jpeg_quality",
    "load_host",
    "load_photo",
    "luma_steps",
    "save_image",
]
