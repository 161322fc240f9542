"""The whole Fisher matrix with the outputs contracted first: cost N p² instead of N K p².

Between two Linear layers F_{ll'} = (1/N) Σ_n (G_l[n]ᵀ G_{l'}[n]) ⊗ (a_l[n] a_{l'}[n]ᵀ).
The K output directions are summed in the small bracket, before anything of size p² is touched; the
rest is one matrix product, [out·out', N] × [N, in·in']. On a diagonal block both brackets are
symmetric, and only one of each pair of entries is computed: a quarter of the work.
(The tests compare it with rowsᵀ rows, which is slower.)

Inside, a layer's parameters are ordered [W b] row by row, which keeps blocks as they come;
``torch_order`` goes back.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from natgrad_core.nets.any_module import ModuleTape
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.model import Net, Tape
from natgrad_core.nets.runtime.memory_limit import must_hold


def linear_layers(net: Net) -> list[Linear]:
    """Return the parametric layers, all of them Linear.

    Args:
        net: The net.

    Returns:
        The layers.

    Raises:
        TypeError: If one is not Linear; the message names it.
    """
    found: list[Linear] = []
    for i in net.parametric:
        layer = net.layers[i]
        if not isinstance(layer, Linear):
            raise TypeError(
                f"{layer.label} is not Linear, so its outputs cannot be contracted first"
            )
        found.append(layer)
    return found


def is_all_linear(net: Net) -> bool:
    """Return whether every parametric layer is Linear.

    Args:
        net: The net.

    Returns:
        Whether they are.
    """
    return all(isinstance(net.layers[i], Linear) for i in net.parametric)


def torch_order(net: Net) -> Tensor:
    """Return where each of torch's parameters is among those ordered [W b] row by row.

    Args:
        net: The net, of Linear layers.

    Returns:
        The indices, ``[p]``.
    """
    parts: list[Tensor] = []
    start = 0
    for layer in linear_layers(net):
        width = layer.inputs + layer.bias
        grid = torch.arange(start, start + layer.outputs * width).view(layer.outputs, width)
        parts.append(grid[:, : layer.inputs].flatten())
        if layer.bias:
            parts.append(grid[:, -1])
        start += layer.size
    return torch.cat(parts)


def _own_block(g: Tensor, a: Tensor) -> Tensor:
    """Σ_n (gᵀg) ⊗ (a aᵀ), ``[out·in, out·in]``, each unordered pair once."""
    width, out = a.shape[1], g.shape[2]
    o, oo = torch.tril_indices(out, out, device=a.device)
    i, ii = torch.tril_indices(width, width, device=a.device)
    inner = torch.bmm(g.mT, g)[:, o, oo]
    outer = a[:, i] * a[:, ii]
    pairs = inner.T @ outer
    square = torch.zeros(width, width, dtype=torch.long, device=a.device)
    square[i, ii] = torch.arange(len(i), device=a.device)
    square[ii, i] = square[i, ii]
    spread = pairs[:, square.flatten()].view(-1, width, width)
    block = a.new_empty(out, width, out, width)
    block[o, :, oo, :] = spread
    block[oo, :, o, :] = spread
    return block.view(out * width, out * width)


def own_block(layer: Linear, x: Tensor, g: Tensor) -> Tensor:
    """Return Σ_n of one Linear layer's block, in torch's order.

    Args:
        layer: The layer.
        x: What came in, ``[N, in]``.
        g: Its cotangents, ``[N, K, out]``.

    Returns:
        The sum, ``[size, size]``.
    """
    block = _own_block(g, layer.features(x, None))
    if not layer.bias:
        return block
    grid = torch.arange(layer.size, device=x.device).view(layer.outputs, layer.inputs + 1)
    order = torch.cat((grid[:, :-1].flatten(), grid[:, -1]))
    return block[order][:, order]


def dense(tape: Tape, cotangents: Sequence[Tensor]) -> Tensor:
    """Return F, in torch's order.

    Args:
        tape: The forward pass.
        cotangents: What each parametric layer feels of the K directions of S; of a module that is
            differentiated as a whole S alone.

    Returns:
        F, ``[p, p]``.
    """
    whole = isinstance(tape, ModuleTape)
    rows = 0 if whole or is_all_linear(tape.net) else cotangents[0].shape[:2].numel()
    must_hold(
        f"the whole Fisher matrix of p = {tape.net.size} parameters",
        (2 * tape.net.size + rows) * tape.net.size * tape.outputs.element_size(),
        "its products, blocks, diagonal or K-FAC",
        tape.outputs.device,
    )
    if is_all_linear(tape.net):
        order = torch_order(tape.net)
        return contracted(tape, cotangents)[order][:, order]
    if whole:
        total = tape.outputs.new_zeros(tape.net.size, tape.net.size)
        for piece in tape.pieces(cotangents[0]):
            total.addmm_(piece.T, piece, alpha=1 / len(tape))
        return total
    rows = tape.rows(cotangents)
    return rows.T @ rows / len(tape)


def contracted(tape: Tape, cotangents: Sequence[Tensor]) -> Tensor:
    """Return F, with parameters ordered [W b] row by row.

    Args:
        tape: The forward pass of a net of Linear layers.
        cotangents: What each parametric layer feels of the K directions of S.

    Returns:
        F, ``[p, p]``.
    """
    net, n = tape.net, len(tape)
    layers = linear_layers(net)
    a = [x.features(tape.values[i], None) for x, i in zip(layers, net.parametric, strict=True)]
    g = cotangents
    ends = torch.tensor([0] + [layer.size for layer in layers]).cumsum(0).tolist()
    f = a[0].new_empty(net.size, net.size)
    for j in range(len(layers)):
        here = slice(ends[j], ends[j + 1])
        f[here, here] = _own_block(g[j], a[j]) / n
        for k in range(j):
            inner = torch.bmm(g[j].mT, g[k]).flatten(1)
            outer = (a[j][:, :, None] * a[k][:, None, :]).flatten(1)
            block = (inner.T @ outer).view(g[j].shape[2], g[k].shape[2], a[j].shape[1], -1)
            block = block.transpose(1, 2).reshape(layers[j].size, layers[k].size) / n
            there = slice(ends[k], ends[k + 1])
            f[here, there] = block
            f[there, here] = block.T
    return f
