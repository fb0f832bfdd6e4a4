"""What is done with hostile files: pictures, names, documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.hostile.case import ESCAPE, HEBREW, HIDE, SCAN, Case


def picture_cases(files: dict[str, list[str]]) -> Iterator[Case]:
    for name in files["no picture"]:
        says = "bad_image" if name != "header.png" else ""
        yield Case("no picture", name, ("scan", f"IN/{name}"), says=says, memory=SCAN)
    for group in ("cut short", "damaged"):
        for name in files[group]:
            yield Case(group, name, ("read-qr", f"IN/{name}"))
    for group in ("too large", "odd"):
        for name in files[group]:
            yield Case(group, name, ("scan", f"IN/{name}"), memory=SCAN)
    for name in ("bits-13000.png", "rgba16-13000.png", "claims-much.jpg"):
        yield Case(
            "too large",
            f"hide {name}",
            ("hide", f"IN/{name}", "-m", "x", "-o", "o.png", "--strength", "1"),
            exits=(0, 1),
            makes=("o.png",),
            memory=HIDE,
        )


def name_cases(folder: Path) -> Iterator[Case]:
    data = (folder / "plain.png").read_bytes()
    for name in (ESCAPE, HEBREW, "two\nlines.png", "-dash.png", "space .png"):
        (folder / name).write_bytes(data)
    (folder / "texts" / "deep.png").mkdir()
    long = "x" * 300 + ".png"
    yield Case("names", "empty", ("scan", ""), says="an empty name", memory=SCAN)
    yield Case(
        "names",
        "empty and one that reads",
        ("scan", "", "IN/container.png"),
        says="hello",
        memory=SCAN,
    )
    yield Case(
        "names",
        "empty folder and one that reads",
        ("scan", "IN/nothing", "IN/container.png"),
        says="hello",
        memory=SCAN,
    )
    yield Case(
        "names",
        "300 characters and one that reads",
        ("scan", long, "IN/container.png"),
        says="hello",
        memory=SCAN,
    )
    yield Case("names", "300 characters", ("read-qr", long), says="name too long")
    yield Case("names", "5000 characters", ("read-qr", "a/" * 2500 + "x.png"), says="too long")
    yield Case("names", "escape sequences", ("read-qr", f"IN/{ESCAPE}"), says="\\x1b[2J")
    yield Case("names", "right to left", ("read-qr", f"IN/{HEBREW}"), says="\\u202e")
    yield Case("names", "line end", ("read-qr", "IN/two\nlines.png"))
    yield Case("names", "escape sequences, absent", ("read-qr", "\x1b[31mno.png"), says="\\x1b[31m")
    yield Case(
        "names",
        "escape sequences in a wrong option",
        ("scan", "--\x1b[31m"),
        (2,),
        says="\\x1b[31m",
    )
    yield Case("names", "no UTF-8", ("read-qr", "no\udcff.png"), says="does not exist")
    yield Case(
        "names", "no UTF-8, as JSON", ("read-qr", "--json", "no\udcff.png"), says='no\\udcff.png"'
    )
    yield Case("names", "absent", ("read-qr", "absent.png"), says="does not exist")
    yield Case("names", "a folder", ("read-qr", "IN/texts"), says="is no file")
    yield Case(
        "names", "a folder without photos", ("scan", "IN/texts"), says="holds no photo", memory=SCAN
    )
    for name in ("pipe.png", "loop.png", "dangling.png"):
        yield Case("names", name, ("read-qr", f"IN/{name}"))
    for name in ("/dev/null", "/dev/zero", "/dev/full", "IN/plain.png/"):
        yield Case("names", name, ("read-qr", name))
    yield Case("names", "a dash", ("scan", "-"), memory=SCAN)


def document_cases(profiles: list[str], cameras: list[str], models: list[str]) -> Iterator[Case]:
    scan = ("scan", "IN/plain.png")
    for name in profiles:
        yield Case("profiles", name, (*scan, "--profile", f"IN/{name}"), memory=SCAN)
    for name in cameras:
        yield Case("cameras", name, (*scan, "--camera-profile", f"IN/{name}"), memory=SCAN)
    for name in models:
        yield Case("models", name, (*scan, "--model", f"IN/{name}"), memory=SCAN)
    for device in ("meta", "cuda:99", "nosuch", "", "cpu:x", "mkldnn"):
        yield Case(
            "devices",
            device or "empty",
            (*scan, "--device", device),
            says="cannot be used",
            memory=SCAN,
        )
    for name in ("deep.yaml", "laughs.yaml", "large.txt"):
        yield Case("lists", name, (*scan, "--knowledge", f"IN/{name}"), memory=SCAN)
