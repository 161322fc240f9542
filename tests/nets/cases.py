"""The nets that laws are held against: every likelihood on every kind of layer, in float64."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Likelihood
from natgrad_core.nets.model import mlp
from natgrad_core.nets.problem import At, NetProblem

N, D = 12, 4

torch.set_num_threads(1)


def _convolutional(outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Unflatten(1, (1, 2, 2)),
        nn.Conv2d(1, 3, 2, padding=1),
        nn.GELU(),
        nn.Conv2d(3, 2, 2, stride=2, bias=False),
        nn.Softplus(),
        nn.Flatten(),
        nn.Linear(2, outputs),
    )


def _normed(outputs: int) -> nn.Sequential:
    net = nn.Sequential(nn.Linear(D, 5), nn.BatchNorm1d(5), nn.Sigmoid(), nn.Linear(5, outputs))
    norm = net[1]
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean += torch.tensor([0.1, -0.2, 0.3, 0.0, 0.5])
    norm.running_var *= torch.tensor([0.5, 2.0, 1.0, 3.0, 0.7])
    return net.eval()


NETS = {
    "tanh MLP": lambda c: mlp((D, 5, 3, c)),
    "relu MLP without bias": lambda c: mlp((D, 6, c), "relu", bias=False),
    "silu MLP": lambda c: mlp((D, 5, c), "silu"),
    "linear": lambda c: mlp((D, c)),
    "convolutional": _convolutional,
    "frozen norm": _normed,
}

LIKELIHOODS: dict[str, tuple[Likelihood, int]] = {
    "two classes": (Categorical(), 2),
    "three classes": (Categorical(), 3),
    "coins": (Bernoulli(), 2),
    "regression": (Gaussian(0.7), 2),
}

LINEAR_ONLY = ("tanh MLP", "relu MLP without bias", "silu MLP", "linear")


def problem(net: str, likelihood: str, n: int = N, seed: int = 0) -> NetProblem:
    """A problem with random data."""
    generator = torch.Generator().manual_seed(seed)
    kind, outputs = LIKELIHOODS[likelihood]
    x = torch.randn(n, D, generator=generator, dtype=torch.float64)
    if likelihood == "regression":
        y = torch.randn(n, outputs, generator=generator, dtype=torch.float64)
    elif likelihood == "coins":
        y = torch.rand(n, outputs, generator=generator, dtype=torch.float64)
    else:
        y = torch.randint(0, outputs, (n,), generator=generator)
    return NetProblem(NETS[net](outputs), kind, x, y)


def point(net: str, likelihood: str, n: int = N, seed: int = 0) -> At:
    """That problem at random parameters."""
    built = problem(net, likelihood, n, seed)
    generator = torch.Generator().manual_seed(seed + 1)
    theta = built.net.init(seed, torch.float64)
    return built.at(theta + 0.3 * torch.randn(built.dim, generator=generator, dtype=torch.float64))


def jacobian(at: At) -> Tensor:
    """Return J ``[N, C, p]`` by vmap(jacrev), the autodiff reference."""

    def one(theta: Tensor, x: Tensor) -> Tensor:
        return at.problem.net.forward(theta, x[None])[0]

    return torch.func.vmap(torch.func.jacrev(one), (None, 0))(at.theta, at.problem.x)


def reference_fisher(at: At) -> Tensor:
    """F as the expected outer product of scores: over classes, coins, or noise."""
    j, out = jacobian(at), at.outputs
    likelihood = at.problem.likelihood
    if isinstance(likelihood, Categorical):
        p = out.softmax(1)
        total = torch.zeros(at.problem.dim, at.problem.dim, dtype=torch.float64)
        for c in range(out.shape[1]):
            score = likelihood.residual(p, torch.full((len(out),), c))
            s = torch.einsum("nc,ncp->np", score, j)
            total += torch.einsum("n,np,nq->pq", p[:, c], s, s) / len(out)
        return total
    if isinstance(likelihood, Bernoulli):
        p = out.sigmoid()
        return torch.einsum("ncp,nc,ncq->pq", j, p * (1 - p), j) / len(out)
    assert isinstance(likelihood, Gaussian)
    return torch.einsum("ncp,ncq->pq", j, j) / (len(out) * likelihood.scale**2)
