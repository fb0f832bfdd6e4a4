"""The Python face: one call each, errors that speak Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

import riis_physical
from riis_physical import BadImageError, OutputError, RiisError, Status
from riis_physical.hiding.strength.least import Choice


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With host.png, and container.png that hides "room12"."""
    folder = tmp_path_factory.mktemp("face")
    Image.fromarray(data.coffee()).save(folder / "host.png", dpi=(150, 150))
    made = riis_physical.hide(folder / "host.png", "room12", folder / "container.png", strength=0.8)
    assert made.strength == 0.8 and made.choice is None
    return folder


def test_the_main_job_is_four_calls(folder: Path, tmp_path: Path) -> None:
    photo = riis_physical.simulate(folder / "container.png", tmp_path / "photo.jpg", seed=3)
    assert photo.corners.shape == (4, 2)
    width = riis_physical.print_sheet(folder / "container.png", tmp_path / "a.pdf", width_mm=80)
    assert width == pytest.approx(80)
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    with Image.open(tmp_path / "photo.jpg") as file:
        as_array = np.asarray(file)
    for seen in (tmp_path / "photo.jpg", as_array, Image.fromarray(as_array)):
        (found,) = riis_physical.scan(seen)
        assert found.status is Status.DECODED and found.text == "room12"
    with Image.open(folder / "container.png") as file:
        assert file.info["dpi"] == pytest.approx((150, 150), abs=0.1)


def test_the_strength_is_chosen_unless_it_is_given() -> None:
    made = riis_physical.hide(data.coffee()[:200, :300], "room12")
    assert isinstance(made.choice, Choice) and made.strength == made.choice.strength


def test_a_picture_without_a_code_is_an_answer(folder: Path) -> None:
    (found,) = riis_physical.scan(folder / "host.png")
    assert found.status is Status.NO_CONTAINER and found.text is None
    (found,) = riis_physical.scan(folder / "absent.jpg")
    assert found.status is Status.BAD_IMAGE


def test_errors_name_arguments_not_options(folder: Path, tmp_path: Path) -> None:
    (folder / "taken.jpg").touch()
    with pytest.raises(OutputError, match="is a JPEG"):
        riis_physical.simulate(folder / "host.png", tmp_path / "photo.png")
    for call in (
        lambda: riis_physical.hide(folder / "host.png", "x", folder / "container.png"),
        lambda: riis_physical.simulate(folder / "host.png", folder / "taken.jpg"),
        lambda: riis_physical.print_sheet(folder / "host.png", folder / "container.png"),
    ):
        with pytest.raises(OutputError, match="force=") as told:
            call()
        assert "--" not in str(told.value)
    with pytest.raises(BadImageError, match="a list: expected a path"):
        riis_physical.scan([1, 2])  # type: ignore[arg-type]
    with pytest.raises(BadImageError, match="float64"):
        riis_physical.simulate(np.zeros((80, 80, 3)))  # type: ignore[arg-type]
    with pytest.raises(RiisError, match="loses some of the picture"):
        riis_physical.hide(folder / "host.png", "x", tmp_path / "a.jpg")


def test_models_are_loaded_once() -> None:
    assert riis_physical.load_models() is riis_physical.load_models()
