"""The robustness map: which rates and dampings bring a rule home, as its coordinates turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any, Self

import numpy as np

from natgrad_core import metrics, rules, run
from natgrad_core.analysis.grid_sweep import Sweep, sweep, sweeping, turned
from natgrad_core.analysis.stability import critical_rate
from natgrad_core.charts.linear import Linear
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.types import Array
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import Kept, add_map, colors, keeper, progress
from natgrad_lecture.drawing.paired_runs import add_paths, reading, told
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane, window
from natgrad_lecture.engine_cache import Shown
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
from natgrad_lecture.state.fields import BadInput, choice, control, number, several
from natgrad_lecture.state.state import ChartKey, Runs, numbers, problem_named

PROBLEMS = ("quadratic", "normal", "logistic-regression")
RULES = ("gradient", "momentum", "adam", "newton", "natural")
DAMPED = ("newton", "natural")
METRICS = {"gradient": "euclidean", "newton": "hessian", "natural": "fisher"}
"""Rules that are descent with one metric, of which the edge has a closed form."""

RATES = Axis("α", 1e-3, 10.0, log=True)
UPS = {"angle": Axis("φ", 0.0, 180.0), "damping": Axis("λ", 1e-3, 1e3, log=True)}
COUNT = 65
"""Cells along each side of the map: as many as the coarse grids divide."""

START = (-1.2, 1.0)
"""On the quadratic: beside its valley and far along it, so that both directions count."""

SHARE = 0.01
"""A run has arrived when this part of the way down is left."""


def _spaced(axis: Axis, count: int) -> Array:
    return (np.geomspace if axis.log else np.linspace)(axis.low, axis.high, count)


_rules = several("rules", "rule", RULES)


@dataclass(frozen=True)
class Cell(Runs):
    """One run of one rule, in x with θ = R(φ) diag(s, 1) x, and what the map varies upwards."""

    problem: str = control("quadratic", "problem", choice("problem", "problem", PROBLEMS))
    rules: tuple[str, ...] = control(("gradient",), "rules", _rules)
    rate: float = control(
        0.01, "rate", number("rate", "the learning rate", 1e-3, 10, "take one from 0.001 to 10")
    )
    angle: float = control(
        60.0, "angle", number("angle", "the angle φ", 0, 180, "take one from 0° to 180°")
    )
    stretch: float = control(
        3.0, "stretch", number("stretch", "the stretch s", 1.1, 10, "take one from 1.1 to 10")
    )
    up: str = control("angle", "up", choice("up", "axis", tuple(UPS)))

    @property
    def rule(self) -> str:
        """The rule of the map."""
        return self.rules[0]

    @property
    def point(self) -> tuple[float, ...]:
        """The start; on the quadratic one in no direction of its own."""
        return START if self.start is None and self.problem == "quadratic" else super().point

    @property
    def upwards(self) -> str:
        """What the map varies upwards: an angle, where its rule has no damping."""
        return self.up if self.rule in DAMPED else "angle"

    @property
    def chart_key(self) -> ChartKey:
        """θ = R(φ) diag(s, 1) x."""
        matrix = turned(self.angle, (self.stretch, 1.0)).tolist()
        return "linear", (("matrix", tuple(map(tuple, matrix))),)

    def whole(self) -> Self:
        """The state itself if its start is in the domain and it has one rule."""
        if len(self.rules) > 1:
            raise BadInput("rules", "one map at a time: choose one rule")
        return super().whole()

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A place on the map is a rate and an angle, or a rate and a damping."""
        if name == "rule":
            return {"rules": [value], **({} if value in DAMPED else {"up": "angle"})}
        if name == "cell":
            across, up = np.clip(numbers(name, value), 0.0, 1.0)
            rate, other = _at(RATES, across), _at(UPS[self.upwards], up)
            return {"rate": float(f"{rate:.4g}"), self.upwards: float(f"{other:.4g}")}
        if name == "up" and value == "damping":
            if self.rule not in DAMPED:
                label = ink(self.rule)["label"]
                raise BadInput("up", f"{label} has no damping; take Newton or natural for this map")
            return {"up": value, **({} if self.damping else {"damping": 1.0})}
        return super().changes(name, value)

    def values(self) -> dict[str, Any]:
        """The fields, and the one rule."""
        return {**super().values(), "rule": self.rule}


