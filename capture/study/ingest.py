"""Photos into a study: each content once, without its location, with what it shows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from capture.many.folder import photos_in, run_all, sensible_jobs
from capture.study.photos.exif import (
    check_clean,
    digest,
    has_location,
    without_location,
)
from capture.study.photos.match import Seen, match
from capture.study.photos.pose import Pose, focal_in_px, measure
from capture.study.photos.told import from_exif, from_names, given_levels, levels_of
from capture.study.recognise import Recognised, Recogniser
from capture.study.store import Study
from riis_physical.errors import BadImageError, ConfigError
from riis_physical.images import load_photo
from riis_physical.images.facts import PhotoFacts, read_facts
from riis_physical.system.files import atomic_path


@dataclass(frozen=True)
class Ingested:
    """What became of the photos given.

    Attributes:
        new: taken into the study. known: files whose content was there already.
        unassigned: of all photos of the study, those without a row: name and reason.
        refused: files that are no photo: path and reason.
        right, checked: of the new simulated photos, those with their true row, and how many.
    """

    new: int
    known: int
    unassigned: tuple[tuple[int, str, str], ...]
    refused: tuple[tuple[str, str], ...]
    right: int = 0
    checked: int = 0


@dataclass(frozen=True)
class _Answer:
    facts: PhotoFacts
    recognised: Recognised | None
    fault: str | None = None


class _Looker:
    """Recognises the photos of a study, in this process or another."""

    def __init__(self, folder: Path) -> None:
        self.recognise = Recogniser(folder, _models)

    def __call__(self, path: Path) -> _Answer:
        facts = read_facts(path)
        try:
            pixels = load_photo(path).pixels
        except BadImageError as error:
            return _Answer(facts, None, str(error))
        return _Answer(facts, self.recognise(pixels, _focal_px(facts)))


def _focal_px(facts: PhotoFacts) -> float | None:
    if facts.focal_mm35 is None or not facts.width or not facts.height:
        return None
    return focal_in_px(facts.focal_mm35, (facts.width, facts.height))


def _models() -> list[Any]:
    from riis_physical.model.revealer import Revealer
    from riis_physical.model.weights import available

    return [Revealer.load(name) for name in available()]


def ingest(
    folder: Path,
    photos: Sequence[str | Path],
    *,
    given: dict[str, str] | None = None,
    link: bool = False,
    keep_location: bool = False,
    jobs: int | None = None,
    done: Callable[[], None] | None = None,
    total: Callable[[int], None] | None = None,
) -> Ingested:
    """Take photos into a study.

    Args:
        photos: files and folders (those within them too); those within the study's own
            photos/ stay where they are.
        given: levels that are the same for all of them: light, device, distance_m, angle_deg.
        link: hard links in place of copies, where nothing has to be taken out.
        keep_location: leave the location in the files.

    Raises:
        ConfigError: no study, a level that the study does not have.
        BadImageError: a path that does not exist, or a location that cannot be taken out.
    """
    with Study.open(folder) as study:
        levels = levels_of(study)
        sure = given_levels(levels, given or {})
        files = _files(photos)
        have = {line["sha256"] for line in study.rows("SELECT sha256 FROM photo")}
        fresh: dict[str, Path] = {}
        for file in files:
            fresh.setdefault(digest(file), file)
        known = len(files) - len(fresh) + len(set(fresh) & have)
        fresh = {sha: file for sha, file in fresh.items() if sha not in have}
        if total is not None:
            total(len(fresh))
        paths = list(fresh.values())
        answers = run_all(
            partial(_Looker, folder), paths, jobs=sensible_jobs(len(paths), jobs), done=done
        )
        refused = []
        new: list[int] = []
        for (sha, file), answer in zip(fresh.items(), answers, strict=True):
            if answer.recognised is None:
                refused.append((str(file), answer.fault or ""))
                continue
            stored = _store(study, sha, file, link, keep_location)
            told = {**from_names(file, levels), **from_exif(study, answer.facts), **sure}
            new.append(_add(study, sha, stored, file, answer, told))
        assign_rows(study)
        right, checked = _against_truth(study, new)
        return Ingested(len(new), known, unassigned(study), tuple(refused), right, checked)


def record(folder: Path, recognise: Recogniser, path: Path, row: int) -> dict[str, Any]:
    """Take in one photo whose row is said by hand.

    Returns:
        `recorded`, whether it was kept; `detail`, a line for people; `photo`, its number.

    Raises:
        BadImageError: the file is no photo. ConfigError: there is no such row.
    """
    with Study.open(folder) as study:
        wanted = study.rows(
            "SELECT sheet.* FROM row JOIN sheet ON sheet.id = row.sheet_id WHERE row.id = ?", [row]
        )
        if not wanted:
            raise ConfigError(f"there is no row {row} in this study: load the page again")
        sha = digest(path)
        old = study.one("SELECT id FROM photo WHERE sha256 = ?", [sha])
        if old is not None:
            return {"recorded": False, "photo": old, "detail": "this photo is there already"}
        facts = read_facts(path)
        seen = recognise(load_photo(path).pixels, _focal_px(facts))
        sheet = wanted[0]
        if seen.container is not None and sheet["id"] not in seen.sheets:
            detail = f"the photo shows sheet {' or '.join(seen.sheets)}, row {row} is of "
            return {"recorded": False, "photo": None, "detail": detail + sheet["id"]}
        given = Recognised(
            sheet["container_id"], (sheet["id"],), seen.by or "hand", seen.corners, seen.corners_by
        )
        stored = _store(study, sha, path, link=False, keep_location=False)
        more: dict[str, Any] = {"row_id": row, "name": stored.name}
        if given.corners is not None and facts.width and facts.height:
            size = (sheet["width_mm"], sheet["height_mm"])
            more |= _measured(
                measure(given.corners, size, (facts.width, facts.height), facts.focal_mm35)
            )
        number = _add(study, sha, stored, path, _Answer(facts, given), {}, more)
        told = "" if seen.container is not None else "; the sheet itself was not recognised in it"
        return {"recorded": True, "photo": number, "detail": f"kept as photo {number}{told}"}


def unassigned(study: Study) -> tuple[tuple[int, str, str], ...]:
    """Photos without a row: number, name, reason."""
    return tuple(
        (line["id"], line["name"], line["reason"] or "")
        for line in study.rows("SELECT * FROM photo WHERE row_id IS NULL ORDER BY id")
    )


def assign(study: Study, photo: int, row: int) -> None:
    """Say by hand which row a photo belongs to.

    Raises:
        ConfigError: no such photo or row.
    """
    sheet = study.rows(
        "SELECT sheet.* FROM row JOIN sheet ON sheet.id = row.sheet_id WHERE row.id = ?", [row]
    )
    seen = study.rows("SELECT * FROM photo WHERE id = ?", [photo])
    if not sheet or not seen:
        what, number, table = ("row", row, "row") if not sheet else ("photo", photo, "photo")
        raise ConfigError(
            f"there is no {what} {number}: this study has {what}s 1 to "
            f"{study.one(f'SELECT max(id) FROM {table}') or 0}"
        )
    with study.change() as connection:
        connection.execute(
            "UPDATE photo SET row_id = ?, sheet_id = ?, container_id = ?, reason = NULL, "
            "recognised_by = coalesce(recognised_by, 'hand') WHERE id = ?",
            [row, sheet[0]["id"], sheet[0]["container_id"], photo],
        )
        # What was read has to be judged again, against the container of that row.
        connection.execute("DELETE FROM result WHERE photo_id = ?", [photo])


def _files(photos: Sequence[str | Path]) -> list[Path]:
    found: list[Path] = []
    for photo in map(Path, photos):
        if photo.is_dir():
            found += photos_in(photo, recursive=True)
        elif photo.is_file():
            found.append(photo)
        else:
            raise BadImageError(f"{photo} does not exist: check the name")
    return found


def _store(study: Study, sha: str, file: Path, link: bool, keep_location: bool) -> Path:
    """The photo's place within the study, relative to it; copied there if need be."""
    clean = keep_location or not has_location(file)
    inside = file.resolve()
    own = study.path("photos").resolve()
    if clean and inside.is_relative_to(own):
        return Path("photos") / inside.relative_to(own)
    target = Path("photos") / f"{sha[:16]}{file.suffix.lower()}"
    with atomic_path(study.path(str(target)), force=True) as part:
        if clean and link:
            part.unlink()
            os.link(file, part)
        else:
            data = file.read_bytes()
            part.write_bytes(data if clean else without_location(data))
            if not clean:
                check_clean(part, file)
    return target


