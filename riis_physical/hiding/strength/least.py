"""The least strength that a host and a message need, from a few fixed draws of the channel.

How much of the message a draw shows is measured as information, in bits a module
(:class:`riis_physical.hiding.strength.draws.Seen`). Soft reading turns from never to always within
a few hundredths of a bit: what is needed (:mod:`need`) and WIDTH are a logistic fit to draws
(`riis-physical measure strength` makes it anew). Information,
straightened, rises with the width in the photo and scatters about that line like a normal
distribution; the rate is how much of it lies above NEEDED. So 20 draws give a rate that varies
smoothly with the strength, where counting them would jump by 5 %.

Captures that this project simulates are kinder than those of others: an independent camera
simulation read 55 of 60 prints at a strength at which these read all. MARGIN is kept for that:
the rate must be reached with so much less information, which costs 9 % of strength, 0.7 dB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray

from riis_physical.artifacts import FloatArray
from riis_physical.channel.params import ChannelParams
from riis_physical.channel.ranges import ChannelRanges
from riis_physical.errors import ConfigError
from riis_physical.hiding.masking import container_loss
from riis_physical.hiding.strength.draws import Scene, chosen, reaching
from riis_physical.hiding.strength.need import NEEDED

WIDTH = 0.0225
"""Scale of the logistic curve about what is needed, bits."""
READING_SCATTER = 1.7 * WIDTH / ((NEEDED - 1) * math.log(1 - NEEDED))
"""WIDTH as the deviation of a normal curve, of straightened information."""
MARGIN = 0.08
"""Bits a module left over for captures worse than simulated ones."""
DRAWS = 20
LEAST, MOST = 0.3, 1.5
"""Strengths that are chosen from."""
SEEN_MOST_DB = 32.0
"""Bound on what is seen: visibility-weighted PSNR that a chosen strength does not go below."""

_NORMAL = NormalDist()
_FIRST = 0.8
_TAIL = 8  # of the draws, the least informative, that later looks are for
_ENOUGH = 0.04  # relative change of strength that needs no further look
SLOPE = 2.6
"""Of log(-log(1 - information)) over log strength, where one look is all that is known."""
_READ_SHARE = 0.9  # of captures at the least width


@dataclass(frozen=True)
class Aim:
    """What a strength is chosen for.

    Attributes:
        rate: share of captures that shall read, above 0 and below 1.
        ranges: preset of the channel, or ranges of a profile.
        medium: print, screen or mixed.
        reach_px: least width in the photo; None: that of the ranges, whatever the message's
            length, so that short messages get less to see and not more distance.
        margin: bits a module to keep.
        needed: bits a module at which half of the captures are read; hide takes it from the
            message and from what its readers know.
        draws: of the channel. seed: of the draws. Of seeds 0 to 5 the default agreed best with
            all their draws together on three photographs.
    """

    rate: float = 0.97
    ranges: str | ChannelRanges = "normal"
    medium: str = "mixed"
    reach_px: int | None = None
    margin: float = MARGIN
    needed: float = NEEDED
    draws: int = DRAWS
    seed: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1 or self.draws < 8:
            raise ConfigError(
                f"rate {self.rate:g} of {self.draws} draws: expected a rate above 0 and below 1, "
                "and at least 8 draws"
            )

    def params(
        self, scene: Scene, seed: int | None = None, draws: int | None = None
    ) -> ChannelParams:
        """The draws; others with another seed."""
        ranges = reaching(self.ranges, self.reach_px)
        return scene.params(
            ranges, draws or self.draws, self.seed if seed is None else seed, self.medium
        )


@dataclass(frozen=True)
class Choice:
    """A strength and why.

    Attributes:
        strength: factor on the residual.
        predicted: share of captures that read, by simulated draws, no margin taken off.
        with_margin: the same with the margin taken off; what the aim's rate is held against.
        min_width_px: width in a photo from which 90 % read; not below the least width drawn.
        accuracy: mean share of the message's modules that are right.
        limit: what kept the strength from the wanted rate: "" (nothing), "strength" or "seen".
    """

    strength: float
    predicted: float
    with_margin: float
    min_width_px: int
    accuracy: float
    limit: str = ""


def predicted_rate(
    information: NDArray[np.floating],
    width_px: NDArray[np.floating],
    margin: float = 0.0,
    needed: float = NEEDED,
) -> float:
    """Share of captures that soft reading reads, from draws whose widths are spread evenly.

    Args:
        information: (B,) bits a module. width_px: (B,) of each draw.
        margin: bits a module that are to be left over.
        needed: bits a module at which half are read.
    """
    widths = np.log(np.asarray(width_px, np.float64))
    return _rate(straight(information), widths, needed + margin)


def _rate(values: NDArray[np.float64], widths: NDArray[np.float64], needed: float) -> float:
    line, scatter = _line(values, widths)
    limit = float(straight(np.array([needed]))[0])
    above = (line - limit) / math.hypot(scatter, READING_SCATTER)
    return float(np.mean([_NORMAL.cdf(float(one)) for one in above]))


def _line(
    values: NDArray[np.float64], widths: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """The fitted line at each width, and the scatter about it."""
    fitted = np.polyval(np.polyfit(widths, values, 1), widths)
    scatter = math.sqrt(float(((values - fitted) ** 2).sum()) / max(1, len(values) - 2))
    return np.asarray(fitted, np.float64), scatter


def choose(scene: Scene, residual: FloatArray, aim: Aim) -> Choice:
    """The least strength at which a residual's draws read as aimed.

    Args:
        residual: (8N, 8N, 3) at strength 1.

    Looks at all draws once, then at the least readable ones near the answer; between
    looks the information follows log(-log(1 - I)), which is nearly straight in log strength.
    """
    return choose_with_curve(scene, residual, aim)[0]


def choose_with_curve(scene: Scene, residual: FloatArray, aim: Aim) -> tuple[Choice, Curve]:
    """As :func:`choose`, with what was seen on the way."""
    curve = Curve.measured(scene, residual, aim)
    bound = strength_bound(scene, residual)
    highest = min(MOST, max(LEAST, bound))
    strength = curve.least(aim.rate, aim.margin, highest)
    for _ in range(2):
        if curve.nearest(strength) <= _ENOUGH:
            break
        curve.look_again(strength)
        strength = curve.least(aim.rate, aim.margin, highest)
    strength = min(highest, math.ceil(strength * 100 - 1e-6) / 100)
    reached = curve.rate(strength, aim.margin) >= aim.rate - 0.005
    limit = "" if reached else ("seen" if highest < MOST else "strength")
    return replace(curve.described(strength, aim.margin), limit=limit), curve


def described(scene: Scene, residual: FloatArray, strength: float, aim: Aim) -> Choice:
    """What a given strength reads at, as if it had been chosen."""
    return Curve.measured(scene, residual, aim, at=strength).described(strength, aim.margin)


class Curve:
    """Information of each draw at any strength, from looks at a few.

    Values are kept as log(-log(1 - I)), against the logarithm of the strength.
    """

    def __init__(self, scene: Scene, residual: FloatArray, aim: Aim) -> None:
        self.scene, self.residual, self.params = scene, residual, aim.params(scene)
        self.needed = aim.needed
        self.range_px = reaching(aim.ranges, aim.reach_px).container_width_px
        params = self.params
        self.widths = np.log(params.container_width_px.numpy().astype(np.float64))
        self.looks: list[tuple[float, NDArray[np.float64], NDArray[np.float64]]] = []

    @classmethod
    def measured(cls, scene: Scene, residual: FloatArray, aim: Aim, at: float = _FIRST) -> Curve:
        """With one look at all draws."""
        curve = cls(scene, residual, aim)
        curve._look(at, np.arange(curve.params.batch))
        return curve

    def look_again(self, strength: float) -> None:
        """Look at the draws that say least, at another strength."""
        least_first = np.argsort(self.values(strength))
        self._look(strength, np.sort(least_first[:_TAIL]))

    def _look(self, strength: float, numbers: NDArray[np.integer]) -> None:
        seen = self.scene.look(self.residual * np.float32(strength), chosen(self.params, numbers))
        values = np.full(self.params.batch, np.nan)
        right = np.full(self.params.batch, np.nan)
        values[numbers] = straight(seen.information)
        right[numbers] = seen.accuracy
        self.looks.append((math.log(strength), values, right))

    def nearest(self, strength: float) -> float:
        """Relative distance of the nearest look."""
        return min(abs(math.log(strength) - at) for at, _, _ in self.looks)

    def values(self, strength: float) -> NDArray[np.float64]:
        """Straightened information of each draw at a strength."""
        place = math.log(strength)
        looks = sorted(self.looks, key=lambda look: abs(look[0] - place))
        result = np.full(self.params.batch, np.nan)
        for number in range(len(result)):
            known = [
                (at, values[number]) for at, values, _ in looks if not np.isnan(values[number])
            ]
            (x, y), *others = known
            slope = SLOPE
            if others and abs(others[0][0] - x) > 1e-6:
                measured = (others[0][1] - y) / (others[0][0] - x)
                slope = float(np.clip(measured, 0.5, 6.0))
            result[number] = y + slope * (place - x)
        return result

    def rate(self, strength: float, margin: float = 0.0) -> float:
        """Predicted share of captures that read."""
        return _rate(self.values(strength), self.widths, self.needed + margin)

    def least(self, rate: float, margin: float, highest: float) -> float:
        """The least strength of LEAST to `highest` with the rate; `highest` where none has."""
        low, high = LEAST, highest
        if self.rate(high, margin) < rate:
            return high
        while high / low > 1.002:
            middle = math.sqrt(low * high)
            if self.rate(middle, margin) >= rate:
                high = middle
            else:
                low = middle
        return high

    def described(self, strength: float, margin: float) -> Choice:
        """What is known of a strength."""
        accuracy = np.nanmean(min(self.looks, key=lambda k: abs(k[0] - math.log(strength)))[2])
        return Choice(
            strength=strength,
            predicted=self.rate(strength),
            with_margin=self.rate(strength, margin),
            min_width_px=self.min_width(strength),
            accuracy=float(accuracy),
        )

    def min_width(self, strength: float) -> int:
        """Width in a photo from which 90 % of captures read, px, by a line through the draws.

        The straightened information rises with the logarithm of the width; the draws'
        scatter about that line says how far above what is needed it must be.
        """
        values = self.values(strength)
        slope, start = np.polyfit(self.widths, values, 1)
        _, scatter = _line(values, self.widths)
        spread = _NORMAL.inv_cdf(_READ_SHARE) * math.hypot(scatter, READING_SCATTER)
        wanted = float(straight(np.array([self.needed]))[0]) + spread
        place = (wanted - start) / max(slope, 0.2)
        # What lies outside the widths drawn is not known: the ends are what is said then.
        low, high = (math.log(width) for width in self.range_px)
        return math.ceil(math.exp(min(max(place, low), high)) - 1e-6)


def strength_bound(scene: Scene, residual: FloatArray) -> float:
    """Strength at which the visibility-weighted PSNR is SEEN_MOST_DB."""
    with torch.no_grad():
        host = scene.host
        shown = scene.container(scene.tensor(residual))
        loss = float(container_loss(shown, host, chroma=2.0, coarse=8.0))
    return math.sqrt(10 ** (-SEEN_MOST_DB / 10) / max(loss, 1e-12))


def straight(information: NDArray[np.floating]) -> NDArray[np.float64]:
    """log(-log(1 - I)), which is nearly straight in the logarithm of strength and width."""
    held = np.clip(np.asarray(information, np.float64), 1e-3, 1 - 1e-6)
    return np.asarray(np.log(-np.log1p(-held)))
