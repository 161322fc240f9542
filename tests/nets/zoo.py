"""Modules as people write them, with inputs: laws of any ``nn.Module`` are held against them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

N, D, T, C = 5, 4, 3, 3


class Residual(nn.Module):
    """A block with a skip and a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.inner, self.head = nn.LayerNorm(D), nn.Linear(D, D), nn.Linear(D, C)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x + torch.tanh(self.inner(self.norm(x))))


class Scaled(nn.Module):
    """A bare parameter, used twice, and one that a function makes."""

    def __init__(self) -> None:
        super().__init__()
        self.scale, self.inner = nn.Parameter(torch.linspace(0.5, 2, D)), nn.Linear(D, D)
        self.head = nn.Parameter(torch.randn(C, D))

    def forward(self, x: Tensor) -> Tensor:
        return (self.scale * torch.sin(self.inner(self.scale * x))) @ self.head.T


class Tied(nn.Module):
    """An autoencoder whose decoder is its encoder, transposed."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(C, 2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.encoder(x[:, :C])) @ self.encoder.weight


class Twice(nn.Module):
    """One layer used twice, and its weight in another layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.other, self.head = nn.Linear(D, D), nn.Linear(D, D), nn.Linear(D, C)
        self.other.weight = self.inner.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.other(torch.tanh(self.inner(torch.tanh(self.inner(x))))))


class Branch(nn.Module):
    """Control flow that depends on shapes, and a list of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(D, C, bias=i > 0) for i in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([head(x).tanh() for head in self.heads]).amax(0)


class Recurrent(nn.Module):
    """A recurrent layer, read at its last position or at all of them."""

    def __init__(self, inner: nn.Module, whole: bool = False) -> None:
        super().__init__()
        self.inner, self.head, self.whole = inner, nn.Linear(D, C), whole

    def forward(self, x: Tensor) -> Tensor:
        out = self.inner(x)[0]
        return self.head(out if self.whole else out[:, -1])


class Attention(nn.Module):
    """A layer of attention with a residual connection."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(D, 2, batch_first=True)
        self.head = nn.Linear(D, C)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x + self.inner(x, x, x, need_weights=False)[0])


class LowRank(nn.Module):
    """A frozen layer with a low-rank correction that is learned."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(D, C).requires_grad_(False)
        self.down, self.up = nn.Linear(D, 1, bias=False), nn.Linear(1, C, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.base(x) + self.up(self.down(x))


class Language(nn.Module):
    """Tokens, positions, a transformer block, and the table again as the head."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(C, D)
        self.place = nn.Parameter(0.1 * torch.randn(T, D))
        self.block = nn.TransformerEncoderLayer(D, 2, 5, 0.0, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(self.table(x) + self.place) @ self.table.weight.T


class Unrolled(nn.Module):
    """A recurrent cell, called at each position in a loop."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell, self.head = cell, nn.Linear(D, C)

    def forward(self, x: Tensor) -> Tensor:
        state: Any = None
        for t in range(x.shape[1]):
            state = self.cell(x[:, t], state)
        return self.head(state[0] if isinstance(state, tuple) else state)


class Experts(nn.Module):
    """A soft mixture of experts."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(D, 2)
        self.experts = nn.ModuleList(nn.Linear(D, C) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        found = torch.stack([expert(x) for expert in self.experts], 1)
        return (self.gate(x).softmax(1)[:, :, None] * found).sum(1)


def _seen(module: nn.Module, x: Tensor) -> nn.Module:
    """The module in eval mode, with the statistics of some inputs."""
    module.train()(x + 0.3)
    return module.eval()


def _hooked(module: nn.Sequential) -> nn.Sequential:
    module[0].register_forward_hook(lambda *call: 2 * call[2])
    return module


def _head(*layers: nn.Module, inputs: int) -> nn.Sequential:
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs, C))


def _parametrized(of: Callable[[nn.Module], object]) -> nn.Sequential:
    model = nn.Sequential(nn.Linear(D, D), nn.Tanh(), nn.Linear(D, C))
    of(model[0])
    return model.eval()


def _x(*shape: int) -> Tensor:
    return torch.randn(N, *shape, generator=torch.Generator().manual_seed(1)).double()


FLAT, SEQUENCE = _x(D), _x(T, D)
TOKENS = torch.arange(N * T).view(N, T) % C


@dataclass
class Animal:
    """A module and inputs for it."""

    make: Callable[[], nn.Module]
    x: Tensor
    factored: bool = True
    """Whether K-FAC has a block for every parameter."""


_p: Any = parametrizations

