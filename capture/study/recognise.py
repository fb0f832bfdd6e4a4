"""Which container a photo shows, and where exactly it lies.

margin code -> the picture itself, with the margin code at its place or the message read there
-> the picture at the sizes that the plan has -> the message anywhere in the photo -> by hand
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

from capture.find.reference import Reference, ReferenceQuad, reference_quads
from capture.read.place.probe import RevealerLike
from capture.scan import scan_photo
from capture.study.photos.expected import (
    ALIKE,
    SURE,
    about_marker,
    on_paper,
    placed,
    poses_of,
    search,
)
from capture.study.sheets import find_tags, tag_at
from capture.study.store import Study
from riis_physical.artifacts import FloatArray, ScanResult, UInt8Image
from riis_physical.errors import BadImageError
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
            rows = study.rows("SELECT DISTINCT sheet_id, distance_m, angle_deg FROM row")
        planned: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            planned.setdefault(row["sheet_id"], []).append((row["distance_m"], row["angle_deg"]))
        self._poses = {sheet: poses_of(found) for sheet, found in planned.items()}
        self.folder = folder
        self._load = revealers
        self._references: dict[int, Reference | None] = {}

    @cached_property
    def _revealers(self) -> Sequence[RevealerLike]:
        return self._load()

    def __call__(self, pixels: UInt8Image, focal_px: float | None = None) -> Recognised:
        """What a photo, uint8 RGB (H, W, 3), shows; `focal_px` of its lens, where it is known."""
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        tags = find_tags(grey)
        marked = [s for s in self.sheets if s["tag"] in tags]
        if marked:
            sheet = max(marked, key=lambda s: cv2.contourArea(tags[s["tag"]]))
            return self._marked(pixels, grey, sheet, tags[sheet["tag"]], focal_px)
        return self._pictured(pixels, grey, focal_px) or self._read(pixels)

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
        self,
        pixels: UInt8Image,
        grey: UInt8Image,
        sheet: dict[str, Any],
        tag: FloatArray,
        focal_px: float | None,
    ) -> Recognised:
        """A sheet whose margin code was read; its corners come from the picture itself."""
        number = sheet["container_id"]
        reference = self._reference(number)
        found = Recognised(number, (sheet["id"],), "margin code")
        rough = self._from_tag(sheet, tag)
        if reference is None:
            return _with(found, rough, "margin code")
        quads = reference_quads(pixels, [reference])
        near = min(quads, key=lambda q: _gap(q, tag)).corners if quads else None
        if near is not None and on_paper(grey, reference.grey, near) >= SURE:
            return _with(found, near, "picture")
        tries = [rough] if near is None else [near, rough]
        planned: tuple[Any, ...] = ()
        if focal_px is not None:
            planned = (_size(sheet), self._poses[sheet["id"]], focal_px)
            tries += about_marker(tag, json.loads(sheet["tag_place"]), *planned)
        places = placed(grey, reference.grey, tries)
        if planned and (not places or places[0][0] < ALIKE):
            places = search(grey, reference, *planned) or places
        if places:
            return _with(found, places[0][1], "picture")
        if near is not None:
            return _with(found, near, "picture")
        # The margin code alone then says where it is.
        return _with(found, tries[min(1, len(tries) - 1)], "margin code")

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

    def _pictured(
        self, pixels: UInt8Image, grey: UInt8Image, focal_px: float | None
    ) -> Recognised | None:
        """By the picture, which tells the host; None where none of the study's is found.

        Of several containers of one host, the marker at its place tells which it is, else the
        message read there.
        """
        first: dict[str, int] = {}
        for number, container in self.containers.items():
            first.setdefault(container["host"], number)
        references = {h: r for h, n in first.items() if (r := self._reference(n)) is not None}
        named = [Reference(h, r.grey, r.features) for h, r in references.items()]
        quads = reference_quads(pixels, named) if named else []
        seen = [(quads[0].name, quads[0].corners)] if quads else []
        if not quads and focal_px is not None:
            seen = self._expected(grey, references, focal_px)
        if not seen:
            return None
        for host, corners in seen:
            marked = self._marker_beside(grey, corners, self._sheets_with(host))
            if marked is not None:
                number = marked["container_id"]
                return Recognised(number, (marked["id"],), "margin code", corners, "picture")
        host, corners = seen[0]
        sheets = self._sheets_with(host)
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

    def _expected(
        self, grey: UInt8Image, references: dict[str, Reference], focal_px: float
    ) -> list[tuple[str, FloatArray]]:
        """Hosts and corners of pictures at sizes that the plan has, the best seen first."""
        found: list[tuple[float, str, FloatArray]] = []
        for host, reference in references.items():
            sheets = self._sheets_with(host)
            for size in {_size(sheet) for sheet in sheets}:
                poses = poses_of(
                    (pose.distance_m, pose.yaw_deg)
                    for sheet in sheets if _size(sheet) == size
                    for pose in self._poses.get(sheet["id"], [])
                )  # fmt: skip
                places = search(grey, reference, size, poses, focal_px)
                found += [(likeness, host, corners) for likeness, corners in places]
        found.sort(key=lambda one: -one[0])
        return [(host, corners) for _, host, corners in found]

    def _sheets_with(self, host: str) -> list[dict[str, Any]]:
        return [s for s in self.sheets if self.containers[s["container_id"]]["host"] == host]

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


def _size(sheet: dict[str, Any]) -> tuple[float, float]:
    return sheet["width_mm"], sheet["height_mm"]


def _gap(quad: ReferenceQuad, tag: FloatArray) -> float:
    return float(np.linalg.norm(quad.corners.mean(0) - tag.mean(0)))


def _with(found: Recognised, corners: NDArray[np.floating], by: str) -> Recognised:
    return Recognised(found.container, found.sheets, found.by, np.asarray(corners, np.float32), by)
