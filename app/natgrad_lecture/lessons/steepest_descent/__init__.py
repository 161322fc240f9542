"""Steepest descent (Suresh 2019, section 3): the metric's unit ball decides which way is down."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.geometry.steepest import steepest, unit_directions
from natgrad_core.geometry.unit_ball import axes, bent, boundary, normal
from natgrad_core.provenance.code_writer import Writer
from natgrad_core.types import Array
from natgrad_lecture import controls as panels
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import (
    Claim,
    Definition,
    Formula,
    Lesson,
    Predict,
    Preset,
    Section,
)
from natgrad_lecture.lessons.steepest_descent.figure import Seen, picture
from natgrad_lecture.state.fields import BadInput, choice, control, number, point
from natgrad_lecture.state.state import State, numbers, problem_named

PROBLEMS = {
    "normal": "F of a normal",
    "gamma": "F of a gamma",
    "logistic-regression": "F of a logistic regression",
    "double-well": "H of a double well",
}
"""Problems whose matrix at their start can be the metric: F, or H where there is no model."""

_SOURCES = ("hand", *PROBLEMS)
_SHOW = ("shown", "hidden")
_MOST = 1e6


@lru_cache(maxsize=16)
def _given(name: str) -> dict[str, Any]:
    """G and ∇J of a problem at its start, and a frame in which both can be seen."""
    problem = problem_named(name)
    start = np.asarray(problem.start, float)
    metric = problem.hessian(start) if name == "double-well" else problem.fisher(start)
    gradient = problem.grad(start)
    eigenvalues, turn = axes(metric)
    size = float(1 / np.sqrt(np.abs(eigenvalues).min()))
    half = float(f"{1.5 * size:.1g}")
    arrow = float(f"{0.6 * half / np.linalg.norm(gradient):.2g}")
    return {"eig": eigenvalues, "turn": turn, "gradient": tuple(gradient.tolist()),
            "frame": (half, arrow)}  # fmt: skip


def _eigenvalues(value: Any) -> tuple[float, ...]:
    first, second = point("eig", "the eigenvalues", most=_MOST)(value)
    if first < 1e-4:
        raise BadInput(
            "eig.0",
            f"the first eigenvalue is {first:g}; take one from 0.0001, else no vector has length "
            "one. The second may be zero or negative: see what breaks.",
        )
    return first, second


def _gradient(value: Any) -> tuple[float, ...]:
    found = point("gradient", "the gradient", most=_MOST)(value)
    if np.hypot(*found) < 1e-9:
        raise BadInput(
            "gradient",
            "the gradient is zero, or shorter than 1e-9: no direction is steeper than another",
        )
    return found


def _frame(value: Any) -> tuple[float, ...]:
    half, arrow = point("frame", "the frame", most=_MOST)(value)
    if not (half > 1e-6 and arrow > 1e-6):
        raise BadInput("frame", "the frame's width and its arrows' scale must be more than 0")
    return half, arrow


@dataclass(frozen=True)
class Bent(State):
    """A metric by its eigenvalues and turn, a gradient, and the reader's direction.

    Where the metric comes ``of`` a problem, that problem's matrix and gradient are in force, until
    one of them is changed by hand.
    """

    eig: tuple[float, ...] = control((0.35, 2.2), "eig", _eigenvalues)
    turn: float = control(
        30.0, "turn", number("turn", "the turn", -3600, 3600, "take degrees, say −90 to 90")
    )
    gradient: tuple[float, ...] = control((0.45, 1.0), "g", _gradient)
    angle: float = control(
        -100.0, "angle", number("angle", "the direction", -3600, 3600, "take degrees, −180 to 180")
    )
    show: str = control("shown", "best", choice("show", "way to show it", _SHOW))
    frame: tuple[float, ...] = control((2.4, 1.0), "frame", _frame)
    of: str = control("hand", "of", choice("of", "source of G", _SOURCES))

    def entries(self, name: str) -> Any:
        """What is in force: the problem's numbers, if the metric is a problem's."""
        if self.of != "hand" and name in ("eig", "turn", "gradient", "frame"):
            return _given(self.of)[name]
        return super().entries(name)

    @property
    def metric(self) -> Array:
        """G."""
        return bent(self.entries("eig"), self.entries("turn"))

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """G by its entries, eigenvalues or axes; whatever is bent by hand is no longer a problem's.

        ``axis1`` and ``axis2`` are tips of the ball's half-axes, ``aim`` a point to look at.
        """
        if name == "aim":
            x, y = numbers(name, value)
            return {"angle": float(np.rad2deg(np.arctan2(y, x)))}
        held = {f: self.entries(f) for f in ("eig", "turn", "gradient", "frame")}
        head, _, rest = name.partition(".")
        if head == "metric":
            return {**held, **self._entry(name, rest, value), "of": "hand"}
        if name in ("axis1", "axis2"):
            return {**held, **self._axis(name, value), "of": "hand"}
        if head in held:
            return {**held, **super().changes(name, value), "of": "hand"}
        return (
            {**held, "of": "hand"}
            if (name, value) == ("of", "hand")
            else super().changes(name, value)
        )

    def _entry(self, name: str, place: str, value: Any) -> dict[str, Any]:
        """An entry of G, and its mirror image: G is symmetric."""
        metric = self.metric
        (metric[tuple(map(int, place.split(".")))],) = numbers(name, [value])
        if place in ("0.1", "1.0"):
            metric[0, 1] = metric[1, 0] = float(value)
        eigenvalues, turn = axes(metric, self.entries("turn"))
        if not 1e-4 <= eigenvalues[0] <= _MOST:
            raise BadInput(
                name,
                f"with this entry G has the eigenvalues {eigenvalues[0]:.3g} and "
                f"{eigenvalues[1]:.3g}; one must be from 0.0001 to a million, else no vector has "
                "length one",
            )
        return {"eig": tuple(_tidy(v) for v in eigenvalues), "turn": _tidy(turn)}

    def _axis(self, name: str, value: Any) -> dict[str, Any]:
        tip = np.array(numbers(name, value))
        long = float(tip @ tip)
        if not long > 0:
            raise BadInput(name, "a half-axis needs a length: drag it away from the middle")
        which = int(name[-1]) - 1
        eigenvalues = list(self.entries("eig"))
        eigenvalues[which] = float(np.copysign(np.clip(1 / long, 1e-4, _MOST), eigenvalues[which]))
        aim = float(np.rad2deg(np.arctan2(tip[1], tip[0]))) - 90.0 * which
        turn = self.entries("turn")
        turn += (aim - turn + 90.0) % 180.0 - 90.0
        return {"eig": tuple(_tidy(v) for v in eigenvalues), "turn": (turn + 180) % 360 - 180}

    def values(self) -> dict[str, Any]:
        """The fields in force, and the entries of G."""
        shown = super().values()
        for name in ("eig", "turn", "gradient"):
            held = self.entries(name)
            shown[name] = held
            if isinstance(held, tuple):
                shown |= {f"{name}.{i}": part for i, part in enumerate(held)}
        shown["turn"] = (self.entries("turn") + 90.0) % 180.0 - 90.0
        metric = self.metric
        return {**shown, **{f"metric.{i}.{j}": float(round(metric[i, j], 12))
                            for i in (0, 1) for j in (0, 1)}}  # fmt: skip


def _tidy(value: float) -> float:
    """Without the digits that only a float would invent."""
    return float(f"{value:.12g}") if abs(value) > 1e-13 else 0.0


# The claims -----------------------------------------------------------------------------------

ROUND = {"eig": (1.0, 1.0), "turn": 0.0}
LONG = {"eig": (0.2, 3.0), "turn": 30.0}
OPEN = {"eig": (1.0, -0.5), "turn": 60.0}
STRIP = {"eig": (1.0, 0.0), "turn": 60.0}
_DENSE = np.linspace(-180.0, 180.0, 3601)


def _close(a: Any, b: Any, tolerance: float = 1e-9) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _half_axes(seen: Seen) -> bool:
    """The nearest and the farthest unit vectors are 1/√eigenvalue away."""
    far = np.linalg.norm(unit_directions(seen.metric, np.deg2rad(_DENSE)), axis=1)
    expected = 1 / np.sqrt(np.linalg.eigvalsh(seen.metric))
    return _close([far.max(), far.min()], expected, 1e-5)


def _twice_as_long(seen: Seen) -> bool:
    a = 2 * seen.yours
    return _close(a @ seen.metric @ a, 4.0)


def _round_is_plain(seen: Seen) -> bool:
    return _close(seen.best.a, -seen.gradient / np.linalg.norm(seen.gradient))


def _minimizer(seen: Seen) -> bool:
    """No unit vector of a dense fan is steeper, and the formula's is as steep as the steepest."""
    raised = np.linalg.solve(seen.metric, seen.gradient)
    a = -raised / np.sqrt(seen.gradient @ raised)
    least = np.nanmin(seen.slopes(_DENSE))
    return seen.slope(a) <= least + 1e-12 and _close(seen.slope(a), least, 1e-4)


