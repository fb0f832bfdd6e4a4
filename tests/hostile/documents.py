"""Profiles, models and lists that somebody forged."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from riis_physical.model.weights import FOLDER, available

DEEP = "[" * 100_000


def write_profiles(folder: Path) -> list[str]:
    """Device profiles of which none may be taken."""
    good: dict[str, Any] = {
        "format_version": 1, "name": "x", "origin": "simulated default", "medium": "print",
    }  # fmt: skip
    texts = {
        "deep": DEEP,
        "deep-object": '{"a":' * 50_000,
        "empty": "",
        "number": "7",
        "list": "[]",
        "words": "tone: dark",
        "infinite": json.dumps(good | {"blur_sigma": float("inf")}),
        "not-a-number": json.dumps(good | {"blur_sigma": float("nan")}),
        "many-digits": '{"format_version": ' + "9" * 5000 + "}",
        "version-2": json.dumps(good | {"format_version": 2}),
        "unknown-key": json.dumps(good | {"tone": 1}),
        "negative": json.dumps(good | {"blur_sigma": -1}),
        "name-of-1000": json.dumps(good | {"name": "x" * 1000}),
        "wild-range": json.dumps(good | {"channel": {"blur_sigma": [0, 1e9]}}),
        "wild-width": json.dumps(good | {"channel": {"container_width_px": [1, 1e12]}}),
        "turned-range": json.dumps(good | {"channel": {"motion": [2, 1]}}),
        "no-such-range": json.dumps(good | {"channel": {"nosuch": [1, 2]}}),
        "falling": json.dumps(
            good | {"response": {"levels": [0, 0.5, 1], "red": [1, 0.5, 0],
                                 "green": [0, 0.5, 1], "blue": [0, 0.5, 1]}}
        ),
        "five-megabytes": '"' + "x" * 5_000_000 + '"',
    }  # fmt: skip
    for name, text in texts.items():
        (folder / f"profile-{name}.json").write_text(text, encoding="utf-8")
    (folder / "profile-utf16.json").write_bytes(json.dumps(good).encode("utf-16"))
    (folder / "profile-zero.json").symlink_to("/dev/zero")
    os.mkfifo(folder / "profile-pipe.json")
    return [*(f"profile-{name}.json" for name in texts), "profile-utf16.json",
            "profile-zero.json", "profile-pipe.json"]  # fmt: skip


def write_cameras(folder: Path) -> list[str]:
    """Camera profiles of which none may be taken."""
    good: dict[str, Any] = {
        "format_version": 1, "image_size": [200, 300],
        "matrix": [[300, 0, 150], [0, 300, 100], [0, 0, 1]],
        "distortion": [0, 0, 0, 0, 0], "rms_px": 0.1, "focal_error_px": 0.1, "photos": {"used": 9},
    }  # fmt: skip
    wrong = {
        "flat-matrix": {"matrix": [[0, 0, 0]] * 3},
        "far-focus": {"matrix": [[1e300, 0, 0], [0, 1e300, 0], [0, 0, 1]]},
        "bent": {"distortion": [1e308, 0, 0, 0, 0]},
        "no-size": {"image_size": [0, 0]},
        "words": {"image_size": "large"},
    }
    for name, change in wrong.items():
        (folder / f"camera-{name}.json").write_text(json.dumps(good | change))
    return [f"camera-{name}.json" for name in wrong]


def write_models(folder: Path) -> list[str]:
    """Weights whose record or numbers are forged; none may be built."""
    source = FOLDER / f"{available()[0]}.safetensors"
    record = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    config = record["config"]
    changes: dict[str, dict[str, Any]] = {
        "million-blocks": {"config": config | {"blocks": 1_000_000}},
        "wide": {"config": config | {"growth": 10**9}},
        "more-blocks": {"config": config | {"blocks": 32}},
        "wider": {"config": config | {"growth": 256, "dense_layers": 16}},
        "deep-cem": {"config": config | {"cem_features": 512, "cem_layers": 32}},
        "negative": {"config": config | {"canp_features": -1}},
        "text": {"config": config | {"blocks": "four"}},
        "yes": {"config": config | {"blocks": True}},
        "no-config": {"config": None},
        "list-config": {"config": [1, 2]},
        "cold": {"z_temperature": -1},
        "not-a-number": {"z_temperature": "hot"},
        "no-pitch": {"min_px_per_module": -1},
        "wrong-sum": {"sha256": "0" * 64},
        "short-sum": {"sha256": "00"},
        "long-name": {"name": "x" * 5000},
        "version-9": {"format_version": 9},
    }
    for name, change in changes.items():
        shutil.copy(source, folder / f"model-{name}.safetensors")
        (folder / f"model-{name}.json").write_text(json.dumps(record | change))
    names = [f"model-{name}.safetensors" for name in changes]
    for name, data in {
        "model-garbage": os.urandom(10_000),
        "model-long-head": (2**62).to_bytes(8, "little") + b"{}",
        "model-large": bytes(20_000_000),
    }.items():
        (folder / f"{name}.safetensors").write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        (folder / f"{name}.json").write_text(json.dumps(record | {"sha256": digest}))
        names.append(f"{name}.safetensors")
    shutil.copy(source, folder / "model-deep.safetensors")
    (folder / "model-deep.json").write_text(DEEP)
    shutil.copy(source, folder / "model-alone.safetensors")
    return [*names, "model-deep.safetensors", "model-alone.safetensors"]


def write_others(folder: Path) -> None:
    """Lists, keys, profiles of colours and folders."""
    (folder / "deep.yaml").write_text(DEEP)
    laughs = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}, *{a}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    (folder / "laughs.yaml").write_text(laughs)
    (folder / "short.key").write_bytes(b"short")
    (folder / "empty.key").write_bytes(b"")
    (folder / "garbage.icc").write_bytes(os.urandom(3000))
    (folder / "large.txt").write_bytes(b"x" * 1_000_000)
    (folder / "nothing").mkdir()
    (folder / "texts").mkdir()
    (folder / "texts" / "notes.txt").write_text("no photo")
    os.mkfifo(folder / "pipe.png")
    (folder / "loop.png").symlink_to("loop.png")
    (folder / "dangling.png").symlink_to("gone.png")
