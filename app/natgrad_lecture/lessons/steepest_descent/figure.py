"""A metric's unit ball over the lines of equal loss, and the slope along its boundary.

Which way is down fastest is asked of the ball alone: of its vectors, the one that the lowest level
line touches. The reader's own vector stands beside it, with the two covectors that Lagrange
compares.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.geometry.ellipses import ellipse_axes
from natgrad_core.geometry.unit_ball import boundary, normal
from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.model_picture import WIDE, picture_of
from natgrad_lecture.drawing.numbers import FINE, round_up
from natgrad_lecture.drawing.rounding import without_rounding
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.lessons.steepest_descent.model import Model
from natgrad_lecture.protocol import Handle, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

_LINES = 60
"""At most so many level lines, whatever the gradient."""


def picture(model: Model, sheet: Sheet) -> Picture:
    """The ball over the level lines, and the slope along its boundary."""
    half = model.half
    revealed = model.state.show == "shown"
    _ground(model, sheet)
    _ball(model, sheet)
    _level(model, sheet, model.yours, "you", say("the-level-line-through-your-vector"), faint=True)
    if revealed:
        _level(
            model,
            sheet,
            model.best.a,
            "natural",
            say("the-lowest-line-that-touches"),
            dash="dashed",
        )
    if model.same_kl is not None:
        sheet.add("ball", "curve", "exact-kl", say("exact-kl"),
                  points=model.same_kl, dash="dashed", width=1.4)  # fmt: skip
    _arrows(model, sheet, revealed)
    graph = _graph(model, sheet, revealed)
    view = np.array([[-half, half], [-half, half]])
    return {
        "planes": [
            plane("ball", say("unit-vectors-a-ga"), ("a₁", "a₂"), view),
            graph,
            *_rulers(model, sheet, revealed),
        ],
        "dash_labels": {},
        "steps": 0,
        "handles": _handles(model),
        "numbers": _numbers(model),
        "description": _description(model),
    }


def _rulers(model: Model, sheet: Sheet, revealed: bool) -> list[Plane]:
    """The unit circle of each of two rulers, in a and in z = G^½ a, where G's is round.

    There a*, of unit length, is perpendicular to the lines of equal loss, as Euclid's is in a.
    """
    if model.best.kind != "ball":
        return []
    values, vectors = np.linalg.eigh(model.metric)
    root = vectors * np.sqrt(values) @ vectors.T
    turn = np.linspace(0.0, 2 * np.pi, 121)
    circle = np.stack([np.cos(turn), np.sin(turn)], -1)
    of_g = np.linalg.solve(root, circle.T).T  # the a with aᵀGa = 1
    down = -model.gradient / np.linalg.norm(model.gradient)
    for i, to_z in enumerate((np.eye(2), root)):
        middle = np.array([WIDE * (i + 0.5) / 2, 0.5])
        shapes = {"metric": of_g @ to_z.T, "gradient": circle @ to_z.T}
        size = 0.42 / max(float(np.abs(points[:, 1]).max()) for points in shapes.values())
        size = min(size, 0.8 / max(float(np.abs(p[:, 0]).max()) for p in shapes.values()))

        def place(points: Array, at: Array = middle, scale: float = size) -> Array:
            return at + scale * points

        for name, points in shapes.items():
            dash = "dashed" if name == "gradient" else "solid"
            sheet.add("model", "curve", name, "", points=place(points), dash=dash, width=1.6)
        arrows = [("gradient", down), *([("natural", model.best.a)] if revealed else [])]
        if revealed:  # the line of equal loss through a*
            side = to_z @ np.array([-down[1], down[0]])
            best = to_z @ model.best.a
            line = best + np.array([[-0.8], [0.8]]) * side / np.linalg.norm(side)
            sheet.add("model", "curve", "natural", "", points=place(line), dash="dashed", width=1.4)
        for name, a in arrows:
            ends = place(np.stack([np.zeros(2), to_z @ a])).reshape(1, 4)
            sheet.add("model", "arrows", name, "", points=ends)
    title, described = say("two-rulers"), say("two-rulers-described")
    return [picture_of(title, described)]


def _ground(model: Model, sheet: Sheet) -> None:
    """The linear model of the loss: bands of equal ∇J·a, a fixed fall apart in a frame."""
    size = float(np.linalg.norm(model.gradient))
    down = model.gradient / size
    wide = 2.0 * model.half
    fall = 0.5 * (model.half / 2.4) ** 2 / model.arrow  # of J, between two lines
    apart = max(fall / size, 2 * wide / _LINES)
    marks = np.arange(-int(wide / apart) - 1, int(wide / apart) + 2) * apart
    side = np.array([-down[1], down[0]]) * wide
    edges = marks[:, None] * down
    strips = np.stack([edges[:-1] - side, edges[:-1] + side, edges[1:] + side, edges[1:] - side], 1)
    count = len(strips)
    sheet.add(
        "ball",
        "bands",
        "loss",
        say("loss-by-its-gradient"),
        points=strips.reshape(-1, 2),
        rings=np.arange(0, 4 * count + 1, 4),
        bands=np.arange(count + 1),
        label="∇Jᵀa",
        levels=(float(marks[1] * size), float(marks[-2] * size)),
    )
    lines = np.stack([edges - side, edges + side], 1).reshape(-1, 2)
    sheet.add(
        "ball",
        "lines",
        "contour",
        say("lines-of-equal-loss"),
        points=lines,
        starts=np.arange(0, len(lines) + 1, 2),
    )


def _ball(model: Model, sheet: Sheet) -> None:
    words = {
        "ball": say("unit-ball"),
        "strip": say("no-ball-a-strip"),
        "hyperbola": say("no-ball-a-hyperbola"),
    }
    label = words[model.best.kind]
    if model.best.kind == "ball":
        shape = np.concatenate([np.zeros((1, 2)), ellipse_axes(model.metric, 0.5)]).reshape(1, 6)
        sheet.add("ball", "ellipse-at", "metric", label, shapes=shape)
        return
    pieces = boundary(model.metric, 4 * model.half)
    starts = np.cumsum([0, *map(len, pieces)])
    sheet.add("ball", "curve", "metric", label, points=np.concatenate(pieces), starts=starts)


def _level(model: Model, sheet: Sheet, a: Array, style: str, label: str, **more: Any) -> None:
    """The line of equal loss through ``a``."""
    if not np.isfinite(a).all():
        return
    side = np.array([-model.gradient[1], model.gradient[0]])
    side *= 4 * model.half / np.linalg.norm(side)
    sheet.add(
        "ball", "curve", style, label, points=np.stack([a - side, a + side]), width=1.4, **more
    )


def _arrows(model: Model, sheet: Sheet, revealed: bool) -> None:
    def draw(style: str, label: str, tail: Array, head: Array, name: str) -> None:
        if np.isfinite([*tail, *head]).all():
            ends = np.concatenate([tail, head])[None]
            sheet.add("ball", "arrows", style, name, label=label, points=ends)

    middle = np.zeros(2)
    if revealed and model.best.kind == "hyperbola":
        draw("natural", "formula", middle, model.formula, say("the-formula-s-vector"))
    elif revealed:
        draw("natural", "a*", middle, model.best.a, "steepest direction a*")
    a = model.yours
    draw("you", "", middle, a, "your direction a")
    if np.isfinite(a).all():
        multiplier, covector = normal(model.metric, model.gradient, a)
        sign = "−" if multiplier < 0 else ""
        way = -1.0 if multiplier < 0 else 1.0
        short = 0.6 * model.arrow * way
        draw("gradient", f"{sign}∇J", a, a + short * model.gradient, "gradient ∇J")
        draw("normal", f"{sign}2νGa", a, a + short * covector, say("the-ball-s-normal-ga"))


def _graph(model: Model, sheet: Sheet, revealed: bool) -> Plane:
    """∇J·a against the direction of a: all of it, or with the answer hidden only the reader's."""
    first = model.state.entries("eig")[0]
    raised = float(np.abs(model.gradient @ np.linalg.pinv(model.metric) @ model.gradient))
    floor = 1.5 * float(np.linalg.norm(model.gradient)) / np.sqrt(first)
    ball = model.best.kind == "ball"
    high = round_up(1.12 * np.sqrt(raised) if ball else max(floor, 1.12 * np.sqrt(raised)), FINE)
    graph = Graph(
        sheet,
        "slope",
        say("slope-of-j-along-the-unit"),
        Axis("direction of a (°)", -180, 180),
        Axis("∇Jᵀa", -high, high),
    )
    graph.curve("axis", "", [-180, 180], [0, 0], faint=True, width=1.0)
    degrees = np.linspace(-180.0, 180.0, 1441)
    slopes = model.slopes(degrees)
    if revealed:
        seen_part = np.isfinite(slopes) & (np.abs(slopes) < 3 * high)
        cuts = np.flatnonzero(np.diff(seen_part.astype(int))) + 1
        pieces = [p for p in np.split(np.arange(degrees.size), cuts) if seen_part[p[0]]]
        if pieces:
            kept = np.concatenate(pieces)
            graph.curve(
                "slope",
                "slope ∇Jᵀa",
                degrees[kept],
                slopes[kept],
                starts=np.cumsum([0, *map(len, pieces)]),
            )
        _mark(graph, "gradient", "straight against ∇J", model.against_gradient, model)
        _mark(graph, "natural", "steepest direction a*", model.best.a, model)
    _mark(graph, "you", "your direction a", model.yours, model)
    described = graph.plane()
    turns = [(float(graph.x.place(d)), str(d).replace("-", "−")) for d in (-180, -90, 0, 90, 180)]
    return {**described, "ticks": [turns, graph.y.ticks()]}


