"""Singular: where F has no inverse, what plain descent, a pseudo-inverse and damping make of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Self

import numpy as np

from natgrad_core import Rule, Trajectory, rules, run
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array, Bools
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.paired_runs import broken, ellipses_at
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, window
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
from natgrad_lecture.state.fields import BadInput, choice, control, several
from natgrad_lecture.state.state import Runs, problem_named
from natgrad_lecture.text.typeset import live_matrix, live_vector

NET, MIXTURE = "two-layer-linear", "mixture"
PROBLEMS = (NET, MIXTURE)
WAYS = ("gradient", "natural", "pseudo", "damped")
GRAPHS = ("loss", "eigenvalues")

SADDLE = (1.5, -1.49)
"""On the way to the net's saddle."""

NEAR = (-0.3, -0.24)
"""Of the mixture, near the line on which its two parts are one."""

INKS = {
    "natural": {**ink("natural"), "label": "natural, bare"},
    "pseudo": {"label": "pseudo-inverse", "light": "#6b2fa0", "dark": "#c79bf2",
               "symbol": "square", "width": 2.6},
    "damped": {"label": "damped", "light": "#0b62a8", "dark": "#63b3f5", "symbol": "triangle",
               "width": 2.6},
    "singular": {"label": "F has a lower rank", "light": "#9b1c31", "dark": "#f28a9a",
                 "symbol": "cross"},
}  # fmt: skip

LOWEST = 1e-6
"""Of the graph of eigenvalues: what is smaller, or zero, lies on its lower edge."""


@dataclass(frozen=True)
class Runner(Runs):
    """One start, the same rate, and several ways to use a matrix that may have no inverse."""

    problem: str = control(NET, "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(
        ("gradient", "pseudo", "damped"), "rules", several("rules", "way", WAYS)
    )
    graph: str = control("loss", "graph", choice("graph", "graph", GRAPHS))

    @property
    def point(self) -> tuple[float, ...]:
        """The start; each problem has one that shows its plateau."""
        if self.start is not None:
            return self.start
        return SADDLE if self.problem == NET else NEAR

    def whole(self) -> Self:
        """The state itself if something is damped where damping is chosen."""
        if "damped" in self.rules and self.damping <= 0:
            raise BadInput("damping", "λ = 0 is no damping; take more, or the way 'bare'")
        problem_named(self.problem).check(self.point)
        return self


def _rule(way: str, rate: float, damping: float) -> Rule:
    if way == "gradient":
        return rules["gradient"](rate)
    if way == "damped":
        return rules["natural"](rate, damping)
    return rules["natural"](rate, singular="pseudo-inverse" if way == "pseudo" else "diverge")


@lru_cache(maxsize=128)
def _run(problem: str, way: str, rate: float, damping: float, start: Any, steps: int) -> Trajectory:
    return run(problem_named(problem), _rule(way, rate, damping), start, steps)


@lru_cache(maxsize=4)
def _level(problem: str) -> float:
    """The loss on the plateau: at the net's saddle; of the mixture, with its parts made one."""
    place = problem_named(problem)
    if problem == NET:
        return float(place.loss((0.0, 0.0)))
    line = np.linspace(*place.view[0], 2001)
    return float(place.loss(np.stack([line, line], -1)).min())


class Seen:
    """What the engine says of the runs beside each other."""

    def __init__(self, state: Runner) -> None:
        self.state = state
        self.problem: Any = problem_named(state.problem)

    def run(self, way: str, **other: Any) -> Trajectory:
        """One way from the start; ``other`` options than the state's where given."""
        s = self.state
        options = {"rate": s.rate, "damping": s.damping, "steps": s.steps} | other
        if way != "damped":
            options["damping"] = 0.0
        start = tuple(map(float, s.point))
        return _run(s.problem, way, options["rate"], options["damping"], start, options["steps"])

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """Each chosen way."""
        return {way: self.run(way) for way in self.state.rules}

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        return self.runs

    @property
    def guide(self) -> Trajectory:
        """The run whose numbers the formulas show: the last chosen of the list."""
        return [path for way in WAYS if (path := self.runs.get(way)) is not None][-1]

    @property
    def level(self) -> float:
        """The loss on the plateau."""
        return _level(self.state.problem)

    def lingers(self, way: str) -> int:
        """Steps within a fiftieth of the way down from the plateau's loss."""
        path = self.run(way)
        lowest = float(np.nanmin(path.loss))
        return int((np.abs(path.loss - self.level) < (self.level - lowest) / 50).sum())

    @staticmethod
    def eigenvalues(path: Trajectory) -> Array:
        """Of F along a run, ``[steps + 1, 2]``, the smaller first; NaN where it broke."""
        with np.errstate(all="ignore"):
            fisher = full(path.at.fisher, path.ok.shape)
        good: Bools = np.asarray(np.isfinite(fisher).all((-1, -2)))
        values = np.linalg.eigvalsh(np.where(good[:, None, None], fisher, np.eye(2)))
        return np.where(good[:, None], np.maximum(values, 0.0), np.nan)

    @property
    def some(self) -> Array:
        """A few points, all over the window."""
        return self.problem.examples(np.random.default_rng(0), 30)


