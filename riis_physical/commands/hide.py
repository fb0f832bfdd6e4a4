"""`riis-physical hide`: host and message to container."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from riis_physical.commands import common

if TYPE_CHECKING:
    from riis_physical.artifacts import UInt8Image
    from riis_physical.profile import DeviceProfile
    from riis_physical.revealer import Revealer
    from riis_physical.target_rate import Chosen


@click.command("hide", short_help="Hide a message in a picture.")
@click.argument("host", type=click.Path(path_type=Path))
@click.option("-m", "--message", metavar="TEXT", help="The message to hide.")
@click.option("--message-file", metavar="FILE", help="Hide the bytes of a file (- for stdin).")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The container: .png, .tif or .webp without loss, .jpg with some.",
)
@common.model_option()
@common.strength_option("More reads better and shows more.")
@click.option(
    "--target-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Choose the weakest strength at which so many simulated captures read, for example 0.95.",
)
@common.profile_option("With --target-rate: the printer or screen and camera of the captures.")
@click.option(
    "--captures",
    type=click.IntRange(10, 5000),
    default=60,
    show_default=True,
    help="With --target-rate: captures simulated at each strength.",
)
@common.device_option
@common.force_option
def command(
    host: Path,
    message: str | None,
    message_file: str | None,
    output: Path,
    model: str,
    strength: float,
    target_rate: float | None,
    profile: str | None,
    captures: int,
    device: str,
    force: bool,
) -> None:
    """Hide a message in the picture HOST.

    The container is revealed and read once before it is written; a JPEG as it
    comes out of its file. --target-rate simulates captures of this very picture, which takes
    a minute, and chooses the strength.
    """
    if target_rate is not None and common.is_given("strength"):
        raise click.UsageError("--target-rate chooses the strength: leave --strength away.")
    if target_rate is None and (profile is not None or common.is_given("captures")):
        raise click.UsageError("--profile and --captures belong to --target-rate.")
    content = common.message_bytes(message, message_file)

    from riis_physical.errors import HostError
    from riis_physical.files import check_writable
    from riis_physical.image_io import LOSSY, image_format, load_host, save_image

    check_writable(output, force=force)
    lossy = image_format(output) in LOSSY
    loaded = load_host(host)

    from riis_physical.hiding import hide, read_back
    from riis_physical.profile import DeviceProfile
    from riis_physical.qr.encode import encode

    encode(content)  # a message that does not fit is told before the model loads
    device_profile = None if profile is None else DeviceProfile.load(profile)
    revealer = common.load_revealers(model, device)[0]
    chosen = None
    if target_rate is not None:
        chosen = _choose(loaded.pixels, content, revealer, target_rate, device_profile, captures)
        strength = chosen.strength
    result = hide(loaded, content, revealer=revealer, strength=strength)
    decoder = result.decoder

    def check(written: Path) -> None:
        nonlocal decoder
        try:
            decoder, _ = read_back(written, content, revealer=revealer, strength=strength)
        except HostError as error:
            raise HostError(f"as {output.suffix} {error}, or save as PNG") from error

    notes = save_image(
        output,
        result.container,
        icc_profile=loaded.icc_profile,
        dpi=loaded.dpi,
        exif=loaded.exif,
        force=force,
        check=check if lossy else None,
    )
    for line in loaded.notes:
        common.note(f"note: {line}")
    for line in (*result.warnings, *notes):
        common.note(f"warning: {line}")
    height, width = result.container.shape[:2]
    click.echo(f"container   {output} ({width} x {height} px, model {revealer.name})")
    click.echo(
        f"QR code     version {result.version}-{result.level}, "
        f"{result.modules} x {result.modules} modules, {len(content)} bytes"
    )
    click.echo(f"PSNR        {result.psnr:.2f} dB")
    if chosen is not None:
        of = "preset normal" if device_profile is None else f"profile {device_profile.name}"
        click.echo(f"strength    {chosen.strength:g}, chosen for {target_rate:.1%}")
        click.echo(f"rate        {chosen.rate}, simulated captures by {of}, true outline known")
    click.echo(f"SSIM        {result.ssim:.4f}")
    click.echo(f"self-check  read by {decoder}{' from the written file' if lossy else ''}")
    smallest = result.min_width_px
    click.echo(
        f"reads from  {smallest} px width in a photo"
        if smallest is not None
        else "reads from  not measured for this model"
    )


def _choose(
    host: UInt8Image,
    content: bytes,
    revealer: Revealer,
    target_rate: float,
    profile: DeviceProfile | None,
    captures: int,
) -> Chosen:
    """The strength, with a counter of captures on standard error."""
    from tqdm import tqdm

    from riis_physical.target_rate import choose_strength

    with tqdm(desc="simulating", unit="capture", disable=None) as progress:
        return choose_strength(
            host,
            content,
            revealer=revealer,
            target=target_rate,
            ranges="normal" if profile is None else profile.ranges(),
            medium="mixed" if profile is None else profile.medium,
            captures=captures,
            tell=progress.update,
        )
