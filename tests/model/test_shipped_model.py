"""The model that ships does the main job: hide, photograph, scan."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from capture.scan import scan_photo
from riis_physical.artifacts import Status
from riis_physical.channel import sample_params
from riis_physical.channel.photo import photograph
from riis_physical.demo import sample_host
from riis_physical.hiding import hide
from riis_physical.model.revealer import Revealer

MESSAGE = "Grüße vom Plakat 🙂 2026-11"


@pytest.fixture(scope="module")
def revealer() -> Revealer:
    return Revealer.load("auto")


@pytest.fixture(scope="module")
def container(revealer: Revealer) -> np.ndarray:
    return hide(sample_host(), MESSAGE, revealer=revealer).container


@pytest.mark.parametrize("medium", ["print", "screen"])
def test_a_simulated_photo_reads(
    revealer: Revealer, container: np.ndarray, tmp_path: Path, medium: str
) -> None:
    params = sample_params("easy", 1, torch.Generator().manual_seed(5), medium)
    photo = photograph(container, params, medium=medium, seed=5)
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo.jpeg)
    (result,) = scan_photo(path, [revealer])
    assert (result.status, result.text) == (Status.DECODED, MESSAGE)
    assert result.corners is not None and result.condition is not None
    assert np.abs(result.corners - photo.corners).max() < 0.02 * 1200
    assert 0 < result.confidence <= 1


def test_the_same_photo_gives_the_same_answer(
    revealer: Revealer, container: np.ndarray, tmp_path: Path
) -> None:
    params = sample_params("easy", 1, torch.Generator().manual_seed(6), "print")
    pixels = photograph(container, params, seed=6).image
    first, again = (scan_photo(pixels, [revealer])[0] for _ in range(2))
    assert first.payload == again.payload and first.confidence == again.confidence


def test_a_photo_of_the_plain_host_holds_nothing(revealer: Revealer) -> None:
    params = sample_params("easy", 1, torch.Generator().manual_seed(7), "print")
    photo = photograph(sample_host().pixels, params, seed=7)
    (result,) = scan_photo(photo.image, [revealer])
    assert result.status is Status.NO_CONTAINER
    assert result.text is None and result.corners is None


@pytest.mark.parametrize("length", [1, 44, 119])
def test_messages_of_all_sizes_survive_the_file_and_a_jpeg(revealer: Revealer, length: int) -> None:
    host = sample_host()
    message = bytes(range(256))[:length]
    hidden = hide(host, message, revealer=revealer)
    buffer = io.BytesIO()
    Image.fromarray(hidden.container).save(buffer, "JPEG", quality=90)
    with Image.open(buffer) as coded:
        pixels = np.asarray(coded.convert("RGB"))
    height, width = pixels.shape[:2]
    corners = np.array(
        [[-0.5, -0.5], [width - 0.5, -0.5], [width - 0.5, height - 0.5], [-0.5, height - 0.5]]
    )
    (result,) = scan_photo(pixels, [revealer], corners=corners)
    assert result.payload == message


def test_strength_trades_visibility_for_robustness(revealer: Revealer) -> None:
    host = sample_host()
    figures = [hide(host, MESSAGE, revealer=revealer, strength=s).psnr for s in (0.5, 1.0, 2.0)]
    assert figures[0] > figures[1] + 4 > figures[2] + 8
