"""`riis-physical demo`: the main job, once, on a photograph that is at hand."""

from __future__ import annotations

from pathlib import Path

import click

from riis_physical.commands import common


@click.command(
    "demo", short_help="The main job on a photograph at hand, with pictures of each stage."
)
@common.folder_option(
    "-o", "--output", required=True, help="Folder for the pictures of each stage."
)
@click.option("-m", "--message", default="https://example.org/hello-poster", metavar="TEXT")
@click.option(
    "--host",
    type=common.PATH,
    metavar="PHOTO",
    help="A photo of your own; otherwise one that scikit-image ships.",
)
@common.model_option()
@common.preset_option()
@common.seed_option()
@common.device_option
@common.force_option
@click.pass_context
def command(
    ctx: click.Context,
    output: Path,
    message: str,
    host: Path | None,
    model: str,
    preset: str,
    seed: int,
    device: str,
    force: bool,
) -> None:
    """Hide a message, take a simulated phone photo, read the message back.

    Writes the picture of each stage and contact-sheet.png to DIR.

    Example: riis-physical demo -o demo-out
    """
    from riis_physical.channel.photo import take_photo
    from riis_physical.demo import SHEET_NAME, run_demo

    revealers = common.load_revealers(model, device)

    from capture.scan import scan_photo

    outcome = run_demo(
        output,
        message,
        host=host,
        revealer=revealers[0],
        take_photo=lambda container: take_photo(container, preset=preset, seed=seed),
        scan=lambda photo, stages: scan_photo(photo, revealers, save_stages=stages),
        force=force,
    )
    common.tell(f"hidden   {message}")
    common.tell(f"in       version {outcome.version} code, PSNR {outcome.psnr:.2f} dB")
    common.tell(f"photo    preset {preset}, seed {seed}")
    if outcome.text is None:
        common.note(f"not read: {outcome.detail}")
    else:
        common.say_message(outcome.text, before="read     ")
    common.tell(f"pictures {output / SHEET_NAME} and the stages beside it")
    ctx.exit(0 if outcome.text == message else 1)
