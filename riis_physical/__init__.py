"""Hide a QR code invisibly in a picture and read it back from a photograph of it.

The names below are the Python API. They are imported when first used, so that
`import riis_physical` costs nothing:

    from riis_physical import hide, scan
    hide("host.jpg", "a message", "container.png")
    for found in scan("photo.jpg"):
        print(found.status, found.text)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riis_physical.artifacts import Condition, ScanResult, Status
    from riis_physical.errors import (
        BadImageError,
        HostError,
        MessageError,
        OutputError,
        RiisError,
        WeightsError,
    )
    from riis_physical.face import hide, load_models, print_sheet, scan, simulate
    from riis_physical.hiding import Aim, HideResult, Refinement
    from riis_physical.images import LoadedImage, load_host, load_photo, save_image
    from riis_physical.model.revealer import Revealer
    from riis_physical.picture_face import hide_image, reveal
    from riis_physical.pictures import HiddenPictures, PictureModel, RevealedPictures
    from riis_physical.qr.visible import read_visible

_HOME = {
    "Condition": "artifacts",
    "ScanResult": "artifacts",
    "Status": "artifacts",
    "BadImageError": "errors",
    "HostError": "errors",
    "MessageError": "errors",
    "OutputError": "errors",
    "RiisError": "errors",
    "WeightsError": "errors",
    "Aim": "hiding",
    "HideResult": "hiding",
    "Refinement": "hiding",
    "HiddenPictures": "pictures",
    "PictureModel": "pictures",
    "RevealedPictures": "pictures",
    "hide": "face",
    "hide_image": "picture_face",
    "load_models": "face",
    "print_sheet": "face",
    "reveal": "picture_face",
    "scan": "face",
    "simulate": "face",
    "LoadedImage": "images",
    "load_host": "images",
    "load_photo": "images",
    "save_image": "images",
    "read_visible": "qr.visible",
    "Revealer": "model.revealer",
}

__all__ = [
    "Aim",
    "BadImageError",
    "Condition",
    "HiddenPictures",
    "HideResult",
    "HostError",
    "LoadedImage",
    "MessageError",
    "OutputError",
    "PictureModel",
    "Refinement",
    "RevealedPictures",
    "Revealer",
    "RiisError",
    "ScanResult",
    "Status",
    "WeightsError",
    "hide",
    "hide_image",
    "load_host",
    "load_models",
    "load_photo",
    "print_sheet",
    "read_visible",
    "reveal",
    "save_image",
    "scan",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("riis-physical")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
