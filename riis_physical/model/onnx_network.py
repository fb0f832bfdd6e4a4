"""Networks as ONNX files beside the weights that they came from, run by ONNX Runtime.

A model NAME has NAME.onnx.json beside its weights, which holds

    format_version   1
    weights_sha256   of the .safetensors file that the networks came from
    files            name of each .onnx file -> its SHA-256

Each .onnx file says in its metadata what it is: kind, model, configuration, checksum of
the weights, opset, inputs and outputs with their shapes, ranges and units. Loading verifies
both checksums and executes no code but the operators of ONNX Runtime.
"""

from __future__ import annotations

import hashlib
import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from riis_physical.errors import ConfigError, WeightsError
from riis_physical.system.documents import first_fault, read_bounded, read_json

FORMAT_VERSION = 1
MAX_FILE_BYTES = 32_000_000
METADATA = "riis_physical"
"""Key of the JSON record in the metadata of an .onnx file."""
CPU, CUDA = "onnx", "onnx:cuda"
"""Where ONNX Runtime computes, as the `device` of what is loaded."""

Array = NDArray[Any]


class OnnxRecord(BaseModel):
    """What NAME.onnx.json says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format_version: int
    weights_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    files: dict[str, str]


def record_path(weights: Path) -> Path:
    """NAME.onnx.json of NAME.safetensors."""
    return weights.with_suffix(".onnx.json")


def ships(weights: Path) -> bool:
    """Whether a model has ONNX files beside its weights, and ONNX Runtime is installed."""
    return find_spec("onnxruntime") is not None and record_path(weights).is_file()


class OnnxNetwork:
    """A network in ONNX Runtime.

    Attributes:
        record: the file's own record, see the module.
        device: CPU or CUDA.
    """

    def __init__(self, data: bytes, source: str, device: str = CPU) -> None:
        """Raises WeightsError: no ONNX model, or one without a record; ConfigError: no GPU."""
        # Nothing is told to anyone, and no file of it is left in the temporary folder.
        os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime

        self.device = device
        wanted = ["CPUExecutionProvider"]
        if device == CUDA:
            wanted.insert(0, "CUDAExecutionProvider")
        missing = set(wanted) - set(onnxruntime.get_available_providers())
        if missing:
            raise ConfigError(
                "ONNX Runtime cannot use a GPU here: install onnxruntime-gpu, or use "
                "--engine torch or --device cpu"
            )
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = _threads()
        # A thread that spins takes the core that the next stage needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=wanted)
            stored = self._session.get_modelmeta().custom_metadata_map
            self.record: dict[str, Any] = json.loads(stored[METADATA])
        except Exception as error:  # its errors have no common type
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise WeightsError(f"{source} is no network of this release ({reason})") from error
        self._inputs = [one.name for one in self._session.get_inputs()]

    @classmethod
    def load(cls, weights: Path, part: str, weights_sha256: str, device: str = CPU) -> OnnxNetwork:
        """Load one of a model's networks, verified.

        Args:
            weights: NAME.safetensors, beside which the ONNX files lie; not read.
            part: what follows NAME in the file's name, for example ``.reveal.onnx``.
            weights_sha256: of the weights, from their record.
            device: CPU or CUDA.

        Raises:
            WeightsError: missing, corrupted, or made from other weights.
            ConfigError: CUDA without a GPU build of ONNX Runtime.
        """
        file = weights.with_name(weights.stem + part)
        record = read_record(record_path(weights))
        again = f"run `riis-physical export --onnx --force {weights.stem}`"
        if record.weights_sha256 != weights_sha256:
            raise WeightsError(f"{file} was made from other weights than {weights.name}: {again}")
        data = read_bounded(file, MAX_FILE_BYTES, WeightsError)
        digest, known = hashlib.sha256(data).hexdigest(), record.files.get(file.name, "none")
        if digest != known:
            raise WeightsError(
                f"{file} is corrupted (SHA-256 {digest[:12]}..., its record says "
                f"{known[:12]}...): install the package again, or {again}"
            )
        return cls(data, str(file), device)

    def run(self, *inputs: Array) -> list[Array]:
        """All outputs for the inputs, in the file's order of both."""
        found: list[Array] = self._session.run(None, dict(zip(self._inputs, inputs, strict=True)))
        return found


def read_record(path: Path) -> OnnxRecord:
    """A model's NAME.onnx.json.

    Raises:
        WeightsError: missing, broken or of another format.
    """
    values = read_json(path, WeightsError)
    try:
        record = OnnxRecord.model_validate(values)
    except ValidationError as error:
        raise WeightsError(f"{path}: {first_fault(error)}: get it again") from error
    if record.format_version != FORMAT_VERSION:
        raise WeightsError(
            f"{path} has format {record.format_version}, this release reads {FORMAT_VERSION}: "
            "install a newer riis-physical"
        )
    return record


def sigmoid(logits: Array) -> NDArray[np.float32]:
    """Probabilities of logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)


def _threads() -> int:
    """As many as OMP_NUM_THREADS says, as of other numeric libraries; else the usable cores."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        return int(told)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
