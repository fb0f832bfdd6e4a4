"""Typed training configuration: YAML file, then ``key=value`` overrides."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from riis_physical.channel.ranges import PRESETS as CHANNEL_PRESETS
from riis_physical.distortion.level import Range
from riis_physical.errors import ConfigError
from riis_physical.model.config import PRESETS, ModelConfig
from riis_physical.profile import load_profile
from riis_physical.system.documents import parse_yaml, read_yaml

CONFIG_FOLDER = Path(__file__).parents[1] / "configs"


class TrainConfig(BaseModel):
    """One training run. Unknown keys are refused.

    Attributes:
        name: of the model that the run makes.
        model: shape of the network; a preset's name or all its fields.
        method: ``riis``, or one of training.baselines, which take the sizes of the model that
            they have.
        channel: ``physical`` (print or screen, camera) or ``digital`` (noise, JPEG).
        presets: of the physical channel (riis_physical.channel), each with the share of the
            items that are drawn from it.
        profiles: profiles of printers or screens and cameras (riis_physical.profile), shipped
            names or files, in place of `presets`: each item of a batch is of one of them.
        distortions: what the digital channel does, each item equally likely: none, poisson,
            sigma=LOW..HIGH (grey levels of 255), jpeg=LOW..HIGH (quality), or one amount.
        jpeg: ``exact`` rounds coefficients as a codec does, with a gradient of its own;
            ``fourier`` is the paper's differentiable rounding.
        untold, estimated: shares of pictures whose distortion level the digital channel's
            model is not told, and is told as the estimator sees it; the others get the true
            one. 1 untold is RIIS-Blind.
        pairs: which picture a digital host hides: ``other`` ones, or ``same``, itself in
            colour in its own grey.
        learn: ``all``; ``reveal`` alone: containers stay what the weights that a run
            starts from make, so those that are printed already read with the new model;
            ``hide`` alone: new containers still read with the model that a run starts from; or
            ``estimate``: only what sees the distortion level.
        steps: optimiser steps in all, and what all other steps here are parts of.
        minutes: wall time in place of the number of steps: everything that is counted in
            steps keeps its share of the run, and the run ends in time.
        batch: pictures a step and process.
        patch_modules: side of a training patch in modules (module secrets).
        display_px: container pixels per module in training, before the channel.
        patch_px: side of a training patch in pixels (image secrets).
        pitch: what share of a photograph's short side such a patch shows, at least and at most.
        photos: so many photographs at most, spread over the folder; 0 for all.
        modules_total: modules along a whole container, to scale the channel.
        plain, blurred: shares of hosts that are flat or gradients, and out of focus, see
            training.hiding.material.data.draw_hosts.
        learning_rate, warmup, decay_from: Adam; linear warm-up in steps, cosine
            decay from this fraction of the run on.
        modulation_rate: factor on the learning rate of what modulates (DGM). A weight alpha is
            a sum over many features, so that Adam moves it many times as far as any other.
        grad_clip: bound of the gradient norm.
        ema: decay of the averaged weights that are exported.
        secret_first: steps without any container loss.
        ramp: steps over which channel strength and container target ramp up.
        strength_final: channel strength at the end of the ramp.
        steer: move the container's weight so that what it holds stays at a target; otherwise
            the weight is held, as in the paper.
        hold: what a steered weight holds: the container's PSNR, ``psnr``, or ``accuracy`` of
            modules, of items of the first preset.
        psnr_start, psnr_final: that target in dB, at the start and at the end of the ramp.
        accuracy_final: that target as a share of modules.
        control_rate: how fast the weight is moved: change of its logarithm per step and dB,
            or percentage point. least_weight: that it is moved to, and that holds while the
            secret is learnt first.
        chroma, coarse, peaks, contrast: see riis_physical.hiding.masking.container_loss.
        mask_power: of the visibility mask.
        tails, tail_nats, tail_width: see training.hiding.steps.losses.tail_weights.
        lambda_reveal, lambda_container, lambda_enhance, lambda_distribution: Eq. 9;
            the container's weight is held, or where the steering starts.
        lambda_host: weight of the revealed host within Eq. 5.
        lambda_low: weight of the container's low frequencies, as HiNet has it (digital channel).
        lambda_picture: weight of the revealed module picture beside cross-entropy.
        decouple_at: step at which forward and backward parameters part (2DT).
        evaluate_every: steps. checkpoint_minutes: wall time between checkpoints, at most.
        graph: capture the step as one CUDA graph and replay it.
        seed: of everything that is drawn.
        accumulate: batches whose gradients make one step, each drawn as a process of its own
            would draw it.
        bf16: autocast dense blocks to bfloat16, where the processor has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    model: ModelConfig
    method: Literal["riis", "isn", "hinet", "iicnet", "autoencoder"] = "riis"
    channel: Literal["physical", "digital"]
    presets: dict[str, float] = Field(default={"normal": 1.0}, min_length=1)
    profiles: tuple[str, ...] = ()
    distortions: tuple[str, ...] = ("none", "sigma=0..50", "poisson", "jpeg=30..95")
    jpeg: Literal["exact", "fourier"] = "exact"
    untold: float = Field(default=0.1, ge=0, le=1)
    estimated: float = Field(default=0.3, ge=0, le=1)
    pairs: Literal["other", "same"] = "other"
    learn: Literal["all", "reveal", "hide", "estimate"] = "all"
    steps: int = Field(ge=1)
    minutes: float | None = Field(default=None, gt=0)
    batch: int = Field(ge=1)
    patch_modules: int = Field(default=20, ge=4)
    display_px: int = Field(default=12, ge=4)
    patch_px: int = Field(default=128, ge=16)
    pitch: tuple[float, float] = (0.4, 1.0)
    photos: int = Field(default=0, ge=0)
    modules_total: int = Field(default=37, ge=21)
    plain: float = Field(default=0.0, ge=0, le=1)
    blurred: float = Field(default=0.0, ge=0, le=1)
    learning_rate: float = Field(gt=0)
    modulation_rate: float = Field(default=1.0, ge=0, le=1)
    warmup: int = Field(default=100, ge=0)
    decay_from: float = Field(default=0.6, ge=0, le=1)
    grad_clip: float = Field(default=1.0, gt=0)
    ema: float = Field(default=0.998, ge=0, lt=1)
    secret_first: int = Field(default=100, ge=0)
    ramp: int = Field(default=1000, ge=1)
    strength_final: float = Field(default=1.0, ge=0, le=1.3)
    steer: bool = True
    psnr_start: float = 24.0
    psnr_final: float = 34.0
    hold: Literal["psnr", "accuracy"] = "psnr"
    accuracy_final: float = Field(default=0.9625, gt=0.5, lt=1)
    control_rate: float = Field(default=0.004, gt=0, le=0.1)
    least_weight: float = Field(default=2.0, gt=0, le=16)
    chroma: float = Field(default=2.0, ge=0)
    coarse: float = Field(default=4.0, ge=0)
    peaks: float = Field(default=0.0, ge=0)
    contrast: float = Field(default=0.0, ge=0, le=1)
    mask_power: float = Field(default=1.0, ge=0, le=4)
    tails: float = Field(default=0.0, ge=0)
    tail_nats: float = Field(default=0.3, gt=0)
    tail_width: float = Field(default=0.1, gt=0)
    lambda_reveal: float = Field(default=1.0, ge=0)
    lambda_container: float = Field(default=16.0, gt=0)
    lambda_enhance: float = Field(default=1.0, ge=0)
    lambda_distribution: float = Field(default=0.5, ge=0)
    lambda_host: float = Field(default=1.0, ge=0)
    lambda_low: float = Field(default=0.0, ge=0)
    lambda_picture: float = Field(default=0.1, ge=0)
    decouple_at: int = Field(default=10**9, ge=0)
    evaluate_every: int = Field(default=250, ge=1)
    checkpoint_minutes: float = Field(default=2.0, ge=0)
    graph: bool = False
    seed: int = 0
    accumulate: int = Field(default=1, ge=1)
    bf16: bool = False

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wanted = {"physical": "modules", "digital": "images"}[self.channel]
        if self.model.secret != wanted:
            raise ValueError(
                f"the {self.channel} channel hides {wanted!r} secrets, "
                f"the model's secret is {self.model.secret!r}: change channel or model.secret"
            )
        if self.channel == "digital":
            self._check_digital()
        elif self.method != "riis":
            raise ValueError(f"{self.method} hides pictures: its channel is digital")
        for preset, share in self.presets.items():
            if preset not in CHANNEL_PRESETS:
                close = _nearest(preset, list(CHANNEL_PRESETS))
                raise ValueError(
                    f"unknown channel preset {preset!r}, "
                    f"expected one of {', '.join(CHANNEL_PRESETS)}{close}"
                )
            if share <= 0:
                raise ValueError(f"presets: {preset} has share {share}, expected more than 0")
        if self.graph and (self.channel != "physical" or self.accumulate > 1):
            raise ValueError(
                "graph: only a step of one batch through the physical channel can be captured"
            )
        if self.profiles and self.channel != "physical":
            raise ValueError("profiles belong to the physical channel: remove them or change it")
        for source in self.profiles:
            load_profile(source)
        return self

    def _check_digital(self) -> None:
        if self.method != "riis" and self.decouple_at < self.steps:
            raise ValueError(f"{self.method} has one set of parameters: leave decouple_at out")
        side = self.model.side_px
        if self.patch_px % side:
            raise ValueError(
                f"patch_px is {self.patch_px}, the model needs a multiple of {side}: set it to "
                f"{max(side, self.patch_px // side * side)}"
            )
        if not self.distortions or any(d.kind == "blind" for d in self.ranges()):
            raise ValueError("distortions: expected at least one of none, sigma, poisson, jpeg")
        if not 0 < self.pitch[0] <= self.pitch[1] <= 1:
            raise ValueError(f"pitch is {self.pitch}: expected two shares of 1, the lower first")
        if self.untold + self.estimated > 1:
            raise ValueError("untold and estimated are shares: their sum is at most 1")
        if (self.pairs == "same") != (self.model.host_channels == 1):
            raise ValueError(
                "pairs=same hides a picture's colour in its grey: it goes with "
                "model.host_channels=1, and the other way round"
            )
        if self.pairs == "same" and self.model.n_secrets != 1:
            raise ValueError("a grey host hides the colours of one picture: set n_secrets to 1")

    def ranges(self) -> list[Range]:
        """The distortions of the digital channel."""
        return [Range.parse(text) for text in self.distortions]