def _tangent(seen: Seen) -> bool:
    """The ball lies on one side of the level line through a*, and touches it there."""
    edge = boundary(seen.metric, 0.0, 4001)[0] @ seen.gradient
    return bool(edge.min() >= seen.best.slope - 1e-12) and _close(edge.min(), seen.best.slope, 1e-5)


def _aligned(seen: Seen) -> bool:
    multiplier, covector = normal(seen.metric, seen.gradient, seen.best.a)
    return _close(covector, seen.gradient) and _close(multiplier, seen.best.multiplier)


def _off(seen: Seen) -> bool:
    """The reader's covector has ∇J's slope along a, but is another one; and a is not the best."""
    _, covector = normal(seen.metric, seen.gradient, seen.yours)
    apart = np.linalg.norm(covector - seen.gradient) / np.linalg.norm(seen.gradient)
    return bool(
        apart > 0.1
        and _close(covector @ seen.yours, seen.slope(seen.yours))
        and seen.slope(seen.yours) > seen.best.slope + 1e-3
    )


def _both_ends(seen: Seen) -> bool:
    """At −a* the condition holds as well, and there the slope is the greatest."""
    multiplier, covector = normal(seen.metric, seen.gradient, -seen.best.a)
    greatest = np.nanmax(seen.slopes(_DENSE))
    return (
        _close(covector, seen.gradient)
        and multiplier > 0
        and _close(greatest, -seen.best.slope, 1e-4)
    )


