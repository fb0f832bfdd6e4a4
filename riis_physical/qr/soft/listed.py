"""Which message of a list a grid shows, far below what can be read without the list.

All messages of the list are compared with the soft bits at once: by the chain rule of
:mod:`evidence` each has the same chance before, one in as many as there are. Accepted is
the best one where

- the whole grid speaks for it by ``MESSAGE_BITS``: noise is not taken for a message;
- what can tell the list's messages from others does by ``OTHERS_BITS``: check symbols,
  and the data bits that are not the same in all of the list. A code of another message
  shares header, padding and often a beginning with the list's, and these do not count;
- the check symbols of every block speak for it by ``CHECK_BITS``: a message that equals one
  of the list but for one block is another one;
- it stands out by ``MARGIN_BITS`` from all others of the list together.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from riis_physical.errors import MessageError
from riis_physical.qr.code import payload as codec
from riis_physical.qr.code.reed_solomon import PRODUCT, Bytes, check_matrix
from riis_physical.qr.code.structure import MAX_VERSION, Block, Level, blocks, codeword_count
from riis_physical.qr.soft.code_bits import CodeBits
from riis_physical.qr.soft.evidence import MESSAGE_BITS
from riis_physical.qr.soft.likelihood import log_likelihoods
from riis_physical.qr.soft.verdict import Verdict

OTHERS_BITS = 20.0
"""Least evidence from what tells messages apart."""
CHECK_BITS = 2.0
"""Least evidence from the check symbols of each block, all data of the block being known. Where a
third of the modules is wrong, a message that equals one of the list but for one block is taken for
it three to four times more often at 0; of the list's own, 2 in 100 more are missed at 36 %."""
MARGIN_BITS = 14.0
"""By how much the best message is likelier than all others of the list together."""
TEMPER = np.float32(0.75)
"""Factor on the log odds: where a third of the modules is wrong, a few hundred known modules
tell the network's own certainty badly, and to be too sure costs more than to be too modest."""
MOST_MESSAGES = 100_000
_AT_ONCE = 8192  # messages compared at once


@dataclass(frozen=True, eq=False)
class _Codes:
    """The list's messages that are hidden in codes of one version and level.

    Attributes:
        version, level: of the codes.
        payloads: the messages.
        codewords: (M, codewords) in the order of the stream.
        telling: (codewords, 8), True for bits that tell messages apart.
    """

    version: int
    level: Level
    payloads: tuple[bytes, ...]
    codewords: Bytes
    telling: NDArray[np.bool_]

    @cached_property
    def layout(self) -> tuple[Block, ...]:
        return tuple(blocks(self.version, self.level))


class MessageList:
    """All messages that can occur.

    Attributes:
        payloads: the messages, each once.
        digest: SHA-256 of them, as hexadecimal digits.
    """

    def __init__(self, messages: Iterable[str | bytes], *, max_version: int = MAX_VERSION) -> None:
        """Raises MessageError: no message, more than MOST_MESSAGES, or one that does not fit."""
        contents = [one.encode() if isinstance(one, str) else one for one in messages]
        self.payloads = tuple(dict.fromkeys(one for one in contents if one))
        if not self.payloads:
            raise MessageError("the list holds no message: expected one a line")
        if len(self.payloads) > MOST_MESSAGES:
            raise MessageError(
                f"the list holds {len(self.payloads)} messages: expected at most "
                f"{MOST_MESSAGES}; give the part of it that can occur here"
            )
        self.digest = hashlib.sha256(b"\n".join(self.payloads)).hexdigest()
        groups: dict[tuple[int, Level], list[bytes]] = {}
        for payload in self.payloads:
            chosen = codec.smallest_code(payload, max_version)
            if chosen is None:
                raise MessageError(
                    f"a message of the list has {len(payload)} bytes and fits no code: "
                    "shorten it, or leave it out of the list"
                )
            groups.setdefault(chosen, []).append(payload)
        self._codes = tuple(_codes(*key, tuple(group)) for key, group in groups.items())

    def __len__(self) -> int:
        return len(self.payloads)

    def __contains__(self, payload: bytes) -> bool:
        return payload in self._known

    @cached_property
    def _known(self) -> frozenset[bytes]:
        return frozenset(self.payloads)

    @property
    def versions(self) -> tuple[int, ...]:
        """QR versions of the list's messages, the commonest first."""
        count = {codes.version: 0 for codes in self._codes}
        for codes in self._codes:
            count[codes.version] += len(codes.payloads)
        return tuple(sorted(count, key=lambda version: -count[version]))

    def read(self, grid: NDArray[np.floating], version: int) -> Verdict | None:
        """The message that a grid shows, None where none of the list has enough evidence.

        Args:
            grid: (N, N) soft values, positive for dark, in any unit.
            version: 1 to 10; N = 17 + 4 * version.
        """
        odds = TEMPER * log_likelihoods(grid, version)
        best: tuple[float, _Codes, int, CodeBits] | None = None
        others: list[float] = []
        for codes in self._codes:
            if codes.version != version:
                continue
            bits = CodeBits.of(odds, version, codes.level)
            scores = _scores(codes, bits)
            place = int(scores.argmax())
            others.append(float(np.logaddexp2.reduce(np.delete(scores, place), initial=-np.inf)))
            if best is None or scores[place] > best[0]:
                if best is not None:
                    others.append(best[0])
                best = (float(scores[place]), codes, place, bits)
            else:
                others.append(float(scores[place]))
        if best is None:
            return None
        score, codes, place, soft = best
        evidence = score - float(np.log2(len(self)))
        if evidence < MESSAGE_BITS or score - np.logaddexp2.reduce(others) < MARGIN_BITS:
            return None
        if not _tells(codes, place, soft, float(np.log2(len(self)))):
            return None
        return Verdict(codes.payloads[place], codes.level, evidence, "list")

    def best_bits(self, grid: NDArray[np.floating], version: int) -> float:
        """Evidence of the best message, whether it is enough or not; for search."""
        odds = TEMPER * log_likelihoods(grid, version)
        found = [
            float(_scores(codes, CodeBits.of(odds, version, codes.level)).max())
            for codes in self._codes
            if codes.version == version
        ]
        return max(found, default=-np.inf) - float(np.log2(len(self)))


