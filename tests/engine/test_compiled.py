"""Machine code is the formula itself: every problem, chart, rule and damping, to the last bit."""

from __future__ import annotations

import gc
import logging
import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import zeta

from natgrad_core import Problem, Rule, charts, problems, rules, run
from natgrad_core.core import run as running
from natgrad_core.core.chart import Chart
from natgrad_core.core.run import directly, ends, flat_step
from natgrad_core.expressions.expression_problem import own
from natgrad_core.tracing import llvm_text, machine_code, native_functions, ops
from natgrad_core.tracing import replay as replaying
from natgrad_core.tracing.llvm_text import Plan, Refused, leaves, written
from natgrad_core.tracing.machine_code import OneStart
from natgrad_core.tracing.row_sums import Rows, pairwise
from natgrad_core.tracing.tape import Line, Sym, Traced, trace
from tests.engine.cases import (
    EVERY_PAIR,
    EVERY_RULE_CASE,
    PAIRS,
    SMALL,
    few,
    has_rule,
    on,
    pair,
    problem,
    takes,
)
from tests.support.coverings import EVERY


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile whatever runs, and fail where the formula answers instead."""

    def never(*args: Any) -> Any:
        raise AssertionError("the formula answered, not machine code")

    monkeypatch.setattr(replaying, "SHORT", 1)
    monkeypatch.setattr(replaying, "COMPILING", (0.0, 0.0))
    monkeypatch.setattr(replaying, "WELL", (math.inf, 0.0))
    monkeypatch.setattr(running, "directly", never)
    monkeypatch.setattr(running, "_ends_directly", never)


def answered(model: Problem, rule: Rule, start: Any, steps: int) -> int:
    """How many steps floats can make: where they divide by zero, the reference takes arrays, and
    of an exactly singular matrix the last digit, which differs, is the whole result."""
    step, _, state = flat_step(model, rule, start)
    for k in range(steps):
        try:
            state = step(state, rule.numbers)
        except (ArithmeticError, ValueError):
            return k
    return steps


_well: set[tuple[Any, ...]] = set()
"""What the steps that were compiled well compute, an operation on the result of another."""


def new_when_compiled_well(lines: Sequence[Line], plan: Plan) -> bool:
    """Whether a step computes something that no step before it did that was compiled well.

    LLVM puts together operations that follow on each other: one that it may not put together, it
    would in any step that has both.
    """
    of = {name: operation for name, operation, _ in lines}
    computed = {
        (plan.width, operation, i, of.get(arg, arg[0]))
        for _, operation, args in lines
        for i, arg in enumerate(args)
    }
    new = bool(computed - _well)
    _well.update(computed)
    return new or EVERY


def same(model: Problem, rule: Rule, start: Any, steps: int = 6) -> None:
    """The run and its reference end at the same step, and are the same numbers up to there."""
    fast, slow = run(model, rule, start, steps), directly(model, rule, start, steps)
    lines, _, _, plan = max(machine_code._used, key=machine_code._used.__getitem__)
    if new_when_compiled_well(lines, plan):
        with replaying.ahead():
            well = run(model, rule, start, steps)
        np.testing.assert_array_equal(well.theta, fast.theta, "quickly compiled and well compiled")
    if not np.array_equal(fast.ok, slow.ok) and np.ndim(start) == 1:
        until = answered(model, rule, start, steps) + 1
        assert until <= steps
        np.testing.assert_array_equal(fast.ok[:until], slow.ok[:until])
        np.testing.assert_array_equal(fast.theta[:until], slow.theta[:until])
        return
    np.testing.assert_array_equal(fast.ok, slow.ok)
    if model.dim > 2:  # the solve by cofactors may differ in the last digit
        np.testing.assert_allclose(fast.good, slow.good, rtol=1e-10)
    else:
        np.testing.assert_array_equal(fast.good, slow.good)
    assert np.isnan(fast.theta[1:][~slow.ok[:-1]]).all()


@pytest.fixture
def said() -> Iterator[list[str]]:
    """What the log said."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{record.levelname}: {record.getMessage()}")

    listener, level = Listener(), machine_code.LOG.level
    machine_code.LOG.addHandler(listener)
    machine_code.LOG.setLevel(logging.INFO)
    yield lines
    machine_code.LOG.removeHandler(listener)
    machine_code.LOG.setLevel(level)


@on(few("rule", [c for c in EVERY_RULE_CASE if c[1] in SMALL]))
def test_a_compiled_run_is_the_formula_itself_to_the_last_bit(name: str, of: str) -> None:
    model, rule = problem(of), rules[name]()
    same(model, rule, model.start, 12)
    same(model, rule, model.examples(np.random.default_rng(0), 9), 4)


