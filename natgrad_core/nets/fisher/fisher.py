"""One Fisher matrix, F = (1/N) Σ_n Jₙᵀ Sₙᵀ Sₙ Jₙ, and the three things people mean by it.

They differ only in S, the root of what is averaged over targets: the model's own distribution,
exactly (``true``, so SᵀS = M); targets drawn from the model (``monte-carlo``, S the sampled
residuals); or the data's targets (``empirical``, S the residual itself), which is not the Fisher
matrix and whose inverse can point almost anywhere (Kunstner, Balles, Hennig 2019).
For natural parameterizations M is also the Hessian of the loss in the outputs, so the true Fisher
is the Gauss–Newton matrix too (Martens 2020, §9).

Every form is a contraction of features a and cotangents g: a product (push, metric, pull), the
diagonal, the blocks of single layers, the whole.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from natgrad_core.nets.any_module import ModuleTape
from natgrad_core.nets.dense_fisher import dense, own_block
from natgrad_core.nets.layers.linear_and_conv import Linear
from natgrad_core.nets.likelihood import Weighted
from natgrad_core.nets.problem import At
from natgrad_core.nets.runtime.memory_limit import must_hold

KINDS = ("true", "monte-carlo", "empirical")


def must_be_a_kind(kind: Any, samples: Any) -> None:
    """Check the kind of a Fisher matrix.

    Args:
        kind: One of KINDS.
        samples: Targets drawn an example, at least 1.

    Raises:
        ValueError: If there is no such kind, or ``samples`` is no whole number ≥ 1.
    """
    if not isinstance(kind, str) or kind not in KINDS:
        said = repr(kind) if isinstance(kind, str) else type(kind).__name__
        raise ValueError(f"no Fisher {said}; there are {', '.join(KINDS)}")
    if not isinstance(samples, int) or samples < 1:
        raise ValueError(f"a Monte Carlo Fisher needs at least one sample, got {samples}")


class FisherAt:
    """The Fisher matrix at a point; no matrix is formed before one is needed.

    Args:
        at: The point.
        kind: "true", "monte-carlo" or "empirical".
        samples: How many targets a Monte Carlo estimate draws for each example.
        seed: Seeds those draws, together with the number of the step.
        root: S ``[N, K, C]``, if it is known: so a float64 copy keeps the draws of its original.

    Raises:
        ValueError: For an unknown kind, or fewer than one sample.
        NotFiniteError: If the loss is not finite at this point.
    """

    def __init__(
        self,
        at: At,
        kind: str = "true",
        samples: int = 1,
        seed: int = 0,
        root: Tensor | None = None,
    ) -> None:
        must_be_a_kind(kind, samples)
        self.at, self.kind, self.samples, self.seed = at.check(), kind, samples, seed
        self._root = root

    def __repr__(self) -> str:
        p = self.at.problem.dim
        return f"<{self.kind} Fisher, {p} × {p}, K = {self.directions}>"

    @property
    def directions(self) -> int:
        """K, the rows of S."""
        if self.kind == "true":
            return self.at.problem.likelihood.directions(self.at.problem.outputs)
        return self.samples if self.kind == "monte-carlo" else 1

    @cached_property
    def root(self) -> Tensor:
        """S, ``[N, K, C]``; the samples are drawn once, so every product sees the same matrix."""
        if self._root is not None:
            return self._root
        likelihood, at = self.at.problem.likelihood, self.at
        if self.kind == "true":
            return likelihood.root(at.mean)
        score = likelihood.score if isinstance(likelihood, Weighted) else likelihood.residual
        if self.kind == "empirical":
            weighted = isinstance(likelihood, Weighted)
            return (score(at.mean, at.problem.y) if weighted else at.residual)[:, None]
        generator = at.generator(self.seed)
        drawn = [likelihood.sample(at.outputs, generator) for _ in range(self.samples)]
        scores = [score(at.mean, y) for y in drawn]
        return torch.stack(scores, 1) / self.samples**0.5

    @property
    def ends_linear(self) -> bool:
        """Whether S is that of a likelihood and meets a Linear layer: then S W has a short form."""
        return self.kind == "true" and isinstance(self.at.tape.net.layers[-1], Linear)

    @cached_property
    def hidden(self) -> list[Tensor]:
        """What each parametric layer before a last Linear one feels, without S: ``[N, K, …]``."""
        tape, last = self.at.tape, len(self.at.tape.net.layers) - 1
        layer = tape.net.layers[last]
        assert isinstance(layer, Linear)
        weight = layer.weight(tape.parts[last])
        return tape.cotangents(self.at.problem.likelihood.rooted(self.at.mean, weight), last)

    @cached_property
    def cotangents(self) -> list[Tensor]:
        """What each parametric layer feels of the K directions, ``[N, K, …]`` each.

        A module that is differentiated as a whole feels S itself.
        """
        if isinstance(self.at.tape, ModuleTape):
            return [self.root]
        if self.ends_linear:
            return [*self.hidden, self.root]
        return self.at.tape.cotangents(self.root)

    def rows(self) -> Tensor:
        """Return S J, with F = rowsᵀ rows/N.

        Returns:
            The rows, ``[N K, p]``.
        """
        return self.at.tape.rows(self.cotangents)

    def weigh(self, t: Tensor) -> Tensor:
        """Return SᵀS t.

        Args:
            t: A change of the outputs, ``[N, C]``.

        Returns:
            SᵀS t, ``[N, C]``.
        """
        if self.kind == "true":
            return self.at.weigh(t)
        return torch.einsum("nkc,nkd,nd->nc", self.root, self.root, t)

    def mv(self, v: Tensor) -> Tensor:
        """Return F v by a push, a weighing and a pull: no matrix is made.

        Args:
            v: The vector, ``[p]``.

        Returns:
            F v, ``[p]``.
        """
        return self.at.tape.pull(self.weigh(self.at.tape.push(v)) / len(self.at.tape))

    def diagonal(self) -> Tensor:
        """Return diag F; for a Linear layer it is (g²)ᵀ a².

        Returns:
            The diagonal, ``[p]``.
        """
        tape, n = self.at.tape, len(self.at.tape)
        if isinstance(tape, ModuleTape):
            return (
                sum(
                    (rows.square().sum(0) for rows in tape.pieces(self.root)),
                    torch.zeros_like(self.at.theta),
                )
                / n
            )
        out = self.root.new_empty(tape.net.size)
        for i, g in zip(tape.net.parametric, self.cotangents, strict=True):
            part, layer = out[tape.net.slices[i]], tape.layer(i)
            if isinstance(layer, Linear):
                layer.pull(tape.values[i].square(), None, g.square().sum(1, keepdim=True) / n, part)
            else:
                part.copy_(self._layer_rows(i, g).square().sum(0) / n)
        return out

    def _layer_rows(self, i: int, g: Tensor) -> Tensor:
        tape = self.at.tape
        rows = g.new_empty(*g.shape[:2], tape.layer(i).size)
        tape.layer(i).rows(tape.values[i], tape.slope(i), g, rows)
        return rows.flatten(0, 1)

    def blocks(self) -> list[Tensor]:
        """Return the diagonal block of each parametric layer.

        Returns:
            The blocks, ``[p_l, p_l]`` each.
        """
        net, rows = self.at.problem.net, self.directions * len(self.at.tape)
        sizes = [net.layers[i].size for i in net.parametric]
        must_hold(
            f"the blocks of layers of {', '.join(map(str, sizes))} parameters",
            (sum(s * s for s in sizes) + rows * max(sizes)) * self.at.theta.element_size(),
            "the diagonal, or K-FAC",
            self.at.theta.device,
        )
        if isinstance(self.at.tape, ModuleTape):
            found = [self.root.new_zeros(size, size) for size in sizes]
            for piece in self.at.tape.pieces(self.root):
                for block, part in zip(found, piece.split(sizes, 1), strict=True):
                    block.addmm_(part.T, part, alpha=1 / len(self.at.tape))
            return found
        pairs = zip(net.parametric, self.cotangents, strict=True)
        return [self._layer_block(i, g) / len(self.at.tape) for i, g in pairs]

    def part(self, rows: slice, columns: slice) -> Tensor:
        """Return some rows and columns of F.

        Args:
            rows: Which rows.
            columns: Which columns.

        Returns:
            The part of F.
        """
        tape = self.at.tape
        pieces = tape.pieces(self.root) if isinstance(tape, ModuleTape) else [self.rows()]
        shape = rows.stop - rows.start, columns.stop - columns.start
        total = self.at.theta.new_zeros(shape)
        for piece in pieces:
            total.addmm_(piece[:, rows].T, piece[:, columns], alpha=1 / len(tape))
        return total

    def _layer_block(self, i: int, g: Tensor) -> Tensor:
        layer = self.at.tape.layer(i)
        if isinstance(layer, Linear):
            return own_block(layer, self.at.tape.values[i], g)
        rows = self._layer_rows(i, g)
        return rows.T @ rows

    def dense(self) -> Tensor:
        """Return F itself.

        Returns:
            F, ``[p, p]``.
        """
        return dense(self.at.tape, self.cotangents)

    @cached_property
    def double(self) -> FisherAt:
        """The same matrix in float64."""
        root = self.root.double() if self.kind == "monte-carlo" else None
        return FisherAt(self.at.double, self.kind, self.samples, self.seed, root)


def hessian_product(at: At) -> Callable[[Tensor], Tensor]:
    """Return the map v -> ∇²J v, forward over reverse (Pearlmutter 1994), by autodiff.

    Args:
        at: The point.

    Returns:
        The map, ``[p] -> [p]``.
    """
    gradient = torch.func.grad(at.problem.loss)
    return lambda v: torch.func.jvp(gradient, (at.theta,), (v,))[1]


def gauss_newton(at: At) -> Tensor:
    """Return G = (1/N) Σ Jₙᵀ (∇² of the loss in the outputs) Jₙ, a slow autodiff reference.

    For the likelihoods here it equals the true Fisher; its definition never mentions the model's
    own targets.

    Args:
        at: The point.

    Returns:
        G, ``[p, p]``.
    """
    problem = at.problem

    def one(theta: Tensor, x: Tensor) -> Tensor:
        return problem.net.forward(theta, x[None])

    def bend(out: Tensor, y: Tensor) -> Tensor:
        def loss(o: Tensor) -> Tensor:
            return problem.likelihood.loss(o[None], y[None])

        return torch.func.hessian(loss)(out)

    must_hold(
        f"the Jacobian of p = {problem.dim} parameters on N = {len(problem)} examples",
        (len(problem) * problem.outputs * 2 + problem.dim) * problem.dim * at.theta.element_size(),
        "the true Fisher matrix, which is the same, by its products",
        at.theta.device,
    )
    jacobian = torch.func.vmap(torch.func.jacrev(one), (None, 0))(at.theta, problem.x).flatten(0, 1)
    middle = torch.func.vmap(bend)(at.outputs, problem.y)
    return torch.einsum("ncp,ncd,ndq->pq", jacobian, middle, jacobian) / len(at.tape)
