"""The whole folder: photographs, wheels, the project's own files, and how to start."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from riis_physical.system.files import make_folder, write_text
from training.carry.images import QUALITY, SHORT_SIDE, pack_images
from training.carry.wheels import fetch

START = """#!/bin/sh
# Trains on a machine with Python and torch alone:
#   sh start.sh RUN --config print-3 --minutes 12 [options of riis-physical train]
# The same command with --resume goes on with a run that was stopped.
set -e
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
run=${1:?usage: sh start.sh RUN --config NAME [--minutes M] [options]}
shift
python=${PYTHON:-python3}
if [ ! -e "$here/site/ready" ]; then
    "$python" -m pip install -q --upgrade --no-index --no-deps \\
        --target "$here/site" "$here"/wheels/*.whl
    touch "$here/site/ready"
fi
export PYTHONPATH="$here/source:$here/site${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -m riis_physical.cli train --images "$here/images" --out "$run" "$@"
"""
PACKAGES = ("riis_physical", "capture", "calibration", "training")


@dataclass(frozen=True)
class Carried:
    """What lies in the folder.

    Attributes:
        photographs, distributions: numbers. size: bytes in all.
    """

    photographs: int
    distributions: int
    size: int


def make_carried(
    images: Path,
    target: Path,
    *,
    short_side: int = SHORT_SIDE,
    quality: int = QUALITY,
    wheels: bool = True,
    python: str | None = None,
) -> Carried:
    """Fill the folder; what is there already stays, but for the project's own files.

    Args:
        short_side, quality: see :func:`training.carry.images.pack_images`.
        wheels: fetch them. python: see :func:`training.carry.wheels.fetch`.

    Raises:
        TrainingError, BadImageError, OutputError: of the parts.
    """
    make_folder(target)
    photographs = pack_images(images, target / "images", short_side, quality)
    distributions = fetch(target / "wheels", python) if wheels else 0
    root = Path(__file__).parents[2]
    for name in PACKAGES:
        place = target / "source" / name
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(root / name, place, ignore=shutil.ignore_patterns("__pycache__"))
    write_text(target / "start.sh", START, force=True)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    return Carried(photographs, distributions, size)
