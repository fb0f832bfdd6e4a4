"""What was measured and fitted, as plots. Needs matplotlib."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image

from calibration.fit.effects.blur import FREQUENCIES
from calibration.fit.fit import Calibration
from calibration.fit.photo import ChartPhoto
from riis_physical.errors import ConfigError

_RED, _GREEN, _BLUE, _GREY = "#D55E00", "#009E73", "#0072B2", "#595959"
_CHANNELS = (("red", _RED, "o"), ("green", _GREEN, "s"), ("blue", _BLUE, "^"))
_SIZE = (7.2, 4.2)
THUMB_PX = 900


def draw_plots(calibration: Calibration) -> list[tuple[str, str]]:
    """All plots as (caption, base64 PNG).

    Raises:
        ConfigError: matplotlib is not installed.
    """
    pyplot = require_matplotlib()
    photos = calibration.photos
    made = [
        ("Tone: what the photos show of the chart's greys", _tone(pyplot, calibration)),
        ("Colours of the chart (outer) and in the first photo (inner)", _colours(pyplot, photos)),
        ("Slanted edges: spread, and the contrast left by frequency", _blur(pyplot, photos)),
        ("White over the chart, relative to its middle", _light(pyplot, photos)),
    ]
    if any(photo.noise for photo in photos):
        made.append(("Noise against light", _noise(pyplot, photos)))
    if calibration.lens is not None:
        made.append(("Dots: what the lens fit leaves, enlarged", _lens(pyplot, calibration)))
    if any(photo.moire for photo in photos):
        made.append(("Ripples of the white: moire", _moire(pyplot, photos)))
    return [(caption, _encoded(pyplot, figure)) for caption, figure in made]


def draw_photo(photo: ChartPhoto) -> str:
    """A small copy of a photo with the places that were found, base64 JPEG."""
    pixels = photo.seen.photo
    factor = min(1.0, THUMB_PX / max(pixels.shape))
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    small = np.array(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    for x, y in (photo.seen.dots_px + 0.5) * factor - 0.5:
        cv2.circle(small, (round(x), round(y)), 5, (213, 94, 0), 1, cv2.LINE_AA)
    for patch in photo.seen.chart.patches:
        box = patch.box
        outline = np.array([(box.left, box.top), (box.right, box.top), (box.right, box.bottom),
                            (box.left, box.bottom)])  # fmt: skip
        points = np.rint((photo.seen.to_photo(outline) + 0.5) * factor - 0.5).astype(np.int32)
        cv2.polylines(small, [points[:, None]], True, (0, 114, 178), 1, cv2.LINE_AA)
    stream = io.BytesIO()
    Image.fromarray(small).save(stream, "JPEG", quality=85)
    return base64.b64encode(stream.getvalue()).decode()


def _tone(pyplot: Any, calibration: Calibration) -> Any:
    figure, axes = pyplot.subplots(figsize=_SIZE)
    response = calibration.profile.response
    assert response is not None  # a fitted profile has one
    levels = np.array(response.levels)
    axes.plot([0, 1], [0, 1], color=_GREY, lw=0.8, ls=":", label="unchanged")
    for (name, colour, marker), curve in zip(_CHANNELS, response.curves(), strict=True):
        for photo in calibration.photos:
            own = photo.tone.curve[[n for n, _, _ in _CHANNELS].index(name)]
            axes.plot(levels, own, color=colour, lw=0.5, alpha=0.5)
        axes.plot(levels, curve, color=colour, marker=marker, ms=4, label=f"{name}, mean")
    axes.set(xlabel="container, sRGB", ylabel="photo, sRGB", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False)
    return figure


def _colours(pyplot: Any, photos: Sequence[ChartPhoto]) -> Any:
    tone = photos[0].tone
    figure, axes = pyplot.subplots(figsize=_SIZE)
    for index, (wanted, seen) in enumerate(zip(tone.colours, tone.seen, strict=True)):
        x, y = index % 12, -(index // 12)
        axes.add_patch(pyplot.Rectangle((x, y), 0.92, 0.92, color=tuple(wanted)))
        axes.add_patch(pyplot.Rectangle((x + 0.2, y + 0.2), 0.52, 0.52, color=tuple(seen)))
    axes.set(xlim=(0, 12), ylim=(-3.1, 1), aspect="equal")
    axes.axis("off")
    return figure


def _blur(pyplot: Any, photos: Sequence[ChartPhoto]) -> Any:
    figure, (left, right) = pyplot.subplots(1, 2, figsize=_SIZE, layout="constrained")
    for side in photos[0].blur.sides:
        colour = _BLUE if side.across else _RED
        left.plot(side.distance, side.spread, color=colour, lw=0.6, alpha=0.6)
    reach = 5 * max(photos[0].blur.across_px, photos[0].blur.down_px)
    left.set(xlabel="px from the edge", ylabel="edge spread", xlim=(-reach, reach),
             ylim=(-0.2, 1.3))  # fmt: skip
    for photo in photos:
        for across, colour, dash, name in (
            (True, _BLUE, "-", "across"), (False, _RED, "--", "down"),
        ):  # fmt: skip
            sides = [side.mtf for side in photo.blur.sides if side.across == across]
            label = name if photo is photos[0] else None
            mean = np.mean(sides, axis=0)
            right.plot(FREQUENCIES, mean, color=colour, ls=dash, lw=1, label=label)
    right.set(xlabel="cycles per px of the photo", ylabel="MTF", ylim=(0, 1.4), xlim=(0, 0.5))
    right.legend(frameon=False)
    return figure


def _light(pyplot: Any, photos: Sequence[ChartPhoto]) -> Any:
    light = photos[0].light
    figure, axes = pyplot.subplots(figsize=_SIZE)
    width, height = light.size_mm
    x, y = np.meshgrid(np.linspace(0, width, 64), np.linspace(0, height, 46))
    field = axes.pcolormesh(x, y, light.at(np.stack([x, y], axis=-1)), cmap="cividis")
    figure.colorbar(field, ax=axes)
    axes.plot(*light.places.T, ".", color="white", ms=2)
    axes.set(xlabel="mm", ylabel="mm", xlim=(0, width), ylim=(height, 0), aspect="equal")
    return figure


def _noise(pyplot: Any, photos: Sequence[ChartPhoto]) -> Any:
    figure, axes = pyplot.subplots(figsize=_SIZE)
    for photo, colour in zip(photos, (_BLUE, _RED, _GREEN, _GREY) * len(photos), strict=False):
        if photo.noise is None:
            continue
        order = np.argsort(photo.noise.light)
        at = photo.noise.light[order]
        axes.plot(at, photo.noise.seen[order], "o", color=colour, ms=4)
        axes.plot(at, photo.noise.floor + photo.noise.slope * at, color=colour, lw=1,
                  label=photo.name)  # fmt: skip
    axes.set(xlabel="linear light", ylabel="variance, linear light")
    axes.set_ylim(bottom=0)
    if len(photos) <= 10:
        axes.legend(frameon=False)
    return figure


def _lens(pyplot: Any, calibration: Calibration) -> Any:
    lens = calibration.lens
    assert lens is not None  # drawn only where there is one
    figure, axes = pyplot.subplots(figsize=_SIZE)
    height, width = lens.size
    scale = 0.02 * width / max(lens.rms_px, 0.02)
    axes.quiver(*lens.dots.T, *(-lens.gaps * scale).T, angles="xy", scale_units="xy", scale=1,
                color=_BLUE, width=0.002)  # fmt: skip
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xlabel="px", ylabel="px",
             title=f"rms {lens.rms_px:.2f} px, drawn {scale:.0f} times as large")  # fmt: skip
    return figure


def _moire(pyplot: Any, photos: Sequence[ChartPhoto]) -> Any:
    figure, axes = pyplot.subplots(figsize=_SIZE)
    moire = photos[0].moire
    assert moire is not None  # all photos of a screen have it
    ripple = moire.ripple.mean(axis=1)
    most = max(0.01, float(np.percentile(np.abs(ripple), 99)))
    drawn = axes.scatter(*moire.places.T, c=ripple, s=4, cmap="PuOr", vmin=-most, vmax=most)
    figure.colorbar(drawn, ax=axes)
    axes.invert_yaxis()
    axes.set(xlabel="mm", ylabel="mm", aspect="equal")
    return figure


def _encoded(pyplot: Any, figure: Any) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, bbox_inches="tight")
    pyplot.close(figure)
    return base64.b64encode(stream.getvalue()).decode()


def require_matplotlib() -> Any:
    """matplotlib.pyplot, drawing to memory.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import matplotlib
    except ModuleNotFoundError as error:
        raise ConfigError(
            "the report's plots need matplotlib: pip install 'riis-physical[eval]', or give "
            "--no-report"
        ) from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
