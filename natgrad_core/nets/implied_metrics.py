"""The metrics that Shampoo, SOAP, Muon and Adam imply at one θ, beside F, and what they depend on.

Each method divides the gradient by a matrix: a metric, whether it is called one or not. Here it is
the one that the method's running means tend to while θ stays where it is
(``natgrad_core.nets.preconditioners.stationary_metrics``), with the method's own small damping.
``turns`` writes the layers in other parameters, W = P V Q, and says by how much each step's
direction then changes: by nothing if the method is invariant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Factors, Kronecker
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.metrics import Operator
from natgrad_core.nets.model import Net
from natgrad_core.nets.preconditioners.parameter_tensors import join, split
from natgrad_core.nets.preconditioners.shampoo import KroneckerRoots
from natgrad_core.nets.preconditioners.stationary_metrics import Moments
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.reparametrization import Frame, Reparametrized
from natgrad_core.nets.step_comparison import operators

NAMES = ("exact", "kfac", "soap", "shampoo", "muon", "adam", "euclidean")
"""The metrics: F, K-FAC's, those of four methods, and the identity."""

KINDS = ("scale", "rotate", "units", "linear")
"""What the layers are multiplied by: a number each; orthogonal matrices; diagonal ones; any."""

SMALL = 1e-10
"""λ as a share of the largest eigenvalue, where a step is meant to be undamped."""

AFTER_ROOT = 1e-6
"""The ε of a rooted metric at each parameter tensor, as a share of the block's largest eigenvalue.
Shampoo's and Muon's, which is added before the root, is the square of that as a share of the
factors' largest."""

LEAST = 1e-100
"""The least ε: where the gradient of a whole tensor is zero, its step is zero, too."""


class OwnDamping:
    """An operator of one block a parameter tensor, with dampings of its own, whatever λ is asked.

    Args:
        net: The net.
        operator: The operator.
        dampings: The λ of each block.
    """

    def __init__(self, net: Net, operator: Operator, dampings: Sequence[float]) -> None:
        self.net, self.operator, self.dampings = net, operator, dampings

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(Gᵢ + its own λᵢ I)⁻¹ vᵢ for each block i."""
        solved = (split(self.net, self.operator.solve(v, each)) for each in self.dampings)
        return join([parts[i] for i, parts in enumerate(solved)])

    def dense(self) -> Tensor:
        """G."""
        return self.operator.dense()

    def eigenvalues(self) -> Tensor:
        """Those of G."""
        return self.operator.eigenvalues()


def implied(
    at: At, batch: int, root: bool = True, names: Iterable[str] = NAMES
) -> dict[str, Operator]:
    """Return the metric of each method at a point.

    Args:
        at: The point.
        batch: B, the examples in one of the method's gradients, from 1 to N. Muon's momentum tends
            to the gradient of all, so its metric does not depend on B.
        root: Whether the methods take their roots. Without them each metric is an approximation of
            E[g_B g_Bᵀ], and is damped by λ as F is.
        names: Which of ``NAMES``.

    Returns:
        Operators by name.

    Raises:
        ValueError: If B is not from 1 to N.
    """
    names = tuple(names)
    net = at.problem.net
    moments, whole = Moments.of_batches(at, batch), Moments.of_batches(at, len(at.tape))
    makers: dict[str, Callable[[], Operator]] = {
        "adam": lambda: _own(net, moments.diagonal(root), root),
        "shampoo": lambda: _own(net, moments.kronecker(root), root),
        "soap": lambda: _own(net, moments.rotated(root), root),
        "muon": lambda: _own(net, whole.polar(), True),
    }
    found = operators(at, [name for name in names if name not in makers])
    return {name: found[name] if name in found else makers[name]() for name in names}


def _own(net: Net, operator: Operator, root: bool) -> Operator:
    """A rooted metric with its ε; one without a root is damped as F is."""
    if not root:
        return operator
    if isinstance(operator, KroneckerRoots):
        largest = [max(float(s.max()) for s, _ in pairs) for pairs in operator.bases]
        share = AFTER_ROOT**2
    else:
        largest = [float(part.max()) for part in split(net, operator.eigenvalues())]
        share = AFTER_ROOT
    return OwnDamping(net, operator, [max(share * each, LEAST) for each in largest])


def frames(problem: NetProblem, kind: str, stretch: float, seed: int = 0) -> dict[int, Frame]:
    """Return P and Q for each Linear layer of a net, by its place.

    Args:
        problem: The problem.
        kind: One of ``KINDS``.
        stretch: κ, the ratio of the largest to the smallest number, or singular value, of P and of
            Q: over all layers for "scale", in each matrix for "units" and "linear"; "rotate" has
            none, nor has a 1 × 1 matrix.
        seed: The seed of what is drawn.

    Returns:
        The frames.

    Raises:
        ValueError: If there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no kind {kind!r}; there are {', '.join(KINDS)}")
    generator = torch.Generator().manual_seed(seed)
    places = problem.net.parametric
    found: dict[int, Frame] = {}
    for i, place in enumerate(places):
        layer = problem.net.layers[place]
        assert isinstance(layer, Linear)
        if kind == "scale":
            factor = stretch ** (i / max(len(places) - 1, 1) - 0.5)
            left = factor * torch.eye(layer.outputs, dtype=torch.float64)
            right = torch.eye(layer.inputs, dtype=torch.float64)
        else:
            left, right = (
                _drawn(size, kind, stretch, generator) for size in (layer.outputs, layer.inputs)
            )
        found[place] = Frame(left, right, torch.zeros(layer.inputs, dtype=torch.float64))
    return found


