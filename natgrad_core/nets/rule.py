"""A rule is a pair of pure functions, as on the plane, on tensors.

``init(start) -> memory`` and ``update(direction, at, memory) -> (direction, memory)``: a link is
handed a direction (at first the gradient) and hands on another; what the last one hands on is added
to the parameters. Memory is a plain dictionary of tensors and numbers that is never changed in
place, so a run can be stopped, rewound, saved and resumed from any step, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from natgrad_core.core.provenance import Repeatable
from natgrad_core.nets.problem import At

Memory = dict[str, Any]


def nothing(start: Tensor) -> Memory:
    """The memory of a rule that has none, at any start ``[p]``."""
    return {}


@dataclass(frozen=True)
class Rule(Repeatable):
    """``update`` maps (direction [p], at, memory) to the next direction and memory."""

    update: Callable[[Tensor, At, Memory], tuple[Tensor, Memory]]
    init: Callable[[Tensor], Memory] = nothing
    name: str = "rule"
    latex: str = ""
    source: str = ""

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.latex}>" if self.latex else f"<rule {self.name}>"


def chain(*links: Rule, name: str = "chain", latex: str = "", source: str = "") -> Rule:
    """The rule that hands the direction through ``links`` in order."""

    def init(start: Tensor) -> Memory:
        return {str(i): link.init(start) for i, link in enumerate(links)}

    def update(direction: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        kept: Memory = {}
        for i, link in enumerate(links):
            direction, kept[str(i)] = link.update(direction, at, memory[str(i)])
            kept["report"] = {**kept.get("report", {}), **kept[str(i)].get("report", {})}
        return direction, kept

    return Rule(update, init, name, latex, source)


def descend(rate: float) -> Rule:
    """Direction -> −α direction."""
    return Rule(lambda d, at, m: (-rate * d, m), name="descend", latex=r"-\alpha\, \cdot")


def decay(strength: float) -> Rule:
    """Direction -> direction + η θ: the gradient of an added η‖θ‖²/2."""
    return Rule(
        lambda d, at, m: (d + strength * at.theta, m), name="decay", latex=r"\cdot + \eta\theta"
    )
