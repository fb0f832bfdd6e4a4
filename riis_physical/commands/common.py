"""Options and small services that several commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from riis_physical.commands.verbosity import is_quiet
from riis_physical.errors import MessageError
from riis_physical.system import terminal
from riis_physical.system.terminal import escaped

if TYPE_CHECKING:
    from riis_physical.keys import Key
    from riis_physical.model.revealer import Revealer

PRESETS = ("easy", "normal", "hard")
MEDIA = ("print", "screen")
# As in riis_physical.hiding, which would load OpenCV here; a test compares them.
STRENGTHS = (0.25, 3.0)
# As in riis_physical.model.engine, which would load pydantic here; the test compares them too.
ENGINES = ("auto", "onnx", "torch")
# Of a simulated photo, in px, as in riis_physical.channel.photo, which would load torch here.
MIN_SIDE, MAX_SIDE = 64, 12000
MOST_MESSAGE_BYTES = 100_000  # read of a file, which may be a device without an end


class PathName(click.Path):
    """The name of a file or folder; an empty one is wrong usage, not the current folder."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """A pathlib.Path."""
        if value == "":
            self.fail("an empty name: give the path of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


PATH = PathName(path_type=Path)


def file_option(*names: str, **more: Any) -> Callable[..., Any]:
    """An option that takes a file; `more` as :func:`click.option` has it."""
    return click.option(*names, type=PATH, metavar="FILE", **more)


def folder_option(*names: str, **more: Any) -> Callable[..., Any]:
    """An option that takes a folder."""
    return click.option(*names, type=PATH, metavar="DIR", **more)


force_option = click.option("--force", is_flag=True, help="Overwrite files that exist.")
device_option = click.option(
    "--device", default="cpu", help="Where the model runs: cpu, cuda, cuda:1 ..."
)
engine_option = click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    help="What reads: ONNX Runtime or torch; auto: ONNX Runtime on a CPU, torch on a GPU.",
)
auto_device_option = click.option(
    "--device",
    default="auto",
    help="Where the model runs: cpu, cuda, cuda:1 ...; auto: on a GPU when there is one.",
)


def preset_option(default: str = "normal") -> Callable[..., Any]:
    """--preset with the channel's presets; their ranges are in the README."""
    return click.option(
        "--preset",
        type=click.Choice(PRESETS),
        default=default,
        help="How hard the simulated capture is.",
    )


def strength_option(text: str, default: float = 1.0) -> Callable[..., Any]:
    """--strength of hiding."""
    return click.option("--strength", type=click.FloatRange(*STRENGTHS), default=default, help=text)


def knowledge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--prefix, --among, --among-column and --knowledge: what is known of messages."""
    for option in (
        file_option(
            "--knowledge",
            "knowledge_file",
            help="YAML with the keys prefixes, among and column, in place of the options.",
        ),
        click.option(
            "--among-column",
            metavar="NAME",
            help="The column of --among, where that is a CSV file.",
        ),
        file_option(
            "--among",
            help="All messages that can occur, one a line: read even where nothing shows.",
        ),
        click.option(
            "--prefix",
            "prefixes",
            multiple=True,
            metavar="TEXT",
            help="How messages may begin, for example https://example.org/; repeatable.",
        ),
    ):
        command = option(command)
    return command


def profile_option(text: str, *, multiple: bool = False) -> Callable[..., Any]:
    """--profile: the name of a shipped profile, or a file."""
    return click.option(
        "--profile",
        "profiles" if multiple else "profile",
        multiple=multiple,
        metavar="NAME|FILE",
        help=f"{text} office-laser, photo-inkjet, lcd-screen, or a .json file.",
    )


workers_option = click.option(
    "--jobs",
    "--workers",
    "workers",
    type=click.IntRange(1, 256),
    default=1,
    help="Processes, of one thread each.",
)


def is_given(name: str) -> bool:
    """Whether an option of the running command was on the command line."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not click.core.ParameterSource.DEFAULT


def seed_option(default: int = 0) -> Callable[..., Any]:
    """--seed; the same seed gives the same pixels."""
    return click.option(
        "--seed",
        type=click.IntRange(0, 2**31 - 1),
        default=default,
        help="The same seed gives the same pixels.",
    )


def model_option(default: str = "auto") -> Callable[..., Any]:
    """--model; a shipped name or the path of a .safetensors file."""
    return click.option(
        "--model",
        default=default,
        metavar="NAME",
        help="A shipped model, or the path of a .safetensors file.",
    )


