"""What shows each claim and checks it, and which option of a question is right.

Each sentence is checked from several starts: the page has a box for the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from natgrad_lecture.lessons.after_kfac.lazy_model import model_of
from natgrad_lecture.lessons.after_kfac.state import MATRIX, SQUARE, TURNED, WHOLE
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.scope import Scope, log_between, mostly, one_of, whole_between

Check = Callable[[Any], bool]

OTHERS = ("soap", "shampoo", "muon", "adam", "euclidean")
"""The methods that are neither F nor K-FAC."""


def _by_more(degrees: float, *names: str) -> Check:
    """These are nearer to the exact step than Adam's, by more than so many degrees."""
    return lambda model: all(
        model.step("adam").angle - model.step(name).angle > degrees for name in names
    )


def _little(most: float) -> Check:
    """Adam's step is nearer than gradient descent's by at most this, or farther."""
    return lambda model: model.step("euclidean").angle - model.step("adam").angle <= most


def _kept(model: Any, name: str) -> float:
    return model.step(name).gained / model.step("exact").gained


def _gains(kfac: float, soap: float, adam: float) -> Check:
    return lambda model: (
        _kept(model, "kfac") > kfac and _kept(model, "soap") > soap and _kept(model, "adam") < adam
    )


def _nearer(name: str, other: str) -> Check:
    return lambda model: model.step(name).angle < model.step(other).angle


def _empirical(least: float, share: float) -> Check:
    """F̂ differs from F by so much of its norm, and its trace is less than this share of F's."""
    return lambda model: model.empirical > least and model.trace_share < share


def _same(*names: str) -> Check:
    """These steps have Muon's direction, layer by layer and so as a whole."""

    def check(model: Any) -> bool:
        muon = model.step("muon").change
        for name in names:
            other = model.step(name).change
            if float(muon @ other) < 0.9999 * float(muon.norm() * other.norm()):
                return False
        return True

    return check


def _sign(name: str) -> Check:
    """All entries of a step are of one size, where the gradient is not nearly zero."""

    def check(model: Any) -> bool:
        step, g = model.step(name).change.abs(), model.point.grad.abs()
        moved = step[g > 1e-3 * g.max()]
        return float(moved.max()) < 1.01 * float(moved.min())

    return check


def _farther(least: float) -> Check:
    """Without the root Shampoo's step is farther from the exact one, by so many degrees."""
    return lambda model: (
        model.step("shampoo", root=False).angle > model.step("shampoo", root=True).angle + least
    )


def _flat(name: str, other: str) -> Check:
    """Singular values of a step: all alike of one, the last less than half of another's."""
    return lambda model: bool(model.values(name)[-1] > 0.99 and model.values(other)[-1] < 0.5)


def _steepest(name: str) -> Check:
    """Of all methods this one lowers the linear model most, the largest singular value given."""

    def check(model: Any) -> bool:
        slopes: dict[str, float] = {}
        for each in model.state.methods:
            step = -model.first_layer_step(each)
            slopes[each] = float((step * model.gradient).sum() / np.linalg.norm(step, 2))
        return slopes.pop(name) > max(slopes.values())

    return check


def _still(*names: str) -> Check:
    """These do not turn, by a degree; all others turn by more than five."""

    def check(model: Any) -> bool:
        found = model.turned()
        return all(found[n] < 1 for n in names) and all(
            angle > 5 for n, angle in found.items() if n not in names
        )

    return check


def _units(still: tuple[str, ...], least: float) -> Check:
    """Where units change: these turn by less than two degrees, the others by more than this."""

    def check(model: Any) -> bool:
        found = model.turned()
        return all(found[n] < 2 for n in still) and all(
            angle > least for n, angle in found.items() if n not in still
        )

    return check


def _root_turns(names: tuple[str, ...], least: float) -> Check:
    """With the root these turn by more than ``least``, without it each of them turns less."""

    def check(model: Any) -> bool:
        bare, rooted = model.turned(root=False), model.turned(root=True)
        return all(rooted[n] > max(bare[n], least) for n in names)

    return check


def _apart(name: str, least: float) -> Check:
    """Even the best multiple of a metric differs from F by so much of its norm."""
    return lambda model: model.error(name) > least


def _farthest(model: Any) -> int:
    """0: SOAP, 1: Muon, 2: Adam."""
    angles = [model.step(name).angle for name in ("soap", "muon", "adam")]
    return angles.index(max(angles))


def _turning(model: Any) -> int:
    """0: Shampoo, 1: Muon, 2: Adam."""
    found = model.turned("rotate")
    angles = [found[name] for name in ("shampoo", "muon", "adam")]
    return angles.index(max(angles))


def _every_start(check: Check) -> Check:
    """What holds from most starts, from these two, from which it does not."""
    return lambda model: all(check(model_of(model.state.with_(seed=seed))) for seed in UNLIKE)


SEED = whole_between(0, 9990)
UNLIKE = (10, 131)
"""Starts from which a root does not help, and SOAP's step is hardly nearer than Adam's."""
STARTS = Scope({"seed": SEED}, trained=5)
"""Any start of the net."""
DAMPINGS = {"seed": SEED, "damping": log_between(3e-3, 1e-2)}
ONE_STEP = Scope(DAMPINGS, trained=20)
"""As above, with each λ for which the text says what one step does."""
WEAKLY = Scope({"seed": SEED, "damping": log_between(1e-6, 1e-2)}, trained=10)
"""As above, and with each smaller λ of the page."""
OTHERWISE = {"seed": SEED, "stretch": log_between(5.0, 10.0)}
"""Any start, and each stretch of which the text speaks."""
BOTH = Scope({"seed": SEED, "data": one_of("digits", "wine")}, trained=6)