# The claims -----------------------------------------------------------------------------------


def _tangent(seen: Seen) -> bool:
    """F (w₁, −w₂) = 0 everywhere, and along w₁w₂ = c neither J nor the distribution changes."""
    points = seen.some
    null = points * [1.0, -1.0]
    fisher = seen.problem.fisher(points)
    moved = points * [1.25, 0.8]
    return bool(
        np.allclose(np.einsum("nij,nj->ni", fisher, null), 0, atol=1e-12)
        and np.allclose(seen.problem.loss(moved), seen.problem.loss(points))
        and np.allclose(seen.problem.kl(points, moved), 0, atol=1e-12)
    )


def _no_inverse(seen: Seen) -> bool:
    """The bare natural run makes no two steps: F has no inverse but for rounding."""
    bare = seen.run("natural")
    return not bool(bare.ok[:4].all())


def _product(seen: Seen) -> bool:
    """The pseudo-inverse's step moves w₁w₂ by α of what is missing, to first order."""
    path = seen.run("pseudo", steps=20)
    w, delta = path.theta[:-1], np.diff(path.theta, axis=0)
    moved = (w[:, ::-1] * delta).sum(1)
    end = seen.run("gradient", rate=0.05, steps=1500).theta[-1].prod()
    return bool(np.allclose(moved, seen.state.rate * (end - w.prod(1)), rtol=1e-4, atol=1e-9))


def _no_sideways(seen: Seen) -> bool:
    """No part of a step, however it is made, lies along the hyperbola."""
    for way in ("gradient", "pseudo", "damped"):
        path = seen.run(way, steps=20)
        w, delta = path.theta[:-1], np.diff(path.theta, axis=0)
        if not np.allclose((w * [1.0, -1.0] * delta).sum(1), 0, atol=1e-12):
            return False
    return True


def _limit_of_damping(seen: Seen) -> bool:
    """(F + λI)⁻¹∇J → F⁺∇J as λ → 0, to the order of λ."""
    steps = {
        damping: np.diff(seen.run("damped", damping=damping, steps=1).theta, axis=0)[0]
        for damping in (1e-3, 1e-4)
    }
    exact = np.diff(seen.run("pseudo", steps=1).theta, axis=0)[0]
    far = [float(np.linalg.norm(step - exact)) for step in steps.values()]
    return far[1] < 0.2 * far[0] < 0.2 * float(np.linalg.norm(exact))


def _near_the_origin(seen: Seen) -> bool:
    """At half the distance from the saddle F⁺∇J is twice as long and ∇J half."""
    points = np.array([0.08, -0.05]) * np.array([[1e-3], [5e-4]])
    starts = [tuple(point) for point in points]
    one = [np.diff(_run(NET, way, 0.1, 0.0, start, 1).theta, axis=0)[0]
           for way in ("pseudo", "gradient") for start in starts]  # fmt: skip
    far, near, plain_far, plain_near = (float(np.linalg.norm(step)) for step in one)
    return bool(np.isclose(near, 2 * far, rtol=1e-3)
                and np.isclose(plain_near, plain_far / 2, rtol=1e-3))  # fmt: skip


def _lingers(seen: Seen) -> bool:
    return seen.lingers("gradient") > 3 * max(1, seen.lingers("damped"))


