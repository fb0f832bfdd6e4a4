"""Hide a message in a host, read it back, and say what is known of the result."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from riis_physical import metrics
from riis_physical.artifacts import UInt8Image
from riis_physical.errors import ConfigError, HostError
from riis_physical.hiding.advice import LEAST_MODULE_PX, carrying_badly, shaped_badly, showing_badly
from riis_physical.hiding.already import carried
from riis_physical.hiding.frame import add_residual, to_frame
from riis_physical.hiding.plan import Plan, Refinement
from riis_physical.hiding.strength.least import Aim
from riis_physical.hiding.strength.need import needed_information
from riis_physical.images import LoadedImage, load_host
from riis_physical.qr.code.encode import QrCode, encode
from riis_physical.qr.soft.knowledge import NOTHING, Knowledge
from riis_physical.qr.soft.reading import Reading, read_revealed

if TYPE_CHECKING:
    from riis_physical.hiding.blacks import Lift
    from riis_physical.hiding.refine import Refined
    from riis_physical.hiding.strength.draws import Proof
    from riis_physical.hiding.strength.least import Choice
    from riis_physical.model.revealer import Revealer

MIN_STRENGTH, MAX_STRENGTH = 0.25, 3.0
_STRONGER = 1.15  # factor on a chosen strength whose container does not read back
_MATTERS = 0.03  # bits a module that knowledge must save for readers to depend on it


@dataclass(frozen=True)
class HideResult:
    """A container and what is known about it.

    Attributes:
        container: uint8 (H, W, 3), as large as the host and in its colour space.
        version: QR version, 1 to 10; level: error correction, H where it fits.
        modules: modules along a side, 17 + 4 * version.
        psnr: dB against the host. ssim: structural similarity of the luma.
        residual_rms: root mean square of the change, in levels of 255.
        clipped_share: share of frame samples whose change met black or white.
        decoder: what read the 8-bit container back; one that does not read is refused.
        confidence: of that reading, in [0, 1].
        min_width_px: width in a photo from which it should read, None where
            the model's record has no measure of it.
        warnings: one line each, for people.
        strength: factor on the residual. choice: why, where it was chosen.
        refined: what refining did, where it was asked for.
        lift: how black or white areas were moved, where that was needed.
        read_by: what is known of the message that told most in the self-check.
        needs_knowledge: whether readers need the beginning or the list that was given.
    """

    container: UInt8Image
    version: int
    level: str
    modules: int
    psnr: float
    ssim: float
    residual_rms: float
    clipped_share: float
    decoder: str
    confidence: float
    min_width_px: int | None
    warnings: tuple[str, ...] = ()
    strength: float = 1.0
    choice: Choice | None = None
    refined: Refined | None = None
    lift: Lift | None = None
    read_by: str = "code"
    needs_knowledge: bool = False

    @property
    def self_check_decoded(self) -> bool:
        """True, always: use nothing in its place. It goes with the next release."""
        warnings.warn(
            "self_check_decoded is always True, for hide raises HostError where a container does "
            "not read back: leave it away",
            DeprecationWarning,
            stacklevel=2,
        )
        return True


def hide(
    host: LoadedImage | str | Path | UInt8Image,
    message: str | bytes,
    *,
    revealer: Revealer,
    strength: float | Aim = 1.0,
    refine: Refinement | None = None,
    file_quality: int | None = None,
    proof: Proof | None = None,
    knowledge: Knowledge = NOTHING,
    force: bool = False,
) -> HideResult:
    """Hide a message and read it back from the 8-bit result.

    Args:
        host: a picture, its path, or uint8 RGB pixels (H, W, 3).
        message: text (stored as UTF-8) or bytes.
        revealer: the loaded model.
        strength: factor on the residual, MIN_STRENGTH to MAX_STRENGTH; more
            reads better and shows more. An :class:`riis_physical.hiding.strength.least.Aim`
            chooses it for this host and message, and lifts black or white areas that need it.
        refine: improve the residual for this host; takes about a minute.
        file_quality: of the JPEG that the container will be stored as, where it will be one;
            choosing and refining then look through it.
        proof: what the printer's colours make of pixels, for the same two;
            :func:`riis_physical.sheets.profiles.proof_of` makes one from an ICC profile.
        knowledge: what the readers of this container know; the strength is chosen for them,
            and the self-check reads as they do.
        force: hide even where the host carries a message already, which is lost then.

    Raises:
        MessageError: empty message, or too long for the largest code.
        BadImageError: `host` is a path of no usable picture.
        ConfigError: strength out of range.
        HostError: the container does not read back, or the host carries a message already.
    """
    if isinstance(strength, int | float) and not MIN_STRENGTH <= strength <= MAX_STRENGTH:
        raise ConfigError(
            f"strength {strength:g} is out of range: expected {MIN_STRENGTH:g} to {MAX_STRENGTH:g}"
        )
    code = encode(message)
    original = _pixels(host)
    if not force and (there := carried(original, revealer)) is not None:
        raise HostError(
            f"the host carries {there.described} already, which hiding another would destroy: "
            "take the picture without it, or pass --force"
        )
    needed = needed_information(code, knowledge)
    if isinstance(strength, Aim):
        strength = replace(strength, needed=needed)
    if refine is not None:
        refine = replace(refine, aim=replace(refine.aim, needed=needed))
    planned = Plan.made(original, code, revealer, strength, refine, file_quality, proof)
    chosen = planned.strength if isinstance(strength, Aim) else None
    while True:
        pixels, residual = planned.host, planned.residual
        container = add_residual(pixels, residual)
        try:
            reading = _self_check(container, code, revealer, planned.strength, knowledge)
            break
        except HostError:
            if chosen is None or planned.strength * _STRONGER > MAX_STRENGTH:
                raise
            planned = planned.stronger(_STRONGER)
    psnr = metrics.psnr(original, container)
    frame = to_frame(pixels, code.size * revealer.module_px)
    clipped = frame + residual
    clipped_share = float(np.mean((clipped < -0.5 / 255) | (clipped > 255.5 / 255)))
    choice = planned.choice
    return HideResult(
        container=container,
        version=code.version,
        level=code.level,
        modules=code.size,
        psnr=psnr,
        ssim=metrics.ssim(original, container),
        residual_rms=0.0 if math.isinf(psnr) else 255 / 10 ** (psnr / 20),
        clipped_share=clipped_share,
        decoder=reading.decoder,
        confidence=reading.confidence,
        min_width_px=min_width_px(revealer.record, code.size, pixels.shape[:2])
        if choice is None
        else choice.min_width_px,
        warnings=(
            *raised(chosen, planned.strength),
            *carrying_badly(frame, clipped_share, code),
            *showing_badly(original),
            *shaped_badly(original.shape[:2], code),
        ),
        strength=planned.strength,
        choice=choice,
        refined=planned.refined,
        lift=planned.lift,
        read_by=reading.grid.by,
        needs_knowledge=not knowledge.is_empty
        and needed < needed_information(code, NOTHING) - _MATTERS
        and (isinstance(strength, Aim) or reading.grid.by == "list"),
    )


def raised(chosen: float | None, strength: float) -> tuple[str, ...]:
    """What to tell where the strength that draws asked for did not pass the self-check."""
    if chosen is None or strength <= chosen:
        return ()
    return (
        f"at strength {chosen:g}, which simulated captures ask for, the container did not read "
        f"back from its own file: raised to {strength:.2f}",
    )


def read_back(
    container: LoadedImage | str | Path | UInt8Image,
    message: str | bytes,
    *,
    revealer: Revealer,
    strength: float = 1.0,
    knowledge: Knowledge = NOTHING,
) -> tuple[str, float]:
    """Reveal and read a container as it was stored, for formats that change pixels.

    Args:
        container: as :func:`hide` takes a host.
        message: what must come back.
        strength: of hiding, for the advice in the error.
        knowledge: what readers know.

    Returns:
        decoder and confidence.

    Raises:
        HostError: the message does not read back.
        MessageError, BadImageError: as :func:`hide`.
    """
    reading = _self_check(_pixels(container), encode(message), revealer, strength, knowledge)
    return reading.decoder, reading.confidence


def min_width_px(record: dict[str, Any], modules: int, size: tuple[int, int]) -> int | None:
    """Width in a photo from which a container should read, in photo pixels.

    Args:
        record: of the model; `min_px_per_module` counts along the shorter side.
        modules: modules along a side of the code.
        size: (h, w) of the host.
    """
    measured = record.get("min_px_per_module")
    if measured is None:
        measured = (record.get("measured") or {}).get("min_px_per_module")
    if measured is None:
        return None
    height, width = size
    return math.ceil(float(measured) * modules * max(1.0, width / height))


def _pixels(host: LoadedImage | str | Path | UInt8Image) -> UInt8Image:
    if isinstance(host, str | Path):
        host = load_host(host)
    pixels = host.pixels if isinstance(host, LoadedImage) else host
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"host {pixels.shape} {pixels.dtype}: expected uint8 (H, W, 3)")
    return np.ascontiguousarray(pixels)


def _self_check(
    container: UInt8Image,
    code: QrCode,
    revealer: Revealer,
    strength: float,
    knowledge: Knowledge,
) -> Reading:
    """The container's own reading."""
    frame = to_frame(container, code.size * revealer.module_px)
    revealed = revealer.reveal(frame[None], [None])  # None: never printed or photographed
    reading = read_revealed(
        revealed.logits[0], revealed.picture[0], code.version, knowledge, thorough=True
    )
    if reading is None or reading.payload != code.payload:
        height, width = container.shape[:2]
        if min(height, width) < LEAST_MODULE_PX * code.size:
            raise HostError(
                f"the host is {width} x {height} px, too small for a code of {code.size} x "
                f"{code.size} modules: take one of at least {LEAST_MODULE_PX * code.size} px along "
                "the shorter side, enlarge it, or shorten the message"
            )
        advice = (
            f"raise the strength above {strength:g}, " if strength < MAX_STRENGTH else ""
        ) + "shorten the message or choose a host with more texture and mid-tones"
        raise HostError(f"the container does not read back even before printing: {advice}")
    return reading
