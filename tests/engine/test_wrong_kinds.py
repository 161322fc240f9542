"""What is handed over in place of a problem, a rule, a chart or a metric is named in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from natgrad_core import (
    chain,
    charts,
    descend,
    distance,
    fit,
    gap,
    precondition,
    problems,
    rules,
    run,
    sweep,
)

NORMAL = problems["normal"]()
NATURAL = rules["natural"](rate=0.1)
PATH = run(NORMAL, NATURAL, NORMAL.start, 2)
A_RULE = r'a rule is needed, such as rules\["natural"\]\(rate=0\.1\); got '
A_PROBLEM = r'a problem is needed, such as problems\["normal"\]\(\); got '
A_CHART = r'a chart is needed, such as charts\["linear"\]\(.*\); got '
WRONG: dict[str, tuple[Callable[..., Any], tuple[Any, ...], str]] = {
    "a rule's name": (run, (NORMAL, "natural", NORMAL.start), A_RULE + "'natural'"),
    "a rule that was not called": (
        run, (NORMAL, rules["natural"], NORMAL.start), A_RULE + "natural itself, so call it"),
    "a rule of a chain": (chain, (NATURAL, "adam"), A_RULE + "'adam'"),
    "a problem's name": (run, ("normal", NATURAL, NORMAL.start), A_PROBLEM + "'normal'"),
    "a problem that was not called": (
        run, (problems["normal"], NATURAL, NORMAL.start), A_PROBLEM + "Normal itself"),
    "data to fit": (fit, ([1.0, 2.0],), A_PROBLEM + "a value of type list"),
    "a distance in a family's name": (
        distance, ("normal", (0.0, 1.0), (1.0, 1.0)), A_PROBLEM + "'normal'"),
    "a sweep of a name": (sweep, (NORMAL, "natural", [0.1]), r"without a call; got 'natural'"),
    "a sweep of a rule": (sweep, (NORMAL, NATURAL, [0.1]), "without a call; got a Rule"),
    "a sweep of a name's problem": (sweep, ("normal", rules["natural"], [0.1]), A_PROBLEM),
    "a chart's name": (NORMAL.through, ("linear",), A_CHART + "'linear'"),
    "a chart that was not called": (NORMAL.through, (charts["linear"],), A_CHART + "Linear itself"),
    "a metric's name": (precondition, ("fisher",), r'metrics\["fisher"\]\(\); got \'fisher\''),
    "a matrix for a metric": (precondition, (np.eye(2),), "a value of type ndarray"),
    "runs for points": (gap, (PATH, PATH), "give it theta or in_theta of each run"),
    "half a step": (run, (NORMAL, NATURAL, NORMAL.start, 3.5), "a whole number, got 3.5"),
    "steps as text": (run, (NORMAL, NATURAL, NORMAL.start, "3"), "a whole number, got '3'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_value_of_a_wrong_kind_is_named_with_what_is_needed(case: str) -> None:
    call, given, said = WRONG[case]
    with pytest.raises(TypeError, match=said):
        call(*given)


def test_a_whole_number_of_numpy_is_a_number_of_steps() -> None:
    steps: Any = np.int64(2)
    path = run(NORMAL, chain(NATURAL, descend(-1.0)), NORMAL.start, steps)
    assert path.steps == 2
