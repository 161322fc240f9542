"""G = diag F: a scale for each parameter, and none of their coupling."""

from __future__ import annotations

from natgrad_core.core.evaluation import At
from natgrad_core.linalg.operators import Diagonal, Operator
from natgrad_core.metrics import Metric, metrics


@metrics.register(latex=r"G = \operatorname{diag} F", transforms="none", needs="model")
def diagonal_fisher() -> Metric:
    """G = diag F: cheap in many parameters, and no tensor, so a chart changes what it means.

    Becker and LeCun 1989, with F for H.
    """
    return Metric(_at_point)


def _at_point(at: At) -> Operator:
    return Diagonal(tuple(row[i] for i, row in enumerate(at.fisher)))
