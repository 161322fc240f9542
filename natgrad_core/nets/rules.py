"""The natural gradient and its relatives: a metric, a policy for λ, a policy for the length.

δ = −α (G + λI)⁻¹ ∇J. Take G = I and it is gradient descent; the Fisher matrix, natural gradient
(Amari 1998, theorem 1); its factors, K-FAC; the Hessian, Newton. A λ that learns gives
Levenberg–Marquardt, a radius that learns a trust region. One function composes them all.

Where a policy learns, the trial point is evaluated before the step is taken, and a step that would
not lower the loss is tried again with more damping or a smaller radius. At a full batch the trial
is reused: it is the forward pass of the next step. A λ that learns stops at the ``least`` of an
approximation, where float32 still distinguishes it from rounding: the error of the approximation
itself is much larger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import torch
from torch import Tensor

from natgrad_core.core.provenance import remembering
from natgrad_core.errors import SingularMetricError
from natgrad_core.nets import gradient_noise, held_damping, metrics
from natgrad_core.nets.baselines import adadelta, adam, gradient, lbfgs, momentum, nesterov
from natgrad_core.nets.damping import CEILING, FLOOR, Damping, LevenbergMarquardt, policy
from natgrad_core.nets.fresh_batches import Fresh
from natgrad_core.nets.metrics import Holding, Metric, Operator
from natgrad_core.nets.preconditioners.adamw import adamw
from natgrad_core.nets.preconditioners.lion import lion
from natgrad_core.nets.preconditioners.muon import muon
from natgrad_core.nets.preconditioners.shampoo import shampoo
from natgrad_core.nets.preconditioners.soap import soap
from natgrad_core.nets.preconditioners.sophia import sophia
from natgrad_core.nets.problem import At
from natgrad_core.nets.refresh import Every, Growing, Refresh, share_of_rows, spaced, ticked
from natgrad_core.nets.refresh import start as clock_start
from natgrad_core.nets.rule import Memory, Rule
from natgrad_core.nets.runtime.conversion import converted
from natgrad_core.nets.step_size import Quadratic, Rate, Size, Step, TrustRegion, scaled, size_of

TRIES = 12
"""Trials of one step, each with more damping, before it is given up."""

GROWTH = 64.0
"""The most by which a λ that learns grows from one step to the next, however many trials failed:
one batch that cannot be gained on is no reason to take no more steps."""

NEW, WRONG = 3.0, 2.5
"""Where a direction has more than NEW times the damped curvature that the inverse holds for it, in
the scale that was right at the refresh, the inverse is wrong on this batch: it is computed again,
with a λ WRONG times as large."""

UNSEEN = 8.0
"""A gain of the loss below this many units in the last place is rounding."""


@remembering(__name__, "second_order")
def second_order(
    metric: Metric,
    damping: float | Damping = 1e-3,
    size: float | Size = 1.0,
    name: str = "",
    source: str = "",
    refresh: Refresh | None = None,
    inverses: Refresh | None = None,
) -> Rule:
    """δ = size of −(G + λI)⁻¹ direction.

    Args:
        metric: G.
        damping: λ ≥ 0, or a policy of ``natgrad_core.nets.damping``.
        size: α, or a policy of ``natgrad_core.nets.step_size``.
        name: The name of the rule; "": that of the metric.
        source: Where it was published.
        refresh: When G is computed, a policy of ``natgrad_core.nets.refresh``; None: at each step.
        inverses: When G + λI is inverted and what learns is judged; None: whenever G is computed.

    Returns:
        The rule.

    Raises:
        ValueError: If λ or α is out of range, or if the metric cannot be held between steps.
        SingularMetricError: In a step, if G + λI has no inverse and λ is fixed.
    """
    trust, length = policy(damping), size_of(size)
    learns = trust.learns or isinstance(length, TrustRegion)
    if isinstance(length, Rate) and not learns:
        length = replace(length, promises=False)
    if refresh is not None and (metric.held is None or metric.again is None):
        raise ValueError(
            f"the metric {metric.name} is computed at each step: its inverse cannot be held"
        )
    of_metric, of_inverse = refresh or Every(1), inverses or refresh or Every(1)

    def init(start: Tensor) -> Memory:
        kept = {"metric": metric.init(start), "trust": trust.start(), "size": length.start()}
        if refresh is not None:
            kept |= {"clock": clock_start(), "held": None, "checked": False}
            kept |= {"scale": 1.0, "known": 0.0}
            return {**kept, "noise": gradient_noise.start(), "look": held_damping.start()}
        return {**kept, "fresh": Fresh().memory()} if learns else kept

    def passes(memory: Memory, at: At) -> bool:
        return (
            _first(memory)
            or (learns and not memory["checked"] and share_of_rows(memory["clock"], at) == 1)
            or any(each.due(memory["clock"], at) for each in (of_metric, of_inverse))
        )

    def between(direction: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory] | None:
        """A step with the inverse that is held; None where it is found wrong on this batch."""
        assert metric.held is not None
        clock, few = ticked(memory["clock"], at, False), share_of_rows(memory["clock"], at)
        kept, report = {**memory, "clock": clock}, memory["report"]
        downhill = -metric.held(at, memory["held"], direction)
        step = length.between(direction, downhill, memory["size"])
        if learns:
            strength, share = report["damping"], memory["noise"]["share"]
            if few == 1 and not memory["checked"]:
                step = length.fit(at, direction, downhill, strength, step.memory)
                if _scale(step, direction, downhill, strength) > NEW * memory["scale"]:
                    return None
                factor = 2 if held_damping.has_settled(memory["look"]) else 1
                kept |= {"clock": spaced(clock, factor), "checked": True}
            step = _within_the_loss(step, direction, at)
            slope = -float(direction @ step.change)
            kept["known"] = memory["scale"] * _rate(step, downhill) * slope
            kept["noise"] = gradient_noise.after(
                memory["noise"], direction, step.change, few * share
            )
            step = scaled(step, direction, few * share)
            report = {**report, "share": share}
        report = {**report, "rho": float("nan"), "tries": 0, "refused": False}
        return step.change, {**kept, "size": step.memory, "report": report}

    def judged_elsewhere(direction: Tensor, at: At, memory: Memory) -> Memory:
        """What the last step was worth, on the batch of this point, which is another one."""
        noise, look = memory["noise"], memory["look"]
        u = noise["step"]
        if trust.learns and u is not None and passes(memory, at):
            q = at.products([at.tape.push(u)])[0][0]
            damped = memory["report"]["damping"] * float(u @ u)
            look = held_damping.seen(look, memory["known"], q, damped)
            memory = {**memory, "look": look, "trust": _times(memory["trust"], look["factor"])}
        return {**memory, "noise": gradient_noise.heard(noise, direction)}

    def update(direction: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        at.check()
        if refresh is None:
            operator, of_metric_now = metric.at(at, memory["metric"])
            return full(direction, at, {**memory, "metric": of_metric_now}, operator)
        assert metric.again is not None
        first, clock, operator = _first(memory), memory["clock"], None
        of_trust = memory["trust"]
        if clock["batch"] not in ((), at.problem.signature):
            memory = judged_elsewhere(direction, at, memory)
        stale = first or of_metric.due(clock, at)
        if not first and not of_inverse.due(clock, at):
            if stale:
                memory = {**memory, "metric": metric.at(at, memory["metric"])[1]}
            found = between(direction, at, memory)
            if found is not None:
                return found
            clock = spaced(clock, 1 / 2)
            memory = {**memory, "trust": _larger(memory["trust"], _times(of_trust, WRONG))}
            stale = inverses is None
        elif not first and memory["checked"] and clock["steps"] - clock["last"] < clock["interval"]:
            clock = spaced(clock, 1 / 2)  # the losses rose before the interval was over
        if stale:
            operator, of_metric_now = metric.at(at, memory["metric"])
            memory = {**memory, "metric": of_metric_now}
        operator = cast("Holding", operator or metric.again(at, memory["metric"]))
        change, kept = full(direction, at, memory, operator)
        held = converted(operator.hold(kept["report"]["damping"]), at.theta)
        return change, {**kept, "clock": ticked(clock, at, True), "held": held, "checked": False}

    def full(
        direction: Tensor, at: At, memory: Memory, operator: Operator
    ) -> tuple[Tensor, Memory]:
        """A step with the operator at this point."""
        of_trust, of_size = memory["trust"], memory["size"]
        step, rho, strength = Step(torch.zeros_like(direction), 0.0, of_size), float("nan"), 0.0
        whole, downhill = step, step.change
        least = getattr(operator, "least", 0.0) if trust.learns else 0.0
        fresh, varies, share = Fresh(), False, 1.0
        if refresh is not None:
            varies = memory["clock"]["batch"] not in ((), at.problem.signature)
            share = memory["noise"]["share"] if varies else 1.0
        elif learns:
            fresh = Fresh.at(at, memory["fresh"])
            varies, share = fresh.varies, fresh.share
        of_trust = _times(of_trust, fresh.factor)
        began = of_trust
        unseen = UNSEEN * torch.finfo(at.theta.dtype).eps * abs(at.loss)
        tries, refused = 0, False
        for _ in range(TRIES):
            tries += 1
            strength = max(trust.value(of_trust, at), least)
            try:
                downhill = -operator.solve(direction, strength)
            except SingularMetricError:
                if not trust.learns:
                    raise
                of_trust = trust.judge(of_trust, float("nan"), least)  # too little damping
                continue
            step = length.fit(at, direction, downhill, strength, of_size)
            if not learns:
                of_size = step.memory
                break
            if varies:
                step = _within_the_loss(step, direction, at)
            whole, step = step, scaled(step, direction, share)
            gained = at.loss - at.after(step.change).loss
            if max(abs(gained), abs(step.promise)) <= unseen:
                of_size = step.memory  # a gain below rounding teaches nothing: λ stays as it was
                break
            rho = gained / step.promise if step.promise > 0 else float("nan")
            if not (varies and rho > 0.25):
                of_trust = trust.judge(of_trust, rho, least)
            of_size = length.judge(step, rho)
            if rho > 0:
                break
        else:
            step, refused = Step(torch.zeros_like(direction), 0.0, of_size), True
        report = {
            "damping": strength,
            "rho": rho,
            "tries": tries,
            "refused": refused,
            "note": getattr(operator, "note", ""),
        }
        of_trust = _capped(of_trust, began, least)
        kept = {**memory, "trust": of_trust, "size": of_size, "report": report}
        if refresh is not None and learns:
            kept["noise"] = gradient_noise.after(memory["noise"], direction, whole.change, share)
            if not refused:
                kept["scale"] = _scale(whole, direction, downhill, strength)
                kept["known"] = _damped_curvature(whole, direction, strength)
        elif learns:
            kept["fresh"] = fresh.after(step, direction, strength)
        if learns:
            report["share"] = share
        return step.change, kept

    latex = r"-\alpha (G + \lambda I)^{-1} \nabla J"
    return Rule(update, init, name or metric.name, latex, source, passes if refresh else None)


def _rate(step: Step, direction: Tensor) -> float:
    """α, where the step is α d."""
    square = float(direction @ direction)
    return max(float(step.change @ direction) / max(square, 1e-30), 1e-30)


def _damped_curvature(step: Step, grad: Tensor, damping: float) -> float:
    """δᵀ(F + λI)δ, which the promise of a step tells."""
    curvature = 2 * (-float(grad @ step.change) - step.promise)
    return curvature + damping * float(step.change @ step.change)


def _scale(step: Step, grad: Tensor, direction: Tensor, damping: float) -> float:
    """dᵀ(F + λI)d on this batch over the dᵀ(G + λI)d = −gᵀd of the metric; the step is α d."""
    known = -float(grad @ step.change) * _rate(step, direction)
    return _damped_curvature(step, grad, damping) / max(known, 1e-30)


def _within_the_loss(step: Step, grad: Tensor, at: At) -> Step:
    """The step, cut where it promises a larger decrease than the loss allows.

    Along δ a quadratic model with the slope −a is least at a step s with the decrease s a/2, and no
    decrease is larger than J − J*, with J* the least loss that any outputs have: s ≤ 2 (J − J*)/a
    (the stochastic Polyak step size of Loizou et al. 2021 with c = ½, there along the gradient). An
    inverse that knows nothing of what is new in a batch would take a longer one.
    """
    a, most = -float(grad @ step.change), max(at.loss - at.problem.least_loss, 0.0)
    return step if a <= 2 * most else scaled(step, grad, 2 * most / a)


def _first(memory: Memory) -> bool:
    return memory["held"] is None


def _capped(new: Memory, old: Memory, least: float) -> Memory:
    """A learned λ that has grown by no more than GROWTH in one step."""
    if "damping" not in new:
        return new
    most = GROWTH * max(old["damping"], least)
    return new if new["damping"] <= most else {**new, "damping": most}


def _larger(one: Memory, other: Memory) -> Memory:
    """Of two states of a policy the one with the larger λ, if it learns one."""
    return max(one, other, key=lambda state: state.get("damping", 0.0))


def _times(state: Memory, factor: float) -> Memory:
    """A learned λ times a factor, between FLOOR and CEILING."""
    if factor == 1 or "damping" not in state:
        return state
    return {**state, "damping": min(max(state["damping"] * factor, FLOOR), CEILING)}


@remembering(__name__, "natural")
def natural(
    rate: float | Size = 1.0,
    damping: float | Damping = 1e-3,
    kind: str = "true",
    method: str = "auto",
) -> Rule:
    """The natural gradient with the exact Fisher matrix (Amari 1998, theorem 1).

    Args:
        rate: α, or a policy of ``natgrad_core.nets.step_size``.
        damping: λ ≥ 0, or a policy of ``natgrad_core.nets.damping``.
        kind: "true", "monte-carlo" or "empirical".
        method: How to solve: "auto", "rows", "gram", "contracted" or "cg".

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    return second_order(
        metrics.exact(kind, method), damping, rate, "natural", "Amari 1998, theorem 1"
    )


