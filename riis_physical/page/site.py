"""The folder of the page, whole or not at all: written beside and then put in its place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from riis_physical.errors import OutputError
from riis_physical.page.models import write_models
from riis_physical.page.runtime import write_runtime
from riis_physical.system.files import write_text

STATIC = Path(__file__).parent / "static"
MARK = "files.json"
"""A folder that holds this file is such a page and may be replaced."""
ICONS_PX = (192, 512)
_VERSION_LINE = 'const VERSION = "unbuilt";'


@dataclass(frozen=True)
class Site:
    """A page that was written.

    Attributes:
        folder: of its files.
        models: names of those that read, the best first.
        version: of what it holds; another one replaces what browsers keep.
        bytes: of all files.
        first_load: bytes that a browser fetches, by engine: wasm or webgpu.
    """

    folder: Path
    models: tuple[str, ...]
    version: str
    bytes: int
    first_load: dict[str, int]


def write_site(
    folder: Path,
    *,
    model: str,
    detector: Path,
    closeup: Path,
    runtime: Path,
    force: bool = False,
    told: Callable[[str], None] = lambda _: None,
) -> Site:
    """Write the page's folder.

    Args:
        folder: new or, with `force`, one that holds such a page.
        model: shipped name, path of a .safetensors file, or ``auto`` for all that ship.
        detector, closeup: weights, with their ONNX files beside them.
        runtime: package file of onnxruntime-web.
        told: hears what is done.

    Raises:
        WeightsError: the model has no usable ONNX files.
        ConfigError: the runtime is not what npm published.
        OutputError: the folder exists, holds something else, or cannot be written.
    """
    _check(folder, force)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    try:
        shutil.copytree(STATIC, part, dirs_exist_ok=True, ignore=_not_offered)
        for size in ICONS_PX:
            _draw_icon(part / f"icon-{size}.png", size)
        static = sorted(f.relative_to(part).as_posix() for f in part.rglob("*") if f.is_file())
        for name in ("models", "runtime"):
            (part / name).mkdir()
        told("copying the models")
        values = write_models(part / "models", model, detector, closeup)
        told("unpacking and compressing the runtime")
        write_runtime(runtime, part / "runtime")
        version = _digest(part)
        worker = part / "sw.js"
        worker.write_text(
            worker.read_text(encoding="utf-8").replace(
                _VERSION_LINE, f'const VERSION = "{version}";'
            ),
            encoding="utf-8",
        )
        offered = ["./", *(name for name in static if name not in ("sw.js", "index.html"))]
        write_text(part / MARK, json.dumps(offered) + "\n", force=True)
        part.chmod(0o755)
        _put(part, folder)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    sizes = {f.relative_to(folder).as_posix(): f.stat().st_size for f in _files(folder)}
    whole = sum(sizes.values())
    without = {
        "wasm": sum(size for name, size in sizes.items() if "asyncify" in name or "webgpu" in name),
        "webgpu": sum(
            size
            for name, size in sizes.items()
            if name.startswith("runtime/ort") and "asyncify" not in name and "webgpu" not in name
        ),
    }
    return Site(
        folder=folder,
        models=tuple(str(one["name"]) for one in values["reading"]),
        version=version,
        bytes=whole,
        first_load={engine: whole - size for engine, size in without.items()},
    )


def _check(folder: Path, force: bool) -> None:
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise OutputError(f"{folder} is no folder: give the name of a new one")
    if not any(folder.iterdir()):
        return
    if not (folder / MARK).is_file():
        raise OutputError(f"{folder} holds other files: give the name of a new folder")
    if not force:
        raise OutputError(f"{folder} holds a page already: pass --force to write it anew")


def _put(part: Path, folder: Path) -> None:
    """Move a whole folder to its place; what was there goes afterwards."""
    if not os.path.lexists(folder):
        part.rename(folder)
        return
    old = part.with_name(part.name + ".old")
    folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _not_offered(_: str, names: list[str]) -> set[str]:
    return {name for name in names if name.startswith(".") or name.endswith(".md")}


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _digest(folder: Path) -> str:
    """Twelve digits that tell one page's content from another's."""
    total = hashlib.sha256()
    for file in _files(folder):
        total.update(file.relative_to(folder).as_posix().encode())
        total.update(hashlib.sha256(file.read_bytes()).digest())
    return total.hexdigest()[:12]


def _draw_icon(file: Path, size: int) -> None:
    """The icon of icon.svg as PNG, for systems that take no other."""
    from PIL import Image, ImageDraw

    fine = 4 * size
    picture = Image.new("RGB", (fine, fine), "#101418")
    draw = ImageDraw.Draw(picture)
    unit = fine / 512
    for x, y, across, down in (
        (112, 112, 1, 1),
        (400, 112, -1, 1),
        (400, 400, -1, -1),
        (112, 400, 1, -1),
    ):
        points = [(x, y + 68 * down), (x, y), (x + 68 * across, y)]
        draw.line([(a * unit, b * unit) for a, b in points], "#eef2f5", round(28 * unit), "curve")
        for a, b in points:
            box = [(a - 14) * unit, (b - 14) * unit, (a + 14) * unit, (b + 14) * unit]
            draw.ellipse(box, "#eef2f5")
    for left, top, side in ((176, 176, 64), (272, 176, 64), (176, 272, 64), (288, 288, 32)):
        draw.rectangle([v * unit for v in (left, top, left + side, top + side)], "#3ddc84")
    picture.resize((size, size), Image.Resampling.LANCZOS).save(file)