def _at(axis: Axis, share: float) -> float:
    if axis.log:
        return axis.low * (axis.high / axis.low) ** share
    return axis.low + (axis.high - axis.low) * share


@lru_cache(maxsize=32)
def _best(problem: str) -> tuple[float, ...]:
    """The minimum, by many natural steps."""
    place = problem_named(problem)
    return tuple(run(place, rules["natural"](0.2), place.start, 200).theta[-1].tolist())


def _maker(rule: str, kind: str) -> Any:
    return partial(rules[rule], kind=kind) if rule in DAMPED else rules[rule]


Key = tuple[Any, ...]


def _sweeping(
    problem: str, start: tuple[float, ...], rule: str, kind: str, up: str, fixed: float,
    stretch: float, steps: int, target: float, count: int,
) -> Iterator[Sweep]:  # fmt: skip
    """The grid of rates and angles at a fixed damping, or of rates and dampings at an angle."""
    axis = {up: _spaced(UPS[up], count), ("damping" if up == "angle" else "angle"): fixed}
    yield from sweeping(
        problem_named(problem), _maker(rule, kind), _spaced(RATES, count), axis["damping"],
        axis["angle"], stretch=(stretch, 1.0), start=start, steps=steps, target=target,
    )  # fmt: skip


_kept = keeper(_sweeping)


class Seen(Shown):
    """What the engine says of one cell and of the map around it."""

    state: Cell

    @cached_property
    def best(self) -> Array:
        """The minimum."""
        return np.array(_best(self.state.problem))

    @cached_property
    def begin(self) -> float:
        """J at the start."""
        return float(self.problem.loss(self.start))

    @cached_property
    def target(self) -> float:
        """The loss at which a run has arrived."""
        lowest = float(self.problem.loss(self.best))
        return lowest + SHARE * (self.begin - lowest)

    def key(self, count: int = COUNT) -> Key:
        """All that the map depends on: not the cell that is looked at."""
        s = self.state
        damping = s.damping if s.rule in DAMPED else 0.0
        fixed = damping if s.upwards == "angle" else s.angle
        start = tuple(map(float, s.point))
        return (s.problem, start, s.rule, s.kind, s.upwards, fixed, s.stretch, s.steps, self.target,
                count)  # fmt: skip

    @property
    def kept(self) -> Kept[Sweep]:
        """The map as far as it was asked for."""
        return _kept(*self.key())

    def sweep(self, count: int = 17) -> Array:
        """Steps until each run of a small map arrives, ``[rates, up]``; NaN where none does."""
        return _arrivals(self.key(count), self.target)

    def edge(self, angle: Any, damping: Any, rule: str | None = None) -> Array:
        """The critical rate at the minimum, ``[...]``, of descent with one metric."""
        rule = rule or self.state.rule
        matrix = turned(angle, (self.state.stretch, 1.0))
        across = np.swapaxes(matrix, -1, -2)
        at = self.problem.at(components(self.best))
        hessian = across @ full(at.hessian, ()) @ matrix
        if rule not in DAMPED:
            return critical_rate(hessian)
        flat = across @ matrix if self.state.kind == "pulled-back" else np.eye(2)
        metric = across @ full(metrics[METRICS[rule]]()(at).dense(), ()) @ matrix
        return critical_rate(hessian, metric + np.asarray(damping)[..., None, None] * flat)

    @property
    def edges(self) -> tuple[Array, Array]:
        """The closed form's edge of the map: rates, and where up each belongs."""
        s = self.state
        up = _spaced(UPS[s.upwards], 181)
        where = (up, s.damping) if s.upwards == "angle" else (s.angle, up)
        return np.broadcast_to(self.edge(*where), up.shape), up


@lru_cache(maxsize=64)
def _arrivals(key: Key, target: float) -> Array:
    *_, found = _sweeping(*key)
    with np.errstate(all="ignore"):
        first = np.where(found.loss <= target, found.first, np.nan)
    return first.reshape(first.shape[0], -1)


