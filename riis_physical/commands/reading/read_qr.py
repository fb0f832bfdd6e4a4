"""`riis-physical read-qr`: visible QR codes in photographs."""

from __future__ import annotations

import base64
import json

import click

from riis_physical.commands import common
from riis_physical.errors import BadImageError


@click.command("read-qr", short_help="Read visible QR codes in photos.")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def command(ctx: click.Context, photos: tuple[str, ...], as_json: bool) -> None:
    """Read ordinary, visible QR codes: zbar, then zxing-cpp, then OpenCV.

    Exit status 1 when a photo shows none that can be read.

    Example: riis-physical read-qr photo.jpg
    """
    from riis_physical.images import PHOTO, load_photo
    from riis_physical.qr.visible import read_visible

    all_read = True
    for photo in photos:
        try:
            loaded = load_photo(photo, PHOTO)
            by, readings = loaded.reduced_by, read_visible(loaded.pixels)
            detail = "" if readings else "no QR code that can be read"
        except BadImageError as error:
            by, readings, detail = 1, [], str(error)
        all_read &= bool(readings)
        if not readings:
            if as_json:
                click.echo(json.dumps({"photo": photo, "text": None, "detail": detail}))
            else:
                common.note(f"{photo}: {detail}")
        for reading in readings:
            encoded = base64.b64encode(reading.payload).decode("ascii")
            if as_json:
                record: dict[str, object] = {
                    "photo": photo,
                    "text": reading.text,
                    "decoder": reading.decoder,
                    "corners": None,
                }
                if reading.corners is not None:
                    record["corners"] = [
                        [(float(x) + 0.5) * by - 0.5, (float(y) + 0.5) * by - 0.5]
                        for x, y in reading.corners
                    ]
                if not _is_utf8(reading.payload):
                    record["payload_base64"] = encoded
                click.echo(json.dumps(record))
            else:
                text = f"base64:{encoded}" if reading.text is None else reading.text
                alone = len(photos) == 1 and len(readings) == 1
                common.say_message(text, before="" if alone else f"{photo}: ")
    ctx.exit(0 if all_read else 1)


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
