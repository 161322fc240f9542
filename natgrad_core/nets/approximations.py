"""The Fisher matrix and its approximations: their differences and their spectra.

Each approximation is a metric of ``natgrad_core.nets.metrics`` at one point: one block a layer, its
Kronecker factors (K-FAC), those with true second moments (E-KFAC), the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from natgrad_core.nets import metrics
from natgrad_core.nets.fisher.fisher import Fisher
from natgrad_core.nets.metrics import Exact, Metric, Operator
from natgrad_core.nets.problem import At

STAND_INS: dict[str, Callable[[], Metric]] = {
    "block": metrics.blocks,
    "ekfac": metrics.ekfac,
    "kfac": metrics.kfac,
    "diagonal": metrics.diagonal,
}
"""From the nearest to the farthest, as the tests and the lessons find them."""


def operators(at: At) -> dict[str, Operator]:
    """The Fisher matrix at a point, "exact", and each of its approximations; all are ``[p, p]``."""
    found: dict[str, Operator] = {"exact": Exact(Fisher(at), "auto")}
    for name, make in STAND_INS.items():
        made = make()
        found[name] = made.at(at, made.init(at.theta))[0]
    return found


def error(exact: Tensor, other: Tensor) -> float:
    """The error ‖F − G‖/‖F‖ of matrices ``[p, p]``, Frobenius."""
    return float((exact - other).norm() / exact.norm())


def spectrum(operator: Operator) -> Tensor:
    """Eigenvalues ``[p]`` in float64, largest first; none is below 0 by rounding."""
    return operator.eigenvalues().double().sort(descending=True).values.clamp_min(0)
