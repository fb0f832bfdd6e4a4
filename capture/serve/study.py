"""A study at the page: its rows, and photos recorded for them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from capture.read.place.probe import RevealerLike
from capture.study.config import SHOT_FACTORS
from capture.study.ingest import record
from capture.study.recognise import Recogniser
from capture.study.store import Study
from riis_physical.system.files import atomic_path

_KINDS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG": ".png"}


class StudyDesk:
    """One study, opened anew for every request: any thread may ask."""

    def __init__(self, folder: Path, revealers: Sequence[RevealerLike]) -> None:
        with Study.open(folder):
            pass
        self.folder = folder
        self._recognise = Recogniser(folder, lambda: revealers)
        self._one = threading.Lock()

    def describe(self) -> dict[str, Any]:
        """Name, levels of what is set up for a photo, and every row: whether it has a photo.

        `simulated` counts the rows that have simulated ones.
        """
        with Study.open(self.folder) as study:
            rows = study.rows(
                "SELECT row.id, row.sheet_id AS sheet, row.distance_m, row.angle_deg, row.light, "
                "row.device, row.repeat, sheet.medium, sheet.width_mm, "
                "EXISTS (SELECT 1 FROM photo WHERE photo.row_id = row.id) AS done, "
                "EXISTS (SELECT 1 FROM photo WHERE photo.row_id = row.id AND photo.simulated) "
                "AS simulated "
                "FROM row JOIN sheet ON sheet.id = row.sheet_id ORDER BY row.id"
            )
            levels = {name: list(dict.fromkeys(row[name] for row in rows)) for name in SHOT_FACTORS}
            simulated = sum(row.pop("simulated") for row in rows)
            return {
                "name": study.config.name, "levels": levels, "rows": rows, "simulated": simulated
            }  # fmt: skip

    def record(self, data: bytes, row: int) -> dict[str, Any]:
        """Keep a photo as one of a row, unless it shows another sheet."""
        suffix = next((s for start, s in _KINDS.items() if data.startswith(start)), ".heic")
        with self._one:
            path = self.folder / f".page{suffix}"  # not yet among the photos
            try:
                with atomic_path(path, force=True) as part:
                    part.write_bytes(data)
                return record(self.folder, self._recognise, path, row)
            finally:
                path.unlink(missing_ok=True)
