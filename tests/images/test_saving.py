"""Pictures to files: what is kept, what is lost and said, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from small_pictures import swapped_profile

from riis_physical.errors import OutputError
from riis_physical.images import load_host, load_photo, save_image


@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_lossless_formats_keep_every_pixel_and_the_profile(tmp_path: Path, suffix: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    profile = swapped_profile()
    save_image(tmp_path / f"a{suffix}", pixels, icc_profile=profile, dpi=(150, 150))
    loaded = load_host(tmp_path / f"a{suffix}")
    assert np.array_equal(loaded.pixels, pixels)
    assert loaded.icc_profile == profile
    if suffix != ".webp":
        assert loaded.dpi == pytest.approx((150, 150), abs=0.1)


def test_losses_are_said(tmp_path: Path) -> None:
    pixels = np.zeros((50, 70, 3), np.uint8)
    assert save_image(tmp_path / "a.png", pixels, dpi=(72, 72)) == ()
    assert "JPEG loses" in save_image(tmp_path / "a.jpg", pixels)[0]
    assert "dpi" in save_image(tmp_path / "a.webp", pixels, dpi=(72, 72))[0]


def test_saving_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    pixels = np.zeros((50, 70, 3), np.uint8)
    save_image(tmp_path / "a.png", pixels)
    with pytest.raises(OutputError, match="--force"):
        save_image(tmp_path / "a.png", pixels)
    save_image(tmp_path / "a.png", pixels, force=True)
    with pytest.raises(OutputError, match=r"suffix '\.xyz': expected one of \.jpeg"):
        save_image(tmp_path / "a.xyz", pixels)
    with pytest.raises(OutputError, match=r"cannot write .*b\.webp"):
        save_image(tmp_path / "b.webp", np.zeros((10, 16_400, 3), np.uint8))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.png"]


def test_png_is_written_by_an_opencv_that_knows_no_filter_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.delattr(cv2, "IMWRITE_PNG_FILTER", raising=False)
    pixels = np.random.default_rng(2).integers(0, 256, (50, 70, 3), dtype=np.uint8)
    save_image(tmp_path / "a.png", pixels)
    assert np.array_equal(load_photo(tmp_path / "a.png").pixels, pixels)
