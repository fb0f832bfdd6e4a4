"""`riis-physical measure paper`: train what is missing, measure what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError
from training.hiding.config import load_config
from training.measure.common.draws import digest
from training.measure.common.experiment import Experiment, carry_out, check_output, each
from training.measure.paper.data import measured_paths
from training.measure.paper.making import models_there, train_missing
from training.measure.paper.measuring import Measurer, PairRecord, tasks_of
from training.measure.paper.settings import PaperSettings
from training.measure.paper.shown import save_figures
from training.measure.paper.summary import summarise

KIND = "paper"


def measure_paper(
    settings: PaperSettings,
    output: Path,
    *,
    minutes: float | None = None,
    train: bool = True,
    cpu: bool = False,
    tell: Callable[[str], None] = print,
    workers: int = 1,
    force: bool = False,
) -> dict[str, Any] | None:
    """Train what is missing, measure and write `output`; see :func:`carry_out`.

    Args:
        minutes: of training each model, in place of the settings' steps.
        train: False measures only what is there.
        cpu: do not train on an accelerator that is there.
        tell: is told of each model that is trained.

    Returns:
        the result, None where training was asked to stop.

    Raises:
        ConfigError: no model is there.
    """
    check_output(output, workers=workers, force=force)
    paths = measured_paths(Path(settings.data))
    settings = replace(settings, n=min(settings.n, len(paths)))
    if train and not train_missing(settings, minutes, tell, cpu):
        return None
    models = models_there(settings)
    if not models:
        raise ConfigError(f"{settings.runs} holds no finished model: train some first")
    config = load_config(settings.config, list(settings.overrides))
    shared = {
        "settings": settings.as_dict() | {"models": None, "seeds": None, "steps": None},
        "pictures_sha256": digest(paths),
    }
    keys = {model.key for model in models}
    tasks = tasks_of(models, settings.n)
    measurer = Measurer(settings)
    experiment = Experiment(
        kind=KIND,
        head=shared,  # more models, or more seeds, go on where the journal ends
        about={
            "settings": settings.as_dict(),
            "minutes": minutes,
            "training": config.model_dump(mode="json"),
            "pictures": {"pairs": settings.n, "sha256": digest(paths)},
        },
        settings=settings,
        make=Measurer,
        parse=PairRecord.from_dict,
        **each(tasks, "model", "plan", "seed", "pair"),
        unit="pair",
        summarise=lambda records: {
            **summarise(records, models),
            "figures": save_figures(measurer, models, output),
        },
        whole=lambda records: [r for r in records if r.model in keys],
        by_task=True,
    )
    return carry_out(
        experiment, output, workers=workers, force=force, here=measurer if workers == 1 else None
    )


def lines(result: dict[str, Any]) -> Iterator[str]:
    """A result for people."""
    for group in result["groups"]:
        secret, container = group["secret_psnr"], group["container_psnr"]
        yield (
            f"{group['model']}, {group['distortion']}: secret {secret['mean']:.2f} dB "
            f"({secret['low']:.2f} to {secret['high']:.2f}), container {container['mean']:.2f} dB, "
            f"{len(group['seeds'])} seeds, {secret['n']} pairs"
        )
