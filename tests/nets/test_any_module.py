"""Laws of any module: its Fisher matrix in every form is that of a reference without layers."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets import Bernoulli, Categorical, Fisher, Gaussian, NetProblem, any_module, mlp
from natgrad_core.nets.any_module import ModuleNet, net_of
from natgrad_core.nets.fisher.fisher import gauss_newton
from natgrad_core.nets.likelihood import Likelihood
from natgrad_core.nets.model import Net
from natgrad_core.nets.problem import At
from tests.nets.zoo import SEQUENCE, ZOO, C, N, animal, jacobian


def _of_classes(p: Tensor) -> Tensor:
    return torch.diag_embed(p) - p[:, :, None] * p[:, None]


LIKELIHOODS: dict[str, tuple[Likelihood, Callable[[Tensor], Tensor]]] = {
    "classes": (
        Categorical(),
        lambda out: _of_classes(out.softmax(1)),
    ),
    "coins": (Bernoulli(), lambda out: torch.diag_embed(out.sigmoid() * (1 - out.sigmoid()))),
    "regression": (Gaussian(0.7), lambda out: torch.eye(C).double().expand(len(out), C, C) / 0.49),
}  # fmt: skip
every_module = pytest.mark.parametrize("name", ZOO)
PAIRS = [
    (name, kind)
    for i, name in enumerate(ZOO)
    for k, kind in enumerate(LIKELIHOODS)
    if i % 3 == k or os.environ.get("ZOO") == "all"
]
"""Each module with one likelihood; with all of them where the environment has ZOO=all."""


def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> bool:
    return bool((a - b).abs().max() <= tolerance * max(1.0, float(b.abs().max())))


def reference(model: nn.Module, x: Tensor, kind: str) -> Tensor:
    out, j = jacobian(model, x)
    return torch.einsum("ncp,ncd,ndq->pq", j, LIKELIHOODS[kind][1](out), j) / len(out)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_fisher_matrix_of_any_module_is_the_reference_in_every_form(
    name: str, kind: str
) -> None:
    model, x = animal(name)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    fisher = Fisher(model, LIKELIHOODS[kind][0], x)
    dense = fisher.dense()
    assert close(dense, reference(model, x, kind))
    v = torch.linspace(-1, 1, len(dense), dtype=torch.float64)
    assert close(fisher @ v, dense @ v)
    assert close(fisher.diagonal(), dense.diagonal())
    damped = dense + 0.1 * torch.eye(len(dense), dtype=torch.float64)
    assert close(fisher.solve(v, 0.1), torch.linalg.solve(damped, v), 1e-8)
    first, last = next(iter(fisher.names)), list(fisher.names)[-1]
    assert close(fisher.block(first, last), dense[fisher.names[first], fisher.names[last]])
    reference(model, x, kind)  # and a forward of the model is as before: nothing in it has changed
    if name != "batch norm in train mode":
        after = model.state_dict()
        assert all(torch.equal(value, after[key]) for key, value in before.items())


@every_module
def test_gradient_push_pull_and_kl_are_those_of_autodiff(name: str) -> None:
    model, x = animal(name)
    out, j = jacobian(model, x)
    y = torch.arange(len(out)) % C
    at = NetProblem(model, Categorical(), x, y).at(net_of(model).read())
    generator = torch.Generator().manual_seed(5)
    v = torch.randn(j.shape[2], generator=generator, dtype=torch.float64)
    e = torch.randn(out.shape, generator=generator, dtype=torch.float64)
    assert close(at.outputs, out)
    assert close(at.tape.push(v), j @ v)
    owned = [at.problem.net.slices[i] for i in at.problem.net.parametric]
    for part, pushed in zip(owned, at.tape.pushes(v), strict=True):
        assert close(pushed, j[..., part] @ v[part])
    assert close(at.tape.pull(e), torch.einsum("nc,ncp->p", e, j))
    assert close(at.grad, torch.func.grad(at.problem.loss)(at.theta))
    there = at.problem.net.forward(at.theta + 0.1 * v, x)
    assert close(at.problem.kl(at.theta, at.theta + 0.1 * v), Categorical().kl(out, there))


def _point(model: nn.Module, x: Tensor, likelihood: Likelihood, y: Tensor) -> At:
    return NetProblem(model, likelihood, x, y).at(net_of(model).read())


def test_plain_layers_have_derivatives_by_hand_and_others_by_autodiff() -> None:
    by_hand = {name for name in ZOO if not isinstance(net_of(*animal(name)), ModuleNet)}
    assert by_hand == {"linear", "MLP", "batch norm in eval mode"}
    model, x = animal("MLP")
    assert close(Fisher(model, Gaussian(), x).dense(), Fisher(_general(model, x)).dense(), 1e-13)
    assert isinstance(net_of(nn.Sequential(model).requires_grad_(True)), Net)


def _general(model: nn.Module, x: Tensor) -> At:
    return NetProblem(ModuleNet(model), Gaussian(), x, torch.zeros(len(x), C).double()).at(
        net_of(model).read()
    )


@pytest.mark.parametrize("kind", ["true", "monte-carlo", "empirical"])
def test_over_a_loader_it_is_the_matrix_of_all_examples(kind: str) -> None:
    model, x = animal("residual block")
    y = torch.arange(N) % C
    loader = DataLoader(TensorDataset(x, y), batch_size=2)
    over = Fisher(model, Categorical(), loader, kind=kind, samples=3)
    dense = over.dense()
    v = torch.linspace(-1, 1, len(dense), dtype=torch.float64)
    if kind != "monte-carlo":  # draws differ from batch to batch
        assert close(dense, Fisher(model, Categorical(), x, y, kind=kind).dense())
    assert close(over @ v, dense @ v)
    assert close(over @ torch.stack((v, -v), 1), dense @ torch.stack((v, -v), 1))
    assert close(over.diagonal(), dense.diagonal())
    assert over.trace() == pytest.approx(float(dense.trace()))
    eye = torch.eye(len(v), dtype=torch.float64)
    assert close(over.solve(v, 0.1), torch.linalg.solve(dense + 0.1 * eye, v), 1e-7)
    assert close(over.block("head.bias"), dense[over.names["head.bias"], over.names["head.bias"]])


def test_targets_are_drawn_again_in_each_batch_as_often_and_by_the_seed_asked_for() -> None:
    model, x = animal("residual block")

    def drawn(batches: Any, samples: int = 1, seed: int = 0) -> Tensor:
        kind = "monte-carlo"
        return Fisher(model, Categorical(), batches, kind=kind, samples=samples, seed=seed).dense()

    assert not close(drawn([x, x]), drawn([x]), 1e-3)
    assert not close(drawn([x], seed=1), drawn([x]), 1e-3)
    exact = Fisher(model, Categorical(), x).dense()
    few, many = (float((drawn([x], n) - exact).norm()) for n in (1, 400))
    assert many < few / 4
    at = _point(model, x, Categorical(), torch.arange(N) % C)
    assert close(Fisher(at, kind="monte-carlo", samples=400).dense(), drawn([x], 400))


def test_eigenvalues_are_those_of_the_dense_matrix_all_or_the_largest() -> None:
    model, x = animal("residual block")
    fisher = Fisher(model, Categorical(), x)
    every = torch.linalg.eigvalsh(fisher.dense()).flip(0)
    assert close(fisher.eigenvalues(), every)
    assert close(fisher.eigenvalues(3), every[:3])
    with pytest.raises(ValueError, match="from 1 to 43 eigenvalues can be asked for, got 0"):
        fisher.eigenvalues(0)


def test_a_fisher_matrix_says_what_it_needs() -> None:
    model, x = animal("residual block")
    with pytest.raises(TypeError, match=r"that of a model, .*got list"):
        Fisher(cast("Any", list(model.parameters())), Categorical(), x)
    with pytest.raises(TypeError, match=r"Fisher\(model, Categorical\(\), x\)"):
        Fisher(model, Categorical())
    with pytest.raises(TypeError, match='the kind "empirical" is that of targets: give y'):
        Fisher(model, Categorical(), x, kind="empirical")
    with pytest.raises(ValueError, match=r"no parameter 'head' is learned; there are norm\.weight"):
        Fisher(model, Categorical(), x).block("head")
    with pytest.raises(ValueError, match=r"takes vectors \[43\], got \[42\]"):
        Fisher(model, Categorical(), x).mv(torch.zeros(42))
    with pytest.raises(ValueError, match="damping λ must be ≥ 0, got -1"):
        Fisher(model, Categorical(), [x]).solve(torch.ones(43).double(), -1)
    small, rows = animal("linear")
    fisher = Fisher(small, Categorical(), [rows])
    with pytest.raises(SingularMetricError, match="singular to rounding"):
        fisher.solve(torch.ones(sum(p.numel() for p in small.parameters())).double(), 0.0)
    with pytest.raises(ValueError, match="there are no batches"):
        Fisher(model, Categorical(), [])
    with pytest.raises(TypeError, match=r"a pair \(inputs, targets\); got dict"):
        Fisher(model, Categorical(), [{"x": x}])


def test_the_hessian_and_the_gauss_newton_matrix_of_positions() -> None:
    model, x = animal("MLP at each position")
    y = torch.arange(SEQUENCE.shape[0] * SEQUENCE.shape[1]) % C
    at = _point(model, x, Categorical(), y.view(SEQUENCE.shape[:2]))
    assert close(gauss_newton(at), Fisher(at).dense())
    assert close(at.problem.hessian(at.theta), torch.func.hessian(at.problem.loss)(at.theta))


def test_two_positions_of_a_batch_are_two_examples() -> None:
    """F of outputs [N, T, C] of a net that sees one position is that of N T examples."""
    model = mlp((4, 3, C)).double()
    whole = Fisher(model, Categorical(), SEQUENCE).dense()
    assert close(whole, Fisher(model, Categorical(), SEQUENCE.flatten(0, 1)).dense())


def test_a_batch_of_a_problem_keeps_the_targets_of_its_positions() -> None:
    model, x = animal("MLP at each position")
    y = torch.arange(len(x) * x.shape[1]).view(x.shape[:2]) % C
    some = NetProblem(model, Categorical(), x, y).batch(torch.tensor([3, 1]))
    assert torch.equal(some.y, y[[3, 1]].flatten())
    assert torch.equal(some.x, x[[3, 1]])


def test_what_is_not_one_function_of_its_parameters_is_refused() -> None:
    cases: dict[str, tuple[Callable[[], nn.Module], str]] = {
        "lazy": (lambda: nn.Sequential(nn.LazyLinear(3)), r"0 \(LazyLinear\) has no sizes yet"),
        "noise": (lambda: nn.Sequential(nn.Linear(2, 2), nn.Dropout()), "draws new noise"),
        "noise in a recurrent layer": (lambda: nn.GRU(2, 2, 2, dropout=0.1), "draws new noise"),
        "noise in attention": (lambda: nn.MultiheadAttention(2, 1, 0.1), "draws new noise"),
        "noise in a slope": (lambda: nn.Sequential(nn.Linear(2, 2), nn.RReLU()), "draws new noise"),
        "noise in a pool": (
            lambda: nn.Sequential(nn.Conv2d(1, 1, 1), nn.FractionalMaxPool2d(2, 1)),
            "draws new noise",
        ),
        "nothing to learn": (nn.ReLU, "no parameters to learn"),
    }
    for make, said in cases.values():
        with pytest.raises((TypeError, ValueError), match=said):
            net_of(make())
    quiet: tuple[Any, ...] = (nn.Dropout(0.0), nn.GRU(2, 2, 1), nn.RReLU(0.1, 0.1))
    for layer in quiet:
        assert net_of(nn.Sequential(nn.Linear(2, 2), layer)).size


def test_rows_that_vmap_cannot_make_are_made_one_after_another() -> None:
    model, x = animal("LSTM")
    at = _point(model, x, Gaussian(), torch.zeros(N, C).double())
    tape: Any = at.tape
    assert not tape._apart()
    rows = tape.rows([torch.eye(C).double().expand(N, C, C)])
    assert close(rows, jacobian(model, x)[1].flatten(0, 1))
    tape = _point(*animal("residual block"), Gaussian(), torch.zeros(N, C).double()).tape
    assert tape._apart()


@pytest.mark.parametrize("chunk", [1, 100, 10**9])
def test_rows_come_piece_by_piece_without_those_that_do_not_count(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, x = animal("MLP at each position")
    kept = torch.tensor([1, 2, 4, 7, 12])
    net = ModuleNet(model, rows=kept)
    tape: Any = net.tape(net.read(), x)
    root = torch.eye(C).double().expand(len(kept), C, C)
    monkeypatch.setattr(any_module, "CHUNK", chunk)
    pieces = list(tape.pieces(root))
    assert (len(pieces) == 1) == (chunk == 10**9)
    assert close(torch.cat(pieces), jacobian(model, x)[1][kept].flatten(0, 1))


def test_nothing_outside_a_net_changes() -> None:
    """Running statistics, torch's random numbers, and which kernels it may take."""
    model, x = animal("batch norm in train mode")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    numbers, fast = torch.get_rng_state(), torch.backends.mha.get_fastpath_enabled()
    net = ModuleNet(model)
    net.tape(net.read(), x).push(torch.ones(net.size).double())
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not torch.equal(net.init(1), net.init(2))
    assert torch.equal(torch.get_rng_state(), numbers)
    assert fast
    assert torch.backends.mha.get_fastpath_enabled()


def test_where_the_two_modes_of_autodiff_differ_reverse_mode_counts() -> None:
    """Forward mode counts the row for padding of a table, reverse mode does not."""
    model, x = animal("tokens with padding")
    tape: Any = _point(model, x, Gaussian(), torch.zeros(N, C).double()).tape
    v = torch.ones(net_of(model).size, dtype=torch.float64)
    right = jacobian(model, x)[1] @ v
    assert close(tape.push(v), right)
    assert not tape._is_transposed(v, right + 1e-3)
    tape._pushes = None
    assert close(tape.push(v), right)
    assert tape._pushes is False


def test_rows_that_vmap_makes_wrongly_are_not_taken() -> None:
    """A batching rule may be wrong where the numbers of examples and directions are equal."""
    model, x = animal("PReLU and GLU")
    for n in range(1, 6):
        at = _point(model, x[:n], Gaussian(), torch.zeros(n, C).double())
        rows = at.tape.rows([torch.eye(C).double().expand(n, C, C)])
        assert close(rows, jacobian(model, x[:n])[1].flatten(0, 1))
    tape: Any = _point(*animal("residual block"), Gaussian(), torch.zeros(N, C).double()).tape
    root = torch.eye(C).double().expand(N, C, C)
    right = tape.rows([root]).view(N, C, -1)
    assert tape._is_pulled(right, root)
    assert not tape._is_pulled(right + 1e-6, root)
    assert not tape._is_pulled(None, root)
