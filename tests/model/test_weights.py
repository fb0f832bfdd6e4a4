"""Weights are verified, versioned and small; releases are never replaced."""

import json
from pathlib import Path

import pytest
import torch

from riis_physical.errors import OutputError, WeightsError
from riis_physical.model import weights

RECORD = {"config": {"blocks": 2}, "training": {"steps": 3}, "measured": {"psnr": 36.0}}


@pytest.fixture
def tensors() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        "a.weight": torch.randn(4, 3, generator=generator),
        "b.count": torch.tensor(7),
        "c.large": torch.tensor([1e6, 1.0]),
    }


def test_round_trip_in_half_precision(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    file = tmp_path / "tiny-1.safetensors"
    written = weights.save_weights(file, tensors, RECORD)
    loaded, record = weights.load_tensors(file)
    assert record == written == weights.load_record(file)
    assert record["name"] == "tiny-1"
    assert record["format_version"] == weights.FORMAT_VERSION
    assert record["config"] == {"blocks": 2}
    assert loaded["a.weight"].dtype == torch.float32
    assert torch.equal(loaded["a.weight"], tensors["a.weight"].half().float())
    assert loaded["b.count"].item() == 7
    assert loaded["c.large"].tolist() == [1e6, 1.0]  # does not fit float16: kept


def test_full_precision_is_exact(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    file = tmp_path / "tiny.safetensors"
    weights.save_weights(file, tensors, RECORD, half=False)
    assert torch.equal(weights.load_tensors(file)[0]["a.weight"], tensors["a.weight"])


def test_one_changed_bit_is_found(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    file = tmp_path / "tiny.safetensors"
    weights.save_weights(file, tensors, RECORD)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=r"is corrupted \(SHA-256 .*install the package again"):
        weights.load_tensors(file)
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(WeightsError, match="is corrupted"):
        weights.load_tensors(file)


def test_a_file_that_only_claims_to_be_safetensors(tmp_path: Path) -> None:
    import hashlib

    file = tmp_path / "fake.safetensors"
    file.write_bytes(b"not tensors at all")
    record = {"format_version": 1, "name": "fake", "config": {}}
    record["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    file.with_suffix(".json").write_text(json.dumps(record))
    with pytest.raises(WeightsError, match="is no safetensors file"):
        weights.load_tensors(file)


def test_missing_files_and_records(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    with pytest.raises(WeightsError, match="no weights at"):
        weights.load_tensors(tmp_path / "absent.safetensors")
    file = tmp_path / "tiny.safetensors"
    weights.save_weights(file, tensors, RECORD)
    beside = file.with_suffix(".json")
    original = beside.read_text()
    for text, expected in (
        ("{", "is no JSON file"),
        ("[]", "is no record of weights"),
        (original.replace('"format_version": 1', '"format_version": 9'), "install a newer"),
    ):
        beside.write_text(text)
        with pytest.raises(WeightsError, match=expected):
            weights.load_tensors(file)
    beside.unlink()
    with pytest.raises(WeightsError, match="need their record beside them"):
        weights.load_tensors(file)


@pytest.mark.parametrize("name", ["nosuch", "../weights/print-1", "", "a/b"])
def test_unknown_names_list_what_ships(name: str) -> None:
    with pytest.raises(WeightsError, match="shipped are"):
        weights.load_record(name)


def test_shipped_models_are_listed_released_and_newest_first(
    tmp_path: Path, tensors: dict[str, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    assert weights.available() == []
    for name, released in (
        ("draft", False),
        ("print-2", True),
        ("print-10", True),
        ("x-99", False),
        ("paper-1", True),
    ):
        hides = "images" if name == "paper-1" else "modules"
        record = {"config": {"secret": hides}, "released": released}
        weights.save_weights(tmp_path / f"{name}.safetensors", tensors, record)
    assert weights.available("images") == ["paper-1"]
    assert weights.available() == ["print-10", "print-2", "x-99", "draft"]
    assert weights.load_tensors("print-2")[1]["name"] == "print-2"


def test_released_weights_are_not_replaced_and_drafts_are(
    tmp_path: Path, tensors: dict[str, torch.Tensor]
) -> None:
    draft, released = tmp_path / "draft.safetensors", tmp_path / "print-1.safetensors"
    weights.save_weights(draft, tensors, RECORD)
    weights.save_weights(draft, tensors, {**RECORD, "training": {"steps": 4}})
    assert weights.load_record(draft)["training"] == {"steps": 4}
    weights.save_weights(released, tensors, {**RECORD, "released": True})
    with pytest.raises(WeightsError, match="posters depend on it"):
        weights.save_weights(released, tensors, RECORD)


def test_what_cannot_be_saved(tmp_path: Path, tensors: dict[str, torch.Tensor]) -> None:
    with pytest.raises(WeightsError, match="has no config"):
        weights.save_weights(tmp_path / "a.safetensors", tensors, {})
    with pytest.raises(WeightsError, match=r"not to a\.bin"):
        weights.save_weights(tmp_path / "a.bin", tensors, RECORD)
    large = {"w": torch.zeros(8_100_000)}
    with pytest.raises(
        WeightsError, match="would be 16.2 MB, a model of its kind has at most 16 MB"
    ):
        weights.save_weights(tmp_path / "a.safetensors", large, RECORD)
    pictures = {"config": {"secret": "images"}}
    weights.save_weights(tmp_path / "pictures.safetensors", large, pictures)
    assert weights.load_tensors(tmp_path / "pictures.safetensors")[0]["w"].numel() == 8_100_000
    for file in tmp_path.glob("pictures.*"):
        file.unlink()
    with pytest.raises(OutputError, match="does not exist"):
        weights.save_weights(tmp_path / "absent" / "a.safetensors", tensors, RECORD)
    assert list(tmp_path.iterdir()) == []


def test_every_shipped_model_verifies() -> None:
    for name in weights.available(None):
        _, record = weights.load_tensors(name)
        assert record["name"] == name
