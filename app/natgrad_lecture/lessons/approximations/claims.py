"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_lecture.lessons.approximations.state import BOLD, FIXED, NORMED, SPECTRA, STALL
from natgrad_lecture.lessons.base import Claim, Question

CHEAP = ("block", "ekfac", "kfac", "diagonal", "euclidean")


def _cosine(model: Any) -> bool:
    """What the model promises along each is cos²φ of what it promises along the exact step."""
    best = model.step("exact").promise
    shares = [s.promise / best - np.cos(np.radians(s.angle)) ** 2 for s in model.steps.values()]
    return bool(np.abs(shares).max() < 1e-3)


def _nearest_first(model: Any) -> bool:
    """The blocks and both factorings within 30 degrees of the exact step, the other two beyond."""
    angle = {name: model.step(name).angle for name in CHEAP}
    near, far = ("block", "ekfac", "kfac"), ("diagonal", "euclidean")
    return max(angle[n] for n in near) < 30 < 45 < min(angle[n] for n in far)


def _error_is_not_angle(model: Any) -> bool:
    """K-FAC is a third of F away from F and keeps four fifths of the promise."""
    kept = model.step("kfac").promise / model.step("exact").promise
    return model.errors["kfac"] > 0.3 and kept > 0.8


def _kept(model: Any, name: str) -> float:
    return model.step(name).gained / model.step("exact").gained


def _kfac_gains(model: Any) -> bool:
    return _kept(model, "kfac") > 0.5 and _kept(model, "diagonal") < 0.4


def _too_bold(model: Any) -> bool:
    """The exact step promises most, and the loss rises."""
    exact, euclidean = model.step("exact"), model.step("euclidean")
    return exact.promise > 10 * euclidean.promise and exact.gained < 0 < euclidean.gained


def _damped_keeps(model: Any) -> bool:
    """With λ = 0.1 the exact step's promise is held, within a third."""
    step = model.step("exact", 0.1)
    return 2 / 3 < step.gained / step.promise < 3 / 2


def _alike_in_the_end(model: Any) -> bool:
    """At λ = 100 within a degree of the exact step, which is the plain one; K-FAC not yet."""
    angle = {name: model.step(name, 100.0).angle for name in CHEAP}
    kfac = angle.pop("kfac")
    return max(angle.values()) < 1 and 3 < kfac < model.step("kfac", 0.1).angle


def _which_is_farthest(model: Any) -> int:
    """0: block, 1: K-FAC, 2: the diagonal."""
    angles = [model.step(name).angle for name in ("block", "kfac", "diagonal")]
    return angles.index(max(angles))


def _stall(model: Any, name: str) -> Any:
    """A run's losses from step 15 to 25.

    Later ones differ from one processor to the next: rounding decides when a run comes off.
    """
    return np.array(model.to(25).runs[name].losses[15:26])


def _empirical_stalls(model: Any) -> bool:
    losses = _stall(model, "empirical")
    return bool(losses[0] < 2 * losses[-1] and losses.min() > 1e-2)


def _kfac_passes(model: Any) -> bool:
    losses = _stall(model, "kfac")
    return bool(losses[0] > 1000 * losses[-1] and losses[-1] < 1e-6)


def _empirical_is_something_else(model: Any) -> bool:
    return model.errors["empirical"] > 0.5 and model.step("empirical").angle > 20


def _fixed_diverges(model: Any) -> bool:
    run = model.to(10).runs["fixed"]
    return max(run.losses[: min(10, run.steps) + 1]) > 100 * run.losses[0]


def _learned_does_not(model: Any) -> bool:
    losses = model.to(20).runs["exact"].losses
    return losses[min(14, len(losses) - 1)] < 1e-4 and bool((np.diff(losses) <= 0).all())


def _whitening_helps(model: Any) -> bool:
    bare, white = (model.spectrum(frame).condition for frame in ("as it is", "whitened"))
    return bare > 1000 * white


def _standardizing_helps_less(model: Any) -> bool:
    c = {f: model.spectrum(f).condition for f in ("as it is", "standardized", "whitened")}
    return c["as it is"] > 100 * c["standardized"] and c["standardized"] > 2 * c["whitened"]


def _share(model: Any) -> bool:
    bare, white = (model.spectrum(frame).spread for frame in ("as it is", "whitened"))
    return white > 10 * bare


def _norm_hardly(model: Any) -> bool:
    """With or without the norm: condition numbers within a factor of two of one another."""
    a, b = (model.spectrum(frame).condition for frame in ("batch norm", "folded"))
    return 0.5 < a / b < 2


def _norm_adds_nothing(model: Any) -> bool:
    """γ and β are parameters more, and no direction more."""
    a, b = (model.spectrum(frame) for frame in ("batch norm", "folded"))
    return len(a.values) > len(b.values) and a.rank == b.rank


def _does_norm_help(model: Any) -> int:
    """0: a thousandfold, 1: tenfold, 2: by less than a factor of two."""
    gain = model.spectrum("folded").condition / model.spectrum("batch norm").condition
    return 0 if gain > 1000 else 1 if gain > 10 else 2


CLAIMS = {
    "cosine": Claim({}, _cosine),
    "near": Claim({}, _nearest_first),
    "gains": Claim({}, _kfac_gains),
    "error": Claim({}, _error_is_not_angle),
    "bold": Claim(BOLD, _too_bold),
    "kept": Claim({**BOLD, "damping": 0.1}, _damped_keeps),
    "alike": Claim({"damping": 100.0}, _alike_in_the_end),
    "fixed": Claim(FIXED, _fixed_diverges),
    "learned": Claim(FIXED, _learned_does_not),
    "else": Claim({}, _empirical_is_something_else),
    "stalls": Claim(STALL, _empirical_stalls),
    "kfac-passes": Claim(STALL, _kfac_passes),
    "white": Claim(SPECTRA, _whitening_helps),
    "standard": Claim(SPECTRA, _standardizing_helps_less),
    "share": Claim(SPECTRA, _share),
    "norm": Claim(NORMED, _norm_hardly),
    "no-more": Claim(NORMED, _norm_adds_nothing),
}


QUESTIONS = {
    "farthest": Question({}, _which_is_farthest),
    "norm-helps": Question(NORMED, _does_norm_help),
}
