"""Which engine reads: ONNX Runtime on a CPU, torch on a GPU, or what is asked for."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from riis_physical.errors import ConfigError, WeightsError
from riis_physical.model.onnx_network import CPU, CUDA, ships
from riis_physical.model.weights import locate, named

if TYPE_CHECKING:
    from riis_physical.model.onnx_reader import OnnxReader
    from riis_physical.model.revealer import Revealer

ENGINES = ("auto", "onnx", "torch")


def chosen_device(device: str) -> str:
    """The device asked for; for `auto` cuda when there is one, else cpu.

    torch takes a second to load: it is asked only where a GPU may be.
    """
    if device != "auto":
        return device
    if not _may_have_gpu() or find_spec("torch") is None:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_readers(
    model: str, device: str = "auto", engine: str = "auto"
) -> list[Revealer | OnnxReader]:
    """The model asked for; every shipped one for `auto`, the best first. They read only.

    Args:
        model: shipped name, path of a .safetensors file, or ``auto``.
        device: cpu, cuda, cuda:1 ...; ``auto`` for a GPU when there is one.
        engine: one of ENGINES; ``auto`` reads with ONNX Runtime on a CPU, where the model
            has ONNX files and ONNX Runtime is installed, and with torch everywhere else.

    Raises:
        WeightsError: no such model, none ships, or its files are not as recorded.
        ConfigError: no such device, or what the engine needs is not installed.
    """
    place = chosen_device(device)
    return [_load(name, place, engine) for name in named(model)]


def _load(name: str | Path, device: str, engine: str) -> Revealer | OnnxReader:
    if engine not in ENGINES:
        raise ConfigError(f"engine {engine!r}: expected one of {', '.join(ENGINES)}")
    has_files = ships(locate(name))
    if engine == "onnx" or (engine == "auto" and device == "cpu" and has_files):
        if find_spec("onnxruntime") is None:
            raise ConfigError("--engine onnx needs onnxruntime: pip install onnxruntime")
        if not has_files:
            raise WeightsError(
                f"{name} has no ONNX files beside its weights: write them with "
                f"`riis-physical export --onnx {name}`, or use --engine torch"
            )
        from riis_physical.model.onnx_reader import OnnxReader

        return OnnxReader.load(name, _onnx_device(device))
    if find_spec("torch") is None:
        raise ConfigError(
            f"reading with {name} on {device} needs torch, as it has no ONNX files or is not "
            "on the CPU: pip install 'riis-physical[hide]', or have its ONNX files written with "
            f"`riis-physical export --onnx {name}` where torch is installed"
            if engine == "auto"
            else "--engine torch needs torch: pip install 'riis-physical[hide]', or use "
            "--engine onnx"
        )
    from riis_physical.model.revealer import Revealer

    return Revealer.load(name, device)


def _onnx_device(device: str) -> str:
    if device == "cpu":
        return CPU
    if device in ("cuda", "cuda:0"):
        return CUDA
    raise ConfigError(f"ONNX Runtime runs on cpu or cuda, not on {device!r}: use --engine torch")


def _may_have_gpu() -> bool:
    if os.name == "nt":
        return shutil.which("nvidia-smi") is not None
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/kfd").exists()
