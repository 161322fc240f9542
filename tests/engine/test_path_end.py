"""A path that ends says at which step, where and why; so does one without a maximum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from natgrad_core import problems, rules, run
from natgrad_core.expressions.expression_problem import own

X = [-2.0, -1.0, 1.0, 2.0]

KINDS: dict[str, Any] = dict(problems)
"""The problems, each with options of its own."""


@pytest.mark.parametrize(("x", "y"), [(X, [0.0, 0.0, 1.0, 1.0]), (X, [1.0, 1.0, 1.0, 1.0])])
def test_separated_classes_are_said_and_are_no_divergence(x: list[float], y: list[float]) -> None:
    problem = own("bernoulli_logpmf(y, a + b*x)", {"x": x, "y": y}, start=(0.0, 0.0))
    path = run(problem, rules["natural"](rate=1.0), (0.0, 0.0), 100)
    assert "the classes are separated" in path.why()
    assert "no finite maximum" in repr(path)
    logistic = KINDS["logistic-regression"](X=np.stack([np.ones(4), x], -1), y=y)
    assert "separated" in run(logistic, rules["natural"](rate=1.0), (0.0, 0.0), 100).why()


def test_collinear_columns_are_said_with_the_step_the_place_and_the_remedy() -> None:
    problem = own(
        "bernoulli_logpmf(y, a + b*x)", {"x": [1.0] * 4, "y": [0.0, 1.0, 0.0, 1.0]}, start=(1.0, 0)
    )
    path = run(problem, rules["natural"](rate=1.0), (1.0, 0.0), 5)
    said = path.why()
    assert "ends at step 1, from a = 1, b = 0" in said
    assert "F is singular" in said
    assert "take damping" in said
    damped = run(problem, rules["natural"](rate=1.0, damping=1e-3), (1.0, 0.0), 20)
    assert damped.ok.all()
    assert damped.why() == ""


def test_a_step_out_of_the_domain_is_said_with_what_is_allowed() -> None:
    problem = KINDS["gamma"](data=np.array([50.0, 60.0, 75.0]))
    start = (2.0, 1.2)
    path = run(problem, rules["natural"](rate=1.0), start, 5)
    assert "is not defined (allowed: shape a > 0, rate b > 0)" in path.why()
    several = run(problem, rules["natural"](rate=1.0), [start, start], 5)
    assert several.why(1) == path.why()


def test_a_whole_path_has_nothing_to_say() -> None:
    problem = problems["normal"]()
    assert run(problem, rules["natural"](rate=0.5), problem.start, 50).why() == ""
    counts = own("poisson_logpmf(y, exp(a + b*x))", {"x": X, "y": [0.0, 1.0, 3.0, 2.0]})
    assert run(counts, rules["natural"](rate=0.5), (0.0, 0.0), 50).why() == ""
