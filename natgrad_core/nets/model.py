"""A net is a function of flat parameters: θ, x -> outputs, with both of its derivatives by hand.

A ``Tape`` is one forward pass with its intermediate values. From it come the two linear maps that
all of natural gradient is made of: ``push`` (v -> J v, how the outputs move when the parameters do;
Pearlmutter's R-operator) and ``pull`` (e -> Jᵀ e, what the parameters feel of the outputs;
backpropagation). The Fisher matrix is J transposed, times the outputs' own Fisher, times J: pull ∘
metric ∘ push.

Parameters are flat and in torch's order: layer by layer, each weight row by row, then its bias,
as ``torch.nn.utils.parameters_to_vector`` has them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from natgrad_core.errors import not_a
from natgrad_core.nets.layers.elementwise import layer_of
from natgrad_core.nets.layers.linear_and_conv import Layer, Parametric, WrongShapeError

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "identity": nn.Identity,
}


class Net:
    """A ``torch.nn.Sequential`` with hand-written derivatives; it holds shapes, never parameters.

    Parameters are ``[p]``, inputs ``[N, ...]``, outputs ``[N, C]``.

    Args:
        module: A ``torch.nn.Sequential`` of known layers; Sequentials may be nested.

    Raises:
        TypeError: If a layer has no derivatives here, or two share a parameter.
        ValueError: If no parameter is learned.
    """

    def __init__(self, module: nn.Module) -> None:
        flat = _flattened(module)
        self.module: nn.Module = module
        self.layers: tuple[Layer, ...] = tuple(layer_of(m, i) for i, m in enumerate(flat))
        _must_own_its_parameters(module, flat, self.layers)
        self._slice()
        if self.size == 0:
            raise ValueError(
                "the net has no parameters to learn; give it at least one Linear or Conv2d that is "
                "not frozen"
            )

    def _slice(self) -> None:
        """Give each layer its part of θ."""
        ends = torch.tensor([0] + [layer.size for layer in self.layers]).cumsum(0).tolist()
        self.slices = tuple(slice(a, b) for a, b in itertools.pairwise(ends))
        self.size: int = ends[-1]

    @cached_property
    def parametric(self) -> tuple[int, ...]:
        """The indices of the layers that have parameters."""
        return tuple(i for i, layer in enumerate(self.layers) if layer.size)

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the outputs. It is plain torch: ``torch.func`` may differentiate it.

        Args:
            theta: θ, ``[p]``.
            x: The inputs, ``[N, ...]``.

        Returns:
            The outputs, ``[N, C]``.
        """
        for layer, part in zip(self.layers, self.slices, strict=True):
            x = layer.forward(theta[part], x)
        return x

    def tape(self, theta: Tensor, x: Tensor) -> Tape:
        """Return one forward pass with its intermediate values.

        Args:
            theta: θ, ``[p]``.
            x: The inputs, ``[N, ...]``.

        Returns:
            The tape.
        """
        values = [x]
        parts = [theta[part] for part in self.slices]
        for layer, w in zip(self.layers, parts, strict=True):
            values.append(layer.forward(w, values[-1]))
        return Tape(self, parts, values)

    def init(
        self, seed: int, dtype: torch.dtype = torch.float32, gain: float | None = None
    ) -> Tensor:
        """Starting parameters: torch's own default, or Glorot's uniform times ``gain``; seeded.

        Args:
            seed: The seed.
            dtype: The precision.
            gain: Glorot's gain; None: torch's default start.

        Returns:
            θ, ``[p]``.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            reset(self.module.modules(), gain)
        return self.read().to(dtype)

    @cached_property
    def parameters(self) -> dict[str, nn.Parameter]:
        """The module's parameters that are learned, by name, in the order of θ."""
        return {name: p for name, p in self.module.named_parameters() if p.requires_grad}

    def read(self) -> Tensor:
        """Return the module's parameters now; frozen ones are not among them.

        Returns:
            θ, ``[p]``.
        """
        return torch.cat([p.detach().reshape(-1) for p in self.parameters.values()])

    def write(self, theta: Tensor) -> nn.Module:
        """Put parameters into the module.

        Args:
            theta: θ, ``[p]``.

        Returns:
            The module.
        """
        ends = 0
        with torch.no_grad():
            for p in self.parameters.values():
                p.copy_(theta[ends : ends + p.numel()].view(p.shape))
                ends += p.numel()
        return self.module

    def gap(self, tape: Tape, theirs: Tensor, rounding: float) -> str:
        """Return how the outputs differ from a module's own, in words.

        Args:
            tape: This net's forward pass.
            theirs: What the module gave for the same input, ``[N, C]``.
            rounding: The unit roundoff of the module's own pass.

        Returns:
            The words; "" where they differ by rounding alone, or the module's are not finite.
        """
        ours = tape.outputs
        if ours.shape != theirs.shape:
            return f"in shape: {list(theirs.shape)}, not {list(ours.shape)}"
        if not len(theirs) or not bool(theirs.isfinite().all()):
            return ""
        gap, allowed = float((ours - theirs).abs().max()), rounding**0.5 * float(theirs.abs().max())
        if gap <= allowed:
            return ""
        floats = [v for v in tape.values if v.is_floating_point()]
        if gap <= allowed + 100 * rounding * max(float(v.abs().max()) for v in floats):
            return ""
        return f"by up to {gap:.2g}"

    @torch.no_grad()
    def must_give(self, tape: Tape, theirs: Tensor, rounding: float) -> None:
        """Refuse a module that does not compute what this net does.

        Args:
            tape: This net's forward pass.
            theirs: What the module gave for the same input, ``[N, C]``.
            rounding: The unit roundoff of the module's own pass.

        Raises:
            ValueError: If the outputs differ by more than rounding; it names the first layer that
                differs.
        """
        gap_said = self.gap(tape, theirs, rounding)
        if not gap_said:
            return
        for i, child in enumerate(_flattened(self.module)):
            theirs, here = child(tape.values[i].clone()), tape.values[i + 1]
            if theirs.shape != here.shape or not torch.allclose(
                theirs, here, rtol=rounding**0.5, atol=rounding**0.5 * float(here.abs().max())
            ):
                raise ValueError(
                    f"{self.layers[i].label} gives something else than such a layer does (the "
                    f"model's outputs differ {gap_said}): a forward hook or a forward of its own "
                    "changes it; remove that, or make it a layer that is known here"
                )
        raise ValueError(
            f"the model gives other outputs than its layers, one after the other, do ({gap_said}): "
            "a hook on the model, a forward of its own, an input changed in place, or parameters "
            "changed since; a net is a plain torch.nn.Sequential here"
        )

    def __repr__(self) -> str:
        return f"<net of {self.size} parameters: {', '.join(x.label for x in self.layers)}>"


