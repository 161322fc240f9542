"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import Trajectory
from natgrad_lecture.drawing.paired_runs import COINCIDE, DIFFER
from natgrad_lecture.lessons.base import Changes, Claim, Question
from natgrad_lecture.lessons.scope import Scope, between, box, one_of
from natgrad_lecture.lessons.variational.model import SHARE, Model, covariance, pair_of
from natgrad_lecture.lessons.variational.state import PRESETS

BEETLES, BEST = PRESETS["a-posterior-of-beetles"], PRESETS["the-best-normal"]

BANANAS = {
    "start": box((-1.3, 0.4), (-0.9, 0.8)),
    "rate": between(0.15, 0.25),
    "steps": one_of(40),
}
"""Starts at one end of the banana, from which all three methods move along it."""


def _above(model: Model) -> dict[str, float]:
    """How far above its least KL is at the end of each run; infinite where it left the domain."""
    lowest = model.least
    runs = {name: pair.in_theta for name, pair in model.paired_runs.items()}
    return {n: float(p.loss[-1]) - lowest if p.ok.all() else np.inf for n, p in runs.items()}


def _with_q(model: Model, name: str, rate: float, start: tuple[float, ...]) -> Trajectory:
    """A method's run on q, as the picture makes it, from another start or at another rate."""
    s = model.state
    return pair_of(s.problem_key, s.chart_of_q, name, rate, start, s.steps).in_theta


def _tenth_of_the_rate(times: float) -> Any:
    """Gradient descent diverges at α, and at α/10 is so many times as far above the least KL."""

    def check(model: Model) -> bool:
        start = tuple(map(float, model.start))
        whole = _with_q(model, "gradient", model.state.rate / SHARE, start)
        found = _above(model)
        far = found["gradient"] > times * found["natural"]
        return not whole.ok.all() and (far if times else found["gradient"] < found["natural"])

    return check


def _sheared_q(one: str, other: str) -> Any:
    """One method's two runs coincide, and the other's differ."""
    return lambda model: bool(model.gap(one) < COINCIDE and model.gap(other) > DIFFER)


def _fewest(name: str) -> Any:
    """A method has the least KL half-way; H is positive definite along the run of Newton's."""

    def check(model: Model) -> bool:
        half = model.state.steps // 2
        losses = {n: pair.in_theta.loss[half] for n, pair in model.paired_runs.items()}
        curvature = np.linalg.eigvalsh(model.of.hessian(model.run("newton").theta))
        return bool(min(losses, key=lambda n: losses[n]) == name and (curvature > 0).all())

    return check


def _inverse_is(kind: str) -> Any:
    """Σ⁻¹ of the best q is the mean Hessian of −log p, or its value at the mean."""

    def check(model: Model) -> bool:
        of, best = model.of, model.best
        value = of.n * of.target.hessian(best[:2])
        there = of.expected_hessian(best) if kind == "mean" else value
        return bool(np.allclose(np.linalg.inv(covariance(best)), there, rtol=1e-4))

    return check


def _wide(model: Model) -> int:
    """The variances of the best q are larger than those of p (0), equal (1), or smaller (2)."""
    ratio = np.diag(covariance(model.best)) / model.variances
    return 0 if (ratio > 1.01).all() else 2 if (ratio < 0.99).all() else 1


def _as_wide(part: float) -> Any:
    """The standard deviations of the best q are those of p up to this part."""

    def check(model: Model) -> bool:
        ratio = np.sqrt(np.diag(covariance(model.best)) / model.variances)
        return bool(np.allclose(ratio, 1, rtol=part, atol=0))

    return check


def _steepness(rng: np.random.Generator, _: Changes) -> list[str]:
    """Bananas that are more and less narrow."""
    return [f"problem.rosenbrock.steepness:{float(rng.uniform(1.5, 10)):.3g}"]


CLAIMS = {
    "tenth-of-the-rate": Claim(
        {},
        _tenth_of_the_rate(2.0),
        Scope({**BANANAS, "rate": one_of(0.2)}),
        false={"nearer than the natural gradient": _tenth_of_the_rate(0.0)},
        shows=("gradient", "natural"),
    ),
    "sheared-q": Claim(
        {},
        _sheared_q("natural", "gradient"),
        Scope(BANANAS),
        false={"the other way round": _sheared_q("gradient", "natural")},
        shows=("natural", "gradient", "meter"),
    ),
    "newton-on-q": Claim(
        {},
        _fewest("newton"),
        Scope(BANANAS),
        false={"the natural gradient does": _fewest("natural")},
        shows=("newton",),
    ),
    "mean-hessian": Claim(
        BEST,
        _inverse_is("mean"),
        Scope(BANANAS),
        false={"its value at the mean": _inverse_is("value")},
        shows=("natural", "newton", "formula.precision"),
    ),
    "narrow": Claim(
        BEST,
        lambda model: _wide(model) == 2,
        Scope({"option_values": _steepness}),
        false={"larger": lambda model: _wide(model) == 0},
        shows=("natural", "newton", "formula.variances"),
    ),
    "round": Claim(
        BEETLES,
        _as_wide(0.05),
        Scope({"start": box((0.0, 1.0), (2.0, 4.0))}),
        false={"within a thousandth": _as_wide(1e-3)},
        beyond=Scope({"problem": one_of("rosenbrock")}),
        shows=("natural", "newton", "formula.variances"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("tenth-of-the-rate", "sheared-q"),
    "question.wide": ("narrow",),
    "preset.a-normal-for-a-banana": ("tenth-of-the-rate", "newton-on-q"),
    "preset.the-best-normal": ("narrow",),
    "preset.a-posterior-of-beetles": ("round",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {"wide": Question(BEST, _wide)}
