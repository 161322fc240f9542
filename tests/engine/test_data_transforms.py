"""Laws of a change of the data variable: what transforms, what does not, by two references."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from natgrad_core import charts, problems
from natgrad_core.analysis.data_transforms import VARIABLES, Drawn
from natgrad_core.analysis.density_distances import Pair, normals, panels
from natgrad_core.types import Array

NORMAL = problems["normal"]()
CURVES = {
    **VARIABLES,
    "drawn": Drawn((-3, -1, 0, 0.5, 3), (-4.0, -3.5, 0.0, 0.1, 3)),
    "two knots": Drawn((0, 2), (1, 4)),
}
UNDONE = [name for name, variable in CURVES.items() if variable.one_to_one]
ENDS = [((-0.7, 0.7), (0.8, 1.0)), ((0.0, 2.0), (2.5, 0.3)), ((1.0, 0.2), (-1.0, 1.5))]


@pytest.mark.parametrize("name", CURVES)
def test_a_variable_is_undone_by_its_branches_and_its_slope_is_its_derivative(name: str) -> None:
    variable, x = CURVES[name], np.linspace(-5.0, 5.0, 400)  # no knot is among them
    step = 1e-6
    rise = variable.forward(x + step) - variable.forward(x - step)
    np.testing.assert_allclose(variable.slope(x), rise / (2 * step), rtol=1e-6, atol=1e-6)
    back = variable.branches(variable.forward(x))
    assert len(back) == (1 if variable.one_to_one else 2)
    np.testing.assert_allclose(np.abs(back - x).min(0), 0.0, atol=1e-9)
    np.testing.assert_allclose(
        variable.forward(back), np.broadcast_to(variable.forward(x), back.shape), atol=1e-9
    )


@pytest.mark.parametrize("name", CURVES)
def test_the_density_is_that_of_the_variable_s_distribution(name: str) -> None:
    """Its integral between two places is how often f(x) falls there, by x's own distribution."""
    variable, (mean, sigma) = CURVES[name], (0.3, 0.8)
    own: Any = stats.norm(mean, sigma)
    ends = np.sort(variable.forward(np.array([0.2, 1.4])))

    def density(y: float) -> float:
        return float(np.exp(variable.log_densities([own.logpdf], np.array([y]))[0][0]))

    kinks = np.sort(variable.forward(variable.kinks))
    within = [k for k in kinks if ends[0] < k < ends[1]] or None
    found = integrate.quad(density, *ends, points=within, epsabs=1e-10)[0]
    x = [np.sort(each) for each in variable.branches(ends)]
    expected = sum(abs(own.cdf(b) - own.cdf(a)) for a, b in x)
    assert found == pytest.approx(expected, abs=1e-8)


def test_a_normal_s_exponential_is_lognormal() -> None:
    y = np.linspace(0.1, 6, 40)
    own: Any = stats.norm(0.3, 0.8)
    other: Any = stats.lognorm(0.8, scale=np.exp(0.3))
    found = VARIABLES["exp"].log_densities([own.logpdf], y)[0]
    np.testing.assert_allclose(found, other.logpdf(y), rtol=1e-9)


def test_a_drawn_curve_goes_through_its_knots_rises_and_bends_smoothly() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        knots = np.cumsum(np.exp(rng.uniform(-2, 1, 7)))
        heights = np.cumsum(np.exp(rng.uniform(-4, 1, 7)))
        curve = Drawn(knots, heights)
        np.testing.assert_allclose(curve.forward(knots), heights, rtol=1e-12)
        x = np.linspace(knots[0] - 2, knots[-1] + 2, 2001)
        assert (curve.slope(x) > 0).all()
        step = 1e-6
        after = (curve.slope(knots + step) - curve.slope(knots)) / step
        before = (curve.slope(knots) - curve.slope(knots - step)) / step
        np.testing.assert_allclose(after, before, atol=1e-3 * np.abs(after).max() + 1e-5)


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("name", UNDONE)
def test_kl_and_hellinger_are_invariant_under_a_variable_that_can_be_undone(
    name: str, ends: tuple[Any, Any]
) -> None:
    p, q = ends
    found = normals(p, q, CURVES[name])
    assert found.kl == pytest.approx(float(NORMAL.kl(p, q)), rel=1e-8)
    (m, s), (n, t) = p, q
    affinity = np.sqrt(2 * s * t / (s * s + t * t)) * np.exp(
        -((m - n) ** 2) / (4 * (s * s + t * t))
    )
    assert found.hellinger == pytest.approx(np.sqrt(1 - affinity), rel=1e-8)
    own, cross = found.entropies
    assert cross - own == pytest.approx(found.kl, rel=1e-8)


