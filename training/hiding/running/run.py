"""A training as it stands: network, optimiser, averages, and what is gone back to."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from riis_physical.model.network import HidingNetwork
from training.baselines import Baseline
from training.hiding.config import TrainConfig
from training.hiding.running.checkpoint import AveragedWeights
from training.hiding.steps.schedule import Clock, ContainerSteering
from training.hiding.steps.step import TrainingStep
from training.hiding.steps.window import Window

_MODULATES = re.compile(r"(^|\.)(level|modulation)\.")
"""Parameters of DGM: the condition network and the layers that its features turn to weights."""


@dataclass
class Run:
    """Everything that changes while a run goes on, and how to save it.

    Attributes:
        window: figures of steps that nobody has read yet; a saved state has none.
        rate_factor: on the learning rate, below one after an explosion.
        loss_level: of the last steps, NaN before the first.
        snapshot: the state that an explosion goes back to, on the device.
    """

    config: TrainConfig
    step_module: TrainingStep
    optimiser: torch.optim.Adam
    average: AveragedWeights
    steering: ContainerSteering
    clock: Clock
    window: Window = field(default_factory=Window)
    step: int = 0
    roll_backs: int = 0
    rate_factor: float = 1.0
    loss_level: float = math.nan
    snapshot: dict[str, Any] = field(default_factory=dict)

    @property
    def network(self) -> HidingNetwork | Baseline:
        return self.step_module.network

    @property
    def place(self) -> float:
        """Where the run stands in its schedule, in steps of the configuration."""
        return self.clock.place(self.step)

    def state(self) -> dict[str, Any]:
        """All that a resumed run needs, as plain values and tensors."""
        return {
            "config": self.config.model_dump(),
            "network": self.network.state_dict(),
            "decoupled": self.network.backward_way is not None,
            "optimiser": self.optimiser.state_dict(),
            "average": self.average.tensors,
            "container_weight": self.steering.weight.detach(),
            "step": self.step,
            "roll_backs": self.roll_backs,
            "rate_factor": self.rate_factor,
            "loss_level": self.loss_level,
            "seconds": self.clock.seconds,
        }

    def take_snapshot(self) -> None:
        """Remember this state in memory, to come back to after an explosion."""
        self.snapshot = cloned(self.state())

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a saved state; the network must have parted already where it had then.

        The clock goes on: what was spent is spent.
        """
        self.network.load_state_dict(state["network"])
        for group in state["optimiser"]["param_groups"]:
            group["fused"] = True  # older checkpoints come from another implementation
        self.optimiser.load_state_dict(state["optimiser"])
        device = next(self.network.parameters()).device
        averages = {k: v.to(device) for k, v in state["average"].items()}
        self.average.follow(self.network, averages)
        self.steering.weight.fill_(state["container_weight"])
        self.step = state["step"]
        self.roll_backs = state["roll_backs"]
        self.rate_factor = state["rate_factor"]
        self.loss_level = state["loss_level"]


def on_cpu(value: Any) -> Any:
    """Nested values with every tensor on the CPU."""
    if isinstance(value, Tensor):
        return value.detach().cpu()
    if isinstance(value, dict):
        return {k: on_cpu(v) for k, v in value.items()}
    if isinstance(value, list):
        return [on_cpu(v) for v in value]
    return value


def cloned(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: cloned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [cloned(v) for v in value]
    return value


def make_optimiser(network: HidingNetwork | Baseline, config: TrainConfig) -> torch.optim.Adam:
    """Adam; where the configuration says so, DGM learns at a rate of its own."""
    learnt = {n: p for n, p in network.named_parameters() if p.requires_grad}
    groups = [{"params": list(learnt.values()), "factor": 1.0}]
    if config.modulation_rate != 1:
        dgm = {n for n in learnt if _MODULATES.search(n)}
        groups = [
            {"params": [p for n, p in learnt.items() if (n in dgm) == slower], "factor": factor}
            for slower, factor in ((False, 1.0), (True, config.modulation_rate))
        ]
    return torch.optim.Adam(groups, lr=config.learning_rate, betas=(0.9, 0.99), fused=True)


def decouple(run: Run) -> None:
    """Part the two ways (2DT) and give the new parameters the old ones' Adam moments."""
    network, old = run.network, run.optimiser
    moments = {name: old.state.get(p) for name, p in network.named_parameters()}
    network.decouple()
    network.to(next(network.parameters()).device)
    run.optimiser = make_optimiser(network, run.config)
    for name, parameter in network.named_parameters():
        source = moments.get(name.replace("backward_way.", "forward_way."))
        if source:
            run.optimiser.state[parameter] = cloned(source)
    run.average.restart(network)
