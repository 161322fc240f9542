"""The lines of the derivations as numbers, at the first layer of the net.

Nothing here loads torch: its tensors come from the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.lessons.after_kfac.state import EXAMPLES, WHOLE
from natgrad_lecture.lessons.derivation import Derivation, Exercise, number
from natgrad_lecture.lessons.scope import Scope, one_of, whole_between


def _unit(rng: np.random.Generator, size: int) -> Array:
    v = rng.normal(size=size)
    return v / np.linalg.norm(v)


@dataclass(frozen=True)
class _Batches:
    """Slopes sₙ of each example's −log P along one direction v of the first layer."""

    s: Array
    """sₙ = vᵀgₙ, ``[N]``."""
    engine: float
    """vᵀ E[g_B g_Bᵀ] v, as the engine has it."""
    alone: float
    """vᵀF̂v, as the engine has it."""
    batch: int

    @property
    def square(self) -> float:
        """E[sₙ²]."""
        return float(np.mean(self.s**2))

    @property
    def pairs(self) -> float:
        """The mean of sₙ sₘ over all pairs n ≠ m, pair by pair."""
        n = len(self.s)
        return float((np.outer(self.s, self.s) - np.diag(self.s**2)).sum() / (n * (n - 1)))

    @property
    def mean(self) -> float:
        """E[sₙ]."""
        return float(np.mean(self.s))

    @property
    def c(self) -> float:
        """(N − B)/(B (N − 1))."""
        n = len(self.s)
        return (n - self.batch) / (self.batch * (n - 1))


def _batches(model: Any) -> _Batches:
    scores = model.scores
    flat = scores.reshape(len(scores), -1)
    v = _unit(np.random.default_rng(1), flat.shape[1])
    batch = model.state.size

    def along(moments: Any) -> float:
        rows = moments.rows.numpy()[:, : flat.shape[1]]
        return float(np.square(rows @ v).sum())

    return _Batches(flat @ v, along(model.moments(batch)), along(model.moments(1)), batch)


@dataclass(frozen=True)
class _Factors:
    """Gradients of the first layer with targets from the model: Σ over rows is the mean."""

    rows: Array
    """``[n, out, in]``."""
    u: Array
    w: Array

    @cached_property
    def left(self) -> Array:
        """L = E[g gᵀ]."""
        return np.einsum("nij,nkj->ik", self.rows, self.rows)

    @cached_property
    def right(self) -> Array:
        """R = E[gᵀg]."""
        return np.einsum("nij,nik->jk", self.rows, self.rows)

    @property
    def trace(self) -> float:
        """tr L."""
        return float(np.trace(self.left))

    @property
    def whole(self) -> Array:
        """The block of F, ``[out in, out in]``."""
        flat = self.rows.reshape(len(self.rows), -1)
        return flat.T @ flat

    @property
    def partial(self) -> float:
        """Σ_j (u ⊗ e_j)ᵀ F₁ (u ⊗ e_j), direction by direction."""
        eye = np.eye(self.rows.shape[2])
        return sum(float(np.square(self.rows @ e @ self.u).sum()) for e in eye)

    def product(self, b: Array, a: Array) -> float:
        """Of F₁ = B ⊗ A: vᵀ(L ⊗ R)v/tr L with v = u ⊗ w, L and R by their definitions."""
        out, inner = len(b), len(a)
        block = np.kron(b, a).reshape(out, inner, out, inner)
        left, right = np.einsum("ijkj->ik", block), np.einsum("ijil->jl", block)
        return float((self.u @ left @ self.u) * (self.w @ right @ self.w) / np.trace(left))


def _factors(model: Any) -> _Factors:
    rows = model.model_scores
    rng = np.random.default_rng(2)
    return _Factors(rows, _unit(rng, rows.shape[1]), _unit(rng, rows.shape[2]))


@dataclass(frozen=True)
class _Polar:
    """The first layer's gradient g = U S Vᵀ, and a step D with largest singular value 1."""

    g: Array
    polar: Array
    fourth: Array
    """(g gᵀ)^(−¼) g (gᵀg)^(−¼)."""
    half: Array
    """(g gᵀ)^(−½) g."""
    d: Array

    @cached_property
    def svd(self) -> tuple[Array, Array, Array]:
        """U, S and Vᵀ."""
        u, s, vh = np.linalg.svd(self.g, full_matrices=False)
        return u, s, vh

    def along(self, d: Array) -> float:
        """Σᵢ sᵢ uᵢᵀ D vᵢ."""
        u, s, vh = self.svd
        return sum(float(s[i] * (u[:, i] @ d @ vh[i])) for i in range(len(s)))


def _polar(model: Any) -> _Polar:
    g = model.gradient
    d = np.random.default_rng(3).normal(size=g.shape)
    half = model.power(g @ g.T, -0.5) @ g
    fourth = model.power(g @ g.T, -0.25) @ g @ model.power(g.T @ g, -0.25)
    return _Polar(g, model.polar, fourth, half, d / np.linalg.norm(d, 2))


