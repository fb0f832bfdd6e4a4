"""From the options of `hide` to what is wished for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands import common
from riis_physical.commands.verbosity import no_bar

if TYPE_CHECKING:
    from riis_physical.artifacts import UInt8Image
    from riis_physical.hiding import Aim, Refinement
    from riis_physical.hiding.target_rate import Chosen
    from riis_physical.images import LoadedImage
    from riis_physical.model.revealer import Revealer
    from riis_physical.qr.soft.knowledge import Knowledge
    from riis_physical.sheets.profiles import Profile


@dataclass(frozen=True)
class Wish:
    """What was asked for.

    Attributes:
        aim: of a strength that is chosen. of: names its captures.
        strength, target_rate: None where not given. captures: simulated for target_rate.
        seconds: of refining, None for none.
        knowledge: of the readers.
        printer: whose colours are in the loop, None for all colours.
    """

    aim: Aim
    of: str
    strength: float | None
    target_rate: float | None
    captures: int
    seconds: float | None
    knowledge: Knowledge
    printer: Profile | None = None

    def proof(self, loaded: LoadedImage) -> Callable[[UInt8Image], UInt8Image] | None:
        """What the printer's colours make of a host's pixels."""
        if self.printer is None:
            return None
        from riis_physical.sheets.profiles import proof_of

        return proof_of(self.printer, loaded.icc_profile)


@contextmanager
def outputs(hosts: tuple[Path, ...], output: Path) -> Iterator[list[Path]]:
    """Where each container goes; a folder for them does not stay empty after an error."""
    if len(hosts) == 1 and not output.is_dir():
        yield [output]
        return
    if output.suffix and not output.is_dir():
        raise click.UsageError(f"{len(hosts)} hosts need a folder with -o, and {output} is a file.")
    names = [f"{host.stem}-container.png" for host in hosts]
    if len(set(names)) < len(names):
        raise click.UsageError("Two hosts have the same name: hide them one by one.")
    from riis_physical.system.files import new_folder

    with new_folder(output):
        yield [output / name for name in names]


def confirmed(loaded: LoadedImage, content: bytes, revealer: Revealer, wish: Wish) -> Chosen:
    """The strength of --target-rate, with a counter of captures on standard error."""
    from tqdm import tqdm

    from riis_physical.hiding.target_rate import choose_strength

    assert wish.target_rate is not None
    with tqdm(desc="simulating", unit="capture", disable=no_bar()) as progress:
        return choose_strength(
            loaded.pixels,
            content,
            revealer=revealer,
            target=wish.target_rate,
            ranges=wish.aim.ranges,
            medium=wish.aim.medium,
            reach_px=wish.aim.reach_px,
            captures=wish.captures,
            knowledge=wish.knowledge,
            tell=progress.update,
        )


def folded(content: bytes) -> bytes:
    """The message with scheme and host in capitals where that saves a version; it is told."""
    from riis_physical.qr.code.fold import fold_case

    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    folded = fold_case(text)
    if folded == text:
        common.note("note: --fold-case saves no version here: the message stays as it is")
    else:
        common.note(f"note: hidden as {folded}, which saves a version")
    return folded.encode()


def knowledge_of(
    content: bytes,
    prefixes: tuple[str, ...],
    among: Path | None,
    column: str | None,
    file: Path | None,
) -> Knowledge:
    """What readers will know; a message that it does not fit is refused."""
    from riis_physical.errors import MessageError
    from riis_physical.known_messages import load_knowledge

    knowledge = load_knowledge(prefixes, among, column, file)
    if knowledge.among is not None and content not in knowledge.among:
        raise MessageError(
            "the message is not in the list that its readers will have: add it to the list, or "
            "hide it without --among"
        )
    if knowledge.prefixes and not content.startswith(knowledge.prefixes):
        raise MessageError(
            "the message does not begin with any --prefix: correct one of them, or leave "
            "--prefix away"
        )
    return knowledge


@contextmanager
def refinement(wish: Wish) -> Iterator[Refinement | None]:
    """The refinement asked for, with a bar of its progress on standard error; or None."""
    if wish.seconds is None:
        yield None
        return
    from tqdm import tqdm

    from riis_physical.hiding import Refinement

    bar_format = "{desc}: {n:.0f} % |{bar}|"
    with tqdm(desc="refining", total=100, disable=no_bar(), bar_format=bar_format) as bar:
        yield Refinement(seconds=wish.seconds, aim=wish.aim, tell=lambda share: _moved(bar, share))


def _moved(bar: Any, share: float) -> None:
    bar.update(100 * share - bar.n)
