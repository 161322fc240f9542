"""Laws of Shampoo, SOAP, Muon, AdamW, Lion and Sophia, each held against another's steps.

The references are ``torch.optim`` and the package ``pytorch-optimizer``, on the same gradients in
float64.
"""

from __future__ import annotations

import importlib
import itertools
import math
import types
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.nets import NetProblem, mlp, plane, rules
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.metrics import Diagonal
from natgrad_core.nets.preconditioners.adamw import root_mean_square
from natgrad_core.nets.preconditioners.links import average, decoupled, grafted, precondition
from natgrad_core.nets.preconditioners.matrix_functions import newton_schulz, polar, power
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.preconditioners.shampoo import kronecker_roots
from natgrad_core.nets.preconditioners.soap import rotated_root_mean_square
from natgrad_core.nets.preconditioners.stationary_metrics import Moments
from natgrad_core.nets.problem import At
from natgrad_core.nets.rule import Rule, chain, descend
from natgrad_core.nets.training import indices, train
from tests.nets.cases import point


@cache
def theirs() -> Any:
    """pytorch-optimizer, which takes over a second to import."""
    return pytest.importorskip("pytorch_optimizer")


PROBLEM = NetProblem.of(mlp((2, 6, 5, 2)), plane("moons", 80)).double
UNBIASED = NetProblem.of(mlp((2, 6, 5, 2), bias=False), plane("moons", 80)).double
BATCH, STEPS = 40, 25

Make = Callable[[list[nn.Parameter]], Any]


def _muon(rate: float, **settings: Any) -> Make:
    """Their Muon on weights, and torch's AdamW on all else."""

    class Both:
        def __init__(self, parameters: list[nn.Parameter]) -> None:
            weights = [p for p in parameters if p.ndim > 1]
            self.parts: list[Any] = [torch.optim.Muon(weights, rate, **settings)]
            rest = [p for p in parameters if p.ndim == 1]
            if rest:
                self.parts.append(torch.optim.AdamW(rest, 1e-3))

        def step(self) -> None:
            for part in self.parts:
                part.step()

    return Both


class _Sophia:
    """Their Sophia, handed the diagonal of F at every third step."""

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        self.parameters, self.steps = parameters, 0
        self.optimizer = theirs().SophiaH(
            parameters, 0.03, (0.9, 0.8), 0.1, p=1.0, update_period=10**9, eps=1e-6, foreach=False
        )

    def step(self) -> None:
        curvature = None
        if self.steps % 3 == 0:
            theta = join([p.data for p in self.parameters])
            index = indices(len(PROBLEM), BATCH, 0, self.steps)
            diagonal = FisherAt(PROBLEM.batch(index).at(theta)).diagonal()
            parts = split(PROBLEM.net, diagonal)
            curvature = [h.view(p.shape) for h, p in zip(parts, self.parameters, strict=True)]
        self.steps += 1
        self.optimizer.step(hessian=curvature)


def _grafted(parameters: list[nn.Parameter]) -> Any:
    """Their grafted Shampoo, which adds its factors up where β₂ is 1."""
    optimizer = theirs().ScalableShampoo(
        parameters,
        0.3,
        start_preconditioning_step=1,
        preconditioning_compute_steps=1,
        shape_interpretation=False,
        nesterov=False,
        matrix_eps=1e-4,
        use_svd=True,
    )
    optimizer.param_groups[0]["betas"] = (0.0, 1.0)
    return optimizer


