"""No formula makes tensors on the CPU for a model that is elsewhere.

There is no GPU where the tests run. Tensors of the meta device have a device and no numbers, so
that a formula which mixes devices fails on them; what looks at numbers is compared on a GPU by
``make check-cuda``, which is run here on the CPU against itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from benchmarks import check_cuda
from natgrad_core.nets import Categorical, NetProblem, mlp, rules
from natgrad_core.nets.dense_fisher import contracted
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Eigen, Factors, Kronecker
from natgrad_core.nets.fisher.solve import gram
from natgrad_core.nets.preconditioners.shampoo import KroneckerRoots
from natgrad_core.nets.preconditioners.soap import RotatedDiagonal
from natgrad_core.nets.problem import At


def _on_meta() -> FisherAt:
    x, y = torch.randn(6, 3), torch.arange(6) % 3
    problem: Any = NetProblem(mlp((3, 4, 3)), Categorical(), x, y)
    theta = problem.net.read().to("meta")
    problem.x, problem.y = x.to("meta"), y.to("meta")
    problem.like = problem.like.to("meta")
    return FisherAt(At(problem, theta, loss=1.0))


def _pair(n: int) -> tuple[Tensor, Tensor]:
    return torch.ones(n, device="meta"), torch.ones(n, n, device="meta")


FORMULAS: dict[str, Callable[[FisherAt], Tensor]] = {
    "gradient": lambda f: f.at.grad,
    "product": lambda f: f.mv(f.at.theta),
    "diagonal": lambda f: f.diagonal(),
    "dense": lambda f: f.dense(),
    "contracted": lambda f: contracted(f.at.tape, f.cotangents),
    "rows": lambda f: f.rows(),
    "Gram matrix": gram,
    "blocks": lambda f: f.blocks()[0],
    "part": lambda f: f.part(slice(0, 3), slice(3, 6)),
    "KL": lambda f: f.at.problem.kl(f.at.theta, f.at.theta),
    "K-FAC": lambda f: Kronecker(Factors.of(f)).mv(f.at.theta),
    "E-KFAC": lambda f: Eigen.of(f).mv(f.at.theta),
    "Shampoo's metric": lambda f: KroneckerRoots(
        f.at.problem.net, [[_pair(4), _pair(3)], [_pair(4)]], 0.25
    ).dense(),
    "Shampoo's eigenvalues": lambda f: KroneckerRoots(
        f.at.problem.net, [[_pair(4), _pair(3)], [_pair(4)]], 0.25
    ).eigenvalues(),
    "SOAP's metric": lambda f: RotatedDiagonal(
        f.at.problem.net, [[_pair(4)[1], _pair(3)[1]], []], [_pair(12)[0].view(4, 3), _pair(4)[0]]
    ).dense(),
}
BY_NUMBERS = (
    "lbfgs", "natural", "levenberg-marquardt", "trust-region", "kfac", "ekfac", "sophia",
)  # fmt: skip
"""Rules that look at numbers, or draw some."""


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_stays_on_the_device_of_the_parameters(formula: str) -> None:
    assert FORMULAS[formula](_on_meta()).device.type == "meta"


@pytest.mark.parametrize("rule", [name for name in rules.RULES if name not in BY_NUMBERS])
def test_a_rule_stays_on_the_device_of_the_parameters(rule: str) -> None:
    at = _on_meta().at
    built = rules.RULES[rule]()
    change, memory = built.update(at.grad, at, built.init(at.theta))
    change, _ = built.update(at.grad, at, memory)
    assert change.device.type == "meta"


def test_what_is_compared_on_a_gpu_runs() -> None:
    every = check_cuda.quantities()
    for name in ("Fisher, grouped, classes", "KFAC, averages, MLP", "rules.sophia"):
        assert check_cuda.difference(every[name], "cpu") == 0.0
    assert {f"rules.{rule}" for rule in rules.RULES} <= set(every)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_is_said_that_nothing_was_tested(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check_cuda.main() == 0
    assert "There is no GPU" in capsys.readouterr().out
