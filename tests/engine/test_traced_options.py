"""A number that a slider drags is traced as a number: one traced step serves all its values.

The items are those of the registries, so a new one is under these laws as soon as it is there.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pytest

from natgrad_core import Problem, Rule, charts, problems, rules, run
from natgrad_core.core import run as running
from natgrad_core.core.options import Option, options
from natgrad_core.core.run import directly, ends
from natgrad_core.problems._kl_to_target import Divergence
from natgrad_core.problems.rosenbrock import Rosenbrock
from natgrad_core.problems.variational_normal import VariationalNormal
from natgrad_core.tracing import replay as replaying
from natgrad_core.tracing import trace_cache
from natgrad_core.tracing.machine_code import OneStart
from natgrad_core.tracing.row_sums import FEW
from tests.engine.cases import has_rule

STEPS = 6


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many lines each step has that is traced; all runs are compiled."""
    found: list[int] = []
    trace = trace_cache.trace

    def counted(*args: Any) -> Any:
        step = trace(*args)
        found.append(len(step.lines))
        return step

    def never(*args: Any) -> Any:
        raise AssertionError("the formula answered, not machine code")

    monkeypatch.setattr(trace_cache, "trace", counted)
    monkeypatch.setattr(replaying, "SHORT", 1)
    monkeypatch.setattr(replaying, "COMPILING", (0.0, 0.0))
    monkeypatch.setattr(replaying, "WELL", (math.inf, 0.0))
    monkeypatch.setattr(running, "directly", never)
    return found


def dragged(item: Callable[..., Any]) -> dict[str, Option]:
    """The options of an item that have a slider."""
    return {name: option for name, option in options(item).items() if option.span}


def values(option: Option) -> Iterator[float]:
    """Some values of a slider: both ends, and between."""
    assert option.span
    low, high, *_ = option.span
    yield from (low + share * (high - low) for share in (0.0, 0.31, 0.77, 1.0))


def same_steps(models: Sequence[Problem], rule: Rule, traced: list[int]) -> None:
    """Of problems of one form a step is traced once, and each run is its formula's."""
    traces: dict[Any, Any] = {}
    for model in models:
        many = np.array(model.start) + np.linspace(0, 0.01, 3)[:, None]
        for start in (model.start, many):
            fast, slow = run(model, rule, start, STEPS, traces), directly(model, rule, start, STEPS)
            np.testing.assert_array_equal(fast.ok, slow.ok)
            np.testing.assert_array_equal(fast.good, slow.good)
        end, _ = ends(model, rule, many, STEPS, traces=traces)
        np.testing.assert_array_equal(end, np.where(slow.ok[-1][:, None], slow.good[-1], np.nan))
    assert len(traced) == 2, "a run's step is traced once, and the step of a sweep"
    traced.clear()


PROBLEMS = [(name, option) for name in problems for option in dragged(problems[name])]
CHARTS = [(name, option) for name in charts for option in dragged(charts[name])]


def test_there_are_sliders_of_problems_and_of_charts() -> None:
    assert {name for name, _ in PROBLEMS} >= {"rosenbrock", "quadratic", "double-well"}
    assert {name for name, _ in CHARTS} >= {"linear", "bend"}


@pytest.mark.parametrize(("name", "option"), PROBLEMS, ids=map("-".join, PROBLEMS))
def test_a_problems_steps_are_traced_once_for_all_values_of_a_slider(
    name: str, option: str, traced: list[int]
) -> None:
    kind: Any = problems[name]
    models = [kind(**{option: value}) for value in values(dragged(kind)[option])]
    for rule in ("gradient", "natural", "newton", "adam", "levenberg-marquardt"):
        if has_rule(rule, name):
            same_steps(models, rules[rule](), traced)


@pytest.mark.parametrize(("name", "option"), CHARTS, ids=map("-".join, CHARTS))
def test_a_charts_steps_are_traced_once_for_all_values_of_a_slider(
    name: str, option: str, traced: list[int]
) -> None:
    kind: Any = charts[name]
    through = [kind(**{option: value}) for value in values(dragged(kind)[option])]
    for base in (problems["quadratic"](), problems["logistic-regression"]()):
        models = [base.through(chart) for chart in through]
        for rule in ("gradient", "natural", "newton"):
            same_steps(models, rules[rule](0.01), traced)


