"""Train the models that are missing, one after the other; a stopped one goes on."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from riis_physical.errors import ConfigError, ExplosionError
from riis_physical.model.config import ModelConfig
from riis_physical.model.network import HidingNetwork
from training.baselines import Baseline, make_network
from training.hiding.config import load_config
from training.hiding.loop import main
from training.hiding.running.checkpoint import load_checkpoint
from training.measure.paper.data import train_folder
from training.measure.paper.models import BY_NAME, Plan
from training.measure.paper.settings import PaperSettings

NEVER = 10**9
_PROBE_STEPS = 6


@dataclass(frozen=True)
class Trained:
    """A model that is there.

    Attributes:
        plan, seed: which.
        digest: SHA-256 of its averaged weights' file.
        steps, seconds: that it was trained. parameters: that it has.
        commit: that trained it.
    """

    plan: Plan
    seed: int
    digest: str
    steps: int
    seconds: float
    parameters: int
    commit: str | None

    @property
    def key(self) -> str:
        """Tells models apart, and an older model of the same name."""
        return f"{self.plan.name}-s{self.seed}-{self.digest[:12]}"


def overrides_of(settings: PaperSettings, plan: Plan, seed: int, steps: int) -> list[str]:
    """Settings of one model's training."""
    config = load_config(settings.config, list(settings.overrides))
    share = config.decouple_at / config.steps  # the same of any budget; half where none is set
    parted = round(steps * (share if share < 1 else 0.5))
    schedule = [f"steps={steps}", f"decouple_at={parted if plan.decoupled else NEVER}"]
    if plan.start is None:  # without a flow the host has to be learnt as well, from the beginning
        alone = 0 if plan.method == "autoencoder" else steps // 10
        schedule += [f"secret_first={alone}", f"ramp={max(1, 2 * steps // 5)}"]
    else:  # goes on where its start ended
        schedule += ["secret_first=0", "ramp=1", "warmup=5", f"psnr_start={config.psnr_final}"]
    return [
        *settings.overrides,
        f"method={plan.method}",
        f"seed={seed}",
        f"model.n_secrets={plan.secrets}",
        f"distortions={json.dumps(plan.trained)}",
        *plan.overrides,
        *schedule,
    ]


def train_missing(
    settings: PaperSettings, minutes: float | None, tell: Callable[[str], None], cpu: bool = False
) -> bool:
    """Train every model of the settings that is not finished.

    Args:
        minutes: of each model, in place of the settings' steps.
        tell: is told of each model.
        cpu: do not use an accelerator that is there.

    Returns:
        False where a training was asked to stop. A model whose loss explodes over and over is
        left out, and those that go on from it; the same command tries it again.

    Raises:
        ConfigError: neither steps nor minutes, for a model that is missing.
        TrainingError: see training.hiding.loop.main.
    """
    images = train_folder(Path(settings.data))
    for plan, seed in settings.plans():
        folder = settings.folder(plan.name, seed)
        if finished(folder):
            continue
        if not settings.steps and minutes is None:
            raise ConfigError(f"{folder} is missing: say --steps or --minutes to train it")
        start = None if plan.start is None else settings.folder(plan.start, seed)
        if start is not None and not finished(start):
            tell(f"{folder.name} is left out: {start.name} is not finished")
            continue
        steps = _steps(settings, plan, seed, minutes, images, cpu)
        there = (folder / "checkpoint.pt").exists()
        tell(f"{'going on with' if there else 'training'} {folder.name}, {steps} steps")
        try:
            main(
                settings.config,
                images,
                folder,
                there,
                overrides_of(settings, plan, seed, steps),
                cpu=cpu,
                init=None if there or start is None else str(start),
            )
        except ExplosionError as error:
            tell(f"{folder.name} is left out: {error}")
            continue
        if not finished(folder):
            return False
    return True


def finished(folder: Path) -> bool:
    """Whether a run has made all its steps."""
    if not (folder / "checkpoint.pt").exists():
        return False
    state = load_checkpoint(folder / "checkpoint.pt")
    return bool(state["step"] >= state["config"]["steps"])


def models_there(settings: PaperSettings) -> list[Trained]:
    """The finished models of the settings, in their order."""
    found = []
    for name in settings.models:
        for seed in range(settings.seeds):
            folder = settings.folder(name, seed)
            if not finished(folder):
                continue
            file = folder / "checkpoint.pt"
            state = load_checkpoint(file)
            run: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            found.append(
                Trained(
                    BY_NAME[name],
                    seed,
                    sha256(file.read_bytes()).hexdigest(),
                    state["step"],
                    round(state["seconds"], 1),
                    sum(p.numel() for p in network_of(folder).parameters()),
                    run.get("commit"),
                )
            )
    return found


def network_of(folder: Path) -> HidingNetwork | Baseline:
    """A run's averaged weights, ready to hide and reveal."""
    state = load_checkpoint(folder / "checkpoint.pt")
    config = ModelConfig.model_validate(state["config"]["model"] | {"decoupled": False})
    network = make_network(state["config"]["method"], config)
    if state["decoupled"]:
        network.decouple()
    network.load_state_dict(state["average"])
    return network.eval()


def _steps(
    settings: PaperSettings, plan: Plan, seed: int, minutes: float | None, images: Path, cpu: bool
) -> int:
    """Of a model: as its run says, as set, or as many as fit into the minutes."""
    description = settings.folder(plan.name, seed) / "run.json"
    if description.is_file():
        return int(json.loads(description.read_text(encoding="utf-8"))["config"]["steps"])
    if minutes is None:
        return max(1, round(settings.steps * plan.share))
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "probe"
        overrides = overrides_of(settings, plan, seed, 2 * _PROBE_STEPS)
        main(settings.config, images, out, False, overrides, cpu=cpu, stop_after=2)
        warm = load_checkpoint(out / "checkpoint.pt")["seconds"]
        began = time.perf_counter()
        main(settings.config, images, out, True, overrides, cpu=cpu, stop_after=_PROBE_STEPS)
        took = load_checkpoint(out / "checkpoint.pt")["seconds"] - warm
        took = min(took, time.perf_counter() - began)
    return max(1, round(60 * minutes * plan.share / (took / _PROBE_STEPS)))
