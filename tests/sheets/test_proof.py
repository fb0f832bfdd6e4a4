"""Soft proof: a printer's colours, and whether the message outlives them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from riis_physical.cli import cli
from riis_physical.hiding import Aim, hide
from riis_physical.hiding.strength.draws import Scene
from riis_physical.model.revealer import Revealer
from riis_physical.qr.code.encode import encode
from riis_physical.sheets.profiles import load_profile, proof_of
from riis_physical.sheets.proof import soft_proof

WHITE_D50 = np.array([0.9642, 1.0, 0.8249])
SRGB_D50 = np.array([[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7141]])


def matrix_profile(path: Path, greyness: float, levels: int = 256) -> Path:
    """An ICC v2 printer profile whose primaries lie nearer to white, with so many levels."""
    colorants = (1 - greyness) * SRGB_D50 + greyness * WHITE_D50 / 3
    steps = np.floor(np.linspace(0, 1, 256) * (levels - 1) + 0.5) / (levels - 1)
    curve = struct.pack(">4sII", b"curv", 0, 256)
    curve += (steps**2.2 * 65535).round().astype(">u2").tobytes()

    def xyz(values: NDArray[np.float64]) -> bytes:
        return struct.pack(">4sI3i", b"XYZ ", 0, *(round(v * 65536) for v in values))

    name = f"test {greyness:g}".encode() + b"\0"
    desc = struct.pack(">4sII", b"desc", 0, len(name)) + name + bytes(78)
    text = struct.pack(">4sI", b"text", 0) + b"none\0"
    tags = {b"desc": desc, b"cprt": text, b"wtpt": xyz(WHITE_D50)}
    tags |= {key: xyz(c) for key, c in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for key, content in tags.items():
        table += struct.pack(">4sII", key, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = start + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02400000, b"prtr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    head += struct.pack(">3i", *(round(v * 65536) for v in WHITE_D50))
    path.write_bytes(head.ljust(128, b"\0") + table + body)
    return path


@pytest.fixture(scope="module")
def revealer() -> Revealer:
    return Revealer.load()


@pytest.fixture(scope="module")
def container(revealer: Revealer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("proof") / "container.png"
    hidden = hide(data.astronaut(), "https://example.org/proof", revealer=revealer)
    Image.fromarray(hidden.container).save(path)
    return path


def test_a_mild_profile_leaves_the_message(
    container: Path, revealer: Revealer, tmp_path: Path
) -> None:
    printer = load_profile(matrix_profile(tmp_path / "mild.icc", 0.3))
    with Image.open(container) as opened:
        pixels = np.array(opened)
    found = soft_proof(pixels, None, printer, revealer)
    assert found.is_container and found.reads and found.survives
    assert 0.02 < found.changed_share < 0.9  # strong colours of the flight suit and the flag
    assert found.p95_de > found.mean_de > 0
    same = soft_proof(pixels, None, load_profile(matrix_profile(tmp_path / "own.icc", 0)), revealer)
    assert same.mean_de < 0.5
    assert same.printed == same.plain


def test_a_harsh_profile_is_warned_about(container: Path, tmp_path: Path) -> None:
    harsh = matrix_profile(tmp_path / "harsh.icc", 0.95, levels=4)
    sheet, image = tmp_path / "sheet.pdf", tmp_path / "proof.png"
    done = CliRunner().invoke(
        cli,
        ["print", str(container), "-o", str(sheet), "--proof", str(harsh),
         "--proof-image", str(image)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "takes too much of the hidden message" in done.output
    assert sheet.is_file()
    with Image.open(image) as shown:
        assert shown.size == (3 * 512, 512)
    again = CliRunner().invoke(
        cli,
        ["print", str(container), "-o", str(tmp_path / "b.pdf"), "--proof", str(harsh),
         "--proof-image", str(image)],
    )  # fmt: skip
    assert again.exit_code != 0
    assert not (tmp_path / "b.pdf").exists()


def test_a_picture_without_a_message_is_noted(tmp_path: Path) -> None:
    picture = tmp_path / "plain.png"
    Image.fromarray(data.astronaut()).save(picture)
    mild = matrix_profile(tmp_path / "mild.icc", 0.3)
    done = CliRunner().invoke(
        cli, ["print", str(picture), "-o", str(tmp_path / "s.pdf"), "--proof", str(mild)]
    )
    assert done.exit_code == 0, done.output
    assert "no message reads from the picture itself" in done.output
    assert "warning: plain.png: test" not in done.output


def test_no_profile_is_refused_before_anything_is_written(container: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.icc"
    wrong.write_text("no profile")
    done = CliRunner().invoke(
        cli, ["print", str(container), "-o", str(tmp_path / "s.pdf"), "--proof", str(wrong)]
    )
    assert done.exit_code != 0
    assert not (tmp_path / "s.pdf").exists()


def test_hiding_looks_through_a_printers_colours(revealer: Revealer, tmp_path: Path) -> None:
    host = data.coffee()
    printer = load_profile(matrix_profile(tmp_path / "grey.icc", 0.6))
    plain = Scene(host, encode("room12"), revealer)
    scene = Scene(host, encode("room12"), revealer, proof=proof_of(printer, None))
    residual = revealer.embed(plain.frame, plain.code.modules)
    params = Aim(draws=8).params(plain)
    seen, printed = (one.look(residual, params).information.mean() for one in (plain, scene))
    assert printed < seen - 0.02
    # What is stored is not what is printed, and gradients pass through the print.
    value = scene.tensor(residual).requires_grad_(True)
    container = scene.container(value)
    assert torch.equal(container, plain.container(value))
    scene.printed(container).sum().backward()
    assert value.grad is not None and bool(value.grad.abs().sum() > 0)


def test_hide_takes_a_printers_profile(tmp_path: Path) -> None:
    host = tmp_path / "host.png"
    Image.fromarray(data.coffee()).save(host)
    common = ["hide", str(host), "-m", "room12", "-o", str(tmp_path / "out.png")]
    bad = CliRunner().invoke(cli, [*common, "--icc", str(host)])
    assert bad.exit_code == 1 and "is no ICC profile" in str(bad.exception)
    both = CliRunner().invoke(cli, [*common, "--icc", str(host), "--strength", "1"])
    assert both.exit_code == 2 and "leave --strength away" in both.output
