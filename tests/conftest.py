"""The command line, without weights, for tests of commands."""

import signal
from pathlib import Path
from signal import SIGTERM

import cv2
import numpy as np
import pytest
from command_line import Run
from fakes import FakeRevealer
from PIL import Image

from riis_physical.cli import main
from riis_physical.commands import common
from riis_physical.model import engine


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line; returns exit status, standard output and error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        before = signal.getsignal(SIGTERM)
        try:
            with pytest.raises(SystemExit) as stop:
                main([str(argument) for argument in arguments])
        finally:
            signal.signal(SIGTERM, before)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return int(stop.value.code or 0), out, err

    return call


@pytest.fixture
def fake_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """A revealer without weights in place of the shipped ones."""
    revealer = FakeRevealer(12 / 255, {"min_px_per_module": 8})
    monkeypatch.setattr(common, "load_revealers", lambda model, device: [revealer])
    monkeypatch.setattr(common, "load_revealer", lambda model, device: revealer)
    monkeypatch.setattr(engine, "load_readers", lambda *_: [revealer])


@pytest.fixture
def host(tmp_path: Path) -> Path:
    coarse = np.random.default_rng(0).integers(60, 200, (9, 9, 3), dtype=np.uint8)
    pixels = np.asarray(cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC), np.uint8)
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    Image.fromarray(pixels).save(tmp_path / "host.png", dpi=(300, 300), exif=exif)
    return tmp_path / "host.png"
