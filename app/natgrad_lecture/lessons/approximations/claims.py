"""What shows each claim and checks it, and which option of a question is right.

A sentence on a trained net is checked from several starts: the page has a box for the seed. Where
starts differ, the sentence gives a range that holds for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from natgrad_lecture.lessons.approximations.lazy_model import model_of
from natgrad_lecture.lessons.approximations.state import BOLD, FIXED, NORMED, SPECTRA, STALL
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.scope import Scope, log_between, mostly, one_of, whole_between

Check = Callable[[Any], bool]

CHEAP = ("block", "ekfac", "kfac", "diagonal", "euclidean")


def _cosine(power: float) -> Check:
    """What the model promises along each is cos²φ of what it promises along the exact step."""

    def check(model: Any) -> bool:
        best = model.step("exact").promise
        shares = [
            s.promise / best - np.cos(np.radians(s.angle)) ** power for s in model.steps.values()
        ]
        return bool(np.abs(shares).max() < 2e-3)

    return check


def _angles(near: float, far: float) -> Check:
    """The blocks and both factorings within ``near`` degrees, the other two beyond ``far`` and
    farther than those.
    """

    def check(model: Any) -> bool:
        angle = {name: model.step(name).angle for name in CHEAP}
        return (
            max(angle[n] for n in ("block", "ekfac", "kfac")) < near
            and max(far, angle["ekfac"], angle["kfac"])
            < min(angle[n] for n in ("diagonal", "euclidean"))
            and angle["block"] < min(angle["ekfac"], angle["kfac"])
        )

    return check


def _error_is_not_angle(least: float, kept: float) -> Check:
    """K-FAC is so far from F, and keeps so much of the promise."""

    def check(model: Any) -> bool:
        share = model.step("kfac").promise / model.step("exact").promise
        return model.errors["kfac"] > least and share > kept

    return check


def _kept(model: Any, name: str) -> float:
    return model.step(name).gained / model.step("exact").gained


def _gains(kfac: float, diagonal: float) -> Check:
    return lambda model: _kept(model, "kfac") > kfac and _kept(model, "diagonal") < diagonal


def _too_bold(sign: float) -> Check:
    """The exact step promises most, and the loss rises."""

    def check(model: Any) -> bool:
        exact, euclidean = model.step("exact"), model.step("euclidean")
        promised = exact.promise > 2 * euclidean.promise
        return promised and sign * exact.gained < 0 < euclidean.gained

    return check


def _held(low: float, high: float) -> Check:
    """What the exact step gains, as a multiple of what was promised."""

    def check(model: Any) -> bool:
        step = model.step("exact")
        return bool(low < step.gained / step.promise < high)

    return check


def _alike(last: str) -> Check:
    """All are within a degree of the exact step; only one is not."""

    def check(model: Any) -> bool:
        angle = {name: model.step(name).angle for name in CHEAP}
        other = angle.pop(last)
        return max(angle.values()) < 1 and 5 < other < model.step(last, 0.1).angle

    return check


def _wine(more: str, less: str) -> Check:
    """One step keeps more of the exact one's decrease than another."""
    return lambda model: _kept(model, more) > _kept(model, less)


def _stalls(name: str) -> Check:
    """From step 15 to 25 the loss falls by less than a factor of four, and stays above 10⁻³.

    Later ones differ from one processor to the next: rounding decides when a run comes off.
    """

    def check(model: Any) -> bool:
        losses = _late(model, name)
        return bool(losses[0] < 4 * losses[-1] and losses.min() > 1e-3)

    return check


def _passes(name: str) -> Check:
    def check(model: Any) -> bool:
        losses = _late(model, name)
        return bool(losses[0] > 1000 * losses[-1] and losses[-1] < 1e-6)

    return check


def _late(model: Any, name: str) -> Any:
    """The losses from step 15 to 25 of one run, whichever others are chosen beside it."""
    alone = model_of(model.state.with_(runs=(name,)))
    return np.array(alone.to(25).runs[name].losses[15:26])


def _else(name: str) -> Check:
    """Far from F as a matrix, and in the direction of its step."""
    return lambda model: model.errors[name] > 0.5 and model.step(name).angle > 20


