"""The pictures of nets that learn: decision regions, losses, the path of the outputs, F as a map.

Each is for one step of the runs; the losses and the outputs are drawn for all of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.heat_map import Growth, color_scale
from natgrad_lecture.drawing.matrix_map import add_matrix
from natgrad_lecture.drawing.numbers import round_up, short
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.plotly_chart import axis, chart, line, table
from natgrad_lecture.drawing.run_messages import remarks
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.lessons.net.derivations import ZERO
from natgrad_lecture.protocol import Chart, Handle, MeterRow, Picture, Plane
from natgrad_lecture.text.lesson_text import phrases

say = phrases(__file__)

DASHES = {False: "solid", True: "dashed"}

_LINES = ("size", "error", "rank")
"""The formulas of every method; the step that is written is the natural gradient's."""


def _dash_labels() -> dict[str, str]:
    return {dash: say(f"dash-{dash}") for dash in ("solid", "dashed")}


def add_regions(sheet: Sheet, model: Any, name: str, step: int, moving: bool) -> Plane:
    """Where a net says class 0 and where class 1, and the points it learns from."""
    chances = np.clip(np.rint(255 * model.chances(name, step, moving)), 0, 255).astype(np.uint8)
    here = f"regions-{name}"
    sheet.add(
        here,
        "heat",
        "",
        "",
        cells=chances,
        size=list(chances.shape),
        box=model.view.ravel().tolist(),
        between=["class0", "class1"],
        smooth=True,
        colors=color_scale(Axis(say("probability-of-class", which=_shown(model)), 0.0, 1.0)),
    )
    x, here_too = model.points.numpy(), model.net.y.numpy() == model.state.shown_class
    for label, symbol in ((0, "circle"), (1, "square")):
        sheet.add(
            here,
            "points",
            f"class{label}",
            _class_names(model)[label],
            points=x[here_too == bool(label)],
            symbol=symbol,
            size=0.62,
        )
    losses = model.runs[name, False].losses
    loss = losses[min(step, len(losses) - 1)]
    title = f"{style(name)['label']}, loss {short(loss)}"
    return plane(here, title, _axes(model), model.view)


def _shown(model: Any) -> str:
    """The class whose probability is shown, as it is called."""
    name = model.state.classes[model.state.shown_class]
    return repr(name) if model.state.owned else name


def _class_names(model: Any) -> tuple[str, str]:
    """What the circles and what the squares are."""
    state = model.state
    if not state.owned:
        return "class 0", "class 1"
    others = [name for i, name in enumerate(state.classes) if i != state.shown_class]
    rest = say("class-of", which=repr(others[0])) if len(others) == 1 else say("other-classes")
    return rest, say("class-of", which=_shown(model))


def _short(name: str, most: int = 12) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _axes(model: Any) -> tuple[str, str]:
    """The names of the two inputs that are shown; both of a table's below, where there is room."""
    if not model.state.owned:
        return "z₁", "z₂"
    names = list(model.state.examples.columns)
    first, second = (_short(names[i]) for i in model.state.columns)
    return f"z₁: {first} · z₂: {second}", "z₂"


def add_losses(sheet: Sheet, model: Any, by: str) -> Plane:
    """The loss of every run against its steps or its seconds."""
    runs, end = model.runs, model.state.steps + 1  # another state may have trained further
    along = {key: _along(run, by)[:end] for key, run in runs.items()}
    far = max(max(row[-1] for row in along.values()), 1e-3)
    right = round_up(far) if by == "second" else float(max(model.state.steps, 1))
    losses = np.concatenate([run.losses[:end] for run in runs.values()])
    good = losses[np.isfinite(losses) & (losses > 0)]
    low = 10.0 ** np.floor(np.log10(max(float(good.min(initial=1.0)), 1e-9)))
    start = max(run.losses[0] for run in runs.values())
    high = 10.0 ** np.ceil(np.log10(min(max(float(good.max(initial=1.0)), start), 1e3)) + 0.05)
    across = say("seconds-of-computing") if by == "second" else "step"
    graph = Graph(
        sheet,
        "loss",
        "training loss",
        Axis(across, 0.0, right),
        Axis("J", min(low, high / 100), high, log=True),
    )
    for (name, in_x), run in runs.items():
        key = f"{name}.{DASHES[in_x]}"
        read = [
            [what, sheet.array(f"{what}.{key}", np.array(numbers[:end]))]
            for what, numbers in (("loss", run.losses), ("seconds", run.seconds))
        ]
        label = style(name)["label"]
        if in_x:
            label += ", " + say(f"dash-{DASHES[in_x]}")
        drawn = np.clip(run.losses[:end], graph.y.low, high)  # what is off the axis, at its end
        points = graph.points(along[name, in_x], drawn)
        sheet.add("loss", "path", name, label, dash=DASHES[in_x], read=read, points=points)
    return graph.plane()


