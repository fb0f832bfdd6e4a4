"""The rate against visibility as a picture."""

from __future__ import annotations

from pathlib import Path

from riis_physical.errors import ConfigError
from training.report.results import PRESETS, Results


def plot_curve(results: Results, target: Path) -> bool:
    """Draw rate against PSNR over strength; False where no preset has two strengths.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    curves = {preset: results.curve(preset) for preset in PRESETS}
    curves = {preset: curve for preset, curve in curves.items() if len(curve) > 1}
    if not curves:
        return False
    try:
        import matplotlib
    except ImportError as error:
        raise ConfigError(
            "the plot needs matplotlib: install riis-physical with its eval extra"
        ) from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    for preset, curve in curves.items():
        points = [(g["container"]["psnr"], g["decode"], s) for s, g in curve]
        drawn = [(psnr["mean"], decode, s) for psnr, decode, s in points if psnr and decode]
        x = [psnr for psnr, _, _ in drawn]
        y = [100 * decode["rate"] for _, decode, _ in drawn]
        down = [100 * max(0.0, decode["rate"] - decode["low"]) for _, decode, _ in drawn]
        up = [100 * max(0.0, decode["high"] - decode["rate"]) for _, decode, _ in drawn]
        axes.errorbar(x, y, yerr=[down, up], marker="o", capsize=3, label=preset)
        for psnr, decode, strength in drawn:
            axes.annotate(
                f"{strength:g}",
                (psnr, 100 * decode["rate"]),
                textcoords="offset points",
                xytext=(5, 6),
                fontsize=8,
            )
    axes.set_xlabel("mean PSNR of the containers, dB (numbers: --strength)")
    axes.set_ylabel("messages read, % (95 % intervals)")
    axes.set_title(f"{results.model}, simulated captures")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(target, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    return True
