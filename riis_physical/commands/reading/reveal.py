"""`riis-physical reveal`: a container's pictures out of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common
from riis_physical.commands.hiding.hide_image import fit_option, secret_option

if TYPE_CHECKING:
    from riis_physical.images import LoadedImage


@click.command("reveal", short_help="Reveal the pictures that a picture holds.")
@click.argument("container", type=common.PATH)
@common.folder_option(
    "-o",
    "--output",
    "folder",
    required=True,
    help="Folder for secret-1.png ..., host.png and sheet.png.",
)
@common.model_option()
@click.option(
    "--level",
    "level_text",
    metavar="LEVEL",
    help="How much the container was distorted: sigma=10 (Gaussian noise, of 255), poisson, "
    "jpeg=40, none, or blind for a model that is not told.  [default: estimated]",
)
@click.option("--photo", is_flag=True, help="A photo of a print or screen: find the picture in it.")
@click.option(
    "--corners",
    type=common.Corners(),
    help="Outer corners of the container in the photo, clockwise from its top-left.",
)
@common.file_option(
    "--reference", help="The container, or its host: find it in the photo, and give back its size."
)
@click.option(
    "--size",
    type=common.PictureSize(),
    help="Of the container that was photographed.  [default: of --reference, or as in the photo]",
)
@common.file_option("--host", help="The host, for the sheet.")
@secret_option("A picture that was hidden, to compare with; repeat it for several, in order.")
@fit_option
@click.option(
    "--tamper",
    is_flag=True,
    help="Show where the container was changed: there --secret does not come back.",
)
@common.auto_device_option
@common.force_option
def command(
    container: Path,
    folder: Path,
    model: str,
    level_text: str | None,
    photo: bool,
    corners: list[tuple[float, float]] | None,
    reference: Path | None,
    size: tuple[int, int] | None,
    host: Path | None,
    secrets: tuple[Path, ...],
    fit: Any,
    tamper: bool,
    device: str,
    force: bool,
) -> None:
    """Reveal what the picture CONTAINER holds, and look at it: nothing says whether it is one.

    Of a picture that holds nothing, or was made with another model, comes what looks like noise.
    A photo that shows printed markers is straightened by itself.

    Example: riis-physical reveal container.png -o revealed
    """
    photo = photo or corners is not None or reference is not None
    if size is not None and not photo:
        raise click.UsageError("--size belongs to a photo: give --photo, --corners or --reference.")
    if tamper and not secrets:
        raise click.UsageError("--tamper compares with what was hidden: give it with --secret.")

    from riis_physical.distortion.level import Level
    from riis_physical.images import load_host
    from riis_physical.pictures.files import load_secrets, reveal_files

    level = None if level_text is None else Level.parse(level_text)
    received = _received(container, photo, corners, reference, size)
    known = None if host is None else load_host(host).pixels
    hidden = load_secrets(secrets)

    from riis_physical.model.engine import chosen_device
    from riis_physical.pictures.model import PictureModel

    loaded_model = PictureModel.load(model, chosen_device(device), secrets=len(secrets) or None)
    found = reveal_files(
        received,
        folder,
        loaded_model,
        level=level,
        host=known,
        secrets=[one.pixels for one in hidden],
        fit=fit,
        tamper=tamper,
        progress=True,
        force=force,
    )
    how = "estimated" if level is None else "given"
    common.tell(f"level     {found.revealed.level} ({how})")
    for name, file in found.files.items():
        common.tell(f"{name:<9} {file}")
    for number, db in enumerate(found.secret_db, start=1):
        common.tell(f"secret-{number}  {db:.1f} dB from what was hidden")
    if found.tampered is not None:
        common.tell(f"changed   {found.tampered.share:.1%} of the container is suspect")


def _received(
    container: Path,
    photo: bool,
    corners: list[tuple[float, float]] | None,
    reference: Path | None,
    size: tuple[int, int] | None,
) -> LoadedImage:
    """The container's own pixels: of its file, or out of a photo of it."""
    from dataclasses import replace

    import numpy as np

    from capture.find.reference import References
    from capture.straighten import straighten
    from riis_physical.errors import RectificationError
    from riis_physical.images import load_host, load_photo

    loaded = load_photo(container) if photo else load_host(container)
    for line in loaded.notes:
        common.note(f"note: {line}")
    references = None
    if reference is not None:
        references = References.load(reference)
        published = load_photo(reference).pixels
        size = size or (published.shape[0], published.shape[1])
    found = straighten(
        loaded.pixels,
        corners=None if corners is None else np.array(corners, np.float32),
        references=references,
        size=size,
        seek=photo,
    )
    if found is not None:
        height, width = found.image.shape[:2]
        common.note(f"note: straightened to {width} x {height} px (found by {found.found_by})")
        return replace(loaded, pixels=found.image, jpeg_quality=None)
    if photo:
        raise RectificationError(
            f"{container} shows no picture that could be the container: give its --corners, or "
            "the file itself without --photo"
        )
    return loaded