PAIRS: dict[str, tuple[NetProblem, Rule, Make]] = {
    "adamw": (
        PROBLEM,
        rules.adamw(0.02, 0.8, 0.97, decay=0.3),
        lambda p: torch.optim.AdamW(p, 0.02, (0.8, 0.97), weight_decay=0.3),
    ),
    "lion": (
        PROBLEM,
        rules.lion(0.01, 0.8, 0.95, 0.2),
        lambda p: theirs().Lion(p, 0.01, (0.8, 0.95), 0.2, foreach=False),
    ),
    "sophia": (
        PROBLEM,
        rules.sophia(0.03, 0.9, 0.8, epsilon=1e-6, every=3, kind="true", decay=0.1),
        _Sophia,
    ),
    "shampoo": (
        PROBLEM,
        rules.shampoo(0.3, 1e-4),
        lambda p: theirs().Shampoo(p, 0.3, matrix_eps=1e-4),
    ),
    "shampoo, grafted on gradient descent": (
        UNBIASED,
        rules.shampoo(0.3, 1e-4, graft=rules.gradient(1.0)),
        _grafted,
    ),
    "muon": (
        PROBLEM,
        rules.muon(0.03, 0.9, decay=0.2, precision=torch.bfloat16),
        _muon(0.03, momentum=0.9, weight_decay=0.2),
    ),
    "muon, without looking ahead": (
        UNBIASED,
        rules.muon(0.03, 0.8, nesterov=False, steps=3, precision=torch.bfloat16),
        _muon(0.03, momentum=0.8, weight_decay=0.0, nesterov=False, ns_steps=3),
    ),
}


def _follow(problem: NetProblem, optimizer: Any, parameters: list[nn.Parameter], k: int) -> None:
    """Hand an optimizer the gradient of batch k, and let it step."""
    theta = join([p.data for p in parameters])
    at = problem.batch(indices(len(problem), BATCH, 0, k)).at(theta)
    for p, g in zip(parameters, split(problem.net, at.grad), strict=True):
        p.grad = g.reshape(p.shape).clone()
    optimizer.step()


def _parameters(problem: NetProblem) -> list[nn.Parameter]:
    theta = problem.net.init(0, torch.float64)
    shapes = [p.shape for p in problem.net.parameters.values()]
    parts = zip(split(problem.net, theta), shapes, strict=True)
    return [nn.Parameter(part.reshape(shape).clone()) for part, shape in parts]


@pytest.mark.parametrize("name", PAIRS)
def test_a_rule_takes_the_steps_of_its_reference(name: str) -> None:
    problem, rule, make = PAIRS[name]
    parameters = _parameters(problem)
    optimizer = make(parameters)
    first = join([p.data for p in parameters])
    frames = train(problem, rule, seed=0, batch=BATCH)
    for frame in itertools.islice(frames, STEPS):
        mine = join([p.data for p in parameters])
        assert torch.allclose(frame.theta, mine, rtol=0, atol=1e-9)
        _follow(problem, optimizer, parameters, frame.step)
    assert float((join([p.data for p in parameters]) - first).norm()) > 0.1


