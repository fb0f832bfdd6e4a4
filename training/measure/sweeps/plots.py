"""Results as pictures: one for each sweep, and what detection finds as bars."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError
from riis_physical.system.files import make_folder
from training.measure.sweeps.varied import SWEEPS

Json = dict[str, Any]

# Okabe and Ito's colours, which colour-blind people can tell apart; markers and
# dashes tell the lines apart without any colour.
_BLUE, _GREY = "#0072B2", "#595959"
_ORANGE, _GREEN, _PURPLE = "#D55E00", "#009E73", "#CC79A7"
Style = tuple[str, str, str, str]
"""Label, colour, marker, dash."""
_HIDDEN: tuple[tuple[str, Style], ...] = (
    ("decode", ("found in the photo", _BLUE, "o", "-")),
    ("decode_given", ("true corners", _ORANGE, "s", "--")),
)
_VISIBLE: tuple[tuple[str, Style], ...] = (
    ("pyzbar", ("zbar", _GREEN, "^", "-")),
    ("zxing-cpp", ("zxing-cpp", _PURPLE, "v", "--")),
    ("opencv", ("OpenCV", _GREY, "D", ":")),
)
_SIZE = (7.2, 4.6)
_TITLES = {
    "width": "size in the photo",
    "angle": "viewing angle",
    "blur": "defocus",
    "exposure": "exposure",
    "glare": "glare",
}


def draw_plots(result: Json, folder: Path, prefix: str = "capture") -> list[Path]:
    """Draw all plots that a result has figures for; returns the files, PNG.

    Raises:
        ConfigError: matplotlib is not installed.
        OutputError: the folder cannot be made.
    """
    make_folder(folder)
    pyplot = _pyplot()
    drawn = []
    for name, rows in result["sweeps"].items():
        figure = _sweep(pyplot, result, name, rows)
        drawn.append(_saved(pyplot, figure, folder / f"{prefix}-{name}.png"))
    if result["detection"]:
        figure = _detection(pyplot, result)
        drawn.append(_saved(pyplot, figure, folder / f"{prefix}-detection.png"))
    return drawn


def _sweep(pyplot: Any, result: Json, name: str, rows: Sequence[Json]) -> Any:
    """Two panels side by side, so that intervals do not lie on each other."""
    figure, panels = pyplot.subplots(1, 2, figsize=(9.6, 4.6), sharey=True, layout="constrained")
    x = [row["value"] for row in rows]
    left, right = panels
    for place, (key, style) in enumerate(_HIDDEN):
        _line(left, x, [row[key] for row in rows], style, place)
    for place, (key, style) in enumerate(_VISIBLE):
        _line(right, x, [row["visible"].get(key) for row in rows], style, place)
    for axes, title in ((left, "hidden code"), (right, "visible code, same captures")):
        if name == "width":
            axes.set_xscale("log")
        axes.set_xticks(x, [f"{value:g}" for value in x])
        axes.minorticks_off()
        axes.set_xlabel(SWEEPS[name].label)
        axes.set_ylim(-3, 103)
        axes.grid(alpha=0.25)
        axes.set_title(title, fontsize=11)
        if axes.get_lines():
            axes.legend(
                loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=3, frameon=False, fontsize=9
            )
    left.set_ylabel("messages read, %")
    figure.suptitle(f"Messages read by {_TITLES[name]}, simulated captures")
    _caption(
        figure,
        f"{result['model']['name']}, n = {_captures(rows)} for each point, all else as preset "
        "normal draws it. Bands: 95 % Wilson intervals.\nThe visible code has the same module "
        "pitch in the same captures and is read from the photo as it is.",
    )
    return figure


def _line(
    axes: Any,
    x: Sequence[float],
    rates: Sequence[Json | None],
    style: Style,
    place: int,
) -> None:
    """A rate with its band; of lines that coincide the first is the widest and lies below."""
    label, colour, marker, dash = style
    known = [(value, rate) for value, rate in zip(x, rates, strict=True) if rate is not None]
    if not known:
        return
    places = [value for value, _ in known]
    low, middle, high = (
        [100 * rate[part] for _, rate in known] for part in ("low", "rate", "high")
    )
    axes.fill_between(places, low, high, color=colour, alpha=0.14, linewidth=0, zorder=1)
    axes.plot(
        places, middle, color=colour, marker=marker, linestyle=dash,
        linewidth=3.0 - 0.7 * place, markersize=8 - 1.5 * place, label=label, zorder=3 + place,
        clip_on=False,
    )  # fmt: skip


def _detection(pyplot: Any, result: Json) -> Any:
    rows = result["detection"]
    figure, axes = pyplot.subplots(figsize=_SIZE, layout="constrained")
    presets = list(dict.fromkeys(row["preset"] for row in rows))
    margins = list(dict.fromkeys(row["margin"] for row in rows))
    width = 0.8 / len(margins)
    for place, margin in enumerate(margins):
        own = {row["preset"]: row for row in rows if row["margin"] == margin}
        shift = (place - (len(margins) - 1) / 2) * width
        x = [i + shift for i, p in enumerate(presets) if p in own]
        rates = [own[p]["recall"] for p in presets if p in own]
        middle = [100 * rate["rate"] for rate in rates]
        down = [100 * max(0.0, rate["rate"] - rate["low"]) for rate in rates]
        up = [100 * max(0.0, rate["high"] - rate["rate"]) for rate in rates]
        colour = (_BLUE, _ORANGE, _GREEN)[place % 3]
        label = "no border" if margin == 0 else f"border of {100 * margin:.0f} % of the width"
        axes.bar(
            x, middle, 0.92 * width, color=colour, label=label, yerr=[down, up],
            error_kw={"ecolor": "black", "capsize": 3, "linewidth": 1.2},
        )  # fmt: skip
        for at, preset in zip(x, (p for p in presets if p in own), strict=True):
            error = own[preset]["corner_error"]
            text = (
                ""
                if error is None
                else f"{100 * own[preset]['recall']['rate']:.1f} %\n"
                + (f"corners\noff {100 * error['mean']:.2f} %")
            )
            axes.text(at, 4, text, ha="center", va="bottom", color="white", fontsize=8.5)
    axes.set_xticks(range(len(presets)), presets)
    axes.set_xlabel("preset of the simulated captures")
    axes.set_ylabel("containers found, %")
    axes.set_ylim(0, 103)
    axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    axes.set_title("Containers found, simulated captures")
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=len(margins), frameon=False,
        fontsize=9,
    )  # fmt: skip
    _caption(
        figure,
        f"{result['model']['name']}, n = {_captures(rows)} for each bar. Found: all four corners "
        "within 2 % of the width.\nCorners off: mean distance of the found corners, of the width. "
        "Whiskers: 95 % Wilson intervals.",
    )
    return figure


def _captures(rows: Sequence[Json]) -> str:
    counts = sorted({row["captures"] for row in rows})
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _caption(figure: Any, text: str) -> None:
    """Text below everything else, which moves up."""
    figure.get_layout_engine().set(rect=(0, 0.1, 1, 0.9))
    figure.text(0.015, 0.02, text, fontsize=8, color=_GREY, ha="left", va="bottom")


def _saved(pyplot: Any, figure: Any, target: Path) -> Path:
    figure.savefig(target, dpi=130, metadata={"Software": None})
    pyplot.close(figure)
    return target


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise ConfigError(
            "the plots need matplotlib: install riis-physical with its eval extra"
        ) from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot
