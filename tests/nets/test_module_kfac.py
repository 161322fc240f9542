"""Laws of K-FAC by hooks: where it is exact, what it takes, and what it says of the rest."""

from __future__ import annotations

import copy
import io
import warnings
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets import (
    EKFAC,
    KFAC,
    Categorical,
    Fisher,
    Gaussian,
    NaturalGradient,
    NetProblem,
    rules,
)
from natgrad_core.nets.any_module import ModuleNet, net_of
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Eigen, Factors, Kronecker
from natgrad_core.nets.fisher.module_kfac import (
    ModuleEigen,
    ModuleKronecker,
    factors_of,
    spectra_of,
)
from natgrad_core.nets.layers.factored import KINDS, FactoredLinear
from natgrad_core.nets.likelihood import Likelihood
from natgrad_core.nets.metrics import Metric, ekfac, kfac
from natgrad_core.nets.problem import FLOAT32_FLOOR, At
from tests.nets.cases import LINEAR_ONLY, point
from tests.nets.zoo import SEQUENCE, ZOO, C, animal


def close(a: Tensor, b: Tensor, tolerance: float = 1e-10) -> bool:
    return bool((a - b).abs().max() <= tolerance * max(1.0, float(b.abs().max())))


def place(model: nn.Module, x: Tensor, likelihood: Likelihood) -> At:
    rows = model(x).reshape(-1, C).shape[0]
    zero: Any = (
        torch.arange(rows) % C
        if isinstance(likelihood, Categorical)
        else torch.zeros(rows, C, dtype=torch.float64)
    )
    return NetProblem(model, likelihood, x, zero).at(net_of(model).read())


def operator(at: At, sharing: str = "expand", kind: str = "true") -> ModuleKronecker:
    return ModuleKronecker(at.problem.net, factors_of(FisherAt(at, kind), sharing))


def eigen(at: At, sharing: str = "expand", kind: str = "true") -> ModuleEigen:
    fisher = FisherAt(at, kind)
    layers = factors_of(fisher, sharing)
    return ModuleEigen(at.problem.net, layers, spectra_of(fisher, layers, {}))


@pytest.mark.parametrize("net", [*LINEAR_ONLY, "convolutional"])
@pytest.mark.parametrize("kind", ["true", "empirical"])
def test_factors_by_hooks_are_those_by_hand(net: str, kind: str) -> None:
    at = point(net, "three classes")
    at.problem.net.module.double()
    by_hand = Kronecker(Factors.of(FisherAt(at, kind)))
    by_hooks = operator(at, kind=kind)
    assert by_hooks.plain == []
    assert close(by_hooks.dense(), by_hand.dense())
    v = torch.linspace(-1, 1, at.problem.dim, dtype=torch.float64)
    assert close(by_hooks.solve(v, 0.1), by_hand.solve(v, 0.1), 1e-8)
    assert close(by_hooks.eigenvalues().sort().values, by_hand.eigenvalues().sort().values, 1e-9)
    by_hand, by_hooks = Eigen.of(FisherAt(at, kind)), eigen(at, kind=kind)
    assert close(by_hooks.eigenvalues().sum(), by_hand.eigenvalues().sum())
    for k, (near, right) in enumerate(zip(by_hand.moments, by_hooks.spectra.values(), strict=True)):
        kept = [s > 1e-9 * s.max() for s in torch.linalg.eigvalsh(by_hand.factors.pairs[k][0])]
        if all(kept):  # else eigenvectors of the value 0 are not unique
            assert close(near, right[2][0], 1e-8)


@pytest.mark.parametrize("sharing", ["expand", "reduce"])
@pytest.mark.parametrize(
    "name", ["residual block", "tokens", "convolution in groups", "batch norm in eval mode",
             "transformer block"],
)  # fmt: skip
def test_ekfac_has_the_true_second_moments_of_any_layer(name: str, sharing: str) -> None:
    """diag(Uᵀ F U) = s: no matrix that is diagonal there is nearer (George et al. 2018, §3)."""
    model, x = animal(name)
    at = place(model, x, Categorical())
    found, plain, fisher = (
        eigen(at, sharing),
        operator(at, sharing),
        Fisher(model, Categorical(), x),
    )
    assert found.plain == plain.plain
    near, far, right = found.dense(), plain.dense(), fisher.dense()
    assert close(near, near.T)
    assert close(found.eigenvalues().sort().values, torch.linalg.eigvalsh(near), 1e-8)
    for path, layer in model.named_modules():
        if path not in found.spectra:
            continue
        names = [f"{path}.{k}" for k, _ in layer.named_parameters(recurse=False)]
        here = torch.cat([torch.arange(len(near))[fisher.names[k]] for k in names])
        block, other, truth = (m[here][:, here] for m in (near, far, right))
        assert close(block.trace(), truth.trace())
        assert close((block * truth).sum(), (block * block).sum())
        if found.layers[path].a.shape[0] == 1:
            assert float((block - truth).norm()) <= float((other - truth).norm()) + 1e-12
    v = torch.linspace(-1, 1, len(near), dtype=torch.float64)
    damped = near + 0.1 * torch.eye(len(near), dtype=torch.float64)
    assert close(found.solve(v, 0.1), torch.linalg.solve(damped, v), 1e-9)
    with pytest.raises(SingularMetricError, match="is singular"):
        found.solve(v, 0.0)


