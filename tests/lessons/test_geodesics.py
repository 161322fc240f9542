"""The lesson on geodesics: what is drawn lies in its plane, whatever the ends."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import simpson

from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.geodesics.figure import picture
from natgrad_lecture.lessons.geodesics.state import CHARTS

RNG = np.random.default_rng(7)
ENDS = [
    {
        end: (float(RNG.uniform(-9, 9)), float(np.exp(RNG.uniform(np.log(0.05), np.log(20)))))
        for end in ("a", "b")
    }
    for _ in range(8)
]


@pytest.mark.parametrize("chart", CHARTS)
def test_both_ends_and_every_geodesic_lie_in_both_windows(chart: str) -> None:
    for ends in ENDS:
        sheet = Sheet()
        model = lessons["geodesics"].after({**ends, "chart": chart})
        answer = picture(model, sheet)
        views = {plane["name"]: np.reshape(plane["view"], (2, 2)) for plane in answer["planes"]}
        for handle in answer["handles"]:
            low, high = views[handle["plane"]].T
            assert ((low <= handle["at"]) & (handle["at"] <= high)).all(), (ends, handle)
        for path in model.drawn.values():
            low, high = views["theta"].T
            assert ((low <= path) & (path <= high)).all(), ends


def test_no_geodesic_is_drawn_with_a_corner() -> None:
    for ends in ENDS:
        model = lessons["geodesics"].after(ends)
        for path in model.drawn.values():
            sides = np.linalg.norm(np.diff(path, axis=0), axis=1)
            assert sides.max() < 0.1 * sides.sum(), ends


def test_neither_the_m_nor_the_e_geodesic_is_told_to_be_shorter_than_the_shortest() -> None:
    for ends in [*ENDS, {"a": (-1.5, 0.01), "b": (1.5, 0.01)}, {"a": (-900, 0.01), "b": (900, 90)}]:
        lengths = lessons["geodesics"].after(ends).lengths
        assert min(lengths["m"], lengths["e"]) >= lengths["rao"] * (1 - 1e-9), ends


def test_half_way_between_opposite_means_is_told_as_zero() -> None:
    """Rounding gave a mean of −2.63 × 10⁻¹⁶."""
    model = lessons["geodesics"].after({"a": (-1.3, 0.7), "b": (1.3, 0.7)})
    numbers = picture(model, Sheet())["numbers"]
    assert [numbers[f"mid.{name}.0"] for name in ("m", "e", "rao")] == [0.0, 0.0, 0.0]


def test_ends_close_to_each_other_are_seen_apart_in_both_windows() -> None:
    for ends in (
        {"a": (-0.01, 0.02), "b": (0.01, 0.02)},
        {"a": (0.4, 1.0), "b": (0.5, 1.0)},
        {"a": (-1.3, 0.55), "b": (1.3, 1.2)},
    ):
        answer = picture(lessons["geodesics"].after(ends), Sheet())
        views = {plane["name"]: np.reshape(plane["view"], (2, 2)) for plane in answer["planes"]}
        for name in ("theta", "x"):
            a, b = (handle["at"] for handle in answer["handles"] if handle["plane"] == name)
            assert np.abs(np.subtract(a, b) / np.ptp(views[name], axis=1)).max() > 0.05, (
                name,
                ends,
            )


def by_quadrature(kind: str, a: Any, b: Any) -> float:
    """√(μ'² + 2σ'²)/σ in closed form at shares t of the way, over the logit of t."""
    (m0, s0), (m1, s1) = a, b
    logits = np.linspace(-40, 40, 20001)
    t, rest = 1 / (1 + np.exp(-logits)), 1 / (1 + np.exp(logits))
    if kind == "m":  # E y and E y² are those of the mixture
        sigma = np.sqrt(rest * s0**2 + t * s1**2 + t * rest * (m1 - m0) ** 2)
        across, up = m1 - m0, (s1**2 - s0**2 + (rest - t) * (m1 - m0) ** 2) / (2 * sigma)
    else:  # 1/σ² and μ/σ² lie on a line
        p0, p1 = s0**-2.0, s1**-2.0
        p = rest * p0 + t * p1
        sigma, across, up = p**-0.5, (m1 - m0) * p0 * p1 / p**2, (p0 - p1) / 2 * p**-1.5
    return float(simpson(np.hypot(across, np.sqrt(2) * up) / sigma * t * rest, x=logits))


@pytest.mark.parametrize("kind", ["m", "e"])
def test_the_length_of_a_geodesic_is_that_of_all_of_it_whatever_the_ends(kind: str) -> None:
    """Most of it may be a millionth of the way, where σ or the precision changes at once."""
    for ends in (
        *ENDS,
        {"a": (-1.5, 0.05), "b": (1.5, 3.0)},
        {"a": (0.0, 0.01), "b": (3.0, 3.0)},
        {"a": (-1.5, 0.02), "b": (1.5, 0.02)},
        {"a": (-900, 0.01), "b": (900, 90)},
    ):
        found = lessons["geodesics"].after(ends).lengths[kind]
        np.testing.assert_allclose(found, by_quadrature(kind, ends["a"], ends["b"]), rtol=1e-5)