class Tape:
    """A forward pass: the value ``[N, ...]`` before each layer, the outputs, and J as two maps."""

    def __init__(self, net: Net, parts: list[Tensor], values: list[Tensor]) -> None:
        self.net, self.parts, self.values = net, parts, values
        self.outputs = values[-1]
        if self.outputs.ndim != 2:
            raise WrongShapeError(
                f"{net.layers[-1].label} gives {list(self.outputs.shape)}; outputs must be [N, C]: "
                "end the net with a Flatten or a Linear"
            )
        self._slopes: dict[int, Tensor | None] = {}

    def __len__(self) -> int:
        return len(self.outputs)

    def slope(self, i: int) -> Tensor | None:
        """Return what a layer keeps for its derivatives, computed once.

        Args:
            i: The layer's number.

        Returns:
            What its ``slope`` returned.
        """
        if i not in self._slopes:
            layer = self.net.layers[i]
            self._slopes[i] = layer.slope(self.parts[i], self.values[i], self.values[i + 1])
        return self._slopes[i]

    def cotangents(self, root: Tensor, before: int | None = None) -> list[Tensor]:
        """Backpropagate K directions ``[N, K, C]`` to each parametric layer's output ``[N, K, …]``.

        Args:
            root: The directions at the outputs, ``[N, K, C]``; with ``before`` those at the input
                of that layer, which may be overwritten.
            before: Begin before the layer with this index; None: at the outputs.

        Returns:
            One tensor ``[N, K, …]`` for each parametric layer, first to last.
        """
        g, fresh = root, before is not None
        felt: list[Tensor] = []
        first = self.net.parametric[0]
        for i in range((len(self.net.layers) if before is None else before) - 1, first - 1, -1):
            layer = self.net.layers[i]
            if layer.size:
                felt.append(g)
                fresh = False
            if i > first:
                g = layer.backward(self.parts[i], self.values[i], self.slope(i), g, fresh)
                fresh = fresh or bool(layer.size)
        return felt[::-1]

    def pull(self, e: Tensor) -> Tensor:
        """Return Σ_n Jₙᵀ eₙ.

        Args:
            e: A covector of the outputs, ``[N, C]``.

        Returns:
            The sum, ``[p]``.
        """
        out = e.new_empty(self.net.size)
        for i, g in zip(self.net.parametric, self.cotangents(e[:, None]), strict=True):
            self.layer(i).pull(self.values[i], self.slope(i), g, out[self.net.slices[i]])
        return out

    def push(self, v: Tensor) -> Tensor:
        """Return J v.

        Args:
            v: A change of θ, ``[p]``.

        Returns:
            The change of the outputs, ``[N, C]``.
        """
        dx: Tensor | None = None
        for i, part in enumerate(self.net.slices):
            dx = self._tangent(i, v[part], dx)
        assert dx is not None
        return dx

    def _tangent(self, i: int, dw: Tensor | None, dx: Tensor | None) -> Tensor | None:
        """How a layer's output moves."""
        layer = self.net.layers[i]
        s = self.slope(i) if layer.size or dx is not None else None
        return layer.tangent(self.parts[i], self.values[i], s, dw, dx)

    def pushes(self, v: Tensor) -> list[Tensor]:
        """Return J v, layer by layer: what the change of each one alone adds to it.

        Args:
            v: A change of θ, ``[p]``.

        Returns:
            For each parametric layer the change of the outputs, ``[N, C]``; their sum is J v.
        """
        found: list[Tensor] = []
        for first in self.net.parametric:
            dx = self._tangent(first, v[self.net.slices[first]], None)
            for i in range(first + 1, len(self.net.layers)):
                dx = self._tangent(i, None, dx)
            assert dx is not None
            found.append(dx)
        return found

    def some(self, rows: slice) -> Tape:
        """Return the same pass of some of the examples; nothing is computed.

        Args:
            rows: Which examples.

        Returns:
            The tape.
        """
        return Tape(self.net, self.parts, [value[rows] for value in self.values])

    def rows(self, cotangents: Sequence[Tensor]) -> Tensor:
        """Return the Jacobian seen through K directions, row by row.

        Args:
            cotangents: What each parametric layer feels of them, ``[N, K, ...]`` each.

        Returns:
            The rows, ``[N·K, p]``.
        """
        n, k = cotangents[0].shape[:2]
        out = cotangents[0].new_empty(n, k, self.net.size)
        for i, g in zip(self.net.parametric, cotangents, strict=True):
            self.layer(i).rows(self.values[i], self.slope(i), g, out[..., self.net.slices[i]])
        return out.view(n * k, self.net.size)

    def layer(self, i: int) -> Parametric:
        """Return one of the layers with parameters.

        Args:
            i: Its number.

        Returns:
            The layer.
        """
        return cast(Parametric, self.net.layers[i])


