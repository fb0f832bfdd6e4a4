"""Adding up the evidence of several photos, on grids drawn with known errors."""

from __future__ import annotations

import numpy as np
import pytest

from capture.many.fuse import MOST_PARTS, Contribution, Fusion, confirms, same_message
from riis_physical.qr.code.encode import QrCode, encode
from riis_physical.qr.soft.likelihood import log_likelihoods
from riis_physical.qr.soft.presence import presence_score
from riis_physical.qr.soft.reading import read_revealed

MESSAGE = "Meet me at the old harbour at nine"
OTHER = "Meet me at the old harbour at five"
NOISE = 1.7  # one photo does not read, a few together do


def soft(code: QrCode, noise: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    signs = np.where(code.modules, 1.0, -1.0)
    return (signs + noise * rng.normal(size=signs.shape)).astype(np.float32)


def photo(
    number: int, code: QrCode, noise: float = NOISE, *, place: int = 0, alone: bool = False
) -> Contribution:
    grid = soft(code, noise, 100 * number + place)
    return Contribution(
        photo=number,
        place=place,
        version=code.version,
        presence=presence_score(grid, code.version),
        values=log_likelihoods(grid, code.version),
        reading=read_revealed(grid, None, code.version) if alone else None,
        evident=True,
    )


def texts(fusion: Fusion) -> list[str | None]:
    return [t.reading.payload.decode() if t.reading else None for t in fusion.tracks]


def test_photos_that_do_not_read_read_together() -> None:
    code = encode(MESSAGE)
    fusion = Fusion()
    used = 0
    while not fusion.is_read and used < 8:
        part = photo(used, code)
        assert read_revealed(part.values, None, code.version) is None
        fusion.add([part])
        used += 1
    assert texts(fusion) == [MESSAGE]
    assert 2 <= used <= 5
    assert len(fusion.tracks[0].parts) == used and fusion.attempts == used - 1


def test_a_hopeless_photo_does_not_spoil_the_sum() -> None:
    code = encode(MESSAGE)
    rng = np.random.default_rng(4)
    noise = rng.normal(size=code.modules.shape).astype(np.float32)
    junk = Contribution(9, 0, code.version, 0.35, log_likelihoods(noise, code.version))
    with_junk, without = Fusion(), Fusion()
    with_junk.add([junk])
    for number in range(5):
        for fusion in (with_junk, without):
            fusion.add([photo(number, code)])
    assert MESSAGE in texts(with_junk) and texts(without) == [MESSAGE]


def test_a_photo_without_a_container_contributes_nothing() -> None:
    fusion = Fusion()
    fusion.add([])
    weak = photo(0, encode(MESSAGE))
    fusion.add([Contribution(0, 0, weak.version, 0.1, weak.values)])
    assert fusion.tracks == [] and not fusion.is_read


def test_different_messages_stay_apart() -> None:
    one, other = encode(MESSAGE), encode(OTHER)
    assert one.version == other.version
    fusion = Fusion()
    for number in range(6):
        fusion.add([photo(number, one if number % 2 else other, 1.0)])
    assert set(texts(fusion)) == {MESSAGE, OTHER}
    assert [{p.photo % 2 for p in t.parts} for t in fusion.tracks] == [{0}, {1}]


def test_two_containers_in_one_photo_are_two_tracks() -> None:
    codes = encode(MESSAGE), encode("another message of such a length")
    fusion = Fusion()
    for number in range(6):
        fusion.add([photo(number, code, place=place) for place, code in enumerate(codes)])
    assert sorted(t or "" for t in texts(fusion)) == sorted(
        [MESSAGE, "another message of such a length"]
    )
    assert all(len(track.parts) == 6 for track in fusion.tracks)


def test_a_photo_that_reads_alone_is_enough_and_others_join_it() -> None:
    code = encode(MESSAGE)
    fusion = Fusion()
    fusion.add([photo(0, code)])
    assert not fusion.is_read
    fusion.add([photo(1, code, 0.3, alone=True)])
    assert fusion.is_read and texts(fusion) == [MESSAGE]
    fusion.add([photo(2, code)])
    assert len(fusion.tracks) == 1 and len(fusion.tracks[0].parts) == 3


def test_scanning_goes_on_while_a_container_that_was_seen_is_unread() -> None:
    fusion = Fusion()
    fusion.add([
        photo(0, encode(MESSAGE), 0.3, alone=True),
        photo(0, encode("another message of such a length"), place=1),
    ])  # fmt: skip
    assert texts(fusion) == [MESSAGE, None] and not fusion.is_read


def test_another_message_joined_by_mistake_is_put_aside() -> None:
    code, other = encode(MESSAGE), encode(OTHER)
    fusion = Fusion()
    # So noisy that it agrees with everything at first.
    fusion.add([photo(0, other, 1.9)])
    for number in range(1, 7):
        fusion.add([photo(number, code, 0.9)])
    assert texts(fusion)[0] in (MESSAGE, None) and MESSAGE in texts(fusion)
    assert OTHER not in texts(fusion)


def test_same_message_tells_grids_apart() -> None:
    one, other = encode(MESSAGE), encode(OTHER)
    grids = [log_likelihoods(soft(code, 1.0, k), code.version) for k, code in
             enumerate((one, one, other))]  # fmt: skip
    assert same_message(grids[0], grids[1], one.version) > 10
    assert same_message(grids[0], grids[2], one.version) < -3
    silent = np.zeros_like(grids[0])
    assert same_message(grids[0], silent, one.version) == pytest.approx(0)


def test_only_the_message_itself_confirms() -> None:
    one, other = encode(MESSAGE), encode(OTHER)
    reading = read_revealed(soft(one, 0.2, 0), None, one.version)
    assert reading is not None
    for seed in range(20):
        assert confirms(log_likelihoods(soft(one, NOISE, seed), one.version), reading.grid)
        assert not confirms(log_likelihoods(soft(other, NOISE, seed), one.version), reading.grid)


def test_noise_gives_no_message() -> None:
    rng = np.random.default_rng(1)
    fusion = Fusion()
    for number in range(8):
        grid = log_likelihoods(rng.normal(size=(37, 37)).astype(np.float32), 5)
        fusion.add([Contribution(number, 0, 5, 0.4, grid)])
    assert not any(texts(fusion)) and fusion.attempts <= 8


def test_live_pictures_forget_what_is_gone_and_stay_small() -> None:
    """A container that passed by unread must not keep a camera from ending."""
    code, passing = encode(MESSAGE), encode(OTHER)
    live, patient = Fusion(memory=5), Fusion()
    for fusion in (live, patient):
        fusion.add([photo(0, passing)])
        for number in range(1, 9):
            fusion.add([photo(number, code)])
            fusion.forget(number)
    assert live.is_read and texts(live) == [MESSAGE]
    assert not patient.is_read and len(patient.tracks) == 2


def test_a_long_live_track_keeps_its_best_photos() -> None:
    code = encode(MESSAGE)
    fusion = Fusion(memory=5)
    for number in range(MOST_PARTS + 10):
        fusion.add([photo(number, code, noise=0.9 if number % 2 else 2.0)])
        fusion.forget(number)
    (track,) = fusion.tracks
    assert len(track.parts) == MOST_PARTS and track.reading is not None
    assert track.parts[-1].photo == MOST_PARTS + 9
    assert sum(part.photo % 2 for part in track.parts) >= MOST_PARTS // 2
