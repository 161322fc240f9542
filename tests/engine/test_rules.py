"""Of rules: what every one keeps, and what each is for."""

from __future__ import annotations

import gc
import importlib
import inspect
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from natgrad_core import chain, charts, gap, metrics, problems, rules, run
from natgrad_core.core.gain_ratio import gain_ratio
from natgrad_core.core.metric import Metric
from natgrad_core.core.rule import Rule, descend, direction, precondition
from natgrad_core.core.run import directly
from natgrad_core.errors import UnknownName
from natgrad_core.geometry.christoffel import bending
from natgrad_core.geometry.geodesics import exponential
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.tracing import replay as replaying
from natgrad_core.tracing.tape import trace
from tests.engine.cases import (
    EVERY_METRIC_CASE,
    EVERY_PAIR,
    EVERY_RULE_CASE,
    RULE_CASES,
    SMALL,
    alike,
    few,
    has_metric,
    has_rule,
    in_turn,
    offers,
    on,
    pair,
    problem,
    shear,
    sheared,
    takes,
)

STEPS = 12
RATED = [name for name in rules if takes(name, "rate")]
DAMPED = [name for name in rules if takes(name, "rate", "damping", "kind")]

SINGULAR = {
    p
    for p in problems
    if has_rule("natural", p) and not np.linalg.cond(problem(p).fisher(problem(p).start)) < 1e10
}
REGULAR_CASES = few("rule", [(r, p) for r, p in EVERY_RULE_CASE if p not in SINGULAR])
FISHER = [p for p in problems if has_rule("natural", p) and p not in SINGULAR]


def test_a_problem_says_that_its_fisher_matrix_is_singular_and_no_other_s_is():
    assert {name for name in problems if problems[name].singular} == SINGULAR


@pytest.mark.parametrize("name", rules)
def test_a_rule_says_its_formula_its_source_and_its_name(name):
    rule = rules[name]()
    assert rule.name == name
    assert rule.latex
    assert rule.source


@pytest.fixture
def at_once(monkeypatch):
    """Trace and compile even the shortest run."""
    monkeypatch.setattr(replaying, "SHORT", 1)
    monkeypatch.setattr(replaying, "COMPILING", (0.0, 0.0))
    monkeypatch.setattr(replaying, "WELL", (math.inf, 0.0))


@pytest.mark.parametrize("of", problems)
def test_a_run_leaves_nothing_to_the_garbage_collector(of, at_once):
    """It would stop a page's picture to look for it."""
    model, rule = problem(of), rules["gradient"]()
    run(model, rule, model.start, 2)  # what is made once stays
    gc.freeze()  # what is there is not looked through again
    gc.disable()
    try:
        run(model, rule, model.start, 2)
        assert gc.collect() == 0
    finally:
        gc.enable()


@pytest.mark.covering
@pytest.mark.parametrize("of", [p for p in SMALL if alike(p)[0] == p])
def test_a_kept_trace_replays_as_a_new_trace_would(of, at_once):
    """Whatever was run before, of whichever rule, rate, damping and start: to the last bit."""
    model, traces, kept, seen = problem(of), {}, 0, set()
    options = [
        {"rate": 0.01},
        {"rate": 0.02},
        {"rate": 0.02, "damping": 0.5},
        {"rate": 0.01, "damping": 0.25},
        {"rate": 0.01, "damping": 0.25, "kind": "relative"},
        {"rate": 0.03, "singular": "pseudo-inverse"},
        {"rate": 0.03},
    ]
    other = model.examples(np.random.default_rng(0), 1)[0]
    for start, tried in ((model.start, options), (other, options[::3])):
        for option in tried:
            for name in (name for name, its in RULE_CASES if its == of):
                taken = inspect.signature(rules[name]).parameters
                chosen = {k: v for k, v in option.items() if k in taken}
                if (case := (name, *start, *chosen.items())) in seen:
                    continue
                seen.add(case)
                rule = rules[name](**chosen)
                kept += rule.form in {form for _, form, _ in traces}
                found = run(model, rule, start, STEPS, traces)
                assert np.array_equal(found.theta, run(model, rule, start, STEPS).theta, True)
    assert kept >= 10
    assert None not in traces


