"""Train a hiding network: set up, fit, validate. ``riis-physical train`` calls :func:`main`."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs

from riis_physical.errors import TrainingError
from riis_physical.system.files import new_folder, write_text
from training.hiding.config import load_config
from training.hiding.material.data import Photos, is_held_out, list_photos, load_photos, spread
from training.hiding.running.begin import (
    METRICS,
    cut_log,
    describe,
    history,
    open_run,
    started_from,
)
from training.hiding.running.fit import Fit
from training.hiding.running.run import Run


@contextmanager
def _stop_on_signal() -> Iterator[list[bool]]:
    """A list that turns truthy once the process is asked to stop."""
    asked: list[bool] = []
    previous = {
        number: signal.signal(number, lambda *_: asked.append(True))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield asked
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def main(
    config_name: str,
    images: Path,
    out: Path,
    resume: bool = False,
    overrides: list[str] | None = None,
    cpu: bool = False,
    stop_after: int | None = None,
    init: str | None = None,
    workers: int = 0,
) -> Path:
    """Train and return the run folder.

    The folder gets run.json (configuration, commit, versions, data manifest, and
    the same of earlier parts where the run was resumed),
    metrics.jsonl, TensorBoard events where tensorboard is installed, samples/,
    checkpoint.pt and held_out.txt.

    Args:
        config_name: a shipped configuration or a .yaml file.
        images: folder of photographs.
        out: run folder, made if missing.
        resume: go on from the folder's checkpoint.
        overrides: ``key=value`` settings.
        cpu: do not use an accelerator that is there.
        stop_after: stop, with a checkpoint, after this many steps of this call.
        init: a shipped model or .safetensors file that a new run starts from.
        workers: processes that draw batches ahead; 0 draws them between the steps.

    Raises:
        TrainingError, ConfigError, BadImageError, OutputError, WeightsError: see
            their messages.
    """
    began_at = time.monotonic()
    config = load_config(config_name, overrides)
    accelerator = Accelerator(
        cpu=cpu,
        mixed_precision="bf16" if config.bf16 else "no",
        kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
    )
    paths = list_photos(images)
    least = config.patch_px if config.channel == "digital" else 128
    train_paths = spread([p for p in paths if not is_held_out(p.name)], config.photos)
    held_paths = spread([p for p in paths if is_held_out(p.name)], config.photos)
    if not train_paths:
        raise TrainingError(f"{images} holds too few pictures ({len(paths)}): add photographs")
    with new_folder(out):  # told before the pictures are read
        photos = _photos(tuple(train_paths), least)
        held = _photos(tuple(held_paths or train_paths[:1]), least)
        run, began = open_run(config, out, resume, accelerator, init, began_at)
        _describe(run, out, photos, held, accelerator, resume, began)
        with _stop_on_signal() as asked:
            fresh = not resume and began is None
            Fit(run, photos, held, out, accelerator).go(asked, stop_after, workers, fresh=fresh)
    return out


@lru_cache(maxsize=2)
def _photos(paths: tuple[Path, ...], least: int) -> Photos:
    """Photographs in memory, decoded once for all runs of a process."""
    return load_photos(list(paths), least)


def _describe(
    run: Run,
    out: Path,
    photos: Photos,
    held: Photos,
    accelerator: Accelerator,
    resume: bool,
    began: dict[str, str] | None,
) -> None:
    """Write what is known before the first step."""
    if not accelerator.is_main_process:
        return
    description = describe(run.config, photos, accelerator)
    description["resumed"] = history(out / "run.json", run.step) if resume else []
    description["started_from"] = started_from(out / "run.json") if resume else began
    write_text(out / "run.json", json.dumps(description, indent=2) + "\n", force=True)
    (out / "held_out.txt").write_text("\n".join(held.names) + "\n", encoding="utf-8")
    cut_log(out / METRICS, run.step)