@pytest.mark.parametrize("name", ["residual block", "MLP"])
def test_old_moments_are_turned_into_the_new_eigenbasis(name: str) -> None:
    """E-KFAC of an average is the diagonal of the average of the matrices, in the new basis."""
    model, x = animal(name)
    metric: Metric = ekfac(keep=0.75)
    one = place(model, x, Categorical())
    first, memory = metric.at(one, metric.init(one.theta))
    two = one.problem.at(1.5 * one.theta)
    both, memory = metric.at(two, memory)
    alone = ekfac().at(two, ekfac().init(two.theta))[0]
    fisher = FisherAt(two).dense()
    mean, dense = 0.5 * first.dense() + 0.5 * fisher, both.dense()  # 1 − 1/2 at the second step
    assert not close(dense, alone.dense(), 1e-3)
    assert close((dense * mean).sum(), dense.square().sum())
    assert close(dense.trace(), mean.trace())
    assert metric.again is not None
    assert torch.equal(metric.again(two, memory).dense(), dense)


@pytest.mark.parametrize("name", ZOO)
def test_every_layer_is_factored_or_said(name: str) -> None:
    model, x = animal(name)
    at = place(model, x, Categorical())
    found = operator(at)
    assert (found.plain == []) == ZOO[name].factored, found.plain
    dense = found.dense()
    assert close(dense, dense.T)
    assert float(torch.linalg.eigvalsh(dense).min()) > -1e-10
    assert close(found.eigenvalues().sort().values, torch.linalg.eigvalsh(dense), 1e-8)
    v = torch.linspace(-1, 1, len(dense), dtype=torch.float64)
    once, small = found.solve(v, 1e-3), found.solve(v, 1e-12)
    assert bool(once.isfinite().all())
    assert float(v @ once) > 0
    assert float(v @ small) > float(v @ once)
    for part in found.plain:
        here = Fisher(model, Categorical(), x).names[part]
        assert close(once[here], v[here] / 1.001)


def one_step(kind: type[KFAC] | type[NaturalGradient], model: nn.Module, x: Tensor) -> Tensor:
    before = nn.utils.parameters_to_vector(model.parameters()).detach()
    optimizer = kind(model, nn.MSELoss(), lr=0.1, damping=0.1)
    out = model(x)
    optimizer.loss(out, torch.zeros_like(out)).backward()
    with warnings.catch_warnings():  # which layers have no factors is another test's
        warnings.filterwarnings("ignore", "gradient descent for", RuntimeWarning)
        optimizer.step()
    return nn.utils.parameters_to_vector(model.parameters()).detach() - before


@pytest.mark.parametrize("kind", [KFAC, NaturalGradient])
@pytest.mark.parametrize("name", ZOO)
def test_in_single_precision_a_step_is_nearly_that_in_double(
    name: str, kind: type[KFAC] | type[NaturalGradient]
) -> None:
    double, x = animal(name)
    right = one_step(kind, copy.deepcopy(double), x)
    found = one_step(kind, double.float(), x.float() if x.is_floating_point() else x)
    assert float((found - right).norm()) < 1e-3 * float(right.norm())


def test_it_is_exact_for_a_linear_net_with_squared_loss_at_each_position() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, C)).double()
    at = place(model, SEQUENCE, Gaussian(1.3))
    assert close(operator(at).dense(), torch.block_diag(*FisherAt(at).blocks()))