def _along(run: Any, by: str) -> Array:
    return np.array(run.seconds) if by == "second" else np.arange(run.steps + 1.0)


def add_outputs(sheet: Sheet, model: Any) -> Plane:
    """The probabilities of class 1 at two probes, along every run: a picture of the outputs."""
    title = say("path-of-the-outputs-p-class", which=_shown(model))
    graph = Graph(sheet, "outputs", title, Axis("u", 0.0, 1.0), Axis("v", 0.0, 1.0))
    for (name, in_x), run in model.runs.items():
        points = model.outputs(name, in_x)[: model.state.steps + 1]
        key = f"{name}.{DASHES[in_x]}"
        read = [["loss", sheet.array(f"loss.{key}", np.array(run.losses[: len(points)]))]]
        label = say(f"dash-{DASHES[in_x]}") if model.in_two_charts else style(name)["label"]
        sheet.add("outputs", "path", name, label, dash=DASHES[in_x], read=read, points=points)
    return graph.plane()


def spectrum_chart(spectra: dict[str, Array], errors: dict[str, float], step: int) -> Any:
    """Eigenvalues of F and of its approximations, largest first, on log axes; and their errors.

    Of a net that is certain of every label they are zero, and a log axis has no place for them.
    """
    kept = {name: above for name, values in spectra.items() if len(above := values[values > 0])}
    traces = [
        line(
            _color(name),
            _label(name),
            np.arange(1, len(values) + 1),
            values,
            dash="solid" if name == "exact" else "dashed",
        )
        for name, values in kept.items()
    ]
    rows = [
        [_label(name), errors.get(name, 0.0), float(values[0]), len(values)]
        for name, values in kept.items()
    ]
    exact = kept.get("exact", np.array([]))
    if len(exact):
        first, last = f"{exact[0]:.3g}", f"{exact[-1]:.3g}"
        said = say("the-eigenvalues-of-f-fall-from", first=first, last=last, exact=len(exact))
    else:
        said = say("every-eigenvalue-is-zero")
    return chart(
        "spectrum",
        say("spectrum-of-f-at-step-and", step=step),
        said,
        traces,
        axis("rank", log=True),
        axis("eigenvalue", log=True, dtick=2),
        numbers=table(("matrix", "error ‖F − G‖/‖F‖", "largest", "above rounding"), rows),
    )


def _color(name: str) -> str:
    return "natural" if name == "exact" else name


def _label(name: str) -> str:
    return "F" if name == "exact" else style(name)["label"]


# The whole picture ----------------------------------------------------------------------------


