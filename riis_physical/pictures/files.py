"""Hide and reveal from files to files, with a contact sheet to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from riis_physical import metrics
from riis_physical.artifacts import UInt8Image
from riis_physical.distortion.level import Level
from riis_physical.errors import BadImageError, ConfigError
from riis_physical.images import LoadedImage, image_format, load_host, load_photo, save_image
from riis_physical.images.contact_sheet import DIFFERENCE_GAIN, contact_sheet, difference
from riis_physical.pictures.hide import Fit, HiddenPictures, fitted_to, hide_pictures
from riis_physical.pictures.model import PictureModel
from riis_physical.pictures.reveal import RevealedPictures, reveal_pictures
from riis_physical.pictures.tamper import TamperMap, heat_picture, tamper_map
from riis_physical.system.files import check_folder, check_writable, new_folder

SHEET = "sheet.png"
SECRET_GAIN = 2
"""What comes back is much farther from what was hidden than a container is from its host."""


def sheet_path(container: Path) -> Path:
    """Where the contact sheet of a container goes: beside it."""
    return container.with_name(f"{container.stem}-sheet.png")


@dataclass(frozen=True)
class HiddenFile:
    """A container that was written, and what comes back from its file.

    Attributes:
        hidden: see :class:`HiddenPictures`.
        revealed: what the file gives back.
        secret_db: PSNR in dB of each revealed secret.
        notes: lines for people.
    """

    hidden: HiddenPictures
    revealed: RevealedPictures
    secret_db: tuple[float, ...]
    notes: tuple[str, ...]


def hide_files(
    host: LoadedImage,
    secrets: Sequence[LoadedImage],
    output: Path,
    model: PictureModel,
    *,
    fit: Fit = "stretch",
    sheet: bool = True,
    progress: bool = False,
    force: bool = False,
) -> HiddenFile:
    """Hide, write the container, reveal it from its file and write the contact sheet.

    Raises:
        ConfigError: another number of secrets than the model hides.
        OutputError: a file exists and `force` is off, or cannot be written.
    """
    check_hiding(output, sheet=sheet, force=force)
    hidden = hide_pictures(
        host.pixels, [one.pixels for one in secrets], model, fit=fit, progress=progress
    )
    notes = save_image(
        output,
        hidden.container,
        like=host,
        force=force,
    )
    written = load_host(output)
    level = Level() if written.jpeg_quality is None else Level(quality=written.jpeg_quality)
    revealed = reveal_pictures(written.pixels, model, level=level, progress=progress)
    secret_db = tuple(
        metrics.psnr(one, back) for one, back in zip(hidden.secrets, revealed.secrets, strict=True)
    )
    if sheet:
        many = "picture" if len(hidden.secrets) == 1 else "pictures"
        title = f"{model.name}: {len(hidden.secrets)} {many} in one container"
        tiles = [("host", hidden.host), *_container_tiles(hidden)]
        tiles += _secret_tiles(hidden.secrets, revealed, secret_db)
        save_image(sheet_path(output), contact_sheet(tiles, title), force=force)
    return HiddenFile(hidden, revealed, secret_db, notes)


def check_hiding(output: Path, *, sheet: bool, force: bool) -> None:
    """Refuse what cannot be written, before anything is computed."""
    image_format(output)
    check_writable(output, force=force)
    if sheet:
        check_writable(sheet_path(output), force=force)


def _container_tiles(hidden: HiddenPictures) -> list[tuple[str, UInt8Image]]:
    figures = f"container, {hidden.psnr:.1f} dB, SSIM {hidden.ssim:.3f}"
    return [
        (figures, hidden.container),
        (f"difference x {DIFFERENCE_GAIN}", difference(hidden.host, hidden.container)),
    ]


def _secret_tiles(
    secrets: Sequence[UInt8Image], revealed: RevealedPictures, secret_db: Sequence[float]
) -> list[tuple[str, UInt8Image]]:
    tiles = []
    for number, (one, back, db) in enumerate(
        zip(secrets, revealed.secrets, secret_db, strict=True), start=1
    ):
        tiles += [
            (f"secret {number}", one),
            (f"revealed {number}, {db:.1f} dB", back),
            (f"difference x {SECRET_GAIN}", difference(one, back, SECRET_GAIN)),
        ]
    return tiles


@dataclass(frozen=True)
class RevealedFile:
    """What was revealed and written.

    Attributes:
        revealed: see :class:`RevealedPictures`.
        files: what was written, by what it shows.
        secret_db: PSNR in dB of each revealed secret, where the hidden ones were given.
        tampered: where the container was changed, where that was asked for.
    """

    revealed: RevealedPictures
    files: dict[str, Path]
    secret_db: tuple[float, ...] = ()
    tampered: TamperMap | None = None


def reveal_files(
    container: LoadedImage,
    folder: Path,
    model: PictureModel,
    *,
    level: Level | None = None,
    host: UInt8Image | None = None,
    secrets: Sequence[UInt8Image] = (),
    fit: Fit = "stretch",
    tamper: bool = False,
    progress: bool = False,
    force: bool = False,
) -> RevealedFile:
    """Reveal a container and write what it holds, and a contact sheet, into a folder.

    Args:
        container: as received; its `jpeg_quality` counts where the level is estimated.
        host, secrets: what it was made of, for the sheet and figures.
        tamper: look for changes, which takes three times as long; needs the secrets.

    Raises:
        BadImageError: `host` is of another size than the container, or `tamper` without a secret.
        ConfigError: another number of secrets than the model reveals.
        OutputError: a file exists and `force` is off, or cannot be written.
    """
    pixels = container.pixels
    size = (pixels.shape[0], pixels.shape[1])
    if host is not None and host.shape != pixels.shape:
        raise BadImageError(
            f"the host is {host.shape[1]} x {host.shape[0]} px, the container {size[1]} x "
            f"{size[0]}: give the host that it was made of, or leave it away"
        )
    if secrets and len(secrets) != model.secrets:
        raise ConfigError(
            f"{model.name} reveals {model.secrets} pictures, got {len(secrets)} to compare with: "
            "give all of them, in their order, or none"
        )
    if tamper and not secrets:
        raise BadImageError("finding changes needs the picture that was hidden: give --secret")
    names = [f"secret-{n}" for n in range(1, model.secrets + 1)]
    names += ["host", *(["tamper"] if tamper else []), SHEET.removesuffix(".png")]
    files = {name: folder / f"{name}.png" for name in names}
    check_revealing(folder, tuple(files.values()), force=force)

    revealed = reveal_pictures(
        pixels, model, level=level, file_quality=container.jpeg_quality, progress=progress
    )
    expected = [fitted_to(one, size, fit) for one in secrets]
    secret_db = tuple(
        metrics.psnr(one, back)
        for one, back in zip(expected, revealed.secrets[: len(expected)], strict=True)
    )
    found = tamper_map(revealed, expected, model, progress=progress) if tamper else None
    pictures = dict(zip(names, revealed.secrets, strict=False)) | {"host": revealed.host}
    if found is not None:
        pictures["tamper"] = heat_picture(pixels, found)
    known = ("revealed host", revealed.host) if host is None else ("host", host)
    tiles = [
        known,
        (f"container, told {revealed.level}", pixels),
        (f"difference x {DIFFERENCE_GAIN}", difference(known[1], pixels)),
    ]
    if secret_db:
        tiles += _secret_tiles(expected, revealed, secret_db)
    else:
        tiles += [(f"revealed {n}", one) for n, one in enumerate(revealed.secrets, start=1)]
    if host is not None:
        tiles.append(("revealed host", revealed.host))
    if found is not None:
        tiles.append((f"changed: {found.share:.1%} suspect", pictures["tamper"]))
    pictures[SHEET.removesuffix(".png")] = contact_sheet(tiles, f"revealed by {model.name}")
    with new_folder(folder):
        for name, picture in pictures.items():
            save_image(files[name], picture, force=force)
    return RevealedFile(revealed, files, secret_db, found)


def check_revealing(folder: Path, files: Sequence[Path], *, force: bool) -> None:
    """Refuse what cannot be written, before anything is computed."""
    check_folder(folder)
    for file in files if folder.is_dir() else ():
        check_writable(file, force=force)


def load_secrets(paths: Sequence[Path]) -> list[LoadedImage]:
    """Pictures to hide, as sRGB. Raises BadImageError."""
    return [load_photo(path) for path in paths]