class Averaged(nn.Module):
    """A deep linear net, averaged over positions."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 3), nn.Linear(3, C)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x)).mean(1)


def test_reduce_is_exact_for_a_linear_net_that_is_averaged_over_positions() -> None:
    torch.manual_seed(0)
    at = place(Averaged().double(), SEQUENCE, Gaussian(1.3))
    right = torch.block_diag(*FisherAt(at).blocks())
    assert close(operator(at, "reduce").dense(), right)
    assert not close(operator(at, "expand").dense(), right, 1e-2)


@pytest.mark.parametrize("name", ["residual block", "MLP", "batch norm in eval mode"])
def test_of_one_example_each_matrix_has_its_own_block_of_the_fisher(name: str) -> None:
    """The block of a Linear layer, and the 2 × 2 block of each channel of a norm."""
    model, x = animal(name)
    at = place(model, x[:1], Categorical())
    found, fisher = operator(at), Fisher(model, Categorical(), x[:1])
    dense, right = found.dense(), fisher.dense()
    mask = dense != 0
    assert close(dense[mask], right[mask])
    assert close(eigen(at).dense(), dense)
    for path, layer in model.named_modules():
        if isinstance(layer, nn.Linear):
            here = fisher.names[f"{path}.weight"]
            assert close(dense[here, here], right[here, here])


def test_a_weight_that_is_used_elsewhere_too_has_no_factors() -> None:
    model, x = animal("language model")
    assert "table.weight" in operator(place(model, x, Categorical())).plain
    model, x = animal("layers used twice")
    found = operator(place(model, x, Categorical()))
    assert set(found.plain) == {"inner.weight", "inner.bias", "other.bias"}


class Mixing(nn.Module):
    """A Linear layer whose outputs are mixed across positions by a fixed matrix."""

    def __init__(self, mix: Tensor) -> None:
        super().__init__()
        self.inner = nn.Linear(4, C)
        self.register_buffer("mix", mix)

    def forward(self, x: Tensor) -> Tensor:
        return self.get_buffer("mix") @ self.inner(x)


def test_a_bias_before_a_batch_norm_whose_gradient_is_rounding_is_factored() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3)
    )
    x, y = torch.randn(32, 1, 6, 6), torch.arange(32) % 3
    problem = NetProblem(model, Categorical(), x, y)
    assert not ModuleKronecker(
        problem.net, factors_of(FisherAt(problem.at(problem.net.read())))
    ).plain


def test_positions_that_are_mixed_are_told_apart() -> None:
    """Output s feels g = M[s, t] of position t, so B = Σ M²/T I, with no products across s."""
    mix = torch.tensor([[1.0, 2.0, 0.5], [0.0, 1.0, -1.0], [3.0, 0.2, 1.0]]).double()
    at = place(Mixing(mix).double(), SEQUENCE, Gaussian())
    b = factors_of(FisherAt(at))["inner"].b[0]
    assert close(b, torch.eye(C).double() * mix.square().sum() / len(mix))


def test_activations_in_place_change_nothing() -> None:
    dense: list[Tensor] = []
    for inplace in (False, True):
        torch.manual_seed(0)
        layers = nn.Linear(4, 3), nn.LayerNorm(3), nn.ReLU(inplace), nn.Linear(3, C)
        found = operator(place(nn.Sequential(*layers).double(), SEQUENCE, Categorical()))
        assert found.plain == []
        dense.append(found.dense())
    assert torch.equal(dense[0], dense[1])


class Halved(nn.Module):
    """A layer of one's own: y = x Wᵀ/2."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(C, 4))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight.T / 2


class FactoredHalf(FactoredLinear):
    """Its kind."""

    def features(self, layer: Any, x: Tensor) -> Tensor:
        return x[:, None, None] / 2

    def parameters(self, layer: Any, m: Tensor) -> dict[str, Tensor]:
        return {"weight": m[0]}


class Wrong(FactoredHalf):
    """Without the half."""

    def features(self, layer: Any, x: Tensor) -> Tensor:
        return x[:, None, None]


def test_a_layer_of_ones_own_is_plugged_in_and_a_wrong_kind_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(Halved()).double()
    at = place(model, SEQUENCE[:, 0], Gaussian())
    assert operator(at).plain == ["0.weight"]
    monkeypatch.setitem(KINDS, Halved, FactoredHalf())
    found = operator(at)
    assert found.plain == []
    assert close(found.dense(), FisherAt(at).dense())
    monkeypatch.setitem(KINDS, Halved, Wrong())
    assert operator(at).plain == ["0.weight"]