CLAIMS = {
    "near": Claim(
        {},
        mostly(_by_more(5, "kfac", "soap"), model_of, 3),
        WEAKLY,
        false={
            "from every start": _every_start(_by_more(5, "kfac", "soap")),
            "by more than 25°": mostly(_by_more(25, "kfac", "soap"), model_of, 3),
            "gradient descent's, too": mostly(
                _by_more(5, "kfac", "soap", "euclidean"), model_of, 3
            ),
        },
        beyond=Scope({"seed": SEED, "damping": one_of(1.0)}, trained=2),
        shows=("kfac", "soap", "adam"),
    ),
    "little": Claim(
        {},
        _little(15),
        ONE_STEP,
        false={"it is no nearer": _little(0), "at most 5°": _little(5)},
        shows=("adam", "euclidean"),
    ),
    "gains": Claim(
        {},
        mostly(_gains(0.5, 0.35, 0.25), model_of, 3),
        Scope(DAMPINGS, trained=3),
        false={
            "SOAP's nine tenths": mostly(_gains(0.5, 0.9, 0.25), model_of, 3),
            "Adam's 5 %": mostly(_gains(0.5, 0.35, 0.05), model_of, 3),
        },
        beyond=Scope({"seed": SEED, "data": one_of("wine")}, trained=1),
        shows=("kfac", "soap", "adam"),
    ),
    "wine": Claim(
        {"data": "wine"},
        mostly(_nearer("shampoo", "kfac"), model_of, 3),
        Scope(DAMPINGS, trained=3),
        false={"K-FAC's is nearer": mostly(_nearer("kfac", "shampoo"), model_of, 3)},
        beyond=Scope({"seed": SEED, "data": one_of("digits")}, trained=1),
        shows=("shampoo", "kfac"),
    ),
    "empirical": Claim(
        MATRIX,
        _empirical(0.5, 0.5),
        STARTS,
        false={"all of it": _empirical(1.0, 0.5), "a tenth of the trace": _empirical(0.5, 0.1)},
        shows=("formula.apart",),
    ),
    "apart": Claim(
        {**MATRIX, "matrix": "adam"},
        _apart("adam", 0.8),
        STARTS,
        false={"K-FAC, too": _apart("kfac", 0.8)},
        shows=("formula.apart",),
    ),
    "whole": Claim(
        WHOLE,
        _same("shampoo", "soap"),
        BOTH,
        false={"Adam, too": _same("shampoo", "soap", "adam")},
        beyond=Scope({"seed": SEED, "batch": one_of(1, 16)}, trained=3),
        shows=("shampoo", "soap", "muon"),
    ),
    "sign": Claim(
        WHOLE,
        _sign("adam"),
        BOTH,
        false={"SOAP's, too": _sign("soap")},
        beyond=Scope({"seed": SEED, "batch": one_of(1, 16)}, trained=3),
        shows=("adam",),
    ),
    "root": Claim(
        {**WHOLE, **SQUARE},
        mostly(_farther(5), model_of, 3),
        STARTS,
        false={
            "from every start": _every_start(_farther(5)),
            "by more than 30°": mostly(_farther(30), model_of, 3),
        },
        beyond=Scope({"seed": SEED, "batch": one_of(1)}, trained=3),
        shows=("shampoo",),
    ),
    "flat": Claim(
        TURNED,
        _flat("muon", "euclidean"),
        replace(BOTH, trained=20),
        false={"Adam's, too": _flat("adam", "euclidean")},
        shows=("muon", "euclidean", "plane.values"),
    ),
    "steepest": Claim(
        TURNED,
        _steepest("muon"),
        BOTH,
        false={"gradient descent does": _steepest("euclidean")},
        shows=("muon", "plane.values"),
    ),
    "rotations": Claim(
        TURNED,
        _still("exact", "kfac", "soap", "shampoo", "muon", "euclidean"),
        BOTH,
        false={"Adam's, too": _still(*("exact", "kfac", *OTHERS))},
        beyond=Scope({"seed": SEED, "kind": one_of("linear")}, trained=3),
        shows=("adam",),
    ),
    "units": Claim(
        {**TURNED, "kind": "units"},
        _units(("exact", "kfac"), 8),
        Scope(OTHERWISE, trained=20),
        false={
            "SOAP's does not turn": _units(("exact", "kfac", "soap"), 8),
            "by more than 45°": _units(("exact", "kfac"), 45),
        },
        beyond=Scope({"seed": SEED, "stretch": one_of(1.01)}, trained=2),
        shows=("kfac", "soap", "muon"),
    ),
    "scale": Claim(
        {**TURNED, **SQUARE, "data": "wine", "kind": "scale"},
        _root_turns(("soap", "shampoo", "adam"), 5),
        Scope(OTHERWISE, trained=20),
        false={
            "Muon, too": _root_turns(("soap", "shampoo", "adam", "muon"), 5),
            "by more than 30°": _root_turns(("soap", "shampoo", "adam"), 30),
        },
        beyond=Scope({"seed": SEED, "stretch": one_of(1.01)}, trained=2),
        shows=("soap", "shampoo", "adam"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("near", "whole"),
    "question.farthest": ("near", "little"),
    "question.turning": ("rotations",),
    "preset.one-step": ("near", "gains"),
    "preset.all-data": ("whole", "sign"),
    "preset.without-the-root": ("root",),
    "preset.two-matrices": ("empirical",),
    "preset.rotated": ("rotations",),
    "preset.other-units": ("units",),
    "preset.wine": ("wine",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "farthest": Question({}, _farthest),
    "turning": Question(TURNED, _turning),
}
