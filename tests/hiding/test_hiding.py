"""Hiding keeps the host's detail, checks itself and says what is wrong."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from fakes import FakeRevealer

from riis_physical import hiding, metrics
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import BadImageError, ConfigError, HostError, MessageError
from riis_physical.hiding.already import Carried, carried
from riis_physical.images import load_host, save_image
from riis_physical.qr.code.encode import encode


def smooth_host(height: int, width: int, seed: int = 0) -> UInt8Image:
    """Clouds of colour in the mid-tones."""
    coarse = np.random.default_rng(seed).integers(60, 200, (9, 9, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.mark.parametrize("shape", [(500, 700), (900, 300), (211, 223), (168, 168)])
def test_hide_any_size_and_aspect(shape: tuple[int, int]) -> None:
    host = smooth_host(*shape)
    result = hiding.hide(host, "Grüße 🌍", revealer=FakeRevealer(12 / 255))
    assert result.container.shape == host.shape
    assert result.container.dtype == np.uint8
    with pytest.deprecated_call(match="is always True, for hide raises"):
        assert result.self_check_decoded
    assert (result.version, result.level, result.modules) == (2, "H", 25)
    assert result.psnr == pytest.approx(metrics.psnr(host, result.container))
    assert result.ssim == pytest.approx(metrics.ssim(host, result.container))
    change = result.container.astype(float) - host
    assert result.residual_rms == pytest.approx(np.sqrt((change**2).mean()))
    assert result.min_width_px is None


def test_strength_scales_the_residual() -> None:
    host = smooth_host(600, 600)
    weak, strong = (
        hiding.hide(host, "m", revealer=FakeRevealer(), strength=strength).residual_rms
        for strength in (1.0, 2.0)
    )
    assert strong / weak == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("strength", [0.0, 0.2, 3.1, float("nan")])
def test_strength_out_of_range(strength: float) -> None:
    with pytest.raises(ConfigError, match=r"expected 0\.25 to 3"):
        hiding.hide(smooth_host(300, 300), "m", revealer=FakeRevealer(), strength=strength)


def test_strips_agree_with_resizing_at_once() -> None:
    host = smooth_host(777, 1031)
    residual = np.random.default_rng(1).normal(0, 8 / 255, (168, 168, 3)).astype(np.float32)
    container = hiding.add_residual(host, residual)
    across = hiding.resampling_matrix(1031, 168).astype(float)
    down = hiding.resampling_matrix(777, 168).astype(float)
    change = np.einsum("hr,rck,wc->hwk", down, residual * 255.0, across, optimize=True)
    expected = np.clip(np.rint(host + change), 0, 255)
    assert np.abs(container - expected).max() <= 1
    assert (container != expected).mean() < 1e-3  # ties between levels alone


def test_resampling_matches_bicubic_and_keeps_sums() -> None:
    values = np.random.default_rng(0).normal(size=(1, 40)).astype(np.float32)
    matrix = hiding.resampling_matrix(400, 40)
    assert matrix.sum(axis=1) == pytest.approx(np.ones(400), abs=1e-5)
    from PIL import Image

    pillow = np.asarray(Image.fromarray(values).resize((400, 1), Image.Resampling.BICUBIC))
    assert values @ matrix.T == pytest.approx(pillow, abs=1e-4)
    assert np.allclose(hiding.resampling_matrix(40, 40), np.eye(40))


def test_residual_is_placed_on_pixel_edges() -> None:
    residual = np.zeros((168, 168, 3), np.float32)
    residual[40:80, 100:120] = 20 / 255
    host = np.full((840, 1680, 3), 100, np.uint8)
    changed = hiding.add_residual(host, residual)[..., 0] > 110
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (rows[0], rows[-1]) == (200, 399)
    assert (columns[0], columns[-1]) == (1000, 1199)


def test_detail_of_a_large_host_stays() -> None:
    rng = np.random.default_rng(0)
    host = np.clip(smooth_host(1500, 2000) + rng.normal(0, 12, (1500, 2000, 3)), 0, 255)
    host = host.round().astype(np.uint8)
    container = hiding.hide(host, "detail", revealer=FakeRevealer()).container
    change = container.astype(np.float32) - host
    fine = change - cv2.GaussianBlur(change, (0, 0), 3)
    assert fine.std() < 1  # the change is coarse, the host's fine noise untouched


def test_messages_that_do_not_fit() -> None:
    host, revealer = smooth_host(300, 300), FakeRevealer()
    with pytest.raises(MessageError, match="empty"):
        hiding.hide(host, "", revealer=revealer)
    with pytest.raises(MessageError, match="5000 bytes"):
        hiding.hide(host, "x" * 5000, revealer=revealer)


def test_a_container_that_does_not_read_is_refused() -> None:
    with pytest.raises(HostError, match="does not read back .* raise the strength above 1"):
        hiding.hide(smooth_host(400, 400), "m", revealer=FakeRevealer(0.0))


def test_a_stored_container_is_read_back(tmp_path: Path) -> None:
    revealer = FakeRevealer(12 / 255)
    container = hiding.hide(smooth_host(400, 400), "m", revealer=revealer).container
    save_image(tmp_path / "c.jpg", container)
    decoder, confidence = hiding.read_back(tmp_path / "c.jpg", "m", revealer=revealer)
    assert decoder
    assert 0 < confidence <= 1
    with pytest.raises(HostError, match="does not read back"):
        hiding.read_back(tmp_path / "c.jpg", "another", revealer=revealer)


def test_warnings_of_hosts_that_carry_badly() -> None:
    revealer = FakeRevealer(3 / 255)
    dark = np.clip(smooth_host(400, 400) // 12, 0, 255).astype(np.uint8)
    texts = hiding.hide(dark, "m", revealer=revealer).warnings
    assert any("is dark" in text for text in texts)
    flat = np.full((400, 400, 3), 128, np.uint8)
    texts = hiding.hide(flat, "m", revealer=revealer).warnings
    assert any("is flat" in text for text in texts)
    white = np.full((400, 400, 3), 255, np.uint8)
    result = hiding.hide(white, "m", revealer=FakeRevealer(12 / 255))
    assert any("pure black or white" in text for text in result.warnings)
    assert result.clipped_share == pytest.approx(0.5, abs=0.05)
    textured = np.random.default_rng(0).integers(40, 216, (40, 40, 3), dtype=np.uint8)
    good = cv2.resize(textured, (800, 800), interpolation=cv2.INTER_CUBIC)
    assert hiding.hide(np.asarray(good), "m", revealer=FakeRevealer(12 / 255)).warnings == ()


def test_a_host_that_carries_a_message_is_not_written_over() -> None:
    revealer = FakeRevealer(12 / 255)
    first = hiding.hide(smooth_host(400, 400), "the first", revealer=revealer).container
    with pytest.raises(HostError, match=r"carries the message 'the first' already.*--force"):
        hiding.hide(first, "the second", revealer=revealer)
    assert carried(first, revealer) == Carried(encode("the first").version, b"the first")
    assert carried(smooth_host(400, 400), revealer) is None
    stronger = FakeRevealer(30 / 255)
    again = hiding.hide(first, "the second, longer", revealer=stronger, force=True)
    hiding.read_back(again.container, "the second, longer", revealer=stronger)


def test_hosts_of_bad_size_and_shape_are_told_what_to_do() -> None:
    with pytest.raises(HostError, match=r"60 x 60 px, too small.*at least \d+ px along"):
        hiding.hide(smooth_host(60, 60), "m" * 40, revealer=FakeRevealer())
    banner = hiding.hide(smooth_host(1600, 200), "m", revealer=FakeRevealer(12 / 255))
    assert any("banner of 8.0 : 1" in line for line in banner.warnings)
    square = hiding.hide(smooth_host(400, 400), "m", revealer=FakeRevealer(12 / 255))
    assert not any("banner" in line for line in square.warnings)


def test_lower_error_correction_is_said() -> None:
    result = hiding.hide(smooth_host(900, 900), "x" * 200, revealer=FakeRevealer(8 / 255))
    assert result.level != "H"
    assert any("error correction" in text for text in result.warnings)


@pytest.mark.parametrize(
    "record",
    [{"min_px_per_module": 9.5}, {"measured": {"min_px_per_module": 9.5}}],
)
def test_smallest_width_counts_along_the_shorter_side(record: dict[str, object]) -> None:
    assert hiding.min_width_px(record, 37, (400, 800)) == 703
    assert hiding.min_width_px(record, 37, (800, 400)) == 352
    assert hiding.min_width_px({}, 37, (800, 400)) is None


def test_hosts_come_as_paths_loaded_pictures_and_arrays(tmp_path: Path) -> None:
    host = smooth_host(300, 400)
    save_image(tmp_path / "host.png", host)
    revealer = FakeRevealer()
    containers = [
        hiding.hide(given, b"\xff\x00bytes", revealer=revealer).container
        for given in (host, tmp_path / "host.png", load_host(tmp_path / "host.png"))
    ]
    assert np.array_equal(containers[0], containers[1])
    assert np.array_equal(containers[0], containers[2])
    with pytest.raises(BadImageError, match="does not exist"):
        hiding.hide(tmp_path / "absent.png", "m", revealer=revealer)
    with pytest.raises(ValueError, match="expected uint8"):
        hiding.hide(host.astype(np.float32), "m", revealer=revealer)  # type: ignore[arg-type]


def test_a_large_host_is_averaged_in_strips_to_the_same_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from riis_physical.hiding import frame

    pixels = np.random.default_rng(0).integers(0, 256, (401, 603, 3), dtype=np.uint8)
    whole = frame.to_frame(pixels, 168)
    monkeypatch.setattr(frame, "_LARGE_PX", 0)
    assert np.array_equal(frame.to_frame(pixels, 168), whole)
