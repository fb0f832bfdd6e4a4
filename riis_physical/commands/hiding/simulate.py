"""`riis-physical simulate`: container to the photo that a phone would take."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riis_physical.commands import common

if TYPE_CHECKING:
    from riis_physical.channel.ranges import ChannelRanges


@click.command("simulate", short_help="Photograph a container as a phone would.")
@click.argument("container", type=common.PATH)
@common.file_option("-o", "--output", required=True, help="The photo, a .jpg file.")
@common.preset_option()
@common.profile_option("The printer or screen and camera, in place of --preset and --medium.")
@common.seed_option()
@click.option(
    "--background",
    type=common.PATH,
    metavar="PHOTO",
    help="What is behind it; a textured wall where none is given.",
)
@click.option(
    "--medium",
    type=click.Choice(common.MEDIA),
    default="print",
    help="A print on paper or a lit screen.",
)
@click.option(
    "--margin",
    type=click.FloatRange(0, 0.5),
    default=0.06,
    help="White margin or bezel, as a share of the container's width.",
)
@click.option(
    "--size",
    type=common.PictureSize(),
    help="Size that the messenger scales the photo down to, sides of "
    f"{common.MIN_SIDE} to {common.MAX_SIDE} px; 1600x1200 or 1200x1600, as the container lies, "
    "if not given. 4000x3000 takes about 27 s and 2.3 GB of memory.",
)
@common.file_option(
    "--truth", help="Write where the container's corners are, and every parameter, as JSON."
)
@common.force_option
def command(
    container: Path,
    output: Path,
    preset: str,
    profile: str | None,
    seed: int,
    background: Path | None,
    medium: str,
    margin: float,
    size: tuple[int, int] | None,
    truth: Path | None,
    force: bool,
) -> None:
    """Photograph the picture CONTAINER, printed or on a screen, as a phone would.

    Example: riis-physical simulate container.png -o photo.jpg --seed 1
    """
    from riis_physical.channel.photo import take_photo
    from riis_physical.images import load_photo
    from riis_physical.system.files import atomic_path, check_writable, write_text

    ranges: str | ChannelRanges = preset
    if profile is not None:
        if common.is_given("preset") or common.is_given("medium"):
            raise click.UsageError("--profile says what --preset and --medium say: give one.")
        from riis_physical.profile import DeviceProfile

        device = DeviceProfile.load(profile)
        ranges, medium, preset = device.ranges(), device.medium, Path(profile).stem
    if output.suffix.lower() not in (".jpg", ".jpeg"):
        raise click.BadParameter("a simulated photo is a JPEG: name it *.jpg", param_hint="-o")
    if truth is not None and truth.resolve() == output.resolve():
        raise click.BadParameter("names the photo itself: give another file", param_hint="--truth")
    check_writable(output, force=force)
    if truth is not None:
        check_writable(truth, force=force)
    pixels = load_photo(container).pixels
    wall = None if background is None else load_photo(background).pixels
    photo = take_photo(
        pixels, preset=ranges, seed=seed, medium=medium, background=wall, size=size, margin=margin
    )
    height, width = photo.image.shape[:2]
    record = {
        "size": [int(height), int(width)],
        "corners": [[round(float(x), 3), round(float(y), 3)] for x, y in photo.corners],
        "preset" if profile is None else "profile": preset,
        "seed": seed,
        "params": photo.params.describe(),
    }
    # The truth moves into place first, while the whole photo waits beside its name.
    with atomic_path(output, force=force) as part:
        part.write_bytes(photo.jpeg)
        if truth is not None:
            write_text(truth, json.dumps(record, indent=2) + "\n", force=force)
    common.tell(
        f"photo  {output} ({width} x {height} px, {medium}, "
        f"{'preset' if profile is None else 'profile'} {preset}, seed {seed})"
    )
