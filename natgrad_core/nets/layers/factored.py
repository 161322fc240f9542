"""How K-FAC sees layers of torch: a parameter as matrices, what they multiply, and what is felt.

A layer's parameters are G matrices ``[out, in]`` that multiply features ``a`` at T places of each
example; ``g`` is what the outputs feel of the products. A bias is one more column, whose feature is
1. So the layer's gradient is Σ g ⊗ a over examples and places, and its block of the Fisher matrix
is near B ⊗ A, matrix by matrix. A scale of a norm is such a matrix for each channel, ``[1, 2]``
with its shift.

``KINDS`` has the layers that are known; put in it what a layer of your own needs:

    class MyLayer:  # y = x Wᵀ for positions
        diagonal = False
        def features(self, layer, x): return x.flatten(1, -2)[:, :, None]  # [N, T, 1, in]
        def felt(self, layer, g): return g.flatten(1, -2)[:, :, None]      # [N, T, 1, out]
        def matrices(self, layer, value): return value["weight"][None]     # [1, out, in]
        def parameters(self, layer, m): return {"weight": m[0]}

    KINDS[Mine] = MyLayer()

Whether these are right is checked at each use: the gradient that they give has to be autodiff's.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

TABLE = 4096
"""Rows of an embedding up to which it is factored: A holds one number a row, features one-hot."""


class Factored(Protocol):
    """What K-FAC needs of a kind of layer; x and g are the layer's input and output gradient."""

    diagonal: bool
    """Whether A is diagonal: the features are one-hot."""

    def features(self, layer: Any, x: Tensor) -> Tensor:
        """Return a.

        Args:
            layer: The layer.
            x: Its input, ``[N, ...]``.

        Returns:
            a, ``[N, T, G, in]``.

        Raises:
            TypeError: If this layer cannot be factored, though others of its kind can.
        """
        ...

    def felt(self, layer: Any, g: Tensor) -> Tensor:
        """Return g, place by place.

        Args:
            layer: The layer.
            g: What the outputs feel of the layer's output, of its shape.

        Returns:
            g, ``[N, T, G, out]``.
        """
        ...

    def matrices(self, layer: Any, value: dict[str, Tensor]) -> Tensor:
        """Return a vector of the parameters as matrices.

        Args:
            layer: The layer.
            value: By the names of the layer's parameters.

        Returns:
            The matrices, ``[G, out, in]``.
        """
        ...

    def parameters(self, layer: Any, m: Tensor) -> dict[str, Tensor]:
        """Return matrices as parameters: the inverse of ``matrices``.

        Args:
            layer: The layer.
            m: The matrices, ``[G, out, in]``.

        Returns:
            By the names of the layer's parameters.
        """
        ...


def _with_ones(a: Tensor, layer: Any) -> Tensor:
    if layer.bias is None:
        return a
    return torch.cat((a, a.new_ones(*a.shape[:-1], 1)), -1)


def _places(t: Tensor) -> Tensor:
    """``[N, ..., C]`` as ``[N, T, C]``."""
    return t[:, None] if t.ndim == 2 else t.flatten(1, -2)


class FactoredLinear:
    """y = x Wᵀ + b at each position."""

    diagonal = False

    def features(self, layer: nn.Linear, x: Tensor) -> Tensor:
        """x and a one."""
        return _with_ones(_places(x)[:, :, None], layer)

    def felt(self, layer: nn.Linear, g: Tensor) -> Tensor:
        """g."""
        return _places(g)[:, :, None]

    def matrices(self, layer: nn.Linear, value: dict[str, Tensor]) -> Tensor:
        """[W b]."""
        columns = [value["weight"], *(value[k][:, None] for k in value if k == "bias")]
        return torch.cat(columns, 1)[None]

    def parameters(self, layer: nn.Linear, m: Tensor) -> dict[str, Tensor]:
        """W and b."""
        found = {"weight": m[0, :, : layer.in_features]}
        return found if layer.bias is None else {**found, "bias": m[0, :, -1]}


