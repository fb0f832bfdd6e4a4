"""The conditional normalizing flow of RIIS: one idea a file.

Every invertible layer follows one contract: ``forward(x) -> (y, log_det)`` and
``inverse(y) -> x``, with ``log_det`` the natural logarithm of the absolute
Jacobian determinant per item, shape (B,).
"""

from riis_physical.flow.actnorm import ActNorm
from riis_physical.flow.block import FlowBlock, InvertibleFlow
from riis_physical.flow.canp import NoiseProjection
from riis_physical.flow.cem import ContainerEnhancement
from riis_physical.flow.coupling import AffineCoupling, FactorNet
from riis_physical.flow.dense import DenseBlock
from riis_physical.flow.dgm import ConditionNetwork, Modulation
from riis_physical.flow.haar import HaarSqueeze
from riis_physical.flow.invconv import InvertibleConv1x1
from riis_physical.flow.source import CopySource, GaussianSource, ResidualSource

__all__ = [
    "ActNorm",
    "AffineCoupling",
    "ConditionNetwork",
    "ContainerEnhancement",
    "CopySource",
    "DenseBlock",
    "FactorNet",
    "FlowBlock",
    "GaussianSource",
    "HaarSqueeze",
    "InvertibleConv1x1",
    "InvertibleFlow",
    "Modulation",
    "NoiseProjection",
    "ResidualSource",
]