def _seen(matrix: Array) -> float:
    """One number of a matrix: uᵀMw, with u and w fixed."""
    rng = np.random.default_rng(4)
    return float(_unit(rng, matrix.shape[0]) @ matrix @ _unit(rng, matrix.shape[1]))


_SEEDS = Scope({"seed": whole_between(0, 50), "data": one_of("wine", "digits")}, trained=4)

DERIVATIONS = {
    "batches": Derivation(
        _batches,
        Scope(
            {
                "seed": whole_between(0, 50),
                "data": one_of("wine", "digits"),
                "batch": whole_between(2, 100),
            },
            trained=4,
        ),
        {
            "square": number(
                lambda at: at.engine,
                lambda at: at.square / at.batch + (at.batch - 1) / at.batch * at.pairs,
                lights=("adam",),
                false={"single examples": lambda at: at.square},
            ),
            "pairs": number(
                lambda at: at.pairs,
                lambda at: (len(at.s) * at.mean**2 - at.square) / (len(at.s) - 1),
                lights=("adam",),
                false={"independent draws": lambda at: at.mean**2},
            ),
            "together": number(
                lambda at: at.engine,
                lambda at: at.c * at.square + (1 - at.c) * at.mean**2,
                lights=("adam",),
                false={"1/B for c": lambda at: (at.square - at.mean**2) / at.batch},
            ),
            "alone": number(
                lambda at: at.alone,
                lambda at: at.square,
                lights=("adam",),
                false={"the variance": lambda at: at.square - at.mean**2},
            ),
        },
        set={"batch": 16},
    ),
    "kronecker": Derivation(
        _factors,
        _SEEDS,
        {
            "partial": number(
                lambda at: at.partial,
                lambda at: float(at.u @ at.left @ at.u),
                lights=("shampoo",),
                false={"R for L": lambda at: float(at.w @ at.right @ at.w)},
            ),
            "trace": number(
                lambda at: float(np.trace(at.whole)),
                lambda at: at.trace,
                lights=("shampoo",),
                false={"the product": lambda at: at.trace * float(np.trace(at.right))},
            ),
            "product": number(
                lambda at: at.product(at.left, at.right),
                lambda at: float((at.u @ at.left @ at.u) * (at.w @ at.right @ at.w)),
                lights=("shampoo",),
                false={"without the trace": lambda at: at.product(at.left, at.right) * at.trace},
            ),
        },
        set={"root": "without"},
    ),
    "polar": Derivation(
        _polar,
        _SEEDS,
        {
            "sum": number(
                lambda at: float((at.g * at.d).sum()),
                lambda at: float(
                    sum(
                        s * (u @ at.d @ v) for u, s, v in zip(at.svd[0].T, *at.svd[1:], strict=True)
                    )
                ),
                lights=("muon",),
                false={"the first alone": lambda at: float(at.svd[1][0])},
            ),
            "bound": number(
                lambda at: float((at.g * at.polar).sum()),
                lambda at: float(at.svd[1].sum()),
                lights=("muon",),
                tolerance=1e-6,
                false={"the norm": lambda at: float(np.linalg.norm(at.g))},
            ),
            "half": number(
                lambda at: _seen(at.half),
                lambda at: _seen(at.polar),
                lights=("muon",),
                tolerance=1e-3,
                false={"g/‖g‖": lambda at: _seen(at.g / np.linalg.norm(at.g))},
            ),
            "shampoo": number(
                lambda at: _seen(at.fourth),
                lambda at: _seen(at.polar),
                lights=("muon", "shampoo"),
                tolerance=1e-3,
                false={"twice": lambda at: 2 * _seen(at.polar)},
            ),
        },
        set={"batch": 300},
    ),
}
"""By their ids in text.md."""


def _four_slopes(_: Any) -> list[float]:
    """Of the exercise: slopes 1, 1, 1, −1; what Adam's square tends to for B = 1, 2 and 4."""
    s = np.array([1.0, 1.0, 1.0, -1.0])
    return [_Batches(s, 0, 0, b).c * 1.0 + (1 - _Batches(s, 0, 0, b).c) * 0.25 for b in (1, 2, 4)]


def _two_values(_: Any) -> list[float]:
    """Of the exercise: the slopes along Muon's step and along gradient descent's, of diag(3, 1)."""
    g = np.diag([3.0, 1.0])
    return [float(g.trace()), float(np.square(g).sum() / 3)]


EXERCISES = {
    "four-slopes": Exercise(lambda _: True, _four_slopes),
    "diagonal-gradient": Exercise(lambda _: 3 + 1 > (9 + 1) / 3, _two_values),
    "until-muon": Exercise(
        lambda model: (
            abs(model.step("shampoo").angle - model.step("muon").angle) < 0.5
            and model.state.size == EXAMPLES[model.state.data]
        ),
        set=WHOLE,
    ),
}
"""By their ids in text.md."""