class FactoredConv:
    """A convolution of any dimension, stride, dilation, padding and groups: Linear on patches."""

    diagonal = False

    def features(self, layer: _ConvNd, x: Tensor) -> Tensor:
        """The patches and a one."""
        pads = layer._reversed_padding_repeated_twice
        if any(pads):
            mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
            x = functional.pad(x, pads, mode)
        sizes = layer.kernel_size
        for d, size in enumerate(sizes):
            reach = (size - 1) * layer.dilation[d] + 1
            x = x.unfold(2 + d, reach, layer.stride[d])[..., :: layer.dilation[d]]
        n, dims = len(x), len(sizes)
        patches = x.flatten(2 + dims).flatten(2, 1 + dims)  # [N, channels, T, size]
        patches = patches.movedim(1, 2).reshape(n, patches.shape[2], layer.groups, -1)
        return _with_ones(patches, layer)

    def felt(self, layer: _ConvNd, g: Tensor) -> Tensor:
        """g, place by place."""
        return g.flatten(2).mT.unflatten(2, (layer.groups, -1))

    def matrices(self, layer: _ConvNd, value: dict[str, Tensor]) -> Tensor:
        """[W b], group by group."""
        weight = value["weight"].reshape(layer.groups, layer.out_channels // layer.groups, -1)
        if "bias" not in value:
            return weight
        return torch.cat((weight, value["bias"].view(layer.groups, -1, 1)), 2)

    def parameters(self, layer: _ConvNd, m: Tensor) -> dict[str, Tensor]:
        """W and b."""
        if layer.bias is None:
            return {"weight": m.reshape(layer.weight.shape)}
        weight, bias = m[..., :-1].reshape(layer.weight.shape), m[..., -1].reshape(-1)
        return {"weight": weight, "bias": bias}


class FactoredEmbedding:
    """A table of rows: a Linear layer of one-hot inputs, so that A is diagonal."""

    diagonal = True

    def features(self, layer: nn.Embedding, x: Tensor) -> Tensor:
        """One-hot rows, none for ``padding_idx``."""
        if layer.num_embeddings > TABLE or layer.max_norm is not None or layer.scale_grad_by_freq:
            raise TypeError(f"{layer} has no factors here")
        places = x.reshape(len(x), -1)  # one token for each example, or several
        a = functional.one_hot(places, layer.num_embeddings).to(layer.weight.dtype)
        if layer.padding_idx is not None:
            a[..., layer.padding_idx] = 0
        return a[:, :, None]

    def felt(self, layer: nn.Embedding, g: Tensor) -> Tensor:
        """g, place by place."""
        return _places(g)[:, :, None]

    def matrices(self, layer: nn.Embedding, value: dict[str, Tensor]) -> Tensor:
        """Wᵀ."""
        return value["weight"].T[None]

    def parameters(self, layer: nn.Embedding, m: Tensor) -> dict[str, Tensor]:
        """W."""
        return {"weight": m[0].T}


class FactoredNorm:
    """y = γ x̂ + β for each channel: ``[γ β]`` times ``(x̂, 1)``."""

    diagonal = False

    def _normed(self, layer: Any, x: Tensor) -> Tensor:
        """x̂, ``[N, T, channels]``."""
        if isinstance(layer, nn.LayerNorm):
            found = functional.layer_norm(x, layer.normalized_shape, None, None, layer.eps)
            return self._last(layer, found)
        if isinstance(layer, nn.GroupNorm):
            found = functional.group_norm(x, layer.num_groups, None, None, layer.eps)
        else:
            kept: tuple[Tensor | None, Tensor | None] = (layer.running_mean, layer.running_var)
            held = layer.training is False and kept[0] is not None
            mean, var = (t.to(x) if held and t is not None else None for t in kept)
            found = functional.batch_norm(x, mean, var, None, None, not held, 0.0, layer.eps)
        return found.flatten(2).mT if found.ndim > 2 else found[:, None]

    def _last(self, layer: nn.LayerNorm, t: Tensor) -> Tensor:
        return _places(t.flatten(t.ndim - len(layer.normalized_shape)))

    def features(self, layer: Any, x: Tensor) -> Tensor:
        """x̂ and a one, channel by channel."""
        return _with_ones(self._normed(layer, x)[..., None], layer)

    def felt(self, layer: Any, g: Tensor) -> Tensor:
        """g, channel by channel."""
        if isinstance(layer, nn.LayerNorm):
            return self._last(layer, g)[..., None]
        return (g.flatten(2).mT if g.ndim > 2 else g[:, None])[..., None]

    def matrices(self, layer: Any, value: dict[str, Tensor]) -> Tensor:
        """[γ β] of each channel."""
        return torch.stack([t.flatten() for t in value.values()], 1)[:, None]

    def parameters(self, layer: Any, m: Tensor) -> dict[str, Tensor]:
        """γ and β."""
        names = [name for name, _ in layer.named_parameters(recurse=False)]
        return {
            name: m[:, 0, i].reshape(getattr(layer, name).shape) for i, name in enumerate(names)
        }


KINDS: dict[type[nn.Module], Factored] = {
    nn.Linear: FactoredLinear(),
    nn.Conv1d: FactoredConv(),
    nn.Conv2d: FactoredConv(),
    nn.Conv3d: FactoredConv(),
    nn.Embedding: FactoredEmbedding(),
    nn.LayerNorm: FactoredNorm(),
    nn.GroupNorm: FactoredNorm(),
    _BatchNorm: FactoredNorm(),
}
"""How each kind of layer is factored; a class derived from one of them is tried as that one."""


def kind_of(layer: nn.Module) -> Factored | None:
    """Return how a layer is factored.

    Args:
        layer: The layer.

    Returns:
        Its kind; None if it has none.
    """
    return next((KINDS[c] for c in type(layer).__mro__ if c in KINDS), None)
