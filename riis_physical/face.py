"""One call each: hide, simulate, print a sheet, scan.

Nothing heavy is imported before a call. Models are loaded once and kept; see
:class:`riis_physical.model.revealer.Revealer` for loading them by hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from riis_physical.errors import RiisError

if TYPE_CHECKING:
    from PIL.Image import Image

    from riis_physical.artifacts import ScanResult, UInt8Image
    from riis_physical.channel.photo import Photograph
    from riis_physical.channel.ranges import ChannelRanges
    from riis_physical.hiding import Aim, HideResult, Refinement
    from riis_physical.images import LoadedImage
    from riis_physical.model.revealer import Revealer
    from riis_physical.qr.soft.knowledge import Knowledge

    Picture = str | Path | UInt8Image | Image


P = ParamSpec("P")
T = TypeVar("T")


def speaks_python(call: Callable[P, T]) -> Callable[P, T]:
    """Errors that name options of the command line name the argument of the same name."""

    @wraps(call)
    def spoken(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return call(*args, **kwargs)
        except RiisError as error:
            text = re.sub(r"--([a-z][a-z-]+)", lambda m: m[1].replace("-", "_") + "=", str(error))
            if text == str(error):
                raise
            raise type(error)(text) from error

    return spoken


@speaks_python
def hide(
    host: LoadedImage | Picture,
    message: str | bytes,
    output: str | Path | None = None,
    *,
    revealer: Revealer | str = "auto",
    strength: float | Aim | None = None,
    refine: Refinement | None = None,
    file_quality: int | None = None,
    knowledge: Knowledge | None = None,
    background: tuple[int, int, int] | None = None,
    force: bool = False,
) -> HideResult:
    """Hide a message in a picture, and read it back from the 8-bit container.

    Args:
        host: a file, a loaded picture, uint8 RGB (H, W, 3), or a PIL image (its colours as they
            are).
        message: text, stored as UTF-8, or bytes.
        output: the container's file, without loss: .png, .tif or .webp; None writes none. It
            keeps the host's colour profile, resolution and EXIF but for its place.
        revealer: a loaded model, the name of a shipped one, or the path of a .safetensors file.
        strength: factor on what is added, 0.25 to 3; an :class:`Aim` chooses it; None chooses the
            least for 97 % of `normal` captures, as the command does.
        refine: spend time on less to see for this host.
        file_quality: of the JPEG that the container will be stored as, where it will be one.
        knowledge: what the readers of this container know.
        background: RGB that transparent parts of a file are laid on; white by default.
        force: overwrite `output`, and hide even where the host carries a message already.

    Returns:
        the container, uint8 (H, W, 3), and what is known of it.

    Raises:
        MessageError: empty message, or too long for the largest code.
        BadImageError: `host` is no usable picture.
        HostError: the container does not read back, or the host carries a message already.
        ConfigError: strength out of range, or a format with loss for `output`.
        OutputError: `output` exists and `force` is off, or cannot be written.
        WeightsError: no such model.
    """
    from riis_physical.errors import ConfigError
    from riis_physical.hiding import Aim
    from riis_physical.hiding import hide as hidden
    from riis_physical.images import LOSSY, LoadedImage, image_format, load_host, save_image
    from riis_physical.model.weights import named
    from riis_physical.qr.soft.knowledge import NOTHING
    from riis_physical.system.files import check_writable

    if output is not None:
        check_writable(Path(output), force=force)
        if image_format(Path(output)) in LOSSY:
            raise ConfigError(
                f"{output} loses some of the picture: write .png, .tif or .webp, or save "
                "result.container yourself and check it with read_back"
            )
    loaded: LoadedImage
    if isinstance(host, LoadedImage):
        loaded = host
    elif isinstance(host, str | Path):
        loaded = load_host(host, background)
    else:
        loaded = LoadedImage(_pixels(host))
    model = load_models(named(revealer)[0])[0] if isinstance(revealer, str) else revealer
    result = hidden(
        loaded,
        message,
        revealer=model,
        strength=Aim() if strength is None else strength,
        refine=refine,
        file_quality=file_quality,
        knowledge=knowledge or NOTHING,
        force=force,
    )
    if output is not None:
        save_image(
            Path(output),
            result.container,
            like=loaded,
            force=force,
        )
    return result


@speaks_python
def scan(
    photo: Picture,
    *,
    model: str | Sequence[Revealer] = "auto",
    knowledge: Knowledge | None = None,
    **options: Any,
) -> list[ScanResult]:
    """Read the hidden messages in a photo.

    Args:
        photo: a file, uint8 RGB (H, W, 3) upright, or a PIL image (turned upright by its EXIF).
        model: `auto` for every released one, the name of one, the path of a .safetensors file,
            or loaded models.
        knowledge: beginnings and lists; see
            :func:`riis_physical.known_messages.load_knowledge`.
        options: others of :func:`capture.scan.scan_photo`: corners, references, camera,
            correction, save_stages, effort (`quick`, `normal` or `thorough`).

    Returns:
        one result for each container, or a single one that says why there is none. A photo
        without a container, or a file that is no photo, is an answer and no error.

    Raises:
        WeightsError: no such model.
        RectificationError: `corners` that no container can have.
    """
    from capture.scan import scan_photo
    from riis_physical.qr.soft.knowledge import NOTHING

    revealers = _readers(model) if isinstance(model, str) else list(model)
    seen = photo if isinstance(photo, str | Path) else _pixels(photo)
    return scan_photo(seen, revealers, knowledge=knowledge or NOTHING, **options)


@speaks_python
def simulate(
    container: Picture,
    output: str | Path | None = None,
    *,
    preset: str | ChannelRanges = "normal",
    medium: str = "print",
    seed: int = 0,
    background: Picture | None = None,
    size: tuple[int, int] | None = None,
    margin: float = 0.06,
    force: bool = False,
) -> Photograph:
    """Photograph a container as a phone would: simulated, and the same for the same seed.

    Args:
        container: a file, uint8 RGB (H, W, 3), or a PIL image.
        output: the photo's file, .jpg; None writes none.
        preset: easy, normal or hard, or ranges, of a device profile for example.
        medium: print or screen.
        background: what lies behind; None for a wall made in code.
        size: (h, w) of the photo; None for 1600 x 1200 as the container lies.
        margin: white paper or bezel, 0 to 0.5 of the container's width.
        force: overwrite `output`.

    Returns:
        the photo: `image` uint8 (h, w, 3), `jpeg` its file's bytes, the true `corners`, xy (4, 2)
        clockwise from the container's top-left in photo pixels, and the channel's `params`.

    Raises:
        ConfigError: unknown preset or medium, size or margin out of range.
        BadImageError: no usable picture.
        OutputError: `output` exists and `force` is off, or cannot be written.
    """
    from riis_physical.channel.photo import take_photo
    from riis_physical.errors import OutputError
    from riis_physical.system.files import atomic_path, check_writable

    if output is not None:
        if Path(output).suffix.lower() not in (".jpg", ".jpeg"):
            raise OutputError(f"{output}: a simulated photo is a JPEG, name it *.jpg")
        check_writable(Path(output), force=force)
    photo = take_photo(
        pixels_of(container),
        preset=preset,
        seed=seed,
        medium=medium,
        background=None if background is None else pixels_of(background),
        size=size,
        margin=margin,
    )
    if output is not None:
        with atomic_path(Path(output), force=force) as part:
            part.write_bytes(photo.jpeg)
    return photo


@speaks_python
def print_sheet(
    containers: str | Path | Sequence[str | Path],
    output: str | Path,
    *,
    width_mm: float | None = None,
    page: str = "A4",
    margin_mm: float | None = None,
    grid: tuple[int, int] = (1, 1),
    fiducials: bool = False,
    caption: str | None = None,
    dpi: int = 300,
    force: bool = False,
) -> float:
    """Lay containers out on pages at their exact size.

    Args:
        containers: files. One fills a grid, several follow one another.
        output: .pdf (pixels as they are), .png or .tif (drawn at `dpi`).
        width_mm: of a container; None for the largest that fits.
        page: A0 to A6, Letter, or WIDTHxHEIGHT in mm.
        margin_mm: white around each container; None for the usual.
        grid: columns and rows of a page.
        fiducials: print markers at the corners, which make a container easy to find.
        caption: text below each; {name} is its file's.
        force: overwrite `output`.

    Returns:
        width of a container on paper, mm.

    Raises:
        ConfigError: what does not fit on the page, or is printed below 72 dpi.
        BadImageError: no usable picture.
        OutputError: unknown suffix, `output` exists and `force` is off, or cannot be written.
    """
    from riis_physical.sheets.fiducials import DEFAULT_LAYOUT
    from riis_physical.sheets.formats.writing import check_sheet, write_sheet
    from riis_physical.sheets.layout import SheetOptions
    from riis_physical.sheets.pages import Paper
    from riis_physical.sheets.sources import load_source

    check_sheet(Path(output), force=force)
    names = [containers] if isinstance(containers, str | Path) else list(containers)
    more = {} if margin_mm is None else {"margin_mm": margin_mm}
    options = SheetOptions(
        paper=Paper.parse(page),
        width_mm=width_mm,
        grid=grid,
        fiducials=DEFAULT_LAYOUT if fiducials else None,
        caption=caption,
        **more,
    )
    sources = [load_source(name) for name in names]
    return write_sheet(Path(output), sources, options, dpi=dpi, force=force).width_mm


@lru_cache(maxsize=4)
def load_models(model: str = "auto") -> list[Revealer]:
    """The model of that name or file; all released ones for `auto`, the newest first.

    Raises:
        WeightsError: no such model, or none ships.
    """
    from riis_physical.model.revealer import Revealer
    from riis_physical.model.weights import named

    return [Revealer.load(name) for name in named(model)]


@lru_cache(maxsize=4)
def _readers(model: str) -> list[Any]:
    """The same for reading alone, by ONNX Runtime where it can."""
    from riis_physical.model.engine import load_readers

    return list(load_readers(model))


def pixels_of(picture: Picture) -> UInt8Image:
    """Pixels of a file as sRGB, of an array as they are, of a PIL image upright and in RGB."""
    from riis_physical.images import load_photo

    return load_photo(picture).pixels if isinstance(picture, str | Path) else _pixels(picture)


def _pixels(picture: UInt8Image | Image) -> UInt8Image:
    """Pixels of an array as they are, of a PIL image upright and in RGB.

    Raises:
        BadImageError: neither of them, or an array of another kind.
    """
    import numpy as np
    from PIL import Image, ImageOps

    from riis_physical.errors import BadImageError

    if isinstance(picture, Image.Image):
        return np.array(ImageOps.exif_transpose(picture).convert("RGB"))
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise BadImageError(
                f"an array {picture.dtype} {picture.shape}: expected uint8 (H, W, 3) RGB"
            )
        return picture
    raise BadImageError(
        f"a {type(picture).__name__}: expected a path, a uint8 array (H, W, 3) or a PIL image"
    )