def _bounded(seen: Seen) -> bool:
    """A damped step is at most α|∇J|/λ long; F⁺'s may be far longer."""
    damped = seen.run("damped")
    bound = seen.state.rate * damped.grad_norm[:-1] / seen.state.damping
    sizes = np.linalg.norm(np.diff(damped.theta, axis=0), axis=1)
    other = np.linalg.norm(np.diff(seen.run("pseudo").theta, axis=0), axis=1)
    return bool((sizes <= bound * (1 + 1e-9)).all() and other.max() > 1.5 * sizes.max())


def _elsewhere(seen: Seen) -> bool:
    """Each way ends at a minimum, with one product of the weights, and none at another's."""
    ends = [seen.run(way, steps=600).theta[-1] for way in ("gradient", "pseudo", "damped")]
    products = [float(np.prod(end)) for end in ends]
    apart = min(float(np.linalg.norm(ends[i] - ends[j])) for i, j in ((0, 1), (0, 2), (1, 2)))
    return bool(np.ptp(products) < 1e-4 and apart > 1e-3)


def _parallel(seen: Seen) -> bool:
    """On a = b F has rank one, and its null direction moves the parts apart about their mean."""
    w = seen.problem.weight
    line = np.linspace(-2, 2, 9)
    fisher = seen.problem.fisher(np.stack([line, line], -1))
    apart = np.array([w, -(1 - w)])
    return bool(np.allclose(fisher @ apart, 0, atol=1e-8)
                and (np.linalg.eigvalsh(fisher)[:, 1] > 0.1).all())  # fmt: skip


def _distances() -> tuple[Array, Array]:
    """Points at falling distances a − b, their mean that of the data: distances, points."""
    place: Any = problem_named(MIXTURE)
    w, middle = place.weight, (1 - place.weight) * -1.0 + place.weight * 1.5
    off = np.array([0.04, 0.02, 0.01])
    return off, np.stack([middle + w * off, middle - (1 - w) * off], -1)


def _square(seen: Seen) -> bool:
    """The small eigenvalue is a quarter at half the distance."""
    _, points = _distances()
    small = np.linalg.eigvalsh(seen.problem.fisher(points))[:, 0]
    return bool(np.allclose(small[:-1] / small[1:], 4, rtol=0.02))


def _slope_falls(seen: Seen) -> bool:
    """∇J is half at half the distance, and F⁻¹∇J twice."""
    _, points = _distances()
    gradient, fisher = seen.problem.grad(points), seen.problem.fisher(points)
    raised = np.linalg.solve(fisher, gradient[..., None])[..., 0]
    plain, natural = (np.linalg.norm(v, axis=-1) for v in (gradient, raised))
    return bool(np.allclose(plain[:-1] / plain[1:], 2, rtol=0.02)
                and np.allclose(natural[1:] / natural[:-1], 2, rtol=0.02))  # fmt: skip


def _thrown(seen: Seen) -> bool:
    """From so near the line one bare natural step goes far out, and the damped run arrives."""
    bare, damped = seen.run("natural"), seen.run("damped")
    first = float(np.linalg.norm(bare.theta[1] - bare.theta[0]))
    wide = float(np.ptp(np.asarray(seen.problem.view)[0]))
    return bool(first > wide / 4 and damped.loss[-1] < seen.level - 0.1 and damped.ok.all())


def _worse(seen: Seen) -> bool:
    """One start, two minima: the plain run's is lower than the bare natural one's."""
    plain, bare = (seen.run(way, steps=600).loss[-1] for way in ("gradient", "natural"))
    return bool(plain < bare - 0.03)


def _everywhere(seen: Seen) -> bool:
    """det F = 0 at every point of the net, and F itself is zero at the origin."""
    values = np.linalg.eigvalsh(seen.problem.fisher(seen.some))
    return bool((np.abs(values[:, 0]) < 1e-9 * values[:, 1]).all()
                and not seen.problem.fisher((0.0, 0.0)).any())  # fmt: skip


def _what_bare_does(seen: Seen) -> int:
    """0: arrives, 1: breaks off, 2: stands still."""
    bare = seen.run("natural")
    if not bare.ok.all():
        return 1
    return 0 if bare.loss[-1] < seen.level else 2


def _who_lingers(seen: Seen) -> int:
    """Which of plain, pseudo-inverse, damped is the longest on the plateau."""
    return int(np.argmax([seen.lingers(way) for way in ("gradient", "pseudo", "damped")]))


