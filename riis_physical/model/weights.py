"""Model weights: safetensors files with their record beside them.

A model NAME is two files: NAME.safetensors and NAME.json. The record holds

    format_version   1
    name             as the file
    released         true for versioned names (print-1) that stay readable
    config           what builds the network
    sha256           of the .safetensors file
    training         how it came to be
    measured         figures of the stored file; min_px_per_module among them

Shipped models live in the folder `weights` of this package. Loading verifies
the checksum and executes no code.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from riis_physical.errors import WeightsError
from riis_physical.model.config import ModelConfig, WeightsRecord
from riis_physical.system.documents import first_fault, read_bounded, read_json
from riis_physical.system.files import atomic_path, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

FORMAT_VERSION = 1
MAX_FILE_BYTES = 16_000_000
MAX_PICTURE_FILE_BYTES = 64_000_000
"""Of models that hide pictures: five need two ways of full-resolution dense blocks."""
FOLDER = Path(__file__).parents[1] / "weights"
_REQUIRED_KEYS = ("format_version", "name", "config", "sha256")


def available(secret: str | None = "modules") -> list[str]:
    """Names of the shipped models: released ones first, newest version first.

    Args:
        secret: what they hide: ``modules``, ``images``, or None for all.
    """
    names = [
        file.stem for file in FOLDER.glob("*.safetensors") if file.with_suffix(".json").exists()
    ]
    kept = [name for name in names if secret in (None, _secret(name))]
    return sorted(kept, key=_rank)


def named(model: str) -> list[str]:
    """Names that a choice of models stands for: all that read messages for `auto`, the best first.

    Raises:
        WeightsError: `auto`, and none ships.
    """
    names = available() if model == "auto" else [model]
    if not names:
        raise WeightsError(
            "no model weights ship with this installation: train a model with "
            "`riis-physical train` and give its file with --model"
        )
    return names


def load_record(name: str | Path) -> dict[str, Any]:
    """The record of a shipped model, or of the user's own file.

    Args:
        name: a name from :func:`available`, or the path of a .safetensors file
            with its .json beside it.

    Raises:
        WeightsError: unknown name, missing or broken record, other format.
    """
    return _read_record(locate(name).with_suffix(".json"))


def load_tensors(name: str | Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Verify and read weights.

    Args:
        name: as for :func:`load_record`.

    Returns:
        tensors by parameter name, on the CPU, floating ones as float32; and
        the record.

    Raises:
        WeightsError: as :func:`load_record`, or the file does not have the
            recorded checksum.
    """
    import safetensors.torch
    from safetensors import SafetensorError

    file = locate(name)
    record = _read_record(file.with_suffix(".json"))
    data = read_bounded(file, _most_bytes(record["config"]), WeightsError)
    digest = hashlib.sha256(data).hexdigest()
    if digest != record["sha256"]:
        raise WeightsError(
            f"{file} is corrupted (SHA-256 {digest[:12]}..., its record says "
            f"{str(record['sha256'])[:12]}...): install the package again or copy the file again"
        )
    try:
        stored = safetensors.torch.load(data)
    except (SafetensorError, ValueError) as error:
        raise WeightsError(f"{file} is no safetensors file ({error}): get it again") from error
    tensors = {
        key: value.float() if value.is_floating_point() else value for key, value in stored.items()
    }
    for key, value in tensors.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise WeightsError(f"{file}: {key} holds numbers that are none (NaN): get it again")
    return tensors, record


