"""Numbers on the screen are those of what is shown, in states far from the first picture too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from natgrad_core import problems, rules, run
from natgrad_lecture.lessons import lessons
from natgrad_lecture.session import Live
from tests.support.answers import unpack


def shown(lesson: str, changes: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The answer for a state, and its arrays."""
    answer, data = Live(lessons[lesson]).respond({"ask": 1, "set": dict(changes)})
    assert not answer.get("errors"), answer["errors"]
    return answer, unpack(answer, data)


def live(lesson: str, **changes: Any) -> dict[str, Any]:
    """The formulas' numbers, by name, a row per step or one."""
    answer, arrays = shown(lesson, changes)
    numbers = answer["numbers"]
    if "@" not in numbers:
        return numbers
    columns = dict(zip(numbers["@"], arrays["live"].T, strict=True))
    return {**numbers, **columns}


@pytest.mark.parametrize(
    ("lesson", "column"),
    [("coordinates", "kl"), ("natural-gradient", "kl"), ("playground", "kl"),
     ("variational", "above")],
)  # fmt: skip
def test_no_kl_is_negative_nor_ends_in_rounding(lesson: str, column: str) -> None:
    rule = "newton" if lesson == "variational" else "natural"
    steps = 100 if lesson == "variational" else 400
    found = live(lesson, rules=[rule], rate=0.5 if rule == "newton" else 0.2, steps=steps)[column]
    good = found[np.isfinite(found)]
    assert len(good) > steps / 2
    assert (good >= 0).all()
    falling = good[good > 0]
    assert (np.diff(falling)[falling[:-1] < 1e-6] <= 0).all(), "a run that arrives slows down"


def test_the_kl_of_a_short_step_is_its_leading_term() -> None:
    gamma = problems["gamma"]()
    path = run(gamma, rules["natural"](0.3), gamma.start, steps=60)
    delta = np.diff(path.theta, axis=0)
    half = np.einsum("ni,nij,nj->n", delta, gamma.fisher(path.theta[:-1]), delta) / 2
    small = half < 1e-7
    assert small.sum() > 20
    np.testing.assert_allclose(path.kl[small], half[small], rtol=1e-3)


@pytest.mark.parametrize("rule", ["adam", "momentum", "nesterov", "rmsprop", "gradient", "natural"])
def test_the_next_step_is_the_run_s_whatever_its_rule_remembers(rule: str) -> None:
    answer, arrays = shown("playground", {"rules": [rule], "steps": 30})
    numbers = dict(zip(answer["numbers"]["@"], arrays["live"].T, strict=True))
    (path,) = [t for t in answer["traces"] if t["plane"] == "theta" and t["kind"] == "path"
               and t.get("dash") != "dashed"]  # fmt: skip
    taken = np.diff(arrays[path["points"]], axis=0)
    for i in (0, 1):
        found = numbers[f"step_in_theta.{i}"][:30]
        np.testing.assert_allclose(found, taken[:, i], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"problem": "linear-regression", "start": (-1, 1)},
        {"problem": "mixture", "start": (0.5, 0.5)},
        {"problem": "two-layer-linear", "start": (1, 1)},
    ],
)
def test_a_chart_without_an_image_of_the_problem_s_own_start_is_drawn(changes: Any) -> None:
    found = Live(lessons["playground"])
    found.respond({"ask": 1, "set": {"chart": "log-scale"}})
    answer, _ = found.respond({"ask": 2, "set": changes})
    assert not answer.get("errors"), answer.get("errors")
    assert answer["planes"]


def test_eigenvalues_of_a_run_that_diverges_are_those_of_each_step() -> None:
    found = live("singular", rules=["gradient"], gradient_rate=1.0, start=(2.2, -0.4), steps=40)
    matrices = np.stack([[found["F.0.0"], found["F.0.1"]], [found["F.1.0"], found["F.1.1"]]])
    for k in range(3):
        np.testing.assert_allclose(
            found["high"][k], np.linalg.eigvalsh(matrices[:, :, k].astype(float))[1], rtol=1e-4
        )


