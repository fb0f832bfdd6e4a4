"""STUDY.yaml: what is varied, on which sheets, in which design."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from riis_physical.errors import ConfigError
from riis_physical.hiding import MAX_STRENGTH, MIN_STRENGTH

FILE_NAME = "STUDY.yaml"
MAX_LEVELS = 200
MAX_ROWS = 100_000
#: What a container is made of; what a sheet adds; what is set up for a photo.
CONTAINER_FACTORS = ("host", "message_length", "strength", "model")
SHEET_FACTORS = ("medium", "width_mm")
SHOT_FACTORS = ("distance_m", "angle_deg", "light", "device")
FACTORS = CONTAINER_FACTORS + SHEET_FACTORS + SHOT_FACTORS
NUMERIC = ("message_length", "strength", "width_mm", "distance_m", "angle_deg")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(_Strict):
    """A numeric factor between two values.

    A Latin hypercube takes any value of it, other designs `steps` even ones.
    """

    low: float = Field(alias="from")
    high: float = Field(alias="to")
    steps: int = Field(default=3, ge=2, le=50)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"from {self.low:g} to {self.high:g}; expected a rising span")
        return self

    def levels(self) -> tuple[float, ...]:
        """The even steps, both ends among them."""
        step = (self.high - self.low) / (self.steps - 1)
        return tuple(round(self.low + i * step, 4) for i in range(self.steps))


Numbers = Span | tuple[float, ...]


class Factors(_Strict):
    """What is varied: lists of levels, or spans `{from, to, steps}` of numeric ones.

    Attributes:
        host: file names within `hosts`; empty for all of them, or a number for the first few.
        message_length: characters, of the whole message.
        strength: of hiding. model: shipped names or files.
        medium: print or screen. width_mm: of the container as it is shown.
        distance_m: from the camera to the container's middle.
        angle_deg: between the line of sight and the container's normal.
        light, device: names of your own choice.
    """

    host: int | tuple[str, ...] = ()
    message_length: tuple[int, ...] = (30,)
    strength: Numbers = (1.0,)
    model: tuple[str, ...] = ("auto",)
    medium: tuple[Literal["print", "screen"], ...] = ("print",)
    width_mm: Numbers = (180.0,)
    distance_m: Numbers = (0.5, 1.0)
    angle_deg: Numbers = (0.0,)
    light: tuple[str, ...] = ("daylight",)
    device: tuple[str, ...] = ("phone",)

    @model_validator(mode="after")
    def _levels(self) -> Self:
        for name in FACTORS:
            value = getattr(self, name)
            if not isinstance(value, tuple):
                continue
            if not value and name != "host":
                raise ValueError(f"{name} has no level: give at least one")
            if len(set(value)) != len(value):
                raise ValueError(f"{name} names a level twice")
            if len(value) > MAX_LEVELS:
                raise ValueError(f"{name} has {len(value)} levels; expected {MAX_LEVELS} at most")
        for name, low, high in (
            ("message_length", 8, 200),
            ("strength", MIN_STRENGTH, MAX_STRENGTH),
            ("width_mm", 20, 5000),
            ("distance_m", 0.05, 100),
            ("angle_deg", 0, 80),
        ):
            for level in numbers_of(getattr(self, name)):
                if not low <= level <= high:
                    raise ValueError(f"{name} is {level:g}; expected {low:g} to {high:g}")
        for name in ("light", "device"):
            for level in getattr(self, name):
                if not level.strip() or any(c in level for c in "/\\=,") or level.startswith("."):
                    raise ValueError(f"{name} {level!r}: expected a word without / \\ = or comma")
        return self


def numbers_of(value: Numbers) -> tuple[float, ...]:
    """The levels of a numeric factor."""
    return value.levels() if isinstance(value, Span) else value


class Design(_Strict):
    """How levels become rows.

    Attributes:
        kind: full (all combinations), fractional (a balanced part of them) or latin (a Latin
            hypercube of `rows` rows).
        rows: of a Latin hypercube. reduction: a fractional design has about this part of
            all combinations, 2 for half.
        repeats: photos of every row. seed: of everything drawn.
        order: `walk` changes as little as possible from row to row, `random` shuffles.
    """

    kind: Literal["full", "fractional", "latin"] = "full"
    rows: int | None = Field(default=None, ge=2, le=MAX_ROWS)
    reduction: int = Field(default=2, ge=2, le=64)
    repeats: int = Field(default=1, ge=1, le=100)
    seed: int = Field(default=0, ge=0, lt=2**31)
    order: Literal["walk", "random"] = "walk"

    @model_validator(mode="after")
    def _rows(self) -> Self:
        if (self.kind == "latin") != (self.rows is not None):
            raise ValueError("rows belongs to `kind: latin`, and only to it")
        return self


class Sheet(_Strict):
    """What a printed sheet looks like.

    Attributes:
        page: of prints; `auto` takes the smallest of A4 to A0 that fits.
        margin_code: a small visible marker in the margin, by which photos sort themselves.
        fiducials: markers at the corners, which help detection: a study of them is another.
    """

    page: str = "auto"
    margin_code: bool = True
    fiducials: Literal["none", "corners"] = "none"


class Device(_Strict):
    """A phone.

    Attributes:
        exif: what its photos say in their model field; photos are told apart by it.
        photo_px: (width, height) of its photos as the long side lies.
        focal_mm35: focal length of the main camera for 36 x 24 mm film.
    """

    exif: str | None = None
    photo_px: tuple[int, int] = (4000, 3000)
    focal_mm35: float = Field(default=26.0, ge=8, le=400)

    @field_validator("photo_px")
    @classmethod
    def _size(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not 320 <= min(value) <= max(value) <= 12000:
            raise ValueError("expected sides of 320 to 12000 px")
        return max(value), min(value)


class StudyConfig(_Strict):
    """One study.

    Attributes:
        name: for people, on every sheet. hosts: folder of pictures, relative to the file.
        message: what messages begin with; the rest is drawn, so that no two are alike.
        devices: what is known of the phones, by the names of the factor `device`.
    """

    name: str = Field(min_length=1, max_length=60)
    hosts: Path
    message: str = Field(default="https://example.org/", max_length=150)
    factors: Factors = Factors()
    design: Design = Design()
    sheet: Sheet = Sheet()
    devices: dict[str, Device] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _together(self) -> Self:
        for name in self.devices:
            if name not in self.factors.device:
                raise ValueError(
                    f"devices: {name!r} is no level of the factor device "
                    f"({', '.join(self.factors.device)})"
                )
        shortest = min(self.factors.message_length)
        if shortest < len(self.message) + 4:
            raise ValueError(
                f"message_length {shortest} leaves no 4 characters after {self.message!r}: "
                f"expected {len(self.message) + 4} or more"
            )
        return self

    def device(self, name: str) -> Device:
        """What is known of a phone; the usual where nothing is."""
        return self.devices.get(name, Device())

    @classmethod
    def parse(cls, text: str, source: str = FILE_NAME) -> StudyConfig:
        """Read YAML text.

        Raises:
            ConfigError: no YAML, an unknown key (the nearest is named) or an impossible value.
        """
        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            line = " ".join(str(error).split())
            raise ConfigError(f"{source} is no YAML: {line}") from error
        if not isinstance(data, dict):
            raise ConfigError(f"{source} holds no settings: expected `name:`, `hosts:` and so on")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ConfigError(f"{source}: {_explained(error)}") from error

    @classmethod
    def load(cls, path: str | Path) -> StudyConfig:
        """Read a file; raises ConfigError as :meth:`parse`, and where it cannot be read."""
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"cannot read {path}: {getattr(error, 'strerror', None) or error}; "
                "`riis-physical study init` writes one"
            ) from error
        return cls.parse(text, str(path))


_SECTIONS: Mapping[str, type[BaseModel]] = {
    "factors": Factors,
    "design": Design,
    "sheet": Sheet,
    "devices": Device,
}


def _explained(error: ValidationError) -> str:
    """The first thing wrong, in words; for an unknown key the nearest known one."""
    first = next((e for e in error.errors() if e["type"] == "extra_forbidden"), error.errors()[0])
    place = [str(part) for part in first["loc"]]
    if first["type"] == "extra_forbidden":
        model = _SECTIONS.get(place[0], StudyConfig) if len(place) > 1 else StudyConfig
        known = [f.alias or name for name, f in model.model_fields.items()]
        near = difflib.get_close_matches(place[-1], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
        return f"unknown key {'.'.join(place)!r}; {hint}"
    message = str(first["msg"]).removeprefix("Value error, ")
    where = ".".join(p for p in place if not p.startswith(("Span", "tuple", "function")))
    seen: Any = first.get("input")
    told = f" (got {seen!r})" if isinstance(seen, str | int | float) else ""
    return f"{where + ': ' if where else ''}{message}{told}"
