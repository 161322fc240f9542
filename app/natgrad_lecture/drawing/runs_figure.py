"""The picture of a lesson that draws none of its own: the loss, and each rule's run over it."""

from __future__ import annotations

from collections.abc import Mapping

from natgrad_core import Trajectory
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.paired_runs import broken
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.start_handles import start_handle
from natgrad_lecture.drawing.windows import plane, theta, window
from natgrad_lecture.engine_cache import RunsModel
from natgrad_lecture.protocol import Picture


def picture(model: RunsModel, sheet: Sheet) -> Picture:
    """One plane with the lines of equal loss, the runs, and the start, which can be dragged."""
    state, problem = model.state, model.problem
    add_contours(sheet, state.problem_key)
    runs = {pair.name: pair.in_theta for pair in model.paired_runs.values()}
    add_runs(sheet, runs)
    return {
        "planes": [plane("theta", theta(problem.symbols), problem.symbols, window(problem))],
        "dash_labels": {},
        "steps": state.steps,
        "handles": [start_handle(model.start)],
        "numbers": {},
        "notes": {name: note for name, run in runs.items() if (note := broken(run))},
        "description": "; ".join(_end(name, run) for name, run in runs.items()),
    }


def add_runs(sheet: Sheet, runs: Mapping[str, Trajectory]) -> None:
    """Each rule's run as a path on the plane of θ, with its loss at each step."""
    for name, run in runs.items():
        loss = sheet.array(f"loss.{name}", run.loss)
        sheet.add(
            "theta",
            "path",
            name,
            style(name)["label"],
            rule=name,
            dash="solid",
            values={"loss": loss},
            points=run.theta,
        )


def _end(name: str, run: Trajectory) -> str:
    return f"{style(name)['label']}: loss {run.loss[run.ok][-1]:.3g} at the end"
