"""Natural parameters η of a family: where log p is linear, and Newton is the natural gradient."""

from __future__ import annotations

from typing import Any, ClassVar

from natgrad_core.charts import charts
from natgrad_core.family_chart import FamilyChart, Route
from natgrad_core.ops import atan2, cos, log, sigmoid, sin, sqrt


def _same(*eta: Any) -> tuple[Any, ...]:
    return eta


def _polar(u: Any, v: Any) -> tuple[Any, Any]:
    return atan2(v, u), sqrt(u * u + v * v)


@charts.register("natural")
class Natural(FamilyChart):
    """θ as a function of η, for the ``family`` whose parameters θ are."""

    name = "natural"
    latex = r"\theta = \theta(\eta)"
    letter = "η"
    routes: ClassVar = {
        "normal": Route(
            lambda a, b: (-a / (2 * b), sqrt(-1 / (2 * b))),
            lambda mu, sigma: (mu / (sigma * sigma), -1 / (2 * sigma * sigma)),
            lambda x: x[..., 1] < 0,
            "η₂ < 0",
        ),
        "beta": Route(_same, _same, lambda x: (x > 0).all(-1), "η > 0"),
        "categorical": Route(_same, _same),
        "gamma": Route(
            lambda a, minus_b: (a, -minus_b),
            lambda a, b: (a, -b),
            lambda x: (x[..., 0] > 0) & (x[..., 1] < 0),
            "η₁ > 0, η₂ < 0",
        ),
        "von-mises": Route(
            _polar,
            lambda mu, kappa: (kappa * cos(mu), kappa * sin(mu)),
            lambda x: (x != 0).any(-1),
            "η ≠ 0",
        ),
        "two-bernoullis": Route(
            lambda *eta: tuple(sigmoid(e) for e in eta),
            lambda *p: tuple(log(q / (1 - q)) for q in p),
        ),
    }