def computed(rate):
    """A rule that computes with its number before it meets the direction."""

    def of_numbers(rate):
        return lambda d, at, m: ((-(2 * rate) * d[0], -(2 * rate) * d[1]), m)

    return Rule(of_numbers(rate), form="computed", numbers=(rate,), of_numbers=of_numbers)


def test_a_rule_may_compute_with_its_numbers_and_still_keep_its_trace(at_once):
    model, traces = problem("normal"), {}
    for rate in (0.01, 0.02):
        found = run(model, computed(rate), model.start, STEPS, traces)
        assert np.array_equal(
            found.theta, directly(model, computed(rate), model.start, STEPS).theta
        )
    assert [form for _, form, _ in traces] == ["computed"]


def test_two_numbers_of_a_rule_that_are_one_object_are_still_two_constants(at_once):
    """Else a trace made where two options coincide would move both when one is changed."""

    def of_numbers(first, second):
        return lambda d, at, m: ((-first * d[0], -second * d[1]), m)

    def two(first, second):
        numbers = (first, second)
        return Rule(of_numbers(*numbers), form="two", numbers=numbers, of_numbers=of_numbers)

    model, traces, same = problem("normal"), {}, 0.01
    for numbers in ((same, same), (same, 0.02), (0.03, same)):
        found = run(model, two(*numbers), model.start, STEPS, traces)
        assert np.array_equal(found.theta, directly(model, two(*numbers), model.start, STEPS).theta)
    assert len(traces) == 1


def test_zero_and_negative_zero_are_two_constants(at_once):
    step = trace(lambda x, numbers: (0.0 - x[0] / math.inf, -0.0 - x[1] / math.inf), (1.0, 1.0))
    found = replaying.replay(step, (1.0, 1.0), 1, 2)
    assert found
    path, _ = found
    assert np.copysign(1.0, path[1]).tolist() == [1.0, -1.0]


def test_a_rule_with_numbers_says_its_update_as_a_function_of_them():
    with pytest.raises(ValueError, match=r"'rule' has numbers.*give the update as a function"):
        Rule(lambda d, at, m: (d, m), form="half", numbers=(0.5,))


def test_metrics_that_differ_in_a_number_share_a_trace(at_once):
    model, traces = problem("normal"), {}
    for q in (0.25, 0.5, 0.0, 1.0, np.float64(0.25), np.array([0.25, 0.5])):
        rule = chain(precondition(metrics["fisher-power"](q), 0.1), descend(0.01))
        start = np.broadcast_to(model.start, (*np.shape(q), 2))
        found = run(model, rule, start, STEPS, traces)
        assert np.array_equal(found.theta, directly(model, rule, start, STEPS).theta)
    assert len(traces) == 1


@pytest.mark.parametrize("name", ["normal", "student-t"])
def test_several_powers_at_once_are_each_of_them(name):
    model, powers = problem(name), (0.25, 0.5, 1.0)
    start = np.broadcast_to(model.start, (len(powers), model.dim))
    rule = chain(precondition(metrics["fisher-power"](np.array(powers))), descend(0.01))
    together = directly(model, rule, start, STEPS).theta
    for i, q in enumerate(powers):
        alone = chain(precondition(metrics["fisher-power"](q)), descend(0.01))
        assert_allclose(together[:, i], directly(model, alone, model.start, STEPS).theta, 1e-9)


def test_metrics_of_different_options_share_no_trace(at_once):
    model, traces = problem("normal"), {}
    for seed in (1, 2, 1):
        rule = chain(precondition(metrics["monte-carlo-fisher"](50, seed)), descend(0.01))
        found = run(model, rule, model.start, STEPS, traces)
        assert np.array_equal(found.theta, run(model, rule, model.start, STEPS).theta)
    assert len(traces) == 2
    assert precondition(Metric(lambda at, of: Dense(at.fisher), (np.ones(2),))).form is None


