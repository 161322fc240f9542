"""The runs of small nets as Python, by ``natgrad_core.nets`` alone."""

from __future__ import annotations

from typing import Any

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.net.state import KEEP
from natgrad_lecture.lessons.own_table_script import written

_LEARN = '''
def learn(problem, theta, stages, outward=lambda theta: theta):
    """Each stage is a rule and its steps; the next goes on where it ends."""
    frame, losses = None, []
    for rule, steps in stages:
        if frame is None:
            frame = begin(problem, rule, theta=theta)
            losses.append(frame.loss)
        for frame in train(problem, rule, start=frame, steps=steps):
            losses.append(frame.loss)
    return {"loss": np.array(losses), "theta": outward(frame.theta).numpy()}
'''


def script(model: Any, writer: Writer) -> str:
    """The script of a ``Model``: its runs as far as they have come."""
    state = model.state
    writer.numpy()
    writer.add_import("natgrad_core.nets", "NetProblem", "mlp", "rules")
    writer.add_import("natgrad_core.nets.runtime.threads_and_malloc", "settle")
    writer.add_import("natgrad_core.nets.training", "begin", "train")
    sizes = model.sizes
    lines = [
        "settle()",
        f"problem = NetProblem.of(mlp({sizes}), {_data(state, writer)})",
        f"theta = problem.net.init({state.seed}, problem.x.dtype)",
    ]
    if model.in_two_charts:
        writer.add_import(
            "natgrad_core.nets.reparametrization", "Frame", "Reparametrized", "natural_in"
        )
        lines += [
            f"frame = Frame.stretched({state.width}, {state.width}, {state.stretch!r})",
            f"net_in_x = Reparametrized(mlp({sizes}), {{2: frame}})",
            "mixed = NetProblem(net_in_x.module, problem.likelihood, problem.x, problem.y)",
        ]
    runs = [_run(model, name, in_x, run.completed) for (name, in_x), run in model.runs.items()]
    lines += [_LEARN, "", "paths = {", *runs, "}", ""]
    lines += [
        "for name, path in paths.items():",
        "    print(f\"{name}: loss {path['loss'][-1]:.6g}\")",
    ]
    return "\n".join(lines)


def _data(state: Any, writer: Writer) -> str:
    if state.owned:
        return written(writer, *state.own_key[1:])
    if state.data != "painted":
        writer.add_import("natgrad_core.nets", "plane")
        return f"plane({state.data!r}, 500, {state.noise!r}, {state.seed})"
    writer.add_import("natgrad_core.nets", "painted")
    places = [list(point[:2]) for point in state.points]
    labels = [int(point[2]) for point in state.points]
    return f"painted({places}, {labels})"


def _run(model: Any, name: str, in_x: bool, steps: int) -> str:
    """One run's line: its problem, its start, and its stages."""
    parts = model.state.parts(name)
    ends = [*(int(part[0]) for part in parts[1:]), steps]
    stages = [
        f"({_call(model, name, in_x, part[1:])}, {max(end - int(part[0]), 0)})"
        for part, end in zip(parts, ends, strict=True)
    ]
    where = "mixed, net_in_x.inward(theta)" if in_x else "problem, theta"
    tail, key = (", net_in_x.outward", f"{name}-in-x") if in_x else ("", name)
    return f'    "{key}": learn({where}, [{", ".join(stages)}]{tail}),'


def _call(model: Any, name: str, in_x: bool, options: tuple[float, ...]) -> str:
    inside = ", ".join(map(repr, options))
    if name == "natural" and in_x and model.state.kind == "pulled-back":
        return f"natural_in(net_in_x, {inside})"
    return f"rules.{name}({inside}{f', keep={KEEP}' if name == 'nesterov' else ''})"