def _grows(name: str) -> Check:
    """A run's loss grows to a hundred times its first value within ten steps."""

    def check(model: Any) -> bool:
        run = model.to(10).runs[name]
        return max(run.losses[: min(10, run.steps) + 1]) > 100 * run.losses[0]

    return check


def _falls(name: str) -> Check:
    """A run's loss falls at every step, and below 10⁻⁴."""

    def check(model: Any) -> bool:
        losses = model.to(20).runs[name].losses
        return losses[min(14, len(losses) - 1)] < 1e-4 and bool((np.diff(losses) <= 0).all())

    return check


def _better(frame: str, other: str, factor: float) -> Check:
    """The condition number in one frame is so many times smaller than in another."""
    return lambda model: bool(
        factor * model.spectrum(frame).condition < model.spectrum(other).condition
    )


def _part_of_it(model: Any) -> bool:
    return _better("standardized", "as it is", 3)(model) and _better("whitened", "standardized", 2)(
        model
    )


def _share(frame: str) -> Check:
    """In this frame over ten times as many directions share the curvature as in the net itself."""
    return lambda model: bool(model.spectrum(frame).spread > 10 * model.spectrum("as it is").spread)


def _within(factor: float) -> Check:
    """With and without the norm: condition numbers within this factor of one another."""

    def check(model: Any) -> bool:
        a, b = (model.spectrum(frame).condition for frame in ("batch norm", "folded"))
        return bool(1 / factor < a / b < factor)

    return check


def _ranks(grows: bool) -> Check:
    """γ and β are parameters more; whether they are directions more."""

    def check(model: Any) -> bool:
        a, b = (model.spectrum(frame) for frame in ("batch norm", "folded"))
        return len(a.values) > len(b.values) and (a.rank > b.rank) is grows

    return check


def _which_is_farthest(model: Any) -> int:
    """0: block, 1: K-FAC, 2: the diagonal."""
    angles = [model.step(name).angle for name in ("block", "kfac", "diagonal")]
    return angles.index(max(angles))


def _does_norm_help(model: Any) -> int:
    """0: a thousandfold, 1: tenfold, 2: by less than a factor of four."""
    gain = model.spectrum("folded").condition / model.spectrum("batch norm").condition
    return 0 if gain > 1000 else 1 if gain > 4 else 2


SEED = whole_between(0, 9990)
STARTS = Scope({"seed": SEED}, trained=5)
"""Any start of the net."""
ONE_STEP = Scope({"seed": SEED, "damping": log_between(1e-3, 1e-2)}, trained=20)
"""As above, with each λ for which the text says what one step does."""
FEW = Scope({"seed": SEED}, trained=2)
"""As above, where long runs or whole spectra are computed."""
ELSEWHERE = Scope({"seed": SEED, "data": one_of("wine")}, trained=3)