def test_many_starts_and_many_rates_share_the_trace_of_one(at_once):
    model, traces, rates = problem("normal"), {}, np.array([0.01, 0.02, 0.03])
    many = run(model, rules["gradient"](rates), [model.start] * 3, STEPS, traces).theta
    for k, rate in enumerate(rates.tolist()):
        alone = run(model, rules["gradient"](rate), model.start, STEPS, traces).theta
        np.testing.assert_array_equal(many[:, k], alone)
    assert len(traces) == 1


@on(RULE_CASES)
def test_a_rule_is_pure_so_that_a_run_can_be_made_again(name, of, rng):
    model, rule = problem(of), rules[name]()
    first = run(model, rule, model.start, STEPS).theta
    run(model, rule, model.examples(rng, 1)[0], STEPS)
    assert_allclose(run(model, rule, model.start, STEPS).theta, first, rtol=0)


@on(REGULAR_CASES)
def test_starts_side_by_side_run_as_each_alone(name, of, rng):
    model, rule = problem(of), rules[name]()
    starts = np.concatenate([[model.start], model.examples(rng, 3)]).reshape(2, 2, -1)
    together = run(model, rule, starts, 6)
    for i in np.ndindex(2, 2):
        alone = run(model, rule, starts[i], 6)
        # Beyond a point whose Hessian is singular to rounding the next step is rounding's alone.
        with np.errstate(all="ignore"):
            bends = full(model.at(components(alone.good)).hessian, (7,))
        sound = np.asarray(np.isfinite(bends).all((1, 2)))
        sound[sound] = np.linalg.cond(bends[sound]) < 1e12
        n = 7 if sound.all() else int(np.argmin(sound)) + 1
        assert (alone.ok[:n] == together.ok[:n, *i]).all()
        assert_allclose(together.theta[:n, *i], alone.theta[:n], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", rules)
def test_rates_side_by_side_run_as_each_alone(name):
    model = problem("normal")
    option = next(iter(inspect.signature(rules[name]).parameters))
    values = np.array([[0.01], [0.04]])
    together = run(model, rules[name](**{option: values}), [model.start] * 3, STEPS)
    assert together.theta.shape == (STEPS + 1, 2, 3, 2)
    for value, row in zip(values[:, 0], np.moveaxis(together.theta, 1, 0), strict=True):
        alone = run(model, rules[name](**{option: value}), model.start, STEPS).theta
        assert_allclose(row, np.broadcast_to(alone[:, None], row.shape), rtol=1e-9)


@pytest.mark.parametrize("name", DAMPED)
def test_dampings_side_by_side_run_as_each_alone(name):
    model, start = problem("gamma"), (3.0, 2.0)
    together = run(model, rules[name](0.1, damping=np.array([0.0, 0.5])), start, STEPS)
    for k, damping in enumerate((0.0, 0.5)):
        alone = run(model, rules[name](0.1, damping=damping), start, STEPS).theta
        assert_allclose(together.theta[:, k], alone, rtol=1e-9)


def test_natural_momentum_remembers_directions_and_not_gradients():
    """F changes along the way, so the two part; in a linear chart both would pass."""
    model, rate, beta = problem("normal"), 0.1, 0.8
    theta, memory, expected = np.array(model.start), np.zeros(2), [model.start]
    for _ in range(STEPS):
        memory = beta * memory + np.linalg.solve(model.fisher(theta), model.grad(theta))
        theta = theta - rate * memory
        expected.append(tuple(theta))
    path = run(model, rules["natural-momentum"](rate, beta), model.start, STEPS)
    assert_allclose(path.theta, expected, rtol=1e-10)


def _linear_gap(name: str, of: str, **options) -> float:
    rule, through = rules[name](**options), sheared(of)
    in_theta = run(problem(of), rule, problem(of).start, STEPS)
    return float(gap(in_theta.theta, run(through, rule, through.start, STEPS).in_theta))


@on(REGULAR_CASES)
def test_a_linear_chart_changes_the_paths_of_rules_that_see_coordinates_and_of_no_others(name, of):
    invariance = rules.traits(name).invariance
    if invariance == "linear":
        assert _linear_gap(name, of) < 1e-7
    elif invariance == "pulled-back":
        assert _linear_gap(name, of, kind="pulled-back") < 1e-7
    else:
        options = {"rate": 1e-4} if of == "rosenbrock" else {}  # else plain steps blow up there
        assert _linear_gap(name, of, **options) > 1e-3


@pytest.mark.parametrize("name", DAMPED)
def test_damping_breaks_invariance_unless_it_is_pulled_back(name):
    options = {"rate": 0.1, "damping": 5.0}
    assert _linear_gap(name, "normal", **options) > 1e-3
    assert _linear_gap(name, "normal", **options, kind="relative") > 1e-3
    assert _linear_gap(name, "normal", **options, kind="pulled-back") < 1e-12


CURVED = [
    *(("normal", c, ()) for c in ("precision", "variance", "square-root", "log-scale")),
    *(("normal", c, ("normal",)) for c in ("expectation", "natural")),
    *(("gamma", c, ()) for c in ("log-scale", "shape-mean", "square-root")),
    *(("weibull", c, ()) for c in ("log-scale", "square-root")),
    *((p, "natural", (p,)) for p in ("two-bernoullis", "von-mises")),
    ("categorical", "expectation", ("categorical",)),
    *((p, "bend", (0.3,)) for p in ("normal", "logistic-regression", "poisson-regression")),
    *((p, "bend", (0.1,)) for p in ("two-state-mdp", "mixture", "rosenbrock")),
]
"""A problem, a curved chart of it, and the chart's options."""


def _curved_gap(name: str, case: tuple, rate: float, time: float) -> float:
    """How far apart two charts end after the same time, in steps of ``rate``."""
    of, chart, options = case
    model, rule, steps = problem(of), rules[name](rate), round(time / rate)
    in_theta = run(model, rule, model.start, steps).theta[-1]
    through = model.through(charts[chart](*options))
    return float(np.linalg.norm(run(through, rule, through.start, steps).in_theta[-1] - in_theta))


@pytest.mark.parametrize("case", CURVED)
@pytest.mark.parametrize(("name", "order"), [("natural", 1), ("midpoint", 2), ("geodesic", 2)])
def test_curved_charts_change_a_path_less_the_smaller_the_rate_and_by_this_order(name, order, case):
    gaps = [_curved_gap(name, case, rate, 0.4) for rate in (0.01, 0.005)]
    if name == "geodesic" and case[0] == "rosenbrock":  # flat, with parabolas for geodesics: exact
        assert gaps[0] < 1e-12
        return
    assert gaps[0] > 1e-9
    assert_allclose(math.log2(gaps[0] / gaps[1]), order, atol=0.2)


@pytest.mark.parametrize("case", [c for c in CURVED if c[:2] != ("gamma", "log-scale")])
@pytest.mark.parametrize("name", ["gradient", "newton"])
def test_no_rate_is_small_enough_for_gradient_descent_or_newton_in_a_curved_chart(name, case):
    time = {"rosenbrock": 0.001, "gamma": 0.05, "normal": 0.01}.get(case[0], 0.4)
    gaps = [_curved_gap(name, case, time / n, time) for n in (80, 160)]
    assert gaps[1] > 1e-6
    assert gaps[1] > 0.8 * gaps[0]


@pytest.mark.parametrize(("name", "order"), [("natural", 2), ("midpoint", 3), ("geodesic", 3)])
def test_one_step_differs_between_curved_charts_by_one_order_more(name, order):
    gaps = [_curved_gap(name, ("gamma", "log-scale", ()), rate, rate) for rate in (0.02, 0.01)]
    assert_allclose(math.log2(gaps[0] / gaps[1]), order, atol=0.15)


@pytest.mark.parametrize(
    ("chart", "of"), in_turn((c, p) for c in ("identity", "bend", "linear") for p in FISHER)
)
def test_the_christoffel_symbols_are_the_derivatives_of_the_fisher_matrix_in_every_chart(
    chart, of, rng
):
    if chart == "bend" and problem(of).dim == 1:
        return
    maps = {
        "identity": charts["identity"](),
        "bend": charts["bend"](strength=0.3),
        "linear": shear(problem(of).dim),
    }
    through = problem(of).through(maps[chart])
    x = through.examples(rng, 20)
    x = x[np.linalg.cond(through.fisher(x)) < 1e5][:4]
    v, h = rng.normal(size=x.shape), 1e-5
    step = h * np.eye(x.shape[-1])
    slope = np.stack([(through.fisher(x + s) - through.fisher(x - s)) / (2 * h) for s in step], 1)
    lowered = np.einsum("nikj,ni,nj->nk", slope, v, v)
    lowered -= np.einsum("nkij,ni,nj->nk", slope, v, v) / 2
    expected = np.linalg.solve(through.fisher(x), lowered[..., None])[..., 0]
    found = full(bending(through.at(components(x)), components(v)), x.shape[:-1])
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max() + 1e-7)


