"""Laws of the exact solves: however (F + λI) x = v is come by, it is the same x."""

from __future__ import annotations

import contextlib
import itertools
import math
from dataclasses import replace

import pytest
import torch

from natgrad_core.errors import NotFiniteError, SingularMetricError
from natgrad_core.nets import NetProblem, mlp, real, rules, train
from natgrad_core.nets import metrics as metric
from natgrad_core.nets.fisher import solver_cost as cost
from natgrad_core.nets.fisher.fisher import FisherAt, gauss_newton
from natgrad_core.nets.fisher.kfac import Kronecker
from natgrad_core.nets.fisher.solve import (
    DROWNED,
    LOOSE_PRODUCTS,
    METHODS,
    TooLargeError,
    choose,
    solve,
)
from natgrad_core.nets.fisher.solver_cost import LOOSE, preconditions
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.likelihood import Categorical, Gaussian
from natgrad_core.nets.problem import FLOAT32_FLOOR, At
from natgrad_core.nets.runtime import memory_limit as memory
from natgrad_core.nets.runtime.time_limit import TooSlowError, time_limit
from tests.nets.cases import LIKELIHOODS, NETS, point

DAMPINGS = (1e-10, 1e-3, 1.0)


def truth(fisher: FisherAt, v: torch.Tensor, damping: float) -> torch.Tensor:
    """By the singular values of R = S J, so that nothing is ever squared."""
    _, s, across = torch.linalg.svd(fisher.rows().double(), full_matrices=False)
    v, along = v.double(), across @ v.double()
    inside = across.T @ (along / (s**2 / len(fisher.at.problem) + damping))
    return inside + (v - across.T @ along) / damping


def error(x: torch.Tensor, y: torch.Tensor) -> float:
    return float((x - y).norm() / y.norm())


def agree(at: At, kind: str) -> None:
    fisher = FisherAt(at, kind, samples=2)
    generator = torch.Generator().manual_seed(7)
    other = torch.randn(at.problem.dim, generator=generator, dtype=torch.float64)
    size = float(fisher.dense().norm())
    linear = all(isinstance(at.problem.net.layers[i], Linear) for i in at.problem.net.parametric)
    for damping in DAMPINGS:
        for v in (at.grad, other):
            right = truth(fisher, v, damping)
            for method in METHODS if linear else [m for m in METHODS if m != "contracted"]:
                if method == "cg" and damping < 1e-3:
                    continue  # it stops at 1e-11 of v, which such a λ magnifies
                # A matrix of condition κ costs κ of the last digit.
                allowed = 1e-12 + (2e-11 if method == "cg" else 2e-16) * 30 * size / damping
                assert error(solve(fisher, v, damping, method).x, right) < allowed, (
                    method,
                    damping,
                )


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_all_solves_agree_to_rounding(net: str, likelihood: str) -> None:
    agree(point(net, likelihood), "true")


@pytest.mark.parametrize("net", ["tanh MLP", "frozen norm"])
@pytest.mark.parametrize("kind", ["monte-carlo", "empirical"])
def test_all_solves_agree_on_sampled_and_empirical_matrices(net: str, kind: str) -> None:
    agree(point(net, "three classes"), kind)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_gram_solve_of_a_gradient_divides_nothing_by_a_small_damping(likelihood: str) -> None:
    at = point("tanh MLP", likelihood, n=5)
    x = solve(FisherAt(at), at.grad, 1e-9, "gram").x
    again = solve(FisherAt(at), 2 * at.grad, 1e-9, "gram").x / 2  # not the gradient itself
    _, s, across = torch.linalg.svd(FisherAt(at).rows(), full_matrices=False)
    # The gradient lies in R's span; what sticks out of it is rounding, and must not count.
    right = across.T @ ((across @ at.grad) / (s**2 / 5 + 1e-9))
    assert error(x, right) < 1e-10
    assert error(x, right) < error(again, right) / 10


@pytest.mark.parametrize("method", ["gram", "rows", "cg"])
def test_a_gradient_is_known_by_its_values_and_not_by_which_tensor_holds_it(method: str) -> None:
    exact = point("tanh MLP", "three classes", n=5)
    problem = exact.problem
    single = NetProblem(problem.net, problem.likelihood, problem.x.float(), problem.y)
    at = single.at(exact.theta.float())
    damping = 1e-9 if method == "gram" else 1e-6  # below what float32 resolves
    found = solve(FisherAt(at), at.grad, damping, method)
    again = solve(FisherAt(at), at.grad.clone(), damping, method)
    assert "float64" in found.note
    assert torch.equal(found.x, again.x)


