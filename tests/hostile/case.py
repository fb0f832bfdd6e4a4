"""One hostile input and what is right about the answer to it."""

from __future__ import annotations

from dataclasses import dataclass

MB = 1_000_000
SCAN, HIDE, OTHER = 1000 * MB, 2500 * MB, 1000 * MB
"""Most resident memory, in bytes, of `scan`, of `hide` and of everything else."""
ESCAPE = "\x1b[2J\x1b]0;owned\x07.png"
HEBREW = "\u202egnp.exe"


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        group, name: what it is.
        arguments: of riis-physical; IN/ stands for the folder of the inputs.
        exits: right exit statuses.
        says: what standard error or output must hold.
        makes: files that may be there afterwards.
        shell: how the streams are tied, appended to the command as a shell would.
        memory: most resident memory in bytes.
    """

    group: str
    name: str
    arguments: tuple[str, ...]
    exits: tuple[int, ...] = (1,)
    says: str = ""
    makes: tuple[str, ...] = ()
    shell: str = ""
    memory: int = OTHER
