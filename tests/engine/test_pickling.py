"""Rules, problems and paths travel to other processes: by spawn, which copies no memory."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from natgrad_core import charts, metrics, problems, rules, run
from natgrad_core.core.rule import Rule, chain, descend, precondition
from natgrad_core.expressions.expression_problem import own

MINE = own("y ~ normal(a + b*x, 1)", {"x": [0.0, 1.0, 2.0], "y": [1.0, 2.0, 2.5]})


@pytest.mark.parametrize("name", rules)
def test_a_rule_is_the_same_after_a_pickle(name: str) -> None:
    rule = rules[name]()
    copy = pickle.loads(pickle.dumps(rule))
    assert repr(copy) == repr(rule)
    problem = problems["gamma"]()
    try:
        path = run(problem, rule, problem.start, 3).theta
    except TypeError:
        return  # a rule that this problem does not have
    assert_array_equal(run(problem, copy, problem.start, 3).theta, path)


@pytest.mark.parametrize("name", problems)
def test_a_problem_is_the_same_after_a_pickle(name: str) -> None:
    problem = problems[name]()
    copy = pickle.loads(pickle.dumps(problem))
    assert_array_equal(copy.loss(problem.start), problem.loss(problem.start))


def test_chains_problems_of_ones_own_charts_and_paths_are_pickled() -> None:
    rule = chain(precondition(metrics["fisher"](), damping=0.1), descend(0.5))
    here = MINE.through(charts["log-scale"]((0, 1)))
    path = run(here, rule, (0.1, 0.2), 3)
    copy = pickle.loads(pickle.dumps(path))
    assert_array_equal(copy.theta, path.theta)
    assert_array_equal(copy.loss, path.loss)
    assert_array_equal(run(copy.problem, copy.rule, (0.1, 0.2), 3).theta, path.theta)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        pickle.dumps(Rule(lambda d, at, m: (d, m)))  # no call is known that makes it


def test_a_run_is_made_in_another_process() -> None:
    spawn = multiprocessing.get_context("spawn")
    rule = rules["natural"](rate=0.5)
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        there = pool.submit(run, MINE, rule, (0.0, 0.0), 3).result(timeout=120)
    assert_array_equal(there.theta, run(MINE, rule, (0.0, 0.0), 3).theta)
    assert np.isfinite(there.loss).all()