# The claims -----------------------------------------------------------------------------------

_UPTO = 17


def _arrives(seen: Seen) -> Array:
    return np.isfinite(seen.sweep())


def _same_all_round(seen: Seen) -> bool:
    """Every row of the map is the same, to the step."""
    first = seen.sweep()
    return bool((np.isfinite(first).any()) and np.array_equal(first, first[:, :1] + 0 * first,
                                                              equal_nan=True))  # fmt: skip


def _changes(seen: Seen) -> bool:
    arrives = _arrives(seen)
    return bool((arrives.any(1) & ~arrives.all(1)).any())


def _edge_decides(seen: Seen, margin: float = 1.05) -> bool:
    """Runs just below the closed form's edge shrink at every angle, just above they grow."""
    angles = np.linspace(0.0, 180.0, 19)
    edge = seen.edge(angles, seen.state.damping)
    matrix = turned(angles, (seen.state.stretch, 1.0))
    chart = Linear(matrix)
    start = chart.inverse(np.broadcast_to(seen.start, (19, 2)))
    for share, grows in ((1 / margin, False), (margin, True)):
        options = {"damping": seen.state.damping} if seen.state.rule in DAMPED else {}
        rule = _maker(seen.state.rule, seen.state.kind)(rate=share * edge, **options)
        loss = run(seen.problem.through(chart), rule, start, 400).loss
        end = np.where(np.isfinite(loss[-1]), loss[-1], np.inf)
        if not bool(((end > seen.begin) == grows).all()):
            return False
    return True


def _edge_moves(seen: Seen) -> bool:
    edge = seen.edge(np.linspace(0, 180, 37), 0.0, "gradient")
    return bool(edge.max() > 2 * edge.min())


def _two(seen: Seen) -> bool:
    """Natural on a quadratic: below 2 at every angle; at 1 one step is enough."""
    edge = seen.edge(np.linspace(0, 180, 19), 0.0, "natural")
    one = run(seen.problem, rules["natural"](1.0), seen.start, 1)
    return bool(np.allclose(edge, 2.0) and np.allclose(one.theta[-1], seen.best, atol=1e-9)
                and _edge_decides(seen))  # fmt: skip


def _share(seen: Seen, rule: str) -> float:
    """The part of the map's cells that a rule brings home."""
    return float(_arrives(Seen(replace(seen.state, rules=(rule,)))).mean())


def _band(seen: Seen) -> bool:
    return _share(seen, "natural") > 3 * _share(seen, "gradient")


def _adam_wider(seen: Seen) -> bool:
    return _changes(seen) and _share(seen, "adam") > _share(seen, "natural")


def _edge_of_damping(seen: Seen) -> bool:
    """More damping, larger rates: the edge never moves down, and tends to λ times plain's."""
    damping = np.geomspace(1e-3, 1e6, 40)
    edge = seen.edge(seen.state.angle, damping)
    plain = seen.edge(seen.state.angle, 0.0, "gradient")
    return bool((np.diff(edge) > 0).all() and np.isclose(edge[-1], damping[-1] * plain, rtol=1e-3))


def _plain_in_the_end(seen: Seen) -> bool:
    """(F + λI)⁻¹ with a large λ: the steps of plain descent at the rate α/λ."""
    damping = 1e5
    there = seen.problem.through(seen.chart)
    start = seen.chart.inverse(seen.start)
    damped = run(there, rules["natural"](damping * 1e-3, damping), start, 50).theta
    plain = run(there, rules["gradient"](1e-3), start, 50).theta
    return bool(np.abs(damped - plain).max() < 1e-2 * np.abs(plain - plain[0]).max())


def _slow(seen: Seen) -> bool:
    """At one rate the run with more damping needs more steps, or does not arrive."""
    damping = np.array([0.0, 1.0, 30.0, 300.0])
    found = sweep(
        seen.problem, rules["natural"], 0.5, damping, seen.state.angle,
        stretch=(seen.state.stretch, 1.0), steps=400, target=seen.target, start=seen.start,
    ).first[0, :, 0]  # fmt: skip
    return bool((np.diff(np.where(np.isnan(found), 1000.0, found)) > 0).all())