def read_list(path: str | Path, column: str | None = None) -> MessageList:
    """A list of messages from a file: one a line, or a column of a CSV file.

    Args:
        path: UTF-8 text.
        column: name of the column; the file's first line has the names.

    Raises:
        MessageError: the file is missing, no UTF-8, empty, or has no such column.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise MessageError(f"cannot read the list {path}: {reason}") from error
    if column is None:
        return MessageList(text.splitlines())
    rows = csv.DictReader(text.splitlines())
    names = rows.fieldnames or []
    if column not in names:
        raise MessageError(
            f"{path} has no column {column!r}: expected one of {', '.join(map(repr, names))}"
        )
    return MessageList(row[column] or "" for row in rows)


def _codes(version: int, level: Level, payloads: tuple[bytes, ...]) -> _Codes:
    layout = blocks(version, level)
    data = np.stack([codec.build(payload, version, level) for payload in payloads])
    codewords = np.zeros((len(payloads), codeword_count(version)), np.uint8)
    telling = np.zeros((codeword_count(version), 8), bool)
    start = 0
    for block in layout:
        part = data[:, start : start + block.data_count]
        start += block.data_count
        matrix = check_matrix(block.data_count, block.check_count)
        checks = np.zeros((len(payloads), block.check_count), np.uint8)
        for symbol in range(block.data_count):
            checks ^= PRODUCT[part[:, symbol, None], matrix[None, symbol]]
        codewords[:, block.positions] = np.concatenate([part, checks], axis=1)
        differ = np.bitwise_or.reduce(part ^ part[:1], axis=0)
        telling[block.positions[: block.data_count]] = np.unpackbits(differ).reshape(-1, 8)
        telling[block.positions[block.data_count :]] = True
    return _Codes(version, level, payloads, codewords, telling)


def _scores(codes: _Codes, bits: CodeBits) -> NDArray[np.float64]:
    """Bits that a grid speaks for each message, (M,)."""
    ones, zeros = bits.gains
    patterns = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float64)
    table = zeros.sum(axis=1)[:, None] + (ones - zeros) @ patterns.T  # (codewords, 256)
    flat = table.astype(np.float32).ravel()
    offsets = 256 * np.arange(len(table), dtype=np.int32)
    total = [
        flat[codes.codewords[start : start + _AT_ONCE] + offsets].sum(axis=1)
        for start in range(0, len(codes.payloads), _AT_ONCE)
    ]
    return np.concatenate(total).astype(np.float64)


def _tells(codes: _Codes, place: int, bits: CodeBits, log2_count: float) -> bool:
    """Whether what tells messages apart speaks for this one, in every block."""
    ones, zeros = bits.gains
    word = np.unpackbits(codes.codewords[place]).reshape(-1, 8) > 0
    gains = np.where(word, ones, zeros)
    if float(gains[codes.telling].sum()) - log2_count < OTHERS_BITS:
        return False
    checks = [float(gains[b.positions[b.data_count :]].sum()) for b in codes.layout]
    return min(checks) >= CHECK_BITS
