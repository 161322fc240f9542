"""What the lesson on approximations shows, as Python by ``natgrad_core.nets`` alone."""

from __future__ import annotations

from typing import Any

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.approximations.state import FEW, LARGE, SIZES
from natgrad_lecture.runs_as_python import STEPS_FOUND


def script(model: Any, writer: Writer) -> str:
    """The script of a ``Model``: the numbers of the view that is shown."""
    writer.add_import("natgrad_core.nets", "NetProblem", "mlp", "rules")
    writer.add_import("natgrad_core.nets.runtime.threads_and_malloc", "settle")
    state = model.state
    large = state.show == "runs"
    data = _data(state.data, writer)
    lines = [
        "settle()",
        f"data = {data}",
        *(
            [f"data = replace(data, x=data.x[:{FEW}], y=data.y[:{FEW}])"]
            if state.data == "digits" and not large
            else []
        ),
        f"problem = NetProblem.of(mlp({(LARGE if large else SIZES)[state.data]}), data)",
    ]
    if state.data == "digits" and not large:
        writer.add_import("dataclasses", "replace")
    lines += {"step": _step, "runs": _runs, "spectrum": _spectrum}[state.show](model, writer)
    return "\n".join(lines)


def _data(name: str, writer: Writer) -> str:
    if name == "moons":
        writer.add_import("natgrad_core.nets", "plane")
        return f'plane("moons", {FEW})'
    writer.add_import("natgrad_core.nets", "real")
    return f'real("{name}", "{"unit" if name == "digits" else "standard"}")'


def _step(model: Any, writer: Writer) -> list[str]:
    writer.add_import("natgrad_core.nets.step_comparison", "one_step")
    writer.add_import("natgrad_core.nets.training", "train")
    state = model.state
    return [
        f"*_, frame = train(problem, rules.kfac(), seed={state.seed}, steps={state.after})",
        f"at = problem.double.at(frame.theta.double(), {state.after})",
        f"found = one_step(at, {state.damping!r}, {list(state.matrices)})",
        *STEPS_FOUND,
    ]


def _runs(model: Any, writer: Writer) -> list[str]:
    writer.numpy()
    writer.add_import("natgrad_core.nets.damping", "LevenbergMarquardt")
    writer.add_import("natgrad_core.nets.metrics", "exact")
    writer.add_import("natgrad_core.nets.step_comparison", "MATRICES")
    writer.add_import("natgrad_core.nets.step_size", "Quadratic")
    writer.add_import("natgrad_core.nets.training", "train")
    state = model.state
    calls = []
    for name, run in model.runs.items():
        if name == "fixed":
            rule = f"rules.natural(1.0, {state.damping!r})"
        elif state.data == "digits" and name in ("exact", "empirical"):
            kind = "true" if name == "exact" else name
            rule = f'learning(exact("{kind}", "cg", tolerance=0.1))'
        else:
            rule = f'learning(MATRICES["{name}"]())'
        calls.append(f'    "{name}": ({rule}, {run.completed}),')
    return [
        "",
        "",
        "def learning(metric):",
        '    """Any matrix with λ, rate and momentum that set themselves."""',
        "    return rules.second_order(metric, LevenbergMarquardt(1.0, 0.25), Quadratic())",
        "",
        "",
        "entrants = {",
        *calls,
        "}",
        "paths = {",
        f'    name: {{"loss": np.array([f.loss for f in train(problem, rule, seed={state.seed}, '
        "steps=steps)])}",
        "    for name, (rule, steps) in entrants.items()",
        "}",
        "for name, path in paths.items():",
        "    print(f\"{name}: loss {path['loss'][-1]:.6g}\")",
    ]


def _spectrum(model: Any, writer: Writer) -> list[str]:
    writer.add_import(
        "natgrad_core.nets.normalization",
        "Spectrum",
        "folded",
        "frozen",
        "normed",
        "reparametrized_as",
    )
    state = model.state
    return [
        f"theta = problem.net.init({state.seed})",
        f"module = frozen(normed({SIZES[state.data]}, seed={state.seed}), problem.x)",
        "",
        "",
        "def point(layers):",
        '    """The net at its start, its layers seen this way; statistics stand still."""',
        '    if layers in ("batch norm", "folded"):',
        '        net = module if layers == "batch norm" else folded(module)',
        "        other = NetProblem(net, problem.likelihood, problem.x, problem.y)",
        "        return other.at(other.net.read())",
        '    if layers == "as it is":',
        "        return problem.at(theta)",
        "    _, other, xi = reparametrized_as(problem, theta, layers)",
        "    return other.at(xi)",
        "",
        "",
        f"spectra = {{name: Spectrum.of(point(name)) for name in {list(state.frames)}}}",
        'paths = {name: {"eigenvalues": s.values.numpy()} for name, s in spectra.items()}',
        "for name, s in spectra.items():",
        '    print(f"{name}: condition {s.condition:.3g}, {s.rank} directions")',
    ]
