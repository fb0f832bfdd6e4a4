"""Tables 1 to 4 of the paper in Markdown; what was not trained says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from training.report.cells import NOT_MEASURED, Json, table
from training.report.paper import printed
from training.report.results import Results

NAMES = {
    "riis": "RIIS, a model a distortion",
    "riis-star": "RIIS*",
    "riis-blind": "RIIS-Blind",
    "no-2dt": "without 2DT",
    "no-canp": "without CANP, h_f ~ N(0, I)",
    "no-cem": "without CEM",
    "copy": "h_f copied from y",
    "resblock": "h_f by a residual block",
    "isn": "ISN",
    "isn+": "ISN+, a model a distortion",
    "hinet": "HiNet",
    "riis@none": "RIIS",
    "riis-5": "RIIS",
    "isn-5": "ISN",
    "iicnet-5": "IICNet",
    "autoencoder-5": "auto-encoder",
}
WORDS = {"none": "no distortion", "poisson": "Poisson"}


def words(distortion: str) -> str:
    """A distortion as a column's head."""
    kind, _, amount = distortion.partition("=")
    return WORDS.get(kind) or {"sigma": "σ = ", "jpeg": "JPEG "}[kind] + amount


def group_of(result: Json | None, model: str, distortion: str) -> Json | None:
    """Figures of a model, or of a family's member for this distortion; None without any."""
    names = (model, f"{model}@{distortion}")
    groups = [] if result is None else result["groups"]
    return next((g for g in groups if g["model"] in names and g["distortion"] == distortion), None)


def _cell(group: Json | None, figure: str = "secret_psnr") -> str:
    if group is None:
        return NOT_MEASURED
    found = group[figure]
    if found["low"] is None:
        return f"{found['mean']:.2f}"
    return f"{found['mean']:.2f} ± {found['high'] - found['mean']:.2f}"


def _rows(result: Json | None, columns: Sequence[str], rows: Mapping[str, tuple[float, ...]]):  # type: ignore[no-untyped-def]
    for model, paper in rows.items():
        groups = [group_of(result, model, one) for one in columns]
        containers = [g["container_psnr"]["mean"] for g in groups if g is not None]
        container = NOT_MEASURED
        if containers:
            low, high = min(containers), max(containers)
            container = f"{low:.1f}" if high - low < 0.1 else f"{low:.1f} to {high:.1f}"
        yield [NAMES[model], "ours", *(_cell(group) for group in groups), container]
        yield ["", "paper", *(f"{value:.2f}" for value in paper), ""]


def budget(results: Results) -> str:
    """How the models came to be, and what they were measured with."""
    result = results.newest("paper")
    if result is None:
        return f"{NOT_MEASURED}: `riis-physical measure paper` trains and measures"
    training, settings, made = result["training"], result["settings"], result["environment"]
    full = [m for m in result["models"] if m["started_from"] is None]
    seconds = sum(m["seconds"] for m in result["models"])
    seeds = sorted({m["seed"] for m in result["models"]})
    net = training["model"]
    return (
        f"Our retraining, the same for every model: {_span(sorted({m['steps'] for m in full}))} "
        f"steps of {training['batch']} patches of {training['patch_px']} px, "
        f"{net['host_levels']} Haar levels, {net['blocks']} blocks, growth {net['growth']}; models "
        "of one distortion go on from another for a quarter of the steps. "
        f"{len(result['models'])} models, seeds {', '.join(map(str, seeds))}, {seconds / 60:.0f} "
        f"minutes of training in all on {made['cpu']}. Measured on {result['pictures']['pairs']} "
        f"pairs of {settings['crop']} px squares as 8-bit files, with exact noise and the real "
        "codec; means over pairs and seeds, ± half of the 95 % interval over pairs. Commit "
        f"{str(made['commit'])[:12]}, {made['date']}. The paper's own models have its full depth "
        "and were trained on a V100 with DIV2K."
    )


