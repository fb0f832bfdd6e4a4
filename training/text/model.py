"""`python -m training.text.model`: make the reader's character model from drawn messages.

The table holds the chance of each byte after each other byte, and at a message's start,
in eighths of a bit. It is interpolated with the bytes' own frequencies and with an equal
share for every byte, so that nothing is impossible.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from riis_physical.qr.prior.text_model import STEPS_A_BIT, packed
from riis_physical.system.files import check_writable, write_bytes
from training.text.messages import draw_messages

MESSAGES = 400_000
SEED = 1
_UNIFORM = 0.004  # share of bytes that may be anything
_UNSEEN = 6.0  # how many occurrences the bytes' own frequencies count for


def learn(messages: list[str]) -> NDArray[np.float64]:
    """Chances of a byte (256) after each byte, and at the start: (257, 256), rows sum to 1."""
    pairs = np.zeros((257, 256))
    for message in messages:
        content = np.frombuffer(message.encode(), np.uint8).astype(np.int64)
        before = np.concatenate([[256], content[:-1]])
        np.add.at(pairs, (before, content), 1.0)
    alone = pairs.sum(axis=0) + 0.5
    alone /= alone.sum()
    chance = (pairs + _UNSEEN * alone) / (pairs.sum(axis=1, keepdims=True) + _UNSEEN)
    chance = (1 - _UNIFORM) * chance + _UNIFORM / 256
    return np.asarray(chance / chance.sum(axis=1, keepdims=True))


@click.command()
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--messages", default=MESSAGES, show_default=True, help="To learn from.")
@click.option("--seed", default=SEED, show_default=True)
@click.option("--force", is_flag=True, help="Overwrite the file.")
def main(output: Path, messages: int, seed: int, force: bool) -> None:
    """Draw messages and write the character model."""
    check_writable(output, force=force)
    chance = learn(draw_messages(messages, seed))
    write_bytes(output, packed(chance), force=force)
    fresh = draw_messages(2000, seed + 1)
    bits, count = 0.0, 0
    for message in fresh:
        content = np.frombuffer(message.encode(), np.uint8).astype(np.int64)
        bits -= float(np.log2(chance[np.concatenate([[256], content[:-1]]), content]).sum())
        count += len(content)
    click.echo(f"{bits / count:.2f} bits a byte over {count} bytes of fresh messages")
    click.echo(f"{output.stat().st_size} bytes, in steps of 1/{STEPS_A_BIT} bit")


if __name__ == "__main__":
    main()
