"""Host, container and difference side by side, for the README: python -m training.report.gallery.

The hosts are photographs that scikit-image carries in its package: skin, fur,
a glazed cup and a plain evening sky.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from riis_physical.artifacts import UInt8Image
from riis_physical.hiding import hide
from riis_physical.images import LoadedImage, save_image
from riis_physical.images.contact_sheet import DIFFERENCE_GAIN, contact_sheet, difference
from riis_physical.model.revealer import Revealer

MESSAGE = "https://example.org/exhibition/room-12"


def sample_hosts() -> dict[str, UInt8Image]:
    """Photographs (H, W, 3) by name."""
    from skimage import data

    makers = {
        "astronaut": data.astronaut,
        "cat": data.chelsea,
        "coffee": data.coffee,
        "rocket": data.rocket,
    }
    return {name: np.ascontiguousarray(make()) for name, make in makers.items()}


def gallery(revealer: Revealer, strength: float = 1.0) -> UInt8Image:
    """One row a host: host, container with its figures, difference times ten."""
    tiles: list[tuple[str, UInt8Image]] = []
    for name, host in sample_hosts().items():
        hidden = hide(LoadedImage(host), MESSAGE, revealer=revealer, strength=strength)
        figures = f"container, PSNR {hidden.psnr:.1f} dB, SSIM {hidden.ssim:.3f}"
        tiles += [
            (f"host: {name}", host),
            (figures, hidden.container),
            (f"difference x {DIFFERENCE_GAIN}", difference(host, hidden.container)),
        ]
    return contact_sheet(tiles, f"{revealer.name}, strength {strength:g}: {MESSAGE}")


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="auto")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/containers.png"))
    arguments = parser.parse_args()
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    sheet = gallery(Revealer.load(arguments.model), arguments.strength)
    save_image(arguments.output, sheet, force=True)


if __name__ == "__main__":
    main()
