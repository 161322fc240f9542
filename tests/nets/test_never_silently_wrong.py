"""The optimizers are right on a model, or they refuse it: a table of what people do to models.

The reference knows nothing of layers: J by autodiff through the model's own forward, one output
after another, F = JᵀMJ from it, and ∇J by autodiff. Each case either takes its damped natural step,
or is refused in one sentence, with the parameters as they were.
"""

from __future__ import annotations

import copy
import io
import itertools
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional
from torch.nn.utils import parametrizations, prune
from torch.utils.checkpoint import checkpoint

from natgrad_core.nets import (
    KFAC,
    Categorical,
    Fisher,
    Gaussian,
    NaturalGradient,
    NetProblem,
    mlp,
    race,
    train,
)
from natgrad_core.nets import rules as net_rules
from natgrad_core.nets.damping import LevenbergMarquardt, Nielsen
from natgrad_core.nets.layers.elementwise import CURVES
from natgrad_core.nets.metrics import kfac
from natgrad_core.nets.step_size import KLClip, Rate, TrustRegion
from natgrad_core.nets.torch_optimizers import SecondOrder

N, LR, DAMPING = 12, 0.5, 0.1
X = torch.randn(N, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
Y = torch.arange(N) % 3
SOFT = torch.rand(N, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64).softmax(1)


def net(*middle: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), *(middle or (nn.Tanh(),)), nn.Linear(4, 3)).double()


def flat(model: nn.Module) -> Tensor:
    return torch.cat([p.detach().reshape(-1) for p in model.parameters()]).clone()


def reference(
    model: nn.Module,
    loss: nn.Module,
    x: Tensor,
    y: Tensor,
    rows: Tensor,
    called: Callable[..., Tensor] | None = None,
) -> Tensor:
    """The damped natural step of the parameters that are learned; the others have 0."""
    free = [p for p in model.parameters() if p.requires_grad]
    found = model(x)
    found = found.reshape(-1, found.shape[-1] if found.ndim > 1 else 1)[rows]
    out = found.detach()
    felts = [
        torch.autograd.grad(number, free, retain_graph=True, allow_unused=True)
        for number in found.reshape(-1)
    ]
    flats = [
        [
            (torch.zeros_like(p) if g is None else g).reshape(-1)
            for g, p in zip(felt, free, strict=True)
        ]
        for felt in felts
    ]
    j = torch.stack([torch.cat(parts) for parts in flats]).view(*out.shape, -1)
    times = 1.0
    if isinstance(loss, nn.CrossEntropyLoss):
        p = out.softmax(1)
        m = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    else:
        of_example = {nn.MSELoss: 2.0, nn.BCEWithLogitsLoss: 1.0}[type(loss)]
        times = of_example / (out.shape[1] if loss.reduction == "mean" else 1)
        p = out.sigmoid()
        entries = torch.ones_like(out) if isinstance(loss, nn.MSELoss) else p * (1 - p)
        m = torch.diag_embed(entries)
    if loss.reduction == "sum":
        times = times * len(out)
    fisher = torch.einsum("ncp,ncd,ndq->pq", j, m, j) / len(out)
    model.zero_grad()
    (called or loss)(model(x), y).backward()
    felt = [torch.zeros_like(p) if p.grad is None else p.grad for p in model.parameters()]
    learned = [p.requires_grad for p in model.parameters()]
    g = torch.cat([g.reshape(-1) for g, on in zip(felt, learned, strict=True) if on]) / times
    model.zero_grad()
    eye = torch.eye(len(fisher), dtype=fisher.dtype)
    step = -LR * torch.linalg.solve(fisher + DAMPING * eye, g)
    ends = 0
    parts: list[Tensor] = []
    for p in model.parameters():
        size = p.numel() if p.requires_grad else 0
        parts.append(step[ends : ends + size] if size else torch.zeros(p.numel()).to(step))
        ends += size
    return torch.cat(parts)


def closure_of(
    optimizer: SecondOrder, model: nn.Module, loss: Callable[..., Tensor], x: Tensor, y: Tensor
) -> Callable[[], Tensor]:
    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        return value

    return closure


def _nothing(model: nn.Sequential, optimizer: SecondOrder) -> None:
    pass


@dataclass
class Case:
    """A model, a loss and data, and what is done to the model after the optimizer was made."""

    model: nn.Module
    loss: nn.Module = nn.CrossEntropyLoss()  # noqa: RUF009, it has no state
    x: Tensor = X
    y: Tensor = Y
    then: Callable[[Any, SecondOrder], object] = _nothing
    rows: Tensor = torch.arange(N)  # noqa: RUF009
    called: Callable[..., Tensor] | None = None
    through: Callable[[Tensor], Tensor] | None = None
    tolerance: float = 1e-9


def _frozen(*names: str) -> nn.Sequential:
    model = net()
    for name, p in model.named_parameters():
        p.requires_grad_(name not in names)
    return model


def _in_place(kind: Any) -> nn.Sequential:
    return net(kind(inplace=True))


def _convolutional() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding="same"),
        nn.ReLU(inplace=True),
        nn.Conv2d(3, 2, (1, 3), padding="valid"),
        nn.ELU(inplace=True),
        nn.Flatten(),
        nn.Linear(16, 3),
    ).double()


def _normed() -> nn.Sequential:
    model = net(nn.BatchNorm1d(4), nn.Tanh())
    model(X)  # statistics that are not 0 and 1
    return model.eval()


class Named(nn.Sequential):
    """A Sequential of one's own that only names its layers."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3))


def _new_statistics(model: nn.Sequential, optimizer: SecondOrder) -> None:
    model.train()
    for k in range(3):
        model(X + k)
    model.eval()


class Skip(nn.Sequential):
    """A Sequential with a forward of its own."""

    def forward(self, input: Tensor) -> Tensor:
        return input + super().forward(input)


class Halved(nn.Linear):
    """A Linear layer with a forward of its own."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) / 2


class Focal(nn.CrossEntropyLoss):
    """A loss of one's own."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return super().forward(input, target) ** 2


class Block(nn.Module):
    """A module of one's own."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def _one_layer_twice() -> nn.Sequential:
    layer = nn.Linear(3, 3)
    return nn.Sequential(layer, nn.Tanh(), layer).double()


