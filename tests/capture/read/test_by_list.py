"""Containers too faint to show, read by a list of all messages."""

from __future__ import annotations

import numpy as np
import pytest
from fakes import FakeRevealer
from skimage import data

from capture.many.fuse import Contribution, Fusion
from capture.read.place.effort import MODULES, Effort, Hope
from capture.scan import find_containers, scan_photo
from riis_physical.artifacts import Condition, FloatArray, Status, UInt8Image
from riis_physical.hiding import Aim, add_residual, hide, to_frame
from riis_physical.hiding.strength.need import needed_information
from riis_physical.known_messages import known
from riis_physical.qr.code.encode import encode
from riis_physical.qr.code.fold import fold_case
from riis_physical.qr.soft.knowledge import NOTHING
from riis_physical.qr.soft.likelihood import log_likelihoods
from riis_physical.qr.soft.presence import presence_score
from riis_physical.qr.soft.reading import read_revealed


class Revealer(FakeRevealer):
    """With an estimate of the condition, as scanning asks for one."""

    def estimate(self, frame: FloatArray, jpeg_quality: float | None, scale_px: float) -> Condition:
        return Condition(0.5, 0.01, 95.0 if jpeg_quality is None else jpeg_quality, scale_px)


RNG = np.random.default_rng(0)
MESSAGES = [f"https://museum.example/{n:03}/{RNG.integers(1 << 36):09x}" for n in range(120)]
MESSAGE = MESSAGES[17]
KNOWN = known(among=MESSAGES)


def faint(seed: int, amplitude: float = 1.8 / 255, noise: float = 30.0) -> UInt8Image:
    """A photo of a print with a white margin, the code far below the noise of its pixels."""
    revealer = FakeRevealer(amplitude)
    code = encode(MESSAGE)
    host = np.full((488, 488, 3), 128, np.uint8)
    frame = to_frame(host, code.size * revealer.module_px)
    container = add_residual(host, revealer.embed(frame, code.modules))
    page = np.full((620, 700, 3), 235, np.uint8)
    page[60:548, 90:578] = container
    rng = np.random.default_rng(seed)
    noisy = page + noise * rng.normal(size=(*page.shape[:2], 1))
    photo: UInt8Image = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    return photo


CORNERS = np.array([[90, 60], [577, 60], [577, 547], [90, 547]], np.float32)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_faint_code_is_read_by_the_list_alone(mirrored: bool) -> None:
    photo = faint(1)
    corners = CORNERS
    if mirrored:
        photo = np.ascontiguousarray(photo[:, ::-1])
        corners = CORNERS[[1, 0, 3, 2]]
        corners = corners * [-1, 1] + [photo.shape[1] - 1, 0]
    revealers = [Revealer()]
    (without,) = scan_photo(photo, revealers, corners=corners)
    assert without.status is not Status.DECODED
    (found,) = scan_photo(photo, revealers, corners=corners, knowledge=KNOWN)
    assert found.status is Status.DECODED
    assert (found.text, found.by, found.mirrored) == (MESSAGE, "list", mirrored)
    assert found.evidence_bits is not None and found.evidence_bits >= 34


def test_a_list_without_the_message_says_nothing() -> None:
    others = known(among=[message for message in MESSAGES if message != MESSAGE])
    photo = faint(1, amplitude=1.2 / 255)  # too faint to be read without a list
    results = scan_photo(photo, [Revealer()], corners=CORNERS, knowledge=others)
    assert all(result.payload is None for result in results)
    (found,) = scan_photo(photo, [Revealer()], corners=CORNERS, knowledge=KNOWN)
    assert found.text == MESSAGE


def test_a_list_is_sought_within_the_budget_of_a_photo() -> None:
    room = faint(2, amplitude=0.0)
    work = {
        effort: sum(
            find_containers(room, [Revealer(0.0)], knowledge=KNOWN, effort=effort).work.values()
        )
        for effort in (Effort.QUICK, Effort.NORMAL)
    }
    # A step that has begun is ended: three ways up of one place.
    for effort, modules in work.items():
        assert 0 < modules < MODULES[effort][Hope.LIST] + 6_000
    assert work[Effort.QUICK] < work[Effort.NORMAL]


def test_photos_too_faint_for_the_list_add_up() -> None:
    code = encode(MESSAGE)
    fusion = Fusion(knowledge=KNOWN)
    rng = np.random.default_rng(6)
    used = 0
    while not fusion.is_read and used < 12:
        grid = np.where(code.modules, 1.0, -1.0) + 5 * rng.normal(size=code.modules.shape)
        assert read_revealed(grid, None, code.version, KNOWN) is None  # 42 % of it is wrong
        values = log_likelihoods(grid, code.version)
        presence = presence_score(grid, code.version)
        fusion.add([Contribution(used, 0, code.version, presence, values)])
        used += 1
    assert [t.reading.payload.decode() for t in fusion.tracks if t.reading] == [MESSAGE]
    assert 2 <= used <= 10


def test_what_readers_know_lowers_what_must_be_seen() -> None:
    code = encode(MESSAGE)
    nothing = needed_information(code, NOTHING)
    begun = needed_information(code, known(["https://museum.example/"]))
    listed = needed_information(code, KNOWN)
    assert listed < begun < nothing <= 0.515
    assert needed_information(encode(bytes(range(128, 168))), NOTHING) == pytest.approx(0.515)
    assert needed_information(code, known(among=MESSAGES[:5])) == nothing  # it is not in there


def test_hiding_for_readers_with_a_list_takes_less_strength() -> None:
    host = np.ascontiguousarray(data.astronaut()[:400, :400])
    revealer = FakeRevealer(12 / 255)
    aim = Aim(draws=8)
    plain = hide(host, MESSAGE, revealer=revealer, strength=aim)  # type: ignore[arg-type]
    listed = hide(host, MESSAGE, revealer=revealer, strength=aim, knowledge=KNOWN)  # type: ignore[arg-type]
    assert listed.strength <= plain.strength
    assert listed.needs_knowledge and not plain.needs_knowledge


def test_hosts_and_schemes_are_folded_where_that_saves_a_version() -> None:
    address = "https://a-long-host-name.example.org/"
    folded = fold_case(address)
    assert folded == address.upper()
    assert encode(folded).version < encode(address).version
    for message in ("no address", "mailto:a@example.org", "https://u:p@host/x"):
        assert fold_case(message) == message
