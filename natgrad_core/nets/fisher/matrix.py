"""The Fisher matrix of a model, for a person who has a model: one object, no set-up.

    fisher = Fisher(model, Categorical(), x)  # or a DataLoader in place of x
    fisher @ v, fisher.solve(v, damping=1e-3), fisher.eigenvalues(5), fisher.block("0.weight")

Vectors are in the order of ``torch.nn.utils.parameters_to_vector`` of the parameters that are
learned. Over a DataLoader F is the mean over all rows of outputs of all batches, as if they were
one batch: each batch is passed through the model again when it is needed, so memory holds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, cg, eigsh
from torch import Tensor, nn

from natgrad_core.errors import NotFiniteError, SingularMetricError
from natgrad_core.nets.any_module import net_of
from natgrad_core.nets.fisher.fisher import FisherAt, must_be_a_kind
from natgrad_core.nets.fisher.solve import solve
from natgrad_core.nets.likelihood import Likelihood, must_be_a_likelihood
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.runtime.memory_limit import must_hold


class Fisher:
    """F = (1/R) Σ_r Jᵣᵀ Mᵣ Jᵣ over the R rows of outputs of a model (Amari 1998, sec. 3).

    Args:
        model: Any ``torch.nn.Module`` that takes one tensor; or a point of a problem
            (``NetProblem.at``), which needs no further argument.
        likelihood: The distribution of the targets, ``Categorical()`` say.
        x: Inputs ``[N, ...]``, or what can be gone through again and again and gives batches: of
            inputs, or of pairs (inputs, targets), as a ``DataLoader`` does. It has to give the same
            examples each time, of the kind "monte-carlo" in the same order.
        y: Targets, for the kind "empirical" with inputs x; pairs have their own.
        kind: "true", "monte-carlo" (targets drawn from the model) or "empirical" (the data's).
        samples: Targets drawn for each row, with "monte-carlo".
        seed: Seeds those draws.

    Raises:
        TypeError: If the model is not one function of its parameters, or an argument is missing.
        ValueError: If the kind is unknown, there are no examples, or targets do not fit.
        NotFiniteError: If the outputs are not finite.
    """

    def __init__(
        self,
        model: nn.Module | At,
        likelihood: Likelihood | str | None = None,
        x: Tensor | Iterable[Any] | None = None,
        y: Tensor | None = None,
        kind: str = "true",
        samples: int = 1,
        seed: int = 0,
    ) -> None:
        given: Any = model
        if isinstance(given, At):
            kind = likelihood if isinstance(likelihood, str) else kind
            samples = x if isinstance(x, int) else samples
            self._points: Sequence[At] | None = (given,)
        elif not isinstance(given, nn.Module):
            raise TypeError(
                "a Fisher matrix is that of a model, Fisher(model, likelihood, x), or of a point, "
                f"Fisher(NetProblem(...).at(theta)); got {type(given).__name__}"
            )
        elif likelihood is None or isinstance(likelihood, str) or x is None:
            raise TypeError(
                "a Fisher matrix needs the distribution of the targets and the inputs: "
                "Fisher(model, Categorical(), x)"
            )
        else:
            self._points = None
        if self._points is None:
            must_be_a_likelihood(likelihood)
            if not isinstance(x, Tensor) and (not isinstance(x, Iterable) or hasattr(x, "dtype")):
                raise TypeError(
                    "the inputs x are a torch tensor, or batches of them; got "
                    f"{type(x).__name__}: take torch.as_tensor(x)"
                )
        must_be_a_kind(kind, samples)
        self._model, self._likelihood, self._x = cast(nn.Module, given), likelihood, x
        self.kind, self.samples, self.seed = kind, samples, seed
        if isinstance(x, Tensor):
            self._points = (self._point(x, y),)
        first = self._points[0] if self._points else next(iter(self._batches()), None)
        if first is None:
            raise ValueError("there are no batches to take a Fisher matrix over")
        self.theta, self._net = first.theta, first.problem.net

    def _point(self, x: Tensor, y: Tensor | None) -> At:
        """The model on a batch, as it is now; targets that nothing asks for are drawn."""
        if y is None and self.kind == "empirical":
            raise TypeError('the kind "empirical" is that of targets: give y')
        likelihood = cast(Likelihood, self._likelihood)
        if y is None:
            y = _targets(self._model, likelihood, x, self.seed)
        problem = NetProblem(self._model, likelihood, x, y)
        return problem.at(problem.net.read())

    def _batches(self) -> Iterator[At]:
        if self._points is not None:
            yield from self._points
            return
        for k, batch in enumerate(cast("Iterable[Any]", self._x)):
            pair = batch if isinstance(batch, list | tuple) else (batch,)
            if not all(isinstance(t, Tensor) for t in pair) or not 1 <= len(pair) <= 2:
                raise TypeError(
                    "a batch is a tensor of inputs, or a pair (inputs, targets); got "
                    f"{type(batch).__name__}"
                )
            needed = pair[1] if len(pair) == 2 and self.kind == "empirical" else None
            at = self._point(pair[0], needed)
            at.step = k
            yield at

    def _matrices(self) -> Iterator[tuple[FisherAt, int]]:
        """F of each batch, with its number of rows."""
        for at in self._batches():
            yield FisherAt(at, self.kind, self.samples, self.seed), len(at.tape)

    def _mean(self, of: Callable[[FisherAt], Tensor]) -> Tensor:
        """The mean over rows of what ``of`` says of the F of each batch."""
        total, count = torch.zeros_like(self.theta[0]), 0
        for fisher, rows in self._matrices():
            total, count = total + of(fisher) * rows, count + rows
        return total / count

    def __repr__(self) -> str:
        return f"<{self.kind} Fisher matrix, {len(self.theta)} × {len(self.theta)}, of {self._net}>"

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        return len(self.theta), len(self.theta)

    @property
    def names(self) -> dict[str, slice]:
        """Which part of a vector ``[p]`` each parameter is, by its name in the model."""
        found: dict[str, slice] = {}
        ends = 0
        for name, p in self._net.parameters.items():
            found[name] = slice(ends, ends + p.numel())
            ends += p.numel()
        return found

    def __matmul__(self, v: Tensor) -> Tensor:
        """F v, ``[p]``, or F V of columns, ``[p, k]``."""
        if getattr(v, "ndim", 1) == 2 and torch.is_tensor(v):
            return torch.stack([self.mv(column) for column in v.T], 1)
        return self.mv(v)

    def mv(self, v: Tensor) -> Tensor:
        """Return F v by a push, a weighing and a pull: no matrix is made.

        Args:
            v: The vector, ``[p]``.

        Returns:
            F v, ``[p]``.

        Raises:
            ValueError: If v is not ``[p]``.
        """
        self._must_be_a_vector(v)
        return self._mean(lambda fisher: fisher.mv(v.to(self.theta)))

    def _must_be_a_vector(self, v: Any) -> None:
        if not isinstance(v, Tensor):
            raise TypeError(
                f"this Fisher matrix takes torch tensors [{len(self.theta)}], got "
                f"{type(v).__name__}: take torch.as_tensor"
            )
        if v.shape != self.theta.shape:
            raise ValueError(
                f"this Fisher matrix takes vectors [{len(self.theta)}], got {list(v.shape)}"
            )

    def dense(self) -> Tensor:
        """Return F itself.

        Returns:
            F, ``[p, p]``.

        Raises:
            TooLargeError: If it would not fit into memory.
        """
        return self._mean(lambda fisher: fisher.dense())

    def diagonal(self) -> Tensor:
        """Return diag F.

        Returns:
            The diagonal, ``[p]``.
        """
        return self._mean(lambda fisher: fisher.diagonal())

    def trace(self) -> float:
        """Return tr F, the sum of its eigenvalues.

        Returns:
            The number.
        """
        return float(self.diagonal().sum())

    def block(self, name: str, other: str | None = None) -> Tensor:
        """Return the block of one parameter, or of two.

        Args:
            name: The name of a parameter, as in ``model.named_parameters()``.
            other: That of the columns; None: the same.

        Returns:
            The block, ``[size, size of other]``.

        Raises:
            ValueError: If the model learns no such parameter.
        """
        for each in (name, other or name):
            if each not in self.names:
                raise ValueError(
                    f"no parameter {each!r} is learned; there are {', '.join(self.names)}"
                )
        rows, columns = self.names[name], self.names[other or name]
        must_hold(
            f"a block of {rows.stop - rows.start} × {columns.stop - columns.start}",
            (rows.stop - rows.start) * (columns.stop - columns.start) * self.theta.element_size(),
            "products of the Fisher matrix",
            self.theta.device,
        )
        return self._mean(lambda fisher: fisher.part(rows, columns))

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """Return (F + λI)⁻¹ v: for one batch by the fastest exact way, else by products (CG).

        Args:
            v: The vector, ``[p]``, most often a gradient.
            damping: λ > 0; 0 is allowed for one batch.

        Returns:
            The solution, ``[p]``.

        Raises:
            ValueError: If λ is negative, or v is not ``[p]``.
            SingularMetricError: If F + λI is singular to rounding.
        """
        self._must_be_a_vector(v)
        if self._points is not None:
            (at,) = self._points
            return solve(FisherAt(at, self.kind, self.samples, self.seed), v, damping).x
        if not damping >= 0:
            raise ValueError(f"damping λ must be ≥ 0, got {damping}")
        double = v.dtype == torch.float64
        right = v.detach().cpu().double().numpy()
        x, failed = cg(
            self._linear(damping), right, rtol=1e-10 if double else 1e-5, maxiter=20 * len(v)
        )
        if failed:
            raise SingularMetricError(
                f"F + λI is singular to rounding with λ = {damping:.1e}; raise λ"
            )
        return torch.from_numpy(x).to(v)

    def eigenvalues(self, largest: int | None = None) -> Tensor:
        """Return eigenvalues, largest first: all, or the largest few by Lanczos (ARPACK).

        Args:
            largest: How many; None: all p, of the dense matrix.

        Returns:
            The eigenvalues, ``[p]`` or ``[largest]``, in float64.

        Raises:
            ValueError: If ``largest`` is not from 1 to p.
        """
        p = len(self.theta)
        if largest is not None and not 1 <= largest <= p:
            raise ValueError(f"from 1 to {p} eigenvalues can be asked for, got {largest}")
        if largest is None or largest >= p - 1:
            return torch.linalg.eigvalsh(self.dense().double()).flip(0)[:largest]
        found: Any = eigsh(self._linear(0.0), largest, return_eigenvectors=False, v0=np.ones(p))
        return torch.from_numpy(np.sort(found)[::-1].copy()).to(self.theta.device)

    def _linear(self, damping: float) -> Any:
        def product(v: Any) -> Any:
            given = torch.from_numpy(np.ascontiguousarray(v).reshape(-1)).to(self.theta)
            return (self.mv(given) + damping * given).cpu().double().numpy()

        make: Any = LinearOperator
        return make(self.shape, matvec=product, dtype=np.float64)


def _targets(model: nn.Module, likelihood: Likelihood, x: Tensor, seed: int) -> Tensor:
    """Targets drawn from the model, for a problem whose own targets nothing asks for."""
    net = net_of(model, x[:1])
    with torch.no_grad():
        theta = net.read()
        out = net.forward(theta.to(x) if x.is_floating_point() else theta, x)
    if not bool(out.isfinite().all()):
        raise NotFiniteError(
            "the model's outputs are not finite numbers: look for NaN in the inputs or parameters"
        )
    return likelihood.sample(out, torch.Generator(out.device).manual_seed(seed))
