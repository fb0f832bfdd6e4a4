"""The report's pictures, as SVG that stands in the page; readable on a phone and in print."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from capture.study.report.fits import TARGET, WidthFit
from capture.study.report.paired import Visibility
from capture.study.report.rates import LABELS, Grid, Rate, rate_of

INK, ACCENT, PALE = "#1b1b1b", "#0b5fa5", "#9db8cf"
_STYLE = {
    "font.size": 12, "axes.spines.top": False, "axes.spines.right": False,
    "axes.edgecolor": "#777777", "text.color": INK, "axes.labelcolor": INK,
    "xtick.color": INK, "ytick.color": INK, "svg.fonttype": "path", "svg.hashsalt": "study",
}  # fmt: skip
WIDTH_IN = 5.4
POINTS = 10  # bins of width whose rates are drawn beside the curve


def svg(figure: Figure, label: str) -> str:
    """A figure as an SVG element with a text for those who do not see it."""
    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) (?:width|height)="[^"]*"', r"\1", text, count=1)
    # Names are unique within one figure only.
    mark = re.sub(r"\W+", "-", label)[:40]
    text = re.sub(r'id="([^"]+)"', rf'id="{mark}-\1"', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{mark}-", text)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _figure(height_in: float) -> tuple[Figure, Axes]:
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure = Figure(figsize=(WIDTH_IN, height_in), layout="constrained")
        return figure, figure.add_subplot()


def _drawn(figure: Figure, label: str) -> str:
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        return svg(figure, label)


def _percent_axis(axes: Axes, of: str, *, across: bool) -> None:
    axis = axes.xaxis if across else axes.yaxis
    (axes.set_xlim if across else axes.set_ylim)(-3, 103)
    axis.set_ticks([0, 25, 50, 75, 100])
    (axes.set_xlabel if across else axes.set_ylabel)(f"{of} read, %")
    axes.grid(axis="x" if across else "y", color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)


def factor_plot(name: str, rates: Sequence[Rate], of: str) -> str:
    """Rates by the levels of a factor, with their intervals. `of` says what photos these are."""
    figure, axes = _figure(0.95 + 0.36 * len(rates))
    places = np.arange(len(rates))[::-1]
    for place, rate in zip(places, rates, strict=True):
        axes.plot([100 * rate.low, 100 * rate.high], [place, place], color=PALE, linewidth=4)
        axes.plot(100 * rate.rate, place, "o", color=ACCENT, markersize=7)
    axes.set_yticks(places, [f"{r.label}  (n = {r.n})" for r in rates])
    axes.set_ylim(-0.6, len(rates) - 0.4)
    _percent_axis(axes, of, across=True)
    return _drawn(figure, f"{of} read by {LABELS.get(name, name)}")


def heat_map(grid: Grid, of: str) -> str:
    """Rates by two factors; every cell says its rate and how many photos it rests on."""
    figure, axes = _figure(1.3 + 0.55 * len(grid.rows))
    values = np.array(
        [[np.nan if r is None else 100 * r.rate for r in line] for line in grid.rates], float
    )
    size = 11 if len(grid.columns) <= 6 else 8
    colours = mpl.colormaps["Blues"].with_extremes(bad="#f3f3f3")
    axes.imshow(values, vmin=0, vmax=130, cmap=colours, aspect="auto")
    for i, line in enumerate(grid.rates):
        for j, rate in enumerate(line):
            text = "–" if rate is None else f"{100 * rate.rate:.0f} %\nn = {rate.n}"
            dark = rate is not None and rate.rate > 0.75
            axes.text(j, i, text, ha="center", va="center", fontsize=size,
                      color="white" if dark else INK)  # fmt: skip
    axes.set_xticks(range(len(grid.columns)), grid.columns)
    axes.set_yticks(range(len(grid.rows)), grid.rows)
    axes.set_xlabel(LABELS[grid.column_name])
    axes.set_title(f"{of} read", fontsize=11, loc="left")
    axes.set_ylabel(LABELS[grid.row_name])
    for side in axes.spines.values():
        side.set_visible(False)
    label = f"{of} read by {LABELS[grid.row_name]} and {LABELS[grid.column_name]}"
    return _drawn(figure, label)


def width_plot(frame: pd.DataFrame, fit: WidthFit, of: str) -> str:
    """Rates by width in the photo, the fitted curve, and where it reaches 95 %."""
    figure, axes = _figure(3.4)
    rows = frame[frame["width_px"].notna()]
    count = int(np.clip(len(rows) // 8, 1, POINTS))
    bins = pd.qcut(rows["width_px"], count, duplicates="drop")
    for _, part in rows.groupby(bins, observed=True):
        rate = rate_of(part["is_right"])
        at = float(np.exp(np.log(part["width_px"]).mean()))
        axes.plot([at, at], [100 * rate.low, 100 * rate.high], color=PALE, linewidth=4)
        axes.plot(at, 100 * rate.rate, "o", color=ACCENT, markersize=7)
    if fit.reason is None and fit.width95 is not None:
        width = np.geomspace(*fit.range_px, 200)
        axes.plot(width, 100 * fit.rate(width), color=INK, linewidth=1.5)
        if fit.range_px[0] <= fit.width95 <= fit.range_px[1]:
            axes.axvline(fit.width95, color=INK, linestyle=":", linewidth=1.2)
            axes.annotate(
                f"{100 * TARGET:.0f} % at {fit.width95:.0f} px", (fit.width95, 8),
                xytext=(6, 0), textcoords="offset points",
            )  # fmt: skip
    axes.set_xscale("log")
    ticks = [t for t in (50, 100, 150, 200, 300, 400, 600, 800, 1200, 1600, 2400, 3200)
             if 0.8 * fit.range_px[0] <= t <= 1.25 * fit.range_px[1]]  # fmt: skip
    axes.set_xticks(ticks, [str(t) for t in ticks])
    axes.minorticks_off()
    axes.set_xlabel("width of the container in the photo, px")
    _percent_axis(axes, of, across=False)
    return _drawn(figure, f"{of} read by width in the photo")


def visibility_plot(lines: Sequence[Visibility], measure: str, of: str) -> str:
    """Rate of each container against how visible its change is (`psnr` or `flip`)."""
    figure, axes = _figure(3.2)
    for line in lines:
        x = getattr(line, measure)
        axes.plot([x, x], [100 * line.rate.low, 100 * line.rate.high], color=PALE, linewidth=3)
        axes.plot(x, 100 * line.rate.rate, "o", color=ACCENT, markersize=6)
    axes.locator_params(axis="x", nbins=6)
    name = "PSNR of the container, dB (less visible to the right)"
    axes.set_xlabel(name if measure == "psnr" else "FLIP (less visible to the left)")
    _percent_axis(axes, of, across=False)
    return _drawn(figure, f"{of} read by {measure}")
