"""A study's folder: containers, sheets to print, a checklist, and the database of its rows."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from capture.many.folder import SUFFIXES, run_all, sensible_jobs
from capture.study.checklist import save_checklist
from capture.study.config import CONTAINER_FACTORS, FACTORS, SHOT_FACTORS, StudyConfig
from capture.study.design import Combination, combinations, sheet_of, sheets_of
from capture.study.sheets import StudySheet, compose_sheet, sheet_name
from capture.study.store import FOLDERS, Study
from riis_physical import metrics
from riis_physical.errors import ConfigError, HostError, OutputError
from riis_physical.hiding import hide
from riis_physical.images import load_host, save_image
from riis_physical.model.revealer import Revealer
from riis_physical.sheets.fonts import load_font
from riis_physical.sheets.formats.pdf import save_pdf
from riis_physical.sheets.formats.web import save_page
from riis_physical.sheets.sources import Source, check_density, load_source
from riis_physical.system.files import make_folder

PRINT_FILE = "sheets/print.pdf"
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Planned:
    """What a plan made: counts, and lines for people about what was left out or is doubtful.

    `papers` counts the pages to print of each paper.
    """

    containers: int
    sheets: int
    rows: int
    papers: dict[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Job:
    """One container to make."""

    number: int
    host: Path
    message: str
    strength: float
    model: str
    file: Path


@dataclass
class _Hider:
    """Makes containers; loads each model once."""

    models: dict[str, Revealer] = field(default_factory=dict)

    def __call__(self, job: _Job) -> dict[str, Any] | str:
        """What the database keeps of a container, or why there is none."""
        if job.model not in self.models:
            self.models[job.model] = Revealer.load(job.model)
        revealer = self.models[job.model]
        host = load_host(job.host)
        try:
            done = hide(host, job.message, revealer=revealer, strength=job.strength)
        except HostError as error:
            return f"{job.host.name} at strength {job.strength:g} left out: {error}"
        save_image(job.file, done.container, icc_profile=host.icc_profile)
        height, width = done.container.shape[:2]
        return {
            "qr_version": done.version, "psnr": done.psnr, "ssim": done.ssim,
            "flip": _flip(host.pixels, done.container), "width_px": width, "height_px": height,
        }  # fmt: skip


def _flip(host: Any, container: Any) -> float | None:
    """FLIP where its package is installed."""
    try:
        return metrics.flip(host, container)
    except ConfigError:
        return None


def plan(
    source: Path,
    folder: Path,
    *,
    jobs: int | None = None,
    done: Callable[[], None] | None = None,
    total: Callable[[int], None] | None = None,
) -> Planned:
    """Make a study's folder: all of it, or nothing.

    Args:
        source: STUDY.yaml.
        folder: to be made; must not exist, or be empty.
        done, total: told of each container made, and how many there will be.

    Raises:
        ConfigError: an impossible plan. OutputError: the folder is in use.
    """
    config = StudyConfig.load(source)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder} is there already and not empty: choose another folder")
    hosts = hosts_of(config, source.resolve().parent)
    rows = combinations(config, list(hosts))
    make_folder(folder.resolve().parent)
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.resolve().parent))
    try:
        part.chmod(0o755)
        planned = _fill(part, config, hosts, rows, jobs, done, total)
        (part / source.name).write_bytes(source.read_bytes())
        if folder.exists():
            folder.rmdir()
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return planned


def hosts_of(config: StudyConfig, beside: Path) -> dict[str, Path]:
    """The hosts of a study: name to file. `beside` is the folder of STUDY.yaml.

    Raises:
        ConfigError: the folder or a file is missing.
    """
    folder = config.hosts if config.hosts.is_absolute() else beside / config.hosts
    if not folder.is_dir():
        raise ConfigError(f"hosts: {folder} is no folder: name one with the pictures to hide in")
    wanted = config.factors.host
    if isinstance(wanted, tuple) and wanted:
        missing = [name for name in wanted if not (folder / name).is_file()]
        if missing:
            raise ConfigError(f"host {missing[0]!r} is not in {folder}: check the name")
        return {name: folder / name for name in wanted}
    found = sorted(f for f in folder.iterdir() if f.suffix.lower() in SUFFIXES and f.is_file())
    if isinstance(wanted, int):
        if not 0 < wanted <= len(found):
            raise ConfigError(f"host: {wanted} pictures asked for, {folder} has {len(found)}")
        found = found[:wanted]
    if not found:
        raise ConfigError(f"{folder} has no picture: put the hosts there")
    return {file.name: file for file in found}


def _fill(
    folder: Path,
    config: StudyConfig,
    hosts: dict[str, Path],
    rows: Sequence[Combination],
    jobs: int | None,
    done: Callable[[], None] | None,
    total: Callable[[int], None] | None,
) -> Planned:
    for name in FOLDERS:
        make_folder(folder / name)
    names = [name for name in FACTORS if name not in SHOT_FACTORS]
    sheets = [dict(zip(names, sheet, strict=True)) for sheet in sheets_of(rows)]
    wanted = list(dict.fromkeys(_container_of(sheet) for sheet in sheets))
    messages = _messages(config, [int(key[1]) for key in wanted])
    tasks = [
        _Job(number + 1, hosts[key[0]], message, float(key[2]), key[3],
             folder / "containers" / f"c{number + 1:03d}.png")
        for number, (key, message) in enumerate(zip(wanted, messages, strict=True))
    ]  # fmt: skip
    notes = _check_prints(hosts, sheets)
    if total is not None:
        total(len(tasks))
    workers = sensible_jobs(len(tasks), jobs)
    with Study.create(folder, config) as study, study.change():
        made: dict[tuple[Any, ...], int] = {}
        for key, job, answer in zip(
            wanted, tasks, run_all(_Hider, tasks, jobs=workers, done=done), strict=True
        ):
            if isinstance(answer, str):
                notes.append(answer)
                continue
            values = dict(zip(CONTAINER_FACTORS, key, strict=True))
            file = f"containers/{job.file.name}"
            made[key] = job.number
            study.insert(
                "container",
                {"id": job.number, "message": job.message, "file": file, **values, **answer},
            )
        if not made:
            raise HostError(f"no container could be made; {notes[0]}")
        papers: Counter[str] = Counter()
        known = _sheets(study, sheets, made, papers)
        count = 0
        for row in rows:
            sheet = known.get(sheet_of(row))
            if sheet is None:
                continue
            count += 1
            shot = {name: row.levels[name] for name in SHOT_FACTORS}
            study.insert("row", {"id": count, "sheet_id": sheet, "repeat": row.repeat, **shot})
    with Study.open(folder) as study:
        save_checklist(study)
        study.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Planned(len(made), len(known), count, dict(papers), tuple(dict.fromkeys(notes)))


def _container_of(sheet: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(sheet[name] for name in CONTAINER_FACTORS)


def _messages(config: StudyConfig, lengths: Sequence[int]) -> list[str]:
    """One message a container, none twice; the same seed gives the same."""
    rng = np.random.default_rng((config.design.seed, 20))
    found: list[str] = []
    for length in lengths:
        while True:
            drawn = rng.integers(len(_LETTERS), size=length - len(config.message))
            message = config.message + "".join(_LETTERS[i] for i in drawn)
            if message not in found:
                break
        found.append(message)
    return found


def _check_prints(hosts: dict[str, Path], sheets: Sequence[dict[str, Any]]) -> list[str]:
    """Warnings of pictures that have few pixels for a width, before anything is hidden.

    Raises:
        ConfigError: one has far too few.
    """
    widths: dict[str, set[float]] = {}
    for levels in sheets:
        if levels["medium"] == "print":
            widths.setdefault(levels["host"], set()).add(float(levels["width_mm"]))
    notes = []
    for name, wanted in widths.items():
        source = Source(name, load_host(hosts[name]).pixels)
        found = [check_density(source, width) for width in sorted(wanted)]
        notes += [note for note in found if note is not None]
    return notes


def _sheets(
    study: Study,
    sheets: Sequence[dict[str, Any]],
    made: dict[tuple[Any, ...], int],
    papers: Counter[str],
) -> dict[tuple[Any, ...], str]:
    """Write the sheets, count those to print; the id of each by its levels."""
    known: dict[tuple[Any, ...], str] = {}
    printed: list[StudySheet] = []
    numbers: dict[int, int] = {}
    for levels in sheets:
        container = made.get(_container_of(levels))
        if container is None:
            continue
        name = sheet_name(len(known))
        tag = len(known) if study.config.sheet.margin_code else None
        sheet = sheet_of_study(study, container, name, tag, float(levels["width_mm"]))
        screen = levels["medium"] == "screen"
        if screen:
            file, page = f"sheets/{name}.html", 0
            pixels, _ = sheet.picture(sheet.source.pixels.shape[1])
            save_page(study.path(file), Source(name, pixels), "white")
        else:
            file, page = PRINT_FILE, len(printed) + 1
            numbers[len(printed)] = container
            printed.append(sheet)
            papers[sheet.paper] += 1
        study.insert(
            "sheet",
            {"id": name, "container_id": container, "medium": levels["medium"],
             "width_mm": levels["width_mm"], "height_mm": round(sheet.box.height, 3),
             "tag": tag, "tag_place": sheet.tag_place, "file": file, "page": page},
        )  # fmt: skip
        known[tuple(levels.values())] = name
    if printed:
        _save_prints(study, printed, numbers)
    return known


def _save_prints(study: Study, printed: Sequence[StudySheet], numbers: dict[int, int]) -> None:
    """All prints in one PDF, each container's pixels once."""
    from dataclasses import replace

    from riis_physical.sheets.pages import Picture

    order = list(dict.fromkeys(numbers.values()))
    sources = [next(printed[i].source for i, c in numbers.items() if c == n) for n in order]
    pages = []
    for number, sheet in enumerate(printed):
        source = order.index(numbers[number])
        items = tuple(
            Picture(source, item.box) if isinstance(item, Picture) else item
            for item in sheet.page.items
        )
        pages.append(replace(sheet.page, items=items))
    save_pdf(study.path(PRINT_FILE), pages, sources, load_font(), title=study.config.name)


@lru_cache(maxsize=16)
def _source(path: Path) -> Source:
    return load_source(path)


def sheet_of_study(
    study: Study, container: int, name: str, tag: int | None, width_mm: float
) -> StudySheet:
    """A sheet as it was printed."""
    file = study.one("SELECT file FROM container WHERE id = ?", [container])
    return compose_sheet(
        _source(study.path(file)),
        name=name,
        study=study.config.name,
        width_mm=width_mm,
        page=study.config.sheet.page,
        tag=tag,
        fiducials=study.config.sheet.fiducials == "corners",
    )