key_option = file_option(
    "--key",
    "key_file",
    help="Secret file, the same for hiding and scanning: only who has it can read or make "
    "messages of it. See docs/keys.md.",
)


def load_key(file: Path | None) -> Key | None:
    """The key in a file, None without one. Raises ConfigError."""
    if file is None:
        return None
    from riis_physical.keys import Key

    return Key.load(file)


effort_option = click.option(
    "--effort",
    type=click.Choice(["quick", "normal", "thorough"]),
    default="normal",
    help="How much to try where a photo does not read; work is counted, not timed.",
)


class Colour(click.ParamType):
    """A colour by its name or as #rrggbb."""

    name = "colour"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255."""
        from PIL import ImageColor

        if isinstance(value, tuple):
            return value
        try:
            red, green, blue = ImageColor.getrgb(value)[:3]
        except ValueError:
            self.fail(
                f"{value!r} is no colour: expected, for example, black or #204060", param, ctx
            )
        return red, green, blue


class Corners(click.ParamType):
    """Four points as x,y,x,y,x,y,x,y."""

    name = "x,y,x,y,x,y,x,y"

    def convert(self, value: Any, param: Any, ctx: Any) -> list[tuple[float, float]]:
        """Parse eight finite numbers."""
        import math

        if isinstance(value, list):
            return value
        try:
            numbers = [float(part) for part in value.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 8 or not all(math.isfinite(number) for number in numbers):
            self.fail(
                f"{value!r} are no corners: expected eight numbers with commas between them and "
                "no spaces, x,y of the top-left, top-right, bottom-right and bottom-left corner, "
                "for example 10,12,610,12,610,412,10,412",
                param,
                ctx,
            )
        return list(zip(numbers[::2], numbers[1::2], strict=True))


class PictureSize(click.ParamType):
    """WIDTHxHEIGHT on the command line, (h, w) in the code."""

    name = "WIDTHxHEIGHT"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """Parse, for example, 1600x1200."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", value.strip())
        if match is None:
            self.fail(f"{value!r} is no size: expected, for example, 1600x1200", param, ctx)
        size = int(match[2]), int(match[1])
        if min(size) < MIN_SIDE or max(size) > MAX_SIDE:
            self.fail(f"{value}: expected sides of {MIN_SIDE} to {MAX_SIDE} px", param, ctx)
        return size


def message_bytes(message: str | None, file: str | None) -> bytes:
    """The message from -m or --message-file; exactly one must be given.

    Raises:
        click.UsageError: none or both.
        MessageError: the file cannot be read.
    """
    if (message is None) == (file is None):
        raise click.UsageError("Give the message with either -m or --message-file.")
    if message is not None:
        # Arguments that are no UTF-8 arrive with their bytes escaped.
        return message.encode("utf-8", "surrogateescape")
    try:
        with click.open_file(str(file), "rb") as stream:
            content = stream.read(MOST_MESSAGE_BYTES + 1)
    except OSError as error:
        raise MessageError(f"cannot read {file}: {error.strerror or error}") from error
    if len(content) > MOST_MESSAGE_BYTES:
        raise MessageError(
            f"{file} holds more than {MOST_MESSAGE_BYTES} bytes, far more than a picture can "
            "hide: hide a link to it"
        )
    return content


def load_revealers(model: str, device: str) -> list[Revealer]:
    """The model asked for; every shipped one for `auto`, the best first.

    Raises:
        WeightsError: no such model, or none ships.
    """
    from riis_physical.model.revealer import Revealer
    from riis_physical.model.weights import named

    return [Revealer.load(name, device=device) for name in named(model)]


def load_revealer(model: str, device: str) -> Revealer:
    """The one model that hides: the one asked for, the best one for `auto`; raises WeightsError."""
    from riis_physical.model.revealer import Revealer

    return Revealer.load(model, device=device)


def note(text: str) -> None:
    """A line for people on standard error; --quiet leaves out what is no warning."""
    if not (is_quiet() and text.startswith("note:")):
        terminal.note(text)


def tell(text: str) -> None:
    """A line for people on standard output, in which names are shown escaped."""
    click.echo(escaped(text), color=True)


def say_message(text: str, *, before: str = "") -> None:
    """A line of standard output that ends in a message: exact where it is piped.

    Args:
        text: the message; a terminal must not obey what a stranger hid.
        before: the name of its photo, for example; always escaped.
    """
    shown = escaped(text) if sys.stdout.isatty() else text
    # color=True: click would cut escape sequences out of piped text.
    click.echo(escaped(before) + shown, color=True)
