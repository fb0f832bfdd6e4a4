"""Train a hiding network: set up, fit, validate. ``riis-physical train`` calls :func:`main`."""

from __future__ import annotations

import json
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from tqdm import tqdm

from riis_physical.errors import TrainingError
from riis_physical.system.files import new_folder, write_text
from training.hiding.begin import (
    METRICS,
    cut_log,
    describe,
    history,
    initialise_actnorm,
    inputs,
    open_run,
    started_from,
)
from training.hiding.checkpoint import save_checkpoint
from training.hiding.config import TrainConfig, load_config
from training.hiding.data import (
    Photos,
    is_held_out,
    list_photos,
    load_photos,
    spread,
)
from training.hiding.run import Run, cloned, decouple
from training.hiding.schedule import channel_strength, learning_rate
from training.hiding.validate import validate

SNAPSHOT_EVERY = 50
EXPLOSION_FACTOR = 4.0
MAX_ROLL_BACKS = 20


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


def _any_asked(asked: list[bool], accelerator: Accelerator) -> bool:
    """Whether any process was asked to stop, so that all of them stop at the same step."""
    if accelerator.num_processes == 1:
        return bool(asked)
    flag = torch.tensor(float(bool(asked)), device=accelerator.device)
    return float(accelerator.reduce(flag, reduction="sum")) > 0


