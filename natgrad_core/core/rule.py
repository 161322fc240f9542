"""A rule turns what is known at a point into the next step, and keeps its own memory.

A rule is a pair of pure functions, as in optax: ``init(start) -> memory`` and
``update(direction, at, memory) -> (direction, memory)``. A link is a rule too: it is handed a
direction (at first the gradient) and hands on another, so a chain of rules is a rule, and the last
direction is what is added to the parameters. Plain descent is ``chain(descend(rate))``; the natural
gradient ``chain(precondition(fisher), descend(rate))``; Newton the same with the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.core import damping as dampings
from natgrad_core.core.problem import At, Problem
from natgrad_core.core.validation import checked
from natgrad_core.linalg.operators import Dense, invertible
from natgrad_core.linalg.small_matrices import Vector, add, components, full, mv
from natgrad_core.linalg.spectral import pseudo_inverse
from natgrad_core.metrics import Metric
from natgrad_core.provenance.made import made, remembering
from natgrad_core.types import Array, ArrayLike

Memory = Any
"""What a rule carries from step to step: nested tuples of components, () if nothing."""


def _no_memory(start: Vector) -> Memory:
    return ()


@dataclass(frozen=True)
class Rule:
    """``update`` maps (direction, at, memory) to the next direction and memory, by components."""

    update: Callable[[Vector, At, Memory], tuple[Vector, Memory]]
    init: Callable[[Vector], Memory] = _no_memory
    name: str = "rule"
    latex: str = ""
    source: str = ""
    form: Hashable = None
    """What this rule shares with those that differ from it in ``numbers`` alone; None: nothing."""
    numbers: tuple[Any, ...] = ()
    """The numbers that ``update`` meets as they are, and that may be others in the same line."""

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.latex}>" if self.latex else f"<rule {self.name}>"


@remembering(__name__, "chain")
def chain(*links: Rule, name: str = "chain", latex: str = "", source: str = "") -> Rule:
    """The rule that hands the direction through ``links`` in order."""

    def init(start: Vector) -> Memory:
        return tuple(link.init(start) for link in links)

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        kept: list[Memory] = []
        for link, m in zip(links, memory, strict=True):
            direction, m = link.update(direction, at, m)
            kept.append(m)
        return direction, tuple(kept)

    forms = tuple(link.form for link in links)
    return Rule(
        update,
        init,
        name,
        latex,
        source,
        form=None if None in forms else forms,
        numbers=tuple(number for link in links for number in link.numbers),
    )


@remembering(__name__, "descend")
def descend(rate: ArrayLike) -> Rule:
    """Direction -> −α direction. ``rate`` is one number, or an array over the leading axes."""
    factor = checked("the rate α", rate, -np.inf)

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        return tuple(-(factor * component) for component in direction), memory

    return Rule(update, name="descend", latex=r"-\alpha\, \cdot", form="descend", numbers=(factor,))


SINGULAR = ("diverge", "pseudo-inverse")
"""What to do where a metric has no inverse: let the step be not finite, or take G⁺."""


@remembering(__name__, "precondition")
def precondition(
    metric: Metric, damping: ArrayLike = 0.0, kind: str = "identity", singular: str = "diverge"
) -> Rule:
    """Direction -> (G + λD)⁻¹ direction, with G the metric and D what ``kind`` says.

    ``damping`` is λ ≥ 0, one number or an array over the leading axes ``[...]``; ``kind`` a name in
    ``natgrad_core.core.damping.ALL_KINDS``. Amari 1998, eq. 12, with damping as in Levenberg 1944.
    Where there is no inverse the direction is not finite and the path ends (``ok``), or with
    ``singular="pseudo-inverse"`` it is Moore and Penrose's: the shortest of the directions that
    explain the most of the gradient.
    """
    strength, second = checked("damping λ", damping, 0.0), damped_with(kind)
    if singular not in SINGULAR:
        raise ValueError(f"no way {singular!r} with a singular metric; there are {SINGULAR}")

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        operator = metric(at)
        if np.any(np.asarray(damping) > 0):
            matrix = operator.dense()
            operator = Dense(add(matrix, second(at, matrix), strength))
        if singular == "pseudo-inverse":
            return mv(pseudo_inverse(operator.dense()), direction), memory
        return operator.solve(direction), memory

    how = made(metric)
    fixed = how is not None and not how.given and not how.named and np.ndim(damping) == 0
    return Rule(
        update,
        name="precondition",
        latex=r"(G + \lambda D)^{-1}\, \cdot",
        form=(how.module, how.expression, strength, kind, singular) if how and fixed else None,
    )


def damped_with(kind: str) -> dampings.Kind:
    """The damping of this name, or an error that lists them."""
    if kind not in dampings.ALL_KINDS:
        raise ValueError(f"no damping {kind!r}; there are {', '.join(dampings.ALL_KINDS)}")
    return dampings.ALL_KINDS[kind]


def direction(
    problem: Problem,
    metric: Metric,
    theta: ArrayLike,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "raise",
) -> Array:
    """(G + λD)⁻¹ ∇J at ``theta [..., d]``, outside any run: ``[..., d]``.

    Raises SingularMetricError where there is no inverse, unless ``singular="pseudo-inverse"``.
    """
    point = problem.check(theta)
    at = problem.at(components(point))
    strength, second = checked("damping λ", damping, 0.0), damped_with(kind)
    matrix = metric(at).dense()
    if np.any(np.asarray(damping) > 0):
        matrix = add(matrix, second(at, matrix), strength)
    if singular == "pseudo-inverse":
        return full(mv(pseudo_inverse(matrix), at.grad), point.shape[:-1])
    if singular != "raise":
        raise ValueError(f"no way {singular!r} with a singular metric; 'raise', 'pseudo-inverse'")
    invertible(full(matrix, point.shape[:-1]))
    return full(Dense(matrix).solve(at.grad), point.shape[:-1])