MIXED: dict[str, Any] = {"problem": MIXTURE, "rate": 0.2, "steps": 100,
                         "rules": ["gradient", "damped"]}  # fmt: skip
ALL = ["gradient", "natural", "pseudo", "damped"]

SECTIONS = (
    Section(
        "net",
        "The smallest deep net",
        (
            Definition(
                r"Take $y = w_2 w_1 x$ with unit noise: two weights, and only their "
                r"product is seen."
            ),
            Claim(
                "tangent",
                r"Along each hyperbola $w_1 w_2 = c$ neither the loss nor the distribution "
                r"changes: its tangent is a null direction of $F$.",
                {"rules": ["gradient"], "start": (2.2, -0.4), "k": 2},
                _tangent,
            ),
            Claim(
                "no-inverse",
                r"So $F^{-1}\nabla J$ does not exist, and the bare natural run breaks off.",
                {"rules": ["natural"], "k": 0},
                _no_inverse,
            ),
        ),
        Predict(
            "bare",
            r"Let the natural gradient run here as it is written, $F^{-1}\nabla J$. What happens?",
            ("it arrives", "it breaks off", "it stands still"),
            {"rules": ["natural"], "k": 0},
            _what_bare_does,
            "There is a direction in which a step costs nothing, and no one step is the best.",
        ),
    ),
    Section(
        "ways",
        "Two ways round",
        (
            Claim(
                "product",
                r"The *pseudo-inverse* takes the shortest of the steps that do the same: to first "
                r"order $w_1 w_2$ moves by $\alpha$ of what is missing.",
                {"rules": ["pseudo"], "start": (2.2, -0.4), "k": 10},
                _product,
            ),
            Claim(
                "limit",
                r"*Damping*, $F + \lambda I$, tends to the same step as $\lambda \to 0$.",
                {"rules": ["pseudo", "damped"], "start": (2.2, -0.4), "damping": 0.02, "k": 5},
                _limit_of_damping,
            ),
            Claim(
                "sideways",
                "No step, plain or not, has a part along the hyperbola.",
                {"rules": ["gradient", "pseudo", "damped"], "start": (2.2, -0.4), "k": 3},
                _no_sideways,
            ),
        ),
    ),
    Section(
        "saddle",
        "Near the saddle",
        (
            Claim(
                "origin",
                r"At the origin even the rank is lost. At half the distance $\nabla J$ is half as "
                r"long, and the pseudo-inverse's step $F^{+}\nabla J$ twice:",
                {"start": (0.08, -0.05), "k": 1, "graph": "eigenvalues"},
                _near_the_origin,
            ),
            Claim("lingers", "plain descent lingers on a plateau,", {"k": 12}, _lingers),
            Claim(
                "bounded",
                r"the pseudo-inverse jumps, and damping bounds the step by "
                r"$\alpha\,\|\nabla J\|/\lambda$.",
                {"k": 20},
                _bounded,
            ),
            Claim(
                "elsewhere",
                "The minima are a curve, and each way ends at another point of it.",
                {"k": 100},
                _elsewhere,
            ),
        ),
        Predict(
            "plateau",
            "One start, one rate. Who stays longest near the saddle?",
            ("plain descent", "the pseudo-inverse", "the damped natural gradient"),
            {"k": 0},
            _who_lingers,
            "The slope fades towards the saddle. F fades faster, and dividing by it brings the "
            "step back.",
        ),
    ),
    Section(
        "mixture",
        "Two normals that are one",
        (
            Definition(r"Mix two normals with means $a$ and $b$."),
            Claim(
                "parallel",
                r"On the line $a = b$ they cannot be told apart: $F$ has rank one, and pulling "
                "them apart about their mean costs nothing (Amari, Park and Ozeki 2006).",
                {**MIXED, "k": 20},
                _parallel,
            ),
            Claim(
                "square",
                r"Near the line the small eigenvalue of $F$ goes as $(a - b)^2$,",
                {**MIXED, "graph": "eigenvalues", "k": 10},
                _square,
            ),
            Claim(
                "falls",
                r"and $\nabla J$ only as $a - b$: the plain step fades, and $F^{-1}\nabla J$ "
                r"grows as $1/(a - b)$.",
                {**MIXED, "k": 10},
                _slope_falls,
            ),
            Claim(
                "mixture-lingers",
                "Plain descent lingers where one normal is the best that can be had.",
                {**MIXED, "k": 25},
                _lingers,
            ),
            Claim(
                "thrown",
                "The bare natural gradient is thrown far out by its first step; damped it arrives.",
                {**MIXED, "rules": ["natural", "damped"], "k": 1},
                _thrown,
            ),
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "everywhere",
                r"The lecture calls $F$ positive definite. In this net it is so nowhere, and at "
                "the origin it is zero.",
                {"graph": "eigenvalues", "k": 12},
                _everywhere,
            ),
            Claim(
                "worse",
                "Off a plateau sooner is not better for sure: from here the bare natural gradient "
                "jumps to the poorer of two minima, and plain descent finds the other.",
                {**MIXED, "start": (0.5, 0.45), "rules": ["gradient", "natural"]},
                _worse,
            ),
        ),
    ),
)