def test_without_damping_least_squares_is_solved_in_one_step() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    y = torch.randn(30, 2, generator=generator, dtype=torch.float64)
    problem = NetProblem(mlp((4, 2)), Gaussian(), x, y)
    at = problem.at(problem.net.init(0, torch.float64))
    for method in ("rows", "contracted", "cg"):
        landed = problem.at(at.theta - solve(FisherAt(at), at.grad, 0.0, method).x)
        assert float(landed.grad.norm()) < 1e-11 * float(at.grad.norm())


def _sized(sizes: tuple[int, ...], n: int, dtype: torch.dtype = torch.float32) -> At:
    x = torch.randn(n, sizes[0], generator=torch.Generator().manual_seed(0), dtype=dtype)
    problem = NetProblem(mlp(sizes), Categorical(), x, torch.arange(n) % sizes[-1])
    return problem.at(problem.net.init(0, dtype))


@pytest.mark.parametrize(
    ("sizes", "n", "damping", "method"),
    [
        ((2, 16, 16, 2), 500, 1e-3, "rows"),
        ((64, 32, 10), 1797, 1e-2, "cg"),
        ((64, 32, 10), 1797, 1e-6, "contracted"),
        ((64, 128, 64, 10), 100, 1e-3, "gram"),
        ((64, 512, 512, 10), 1797, 1e-3, "cg"),
    ],
)
def test_the_chooser_takes_each_solve_where_it_is_the_cheapest(
    sizes: tuple[int, ...], n: int, damping: float, method: str
) -> None:
    assert choose(FisherAt(_sized(sizes, n)), damping, limit=2**34) == method


def test_the_chooser_says_what_it_took_and_leaves_out_what_does_not_fit() -> None:
    at = point("tanh MLP", "three classes")
    fisher = FisherAt(at)
    known = cost.costs(fisher, 0.1)
    fastest = min(known, key=lambda m: known[m].seconds)
    assert solve(fisher, at.grad, 0.1).method == fastest
    second = min((m for m in known if m != fastest), key=lambda m: known[m].seconds)
    if known[second].bytes < known[fastest].bytes:
        assert choose(fisher, 0.1, limit=known[fastest].bytes - 1) == second
    smallest = min(known, key=lambda m: known[m].bytes)
    assert choose(fisher, 0.1, limit=known[smallest].bytes) == smallest


def test_too_large_is_refused_with_its_size_before_anything_is_allocated() -> None:
    at = _sized((64, 512, 512, 10), 50)
    fisher = FisherAt(at)
    with pytest.raises(TooLargeError, match=r"p = 301066 .*GiB, 1\.00 allowed.*'cg', or K-FAC"):
        solve(fisher, at.grad, 1e-3, "contracted", limit=2**30)
    assert "cotangents" not in fisher.__dict__
    with pytest.raises(TooLargeError, match="fewer examples at a time"):
        solve(fisher, at.grad, 1e-3, limit=1000)


def test_a_damping_too_small_for_float32_is_solved_in_float64_and_said() -> None:
    at = _sized((4, 6, 3), 40)
    fisher = FisherAt(at)
    for method in ("rows", "gram", "contracted"):
        found = solve(fisher, at.grad, 1e-8, method)
        assert found.x.dtype == torch.float32
        assert "float64" in found.note
        right = truth(FisherAt(at.double), at.double.grad, 1e-8)
        assert error(found.x.double(), right) < 1e-5
        if method == "gram":
            assert error(found.x.double(), right) < 1e-3
        assert solve(fisher, at.grad, 1e-1, method).note == ""