def _only_local(seen: Seen) -> bool:
    """Runs from the start at rates up to nine tenths of the edge: some are no lower at the end."""
    edge = float(seen.edge(seen.state.angle, 0.0))
    rates = np.linspace(0.05, 0.9, 18) * edge
    there = seen.problem.through(seen.chart)
    rule = rules[seen.state.rule](rate=rates)
    start = np.broadcast_to(seen.chart.inverse(seen.start), (18, 2))
    end = run(there, rule, start, seen.state.steps).loss[-1]
    lower = end < seen.begin
    return bool(lower[0] and not lower.all())


def _who_changes(seen: Seen) -> int:
    """0: all three maps change with φ, 1: plain's alone, 2: none."""
    changed = {rule: _changes(Seen(replace(seen.state, rules=(rule,)))) for rule in METRICS}
    return [{"gradient", "newton", "natural"}, {"gradient"}, set()].index(
        {rule for rule, moved in changed.items() if moved}
    )


def _damped_edge(seen: Seen) -> int:
    """0: it stays straight, 1: it bends."""
    edge = seen.edge(np.linspace(0, 180, 37), seen.state.damping)
    return int(np.ptp(edge) > 1e-6 * edge.max())


NATURAL = {"rules": ["natural"], "rate": 0.5}
DAMPED_MAP = {**NATURAL, "damping": 30.0}
BY_DAMPING = {**NATURAL, "up": "damping", "damping": 3.0, "angle": 60.0}