PRESETS = (
    Preset("past the saddle", {}, "Plain descent lingers, the others do not."),
    Preset("eigenvalues of F", {"graph": "eigenvalues", "k": 12},
           "One eigenvalue is zero all along; at the saddle the other fades too."),
    Preset("no inverse", {"rules": ["natural"], "k": 0}, "The bare natural run breaks off."),
    Preset("down the side", {"start": (2.2, -0.4), "k": 6},
           "Away from the saddle the pseudo-inverse and a little damping are nearly one."),
    Preset("two normals", {**MIXED, "k": 25}, "Plain descent waits near the red line."),
    Preset("thrown out", {**MIXED, "rules": ["natural", "damped"], "k": 1},
           "Near the line the bare step is as long as F is small."),
    Preset("the poorer minimum", {**MIXED, "start": (0.5, 0.45), "rules": ALL},
           "Who leaves first need not arrive at the best place."),
)  # fmt: skip

FORMULAS = (
    Formula(
        "fisher",
        (
            rf"F = {live_matrix('F')}",
            r"\lambda(F) = @low@,\; @high@",
            rf"\nabla J = {live_vector('g')}",
        ),
        "At this step of the last way chosen.",
    ),
    Formula("step", (r"J = @J@", r"\|\delta\| = @size@"), "The loss, and how long the step is."),
)


def _controls() -> list[dict[str, Any]]:
    which = {"kind": "checks", "field": "rules", "label": "ways", "options": [
        {"value": way, "label": _label(way), "ink": way} for way in WAYS]}  # fmt: skip
    graphs = [{"value": "loss", "label": "loss"}, {"value": "eigenvalues", "label": "λ(F)"}]
    return [
        panels.group("what", "What runs", panels.choose_problem(PROBLEMS), *panels.start(),
                     {"kind": "choice", "field": "graph", "label": "graph", "options": graphs}),
        panels.group("ways", "Ways", which),
        panels.group(
            "descent", "Descent",
            panels.slider("rate", "learning rate α", 0.001, 1, 0.001, scale="log"),
            panels.slider("damping", "damping λ", 0.001, 10, 0.001, scale="log"),
            panels.slider("steps", "steps", 10, 400, 1),
        ),
    ]  # fmt: skip


def _label(way: str) -> str:
    return str(INKS[way]["label"] if way in INKS else ink(way)["label"])


# The picture ----------------------------------------------------------------------------------


