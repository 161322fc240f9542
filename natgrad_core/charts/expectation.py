"""Expectation parameters m = E[T] of a family: where averages of samples live."""

from __future__ import annotations

from typing import Any, ClassVar

from natgrad_core.charts import charts
from natgrad_core.family_chart import FamilyChart, Route
from natgrad_core.ops import exp, log, sqrt


def _normal(first: Any, second: Any) -> tuple[Any, Any]:
    return first, sqrt(second - first * first)


def _shares(a: Any, b: Any) -> tuple[Any, Any]:
    whole = 1 + exp(a) + exp(b)
    return exp(a) / whole, exp(b) / whole


@charts.register("expectation")
class Expectation(FamilyChart):
    """θ as a function of m = E[T], for the ``family`` whose parameters θ are."""

    name = "expectation"
    latex = r"\theta = \theta(m),\; m = \mathbb{E}\,T"
    letter = "m"
    routes: ClassVar = {
        "normal": Route(
            _normal,
            lambda mu, sigma: (mu, mu * mu + sigma * sigma),
            lambda x: x[..., 1] > x[..., 0] ** 2,
            "m₂ > m₁²",
        ),
        "two-bernoullis": Route(
            lambda p, q: (p, q),
            lambda p, q: (p, q),
            lambda x: ((x > 0) & (x < 1)).all(-1),
            "0 < m < 1",
        ),
        "categorical": Route(
            lambda p, q: (log(p / (1 - p - q)), log(q / (1 - p - q))),
            _shares,
            lambda x: (x > 0).all(-1) & (x.sum(-1) < 1),
            "m₁, m₂ > 0, m₁ + m₂ < 1",
        ),
    }
