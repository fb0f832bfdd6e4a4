"""Photographs of a training folder that no training has seen.

`python -m training.detector.held_out DIR` lists them; with `--backgrounds` before DIR, those of a
folder of backgrounds that the detector has not learned from. One file in twenty, chosen by
the hash of its name, is held out of training. Where the folder has a `sources.csv` with the
columns `file`, `source` and `source_path`, a held-out file whose original gave another file
that was trained on is left out too: it has been seen in part.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from riis_physical.errors import RiisError, TrainingError
from training.detector.material.make import is_learned_background
from training.hiding.material.data import is_held_out, list_photos

SOURCES = "sources.csv"


def unseen(folder: Path) -> list[Path]:
    """Files of a training folder that were not trained on, nor any other crop of theirs.

    Raises:
        TrainingError: the folder is missing, holds no picture, or none was held out, or
            its sources.csv cannot be read.
    """
    partly = _partly_seen(folder / SOURCES)
    found = [p for p in list_photos(folder) if is_held_out(p.name) and p.name not in partly]
    if not found:
        raise TrainingError(
            f"none of the pictures in {folder} was held out of training: name a larger folder"
        )
    return found


def unseen_backgrounds(folder: Path) -> list[Path]:
    """Files of a folder of backgrounds that the detector has not learned from.

    Raises:
        TrainingError: the folder is missing or holds no picture.
    """
    return [path for path in list_photos(folder) if not is_learned_background(path.name)]


def _partly_seen(table: Path) -> set[str]:
    """Names of files whose original gave a file that is trained on."""
    if not table.is_file():
        return set()
    crops: dict[tuple[str, str], list[str]] = defaultdict(list)
    try:
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                crops[row["source"], row["source_path"]].append(row["file"])
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise TrainingError(
            f"cannot read {table} ({error!r}): expected columns file, source and source_path"
        ) from error
    return {
        name
        for names in crops.values()
        if not all(is_held_out(name) for name in names)
        for name in names
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the names; the exit status is 2 for wrong usage, 1 where there is none."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    rooms = given[:1] == ["--backgrounds"]
    if len(given) != 1 + rooms:
        print(
            "Usage: python -m training.detector.held_out [--backgrounds] DIR",
            file=sys.stderr,
        )
        return 2
    try:
        for path in (unseen_backgrounds if rooms else unseen)(Path(given[-1])):
            print(path.name)
    except RiisError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