ZOO: dict[str, Animal] = {
    "linear": Animal(lambda: nn.Linear(D, C), FLAT),
    "MLP": Animal(lambda: nn.Sequential(nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, C)), FLAT),
    "residual block": Animal(Residual, FLAT),
    "bare parameters": Animal(Scaled, FLAT, False),
    "tied autoencoder": Animal(Tied, FLAT, False),
    "layers used twice": Animal(Twice, FLAT, False),
    "branches": Animal(Branch, FLAT),
    "low-rank correction": Animal(LowRank, FLAT),
    "weight norm": Animal(lambda: _parametrized(_p.weight_norm), FLAT, False),
    "spectral norm": Animal(lambda: _parametrized(_p.spectral_norm), FLAT, False),
    "orthogonal weight": Animal(lambda: _parametrized(_p.orthogonal), FLAT, False),
    "hook that changes an output": Animal(
        lambda: _hooked(nn.Sequential(nn.Linear(D, 4), nn.Tanh(), nn.Linear(4, C))), FLAT, False
    ),
    "PReLU and GLU": Animal(
        lambda: nn.Sequential(nn.Linear(D, 6), nn.PReLU(), nn.GLU(), nn.Linear(3, C)), FLAT, False
    ),
    "bilinear": Animal(lambda: _Pair(nn.Bilinear(2, 2, C)), FLAT, False),
    "batch norm in eval mode": Animal(
        lambda: _seen(nn.Sequential(nn.Linear(D, 4), nn.BatchNorm1d(4), nn.Linear(4, C)).double(),
                      FLAT), FLAT
    ),
    "batch norm in train mode": Animal(
        lambda: nn.Sequential(nn.Linear(D, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, C)), FLAT
    ),
    "RMS norm": Animal(
        lambda: nn.Sequential(nn.Linear(D, 4), nn.RMSNorm(4), nn.Linear(4, C)), FLAT, False
    ),
    "convolution in 1D": Animal(
        lambda: _head(nn.Conv1d(T, 2, 2, padding=1), nn.MaxPool1d(2), inputs=4), SEQUENCE
    ),
    "convolution in groups": Animal(
        lambda: _head(nn.Conv2d(2, 4, 2, groups=2, padding=1, padding_mode="circular"),
                      nn.GroupNorm(2, 4), nn.ELU(), nn.AvgPool2d(2), inputs=16), _x(2, 3, 3)
    ),
    "strided, dilated convolution": Animal(
        lambda: _head(nn.Conv2d(1, 2, (2, 3), (2, 1), (1, 2), (1, 2), bias=False),
                      nn.BatchNorm2d(2).eval(), nn.AdaptiveAvgPool2d(2), inputs=8), _x(1, 4, 4)
    ),
    "same padding, reflected": Animal(
        lambda: _head(nn.Conv2d(1, 2, 2, padding="same", padding_mode="reflect"), nn.AvgPool2d(2),
                      inputs=2), _x(1, 3, 2)
    ),
    "convolution in 3D": Animal(
        lambda: _head(nn.Conv3d(1, 2, 2), nn.InstanceNorm3d(2), nn.Softplus(), inputs=8),
        _x(1, 2, 3, 3)
    ),
    "transposed convolution": Animal(
        lambda: _head(nn.ConvTranspose2d(1, 2, 2, stride=2), nn.SiLU(), inputs=32), _x(1, 2, 2),
        False
    ),
    "depthwise separable convolution": Animal(
        lambda: _head(nn.Conv2d(2, 2, 2, groups=2), nn.Conv2d(2, 3, 1), nn.Hardswish(), inputs=12),
        _x(2, 3, 3)
    ),
    "transposed convolution in 1D": Animal(
        lambda: _head(nn.ConvTranspose1d(T, 2, 2, 2, output_padding=1), nn.Mish(), inputs=18),
        SEQUENCE, False
    ),
    "shuffled pixels": Animal(
        lambda: _head(nn.Conv2d(1, 4, 2), nn.PixelShuffle(2), nn.AvgPool2d(2), inputs=4),
        _x(1, 3, 3)
    ),
    "bag of tokens": Animal(
        lambda: nn.Sequential(nn.EmbeddingBag(C, 4, mode="mean"), nn.Tanh(), nn.Linear(4, C)),
        TOKENS, False
    ),
    "unrolled GRU": Animal(lambda: Unrolled(nn.GRUCell(D, D)), SEQUENCE, False),
    "unrolled LSTM": Animal(lambda: Unrolled(nn.LSTMCell(D, D)), SEQUENCE, False),
    "mixture of experts": Animal(Experts, FLAT),
    "recurrent net": Animal(lambda: Recurrent(nn.RNN(D, D, batch_first=True)), SEQUENCE, False),
    "LSTM": Animal(lambda: Recurrent(nn.LSTM(D, D, batch_first=True)), SEQUENCE, False),
    "GRU at all positions": Animal(
        lambda: Recurrent(nn.GRU(D, D, batch_first=True, bias=False), whole=True), SEQUENCE, False
    ),
    "attention at all positions": Animal(Attention, SEQUENCE, False),
    "transformer block": Animal(
        lambda: _head(nn.TransformerEncoderLayer(D, 2, 3, 0.0, batch_first=True), inputs=T * D),
        SEQUENCE, False
    ),
    "tokens": Animal(lambda: _head(nn.Embedding(C, 2), nn.Tanh(), inputs=2 * T), TOKENS),
    "one token": Animal(lambda: _head(nn.Embedding(C, 2), nn.Tanh(), inputs=2), TOKENS[:, 0]),
    "tokens with padding": Animal(
        lambda: _head(nn.Embedding(C, 2, padding_idx=0), inputs=2 * T), TOKENS
    ),
    "language model": Animal(Language, TOKENS, False),
    "MLP at each position": Animal(
        lambda: nn.Sequential(nn.Linear(D, 4), nn.LayerNorm(4), nn.GELU(), nn.Linear(4, C)),
        SEQUENCE
    ),
}  # fmt: skip


class _Pair(nn.Module):
    """A layer of two inputs, which are halves of one."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x[:, :2], x[:, 2:])


def animal(name: str) -> tuple[nn.Module, Tensor]:
    """A module in float64, with its inputs."""
    torch.manual_seed(0)
    return ZOO[name].make().double(), ZOO[name].x


def jacobian(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """The outputs ``[R, C]`` and J ``[R, C, p]`` by autodiff, one output after another."""
    free = [p for p in model.parameters() if p.requires_grad]
    out = model(x).reshape(-1, C)
    rows = [
        torch.autograd.grad(number, free, retain_graph=True, allow_unused=True)
        for number in out.reshape(-1)
    ]
    flat = [
        torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1)
                   for g, p in zip(row, free, strict=True)])
        for row in rows
    ]  # fmt: skip
    return out.detach(), torch.stack(flat).view(*out.shape, -1)