def of_every_kind() -> dict[str, list[Problem]]:
    """Problems made of others, with other numbers in each of their parts."""
    valley: Any = problems["rosenbrock"]
    matrices = (((2.0, 1.0), (0.0, 0.5)), ((1.0, 0.0), (0.0, 1.0)), ((0.5, 0.2), (0.2, 0.5)))
    linear = [charts["linear"](matrix=matrix) for matrix in matrices]
    steep = [valley(steepness=s) for s in (2.0, 5.0, 90.0)]
    bends = [charts["bend"](s, c, k) for s, c, k in ((1.0, 0.0, 0.0), (0.5, 0.5, 0.2))]
    quadratic: Any = problems["quadratic"]
    normal, positive = problems["normal"](), charts["log-scale"](which=(2, 4))
    return {
        "a matrix given by its entries": [normal.through(c) for c in linear],
        "both": [p.through(c) for p, c in zip(steep, linear, strict=True)],
        "a chart of a chart": [
            p.through(a.then(b)) for p, a, b in zip(steep, linear, bends, strict=False)
        ],
        "a posterior": [VariationalNormal(p) for p in steep],
        "a diagonal one": [VariationalNormal(p, "diagonal") for p in steep],
        "a posterior through a chart": [VariationalNormal(p).through(positive) for p in steep],
        "a target": [Divergence(normal, t) for t in ((5.5, 0.2), (6.0, 1.0))],
        "a held parameter": [p.holding({"θ₁": v}) for p, v in zip(steep, (0.3, 0.5), strict=False)],
        "a matrix M": [quadratic(M=m) for m in matrices],
        "a center of polar coordinates": [
            valley().through(charts["polar"](center=c)) for c in ((0.0, 0.0), (1.0, 2.0))
        ],
    }


@pytest.mark.parametrize("kind", of_every_kind())
def test_what_is_made_of_problems_and_charts_passes_their_numbers_on(
    kind: str, traced: list[int]
) -> None:
    models = of_every_kind()[kind]
    for rule in ("natural", "newton"):
        same_steps(models, rules[rule](0.01), traced)
    for model in models:
        other = models[0].with_numbers(model.numbers)
        assert other.numbers == model.numbers
        assert other.loss(models[0].start) == model.loss(models[0].start)
    assert len({float(model.loss(models[0].start)) for model in models}) == len(models)


def test_what_differs_in_more_than_its_numbers_has_another_form() -> None:
    quadratic: Any = problems["quadratic"]
    valley: Any = problems["rosenbrock"]
    cube = np.eye(3) + 0.1
    several: list[Any] = [
        quadratic(), quadratic(center=(1.0, 0.0)), quadratic(center=(0.0, 1.0)), valley(),
        problems["double-well"](), valley().holding({"θ₁": 0.5}), valley().holding({"θ₂": 0.5}),
        VariationalNormal(valley()), VariationalNormal(valley(), "diagonal"),
        VariationalNormal(quadratic()), valley().through(charts["bend"]()),
        valley().through(charts["linear"]()), quadratic().through(charts["linear"]()),
        charts["linear"](), charts["linear"](matrix=cube), charts["bend"](), charts["polar"](),
        charts["linear"]().then(charts["bend"]()), charts["bend"]().then(charts["linear"]()),
        Divergence(quadratic(), (0.0, 0.0)), Divergence(quadratic(), (0.0, 0.0), reverse=True),
    ]  # fmt: skip
    forms = [each.form for each in several]
    assert None not in forms
    assert len(set(forms)) == len(forms)


class Tilted(Rosenbrock):
    """A problem of somebody else's, with a field that the class it derives from does not have."""

    def __init__(self, tilt: float, steepness: float = 5.0) -> None:
        super().__init__(steepness)
        self.tilt = tilt

    def _loss(self, *theta: Any) -> Any:
        return super()._loss(*theta) + self.tilt * theta[0]

    def _grad(self, *theta: Any) -> Any:
        first, second = super()._grad(*theta)
        return first + self.tilt, second


class Squared(Problem):
    """A problem that computes something of its number once."""

    symbols, start, view = ("a", "b"), (1.0, 2.0), ((-3.0, 3.0), (-3.0, 3.0))
    varying = ("width",)

    def __init__(self, width: float) -> None:
        self.width = width

    @cached_property
    def square(self) -> Any:
        return self.width * self.width

    def _loss(self, a: Any, b: Any) -> Any:
        return self.square * (a * a + b * b)

    def _grad(self, a: Any, b: Any) -> Any:
        return 2 * self.square * a, 2 * self.square * b


