"""Reading with what is known: text, beginnings, lists; and messages in a mix of modes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

from riis_physical.errors import ConfigError, MessageError
from riis_physical.known_messages import known, load_knowledge
from riis_physical.qr.code import payload as codec
from riis_physical.qr.code import segments
from riis_physical.qr.code.encode import QrCode, encode, encode_as
from riis_physical.qr.code.structure import LEVELS
from riis_physical.qr.prior import message_prior, text_model
from riis_physical.qr.prior.message_prior import DataBits
from riis_physical.qr.soft import decode as soft
from riis_physical.qr.soft.listed import MessageList
from training.measure.common.messages import draw

ADDRESS = "https://kunstwandeling.org/zaal/44/oost"  # 39 bytes, version 5


def noisy(code: QrCode, error_rate: float, rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=code.modules.shape) / -norm.ppf(error_rate)
    return np.asarray(np.where(code.modules, 1.0, -1.0) + noise)


def reads(message: str, error_rate: float, tries: int = 10, **options: object) -> int:
    rng = np.random.default_rng(5)
    code = encode(message)
    count = 0
    for _ in range(tries):
        found = soft.read_grid(noisy(code, error_rate, rng), code.version, **options)  # type: ignore[arg-type]
        assert found is None or found.payload == message.encode()
        count += found is not None
    return count


@pytest.mark.parametrize(
    "message",
    ["0123456789012", "HTTPS://EXAMPLE.ORG/A1", "https://example.org/item/00817263549",
     "Grüße 1234567", "a", "7", "AB"],
)  # fmt: skip
def test_every_mix_of_modes_comes_back_exactly(message: str) -> None:
    payload = message.encode()
    for version in (1, 2, 3, 9, 10):
        for level in LEVELS:
            if not codec.fits(payload, version, level):
                continue
            data = codec.build(payload, version, level)
            assert codec.parse(data, version, level) == payload
            shortest = segments.shortest(payload, version)
            assert b"".join(segment.content for segment in shortest) == payload
            assert segments.total_bits(shortest, version) >= segments.least_bits(payload)


def test_byte_mode_stays_where_it_fits_and_a_mix_takes_a_smaller_code() -> None:
    assert encode("2" * 17).version == 1 and len("2" * 17) > codec.capacity(1, "H")
    capitals = "HTTPS://EXAMPLE.ORG/EXHIBITION/ROOM4"
    assert encode(capitals).version < encode(capitals.lower()).version
    data = codec.build(b"12", 1, "H")
    assert data[0] >> 4 == segments.BYTE  # as codes that are printed already have it
    assert codec.parse(data, 1, "H") == b"12"


def test_a_form_that_hide_does_not_write_is_no_message() -> None:
    number, length = segments.to_number((segments.Segment(segments.NUMERIC, b"12"),), 1)
    data = codec.build(b"12", 1, "H").copy()
    bits = np.zeros(72, bool)
    bits[:length] = [number >> (length - 1 - place) & 1 for place in range(length)]
    data[:] = np.packbits(bits)
    assert codec.parse(data, 1, "H") is None


def test_the_chances_of_all_messages_sum_to_less_than_one() -> None:
    total = 0.0
    for first in range(256):  # all messages of one byte and a sample of those of two
        total += 2.0 ** message_prior.message_log2(bytes([first]), 1, "H")
    assert 0 < total < 1
    chances = text_model.chances()
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    ways = message_prior.ways((b"https://example.org/",))
    share = sum(2.0**way.log2 for way in ways) + 2.0 ** message_prior.random_log2((b"x",))
    assert share < 1
    for mode in segments.MODES:
        assert np.exp2(message_prior.length_log2(5, "H", mode)).sum() <= 1 + 1e-9


def test_text_is_likelier_than_bytes_at_random() -> None:
    text = message_prior.message_log2(ADDRESS.encode(), 5, "H")
    rng = np.random.default_rng(0)
    noise = message_prior.message_log2(rng.bytes(len(ADDRESS)), 5, "H")
    assert text > noise + 60
    begun = message_prior.message_log2(ADDRESS.encode(), 5, "H", (ADDRESS[:20].encode(),))
    assert begun > text + 20
    foreign = message_prior.message_log2(ADDRESS.encode(), 5, "H", (b"https://other.example/",))
    assert text - 1.5 < foreign < text  # a wrong beginning costs a bit


def test_lengths_are_told_before_any_block_is_read() -> None:
    code = encode(ADDRESS)
    bits = np.unpackbits(codec.build(code.payload, 5, "H")) * 2.0 - 1
    rng = np.random.default_rng(1)
    odds = 2 * (bits + rng.normal(size=len(bits)))  # about 16 % wrong
    ones, zeros = -np.logaddexp2(0, -odds / np.log(2)) + 1, -np.logaddexp2(0, odds / np.log(2)) + 1
    text = DataBits(ones, zeros, 5, "H")
    best = text.ranked(4)[0]
    assert (best.count, best.way.beginning) == (len(ADDRESS), b"https://")
    known_bits = text.soft_text(best).odds
    wrong_before = ((odds > 0) != (bits > 0)).mean()
    assert ((known_bits > 0) != (bits > 0)).mean() < wrong_before / 2


def test_text_is_read_where_random_bytes_are_not() -> None:
    assert reads(ADDRESS, 0.17) >= 8
    raw = np.random.default_rng(2).integers(128, 256, 39, dtype=np.uint8).tobytes()
    rng = np.random.default_rng(5)
    code = encode(raw)
    assert sum(soft.read_grid(noisy(code, 0.17, rng), 5) is not None for _ in range(10)) <= 4


@pytest.mark.parametrize("message", ["HTTPS://KUNSTWANDELING.ORG/ZAAL/44/OOST/11", "1234567" * 7])
def test_capitals_and_digits_are_read_in_their_modes(message: str) -> None:
    assert encode(message).version < encode(message.lower().replace("1", "a")).version
    assert reads(message, 0.15, 6) >= 5


def test_a_known_beginning_reads_more_and_is_named() -> None:
    knowledge = known([ADDRESS[:27]])
    with_it = reads(ADDRESS, 0.21, 8, knowledge=knowledge, thorough=True)
    assert with_it >= 4
    assert with_it > reads(ADDRESS, 0.21, 8)
    grid = noisy(encode(ADDRESS), 0.1, np.random.default_rng(0))
    found = soft.read_grid(grid, 5, knowledge)
    assert found is not None and found.by == "beginning" and found.bits > 100
    other = soft.read_grid(grid, 5, known(["https://other.example/"]))
    assert other is not None and other.by == "text"


def listed(count: int = 300) -> list[str]:
    rng = np.random.default_rng(9)
    return [f"https://museum.example/{n:04}/{rng.integers(1 << 40):x}" for n in range(count)]


def test_a_wrong_length_that_fits_first_does_not_hide_the_right_one() -> None:
    # In the thirteenth grid of this series a message of 18 characters fits a little better.
    rng = np.random.default_rng([0, 160, 20])
    for _ in range(13):
        text, knowledge = draw("address", 20, "beginning", rng)
        grid = noisy(encode(text), 0.16, rng)
    found = soft.read_grid(grid, 3, knowledge)
    assert found is not None and found.payload == text.encode()


def test_a_list_is_read_where_a_third_of_the_modules_is_wrong() -> None:
    messages = listed()
    among = MessageList(messages)
    assert len(among) == 300 and messages[3].encode() in among
    rng = np.random.default_rng(4)
    right = 0
    for message in messages[:40]:
        code = encode(message)
        found = among.read(noisy(code, 0.33, rng), code.version)
        right += found is not None
        assert found is None or (found.payload, found.by) == (message.encode(), "list")
    assert right >= 36


def test_what_is_not_in_the_list_is_never_forced_onto_the_nearest() -> None:
    messages = listed()
    among = MessageList(messages)
    rng = np.random.default_rng(5)
    for number, message in enumerate(messages[:30]):
        for other in (message[:-1] + "~", message.replace("museum", "museun"), ADDRESS):
            code = encode(other)
            for rate in (0.02, 0.2, 0.3):
                assert among.read(noisy(code, rate, rng), code.version) is None, (number, other)


def test_messages_outside_the_list_are_read_as_usual() -> None:
    knowledge = known(among=listed())
    found = soft.read_grid(noisy(encode(ADDRESS), 0.08, np.random.default_rng(0)), 5, knowledge)
    assert found is not None
    assert (found.payload, found.by) == (ADDRESS.encode(), "text")


def test_a_list_of_one_message_needs_its_check_symbols() -> None:
    among = MessageList([ADDRESS])
    rng = np.random.default_rng(6)
    assert among.read(noisy(encode(ADDRESS), 0.3, rng), 5) is not None
    assert among.read(noisy(encode(ADDRESS[:-1] + "e"), 0.3, rng), 5) is None


def test_noise_and_codes_without_content_give_no_message_of_a_list() -> None:
    among = MessageList(listed())
    rng = np.random.default_rng(7)
    mask, values = soft.function_modules(4)
    for _ in range(200):
        for version in among.versions:
            size = 17 + 4 * version
            assert among.read(rng.normal(size=(size, size)), version) is None
    version = among.versions[0]
    mask, values = soft.function_modules(version)
    for _ in range(200):
        coins = rng.normal(size=mask.shape)
        assert among.read(np.where(mask, np.where(values, 1.0, -1.0), coins), version) is None


def test_lists_come_from_lines_and_from_columns(tmp_path: Path) -> None:
    lines = tmp_path / "list.txt"
    lines.write_text("\ufeffone\n\ntwo\ntwo\n", encoding="utf-8")
    table = tmp_path / "list.csv"
    table.write_text("id,text\n1,one\n2,three\n")
    found = load_knowledge(among=lines).among
    assert found is not None and found.payloads == (b"one", b"two")
    found = load_knowledge(among=table, column="text").among
    assert found is not None and found.payloads == (b"one", b"three")
    stored = tmp_path / "known.yaml"
    stored.write_text("prefixes: ['https://example.org/']\namong: list.csv\ncolumn: text\n")
    knowledge = load_knowledge(["http://a.b/"], file=stored)
    assert knowledge.prefixes == (b"http://a.b/", b"https://example.org/")
    assert knowledge.among is not None and len(knowledge.among) == 2
    assert load_knowledge().is_empty


def test_bad_knowledge_is_refused_with_the_reason(tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n")
    with pytest.raises(MessageError, match="holds no message"):
        load_knowledge(among=empty)
    with pytest.raises(MessageError, match="cannot read the list"):
        load_knowledge(among=tmp_path / "none.txt")
    table = tmp_path / "list.csv"
    table.write_text("id,text\n1,one\n")
    with pytest.raises(MessageError, match=r"no column 'name': expected one of 'id', 'text'"):
        load_knowledge(among=table, column="name")
    with pytest.raises(MessageError, match="fits no code"):
        known(among=["x" * 400])
    with pytest.raises(MessageError, match="beginning is empty"):
        load_knowledge([""])
    with pytest.raises(ConfigError, match="without a list"):
        load_knowledge(column="text")
    stored = tmp_path / "known.yaml"
    stored.write_text("prefix: x\n")
    with pytest.raises(ConfigError, match="expected the keys prefixes, among and column"):
        load_knowledge(file=stored)


def test_codes_printed_with_earlier_releases_are_read() -> None:
    """Byte mode in a larger version, where a mix of modes would need a smaller one."""
    message = b"HTTPS://EXAMPLE.ORG/1234567890/ABCDE"
    code = encode_as(message, 5, "H")
    assert encode(message).version < 5
    found = soft.read_grid(noisy(code, 0.06, np.random.default_rng(0)), 5)
    assert found is not None and found.payload == message