def _span(values: Sequence[int]) -> str:
    return str(values[0]) if len(values) == 1 else f"{values[0]} to {values[-1]}"


def ablation_table(results: Results) -> str:
    """Table 1: secret PSNR without each part."""
    columns = printed.TABLE_1_COLUMNS
    head = ["model", "", *(words(one) for one in columns), "container"]
    return table(head, list(_rows(results.newest("paper"), columns, printed.TABLE_1)))


def source_table(results: Results) -> str:
    """Table 2: secret PSNR by where h_f comes from."""
    names = {"no-canp": "N(0, I)", "copy": "copy of y", "resblock": "residual block of y"}
    rows = []
    for model, paper in printed.TABLE_2.items():
        cells = [
            _cell(group_of(results.newest("paper"), model, one)) for one in ("none", "sigma=10")
        ]
        rows.append([names.get(model, "CANP"), *cells, f"{paper:.2f}"])
    return table(["source of h_f", "ours, no distortion", "ours, σ = 10", "paper"], rows)


def comparison_table(results: Results) -> str:
    """Table 3: secret PSNR of all methods."""
    columns = printed.TABLE_3_COLUMNS
    head = ["method", "", *(words(one) for one in columns), "container"]
    return table(head, list(_rows(results.newest("paper"), columns, printed.TABLE_3)))


def capacity_table(results: Results) -> str:
    """Table 4: container and secret PSNR for five secrets and for one, nothing distorted."""
    rows = []
    for secrets, models in printed.TABLE_4.items():
        for model, (container, secret) in models.items():
            group = group_of(results.newest("paper"), model, "none")
            ours = [_cell(group, "container_psnr"), _cell(group)]
            row = [
                str(secrets),
                NAMES[model],
                ours[0],
                f"{container:.2f}",
                ours[1],
                f"{secret:.2f}",
            ]
            rows.append(row)
    head = ["secrets", "method", "container, ours", "paper", "secret, ours", "paper"]
    return table(head, rows)


def apart_table(results: Results) -> str:
    """How far RIIS* is above each other model, pair by pair."""
    measured = results.newest("paper")
    found = [] if measured is None else measured["against_full"]
    columns = (*printed.TABLE_1_COLUMNS, "sigma=1")
    models = ("isn", "isn+", "hinet", "riis-blind", *printed.TABLE_1, "copy", "resblock", "riis")
    rows = []
    for model in models:
        if model == "riis-star":
            continue
        cells = []
        for one in columns:
            names = (model, f"{model}@{one}")
            hits = [f for f in found if f["model"] in names and f["distortion"] == one]
            cells.append(_apart(hits[0]) if hits else NOT_MEASURED)
        rows.append([NAMES[model], *cells])
    return table(["RIIS* above", *(words(one) for one in columns)], rows)


def _apart(found: Json) -> str:
    return f"{found['mean']:+.2f} ({found['low']:+.2f} to {found['high']:+.2f})"


def everything_table(results: Results) -> str:
    """PSNR and SSIM of secret and container for every model and distortion."""
    measured = results.newest("paper")
    head = ["model", "distortion", "seeds", "secret PSNR", "SSIM", "container PSNR", "SSIM"]
    rows = []
    for group in [] if measured is None else measured["groups"]:
        figures = ("secret_psnr", "secret_ssim", "container_psnr", "container_ssim")
        cells = [
            _cell(group, one) if one.endswith("psnr") else f"{group[one]['mean']:.3f}"
            for one in figures
        ]
        seeds = ", ".join(str(seed) for seed in group["seeds"])
        rows.append([group["model"], words(group["distortion"]), seeds, *cells])
    return table(head, rows or [[NOT_MEASURED] * len(head)])


TABLES = {
    "paper-budget": budget,
    "paper-1": ablation_table,
    "paper-2": source_table,
    "paper-3": comparison_table,
    "paper-4": capacity_table,
    "paper-apart": apart_table,
    "paper-all": everything_table,
}