def _tied(transposed: bool = False) -> nn.Sequential:
    linear = [nn.Linear(3, 3, bias=False).double() for _ in range(2)]
    model = nn.Sequential(linear[0], nn.Tanh(), linear[1])
    first, last = model[0], model[2]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    if transposed:
        last.weight.data = first.weight.data.T
    else:
        last.weight = first.weight
    return model


def _with(model: nn.Sequential, change: Callable[[nn.Sequential], object]) -> nn.Sequential:
    change(model)
    return model


class Noisy(nn.Module):
    """A layer of one's own that draws random numbers."""

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x)


class Straight(torch.autograd.Function):
    """A sign whose gradient goes straight through: a function of the older form."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x.sign()

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Tensor:
        return grads[0]


class Once(torch.autograd.Function):
    """A tanh whose gradient has no derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x.tanh())
        return x.tanh()

    @staticmethod
    @once_differentiable  # takes the argument's name from what it decorates, for a type checker
    def backward(ctx: Any, *grads: Any) -> Tensor:  # type: ignore[override]
        return grads[0] * (1 - ctx.saved_tensors[0] ** 2)


class Of(nn.Module):
    """A layer of one function."""

    def __init__(self, function: Callable[[Tensor], Any], *inner: nn.Module) -> None:
        super().__init__()
        self.function, self.inner = function, nn.Sequential(*inner)

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def _checkpointed(reentrant: bool) -> nn.Sequential:
    inner = nn.Linear(4, 4)
    return net(Of(partial(checkpoint, inner, use_reentrant=reentrant), inner)).double()


def _rescaled_by_numpy(x: Tensor) -> Tensor:
    return x * float(abs(x.detach().numpy()).max())


def _renormed() -> nn.Sequential:
    model = nn.Sequential(nn.Embedding(5, 2, max_norm=0.5), nn.Flatten(), nn.Linear(4, 3)).double()
    model(TOKENS)  # which rescales rows of the table
    return model


class Read(nn.Module):
    """The outputs of a recurrent layer at the last position."""

    def __init__(self, inner: nn.Module, whole: bool = False) -> None:
        super().__init__()
        self.inner, self.whole = inner, whole

    def forward(self, x: Tensor) -> Any:
        found = self.inner(x)
        return found if self.whole else found[0][:, -1]


def _called(model: nn.Module) -> None:
    model(X)


def _compiled(model: nn.Module) -> Any:
    return torch.compile(model, backend="eager")


def _scripted(model: nn.Module) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.jit.script(model)


def _detached(model: nn.Sequential, optimizer: SecondOrder) -> None:
    model[0].register_forward_hook(lambda m, i, out: out.detach())


def _own_forward(model: nn.Sequential, optimizer: SecondOrder) -> None:
    model.forward = lambda input: 2 * nn.Sequential.forward(model, input)