@pytest.mark.parametrize("of", ["normal", "gamma", "weibull", "von-mises", "two-state-mdp"])
def test_a_geodesic_step_is_the_exponential_map_to_third_order(of):
    model, start = problem(of), np.array(problem(of).start)
    downhill = direction(model, metrics["fisher"](), start)
    errors = []
    for rate in (0.04, 0.02):
        step = run(model, rules["geodesic"](rate), start, 1).theta[-1]
        errors.append(np.linalg.norm(step - exponential(model, start, -rate * downhill, 2)[-1]))
    assert_allclose(math.log2(errors[0] / errors[1]), 3, atol=0.15)


OPTIMIZERS = {
    "gradient": (torch.optim.SGD, {"lr": 0.01}, {"rate": 0.01}),
    "momentum": (
        torch.optim.SGD,
        {"lr": 0.003, "momentum": 0.8},
        {"rate": 0.003, "beta": 0.8},
    ),
    "nesterov": (
        torch.optim.SGD,
        {"lr": 0.003, "momentum": 0.8, "nesterov": True},
        {"rate": 0.003, "beta": 0.8},
    ),
    "adagrad": (torch.optim.Adagrad, {"lr": 0.05}, {"rate": 0.05}),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.95}, {"rate": 0.01, "beta": 0.95}),
    "adadelta": (torch.optim.Adadelta, {"lr": 1.0, "rho": 0.85}, {"beta": 0.85}),
    "adam": (
        torch.optim.Adam,
        {"lr": 0.02, "betas": (0.8, 0.99), "eps": 1e-6},
        {"rate": 0.02, "beta1": 0.8, "beta2": 0.99, "epsilon": 1e-6},
    ),
}


