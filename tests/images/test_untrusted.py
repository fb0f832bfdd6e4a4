"""Profiles, records, weights and lists from strangers are taken within bounds or refused."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from places import ROOT

from riis_physical.camera import CameraProfile
from riis_physical.errors import ConfigError, WeightsError
from riis_physical.known_messages import load_knowledge
from riis_physical.model.config import PRESETS, PRINT
from riis_physical.model.network import HidingNetwork
from riis_physical.model.revealer import Revealer
from riis_physical.model.weights import FOLDER, available, check_shapes
from riis_physical.profile import DeviceProfile
from riis_physical.system.documents import read_bounded, read_json, read_yaml


@pytest.fixture
def forged(tmp_path: Path) -> Any:
    """A shipped model with another record beside it."""
    source = FOLDER / f"{available()[0]}.safetensors"
    record = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    target = tmp_path / "model.safetensors"
    shutil.copy(source, target)

    def make(change: dict[str, Any] | None = None, **config: Any) -> Path:
        changed = record | {"config": record["config"] | config} | (change or {})
        target.with_suffix(".json").write_text(json.dumps(changed))
        return target

    return make


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"blocks": 1_000_000}, "config.blocks: Input should be less than or equal to 32"),
        ({"growth": 10**9}, "config.growth"),
        ({"dense_layers": 17}, "config.dense_layers"),
        ({"cem_layers": True}, "config.cem_layers: Input should be a valid integer"),
        ({"blocks": "4"}, "config.blocks"),
        ({"scale_clamp": 1e9}, "config.scale_clamp"),
        ({"rooms": 3}, "config.rooms"),
        ({"blocks": 32}, "do not belong together"),
        ({"cem_features": 512, "cem_layers": 32}, "do not belong together"),
    ],
)
def test_a_forged_configuration_is_refused_before_anything_is_built(
    forged: Any, config: dict[str, Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = []
    before = HidingNetwork.__init__

    def count(self: HidingNetwork, given: Any) -> None:
        before(self, given)
        built.append(next(self.parameters()).device.type)

    monkeypatch.setattr(HidingNetwork, "__init__", count)
    with pytest.raises(WeightsError, match=says):
        Revealer.load(forged(**config))
    assert set(built) <= {"meta"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"min_px_per_module": -1}, "min_px_per_module"),
        ({"measured": {"min_px_per_module": 0}}, "measured.min_px_per_module"),
        ({"measured": [1]}, "measured"),
        ({"z_temperature": "hot"}, "z_temperature"),
        ({"z_temperature": -0.1}, "z_temperature"),
        ({"name": 7}, "name"),
        ({"config": None}, "config"),
        ({"sha256": "zz"}, "sha256"),
        ({"released": "perhaps"}, "released"),
    ],
)
def test_a_record_with_impossible_values_is_refused(
    forged: Any, change: dict[str, Any], says: str
) -> None:
    with pytest.raises(WeightsError, match=says):
        Revealer.load(forged(change))


def test_every_preset_lies_within_the_bounds_and_the_largest_is_told_by_shapes_alone() -> None:
    for preset in PRESETS.values():
        assert type(preset).model_validate(preset.model_dump()) == preset
    largest = PRINT.model_copy(update={"blocks": 32, "growth": 256, "dense_layers": 16})
    with torch.device("meta"):
        needed = HidingNetwork(largest).state_dict()
    with pytest.raises(WeightsError, match="is missing, the network needs"):
        check_shapes("x", {}, needed)


def test_weights_that_are_no_numbers_or_too_many_are_refused(tmp_path: Path, forged: Any) -> None:
    import safetensors.torch

    file = forged()
    record = json.loads(file.with_suffix(".json").read_text())
    stored = safetensors.torch.load_file(file)
    name = next(key for key, value in stored.items() if value.is_floating_point())
    stored[name] = torch.full_like(stored[name], float("nan"))
    for data, says in ((safetensors.torch.save(stored), "NaN"), (bytes(16_000_001), "more than")):
        file.write_bytes(data)
        changed = record | {"sha256": hashlib.sha256(data).hexdigest()}
        file.with_suffix(".json").write_text(json.dumps(changed))
        with pytest.raises(WeightsError, match=says):
            Revealer.load(file)


def test_documents_are_read_within_bounds(tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    for read in (read_json, read_yaml):
        with pytest.raises(ConfigError, match="nested too deeply"):
            read(deep, ConfigError)
    large = tmp_path / "large.json"
    large.write_bytes(b" " * 4_000_001)
    with pytest.raises(ConfigError, match="more than 4 MB"):
        read_json(large, ConfigError)
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero", "/dev/null"):
        with pytest.raises(ConfigError, match="no plain file"):
            read_bounded(path, 10, ConfigError)
    with pytest.raises(ConfigError, match="cannot read"):
        read_json(tmp_path, ConfigError)
    with pytest.raises(ConfigError, match="no JSON file"):
        _ = read_json(written(tmp_path, b"\xff\xfe"), ConfigError)
    with pytest.raises(ConfigError, match="no UTF-8"):
        read_yaml(written(tmp_path, b"\xff\xfe"), ConfigError)
    with pytest.raises(ConfigError, match="nested too deeply"):
        load_knowledge(file=deep)


def written(folder: Path, data: bytes) -> Path:
    """A file with these bytes."""
    path = folder / "written"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"channel": {"blur_sigma": [0, 1e9]}},
        {"channel": {"container_width_px": [1, 400]}},
        {"channel": {"jpeg_quality": [0, 100]}},
        {"channel": {"downscale": [0.1, 1]}},
        {"description": "x" * 5000},
        {"fit": {f"figure {n}": 1.0 for n in range(101)}},
    ],
)
def test_a_profile_has_bounds_on_every_range(tmp_path: Path, change: dict[str, Any]) -> None:
    good = {"format_version": 1, "name": "x", "origin": "simulated default", "medium": "print"}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(good | change))
    with pytest.raises(ConfigError, match="expected within|at most"):
        DeviceProfile.load(path)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"image_size": [100_000, 5]}, "1 to 65535 px"),
        ({"matrix": [[1e9, 0, 5], [0, 1e9, 5], [0, 0, 1]]}, "focal lengths"),
        ({"distortion": [1e3, 0, 0, 0, 0]}, "distortion"),
    ],
)
def test_a_camera_has_bounds_too(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    good = {
        "format_version": 1,
        "image_size": [300, 400],
        "matrix": [[300, 0, 200], [0, 300, 150], [0, 0, 1]],
        "distortion": [0, 0, 0, 0, 0],
        "rms_px": 0.1,
        "focal_error_px": 1.0,
        "photos": {"used": 9},
    }
    path = tmp_path / "camera.json"
    path.write_text(json.dumps(good))
    assert CameraProfile.load(path).image_size == (300, 400)
    path.write_text(json.dumps(good | change))
    with pytest.raises(ConfigError, match=says):
        CameraProfile.load(path)


def test_comparing_shapes_loads_no_compiler() -> None:
    code = (
        "import sys\n"
        "from riis_physical.model.revealer import Revealer\n"
        "Revealer.load()\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
