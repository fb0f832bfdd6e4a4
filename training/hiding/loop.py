"""Train a hiding network: set up, fit, validate. ``riis-physical train`` calls :func:`main`."""

from __future__ import annotations

import json
import math
import platform
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor
from tqdm import tqdm

from riis_physical.errors import TrainingError
from riis_physical.model.network import HidingNetwork
from riis_physical.model.weights import config_of, load_tensors
from riis_physical.profile import load_profile
from riis_physical.system.files import new_folder, write_text
from riis_physical.system.provenance import commit, package_version
from training.hiding.checkpoint import AveragedWeights, load_checkpoint, save_checkpoint, to_cpu
from training.hiding.config import TrainConfig, load_config
from training.hiding.data import (
    Photos,
    draw_grids,
    draw_hosts,
    is_held_out,
    list_photos,
    load_photos,
    step_rng,
)
from training.hiding.schedule import ContainerSteering, channel_strength, learning_rate
from training.hiding.step import TrainingStep, draw_params
from training.hiding.validate import validate

SNAPSHOT_EVERY = 50
EXPLOSION_FACTOR = 4.0
MAX_ROLL_BACKS = 20
METRICS = "metrics.jsonl"


@dataclass
class Run:
    """Everything that changes while a run goes on, and how to save it."""

    config: TrainConfig
    step_module: TrainingStep
    optimiser: torch.optim.Adam
    average: AveragedWeights
    steering: ContainerSteering
    step: int = 0
    roll_backs: int = 0
    rate_factor: float = 1.0
    loss_level: float = math.nan
    seconds: float = 0.0
    snapshot: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> HidingNetwork:
        return self.step_module.network

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs, as plain values and tensors on the CPU."""
        return {
            "config": self.config.model_dump(),
            "network": to_cpu(self.network.state_dict()),
            "decoupled": self.network.backward_way is not None,
            "optimiser": self.optimiser.state_dict(),
            "average": to_cpu(self.average.tensors),
            "container_weight": self.steering.weight,
            "step": self.step,
            "roll_backs": self.roll_backs,
            "rate_factor": self.rate_factor,
            "loss_level": self.loss_level,
            "seconds": self.seconds,
        }

    def take_snapshot(self) -> None:
        """Remember this state in memory, to come back to after an explosion."""
        state = self.state()
        state["optimiser"] = _clone_nested(state["optimiser"])
        self.snapshot = state

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a saved state; the network must have parted already where it had then."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        device = next(self.network.parameters()).device
        self.average.tensors = {k: v.to(device) for k, v in state["average"].items()}
        self.steering.weight = state["container_weight"]
        self.step = state["step"]
        self.roll_backs = state["roll_backs"]
        self.rate_factor = state["rate_factor"]
        self.loss_level = state["loss_level"]
        self.seconds = state["seconds"]


def _clone_nested(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: _clone_nested(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_clone_nested(v) for v in value]
    return value


def _make_optimiser(network: HidingNetwork, config: TrainConfig) -> torch.optim.Adam:
    learnt = [p for p in network.parameters() if p.requires_grad]
    return torch.optim.Adam(learnt, lr=config.learning_rate, betas=(0.9, 0.99))


def _decouple(run: Run) -> None:
    """Part the two ways (2DT) and give the new parameters the old ones' Adam moments."""
    network, old = run.network, run.optimiser
    moments = {name: old.state.get(p) for name, p in network.named_parameters()}
    network.decouple()
    network.to(next(network.parameters()).device)
    run.optimiser = _make_optimiser(network, run.config)
    for name, parameter in network.named_parameters():
        source = moments.get(name.replace("backward_way.", "forward_way."))
        if source:
            run.optimiser.state[parameter] = _clone_nested(source)
    run.average.restart(network)


def _describe(config: TrainConfig, photos: Photos, accelerator: Accelerator) -> dict[str, Any]:
    return {
        "config": config.model_dump(mode="json"),
        "profiles": [load_profile(one).model_dump(mode="json") for one in config.profiles],
        "commit": commit(),
        "versions": {name: package_version(name) for name in ("torch", "kornia", "numpy")},
        "python": platform.python_version(),
        "machine": platform.processor() or platform.machine(),
        "device": str(accelerator.device),
        "processes": accelerator.num_processes,
        "photographs": len(photos.names),
        "manifest_sha256": photos.manifest,
    }


