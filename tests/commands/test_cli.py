"""All commands: models, help, and faults that are one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Run
from PIL import Image
from places import ROOT

from riis_physical.cli import cli
from riis_physical.commands import common
from riis_physical.model import engine, weights


def test_python_runs_the_package() -> None:
    asked = [sys.executable, "-m", "riis_physical", "--version"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("riis-physical, version ")


class TestModels:
    def test_no_shipped_weights_is_one_clear_line(
        self, run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "empty").mkdir()
        monkeypatch.setattr(weights, "FOLDER", tmp_path / "empty")
        for arguments in (
            ["hide", host, "-m", "m", "-o", tmp_path / "c.png"],
            ["demo", "-o", tmp_path / "demo"],
            ["scan", "--json", host],
        ):
            status, out, err = run(*arguments)
            assert (status, out, err.count("\n")) == (1, "", 1)
            assert "no model weights ship" in err
            assert not (tmp_path / "demo").exists()

    def test_unknown_and_corrupted_models(self, run: Run, host: Path, tmp_path: Path) -> None:
        status, _, err = run("scan", host, "--model", "nosuch")
        assert status == 1
        assert "no model 'nosuch'" in err
        (tmp_path / "bad.safetensors").write_bytes(b"x")
        record = {"format_version": 1, "name": "bad", "config": {}, "sha256": "0" * 64}
        (tmp_path / "bad.json").write_text(json.dumps(record))
        status, _, err = run("scan", host, "--model", tmp_path / "bad.safetensors")
        assert (status, err.count("\n")) == (1, 1)
        assert "is corrupted" in err


class TestReadQr:
    def test_reads_a_visible_code(self, run: Run, tmp_path: Path) -> None:
        import qrcode

        image = qrcode.make("visible ü").convert("RGB")
        image.save(tmp_path / "code.png")
        status, out, _ = run("read-qr", tmp_path / "code.png")
        assert (status, out) == (0, "visible ü\n")
        Image.new("RGB", (200, 200), "white").save(tmp_path / "none.png")
        status, out, err = run(
            "read-qr", "--json", tmp_path / "code.png", tmp_path / "none.png", tmp_path / "absent"
        )
        records = [json.loads(line) for line in out.splitlines()]
        assert (status, err) == (1, "")
        assert [record["text"] for record in records] == ["visible ü", None, None]
        assert "does not exist" in records[2]["detail"]
        assert run("read-qr", tmp_path / "none.png")[0] == 1


def test_strength_range_is_that_of_the_api() -> None:
    from riis_physical import hiding

    assert common.STRENGTHS == (hiding.MIN_STRENGTH, hiding.MAX_STRENGTH)
    assert common.ENGINES == engine.ENGINES


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_every_command_explains_itself(run: Run, command: str) -> None:
    status, out, _ = run(command, "--help")
    assert status == 0
    assert "Usage: riis-physical" in out


def test_version(run: Run) -> None:
    assert run("--version")[1].startswith("riis-physical, version 0.")


def test_memory_that_runs_out_is_one_line(
    run: Run, host: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(common, "load_revealer", fail)
    status, _, err = run("hide", host, "-m", "m", "-o", tmp_path / "c.png")
    assert (status, err.count("\n")) == (1, 1)
    assert "out of memory" in err