@pytest.mark.parametrize(
    "models",
    [
        [Tilted(0.0), Tilted(3.0), Tilted(3.0, 9.0)],
        [Squared(0.5), Squared(0.7)],
        [problems["normal"](), problems["normal"](data=[1.0, 2.0, 4.0])],
        [Tilted(tilt).through(charts["bend"]()) for tilt in (0.0, 3.0)],
    ],
    ids=["a subclass", "something computed once", "other data", "through a chart"],
)
def test_no_problem_runs_by_the_steps_of_another(models: list[Problem], traced: list[int]) -> None:
    """Though one dict keeps the steps of all, and something of each was computed before."""
    traces: dict[Any, Any] = {}
    for model in models:
        start, rule = models[0].start, rules["gradient"](0.001)
        model.loss(start)
        slow = directly(model, rule, start, STEPS)
        np.testing.assert_array_equal(run(model, rule, start, STEPS, traces).theta, slow.theta)
    assert len({float(model.loss(models[0].start)) for model in models}) == len(models)


def test_one_dict_may_keep_the_steps_of_all(traced: list[int]) -> None:
    traces: dict[Any, Any] = {}
    valley, other = problems["rosenbrock"](), problems["quadratic"]()
    bend, shear = charts["bend"](), charts["linear"](shear=0.5)
    for model in (valley, other, valley.through(bend), valley.through(shear), other.through(shear)):
        fast = run(model, rules["natural"](), model.start, STEPS, traces)
        slow = directly(model, rules["natural"](), model.start, STEPS)
        np.testing.assert_array_equal(fast.theta, slow.theta)
    assert len(traced) == 5


@pytest.mark.parametrize("name", rules)
def test_a_rules_steps_are_traced_once_for_all_values_of_its_numbers(
    name: str, traced: list[int]
) -> None:
    numbers = {n: o for n, o in options(rules[name]).items() if isinstance(o.default, float)}
    assert numbers
    model, traces = problems["normal"](), dict[Any, Any]()
    tried = [{n: o.default or 0.5 for n, o in numbers.items()}]
    tried += [{**tried[0], n: 0.7 * value} for n, value in tried[0].items()]
    for given in tried:
        rule = rules[name](**given)
        fast = run(model, rule, model.start, STEPS, traces)
        np.testing.assert_array_equal(
            fast.good, directly(model, rule, model.start, STEPS).good, str(given)
        )
    assert len(traced) == 1


def test_a_short_run_uses_a_step_that_is_there(
    monkeypatch: pytest.MonkeyPatch, traced: list[int]
) -> None:
    monkeypatch.undo()
    model, traces, rule = problems["normal"](), dict[Any, Any](), rules["natural"](0.05)
    ran: list[int] = []
    once = OneStart.run
    monkeypatch.setattr(OneStart, "run", lambda *a: ran.append(1) or once(*a))
    short = run(model, rule, model.start, 3, traces).theta
    assert traces == {}
    with replaying.ahead():
        run(model, rule, model.start, 20, traces)
    ran.clear()
    np.testing.assert_array_equal(run(model, rule, model.start, 3, traces).theta, short)
    assert ran == [1]


def test_two_options_that_are_equal_are_two_numbers(traced: list[int]) -> None:
    """Else a step that is traced where two entries of A are equal would hold for no other A."""
    model, entries = problems["normal"](), (0.5, 0.7, 1.3)
    models: list[Problem] = [
        model.through(charts["linear"](matrix=((a, b), (c, 2.0))))
        for a, b, c in itertools.product(entries, repeat=3)
        if abs(2 * a - b * c) > 0.1
    ]
    same_steps(models, rules["gradient"](0.01), traced)


@pytest.mark.parametrize("name", problems)
def test_a_posterior_over_a_few_rows_of_data_has_machine_code(name: str, traced: list[int]) -> None:
    target = problems[name]()
    try:
        model = VariationalNormal(target)
    except ValueError:  # its parameters are not all real numbers, or too many
        return
    if len(target.rows) <= FEW and model.dim <= 5:  # LAPACK solves for more
        same_steps([model], rules["natural"](0.001), traced)