def _history(description: Path, step: int) -> list[dict[str, Any]]:
    """Earlier parts of a run: up to which step, which commit, which settings.

    Settings are those that differ from the part before (all of them in the first).
    """
    if not description.is_file():
        return []
    before = json.loads(description.read_text(encoding="utf-8"))
    parts: list[dict[str, Any]] = before.get("resumed", [])
    known: dict[str, Any] = {}
    for part in parts:
        known.update(part["settings"])
    settings = {k: v for k, v in before["config"].items() if known.get(k) != v}
    return [*parts, {"until_step": step, "commit": before["commit"], "settings": settings}]


def _started_from(description: Path) -> dict[str, str] | None:
    """What an earlier part of the run says that it started from."""
    if not description.is_file():
        return None
    before: dict[str, str] | None = json.loads(description.read_text(encoding="utf-8")).get(
        "started_from"
    )
    return before


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


def _inputs(run: Run, photos: Photos, rank: int) -> tuple[Tensor, Tensor, Any, int]:
    """Host, secret, channel parameters and seed of this step on this process."""
    c = run.config
    rng = step_rng(c.seed + 1_000_003 * run.roll_backs, run.step, rank)
    seed = int(rng.integers(2**31))
    if c.channel == "digital":
        side = c.patch_px
        pictures = draw_hosts(photos, rng, c.batch, side, (0.4, 1.0))
        secrets = [
            draw_hosts(photos, rng, c.batch, side, (0.4, 1.0)) for _ in range(c.model.n_secrets)
        ]
        return pictures, torch.cat(secrets, dim=1), None, seed
    side = c.patch_modules
    fraction = side / c.modules_total
    hosts = draw_hosts(photos, rng, c.batch, side * c.display_px, (0.75 * fraction, 1.5 * fraction))
    secrets_ = draw_grids(rng, c.batch, side)
    strength = channel_strength(c, run.step)
    return hosts, secrets_, draw_params(c, side, c.batch, strength, seed), seed


def _start_from(network: HidingNetwork, model: str) -> dict[str, str]:
    """Take over a model's weights; its name and checksum.

    Raises:
        WeightsError: no such model, or a corrupted one.
        TrainingError: it has another shape than the run's network.
    """
    tensors, record = load_tensors(model)
    theirs = config_of(model, record)
    if theirs.model_copy(update={"decoupled": False}) != network.config:
        raise TrainingError(
            f"{model} is a network of another shape than the configuration's: "
            "start from a model of the same configuration, or change `model`"
        )
    if theirs.decoupled:
        network.decouple()
    network.load_state_dict(tensors)
    return {"model": record["name"], "sha256": record["sha256"]}


def _open_run(
    config: TrainConfig, out: Path, resume: bool, accelerator: Accelerator, start: str | None
) -> tuple[Run, dict[str, str] | None]:
    """A new run, or the one that the folder's checkpoint holds; and what it started from."""
    checkpoint = out / "checkpoint.pt"
    if checkpoint.exists() and not resume:
        raise TrainingError(
            f"{out} holds a run already: go on with it by --resume, or name another folder"
        )
    torch.manual_seed(config.seed)
    network = HidingNetwork(config.model)
    state = load_checkpoint(checkpoint) if resume else None
    if state is not None:
        old = dict(state["config"]["model"], decoupled=False)
        if old != config.model.model_copy(update={"decoupled": False}).model_dump():
            raise TrainingError(
                f"{checkpoint} holds a network of another shape than {config.name!r}: "
                "resume with the configuration that started the run"
            )
        if state["decoupled"]:
            network.decouple()
    began = None if start is None or resume else _start_from(network, start)
    if config.learn == "reveal":
        if network.backward_way is None:
            raise TrainingError(
                "learn=reveal needs weights whose two ways have parted: start with --init MODEL "
                "from a model like print-1"
            )
        network.forward_way.requires_grad_(False)
    network = network.to(accelerator.device)
    if accelerator.device.type == "cpu" and accelerator.num_processes == 1:
        network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    module = TrainingStep(network, config)
    run = Run(
        config,
        module,
        _make_optimiser(network, config),
        AveragedWeights(network, config.ema),
        ContainerSteering(config),
    )
    if state is not None:
        run.restore(state)
    return run, began


def _cut_log(log: Path, step: int) -> None:
    """Drop rows after a step, which a run that was killed there makes once more."""
    if not log.is_file():
        return
    text = log.read_text(encoding="utf-8")
    rows = text[: text.rfind("\n") + 1].splitlines()
    kept = "".join(f"{row}\n" for row in rows if json.loads(row)["step"] <= step)
    if kept != text:
        write_text(log, kept, force=True)


