"""`hide`: what it prints, what it writes, and its exit status."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from command_line import Run
from PIL import Image

from riis_physical.hiding import visible
from riis_physical.images import load_host


@pytest.mark.usefixtures("fake_model")
class TestHide:
    def test_writes_the_container_and_says_what_it_did(
        self, run: Run, host: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "container.png"
        status, out, err = run("hide", host, "-m", "Grüße 🌍", "-o", output, "--strength", "1")
        assert status == 0, err
        for expected in ("version 2-H", "PSNR", "SSIM", "self-check", "267 px width"):
            assert expected in out
        container = load_host(output)
        assert container.pixels.shape == (300, 400, 3)
        assert container.dpi == pytest.approx((300, 300), abs=0.1)
        with Image.open(output) as image:
            assert not image.getexif().get_ifd(0x8825)

    def test_never_overwrites_without_force(self, run: Run, host: Path, tmp_path: Path) -> None:
        output = tmp_path / "container.png"
        output.write_text("precious")
        status, _, err = run("hide", host, "-m", "m", "-o", output)
        assert (status, output.read_text()) == (1, "precious")
        assert err.count("\n") == 1
        assert "--force" in err
        assert run("hide", host, "-m", "m", "-o", output, "--force")[0] == 0

    def test_raw_bytes_come_from_a_file(self, run: Run, host: Path, tmp_path: Path) -> None:
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
        status, out, _ = run(
            "hide", host, "--message-file", tmp_path / "bytes", "-o", tmp_path / "c.png"
        )
        assert status == 0
        assert "3 bytes" in out

    def test_notes_tell_of_conversions(self, run: Run, tmp_path: Path) -> None:
        Image.new("RGBA", (300, 300), (120, 130, 140, 128)).save(tmp_path / "clear.png")
        status, _, err = run("hide", tmp_path / "clear.png", "-m", "m", "-o", tmp_path / "c.jpg")
        assert status == 0
        assert "note: transparency laid on white" in err
        assert "warning: JPEG loses" in err

    def test_transparency_lies_on_the_colour_that_was_asked_for(
        self, run: Run, tmp_path: Path
    ) -> None:
        logo = np.zeros((300, 300, 4), np.uint8)
        cv2.circle(logo, (150, 150), 90, (255, 255, 255, 255), -1)
        Image.fromarray(logo).save(tmp_path / "logo.png")
        hidden = ("hide", tmp_path / "logo.png", "-m", "m", "--strength", "1", "-o")
        status, _, err = run(*hidden, tmp_path / "c.png")
        assert (status, "--background" in err) == (1, True)
        status, _, err = run(*hidden, tmp_path / "c.png", "--background", "#804020")
        assert (status, "laid on #804020" in err) == (0, True), err
        assert run(*hidden, tmp_path / "d.png", "--background", "blurple")[0] == 2

    def test_a_host_that_carries_a_message_needs_force(
        self, run: Run, host: Path, tmp_path: Path
    ) -> None:
        hidden = ("-m", "m", "--strength", "1", "-o")
        assert run("hide", host, *hidden, tmp_path / "c.png")[0] == 0
        status, _, err = run("hide", tmp_path / "c.png", *hidden, tmp_path / "d.png")
        assert (status, "carries the message 'm' already" in err) == (1, True)
        assert run("hide", tmp_path / "c.png", *hidden, tmp_path / "d.png", "--force")[0] == 0

    def test_a_jpeg_is_checked_as_it_comes_out_of_its_file(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        output = tmp_path / "c.jpg"
        status, out, err = run("hide", host, "-m", "m", "-o", output)
        assert (status, "from the written file" in out) == (0, True), err
        before = output.read_bytes()
        monkeypatch.setattr("riis_physical.images.save.JPEG_SAVE_QUALITY", 1)
        status, out, err = run("hide", host, "-m", "m", "-o", output, "--force")
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert "as .jpg the container does not read back" in err
        assert "save as PNG" in err
        assert output.read_bytes() == before
        assert sorted(file.name for file in tmp_path.iterdir()) == ["c.jpg", "host.png"]

    @pytest.mark.parametrize(
        ("arguments", "status", "expected"),
        [
            (["-m", ""], 1, "the message is empty"),
            (["-m", "x" * 4000], 1, "4000 bytes"),
            (["--message-file", "absent"], 1, "cannot read absent"),
            (["-m", "m", "--message-file", "x"], 2, "either -m or --message-file"),
            ([], 2, "either -m or --message-file"),
            (["-m", "m", "--strength", "9"], 2, "0.25<=x<=3"),
            (["-m", "m", "--nonsense"], 2, "No such option"),
        ],
    )
    def test_bad_arguments(
        self, run: Run, host: Path, tmp_path: Path, arguments: list[str], status: int, expected: str
    ) -> None:
        found, out, err = run("hide", host, "-o", tmp_path / "c.png", *arguments)
        assert (found, out) == (status, "")
        assert expected in err
        assert not (tmp_path / "c.png").exists()

    @pytest.mark.parametrize(
        ("output", "expected"), [("no/c.png", "does not exist"), ("c.doc", "its suffix")]
    )
    def test_bad_outputs(
        self, run: Run, host: Path, tmp_path: Path, output: str, expected: str
    ) -> None:
        status, _, err = run("hide", host, "-m", "m", "-o", tmp_path / output)
        assert status == 1
        assert err.startswith("Error: ")
        assert expected in err
        assert err.count("\n") == 1

    def test_bad_hosts(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "text.png").write_text("text")
        for name in ("absent.png", "text.png"):
            status, _, err = run("hide", tmp_path / name, "-m", "m", "-o", tmp_path / "c.png")
            assert (status, err.count("\n")) == (1, 1)
            assert name in err


@pytest.mark.usefixtures("fake_model")
class TestHideChooses:
    def test_what_was_chosen_and_why_is_told(self, run: Run, host: Path, tmp_path: Path) -> None:
        status, out, err = run("hide", host, "-m", "m", "-o", tmp_path / "c.png")
        assert status == 0, err
        assert "the least for 97% of captures by preset normal" in out
        assert "predicted" in out
        assert "as visible as JPEG at quality" in out or "visible than JPEG at quality" in out

    def test_several_hosts_go_into_a_folder(self, run: Run, host: Path, tmp_path: Path) -> None:
        other = tmp_path / "other.png"
        other.write_bytes(host.read_bytes())
        hidden = ("-m", "m", "--strength", "1", "-o")
        status, out, err = run("hide", host, other, *hidden, tmp_path / "out")
        assert status == 0, err
        for name in ("host", "other"):
            assert (tmp_path / "out" / f"{name}-container.png").is_file()
        status, _, err = run("hide", host, other, *hidden, tmp_path / "c.png")
        assert (status, "need a folder" in err) == (2, True)

    def test_defaults_are_those_of_the_api(self) -> None:
        from riis_physical.commands.hiding import hide as command
        from riis_physical.hiding import Aim, Refinement

        assert Aim().rate == command.DEFAULT_RATE
        assert Refinement().seconds == command.DEFAULT_SECONDS

    @pytest.mark.parametrize(("quality", "warned"), [(40, True), (50, False)])
    def test_a_change_that_is_plain_to_see_is_warned_of(
        self,
        run: Run,
        host: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        quality: int,
        warned: bool,
    ) -> None:
        monkeypatch.setattr(visible, "how_visible", lambda *_: visible.Seen("m", 1.0, quality))
        status, _, err = run("hide", host, "-m", "m", "-o", tmp_path / "c.png", "--strength", "1")
        assert (status, "plain to see" in err) == (0, warned)
