"""A rule turns what is known at a point into the next step, and keeps its own memory.

A rule is a pair of pure functions, as in optax: ``init(start) -> memory`` and
``update(direction, at, memory) -> (direction, memory)``. A link is a rule too: it is handed a
direction (at first the gradient) and hands on another, so a chain of rules is a rule, and the last
direction is what is added to the parameters. Plain descent is ``chain(descend(rate))``; the natural
gradient ``chain(precondition(fisher), descend(rate))``; Newton the same with the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core import damping as dampings
from natgrad_core.metrics import Metric
from natgrad_core.operator import Dense
from natgrad_core.problem import At
from natgrad_core.small import Vector, add
from natgrad_core.types import ArrayLike

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

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.latex}>" if self.latex else f"<rule {self.name}>"


def number(value: ArrayLike) -> Any:
    """One float, or an array over the leading axes: what a rate or a damping may be."""
    array = np.asarray(value, float)
    return array if array.ndim else float(array)


def chain(*links: Rule, name: str = "chain", latex: str = "", source: str = "") -> Rule:
    """The rule that hands the direction through ``links`` in order."""

    def init(start: Vector) -> Memory:
        return tuple(link.init(start) for link in links)

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        kept = []
        for link, m in zip(links, memory, strict=True):
            direction, m = link.update(direction, at, m)
            kept.append(m)
        return direction, tuple(kept)

    return Rule(update, init, name, latex, source)


def descend(rate: ArrayLike) -> Rule:
    """Direction -> −α direction. ``rate`` is one number, or an array over the leading axes."""
    factor = number(rate)

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        return tuple(-(factor * component) for component in direction), memory

    return Rule(update, name="descend", latex=r"-\alpha\, \cdot")


def precondition(metric: Metric, damping: ArrayLike = 0.0, kind: str = "identity") -> Rule:
    """Direction -> (G + λD)⁻¹ direction, with G the metric and D what ``kind`` says.

    ``damping`` is λ ≥ 0, one number or an array over the leading axes; ``kind`` a name in
    ``natgrad_core.damping.KINDS``. Amari 1998, eq. 12, with damping as in Levenberg 1944.
    """
    if not np.all(np.asarray(damping) >= 0):
        raise ValueError(f"damping λ must be ≥ 0, got {damping}")
    if kind not in dampings.KINDS:
        raise ValueError(f"no damping {kind!r}; there are {', '.join(dampings.KINDS)}")
    second, strength = dampings.KINDS[kind], number(damping)

    def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
        operator = metric(at)
        if np.any(np.asarray(damping) > 0):
            operator = Dense(add(operator.dense(), second(at), strength))
        return operator.solve(direction), memory

    return Rule(update, name="precondition", latex=r"(G + \lambda D)^{-1}\, \cdot")
