"""The raw rows of a study: one for every photo and setting."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd

from capture.study.store import Study
from riis_physical.errors import ConfigError
from riis_physical.system.files import atomic_path

FORMATS = {"csv": ".csv", "parquet": ".parquet"}
_QUERY = """
SELECT result.photo_id AS photo, setting.name AS setting, setting.id AS setting_id,
  row.id AS row, row.repeat, sheet.id AS sheet, container.id AS container, container.host,
  container.message_length, container.strength, container.model, sheet.medium, sheet.width_mm,
  row.distance_m, row.angle_deg, row.light, row.device, photo.distance_m AS measured_distance_m,
  photo.angle_deg AS measured_angle_deg, photo.width_px, photo.simulated, photo.taken,
  photo.exif_device, photo.exposure_s, photo.iso, photo.focal_mm35, photo.recognised_by,
  photo.file, container.psnr, container.ssim, container.flip, container.qr_version,
  result.status, result.is_right, result.stage, result.found_by, result.confidence,
  result.detail, result.total_ms, json_extract(setting.made_by, '$.version') AS version,
  json_extract(setting.made_by, '$.commit') AS "commit"
FROM result JOIN setting ON setting.id = result.setting_id
JOIN photo ON photo.id = result.photo_id JOIN row ON row.id = photo.row_id
JOIN sheet ON sheet.id = row.sheet_id JOIN container ON container.id = sheet.container_id
ORDER BY setting.number, result.photo_id
"""


def load_rows(study: Study) -> pd.DataFrame:
    """All results with everything that is known of their photos.

    Raises:
        ConfigError: nothing was scanned yet.
    """
    frame = pd.DataFrame(study.rows(_QUERY))
    if frame.empty:
        raise ConfigError(
            f"{study.folder} has no results yet: `study ingest` photos, then `study run`"
        )
    frame["is_right"] = frame["is_right"].astype(bool)
    frame["simulated"] = frame["simulated"].astype(bool)
    return frame


def save_rows(frame: pd.DataFrame, path: Path, kind: str, *, force: bool = False) -> None:
    """Write the raw rows as CSV or Parquet, in one step; raises OutputError."""
    with atomic_path(path, force=force) as part:
        if kind == "parquet":
            frame.to_parquet(part, index=False)
        else:
            frame.to_csv(part, index=False, quoting=csv.QUOTE_MINIMAL)


def settings_of(study: Study) -> list[dict[str, Any]]:
    """The settings with results, the newest last: id, name, made_by (parsed)."""
    lines = study.rows(
        "SELECT * FROM setting WHERE id IN (SELECT setting_id FROM result) ORDER BY number"
    )
    return [{**line, "made_by": json.loads(line["made_by"])} for line in lines]
