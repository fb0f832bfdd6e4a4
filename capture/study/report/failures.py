"""Photos that were not read, by how far they came, with what was said of them."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageOps

from capture.study.store import Study

SHOWN = 6  # of each stage
THUMBNAIL_PX = 320
EXPLAINED = {
    "finding": "No hidden code was found in the photo.",
    "reading": "The container was found, its message did not read.",
    "wrong text": "Something else was read in its place.",
    "file": "The file is no usable picture.",
}


@dataclass(frozen=True)
class Failure:
    """One photo: a picture of it (a data: address, None where it cannot be drawn), its line."""

    photo: int
    name: str
    picture: str | None
    setup: str
    detail: str


@dataclass(frozen=True)
class Stage:
    """What ended at one stage: how many, the commonest reasons, and some of the photos.

    `width_px` is the median width of the containers; None where none is known.
    """

    name: str
    explained: str
    n: int
    width_px: float | None
    reasons: list[tuple[str, int]]
    shown: list[Failure]


def failures(study: Study, frame: pd.DataFrame) -> list[Stage]:
    """The stages at which photos ended, those with most photos first."""
    wrong = frame[~frame["is_right"]]
    found = []
    for stage, part in wrong.groupby("stage"):
        shown = part.iloc[np.unique(np.linspace(0, len(part) - 1, SHOWN).astype(int))]
        reasons = part["detail"].map(_reason).value_counts().head(4)
        found.append(
            Stage(
                str(stage), EXPLAINED[str(stage)], len(part), median_width(part),
                [(str(text), int(n)) for text, n in reasons.items() if text],
                [_failure(study, line) for line in shown.to_dict("records")],
            )
        )  # fmt: skip
    return sorted(found, key=lambda s: -s.n)


def median_width(frame: pd.DataFrame) -> float | None:
    """Of the containers in photos, in px; None where none is known."""
    known = frame["width_px"].dropna()
    return float(known.median()) if len(known) else None


def _plain(detail: str) -> str:
    """What a scan says, without its options of the command line."""
    return detail.replace(", or give --corners", "")


def _reason(detail: str) -> str:
    """The reason without its numbers, so that equal ones count together."""
    detail = _plain(detail)
    text = detail.split("; ")[1] if "; " in detail else detail
    if "px wide in the photo" in text:
        return "the container is small in the photo: come closer"
    if text.startswith("seen at"):
        return "seen at a steep angle: stand in front of it"
    return text


def _failure(study: Study, line: dict[Any, Any]) -> Failure:
    corners = study.one("SELECT corners FROM photo WHERE id = ?", [line["photo"]])
    width = "" if pd.isna(line["width_px"]) else f", {line['width_px']:.0f} px wide"
    setup = (
        f"row {line['row']}, sheet {line['sheet']}: {line['distance_m']:g} m, "
        f"{line['angle_deg']:g}°, {line['light']}, {line['device']}, "
        f"strength {line['strength']:g}{width}"
    )
    picture = _picture(study, line["file"], corners)
    return Failure(line["photo"], str(line["file"]), picture, setup, _plain(line["detail"]))


def _picture(study: Study, file: str, corners: str | None) -> str | None:
    """The container in the photo with its surroundings; outlined where it is known to be."""
    try:
        with Image.open(study.path(file)) as opened:
            photo = ImageOps.exif_transpose(opened).convert("RGB")
    except OSError:
        return None
    if corners is not None:
        xy = np.array(json.loads(corners))
        low, high = xy.min(0), xy.max(0)
        room = 0.2 * (high - low).max()
        box = np.r_[low - room, high + room].round().astype(int).tolist()
        box = [max(0, box[0]), max(0, box[1]), min(photo.width, box[2]), min(photo.height, box[3])]
        if box[2] - box[0] > 8 and box[3] - box[1] > 8:
            photo = photo.crop(tuple(box))
            xy = xy - box[:2]
        scale = min(1.0, THUMBNAIL_PX / max(photo.size))
        photo = photo.resize(
            (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
        )
        outline = [tuple(p) for p in (xy * scale).tolist()]
        ImageDraw.Draw(photo).line([*outline, outline[0]], fill=(255, 200, 0), width=2)
    else:
        photo.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=70)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode("ascii")
