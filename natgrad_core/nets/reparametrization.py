"""The same net with other parameters: each Linear layer seen through invertible matrices.

W = P V Q and b = P (V q + v): V and v are what is learned, W and b what the net computes with.
It is the same family of functions, so whoever measures steps by what they do to the distribution
takes the same step in both; whoever measures them by the parameters does not. The exact natural
gradient notices none of this, nor does K-FAC (Martens & Grosse 2015, theorem 1), as long as no λI
is added.

Centering and whitening what comes into a layer are of this kind too: Q = C^(−½), q = −Q mean.
Therefore gradient descent in these coordinates is a preconditioned step in the original ones.

Nothing new is needed to compute with it: the new net is a Sequential with fixed linear maps
(``Mixed``) around the layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.layers.elementwise import Mixed
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.metrics import Metric
from natgrad_core.nets.model import Net
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.rules import second_order


@dataclass(frozen=True)
class Frame:
    """P ``[out, out]``, Q ``[in, in]``, q ``[in]`` of one Linear layer; P and Q invertible."""

    left: Tensor
    right: Tensor
    shift: Tensor

    @classmethod
    def of(cls, inputs: int, outputs: int, dtype: torch.dtype = torch.float64) -> Frame:
        """Return the frame that changes nothing.

        Args:
            inputs: The columns of the layer's weight.
            outputs: Its rows.
            dtype: The dtype of its matrices.

        Returns:
            The frame.
        """
        eye = torch.eye(outputs, dtype=dtype), torch.eye(inputs, dtype=dtype)
        return cls(*eye, torch.zeros(inputs, dtype=dtype))

    @classmethod
    def random(
        cls, inputs: int, outputs: int, seed: int, spread: float = 0.5, bias: bool = True
    ) -> Frame:
        """Return I plus noise; there is no shift where there is no bias to take it.

        Args:
            inputs: The columns of the layer's weight.
            outputs: Its rows.
            seed: The seed of the noise.
            spread: The standard deviation of the noise.
            bias: Whether the layer has a bias.

        Returns:
            The frame.
        """
        generator = torch.Generator().manual_seed(seed)
        plain = cls.of(inputs, outputs)
        left, right, shift = (
            part + spread * torch.randn(part.shape, generator=generator, dtype=part.dtype)
            for part in (plain.left, plain.right, plain.shift)
        )
        return cls(left, right, shift if bias else plain.shift)

    @classmethod
    def stretched(cls, inputs: int, outputs: int, condition: float, seed: int = 0) -> Frame:
        """Return P = U diag(s) Uᵀ, symmetric, of determinant one.

        Args:
            inputs: The columns of the layer's weight.
            outputs: Its rows.
            condition: The condition number of P.
            seed: The seed of U.

        Returns:
            The frame.

        Raises:
            ValueError: If the condition number is less than 1.
        """
        if not 1 <= condition < float("inf"):
            raise ValueError(f"a condition number is 1 or more, got {condition}")
        generator = torch.Generator().manual_seed(seed)
        noise = torch.randn(outputs, outputs, generator=generator, dtype=torch.float64)
        turn = torch.linalg.qr(noise)[0]
        scales = condition ** torch.linspace(-0.5, 0.5, outputs, dtype=torch.float64)
        plain = cls.of(inputs, outputs)
        return cls((turn * scales) @ turn.T, plain.right, plain.shift)


class Reparametrized:
    """``module`` with the Linear layers named in ``frames`` (by place) seen through them."""

    def __init__(self, module: nn.Sequential, frames: dict[int, Frame]) -> None:
        self.inner, self.frames = Net(module), frames
        layers: list[nn.Module] = []
        for i, (child, counterpart) in enumerate(zip(module, self.inner.layers, strict=True)):
            frame = frames.get(i)
            if frame is None:
                layers.append(child)
                continue
            if not isinstance(counterpart, Linear):
                raise TypeError(
                    f"{counterpart.label} is not Linear: only a Linear layer has a frame"
                )
            if not counterpart.bias and bool(frame.shift.any()):
                raise ValueError(f"{counterpart.label} has no bias to take the frame's shift q")
            before, after = Mixed(frame.right, frame.shift), Mixed(frame.left)
            layers += [
                before,
                nn.Linear(counterpart.inputs, counterpart.outputs, counterpart.bias),
                after,
            ]
        self.module = nn.Sequential(*layers)

    @cached_property
    def matrix(self) -> Tensor:
        """A = ∂θ/∂ξ, ``[p, p]``, in float64; for small nets."""
        eye = torch.eye(self.inner.size, dtype=torch.float64)
        return torch.stack([self._through(e, inward=False) for e in eye], 1)

    def outward(self, xi: Tensor) -> Tensor:
        """Return θ = A ξ: linear, so it maps changes as well as parameters.

        Args:
            xi: ξ, ``[p]``.

        Returns:
            θ, ``[p]``.
        """
        return self._through(xi, inward=False)

    def inward(self, theta: Tensor) -> Tensor:
        """Return ξ = A⁻¹ θ.

        Args:
            theta: θ, ``[p]``.

        Returns:
            ξ, ``[p]``.
        """
        return self._through(theta, inward=True)

    def _through(self, v: Tensor, inward: bool) -> Tensor:
        out = v.clone()
        for i, frame in self.frames.items():
            layer, where = self.inner.layers[i], self.inner.slices[i]
            assert isinstance(layer, Linear)
            p, q, shift = (t.to(v) for t in (frame.left, frame.right, frame.shift))
            if inward:
                p, q = torch.linalg.inv(p), torch.linalg.inv(q)
            weight = p @ layer.weight(v[where])
            new = weight @ q
            out[where][: layer.weights] = new.flatten()
            if layer.bias:
                bias = p @ v[where][layer.weights :]
                moved = -(new @ shift) if inward else weight @ shift
                out[where][layer.weights :] = bias + moved
        return out


class Pulled:
    """F + λ AᵀA: what F + λI is in θ, a tensor and so the same in ξ; both are ``[p, p]``.

    Args:
        fisher: F, where the step begins.
        square: AᵀA, in float64.
        smallest: Its smallest eigenvalue.
    """

    def __init__(self, fisher: FisherAt, square: Tensor, smallest: float) -> None:
        self.fisher, self.square, self.smallest = fisher, square, smallest

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(F + λ AᵀA)⁻¹ v, with F in float64 where float32 rounding would exceed λ AᵀA."""
        matrix, right = self.dense(), v
        rounding = 8 * torch.finfo(v.dtype).eps * float(matrix.norm())
        if v.dtype == torch.float32 and damping * self.smallest < rounding:
            matrix, right = self.fisher.double.dense(), self.fisher.at.doubled(v)
        lower, info = torch.linalg.cholesky_ex(matrix.double() + damping * self.square)
        if int(info):
            raise SingularMetricError(
                f"F + λAᵀA is singular to rounding with λ = {damping:.1e}; raise λ, or take an A "
                "of smaller condition number"
            )
        return torch.cholesky_solve(right.double()[:, None], lower)[:, 0].to(v)

    def dense(self) -> Tensor:
        """F."""
        return self.fisher.dense()

    def eigenvalues(self) -> Tensor:
        """The eigenvalues of F."""
        return torch.linalg.eigvalsh(self.dense().double())


def natural_in(mixed_net: Reparametrized, rate: float = 1.0, damping: float = 1e-3) -> Rule:
    """Return the natural gradient in ξ, damped by θ's λI pulled back, λ AᵀA: invariant under A.

    Args:
        mixed_net: The problem in ξ.
        rate: α.
        damping: λ.

    Returns:
        The rule.
    """
    a = mixed_net.matrix
    square = a.T @ a
    smallest = float(torch.linalg.eigvalsh(square)[0])
    metric = Metric("Fisher", lambda at, m: (Pulled(FisherAt(at), square, smallest), m))
    return second_order(metric, damping, rate, "natural", "Amari 1998, theorem 1")
