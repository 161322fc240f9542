"""The layers that hold no matrix, and the one door through which torch modules come in."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.lazy import LazyModuleMixin

from natgrad_core.nets.layers.linear_and_conv import Conv2d, Layer, Linear, WrongShapeError


class FrozenNorm:
    """Batch norm with frozen statistics: y = γ (x − m)/√(v + ε) + β; parameters γ, then β."""

    def __init__(self, module: nn.BatchNorm1d, label: str) -> None:
        if module.running_mean is None or module.running_var is None or not module.affine:
            raise TypeError(f"{label}: batch norm needs running statistics and affine=True here")
        self.label, self.width = label, module.num_features
        self.size = 2 * self.width
        # In float64, so that a net in float64 is not rounded by statistics kept in float32.
        self.mean = module.running_mean.detach().to(torch.float64, copy=True)
        self.scale = (module.running_var.detach().to(torch.float64) + module.eps).rsqrt()

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """x̂, the standardized input."""
        return (x - self.mean.to(x)) * self.scale.to(x)

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """γ x̂ + β."""
        if x.ndim != 2 or x.shape[1] != self.width:
            raise WrongShapeError(
                f"{self.label} takes [N, {self.width}] here, was given {list(x.shape)}; "
                "put a Flatten before it, or match the sizes"
            )
        return w[: self.width] * self.slope(w, x, x) + w[self.width :]

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """dγ x̂ + dβ + γ dx̂."""
        assert s is not None
        dy = None if dw is None else dw[: self.width] * s + dw[self.width :]
        if dx is None:
            return dy
        of_x = w[: self.width] * self.scale.to(dx) * dx
        return of_x if dy is None else dy + of_x

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """γ/√(v + ε) g."""
        return g * (w[: self.width] * self.scale.to(g))

    def pull(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """Σ g x̂, then Σ g."""
        assert s is not None
        flat = g.reshape(-1, self.width)
        out[: self.width] = (flat * s).sum(0)
        out[self.width :] = flat.sum(0)

    def rows(self, x: Tensor, s: Tensor | None, g: Tensor, out: Tensor) -> None:
        """The products g x̂, then g."""
        assert s is not None
        out[..., : self.width] = g * s[:, None]
        out[..., self.width :] = g


class Mixed(nn.Module):
    """A fixed linear map x -> M x + c, with nothing to learn: M ``[out, in]``, c ``[out]``."""

    matrix: Tensor
    shift: Tensor

    def __init__(self, matrix: Tensor, shift: Tensor | None = None) -> None:
        super().__init__()
        self.register_buffer("matrix", matrix)
        self.register_buffer("shift", matrix.new_zeros(len(matrix)) if shift is None else shift)

    def forward(self, x: Tensor) -> Tensor:
        """Return M x + c.

        Args:
            x: The inputs, ``[N, in]``.

        Returns:
            The outputs, ``[N, out]``.
        """
        return torch.addmm(self.shift.to(x), x, self.matrix.to(x).T)


class Fixed:
    """The layer of ``Mixed``: a fixed affine map without parameters."""

    size = 0

    def __init__(self, module: Mixed, label: str) -> None:
        self.module, self.label = module, label

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """M x + c."""
        return self.module.forward(x)

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> None:
        """Nothing."""
        return

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """The product M dx."""
        return None if dx is None else dx @ self.module.matrix.to(dx).T

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """The product Mᵀ g."""
        return g @ self.module.matrix.to(g)


class Curve:
    """An elementwise activation, with its slope by hand where it has a short one."""

    size = 0

    def __init__(self, module: nn.Module, label: str) -> None:
        self.module, self.label = _out_of_place(module), label
        self.curve = _alone(self.module)

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """f(x)."""
        return self.curve(x)

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """f'(x)."""
        by_hand = SLOPES.get(type(self.module))
        if by_hand is not None:
            return by_hand(x, y)
        with torch.enable_grad():
            z = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(self.curve(z).sum(), z)
        return slope

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """f'(x) dx."""
        if dx is None:
            return None
        assert s is not None
        return s * dx

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """f'(x) g."""
        assert s is not None
        return g.mul_(s[:, None]) if spend else g * s[:, None]


class Reshape:
    """Flatten or Unflatten: no parameters, no arithmetic."""

    size = 0

    def __init__(self, module: nn.Module, label: str) -> None:
        self.reshape, self.label = _alone(module), label

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """The same numbers in another shape; ValueError where examples would be mixed."""
        y = self.reshape(x)
        if len(y) != len(x):
            raise WrongShapeError(
                f"{self.label} makes {len(y)} rows of {len(x)} examples; the first axis is that of "
                "the examples: reshape the others only (start_dim or dim ≥ 1)"
            )
        return y

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> None:
        """Nothing."""
        return

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """dx, reshaped."""
        return None if dx is None else self.reshape(dx)

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """g, shaped back."""
        return g.reshape(*g.shape[:2], *x.shape[1:])


SLOPES: dict[type[nn.Module], Callable[[Tensor, Tensor], Tensor]] = {
    nn.Tanh: lambda x, y: torch.addcmul(
        torch.ones((), dtype=y.dtype, device=y.device), y, y, value=-1
    ),
    nn.Sigmoid: lambda x, y: y * (1 - y),
    nn.ReLU: lambda x, y: (y > 0).to(y.dtype),
    nn.Identity: lambda x, y: torch.ones_like(y),
}
"""f'(x) from x and y = f(x), where that is cheaper than autodiff."""

PARAMETRIC = (nn.Linear, nn.Conv2d, nn.BatchNorm1d)
"""The layers of torch with parameters that are known here."""