@pytest.mark.parametrize("of", problems)
def test_no_step_squares_by_a_power(of: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of floats ``x**2`` is C's ``pow``; of arrays, and compiled, x times x: one square in some two
    thousand had another last bit, and a run could change as its machine code came.
    """
    powers: list[Any] = []
    monkeypatch.setattr(Sym, "__pow__", lambda x, power: powers.append(power) or x * x)
    for name in [name for name, its in EVERY_RULE_CASE if its == of]:
        model, rule = problem(of), rules[name]()
        step, _, state = flat_step(model, rule, model.start)
        trace(step, state, rule.numbers)
        assert 2 not in powers, name


def test_one_run_of_floats_is_what_it_is_among_others() -> None:
    model = own("(1 - a)^2 + 100*(b - a^2)^2", parameters=("a", "b"))
    for at in (
        problem("normal"),
        problem("normal").through(charts["linear"]([[2, 1.6], [0, 1]])),
        model,
    ):
        starts = at.examples(np.random.default_rng(3), 400)
        together = np.stack(np.broadcast_arrays(*at._grad(*starts.T)), -1)
        alone = [at._grad(*start) for start in starts.tolist()]
        np.testing.assert_array_equal(together, alone)


class Power(Problem):
    """A problem whose gradient is a power, as a reader may write one."""

    symbols, start, view = ("a", "b"), (1.3, 0.7), ((0.5, 2.0), (0.5, 2.0))

    def __init__(self, to: float) -> None:
        self.to = to

    def _inside(self, *theta: Any) -> Any:
        return tuple(part > 0 for part in theta)

    def _loss(self, a: Any, b: Any) -> Any:
        return a**self.to + b**self.to

    def _grad(self, a: Any, b: Any) -> Any:
        return a**self.to, b**self.to


@pytest.mark.parametrize("to", [2, 2.0, 0.5, -1, -1.0, 0, 0.0, 1, 1.0, 3, 0.3])
def test_a_reader_s_powers_are_those_of_the_formula_for_floats_and_for_arrays(to: float) -> None:
    """Tried where floats and arrays differ in the last bit: at one number in some thousand."""
    model, rule = Power(to), rules["gradient"](1.0)
    numbers = np.random.default_rng(5).uniform(0.6, 1.6, 40_000)
    differ = numbers**to != [number**to for number in numbers.tolist()]
    assert differ.any() or to not in (-1, 0.5, 2)
    tried = np.concatenate([numbers[differ], numbers[:20]])[:40]
    starts = np.stack([tried, tried], -1)
    for start in (starts, *starts):
        fast, slow = run(model, rule, start, 1), directly(model, rule, start, 1)
        np.testing.assert_array_equal(fast.theta, slow.theta)


def charted() -> dict[tuple[str, str], list[str]]:
    """The rules to run on a problem in a chart. Each meets each chart, on some problem."""
    met = [c for c in EVERY_PAIR if c[0] in SMALL]
    found = {c: list[str]() for c in met if c in PAIRS}
    for chart in charts:
        for i, name in enumerate(rules):
            among = [of for of, its in found if its == chart and has_rule(name, of)]
            among = among or [of for of, its in met if its == chart and has_rule(name, of)]
            for of in among if EVERY else among[i % max(1, len(among)) :][:1]:
                found.setdefault((of, chart), []).append(name)
    return found


CHARTED = charted()


@pytest.mark.covering
@pytest.mark.parametrize("case", CHARTED, ids="-".join)
def test_in_every_chart_it_is_too(case: tuple[str, str]) -> None:
    of, chart = case
    model = pair(of, chart)
    for name in CHARTED[case] or ["gradient"]:
        same(model, rules[name](), model.start, 3)
    widely = "natural" if has_rule("natural", of) else "gradient"  # which the natural step uses
    same(model, rules[widely](rate=0.01), model.examples(np.random.default_rng(0), 5), 3)


@pytest.mark.parametrize("kind", ["identity", "pulled-back", "relative"])
@pytest.mark.parametrize("name", [n for n in rules if takes(n, "rate", "damping", "kind")])
def test_with_every_damping_and_with_the_pseudo_inverse_it_is_too(name: str, kind: str) -> None:
    model = pair("gamma", "linear")
    many = np.array([0.0, 0.5, 2.0])
    for damping, start in ((0.5, model.start), (many, [model.start] * 3)):
        same(model, rules[name](0.05, damping=damping, kind=kind), start, 4)
    if takes(name, "singular"):
        flat = problem("two-layer-linear")
        for start in (flat.start, [flat.start] * 2):
            same(flat, rules[name](0.05, kind=kind, singular="pseudo-inverse"), start, 4)


@pytest.mark.parametrize("of", problems)
def test_the_ends_of_runs_are_the_ends_of_their_records(of: str) -> None:
    model = problem(of)
    starts = model.examples(np.random.default_rng(1), 20)
    rule = rules["gradient"](rate=np.logspace(-2, 1, 20))
    path = directly(model, rule, starts, 30)
    target = float(np.sort(path.loss[0])[10])  # exactly that of a start
    end, first = ends(model, rule, starts, 30, target)
    np.testing.assert_array_equal(end, np.where(path.ok[-1][:, None], path.theta[-1], np.nan))
    reached = path.ok & (np.nan_to_num(path.loss, nan=np.inf) <= target)
    np.testing.assert_array_equal(first, np.where(reached.any(0), reached.argmax(0), np.nan))
    alone = [ends(model, rules["gradient"](rate=r), [s], 30, target) for r, s in
             zip(np.logspace(-2, 1, 20)[:3], starts, strict=False)]  # fmt: skip
    np.testing.assert_array_equal(np.concatenate([e for e, _ in alone]), end[:3])


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 15, 16, 17, 33])
def test_any_number_of_starts_runs_as_they_would_among_others(count: int) -> None:
    model = problem("logistic-regression")
    starts = model.examples(np.random.default_rng(2), 33)
    rates = np.linspace(0.1, 1, 33)
    whole = run(model, rules["natural"](rate=rates), starts, 5)
    part = run(model, rules["natural"](rate=rates[:count]), starts[:count], 5)
    np.testing.assert_array_equal(part.theta, whole.theta[:, :count])


def test_a_domain_is_stated_by_components_where_a_trace_sees_it() -> None:
    overridden = {name for name in problems if problems[name].inside is not Problem.inside}
    overridden |= {name for name in charts if charts[name].inside is not Chart.inside}  # type: ignore[attr-defined]
    assert overridden == set()


def test_threads_do_not_change_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    model = problem("mixture")
    starts = model.examples(np.random.default_rng(3), 203)
    rule = rules["natural"](rate=np.linspace(0.01, 0.5, 203))
    whole = run(model, rule, starts, 5).theta
    last = ends(model, rule, starts, 5, 1.9)
    monkeypatch.setattr(machine_code, "WORTH", 0)
    monkeypatch.setattr(machine_code, "processors", lambda: 5)
    began: list[int] = []
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", lambda t: (began.append(1), start(t)))
    np.testing.assert_array_equal(run(model, rule, starts, 5).theta, whole)
    for one, other in zip(ends(model, rule, starts, 5, 1.9), last, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(began) == 8


def test_a_sweep_that_is_interrupted_leaves_its_threads_what_they_write_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = problem("normal")
    starts = model.examples(np.random.default_rng(3), 64)
    rule = rules["natural"](rate=np.linspace(0.01, 0.5, 64))
    whole = run(model, rule, starts, 5).theta
    late: list[tuple[Any, tuple[Any, ...]]] = []

    class Late(threading.Thread):
        """A thread that begins only when the one that waits for it is interrupted."""

        def __init__(self, target: Any, args: tuple[Any, ...]) -> None:
            super().__init__()
            late.append((target, args))

        def start(self) -> None:
            pass

        def join(self, timeout: float | None = None) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(machine_code, "WORTH", 0)
    monkeypatch.setattr(machine_code, "processors", lambda: 2)
    monkeypatch.setattr(machine_code.threading, "Thread", Late)
    with pytest.raises(KeyboardInterrupt):
        run(model, rule, starts, 5)
    gc.collect()
    ((target, args),) = late
    held = [array for part in args if isinstance(part, tuple) for array in part]
    path = next(a for a in held if isinstance(a, np.ndarray) and a.shape == whole.shape)
    target(*args)  # into memory that is still its own
    np.testing.assert_array_equal(path[:, 32:], whole[:, 32:])


def test_leading_axes_broadcast_as_they_do_without_machine_code() -> None:
    rng = np.random.default_rng(4)
    model = problem("logistic-regression")
    matrix = np.eye(2) + 0.2 * rng.normal(size=(3, 1, 2, 2))
    charted = model.through(charts["linear"](matrix=matrix))
    starts = charted.chart.inverse(model.examples(rng, 5))
    rule = rules["natural"](rate=np.linspace(0.1, 1, 4)[:, None, None], damping=0.1)
    same(charted, rule, starts)
    assert run(charted, rule, starts, 5).theta.shape == (6, 4, 3, 5, 2)


@settings(deadline=None, max_examples=40)
@given(
    name=st.sampled_from(sorted(rules)),
    of=st.sampled_from(["normal", "gamma", "two-bernoullis", "quadratic", "logistic-regression"]),
    rate=st.floats(-1e6, 1e6),
    x=st.floats(-3, 3),
    y=st.floats(-3, 3),
)
def test_overflow_nan_and_divergence_end_a_path_where_the_formula_ends_it(
    name: str, of: str, rate: float, x: float, y: float
) -> None:
    model = problem(of)
    if not has_rule(name, of) or not model.inside(np.array([x, y])):
        return
    rule = rules[name](rate if takes(name, "rate") else abs(rate) + 1e-6)
    many = [(x, y)] * 3
    same(model, rule, many, 20)
    fast, slow = run(model, rule, (x, y), 20), directly(model, rule, (x, y), 20)
    np.testing.assert_array_equal(fast.ok, slow.ok)
    # A step for which floats have no answer is made on arrays, whose functions round otherwise.
    np.testing.assert_allclose(fast.good, slow.good, rtol=1e-6)


def test_trigamma_is_exact_to_three_digits_of_a_float_and_zeta_where_that_is_wanted() -> None:
    x = np.r_[np.geomspace(1e-100, 1e5, 300), np.geomspace(0.1, 100, 200)]
    with mpmath.workdps(40):
        expected = np.array([float(mpmath.zeta(2, mpmath.mpf(v))) for v in x.tolist()])
    np.testing.assert_allclose(ops.trigamma(x), expected, rtol=3 * np.finfo(float).eps)
    assert [ops.trigamma(v) for v in x.tolist()] == ops.trigamma(x).tolist()
    for v in (-0.5, -1.5, -999.5):
        assert ops.trigamma(v) == ops.trigamma(np.array([1.0, v]))[1] == zeta(2.0, v)
    assert [ops.trigamma(v) for v in (0.0, 5e-324, math.inf)] == [math.inf, math.inf, 0.0]


@pytest.mark.parametrize("far", [-1e9 - 0.5, -1e15 - 0.5, -1e300])
def test_far_outside_the_domain_no_series_goes_on_without_end(far: float) -> None:
    for function in (ops.trigamma, ops.tetragamma, ops.pentagamma):
        assert np.isnan(function(far))
        assert np.isnan(function(np.array([far]))).all()
    model, rule = problem("gamma"), rules["natural"](-far)
    for start in (model.start, [model.start] * 3):
        path = run(model, rule, start, 30)
        assert path.ok[0].all()
        assert not path.ok[-1].any()


FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    **{name: (getattr(ops, name), 1) for name in (
        "exp", "log", "sqrt", "tanh", "sin", "cos", "lgamma", "digamma", "trigamma", "tetragamma",
        "pentagamma", "i0e", "i1e", "log1p", "expm1", "erf", "log_ndtr", "sigmoid", "log1pmx",
        "log_gap", "stirling_error", "bessel_ratio_slope")},
    **{name: (getattr(ops, name), 2) for name in
       ("minimum", "maximum", "logaddexp", "atan2", "power")},
    "integer powers": (lambda x: x**3 + x**-1 + x**2 + x**0 + x**1 + x**-2, 1),
    "abs, neg": (lambda x: abs(x) - -x, 1),
    "comparisons": (lambda x, y: (x < y) * 1.0 + (x <= y) * 2 + (x > y) * 4 + (x >= y) * 8, 2),
    "chosen": (lambda x, y: ops.where(x > y, x, ops.where(ops.finite(x - y), y, 7)), 2),
    "a number as a condition": (lambda x: ops.where(x, 1.0, 2.0), 1),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_formulas_is_the_same_in_machine_code(name: str) -> None:
    function, count = FUNCTIONS[name]
    ends_of_floats = [math.inf, -math.inf, math.nan, 5e-324, 1e-300, 1e300, -1e300, -0.0, 0.0]
    far = [-1e12 - 0.5]  # where a series that goes up to zero would take hours
    ordinary = [-12.5, -1.0, -0.5, -0.39, 0.3, 0.39, 0.41, 1.0, 1.4, 2.0, 3.7, 11.9, 12.1, 500.0]
    points = np.array([ordinary + ends_of_floats + far] * 2)
    points[1] = points[1][::-1].copy()
    points[1, :3] = points[0, :3]  # some pairs are equal
    points = points[:count]

    def formula(state: Any, numbers: Any) -> Any:
        return (function(*state[:count]), *state[1:count])

    traced = trace(formula, tuple(points))
    with np.errstate(all="ignore"):
        wanted = function(*points)
        found: Any = replaying.replay(traced, tuple(points), 1, count)
    assert found is not None
    np.testing.assert_array_equal(found[0][1, :, 0], wanted)
    for i, numbers in enumerate(points.T.tolist()):
        one: Any = replaying.replay(traced, tuple(numbers), 1, count)
        try:
            alone = function(*numbers)
        except (ArithmeticError, ValueError):
            with np.errstate(all="ignore"):
                np.testing.assert_allclose(one[0][1, 0], wanted[i], rtol=1e-14)
            continue
        if isinstance(alone, complex):  # Python's, of a negative number to a power
            continue
        np.testing.assert_array_equal(one[0][1, 0], alone)


@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 16, 23, 48, 100, 128, 129, 144, 257, 300, 1000])
def test_a_sum_over_rows_adds_in_numpys_order(n: int) -> None:
    rng = np.random.default_rng(n)
    weights, y = rng.normal(size=n) * 10.0 ** rng.integers(-8, 8, n), rng.normal(size=n)
    data = Rows(weights, y)

    def formula(state: Any, numbers: Any) -> Any:
        x, z = state
        level = data.total(lambda s, w, d: w * (s + d), x)
        return level, data.total(lambda s, t, w, d: (w * t + d, t), level, z)[0] + z

    start = rng.normal(size=(2, 5))
    traced = trace(formula, tuple(start))
    found: Any = replaying.replay(traced, tuple(start), 2, 2)
    state: Any = tuple(start)
    for k in (1, 2):
        state = formula(state, ())
        np.testing.assert_array_equal(found[0][k].T, np.array(state))
    one: Any = replaying.replay(traced, tuple(start[:, 0].tolist()), 1, 2)
    np.testing.assert_array_equal(one[0][1], formula(tuple(start[:, 0].tolist()), ()))
    if n <= 128:
        assert pairwise((weights * y).tolist()) == float((weights * y).sum())
    parts = leaves(n)
    assert parts[0] == 0
    assert max(np.diff([*parts, n])) <= llvm_text.LEAF


def test_rows_of_two_lengths_and_a_sum_within_a_sum_are_loops_of_their_own() -> None:
    rng = np.random.default_rng(5)
    few, many = Rows(rng.normal(size=5)), Rows(rng.normal(size=300))

    def formula(state: Any, numbers: Any) -> Any:
        (x,) = state
        first = few.total(lambda s, d: ops.exp(s * d), x)
        second = many.total(lambda s, t, d: ops.tanh(s + d) * t, x, first)
        return (ops.log(abs(second) + first) + x / 3,)

    start = (np.linspace(-1, 1, 11),)
    found: Any = replaying.replay(trace(formula, start), start, 1, 1)
    np.testing.assert_array_equal(found[0][1, :, 0], formula(start, ())[0])


@pytest.mark.parametrize("rows", [3, 20, 60])
def test_a_problem_of_ones_own_is_compiled_too(rows: int) -> None:
    x = np.linspace(-1, 1, rows)
    model = own("normal_logpdf(y, a*x + b**2, exp(s))", {"x": x, "y": 2 * x + 0.3 * np.sin(9 * x)},
                ("a", "b", "s"), start=(0.5, 0.7, 0.2))  # fmt: skip
    for name in ("gradient", "natural", "newton"):
        rule = rules[name](rate=0.1)
        same(model, rule, model.start)
        same(model, rule, np.array(model.start) + 0.1 * np.arange(4)[:, None])


@pytest.mark.parametrize("rows", [3, 60])
def test_a_function_of_many_data_rows_is_numpys_and_of_few_pythons(rows: int) -> None:
    """NumPy's tanh of an array has another last bit than C's at a quarter of all numbers."""
    x = np.linspace(-1, 1, rows)
    model = own("normal_logpdf(y, tanh(a*x + b), 1)", {"x": x, "y": np.sin(3 * x)}, ("a", "b"))
    for start in np.random.default_rng(6).uniform(-1, 1, (20, 2)):
        same(model, rules["gradient"](1.0), start, 1)


@pytest.mark.parametrize("name", ["gradient", "natural", "newton", "levenberg-marquardt"])
def test_a_step_of_five_parameters_is_compiled_too(name: str) -> None:
    covariance = problem("multivariate-normal")
    target = problems["variational-normal"](target=problem("rosenbrock"))
    assert covariance.dim == target.dim == 5
    for model in (covariance, target):
        rule = rules[name]()
        same(model, rule, model.start)
        same(model, rule, np.array(model.start) + 0.02 * np.arange(4)[:, None])


def test_a_step_is_the_same_code_however_the_sums_in_it_are_rounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The mean of a constant Hessian over Gauss–Hermite nodes has zeros, and equal entries, up to
    rounding: otherwise for each steepness.
    """
    lines: set[Any] = set()
    compiled = machine_code.machine

    def heard(key: machine_code.Key, quick: bool) -> machine_code.Machine | None:
        lines.add(key[0])
        return compiled(key, quick)

    monkeypatch.setattr(machine_code, "machine", heard)
    for steepness in np.linspace(2.13, 3.87, 12):
        target = problems["rosenbrock"](steepness=float(steepness))
        model = problems["variational-normal"](target=target)
        run(model, rules["newton"](rate=0.2), model.start, 3)
    assert len(lines) == 1


def test_a_step_with_a_call_of_python_is_refused_and_the_formula_answers(
    monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setattr(running, "directly", directly)
    model = problem("categorical-singular")  # three parameters: an eigendecomposition
    from natgrad_core import chain, metrics
    from natgrad_core.core.rule import descend, precondition

    rule = chain(precondition(metrics["fisher-power"](0.5), 0.1), descend(0.05))
    same(model, rule, model.start)
    assert said == ["INFO: a step is not compiled: 'invoke' has no machine code"]


@pytest.mark.parametrize(
    ("where", "what"),
    [
        ("natgrad_core.tracing.machine_code._llvm", ImportError("no llvmlite")),
        ("natgrad_core.tracing.machine_code._compiler", RuntimeError("LLVM says no")),
        ("natgrad_core.tracing.native_functions.in_c", LookupError("no exp here")),
    ],
)
def test_without_llvm_the_formula_answers_and_the_log_says_why(
    where: str, what: Exception, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    def refuses(*args: Any) -> Any:
        raise what

    monkeypatch.setattr(machine_code, "_kept", type(machine_code._kept)())
    monkeypatch.setattr(running, "directly", directly)
    monkeypatch.setattr(where, refuses)
    model = problem("logistic-regression")
    same(model, rules["natural"](), model.start)
    assert len(said) == 1
    assert str(what) in said[0]


def test_what_llvm_does_not_understand_ends_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine_code, "_kept", type(machine_code._kept)())
    monkeypatch.setattr(running, "directly", directly)
    monkeypatch.setattr(
        machine_code, "written", lambda *key: written(*key)._replace(text="define nonsense")
    )
    same(problem("normal"), rules["gradient"](), problem("normal").start)


def last_used() -> list[machine_code.Machine]:
    """The compiled steps, the one that was asked for last first."""
    keys = sorted(machine_code._kept, key=machine_code._used.__getitem__, reverse=True)
    return [step for key in keys if (step := machine_code._kept[key])]


def test_a_buffer_that_is_too_short_is_refused_before_anything_is_read() -> None:
    model = problem("normal")
    run(model, rules["gradient"](0.1), [model.start] * 9, 3)
    step = next(m for m in last_used() if m.plan.width > 1)
    n, steps = 9, 3
    memory = np.zeros(10_000)  # a fault in the check must not be one of the process
    at = memory.__array_interface__["data"][0]
    points = n * (steps + 1) * step.plan.shown
    whole: dict[str, Any] = {
        "start": (at, n * step.plan.parts),
        "out": ((at, points), (at, n * (steps + 1))),
        "numbers": [((at, n), 1)] * len(step.numbers),
        "columns": [(at, length) for _, length in step.columns],
    }
    wrong: list[dict[str, Any]] = [
        {"start": (at, n * step.plan.parts - 1)},
        {"out": ((at, points - 1), whole["out"][1])},
        {"out": (whole["out"][0], (at, n * (steps + 1) - 1))},
        {"numbers": [((at, n - 1), 1)] * len(step.numbers)},
        {"numbers": [((at, step.plan.width - 1), 0)] * len(step.numbers)},
        {"numbers": whole["numbers"][1:]},
        {"n": 7},
        {"steps": -1},
    ]
    for each in wrong:
        given = {"n": n, "steps": steps, **whole, **each}
        with pytest.raises(ValueError, match=r"needed|constants"):
            machine_code._check(
                step, given["n"], given["steps"], given["start"], given["out"],
                given["numbers"], given["columns"],
            )  # fmt: skip
    with pytest.raises(ValueError, match="not in a row"):
        machine_code._buffer(np.zeros((4, 4))[:, 0])
    with pytest.raises(ValueError, match="not in a row"):
        machine_code._buffer(np.zeros(4, np.float32))


class Guarded:
    """NumPy, whose new arrays lie between numbers that nobody may read or write."""

    BESIDE = 64

    def __init__(self, filling: float) -> None:
        self.filling = filling
        self.all: list[tuple[np.ndarray[Any, Any], int]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: Any, dtype: Any = float) -> Any:
        size = int(np.prod(shape))
        filling = self.filling if dtype is float else True
        whole = np.full(size + 2 * self.BESIDE, filling, dtype)
        self.all.append((whole, size))
        return whole[self.BESIDE : self.BESIDE + size].reshape(shape)

    def full(self, shape: Any, value: Any) -> Any:
        found = self.empty(shape)
        found[...] = value
        return found

    def ascontiguousarray(self, values: Any, dtype: Any) -> Any:
        return self.full(np.shape(values), values)

    def untouched(self) -> bool:
        """Whether all that lies beside the arrays is as it was."""
        beside = [part for whole, size in self.all
                  for part in (whole[: self.BESIDE], whole[self.BESIDE + size :])]  # fmt: skip
        return all(
            np.array_equal(part, np.full_like(part, self.filling if part.dtype == float else True),
                           equal_nan=True) for part in beside
        )  # fmt: skip


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 15, 16, 17, 33, 50])
@pytest.mark.parametrize("of", ["normal", "categorical", "logistic-regression"])
def test_machine_code_reads_and_writes_its_buffers_and_nothing_beside_them(
    of: str, count: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``count`` 0 is a single start, which has a function of its own."""
    model = problem(of)
    starts = model.examples(np.random.default_rng(5), max(count, 1))
    rule = rules["natural"](rate=np.linspace(0.1, 0.5, count) if count else 0.1)
    monkeypatch.setattr(machine_code, "WORTH", 0)
    monkeypatch.setattr(machine_code, "processors", lambda: threads)
    found = []
    for filling in (math.nan, 0.5):  # what is read beside a buffer would change the result
        guarded = Guarded(filling)
        monkeypatch.setattr(machine_code, "np", guarded)
        path = run(model, rule, starts if count else starts[0], 5)
        last = ends(model, rule, starts if count else starts[0], 5, 1.0)
        assert len(guarded.all) > 4
        assert guarded.untouched()
        found.append([path.theta, path.ok, *last])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    wanted = directly(model, rule, starts if count else starts[0], 5)
    np.testing.assert_array_equal(found[0][1], wanted.ok)


def test_a_data_column_that_is_shorter_than_it_was_is_refused() -> None:
    model = problem("logistic-regression")
    run(model, rules["natural"](0.1), model.start, 3)
    run(model, rules["natural"](0.1), [model.start] * 9, 3)
    many, step = [m for m in last_used() if m.columns][:2]
    constants: list[Any] = [1.0] * 40
    for i, length in step.columns:
        constants[i] = np.zeros(length - 1)
    with pytest.raises(ValueError, match="are needed"):
        OneStart(step, constants)
    for i, length in step.columns:
        constants[i] = np.zeros(length)
    one, state = OneStart(step, constants), (0.0,) * step.plan.parts
    for wrong in ((state[1:], 3), (state, -1)):
        with pytest.raises(ValueError, match="are needed"):
            one.run(wrong[0], constants, wrong[1])
    with pytest.raises(ValueError, match="of a single is needed"):
        OneStart(many, constants)


def test_runs_of_one_step_in_several_threads_do_not_meet() -> None:
    """Each thread has a table of its own; a table is used again by the next run."""
    model, traces, rule = problem("normal"), {}, rules["natural"](0.01)
    starts = model.examples(np.random.default_rng(3), 6)
    with replaying.ahead():
        run(model, rule, model.start, 20, traces)
    wanted = [directly(model, rule, start, 2000).theta for start in starts]
    begin = threading.Barrier(len(starts))

    def again(start: Any) -> Any:
        begin.wait(30)
        return [run(model, rule, start, 2000, traces).theta for _ in range(20)]

    with ThreadPoolExecutor(len(starts)) as threads:
        for want, found in zip(wanted, threads.map(again, starts), strict=True):
            for one in found:
                np.testing.assert_array_equal(one, want)
    (traced,) = traces.values()
    assert len(traced.kept["one"][0]._free) <= len(starts)


def test_a_rules_own_data_column_is_not_kept_for_its_next_run() -> None:
    lines = (
        ("t0", "column", ("x0",)),
        ("t1", "*", ("t0", "c0")),
        ("t2", "*", ("t1", "c1")),
        ("t3", "row_sum", ("t2",)),
        ("t4", "finite", ("x0",)),
    )
    traced = Traced(lines, ("t3", "t4"), (np.ones(3), np.array([0.1, 0.2, 0.3])), 1, {})
    for number, factor in ((np.ones(3), 0.6), (2.0, 1.2), (np.full(3, 3.0), 1.8), (1.0, 0.6)):
        with replaying.ahead():
            found = replaying.replay(traced.with_numbers((number,)), (1.0,), 4, 1)
        assert found
        np.testing.assert_allclose(found[0][:, 0], factor ** np.arange(5.0), rtol=1e-14)


def test_a_data_column_is_not_a_number_and_columns_of_one_step_have_one_length() -> None:
    plan = Plan(1, 1, False, 1)
    with pytest.raises(Refused, match="5001 lines"):
        written([("t0", "+", ("x0", "c0"))] * 5001, ["t0"], [0], plan)
    with pytest.raises(Refused, match="where one number is needed"):
        written([("t0", "+", ("x0", "c0"))], ["t0"], [5], plan)
    lines = [("t0", "column", ("x0",)), ("t1", "+", ("t0", "c0")), ("t2", "+", ("t1", "c1"))]
    with pytest.raises(Refused, match="different lengths"):
        written([*lines, ("t3", "row_sum", ("t2",))], ["t3"], [5, 6], plan)


def test_functions_that_are_not_where_numpy_keeps_them_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(native_functions.UFUNCS, "math", ("math.floor", ()))
    monkeypatch.setitem(native_functions.UFUNCS, "none", ("numpy.no_such_function", ()))
    monkeypatch.setitem(native_functions.UFUNCS, "whole", ("numpy.gcd", ()))
    for name in ("math", "none", "whole"):
        with pytest.raises(LookupError):
            native_functions.loop(name)
    with pytest.raises(LookupError):
        native_functions.in_c("no_such_function")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As it is outside these tests, in a process that has run nothing: the formula answers while a
    step is compiled.
    """
    monkeypatch.undo()
    monkeypatch.setattr(machine_code, "_kept", type(machine_code._kept)())
    monkeypatch.setattr(machine_code, "_spent", {})
    yield
    for thread in threading.enumerate():
        if thread.name == "compile a step":
            thread.join()


def test_a_short_run_compiles_nothing_and_many_do_aside(patient: None) -> None:
    model, traces = problem("normal"), {}
    once = run(model, rules["natural"](0.01), model.start, 15, traces).theta
    assert traces == {}
    assert len(machine_code._kept) == 0
    run(model, rules["natural"](0.01), model.start, 100, traces)
    assert len(machine_code._kept) == 0
    again = once
    for _ in range(200):
        again = run(model, rules["natural"](0.01), model.start, 20).theta  # each is traced again
    for thread in threading.enumerate():
        if thread.name == "compile a step":
            thread.join()
    assert len(machine_code._kept) == 1
    np.testing.assert_array_equal(again[:16], once)
    long = run(model, rules["natural"](0.02), model.start, 5000).theta
    np.testing.assert_array_equal(
        long[:9], run(model, rules["natural"](0.02), model.start, 8).theta
    )


def test_ahead_of_a_fork_everything_is_compiled_and_no_thread_is_left(
    patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, before = problem("normal"), threading.active_count()
    with replaying.ahead():
        run(model, rules["adam"](0.01), model.start, 20)
    assert len(machine_code._kept) == 1
    assert threading.active_count() == before
    traces: dict[Any, Any] = {}
    run(model, rules["adagrad"](0.01), model.start, 40_000, traces)  # compiled quickly
    monkeypatch.setattr(replaying, "WELL", (0.0, 0.0))
    monkeypatch.setattr(machine_code, "compile_aside", lambda *a, **k: pytest.fail("a thread"))
    with replaying.ahead():
        run(model, rules["adagrad"](0.01), model.start, 20, traces)
    assert not any(step.quick for step in machine_code._kept.values() if step)
    machine_code._kept.popitem()
    run(model, rules["momentum"](0.01), model.start, 20)
    assert len(machine_code._kept) == 1


FORK = """
import os, threading, numpy as np
from natgrad_core import problems, rules, run
from natgrad_core.tracing import machine_code, replay
replay.COMPILING = 0.0, 0.0
model = problems["normal"]()
kept = run(model, rules["natural"](0.1), model.start, 50).theta
other = threading.Thread(target=lambda: run(model, rules["adam"](0.1), model.start, 50))
other.start()
children = []
for _ in range(4):
    if not (child := os.fork()):
        assert (run(model, rules["natural"](0.1), model.start, 50).theta == kept).all()
        run(model, rules["newton"](0.1), model.start, 50)
        os._exit(7)
    children.append(child)
other.join()
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""


def test_a_forked_process_has_what_its_parent_compiled_and_compiles_more() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "[7, 7, 7, 7]\n", done.stderr


def test_nothing_of_llvm_is_imported_before_a_step_is_compiled() -> None:
    code = "import sys, natgrad_core as n; n.run(p := n.problems['normal'](), n.rules['natural'](),"
    code += " p.start, 15); print([m for m in ('llvmlite', 'scipy.special') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_steps_are_kept_up_to_a_bound_and_those_that_run_stay_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine_code, "KEPT", 3)
    model, traces = problem("normal"), {}
    first = run(model, rules["natural"](0.1), model.start, 3, traces).theta
    for name in ("gradient", "adam", "momentum", "newton", "rmsprop"):
        run(model, rules[name](0.1), model.start, 3)
    assert len(machine_code._kept) == 3
    np.testing.assert_array_equal(
        run(model, rules["natural"](0.1), model.start, 3, traces).theta, first
    )
    monkeypatch.setattr(machine_code, "LINES", 1)
    run(model, rules["gradient"](0.1), model.start, 3)
    assert len(machine_code._kept) == 1, "a long step counts for many short ones"
    other = machine_code.Key(((), (), (), next(iter(machine_code._kept))[3]))
    for key in [*machine_code._kept, other]:
        machine_code.spent(key, 1.0)
    assert len(machine_code._spent) == 1


def test_a_step_is_found_without_going_through_its_lines_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Name(str):
        hashed = 0

        def __hash__(self) -> int:
            Name.hashed += 1
            return str.__hash__(self)

    plain = (("a", "+", ("b", "b")),), (Name("a"),), (0,), machine_code.Plan(1, 1, False, 1)
    key = machine_code.Key(plain)
    monkeypatch.setattr(machine_code, "_kept", {key: None})
    monkeypatch.setattr(machine_code, "_used", {})
    assert machine_code.ready(key)
    assert machine_code.machine(key) is None
    assert Name.hashed == 1
    assert (key, hash(key)) == (plain, hash(plain))


def test_steps_that_are_ready_may_be_asked_for_while_others_are_compiled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_: Any) -> Any:
        raise machine_code.Refused("not this one")

    monkeypatch.setattr(machine_code, "_kept", {})
    monkeypatch.setattr(machine_code, "_used", {})
    monkeypatch.setattr(machine_code, "_built", refused)
    monkeypatch.setattr(machine_code, "KEPT", 50)
    plan = machine_code.Plan(1, 1, False, 1)
    lines = [((str(i), "+", ("a", "b")),) for i in range(400)]
    keys = [machine_code.Key((each, ("a",), (0,), plan)) for each in lines]
    machine_code.machine(keys[0])
    failed, done = list[Exception](), threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                machine_code.machine(keys[0])
            except Exception as error:
                failed.append(error)

    asking, before = threading.Thread(target=ask), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        asking.start()
        for key in keys[1:]:
            machine_code.machine(key)
            machine_code.machine(keys[0])  # here too: the other thread may be slow
    finally:
        done.set()
        asking.join()
        sys.setswitchinterval(before)
    assert failed == []
    assert keys[0] in machine_code._kept, "it was asked for all the time"
    assert len(machine_code._kept) == len(machine_code._used) == 50


def test_what_is_compiled_quickly_is_compiled_well_when_it_has_run_for_as_long(
    patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replaying, "COMPILING", (0.0, 0.0))
    monkeypatch.setattr(replaying, "WELL", (0.05, 0.0))
    model, traces, rule = problem("normal"), {}, rules["natural"](0.02)

    def compiled() -> list[bool]:
        for thread in threading.enumerate():
            if thread.name == "compile a step":
                thread.join()
        return [step.quick for step in machine_code._kept.values() if step]

    first = run(model, rule, model.start, 5000, traces).theta
    assert compiled() == [True]
    runs = 1
    while compiled() == [True]:
        runs += 1
        run(model, rule, model.start, 5000, traces)
        assert runs < 5000
    assert runs > 5
    assert compiled() == [False]
    for _ in range(2):
        np.testing.assert_array_equal(run(model, rule, model.start, 5000, traces).theta, first)
    (kept,) = traces.values()
    assert not kept.kept["one"][0].step.quick


def test_no_run_of_a_compiled_step_waits_while_another_is_compiled() -> None:
    model, rule = problem("normal"), rules["natural"](0.02)
    starts = [model.start] * 9
    run(model, rule, starts, 20)
    held, ended, done = threading.Event(), threading.Event(), threading.Event()

    def compiling() -> None:
        with machine_code._lock:
            held.set()
            ended.wait(60)

    def dragging() -> None:
        run(model, rule, starts, 20)
        done.set()

    other = threading.Thread(target=compiling)
    other.start()
    held.wait(60)
    threading.Thread(target=dragging).start()
    waited = not done.wait(30)
    ended.set()
    other.join()
    assert not waited, "it waited for the lock"
