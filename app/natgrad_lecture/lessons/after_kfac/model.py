"""The metrics that the methods imply, at one net: a step with each, its angle, what it depends on.

Loads torch: the lesson imports it when it is opened.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.nets import At, NetProblem, mlp, real, rules
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.implied_metrics import KINDS, implied, turns
from natgrad_core.nets.metrics import Operator
from natgrad_core.nets.preconditioners.matrix_functions import polar, power
from natgrad_core.nets.preconditioners.parameter_tensors import split
from natgrad_core.nets.preconditioners.stationary_metrics import Moments
from natgrad_core.nets.step_comparison import OneStep, one_step
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.lessons.after_kfac.state import EXAMPLES, SIZES
from natgrad_lecture.training import Course, reach

SIZED = ("soap", "shampoo", "adam")
"""The methods whose metric depends on B."""


@bounded_cache
def problem_of(data: str) -> NetProblem:
    """The net of one data set."""
    found = real(data, "unit" if data == "digits" else "standard")
    n = EXAMPLES[data]
    return NetProblem.of(mlp(SIZES[data], bias=False), replace(found, x=found.x[:n], y=found.y[:n]))


@bounded_cache
def _teacher(data: str, seed: int) -> Course:
    return Course.of(problem_of(data), rules.kfac(), seed)


@bounded_cache
def _point(data: str, seed: int, after: int) -> At:
    run = _teacher(data, seed)
    reach([run], after)
    return problem_of(data).double.at(run.frame(after).theta.double(), after)


@bounded_cache
def _operators(point: At, batch: int, root: bool) -> dict[str, Operator]:
    return implied(point, batch, root)


@bounded_cache
def _step(point: At, batch: int, root: bool, damping: float, name: str) -> OneStep:
    built = _operators(point, batch, root)
    return one_step(point, damping, (name,), built)[name]


@bounded_cache
def _turned(point: At, kind: str, stretch: float, batch: int, root: bool) -> dict[str, float]:
    return turns(point, kind, stretch, batch, root)


class Model:
    """All that the engine says of a state of the lesson."""

    def __init__(self, state: Any) -> None:
        self.state = state

    @property
    def problem(self) -> NetProblem:
        """The net and its data."""
        return problem_of(self.state.data)

    @cached_property
    def point(self) -> At:
        """The net where the step is taken, in float64."""
        return _point(self.state.data, self.state.seed, self.state.after)

    def step(self, name: str, batch: int | None = None, root: bool | None = None) -> OneStep:
        """One step with one metric, at this batch or another."""
        state = self.state
        size: int = state.size if batch is None or name not in SIZED else batch
        rooted: bool = state.rooted if root is None else root
        return _step(self.point, size, rooted, state.damping, name)

    @cached_property
    def steps(self) -> dict[str, OneStep]:
        """One step with each chosen metric."""
        return {name: self.step(name) for name in self.state.methods}

    @property
    def batches(self) -> list[int]:
        """The batch sizes at which angles are drawn: 1 to N, about twofold."""
        n = len(self.problem)
        return [*(b for b in (1, 2, 4, 8, 16, 32, 64, 128) if 2 * b <= n), n]

    def angles(self, count: int) -> dict[str, tuple[list[int], list[float]]]:
        """Angles to the exact step over batch sizes, of the first so many sizes."""
        sizes = self.batches[:count]
        found: dict[str, tuple[list[int], list[float]]] = {}
        for name in self.state.methods:
            if name == "exact":
                continue
            own = sizes if name in SIZED else [1, len(self.problem)]
            found[name] = own, [self.step(name, batch).angle for batch in own]
        return found

    # Matrices

    @cached_property
    def fisher(self) -> Array:
        """F, ``[p, p]``."""
        return FisherAt(self.point).dense().numpy()

    def matrix(self, name: str) -> Array:
        """The metric of a method, ``[p, p]``."""
        return _operators(self.point, self.state.size, self.state.rooted)[name].dense().numpy()

    def error(self, name: str) -> float:
        """‖F − sG‖/‖F‖ with the best s: how far a multiple of G is from F."""
        f, g = self.fisher, self.matrix(name)
        best = float((f * g).sum() / np.square(g).sum())
        return float(np.linalg.norm(f - best * g) / np.linalg.norm(f))

    def moments(self, batch: int) -> Moments:
        """The second moment of the gradients of batches."""
        return Moments.of_batches(self.point, batch)

    @property
    def empirical(self) -> float:
        """‖F − F̂‖/‖F‖."""
        f = self.fisher
        return float(np.linalg.norm(f - self.moments(1).dense().numpy()) / np.linalg.norm(f))

    @property
    def trace_share(self) -> float:
        """tr F̂/tr F."""
        trace = float(self.moments(1).diagonal(root=False).entries.sum())
        return trace / float(np.trace(self.fisher))

    @property
    def borders(self) -> list[int]:
        """Where the layers begin in θ, and its end."""
        slices = [self.problem.net.slices[i] for i in self.problem.net.parametric]
        return [0, *(part.stop for part in slices)]

    # Other parameters

    def turned(self, kind: str | None = None, root: bool | None = None) -> dict[str, float]:
        """By how many degrees each method's direction turns when the layers are written so."""
        state = self.state
        other: str = state.kind if kind is None else kind
        rooted: bool = state.rooted if root is None else root
        return _turned(self.point, other, state.stretch, state.size, rooted)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of other parameters."""
        return KINDS

    def first_layer_step(self, name: str) -> Array:
        """The step of the first layer, ``[out, in]``."""
        return split(self.problem.net, self.step(name).change)[0].numpy()

    def values(self, name: str) -> Array:
        """Singular values of the first layer's step, the largest 1."""
        found = np.linalg.svd(self.first_layer_step(name), compute_uv=False)
        return found / found[0]

    # What derivations read

    @property
    def gradient(self) -> Array:
        """The first layer's gradient, ``[out, in]``."""
        return split(self.problem.net, self.point.grad)[0].numpy()

    @property
    def polar(self) -> Array:
        """U Vᵀ of it."""
        return polar(split(self.problem.net, self.point.grad)[0]).numpy()

    def power(self, matrix: Array, exponent: float) -> Array:
        """A power of a symmetric matrix, with eigenvalues that are rounding shifted off zero."""
        shift = 1e-12 * float(np.linalg.eigvalsh(matrix).max())
        return power(self.point.grad.new_tensor(matrix), exponent, shift).numpy()

    @property
    def scores(self) -> Array:
        """The first layer's part of each example's gradient, ``[N, out, in]``."""
        return split_rows(self.problem, FisherAt(self.point, "empirical").rows().numpy())

    @property
    def model_scores(self) -> Array:
        """The same with targets from the model, ``[N K, out, in]``: rowsᵀ rows is a block of F."""
        rows = FisherAt(self.point).rows().numpy() / np.sqrt(len(self.problem))
        return split_rows(self.problem, rows)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: the numbers of the view."""
        if self.state.show == "coordinates":
            return {name: {"turns": np.array(v)} for name, v in self.turned().items()}
        return {
            name: {"change": s.change.numpy(), "angle": s.angle, "gained": s.gained}
            for name, s in self.steps.items()
        }


def split_rows(problem: NetProblem, rows: Array) -> Array:
    """The first layer's part of rows ``[n, p]``, as matrices ``[n, out, in]``."""
    layer = problem.net.layers[problem.net.parametric[0]]
    width = problem.x.shape[1]
    return rows[:, : layer.size].reshape(len(rows), -1, width)
