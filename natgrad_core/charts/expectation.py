"""Expectation parameters m = E[T] of a family: where averages of samples live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from natgrad_core.charts import charts
from natgrad_core.charts._family_chart import FamilyChart, Route
from natgrad_core.tracing.ops import exp, log, sqrt
from natgrad_core.types import Vector


def _from_moments(first: Any, second: Any) -> Vector:
    return first, sqrt(second - first * first)


def _moments(mu: Any, sigma: Any) -> Vector:
    return mu, mu * mu + sigma * sigma


def _spread_out(first: Any, second: Any) -> Vector:
    return (second > first * first,)


def _same(p: Any, q: Any) -> Vector:
    return p, q


def _chances(p: Any, q: Any) -> Vector:
    return p > 0, p < 1, q > 0, q < 1


def _log_odds(p: Any, q: Any) -> Vector:
    return log(p / (1 - p - q)), log(q / (1 - p - q))


def _shares(a: Any, b: Any) -> Vector:
    whole = 1 + exp(a) + exp(b)
    return exp(a) / whole, exp(b) / whole


def _parts(p: Any, q: Any) -> Vector:
    return p > 0, q > 0, p + q < 1


@charts.register()
class Expectation(FamilyChart):
    """θ as a function of m = E[T], for the ``family`` whose parameters θ are.

    Args:
        family: The name of the problem whose parameters θ are.

    Raises:
        ValueError: If that family has no such chart in closed form.
    """

    latex = r"\theta = \theta(m),\; m = \mathbb{E}\,T"
    letter = "m"
    routes: ClassVar[Mapping[str, Route]] = {
        "normal": Route(_from_moments, _moments, _spread_out, "m₂ > m₁²"),
        "two-bernoullis": Route(_same, _same, _chances, "0 < m < 1"),
        "categorical": Route(_log_odds, _shares, _parts, "m₁, m₂ > 0, m₁ + m₂ < 1"),
    }
