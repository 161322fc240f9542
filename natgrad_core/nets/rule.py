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
from natgrad_core.errors import not_a
from natgrad_core.nets.problem import At

Memory = dict[str, Any]


def nothing(start: Tensor) -> Memory:
    """Return the memory of a rule that has none.

    Args:
        start: θ before the first step, ``[p]``.

    Returns:
        An empty dictionary.
    """
    return {}


@dataclass(frozen=True)
class Rule(Repeatable):
    """A pair of pure functions, ``update`` and ``init``, as in the plane.

    Args:
        update: Maps (direction ``[p]``, at, memory) to the next direction and memory.
        init: Maps θ before the first step, ``[p]``, to the memory.
        name: The name in messages and legends.
        latex: The formula of the update.
        source: Where it was published.
        passes: Whether the update at a point, with a memory, makes a pass of the net there; None:
            it always may.
    """

    update: Callable[[Tensor, At, Memory], tuple[Tensor, Memory]]
    init: Callable[[Tensor], Memory] = nothing
    name: str = "rule"
    latex: str = ""
    source: str = ""
    passes: Callable[[Memory, At], bool] | None = None

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.latex}>" if self.latex else f"<rule {self.name}>"


def must_be_a_rule(value: Any) -> None:
    """Check that something is a rule of nets.

    Args:
        value: What was given.

    Raises:
        TypeError: If it is not; the message says what gives one.
    """
    if not isinstance(value, Rule):
        raise not_a("a rule of natgrad_core.nets.rules", "rules.kfac()", value)


def chain(*links: Rule, name: str = "chain", latex: str = "", source: str = "") -> Rule:
    """Return the rule that applies ``links`` in order, each to the direction of the one before.

    Args:
        links: The rules.
        name: The name of the chain.
        latex: Its formula.
        source: Where it was published.

    Returns:
        The rule.

    Raises:
        TypeError: If a link is not a rule.
    """
    for link in links:
        must_be_a_rule(link)

    def init(start: Tensor) -> Memory:
        return {str(i): link.init(start) for i, link in enumerate(links)}

    def update(direction: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        kept: Memory = {}
        for i, link in enumerate(links):
            direction, kept[str(i)] = link.update(direction, at, memory[str(i)])
            kept["report"] = {**kept.get("report", {}), **kept[str(i)].get("report", {})}
        return direction, kept

    return Rule(update, init, name, latex, source)


def descend(rate: float | Tensor) -> Rule:
    """Direction -> −α direction.

    Args:
        rate: α, a number, or one for each parameter, ``[p]``.

    Returns:
        The rule.
    """
    return Rule(lambda d, at, m: (-rate * d, m), name="descend", latex=r"-\alpha\, \cdot")


def decay(strength: float) -> Rule:
    """Direction -> direction + η θ: the gradient of an added η‖θ‖²/2.

    Args:
        strength: η.

    Returns:
        The rule.
    """
    return Rule(
        lambda d, at, m: (d + strength * at.theta, m), name="decay", latex=r"\cdot + \eta\theta"
    )
