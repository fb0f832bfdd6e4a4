"""`riis-physical scan`: photographs to messages."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common

if TYPE_CHECKING:
    from riis_physical.artifacts import ScanResult


class Corners(click.ParamType):
    """Four points as x,y,x,y,x,y,x,y."""

    name = "x,y,x,y,x,y,x,y"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[tuple[float, float]]:
        """Parse eight finite numbers."""
        import math

        if isinstance(value, list):
            return value
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 8 or not all(math.isfinite(number) for number in numbers):
            self.fail(
                f"{value!r} are no corners: expected eight numbers, x,y of the top-left, "
                "top-right, bottom-right and bottom-left corner",
                param,
                ctx,
            )
        return list(zip(numbers[::2], numbers[1::2], strict=True))


@click.command("scan", short_help="Read hidden messages in photos.")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@common.model_option()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.option(
    "--corners",
    type=Corners(),
    help="Outer corners of the container in the upright photo, clockwise from its top-left.",
)
@click.option(
    "--save-stages",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the pictures of each stage.",
)
@common.device_option
@click.pass_context
def command(
    ctx: click.Context,
    photos: tuple[str, ...],
    model: str,
    as_json: bool,
    corners: list[tuple[float, float]] | None,
    save_stages: Path | None,
    device: str,
) -> None:
    """Find, reveal and read the containers in photographs.

    Messages go to standard output, everything else to standard error. Links
    are printed, never opened. Exit status 1 when a photo did not decode.
    """
    if corners is not None and len(photos) != 1:
        raise click.UsageError("--corners belong to one photo: give exactly one.")

    import numpy as np

    from riis_physical.artifacts import Status
    from riis_physical.errors import RectificationError
    from riis_physical.files import make_folder

    if save_stages is not None:
        make_folder(save_stages)

    revealers = common.load_revealers(model, device)

    from capture.scan import scan_photo

    given = None if corners is None else np.array(corners, np.float32)
    all_decoded = True
    for photo in photos:
        stages = save_stages
        if save_stages is not None and len(photos) > 1:
            stages = _stage_folder(save_stages, photo)
        try:
            results = scan_photo(photo, revealers, corners=given, save_stages=stages)
        except RectificationError as error:
            raise click.BadParameter(str(error), param_hint="--corners") from error
        # A photo counts as decoded when one of its containers was read.
        all_decoded &= any(result.status is Status.DECODED for result in results)
        for result in results:
            if as_json:
                click.echo(json.dumps(as_record(result)))
            else:
                _say(result, alone=len(photos) == 1 and len(results) == 1)
    ctx.exit(0 if all_decoded else 1)


def as_record(result: ScanResult) -> dict[str, Any]:
    """The JSON object of a result.

    `text` is null where nothing decoded or the message is no UTF-8; in the
    latter case `payload_base64` has the bytes.
    """
    record: dict[str, Any] = {
        "photo": result.photo,
        "status": str(result.status),
        "text": result.text,
        "corners": None,
        "decoder": result.decoder,
        "confidence": round(float(result.confidence), 4),
        "condition": None,
        "timings_ms": {key: round(float(ms), 2) for key, ms in result.timings_ms.items()},
        "index": result.index,
        "model": result.model,
        "detail": result.detail,
    }
    if result.corners is not None:
        record["corners"] = [[round(float(x), 3), round(float(y), 3)] for x, y in result.corners]
    if result.condition is not None:
        condition = result.condition
        record["condition"] = {
            "blur": round(float(condition.blur), 4),
            "noise": round(float(condition.noise), 5),
            "jpeg_quality": round(float(condition.jpeg_quality), 1),
            "scale_px": round(float(condition.scale_px), 3),
        }
    if result.payload is not None and result.text is None:
        record["payload_base64"] = base64.b64encode(result.payload).decode("ascii")
    return record


def _say(result: ScanResult, *, alone: bool) -> None:
    """The message alone on standard output, the rest on standard error."""
    where = result.photo if result.index == 0 else f"{result.photo} [{result.index}]"
    if result.payload is None:
        common.note(f"{where}: {result.status}: {result.detail}")
        return
    text = result.text
    if text is None:
        text = "base64:" + base64.b64encode(result.payload).decode("ascii")
    common.say_message(text if alone else f"{where}: {text}")
    common.note(
        f"{where}: decoded by {result.decoder} with model {result.model}, "
        f"confidence {result.confidence:.2f}, {result.timings_ms.get('total', 0.0):.0f} ms"
    )


def _stage_folder(parent: Path, photo: str) -> Path:
    """A folder of its own for each photo, also for photos of the same name."""
    from riis_physical.files import make_folder

    stem = Path(photo).stem or "photo"
    number = 1
    folder = parent / stem
    while folder.exists():
        number += 1
        folder = parent / f"{stem}-{number}"
    return make_folder(folder)
