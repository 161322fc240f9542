"""Natural parameters η of a family: where log p is linear, and Newton is the natural gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from natgrad_core.charts import charts
from natgrad_core.charts._family_chart import FamilyChart, Route
from natgrad_core.tracing.ops import atan2, cos, log, sigmoid, sin, sqrt
from natgrad_core.types import Vector


def _same(first: Any, second: Any) -> Vector:
    return first, second


def _chances(first: Any, second: Any) -> Vector:
    return sigmoid(first), sigmoid(second)


def _logits(p: Any, q: Any) -> Vector:
    return log(p / (1 - p)), log(q / (1 - q))


def _polar(u: Any, v: Any) -> Vector:
    return atan2(v, u), sqrt(u * u + v * v)


def _normal(a: Any, b: Any) -> Vector:
    return -a / (2 * b), sqrt(-1 / (2 * b))


def _of_normal(mu: Any, sigma: Any) -> Vector:
    return mu / (sigma * sigma), -1 / (2 * sigma * sigma)


def _falling(first: Any, second: Any) -> Vector:
    return (second < 0,)


def _positive(first: Any, second: Any) -> Vector:
    return first > 0, second > 0


def _turned(first: Any, second: Any) -> Vector:
    return first, -second


def _of_gamma(first: Any, second: Any) -> Vector:
    return first > 0, second < 0


def _of_polar(mu: Any, kappa: Any) -> Vector:
    return kappa * cos(mu), kappa * sin(mu)


def _nonzero(first: Any, second: Any) -> Vector:
    return (abs(first) + abs(second) > 0,)


@charts.register()
class Natural(FamilyChart):
    """θ as a function of η, for the ``family`` whose parameters θ are.

    Args:
        family: The name of the problem whose parameters θ are.

    Raises:
        ValueError: If that family has no such chart in closed form.
    """

    latex = r"\theta = \theta(\eta)"
    letter = "η"
    routes: ClassVar[Mapping[str, Route]] = {
        "normal": Route(_normal, _of_normal, _falling, "η₂ < 0"),
        "beta": Route(_same, _same, _positive, "η > 0"),
        "categorical": Route(_same, _same),
        "gamma": Route(_turned, _turned, _of_gamma, "η₁ > 0, η₂ < 0"),
        "von-mises": Route(_polar, _of_polar, _nonzero, "η ≠ 0"),
        "two-bernoullis": Route(_chances, _logits),
    }