def picture(model: Any, sheet: Sheet) -> Picture:
    """Train a slice, then draw the view that is chosen at the step that is shown."""
    state = model.state
    before = model.steps
    going = model.pull(sheet)
    last = model.steps
    step = sheet.step_shown(state.k, before, last)
    names = list(state.rules)
    guide = names[0]
    moving = going and not sheet.hold
    matrix_step = step
    planes: list[Plane] = []
    charts: list[Chart] = []
    if state.show == "fisher":
        if moving:
            matrix_step = model.lately(guide, step)  # a matrix takes longer than a step
        found = model.fisher(guide, matrix_step)
        scale = float(abs(found["exact"]).max())
        borders = model.borders()
        label = style(state.approximation)["label"]
        title = "fisher-matrix-step" if found["exact"].any() else "fisher-matrix-zero"
        planes += [
            add_matrix(
                sheet,
                say,
                "F",
                say(title, label=style(guide)["label"], matrix_step=matrix_step),
                found["exact"],
                scale,
                borders,
            ),
            add_matrix(
                sheet,
                say,
                "G",
                say("in-its-place", label=label),
                found[state.approximation],
                scale,
                borders,
            ),
        ]
        charts.append(
            spectrum_chart(
                model.spectra(guide, matrix_step), model.errors(guide, matrix_step), matrix_step
            )
        )
    elif state.show == "outputs":
        planes += [add_outputs(sheet, model), add_regions(sheet, model, guide, step, moving)]
    else:
        planes += [add_regions(sheet, model, name, step, moving) for name in names[:2]]
    if state.data == "painted":
        for each in planes:
            if each["name"].startswith("regions"):
                each["paint"] = "paint"
    planes.append(add_losses(sheet, model, state.by))
    meter, notes = _meter(model, step)
    growth: Growth = {}
    if going:
        growth = {"more": sheet.fine + 1, "progress": last / state.steps, "word": _speed(model)}
    return {
        "planes": planes,
        "charts": charts,
        "dash_labels": _dash_labels() if model.in_two_charts else {},
        "steps": last,
        "shows": step,
        **growth,
        "handles": _handles(model, guide),
        "numbers": _numbers(model, guide, step, matrix_step),
        "shown": {"formulas": [*(["step"] if guide == "natural" else []), *_LINES]},
        "meter": meter,
        "notes": notes,
        "hints": state.hints,
        "remarks": remarks(
            "rules", ((style(n)["label"], run) for (n, _), run in model.runs.items())
        ),
        "description": _description(model, step),
    }


def _speed(model: Any) -> str:
    """How fast the runs are, by their own clocks."""
    run = next(iter(model.runs.values()))
    return f"step {min(run.steps, model.state.steps)} of {model.state.steps}"


def _handles(model: Any, guide: str) -> list[Handle]:
    if model.state.show != "outputs":
        return []
    return [
        {
            "id": f"probe{i}",
            "plane": f"regions-{guide}",
            "at": list(model.state.probes[i]),
            "label": f"probe {tag}",
            "field": f"probes.{i}",
            "style": "start",
            "tag": tag,
        }
        for i, tag in enumerate("uv")
    ]


SAME = 1e-5
"""A gap of probabilities below this is rounding of single precision."""


def word_for(gap: float) -> str:
    """What the meter calls a gap of probabilities."""
    return "the same" if gap < SAME else "apart" if gap > 0.02 else "nearly"


def _meter(model: Any, step: int) -> tuple[list[MeterRow], dict[str, str]]:
    """How far A has moved each rule's net, and who diverged."""
    rows = []
    if model.in_two_charts:
        for name in model.state.rules:
            gap = model.gap(name, step)
            shown = 0.0 if gap < SAME else gap
            rows.append({"rule": name, "style": name, "gap": shown, "word": word_for(gap)})
    bad = {name: f"{run.last.note}." for (name, _), run in model.runs.items() if not run.ok}
    return rows, bad if rows else {}


def _numbers(model: Any, guide: str, step: int, matrix_step: int) -> dict[str, Any]:
    run = model.runs[guide, False]
    at = min(step, run.steps)
    found: dict[str, Any] = {
        "k": step,
        "p": model.net.dim,
        "N": len(model.net),
        "loss": run.losses[at],
        "grad": model.grad_norm(guide, step) if run.ok or step < run.steps else None,
        "rate": run.steps / run.seconds[-1] if run.seconds[-1] > 0 else None,
    }
    if model.state.show == "fisher":
        found |= {
            f"error.{name}": value for name, value in model.errors(guide, matrix_step).items()
        }
        found["rank"] = model.rank(guide, matrix_step)
        if run.steps:
            begins = min(matrix_step, run.steps - 1)
            both = model.kl_of_a_step(guide, begins)
            found["kl"], found["quadratic"] = (0.0 if abs(v) < ZERO else v for v in both)
    return found


def _description(model: Any, step: int) -> str:
    said = []
    for (name, in_x), run in model.runs.items():
        where = " in x" if in_x else ""
        loss = run.losses[min(step, run.steps)]
        how = f"loss {loss:.3g}" if run.ok else run.end
        said.append(f"{style(name)['label']}{where}: {how}")
    return f"at step {step}: " + "; ".join(said)
