"""Reading without torch: the ONNX files give what torch gives, and nothing loads torch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from PIL import Image
from places import ROOT

from capture.find.learned import closeup, detector
from capture.find.learned.networks.closeup_size import SIZE
from capture.scan import scan_photo
from riis_physical.artifacts import Condition, UInt8Image
from riis_physical.channel.draw import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.commands.training import export as export_command
from riis_physical.errors import ConfigError, WeightsError, missing_package
from riis_physical.hiding import hide
from riis_physical.model import engine, onnx_network
from riis_physical.model.engine import load_readers
from riis_physical.model.noise import fixed_noise
from riis_physical.model.onnx_network import OnnxNetwork, record_path
from riis_physical.model.onnx_reader import REVEAL, OnnxReader
from riis_physical.model.revealer import Revealer
from riis_physical.model.weights import FOLDER, available, load_record, locate

MESSAGE = "https://example.org/room-7"
# Single precision adds up in another order: logits are some units large.
LOGITS, PICTURE = 2e-3, 5e-4


@pytest.fixture(scope="module")
def revealer() -> Revealer:
    return Revealer.load("auto")


@pytest.fixture(scope="module")
def reader() -> OnnxReader:
    found = load_readers("auto", "cpu", "onnx")[0]
    assert isinstance(found, OnnxReader)
    return found


@pytest.fixture(scope="module")
def container(revealer: Revealer) -> UInt8Image:
    from skimage import data

    return hide(np.ascontiguousarray(data.coffee()), MESSAGE, revealer=revealer).container


def test_the_fixed_noise_is_that_of_torch() -> None:
    for h, w in ((10, 10), (21, 37)):
        drawn = torch.randn(16, h, w, generator=torch.Generator().manual_seed(0)).numpy()
        assert np.abs(fixed_noise(16, h, w) - drawn).max() < 1e-6
    with pytest.raises(ValueError, match="multiple of 16"):
        fixed_noise(3, 5, 5)


@pytest.mark.parametrize("modules", [10, 37])
def test_reveal_and_estimate_agree_with_torch(
    revealer: Revealer, reader: OnnxReader, modules: int
) -> None:
    rng = np.random.default_rng(1)
    side = 8 * modules
    frames = rng.random((2, side, side, 3), dtype=np.float32)
    conditions = [Condition(0.8, 0.012, 85.0, 9.0), None]
    seen, wanted = (one.reveal(frames, conditions) for one in (reader, revealer))
    assert np.abs(seen.logits - wanted.logits).max() < LOGITS
    assert np.abs(seen.picture - wanted.picture).max() < PICTURE
    assert np.abs(seen.enhanced - wanted.enhanced).max() < PICTURE
    one, other = (r.estimate(frames[0], 80.0, 9.0) for r in (reader, revealer))
    assert one.blur == pytest.approx(other.blur, abs=1e-4)
    assert one.noise == pytest.approx(other.noise, abs=1e-5)
    assert one.jpeg_quality == pytest.approx(other.jpeg_quality, abs=1e-3)


def test_detector_and_close_look_agree_with_torch() -> None:
    photo = np.random.default_rng(2).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    one, other = (
        detector.LearnedDetector.load(device=device).see(photo) for device in ("onnx", "cpu")
    )
    assert np.abs(one.picture - other.picture).max() < 1e-4
    assert np.abs(one.container - other.container).max() < 1e-4
    assert np.abs(one.offsets - other.offsets).max() < 1e-3
    view = photo[:SIZE, :SIZE] if photo.shape[0] >= SIZE else np.resize(photo, (SIZE, SIZE, 3))
    seen, wanted = (closeup.CloseLook.load(device=d)._run([view])[0] for d in ("onnx", "cpu"))
    for part, same in zip(seen, wanted, strict=True):
        assert np.abs(part - same).max() < 1e-4


@pytest.mark.parametrize("medium", ["print", "screen"])
def test_both_engines_read_the_same_of_a_simulated_photo(
    revealer: Revealer, reader: OnnxReader, container: UInt8Image, medium: str
) -> None:
    params = sample_params("normal", 1, torch.Generator().manual_seed(11))
    params = params.override(container_width_px=700.0)
    photo = photograph(container, params, medium=medium, size=(1000, 1400), seed=11).image
    one, other = (scan_photo(photo, [engine])[0] for engine in (reader, revealer))
    assert one.text == other.text == MESSAGE
    assert one.corners is not None and other.corners is not None
    assert np.abs(one.corners - other.corners).max() < 0.5
    assert one.evidence_bits == pytest.approx(other.evidence_bits, abs=0.5)


def test_both_engines_say_the_same_of_a_picture_without_a_message(
    revealer: Revealer, reader: OnnxReader
) -> None:
    from skimage import data

    photo = np.ascontiguousarray(data.astronaut()[::3, ::3])
    one, other = (scan_photo(photo, [engine])[0] for engine in (reader, revealer))
    assert one.status == other.status and one.payload is None


def test_scanning_loads_no_torch(container: UInt8Image, tmp_path: Path) -> None:
    file = tmp_path / "container.png"
    assert cv2.imwrite(str(file), container[..., ::-1])
    done = _apart(f"""
        main(["scan", {str(file)!r}, "--json"])
    """)
    assert json.loads(done.stdout.splitlines()[0])["text"] == MESSAGE, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "onnxruntime" in loaded
    assert not loaded & {"torch", "kornia", "scipy", "skimage", "safetensors", "pandas", "onnx"}


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    hidden = "sys.modules['torch'] = None; import importlib.util as u; real = u.find_spec\n"
    hidden += "u.find_spec = lambda name, *a: None if name == 'torch' else real(name, *a)\n"
    photo = tmp_path / "photo.png"
    assert cv2.imwrite(str(photo), np.zeros((300, 300, 3), np.uint8))
    done = _apart(f"main(['hide', {str(photo)!r}, '-m', 'm', '-o', 'b.png'])", hidden)
    assert "riis-physical[hide]" in done.stderr and "Traceback" not in done.stderr
    done = _apart(f"main(['scan', '--engine', 'torch', {str(photo)!r}])", hidden)
    assert "--engine torch needs torch" in done.stderr


def _apart(call: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """A command in a process of its own, which prints what it loaded at last."""
    import textwrap

    body = textwrap.indent(textwrap.dedent(call).strip(), "    ")
    code = (
        f"import sys\n{before}from riis_physical.cli import main\ntry:\n{body}\n"
        "except SystemExit:\n    pass\nprint(*sys.modules)"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A model of one's own with its ONNX files."""
    name = available()[0]
    for file in FOLDER.glob(f"{name}*"):
        shutil.copy(file, tmp_path / file.name)
    return tmp_path / f"{name}.safetensors"