class _Doubled(types.ModuleType):
    """Torch, whose float32 is float64: their SOAP turns its eigenvectors in float32."""

    float32 = torch.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def test_soap_takes_the_steps_of_its_reference_after_the_one_that_moves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their ε is added to √v before, ours after the bias of v is taken out, as in Adam."""
    monkeypatch.setattr(
        importlib.import_module(theirs().SOAP.__module__), "torch", _Doubled("torch")
    )
    rule = rules.soap(0.02, 0.9, 0.8, 1e-6, every=4)
    parameters = _parameters(PROBLEM)
    optimizer = theirs().SOAP(
        parameters, 0.02, (0.9, 0.8), weight_decay=0, precondition_frequency=4
    )
    _follow(PROBLEM, optimizer, parameters, 0)
    at = PROBLEM.at(PROBLEM.net.init(0, torch.float64))
    assert torch.equal(join([p.data for p in parameters]), at.theta)
    for frame in train(PROBLEM, rule, seed=0, batch=BATCH, steps=STEPS):
        mine = join([p.data for p in parameters])
        assert torch.allclose(frame.theta, mine, rtol=0, atol=1e-7)
        optimizer.param_groups[0]["eps"] = 1e-6 * (1 - 0.8 ** (frame.step + 1)) ** 0.5
        _follow(PROBLEM, optimizer, parameters, frame.step)


def test_adam_is_a_momentum_a_diagonal_metric_and_a_rate() -> None:
    links = (average(0.9), precondition(root_mean_square(0.99), 1e-8), descend(0.02))
    for a, b in zip(
        train(PROBLEM, chain(*links), seed=1, steps=20),
        train(PROBLEM, rules.adam(0.02, 0.9, 0.99), seed=1, steps=20),
        strict=True,
    ):
        assert torch.allclose(a.theta, b.theta, rtol=0, atol=1e-12)


def test_decay_is_decoupled_from_the_metric() -> None:
    for plain, decayed in (
        (rules.adam(0.1), rules.adamw(0.1, decay=0.5)),
        (rules.lion(0.1), rules.lion(0.1, decay=0.5)),
        (rules.soap(0.1), rules.soap(0.1, decay=0.5)),
        (rules.sophia(0.1), rules.sophia(0.1, decay=0.5)),
    ):
        at = point("tanh MLP", "three classes")
        changes = [rule.update(at.grad, at, rule.init(at.theta))[0] for rule in (plain, decayed)]
        assert torch.allclose(changes[1], changes[0] - 0.05 * at.theta, atol=1e-12)


def one_step(rule: Rule, at: At) -> list[Tensor]:
    change, _ = rule.update(at.grad, at, rule.init(at.theta))
    return split(at.problem.net, change)


@pytest.mark.parametrize("net", ["tanh MLP", "convolutional"])
def test_without_memory_shampoo_soap_and_muon_take_one_step(net: str) -> None:
    """The polar factor of the gradient, of each weight; and Adam and Lion take its sign."""
    at = point(net, "three classes")
    gradients = split(at.problem.net, at.grad)
    found = {
        "shampoo": one_step(rules.shampoo(1.0, 1e-26), at),
        "soap": one_step(rules.soap(1.0, epsilon=1e-9), at),
        "muon": one_step(rules.muon(1.0, 0.0, steps=0), at),
    }
    for i, g in enumerate(gradients):
        if g.ndim == 1:
            continue
        u = polar(g)
        assert float((u.T @ u @ u.T - u.T).norm()) < 1e-9
        shape = max(1.0, g.shape[0] / g.shape[1]) ** 0.5
        assert torch.allclose(found["shampoo"][i], -u, atol=1e-5)
        assert torch.allclose(found["soap"][i], -u, atol=1e-5)
        assert torch.allclose(found["muon"][i], -shape * u, atol=1e-9)
    for rule in (rules.adam(1.0, epsilon=1e-14), rules.lion(1.0)):
        for step, g in zip(one_step(rule, at), gradients, strict=True):
            assert torch.allclose(step[g != 0], -g[g != 0].sign(), atol=1e-5)


def test_the_polar_factor_is_the_nearest_orthogonal_matrix_and_the_steepest_step() -> None:
    generator = torch.Generator().manual_seed(3)
    for shape in ((4, 7), (7, 4), (5, 5)):
        m = torch.randn(*shape, generator=generator, dtype=torch.float64)
        u = polar(m)
        wide = u if shape[0] <= shape[1] else u.T
        assert torch.allclose(wide @ wide.T, torch.eye(min(shape), dtype=torch.float64))
        assert float((u * m).sum()) == pytest.approx(float(torch.linalg.svdvals(m).sum()))
        for _ in range(20):
            other = polar(torch.randn(*shape, generator=generator, dtype=torch.float64))
            assert (other * m).sum() < (u * m).sum()
            assert (other - m).norm() > (u - m).norm()


def test_newton_schulz_brings_singular_values_near_one_and_keeps_their_vectors() -> None:
    generator = torch.Generator().manual_seed(4)
    for shape in ((6, 9), (9, 6)):
        m = torch.randn(*shape, generator=generator, dtype=torch.float64)
        u, _, vh = torch.linalg.svd(m, full_matrices=False)
        fast = newton_schulz(m)
        in_its_vectors = u.T @ fast @ vh.T
        values = in_its_vectors.diagonal()
        assert torch.allclose(in_its_vectors, values.diag(), atol=1e-10)
        assert 0.65 < float(values.min()) <= float(values.max()) < 1.25
        assert float(torch.linalg.svdvals(newton_schulz(m, 1)).min()) < float(values.min())
        exact = newton_schulz(m, 60, (15 / 8, -10 / 8, 3 / 8))
        assert torch.allclose(exact, polar(m), atol=1e-8)


def test_a_matrix_of_low_rank_has_a_polar_factor_of_that_rank() -> None:
    generator = torch.Generator().manual_seed(5)
    m = torch.randn(6, 2, generator=generator) @ torch.randn(2, 8, generator=generator)
    values = torch.linalg.svdvals(polar(m))
    assert torch.allclose(values, torch.tensor([1.0, 1.0, 0, 0, 0, 0]), atol=1e-5)
    assert not bool(polar(torch.zeros(3, 4)).any())


def test_a_power_is_that_of_the_eigenvalues() -> None:
    generator = torch.Generator().manual_seed(6)
    m = torch.randn(4, 9, generator=generator, dtype=torch.float64)
    m = m @ m.T
    eye = torch.eye(4, dtype=torch.float64)
    assert torch.allclose(power(m, 0.5) @ power(m, 0.5), m)
    assert torch.allclose(power(m, -1.0, 0.3), torch.linalg.inv(m + 0.3 * eye))


METRICS = {
    "Adam's": root_mean_square(0.9),
    "Shampoo's": kronecker_roots(),
    "Shampoo's, a running mean": kronecker_roots(0.9),
    "SOAP's": rotated_root_mean_square(0.9, 1),
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("net", ["tanh MLP", "convolutional"])
def test_a_solve_undoes_the_whole_matrix(name: str, net: str) -> None:
    """After a few steps on other batches, so that no factor is singular."""
    metric = METRICS[name]
    at = point(net, "regression")
    memory = metric.init(at.theta)
    operator: Any = None
    generator = torch.Generator().manual_seed(0)
    for k in range(40):
        theta = at.theta + 0.3 * torch.randn(len(at.theta), generator=generator).double()
        there = at.problem.batch(torch.tensor([k % 12, (5 * k + 1) % 12])).at(theta)
        operator, memory = metric.at(there, memory)
    g = operator.dense()
    assert torch.allclose(g, g.T)
    s = torch.linalg.eigvalsh(g)
    assert torch.allclose(s, operator.eigenvalues().sort().values, atol=1e-9)
    v = torch.randn(len(g), generator=generator, dtype=torch.float64)
    assert torch.allclose(operator.solve(g @ v, 0.0), v, rtol=1e-5, atol=1e-6)


def test_shampoo_s_roots_serve_as_many_steps_as_they_are_told() -> None:
    at = point("tanh MLP", "three classes")
    metric = kronecker_roots(every=3)
    memory, found = metric.init(at.theta), list[Tensor]()
    for k in range(4):
        there = at.problem.at(at.theta * (1 + 0.1 * k))
        operator, memory = metric.at(there, memory)
        found.append(operator.dense())
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
    assert not torch.allclose(found[0], found[3])


def test_shampoo_preconditions_a_momentum() -> None:
    """Of two equal gradients it is that gradient; of g and then −g it is small."""
    at = point("tanh MLP", "three classes")
    for keep in (0.0, 0.9):
        rule = rules.shampoo(1.0, 1e-4, keep=keep)
        _, memory = rule.update(at.grad, at, rule.init(at.theta))
        back, _ = rule.update(-at.grad, at, memory)
        ahead, _ = rule.update(at.grad, at, memory)
        share = float((back * ahead).sum() / (ahead * ahead).sum())
        m = (keep * (1 - keep) - (1 - keep)) / (1 - keep**2)
        assert share == pytest.approx(m)


def test_damping_enters_before_shampoo_s_root_and_after_adam_s() -> None:
    at = point("tanh MLP", "three classes")
    operator, _ = kronecker_roots().at(at, kronecker_roots().init(at.theta))
    for g, found in zip(
        split(at.problem.net, at.grad),
        split(at.problem.net, operator.solve(at.grad, 0.02)),
        strict=True,
    ):
        if g.ndim == 1:
            right = power(torch.outer(g, g), -0.5, 0.02) @ g
        else:
            right = power(g @ g.T, -0.25, 0.02) @ g @ power(g.T @ g, -0.25, 0.02)
        assert torch.allclose(found, right, atol=1e-10)


def test_a_grafted_step_has_one_rule_s_direction_and_another_s_length() -> None:
    at = point("tanh MLP", "three classes")
    direction, length = rules.muon(1.0, 0.0, steps=0), rules.adam(0.3)
    rule = grafted(direction, length, 0.5)
    triples = zip(*(one_step(each, at) for each in (rule, direction, length)), strict=True)
    for change, toward, far in triples:
        assert float(change.norm()) == pytest.approx(0.5 * float(far.norm()))
        cosine = float((change * toward).sum() / (change.norm() * toward.norm()))
        assert cosine == pytest.approx(1.0)


def test_muon_leaves_the_first_and_the_last_weight_to_another_rule_if_it_is_told() -> None:
    at = point("tanh MLP", "three classes")
    rule = rules.muon(1.0, 0.0, which="hidden", others=rules.gradient(1.0))
    gradients, steps = split(at.problem.net, at.grad), one_step(rule, at)
    alone = [torch.equal(s, -g) for s, g in zip(steps, gradients, strict=True)]
    assert alone == [True, True, False, True, True, True]


def test_sophia_s_steps_are_clipped_entry_by_entry() -> None:
    at = point("tanh MLP", "three classes")
    free = join(one_step(rules.sophia(1.0, 0.0, 0.0, 1e6, kind="true"), at))
    diagonal = FisherAt(at).diagonal()
    assert torch.allclose(free, -(at.grad / (1e6 * diagonal).clamp(min=1e-12)).clamp(-1, 1))
    assert 0 < float(free.abs().max()) < 1
    clipped = join(one_step(rules.sophia(0.2, 0.0, 0.0, 1e-9, kind="true"), at))
    moved = at.grad.abs() > 1e-12
    assert torch.allclose(clipped[moved], -0.2 * at.grad[moved].sign())


@pytest.mark.parametrize("batch", [1, 3, 12])
@pytest.mark.parametrize("likelihood", ["three classes", "regression"])
def test_a_running_mean_tends_to_the_moments_of_all_batches(batch: int, likelihood: str) -> None:
    at = point("tanh MLP", likelihood)
    gradients = torch.stack(
        [
            at.problem.batch(torch.tensor(index)).at(at.theta).grad
            for index in itertools.combinations(range(12), batch)
        ]
    )
    moments = Moments.of_batches(at, batch)
    assert torch.allclose(moments.dense(), gradients.T @ gradients / len(gradients), atol=1e-12)
    squares = gradients.square().mean(0)
    assert torch.allclose(moments.diagonal(root=False).entries, squares, atol=1e-12)
    assert torch.allclose(moments.diagonal().entries, squares.sqrt(), atol=1e-10)
    parts = [split(at.problem.net, g) for g in gradients]
    for i, factors in enumerate(moments.factors):
        if len(factors) == 2:
            left = sum(each[i] @ each[i].T for each in parts) / len(parts)
            right = sum(each[i].T @ each[i] for each in parts) / len(parts)
            assert torch.allclose(factors[0], torch.as_tensor(left), atol=1e-12)
            assert torch.allclose(factors[1], torch.as_tensor(right), atol=1e-12)


def test_the_moments_of_single_examples_are_the_empirical_fisher_matrix_and_of_the_model_f() -> (
    None
):
    at = point("tanh MLP", "three classes")
    assert torch.allclose(
        Moments.of_batches(at, 1).dense(), FisherAt(at, "empirical").dense(), atol=1e-12
    )
    assert torch.allclose(Moments.of_model(at).dense(), FisherAt(at).dense(), atol=1e-12)
    assert torch.allclose(
        Moments.of_batches(at, 12).dense(), torch.outer(at.grad, at.grad), atol=1e-15
    )
    for batch in (0, 13):
        with pytest.raises(ValueError, match="batch is a finite number, at least 1"):
            Moments.of_batches(at, batch)


@pytest.mark.parametrize("moments", ["of the model", "of batches of three"])
def test_shampoo_s_square_is_one_power_iteration_towards_the_nearest_kronecker_product(
    moments: str,
) -> None:
    """Morwani et al. 2024, proposition 1: by the rearranged block, whose best rank-one part it is.

    SOAP's basis with the true moments is nearer still, since its diagonal is free.
    """
    at = point("tanh MLP", "three classes")
    found = Moments.of_model(at) if "model" in moments else Moments.of_batches(at, 3)
    whole, kept = found.dense(), found.kronecker(root=False).dense()
    rotated = found.rotated(root=False).dense()
    start = 0
    for part, factors in zip(found.parts, found.factors, strict=True):
        size = part[0].numel()
        here = slice(start, start + size)
        start += size
        if len(factors) == 1:
            assert torch.allclose(kept[here, here], whole[here, here], atol=1e-12)
            continue
        out, inner = part.shape[1:]
        block = whole[here, here].view(out, inner, out, inner)
        rearranged = block.permute(0, 2, 1, 3).reshape(out * out, inner * inner)
        eye = torch.eye(inner, dtype=torch.float64).flatten()
        left = rearranged @ eye
        right = rearranged.T @ torch.eye(out, dtype=torch.float64).flatten()
        assert torch.allclose(left.view(out, out), factors[0], atol=1e-12)
        product = (
            torch.kron(left.view(out, out), right.view(inner, inner)) / left.view(out, out).trace()
        )
        assert torch.allclose(kept[here, here], product, atol=1e-10)
        u, s, vh = torch.linalg.svd(rearranged)
        best = float((rearranged - s[0] * torch.outer(u[:, 0], vh[0])).norm())
        error = float((whole[here, here] - kept[here, here]).norm())
        assert best <= error < float(whole[here, here].norm())
        assert float((whole[here, here] - rotated[here, here]).norm()) <= error + 1e-12
        assert float(kept[here, here].trace()) == pytest.approx(float(whole[here, here].trace()))


def test_shampoo_s_roots_are_an_upper_bound_of_the_second_moment() -> None:
    """L^½ ⊗ R^½ ⪰ M/r for each weight, r the rank of the gradients (Gupta et al. 2018, lemma 8)."""
    at = point("tanh MLP", "three classes")
    found = Moments.of_batches(at, 2)
    whole, roots = found.dense(), found.kronecker().dense()
    start = 0
    for part, factors in zip(found.parts, found.factors, strict=True):
        size = part[0].numel()
        here = slice(start, start + size)
        start += size
        if len(factors) == 2:
            rank = min(part.shape[1:])
            bound = roots[here, here] @ roots[here, here]
            gap = torch.linalg.eigvalsh(bound - whole[here, here] / rank)
            assert float(gap.min()) > -1e-10


def test_the_operators_of_moments_solve_with_their_matrices() -> None:
    at = point("tanh MLP", "three classes")
    found = Moments.of_batches(at, 1)
    v = torch.sin(torch.arange(float(at.problem.dim), dtype=torch.float64))
    for root in (True, False):
        for operator in (found.diagonal(root), found.kronecker(root), found.rotated(root)):
            g = operator.dense()
            assert torch.allclose(torch.linalg.eigvalsh(g), operator.eigenvalues().sort().values)
            if not root or isinstance(operator, Diagonal):
                damped = g + 0.1 * torch.eye(len(g), dtype=torch.float64)
                right = torch.linalg.solve(damped, v)
                assert torch.allclose(operator.solve(v, 0.1), right, atol=1e-9)


MAKERS: dict[str, Callable[..., Rule]] = {
    name: rules.RULES[name] for name in ("adamw", "lion", "sophia", "shampoo", "soap", "muon")
}
BAD = [
    ("adamw", {"decay": -1}, "decay is a finite number, at least 0"),
    ("lion", {"keep": 1.0}, "keep is a finite number, at least 0 and less than 1"),
    ("sophia", {"every": 0}, "every is a finite number, at least 1"),
    ("sophia", {"kind": "trve"}, "no Fisher 'trve'"),
    ("shampoo", {"damping": 0}, "damping is a finite number, more than 0"),
    ("shampoo", {"keep_factors": 1.5}, "keep is a finite number"),
    ("soap", {"keep_square": math.nan}, "keep is a finite number"),
    ("muon", {"which": "some"}, "no weights 'some'; there are all, hidden"),
    ("muon", {"rate": "fast"}, "rate is a finite number"),
]


@pytest.mark.parametrize(("name", "settings", "said"), BAD)
def test_a_setting_out_of_range_is_refused_where_the_rule_is_made(
    name: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        MAKERS[name](**settings)


def test_no_decay_is_no_link() -> None:
    at = point("tanh MLP", "three classes")
    assert decoupled(0.0).update(at.grad, at, {})[0] is at.grad