def picture(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    """The runs, where F loses rank, and the loss or F's eigenvalues along each run."""
    s, view = seen.state, window(seen.problem)
    add_contours(sheet, s.problem)
    if s.problem == MIXTURE:
        ends = np.array([view[0], view[0]]).T
        sheet.add("theta", "curve", "singular", "a = b: F has rank one", points=ends, width=2.0)
    else:
        sheet.add("theta", "points", "singular", "F = 0", points=np.zeros((1, 2)))
    for way, path in seen.runs.items():
        loss = sheet.array(f"loss.{way}", path.loss)
        sheet.add("theta", "path", way, _label(way), rule=way, dash="solid",
                  values={"loss": loss}, points=path.theta)  # fmt: skip
    guide = seen.guide
    with np.errstate(all="ignore"):
        fisher = full(guide.at.fisher, guide.ok.shape)
        shapes = ellipses_at(guide.good, fisher) if s.problem == MIXTURE else None
    if shapes is not None:
        sheet.add("theta", "ellipse-at", "metric", "equal KL", shapes=shapes)
    graph = (_loss_graph if s.graph == "loss" else _eigenvalue_graph)(seen, sheet)
    return {
        "planes": [plane("theta", seen.problem.title, seen.problem.symbols, view), graph.plane()],
        "ways": {} if s.graph == "loss" else {"solid": "larger", "dashed": "smaller eigenvalue"},
        "steps": s.steps,
        "handles": [{"id": "start", "plane": "theta", "at": list(s.point), "ink": "start",
                     "label": "starting point", "field": "start"}],
        "numbers": _numbers(seen, sheet),
        "description": "; ".join(_told(way, path) for way, path in seen.runs.items()),
    }  # fmt: skip


def _told(way: str, path: Trajectory) -> str:
    how = broken(path)
    return f"{_label(way)}: loss {path.loss[path.ok][-1]:.4g} at the end" + (
        f", {how}" if how else ""
    )


def _along(sheet: Sheet, graph: Graph, way: str, word: str, values: Array, dash: str) -> None:
    """A number along a run, as a path on the graph that moves with the step."""
    steps = np.arange(len(values), dtype=float)
    read = [["step", sheet.array("steps", steps)], [word, sheet.array(f"{word}.{way}", values)]]
    drawn = np.maximum(values, graph.y.low)
    sheet.add(graph.name, "path", way, _label(way), dash=dash, read=read,
              points=graph.points(steps, drawn))  # fmt: skip


def _loss_graph(seen: Seen, sheet: Sheet) -> Graph:
    every = np.concatenate([path.loss[path.ok] for path in seen.runs.values()])
    every = np.append(every[np.isfinite(every)], seen.level)  # a run thrown out is not a range
    low = float(every.min()) - 0.02
    high = max(min(float(every[0]), 2 * seen.level), seen.level) * 1.05
    graph = Graph(sheet, "graph", "loss of each run", Axis("step", 0, seen.state.steps),
                  Axis("J", low, high))  # fmt: skip
    word = "saddle" if seen.state.problem == NET else "one normal"
    graph.curve("singular", word, [0, seen.state.steps], [seen.level] * 2, width=1.4)
    for way, path in seen.runs.items():
        _along(sheet, graph, way, "J", path.loss, "solid")
    return graph


def _eigenvalue_graph(seen: Seen, sheet: Sheet) -> Graph:
    across, up = Axis("step", 0, seen.state.steps), Axis("λ(F)", LOWEST, 20, log=True)
    graph = Graph(sheet, "graph", "eigenvalues of F along each run", across, up)
    for way, path in seen.runs.items():
        small, large = seen.eigenvalues(path).T
        _along(sheet, graph, way, "larger", large, "solid")
        _along(sheet, graph, way, "smaller", small, "dashed")
    return graph


def _numbers(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    path = seen.guide
    lead = path.ok.shape
    with np.errstate(all="ignore"):
        fisher, gradient = full(path.at.fisher, lead), full(path.at.grad, lead)
        size = np.linalg.norm(np.diff(path.good, axis=0, append=np.nan), axis=1)
    values = seen.eigenvalues(path)
    values[values < 1e-12 * np.nanmax(values, initial=1.0)] = 0.0
    series = np.concatenate(
        [fisher.reshape(-1, 4), values, gradient, path.loss[:, None], size[:, None]], axis=1
    )
    sheet.array("live", series)
    names = [f"F.{i}.{j}" for i in (0, 1) for j in (0, 1)]
    return {"@": [*names, "low", "high", "g.0", "g.1", "J", "size"]}


lessons.register("singular")(
    Lesson(
        name="singular",
        title="Singular",
        takeaway="Where F has no inverse plain descent lingers and the bare natural gradient "
        "breaks; damping is what is left to choose.",
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=("gradient", "natural"),
        inks=INKS,
        sources=(
            "Amari, Park and Ozeki 2006",
            "Saxe, McClelland and Ganguli 2014",
            "Penrose 1955",
            "Levenberg 1944",
        ),
        default=Runner(rate=0.1, damping=0.1, steps=100, k=25),
        order=8,
        lights={"F": ("metric", "natural"), "∇": ("gradient",)},
    )
)
