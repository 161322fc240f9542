"""Laws of the policies around a metric: how much damping, how long a step, and what is promised."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets import NetProblem, mlp, plane, rules, train
from natgrad_core.nets.damping import (
    Damping,
    Fixed,
    LevenbergMarquardt,
    Nielsen,
    policy,
)
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Factors, Kronecker
from natgrad_core.nets.metrics import (
    Careful,
    Metric,
    blocks,
    ekfac,
    exact,
    generalized_gauss_newton,
    hessian,
    kfac,
)
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Rule, chain, decay, descend
from natgrad_core.nets.rules import second_order
from natgrad_core.nets.step_size import KLClip, Quadratic, Rate, Step, TrustRegion
from tests.nets.cases import NETS, point


def fall(at: At, rule: Rule, steps: int) -> list[At]:
    """The points that ``rule`` goes through."""
    memory, path = rule.init(at.theta), [at]
    for _ in range(steps):
        change, memory = rule.update(path[-1].grad, path[-1], memory)
        path.append(path[-1].after(change))
    return path


def start() -> At:
    return point("tanh MLP", "three classes")


def test_the_natural_step_is_the_damped_inverse_fisher_times_the_gradient() -> None:
    at = start()
    rule = rules.natural(rate=0.3, damping=0.01)
    change, memory = rule.update(at.grad, at, rule.init(at.theta))
    damped = FisherAt(at).dense() + 0.01 * torch.eye(at.problem.dim, dtype=torch.float64)
    assert torch.allclose(change, -0.3 * torch.linalg.solve(damped, at.grad), atol=1e-10)
    assert "solved by" in memory["report"]["note"]


def test_gauss_newton_takes_the_natural_step_and_newton_another() -> None:
    at = start()
    natural, gauss, newton = (
        rule.update(at.grad, at, rule.init(at.theta))[0]
        for rule in (
            rules.second_order(metric, 0.05)
            for metric in (exact(), generalized_gauss_newton(), hessian())
        )
    )
    assert torch.allclose(natural, gauss, atol=1e-10)
    assert float((natural - newton).norm()) > 0.1 * float(natural.norm())


def test_the_promise_is_the_decrease_of_the_undamped_quadratic_model() -> None:
    at = start()
    fisher = FisherAt(at).dense()
    direction = -Kronecker(Factors.of(FisherAt(at))).solve(at.grad, 0.1)
    before = {"last": 0.1 * at.grad}
    for size, memory in (
        (Rate(0.2), {}),
        (KLClip(1.0, 1e-3), {}),
        (Quadratic(), before),
        (Quadratic(layers=True), before),
        (TrustRegion(1e-3), {"radius": 1e-3}),
    ):
        step = size.fit(at, at.grad, direction, 0.1, memory)
        d = step.change
        assert abs(step.promise + float(at.grad @ d + d @ fisher @ d / 2)) < 1e-12


def test_the_quadratic_model_finds_the_best_step_in_the_plane_of_direction_and_last_change() -> (
    None
):
    at, damping = start(), 0.05
    curved = FisherAt(at).dense() + damping * torch.eye(at.problem.dim, dtype=torch.float64)
    direction = -Kronecker(Factors.of(FisherAt(at))).solve(at.grad, damping)
    last = 0.1 * torch.sin(torch.arange(float(at.problem.dim), dtype=torch.float64))
    step = Quadratic().fit(at, at.grad, direction, damping, {"last": last})
    slope = at.grad + curved @ step.change  # of the damped model: zero along both
    for along in (direction, last):
        assert abs(float(slope @ along)) < 1e-9 * float(at.grad.norm() * along.norm())
    exact_step = Quadratic().fit(
        at, at.grad, -torch.linalg.solve(curved, at.grad), damping, {"last": None}
    )
    assert torch.allclose(exact_step.change, -torch.linalg.solve(curved, at.grad), atol=1e-9)


@pytest.mark.parametrize("net", NETS)
def test_each_layer_may_have_the_best_length_and_momentum_of_its_own(net: str) -> None:
    at, damping = point(net, "three classes"), 0.05
    curved = FisherAt(at).dense() + damping * torch.eye(at.problem.dim, dtype=torch.float64)
    last = 0.1 * torch.sin(torch.arange(float(at.problem.dim), dtype=torch.float64))
    memory = {"last": last}
    step = Quadratic(layers=True).fit(at, at.grad, -at.grad, damping, memory)
    slope = at.grad + curved @ step.change
    for i in at.problem.net.parametric:
        part = at.problem.net.slices[i]
        for along in (at.grad[part], last[part]):
            assert abs(float(slope[part] @ along)) < 1e-8 * float(at.grad.norm() * along.norm())

    def model(change: torch.Tensor) -> float:
        return float(at.grad @ change + change @ curved @ change / 2)

    whole = Quadratic().fit(at, at.grad, -at.grad, damping, memory)
    assert model(step.change) <= model(whole.change) < 0


@pytest.mark.parametrize("layers", [False, True])
def test_a_last_change_along_the_direction_leaves_the_direction_alone(layers: bool) -> None:
    at, size = start(), Quadratic(layers=layers)
    alone = size.fit(at, at.grad, -at.grad, 0.1, {"last": None})
    beside = size.fit(at, at.grad, -at.grad, 0.1, {"last": 3 * at.grad})
    nowhere = size.fit(at, at.grad, -at.grad, 0.1, {"last": 0 * at.grad})
    assert torch.equal(alone.change, beside.change)
    assert torch.equal(alone.change, nowhere.change)


def test_momentum_is_forgotten_after_a_step_that_did_not_help() -> None:
    step = Step(torch.ones(3), 1.0, {"last": torch.ones(3)})
    assert Quadratic().judge(step, 0.5) == step.memory
    assert Quadratic().judge(step, -0.1) == {"last": None}
    assert Quadratic().judge(step, math.nan) == {"last": None}


def test_kl_clipping_spends_at_most_its_nats_and_only_then_shortens() -> None:
    at = start()
    fisher, direction = FisherAt(at).dense(), -at.grad
    full = float(direction @ fisher @ direction) / 2
    free = KLClip(1.0, 2 * full).fit(at, at.grad, direction, 0.0, {}).change
    assert torch.equal(free, direction)
    tight = KLClip(1.0, full / 100).fit(at, at.grad, direction, 0.0, {}).change
    assert abs(float(tight @ fisher @ tight) / 2 - full / 100) < 1e-12
    small = KLClip(1.0, 1e-6).fit(at, at.grad, direction, 0.0, {}).change
    true_kl = float(at.problem.kl(at.theta, at.theta + small))
    assert abs(true_kl / 1e-6 - 1) < 0.01  # and in the limit the nats are true ones


def test_the_trust_region_widens_narrows_and_stays_as_it_was() -> None:
    region = TrustRegion(0.1, largest=1.0)
    edge, inside = ({"radius": 0.1, "edge": e} for e in (True, False))
    step = torch.ones(1)
    assert region.judge(Step(step, 1.0, edge), 0.9) == {"radius": 0.4}
    assert region.judge(Step(step, 1.0, inside), 0.9) == {"radius": 0.1}
    assert region.judge(Step(step, 1.0, edge), 0.5) == {"radius": 0.1}
    assert region.judge(Step(step, 1.0, edge), 0.1) == {"radius": 0.025}
    assert region.judge(Step(step, 1.0, edge), math.nan) == {"radius": 0.025}
    assert region.judge(Step(step, 1.0, {"radius": 0.9, "edge": True}), 0.9) == {"radius": 1.0}


def test_levenberg_marquardt_trusts_good_predictions_and_doubts_bad_ones() -> None:
    lm = LevenbergMarquardt(1.0, 0.25)
    now = lm.start()
    assert lm.judge(now, 0.9) == {"damping": 0.25}
    assert lm.judge(now, 0.5) == now
    for rho in (0.1, -3.0, math.nan, -math.inf):
        assert lm.judge(now, rho) == {"damping": 4.0}
    assert LevenbergMarquardt(1e-12, 0.25).judge({"damping": 1e-12}, 1.0) == {"damping": 1e-12}
    assert lm.judge(now, 0.9, 0.5) == {"damping": 0.5}
    assert lm.judge({"damping": 1e-9}, -1.0, 0.5) == {"damping": 2.0}
    with pytest.raises(ValueError, match="between 0 and 1"):
        LevenbergMarquardt(1.0, 4.0)


def test_nielsen_falls_smoothly_and_rises_ever_faster() -> None:
    nielsen = Nielsen(1.0)
    now = nielsen.start()
    assert nielsen.judge(now, 1.0)["damping"] == pytest.approx(1 / 3)
    assert nielsen.judge(now, 0.5)["damping"] == pytest.approx(1.0)
    assert nielsen.judge(now, 0.75)["damping"] == pytest.approx(1 - 0.5**3)
    once = nielsen.judge(now, -1.0)
    twice = nielsen.judge(once, math.nan)
    assert (once["damping"], twice["damping"]) == (2.0, 8.0)
    assert nielsen.judge(twice, 1.0)["nu"] == 2.0
    assert nielsen.judge(now, 1.0, 0.5)["damping"] == 0.5
    assert nielsen.judge({"damping": 1e-9, "nu": 2.0}, -1.0, 0.5)["damping"] == 1.0


def test_a_number_is_a_fixed_damping_and_a_negative_one_is_refused() -> None:
    assert policy(0.1) == Fixed(0.1)
    with pytest.raises(ValueError, match="damping λ is a finite number, at least 0; got -1"):
        policy(-1)


LEARNERS = {
    "kfac": rules.kfac(),
    "ekfac": rules.ekfac(),
    "levenberg-marquardt": rules.levenberg_marquardt(),
    "matrix-free": rules.levenberg_marquardt(method="cg", tolerance=0.1),
    "nielsen": rules.natural(1.0, Nielsen(1.0)),
    "trust region": rules.trust_region(),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_rule_that_learns_its_trust_never_climbs_and_descends_far(name: str) -> None:
    problem = NetProblem.of(mlp((2, 8, 2)), plane("moons", 60))
    path = fall(problem.at(problem.net.init(0)), LEARNERS[name], 15)
    losses = [at.loss for at in path]
    assert all(b <= a for a, b in itertools.pairwise(losses))
    assert losses[-1] < 0.5 * losses[0]


def test_a_trial_is_the_forward_pass_of_the_next_step() -> None:
    at, rule = start(), rules.kfac()
    change, _ = rule.update(at.grad, at, rule.init(at.theta))
    assert "tape" in at.after(change).__dict__


def test_a_damping_learnt_too_small_is_raised_where_the_matrix_is_singular() -> None:
    at = start()
    for learning in (LevenbergMarquardt(1e-17, 0.02, 1e-17), Nielsen(1e-17, 1e-17)):
        rule = rules.natural(1.0, learning, method="rows")
        change, memory = rule.update(at.grad, at, rule.init(at.theta))
        assert memory["report"]["damping"] > 1e-14
        assert at.after(change).loss < at.loss
    fixed = rules.natural(1.0, 1e-17, method="rows")
    with pytest.raises(SingularMetricError, match="raise λ"):
        fixed.update(at.grad, at, fixed.init(at.theta))


@pytest.mark.parametrize("metric", [kfac(), kfac(shared=False), ekfac(), blocks()])
@pytest.mark.parametrize("learning", [LevenbergMarquardt(1e-11), Nielsen(1e-11)])
def test_an_approximation_s_damping_is_not_learnt_below_what_float32_can_tell(
    metric: Metric, learning: Damping, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    solve = Careful.solve

    def watched(self: Careful, v: torch.Tensor, damping: float) -> torch.Tensor:
        tried.append(damping / self.operator.faintest)
        return solve(self, v, damping)

    monkeypatch.setattr(Careful, "solve", watched)
    problem = NetProblem.of(mlp((2, 8, 2)), plane("moons", 60))
    at = problem.at(problem.net.init(0))
    rule = second_order(metric, learning, Quadratic())
    memory = rule.init(at.theta)
    for _ in range(8):
        change, memory = rule.update(at.grad, at, memory)
        assert memory["report"]["note"] == ""
        at = at.after(change)
    assert min(tried) == tried[0] == 1
    fine = problem.double.at(at.double.theta)
    operator = metric.at(fine, metric.init(fine.theta))[0]
    assert isinstance(operator, Careful)
    assert operator.least == 0


def test_a_step_that_cannot_help_is_given_up_and_said() -> None:
    at = start()
    uphill = rules.kfac()
    change, memory = uphill.update(-at.grad, at, uphill.init(at.theta))
    assert torch.equal(change, torch.zeros_like(change))
    assert memory["report"]["tries"] == rules.TRIES


def test_links_compose() -> None:
    at = start()
    rule = chain(decay(0.1), rules.natural(1.0, 0.1), descend(-0.5))
    change, memory = rule.update(at.grad, at, rule.init(at.theta))
    damped = FisherAt(at).dense() + 0.1 * torch.eye(at.problem.dim, dtype=torch.float64)
    right = -0.5 * torch.linalg.solve(damped, at.grad + 0.1 * at.theta)
    assert torch.allclose(change, right, atol=1e-9)
    assert memory["report"]["damping"] == 0.1


def test_no_rule_changes_what_it_was_handed() -> None:
    at = start()
    for make in rules.RULES.values():
        rule = make()
        memory = rule.init(at.theta)
        theta, grad, before = at.theta.clone(), at.grad.clone(), repr(memory)
        rule.update(at.grad, at, memory)
        assert torch.equal(at.theta, theta)
        assert torch.equal(at.grad, grad)
        assert repr(memory) == before


@pytest.mark.parametrize("kind", [LevenbergMarquardt(), Nielsen()])
def test_a_damping_that_learns_stays_a_number_however_many_steps_are_refused(kind: Any) -> None:
    state = kind.start()
    for _ in range(2000):
        state = kind.judge(state, math.nan)
    assert torch.isfinite(torch.tensor(kind.value(state, None), dtype=torch.float32))
    assert kind.value(kind.judge(state, 0.9), None) < kind.value(state, None)


def test_a_run_goes_on_where_its_loss_is_all_rounding() -> None:
    problem = NetProblem.of(mlp((2, 16, 16, 2)), plane("moons"))
    *_, last = train(problem, rules.levenberg_marquardt(), seed=0, steps=120)
    assert last.step == 120
    assert 0 <= last.loss < 1e-6
