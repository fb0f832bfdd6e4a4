"""The report: one page that needs no other file and no network."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from capture.study.checklist import page_of
from capture.study.report.data import load_rows, settings_of
from capture.study.report.failures import failures, median_width
from capture.study.report.fits import WidthFit, fit_width
from capture.study.report.mixed import MIXED_PHOTOS, fit_mixed
from capture.study.report.paired import compare, rank_correlation, visibility
from capture.study.report.plots import factor_plot, heat_map, visibility_plot, width_plot
from capture.study.report.rates import LABELS, Rate, by_factor, pairs, rate_of, stages, varied
from capture.study.store import Study
from riis_physical.errors import ConfigError
from riis_physical.system.files import write_text
from riis_physical.system.provenance import commit, package_version


@dataclass(frozen=True)
class Reported:
    """What a report says first: the rate, and photos that it is silent about."""

    rate: Rate
    setting: str
    simulated: int
    waiting: int


def save_report(
    study: Study, path: Path, *, setting: str | None = None, force: bool = False
) -> Reported:
    """Write the report.

    Args:
        setting: name or id of the setting that the details are of; that with most photos,
            the newest of these, where not given.

    Raises:
        ConfigError: no results, or no such setting.
        OutputError: it cannot be written.
    """
    everything = load_rows(study)
    settings = settings_of(study)
    main = _chosen(settings, everything, setting)
    frame = everything[everything["setting_id"] == main["id"]]
    said = _said(study, everything, frame, settings, main)
    write_text(path, page_of("report.html.j2", **said), force=force)
    return Reported(said["rate"], main["name"], said["simulated"], said["waiting"])


def _chosen(
    settings: list[dict[str, Any]], frame: pd.DataFrame, wanted: str | None
) -> dict[str, Any]:
    if wanted is None:
        counts = frame["setting_id"].value_counts()
        return max(enumerate(settings), key=lambda s: (counts[s[1]["id"]], s[0]))[1]
    same = [s for s in settings if wanted in (s["name"], s["id"])]
    if not same:
        known = ", ".join(f"{s['name']} ({s['id']})" for s in settings)
        raise ConfigError(f"no results of setting {wanted!r}: expected one of {known}")
    return same[-1]


def _said(
    study: Study,
    everything: pd.DataFrame,
    frame: pd.DataFrame,
    settings: list[dict[str, Any]],
    main: dict[str, Any],
) -> dict[str, Any]:
    """All values of the page."""
    names = varied(frame)
    of = _photos(frame)
    seen = visibility(frame)
    fit = fit_width(frame)
    by = {s["id"]: rate_of(everything.loc[everything["setting_id"] == s["id"], "is_right"])
          for s in settings}  # fmt: skip
    labels = {s["id"]: f"{s['name']} ({s['made_by']['commit']})" for s in settings}
    rates = [(name, LABELS[name], by_factor(frame, name)) for name in names]
    rate = rate_of(frame["is_right"])
    planned = study.one("SELECT count(*) FROM row")
    done = study.one("SELECT count(DISTINCT row_id) FROM photo WHERE row_id IS NOT NULL")
    return {
        "name": study.config.name, "rate": rate, "main": main, "settings": settings, "by": by,
        "n": len(frame), "simulated": int(frame["simulated"].sum()), "rows_planned": planned,
        "rows_done": done, "pictures": frame["host"].nunique(), "phones": frame["device"].nunique(),
        "containers": frame["container"].nunique(),
        "waiting": study.one("SELECT count(*) FROM photo WHERE row_id IS NULL"),
        "stages": stages(frame),
        "factors": [(label, found, factor_plot(name, found, of)) for name, label, found in rates],
        "fixed": [(LABELS[n], _level(frame[n].iloc[0])) for n in LABELS if n not in names],
        "grids": [
            (LABELS[g.row_name], LABELS[g.column_name], heat_map(g, of)) for g in pairs(frame)
        ],
        "fit": fit, "fit_text": _fit_text(fit), "width_plot": width_plot(frame, fit, of)
        if frame["width_px"].notna().any() else None,
        "mixed": fit_mixed(frame), "mixed_most": MIXED_PHOTOS,
        "compared": compare(everything, labels),
        "visibility": seen, "correlation": rank_correlation(seen),
        "visibility_plots": [visibility_plot(seen, "psnr", of)]
        + ([visibility_plot(seen, "flip", of)] if all(v.flip is not None for v in seen) else []),
        "failures": failures(study, frame), "read_width": median_width(frame[frame["is_right"]]),
        "paper": _paper(rates, rate, of), "cite": _cite(study, frame, main),
        "version": package_version("riis-physical"), "commit": commit(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }  # fmt: skip


def _level(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _fit_text(fit: WidthFit) -> str:
    if fit.reason is not None:
        return f"No fit: {fit.reason}."
    assert fit.width95 is not None and fit.width95_low is not None
    assert fit.width95_high is not None
    low, high = fit.range_px
    if not low <= fit.width95 <= high:
        return (
            f"The fitted rate does not reach 95 % between {low:.0f} and {high:.0f} px, the widths "
            "of these photos; beyond them nothing was measured."
            if fit.width95 > high
            else f"The fitted rate is above 95 % at all widths of these photos, {low:.0f} to "
            f"{high:.0f} px."
        )
    return (
        f"95 % of photos are read from a width of {fit.width95:.0f} px on (95 % interval "
        f"{fit.width95_low:.0f} to {fit.width95_high:.0f} px), by a logistic fit to {fit.n} photos."
    )


def _photos(frame: pd.DataFrame) -> str:
    """What photos these are, wherever figures of them may be shown alone."""
    if frame["simulated"].all():
        return "simulated photos"
    return "photos (some simulated)" if frame["simulated"].any() else "photos"


def _paper(rates: list[tuple[str, str, list[Rate]]], whole: Rate, of: str) -> dict[str, str]:
    """The same table for LaTeX, Markdown and spreadsheets."""
    lines = [(f"all {of}", "", whole)] + [
        (label, rate.label, rate) for _, label, found in rates for rate in found
    ]
    latex = ["\\begin{tabular}{llrrr}", "\\hline",
             "factor & level & $n$ & read (\\%) & 95\\,\\% interval \\\\", "\\hline"]  # fmt: skip
    markdown = ["| factor | level | n | read | 95 % interval |", "| --- | --- | --- | --- | --- |"]
    tabs = ["factor\tlevel\tn\tread\tlow\thigh"]
    for factor, level, rate in lines:
        share, low, high = (100 * v for v in (rate.rate, rate.low, rate.high))
        safe = level.replace("_", "\\_").replace("&", "\\&").replace("%", "\\%")
        latex.append(f"{factor} & {safe} & {rate.n} & {share:.1f} & {low:.1f} to {high:.1f} \\\\")
        markdown.append(
            f"| {factor} | {level} | {rate.n} | {share:.1f} % | {low:.1f} to {high:.1f} |"
        )
        tabs.append(f"{factor}\t{level}\t{rate.n}\t{share:.2f}\t{low:.2f}\t{high:.2f}")
    latex += ["\\hline", "\\end{tabular}"]
    return {"LaTeX": "\n".join(latex), "Markdown": "\n".join(markdown),
            "Spreadsheet": "\n".join(tabs)}  # fmt: skip


def _cite(study: Study, frame: pd.DataFrame, main: dict[str, Any]) -> str:
    """A sentence that says where the figures come from."""
    made = main["made_by"]
    kind = _kind(frame)
    design = json.loads(study.config.design.model_dump_json())["kind"]
    weights = ", ".join(
        f"{Path(m).stem} (SHA-256 {w[:12]})"
        for m, w in zip(made["models"], made["weights"], strict=True)
    )
    return (
        f"Field study “{study.config.name}”: {len(frame)} {kind} of "
        f"{frame['container'].nunique()} containers ({frame['host'].nunique()} pictures), "
        f"{frame['device'].nunique()} phone(s), {design} design; read with riis-physical "
        f"{made['version']}, commit {made['commit']}, model {weights}. Rates with 95 % Wilson "
        "intervals, which take photos as independent of each other."
    )


def _kind(frame: pd.DataFrame) -> str:
    if frame["simulated"].all():
        return "simulated photos (no camera was used)"
    if frame["simulated"].any():
        return f"photos, {int(frame['simulated'].sum())} of them simulated,"
    return "photos"
