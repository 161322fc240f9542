"""The pictures of nets that learn: decision regions, losses, the path of the outputs, F as a map.

Each is for one step of the runs; the losses and the outputs are drawn for all of them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.numbers import round_up, short
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.plotly_chart import axis, chart, line, table
from natgrad_lecture.drawing.run_messages import remarks
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import plane

VIEW = np.array([[-1.8, 1.8], [-1.8, 1.8]])
DASHES = {False: "solid", True: "dashed"}
WAYS = {"solid": "run in θ", "dashed": "run in x = A⁻¹θ"}
DECADES = 5.0
"""Powers of ten between the darkest and the lightest entry of a matrix."""


def add_regions(sheet: Sheet, seen: Any, name: str, step: int, moving: bool) -> dict[str, Any]:
    """Where a net says class 0 and where class 1, and the points it learns from."""
    chances = np.clip(np.rint(255 * seen.chances(name, step, moving)), 0, 255).astype(np.uint8)
    here = f"regions-{name}"
    sheet.add(
        here,
        "heat",
        "",
        "",
        cells=chances,
        size=list(chances.shape),
        box=VIEW.ravel().tolist(),
        between=["class0", "class1"],
        smooth=True,
    )
    x, y = seen.net.x.numpy(), seen.net.y.numpy()
    for label, symbol in ((0, "circle"), (1, "square")):
        sheet.add(
            here,
            "points",
            f"class{label}",
            f"class {label}",
            points=x[y == label],
            symbol=symbol,
            size=0.62,
        )
    losses = seen.runs[name, False].losses
    loss = losses[min(step, len(losses) - 1)]
    title = f"{ink(name)['label']}, loss {short(loss)}"
    return plane(here, title, ("x₁", "x₂"), VIEW)


def add_losses(sheet: Sheet, seen: Any, by: str) -> dict[str, Any]:
    """The loss of every run against its steps or its seconds."""
    runs = seen.runs
    along = {key: _along(run, by) for key, run in runs.items()}
    far = max(max(row[-1] for row in along.values()), 1e-3)
    right = round_up(far) if by == "second" else float(max(seen.state.steps, 1))
    losses = np.concatenate([run.losses for run in runs.values()])
    good = losses[np.isfinite(losses) & (losses > 0)]
    low = 10.0 ** np.floor(np.log10(max(float(good.min(initial=1.0)), 1e-9)))
    start = max(run.losses[0] for run in runs.values())
    high = 10.0 ** np.ceil(np.log10(min(max(float(good.max(initial=1.0)), start), 1e3)) + 0.05)
    across = "seconds of computing" if by == "second" else "step"
    graph = Graph(
        sheet,
        "loss",
        "training loss",
        Axis(across, 0.0, right),
        Axis("J", min(low, high / 100), high, log=True),
    )
    for (name, away), run in runs.items():
        key = f"{name}.{DASHES[away]}"
        read = [
            [what, sheet.array(f"{what}.{key}", np.array(numbers))]
            for what, numbers in (("loss", run.losses), ("seconds", run.seconds))
        ]
        label = f"{ink(name)['label']}, {WAYS[DASHES[away]]}" if away else ink(name)["label"]
        points = graph.points(along[name, away], np.maximum(run.losses, 1e-12))
        sheet.add("loss", "path", name, label, dash=DASHES[away], read=read, points=points)
    return graph.plane()


def _along(run: Any, by: str) -> Array:
    return np.array(run.seconds) if by == "second" else np.arange(run.steps + 1.0)


def add_outputs(sheet: Sheet, seen: Any) -> dict[str, Any]:
    """The probabilities of class 1 at two probes, along every run: a picture of the outputs."""
    title = "path of the outputs: p(class 1) at u and at v"
    graph = Graph(sheet, "outputs", title, Axis("u", 0.0, 1.0), Axis("v", 0.0, 1.0))
    for (name, away), run in seen.runs.items():
        points = seen.outputs(name, away)
        key = f"{name}.{DASHES[away]}"
        read = [["loss", sheet.array(f"loss.{key}", np.array(run.losses))]]
        label = WAYS[DASHES[away]] if seen.split else ink(name)["label"]
        sheet.add("outputs", "path", name, label, dash=DASHES[away], read=read, points=points)
    return graph.plane()


def add_matrix(
    sheet: Sheet, name: str, title: str, matrix: Array, scale: float, borders: list[int]
) -> dict[str, Any]:
    """A matrix as a map: |entry| by powers of ten below ``scale``, blocks of layers outlined."""
    p = len(matrix)
    with np.errstate(divide="ignore"):
        share = 1.0 + np.log10(np.abs(matrix) / scale) / DECADES
    cells = np.clip(np.rint(255 * share[::-1]), 0, 255).astype(np.uint8)
    sheet.add(name, "heat", "", "", cells=cells, size=[p, p], box=[0.0, p, 0.0, p])
    lines = []
    for border in borders[1:-1]:
        lines += [[[border, 0], [border, p]], [[0, p - border], [p, p - border]]]
    points = np.array(lines, float).reshape(-1, 2)
    sheet.add(
        name,
        "curve",
        "border",
        "",
        points=points,
        width=1.0,
        faint=True,
        starts=np.arange(0, len(points) + 1, 2),
    )
    spec = plane(name, title, ("column", "row"), np.array([[0.0, p], [0.0, p]]))
    middles = [(a + b) / 2 for a, b in pairwise(borders)]
    names = [f"layer {i + 1}" for i in range(len(middles))]
    return {
        **spec,
        "ticks": [
            [[m, n] for m, n in zip(middles, names, strict=True)],
            [[p - m, str(i + 1)] for i, m in enumerate(middles)],
        ],
    }


def spectrum_chart(spectra: dict[str, Array], errors: dict[str, float], step: int) -> Any:
    """Eigenvalues of F and of its approximations, largest first, on log axes; and their errors."""
    kept = {name: values[values > 1e-9 * values[0]] for name, values in spectra.items()}
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
    first, last = kept["exact"][0], kept["exact"][-1]
    return chart(
        "spectrum",
        f"spectrum of F at step {step}, and of what stands in for it",
        f"the eigenvalues of F fall from {first:.3g} to {last:.3g}, {len(kept['exact'])} of them",
        traces,
        axis("rank", log=True),
        axis("eigenvalue", log=True, dtick=2),
        numbers=table(("matrix", "error ‖F − G‖/‖F‖", "largest", "above rounding"), rows),
    )


def _color(name: str) -> str:
    return "natural" if name == "exact" else name


def _label(name: str) -> str:
    return "F" if name == "exact" else ink(name)["label"]


# The whole picture ----------------------------------------------------------------------------


def picture(seen: Any, sheet: Sheet) -> dict[str, Any]:
    """Train a slice, then draw the view that is chosen at the step that is shown."""
    state = seen.state
    before = seen.steps
    going = seen.pull(sheet)
    last = seen.steps
    step = last if state.k is None or state.k >= before else int(state.k)
    names = list(state.rules)
    guide = names[0]
    moving = going and not sheet.hold
    told = step
    planes, charts = [], []
    if state.show == "fisher":
        if moving:
            told = seen.lately(guide, step)  # a matrix takes longer than a step
        found = seen.fisher(guide, told)
        scale = float(abs(found["exact"]).max())
        borders = seen.borders()
        label = ink(state.stand_in)["label"]
        planes += [
            add_matrix(
                sheet,
                "F",
                f"Fisher matrix, {ink(guide)['label']}, step {told}",
                found["exact"],
                scale,
                borders,
            ),
            add_matrix(sheet, "G", f"{label} in its place", found[state.stand_in], scale, borders),
        ]
        charts.append(spectrum_chart(seen.spectra(guide, told), seen.errors(guide, told), told))
    elif state.show == "outputs":
        planes += [add_outputs(sheet, seen), add_regions(sheet, seen, guide, step, moving)]
    else:
        planes += [add_regions(sheet, seen, name, step, moving) for name in names[:2]]
    if state.data == "painted":
        planes = [{**p, "paint": "paint"} if p["name"].startswith("regions") else p for p in planes]
    planes.append(add_losses(sheet, seen, state.by))
    meter, notes = _meter(seen, step)
    return {
        "planes": planes,
        "charts": charts,
        "ways": WAYS if seen.split else {},
        "steps": last,
        "shows": step,
        **(
            {"more": sheet.fine + 1, "progress": last / state.steps, "word": _pace(seen)}
            if going
            else {}
        ),
        "handles": _handles(seen, guide),
        "numbers": _numbers(seen, guide, step, told),
        "meter": meter,
        "notes": notes,
        "remarks": remarks("rules", ((ink(n)["label"], run) for (n, _), run in seen.runs.items())),
        "description": _description(seen, step),
    }


def _pace(seen: Any) -> str:
    """How fast the runs are, by their own clocks."""
    run = next(iter(seen.runs.values()))
    return f"step {run.steps} of {seen.state.steps}"


def _handles(seen: Any, guide: str) -> list[dict[str, Any]]:
    if seen.state.show != "outputs":
        return []
    return [
        {
            "id": f"probe{i}",
            "plane": f"regions-{guide}",
            "at": list(seen.state.probes[i]),
            "label": f"probe {tag}",
            "field": f"probes.{i}",
            "ink": "start",
            "tag": tag,
        }
        for i, tag in enumerate("uv")
    ]


def _meter(seen: Any, step: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """How far A has moved each rule's net, and who diverged."""
    rows = []
    if seen.split:
        for name in seen.state.rules:
            gap = seen.gap(name, step)
            word = "the same" if gap < 1e-3 else "apart" if gap > 0.02 else "nearly"
            rows.append({"rule": name, "ink": name, "gap": gap, "word": word})
    bad = {name: f"{run.last.note}." for (name, _), run in seen.runs.items() if not run.ok}
    return rows, bad if rows else {}


def _numbers(seen: Any, guide: str, step: int, told: int) -> dict[str, Any]:
    run = seen.runs[guide, False]
    at = min(step, run.steps)
    found: dict[str, Any] = {
        "k": step,
        "p": seen.net.dim,
        "N": len(seen.net),
        "loss": run.losses[at],
        "grad": seen.grad_norm(guide, step) if run.ok or step < run.steps else None,
        "rate": run.steps / run.seconds[-1] if run.seconds[-1] > 0 else None,
    }
    if seen.state.show == "fisher":
        found |= {f"error.{name}": value for name, value in seen.errors(guide, told).items()}
    return found


def _description(seen: Any, step: int) -> str:
    said = []
    for (name, away), run in seen.runs.items():
        where = " in x" if away else ""
        loss = run.losses[min(step, run.steps)]
        how = f"loss {loss:.3g}" if run.ok else run.end
        said.append(f"{ink(name)['label']}{where}: {how}")
    return f"after {step} steps: " + "; ".join(said)