def _mark(graph: Graph, style: str, label: str, a: Array, model: Model) -> None:
    if np.isfinite(a).all():
        graph.marks(style, label, np.rad2deg(np.arctan2(a[1], a[0])), model.slope(a))


def _handles(model: Model) -> list[Handle]:
    """The ball's half-axes, the tip of the gradient, and the reader's direction."""
    handles = []
    turn = np.deg2rad(model.state.entries("turn"))
    for i, value in enumerate(model.state.entries("eig")):
        if value > 0:
            aim = turn + i * np.pi / 2
            tip = np.array([np.cos(aim), np.sin(aim)]) / np.sqrt(value)
            handles.append(
                {
                    "id": f"axis{i + 1}",
                    "plane": "ball",
                    "at": tip.tolist(),
                    "label": say("half-axis-of-the-ball", number=i + 1),
                    "field": f"axis{i + 1}",
                    "style": "metric",
                    "tag": "",
                }
            )
    a = model.yours
    if not np.isfinite(a).all():  # no unit vector points this way; the aim itself can be dragged
        aim = np.deg2rad(model.state.angle)
        a = 0.6 * model.half * np.array([np.cos(aim), np.sin(aim)])
    handles.append(
        {
            "id": "aim",
            "plane": "ball",
            "at": a.tolist(),
            "label": "your direction",
            "field": "aim",
            "style": "you",
            "tag": "a",
        }
    )
    handles.append(
        {
            "id": "gradient",
            "plane": "ball",
            "at": (model.arrow * model.gradient).tolist(),
            "from": [0.0, 0.0],
            "scale": model.arrow,
            "label": "gradient ∇J",
            "field": "gradient",
            "style": "gradient",
            "tag": "∇J",
        }
    )
    return handles


