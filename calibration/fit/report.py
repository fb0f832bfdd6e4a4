"""The report of a fit: one HTML file with figures, plots and the photos, no other files."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from calibration.fit.fit import Calibration
from calibration.fit.plots import draw_photo, draw_plots
from riis_physical.system.files import write_text

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1b1b; background: #fff; }}
h1, h2 {{ line-height: 1.2; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ text-align: left; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid #ddd; }}
td.number {{ text-align: right; font-variant-numeric: tabular-nums; }}
figure {{ margin: 1.5rem 0; }}
img {{ max-width: 100%; height: auto; }}
figcaption {{ color: #555; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""
MEANINGS = {
    "tone_repeat_rms_srgb": "equal greys in different places of the chart, sRGB 0 to 1",
    "tone_model_rms_srgb": "greys and colours about the channel's model, sRGB 0 to 1",
    "light_rms_relative": "white about the smooth light field",
    "edge_spread_rms_relative": "edge spread about a sharpened Gaussian",
    "noise_rms_relative": "variance of single greys about the line",
    "lens_rms_px": "dots about the lens fit, px",
    "vignetting_rms_relative": "white about the vignetting",
}


def write_report(path: str | Path, calibration: Calibration, *, force: bool = False) -> None:
    """Write the report in one step.

    Raises:
        ConfigError: matplotlib is not installed.
        OutputError: the file exists and `force` is off, or cannot be written.
    """
    profile = calibration.profile
    parts = [
        f"<p>{len(calibration.photos)} photos used, {len(calibration.refused)} refused. Medium: "
        f"{profile.medium}. What the chart does not tell is that of the preset "
        f"<code>{profile.base}</code>.</p>"
    ]
    parts += [f"<p>Note: {escape(note)}.</p>" for note in calibration.notes]
    parts.append("<h2>Goodness of fit</h2>")
    parts.append(
        _table(
            ("figure", "value", "meaning"),
            [(key, f"{value:.4f}", MEANINGS.get(key, "")) for key, value in profile.fit.items()],
        )
    )
    parts.append("<h2>Photos</h2>")
    rows = []
    for photo in calibration.photos:
        noise = photo.noise
        rows.append(
            (
                photo.name,
                f"{photo.seen.width_px:.0f}",
                f"{photo.blur.sigma:.2f}",
                f"{photo.blur.mtf50:.3f}",
                f"{noise.slope:.2e}" if noise else "not measured",
                f"{photo.jpeg_quality:.0f}" if photo.jpeg_quality else "no JPEG",
                f"{100 * photo.moire.amplitude:.1f} %" if photo.moire else "print",
                f"{photo.response.rms:.4f}",
            )
        )
    parts.append(
        _table(
            (
                "photo", "chart, px wide", "blur, px of 512", "MTF50, cycles per px",
                "noise per light", "JPEG quality", "moire", "tone rms",
            ),
            rows,
        )
    )  # fmt: skip
    if calibration.refused:
        parts.append("<h2>Refused</h2>")
        parts.append(_table(("photo", "reason"), calibration.refused))
    parts.append("<h2>Plots</h2>")
    parts += [_figure(caption, data) for caption, data in draw_plots(calibration)]
    parts.append("<h2>What was found</h2>")
    parts += [_figure(photo.name, draw_photo(photo), "jpeg") for photo in calibration.photos]
    parts.append("<h2>Ranges for the channel</h2>")
    parts.append(
        _table(
            ("parameter", "low", "high"),
            [
                (n, f"{low:.4g}", f"{high:.4g}")
                for n, (low, high) in sorted(profile.channel.items())
            ],
        )
    )
    title = escape(f"Calibration: {profile.name}")
    write_text(path, _PAGE.format(title=title, body="\n".join(parts)), force=force)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["<table>", "<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in head) + "</tr>"]
    for row in rows:
        cells = []
        for cell in row:
            number = cell.replace(".", "").replace("-", "").replace("e", "").isdigit()
            kind = ' class="number"' if number else ""
            cells.append(f"<td{kind}>{escape(cell)}</td>")
        lines.append("<tr>" + "".join(cells) + "</tr>")
    return "\n".join([*lines, "</table>"])


def _figure(caption: str, data: str, kind: str = "png") -> str:
    text = escape(caption)
    return (
        f'<figure><img alt="{text}" src="data:image/{kind};base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
