"""Approximations: what stands in for the Fisher matrix, what it loses, and what only looks like it.

Suresh 2019 names K-FAC and batch normalization as approximations of the natural gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from natgrad_lecture import controls as panels
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.approximations.figure import INKS, label, picture
from natgrad_lecture.lessons.approximations.script import script
from natgrad_lecture.lessons.approximations.state import DATA, FRAMES, MATRICES, RUNS, Nearing
from natgrad_lecture.lessons.base import (
    Claim,
    Definition,
    Formula,
    Lesson,
    Predict,
    Preset,
    Section,
)

if TYPE_CHECKING:
    from natgrad_lecture.lessons.approximations.model import StandIns


def _see(state: Any) -> StandIns:
    # Torch, which no other lesson should wait for.
    from natgrad_lecture.lessons.approximations.model import StandIns

    return StandIns(state)


# The claims -----------------------------------------------------------------------------------

CHEAP = ("block", "ekfac", "kfac", "diagonal", "plain")
STALL = {"show": "runs", "data": "digits", "runs": ("kfac", "empirical"), "steps": 60}
FIXED = {"show": "runs", "data": "wine", "runs": ("fixed", "exact"), "damping": 1e-4, "steps": 40}
SPECTRA = {"show": "spectrum", "data": "digits"}
NORMED = {**SPECTRA, "frames": ("folded", "batch norm")}
BOLD = {"after": 0, "damping": 0.001}


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
    return _kept(seen, "kfac") > 0.75 and _kept(seen, "diagonal") < 0.4


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


SECTIONS = (
    Section(
        "angle",
        "What a stand-in loses",
        (
            Definition(
                r"One step $\delta = -\alpha (G + \lambda I)^{-1} \nabla J$ of a small net on "
                r"digits, with $G = F$ or something cheaper, each as long as the quadratic model "
                r"likes. Angles are measured by $F + \lambda I$."
            ),
            Claim(
                "cosine",
                r"Along a direction at the angle $\varphi$ to the exact step the model promises "
                r"$\cos^2 \varphi$ of what it promises along that: the gray curve. An arrow is as "
                "long as the loss falls.",
                {},
                _cosine,
            ),
            Claim(
                "near",
                "One block a layer, E-KFAC and K-FAC stay within 30° of the exact step; the "
                "diagonal and plain descent are more than 45° away.",
                {},
                _nearest_first,
            ),
            Claim(
                "gains",
                "The loss follows: K-FAC's step gains over three quarters of what the exact one "
                "does, the diagonal's less than two fifths.",
                {},
                _kfac_gains,
            ),
            Claim(
                "error",
                r"Yet $\|F - G\|/\|F\|$ of K-FAC is over three tenths: an error of the matrix is "
                "not one of the step.",
                {},
                _error_is_not_angle,
            ),
        ),
        Predict(
            "farthest",
            "Which step points farthest from the exact one?",
            ("one block a layer", "K-FAC", "the diagonal"),
            {},
            _which_is_farthest,
            "The curvature of a net lies between its weights, and a diagonal has none of that.",
        ),
    ),
    Section(
        "trust",
        "A promise is not a gain",
        (
            Claim(
                "bold",
                r"At the start with $\lambda = 0.001$ the exact step promises more than ten times "
                "what plain descent does, and the loss rises: the model was trusted too far.",
                BOLD,
                _too_bold,
            ),
            Claim(
                "kept",
                r"With $\lambda = 0.1$ the promise is kept, within a third.",
                {**BOLD, "damping": 0.1},
                _damped_keeps,
            ),
            Claim(
                "alike",
                r"As $\lambda$ grows all directions become plain descent's; K-FAC's last, because "
                r"its factors have about $\sqrt{\lambda}$ each.",
                {"damping": 100.0},
                _alike_in_the_end,
            ),
            Claim(
                "fixed",
                r"On wine the exact matrix with a fixed $\lambda = 10^{-4}$ and full steps is "
                "thrown out to a hundred times the first loss,",
                FIXED,
                _fixed_diverges,
            ),
            Claim(
                "learned",
                r"while a $\lambda$ that learns from what was gained (Levenberg 1944; Marquardt "
                r"1963) falls at every step, below $10^{-4}$.",
                FIXED,
                _learned_does_not,
            ),
        ),
    ),
    Section(
        "empirical",
        "The empirical Fisher is something else",
        (
            Definition(
                r"The empirical Fisher takes the data's own targets where $F$ takes those the "
                "model expects (Kunstner et al. 2019)."
            ),
            Claim(
                "else",
                "It is another matrix: more than half of the norm of $F$ away from it, its step "
                "more than 20° from the exact one.",
                {},
                _empirical_is_something_else,
            ),
            Claim(
                "stalls",
                r"On all digits it stalls: from step 15 to 25 its loss is not halved, and stays "
                r"above $10^{-2}$,",
                STALL,
                _empirical_stalls,
            ),
            Claim(
                "kfac-passes",
                r"where that of K-FAC, with the same policy for $\lambda$ and the length, becomes "
                r"a thousand times smaller, below $10^{-6}$; near a good fit the residuals vanish "
                "and the empirical matrix with them.",
                STALL,
                _kfac_passes,
            ),
        ),
    ),
    Section(
        "norm",
        "Whitening and batch normalization",
        (
            "A Fisher matrix of single examples is undefined while a norm mixes the batch. So its "
            "statistics stand still here, at those of the data.",
            Claim(
                "white",
                "Whiten what comes into every layer, and the same net has a condition number more "
                "than a thousand times smaller,",
                SPECTRA,
                _whitening_helps,
            ),
            Claim(
                "standard",
                "where standardizing each input by itself, as a norm does, goes part of the way;",
                SPECTRA,
                _standardizing_helps_less,
            ),
            Claim(
                "share",
                r"whitened, over ten times as many directions share the curvature, "
                r"$(\sum s)^2/\sum s^2$.",
                SPECTRA,
                _share,
            ),
        ),
        Predict(
            "norm-helps",
            "By how much does a batch norm, its statistics frozen, better the condition number of "
            "this net?",
            ("more than a thousandfold", "about tenfold", "by less than a factor of two"),
            NORMED,
            _does_norm_help,
            "It standardizes what the hidden units get; the inputs of both layers stay as "
            "correlated as they were.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            "*Batch normalization is an approximation of the natural gradient*, the lecture says.",
            Claim(
                "norm",
                "On this net it changes the condition number by less than a factor of two,",
                NORMED,
                _norm_hardly,
            ),
            Claim(
                "no-more",
                "and its scales and shifts are parameters more but no direction more.",
                NORMED,
                _norm_adds_nothing,
            ),
            "It is whitening of every layer's inputs, of which a norm keeps a part, that does by "
            "a choice of parameters what a metric does (Desjardins et al. 2015).",
        ),
    ),
)

PRESETS = (
    Preset("one step", {}, "Each step at its angle to the exact one, as long as the loss falls."),
    Preset("too bold", BOLD, "Little damping at the start: large promises, and the loss rises."),
    Preset(
        "the empirical Fisher stalls",
        STALL,
        "The same policy for damping and length; only the matrix differs.",
    ),
    Preset(
        "fixed damping",
        FIXED,
        "The exact matrix twice: one λ for all time, and one that learns.",
    ),
    Preset("whitening", SPECTRA, "The same net, what comes into its layers seen otherwise."),
    Preset(
        "batch norm",
        NORMED,
        "One function with and without its norm, statistics frozen.",
    ),
)

FORMULAS = (
    Formula(
        "cosine",
        (
            r"\tfrac12 \frac{(\nabla J^{\top} d)^2}{d^{\top} (F + \lambda I)\, d} = @promise@",
            r"= \cos^2 \varphi \cdot \tfrac12 \nabla J^{\top} (F + \lambda I)^{-1} \nabla J,",
            r"\quad \varphi = @angle@°,",
            r"\quad \tfrac12 \nabla J^{\top} (F + \lambda I)^{-1} \nabla J = @best@",
        ),
        "The first of the chosen matrices that is not exact.",
    ),
    Formula(
        "size",
        (r"p = @p@,\quad N = @N@,", r"\quad \lambda = @damping@,", r"\quad J = @loss@"),
    ),
)


def _pick(field: str, words: str, options: dict[str, str]) -> dict[str, Any]:
    rows = panels.named(options)
    return {"kind": "choice", "field": field, "label": words, "options": rows}


def _checks(field: str, words: str, names: tuple[str, ...]) -> dict[str, Any]:
    rows = [{"value": name, "label": label(name), "ink": name} for name in names]
    return {"kind": "checks", "field": field, "label": words, "options": rows}


def _controls() -> list[dict[str, Any]]:
    views = {"step": "one step", "runs": "runs", "spectrum": "spectrum"}
    return [
        panels.group(
            "view", "What is shown",
            _pick("show", "view", views),
            panels.slider("damping", "damping λ", 1e-6, 100, 1e-6, scale="log"),
            panels.slider("after", "after steps of K-FAC", 0, 30, 1),
        ),
        panels.group(
            "matrices", "In place of F",
            _checks("matrices", "one step with", MATRICES),
            _checks("runs", "runs", RUNS),
            _checks("frames", "layers seen", FRAMES),
        ),
        panels.group(
            "data", "Data and net",
            _pick("data", "data", dict(zip(DATA, DATA, strict=True))),
            panels.slider("steps", "steps", 1, 200, 1, scale="log"),
            {"kind": "number", "field": "seed", "label": "seed", "step": 1},
        ),
    ]  # fmt: skip


lessons.register("approximations")(
    Lesson(
        name="approximations",
        title="Approximations",
        takeaway="K-FAC's step is nearly the exact one's worth; the empirical Fisher and a fixed λ "
        "are not; whitening does by a choice of parameters what a metric does.",
        sources=(
            "Martens and Grosse 2015", "George et al. 2018", "Kunstner et al. 2019",
            "Levenberg 1944", "Marquardt 1963", "Desjardins et al. 2015",
        ),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=_see,
        script=script,
        default=Nearing(),
        order=14,
        inks=INKS,
        heavy=True,
    )
)  # fmt: skip