def _flattened(module: Any) -> list[nn.Module]:
    """The layers of nested Sequentials, in order; TypeError for what is not made of such."""
    if isinstance(module, type):
        raise not_a("a net", "mlp((2, 3, 1))", module)
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"a net is a torch.nn.Sequential, got {type(module).__name__}: give the model itself, "
            "not its parameters"
        )
    if not isinstance(module, nn.Sequential):
        return [module]
    if type(module).forward is not nn.Sequential.forward:
        raise TypeError(
            f"{type(module).__name__} is a Sequential with a forward of its own (a skip, a "
            "branch), which has no hand-written derivative here; a net is a plain "
            "torch.nn.Sequential"
        )
    return [layer for child in module for layer in _flattened(child)]


def _must_own_its_parameters(
    module: nn.Module, flat: Sequence[nn.Module], layers: Sequence[Layer]
) -> None:
    """TypeError where one parameter serves twice, or belongs to no layer."""
    owners: dict[tuple[int, torch.device], str] = {}
    for child, layer in zip(flat, layers, strict=True):
        for p in child.parameters():
            first = owners.setdefault((p.data_ptr(), p.device), layer.label)
            if p.numel() and first != layer.label:
                raise TypeError(
                    f"{first} and {layer.label} share a parameter (tied weights, or one layer used "
                    "twice), whose derivative is not written here; give each layer its own"
                )
    known = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    mine = {
        n for m, path in _paths(module) for n in (f"{path}{k}" for k, _ in m.named_parameters())
    }
    if known - mine:
        raise TypeError(
            f"{', '.join(sorted(known - mine))} belongs to no layer, so the outputs cannot depend "
            "on it here; put it into a layer"
        )


def _paths(module: nn.Module, path: str = "") -> list[tuple[nn.Module, str]]:
    """Each layer of nested Sequentials with the prefix of its parameters' names."""
    if not isinstance(module, nn.Sequential):
        return [(module, path)]
    return [
        pair for name, child in module.named_children() for pair in _paths(child, f"{path}{name}.")
    ]


def reset(modules: Iterable[nn.Module], gain: float | None = None) -> None:
    """Give modules new parameters, in place, as torch starts them; frozen ones stay.

    Args:
        modules: The modules.
        gain: Glorot's gain for Linear and Conv2d; None: torch's default start.
    """
    for module in modules:
        if not all(p.requires_grad for p in module.parameters(recurse=False)):
            continue  # frozen
        start: Callable[[], None] | None = getattr(module, "reset_parameters", None)
        if isinstance(module, _BatchNorm):  # whose reset would forget its statistics
            if module.affine:
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
        elif start is not None:
            start()
        if gain is not None and isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def mlp(sizes: Sequence[int], activation: str = "tanh", bias: bool = True) -> nn.Sequential:
    """Linear layers of these sizes with an activation between: ``mlp((64, 32, 10))``.

    Args:
        sizes: The sizes of input, hidden layers and output.
        activation: A name in ``ACTIVATIONS``.
        bias: Whether the linear layers have biases.

    Returns:
        The module, whose parameters are torch's own start.

    Raises:
        ValueError: If there are fewer than two sizes, one is less than 1, or the activation is
            unknown.
    """
    given: Any = sizes
    if not isinstance(given, Sequence) or len(given) < 2 or min(given) < 1:
        raise ValueError(
            "an MLP needs at least an input and an output size, each 1 or more: mlp((2, 16, 2)); "
            f"got {given!r}"
        )
    if activation not in ACTIVATIONS:
        raise ValueError(f"no activation {activation!r}; there are {', '.join(ACTIVATIONS)}")
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        if i:
            layers.append(ACTIVATIONS[activation]())
        layers.append(nn.Linear(a, b, bias=bias))
    return nn.Sequential(*layers)
