"""Which container a photo shows, and where exactly it lies.

margin code -> the picture itself, with the margin code at its place or the message read there
-> the message anywhere in the photo -> by hand
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.find.reference import AGREEMENT, Reference, ReferenceQuad, reference_quads
from capture.geometry.registration import register
from capture.read.probe import RevealerLike
from capture.scan import scan_photo
from capture.study.sheets import find_tags, tag_at
from capture.study.store import Study
from riis_physical.artifacts import FloatArray, ScanResult, UInt8Image
from riis_physical.errors import BadImageError, RectificationError
from riis_physical.known_messages import known


@dataclass(frozen=True)
class Recognised:
    """What a photo shows.

    Attributes:
        container: number of the container; None where it was not recognised.
        sheets: ids of the sheets that it may be.
        by: margin code, message or picture.
        corners: xy (4, 2) outer corners, clockwise from the printed top-left.
        corners_by: what they come from: picture, message or margin code.
        reason: why it was not recognised.
    """

    container: int | None = None
    sheets: tuple[str, ...] = ()
    by: str | None = None
    corners: FloatArray | None = None
    corners_by: str | None = None
    reason: str | None = None


def read_among(
    pixels: UInt8Image,
    revealers: Sequence[RevealerLike],
    messages: Sequence[str],
    corners: FloatArray | None = None,
) -> tuple[str, ScanResult] | None:
    """The message of the list that a photo shows, read from its container.

    The one place where a study's list of messages helps: it reads what would not read
    outright. It is for telling photos apart only, never for measuring rates.

    Args:
        pixels: uint8 RGB (H, W, 3).
        messages: of the study.
        corners: xy (4, 2) where it lies, if that is known.
    """
    listed = set(messages)
    among = known(among=messages)
    for result in scan_photo(pixels, revealers, corners=corners, knowledge=among):
        if result.text is not None and result.text in listed:
            return result.text, result
    return None


class Recogniser:
    """Recognises photos of one study.

    `revealers` gives the models when the first message has to be read.
    """

    def __init__(self, folder: Path, revealers: Callable[[], Sequence[RevealerLike]]) -> None:
        with Study.open(folder) as study:
            self.containers = {c["id"]: c for c in study.rows("SELECT * FROM container")}
            self.sheets = study.rows("SELECT * FROM sheet ORDER BY length(id), id")
        self.folder = folder
        self._load = revealers
        self._references: dict[int, Reference | None] = {}

    @cached_property
    def _revealers(self) -> Sequence[RevealerLike]:
        return self._load()

    def __call__(self, pixels: UInt8Image) -> Recognised:
        """What a photo, uint8 RGB (H, W, 3), shows."""
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        tags = find_tags(grey)
        marked = [s for s in self.sheets if s["tag"] in tags]
        if marked:
            sheet = max(marked, key=lambda s: cv2.contourArea(tags[s["tag"]]))
            return self._marked(pixels, grey, sheet, tags[sheet["tag"]])
        return self._pictured(pixels, grey) or self._read(pixels)

    def _read(self, pixels: UInt8Image) -> Recognised:
        """By the message, wherever it is in the photo."""
        messages = {c["message"]: number for number, c in self.containers.items()}
        read = read_among(pixels, self._revealers, list(messages))
        if read is None or read[1].corners is None:
            return Recognised(
                reason="no margin code, no message of the study and none of its pictures was found"
            )
        number = messages[read[0]]
        return Recognised(number, self._sheets_of(number), "message", read[1].corners, "message")

    def _marked(
        self, pixels: UInt8Image, grey: UInt8Image, sheet: dict[str, Any], tag: FloatArray
    ) -> Recognised:
        """A sheet whose margin code was read; its corners come from the picture itself."""
        number = sheet["container_id"]
        reference = self._reference(number)
        found = Recognised(number, (sheet["id"],), "margin code")
        if reference is not None:
            quads = reference_quads(pixels, [reference])
            if quads:
                near = min(quads, key=lambda q: _gap(q, tag))
                return _with(found, near.corners, "picture")
        rough = self._from_tag(sheet, tag)
        if reference is not None:
            try:
                placed = register(grey, reference.grey, rough)
                if placed.agreement >= AGREEMENT:
                    return _with(found, placed.corners, "picture")
            except (RectificationError, np.linalg.LinAlgError):
                pass  # the margin code alone then says where it is
        return _with(found, rough, "margin code")

    def _from_tag(self, sheet: dict[str, Any], tag: FloatArray) -> FloatArray:
        """Corners as the small marker's place gives them: rough."""
        left, top, side = json.loads(sheet["tag_place"])
        square = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
        # A similarity: four corners so close together do not tell the perspective.
        flat, _ = cv2.estimateAffinePartial2D(
            square * np.float32(side) + np.array([left, top], np.float32), tag
        )
        outer = square * np.array([sheet["width_mm"], sheet["height_mm"]], np.float32)
        return np.asarray(cv2.transform(outer[None], flat)[0], np.float32)

    def _pictured(self, pixels: UInt8Image, grey: UInt8Image) -> Recognised | None:
        """By the picture, which tells the host; None where none of the study's is found.

        Of several containers of one host, the marker at its place tells which it is, else the
        message read there.
        """
        first: dict[str, int] = {}
        for number, container in self.containers.items():
            first.setdefault(container["host"], number)
        references = {n: r for n in first.values() if (r := self._reference(n)) is not None}
        named = [
            Reference(str(number), reference.grey, reference.features)
            for number, reference in references.items()
        ]
        quads = reference_quads(pixels, named) if named else []
        if not quads:
            return None
        corners = quads[0].corners
        host = self.containers[int(quads[0].name)]["host"]
        sheets = [s for s in self.sheets if self.containers[s["container_id"]]["host"] == host]
        marked = self._marker_beside(grey, corners, sheets)
        if marked is not None:
            number = marked["container_id"]
            return Recognised(number, (marked["id"],), "margin code", corners, "picture")
        alike = {self.containers[s["container_id"]]["message"]: s["container_id"] for s in sheets}
        number = next(iter(alike.values()))
        if len(alike) > 1:
            read = read_among(pixels, self._revealers, list(alike), corners)
            if read is None:
                ids = ", ".join(s["id"] for s in sheets)
                reason = f"shows {host}, which is on {ids}: assign it by hand"
                return Recognised(corners=corners, corners_by="picture", reason=reason)
            number = alike[read[0]]
        by = "picture" if len(alike) == 1 else "message"
        return Recognised(number, self._sheets_of(number), by, corners, "picture")

    def _marker_beside(
        self, grey: UInt8Image, corners: FloatArray, sheets: Sequence[dict[str, Any]]
    ) -> dict[str, Any] | None:
        """The sheet whose marker stands where it must beside a picture; None where none does."""
        found = []
        for width in {s["width_mm"] for s in sheets if s["tag"] is not None}:
            same = [s for s in sheets if s["width_mm"] == width]
            height = same[0]["height_mm"]
            outer = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
            to_photo = np.asarray(
                cv2.getPerspectiveTransform(outer, corners.astype(np.float32)), np.float64
            )
            tag = tag_at(grey, to_photo, [(s["tag"], json.loads(s["tag_place"])) for s in same])
            found += [s for s in same if tag is not None and s["tag"] == tag]
        return found[0] if len(found) == 1 else None

    def _sheets_of(self, container: int) -> tuple[str, ...]:
        return tuple(s["id"] for s in self.sheets if s["container_id"] == container)

    def _reference(self, container: int) -> Reference | None:
        """The picture to look for; None where it shows too little."""
        if container not in self._references:
            try:
                reference = Reference.load(self.folder / self.containers[container]["file"])
            except BadImageError:
                reference = None
            self._references[container] = reference
        return self._references[container]


def _gap(quad: ReferenceQuad, tag: FloatArray) -> float:
    return float(np.linalg.norm(quad.corners.mean(0) - tag.mean(0)))


def _with(found: Recognised, corners: NDArray[np.floating], by: str) -> Recognised:
    return Recognised(found.container, found.sheets, found.by, np.asarray(corners, np.float32), by)