def _larger_metric(seen: Seen) -> bool:
    nine = steepest(9 * seen.metric, seen.gradient)
    return _close(nine.a * 3, seen.best.a) and _close(nine.slope * 3, seen.best.slope)


def _other_coordinates(seen: Seen) -> bool:
    """With θ = A x: G becomes AᵀGA, ∇J becomes Aᵀ∇J, and a* becomes A⁻¹a*."""
    matrix = np.array([[2.0, 1.0], [0.0, 0.5]])
    there = steepest(matrix.T @ seen.metric @ matrix, matrix.T @ seen.gradient)
    return _close(matrix @ there.a, seen.best.a) and _close(there.slope, seen.best.slope)


def _natural(seen: Seen) -> bool:
    problem = problem_named(seen.state.of)
    step = -np.linalg.solve(problem.fisher(problem.start), problem.grad(problem.start))
    aim = step / np.linalg.norm(step)
    return _close(seen.best.a / np.linalg.norm(seen.best.a), aim, 1e-8)


def _same_kl(seen: Seen) -> bool:
    """All small steps εa cost ½ε² nats of KL, to first order in ε, and a* gains the most."""
    problem, small = problem_named(seen.state.of), 1e-3
    start = np.asarray(problem.start, float)
    fan = unit_directions(seen.metric, np.deg2rad(np.linspace(-180, 179, 72)))
    costs = problem.kl(start, start + small * fan)
    gain = problem.loss(start + small * seen.best.a) - problem.loss(start)
    gains = problem.loss(start + small * fan) - problem.loss(start)
    return _close(costs / (small**2 / 2), 1.0, 2e-2) and bool(gain < gains.min() + 1e-6)


def _plain_is_slower(seen: Seen) -> bool:
    """Straight against ∇J, the same length goes down less."""
    plain = seen.slope(seen.plain)
    return seen.best.slope < 1.2 * plain < 0


def _unbounded(kind: str) -> Any:
    def check(seen: Seen) -> bool:
        lowest = [
            min(float((piece @ seen.gradient).min()) for piece in boundary(seen.metric, far, 2001))
            for far in (1e2, 1e4, 1e6)
        ]
        return seen.best.kind == kind and lowest[0] > 10 * lowest[1] > 100 * lowest[2]

    return check


