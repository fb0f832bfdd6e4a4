"""The steps of a training, and what is done between them."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from riis_physical.errors import ExplosionError, TrainingError
from riis_physical.system.terminal import asked_quiet
from training.hiding.material.batches import Batch, Draws, Request, Unpacking, packets
from training.hiding.material.data import Photos
from training.hiding.running.begin import METRICS, initialise_actnorm, noise_of
from training.hiding.running.checkpoint import save_checkpoint
from training.hiding.running.run import Run, cloned, decouple, on_cpu
from training.hiding.running.validate import validate
from training.hiding.steps.graph import GraphedStep
from training.hiding.steps.schedule import channel_strength, learning_rate
from training.hiding.steps.step import StepNoise
from training.hiding.steps.window import followed, mean_of, sound

READ_EVERY = 20
"""Steps between readings of figures and clock: a GPU waits for each."""
SNAPSHOT_EVERY = 3  # readings
MAX_ROLL_BACKS = 20
FIT_FIGURES = ("gradient_norm", "container_weight")


def any_asked(asked: list[bool], accelerator: Accelerator) -> bool:
    """Whether any process was asked to stop, so that all of them stop at the same step."""
    if accelerator.num_processes == 1:
        return bool(asked)
    flag = torch.tensor(float(bool(asked)), device=accelerator.device)
    return float(accelerator.reduce(flag, reduction="sum")) > 0


class Fit:
    """The steps of a run, and what is done between them.

    Nothing that a step gives is looked at before a reading, every READ_EVERY steps: until
    then the device has work ahead. A loss that explodes is found there, and the run goes
    back to its last snapshot.
    """

    def __init__(
        self, run: Run, photos: Photos, held: Photos, out: Path, accelerator: Accelerator
    ) -> None:
        self.run, self.photos, self.held, self.out = run, photos, held, out
        self.accelerator, self.first = accelerator, accelerator.is_main_process
        self.unpack = Unpacking(run.config, accelerator.device)
        self.generator = torch.Generator(accelerator.device)
        self.events = event_writer(out) if self.first else None
        self.readings, self.saved_at, self.looked_at = 0, run.clock.seconds, run.place
        self.reserve = 0.0  # seconds that an evaluation takes
        total = None if run.config.minutes else run.config.steps
        hidden = asked_quiet() or not self.first
        self.bar = tqdm(total=total, initial=run.step, unit="step", disable=hidden)

    def go(self, asked: list[bool], stop_after: int | None, workers: int, *, fresh: bool) -> None:
        """Train to the end of the schedule, or to a stop that is asked for."""
        run, c = self.run, self.run.config
        self.begin(workers, fresh=fresh)
        last = None if stop_after is None else run.step + stop_after
        alone, stop = self.accelerator.num_processes == 1, False

        def over() -> bool:
            return stop or run.step == last or run.clock.over(run.step, self.reserve)

        while not over() or (self.settle() is False and not over()):
            if run.place >= c.decouple_at and run.network.backward_way is None:
                if not self.settle():
                    continue
                decouple(run)
                self._prepare()
                run.take_snapshot()
            self.step()
            evaluate = run.place // c.evaluate_every > self.looked_at // c.evaluate_every
            reading = evaluate or run.step % READ_EVERY == 0
            if reading and self.settle():
                if evaluate and not run.clock.over(run.step, self.reserve):
                    self._evaluate()
                if run.clock.seconds - self.saved_at >= 60 * c.checkpoint_minutes:
                    self._save()
            if alone or reading:
                stop = any_asked(asked, self.accelerator)
        if run.clock.over(run.step, self.reserve):
            self._evaluate()
        self._save()
        self.bar.close()
        if self.events is not None:
            self.events.close()
        self.accelerator.wait_for_everyone()

    def begin(self, workers: int, *, fresh: bool) -> None:
        """Make all that the first step needs.

        Args:
            fresh: the network has not seen any data.
        """
        if fresh:
            initialise_actnorm(self.run, self.photos, self.unpack)
        self.workers = workers
        self._prepare()
        self.run.take_snapshot()

    def _prepare(self) -> None:
        """Make the step, and begin to draw for it."""
        run = self.run
        if run.config.graph and self.accelerator.num_processes > 1:
            raise TrainingError("graph=true is for one process: start one, or leave it away")
        self.wrapped = self.accelerator.prepare_model(run.step_module)
        self.work: Any = GraphedStep(self._work, self._clear) if run.config.graph else self._work
        draws = Draws(run.config, self.photos, self.accelerator.process_index)
        self.packets = packets(
            draws, run.step, self._request, self.workers, pinned=self.unpack.device.type == "cuda"
        )

    def _request(self, step: int, part: int) -> Request:
        strength = channel_strength(self.run.config, self.run.clock.place(step))
        return Request(step, part, self.run.roll_backs, strength)

    def _clear(self) -> None:
        self.run.optimiser.zero_grad(set_to_none=True)

    def _work(
        self, batch: Batch, weight: Tensor, noise: StepNoise
    ) -> tuple[tuple[str, ...], Tensor]:
        """Forward and back; the figures' names, and their values in one tensor."""
        with self.accelerator.autocast():
            result = self.wrapped(batch, weight, noise)
        parts = self.run.config.accumulate
        self.accelerator.backward(result.loss if parts == 1 else result.loss / parts)
        return tuple(result.figures), torch.stack(list(result.figures.values()))

    def _batches(self, weight: Tensor) -> tuple[tuple[str, ...], Tensor]:
        """All batches of a step, forward and back, and what they say in the mean."""
        run, rows = self.run, []
        names: tuple[str, ...] = ()
        parts = run.config.accumulate
        for part in range(parts):
            batch = self.unpack(next(self.packets))
            noise = noise_of(run, batch, self.generator)
            last = part == parts - 1
            with nullcontext() if last else self.accelerator.no_sync(self.wrapped):
                names, row = self.work(batch, weight, noise)
            rows.append(row)
        return names, rows[0] if parts == 1 else torch.stack(rows).mean(0)

    def step(self) -> None:
        """One optimiser step; nothing of it is waited for."""
        run, c = self.run, self.run.config
        self.wrapped.train()
        rate = learning_rate(c, run.place) * run.rate_factor
        for group in run.optimiser.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)
        if not c.graph:
            self._clear()
        weight = run.steering.at(run.place)
        names, row = self._batches(weight)
        norm = torch.nn.utils.clip_grad_norm_(run.network.parameters(), c.grad_clip)
        row = self.accelerator.reduce(row, reduction="mean")
        run.optimiser.step()
        run.average.update(run.step)
        run.window.take((*names, *FIT_FIGURES), torch.cat([row, torch.stack([norm, weight])]))
        said = dict(zip(names, row.unbind(), strict=True))
        run.steering.update(run.place, said["psnr_db"], said.get("held_accuracy"))
        run.step += 1
        run.rate_factor = min(1.0, run.rate_factor * 1.005)
        self.bar.update()

    def settle(self) -> bool:
        """Read figures and clock; False where an explosion was rolled back."""
        run, c = self.run, self.run.config
        run.clock.read(self._shared_seconds())
        rows = run.window.read()
        for number, row in enumerate(rows):
            place = run.clock.place(run.step - len(rows) + number)
            if not sound(row, run.loss_level, settled=place > c.secret_first + 20):
                self._roll_back()
                return False
            run.loss_level = followed(run.loss_level, row["loss"])
        if rows:
            figures = mean_of(rows)
            self.bar.set_postfix(shown(figures))
            figures["strength"] = channel_strength(c, run.place)
            figures["learning_rate"] = run.optimiser.param_groups[0]["lr"]
            self._log("train", figures)
        self.readings += 1
        if self.readings % SNAPSHOT_EVERY == 0:
            run.take_snapshot()
        return True

    def _shared_seconds(self) -> float | None:
        """The run's time, the same for all of its processes; None where it has one."""
        if self.accelerator.num_processes == 1:
            return None
        mine = torch.tensor(self.run.clock.now(), device=self.accelerator.device)
        return float(self.accelerator.reduce(mine, reduction="mean"))

    def _roll_back(self) -> None:
        """Return to the last snapshot at half the learning rate, with other draws from here on.

        Raises:
            ExplosionError: it happened too often.
        """
        run, before = self.run, self.run.step
        rolled, factor = run.roll_backs + 1, run.rate_factor * 0.5
        if rolled > MAX_ROLL_BACKS:
            raise ExplosionError(
                f"the loss exploded {rolled} times, last before step {before}: "
                "lower learning_rate with --set"
            )
        run.restore(cloned(run.snapshot))
        run.roll_backs, run.rate_factor = rolled, factor
        self.looked_at = min(self.looked_at, run.place)
        self._prepare()
        self.bar.update(run.step - before)
        tqdm.write(f"step {before}: loss exploded, back to step {run.step} at rate x{factor:.3g}")

    def _evaluate(self) -> None:
        self.looked_at = self.run.place
        if self.first:
            started = time.monotonic()
            result = validate(self.run, self.held, self.out / "samples")
            self._log("validation", result)
            if not asked_quiet():
                tqdm.write(f"step {self.run.step}: " + json.dumps(_rounded(result)))
            self.reserve = time.monotonic() - started

    def _save(self) -> None:
        self.saved_at = self.run.clock.seconds
        if self.first:
            save_checkpoint(self.out / "checkpoint.pt", on_cpu(self.run.state()))

    def _log(self, kind: str, figures: dict[str, float]) -> None:
        if self.first:
            log(self.out, self.events, self.run.step, kind, figures)


def shown(figures: dict[str, float]) -> dict[str, str]:
    """What the progress bar says of a step: how well the secret came back, and the container."""
    container = f"{figures['psnr_db']:.1f} dB"
    if "module_accuracy" in figures:
        return {"right": f"{figures['module_accuracy']:.3f}", "container": container}
    return {"secret": f"{figures['secret_psnr_db']:.1f} dB", "container": container}


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
