"""Which container a photo shows, and where exactly it lies.

margin code -> the message itself, among the study's -> the picture itself -> by hand
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.probe import RevealerLike
from capture.reference import AGREEMENT, Reference, ReferenceQuad, reference_quads
from capture.registration import register
from capture.scan import scan_photo
from capture.study.plan import sheet_of_study
from capture.study.sheets import find_tags
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
    pixels: UInt8Image, revealers: Sequence[RevealerLike], messages: Sequence[str]
) -> tuple[str, ScanResult] | None:
    """The message of the list that a photo shows, read from its container.

    The one place where a study's list of messages helps: it reads what would not read
    outright. It is for telling photos apart only, never for measuring rates.

    Args:
        pixels: uint8 RGB (H, W, 3).
        messages: of the study.
    """
    listed = set(messages)
    for result in scan_photo(pixels, revealers, knowledge=known(among=messages)):
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
        messages = {c["message"]: number for number, c in self.containers.items()}
        read = read_among(pixels, self._revealers, list(messages))
        if read is not None:
            number = messages[read[0]]
            assert read[1].corners is not None
            return Recognised(
                number, self._sheets_of(number), "message", read[1].corners, "message"
            )
        return self._pictured(pixels)

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
        """Corners as the small marker's perspective gives them: rough."""
        with Study.open(self.folder) as study:
            drawn = sheet_of_study(
                study, sheet["container_id"], sheet["id"], sheet["tag"], sheet["width_mm"]
            )
        assert drawn.tag_box is not None
        at, box = drawn.tag_box, drawn.box
        paper = [[at.left, at.top], [at.right, at.top], [at.right, at.bottom], [at.left, at.bottom]]
        # A similarity: four corners so close together do not tell the perspective.
        flat, _ = cv2.estimateAffinePartial2D(np.array(paper, np.float32), tag)
        outer = np.array(
            [[box.left, box.top], [box.right, box.top], [box.right, box.bottom],
             [box.left, box.bottom]], np.float32,
        )  # fmt: skip
        return np.asarray(cv2.transform(outer[None], flat)[0], np.float32)

    def _pictured(self, pixels: UInt8Image) -> Recognised:
        """By the picture: it tells the host, and the container where only one has it."""
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
            return Recognised(
                reason="no margin code, no message of the study and none of its pictures was found"
            )
        host = self.containers[int(quads[0].name)]["host"]
        alike = [n for n, c in self.containers.items() if c["host"] == host]
        if len(alike) > 1:
            ids = [s["id"] for s in self.sheets if s["container_id"] in alike]
            return Recognised(
                corners=quads[0].corners,
                corners_by="picture",
                reason=f"shows {host}, which is on {', '.join(ids)}: assign it by hand",
            )
        return Recognised(
            alike[0], self._sheets_of(alike[0]), "picture", quads[0].corners, "picture"
        )

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
