"""Laws of the exact solves: however (F + λI) x = v is come by, it is the same x."""

from __future__ import annotations

import math

import pytest
import torch

from natgrad_core.nets import NetProblem, cost, mlp
from natgrad_core.nets.fisher import Fisher
from natgrad_core.nets.layers import Linear
from natgrad_core.nets.likelihood import Categorical, Gaussian
from natgrad_core.nets.problem import NotFiniteError, Point
from natgrad_core.nets.solve import METHODS, TooLargeError, choose, solve
from tests.nets.cases import LIKELIHOODS, NETS, point

DAMPINGS = (1e-10, 1e-3, 1.0)


def truth(fisher: Fisher, v: torch.Tensor, damping: float) -> torch.Tensor:
    """By the singular values of R = S J, so that nothing is ever squared."""
    _, s, across = torch.linalg.svd(fisher.rows().double(), full_matrices=False)
    v, along = v.double(), across @ v.double()
    inside = across.T @ (along / (s**2 / len(fisher.at.problem) + damping))
    return inside + (v - across.T @ along) / damping


def error(x: torch.Tensor, y: torch.Tensor) -> float:
    return float((x - y).norm() / y.norm())


def agree(at: Point, kind: str) -> None:
    fisher = Fisher(at, kind, samples=2)
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
    x = solve(Fisher(at), at.grad, 1e-9, "gram").x
    again = solve(Fisher(at), at.grad.clone(), 1e-9, "gram").x  # not known to be the gradient
    _, s, across = torch.linalg.svd(Fisher(at).rows(), full_matrices=False)
    # The gradient lies in R's span; what sticks out of it is rounding, and must not count.
    right = across.T @ ((across @ at.grad) / (s**2 / 5 + 1e-9))
    assert error(x, right) < 1e-10
    assert error(x, right) < error(again, right) / 10


def test_without_damping_least_squares_is_solved_in_one_step() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(30, 4, generator=generator, dtype=torch.float64)
    y = torch.randn(30, 2, generator=generator, dtype=torch.float64)
    problem = NetProblem(mlp((4, 2)), Gaussian(), x, y)
    at = problem.at(problem.net.init(0, torch.float64))
    for method in ("rows", "contracted", "cg"):
        landed = problem.at(at.theta - solve(Fisher(at), at.grad, 0.0, method).x)
        assert float(landed.grad.norm()) < 1e-11 * float(at.grad.norm())


def _sized(sizes: tuple[int, ...], n: int, dtype: torch.dtype = torch.float32) -> Point:
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
    assert choose(Fisher(_sized(sizes, n)), damping, limit=2**34) == method


def test_the_chooser_says_what_it_took_and_leaves_out_what_does_not_fit() -> None:
    at = point("tanh MLP", "three classes")
    fisher = Fisher(at)
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
    fisher = Fisher(at)
    with pytest.raises(TooLargeError, match=r"p = 301066 .*GiB, 1\.00 allowed.*'cg', or K-FAC"):
        solve(fisher, at.grad, 1e-3, "contracted", limit=2**30)
    assert "cotangents" not in fisher.__dict__
    with pytest.raises(TooLargeError, match="fewer examples at a time"):
        solve(fisher, at.grad, 1e-3, limit=1000)


def test_a_damping_too_small_for_float32_is_solved_in_float64_and_said() -> None:
    at = _sized((4, 6, 3), 40)
    fisher = Fisher(at)
    for method in ("rows", "gram", "contracted"):
        found = solve(fisher, at.grad, 1e-8, method)
        assert found.x.dtype == torch.float32
        assert "float64" in found.note
        right = truth(Fisher(at.double), at.double.grad, 1e-8)
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
                solve(Fisher(at), at.grad, 0.0, method)
    at = point("tanh MLP", "three classes")
    with pytest.raises(ValueError, match="Gram solve needs λ > 0"):
        solve(Fisher(at), at.grad, 0.0, "gram")


def test_a_solve_says_what_it_will_not_take() -> None:
    at = point("frozen norm", "coins")
    fisher = Fisher(at)
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
    fisher = Fisher(at)
    assert int(torch.linalg.matrix_rank(fisher.dense())) == fisher.directions == 2
    for method in METHODS:
        x = solve(fisher, at.grad, 1e-2, method).x
        assert error(x, truth(fisher, at.grad, 1e-2)) < 1e-9
