"""The table of `riis-physical study bench`."""

from __future__ import annotations

from typing import Any

NAMES = {"local": "processes of one machine", "ray": "Ray on one machine"}


def study_speed_rows(bench: dict[str, Any]) -> list[list[str]]:
    """Engine, workers, photos a minute, and that in terms of one local process."""
    rows = bench["engines"]
    one = next(
        (r["photos_per_minute"] for r in rows if (r["engine"], r["workers"]) == ("local", 1)), None
    )
    return [
        [
            NAMES[row["engine"]],
            str(row["workers"]),
            str(row["photos"]),
            f"{row['photos_per_minute']:.0f}",
            "not measured" if one is None else f"{row['photos_per_minute'] / one:.2f}",
        ]
        for row in rows
    ]


def study_speed_lines(bench: dict[str, Any]) -> list[str]:
    """The same and the page's frames, for a terminal."""
    lines = [
        f"{NAMES[row['engine']]:<26}{row['workers']:>3} workers"
        f"{row['photos_per_minute']:>8.1f} photos a minute, first after {row['start_s']:.1f} s, "
        f"{row['read']} of {row['photos']} read"
        for row in bench["engines"]
    ]
    page = bench["page"]
    for name, label in (("first_s", "first frame"), ("followed_s", "frames after it")):
        times = page[name]
        lines.append(
            f"page, {label:<20} median {times['median']:.2f} s, most {times['most']:.2f} s "
            f"(limit {page['limit_s']:g} s)"
        )
    environment = bench["environment"]
    lines.append(
        f"model {bench['model']['name']}, {environment['cpu']}, load before "
        f"{environment['load_average']:g}"
    )
    return lines
