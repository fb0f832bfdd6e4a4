"""Figures and sample pictures of a running training, on held-out photographs."""

from __future__ import annotations

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from riis_physical.distortion.simulated import Amounts, draw_levels
from training.hiding.config import TrainConfig
from training.hiding.material.batches import Batch, draw_params, planned
from training.hiding.material.data import Photos, draw_grids, draw_hosts, draw_pictures, step_rng
from training.hiding.running.begin import noise_of
from training.hiding.running.run import Run
from training.hiding.steps.step import TrainingStep
from training.hiding.steps.window import mean_of

ITEMS = 16
BATCH = 4
READABLE_ACCURACY = 0.9
"""Module accuracy from which soft reading succeeds on version 5-H; a rough gauge of a run."""


def validate(run: Run, held: Photos, samples: Path) -> dict[str, float]:
    """Run the averaged weights over fixed hosts, secrets and channel parameters.

    Returns:
        Figures by name; pictures of the first four items go to samples/.
    """
    network = run.network
    current = {k: v.detach().clone() for k, v in network.state_dict().items()}
    network.load_state_dict(run.average.tensors)
    network.eval()
    try:
        with torch.no_grad():
            return _validate(run, held, samples)
    finally:
        network.load_state_dict(current)
        network.train()


def _validate(run: Run, held: Photos, samples: Path) -> dict[str, float]:
    config, module = run.config, run.step_module
    device = next(run.network.parameters()).device
    rows: list[dict[str, float]] = []
    accuracies: list[Tensor] = []
    generator = torch.Generator(device)
    for index in range(0, ITEMS, BATCH):
        batch = _fixed_batch(config, held, index, device)
        result = module(batch, torch.ones((), device=device), noise_of(run, batch, generator))
        rows.append({k: float(v) for k, v in result.figures.items()})
        if config.channel == "physical":
            right = (result.revealed.logits > 0) == (batch.secret[:, 0] > 0)
            accuracies.append(right.float().mean(dim=(1, 2)).cpu())
        if index == 0:
            _save_samples(module, result, samples, run.step)
    figures = mean_of(rows)
    if accuracies:
        each = torch.cat(accuracies)
        figures["accuracy_lowest"] = float(each.min())
        figures["readable"] = float((each >= READABLE_ACCURACY).float().mean())
    return figures


def _fixed_batch(config: TrainConfig, held: Photos, index: int, device: torch.device) -> Batch:
    """Whole containers of fixed hosts, secrets and draws at full strength."""
    rng = step_rng(12345, index)
    looked_at = torch.ones(BATCH, device=device)
    if config.channel == "digital":
        host, secret = draw_pictures(held, rng, BATCH, config)
        amounts = Amounts.of(draw_levels(config.ranges(), BATCH, 1.0, rng))
        pack = amounts.pack().to(device)
        told = Amounts.unpacked(pack, amounts.shot, amounts.coded)
        return Batch(host.to(device), secret.to(device), pack, told, looked_at, index)
    side = config.modules_total
    host = draw_hosts(held, rng, BATCH, side * config.display_px, (1.0, 1.0))
    secret = draw_grids(rng, BATCH, side)
    params, _ = draw_params(config, side, BATCH, 1.0, 777 + index)
    plan = planned(config, params, side)
    pack = plan.pack().to(device)
    return Batch(host.to(device), secret.to(device), pack, plan.unpacked(pack), looked_at, index)


def _save_samples(module: TrainingStep, result, samples: Path, step: int) -> None:  # type: ignore[no-untyped-def]
    """Columns: host, container, difference x 10, received, revealed."""
    samples.mkdir(parents=True, exist_ok=True)
    size = result.host.shape[-2:]
    shown = (result.host, result.container, result.rectified)
    host, container, received = (one.expand(-1, 3, -1, -1) for one in shown)
    revealed = result.revealed.picture.clamp(-1, 1)[:, :3]
    if module.network.config.secret == "modules":
        revealed = (1 - revealed) / 2
    columns = [
        host,
        container,
        ((container - host) * 10 + 0.5).clamp(0, 1),
        torch.nn.functional.interpolate(received, size, mode="bilinear"),
        torch.nn.functional.interpolate(revealed.expand(-1, 3, -1, -1), size, mode="nearest"),
    ]
    picture = torch.cat([torch.cat(list(column), dim=-2) for column in columns], dim=-1)
    pixels = (picture.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    Image.fromarray(pixels).save(samples / f"step{step:06d}.png")