@remembering(__name__, "levenberg_marquardt")
def levenberg_marquardt(
    initial: float = 1.0,
    omega: float = 0.25,
    size: float | Size | None = None,
    method: str = "auto",
    tolerance: float | None = None,
) -> Rule:
    """The exact natural gradient whose λ learns; the rate and momentum from the quadratic model.

    With ``method`` "cg" and a loose ``tolerance`` it is Hessian-free descent (Martens 2010).

    Args:
        initial: The first λ.
        omega: The factor by which λ falls after a good step.
        size: α or a policy of ``natgrad_core.nets.step_size``; None: from the quadratic model.
        method: How to solve: "auto", "rows", "gram", "contracted" or "cg".
        tolerance: The relative tolerance of conjugate gradients; None: the default.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    return second_order(
        metrics.exact("true", method, tolerance=tolerance),
        LevenbergMarquardt(initial, omega),
        Quadratic() if size is None else size,
        "Levenberg–Marquardt",
        "Levenberg 1944; Marquardt 1963",
    )


@remembering(__name__, "trust_region")
def trust_region(radius: float = 0.1, damping: float = 1e-4) -> Rule:
    """The exact natural gradient within a KL radius that learns.

    Args:
        radius: The first radius in nats.
        damping: λ ≥ 0.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    return second_order(
        metrics.exact(),
        damping,
        TrustRegion(radius),
        "trust region",
        "Nocedal & Wright 2006, alg. 4.1",
    )


