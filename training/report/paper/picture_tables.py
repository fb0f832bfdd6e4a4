"""What comes back of pictures through the product, and where edits show."""

from __future__ import annotations

from training.report.cells import NOT_MEASURED, Json, table
from training.report.results import Results

TELLING = ("told", "estimated", "blind")


def _span(figure: Json, form: str) -> str:
    """A mean with its interval."""
    mean = form.format(figure["mean"])
    if figure["low"] is None:
        return mean
    return f"{mean} ({form.format(figure['low'])} to {form.format(figure['high'])})"


def _said(result: Json) -> str:
    """What a table rests on, in a line below it."""
    settings, model = result["settings"], result["model"]
    return (
        f"Model {model['name']}, {settings['n']} hosts at a short side of {settings['size']} px, "
        f"secrets of kind {settings['secret']}; commit {result['environment']['commit']}, "
        f"{result['environment'].get('cpu', 'CPU')}; simulated."
    )


def pictures_table(results: Results) -> str:
    """Secret PSNR by distortion, told, estimated and blind, of `measure pictures`."""
    measured = results.newest("pictures")
    head = ["distortion", *(f"secret, level {how}" for how in TELLING), "SSIM, told", "container"]
    if measured is None:
        return table(head, [[NOT_MEASURED] * len(head)])
    by: dict[str, dict[str, Json]] = {}
    for group in measured["groups"]:
        by.setdefault(group["distortion"], {})[group["level"]] = group
    rows = [
        [
            distortion,
            *(f"{_span(of[how]['secret_psnr'], '{:.2f}')} dB" for how in TELLING),
            f"{of['told']['secret_ssim']['mean']:.3f}",
            f"{of['told']['container_psnr']['mean']:.2f} dB",
        ]
        for distortion, of in by.items()
    ]
    return f"{table(head, rows)}\n\n{_said(measured)}"


def tamper_table(results: Results) -> str:
    """Area under the curve by secret, distortion and edit, of `measure tamper`."""
    head = ["hidden", "then", "edit", "area under the curve", "suspect of the edit", "of the rest"]
    if not results.tamper:
        return table(head, [[NOT_MEASURED] * len(head)])
    rows = [
        [
            result["settings"]["secret"],
            group["distortion"],
            group["edit"],
            _span(group["auc"], "{:.3f}"),
            f"{group['found']['mean']:.0%}",
            f"{group['false']['mean']:.1%}",
        ]
        for result in results.tamper
        for group in result["groups"]
    ]
    return "\n\n".join([table(head, rows), *dict.fromkeys(map(_said, results.tamper))])