@pytest.mark.parametrize("make", [KFAC, EKFAC])
@pytest.mark.parametrize("name", ["residual block", "tokens", "convolution in groups"])
def test_the_optimizer_learns_keeps_its_factors_and_resumes(name: str, make: type[KFAC]) -> None:
    settings: dict[str, Any] = {"lr": 0.3, "damping": 0.1, "keep": 0.9, "every": 2}
    (model, x), (again, _) = animal(name), animal(name)
    y, loss = torch.arange(len(x)) % C, nn.CrossEntropyLoss()
    one, two = (make(m, loss, **settings) for m in (model, again))
    losses: list[float] = []

    def step(m: nn.Module, optimizer: KFAC) -> None:
        optimizer.zero_grad()
        loss(m(x), y).backward()
        losses.append(float(optimizer.step()))

    for _ in range(5):
        step(model, one)
    assert losses[-1] < losses[0]
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": one.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    again.load_state_dict(saved["model"])
    two.load_state_dict(saved["optimizer"])
    for _ in range(3):
        step(model, one)
        step(again, two)
    for p, q in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(p, q)


def test_parameters_without_factors_are_said_once_and_learn() -> None:
    model, x = animal("transformer block")
    y, loss = torch.arange(len(x)) % C, nn.CrossEntropyLoss()
    optimizer = KFAC(model, loss)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    for k in range(3):
        optimizer.zero_grad()
        loss(model(x), y).backward()
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            optimizer.step()
        texts = [str(w.message) for w in said if "K-FAC has no factors" in str(w.message)]
        assert len(texts) == (k == 0)
        if texts:
            assert texts[0].startswith("gradient descent for 0.self_attn.in_proj_weight, ")
    assert all(not torch.equal(p, before[name]) for name, p in model.named_parameters())


def test_factors_are_computed_at_every_second_step() -> None:
    """In between the inverse is held: the same step as with the factors of the step before."""
    for name in ("residual block", "MLP"):
        model, x = animal(name)
        at = place(model, x, Categorical())
        rule, whole = rules.kfac(0.1, 0.5, every=2), rules.kfac(0.1, 0.5)
        memory = rule.init(at.theta)
        for k in range(4):
            here = at.problem.at(at.theta * (1 + 0.1 * k))
            assert rule.passes is not None
            assert rule.passes(memory, here) == (k % 2 == 0)
            change, memory = rule.update(here.grad, here, memory)
            last = here if k % 2 == 0 else at.problem.at(at.theta * (0.9 + 0.1 * k))
            if k % 2 == 0:
                assert close(change, whole.update(here.grad, here, whole.init(at.theta))[0])
            held = kfac().at(last, kfac().init(at.theta))[0]
            assert close(change, -0.5 * held.solve(here.grad, 0.1))
    with pytest.raises(ValueError, match="whole number of steps, at least 1; got 0"):
        rules.kfac(every=0)
    with pytest.raises(ValueError, match=r"whole number of steps, at least 1; got 1\.5"):
        cast("Any", rules.kfac)(inverses=1.5)
    with pytest.raises(ValueError, match="no sharing 'add'; there are expand, reduce"):
        rules.kfac(sharing="add")


def test_kept_factors_weigh_as_much_as_they_are_told() -> None:
    found = factors_of(FisherAt(place(*animal("residual block"), Categorical())))["inner"]
    blended = found.blend(torch.zeros_like(found.a), 3 * found.b, 0.9)
    assert close(blended.a, 0.1 * found.a)
    assert close(blended.b, 2.8 * found.b)
    assert blended.path == "inner"


def test_of_gradients_in_float32_no_damping_below_their_rounding_is_learned() -> None:
    model, x = animal("residual block")
    assert operator(place(model, x, Categorical())).least == 0
    at = place(model.float(), x.float(), Categorical())
    found = operator(at)
    assert found.least == pytest.approx(FLOAT32_FLOOR**2 * max(
        float(each.a.norm() * each.b.norm()) for each in found.layers.values()
    ))  # fmt: skip
    assert found.least > 0


def test_the_model_is_left_without_hooks_and_unwatched() -> None:
    model, x = animal("residual block")
    optimizer = KFAC(model, nn.CrossEntropyLoss(), 0.1, 0.1)
    optimizer.loss(model(x), torch.arange(len(x)) % C).backward()
    calls = len(optimizer._calls.reached)
    factors_of(FisherAt(place(model, x, Categorical())))
    assert len(optimizer._calls.reached) == calls == 1
    assert all(not m._forward_hooks for m in model.modules() if m is not model)
    assert isinstance(net_of(model), ModuleNet)