def test_a_damaged_file_is_refused(copied: Path) -> None:
    file = copied.with_name(copied.stem + REVEAL)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match="is corrupted"):
        OnnxReader.load(copied)
    with pytest.raises(WeightsError, match="no network of this release"):
        OnnxNetwork(bytes(data[:2000]), str(file))


def test_files_of_other_weights_are_refused(copied: Path) -> None:
    beside = record_path(copied)
    values = json.loads(beside.read_text())
    beside.write_text(json.dumps(values | {"weights_sha256": "0" * 64}))
    with pytest.raises(WeightsError, match="made from other weights"):
        OnnxReader.load(copied)
    beside.write_text(json.dumps(values | {"format_version": 9}))
    with pytest.raises(WeightsError, match="has format 9"):
        OnnxReader.load(copied)


def test_a_model_without_onnx_files_is_read_by_torch(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_path(copied).unlink()
    assert isinstance(load_readers(str(copied), "cpu")[0], Revealer)
    with pytest.raises(WeightsError, match=r"export --onnx"):
        load_readers(str(copied), "cpu", "onnx")
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"riis-physical\[hide\]"):
        load_readers(str(copied), "cpu")
    with pytest.raises(ConfigError, match="expected one of auto, onnx, torch"):
        load_readers(str(copied), "cpu", "tensorflow")


def _initializers(model: Path) -> dict[str, np.ndarray]:
    """The numbers in the ONNX files of a model, by file and name."""
    return {
        f"{file.name}: {one.name}": numpy_helper.to_array(one)
        for file in sorted(model.parent.glob(f"{model.stem}*.onnx"))
        for one in onnx.load(str(file)).graph.initializer
    }


def test_exporting_again_needs_force_and_gives_the_same(copied: Path) -> None:
    from click.testing import CliRunner

    before, numbers = json.loads(record_path(copied).read_text()), _initializers(copied)
    refused = CliRunner().invoke(export_command.command, ["--onnx", str(copied)])
    assert refused.exit_code == 1 and "pass --force" in str(refused.exception)
    done = CliRunner().invoke(export_command.command, ["--onnx", "--force", str(copied)])
    assert done.exit_code == 0 and "reveal.onnx" in done.output
    after = json.loads(record_path(copied).read_text())
    assert after.keys() == before.keys() and after["files"].keys() == before["files"].keys()
    assert {**after, "files": None} == {**before, "files": None}
    again = _initializers(copied)
    assert again.keys() == numbers.keys()
    for name, values in numbers.items():  # folded inverses differ in the last bits by processor
        np.testing.assert_allclose(again[name], values, rtol=1e-4, atol=1e-6, err_msg=name)
    wrong = CliRunner().invoke(export_command.command, ["run"])
    assert wrong.exit_code == 2 and "--onnx" in wrong.output


def test_all_that_ships_has_its_networks_within_the_size() -> None:
    weights = [*(locate(name) for name in available()), detector.SHIPPED, closeup.SHIPPED]
    for file in weights:
        record = load_record(file)
        beside = onnx_network.read_record(record_path(file))
        assert beside.weights_sha256 == record["sha256"]
        for name in beside.files:
            network = OnnxNetwork.load(file, name.removeprefix(file.stem), record["sha256"])
            assert network.record["weights_sha256"] == record["sha256"]
            assert network.record["opset"] == 17 and network.record["inputs"]
    default = [locate(available()[0]), detector.SHIPPED, closeup.SHIPPED]
    sizes = [p.stat().st_size for file in default for p in file.parent.glob(f"{file.stem}*.onnx")]
    assert sum(sizes) < 12e6


def test_a_missing_package_names_its_extra() -> None:
    assert "[hide]" in (missing_package(ModuleNotFoundError("x", name="skimage.color")) or "")
    assert missing_package(ModuleNotFoundError("x", name="riis_physical.nosuch")) is None


def test_onnx_runtime_tells_nobody_and_leaves_nothing(tmp_path: Path) -> None:
    """Its telemetry, which writes a file when it is imported, is off."""
    Image.new("RGB", (200, 200), "gray").save(tmp_path / "gray.png")
    (tmp_path / "tmp").mkdir()
    code = (
        "import sys; from riis_physical import scan; scan(sys.argv[1]); "
        "assert 'onnxruntime' in sys.modules"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "gray.png")], check=True, env=environment
    )
    assert not list((tmp_path / "tmp").iterdir())
