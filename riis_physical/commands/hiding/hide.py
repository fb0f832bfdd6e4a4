"""`riis-physical hide`: host and message to container."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common
from riis_physical.commands.hiding.hide_output import (
    record_path,
    say_knowledge,
    say_strength,
    say_visible,
)
from riis_physical.commands.hiding.hide_wish import (
    Wish,
    confirmed,
    folded,
    knowledge_of,
    outputs,
    refinement,
)

if TYPE_CHECKING:
    from riis_physical.images import LoadedImage
    from riis_physical.model.revealer import Revealer

# As in riis_physical.hiding, which would load torch here; a test compares them.
DEFAULT_RATE, DEFAULT_SECONDS = 0.97, 60.0


@click.command("hide", short_help="Hide a message in a picture.")
@click.argument("hosts", nargs=-1, required=True, metavar="HOST...", type=common.PATH)
@click.option("-m", "--message", metavar="TEXT", help="The message to hide.")
@click.option("--message-file", metavar="FILE", help="Hide the bytes of a file (- for stdin).")
@common.file_option(
    "-o",
    "--output",
    required=True,
    help="The container: .png, .tif or .webp without loss, .jpg with some. With several hosts "
    "a folder, for NAME-container.png of each.",
)
@common.model_option()
@click.option(
    "--strength",
    type=click.FloatRange(*common.STRENGTHS),
    help="More reads better and shows more. Without it the least is chosen that this host and "
    f"message need for {DEFAULT_RATE:.0%} of captures, with a margin.",
)
@click.option(
    "--for",
    "preset",
    type=click.Choice(common.PRESETS),
    default="normal",
    help="How hard the captures are that the strength is chosen for.",
)
@click.option(
    "--target-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    help="Choose the weakest strength at which so many simulated captures read, for example "
    "0.95, and confirm it by reading them.",
)
@click.option(
    "--reach-px",
    type=click.IntRange(50, 5000),
    metavar="PX",
    help="Choose for containers from this width in the photo on, in place of the preset's.",
)
@common.profile_option("Choose for the printer or screen and camera of a profile:")
@click.option(
    "--captures",
    type=click.IntRange(10, 5000),
    default=60,
    help="With --target-rate: captures simulated at each strength.",
)
@click.option(
    "--icc",
    type=common.PATH,
    help="Choose and refine for the colours of this printer, an RGB or CMYK profile.",
)
@click.option("--refine", is_flag=True, help="Improve the container for its host; see --seconds.")
@click.option(
    "--seconds",
    type=click.FloatRange(1, 36000),
    default=DEFAULT_SECONDS,
    help="With --refine: how long, for each host. Ctrl-C keeps the best so far.",
)
@common.knowledge_options
@click.option(
    "--fold-case",
    is_flag=True,
    help="Hide scheme and host of an address in capitals where that saves a version.",
)
@click.option(
    "--background",
    type=common.Colour(),
    metavar="COLOUR",
    help="What transparent parts are laid on: a name or #rrggbb.  [default: white]",
)
@common.key_option
@common.device_option
@common.force_option
def command(
    hosts: tuple[Path, ...],
    message: str | None,
    message_file: str | None,
    output: Path,
    model: str,
    strength: float | None,
    preset: str,
    target_rate: float | None,
    reach_px: int | None,
    profile: str | None,
    captures: int,
    icc: Path | None,
    refine: bool,
    seconds: float,
    prefixes: tuple[str, ...],
    among: Path | None,
    among_column: str | None,
    knowledge_file: Path | None,
    fold_case: bool,
    background: tuple[int, int, int] | None,
    key_file: Path | None,
    device: str,
    force: bool,
) -> None:
    """Hide a message in the picture HOST, or in several.

    A host that carries a message already needs --force. The container is revealed and read once
    before it is written; a JPEG as it comes out of its file. The strength is chosen from
    simulated captures of this very picture.

    With --prefix, --among or --knowledge it is chosen for readers who scan with the same: far
    less shows, and others cannot read it. What they need is written to a .json file beside the
    container.

    Example: riis-physical hide host.jpg -m "https://example.org/a" -o container.png
    """
    if strength is not None and target_rate is not None:
        raise click.UsageError("--target-rate chooses the strength: leave --strength away.")
    by_wish = profile or reach_px or icc or common.is_given("preset")
    if strength is not None and not refine and by_wish:
        raise click.UsageError(
            "--for, --profile, --reach-px and --icc choose the strength: leave --strength away."
        )
    if target_rate is not None and icc is not None:
        raise click.UsageError("--target-rate simulates all colours: leave --icc away.")
    if profile is not None and common.is_given("preset"):
        raise click.UsageError("--for and --profile both say what captures are like: give one.")
    if target_rate is None and common.is_given("captures"):
        raise click.UsageError("--captures belongs to --target-rate.")
    if not refine and common.is_given("seconds"):
        raise click.UsageError("--seconds belongs to --refine.")
    if key_file is not None and (prefixes or among or knowledge_file or fold_case):
        raise click.UsageError(
            "With --key the hidden bytes look random: leave --prefix, --among, --knowledge and "
            "--fold-case away."
        )
    content = common.message_bytes(message, message_file)

    from riis_physical.errors import BadImageError, HostError
    from riis_physical.images import image_format, load_host
    from riis_physical.system.files import check_writable

    with outputs(hosts, output) as targets:
        for path in targets:
            check_writable(path, force=force)
            image_format(path)
        first = (
            load_host(hosts[0], background) if len(hosts) == 1 else None
        )  # told before the model loads

        from riis_physical.hiding import Aim
        from riis_physical.qr.code.encode import encode

        content = folded(content) if fold_case else content
        key = common.load_key(key_file)
        if key is not None:
            clear = len(content)
            content = key.seal(content)
            common.note(f"note: sealed with the key: {clear} bytes become {len(content)}")
        encode(content)  # a message that does not fit is told before the model loads
        knowledge = knowledge_of(content, prefixes, among, among_column, knowledge_file)
        for path in targets if not knowledge.is_empty else ():
            check_writable(record_path(path), force=force)
        device_profile = printer = None
        if profile is not None:
            from riis_physical.profile import DeviceProfile

            device_profile = DeviceProfile.load(profile)
        if icc is not None:
            from riis_physical.sheets.profiles import load_profile

            printer = load_profile(icc)
        aim = Aim(
            rate=DEFAULT_RATE if target_rate is None else target_rate,
            ranges=preset if device_profile is None else device_profile.ranges(),
            medium="mixed" if device_profile is None else device_profile.medium,
            reach_px=reach_px,
        )
        of = f"preset {preset}" if device_profile is None else f"profile {device_profile.name}"
        revealer = common.load_revealer(model, device)
        wish = Wish(
            aim, of, strength, target_rate, captures, seconds if refine else None, knowledge,
            printer,
        )  # fmt: skip
        failed = 0
        for host, path in zip(hosts, targets, strict=True):
            try:
                loaded = load_host(host, background) if first is None else first
                _hide_one(loaded, content, path, revealer, wish, force=force)
            except (BadImageError, HostError) as error:
                if len(hosts) == 1:
                    raise
                common.note(f"{host}: {error}")  # the other hosts get their containers
                failed += 1
            first = None
        if failed:
            raise HostError(f"{failed} of {len(hosts)} hosts got no container, see above")


def _hide_one(
    loaded: LoadedImage,
    content: bytes,
    output: Path,
    revealer: Revealer,
    wish: Wish,
    *,
    force: bool,
) -> None:
    from riis_physical.errors import HostError
    from riis_physical.hiding import hide, read_back
    from riis_physical.images import JPEG_SAVE_QUALITY, LOSSY, image_format, save_image

    chosen = None
    strength: Any = wish.aim if wish.strength is None else wish.strength
    if wish.target_rate is not None:
        chosen = confirmed(loaded, content, revealer, wish)
        strength = chosen.strength
    lossy = image_format(output) in LOSSY
    quality = JPEG_SAVE_QUALITY if lossy else None
    with refinement(wish) as refining:
        result = hide(
            loaded, content, revealer=revealer, strength=strength, refine=refining,
            file_quality=quality, proof=wish.proof(loaded), knowledge=wish.knowledge,
            force=force,
        )  # fmt: skip
    decoder = result.decoder

    def check(written: Path) -> None:
        nonlocal decoder
        try:
            decoder, _ = read_back(
                written, content, revealer=revealer, strength=result.strength,
                knowledge=wish.knowledge,
            )  # fmt: skip
        except HostError as error:
            raise HostError(f"as {output.suffix} {error}, or save as PNG") from error

    notes = save_image(
        output, result.container, like=loaded, force=force, check=check if lossy else None
    )
    for line in loaded.notes:
        common.note(f"note: {line}")
    for line in (*result.warnings, *notes):
        common.note(f"warning: {line}")
    height, width = result.container.shape[:2]
    common.tell(f"container   {output} ({width} x {height} px, model {revealer.name})")
    common.tell(
        f"QR code     version {result.version}-{result.level}, "
        f"{result.modules} x {result.modules} modules, {len(content)} bytes"
    )
    say_strength(result, wish, chosen)
    say_visible(loaded, result)
    if not wish.knowledge.is_empty:
        say_knowledge(output, result, revealer, wish.knowledge, force=force)
    checked = f"read by {decoder}{' from the written file' if lossy else ''}"
    common.tell(f"self-check  {checked}")
    smallest = result.min_width_px
    common.tell(
        f"reads from  {smallest} px width in a photo"
        if smallest is not None
        else "reads from  not measured for this model"
    )