def _worst_of_its_branch(seen: Seen) -> bool:
    """Lagrange's vector on a hyperbola: every other one of its branch has a lower slope."""
    raised = np.linalg.solve(seen.metric, seen.gradient)
    a = -raised / np.sqrt(seen.gradient @ raised)
    branches = boundary(seen.metric, 10.0, 4001)
    own = min(branches, key=lambda b: float(np.linalg.norm(b - a, axis=1).min()))
    _, covector = normal(seen.metric, seen.gradient, a)
    return _close(covector, seen.gradient) and bool(
        (own @ seen.gradient).max() < seen.slope(a) + 1e-9
    )


def _hessian_indefinite(seen: Seen) -> bool:
    problem = problem_named(seen.state.of)
    values = np.linalg.eigvalsh(problem.hessian(problem.start))
    return bool(values[0] < 0 < values[1]) and seen.best.kind == "hyperbola"


def _damped_is_a_ball(seen: Seen) -> bool:
    """The metric shown is a strip's plus λI."""
    values = np.linalg.eigvalsh(seen.metric)
    strip = seen.metric - values[0] * np.eye(2)
    kinds = steepest(strip, seen.gradient).kind, seen.best.kind
    return bool(values[0] > 0) and kinds == ("strip", "ball")


def _toward(seen: Seen) -> int:
    """0: straight against ∇J, 1: turned toward the long axis of the ball, 2: toward the short."""
    long, short = ellipse_axes(seen.metric, 0.5)

    def along(v: Array, axis: Array) -> float:
        return float(abs(v @ axis) / np.linalg.norm(v) / np.linalg.norm(axis))

    best, plain = along(seen.best.a, long), along(seen.gradient, long)
    if np.isclose(best, plain):
        return 0
    return 1 if best > plain and along(seen.best.a, short) < along(seen.gradient, short) else 2


def _where(seen: Seen) -> int:
    """0: along the axis that opened, 1: against ∇J, 2: there is none."""
    if seen.best.kind != "ball":
        return 2
    return 1 if _round_is_plain(seen) else 0


