"""Messages as people hide them, drawn by seed: addresses, sentences, numbers, random letters."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

import numpy as np

from training.text import samples

Rng = np.random.Generator

_BASE62 = string.ascii_letters + string.digits
_KINDS: tuple[tuple[float, str], ...] = (
    (0.46, "address"), (0.06, "capitals"), (0.22, "sentence"), (0.06, "words"),
    (0.08, "identifier"), (0.12, "letters"),
)  # fmt: skip


def draw_messages(count: int, seed: int) -> list[str]:
    """So many messages; the same seed gives the same ones."""
    rng = np.random.default_rng(seed)
    shares = np.array([share for share, _ in _KINDS])
    kinds = rng.choice(len(_KINDS), count, p=shares / shares.sum())
    return [_MAKERS[_KINDS[kind][1]](rng) for kind in kinds]


def _pick(rng: Rng, choices: Any) -> str:
    return str(choices[int(rng.integers(len(choices)))])


def _ranked(rng: Rng, words: list[str]) -> str:
    """A word of a list with the commoner ones first."""
    return words[int(len(words) * rng.random() ** 1.7)]


def _characters(rng: Rng, alphabet: str, low: int, high: int) -> str:
    return "".join(_pick(rng, alphabet) for _ in range(int(rng.integers(low, high + 1))))


def identifier(rng: Rng) -> str:
    """A number, a hash, a short link's code, a serial number, a date."""
    kind = int(rng.integers(9))
    if kind == 0:
        return _characters(rng, string.digits, 1, 4)
    if kind == 1:
        return _characters(rng, string.digits, 5, 14)
    if kind == 2:
        return _characters(rng, "0123456789abcdef", 6, 32)
    if kind == 3:
        return _characters(rng, _BASE62, 5, 12)
    if kind == 4:
        return _characters(rng, string.ascii_lowercase + string.digits, 4, 10)
    if kind == 5:
        return f"{1990 + int(rng.integers(45))}-{1 + int(rng.integers(12)):02}-{1 + int(rng.integers(28)):02}"  # noqa: E501
    if kind == 6:
        return f"{_characters(rng, string.ascii_uppercase, 1, 4)}-{_characters(rng, string.digits, 2, 7)}"  # noqa: E501
    if kind == 7:
        return f"+{int(rng.integers(1, 99))} {_characters(rng, string.digits, 3, 4)} {_characters(rng, string.digits, 5, 8)}"  # noqa: E501
    return f"{_ranked(rng, samples.ENGLISH)}-{_characters(rng, string.digits, 1, 4)}"


def address(rng: Rng) -> str:
    """A web address with host, path and query."""
    scheme = _pick(rng, ["https://"] * 14 + ["http://"] * 2 + [""] * 2 + ["mailto:", "geo:"])
    if scheme == "geo:":
        return f"geo:{rng.uniform(-90, 90):.4f},{rng.uniform(-180, 180):.4f}"
    words = [_pick(rng, samples.HOST_NAMES + samples.ENGLISH[-200:]) for _ in range(2)]
    joint = _pick(rng, ["", "", "-", "."])
    name = joint.join(words[: 1 + int(rng.integers(2))])
    if rng.random() < 0.2:
        name = _characters(rng, string.ascii_lowercase, 3, 9)
    host = ("www." if rng.random() < 0.3 else "") + name + "." + _pick(rng, samples.ENDINGS)
    if scheme == "mailto:":
        return f"mailto:{_ranked(rng, samples.ENGLISH)}@{host.removeprefix('www.')}"
    path = ""
    for _ in range(int(rng.integers(4))):
        part = identifier(rng) if rng.random() < 0.4 else _path_words(rng)
        path += "/" + part.replace(" ", "-")
    if path:
        path += _pick(rng, samples.FILE_ENDINGS)
    elif rng.random() < 0.4:
        path = "/"
    if rng.random() < 0.15:
        key = _pick(rng, ["id", "q", "p", "v", "ref", "utm_source", "lang", "s", "c"])
        path += f"?{key}={identifier(rng).replace(' ', '+')}"
    return scheme + host + path


def _path_words(rng: Rng) -> str:
    words = [_ranked(rng, samples.ENGLISH) for _ in range(1 + int(rng.integers(3)))]
    return _pick(rng, ["-", "-", "_", ""]).join(words)


def sentence(rng: Rng) -> str:
    """A sample sentence, or a part of it."""
    whole = _pick(rng, samples.SENTENCES[:24] + samples.SENTENCES)
    words = whole.split(" ")
    start = 0 if rng.random() < 0.6 else int(rng.integers(len(words)))
    return " ".join(words[start:])


def word_row(rng: Rng) -> str:
    """Words of one list in a row, as a title or a sentence has them."""
    pool = samples.ENGLISH if rng.random() < 0.6 else samples.EUROPEAN
    words = [_ranked(rng, pool) for _ in range(int(rng.integers(2, 9)))]
    if rng.random() < 0.2:
        words = [word.capitalize() for word in words]
    elif rng.random() < 0.7:
        words[0] = words[0].capitalize()
    if rng.random() < 0.2:
        words.append(identifier(rng))
    return " ".join(words) + _pick(rng, ["", "", ".", "!", "?"])


def letters(rng: Rng) -> str:
    """Letters at random: what is like no text at all."""
    alphabet = _pick(
        rng,
        [string.ascii_lowercase] * 2
        + [string.ascii_lowercase + string.digits, _BASE62, string.ascii_letters]
        + [string.ascii_lowercase + string.digits + "/.-_", string.digits],
    )
    return _characters(rng, alphabet, 8, 44)


_MAKERS: dict[str, Callable[[Rng], str]] = {
    "address": address,
    "capitals": lambda rng: address(rng).upper(),
    "sentence": sentence,
    "words": word_row,
    "identifier": identifier,
    "letters": letters,
}
