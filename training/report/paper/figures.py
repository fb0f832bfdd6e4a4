"""Figures 5 to 9 of the paper as PNG and SVG: pictures side by side, and curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from riis_physical.errors import ConfigError
from riis_physical.system.files import make_folder
from training.report.cells import Json
from training.report.paper.printed import TABLE_3, TABLE_3_COLUMNS
from training.report.paper.tables import NAMES, group_of, words

_CAPTIONS = {
    "figure-5": "without CEM, without CANP and with both",
    "figure-6": "one model for all distortions, not told the level and told it",
    "figure-8": "HiNet, ISN+ and RIIS* under the same distortion",
}
# Okabe and Ito's colours; markers and dashes tell the lines apart without any colour.
_STYLES = {
    "riis-star": ("#0072B2", "o", "-"),
    "riis-blind": ("#D55E00", "s", "--"),
    "riis": ("#009E73", "D", "none"),
    "isn+": ("#CC79A7", "^", "none"),
    "hinet": ("#595959", "v", ":"),
}
_SIGMAS = (1, 10, 20, 30, 50)
_QUALITIES = (40, 60, 80, 90, 95)


def draw_figures(result: Json, results: Path, folder: Path) -> list[Path]:
    """Draw what a result has figures for; the files, PNG and SVG of each.

    Args:
        result: of `measure paper`. results: folder that it and its tiles lie in.

    Raises:
        ConfigError: matplotlib is not installed, or tiles are missing.
        OutputError: the folder cannot be made.
    """
    make_folder(folder)
    pyplot = _pyplot()
    drawn = []
    for name, tiles in result.get("figures", {}).items():
        place = results / tiles["file"]
        if not place.is_file():
            raise ConfigError(f"{place} is missing: measure again, it lies beside the result")
        figure = _pictures(pyplot, name, tiles, np.asarray(Image.open(place)))
        drawn += _saved(pyplot, figure, folder / f"paper-{name}")
    for name, draw in (("figure-7", _capacity), ("figure-9", _curves)):
        made = draw(pyplot, result)
        if made is not None:
            drawn += _saved(pyplot, made, folder / f"paper-{name}")
    return drawn


def _pictures(pyplot: Any, name: str, tiles: Json, pixels: Any) -> Any:
    """Tiles with their columns' titles and each one's PSNR."""
    columns, rows = len(tiles["columns"]), len(tiles["psnr"])
    side = pixels.shape[1] // columns
    size = (1.4 * columns, 1.55 * rows + 0.35)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)
    for row in range(rows):
        for column in range(columns):
            at = axes[row][column]
            part = pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
            at.imshow(part, interpolation="none")
            at.set_xticks([])
            at.set_yticks([])
            value = tiles["psnr"][row][column]
            at.set_xlabel("" if value is None else f"{value:.1f} dB", fontsize=7)
            if row == 0:
                at.set_title(tiles["columns"][column], fontsize=7)
    figure.suptitle(f"Figure {name[-1]}, our retraining: {_CAPTIONS[name]}", fontsize=8)
    return figure


def _capacity(pyplot: Any, result: Json) -> Any:
    """Figure 7: secret PSNR by the number of secrets; None below two numbers."""
    figure, axes = pyplot.subplots(figsize=(5.2, 3.6), layout="constrained")
    drawn = 0
    for (colour, marker, dash), one in zip(
        _STYLES.values(), ("none", "sigma=10", "jpeg=80"), strict=False
    ):
        points = []
        for secrets in range(1, 6):
            model = "riis-star" if secrets == 1 else f"riis-star-{secrets}"
            group = group_of(result, model, one)
            if group is not None:
                points.append((secrets, group["secret_psnr"]))
        if len(points) > 1:
            dash = "-" if dash == "none" else dash
            _line(axes, points, words(one), (colour, marker, dash))
            drawn += 1
    if not drawn:
        pyplot.close(figure)
        return None
    axes.set_xticks(range(1, 6))
    axes.legend(fontsize=7)
    _finish(axes, "secrets in one container", "Figure 7, RIIS*, our retraining")
    return figure


def _curves(pyplot: Any, result: Json) -> Any:
    """Figure 9: secret PSNR over sigma and over JPEG quality; None without any model."""
    if not any(group_of(result, model, "sigma=10") for model in _STYLES):
        return None
    figure, both = pyplot.subplots(1, 2, figsize=(9.2, 3.9), layout="constrained", sharey=True)
    sides = (
        ("sigma", _SIGMAS, "σ of Gaussian noise, of 255"),
        ("jpeg", _QUALITIES, "JPEG quality"),
    )
    for axes, (kind, amounts, label) in zip(both, sides, strict=True):
        for model, style in _STYLES.items():
            found = [(a, group_of(result, model, f"{kind}={a}")) for a in amounts]
            points = [(a, group["secret_psnr"]) for a, group in found if group is not None]
            if points:
                _line(axes, points, NAMES[model], style)
        printed = [
            (float(one.partition("=")[2]), value)
            for one, value in zip(TABLE_3_COLUMNS, TABLE_3["riis-star"], strict=True)
            if one.startswith(kind)
        ]
        x, y = zip(*printed, strict=True)
        axes.plot(x, y, "k*", markersize=9, label="RIIS*, the paper's table 3")
        _finish(axes, label, "")
    both[0].legend(fontsize=7)
    figure.suptitle("Figure 9, our retraining; bars: 95 % over pictures", fontsize=9)
    return figure


def _line(axes: Any, points: Sequence[tuple[float, Json]], label: str, style: Any) -> None:
    colour, marker, dash = style
    x = [at for at, _ in points]
    y = [value["mean"] for _, value in points]
    bars = [[v["mean"] - (v["low"] or v["mean"]) for _, v in points],
            [(v["high"] or v["mean"]) - v["mean"] for _, v in points]]  # fmt: skip
    axes.errorbar(
        x, y, yerr=bars, color=colour, marker=marker, linestyle=dash, capsize=2, label=label,
        linewidth=1.2, elinewidth=0.6,
    )  # fmt: skip


def _finish(axes: Any, label: str, title: str) -> None:
    axes.set_xlabel(label)
    axes.set_ylabel("PSNR of the revealed secret, dB")
    axes.set_title(title, fontsize=9)
    axes.grid(alpha=0.3)


def _saved(pyplot: Any, figure: Any, stem: Path) -> list[Path]:
    """PNG and SVG; the same result gives the same files."""
    png, svg = stem.with_suffix(".png"), stem.with_suffix(".svg")
    figure.savefig(png, dpi=100, metadata={"Software": None})
    figure.savefig(svg, dpi=100, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return [png, svg]


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise ConfigError(
            "figures need matplotlib: install riis-physical with its eval extra"
        ) from error
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "riis-physical"
    from matplotlib import pyplot

    return pyplot
