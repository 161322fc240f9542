"""What input whitening and batch normalization do to the Fisher matrix.

Once their statistics are fixed both are affine maps, and a layer behind one of them is the same
layer seen through another frame (``natgrad_core.nets.reparametrization``): the same functions,
other parameters. A Linear layer's block of the Fisher matrix is near B ⊗ A, A the second moment of
its features, so the condition number of A counts twice over: centering takes the mean out of A,
standardizing gives it a diagonal of ones, whitening makes it the identity. Gradient descent is
slowed by the condition number and the natural gradient is not: to that extent these layers do by a
choice of parameters what a metric does (LeCun et al. 1998, §4.3; Desjardins et al. 2015).

The Fisher matrix of one example is undefined in train mode, where a batch norm mixes the examples:
it is measured with statistics frozen at those of the data.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.reparametrization import Frame, Reparametrized

SMALL = 1e-10
"""Variances of features below this share of the largest are none: left out."""

ROUNDING = 1e-14
"""Eigenvalues below this share of the largest are not told from rounding, in float64."""

_GAP = 0.1
"""Where the next eigenvalue is below this share of ``ROUNDING`` it is rounding itself."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Eigenvalues of a Fisher matrix, largest first, and how many of them are not rounding."""

    values: Tensor
    rank: int

    @classmethod
    def of(cls, at: At) -> Spectrum:
        """Return the spectrum of the true Fisher matrix at a point, in float64.

        Args:
            at: The point.

        Returns:
            The spectrum.
        """
        values = torch.linalg.eigvalsh(FisherAt(at.double).dense()).flip(0).clamp_min(0)
        return cls(values, int((values > ROUNDING * values[0]).sum()))

    @property
    def ends(self) -> bool:
        """Whether the smallest eigenvalue is known: that those after it are zero up to rounding.

        Where a few smooth features are all that comes in, they fall on and on into rounding.
        """
        rest = self.values[self.rank :]
        return not len(rest) or bool(rest[0] < _GAP * ROUNDING * self.values[0])

    @property
    def condition(self) -> float:
        """The largest over the smallest that is not rounding; more than this where not ``ends``."""
        return float(self.values[0] / self.values[self.rank - 1]) if self.ends else 1 / ROUNDING

    @property
    def spread(self) -> float:
        """(Σ s)²/Σ s²: how many directions share the curvature, from 1 (one has all) to p."""
        return float(self.values.sum() ** 2 / self.values.square().sum())


def _standardizing(x: Tensor) -> Tensor:
    deviation = x.std(0, correction=0)
    return torch.where(deviation > SMALL * deviation.max(), 1 / deviation, 1.0).diag()


def _whitening(x: Tensor) -> Tensor:
    gap = x - x.mean(0)
    values, vectors = torch.linalg.eigh(gap.T @ gap / len(x))
    varies = values > SMALL * values.max()
    return vectors @ torch.where(varies, values.clamp_min(1e-300).rsqrt(), 1.0).diag() @ vectors.T


FRAMES: dict[str, Callable[[Tensor], Tensor]] = {
    "centered": lambda x: torch.eye(x.shape[1], dtype=x.dtype, device=x.device),
    "standardized": _standardizing,
    "whitened": _whitening,
}
"""Q of features x ``[N, in]``; the frame is x -> Q (x − mean). What never varies is left alone."""


def reparametrized_as(
    problem: NetProblem, theta: Tensor, how: str, inputs_only: bool = False
) -> tuple[Reparametrized, NetProblem, Tensor]:
    """Return the same net with what comes into its Linear layers transformed.

    Args:
        problem: The problem.
        theta: θ, ``[p]``, at which the statistics are taken.
        how: A name in FRAMES.
        inputs_only: Whether only the first layer's inputs are transformed.

    Returns:
        The map between the parameters, the problem in the new ones, and where θ is in them.

    Raises:
        ValueError: If there is no such name.
        TypeError: If a layer is not Linear.
    """
    if how not in FRAMES:
        raise ValueError(f"no frame {how!r}; there are {', '.join(FRAMES)}")
    tape = problem.double.at(theta.double()).tape
    frames: dict[int, Frame] = {}
    for i in problem.net.parametric[: 1 if inputs_only else None]:
        layer = problem.net.layers[i]
        if not isinstance(layer, Linear) or not layer.bias:
            raise TypeError(
                f"{layer.label}: only a Linear layer with a bias can be seen through a shift"
            )
        x = tape.values[i]
        q = FRAMES[how](x)
        left = torch.eye(layer.outputs, dtype=q.dtype, device=q.device)
        frames[i] = Frame(left, q, -(q @ x.mean(0)))
    mixed_net = Reparametrized(cast(nn.Sequential, problem.net.module), frames)
    mixed = NetProblem(mixed_net.module, problem.likelihood, problem.x, problem.y)
    return mixed_net, mixed, mixed_net.inward(theta.double()).to(theta)


def normed(
    sizes: tuple[int, ...], activation: type[nn.Module] = nn.Tanh, seed: int | None = None
) -> nn.Sequential:
    """Return an MLP with a batch norm before each activation, in train mode as torch makes it.

    Args:
        sizes: The widths of its layers.
        activation: The activation.
        seed: Fixes its parameters; the Linear layers are then those of an MLP's ``init(seed)``.

    Returns:
        The module.
    """
    layers: list[nn.Module] = []
    for i in range(len(sizes) - 2):
        layers += [nn.Linear(sizes[i], sizes[i + 1]), nn.BatchNorm1d(sizes[i + 1]), activation()]
    module = nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))
    if seed is not None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for child in module:
                if isinstance(child, nn.Linear):
                    child.reset_parameters()
    return module


def frozen(module: nn.Sequential, x: Tensor) -> nn.Sequential:
    """Return a copy in eval mode whose norms have the statistics of some inputs.

    Args:
        module: The module.
        x: The inputs, ``[N, ...]``, which go through layer after layer.

    Returns:
        The copy.

    Raises:
        TypeError: If a norm keeps no statistics.
    """
    module = copy.deepcopy(module).eval()
    with torch.no_grad():
        for child in module:
            if isinstance(child, nn.BatchNorm1d):
                if child.running_mean is None or child.running_var is None:
                    raise TypeError(f"{child} keeps no statistics: take track_running_stats=True")
                child.running_mean.copy_(x.mean(0))
                child.running_var.copy_(x.var(0, correction=0))
            x = child(x)
    return module


def folded(module: nn.Sequential) -> nn.Sequential:
    """Return the same function with no norms: each is multiplied into the Linear before it.

    Args:
        module: The module, with frozen norms.

    Returns:
        The module without them.

    Raises:
        TypeError: If a norm does not follow a Linear layer.
    """
    layers: list[nn.Module] = []
    for child in copy.deepcopy(module):
        if not isinstance(child, nn.BatchNorm1d):
            layers.append(child)
            continue
        before = layers[-1] if layers else None
        if not isinstance(before, nn.Linear) or before.bias is None or child.training:
            raise TypeError(
                f"{child} can be folded when it is frozen and behind a Linear layer with a bias"
            )
        assert child.running_mean is not None
        assert child.running_var is not None
        with torch.no_grad():
            scale = child.weight * (child.running_var + child.eps).rsqrt()
            before.bias.copy_(scale * (before.bias - child.running_mean) + child.bias)
            before.weight.mul_(scale[:, None])
    return nn.Sequential(*layers)
