"""What is done with each hostile input, and which answers are right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.hostile import documents, pictures

MB = 1_000_000
SCAN, HIDE, OTHER = 1000 * MB, 2500 * MB, 1000 * MB
"""Most resident memory, in bytes, of `scan`, of `hide` and of everything else."""
ESCAPE = "\x1b[2J\x1b]0;owned\x07.png"
HEBREW = "\u202egnp.exe"


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        group, name: what it is.
        arguments: of riis-physical; IN/ stands for the folder of the inputs.
        exits: right exit statuses.
        says: what standard error or output must hold.
        makes: files that may be there afterwards.
        shell: how the streams are tied, appended to the command as a shell would.
        memory: most resident memory in bytes.
    """

    group: str
    name: str
    arguments: tuple[str, ...]
    exits: tuple[int, ...] = (1,)
    says: str = ""
    makes: tuple[str, ...] = ()
    shell: str = ""
    memory: int = OTHER


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
        *_pictures(files),
        *_names(folder),
        *_documents(profiles, cameras, models),
        *_outputs(),
        *_streams(),
        *_sheets(),
        *_keys(),
        *_folders(),
    ]


def _pictures(files: dict[str, list[str]]) -> Iterator[Case]:
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


def _names(folder: Path) -> Iterator[Case]:
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


def _documents(profiles: list[str], cameras: list[str], models: list[str]) -> Iterator[Case]:
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