def save_weights(
    path: str | Path,
    tensors: Mapping[str, Tensor],
    record: Mapping[str, Any],
    *,
    half: bool = True,
) -> dict[str, Any]:
    """Write weights and record; an unreleased model of the same name is replaced.

    Args:
        path: NAME.safetensors; the record goes to NAME.json.
        tensors: a state dict.
        record: must hold "config"; name, format version and checksum are set
            here, "released" is false unless given.
        half: store floating tensors as float16, save those that overflow it.

    Returns:
        the record as written.

    Raises:
        WeightsError: the file would be larger than models of its kind are, the record has
            no config, or a released model would be overwritten.
        OutputError: the folder cannot be written.
    """
    import safetensors.torch

    target = Path(path)
    if target.suffix != ".safetensors":
        raise WeightsError(f"weights go to a .safetensors file, not to {target.name}")
    if "config" not in record:
        raise WeightsError("the record has no config: weights without one cannot be loaded")
    beside = target.with_suffix(".json")
    if beside.exists() and _read_record(beside).get("released"):
        raise WeightsError(
            f"{target.stem} is released and posters depend on it: choose a new versioned name"
        )
    stored = {key: _compact(value, half) for key, value in tensors.items()}
    data = safetensors.torch.save(stored)
    most = _most_bytes(record["config"])
    if len(data) > most:
        less = "take fewer or narrower blocks (model.blocks, model.growth)"
        raise WeightsError(
            f"{target.name} would be {len(data) / 1e6:.1f} MB, a model of its kind has at most "
            f"{most / 1e6:.0f} MB: {less if half else 'store it in half precision'}"
        )
    written = {
        "format_version": FORMAT_VERSION,
        "name": target.stem,
        "released": False,
        **{key: value for key, value in record.items() if key not in ("format_version", "name")},
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    text = json.dumps(written, indent=2, ensure_ascii=False) + "\n"
    with atomic_path(target, force=True) as part:
        part.write_bytes(data)
    write_text(beside, text, force=True)
    return written


def config_of(name: str | Path, record: Mapping[str, Any]) -> ModelConfig:
    """The configuration that a record holds.

    Raises:
        WeightsError: an unknown key or an impossible value.
    """
    try:
        return ModelConfig.model_validate(record["config"])
    except ValidationError as error:
        raise WeightsError(f"{name}: its record: config.{first_fault(error)}") from error


def check_shapes(
    name: str | Path, tensors: Mapping[str, Tensor], needed: Mapping[str, Tensor]
) -> None:
    """See that weights are those of a network, before the network takes memory.

    Args:
        needed: the state dict of the network, on the device meta.

    Raises:
        WeightsError: a parameter is missing, left over or of another shape.
    """
    for key in sorted({*tensors, *needed}):
        theirs = tuple(tensors[key].shape) if key in tensors else "missing"
        ours = tuple(needed[key].shape) if key in needed else "no part of it"
        if theirs != ours:
            raise WeightsError(
                f"{name}: weights and configuration do not belong together "
                f"({key} is {theirs}, the network needs {ours}): get both files again"
            )


def _compact(tensor: Tensor, half: bool) -> Tensor:
    import torch

    value = tensor.detach().cpu().contiguous()
    if half and value.dtype in (torch.float32, torch.float64, torch.bfloat16):
        small = value.to(torch.float16)
        if bool(torch.isfinite(small).all()):
            return small
    return value.float() if value.dtype == torch.float64 else value


def _most_bytes(config: Mapping[str, Any]) -> int:
    return MAX_PICTURE_FILE_BYTES if config.get("secret") == "images" else MAX_FILE_BYTES


def _secret(name: str) -> str:
    """What a shipped model hides."""
    return str(_read_record(FOLDER / f"{name}.json")["config"].get("secret", "modules"))


def _rank(name: str) -> tuple[bool, int, str]:
    """Sort key: released before others, higher versions first."""
    version = re.search(r"-(\d+)$", name)
    released = bool(_read_record(FOLDER / f"{name}.json").get("released"))
    return (not released, -int(version[1]) if version else 0, name)


def locate(name: str | Path) -> Path:
    """Path of the .safetensors file that `name` stands for."""
    given = Path(name)
    if given.suffix == ".safetensors":
        if not given.is_file():
            raise WeightsError(f"no weights at {given}: check the path")
        return given
    file = FOLDER / f"{name}.safetensors"
    if str(name) != file.stem or not file.is_file():
        shipped = ", ".join(available(None)) or "none"
        raise WeightsError(
            f"no model {str(name)!r}: shipped are {shipped}; "
            "give one of these or the path of a .safetensors file"
        )
    return file


def _read_record(path: Path) -> dict[str, Any]:
    if not os.path.lexists(path):
        raise WeightsError(f"{path} is missing: weights need their record beside them")
    record = read_json(path, WeightsError)
    if not isinstance(record, dict) or any(key not in record for key in _REQUIRED_KEYS):
        raise WeightsError(f"{path} is no record of weights: expected {', '.join(_REQUIRED_KEYS)}")
    if record["format_version"] != FORMAT_VERSION:
        raise WeightsError(
            f"{path} has format {record['format_version']}, this release reads {FORMAT_VERSION}: "
            "install a newer riis-physical"
        )
    try:
        WeightsRecord.model_validate(record)
    except ValidationError as error:
        raise WeightsError(f"{path}: {first_fault(error)}: get it again") from error
    return record