def test_what_is_singular_is_said_to_be() -> None:
    for seed in range(10):  # one direction is missing, by rounding: its pivot is noise of any sign
        x = torch.randn(30, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        x = torch.cat((x, x.sum(1, keepdim=True)), 1)
        problem = NetProblem(mlp((4, 1)), Gaussian(), x, x[:, 0].exp())
        at = problem.at(problem.net.init(seed, torch.float64))
        for method in ("rows", "contracted"):
            with pytest.raises(ValueError, match=r"singular with λ = 0\.0e\+00.*raise λ"):
                solve(FisherAt(at), at.grad, 0.0, method)
    at = point("tanh MLP", "three classes")
    with pytest.raises(ValueError, match="Gram solve needs λ > 0"):
        solve(FisherAt(at), at.grad, 0.0, "gram")


def test_a_solve_says_what_it_will_not_take() -> None:
    at = point("frozen norm", "coins")
    fisher = FisherAt(at)
    with pytest.raises(ValueError, match="no exact solve 'magic'; there are rows, gram"):
        solve(fisher, at.grad, 1.0, "magic")
    with pytest.raises(TypeError, match="Linear layers only; take 'rows'"):
        solve(fisher, at.grad, 1.0, "contracted")
    with pytest.raises(ValueError, match="λ must be ≥ 0, got nan"):
        solve(fisher, at.grad, math.nan)
    with pytest.raises(NotFiniteError, match="not finite"):
        solve(fisher, at.grad * math.inf, 1.0)


def test_a_batch_of_one_has_a_fisher_of_rank_k() -> None:
    at = point("tanh MLP", "three classes", n=1)
    fisher = FisherAt(at)
    assert int(torch.linalg.matrix_rank(fisher.dense())) == fisher.directions == 2
    for method in METHODS:
        x = solve(fisher, at.grad, 1e-2, method).x
        assert error(x, truth(fisher, at.grad, 1e-2)) < 1e-9


@pytest.mark.parametrize("damping", [1e-8, 1e-12])
@pytest.mark.parametrize(
    "make",
    [metric.blocks(), metric.kfac(shared=False), metric.ekfac()],
    ids=["blocks", "K-FAC", "E-KFAC"],
)
def test_blocks_and_factors_too_go_to_float64_for_a_small_damping(
    make: metric.Metric, damping: float
) -> None:
    at = _sized((4, 6, 3), 40)
    operator = make.at(at, make.init(at.theta))[0]
    assert isinstance(operator, metric.Careful)
    counterpart = make.at(at.double, make.init(at.theta))[0]
    found = operator.solve(at.grad, damping)
    assert found.dtype == torch.float32
    assert "too small for float32 here: solved in float64" in operator.note
    assert error(found.double(), counterpart.solve(at.double.grad, damping)) < 1e-6
    with contextlib.suppress(SingularMetricError):  # what would have come out, if anything
        bare = operator.operator.solve(at.grad, damping)
        assert error(bare.double(), counterpart.solve(at.double.grad, damping)) > 1e-2
    operator.solve(at.grad, 1e-1)
    assert operator.note == ""


def test_the_largest_block_says_which_damping_float32_cannot_tell() -> None:
    at = _sized((4, 6, 3), 40)
    operator = metric.blocks().at(at, {})[0]
    assert isinstance(operator, metric.Careful)
    assert isinstance(operator.operator, metric.Blocks)
    small, large = sorted(float(block.norm()) for block in operator.operator.blocks)
    operator.solve(at.grad, FLOAT32_FLOOR * (small + large) / 2)
    assert operator.note
    operator.solve(at.grad, 1.01 * FLOAT32_FLOOR * large)
    assert not operator.note


def test_averaged_factors_are_doubled_as_they_are() -> None:
    at = _sized((4, 6, 3), 40)
    averaged = metric.kfac(keep=0.9)
    _, memory = averaged.at(at, averaged.init(at.theta))
    operator, memory = averaged.at(at.after(0.1 * at.grad), memory)
    assert isinstance(operator, metric.Careful)
    counterpart = operator.counterpart
    assert isinstance(counterpart, Kronecker)
    for (a, b), (c, d) in zip(counterpart.factors.pairs, memory["pairs"], strict=True):
        assert torch.equal(a, c.double())
        assert torch.equal(b, d.double())


def test_the_path_of_a_small_damping_says_so_in_its_report() -> None:
    at = _sized((4, 6, 3), 40)
    rule = rules.ekfac(1e-9, 1.0)
    _, memory = rule.update(at.grad, at, rule.init(at.theta))
    assert "solved in float64" in memory["report"]["note"]


def test_blocks_and_diagonals_that_have_no_inverse_are_named() -> None:
    at = point("relu MLP without bias", "three classes", n=2)
    blocks, diagonal = (make().at(at, {})[0] for make in (metric.blocks, metric.diagonal))
    with pytest.raises(
        SingularMetricError, match=r"block of layer 0 \(Linear\) \+ λI is singular.*raise λ"
    ):
        blocks.solve(at.grad, 0.0)
    x = torch.ones(5, 3, dtype=torch.float64)
    x[:, 1] = 0  # an input that is always off
    problem = NetProblem(mlp((3, 2)), Gaussian(), x, x[:, :2])
    dead = metric.diagonal().at(problem.at(problem.net.init(0, torch.float64)), {})[0]
    with pytest.raises(SingularMetricError, match=r"2 of 8 parameters move no output.*raise λ"):
        dead.solve(torch.ones(8, dtype=torch.float64), 0.0)
    assert diagonal.solve(at.grad, 1e-3).isfinite().all()


def test_conjugate_gradients_take_kfac_along_only_where_it_pays() -> None:
    """Both ways find the same x; how many products each takes is what the choice rests on."""
    at = _sized((64, 32, 10), 300)
    fisher = FisherAt(at)
    size = float(at.problem.likelihood.average(at.mean).trace())
    for relative, tolerance, pays in ((0.1, 1e-5, False), (1e-4, 1e-5, True), (1e-2, 0.1, True)):
        assert preconditions(fisher, relative * size, tolerance) == pays
    assert not preconditions(fisher, 0.0)
    assert not preconditions(FisherAt(point("frozen norm", "coins")), 1e-9)
    # A loose solve with K-FAC stops after fewer products than one without would take.
    with_it = solve(fisher, at.grad, 0.01 * size, "cg", tolerance=0.1)
    without = solve(fisher, at.grad, 0.01 * size, "cg", tolerance=0.99 * LOOSE)
    assert 0 < with_it.iterations < without.iterations
    for found in (with_it, without):
        residual = fisher.mv(found.x) + 0.01 * size * found.x - at.grad
        assert float(residual.norm()) < 0.1 * float(at.grad.norm())


def test_a_loose_solve_below_the_precision_comes_to_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where float32 has nothing left to learn, one step took two minutes of a reader's time."""
    digits = real("digits", "unit")
    few = replace(digits, x=digits.x[:500], y=digits.y[:500])
    problem = NetProblem.of(mlp((64, 8, 10)), few)
    learnt = next(f for f in train(problem, rules.kfac(), steps=60) if f.loss < 1e-6)
    at, products = problem.at(learnt.theta), itertools.count()
    mv = FisherAt.mv

    def counted(fisher: FisherAt, v: torch.Tensor) -> torch.Tensor:
        next(products)
        return mv(fisher, v)

    monkeypatch.setattr(FisherAt, "mv", counted)
    for damping, note in ((1e-12, DROWNED.format(1e-12)), (1e-6, "")):
        found = solve(FisherAt(at), at.grad, damping, "cg", tolerance=0.1)
        assert 0 < found.iterations < LOOSE_PRODUCTS
        assert found.note == note
        v = at.double.grad
        residual = FisherAt(at.double).mv(found.x.double()) + damping * found.x - v
        assert float(residual.norm()) < 0.15 * float(v.norm())
    assert next(products) < 1.5 * LOOSE_PRODUCTS


def test_products_end_when_nobody_waits_any_longer_and_go_on_where_nobody_waits() -> None:
    at = _sized((8, 5, 3), 40)
    with (
        time_limit(0.0),
        pytest.raises(TooSlowError, match=r"more than 0 s .*raise λ, or take a sm"),
    ):
        solve(FisherAt(at), at.grad, 0.1, "cg")
    assert solve(FisherAt(at), at.grad, 0.1, "cg").iterations > 0
    with time_limit(60.0):
        assert solve(FisherAt(at), at.grad, 0.1, "cg").iterations > 0


def test_a_matrix_that_would_not_fit_is_refused_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = point("tanh MLP", "three classes")
    conv = point("convolutional", "three classes")
    monkeypatch.setattr(memory, "free_bytes", lambda device=None: 2000)
    fisher = FisherAt(at)
    for ask, instead in (
        (
            fisher.dense,
            r"whole Fisher matrix of p = 55 .*take its products, blocks",
        ),
        (FisherAt(conv).dense, "whole Fisher matrix"),
        (fisher.blocks, r"blocks of layers of 25, 18, 12 parameters needs .*take the diagonal"),
        (lambda: at.problem.fisher(at.theta), "whole Fisher matrix"),
        (lambda: at.problem.hessian(at.theta), r"Hessian of p = 55 .*hessian_product"),
        (lambda: gauss_newton(at), r"Jacobian of p = 55 .*by its products"),
    ):
        with pytest.raises(TooLargeError, match=instead):
            ask()
    assert fisher.diagonal().isfinite().all()


def test_memory_is_that_of_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory.free_bytes() > 0
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3 * 2**30, 8 * 2**30))
    assert memory.allowed(None, torch.device("cuda")) == 3 * 2**29
    assert memory.allowed(7, torch.device("cuda")) == 7