@pytest.mark.parametrize(
    ("lesson", "changes", "says", "never"),
    [
        ("singular", {"rules": ["gradient"], "gradient_rate": 10.0, "start": (2.2, -0.4),
                      "steps": 40}, "diverged at step", "at the end"),
        ("robustness", {"start": [0.05, 0], "rate": 10.0, "rules": ["momentum"], "angle": 60.0,
                        "stretch": 9.042368697704806, "steps": 100, "damping": 1000.0},
         "diverged", "left the domain"),
        ("newton", {"problem": "double-well", "rules": ["newton"], "rate": 0.01, "steps": 50,
                    "start": (0.001, -0.001)}, "climbed", "from 0.25 to 0.25"),
        ("steepest-descent", {"eig": (1.0, 1.0), "turn": 0.0, "gradient": (0.0, 1.0),
                              "angle": 180.0}, "slope 0", "e-1"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_run_holds(
    lesson: str, changes: dict[str, Any], says: str, never: str
) -> None:
    answer, _ = shown(lesson, changes)
    text = " ".join(
        [answer["description"], *answer.get("notes", {}).values(),
         *answer.get("remarks", {}).values()]
    )  # fmt: skip
    assert says in text
    assert never not in text
    assert "inf" not in text


def test_a_gap_above_1_is_said_to_be_more_than_1() -> None:
    start = (1.146151431419973, 1.2356951015316677)
    answer, arrays = shown("natural-gradient", {"problem": "gamma", "graph": "map", "start": start})
    model = lessons["natural-gradient"].after({"problem": "gamma", "graph": "map", "start": start})
    over = model.gap_map("gradient") > 1
    assert over.any()
    (heat,) = [t for t in answer["traces"] if t["kind"] == "heat" and t["plane"] == "map-gradient"]
    cells = arrays[heat["cells"]]
    assert heat["colors"]["notes"]["over"] == "more than 1"
    assert ((cells > heat["colors"]["upto"] + 1e-6) == over.ravel()).all()


def test_on_a_log_axis_the_first_return_is_that_of_step_0() -> None:
    answer, arrays = shown("policy", {"times": 100.0, "rate": 2.0, "steps": 100})
    for trace in answer["traces"]:
        if trace["plane"] == "eta" and trace["kind"] == "path":
            read = dict(trace["read"])
            height = arrays[trace["points"]][:, 1]
            np.testing.assert_allclose(2.1 * height, arrays[read["ρ"]], atol=1e-4)


def test_the_slopes_of_a_newton_step_go_on_to_where_they_are_rounding() -> None:
    state = {"problem": "rosenbrock", "bend": 0.5, "rate": 0.1, "steps": 400, "rules": ["newton"]}
    slope = live("newton", **state)["slope"]
    assert (slope[:250] < 0).all()


@pytest.mark.parametrize("steps", [1, 5])
def test_few_steps_of_a_policy_have_an_axis(steps: int) -> None:
    answer, _ = shown("policy", {"steps": steps})
    (plane,) = [plane for plane in answer["planes"] if plane["name"] == "eta"]
    assert len(plane["ticks"][0]) >= 2


def test_where_kl_is_its_quadratic_no_difference_is_shown() -> None:
    (preset,) = [p for p in lessons["fisher"].presets if p.id == "no-error-at-all"]
    for radius in (1e-6, 1e-5, 0.01, 0.03, 0.1, 0.2, 0.37, 0.5, 3.0):
        assert live("fisher", **{**preset.set, "radius": radius})["miss"] == 0


def test_a_ratio_of_densities_is_a_number_or_none() -> None:
    found = live("kl", f="units", p=(-3.0, 0.2), q=(3.0, 0.2))
    for name in ("ratio", "ratioy"):
        assert not np.isinf(found[name]).any()
        assert not (found[name] == 0).any()
        assert np.isfinite(found[name]).any()


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        ("(a^2-1)^2*a^2*4 + b^2", "at another minimum, or at none"),
        ("(a^2-1)^2 + b^2", "at neither"),
        ("(a-1)^2 + b^2", "not there"),
    ],
)
def test_a_map_of_ends_says_where_else_runs_end(loss: str, says: str) -> None:
    own = {"source": "none", "text": loss, "names": "a b"}
    state = {"problem": "own", "chart": "identity", "graph": "ends", "rules": ["gradient"],
             "rate": 0.05, "metric": "euclidean", **own}  # fmt: skip
    answer, _ = shown("playground", state)
    heats = [t for t in answer["traces"] if t["kind"] == "heat"]
    assert heats[0]["colors"]["notes"]["none"].startswith(says)
