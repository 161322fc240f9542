"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_lecture.lessons.approximations.state import BOLD, FIXED, NORMED, SPECTRA, STALL
from natgrad_lecture.lessons.base import Claim, Question

CHEAP = ("block", "ekfac", "kfac", "diagonal", "plain")


def _cosine(seen: Any) -> bool:
    """What the model promises along each is cos²φ of what it promises along the exact step."""
    best = seen.step("exact").promise
    shares = [s.promise / best - np.cos(np.radians(s.angle)) ** 2 for s in seen.steps.values()]
    return bool(np.abs(shares).max() < 1e-3)


def _nearest_first(seen: Any) -> bool:
    """The blocks and both factorings within 30 degrees of the exact step, the other two beyond."""
    angle = {name: seen.step(name).angle for name in CHEAP}
    near, far = ("block", "ekfac", "kfac"), ("diagonal", "plain")
    return max(angle[n] for n in near) < 30 < 45 < min(angle[n] for n in far)


def _error_is_not_angle(seen: Any) -> bool:
    """K-FAC is a third of F away from F and keeps four fifths of the promise."""
    kept = seen.step("kfac").promise / seen.step("exact").promise
    return seen.errors["kfac"] > 0.3 and kept > 0.8


def _kept(seen: Any, name: str) -> float:
    return seen.step(name).gained / seen.step("exact").gained


def _kfac_gains(seen: Any) -> bool:
    return _kept(seen, "kfac") > 0.5 and _kept(seen, "diagonal") < 0.4


def _too_bold(seen: Any) -> bool:
    """The exact step promises most, and the loss rises."""
    exact, plain = seen.step("exact"), seen.step("plain")
    return exact.promise > 10 * plain.promise and exact.gained < 0 < plain.gained


def _damped_keeps(seen: Any) -> bool:
    """With λ = 0.1 the exact step's promise is held, within a third."""
    step = seen.step("exact", 0.1)
    return 2 / 3 < step.gained / step.promise < 3 / 2


def _alike_in_the_end(seen: Any) -> bool:
    """At λ = 100 within a degree of the exact step, which is the plain one; K-FAC not yet."""
    angle = {name: seen.step(name, 100.0).angle for name in CHEAP}
    kfac = angle.pop("kfac")
    return max(angle.values()) < 1 and 3 < kfac < seen.step("kfac", 0.1).angle


def _which_is_farthest(seen: Any) -> int:
    """0: block, 1: K-FAC, 2: the diagonal."""
    angles = [seen.step(name).angle for name in ("block", "kfac", "diagonal")]
    return angles.index(max(angles))


def _stall(seen: Any, name: str) -> Any:
    """A run's losses from step 15 to 25.

    Later ones differ from one processor to the next: rounding decides when a run comes off.
    """
    return np.array(seen.to(25).runs[name].losses[15:26])


def _empirical_stalls(seen: Any) -> bool:
    losses = _stall(seen, "empirical")
    return bool(losses[0] < 2 * losses[-1] and losses.min() > 1e-2)


def _kfac_passes(seen: Any) -> bool:
    losses = _stall(seen, "kfac")
    return bool(losses[0] > 1000 * losses[-1] and losses[-1] < 1e-6)


def _empirical_is_something_else(seen: Any) -> bool:
    return seen.errors["empirical"] > 0.5 and seen.step("empirical").angle > 20


def _fixed_diverges(seen: Any) -> bool:
    run = seen.to(10).runs["fixed"]
    return max(run.losses[: min(10, run.steps) + 1]) > 100 * run.losses[0]


def _learned_does_not(seen: Any) -> bool:
    losses = seen.to(20).runs["exact"].losses
    return losses[min(14, len(losses) - 1)] < 1e-4 and bool((np.diff(losses) <= 0).all())


def _whitening_helps(seen: Any) -> bool:
    plain, white = (seen.spectrum(frame).condition for frame in ("as it is", "whitened"))
    return plain > 1000 * white


def _standardizing_helps_less(seen: Any) -> bool:
    c = {f: seen.spectrum(f).condition for f in ("as it is", "standardized", "whitened")}
    return c["as it is"] > 100 * c["standardized"] and c["standardized"] > 2 * c["whitened"]


def _share(seen: Any) -> bool:
    plain, white = (seen.spectrum(frame).spread for frame in ("as it is", "whitened"))
    return white > 10 * plain


def _norm_hardly(seen: Any) -> bool:
    """With or without the norm: condition numbers within a factor of two of one another."""
    a, b = (seen.spectrum(frame).condition for frame in ("batch norm", "folded"))
    return 0.5 < a / b < 2


def _norm_adds_nothing(seen: Any) -> bool:
    """γ and β are parameters more, and no direction more."""
    a, b = (seen.spectrum(frame) for frame in ("batch norm", "folded"))
    return len(a.values) > len(b.values) and a.rank == b.rank


def _does_norm_help(seen: Any) -> int:
    """0: a thousandfold, 1: tenfold, 2: by less than a factor of two."""
    gain = seen.spectrum("folded").condition / seen.spectrum("batch norm").condition
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
