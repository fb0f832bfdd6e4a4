"""The models that the paper's tables and figures compare, the most telling ones first.

RIIS is trained for one distortion, RIIS* for all and told the level, RIIS-Blind for all and told
nothing. Two things differ from the paper, to fit a small budget: ablations are of RIIS*, where the
paper ablates RIIS, and the models of one distortion go on from a model of the same method
for a share of the steps.
"""

from __future__ import annotations

from dataclasses import dataclass

CLEAN = "none"
SIGMAS = ("sigma=1", "sigma=10", "sigma=20", "sigma=30", "sigma=50")
QUALITIES = ("jpeg=40", "jpeg=60", "jpeg=80", "jpeg=90", "jpeg=95")
DISTORTIONS = (CLEAN, *SIGMAS, "poisson", *QUALITIES)
TOLD = ("sigma=10", "jpeg=40", "poisson", "jpeg=90", "sigma=1")
"""Columns of the paper's table 3, the hardest first."""
FINETUNED = 0.25
"""Share of the steps that a model of one distortion goes on for."""

_ALL = ("none", "sigma=0..50", "poisson", "jpeg=30..95")
_NO_CANP = ("model.canp_blocks=0",)
_PLAIN = ("lambda_distribution=0", "lambda_enhance=0", "estimated=0", "untold=0")
_WEIGHTS = {
    "isn": (*_PLAIN, "lambda_distribution=0.5"),
    "hinet": (*_PLAIN, "lambda_low=1", "lambda_reveal=5"),
    "iicnet": _PLAIN,
    "autoencoder": _PLAIN,
}


@dataclass(frozen=True)
class Plan:
    """One model to train.

    Attributes:
        name: of the model, and of its folder with the seed.
        method: see TrainConfig.
        trained: distortions to train under.
        tested: distortions to measure under.
        overrides: of the settings.
        start: another plan's name, whose weights it goes on from.
        told: whether revealing is told the level.
        secrets: hidden at once.
        decoupled: two-stage decoupled tuning.
    """

    name: str
    method: str
    trained: tuple[str, ...]
    tested: tuple[str, ...]
    overrides: tuple[str, ...] = ()
    start: str | None = None
    told: bool = True
    secrets: int = 1
    decoupled: bool = True

    @property
    def share(self) -> float:
        """Of the steps."""
        return 1.0 if self.start is None else FINETUNED


def _riis(name: str, *overrides: str, **more) -> Plan:  # type: ignore[no-untyped-def]
    told = ("estimated=0", "untold=0") if more.get("told", True) else ("estimated=0", "untold=1")
    given = {"trained": _ALL, "tested": DISTORTIONS, **more}
    return Plan(name, "riis", overrides=(*told, *overrides), **given)


def _other(name: str, method: str, **more) -> Plan:  # type: ignore[no-untyped-def]
    given = {"trained": (CLEAN,), "tested": DISTORTIONS, **more}
    return Plan(name, method, overrides=_WEIGHTS[method], told=False, decoupled=False, **given)


def _one(name: str, distortion: str, **more) -> Plan:  # type: ignore[no-untyped-def]
    """A model of one distortion, that goes on from another."""
    make = _riis if name == "riis" else _other
    given = {"trained": (distortion,), "tested": tuple(dict.fromkeys((distortion, CLEAN))), **more}
    kind = () if name == "riis" else ("isn",)
    return make(f"{name}@{distortion}", *kind, **given)


PLANS: tuple[Plan, ...] = (
    _riis("riis-star"),
    _other("isn", "isn"),
    _other("hinet", "hinet"),
    *(_one("isn+", one, start="isn") for one in TOLD),
    _riis("no-canp", *_NO_CANP),
    _riis("no-cem", "model.cem_layers=0", "lambda_enhance=0"),
    _riis("no-2dt", decoupled=False),
    _riis("riis-blind", "model.condition_width=0", told=False),
    _riis("copy", *_NO_CANP, "model.h_f_source=copy"),
    _riis("resblock", *_NO_CANP, "model.h_f_source=resblock"),
    *(_one("riis", one, start="riis-star") for one in (*TOLD, CLEAN)),
    _riis("riis-5", "model.n_secrets=5", secrets=5, trained=(CLEAN,), tested=(CLEAN,)),
    _other("isn-5", "isn", secrets=5, tested=(CLEAN,)),
    _other("iicnet-5", "iicnet", secrets=5, tested=(CLEAN,)),
    _other("autoencoder-5", "autoencoder", secrets=5, tested=(CLEAN,)),
    *(
        _riis(f"riis-star-{n}", secrets=n, tested=(CLEAN, "sigma=10", "jpeg=80"))
        for n in (2, 3, 4, 5)
    ),
)
BY_NAME = {plan.name: plan for plan in PLANS}