CLAIMS = {
    "cosine": Claim(
        {},
        _cosine(2.0),
        Scope(
            {
                "seed": whole_between(0, 3),
                "data": one_of("digits", "wine", "moons"),
                "damping": log_between(1e-3, 1.0),
            },
            trained=5,
        ),
        false={"cos φ": _cosine(1.0)},
        shows=("bound", "kfac"),
    ),
    "near": Claim(
        {},
        _angles(50, 0),
        ONE_STEP,
        false={"within 20°": _angles(20, 0), "more than 70° away": _angles(50, 70)},
        shows=("block", "ekfac", "kfac", "diagonal", "euclidean"),
    ),
    "gains": Claim(
        {},
        _gains(0.5, 0.5),
        ONE_STEP,
        false={"K-FAC's nine tenths": _gains(0.9, 0.5), "the diagonal's 5 %": _gains(0.5, 0.05)},
        beyond=ELSEWHERE,
        shows=("exact", "kfac", "diagonal"),
    ),
    "error": Claim(
        {},
        _error_is_not_angle(0.3, 0.4),
        ONE_STEP,
        false={
            "an error over a half": _error_is_not_angle(0.5, 0.4),
            "nine tenths of the decrease": _error_is_not_angle(0.3, 0.9),
        },
        shows=("kfac",),
    ),
    "bold": Claim(
        BOLD,
        _too_bold(1.0),
        STARTS,
        false={"the loss falls": _too_bold(-1.0)},
        beyond=Scope({"seed": SEED, "damping": one_of(1.0)}, trained=2),
        shows=("exact",),
    ),
    "kept": Claim(
        {**BOLD, "damping": 0.1},
        _held(1.0, 2.0),
        STARTS,
        false={"all of it and no more": _held(0.9, 1.1)},
        beyond=Scope({"seed": SEED, "damping": one_of(0.001)}, trained=2),
        shows=("exact",),
    ),
    "alike": Claim(
        {"damping": 100.0},
        _alike("kfac"),
        STARTS,
        false={"E-KFAC's is the last": _alike("ekfac")},
        beyond=Scope({"seed": SEED, "damping": one_of(0.1)}, trained=2),
        shows=("kfac",),
    ),
    "wine": Claim(
        {"data": "wine"},
        mostly(_wine("empirical", "kfac"), model_of, 3),
        replace(ONE_STEP, trained=3),
        false={"K-FAC's more": mostly(_wine("kfac", "empirical"), model_of, 3)},
        beyond=Scope({"seed": SEED, "data": one_of("digits")}, trained=1),
        shows=("empirical", "kfac"),
    ),
    "fixed": Claim(
        FIXED,
        _grows("fixed"),
        STARTS,
        false={"the other run": _grows("exact")},
        beyond=Scope({"seed": SEED, "damping": one_of(1.0)}, trained=2),
        shows=("fixed",),
    ),
    "learned": Claim(
        FIXED,
        _falls("exact"),
        STARTS,
        false={"the run with a fixed λ": _falls("fixed")},
        shows=("exact",),
    ),
    "else": Claim(
        {},
        _else("empirical"),
        ONE_STEP,
        false={"so is K-FAC": _else("kfac")},
        shows=("empirical",),
    ),
    "stalls": Claim(
        STALL,
        mostly(_stalls("empirical"), model_of, 3),
        FEW,
        false={"K-FAC's run": mostly(_stalls("kfac"), model_of, 3)},
        shows=("empirical",),
    ),
    "kfac-passes": Claim(
        STALL,
        _passes("kfac"),
        FEW,
        false={"the empirical Fisher's run": _passes("empirical")},
        shows=("kfac",),
    ),
    "white": Claim(
        SPECTRA,
        _better("whitened", "as it is", 10),
        FEW,
        false={"larger": _better("as it is", "whitened", 10)},
        shows=("as it is", "whitened"),
    ),
    "standard": Claim(
        SPECTRA,
        _part_of_it,
        FEW,
        false={"all of it": _better("standardized", "whitened", 1)},
        shows=("as it is", "standardized", "whitened"),
    ),
    "share": Claim(
        SPECTRA,
        _share("whitened"),
        FEW,
        false={"standardized, too": _share("standardized")},
        shows=("whitened",),
    ),
    "norm": Claim(
        NORMED,
        _within(4.0),
        FEW,
        false={"by less than 1 %": _within(1.01)},
        shows=("batch norm", "folded"),
    ),
    "no-more": Claim(
        NORMED,
        _ranks(False),
        FEW,
        false={"it grows": _ranks(True)},
        shows=("batch norm", "folded"),
    ),
}


LINES: dict[str, tuple[str, ...] | Claim] = {
    "takeaway": ("gains", "white"),
    "question.farthest": ("near",),
    "question.norm-helps": ("norm",),
    "preset.one-step": ("cosine", "near"),
    "preset.too-bold": ("bold",),
    "preset.the-empirical-fisher-stalls": ("stalls", "kfac-passes"),
    "preset.fixed-damping": ("fixed", "learned"),
    "preset.whitening": ("white",),
    "preset.batch-norm": ("norm",),
}
"""What checks the lines that are not claims."""


QUESTIONS = {
    "farthest": Question({}, _which_is_farthest),
    "norm-helps": Question(NORMED, _does_norm_help),
}