@remembering(__name__, "kfac")
def kfac(
    damping: float | Damping | None = None,
    size: float | Size | None = None,
    kind: str = "true",
    samples: int = 1,
    keep: float | None = 0.0,
    sharing: str = "expand",
    every: int | None = 1,
    inverses: int | None = None,
    examples: int | None = None,
) -> Rule:
    """K-FAC; left alone, it sets its λ, rate and momentum by itself (Martens & Grosse 2015).

    Args:
        damping: λ ≥ 0 or a policy of ``natgrad_core.nets.damping``; None: Levenberg–Marquardt.
        size: α or a policy of ``natgrad_core.nets.step_size``; None: from the quadratic model.
        kind: "true", "monte-carlo" or "empirical".
        samples: Targets drawn for each example, with "monte-carlo".
        keep: The weight of old factors in a running average, in [0, 1).
        sharing: What places that share a weight are, where factors come by hooks: "expand" or
            "reduce".
        every: The factors are computed at every ``every``-th step; None: as ``Growing`` says.
        inverses: They are inverted at every ``inverses``-th step; None: whenever they are computed.
        examples: The factors are computed from so many examples at most; None: from all.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    return second_order(
        metrics.kfac(kind, samples, keep, sharing=sharing, examples=examples),
        LevenbergMarquardt(1.0, 0.25) if damping is None else damping,
        Quadratic() if size is None else size,
        "K-FAC",
        "Martens & Grosse 2015",
        *intervals(every, inverses),
    )


def intervals(every: int | None, inverses: int | None) -> tuple[Refresh | None, Refresh | None]:
    """Return when a metric is computed, and when it is inverted.

    Args:
        every: The number of steps between; None: as ``Growing`` says.
        inverses: The number of steps between inverses; None: whenever the metric is computed.

    Returns:
        Both policies, as ``second_order`` takes them.

    Raises:
        ValueError: If a number is less than 1.
    """
    of_inverse = None if inverses is None else Every(inverses)
    if every is None:
        return Growing(), of_inverse
    of_metric = Every(every)
    return (None, None) if every == 1 and of_inverse is None else (of_metric, of_inverse)


@remembering(__name__, "ekfac")
def ekfac(
    damping: float | Damping | None = None,
    size: float | Size | None = None,
    kind: str = "true",
    samples: int = 1,
    keep: float | None = 0.0,
    sharing: str = "expand",
    every: int | None = 1,
    inverses: int | None = None,
) -> Rule:
    """E-KFAC (George et al. 2018).

    Args:
        damping: λ ≥ 0 or a policy of ``natgrad_core.nets.damping``; None: Levenberg–Marquardt.
        size: α or a policy of ``natgrad_core.nets.step_size``; None: from the quadratic model.
        kind: "true", "monte-carlo" or "empirical".
        samples: Targets drawn for each example, with "monte-carlo".
        keep: As in ``kfac``, for the factors and the second moments.
        sharing: As in ``kfac``.
        every: As in ``kfac``.
        inverses: As in ``kfac``.

    Returns:
        The rule.

    Raises:
        ValueError: If a setting is out of range or unknown.
    """
    return second_order(
        metrics.ekfac(kind, samples, keep, sharing),
        LevenbergMarquardt(1.0, 0.25) if damping is None else damping,
        Quadratic() if size is None else size,
        "E-KFAC",
        "George et al. 2018",
        *intervals(every, inverses),
    )


RULES: dict[str, Callable[..., Rule]] = {
    "gradient": gradient,
    "momentum": momentum,
    "nesterov": nesterov,
    "adam": adam,
    "adamw": adamw,
    "adadelta": adadelta,
    "lbfgs": lbfgs,
    "natural": natural,
    "levenberg-marquardt": levenberg_marquardt,
    "trust-region": trust_region,
    "kfac": kfac,
    "ekfac": ekfac,
    "shampoo": shampoo,
    "soap": soap,
    "muon": muon,
    "lion": lion,
    "sophia": sophia,
}
