"""Messages with a key: who has it reads them, nobody else learns anything or makes one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from capture.many.scanner import Scanner
from riis_physical import keys
from riis_physical.artifacts import ScanResult, Status
from riis_physical.cli import cli
from riis_physical.errors import ConfigError, MessageError
from riis_physical.keys import OVERHEAD_BYTES, Key, is_sealed, opened
from riis_physical.qr.code import payload as codec

MINE, OTHER = Key(b"m" * 32), Key(b"o" * 32)


def result(payload: bytes) -> ScanResult:
    """A message as it was read."""
    return ScanResult("a.jpg", Status.DECODED, payload=payload, decoder="soft", confidence=0.9)


def test_a_message_comes_back_with_its_key_and_17_bytes_more() -> None:
    for message in (b"x", "grüße".encode(), bytes(range(256))[:150]):
        sealed = MINE.seal(message)
        assert len(sealed) == len(message) + OVERHEAD_BYTES == len(message) + 17
        assert message not in sealed or len(message) < 3
        assert MINE.open(sealed) == message
        assert OTHER.open(sealed) is None
    assert MINE.seal(b"same") == MINE.seal(b"same")  # the price of no nonce, see docs/keys.md


def test_any_changed_bit_and_any_cut_is_refused() -> None:
    sealed = MINE.seal(b"https://example.org/x")
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        assert MINE.open(bytes(changed)) is None
    for length in range(len(sealed)):
        assert MINE.open(sealed[:length]) is None
    assert MINE.open(sealed + b"\0") is None


def test_no_text_is_taken_for_a_sealed_message() -> None:
    assert not any(keys.HEADER in chr(code).encode() for code in range(0xD800))
    assert not is_sealed(b"https://example.org/exhibition")
    assert not is_sealed(keys.HEADER + bytes(16))


def test_results_say_what_a_message_is_not_and_nothing_more() -> None:
    read = result(MINE.seal(b"hello"))
    assert opened(read, None) is read
    assert opened(read, MINE).text == "hello"
    other = opened(read, OTHER)
    assert (other.status, other.payload) == (Status.UNREADABLE, None)
    assert other.detail.startswith("a message for another key")
    bare = opened(result(b"hello"), MINE)
    assert (bare.status, bare.payload) == (Status.UNREADABLE, None)
    assert bare.detail.startswith("a message without a key")
    nothing = ScanResult("a.jpg", Status.NO_CONTAINER)
    assert opened(nothing, MINE) is nothing


def test_room_is_told() -> None:
    most = codec.capacity(10, "L") - OVERHEAD_BYTES
    assert len(MINE.seal(b"x" * most)) == codec.capacity(10, "L")
    with pytest.raises(MessageError, match=f"with a key {most} bytes fit"):
        MINE.seal(b"x" * (most + 1))
    with pytest.raises(MessageError, match="empty"):
        MINE.seal(b"")


def test_key_files_are_checked(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x" * 15)
    with pytest.raises(ConfigError, match="15 bytes: expected 16 or more"):
        Key.load(tmp_path / "short")
    with pytest.raises(ConfigError, match="cannot read"):
        Key.load(tmp_path / "absent")
    with pytest.raises(ConfigError, match="no plain file"):
        Key.load("/dev/zero")
    (tmp_path / "good").write_bytes(b"m" * 32)
    assert Key.load(tmp_path / "good").open(MINE.seal(b"a")) == b"a"


def test_without_the_package_people_are_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.kdf.scrypt", None)
    with pytest.raises(ConfigError, match="key extra"):
        Key(b"m" * 32)


def test_scan_opens_what_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(b"m" * 32)
    photo = tmp_path / "a.jpg"
    photo.write_bytes(b"x")
    sealed = {"mine": MINE.seal(b"hello"), "other": OTHER.seal(b"hello"), "bare": b"hello"}

    def scan(*arguments: str, message: str) -> tuple[int, dict[str, object]]:
        monkeypatch.setattr(Scanner, "__call__", lambda self, task: [result(sealed[message])])
        done = CliRunner().invoke(cli, ["scan", str(photo), "--json", *arguments])
        return done.exit_code, json.loads(done.stdout)

    key = ["--key", str(tmp_path / "key")]
    status, record = scan(*key, message="mine")
    assert (status, record["text"]) == (0, "hello")
    status, record = scan(*key, message="other")
    assert (status, record["text"], record["status"]) == (1, None, "unreadable")
    assert "payload_base64" not in record
    assert scan(*key, message="bare")[0] == 1
    status, record = scan(message="mine")
    assert (status, record["text"]) == (0, None)
    assert "payload_base64" in record  # without a key nothing changes


def test_what_is_known_of_messages_does_not_go_with_a_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"m" * 32)
    key = ["--key", str(tmp_path / "key")]
    for arguments in (
        ["scan", "a.jpg", "--prefix", "https://"],
        ["hide", "a.png", "-m", "x", "-o", "b.png", "--prefix", "https://"],
        ["hide", "a.png", "-m", "x", "-o", "b.png", "--fold-case"],
    ):
        done = CliRunner().invoke(cli, [*arguments, *key])
        assert done.exit_code == 2
        assert "With --key" in done.output