def test_other_measures_are_what_scipy_finds() -> None:
    p, q = ENDS[0]
    found = normals(p, q, VARIABLES["exp"])
    both: list[Any] = [stats.lognorm(s, scale=np.exp(m)) for m, s in (p, q)]
    first, second = both
    np.testing.assert_allclose(
        found.moments, [[d.mean(), d.std()] for d in (first, second)], rtol=1e-6
    )
    square = integrate.quad(
        lambda y: (first.pdf(y) - second.pdf(y)) ** 2, 0, 200, points=[0.1, 1, 5], limit=200
    )[0]
    assert found.l2 == pytest.approx(np.sqrt(square), rel=1e-6)
    assert found.entropies[0] == pytest.approx(first.entropy(), rel=1e-7)
    assert found.apart == pytest.approx(
        np.hypot(first.mean() - second.mean(), first.std() - second.std()), rel=1e-6
    )


def test_other_units_scale_what_has_units() -> None:
    p, q = ENDS[0]
    before, after = normals(p, q), normals(p, q, VARIABLES["units"])
    assert after.l2**2 == pytest.approx(before.l2**2 / 2)
    assert after.apart == pytest.approx(2 * before.apart)
    gain = np.subtract(after.entropies, before.entropies)
    np.testing.assert_allclose(gain, np.log(2.0))


@pytest.mark.parametrize("ends", ENDS)
def test_folding_loses_kl_unless_both_are_even(ends: tuple[Any, Any]) -> None:
    p, q = ends
    fold = VARIABLES["fold"]
    assert normals(p, q, fold).kl < normals(p, q).kl * (1 - 1e-6)
    assert normals(p, q, fold).hellinger < normals(p, q).hellinger
    even = normals((0.0, p[1]), (0.0, q[1]), fold)
    assert even.kl == pytest.approx(float(NORMAL.kl((0.0, p[1]), (0.0, q[1]))), rel=1e-8)
    folded: Any = stats.foldnorm(abs(p[0]) / p[1], scale=p[1])
    np.testing.assert_allclose(
        normals(p, q, fold).moments[0], [folded.mean(), folded.std()], rtol=1e-6
    )


@pytest.mark.parametrize("name", UNDONE)
def test_the_sums_up_to_a_place_are_the_distribution_s_own(name: str) -> None:
    p, q = ENDS[0]
    variable, x = CURVES[name], np.linspace(-2.5, 2.5, 31)
    mass, part = normals(p, q, variable).running(variable.forward(x))
    np.testing.assert_allclose(mass, stats.norm(*p).cdf(x), atol=1e-9)
    np.testing.assert_allclose(part, normals(p, q).running(x)[1], atol=1e-9)
    assert np.diff(part).min() < 0 < np.diff(part).max(), "some of it adds and some takes away"


def test_an_integral_without_an_end_says_so() -> None:
    wide: Pair = Pair(stats.cauchy.logpdf, stats.norm.logpdf, np.linspace(-40, 40, 121))
    assert np.isinf(wide.moments[0, 1])
    assert np.isfinite(wide.moments[1]).all()


def test_a_panel_s_rule_is_exact_for_polynomials() -> None:
    ends = np.array([-1.0, 0.5, 2.0])
    y, weights = panels(ends)
    for power in range(16):
        exact = (2.0 ** (power + 1) - (-1.0) ** (power + 1)) / (power + 1)
        assert (weights * y**power).sum() == pytest.approx(exact, rel=1e-10)


def test_a_chart_moves_no_distribution() -> None:
    p, q = (np.array(at) for at in ENDS[0])
    data: Array = np.linspace(-2, 2, 9)
    for name in ("log-scale", "variance", "precision", "natural", "expectation"):
        chart = charts[name]()
        there = NORMAL.through(chart)
        x = chart.inverse(p)
        np.testing.assert_allclose(there.log_prob(data, x), NORMAL.log_prob(data, p), rtol=1e-12)
        assert there.kl(x, chart.inverse(q)) == pytest.approx(NORMAL.kl(p, q), rel=1e-12)
        assert np.linalg.norm(x - chart.inverse(q)) != pytest.approx(
            np.linalg.norm(p - q), rel=1e-3
        )


@pytest.mark.parametrize(
    ("x", "y", "why"),
    [((0, 1), (1, 1), "must rise"), ((0, 0), (1, 2), "must rise"), ((0,), (1,), "two knots")],
)
def test_a_curve_that_does_not_rise_is_refused(x: Any, y: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Drawn(x, y)