CURVES = (
    nn.Tanh,
    nn.Sigmoid,
    nn.ReLU,
    nn.Identity,
    nn.Softplus,
    nn.GELU,
    nn.SiLU,
    nn.ELU,
    nn.CELU,
    nn.SELU,
    nn.LeakyReLU,
    nn.Mish,
    nn.Softsign,
    nn.ReLU6,
    nn.Hardtanh,
    nn.LogSigmoid,
)
"""The activations that act on each number alone."""

KNOWN: tuple[type[nn.Module], ...] = (
    *PARAMETRIC,
    nn.Dropout,
    nn.Flatten,
    nn.Unflatten,
    Mixed,
    *CURVES,
)
"""All that has a layer here; a class derived from another (ReLU6 from Hardtanh) comes before it."""


class Constant:
    """A layer whose parameters are frozen: a fixed function of its input, with nothing to learn.

    Args:
        layer: The layer.
        w: Its parameters, flat, ``[layer.size]``.
    """

    size = 0

    def __init__(self, layer: Layer, w: Tensor) -> None:
        self.layer, self.w, self.label = layer, w, layer.label

    def forward(self, w: Tensor, x: Tensor) -> Tensor:
        """The layer's output."""
        return self.layer.forward(self.w.to(x), x)

    def slope(self, w: Tensor, x: Tensor, y: Tensor) -> Tensor | None:
        """What the layer keeps."""
        return self.layer.slope(self.w.to(x), x, y)

    def tangent(
        self, w: Tensor, x: Tensor, s: Tensor | None, dw: Tensor | None, dx: Tensor | None
    ) -> Tensor | None:
        """The layer's change for dx alone."""
        return self.layer.tangent(self.w.to(x), x, s, None, dx)

    def backward(
        self, w: Tensor, x: Tensor, s: Tensor | None, g: Tensor, spend: bool = False
    ) -> Tensor:
        """The layer's own."""
        return self.layer.backward(self.w.to(x), x, s, g, spend)


def _alone(module: nn.Module) -> Callable[[Tensor], Tensor]:
    """What the module's class computes, without the hooks that hang on the module."""
    return partial(type(module).forward, module)


def _out_of_place(module: nn.Module) -> nn.Module:
    """The activation that leaves its input alone: the input is needed again for the derivative."""
    if not getattr(module, "inplace", False):
        return module
    counterpart = copy.copy(module)
    counterpart.inplace = False  # type: ignore[assignment]
    return counterpart


def layer_of(module: nn.Module, index: int) -> Layer:
    """The layer with hand-written derivatives that computes what a torch module does.

    A layer whose parameters are all frozen (``requires_grad_(False)``) is a ``Constant``.

    Args:
        module: The module.
        index: Its place in the net, for the message.

    Returns:
        The layer.

    Raises:
        TypeError: If there is none, for whatever reason; the message says what to do.
    """
    label = f"layer {index} ({type(module).__name__})"
    _must_be_plain(module, label)
    found = _known(module, label)
    held = [name for name, p in module.named_parameters() if not p.requires_grad]
    if not held:
        return found
    free = [name for name, p in module.named_parameters() if p.requires_grad]
    if free:
        raise TypeError(
            f"{label} is frozen in part: its {', '.join(held)} does not require a gradient, its "
            f"{', '.join(free)} does; freeze a layer as a whole or not at all"
        )
    return Constant(found, torch.cat([p.detach().reshape(-1) for p in module.parameters()]))


def _must_be_plain(module: nn.Module, label: str) -> None:
    """TypeError for what only looks like a layer of torch: its forward may be another one."""
    if isinstance(module, LazyModuleMixin):
        raise TypeError(f"{label} has no sizes yet: call the model on an input first")
    base = next((c for c in KNOWN if isinstance(module, c)), None)
    if base is None:
        return
    allowed = ("weight", "bias") if base in PARAMETRIC else ()
    names = [name for name, _ in module.named_parameters()]
    if not set(names) <= set(allowed):
        raise TypeError(
            f"{label} has the parameters {', '.join(names)} where weight and bias are expected: it "
            "computes its weight from others (weight_norm, spectral_norm, pruning), which has no "
            "hand-written derivative here; make it permanent first "
            "(torch.nn.utils.parametrize.remove_parametrizations, prune.remove)"
        )
    if type(module) is not base:
        raise TypeError(
            f"{label} is derived from {base.__name__}, so its forward may be another one; use "
            f"nn.{base.__name__} itself"
        )


def _known(module: nn.Module, label: str) -> Layer:
    if isinstance(module, nn.Linear):
        return Linear(module.in_features, module.out_features, module.bias is not None, label)
    if isinstance(module, nn.Conv2d):
        return Conv2d(module, label)
    if isinstance(module, nn.Dropout):
        if module.training and module.p > 0:
            raise TypeError(
                f"{label} draws new noise at each call, so the net has no one Fisher matrix; call "
                ".eval() on it, or leave it out"
            )
        return Curve(nn.Identity(), label)
    if isinstance(module, nn.BatchNorm1d):
        if module.training:
            raise TypeError(
                f"{label} in train mode mixes the examples of a batch, so no example has a Fisher "
                "of its own; call .eval() to freeze its statistics "
                "(natgrad_core.nets.normalization does)"
            )
        return FrozenNorm(module, label)
    if isinstance(module, CURVES):
        return Curve(module, label)
    if isinstance(module, Mixed):
        return Fixed(module, label)
    if isinstance(module, nn.Flatten | nn.Unflatten):
        return Reshape(module, label)
    own = "is a module of its own: it " if any(True for _ in module.children()) else ""
    raise TypeError(
        f"{label} {own}has no hand-written derivative here; a net is a torch.nn.Sequential of "
        f"Linear, Conv2d, Flatten, Unflatten, BatchNorm1d in eval mode, and "
        f"{', '.join(c.__name__ for c in CURVES)}"
    )