SECTIONS = (
    Section(
        "ball",
        "How long is a step?",
        (
            "Which way is down fastest? That depends on what counts as one step.",
            Definition(
                r"Let $G$ measure steps: a direction $a$ is a unit vector when "
                r"$a^{\top} G a = 1$."
            ),
            Claim(
                "half-axes",
                r"These vectors make an ellipse, the unit ball, whose half-axes are "
                r"$1/\sqrt{g}$ long, for each eigenvalue $g$ of $G$.",
                LONG,
                _half_axes,
            ),
            "Take its axes and bend it; take the orange arrow and turn the slope of the ground.",
        ),
        Predict(
            "bent",
            "The ball gets long in one direction. Where does the steepest direction turn?",
            (
                "it stays straight against ∇J",
                "toward the ball's long axis",
                "toward its short axis",
            ),
            {"eig": (4.0, 0.25), "turn": 20.0, "gradient": (1.0, 0.5)},
            _toward,
            "Along the long axis a step of length one goes farther, so more of the descent is "
            "to be had there.",
        ),
    ),
    Section(
        "minimum",
        "The lowest point of the ball",
        (
            "The straight lines are those of equal loss, as the gradient alone predicts it.",
            Claim(
                "tangent",
                r"Of all that meet the ball the lowest only touches it, in $a^*$:",
                LONG,
                _tangent,
            ),
            Claim(
                "minimizer",
                r"$a^* = -G^{-1}\nabla J / \sqrt{\nabla J^{\top} G^{-1}\nabla J}$.",
                LONG,
                _minimizer,
            ),
            Claim(
                "round",
                r"On a round ball, $G = I$, it is plain descent: straight along $-\nabla J$.",
                ROUND,
                _round_is_plain,
            ),
            Claim(
                "scale",
                r"Nine times $G$ makes the ball three times as small and turns nothing.",
                {"eig": (1.8, 27.0), "turn": 30.0},
                _larger_metric,
            ),
            Claim(
                "coordinates",
                r"In other coordinates, $\theta = A x$, the ball, the lines and $a^*$ go along.",
                LONG,
                _other_coordinates,
            ),
        ),
    ),
    Section(
        "lagrange",
        "Two arrows that line up",
        (
            Claim(
                "aligned",
                r"Where $J$ is stationary on the ball, Lagrange's condition holds: "
                r"$\nabla J = 2\lambda G a$, the level line's normal is the ball's.",
                {**LONG, "angle": -147.0},
                _aligned,
            ),
            Claim(
                "off",
                r"Anywhere else they part, and $J$ falls faster a little to one side.",
                {**LONG, "angle": -70.0},
                _off,
            ),
            "Hide the answer, turn the black arrow until the two at its tip are one, and look.",
        ),
    ),
    Section(
        "natural",
        "The natural gradient",
        (
            Claim(
                "natural",
                r"With $G = F$, the Fisher matrix of a model at its start, $a^*$ points along the "
                r"natural gradient step $-F^{-1}\nabla J$ (Amari 1998).",
                {"of": "gamma", "angle": 120.0},
                _natural,
            ),
            Claim(
                "same-kl",
                r"The ball is then all small steps $\epsilon a$ of one KL divergence, "
                r"$\frac{1}{2}\epsilon^2$; the steepest lowers the loss most.",
                {"of": "normal", "angle": 120.0},
                _same_kl,
            ),
            Claim(
                "slower",
                r"Straight against $\nabla J$ the same length of step gains much less.",
                {"of": "gamma", "angle": 120.0},
                _plain_is_slower,
            ),
        ),
    ),
    Section(
        "broken",
        "When there is no ball",
        (
            Claim(
                "hyperbola",
                r"If an eigenvalue of $G$ is negative the ball opens into a hyperbola; along its "
                "arms the slope falls without end, and no direction is steepest.",
                OPEN,
                _unbounded("hyperbola"),
            ),
            Claim(
                "worst",
                r"The formula still answers, with the *least* steep vector of its branch.",
                {"eig": (1.0, -0.5), "turn": 60.0, "angle": -103.0},
                _worst_of_its_branch,
            ),
            Claim(
                "hessian",
                r"The Hessian $H$ of a double well does this: as a metric it will not do.",
                {"of": "double-well", "angle": -150.0},
                _hessian_indefinite,
            ),
            Claim(
                "strip",
                r"If $G$ is singular, as a Fisher matrix may be, the ball is a strip: "
                "along it steps cost nothing.",
                STRIP,
                _unbounded("strip"),
            ),
            Claim(
                "damped",
                r"Damping, $G + \lambda I$, closes it.",
                {"eig": (1.2, 0.2), "turn": 60.0},
                _damped_is_a_ball,
            ),
        ),
        Predict(
            "opened",
            "Push the second eigenvalue below zero. Where is the steepest direction now?",
            ("along the axis that opened", "straight against ∇J", "nowhere"),
            OPEN,
            _where,
            "Along the arms a vector of length one is as long on paper as you like, and the loss "
            "as low.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "squared",
                r"The lecture calls $a^{\top} G a$ the length of $a$; it is the squared length: "
                r"for $2a$ it is $4$.",
                LONG,
                _twice_as_long,
            ),
            Claim(
                "sign",
                r"Its condition knows no sign: it holds at $-a^*$ too, the steepest way *up*. "
                r"Going down takes $\lambda < 0$.",
                {**LONG, "angle": 33.0},
                _both_ends,
            ),
            Definition(
                r"(With the factor of the derivative, its multiplier reads "
                r"$a = \frac{\epsilon}{2\lambda} G^{-1}\nabla J$; here $\epsilon = 1$.)"
            ),
        ),
    ),
)

PRESETS = (
    Preset("a bent ball", {}, "The steepest way leans toward the long axis of the ball."),
    Preset("a round ball", ROUND, "With G = I it is straight against the gradient."),
    Preset(
        "find it yourself",
        {"eig": (3.0, 0.3), "turn": 20.0, "gradient": (1.0, 0.3), "angle": 75.0, "show": "hidden"},
        "Turn the black arrow until the two arrows at its tip line up downhill; then show it.",
    ),
    Preset(
        "the natural gradient",
        {"of": "gamma", "angle": 120.0},
        "G is the Fisher matrix of a gamma distribution: parameters that pull together.",
    ),
    Preset("nearly singular", {"eig": (1.0, 0.06), "turn": 60.0, "gradient": (0.9, -0.1)},
           "The long way is nearly free, and the step goes there."),
    Preset("a strip", STRIP, "G is singular: along the strip a step costs nothing."),
    Preset("a hyperbola", OPEN, "G is indefinite: there is no lowest point to find."),
    Preset(
        "a Hessian is no metric",
        {"of": "double-well", "angle": -150.0},
        "The Hessian of a double well, between the wells.",
    ),
)  # fmt: skip