def _measured(pose: Pose) -> dict[str, Any]:
    """The measured columns of the table photo."""
    away = pose.distance_m
    return {
        "width_px": round(pose.width_px, 2),
        "angle_deg": round(pose.angle_deg, 2),
        "distance_m": None if away is None else round(away, 4),
    }


def _add(
    study: Study,
    sha: str,
    stored: Path,
    file: Path,
    answer: _Answer,
    told: dict[str, Any],
    more: dict[str, Any] | None = None,
) -> int:
    """A line of the table photo; what is sure of its setting waits in `known` for its row."""
    facts, seen = answer.facts, answer.recognised
    assert seen is not None
    corners = None if seen.corners is None else np.round(seen.corners.astype(float), 3).tolist()
    values: dict[str, Any] = {
        "sha256": sha, "file": stored.as_posix(), "name": file.name, "width": facts.width,
        "height": facts.height, "taken": facts.taken, "exif_device": facts.device,
        "exposure_s": facts.exposure_s, "iso": facts.iso, "focal_mm35": facts.focal_mm35,
        "simulated": int(facts.simulated), "container_id": seen.container,
        "sheet_id": seen.sheets[0] if len(seen.sheets) == 1 else None,
        "recognised_by": seen.by, "corners": corners, "corners_by": seen.corners_by,
        "reason": seen.reason, "known": told, "sheets": list(seen.sheets),
    }  # fmt: skip
    with study.change():
        return study.insert("photo", {**values, **(more or {})})