SECTIONS = (
    Section(
        "map",
        "A map of runs",
        (
            "Every point of the map is one run of one rule.",
            Definition(
                r"It is made in $x$ with $\theta = R(\varphi)\,\mathrm{diag}(s, 1)\,x$, at the "
                r"rate $\alpha$ below it and the angle $\varphi$ beside it."
            ),
            "Dark runs arrive in few steps, pale ones late or not in time; gray ones are thrown "
            "out. Click anywhere: that run opens beside the map.",
        ),
        Predict(
            "turn",
            r"Turn the coordinates, $\varphi$, without damping. Whose map changes?",
            ("those of plain descent, Newton and natural", "plain descent's alone", "none"),
            {"rules": ["natural"], "rate": 0.5},
            _who_changes,
            "Newton's and the natural step are the same in all these coordinates, so each row of "
            "their maps is the same row.",
        ),
    ),
    Section(
        "plain",
        "Plain descent: a narrow, bent strip",
        (
            Claim(
                "edge",
                r"Plain descent in $x$ shrinks for $\alpha < 2/\lambda_{\max}(A^{\top}HA)$ and is "
                "thrown out above: the line on the map.",
                {"rules": ["gradient"], "rate": 0.02, "angle": 60.0},
                _edge_decides,
            ),
            Claim(
                "bends",
                r"The line moves with $\varphi$: the largest rate that works is a matter of the "
                "coordinates.",
                {"rules": ["gradient"], "rate": 0.05, "angle": 120.0},
                lambda seen: _edge_moves(seen) and _changes(seen),
            ),
            Claim(
                "adam",
                "Adam, too, notices a turn: it scales each coordinate by itself.",
                {"rules": ["adam"], "rate": 0.2},
                _changes,
            ),
        ),
    ),
    Section(
        "natural",
        "Natural and Newton: straight, and wide",
        (
            Claim(
                "straight",
                r"The natural gradient's map is the same in every row:",
                NATURAL,
                _same_all_round,
            ),
            Claim("newton", "and so is Newton's.", {"rules": ["newton"], "rate": 0.5},
                  _same_all_round),
            Claim(
                "two",
                r"On a quadratic $F = H$: every rate $0 < \alpha < 2$ shrinks, and $\alpha = 1$ "
                "is home in one step.",
                {**NATURAL, "rate": 1.0, "k": 1},
                _two,
            ),
            Claim(
                "wide",
                "It brings home more than three times as many of the map's cells as plain descent.",
                NATURAL,
                _band,
            ),
        ),
    ),
    Section(
        "damping",
        "What damping does to it",
        (
            Claim(
                "damped",
                r"With $F + \lambda I$ the edge bends: $I$ is the identity of $x$, and turns "
                "with it.",
                DAMPED_MAP,
                lambda seen: _damped_edge(seen) == 1 and _edge_decides(seen),
            ),
            Claim(
                "pulled-back",
                r"With $F + \lambda A^{\top}A$ it is straight again.",
                {**DAMPED_MAP, "kind": "pulled-back"},
                lambda seen: _damped_edge(seen) == 0 and _same_all_round(seen),
            ),
            Claim(
                "larger",
                r"The more damping, the larger the rates that work,",
                BY_DAMPING,
                _edge_of_damping,
            ),
            Claim(
                "slower",
                "and the more steps a run needs at a given rate:",
                {**BY_DAMPING, "damping": 300.0},
                _slow,
            ),
            Claim(
                "plain-again",
                r"for large $\lambda$ the step is plain descent's with the rate $\alpha/\lambda$.",
                {**BY_DAMPING, "damping": 1000.0, "rate": 10.0},
                _plain_in_the_end,
            ),
        ),
        Predict(
            "damp",
            r"Damp the natural gradient with $\lambda I$. What happens to the straight edge?",
            ("it stays straight", "it bends"),
            DAMPED_MAP,
            _damped_edge,
            "The damping is a metric of its own, the one of the coordinates in use, and no two "
            "angles agree on it.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "local",
                "The line is drawn from the minimum's curvature. Far from it a run may be thrown "
                "out at rates that the line allows.",
                {"problem": "normal", "rules": ["newton"], "rate": 1.2, "angle": 90.0},
                _only_local,
            ),
            Claim(
                "adam-wide",
                "Nor is invariant the same as robust: Adam's map is bent, and yet more of its "
                "cells arrive than of the natural gradient's.",
                {"rules": ["adam"], "rate": 0.5},
                _adam_wider,
            ),
            "And a map is of one problem and one start: drag the start, and see which of its "
            "edges stay.",
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("plain descent", {}, "A narrow strip of rates works, and it bends with the angle."),
    Preset("natural", NATURAL, "One wide band, straight: no angle matters."),
    Preset("Newton", {"rules": ["newton"], "rate": 0.5}, "As straight as the natural one."),
    Preset("Adam", {"rules": ["adam"], "rate": 0.2}, "Each coordinate by itself: turns matter."),
    Preset("damped with λI", DAMPED_MAP, "The edge bends: I is no tensor."),
    Preset("damped with λAᵀA", {**DAMPED_MAP, "kind": "pulled-back"}, "The edge is straight."),
    Preset("rate against damping", BY_DAMPING, "More damping allows larger rates, and is slower."),
    Preset(
        "a normal, far from home",
        {"problem": "normal", "rules": ["newton"], "rate": 1.2, "angle": 90.0},
        "Newton's line is at 2. It knows the minimum's curvature only.",
    ),
)

FORMULAS = (
    Formula(
        "edge",
        (
            r"\alpha^{*} = \frac{2}{\lambda_{\max}(G^{-1} A^{\top} H A)} = @edge@",
            r"\alpha = @rate@",
            r"\alpha/\alpha^{*} = @share@",
        ),
        "The edge at this angle and damping, with G the rule's metric in x at the minimum.",
    ),
    Formula(
        "cell",
        (r"J_0 = @begin@", r"J_{\text{end}} = @end@", r"\text{arrived at step } @first@"),
        "This run: arrived when one percent of the way down is left.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    which = panels.named({name: ink(name)["label"] for name in RULES})
    ups = [{"value": "angle", "label": "angle φ"}, {"value": "damping", "label": "damping λ"}]
    return [
        panels.group(
            "what", "What runs", panels.choose_problem(PROBLEMS),
            {"kind": "choice", "field": "rule", "label": "rule", "options": which},
            *panels.start(),
        ),
        panels.group(
            "cell", "This run",
            panels.slider("rate", "learning rate α", 0.001, 10, 0.001, scale="log"),
            panels.slider("angle", "angle φ", 0, 180, 1, unit="°"),
            panels.slider("damping", "damping λ", 0, 1000, 0.001, scale="log"),
            panels.choose_damping(),
        ),
        panels.group(
            "map", "The map",
            {"kind": "choice", "field": "up", "label": "upwards", "options": ups},
            panels.slider("stretch", "stretch s", 1.1, 10, 0.1, scale="log"),
            panels.slider("steps", "steps", 10, 400, 1),
        ),
    ]  # fmt: skip


# The picture ----------------------------------------------------------------------------------


def picture(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    """The map, its edge in closed form, and beside it the run of the cell that was clicked."""
    state, kept = seen.state, seen.kept
    axis = UPS[state.upwards]
    graph = Graph(sheet, "map", f"{ink(state.rule)['label']}: {state.steps} steps from the start",
                  RATES, axis)  # fmt: skip
    found = kept.upto(sheet.fine)
    if found is not None:
        cells = colors(found, seen.target, seen.begin, state.steps)
        add_map(sheet, graph, cells.reshape(COUNT, COUNT).T, "steps to arrive")
    if state.rule in METRICS:
        rates, up = seen.edges
        graph.curve("edge", "α*", rates, up, width=2.6)
    view = window(seen.problem)
    add_contours(sheet, state.problem)
    add_paths(sheet, seen, ("theta",))
    pair = seen.guide
    meter = [reading(pair, ink(state.rule)["label"])]
    here = [float(RATES.place(state.rate)), float(axis.place(getattr(state, state.upwards)))]
    return {
        "planes": [
            graph.plane() | {"click": "cell"},
            plane("theta", "this run", seen.problem.symbols, view),
        ],
        "ways": {"solid": "run in θ", "dashed": "run in x, mapped back"},
        "steps": state.steps,
        "handles": [
            {"id": "cell", "tag": "run", "ink": "start", "plane": "map",
             "at": np.clip(here, 0, 1).tolist(),
             "label": "the run shown, by its rate and " + state.upwards, "field": "cell"},
            {"id": "start", "plane": "theta", "at": list(seen.start), "label": "starting point",
             "field": "start", "ink": "start"},
        ],
        "numbers": _numbers(seen),
        "meter": meter,
        "notes": {state.rule: told(pair)},
        "description": f"{ink(state.rule)['label']} in x: {_outcome(seen)}",
        **progress(sheet, kept),
    }  # fmt: skip


def _outcome(seen: Seen) -> str:
    first = _first(seen)
    return f"arrives at step {first}" if first is not None else "does not arrive"


def _first(seen: Seen) -> int | None:
    loss = seen.guide.away.loss
    if not loss[-1] <= seen.target:
        return None
    return int(np.argmax(loss <= seen.target))


def _numbers(seen: Seen) -> dict[str, Any]:
    state, loss = seen.state, seen.guide.away.loss
    edge = float(seen.edge(state.angle, state.damping)) if state.rule in METRICS else float("nan")
    first = _first(seen)
    return {"edge": edge, "rate": state.rate, "share": state.rate / edge, "begin": seen.begin,
            "end": float(loss[-1]), "first": float("nan") if first is None else first}  # fmt: skip


lessons.register("robustness")(
    Lesson(
        name="robustness",
        title="Robustness map",
        takeaway="Which rates work is, for plain descent, a matter of the coordinates; "
        "for the natural gradient it is not.",
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        sources=("Nesterov 2004, sec. 1.2", "Levenberg 1944", "Kingma and Ba 2015"),
        see=Seen,
        rules=RULES,
        inks={
            "map": {"label": "steps", "light": "#31418f", "dark": "#31418f", "symbol": "square"},
            "edge": {"label": "edge α*", "light": "#1b1b1f", "dark": "#f3f3f0"},
        },
        default=Cell(steps=100, k=30),
        meter="Gap between the two runs",
        order=11,
        lights={"H": ("edge",), "α": ("edge",)},
    )
)
