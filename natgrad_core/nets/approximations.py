"""The Fisher matrix and its approximations: their differences and their spectra.

Each approximation is a metric of ``natgrad_core.nets.metrics`` at one point: one block per layer,
its Kronecker factors (K-FAC), those with true second moments (E-KFAC), the diagonal.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from natgrad_core.nets import metrics
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.metrics import Exact, Metric, Operator
from natgrad_core.nets.problem import At

APPROXIMATIONS: dict[str, Callable[[], Metric]] = {
    "block": metrics.blocks,
    "ekfac": metrics.ekfac,
    "kfac": metrics.kfac,
    "diagonal": metrics.diagonal,
}
"""From the nearest to the farthest, as the tests and the lessons find them."""


def operators(at: At) -> dict[str, Operator]:
    """Return the Fisher matrix at a point, "exact", and each of its approximations.

    Args:
        at: The point.

    Returns:
        Operators by name, each of ``[p, p]``.
    """
    found: dict[str, Operator] = {"exact": Exact(FisherAt(at), "auto")}
    for name, make in APPROXIMATIONS.items():
        built = make()
        found[name] = built.at(at, built.init(at.theta))[0]
    return found


def error(exact: Tensor, other: Tensor) -> float:
    """Return ‖F − G‖/‖F‖, in the Frobenius norm.

    Args:
        exact: F, ``[p, p]``.
        other: G, ``[p, p]``.

    Returns:
        The relative error.
    """
    return float((exact - other).norm() / exact.norm())


def spectrum(operator: Operator) -> Tensor:
    """Return eigenvalues in float64, largest first; none is below 0 by rounding.

    Args:
        operator: The matrix.

    Returns:
        The eigenvalues, ``[p]``.
    """
    return operator.eigenvalues().double().sort(descending=True).values.clamp_min(0)
