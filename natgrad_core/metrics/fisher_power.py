"""G = F^q: from gradient descent (q = 0) to the natural gradient (q = 1)."""

from __future__ import annotations

from typing import Annotated, Any

from natgrad_core.core.evaluation import At
from natgrad_core.core.options import Span
from natgrad_core.core.validation import checked
from natgrad_core.linalg.operators import Dense, Operator
from natgrad_core.linalg.spectral import power
from natgrad_core.metrics import Metric, metrics
from natgrad_core.types import ArrayLike


@metrics.register(latex=r"G = F^q,\quad 0 \le q \le 1", transforms="none", needs="model")
def fisher_power(q: Annotated[ArrayLike, Span(0, 1)] = 0.5) -> Metric:
    """G = F^q with q in [0, 1].

    At q = 0 it is I, at q = 1 it is F. It transforms as a tensor only at q = 1, because in
    general (AᵀFA)^q ≠ AᵀF^qA. Adam divides by the power ½ of the diagonal of an
    empirical Fisher matrix (Lin and others 2024).

    Args:
        q: The power, from 0 to 1; one number or an array over the leading axes.

    Returns:
        The metric.

    Raises:
        ValueError: If q is outside [0, 1].
    """
    exponent = checked("the power q", q, 0.0, 1.0)

    return Metric(_at_point, numbers=(exponent,))


def _at_point(at: At, exponent: Any) -> Operator:
    return Dense(power(at.fisher, exponent))
