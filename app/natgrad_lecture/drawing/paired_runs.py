"""The living layer of the lesson on coordinates: each rule's two runs, in both planes.

Solid is the run in θ, dashed the run in x; each is drawn in both planes, so that a split shows in
either. Along them stand ellipses of the Fisher metric, and at one step its anatomy.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from natgrad_core.core.numbers import flattened
from natgrad_core.core.rule import Rule
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.geometry.ellipses import ellipse_axes, reach
from natgrad_core.linalg.operators import Dense
from natgrad_core.linalg.small_matrices import components, full, pack
from natgrad_core.types import Array, Bools, Whole
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.stationary import moving
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.paired_runs import PairedRuns
from natgrad_lecture.protocol import MeterRow

RADIUS = 0.02
"""Nats of KL at which every ellipse is drawn: ½ δᵀFδ = 0.02, in every plane and problem."""

COINCIDE, DIFFER = 1e-9, 1e-2
"""Below the first two runs differ by rounding alone; above the second one sees it."""

ROUNDING = 1e-12
"""Below this a gap is shown as 0."""

GROWN = "rounding errors have grown until the runs differ"
"""The note on two runs whose steps are equal in exact arithmetic."""

_STANDING = 7
"""Ellipses along a path, evenly by length."""


PLANES = ("theta", "x")


def add_paths(sheet: Sheet, model: RunsModel, planes: tuple[str, ...] = PLANES) -> None:
    """Both runs of every rule in both planes, with the loss along each for the hover."""
    for plane in planes:
        for name, pair in model.paired_runs.items():
            theta_plane = plane == "theta"
            measures = pair.measures
            in_theta = pair.in_theta.theta if theta_plane else measures.theta_run_in_x
            in_x = measures.x_run_in_theta if theta_plane else pair.in_x.theta
            back = "run in x, mapped back" if theta_plane else "run in x"
            for points, losses, dash, label in (
                (in_theta, measures.losses[0], "solid", "run in θ"),
                (in_x, measures.losses[1], "dashed", back),
            ):
                loss = sheet.array(f"loss.{name}.{dash}", losses)
                sheet.add(
                    plane,
                    "path",
                    name,
                    label,
                    rule=name,
                    dash=dash,
                    values={"loss": loss},
                    points=points,
                )


def add_ellipses(sheet: Sheet, model: RunsModel) -> None:
    """Fisher ellipses along the paths: of F along the run in θ, of AᵀFA along the run in x."""
    pairs = model.paired_runs.values()
    for plane, runs in (("theta", [t.in_theta for t in pairs]), ("x", [t.in_x for t in pairs])):
        steps = _standing(np.stack([r.theta for r in runs]), np.stack([r.ok for r in runs]))
        points = np.concatenate([r.theta[at] for r, at in zip(runs, steps, strict=True)])
        fisher = full(runs[0].problem.at(components(points)).fisher, points.shape[:1])
        shapes = np.split(ellipses_at(points, fisher), np.cumsum([len(at) for at in steps])[:-1])
        for name, at, some in zip(model.paired_runs, steps, shapes, strict=True):
            sheet.add(plane, "ellipses", name, "Fisher ellipse", at=at, rule=name, shapes=some)


def add_anatomy(sheet: Sheet, model: RunsModel) -> None:
    """One step taken apart, at each step of the guide's runs: −∇J, −F⁻¹∇J and their ellipse.

    Both arrows end on the ellipse: they spend the same KL, and the natural one gains the most.
    """
    for plane in PLANES:
        run, sign = (model.guide.in_theta, "") if plane == "theta" else (model.guide.in_x, "x")
        points = run.good
        lead = points.shape[:-1]
        with np.errstate(all="ignore"):
            fisher, gradient = full(run.at.fisher, lead), -full(run.at.grad, lead)
            in_theta = full(model.problem.at(components(run.in_theta)).grad, lead)
            gradient = np.where(np.isnan(moving(model.problem, in_theta)), np.nan, gradient)
            natural = full(Dense(run.at.fisher).solve(components(gradient)), lead)
        index = "ₓ" if sign else ""
        sheet.add(
            plane,
            "ellipse-at",
            "metric",
            "Fisher ellipse at this step",
            shapes=ellipses_at(points, fisher),
        )
        for style, direction, label in (
            ("gradient", gradient, f"−∇{index}J"),
            ("natural", natural, f"−F{index}⁻¹∇{index}J"),
        ):
            heads = points + reach(direction, fisher, RADIUS)
            sheet.add(
                plane,
                "arrows",
                style,
                label,
                label=label,
                points=np.concatenate([points, heads], -1),
            )


def ellipses_at(points: Array, metrics: Array, radius: float = RADIUS) -> Array:
    """The ellipses ½ δᵀGδ = r around points, as the front end takes them, ``[n, 6]``."""
    return _shapes(points, ellipse_axes(metrics, radius))


def one_step(pair: PairedRuns, rule: Rule) -> tuple[Array, Array]:
    """The step of the rule at each point of the run in θ: taken in θ, and taken in x, mapped back.

    Both ``[steps + 1, 2]``: the two updates that the formulas show with their numbers. Of a rule
    that remembers earlier steps the step is that of the run, and none in x, where it would remember
    other ones.
    """
    here, there = pair.in_theta.at, pair.there
    with np.errstate(all="ignore"):
        if flattened(rule.init(here.theta)):
            taken = np.diff(pair.in_theta.good, axis=0, append=np.nan)
            return taken, np.full_like(taken, np.nan)
        in_theta = pack(rule.update(here.grad, here, rule.init(here.theta))[0])
        in_x = pack(rule.update(there.grad, there, rule.init(there.theta))[0])
        x = pair.theta_run_in_x
        return in_theta, pair.chart.forward(x + in_x) - pair.chart.forward(x)


VAST = 1e100
"""Beyond this a point has not left a domain but diverged: its image in θ may overflow first."""


def broken(run: Trajectory, losses: Array | None = None) -> str:
    """How a run went wrong, in words; empty if it did not.

    ``losses`` are J along the run, where they are known.
    """
    if not run.ok.all():
        step = int(np.argmin(run.ok))
        left = (np.abs(run.theta[step]) < VAST).all()
        return f"{'left the domain' if left else 'diverged'} at step {step}"
    first, last = (run.loss if losses is None else losses)[[0, -1]].tolist()
    if not last > first:
        return ""
    if not np.isfinite(last):
        return f"climbed: the loss went from {first:.3g} beyond all numbers"
    begin, end = next(
        (
            pair
            for pair in ((f"{first:.{d}g}", f"{last:.{d}g}") for d in range(3, 17))
            if pair[0] != pair[1]
        ),
        (repr(first), repr(last)),
    )
    return f"climbed: the loss went from {begin} to {end}"


def reading(pair: PairedRuns, label: str) -> MeterRow:
    """The meter's entry for a rule's two runs: how far apart, and what to call that."""
    value = 0.0 if pair.gap < ROUNDING else pair.gap
    if not np.array_equal(pair.in_theta.ok, pair.in_x.ok):  # one run ended where the other went on
        value, word = np.nan, "ended"
    elif not np.isfinite(value):
        word = "undefined"
    elif value < COINCIDE:
        word = "coincide"
    else:
        word = "differ" if value > DIFFER else "nearly"
    return {
        "rule": pair.name,
        "style": pair.name,
        "label": label,
        "gap": value if np.isfinite(value) else None,
        "word": word,
        "text": _shown(value),
    }


def _shown(gap: float) -> str:
    """A gap in two digits."""
    return f"{gap:.2g}" if np.isfinite(gap) else "–"


def in_words(meter: Iterable[MeterRow]) -> str:
    """The meter in a line, for those who do not see it."""
    rows = ((row.get("label"), row.get("word"), row.get("text")) for row in meter)
    return "; ".join(f"{label}: {word}, gap {text}" for label, word, text in rows)


def trouble(pair: PairedRuns) -> str:
    """What went wrong in a rule's two runs, in words; empty if nothing did."""
    runs = (pair.in_theta, pair.in_x)
    in_theta, in_x = map(broken, runs, pair.measures.losses)
    found = [where + what for where, what in (("in θ: ", in_theta), ("in x: ", in_x)) if what]
    if in_theta and in_theta == in_x:
        found = [f"both runs: {in_theta}"]
    return "; ".join([*found, GROWN] if _rounding_grew(pair) else found)


