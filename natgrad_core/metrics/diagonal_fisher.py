"""G = diag F: one scale for each parameter, without the off-diagonal entries."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Diagonal, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(latex=r"G = \operatorname{diag} F", transforms="none", needs="model")
def diagonal_fisher() -> Metric:
    """G = diag F: d numbers instead of d², but it does not transform as a tensor.

    Therefore the step depends on the chart. Becker and LeCun 1989, with F for H.

    Returns:
        The metric.

    Raises:
        NoProbabilityModel: At a point of a problem without a probability model.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Diagonal(tuple(row[i] for i, row in enumerate(at.fisher)))
