"""`simulate`: what it writes, and what it refuses."""

import json
import signal
from pathlib import Path
from signal import SIGTERM

import numpy as np
import pytest
from command_line import Run
from PIL import Image

from riis_physical.commands import common
from riis_physical.errors import OutputError
from riis_physical.system import files


class TestSimulate:
    def test_photo_and_truth(self, run: Run, host: Path, tmp_path: Path) -> None:
        photo, truth = tmp_path / "photo.jpg", tmp_path / "truth.json"
        arguments = ["simulate", host, "--preset", "easy", "--size", "800x600", "--seed", "3"]
        status, _, err = run(*arguments, "-o", photo, "--truth", truth, "--margin", "0")
        assert status == 0, err
        with Image.open(photo) as image:
            assert (image.format, image.size) == ("JPEG", (800, 600))
        record = json.loads(truth.read_text())
        assert set(record) == {"size", "corners", "preset", "seed", "params"}
        assert (record["size"], record["preset"], record["seed"]) == ([600, 800], "easy", 3)
        corners = np.array(record["corners"])
        assert corners.shape == (4, 2)
        assert (corners >= -0.5).all()
        assert (corners <= [799.5, 599.5]).all()
        first = photo.read_bytes()
        assert run(*arguments, "-o", photo, "--margin", "0")[0] == 1
        assert run(*arguments, "-o", photo, "--margin", "0", "--force")[0] == 0
        assert photo.read_bytes() == first

    def test_screen_in_front_of_a_background(self, run: Run, host: Path, tmp_path: Path) -> None:
        photo = tmp_path / "photo.jpg"
        status, _, err = run(
            "simulate", host, "-o", photo, "--medium", "screen", "--background", host,
            "--size", "640x480",
        )  # fmt: skip
        assert status == 0, err
        assert photo.exists()

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--preset", "extreme"],
            ["--size", "big"],
            ["--size", "63x1200"],
            ["--size", "12001x1200"],
            ["--margin", "-1"],
            ["--seed", "-1"],
            ["--medium", "wall"],
            ["-o", "photo.png"],
        ],
    )
    def test_wrong_usage(self, run: Run, host: Path, tmp_path: Path, arguments: list[str]) -> None:
        status, out, _ = run("simulate", host, "-o", tmp_path / "photo.jpg", *arguments)
        assert (status, out) == (2, "")

    def test_truth_does_not_replace_the_photo(self, run: Run, host: Path, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        photo, same = tmp_path / "p.jpg", tmp_path / "sub" / ".." / "p.jpg"
        status, out, err = run("simulate", host, "-o", photo, "--truth", same, "--force")
        assert (status, out) == (2, "")
        assert "names the photo itself" in err
        assert not photo.exists()

    def test_no_photo_stays_without_its_truth(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise OutputError("cannot write truth.json: no space left")

        monkeypatch.setattr(files, "write_text", fail)
        photo, truth = tmp_path / "p.jpg", tmp_path / "truth.json"
        size = ["--size", "320x240"]
        assert run("simulate", host, "-o", photo, "--truth", truth, *size)[0] == 1
        assert [file.name for file in tmp_path.iterdir()] == ["host.png"]

    def test_a_stopped_command_leaves_nothing(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(files, "write_text", lambda *_, **__: signal.raise_signal(SIGTERM))
        photo, truth = tmp_path / "p.jpg", tmp_path / "truth.json"
        status, _, _ = run("simulate", host, "-o", photo, "--truth", truth, "--size", "320x240")
        assert status == 143
        assert [file.name for file in tmp_path.iterdir()] == ["host.png"]

    def test_sizes_are_those_of_the_channel(self) -> None:
        from riis_physical.channel import photo

        assert (common.MIN_SIDE, common.MAX_SIDE) == (photo.MIN_SIDE, photo.MAX_SIDE)

    def test_presets_are_those_of_the_channel(self) -> None:
        from riis_physical.channel.ranges import PRESETS

        assert tuple(PRESETS) == common.PRESETS