def _rounding_grew(pair: PairedRuns) -> bool:
    """Whether two runs of equal steps differ: only rounding errors, which grew, tell them apart.

    At a large rate a run can be so sensitive that they double at every step. The two first steps
    are equal, measured by their own length; where a rule depends on the coordinates they are not.
    """
    if not pair.gap >= COINCIDE:
        return False
    here, mapped_back = pair.in_theta.theta[:3], pair.measures.x_run_in_theta[:3]
    with np.errstate(over="ignore"):  # a step may be as long as no square is
        moved, off = (np.linalg.norm(here - to, axis=-1).max() for to in (here[0], mapped_back))
    return bool(off < COINCIDE * moved)


def _standing(theta: Array, ok: Bools) -> list[Whole]:
    """Steps at which ellipses stand along each path ``[n, steps + 1, 2]``: evenly by length.

    ``ok [n, steps + 1]`` says how far each is good.
    """
    with np.errstate(all="ignore"):  # what is bad, or too long to be measured, counts for nothing
        moved = np.hypot(*np.moveaxis(np.diff(theta, axis=1), -1, 0))
        length = np.cumsum(np.where(ok[:, 1:], moved, 0.0), axis=1)
        marks = length[:, -1:] * np.linspace(0.0, 1.0, _STANDING)
    before = (length[:, None] < marks[..., None]).sum(-1) + (marks > 0)  # the first length is 0
    last = ok.sum(1, keepdims=True) - 1
    return [np.array(sorted(set(at))) for at in np.minimum(before, last).tolist()]


def _shapes(centers: Array, axes: Array) -> Array:
    return np.concatenate([centers, axes.reshape(len(centers), 4)], -1)
