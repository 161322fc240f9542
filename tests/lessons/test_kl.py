"""Both sides of every equation that the page on KL shows are equal, at every step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import simpson
from scipy.stats import norm

from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from tests.support.answers import unpack

LESSON = lessons["kl"]


def answered(changes: Any) -> tuple[Any, dict[str, Any]]:
    """The picture's answer, and its numbers at every step, by their names."""
    sheet = Sheet()
    answer = LESSON.picture(LESSON.after(changes), sheet)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    names = answer["numbers"]["@"]
    return answer, dict(zip(names, arrays["live"].T, strict=True))


@pytest.mark.parametrize("f", [*VARIABLES, "drawn"])
def test_the_density_in_y_is_what_the_equation_says(f: str) -> None:
    answer, at = answered({"f": f, "p": (0.3, 0.6), "q": (-0.5, 1.2)})
    if VARIABLES[f].one_to_one if f in VARIABLES else True:
        assert "point" in answer["shown"]["formulas"]
        np.testing.assert_allclose(at["p"] / at["slope"], at["py"], rtol=1e-6)
        np.testing.assert_allclose(at["ratio"], at["ratioy"], rtol=1e-6)
    else:
        assert "folded" in answer["shown"]["formulas"]
        assert "point" not in answer["shown"]["formulas"]
        np.testing.assert_allclose(np.abs(at["x"]), at["y"])
        np.testing.assert_allclose(at["p"] + at["mirror"], at["py"], rtol=1e-6)


def test_the_point_that_moves_in_y_is_the_image_of_the_one_in_x() -> None:
    sheet = Sheet()
    model = LESSON.after({"f": "fold"})
    LESSON.picture(model, sheet)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    traces: list[Any] = [t for t in sheet.traces if t["kind"] == "path"]
    (left,) = (arrays[t["points"]] for t in traces if t["plane"] == "left")
    (right,) = (arrays[t["points"]] for t in traces if t["plane"] == "right")
    image = np.abs(2 * left[:, 0] - left[0, 0] - left[-1, 0])
    np.testing.assert_allclose(right[:, 0], image, atol=1e-6)


def test_halves_and_directions_are_told() -> None:
    answer, _ = answered({"f": "units", "p": (-1.0, 0.6), "q": (1.0, 0.8)})
    numbers = answer["numbers"]
    assert numbers["cross"] - numbers["own"] == pytest.approx(numbers["before.kl"])
    assert numbers["crossy"] - numbers["owny"] == pytest.approx(numbers["after.kl"])
    assert numbers["via"] < numbers["before.kl"] != numbers["back"]


def test_a_change_that_is_rounding_is_zero_on_the_meter() -> None:
    rows = {row["rule"]: row for row in answered(LESSON.opening)[0]["meter"]}
    assert (rows["kl"]["gap"], rows["hellinger"]["gap"]) == (0.0, 0.0)
    assert rows["l2"]["gap"] > 0.1, "and the first picture shows what does change"


@pytest.mark.parametrize("change", ["data", "parameters"])
def test_both_densities_are_seen_beside_an_integrand_that_is_much_taller(change: str) -> None:
    """And their peaks, which are handles, can be moved up and down."""
    for p, q in (((-3, 0.2), (3, 0.2)), ((-3, 2), (3, 0.2)), ((-0.7, 0.7), (0.8, 1.0))):
        answer = LESSON.picture(LESSON.after({"change": change, "p": p, "q": q}), Sheet())
        tall = [h["at"][1] for h in answer["handles"] if h["id"] in ("peak.p", "peak.q")]
        low, high, _ = answer["planes"][0].get("scales", [])[1]
        assert max(tall) - -low / (high - low) > 0.08, (p, q)


EXTREME = [
    ((-0.7, 0.7), (0.8, 1.0)),
    ((-3, 2), (3, 0.2)),
    ((3, 2), (-3, 2)),
    ((3, 0.2), (-3, 2)),
    ((3, 2), (3, 1.99)),
]


@pytest.mark.parametrize("f", [*VARIABLES, "drawn"])
def test_all_four_measures_are_the_integrals_over_x_of_all_of_both_densities(f: str) -> None:
    """Of y = eˣ the variance lies at four σ above the mean of x, and was said to be infinite."""
    for p, q in EXTREME:
        model = LESSON.after({"f": f, "p": p, "q": q})
        x = np.linspace(0.0 if f == "fold" else -30.0, 30.0, 60_001)
        densities = [norm.pdf(x, *of) + (f == "fold") * norm.pdf(-x, *of) for of in (p, q)]
        y, slope = model.variable.forward(x), np.abs(model.variable.slope(x + (x == 0) * 1e-9))
        mean = [simpson(density * y, x=x) for density in densities]
        spread = [
            np.sqrt(simpson(density * (y - m) ** 2, x=x))
            for density, m in zip(densities, mean, strict=True)
        ]
        wanted = {
            "l2": np.sqrt(simpson((densities[0] - densities[1]) ** 2 / slope, x=x)),
            "apart": np.hypot(np.diff(mean), np.diff(spread))[0],
            "hellinger": np.sqrt(simpson(np.diff(np.sqrt(densities), axis=0)[0] ** 2 / 2, x=x)),
        }
        if f != "fold":
            (m, s), (n, t) = p, q
            wanted["kl"] = np.log(t / s) + (s**2 + (m - n) ** 2) / (2 * t**2) - 0.5
        for name, value in wanted.items():
            np.testing.assert_allclose(model.after[name], value, rtol=1e-5, err_msg=name)
