"""One hypothesis about a photo revealed whole, and read where it shows a code.

rectify -> (correct) -> enhance and reveal -> read -> not one that anyone can see
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from capture.clock import Clock
from capture.find.candidates import Candidate
from capture.geometry.rectify import Region, homography
from capture.read.place.correction import CorrectedRevealer, Correction
from capture.read.place.effort import Budget
from capture.read.place.finding import Finding, better
from capture.read.place.probe import Hypothesis, RevealerLike, frame_px
from riis_physical.artifacts import UInt8Image
from riis_physical.camera import CameraProfile
from riis_physical.errors import RectificationError
from riis_physical.qr.decoders import DECODERS
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.presence import presence_score
from riis_physical.qr.soft.reading import Reading, read_revealed

FloatArray = NDArray[np.float32]

# Agreement with all function patterns from which an unreadable quadrilateral
# counts as a container. Version 5 has some 270 such modules, so unrelated values
# agree by 0.06 (one sigma); pictures are not that unrelated.
EVIDENCE = 0.45
# Reading is tried from here on: it accepts nothing without evidence of its own.
WORTH_READING = 0.30
GUARD_PX = 600


@dataclass(frozen=True)
class Place:
    """A candidate with its part of the photo."""

    region: Region
    source: str
    matched: str | None = None


@dataclass(frozen=True)
class Viewer:
    """One photo, and how its places are revealed.

    Attributes:
        photo: uint8 RGB (H, W, 3), upright.
        jpeg_quality: of the photo's file, None where unknown.
        clock: gets the time of each stage.
        camera: profile of the photo's camera, None for one without distortion.
        correction: of frames, tried before they are revealed as they are; None for none.
        knowledge: what is known of messages.
        budget: of work on the photo.
        mirrored: whether `photo` is the mirror image of what was taken.
    """

    photo: UInt8Image
    jpeg_quality: float | None
    clock: Clock
    camera: CameraProfile | None = None
    correction: Correction | None = None
    knowledge: Knowledge = NOTHING
    budget: Budget = field(default_factory=Budget)
    mirrored: bool = False

    @cached_property
    def mirror(self) -> Viewer:
        """The same of the photo's mirror image."""
        camera = None if self.camera is None else self.camera.mirrored()
        photo = np.asarray(cv2.flip(self.photo, 1), np.uint8)
        return replace(self, photo=photo, camera=camera, mirrored=not self.mirrored)

    def as_taken(self, found: Finding) -> Finding:
        """A finding with its corners in the photo as it was taken, clockwise there."""
        if not self.mirrored:
            return found
        corners = mirrored_corners(found.corners, self.photo.shape[1])
        return replace(found, corners=corners, mirrored=True)

    def read(
        self,
        logits: FloatArray,
        picture: FloatArray | None,
        version: int,
        *,
        thorough: bool = False,
    ) -> Reading | None:
        """Read what was revealed, with all that is known of messages."""
        return read_revealed(
            logits, picture, version, self.knowledge, thorough=thorough, tried=self.budget.tried
        )

    @property
    def uncorrected(self) -> Viewer:
        """The same without correction of frames."""
        return replace(self, correction=None)

    def places(self, candidates: Sequence[Candidate]) -> list[Place]:
        """The candidates, as the photo was taken, that a camera can have seen."""
        places = []
        for candidate in candidates:
            corners, bows = candidate.corners, candidate.bows
            if self.mirrored:  # the upper left of the mirror image is the upper right
                corners = np.roll(mirrored_corners(corners, self.photo.shape[1]), 1, axis=0)
                bows = None if bows is None else bows[[0, 3, 2, 1]]
            try:
                region = Region.cut(self.photo, corners, bows=bows, camera=self.camera)
                places.append(Place(region, candidate.source, candidate.matched))
            except RectificationError:
                continue
        return places

    def reveal(
        self, revealer: RevealerLike, places: Sequence[Place], h: Hypothesis
    ) -> Finding | None:
        """Reveal a whole hypothesis, corrected and, if that does not read, as it is."""
        plain = plain_of(revealer)
        if self.correction is None:
            return self._reveal_as(plain, places, h, None)
        found = self._reveal_as(plain, places, h, self.correction)
        if found is not None and found.reading is not None:
            return found
        return better(found, self._reveal_as(plain, places, h, None))

    def _reveal_as(
        self,
        revealer: RevealerLike,
        places: Sequence[Place],
        h: Hypothesis,
        correction: Correction | None,
    ) -> Finding | None:
        """Reveal a whole hypothesis; None where it is not worth reading."""
        region = places[h.quad].region
        corners = np.roll(region.corners, -h.turn, axis=0)
        size = frame_px(h.version)
        with self.clock.stage("reveal"):
            rectified = region.rectify((size, size), corners=corners)
            if correction is not None:
                revealer = CorrectedRevealer.fitted(revealer, correction, rectified.image)
            condition = revealer.estimate(rectified.image, self.jpeg_quality, rectified.scale_px)
            revealed = revealer.reveal(rectified.image[None], [condition])
        enhanced = getattr(revealed, "enhanced", None)
        logits, picture = self.within(corners, h.version, revealed.logits[0], revealed.picture[0])
        presence = presence_score(logits, h.version)
        if presence < WORTH_READING:
            return None
        with self.clock.stage("read"):
            reading = self.read(logits, picture, h.version)
        found = Finding(
            hypothesis=h,
            revealer=revealer,
            corners=corners,
            condition=condition,
            presence=presence,
            frame=rectified.image,
            enhanced=None if enhanced is None else enhanced[0],
            picture=picture,
            logits=logits,
            source=places[h.quad].source,
            matched=places[h.quad].matched,
            reading=reading,
            evident=presence >= EVIDENCE,
        )
        return self.guard(found)

    def revealed_at(self, found: Finding, corners: FloatArray, bows: FloatArray | None) -> Finding:
        """The same code revealed at other corners, its reading kept."""
        size = frame_px(found.hypothesis.version)
        region = Region.cut(self.photo, corners, bows=bows, camera=self.camera)
        frame = region.rectify((size, size)).image
        revealed = found.revealer.reveal(frame[None], [found.condition])
        enhanced = getattr(revealed, "enhanced", None)
        version = found.hypothesis.version
        logits, picture = self.within(
            region.corners, version, revealed.logits[0], revealed.picture[0]
        )
        return replace(
            found,
            corners=region.corners,
            frame=frame,
            enhanced=None if enhanced is None else enhanced[0],
            picture=picture,
            logits=logits,
            presence=presence_score(logits, version),
        )

    def within(
        self, corners: FloatArray, version: int, logits: FloatArray, picture: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """What was revealed with modules that lie outside the photo not known, zero."""
        size = np.array(self.photo.shape[1::-1], np.float32)
        if (corners > -1).all() and (corners < size).all():
            return logits, picture
        side = 17 + 4 * version
        to_photo = homography(corners, (side, side))
        across, down = np.meshgrid(np.arange(side), np.arange(side))
        places = np.stack([across, down, np.ones_like(down)], -1) @ to_photo.T
        places = places[..., :2] / places[..., 2:]
        seen = ((places >= 0) & (places <= size - 1)).all(-1)
        return logits * seen, picture * np.kron(seen, np.ones((4, 4), bool))

    def guard(self, found: Finding) -> Finding | None:
        """None where the code is one that anyone can see in the photo."""
        if found.reading is None:
            return found
        payload = found.reading.payload
        with self.clock.stage("read"):
            gray = _gray_crop(self.photo, found.corners)
            visible = any(
                payload in symbol.candidates for read in DECODERS.values() for symbol in read(gray)
            )
        return None if visible else found


def mirrored_corners(corners: FloatArray, width: int) -> FloatArray:
    """Corners xy (4, 2) in the mirror image of a photo, clockwise, the same one first."""
    there = np.array([width - 1, 0], np.float32) + np.array([-1, 1], np.float32) * corners
    return np.asarray(there[[0, 3, 2, 1]], np.float32)


def plain_of(revealer: RevealerLike) -> RevealerLike:
    """The revealer without correction."""
    return revealer.plain if isinstance(revealer, CorrectedRevealer) else revealer


def _gray_crop(photo: UInt8Image, corners: FloatArray) -> UInt8Image:
    """The container with some surroundings, some 600 px, where a visible code would read."""
    region = Region.cut(photo, corners)
    gray = np.asarray(cv2.cvtColor(region.levels[0], cv2.COLOR_RGB2GRAY))
    scale = min(1.0, GUARD_PX / max(gray.shape))
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    return np.asarray(cv2.resize(gray, size, interpolation=cv2.INTER_AREA), np.uint8)