def _m(name: str) -> str:
    rows = (f"@{name}.{i}.0@ & @{name}.{i}.1@" for i in (0, 1))
    return r"\begin{pmatrix}" + r" \\ ".join(rows) + r"\end{pmatrix}"


def _v(name: str) -> str:
    return rf"\begin{{pmatrix}}@{name}.0@ \\ @{name}.1@\end{{pmatrix}}"


FORMULAS = (
    Formula("given", (f"G = {_m('G')}", rf"\nabla J = {_v('g')}"), "The metric and the gradient."),
    Formula(
        "yours",
        (
            f"a = {_v('a')}",
            r"a^{\top} G a = @norm@",
            r"\nabla J^{\top} a = @slope@",
            rf"2\lambda G a = {_v('Ga')}",
        ),
        "Your direction, its slope, and the covector to be compared with the gradient.",
    ),
    Formula(
        "best",
        (
            rf"a^* = \frac{{-G^{{-1}}\nabla J}}{{\sqrt{{\nabla J^{{\top}} G^{{-1}}\nabla J}}}} "
            rf"= {_v('best')}",
            r"\nabla J^{\top} a^* = @least@",
            r"\lambda = @lambda@",
        ),
        "The steepest direction, its slope, and its multiplier.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    sources = [{"value": "hand", "label": "bent by hand"}]
    sources += [{"value": name, "label": label} for name, label in PROBLEMS.items()]
    shows = [{"value": name, "label": name} for name in _SHOW]
    return [
        panels.group(
            "metric", "The metric G",
            {"kind": "choice", "field": "of", "label": "where from", "options": sources},
            {"kind": "matrix", "field": "metric", "label": "G"},
            panels.slider("eig.0", "first eigenvalue", 0.05, 20, 0.01, scale="log"),
            panels.slider("eig.1", "second eigenvalue", -2, 6, 0.01),
            panels.slider("turn", "turn", -90, 90, 1, unit="°"),
        ),
        panels.group(
            "directions", "Directions",
            panels.slider("angle", "your direction", -180, 180, 1, unit="°"),
            {"kind": "choice", "field": "show", "label": "steepest direction", "options": shows},
            *({"kind": "number", "field": f"gradient.{i}", "label": f"∇J {sign}", "step": 0.05}
              for i, sign in enumerate(("θ₁", "θ₂"))),
        ),
    ]  # fmt: skip


def _script(seen: Seen, writer: Writer) -> str:
    eigenvalues, turn = seen.state.entries("eig"), seen.state.entries("turn")
    writer.numpy()
    writer.take("natgrad_core.geometry.unit_ball", "bent")
    writer.take("natgrad_core.geometry.ellipses", "reach")
    writer.take("natgrad_core.geometry.steepest", "steepest", "unit_directions")
    return f"""
G = bent({writer.write(eigenvalues)}, turn={writer.write(turn)})
gradient = np.array({writer.write(seen.gradient)})
angle = np.deg2rad({writer.write(seen.state.angle)})

paths = {{
    "G": G,
    "gradient": gradient,
    "steepest": steepest(G, gradient).a,
    "yours": unit_directions(G, np.array([angle]))[0],
    "plain": reach(-gradient, G, 0.5),
}}

for name in ("plain", "yours", "steepest"):
    print(f"{{name}}: {{paths[name]}}, slope {{gradient @ paths[name]:.6g}}")
"""


lessons.register("steepest-descent")(
    Lesson(
        name="steepest-descent",
        title="Steepest descent",
        takeaway="Steepest means steepest per unit of length: the metric G decides which way is "
        "down, and its answer is −G⁻¹∇J.",
        sources=("Amari 1998, theorem 1",),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        script=_script,
        default=Bent(),
        order=3,
        rules=("gradient", "natural"),
        inks={
            "you": {
                "label": "your direction",
                "light": "#1b1b1f",
                "dark": "#f3f3f0",
                "symbol": "circle",
            },
            "normal": {
                "label": "the ball's normal",
                "light": "#7b3fa0",
                "dark": "#cf9ff0",
                "symbol": "circle",
            },
            "slope": {"label": "slope", "light": "#3b5b92", "dark": "#7f9fd8", "symbol": "circle"},
        },
        lights={"G": ("metric",), "∇": ("gradient",)},
    )
)
