"""A rule computes the next step from what is known at a point, and has a memory of its own.

A rule is a pair of pure functions, as in optax: ``init(start) -> memory`` and
``update(direction, at, memory) -> (direction, memory)``. The first direction is the gradient, and
the last one is added to the parameters. A chain of rules is a rule: each takes the direction of the
one before. Gradient descent is ``descend(rate)``; the natural gradient
``chain(precondition(fisher), descend(rate))``; Newton's method is the same with the Hessian.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeAlias

import numpy as np

from natgrad_core.core import damping as dampings
from natgrad_core.core.evaluation import At
from natgrad_core.core.metric import Metric
from natgrad_core.core.problem import Problem
from natgrad_core.core.provenance import Repeatable, remembering
from natgrad_core.core.validation import checked
from natgrad_core.errors import not_a
from natgrad_core.linalg.operators import Dense, Operator, invertible
from natgrad_core.linalg.small_matrices import add, components, full, mv
from natgrad_core.linalg.spectral import pseudo_inverse
from natgrad_core.types import Array, ArrayLike, Vector

Memory = Any
"""What a rule carries from step to step: nested tuples of components, () if nothing."""


def _no_memory(start: Vector) -> Memory:
    return ()


Update: TypeAlias = Callable[[Vector, At, Memory], tuple[Vector, Memory]]
"""(direction, at, memory) -> the next direction and memory, by components."""


@dataclass(frozen=True)
class Rule(Repeatable):
    """A pair of pure functions, ``update`` and ``init``.

    Args:
        update: Maps (direction, at, memory) to the next direction and memory, by components.
        init: Maps the start to the memory before the first step.
        name: The name in messages and legends.
        latex: The formula of the update.
        source: Where it was published.
        form: A key that all rules share which differ from this one in ``numbers`` alone, so that
            what was traced of one serves the others. None: the rule is traced again in every run.
        numbers: The numbers of this rule among those of its form.
        of_numbers: ``update`` as a function of the numbers: ``of_numbers(*numbers)`` is ``update``.

    Raises:
        ValueError: If there are ``numbers`` but no ``of_numbers``.
    """

    update: Update
    init: Callable[[Vector], Memory] = _no_memory
    name: str = "rule"
    latex: str = ""
    source: str = ""
    form: Hashable = None
    numbers: tuple[Any, ...] = ()
    of_numbers: Callable[..., Update] | None = None

    def __post_init__(self) -> None:
        if self.numbers and self.of_numbers is None:
            raise ValueError(
                f"the rule {self.name!r} has numbers {self.numbers} but no of_numbers; give the "
                "update as a function of them, or no numbers"
            )

    def update_with(self, numbers: tuple[Any, ...]) -> Update:
        """Return ``update`` with other numbers.

        Args:
            numbers: As many as the rule has; they may be the tracer's symbols.

        Returns:
            The update.
        """
        return self.of_numbers(*numbers) if self.of_numbers else self.update

    def __repr__(self) -> str:
        return f"<rule {self.name}: {self.latex}>" if self.latex else f"<rule {self.name}>"


def of_form(
    form: Hashable,
    of_numbers: Callable[..., Update],
    numbers: tuple[Any, ...] = (),
    init: Callable[[Vector], Memory] = _no_memory,
    name: str = "rule",
    latex: str = "",
    source: str = "",
) -> Rule:
    """Return the rule of a form with these numbers, whose traced step is kept from run to run.

    Args:
        form: The key that all rules share which differ in ``numbers`` alone.
        of_numbers: Makes the update of the numbers; while a step is traced they are symbols.
        numbers: The numbers.
        init: Maps the start to the memory before the first step.
        name: The name in messages and legends.
        latex: The formula of the update.
        source: Where it was published.

    Returns:
        The rule.
    """
    return Rule(of_numbers(*numbers), init, name, latex, source, form, numbers, of_numbers)


def must_be_a_rule(value: Any) -> None:
    """Check that something is a rule.

    Args:
        value: What was given.

    Raises:
        TypeError: If it is not; the message says what gives one.
    """
    if not isinstance(value, Rule):
        raise not_a("a rule", 'rules["natural"](rate=0.1)', value)


@remembering(__name__, "chain")
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

    def init(start: Vector) -> Memory:
        return tuple([link.init(start) for link in links])

    def of_numbers(*numbers: Any) -> Update:
        rest = iter(numbers)
        updates = [link.update_with(tuple(islice(rest, len(link.numbers)))) for link in links]

        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            kept: list[Memory] = []
            for each, m in zip(updates, memory, strict=True):
                direction, m = each(direction, at, m)
                kept.append(m)
            return direction, tuple(kept)

        return update

    forms = tuple(link.form for link in links)
    numbers = tuple(number for link in links for number in link.numbers)
    form = None if None in forms else forms
    return of_form(form, of_numbers, numbers, init, name, latex, source)


@remembering(__name__, "descend")
def descend(rate: ArrayLike) -> Rule:
    """Direction -> −α direction.

    Args:
        rate: α, one number or an array over the leading axes ``[...]``.

    Returns:
        The rule.

    Raises:
        ValueError: If the rate is not finite.
    """

    def of_numbers(factor: Any) -> Update:
        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            return tuple(-(factor * component) for component in direction), memory

        return update

    numbers = (checked("the rate α", rate, -np.inf),)
    return of_form("descend", of_numbers, numbers, name="descend", latex=r"-\alpha\, \cdot")


SINGULAR = ("diverge", "pseudo-inverse")
"""What to do where a metric has no inverse: let the step be not finite, or take G⁺."""


@remembering(__name__, "precondition")
def precondition(
    metric: Callable[[At], Operator],
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "diverge",
) -> Rule:
    """Direction -> (G + λD)⁻¹ direction. Amari 1998, theorem 1; damping as in Levenberg 1944.

    Args:
        metric: G. A ``Metric`` lets the traced step be kept from run to run; any other function of
            an ``At`` is traced again in every run.
        damping: λ ≥ 0, one number or an array over the leading axes ``[...]``.
        kind: What D is, a name in ``natgrad_core.core.damping.ALL_KINDS``.
        singular: What to do where there is no inverse. "diverge": the direction is not finite and
            the path ends (``ok``). "pseudo-inverse": take (G + λD)⁺ (Moore and Penrose), which
            gives the shortest least-squares solution.

    Returns:
        The rule, which gives a vector for a covector.

    Raises:
        ValueError: For a damping below 0, or an unknown ``kind`` or ``singular``.
        TypeError: If ``metric`` is not a function.
    """
    if not callable(metric):
        raise not_a("a metric", 'metrics["fisher"]()', metric)
    strength, second = checked("damping λ", damping, 0.0), damped_with(kind)
    if singular not in SINGULAR:
        raise ValueError(f"singular={singular!r} is not supported; choose one of {SINGULAR}")

    damped = bool(np.any(np.asarray(damping) > 0))
    own = metric.numbers if isinstance(metric, Metric) else ()
    numbers = (*((strength,) if damped else ()), *own)

    def of_numbers(*all_given: Any) -> Update:
        given, of_metric = all_given[:damped], all_given[damped:]
        here = metric.with_numbers(of_metric) if isinstance(metric, Metric) else metric

        def update(direction: Vector, at: At, memory: Memory) -> tuple[Vector, Memory]:
            operator = here(at)
            if kind == "identity" and singular == "diverge":
                return operator.solve(direction, *given), memory
            if damped:
                matrix = operator.dense()
                operator = Dense(add(matrix, second(at, matrix), *given))
            if singular == "pseudo-inverse":
                return mv(pseudo_inverse(operator.dense()), direction), memory
            return operator.solve(direction), memory

        return update

    of_metric = metric.form if isinstance(metric, Metric) else None
    return of_form(
        of_metric and (of_metric, damped, kind, singular),
        of_numbers,
        numbers,
        name="precondition",
        latex=r"(G + \lambda D)^{-1}\, \cdot",
    )


def damped_with(kind: str) -> dampings.Kind:
    """Return the damping of a name.

    Args:
        kind: A name in ``natgrad_core.core.damping.ALL_KINDS``.

    Returns:
        D, as a function of the point and the metric there.

    Raises:
        ValueError: If there is none of this name.
    """
    if kind not in dampings.ALL_KINDS:
        raise ValueError(f"no damping {kind!r}; there are {', '.join(dampings.ALL_KINDS)}")
    return dampings.ALL_KINDS[kind]


def direction(
    problem: Problem,
    metric: Callable[[At], Operator],
    theta: ArrayLike,
    damping: ArrayLike = 0.0,
    kind: str = "identity",
    singular: str = "raise",
) -> Array:
    """Return (G + λD)⁻¹ ∇J at a point, outside any run.

    Args:
        problem: The problem, which gives ∇J.
        metric: G.
        theta: The point, ``[..., d]``.
        damping: λ ≥ 0, one number or an array over the leading axes.
        kind: What D is, a name in ``natgrad_core.core.damping.ALL_KINDS``.
        singular: "raise" where there is no inverse, or "pseudo-inverse" to take G⁺.

    Returns:
        The direction, ``[..., d]``.

    Raises:
        SingularMetricError: If there is no inverse and ``singular`` is "raise".
        ValueError: For a damping below 0, or an unknown ``kind`` or ``singular``.
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
        raise ValueError(
            f"singular={singular!r} is not supported; choose 'raise' or 'pseudo-inverse'"
        )
    invertible(full(matrix, point.shape[:-1]))
    return full(Dense(matrix).solve(at.grad), point.shape[:-1])
