"""Which row a recognised photo belongs to: by what is known of it and what was measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

#: A photo of a row is this far off in distance (logarithm) and angle (degrees): one sigma.
DISTANCE_SIGMA, ANGLE_SIGMA = 0.12, 6.0
#: Beyond this it is no photo of the row.
MOST_DISTANCE, MOST_ANGLE = 0.45, 18.0
_NEVER = 1e6


@dataclass(frozen=True)
class Seen:
    """A recognised photo.

    Attributes:
        sheets: that it may show.
        distance_m, angle_deg: measured; None where not.
        known: levels that are sure, by factor (`light`, `device`, ...).
    """

    sheets: tuple[str, ...]
    distance_m: float | None
    angle_deg: float | None
    known: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """The row of a photo, or why there is none."""

    row: int | None
    reason: str | None = None


def match(photos: Sequence[Seen], rows: Sequence[dict[str, Any]], taken: set[int]) -> list[Match]:
    """Assign photos to rows, each row to one photo as far as possible.

    Args:
        rows: of the study: id, sheet_id, distance_m, angle_deg, light, device.
        taken: ids of rows that have a photo already.

    Returns:
        one match a photo. A photo of a row that others took already is a further photo of it.
    """
    of_sheet: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        of_sheet.setdefault(row["sheet_id"], []).append(row)
    options = [_options(photo, of_sheet) for photo in photos]
    found = [_reason(photo, near) for photo, near in zip(photos, options, strict=True)]
    open_photos = [n for n, reason in enumerate(found) if reason is None]
    free = sorted({row for n in open_photos for row in options[n]} - taken)
    chosen: dict[int, int] = {}
    if open_photos and free:
        cost = np.full((len(open_photos), len(free)), _NEVER)
        place = {number: column for column, number in enumerate(free)}
        for line, number in enumerate(open_photos):
            for option, price in options[number].items():
                if option in place:
                    cost[line, place[option]] = price[0]
        for line, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[line, column] < _NEVER:
                chosen[open_photos[int(line)]] = free[int(column)]
    matches = []
    for number, reason in enumerate(found):
        if reason is not None:
            matches.append(Match(None, reason))
        elif number in chosen:
            matches.append(Match(chosen[number]))
        else:
            near = options[number]
            matches.append(Match(min(near, key=lambda row: (near[row][0], row))))
    return matches


def _options(
    photo: Seen, of_sheet: dict[str, list[dict[str, Any]]]
) -> dict[int, tuple[float, dict[str, Any]]]:
    """Rows that the photo may be of, each with how unlikely that is."""
    found = {}
    for sheet in photo.sheets:
        for row in of_sheet.get(sheet, []):
            price = _price(photo, row)
            if price is not None:
                found[row["id"]] = (price, row)
    return found


def _price(photo: Seen, row: dict[str, Any]) -> float | None:
    if any(row[name] != level for name, level in photo.known.items()):
        return None
    price = 0.0
    if photo.distance_m is not None and "distance_m" not in photo.known:
        off = math.log(photo.distance_m / row["distance_m"])
        if abs(off) > MOST_DISTANCE:
            return None
        price += (off / DISTANCE_SIGMA) ** 2
    if photo.angle_deg is not None and "angle_deg" not in photo.known:
        turned = photo.angle_deg - row["angle_deg"]
        if abs(turned) > MOST_ANGLE:
            return None
        price += (turned / ANGLE_SIGMA) ** 2
    return price


def _reason(photo: Seen, near: dict[int, tuple[float, dict[str, Any]]]) -> str | None:
    """Why no row can be told; None where one can."""
    if not near:
        told = [f"{name} {level}" for name, level in photo.known.items()]
        if photo.distance_m is not None:
            told.append(f"about {photo.distance_m:.2g} m")
        if photo.angle_deg is not None:
            told.append(f"{photo.angle_deg:.0f} degrees")
        return f"no row of {' or '.join(photo.sheets)} with {', '.join(told) or 'these levels'}"
    for name in ("device", "light"):
        levels = {row[name] for _, row in near.values()}
        if name not in photo.known and len(levels) > 1:
            return (
                f"{name} is one of {', '.join(sorted(levels))}, and the photo does not say which: "
                f"put it into a folder of that name, or pass --set {name}=..."
            )
    distances = {row["distance_m"] for _, row in near.values()}
    if photo.distance_m is None and "distance_m" not in photo.known and len(distances) > 1:
        return (
            "the file has no focal length, so that the distance is not known: "
            "pass --set distance_m=..., or assign it"
        )
    return None
