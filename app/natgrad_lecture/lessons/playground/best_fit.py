"""The maximum-likelihood fit of the playground's problem, in words and as a window."""

from __future__ import annotations

import math

import numpy as np

from natgrad_core.analysis.fit import Fit, fit
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.numbers import significant
from natgrad_lecture.state.items import ProblemKey, problem_named
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

WIDE = 4.0
"""Standard errors on either side of the best fit that a view of it shows."""

HALF = (1e-9, 1e9)
"""The least and the most half-width of an axis."""


@bounded_cache
def fit_of(key: ProblemKey) -> Fit | None:
    """The maximum-likelihood fit of a problem; None of one without a model or observed data."""
    problem = problem_named(key)
    size = len(problem.rows) if problem.size is None else problem.size
    if problem.support is None or not 2 <= size < math.inf:
        return None
    try:
        return fit(problem)
    except ValueError:
        return None


def in_words(fitted: Fit) -> str:
    """The estimate with its standard errors, or why there is none."""
    if not fitted.converged:
        return say("no-best-fit", why=fitted.why)
    parts = (
        f"{symbol} = {0.0 if abs(value) < 1e-6 * error else value:.4g} ± {error:.2g}"
        for symbol, value, error in zip(
            fitted.problem.symbols, fitted.theta, fitted.standard_errors, strict=True
        )
    )
    return say("best-fit", estimate=", ".join(parts))


def around(fitted: Fit, symbols: tuple[str, ...]) -> tuple[float, ...]:
    """The window of four standard errors around the best fit: centers, half-widths."""
    places = [fitted.problem.symbols.index(symbol) for symbol in symbols]
    half = np.clip(WIDE * fitted.standard_errors[places], *HALF)
    center = (significant(v, 3) for v in fitted.theta[places].tolist())
    return (*center, *(significant(v, 2) for v in half.tolist()))
