"""What is done with each hostile input, and which answers are right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.hostile import documents, pictures
from tests.hostile.case import HIDE, MB, SCAN, Case
from tests.hostile.file_cases import document_cases, name_cases, picture_cases


def all_cases(folder: Path) -> list[Case]:
    """Write the inputs into a folder and say what is done with them.

    `plain.png` in the folder is a picture without a message; `container.png`, which the
    caller puts there, is one with the message "hello".
    """
    files = pictures.write_all(folder)
    profiles = documents.write_profiles(folder)
    cameras = documents.write_cameras(folder)
    models = documents.write_models(folder)
    documents.write_others(folder)
    return [
        *picture_cases(files),
        *name_cases(folder),
        *document_cases(profiles, cameras, models),
        *_outputs(),
        *_streams(),
        *_sheets(),
        *_keys(),
        *_folders(),
    ]


def _outputs() -> Iterator[Case]:
    hide = ("hide", "IN/plain.png", "-m", "x", "--strength", "1", "-o")
    for name, says in {
        "missing/o.png": "does not exist",
        "IN/nothing/../plain.png": "exists already",
        "/dev/full": "device",
        "x" * 300 + ".png": "too long",
        "o.xyz": "suffix",
        "o": "suffix",
        "IN/loop.png": "",
    }.items():
        yield Case("outputs", f"hide -o {name[:30]}", (*hide, name), says=says, memory=HIDE)
    yield Case(
        "outputs",
        "hide -o /dev/null --force",
        (*hide, "/dev/null", "--force"),
        says="device",
        memory=HIDE,
    )
    yield Case("outputs", "hide -o ''", (*hide, ""), (2,), "an empty name", memory=HIDE)
    chart = ("calibrate", "chart", "-o")
    yield Case(
        "outputs",
        "chart into no folder",
        (*chart, "missing/x.pdf"),
        says="does not exist",
        memory=250 * MB,
    )
    yield Case(
        "outputs",
        "board into no folder",
        ("calibrate", "board", "-o", "missing/x.pdf"),
        says="does not exist",
        memory=350 * MB,
    )
    yield Case(
        "outputs",
        "sheet into no folder",
        ("print", "IN/plain.png", "-o", "missing/x.tif"),
        says="does not exist",
    )
    yield Case(
        "outputs",
        "photo into no folder",
        ("simulate", "IN/plain.png", "-o", "missing/x.jpg"),
        says="does not exist",
    )
    yield Case(
        "outputs",
        "page into no folder",
        ("show", "IN/plain.png", "--html", "missing/x.html"),
        says="does not exist",
    )
    yield Case(
        "outputs",
        "stages under a file",
        ("scan", "IN/plain.png", "--save-stages", "IN/plain.png/x"),
        says="no folder",
        memory=SCAN,
    )
    yield Case(
        "outputs", "stages of nothing", ("scan", "absent.png", "--save-stages", "s"), memory=SCAN
    )


def _streams() -> Iterator[Case]:
    scan = ("scan", "IN/container.png")
    hide = ("hide", "IN/plain.png", "-o", "o.png", "--strength", "1", "--message-file")
    yield Case(
        "streams",
        "output on a full disk",
        scan,
        says="No space left",
        shell=">/dev/full",
        memory=SCAN,
    )
    yield Case(
        "streams",
        "JSON on a full disk",
        (*scan, "--json"),
        says="No space left",
        shell=">/dev/full",
        memory=SCAN,
    )
    yield Case(
        "streams", "help on a full disk", ("--help",), says="No space left", shell=">/dev/full"
    )
    yield Case("streams", "output closed", scan, (0,), shell=">&-", memory=SCAN)
    yield Case("streams", "errors closed", scan, (0,), "hello", shell="2>&-", memory=SCAN)
    yield Case("streams", "all closed", scan, (0,), shell="<&- >&- 2>&-", memory=SCAN)
    yield Case(
        "streams", "pipe closed", (*scan, "--json"), (1,), "has gone", shell="| true", memory=SCAN
    )
    yield Case("streams", "input closed", (*hide, "-"), says="empty", shell="<&-", memory=HIDE)
    yield Case(
        "streams",
        "input without an end",
        (*hide, "-"),
        says="more than",
        shell="</dev/zero",
        memory=HIDE,
    )
    yield Case(
        "streams", "message of a megabyte", (*hide, "IN/large.txt"), says="more than", memory=HIDE
    )
    yield Case(
        "streams", "message from a folder", (*hide, "IN/nothing"), says="directory", memory=HIDE
    )
    yield Case(
        "streams",
        "message too long",
        ("hide", "IN/plain.png", "-m", "x" * 500, "-o", "o.png"),
        says="bytes fit",
        memory=HIDE,
    )
    yield Case(
        "streams",
        "half a character",
        ("hide", "IN/plain.png", "-m", "\udcff", "-o", "o.png", "--strength", "1"),
        (0, 1),
        makes=("o.png",),
        memory=HIDE,
    )


def _sheets() -> Iterator[Case]:
    sheet = ("print", "IN/container.png", "-o", "s.pdf")
    for option, value in (
        ("--width-mm", "0"),
        ("--width-mm", "-5"),
        ("--width-mm", "1e9"),
        ("--width-mm", "nan"),
        ("--width-mm", "inf"),
        ("--margin-mm", "nan"),
        ("--margin-mm", "1e9"),
        ("--page", "0x0"),
        ("--page", "99999x99999"),
        ("--grid", "99x99"),
        ("--bleed-mm", "nan"),
        ("--icc", "IN/garbage.icc"),
        ("--font", "IN/plain.png"),
        ("--proof", "IN/plain.png"),
        ("--poster", "A0x"),
        ("--caption", "x" * 100_000),
    ):
        yield Case("sheets", f"{option} {value[:20]}", (*sheet, option, value), (1, 2))
    yield Case(
        "sheets",
        "escape sequences in a caption",
        (*sheet, "--caption", "\x1b[31mred"),
        (0, 1, 2),
        makes=("s.pdf",),
    )


def _keys() -> Iterator[Case]:
    for name, says in {
        "IN/short.key": "expected 16",
        "IN/empty.key": "expected 16",
        "IN/absent.key": "cannot read",
        "IN/nothing": "",
        "/dev/zero": "no plain file",
        "IN/model-large.safetensors": "more than",
    }.items():
        yield Case(
            "keys", name, ("scan", "IN/container.png", "--key", name), says=says, memory=SCAN
        )
    yield Case(
        "keys",
        "a message without one",
        ("scan", "IN/container.png", "--key", "IN/large.txt"),
        says="without a key",
        memory=SCAN,
    )


def _folders() -> Iterator[Case]:
    yield Case("folders", "demo with a bad host", ("demo", "-o", "d", "--host", "IN/empty.jpg"))
    yield Case(
        "folders",
        "train on nothing",
        ("train", "--config", "print", "--images", "IN/texts", "--out", "r"),
    )
    yield Case(
        "folders",
        "train from no model",
        (
            "train",
            "--config",
            "print",
            "--images",
            "IN/photos",
            "--out",
            "r",
            "--init",
            "nosuch",
            "--cpu",
        ),
    )
    yield Case(
        "folders",
        "train with a deep file",
        ("train", "--config", "IN/deep.yaml", "--images", "IN/texts", "--out", "r"),
    )
    yield Case(
        "folders",
        "train-detector on nothing",
        ("train-detector", "--images", "IN/texts", "--backgrounds", "IN/texts", "--out", "r"),
    )
    yield Case(
        "folders",
        "several hosts, all bad",
        ("hide", "IN/empty.jpg", "IN/text.jpg", "-m", "x", "-o", "out"),
        memory=HIDE,
    )
