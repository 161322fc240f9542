"""A layer is a linear map with parameters, or an activation; each has its derivatives.

Everything the Fisher matrix needs of a net is local: what came into a layer (its features ``a``)
and what the outputs feel of what came out (its cotangents ``g``). The derivative of one output by
one weight is a product ``g_o a_i``, so per-example Jacobians, Gram matrices, factors and products
with the Fisher are all contractions of the same two tensors, with no autodiff in the loop.

Shapes: ``x`` is ``[N, ...]``; cotangents are ``[N, K, ...]``, K output directions at a time.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.grad import conv2d_input

THIN = 16
"""Outputs below which a product is made lying on its side, in 0.4 of the time: rows of ten numbers
leave most of a vector register empty, rows of N do not."""


class WrongShapeError(ValueError):
    """A layer with derivatives by hand was given a shape that it does not take."""


class Layer(Protocol):
    """One step of a Sequential; ``w`` is its own slice of the flat parameters, ``[size]``.

    Inputs x, outputs y and their changes are ``[N, ...]``, cotangents g ``[N, K, ...]``.
    """

    size: int
    label: str

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """Return the layer's output.

        Args:
            w: The layer's slice of θ, ``[size]``.
            x: What came in, ``[N, ...]``.

        Returns:
            y, ``[N, ...]``.

        Raises:
            WrongShapeError: If the input has the wrong shape; it is a ValueError.
        """
        ...

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor | None:
        """Return what backward needs and can be computed once.

        Args:
            w: The layer's slice of θ, ``[size]``.
            x: What came in, ``[N, ...]``.
            y: What came out.

        Returns:
            dy/dx of a curve, ``[N, ...]``, or the patches of a picture; None if nothing.
        """
        ...

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """Return the change of the output: the R-operator (Pearlmutter 1994).

        Args:
            w: The layer's slice of θ, ``[size]``.
            x: What came in, ``[N, ...]``.
            s: What ``slope`` returned.
            dw: The change of w, ``[size]``; None for zero.
            dx: The change of x, ``[N, ...]``; None for zero.

        Returns:
            dy, ``[N, ...]``; None for zero.
        """
        ...

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """Return the cotangents of the input.

        Args:
            w: The layer's slice of θ, ``[size]``.
            x: What came in, ``[N, ...]``.
            s: What ``slope`` returned.
            g: Cotangents of the output, ``[N, K, ...]``.
            spend: Whether g may be overwritten.

        Returns:
            Cotangents of x, ``[N, K, ...]``.
        """
        ...


class Parametric(Layer, Protocol):
    """A layer with parameters: how they are felt."""

    def pull(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """Put in ``out`` Σ_n Jₙᵀ gₙ for cotangents with K = 1.

        Args:
            x: What came in, ``[N, ...]``.
            s: What ``slope`` returned.
            g: Cotangents of the output, ``[N, K, ...]``.
            out: Where the result is put, ``[size]``.
        """
        ...

    def rows(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """Put in ``out`` the rows of the Jacobian, in torch's order.

        Args:
            x: What came in, ``[N, ...]``.
            s: What ``slope`` returned.
            g: Cotangents of the output, ``[N, K, ...]``.
            out: Where the result is put, ``[N, K, size]``.
        """
        ...


class Linear:
    """y = x Wᵀ + b; parameters W row by row, then b (torch's order)."""

    def __init__(self, inputs: int, outputs: int, bias: bool, label: str) -> None:
        self.inputs, self.outputs, self.bias, self.label = inputs, outputs, bias, label
        self.weights = inputs * outputs
        self.size = self.weights + (outputs if bias else 0)

    def weight(self, w: Tensor) -> Tensor:
        """Return W, a view.

        Args:
            w: The layer's slice of θ, ``[size]``.

        Returns:
            W, ``[outputs, inputs]``.
        """
        return w[: self.weights].view(self.outputs, self.inputs)

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """The outputs x Wᵀ + b."""
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise WrongShapeError(
                f"{self.label} takes [N, {self.inputs}], was given {list(x.shape)}; "
                "put a Flatten before it, or match the sizes"
            )
        if not self.bias:
            return x @ self.weight(w).T
        return torch.addmm(w[self.weights :], x, self.weight(w).T)

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> None:
        """Nothing: x itself is all that is needed."""
        return

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """The change x dWᵀ + db + dx Wᵀ."""
        if dw is None:
            if dx is None:
                return None
            wide = self.outputs >= THIN
            return dx @ self.weight(w).T if wide else (self.weight(w) @ dx.T).T
        if self.outputs >= THIN:
            dy = self.forward(dw, x)
            return dy if dx is None else torch.addmm(dy, dx, self.weight(w).T)
        dy = self.weight(dw) @ x.T
        if dx is not None:
            dy.addmm_(self.weight(w), dx.T)
        return (dy.add_(dw[self.weights :, None]) if self.bias else dy).T

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """The product g W."""
        flat = g.flatten(0, -2) @ self.weight(w)  # one matrix, whatever way g lies
        return flat.view(*g.shape[:-1], self.inputs)

    def pull(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """Σ_n gₙ ⊗ xₙ, then Σ_n gₙ."""
        flat = g.reshape(-1, self.outputs)
        torch.mm(flat.T, x, out=out[: self.weights].view(self.outputs, self.inputs))
        if self.bias:
            torch.sum(flat, 0, out=out[self.weights :])

    def rows(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """g_o x_i, then g_o."""
        product = out[..., : self.weights].unflatten(-1, (self.outputs, self.inputs))
        torch.mul(g[..., :, None], x[:, None, None, :], out=product)
        if self.bias:
            out[..., self.weights :] = g

    def features(self, x: Tensor, s: Tensor | None) -> Tensor:
        """Return a: x with a column of ones where there is a bias.

        Args:
            x: The inputs, ``[N, inputs]``.
            s: Not used.

        Returns:
            a, ``[N, inputs (+ 1)]``.
        """
        return torch.cat((x, x.new_ones(len(x), 1)), 1) if self.bias else x


def _padding(module: nn.Conv2d) -> tuple[int, int] | None:
    """How much on each side of the two axes; None where the sides differ ("same", even kernel)."""
    if module.padding == "valid":
        return 0, 0
    if module.padding == "same":
        (kh, kw), (dh, dw) = module.kernel_size, module.dilation
        both = dh * (kh - 1), dw * (kw - 1)
        return None if both[0] % 2 or both[1] % 2 else (both[0] // 2, both[1] // 2)
    assert not isinstance(module.padding, str)
    return module.padding[0], module.padding[1]


class Conv2d:
    """A Linear layer sliding over patches; parameters W[out, in, kh, kw] row by row, then b."""

    def __init__(self, module: nn.Conv2d, label: str) -> None:
        padding = _padding(module)
        if module.groups != 1 or module.padding_mode != "zeros" or padding is None:
            raise TypeError(
                f"{label}: only groups=1 and zero padding, the same on both sides, have a Fisher "
                f"here; got {module}"
            )
        self.label = label
        self.kernel, self.stride = module.kernel_size, module.stride
        self.padding, self.dilation = padding, module.dilation
        self.inputs = module.in_channels * self.kernel[0] * self.kernel[1]
        self.outputs, self.bias = module.out_channels, module.bias is not None
        self.shape = (module.out_channels, module.in_channels, *self.kernel)
        self.weights = self.inputs * self.outputs
        self.size = self.weights + (self.outputs if self.bias else 0)

    def _conv(self, w: Tensor, x: Tensor) -> Tensor:
        b = w[self.weights :] if self.bias else None
        kernel = w[: self.weights].view(self.shape)
        return functional.conv2d(x, kernel, b, self.stride, self.padding, self.dilation)

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """The convolution, ``[N, out, h, w]``."""
        if x.ndim != 4 or x.shape[1] != self.shape[1]:
            raise WrongShapeError(
                f"{self.label} takes pictures [N, {self.shape[1]}, h, w], was given "
                f"{list(x.shape)}; put an Unflatten before it"
            )
        return self._conv(w, x)

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """The patches, ``[N, T, inputs]``: T places, each a Linear layer's input."""
        return functional.unfold(x, self.kernel, self.dilation, self.padding, self.stride).mT

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """The change x ∗ dW + db + dx ∗ W."""
        dy = None if dw is None else self._conv(dw, x)
        if dx is None:
            return dy
        kernel = w[: self.weights].view(self.shape)
        of_x = functional.conv2d(dx, kernel, None, self.stride, self.padding, self.dilation)
        return of_x if dy is None else dy + of_x

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """The transposed convolution of g."""
        kernel = w[: self.weights].view(self.shape)
        n, k = g.shape[:2]
        size = (n * k, *x.shape[1:])
        how: Any = (self.stride, self.padding, self.dilation)  # pairs, which torch's stub forgets
        back = conv2d_input(size, kernel, g.reshape(n * k, *g.shape[2:]), *how)
        return back.view(n, k, *x.shape[1:])

    def places(self, g: Tensor) -> Tensor:
        """Return cotangents by place.

        Args:
            g: Cotangents, ``[N, K, outputs, height, width]``.

        Returns:
            The same, ``[N, K, T, outputs]`` with T places.
        """
        return g.flatten(3).mT

    def pull(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """Σ_n Σ_t g_t ⊗ patch_t, then Σ g."""
        assert s is not None
        flat = self.places(g).reshape(-1, self.outputs)
        weight = out[: self.weights].view(self.outputs, self.inputs)
        torch.mm(flat.T, s.reshape(-1, self.inputs), out=weight)
        if self.bias:
            torch.sum(flat, 0, out=out[self.weights :])

    def rows(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """Σ_t g_to patch_ti, then Σ_t g_to."""
        assert s is not None
        by_place = self.places(g)
        product = torch.matmul(by_place.mT, s[:, None])
        out[..., : self.weights] = product.flatten(-2)
        if self.bias:
            out[..., self.weights :] = by_place.sum(-2)

    def features(self, x: Tensor, s: Tensor | None) -> Tensor:
        """Return a: the patches, with a one appended where there is a bias.

        Args:
            x: Not used.
            s: The patches, as ``slope`` returned them.

        Returns:
            a, ``[N, T, inputs (+ 1)]``.
        """
        assert s is not None
        return torch.cat((s, s.new_ones(*s.shape[:2], 1)), 2) if self.bias else s