def _initialise_actnorm(run: Run, photos: Photos) -> None:
    """One hiding pass on data sets the actnorm layers; every process draws the same data."""
    run.step_module.train()
    device = next(run.network.parameters()).device
    host, secret, params, seed = _inputs(run, photos, rank=0)
    with torch.no_grad():
        run.step_module(host.to(device), secret.to(device), params, 0.0, 0.0, seed)


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
    train_paths = [p for p in paths if not is_held_out(p.name)]
    held_paths = [p for p in paths if is_held_out(p.name)]
    if not train_paths:
        raise TrainingError(f"{images} holds too few pictures ({len(paths)}): add photographs")
    with new_folder(out):  # told before the pictures are read
        _train(config, out, train_paths, held_paths, least, accelerator, resume, stop_after, init)
    return out


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
    photos = load_photos(train_paths, least)
    held = load_photos(held_paths or train_paths[:1], least)

    run, began = _open_run(config, out, resume, accelerator, init)
    if accelerator.is_main_process:
        description = _describe(config, photos, accelerator)
        description["resumed"] = _history(out / "run.json", run.step) if resume else []
        description["started_from"] = _started_from(out / "run.json") if resume else began
        text = json.dumps(description, indent=2) + "\n"
        write_text(out / "run.json", text, force=True)
        (out / "held_out.txt").write_text("\n".join(held.names) + "\n", encoding="utf-8")
        _cut_log(out / METRICS, run.step)
    if not resume and began is None:
        _initialise_actnorm(run, photos)
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
    events = _event_writer(out) if accelerator.is_main_process else None
    last = config.steps if stop_after is None else min(config.steps, run.step + stop_after)
    bar = tqdm(
        total=config.steps, initial=run.step, unit="step", disable=not accelerator.is_main_process
    )
    while run.step < last and not _any_asked(asked, accelerator):
        if run.step == config.decouple_at and run.network.backward_way is None:
            _decouple(run)
            wrapped = accelerator.prepare_model(run.step_module)
            run.take_snapshot()
        figures = _one_step(run, wrapped, photos, accelerator)
        if figures is None:
            continue
        bar.update()
        bar.set_postfix(acc=f"{figures.get('module_accuracy', 0):.3f}", psnr=figures["psnr_db"])
        if accelerator.is_main_process and run.step % 10 == 0:
            _log(out, events, run.step, "train", figures)
        evaluate = run.step % config.evaluate_every == 0 or run.step == config.steps
        if evaluate and accelerator.is_main_process:
            result = validate(run, held, out / "samples")
            _log(out, events, run.step, "validation", result)
            tqdm.write(f"step {run.step}: " + json.dumps(_rounded(result)))
        if run.step % config.checkpoint_every == 0 and accelerator.is_main_process:
            save_checkpoint(out / "checkpoint.pt", run.state())
    bar.close()
    if accelerator.is_main_process:
        save_checkpoint(out / "checkpoint.pt", run.state())
        if events is not None:
            events.close()
    accelerator.wait_for_everyone()


def _one_step(
    run: Run, wrapped: torch.nn.Module, photos: Photos, accelerator: Accelerator
) -> dict[str, float] | None:
    """One optimiser step; None where an explosion was rolled back."""
    config, start = run.config, time.perf_counter()
    host, secret, params, seed = _inputs(run, photos, accelerator.process_index)
    wrapped.train()
    for group in run.optimiser.param_groups:
        group["lr"] = learning_rate(config, run.step) * run.rate_factor
    with accelerator.autocast():
        result = wrapped(
            host.to(accelerator.device),
            secret.to(accelerator.device),
            params,
            channel_strength(config, run.step),
            run.steering.at(run.step),
            seed,
        )
    run.optimiser.zero_grad(set_to_none=True)
    accelerator.backward(result.loss)
    norm = torch.nn.utils.clip_grad_norm_(run.network.parameters(), config.grad_clip)
    loss = float(accelerator.reduce(result.loss.detach(), reduction="mean"))
    if not _is_sound(run, loss, float(norm)):
        _roll_back(run)
        return None
    run.optimiser.step()
    run.average.update(run.network, run.step)
    figures = {k: float(accelerator.reduce(v, reduction="mean")) for k, v in result.figures.items()}
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
    run.restore(_clone_nested(run.snapshot))
    run.roll_backs, run.rate_factor = rolled, factor
    tqdm.write(f"step {exploded_at}: loss exploded, back to step {run.step} at rate x{factor:.3g}")


def _event_writer(out: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(out / "events"))


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.5g}") for name, value in figures.items()}


def _log(out: Path, events: Any, step: int, kind: str, figures: dict[str, float]) -> None:
    line = {"step": step, "kind": kind, **_rounded(figures)}
    with (out / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    if events is not None:
        for name, value in figures.items():
            events.add_scalar(f"{kind}/{name}", value, step)
