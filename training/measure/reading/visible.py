"""How many visible QR codes `read-qr` reads in real photos, against each decoder alone.

    python -m training.measure.reading.visible --photos DIR -o results/visible.json

DIR holds photos with, beside each, a text file of the same name that says what its code
holds. A decoder alone gets the photo as it is; `read-qr` tries several copies with all of
them. A text counts as right where it is the truth up to the kind of its line ends and
white space at its own ends.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError, RiisError
from riis_physical.images import load_photo
from riis_physical.qr.decoders import DECODERS
from riis_physical.qr.visible import gray_of, read_visible
from riis_physical.system.files import check_writable, write_text
from training.hiding.data import list_photos
from training.measure.common.environment import describe_environment
from training.measure.common.summary import rate

KIND, FORMAT = "visible", 1
TOGETHER = "read-qr"


def evaluate_visible(photos: Path, output: Path, *, force: bool = False) -> dict[str, Any]:
    """Measure and write `output`.

    Returns:
        the result as written.

    Raises:
        ConfigError: no photo of the folder has a text.
        OutputError: `output` exists and `force` is off, or cannot be written.
    """
    check_writable(output, force=force)
    pairs = [(path, path.with_suffix(".txt")) for path in list_photos(photos)]
    known = [(path, text) for path, text in pairs if text.is_file()]
    if not known:
        raise ConfigError(f"no photo in {photos} has a text file of its name: expected NNNN.txt")
    records = [
        _read(path, text.read_text(encoding="utf-8")) for path, text in tqdm(known, desc="photos")
    ]
    names = [*DECODERS, TOGETHER]
    result = {
        "kind": KIND,
        "format": FORMAT,
        "simulated": False,
        "environment": describe_environment(),
        "photos": len(records),
        "read": {name: rate(record[name] == "right" for record in records) for name in names},
        "wrong": {name: sum(record[name] == "wrong" for record in records) for name in names},
        "records": records,
    }
    write_text(output, json.dumps(result, indent=1) + "\n", force=force)
    return result


def _read(path: Path, truth: str) -> dict[str, str]:
    """`right`, `wrong` (texts, none of them the truth) or `none` for each reader."""
    photo = load_photo(path).pixels
    gray: UInt8Image = gray_of(photo)
    record = {"photo": path.name}
    for name, decoder in DECODERS.items():
        payloads = [payload for symbol in decoder(gray) for payload in symbol.candidates]
        record[name] = _judged([_text(payload) for payload in payloads], truth)
    texts = [reading.text for reading in read_visible(photo)]
    record[TOGETHER] = _judged(texts, truth)
    return record


def _judged(texts: Sequence[str | None], truth: str) -> str:
    wanted = truth.strip().splitlines()
    if any(text is not None and text.strip().splitlines() == wanted for text in texts):
        return "right"
    return "wrong" if texts else "none"


def _text(payload: bytes) -> str | None:
    for encoding in ("utf-8", "shift_jis", "latin-1"):
        try:
            return payload.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


@click.command(help=__doc__)
@click.option("--photos", type=click.Path(path_type=Path), required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--force", is_flag=True, help="Overwrite the output.")
def main(photos: Path, output: Path, force: bool) -> None:
    try:
        result = evaluate_visible(photos, output, force=force)
    except RiisError as error:
        raise click.ClickException(str(error)) from error
    for name, found in result["read"].items():
        click.echo(f"{name}: {found['hits']} of {found['trials']}, wrong {result['wrong'][name]}")


if __name__ == "__main__":
    main()