def assign_rows(study: Study) -> None:
    """Measure recognised photos and give each its row, or the reason why it has none.

    Photos that wait for it since an earlier call was stopped are among them.
    """
    lines = study.rows(
        "SELECT * FROM photo WHERE container_id IS NOT NULL AND row_id IS NULL "
        "AND reason IS NULL ORDER BY id"
    )
    if not lines:
        return
    sizes = {s["id"]: (s["width_mm"], s["height_mm"]) for s in study.rows("SELECT * FROM sheet")}
    rows = study.rows("SELECT * FROM row")
    seen, poses = [], []
    for line in lines:
        sheets = tuple(json.loads(line["sheets"]))
        # Sheets of one container have its shape; sizes may differ, and distances with them.
        size = sizes[sheets[0]] if len(sheets) == 1 else None
        corners = np.array(json.loads(line["corners"]))
        focal = line["focal_mm35"] if size is not None else None
        pose = measure(corners, size or sizes[sheets[0]], (line["width"], line["height"]), focal)
        poses.append(pose)
        seen.append(Seen(sheets, pose.distance_m, pose.angle_deg, json.loads(line["known"])))
    taken = {r["row_id"] for r in study.rows("SELECT row_id FROM photo WHERE row_id IS NOT NULL")}
    sheet_of = {row["id"]: row["sheet_id"] for row in rows}
    with study.change() as connection:
        for line, pose, found in zip(lines, poses, match(seen, rows, taken), strict=True):
            sheet = sheet_of[found.row] if found.row is not None else line["sheet_id"]
            connection.execute(
                "UPDATE photo SET row_id = ?, sheet_id = ?, reason = ?, width_px = ?, "
                "angle_deg = ?, distance_m = ? WHERE id = ?",
                [found.row, sheet, found.reason, *_measured(pose).values(), line["id"]],
            )


def _against_truth(study: Study, photos: Sequence[int]) -> tuple[int, int]:
    """Of simulated photos: how many got a row of the right conditions, and how many there are."""
    wanted = set(photos)
    lines = [
        line
        for line in study.rows(
            "SELECT photo.id, photo.sheet_id AS seen, row.sheet_id AS sheet "
            "FROM photo JOIN truth ON truth.sha256 = photo.sha256 "
            "JOIN row ON row.id = truth.row_id"
        )
        if line["id"] in wanted
    ]
    return sum(line["seen"] == line["sheet"] for line in lines), len(lines)
