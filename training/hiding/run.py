"""A training as it stands: network, optimiser, averages, and what is gone back to."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from riis_physical.model.network import HidingNetwork
from training.baselines import Baseline
from training.hiding.checkpoint import AveragedWeights, to_cpu
from training.hiding.config import TrainConfig
from training.hiding.schedule import ContainerSteering
from training.hiding.step import TrainingStep


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
    def network(self) -> HidingNetwork | Baseline:
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
        state["optimiser"] = cloned(state["optimiser"])
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


def cloned(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {k: cloned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [cloned(v) for v in value]
    return value


def make_optimiser(network: HidingNetwork | Baseline, config: TrainConfig) -> torch.optim.Adam:
    learnt = [p for p in network.parameters() if p.requires_grad]
    return torch.optim.Adam(learnt, lr=config.learning_rate, betas=(0.9, 0.99))


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