@pytest.mark.parametrize("of", ["quadratic", "normal", "logistic-regression", "double-well"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_rules_of_neural_nets_are_pytorchs_step_by_step(name, of):
    make, theirs, ours = OPTIMIZERS[name]
    model = problem(of)
    point = torch.tensor(model.start, dtype=torch.float64, requires_grad=True)
    optimizer, path = make([point], **theirs), [np.array(model.start)]
    for _ in range(60):
        optimizer.zero_grad()
        model.loss(point).backward()
        optimizer.step()
        path.append(point.detach().numpy().copy())
    found = run(model, rules[name](**ours), model.start, 60).theta
    assert_allclose(found, np.array(path), rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize(
    ("one", "options", "other"),
    [
        ("momentum", {"beta": 0.0}, "gradient"),
        ("nesterov", {"beta": 0.0}, "gradient"),
        ("natural-momentum", {"beta": 0.0}, "natural"),
        ("kl-limited", {"radius": 1e6}, "natural"),
    ],
)
def test_a_rule_without_its_extra_is_the_plainer_one(one, options, other):
    for of in ("normal", "gamma", "quadratic"):
        model = problem(of)
        pair = (rules[one](rate=0.03, **options), rules[other](rate=0.03))
        a, b = (run(model, rule, model.start, STEPS).theta for rule in pair)
        assert_allclose(a, b, rtol=1e-13)


@pytest.mark.parametrize("of", FISHER)
def test_the_fisher_power_slides_from_plain_to_natural(of):
    model = problem(of)
    for q, name in ((0.0, "gradient"), (1.0, "natural")):
        sliding = chain(precondition(metrics["fisher-power"](q)), descend(5e-4))
        expected = run(model, rules[name](5e-4), model.start, STEPS).theta
        assert_allclose(run(model, sliding, model.start, STEPS).theta, expected, rtol=1e-8)


@on(few("metric", [c for c in EVERY_METRIC_CASE if c[0] != "euclidean"]))
def test_descent_by_any_metric_runs_alone_as_side_by_side(name, of):
    rule, model = chain(precondition(metrics[name](), 0.1), descend(0.05)), problem(of)
    alone, together = run(model, rule, model.start, 4), run(model, rule, [model.start], 4)
    assert_allclose(together.theta[:, 0], alone.theta, rtol=1e-8)


@pytest.mark.parametrize("chart", charts)
@pytest.mark.parametrize("name", metrics)
def test_descent_by_any_metric_in_any_chart_is_its_own_reference(name, chart, at_once):
    """On one problem or another, as machine code."""
    rule = chain(precondition(metrics[name](), 0.1), descend(0.02))
    among = [p for p, c in EVERY_PAIR if c == chart and p in SMALL and has_metric(name, p)]
    of = among[sum(map(ord, name)) % len(among)]
    model, traces = pair(of, chart), {}
    fast, slow = run(model, rule, model.start, 3, traces), directly(model, rule, model.start, 3)
    assert (fast.ok == slow.ok).all()
    assert_allclose(fast.good, slow.good, rtol=1e-9, atol=1e-12)
    assert len(traces) == 1


@pytest.mark.parametrize("of", [p for p in problems if has_rule("levenberg-marquardt", p)])
@pytest.mark.parametrize("name", ["levenberg-marquardt", "trust-region"])
def test_a_rule_that_tries_its_steps_never_climbs_and_never_leaves_the_domain(name, of, rng):
    if name == "trust-region" and of in SINGULAR:
        return
    model = problem(of)
    starts = model.examples(rng, 12)
    if of not in SINGULAR:
        starts = starts[np.linalg.cond(model.fisher(starts)) < 1e8]
    path = run(model, rules[name](), starts, 60)
    rise = np.diff(path.loss, axis=0)
    assert (
        rise[np.isfinite(rise)] <= 1e-14 * np.abs(path.loss[0]).max()
    ).all()  # the run sums its rows in order
    if of not in SINGULAR | {"two-state-mdp", "mixture"}:
        assert path.ok.all()
        assert problem(of).kinks or path.grad_norm[-1].max() < 1e-3 * (1 + path.grad_norm[0].max())


@pytest.mark.parametrize("name", ["levenberg-marquardt", "trust-region"])
def test_on_a_quadratic_the_promise_is_kept_exactly(name, monkeypatch):
    module = importlib.import_module(f"natgrad_core.rules.{name.replace('-', '_')}")
    ratios = []

    def noted(*args):
        ratios.append(gain_ratio(*args))
        return ratios[-1]

    monkeypatch.setattr(module, "gain_ratio", noted)
    directly(problem("quadratic"), rules[name](0.05), problem("quadratic").start, 2)
    assert_allclose(ratios, 1, rtol=1e-7)


def test_levenberg_marquardt_goes_down_rosenbrocks_valley_to_the_end():
    model = problem("rosenbrock")
    assert run(model, rules["levenberg-marquardt"](), model.start, 60).loss[-1] < 1e-20


@pytest.mark.parametrize("of", FISHER)
def test_no_step_is_longer_than_its_radius_in_kl(of, rng):
    model = problem(of)
    starts = model.examples(rng, 20)
    starts = starts[np.linalg.cond(model.fisher(starts)) < 1e6]
    for name, options in (
        ("kl-limited", {"radius": 0.003}),
        ("trust-region", {"radius": 0.003, "largest": 0.003}),
    ):
        path = run(model, rules[name](**options), starts, STEPS)
        step, f = np.diff(path.theta, axis=0), full(path.at.fisher, path.theta.shape[:-1])[:-1]
        nats = np.einsum("...i,...ij,...j->...", step, f, step) / 2
        assert np.nanmax(nats) < 0.003 * (1 + 1e-7)
        assert np.isfinite(nats[0]).all()


def test_far_from_the_minimum_a_step_has_exactly_its_radius_and_kl_agrees():
    model = problem("normal")
    path = run(model, rules["kl-limited"](radius=1e-6), model.start, 3)
    assert_allclose(path.kl, 1e-6, rtol=1e-2)


@pytest.mark.parametrize("of", ["normal", "two-bernoullis", "categorical"])
@pytest.mark.parametrize(
    ("potential", "dual"), [("log-partition", "expectation"), ("entropy", "natural")]
)
def test_mirror_descent_is_the_natural_gradient_of_the_dual_coordinates(potential, dual, of):
    model, rule = problem(of), rules["mirror-descent"](0.05, potential)
    in_dual = model.through(charts[dual](of))
    expected = run(in_dual, rules["natural"](0.05), in_dual.start, 40).in_theta
    assert_allclose(run(model, rule, model.start, 40).theta, expected, rtol=1e-9)
    linear, curved = charts["linear"]([[1.0, 0.3], [0.1, 1.0]]), charts["bend"](0.2, center=0.1)
    twice = model.through(linear).through(curved)  # two charts that do not commute
    path = run(twice, rule, twice.start, 40)
    assert_allclose(linear.forward(curved.forward(path.theta)), expected, rtol=1e-9)


@pytest.mark.parametrize("of", ["double-well", "two-layer-linear", "mixture"])
def test_newton_climbs_where_the_hessian_is_indefinite_and_its_absolute_value_descends(of, rng):
    model = problem(of)
    starts = model.examples(rng, 200)
    values = np.linalg.eigvalsh(model.hessian(starts))
    starts = starts[(values[:, 0] < -0.1) & (values[:, 1] > 0.1)]
    newton = run(model, rules["newton"](0.01), starts, 1).loss
    absolute = chain(precondition(metrics["absolute-hessian"]()), descend(0.01))
    descended = run(model, absolute, starts, 1).loss
    assert len(starts) > 5
    assert (newton[1] > newton[0]).any()
    assert (descended[1] < descended[0]).all()


def test_a_saddle_draws_newton_in_and_the_absolute_hessian_out():
    model, start = problem("double-well"), (0.1, 1.0)
    absolute = chain(precondition(metrics["absolute-hessian"]()), descend(0.2))
    saddle = run(model, rules["newton"](0.2), start, 200).theta[-1]
    well = run(model, absolute, start, 200).theta[-1]
    assert_allclose(saddle, (0, 0), atol=1e-6)
    assert_allclose(well, (1, 0), atol=1e-6)


def test_with_the_pseudo_inverse_three_logits_walk_as_two():
    three, two = problem("categorical-singular"), problem("categorical")
    rule = rules["natural"](0.1, singular="pseudo-inverse")
    path = run(three, rule, (-2.0, -2.0, 1.0), 60)
    expected = run(two, rules["natural"](0.1), (-3.0, -3.0), 60).theta
    assert path.ok.all()
    assert_allclose(path.theta[..., :2] - path.theta[..., 2:], expected, rtol=1e-9, atol=1e-9)
    assert not run(three, rules["natural"](0.1), (-2.0, -2.0, 1.0), 60).ok.all()


def test_a_singular_metric_ends_a_path_and_its_pseudo_inverse_does_not():
    model = problem("two-layer-linear")
    for name in ("natural", "natural-momentum", "midpoint", "kl-limited", "trust-region"):
        assert not run(model, rules[name](), [model.start] * 2, 5).ok[-1].any()
        path = run(model, rules[name](singular="pseudo-inverse"), [model.start] * 2, 5)
        assert path.ok.all()
        assert (path.loss[-1] < path.loss[0]).all()


@pytest.mark.parametrize("name", RATED)
def test_a_path_that_leaves_the_domain_is_recorded_and_its_neighbours_run_on(name):
    model = problem("normal")
    rate = np.array([1e-3, 1e6, -1e9])
    path = run(model, rules[name](rate=rate), model.start, 8)
    assert path.ok[:, 0].all()
    if name != "kl-limited":
        assert not path.ok[-1].all()
    alone = run(model, rules[name](rate=1e6), model.start, 8)
    assert (alone.ok == path.ok[:, 1]).all()


@settings(deadline=None, max_examples=25)
@given(
    name=st.sampled_from(sorted(rules)),
    of=st.sampled_from(["normal", "gamma", "two-bernoullis", "quadratic", "double-well"]),
    rate=st.floats(-1e6, 1e6),
    x=st.floats(-3, 3),
    y=st.floats(-3, 3),
)
def test_no_rate_and_no_start_makes_a_run_raise(name, of, rate, x, y):
    model = problem(of)
    if not has_rule(name, of) or not model.inside(np.array([x, y])):
        return
    rule = rules[name](rate if name in RATED else abs(rate) + 1e-6)
    fast, slow = (way(model, rule, (x, y), 20) for way in (run, directly))
    assert (fast.ok == slow.ok).all()
    assert fast.theta.shape == (21, 2)


@pytest.mark.parametrize("name", RATED)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_rate_that_is_not_finite_is_refused(name, bad):
    with pytest.raises(ValueError, match="the rate α must be a finite number, got"):
        rules[name](rate=bad)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("momentum", {"beta": 1.0}, r"β must be in \[0, 1\)"),
        ("nesterov", {"beta": -0.1}, r"β must be in \[0, 1\)"),
        ("natural-momentum", {"beta": math.nan}, r"β must be in \[0, 1\)"),
        ("adam", {"beta1": 1.0}, "β₁ must be in"),
        ("adam", {"beta2": 1.5}, "β₂ must be in"),
        ("adam", {"epsilon": -1.0}, "ε must be a finite number ≥ 0, got -1"),
        ("rmsprop", {"beta": [0.5, 1.0]}, "β must be in"),
        ("kl-limited", {"radius": 0.0}, "radius r, in nats"),
        ("trust-region", {"radius": -1.0}, "radius r, in nats"),
        ("levenberg-marquardt", {"initial": 0.0}, "the first λ must be"),
        ("levenberg-marquardt", {"kind": "none"}, "no damping 'none'; there are identity"),
        ("mirror-descent", {"potential": "A"}, "no potential 'A'; there are log-partition"),
        ("natural", {"singular": "hope"}, "singular='hope' is not supported"),
    ],
)
def test_a_bad_option_of_a_rule_is_refused_in_words(name, options, words):
    with pytest.raises(ValueError, match=words):
        rules[name](**options)


def test_a_rule_that_a_problem_cannot_have_is_refused_by_name():
    with pytest.raises(TypeError, match=r"double-well .*Fisher"):
        run(problem("double-well"), rules["natural"](), (0.1, 0.1), 1)
    with pytest.raises(
        TypeError, match=r"weibull has no natural and expectation .*take categorical"
    ):
        run(problem("weibull"), rules["mirror-descent"](), (1.0, 1.0), 1)
    with pytest.raises(
        UnknownName, match=r"no rule 'adem' \(did you mean 'adam'\?\); there are ada"
    ):
        rules["adem"]


@pytest.mark.parametrize("name", rules)
def test_a_rule_is_missing_only_where_what_it_needs_is(name):
    need = rules.traits(name).needs
    assert {p for p in problems if has_rule(name, p)} == {p for p in problems if offers(need, p)}


@pytest.mark.parametrize("name", metrics)
def test_a_metric_is_missing_only_where_what_it_needs_is(name):
    need = metrics.traits(name).needs
    found = {p for p in problems if has_metric(name, p)}
    assert found == {p for p in problems if offers(need, p)}
