"""`hide-image` and `reveal` as people type them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from command_line import Run
from picture_models import picture, saved
from PIL import Image

from riis_physical.images import load_photo


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, a host and two secrets."""
    folder = tmp_path_factory.mktemp("desk")
    saved(folder)
    for name, size, seed in (("host", (90, 120), 0), ("a", (60, 60), 1), ("b", (90, 120), 2)):
        Image.fromarray(picture(*size, seed)).save(folder / f"{name}.png")
    return folder


def size_of(file: Path) -> tuple[int, ...]:
    return load_photo(file).pixels.shape[:2]


def test_hide_reveal_and_look(run: Run, desk: Path, tmp_path: Path) -> None:
    container, model = tmp_path / "c.png", desk / "tiny.safetensors"
    given = ["--model", model, "--device", "cpu"]
    words = ["hide-image", desk / "host.png", "--secret", desk / "a.png", "-o", container]
    status, out, err = run(*words, *given)
    assert status == 0, err
    assert "PSNR" in out and "comes back at" in out
    assert size_of(container) == (90, 120) and size_of(tmp_path / "c-sheet.png")[1] > 1000
    assert run(*words, *given)[0] == 1  # the container is there already

    words = ["reveal", container, "-o", tmp_path / "out", "--level", "none", "--tamper"]
    words += ["--host", desk / "host.png", "--secret", desk / "a.png"]
    status, out, err = run(*words, *given)
    assert status == 0, err
    assert "dB from what was hidden" in out and "suspect" in out
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {"secret-1.png", "host.png", "tamper.png", "sheet.png"}
    status, _, err = run(*words, *given)
    assert status == 1 and "--force" in err
    assert run(*words, *given, "--force")[0] == 0


def test_a_jpeg_container_tells_its_quality(run: Run, desk: Path, tmp_path: Path) -> None:
    received = tmp_path / "received.jpg"
    Image.fromarray(picture(90, 120)).save(received, quality=5)
    words = ["reveal", received, "-o", tmp_path / "out", "--model", desk / "tiny.safetensors"]
    status, out, err = run(*words)
    assert status == 0, err
    assert "jpeg=5 (estimated)" in out


def test_a_photo_is_straightened(run: Run, desk: Path, tmp_path: Path) -> None:
    wall = np.full((300, 400, 3), 200, np.uint8)
    wall[100:190, 150:270] = picture(90, 120)
    photo = tmp_path / "photo.png"
    Image.fromarray(wall).save(photo)
    corners = "149.5,99.5,269.5,99.5,269.5,189.5,149.5,189.5"
    status, _, err = run(
        *["reveal", photo, "-o", tmp_path / "out", "--model", desk / "tiny.safetensors"],
        *["--corners", corners, "--size", "120x90"],
    )
    assert status == 0, err
    assert "straightened to 120 x 90 px (found by given)" in err
    assert size_of(tmp_path / "out" / "secret-1.png") == (90, 120)


def test_a_photo_without_a_picture_says_so(run: Run, desk: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((200, 300, 3), 128, np.uint8)).save(blank)
    model = desk / "tiny.safetensors"
    status, _, err = run("reveal", blank, "-o", tmp_path / "out", "--photo", "--model", model)
    assert status == 1 and "give its --corners" in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--secret", "a.png", "--secret", "b.png"], "hides one picture in a container"),
        ([], "hides one picture in a container"),
        (["--secret", "a.png", "--model", "print-2"], "hides messages, not pictures"),
        (["--secret", "a.png", "--model", "nosuch"], "no model"),
        (["--secret", "a.png", "-o", "c.bmp"], "suffix"),
        (["--secret", "missing.png"], "missing.png"),
    ],
)
def test_what_cannot_be_hidden(
    run: Run, desk: Path, tmp_path: Path, words: list[str], said: str
) -> None:
    given = [desk / word if word.endswith(".png") else word for word in words]
    start = ["hide-image", desk / "host.png", "--model", desk / "tiny.safetensors"]
    status, _, err = run(*start, "-o", tmp_path / "c.png", *given)
    assert status == 1 and said in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_of_reveal(run: Run, desk: Path, tmp_path: Path) -> None:
    start = ["reveal", desk / "host.png", "-o", tmp_path / "out"]
    for words, status, said in (
        (["--size", "100x100"], 2, "--size belongs to a photo"),
        (["--tamper"], 2, "give it with --secret"),
        (["--level", "noise=3"], 1, "unknown distortion"),
    ):
        answer = run(*start, *words)
        assert answer[0] == status and said in answer[2]