PICTURES = torch.randn(N, 2, 4, 4, generator=torch.Generator().manual_seed(5)).double()
SEQUENCES = torch.randn(N, 2, 3, generator=torch.Generator().manual_seed(6)).double()
TOKENS = torch.stack((Y, Y + 2), 1)
IGNORING = torch.where(torch.arange(N) < N // 2, -100, Y)
COUNTED = torch.arange(N // 2, N)

WORKS: dict[str, Callable[[], Case]] = {
    "a plain net": lambda: Case(net()),
    "one layer alone": lambda: Case(nn.Linear(3, 3).double()),
    "nested Sequentials": lambda: Case(nn.Sequential(net(), nn.Tanh(), nn.Linear(3, 3).double())),
    "a Sequential of one's own": lambda: Case(Named().double()),
    "an activation used twice": lambda: Case(net(*[nn.Tanh()] * 2)),
    "float32": lambda: Case(net().float(), x=X.float(), tolerance=1e-5),
    "a first layer that is frozen": lambda: Case(_frozen("0.weight", "0.bias")),
    "a last layer that is frozen": lambda: Case(_frozen("2.weight", "2.bias")),
    "a layer frozen later": lambda: Case(net(), then=lambda m, o: m[0].requires_grad_(False)),
    "a layer thawed later": lambda: Case(
        _frozen("0.weight", "0.bias"), then=lambda m, o: m[0].requires_grad_(True)
    ),
    "an activation exchanged later": lambda: Case(
        net(), then=lambda m, o: m.__setitem__(1, nn.Sigmoid())
    ),
    "an activation appended later": lambda: Case(net(), then=lambda m, o: m.append(nn.Tanh())),
    "parameters loaded later": lambda: Case(
        net(), then=lambda m, o: m.load_state_dict({k: -v for k, v in m.state_dict().items()})
    ),
    "statistics of a norm changed later": lambda: Case(_normed(), then=_new_statistics),
    "dropout in eval mode": lambda: Case(net(nn.Dropout(), nn.Tanh()).eval()),
    "a hook that only looks": lambda: Case(
        net(), then=lambda m, o: m[1].register_forward_hook(lambda *_: None)
    ),
    "a hook that changes the input": lambda: Case(
        net(), then=lambda m, o: m.register_forward_pre_hook(lambda _, given: (2 * given[0],))
    ),
    "ignored targets": lambda: Case(net(), y=IGNORING, rows=COUNTED),
    "another ignore_index": lambda: Case(
        net(), nn.CrossEntropyLoss(ignore_index=7), y=torch.where(IGNORING < 0, 7, Y), rows=COUNTED
    ),
    "ignored targets, summed": lambda: Case(
        net(), nn.CrossEntropyLoss(reduction="sum"), y=IGNORING, rows=COUNTED
    ),
    "label smoothing": lambda: Case(net(), nn.CrossEntropyLoss(label_smoothing=0.1)),
    "label smoothing and ignored targets": lambda: Case(
        net(), nn.CrossEntropyLoss(label_smoothing=0.1), y=IGNORING, rows=COUNTED
    ),
    "probabilities as targets": lambda: Case(net(), y=SOFT),
    "squares": lambda: Case(net(), nn.MSELoss(), y=SOFT),
    "squares, summed": lambda: Case(net(), nn.MSELoss(reduction="sum"), y=SOFT),
    "coins": lambda: Case(net(), nn.BCEWithLogitsLoss(), y=SOFT),
    "the functional form of the loss": lambda: Case(net(), called=functional.cross_entropy),
    "another instance of the loss": lambda: Case(net(), called=nn.CrossEntropyLoss()),
    "the functional form, smoothed": lambda: Case(
        net(),
        nn.CrossEntropyLoss(label_smoothing=0.2),
        called=lambda out, y: functional.cross_entropy(out, y, label_smoothing=0.2),
    ),
    "a skip": lambda: Case(
        nn.Sequential(Skip(nn.Linear(3, 3), nn.Tanh()), nn.Linear(3, 3)).double()
    ),
    "a layer derived from Linear": lambda: Case(nn.Sequential(Halved(3, 3)).double()),
    "a module of one's own": lambda: Case(net(Block()).double()),
    "weight norm": lambda: Case(_with(net(), lambda m: parametrizations.weight_norm(m[0]))),
    "spectral norm in eval mode": lambda: Case(
        _with(net(), lambda m: parametrizations.spectral_norm(m[0])).eval()
    ),
    "an orthogonal weight": lambda: Case(
        _with(net(), lambda m: parametrizations.orthogonal(m[0])), tolerance=1e-8
    ),
    "one layer twice": lambda: Case(_one_layer_twice()),
    "tied weights": lambda: Case(_tied()),
    "a parameter that nothing uses": lambda: Case(
        _with(net(), lambda m: m.register_parameter("s", nn.Parameter(torch.ones(1).double())))
    ),
    "batch norm in train mode": lambda: Case(net(nn.BatchNorm1d(4)).double()),
    "train mode, later, with a norm": lambda: Case(_normed(), then=lambda m, o: m.train()),
    "positions made rows by the model": lambda: Case(
        nn.Sequential(nn.Unflatten(1, (3, 1)), nn.Flatten(0, 1), nn.Linear(1, 3)).double(),
        y=Y.repeat(3),
        rows=torch.arange(3 * N),
    ),
    "a norm over positions": lambda: Case(
        nn.Sequential(
            nn.Unflatten(1, (3, 1)), nn.BatchNorm1d(3), nn.Flatten(), nn.Linear(3, 3)
        ).double()
    ),
    "half of a layer frozen": lambda: Case(_frozen("0.weight")),
    "half of a layer frozen later": lambda: Case(
        net(), then=lambda m, o: m[2].bias.requires_grad_(False)
    ),
    "a hook on a layer that changes its output": lambda: Case(
        net(), then=lambda m, o: m[1].register_forward_hook(lambda *a: a[2] + 0.1)
    ),
    "a model with a hook that changes its output": lambda: Case(
        _with(net(), lambda m: m.register_forward_hook(lambda *a: 2 * a[2]))
    ),
    "a forward put on later": lambda: Case(net(), then=_own_forward),
    "outputs of a sequence": lambda: Case(
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double(),
        nn.MSELoss(),
        x=SEQUENCES,
        y=SEQUENCES**2,
        rows=torch.arange(2 * N),
    ),
    "classes of a sequence": lambda: Case(
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double(),
        nn.CrossEntropyLoss(),
        x=SEQUENCES,
        y=torch.stack((Y, IGNORING), 1),
        rows=torch.cat((torch.arange(N) * 2, torch.arange(N // 2, N) * 2 + 1)).sort().values,
        through=lambda out: out.transpose(1, 2),
    ),
    "a recurrent layer": lambda: Case(
        nn.Sequential(Read(nn.GRU(3, 4, batch_first=True)), nn.Linear(4, 3)).double(), x=SEQUENCES
    ),
    "attention": lambda: Case(
        nn.Sequential(
            nn.TransformerEncoderLayer(3, 1, 5, 0.0, batch_first=True),
            nn.Flatten(),
            nn.Linear(6, 3),
        ).double(),
        x=SEQUENCES,
    ),
    "a table of rows": lambda: Case(
        nn.Sequential(nn.Embedding(5, 2), nn.Flatten(), nn.Linear(4, 3)).double(),
        x=TOKENS,
    ),
    "a table of rows of bounded norm": lambda: Case(_renormed(), x=TOKENS),
    "a table whose gradients are divided by counts": lambda: Case(
        nn.Sequential(
            nn.Embedding(5, 2, scale_grad_by_freq=True), nn.Flatten(), nn.Linear(4, 3)
        ).double(),
        x=TOKENS,
    ),
    "bags of rows": lambda: Case(
        nn.Sequential(nn.EmbeddingBag(5, 3), nn.Linear(3, 3)).double(), x=TOKENS
    ),
    "a function of the older form": lambda: Case(net(Of(Straight.apply))),
    "a gradient without a derivative": lambda: Case(net(Of(Once.apply))),
    "checkpoints": lambda: Case(_checkpointed(False)),
    "NumPy in the forward": lambda: Case(net(Of(_rescaled_by_numpy))),
    "branches that depend on the data": lambda: Case(
        net(Of(lambda x: x.tanh() if float(x.detach().sum()) > 0 else x.sin()))
    ),
    "a part without gradients": lambda: Case(net(Of(torch.no_grad()(torch.tanh)))),
    "data parallel": lambda: Case(nn.DataParallel(net())),
    "compiled": lambda: Case(_compiled(net(Block()).double())),
    "a part that is compiled": lambda: Case(net(_compiled(Block())).double()),
    "a part of TorchScript": lambda: Case(net(_scripted(nn.Sequential(nn.Linear(4, 4).double())))),
    "layers that were lazy": lambda: Case(_with(nn.Sequential(nn.LazyLinear(3)).double(), _called)),
    "outputs without an axis": lambda: Case(
        nn.Sequential(nn.Linear(3, 1), nn.Flatten(0)).double(), nn.MSELoss(), y=SOFT[:, 0]
    ),
    "padding by name, in place": lambda: Case(_convolutional(), x=PICTURES),
    "channels last": lambda: Case(
        cast("Any", _convolutional()).to(memory_format=torch.channels_last),
        x=PICTURES.to(memory_format=torch.channels_last),
    ),
    **{
        f"{kind.__name__}, in place": lambda kind=kind: Case(_in_place(kind))
        for kind in CURVES
        if "inplace" in kind.__init__.__annotations__ or kind in (nn.ReLU6,)
    },
}


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("way", ["closure", "loop"])
@pytest.mark.parametrize("case", WORKS)
def test_a_step_is_the_reference_step(case: str, way: str) -> None:
    built = WORKS[case]()
    model, loss = built.model, built.loss
    optimizer = NaturalGradient(model, loss, LR, DAMPING)
    built.then(model, optimizer)
    through = built.through or (lambda out: out)
    called = built.called or (lambda out, y: loss(through(out), y))
    due = flat(model) + reference(model, loss, built.x, built.y, built.rows, called)
    if way == "closure":
        before = called(model(built.x), built.y).item()
        said = optimizer.step(closure_of(optimizer, model, called, built.x, built.y))
        assert said == pytest.approx(before, rel=1e-6)
    elif built.called is None:
        closure_of(optimizer, model, called, built.x, built.y)()
        optimizer.step()
    else:
        closure_of(optimizer, model, called, built.x, built.y)()
        with pytest.raises(RuntimeError, match="the targets were not seen: call the loss that"):
            optimizer.step()
        return
    assert float((flat(model) - due).norm()) <= built.tolerance * float(due.norm())


def _step(
    model: Any,
    loss: Any = None,
    x: Tensor = X,
    y: Tensor = Y,
    then: Callable[[Any, SecondOrder], object] = _nothing,
    called: Any = None,
    kind: Any = NaturalGradient,
    **settings: Any,
) -> Callable[[], None]:
    """A step that has to be refused, with the parameters as they were."""

    def attempt() -> None:
        criterion = nn.CrossEntropyLoss() if loss is None else loss
        optimizer = kind(model, criterion, **{"lr": LR, "damping": DAMPING, **settings})
        then(model, optimizer)
        before = flat(model)
        try:
            optimizer.step(closure_of(optimizer, model, called or criterion, x, y))
        finally:
            assert torch.equal(flat(model), before)

    return attempt


def _fresh_inputs() -> None:
    model, loss, count = net(), nn.CrossEntropyLoss(), itertools.count()
    optimizer = KFAC(model, loss)
    before = flat(model)

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(X + next(count)), Y)
        value.backward()
        return value

    try:
        optimizer.step(closure)
    finally:
        assert torch.equal(flat(model), before)


def _doubled_value() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = KFAC(model, loss)

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(model(X), Y)
        value.backward()
        return 3 * value

    optimizer.step(closure)


def _hidden_penalty() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = KFAC(model, loss)
    (loss(model(X), Y) + 0.01 * flat_with_graph(model).square().sum()).backward()
    optimizer.step()


def flat_with_graph(model: nn.Module) -> Tensor:
    return torch.cat([p.reshape(-1) for p in model.parameters()])


def _several_shapes() -> None:
    model, loss = (
        nn.Sequential(Read(nn.GRU(3, 3, batch_first=True))).double(),
        nn.CrossEntropyLoss(),
    )
    optimizer = NaturalGradient(model, loss, LR, DAMPING)
    for length in (1, 2):
        (loss(model(SEQUENCES[:, :length]), Y) / 2).backward()
    optimizer.step()


def _unequal_parts() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = NaturalGradient(model, loss, LR, DAMPING)
    for part in (slice(0, 4), slice(4, N)):
        (loss(model(X[part]), Y[part]) / 2).backward()
    optimizer.step()


def _in_a_loop(x: Tensor, y: Tensor, loss: nn.Module, model: nn.Module | None = None) -> None:
    model = net() if model is None else model
    optimizer = KFAC(model, loss)
    loss(model(x), y).backward()
    optimizer.step()


def _all_pairs() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns too, and goes on
        _in_a_loop(X, SOFT[:, 0], nn.MSELoss(), nn.Linear(3, 1).double())


def _inputs_changed() -> None:
    model, loss, x = net(), nn.CrossEntropyLoss(), X.clone()
    optimizer = KFAC(model, loss)
    loss(model(x), Y).backward()
    x.mul_(1.5)
    optimizer.step()


def _reentrant() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _step(_checkpointed(True))()


def _expanded() -> nn.Module:
    """A parameter whose rows are one row in memory, on which torch's own SGD stops in its step."""
    model = net()
    model[0].weight = nn.Parameter(torch.randn(1, 3).double().expand(4, 3))
    return model


def _two_losses_added() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = NaturalGradient(model, loss, LR, DAMPING)
    (loss(model(X), Y) + loss(model(2 * X), Y)).backward()
    optimizer.step()


def _without_gradients() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = KFAC(model, loss)
    with torch.inference_mode():
        optimizer.step(closure_of(optimizer, model, loss, X, Y))


def _of_another_optimizer() -> None:
    model = net()
    KFAC(model, nn.CrossEntropyLoss()).load_state_dict(
        torch.optim.Adam(model.parameters()).state_dict()
    )


def _on_meta() -> nn.Module:
    with torch.device("meta"):
        return nn.Sequential(nn.Linear(3, 3))


SCALED = "the loss was scaled by 1024 before"
NOT_THE_LOSS = "is not the gradient of CrossEntropyLoss"

LAYER = nn.Linear(3, 3).double()

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    # ways in which a model may differ from a plain Sequential of known layers
    "parameters for a model": (
        lambda: KFAC(cast("Any", list(net().parameters())), nn.CrossEntropyLoss()),
        "got list: give the model itself, not its parameters"),
    "pruning": (_step(_with(net(), lambda m: prune.random_unstructured(m[0], "weight", 0.5))),
                r"0 \(Linear\) keeps weight, computed from parameters.*make it permanent"),
    "tied storage": (_step(_tied(True)), "0.weight and 2.weight share their memory"),
    "no sizes yet": (_step(nn.Sequential(nn.LazyLinear(3))),
                     r"0 \(LazyLinear\) has no sizes yet: call the model"),
    "noise of one's own": (_step(nn.Sequential(net(), Noisy()).double()),
                           "gives other outputs when it is called again"),
    "dropout inside of a recurrent layer": (
        _step(nn.Sequential(Read(nn.LSTM(3, 4, 2, dropout=0.5)), nn.Linear(4, 3)).double(),
              x=SEQUENCES), r"LSTM\) draws new noise"),
    "more than one output": (
        _step(Read(nn.GRU(3, 3, batch_first=True), whole=True).double(), x=SEQUENCES,
              called=lambda out, y: functional.cross_entropy(out[0][:, -1], y)),
        "through the model's outputs, which have to be one tensor"),
    "inputs of several shapes": (_several_shapes, "on inputs of several shapes before a step"),
    "dropout": (_step(net(nn.Dropout())), r"Dropout\) draws new noise"),
    "all frozen": (_step(_frozen("0.weight", "0.bias", "2.weight", "2.bias")),
                   "no parameters to learn"),
    "bfloat16": (_step(net().bfloat16(), x=X.bfloat16()), r"0\.weight is torch\.bfloat16"),
    "mixed precision of parameters": (_step(_with(net(), lambda m: m[0].float())),
                                      "the parameters are of several kinds"),
    "a model of TorchScript": (lambda: _step(_scripted(net()))(),
                               "give the module that was scripted"),
    "the meta device": (lambda: KFAC(_on_meta(), nn.CrossEntropyLoss()),
                        r"0\.weight is on the meta device.*to_empty"),
    "complex numbers": (_step(nn.Linear(3, 3, dtype=torch.complex128), nn.MSELoss()),
                        r"weight is torch\.complex128"),
    "checkpoints that are reentrant": (_reentrant, "take use_reentrant=False"),
    "a dictionary of outputs": (
        _step(Of(lambda x: {"y": 2 * x}, nn.Linear(3, 3)).double(),
              called=lambda out, y: functional.cross_entropy(out["y"].requires_grad_(), y)),
        "one tensor.*it returned a dict"),
    "a list of inputs": (_step(Of(lambda x: LAYER(x[0]), LAYER), x=cast("Any", [X])),
                         "was given list: wrap it in a module that takes one tensor"),
    "a class of models": (lambda: KFAC(cast("Any", nn.Linear), nn.CrossEntropyLoss()),
                          "got Linear itself, so call it"),
    "a loss for a model": (lambda: KFAC(nn.CrossEntropyLoss(), net()),
                           "the model comes first, then the loss"),
    # what changes after the optimizer was made
    "train mode, later, with dropout": (
        _step(net(nn.Dropout()).eval(), then=lambda m, o: m.train()), r"Dropout\) draws new noise"),
    "a layer appended later": (
        _step(net(), then=lambda m, o: m.append(nn.Linear(3, 3).double())),
        r"not those the optimizer was made for \(3\.weight, 3\.bias\): give it all of them"),
    "a parameter exchanged later": (
        _step(net(), then=lambda m, o: setattr(m[0], "bias", nn.Parameter(torch.ones(4).double()))),
        r"not those the optimizer was made for \(0\.bias\)"),
    "a layer taken away later": (_step(net(nn.Tanh(), nn.Linear(4, 4).double()),
                                       then=lambda m, o: m.pop(2)), "not those the optimizer"),
    "a hook on the model that changes its output": (
        _step(net(), then=lambda m, o: m.register_forward_hook(lambda *a: 2 * a[2])),
        "on the model's outputs as they are"),
    "a hook that hides the layers before it": (
        _step(net(), then=_detached), r"0\.weight, 0\.bias has no gradient"),
    "old spectral norm, later": (
        _step(net(), then=lambda m, o: nn.utils.spectral_norm(m[0])),
        "not those the optimizer was made for"),
    "a parameter group": (
        lambda: KFAC(net(), nn.CrossEntropyLoss()).add_param_group({"params": [nn.Parameter(X)]}),
        "one step of all of the model's parameters"),
    "inputs changed before the step": (_inputs_changed, "inputs or parameters were changed since"),
    # ways in which a loss may differ
    "a class of losses": (lambda: KFAC(net(), cast("Any", nn.CrossEntropyLoss)),
                          "got CrossEntropyLoss itself, so call it"),
    "a function for a loss": (lambda: KFAC(net(), cast("Any", functional.cross_entropy)),
                              r"must be a module, such as .*got cross_entropy"),
    "targets that are broadcast": (
        _all_pairs, r"targets \[12\] and outputs \[12, 1\], and compared each with each"),
    "NaN in a loop": (lambda: _in_a_loop(X * float("nan"), Y, nn.CrossEntropyLoss()),
                      "outputs are not finite at step 0"),
    "no examples in a loop": (lambda: _in_a_loop(X[:0], SOFT[:0], nn.MSELoss(reduction="sum")),
                              "the batch has no examples"),
    "two losses added": (_two_losses_added, "the loss was scaled by 2 before"),
    "an expanded parameter": (lambda: KFAC(_expanded(), nn.CrossEntropyLoss()),
                              r"one number in memory \(expand\)"),
    "no gradients at all": (_without_gradients, r"under torch\.inference_mode"),
    "another optimizer's state": (_of_another_optimizer, "not the state of a KFAC"),
    "a loss without a likelihood": (_step(net(), nn.L1Loss()), "must be an nn.CrossEntropyLoss"),
    "a loss of one's own": (_step(net(), Focal()), "got Focal, derived from CrossEntropyLoss"),
    "class weights, by a function": (
        _step(net(), nn.CrossEntropyLoss(torch.ones(3).double()), called=functional.cross_entropy),
        "has weights, and its targets were not seen"),
    "log-probabilities": (_step(net(), nn.NLLLoss()), "leave LogSoftmax out of the model"),
    "probabilities": (_step(net(), nn.BCELoss()), "leave Sigmoid out of the model"),
    "a variance as an argument": (_step(net(), nn.GaussianNLLLoss()), "a third argument; take"),
    "rates in place of their logarithms": (
        _step(net(), nn.PoissonNLLLoss(log_input=False)), "with log_input=True and full=False"),
    "a loss that is not reduced": (_step(net(), nn.CrossEntropyLoss(reduction="none")),
                                   'reduced by "mean" or "sum", got \'none\''),
    "a scaled loss": (_step(net(), called=lambda out, y: 1024 * functional.cross_entropy(out, y)),
                      "what the outputs feel is not the gradient of a categorical loss"),
    "another loss": (_step(net(), called=lambda out, y: functional.mse_loss(out, SOFT)),
                     "is not the gradient of (a categorical loss|CrossEntropyLoss)"),
    "a temperature": (_step(net(), called=lambda out, y: functional.cross_entropy(out / 2, y)),
                      r"is not the gradient of a categorical|a temperature belongs into the model"),
    "ignored targets, by a function": (
        _step(net(), y=IGNORING, called=lambda o, y: functional.cross_entropy(o, y)),
        "examples are ignored; call the loss that the optimizer was given"),
    "all targets ignored": (_step(net(), y=torch.full((N,), -100)),
                            "the loss is nan|every target of the batch is ignored"),
    "a closure that returns something else": (_doubled_value, "return the loss that backward"),
    "a closure that returns nothing": (
        lambda: KFAC(net(), nn.CrossEntropyLoss()).step(lambda: None),
        "returns the loss, one number"),
    "a closure that draws its batch": (_fresh_inputs, "other inputs when it was called again"),
    "a penalty that a trial cannot see": (_hidden_penalty, "hold more than that of the loss"),
    "parts of unequal sizes": (_unequal_parts, f"{NOT_THE_LOSS}|was scaled"),
    "no backward": (lambda: KFAC(net(), nn.CrossEntropyLoss()).step(), r"call loss\.backward\(\)"),
    "one example without a batch": (_step(net(), x=X[0], y=Y[0]), r"outputs are \[3\]"),
    "no examples": (_step(net(), nn.MSELoss(reduction="sum"), x=X[:0], y=SOFT[:0]),
                    "the batch has no examples"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_right_is_refused(case: str) -> None:
    attempt, message = REFUSED[case]
    with pytest.raises((TypeError, ValueError, RuntimeError, ArithmeticError), match=message):
        attempt()


def test_a_scaled_loss_is_refused_with_its_scale() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = NaturalGradient(model, loss, LR, DAMPING)
    (1024 * loss(model(X), Y)).backward()
    with pytest.raises(ValueError, match=SCALED):
        optimizer.step()


OUT_OF_RANGE: tuple[tuple[str, Any, str], ...] = (
    ("lr", -1.0, r"lr is a finite number, at least 0; got -1\.0"),
    ("lr", float("nan"), "lr is a finite number"),
    ("lr", "auto", "lr is a number ≥ 0, or a policy such as KLClip"),
    ("damping", -1.0, "damping λ is a finite number, at least 0"),
    ("damping", float("inf"), "damping λ is a finite number"),
    ("damping", "lm", r"a policy such as LevenbergMarquardt\(\).*got 'lm'"),
    ("keep", 1.5, r"keep is a finite number, at least 0 and less than 1; got 1\.5"),
    ("keep", -0.5, "keep is a finite number"),
    ("samples", 0, "at least one sample, got 0"),
    ("kind", "tru", "no Fisher 'tru'; there are true, monte-carlo, empirical"),
    ("momentum", 1.0, "momentum is a finite number, at least 0 and less than 1"),
    ("momentum", 0.9, "momentum goes with numbers as lr and damping"),
    ("weight_decay", -1e-4, "weight_decay is a finite number"),
)


def _built_with(name: str, value: Any) -> Callable[[], Any]:
    return lambda: KFAC(net(), nn.CrossEntropyLoss(), **{name: value})


SETTINGS: dict[str, tuple[Callable[[], Any], str]] = {
    **{f"{name}={value!r}": (_built_with(name, value), said) for name, value, said in OUT_OF_RANGE},
    "method": (lambda: NaturalGradient(net(), nn.CrossEntropyLoss(), method="lu"),
               "no exact solve 'lu'"),
    "a rate of a rule": (lambda: net_rules.natural(-1.0), "lr is a finite number"),
    "λ of a rule": (lambda: net_rules.natural(1.0, -1.0), "damping λ is a finite number"),
    "a policy's first λ": (lambda: LevenbergMarquardt(0.0), "λ is a finite number, more than 0"),
    "another policy's first λ": (lambda: Nielsen(-1.0), "λ is a finite number, more than 0"),
    "a clip": (lambda: KLClip(limit=-1), "κ is a finite number"),
    "a radius": (lambda: TrustRegion(0.0), "κ is a finite number, more than 0"),
    "a rate": (lambda: Rate(float("inf")), "lr is a finite number"),
    "keep of a metric": (lambda: kfac(keep=1.0), "keep is a finite number"),
    "a policy that was not called": (
        lambda: KFAC(net(), nn.CrossEntropyLoss(), lr=cast("Any", KLClip)),
        "got KLClip itself, so call it"),
    "a damping that was not called": (
        lambda: KFAC(net(), nn.CrossEntropyLoss(), damping=cast("Any", Nielsen)),
        "got Nielsen itself, so call it"),
    "a likelihood that was not called": (
        lambda: Fisher(net(), cast("Any", Categorical), X),
        "got Categorical itself, so call it"),
    "arrays of NumPy": (lambda: NetProblem(net(), Categorical(), cast("Any", X.numpy()), Y),
                        r"the inputs x are a torch tensor, got ndarray: take torch\.as_tensor"),
    "lists of targets": (lambda: NetProblem(net(), Categorical(), X, cast("Any", Y.tolist())),
                         "the targets y are a torch tensor, got list"),
    "a Fisher matrix of arrays": (lambda: Fisher(net(), Categorical(), cast("Any", X.numpy())),
                                  "got ndarray"),
    "a product with an array": (lambda: Fisher(net(), Categorical(), X) @ cast("Any", X.numpy()),
                                "got ndarray"),
    "a solve of another size": (lambda: Fisher(net(), Categorical(), X).solve(X[0], 0.1),
                                r"takes vectors \[31\], got \[3\]"),
    "another device": (lambda: NetProblem(net(), Categorical(), X, Y.to("meta")),
                       "inputs on cpu, the targets on meta: move them to one device"),
    "targets that are no numbers": (
        lambda: NetProblem(net(), Gaussian(), X, torch.where(SOFT > 0.3, torch.nan, SOFT)),
        "targets must be finite numbers; there is another in row"),
    "a rule's name": (lambda: next(train(PROBLEM, cast("Any", "kfac"))), "got 'kfac'"),
    "a rule that was not called": (lambda: next(train(PROBLEM, cast("Any", net_rules.kfac))),
                                   "got kfac itself, so call it"),
    "an optimizer for a rule": (
        lambda: next(train(PROBLEM, cast("Any", KFAC(net(), nn.CrossEntropyLoss())))),
                                "got a value of type KFAC"),
    "a model for a problem": (lambda: next(train(cast("Any", net()), net_rules.kfac())),
                              "got a value of type Sequential"),
    "a list of rules": (lambda: next(race(PROBLEM, cast("Any", [net_rules.kfac()]))),
                        "a mapping from names to rules is needed"),
    "half an example": (lambda: next(train(PROBLEM, net_rules.kfac(), batch=cast("Any", 3.5))),
                        "a batch has 1 … 12 examples, got 3.5"),
    "a layer of no width": (lambda: mlp((2, 0, 2)), r"each 1 or more.*got \(2, 0, 2\)"),
    "a width for an MLP": (lambda: mlp(cast("Any", 2)), "each 1 or more.*got 2"),
    "a point that is no θ": (
        lambda: NetProblem(net(), Categorical(), X, Y).at(cast("Any", net())),
        r"θ is a tensor \[31\], as problem\.net\.read\(\).*got Sequential"),
    "a loss for a likelihood": (
        lambda: NetProblem(net(), cast("Any", nn.CrossEntropyLoss()), X, Y),
        r"a likelihood is needed, such as Categorical\(\).*of type CrossEntropyLoss"),
    "a Fisher matrix without a likelihood": (lambda: Fisher(net(), cast("Any", X)),
                                   r"Fisher\(model, Categorical\(\), x\)"),
    "probabilities that are none": (lambda: NetProblem(net(), Categorical(), X, SOFT * 2),
                                    "each row is ≥ 0 and sums to 1"),
    "half precision": (lambda: NetProblem(net().half(), Gaussian(), X.half(), SOFT.half()),
                       "nets compute in float32 or float64"),
}  # fmt: skip


PROBLEM = NetProblem(net(), Categorical(), X, Y)


@pytest.mark.parametrize("case", SETTINGS)
def test_a_setting_out_of_range_is_refused(case: str) -> None:
    make, message = SETTINGS[case]
    with pytest.raises((TypeError, ValueError), match=message):
        make()


@pytest.mark.parametrize("damping", [1e-1, 1e-4, 1e-6, 1e-8])
@pytest.mark.parametrize("kind", ["true", "empirical"])
def test_an_optimizer_is_its_rule_in_float32_however_small_the_damping(
    kind: str, damping: float
) -> None:
    rule = net_rules.natural(LR, damping, kind)

    def of_the_rule(dtype: torch.dtype) -> Tensor:
        problem = NetProblem(net().to(dtype), Categorical(), X.to(dtype), Y)
        at = problem.at(problem.net.read())
        return rule.update(at.grad, at, rule.init(at.theta))[0]

    exact, rounded = of_the_rule(torch.float64), of_the_rule(torch.float32)
    error, size = float((rounded.double() - exact).norm()), float(exact.norm())
    assert error <= 2e-4 * size  # of single precision; how much of it depends on the processor
    x, loss = X.float(), nn.CrossEntropyLoss()
    for called in (loss, functional.cross_entropy):
        model = net().float()
        before = flat(model)
        optimizer = NaturalGradient(model, loss, LR, damping, kind)
        optimizer.step(closure_of(optimizer, model, called, x, Y))
        step = flat(model) - before
        assert float((step.double() - exact).norm()) <= 2 * error + 1e-6 * size
        if called is loss:  # else it takes torch's residuals, which are rounded otherwise than ours
            assert float((step - rounded).norm()) <= 1e-5 * float(rounded.norm()) + 1e-6


def test_frozen_weights_stay_to_the_bit_and_the_memory_starts_again() -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = KFAC(model, loss)
    for _ in range(2):
        optimizer.step(closure_of(optimizer, model, loss, X, Y))
    model[0].requires_grad_(False)
    before = [p.clone() for p in model[0].parameters()]
    losses = [optimizer.step(closure_of(optimizer, model, loss, X, Y)) for _ in range(3)]
    assert all(torch.equal(p, q) for p, q in zip(model[0].parameters(), before, strict=True))
    assert losses[2] < losses[0]


def _plain(model: nn.Module) -> NaturalGradient:
    return NaturalGradient(model, nn.CrossEntropyLoss(), LR, DAMPING)


def test_the_model_may_be_called_by_keyword_and_again_without_gradients() -> None:
    steps: list[Tensor] = []
    for call in (lambda m: m(X), lambda m: m(input=X)):
        model = net()
        optimizer = _plain(model)

        def closure(optimizer: Any = optimizer, model: Any = model, call: Any = call) -> Tensor:
            optimizer.zero_grad()
            value = optimizer.loss(call(model), Y)
            value.backward()
            with torch.no_grad():
                (model(X).argmax(1) == Y).double().mean()
            optimizer.loss(model(X[:3]), Y[:3])  # with gradients, but nothing comes back
            return value

        optimizer.step(closure)
        steps.append(flat(model))
    assert torch.equal(steps[0], steps[1])
    plain = net()
    optimizer = _plain(plain)
    optimizer.step(closure_of(optimizer, plain, optimizer.loss, X, Y))
    assert torch.equal(steps[0], flat(plain))


def test_calls_that_were_accumulated_are_one_batch() -> None:
    whole, parts = net(), net()
    a, b = _plain(whole), _plain(parts)
    a.step(closure_of(a, whole, a.loss, X, Y))
    for part in (slice(0, N // 2), slice(N // 2, N)):
        (b.loss(parts(X[part]), Y[part]) / 2).backward()
    b.step()
    assert torch.allclose(flat(whole), flat(parts), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [KFAC, NaturalGradient])
def test_a_scheduler_may_turn_momentum_on(kind: Any) -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = kind(model, loss, 0.1, 0.1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.3, total_steps=6)
    losses: list[float] = []
    for _ in range(5):
        closure_of(optimizer, model, loss, X, Y)()
        losses.append(optimizer.step())
        schedule.step()
    assert optimizer.param_groups[0]["momentum"] > 0.8
    assert losses[-1] < losses[0]


def test_two_calls_of_one_loss_are_one_batch_too() -> None:
    whole, parts = net(), net()
    a, b = _plain(whole), _plain(parts)
    a.step(closure_of(a, whole, a.loss, X, Y))
    first, last = slice(0, N // 2), slice(N // 2, N)
    ((b.loss(parts(X[first]), Y[first]) + b.loss(parts(X[last]), Y[last])) / 2).backward()
    b.step()
    assert torch.allclose(flat(whole), flat(parts), rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", [KFAC, NaturalGradient])
def test_a_table_with_sparse_gradients_takes_the_step_of_one_without(kind: Any) -> None:
    steps: list[Tensor] = []
    for sparse in (True, False):
        torch.manual_seed(0)
        table = nn.Embedding(5, 2, sparse=sparse)
        model = nn.Sequential(table, nn.Flatten(), nn.Linear(4, 3)).double()
        optimizer = kind(model, nn.CrossEntropyLoss(), LR, DAMPING)
        optimizer.step(closure_of(optimizer, model, optimizer.loss, TOKENS, Y))
        assert table.sparse is sparse
        steps.append(flat(model))
    assert torch.allclose(*steps, rtol=0, atol=1e-12)


@pytest.mark.parametrize("forget", ["optimizer", "model"])
def test_gradients_that_were_dropped_count_no_more(forget: str) -> None:
    model, counterpart = net(), net()
    a, b = _plain(model), _plain(counterpart)
    a.loss(model(2 * X), Y).backward()
    a.zero_grad() if forget == "optimizer" else model.zero_grad()
    a.loss(model(X), Y).backward()
    a.step()
    b.step(closure_of(b, counterpart, b.loss, X, Y))
    assert torch.equal(flat(model), flat(counterpart))


@pytest.mark.parametrize("way", ["deepcopy", "pickle"])
@pytest.mark.parametrize("make", [KFAC, NaturalGradient, _plain, lambda m, c=None: KFAC(
    m, nn.CrossEntropyLoss(), KLClip(1.0, 0.1), 0.1)])  # fmt: skip
def test_a_copy_steps_as_the_original(make: Any, way: str) -> None:
    model, loss = net(), nn.CrossEntropyLoss()
    optimizer = make(model, loss) if make in (KFAC, NaturalGradient) else make(model)
    for _ in range(2):
        optimizer.step(closure_of(optimizer, model, optimizer.loss, X, Y))
    pair = (model, optimizer)
    counterpart, again = (
        copy.deepcopy(pair) if way == "deepcopy" else pickle.loads(pickle.dumps(pair))
    )
    start = flat(counterpart)
    for m, o in (pair, (counterpart, again)):
        o.step(closure_of(o, m, o.loss, X, Y))
        o.loss(m(X), Y).backward()
        o.step()
    assert torch.equal(flat(model), flat(counterpart))
    assert not torch.equal(flat(counterpart), start)
    lonely = copy.deepcopy(model)
    lonely(X).sum().backward()  # a copy of the model alone is watched by nobody
    assert optimizer.model is model


def test_an_optimizer_that_is_gone_watches_no_more() -> None:
    model = net()
    optimizer: Any = _plain(model)
    calls = optimizer._calls
    del optimizer
    model(X).sum().backward()
    assert len(calls.reached) == 1
    for _ in range(3):  # another optimizer's loop, which drops the gradients
        model.zero_grad()
        model(X).sum().backward()
    assert len(calls.reached) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"lr": 0.1, "damping": 0.1, "keep": 0.9},
        {"damping": LevenbergMarquardt()},
        {"lr": KLClip(1.0, 0.1), "damping": Nielsen()},
        {"lr": 0.1, "damping": 0.1, "momentum": 0.9},
    ],
)
def test_a_checkpoint_loads_safely_and_goes_on_exactly(settings: dict[str, Any]) -> None:
    loss = nn.CrossEntropyLoss()
    model, counterpart = net(), net()
    optimizer, again = KFAC(model, loss, **settings), KFAC(counterpart, loss, **settings)
    for _ in range(3):
        optimizer.step(closure_of(optimizer, model, loss, X, Y))
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file, weights_only=True)
    counterpart.load_state_dict(saved["model"])
    again.load_state_dict(saved["optimizer"])
    for m, o in ((model, optimizer), (counterpart, again)):
        for _ in range(2):
            o.step(closure_of(o, m, loss, X, Y))
    assert torch.equal(flat(model), flat(counterpart))


def test_a_checkpoint_of_another_net_or_of_other_policies_is_refused() -> None:
    loss = nn.CrossEntropyLoss()
    model = net()
    optimizer = KFAC(model, loss)
    optimizer.step(closure_of(optimizer, model, loss, X, Y))
    saved = optimizer.state_dict()
    other = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3)).double()
    with pytest.raises(ValueError, match=r"whose 0\.weight is \[4, 3\]; this one has \[5, 3\]"):
        KFAC(other, loss).load_state_dict(saved)
    with pytest.raises(ValueError, match=r"saved with damping = LevenbergMarquardt.*has Nielsen"):
        KFAC(model, loss, damping=Nielsen()).load_state_dict(saved)


def test_a_model_moved_to_another_precision_takes_its_memory_along() -> None:
    loss = nn.CrossEntropyLoss()
    model = net().float()
    optimizer = KFAC(model, loss, keep=0.9)
    optimizer.step(closure_of(optimizer, model, loss, X.float(), Y))
    model.double()
    before = optimizer.step(closure_of(optimizer, model, loss, X, Y))
    assert loss(model(X), Y).item() < before


def test_under_autocast_the_fisher_is_of_full_precision() -> None:
    model, loss = net().float(), nn.CrossEntropyLoss()
    optimizer = NaturalGradient(model, loss, LR, DAMPING)

    def closure() -> Tensor:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(model(X.float()), Y)
        value.backward()
        return value

    due = flat(model) + reference(model, loss, X.float(), Y, torch.arange(N))
    optimizer.step(closure)
    assert float((flat(model) - due).norm()) <= 2e-2 * float(due.norm())