def available() -> list[str]:
    """Names of the configurations that ship."""
    return sorted(path.stem for path in CONFIG_FOLDER.glob("*.yaml"))


def _nearest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def load_config(name: str, overrides: list[str] | None = None) -> TrainConfig:
    """Read configs/NAME.yaml (or a path to a YAML file) and apply overrides.

    Args:
        name: a shipped configuration or a path that ends in .yaml.
        overrides: ``key=value`` with YAML values; ``model.key=value`` for the network.

    Raises:
        ConfigError: unknown name, unknown key (the nearest one is named) or bad value.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else CONFIG_FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(
            f"found no configuration {name!r}; expected one of {', '.join(available())} "
            "or a path to a .yaml file"
        )
    data = _read(path)
    model = data.get("model", {})
    if isinstance(model, str):
        if model not in PRESETS:
            raise ConfigError(f"unknown model {model!r}; expected one of {', '.join(PRESETS)}")
        model = PRESETS[model].model_dump()
    if not isinstance(model, dict):
        raise ConfigError(
            f"{path.name}: model is {model!r}, expected a preset's name or settings of the network"
        )
    data["model"] = dict(model)
    for item in overrides or []:
        key, separator, raw = item.partition("=")
        if not separator:
            raise ConfigError(f"got --set {item!r}, expected key=value")
        target, known = data, list(TrainConfig.model_fields)
        if key.startswith("model."):
            key = key.removeprefix("model.")
            target, known = data["model"], list(ModelConfig.model_fields)
        if key not in known:
            raise ConfigError(f"unknown setting {key!r}{_nearest(key, known)}")
        target[key] = _parse(raw, f"--set {item!r}")
    try:
        return TrainConfig.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path.name}: {_first_fault(error)}") from error


def _read(path: Path) -> dict[str, Any]:
    data = read_yaml(path, ConfigError)
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ConfigError(f"{path.name} holds no settings: expected lines of the form key: value")
    return data


def _parse(text: str, source: str) -> Any:
    return parse_yaml(text, source, ConfigError)


def _first_fault(error: ValidationError) -> str:
    """The first fault in one line, with the nearest key where a key is unknown."""
    first = error.errors()[0]
    places = [str(part) for part in first["loc"]]
    message = str(first["msg"]).removeprefix("Value error, ")
    if not places:
        return message
    known = list((ModelConfig if places[0] == "model" else TrainConfig).model_fields)
    last = places[-1]
    hint = "" if last in known else _nearest(last, known)
    return f"{'.'.join(places)}: {message}{hint}"