def _slope(model: Model, a: Array) -> float:
    """The slope of J along a; what cancels is zero."""
    size = np.linalg.norm(model.gradient) * np.linalg.norm(a)
    return float(without_rounding(model.slope(a), size))


def _numbers(model: Model) -> dict[str, Any]:
    a, best = model.yours, model.best
    found_by = model.formula if best.kind == "hyperbola" else best.a
    ok = bool(np.isfinite(a).all())
    covector = normal(model.metric, model.gradient, a)[1] if ok else np.full(2, np.nan)
    found: dict[str, Any] = {
        "norm": float(a @ model.metric @ a),
        "slope": _slope(model, a),
        "least": model.slope(found_by),
        "lambda": model.slope(found_by) / 2,
    }
    tidy = model.state.tidy_metric
    found |= {f"G.{i}.{j}": float(tidy[i, j]) for i in (0, 1) for j in (0, 1)}
    vectors = {"g": model.gradient, "a": a, "Ga": covector, "best": found_by}
    vectors = {name: without_rounding(v, np.linalg.norm(v)) for name, v in vectors.items()}
    found |= {f"{name}.{i}": float(v[i]) for name, v in vectors.items() for i in (0, 1)}
    if model.state.show == "hidden":
        found |= dict.fromkeys(("best.0", "best.1", "least", "lambda"))
    return {name: v if v is not None and np.isfinite(v) else None for name, v in found.items()}


def _description(model: Model) -> str:
    if model.best.kind == "hyperbola":
        return say("g-is-indefinite-its-unit-vectors")
    if model.best.kind == "strip" and model.level_along_the_strip:
        return say("g-is-singular-and-j-is-level")
    if model.best.kind == "strip":
        return say("g-is-singular-its-unit-vectors")
    yours = f"{_slope(model, model.yours):.3g}"
    if model.state.show == "hidden":
        return say("your-direction-has-slope", yours=yours)
    return say(
        "your-direction-has-slope-the-steepest", yours=yours, steepest=f"{model.best.slope:.3g}"
    )