def main(
    config_name: str,
    images: Path,
    out: Path,
    resume: bool = False,
    overrides: list[str] | None = None,
    cpu: bool = False,
    stop_after: int | None = None,
    init: str | None = None,
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

    Raises:
        TrainingError, ConfigError, BadImageError, OutputError, WeightsError: see
            their messages.
    """
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
        _train(config, out, train_paths, held_paths, least, accelerator, resume, stop_after, init)
    return out


@lru_cache(maxsize=2)
def _photos(paths: tuple[Path, ...], least: int) -> Photos:
    """Photographs in memory, decoded once for all runs of a process."""
    return load_photos(list(paths), least)


def _train(
    config: TrainConfig,
    out: Path,
    train_paths: list[Path],
    held_paths: list[Path],
    least: int,
    accelerator: Accelerator,
    resume: bool,
    stop_after: int | None,
    init: str | None,
) -> None:
    photos = _photos(tuple(train_paths), least)
    held = _photos(tuple(held_paths or train_paths[:1]), least)

    run, began = open_run(config, out, resume, accelerator, init)
    if accelerator.is_main_process:
        description = describe(config, photos, accelerator)
        description["resumed"] = history(out / "run.json", run.step) if resume else []
        description["started_from"] = started_from(out / "run.json") if resume else began
        text = json.dumps(description, indent=2) + "\n"
        write_text(out / "run.json", text, force=True)
        (out / "held_out.txt").write_text("\n".join(held.names) + "\n", encoding="utf-8")
        cut_log(out / METRICS, run.step)
    if not resume and began is None:
        initialise_actnorm(run, photos)
    run.take_snapshot()
    with _stop_on_signal() as asked:
        _fit(run, photos, held, out, accelerator, asked, stop_after)


def _fit(
    run: Run,
    photos: Photos,
    held: Photos,
    out: Path,
    accelerator: Accelerator,
    asked: list[bool],
    stop_after: int | None,
) -> None:
    config = run.config
    wrapped = accelerator.prepare_model(run.step_module)
    events = event_writer(out) if accelerator.is_main_process else None
    last = config.steps if stop_after is None else min(config.steps, run.step + stop_after)
    bar = tqdm(
        total=config.steps, initial=run.step, unit="step", disable=not accelerator.is_main_process
    )
    while run.step < last and not _any_asked(asked, accelerator):
        if run.step == config.decouple_at and run.network.backward_way is None:
            decouple(run)
            wrapped = accelerator.prepare_model(run.step_module)
            run.take_snapshot()
        figures = _one_step(run, wrapped, photos, accelerator)
        if figures is None:
            continue
        bar.update()
        bar.set_postfix(shown(figures))
        if accelerator.is_main_process and run.step % 10 == 0:
            log(out, events, run.step, "train", figures)
        evaluate = run.step % config.evaluate_every == 0 or run.step == config.steps
        if evaluate and accelerator.is_main_process:
            result = validate(run, held, out / "samples")
            log(out, events, run.step, "validation", result)
            tqdm.write(f"step {run.step}: " + json.dumps(_rounded(result)))
        if run.step % config.checkpoint_every == 0 and accelerator.is_main_process:
            save_checkpoint(out / "checkpoint.pt", run.state())
    bar.close()
    if accelerator.is_main_process:
        save_checkpoint(out / "checkpoint.pt", run.state())
        if events is not None:
            events.close()
    accelerator.wait_for_everyone()


def shown(figures: dict[str, float]) -> dict[str, str]:
    """What the progress bar says of a step: how well the secret came back, and the container."""
    container = f"{figures['psnr_db']:.1f} dB"
    if "module_accuracy" in figures:
        return {"right": f"{figures['module_accuracy']:.3f}", "container": container}
    return {"secret": f"{figures['secret_psnr_db']:.1f} dB", "container": container}


def _one_step(
    run: Run, wrapped: torch.nn.Module, photos: Photos, accelerator: Accelerator
) -> dict[str, float] | None:
    """One optimiser step; None where an explosion was rolled back."""
    config, start = run.config, time.perf_counter()
    wrapped.train()
    for group in run.optimiser.param_groups:
        group["lr"] = learning_rate(config, run.step) * run.rate_factor
    run.optimiser.zero_grad(set_to_none=True)
    parts = []
    for part in range(config.accumulate):
        place = accelerator.process_index * config.accumulate + part
        host, secret, params, seed = inputs(run, photos, place)
        last = part == config.accumulate - 1
        with nullcontext() if last else accelerator.no_sync(wrapped):
            with accelerator.autocast():
                result = wrapped(
                    host.to(accelerator.device),
                    secret.to(accelerator.device),
                    params,
                    channel_strength(config, run.step),
                    run.steering.at(run.step),
                    seed,
                )
            accelerator.backward(result.loss / config.accumulate)
        parts.append(result.figures)
    norm = torch.nn.utils.clip_grad_norm_(run.network.parameters(), config.grad_clip)
    means = {key: torch.stack([part[key] for part in parts]).mean() for key in parts[0]}
    loss = float(accelerator.reduce(means["loss"], reduction="mean"))
    if not _is_sound(run, loss, float(norm)):
        _roll_back(run)
        return None
    run.optimiser.step()
    run.average.update(run.network, run.step)
    figures = {k: float(accelerator.reduce(v, reduction="mean")) for k, v in means.items()}
    figures.update(
        container_weight=run.steering.at(run.step),
        strength=channel_strength(config, run.step),
        gradient_norm=float(norm),
        learning_rate=run.optimiser.param_groups[0]["lr"],
    )
    run.steering.update(run.step, figures["psnr_db"])
    run.step += 1
    run.seconds += time.perf_counter() - start
    run.rate_factor = min(1.0, run.rate_factor * 1.005)
    if run.step % SNAPSHOT_EVERY == 0:
        run.take_snapshot()
    return figures


def _is_sound(run: Run, loss: float, norm: float) -> bool:
    """Whether loss and gradient are finite and the loss has not jumped."""
    if not (math.isfinite(loss) and math.isfinite(norm)):
        return False
    level = run.loss_level
    settled = run.step > run.config.secret_first + 20
    if settled and math.isfinite(level) and loss > EXPLOSION_FACTOR * level + 1.0:
        return False
    run.loss_level = loss if math.isnan(level) else 0.98 * level + 0.02 * loss
    return True


def _roll_back(run: Run) -> None:
    """Return to the last snapshot at half the learning rate, with other draws from here on.

    Raises:
        TrainingError: it happened too often.
    """
    exploded_at, rolled = run.step, run.roll_backs + 1
    factor = run.rate_factor * 0.5
    if rolled > MAX_ROLL_BACKS:
        raise TrainingError(
            f"the loss exploded {rolled} times, last at step {exploded_at}: "
            "lower learning_rate with --set"
        )
    run.restore(cloned(run.snapshot))
    run.roll_backs, run.rate_factor = rolled, factor
    tqdm.write(f"step {exploded_at}: loss exploded, back to step {run.step} at rate x{factor:.3g}")


def event_writer(out: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(out / "events"))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in figures.items()}


def log(out: Path, events: Any, step: int, kind: str, figures: dict[str, float]) -> None:
    line = {"step": step, "kind": kind, **_rounded(figures)}
    with (out / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    if events is not None:
        for name, value in figures.items():
            events.add_scalar(f"{kind}/{name}", value, step)
