"""The optimizers, Fisher matrices and K-FAC on a GPU, held against the CPU.

    python -m benchmarks.check_cuda

Prints one line for each quantity: the largest difference between both devices relative to the size,
in float64. Without a GPU it says so, and computes nothing: these paths are then untested.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from natgrad_core.nets import (
    EKFAC,
    KFAC,
    Bernoulli,
    Categorical,
    Fisher,
    Gaussian,
    NaturalGradient,
    rules,
)
from natgrad_core.nets import NetProblem as Problem

ALLOWED = 1e-7
"""Relative differences up to this are rounding in float64."""
N = 24

MODELS: dict[str, Callable[[], nn.Module]] = {
    "MLP": lambda: nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 3)),
    "normed": lambda: nn.Sequential(nn.Linear(4, 6), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 3)),
    "convolutional": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 2, 2)), nn.Conv2d(1, 3, 2, padding=1), nn.ReLU(), nn.Flatten(),
        nn.Linear(27, 3),
    ),
    "grouped": lambda: nn.Sequential(
        nn.Unflatten(1, (2, 2)), nn.Conv1d(2, 4, 2, groups=2), nn.GroupNorm(2, 4), nn.Flatten(),
        nn.Linear(4, 3),
    ),
}  # fmt: skip
LIKELIHOODS: dict[str, Categorical | Bernoulli | Gaussian] = {
    "classes": Categorical(),
    "coins": Bernoulli(),
    "regression": Gaussian(),
}
STEPS: dict[str, Callable[[nn.Module, nn.Module], torch.optim.Optimizer]] = {
    "NaturalGradient": NaturalGradient,
    "NaturalGradient, numbers": lambda m, c: NaturalGradient(m, c, 0.5, 0.1, momentum=0.5),
    "NaturalGradient, cg": lambda m, c: NaturalGradient(m, c, 0.5, 0.1, method="cg"),
    "KFAC": KFAC,
    "KFAC, averages": lambda m, c: KFAC(m, c, 0.5, 0.1, keep=0.9),
    "EKFAC": EKFAC,
    "EKFAC, averages": lambda m, c: EKFAC(m, c, 0.5, 0.1, keep=0.9),
}


def data(likelihood: str) -> tuple[Tensor, Tensor]:
    """Inputs and targets, on the CPU."""
    x = torch.randn(N, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = torch.rand(N, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return x, torch.arange(N) % 3 if likelihood == "classes" else y


def model(name: str, device: str) -> nn.Module:
    """A model with the same parameters on each device."""
    torch.manual_seed(0)
    return MODELS[name]().double().to(device)


def products(name: str, likelihood: str, device: str) -> Tensor:
    """F v, a solve, the diagonal, a block, eigenvalues and the trace, one after another."""
    x, _ = data(likelihood)
    fisher = Fisher(model(name, device), LIKELIHOODS[likelihood], x.to(device))
    v = torch.linspace(-1, 1, len(fisher.theta), dtype=torch.float64, device=device)
    found = (
        fisher @ v,
        fisher.solve(v, 0.1),
        fisher.diagonal(),
        fisher.block(next(iter(fisher.names))).flatten(),
        fisher.eigenvalues(3),
        torch.tensor([fisher.trace()], device=device),
    )
    return torch.cat([each.double() for each in found])


def stepped(name: str, optimizer: str, device: str) -> Tensor:
    """The parameters after three steps."""
    x, y = (t.to(device) for t in data("classes"))
    net, criterion = model(name, device), nn.CrossEntropyLoss()
    built = STEPS[optimizer](net, criterion)
    for _ in range(3):
        built.zero_grad()
        criterion(net(x), y).backward()
        built.step()
    return torch.cat([p.detach().flatten() for p in net.parameters()])


def ruled(rule: str, device: str) -> Tensor:
    """The parameters after three steps of a rule."""
    x, y = (t.to(device) for t in data("classes"))
    problem = Problem(model("MLP", device), Categorical(), x, y)
    start = problem.net.read()
    at = problem.at(start)
    memory = rules.RULES[rule]().init(start)
    for _ in range(3):
        change, memory = rules.RULES[rule]().update(at.grad, at, memory)
        at = at.after(change)
    return at.theta


def quantities() -> dict[str, Callable[[str], Tensor]]:
    """All that is compared, by name: each maps a device to a tensor there."""
    found: dict[str, Callable[[str], Tensor]] = {}
    for name in MODELS:
        for likelihood in LIKELIHOODS:
            found[f"Fisher, {name}, {likelihood}"] = lambda device, a=name, b=likelihood: products(
                a, b, device
            )
        for optimizer in STEPS:
            found[f"{optimizer}, {name}"] = lambda device, a=name, b=optimizer: stepped(
                a, b, device
            )
    for rule in rules.RULES:
        found[f"rules.{rule}"] = lambda device, a=rule: ruled(a, device)
    return found


def difference(of: Callable[[str], Tensor], device: str, other: str = "cpu") -> float:
    """The largest difference of a quantity between two devices, relative to its size."""
    here, there = of(device).cpu(), of(other).cpu()
    return float((here - there).abs().max() / there.abs().max())


def main() -> int:
    """Compare everything, and return how many quantities differ."""
    if not torch.cuda.is_available():
        print("There is no GPU that PyTorch can use here, so the CUDA paths were not tested.")
        return 0
    device, wrong = "cuda", 0
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    for name, of in quantities().items():
        gap = difference(of, device)
        good = gap <= ALLOWED
        wrong += not good
        print(f"{'same' if good else 'DIFFERS':8} {gap:8.1e}  {name}")
    print(f"{wrong} of {len(quantities())} quantities differ from the CPU's")
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 1))