def _drawn(size: int, kind: str, stretch: float, generator: torch.Generator) -> Tensor:
    noise = torch.randn(size, size, generator=generator, dtype=torch.float64)
    turn = torch.linalg.qr(noise)[0]
    if kind == "rotate":
        return turn
    spread = torch.rand(size, generator=generator, dtype=torch.float64)
    low, high = spread.min(), spread.max()
    spread = (spread - low) / (high - low) if size > 1 else spread.new_full((1,), 0.5)
    scales = stretch ** (spread - 0.5)
    return scales.diag() if kind == "units" else (turn * scales) @ turn.T


def turns(
    at: At,
    kind: str,
    stretch: float,
    batch: int,
    root: bool = True,
    names: Iterable[str] = NAMES,
    seed: int = 0,
) -> dict[str, float]:
    """Return how far each undamped step turns when the layers are written as W = P V Q.

    The step is made in V, mapped back to W, and compared with the one made in W: the angle as F
    measures it, in degrees, so that directions that change no output do not count.

    Args:
        at: The point, of a net of Linear layers, in float64.
        kind: One of ``KINDS``.
        stretch: As in ``frames``.
        batch: B, as in ``implied``.
        root: As in ``implied``.
        names: Which of ``NAMES``.
        seed: The seed of P and Q.

    Returns:
        Angles by name, from 0 to 180.

    Raises:
        ValueError: If there is no such kind, or B is out of range.
    """
    names = tuple(names)
    problem = at.problem
    module = cast(nn.Sequential, problem.net.module)
    through = Reparametrized(module, frames(problem, kind, stretch, seed))
    other = NetProblem(through.module, problem.likelihood, problem.x, problem.y)
    there = other.at(through.inward(at.theta))
    mine, theirs = (_undamped(point, batch, root, names) for point in (at, there))
    return {name: _angle(at, mine[name], through.outward(theirs[name])) for name in names}


def _undamped(at: At, batch: int, root: bool, names: tuple[str, ...]) -> Mapping[str, Tensor]:
    """Each step, with a λ or ε so small that it decides only what has hardly any effect."""
    found: dict[str, Tensor] = {}
    for name, operator in implied(at, batch, root, names).items():
        plain = operator
        if name == "exact":
            plain = _Spectral(FisherAt(at).dense())
        elif name == "kfac":
            plain = Kronecker(Factors.of(FisherAt(at)), shared=False)
        found[name] = -plain.solve(at.grad, SMALL * float(plain.eigenvalues().max()))
    return found


class _Spectral:
    """A matrix by its eigenvectors, those left out whose eigenvalue is rounding."""

    def __init__(self, matrix: Tensor) -> None:
        self.values, self.vectors = torch.linalg.eigh(matrix)

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """G⁺ v, with eigenvalues of at most ``damping`` counted as zero."""
        kept = torch.where(self.values > damping, 1 / self.values.clamp(min=1e-300), 0.0)
        return self.vectors @ (kept * (self.vectors.T @ v))

    def dense(self) -> Tensor:
        """G."""
        return (self.vectors * self.values) @ self.vectors.T

    def eigenvalues(self) -> Tensor:
        """The eigenvalues."""
        return self.values


def _angle(at: At, a: Tensor, b: Tensor) -> float:
    (aa, ab), (_, bb) = at.products([at.tape.push(a), at.tape.push(b)])
    return math.degrees(math.acos(min(max(ab / math.sqrt(aa * bb), -1.0), 1.0)))
