"""`riis-physical hide-image`: pictures into a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from riis_physical.commands import common

# As in riis_physical.pictures.hide, which would load torch here; a test compares them.
FITS = ("stretch", "crop", "pad")

fit_option = click.option(
    "--fit",
    type=click.Choice(FITS),
    default="stretch",
    help="How a secret gets the host's size: stretched, cut to its shape, or laid on grey.",
)


def secret_option(text: str) -> Any:
    """--secret, repeatable."""
    return common.file_option("--secret", "secrets", multiple=True, help=text)


@click.command("hide-image", short_help="Hide pictures in a picture.")
@click.argument("host", type=common.PATH)
@secret_option("A picture to hide; repeat it for several, in the order they come back.")
@common.file_option(
    "-o",
    "--output",
    required=True,
    help="The container: .png, .tif or .webp without loss, .jpg with some.",
)
@common.model_option()
@fit_option
@click.option(
    "--sheet/--no-sheet",
    default=True,
    help="Write NAME-sheet.png beside it: host, container, difference, secrets and what comes "
    "back.",
)
@click.option(
    "--background",
    type=common.Colour(),
    metavar="COLOUR",
    help="What transparent parts are laid on: a name or #rrggbb.  [default: white]",
)
@common.auto_device_option
@common.force_option
def command(
    host: Path,
    secrets: tuple[Path, ...],
    output: Path,
    model: str,
    fit: Any,
    sheet: bool,
    background: tuple[int, int, int] | None,
    device: str,
    force: bool,
) -> None:
    """Hide one to five pictures in the picture HOST, as many as the model was trained for.

    Without --secret a model of grey hosts hides HOST's own colours in its grey. The container is
    revealed once from its file; figures say how well its secrets come back.

    This is no encryption: anyone with this tool and the model can reveal them.

    Example: riis-physical hide-image host.png --secret secret.png -o container.png
    """
    from riis_physical.images import load_host
    from riis_physical.pictures.files import check_hiding, hide_files, load_secrets

    check_hiding(output, sheet=sheet, force=force)
    loaded = load_host(host, background)  # told before the model loads
    hidden = load_secrets(secrets)

    from riis_physical.model.engine import chosen_device
    from riis_physical.pictures.model import PictureModel

    for picture in (loaded, *hidden):
        for line in picture.notes:
            common.note(f"note: {line}")
    loaded_model = PictureModel.load(
        model, chosen_device(device), secrets=len(secrets) or None, grey=not secrets
    )
    made = hide_files(
        loaded, hidden, output, loaded_model, fit=fit, sheet=sheet, progress=True, force=force
    )
    for line in made.notes:
        common.note(f"note: {line}")
    common.tell(
        f"container  {output} (PSNR {made.hidden.psnr:.1f} dB, SSIM {made.hidden.ssim:.3f})"
    )
    for number, db in enumerate(made.secret_db, start=1):
        common.tell(f"secret {number}   comes back at {db:.1f} dB from this file")
    budget = loaded_model.record.get("budget")
    common.tell(f"model      {loaded_model.name}" + (f", trained {budget}" if budget else ""))
    if sheet:
        from riis_physical.pictures.files import sheet_path

        common.tell(f"sheet      {sheet_path(output)}")
