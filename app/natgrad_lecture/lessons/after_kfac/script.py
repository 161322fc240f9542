"""What the lesson shows, as Python by ``natgrad_core.nets`` alone."""

from __future__ import annotations

from typing import Any

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.after_kfac.state import EXAMPLES, SIZES
from natgrad_lecture.runs_as_python import STEPS_FOUND


def script(model: Any, writer: Writer) -> str:
    """The script of a ``Model``: the numbers of the view that is shown."""
    state = model.state
    n, scale = EXAMPLES[state.data], "unit" if state.data == "digits" else "standard"
    writer.add_import("dataclasses", "replace")
    writer.add_import("natgrad_core.nets", "NetProblem", "mlp", "real", "rules", "train")
    writer.add_import("natgrad_core.nets.runtime.threads_and_malloc", "settle")
    lines = [
        "settle()",
        f"data = real({state.data!r}, {scale!r})",
        f"data = replace(data, x=data.x[:{n}], y=data.y[:{n}])",
        f"problem = NetProblem.of(mlp({SIZES[state.data]}, bias=False), data)",
        f"*_, frame = train(problem, rules.kfac(), seed={state.seed}, steps={state.after})",
        f"at = problem.double.at(frame.theta.double(), {state.after})",
    ]
    if state.show == "coordinates":
        writer.numpy()
        writer.add_import("natgrad_core.nets.implied_metrics", "turns")
        lines += [
            f"found = turns(at, {state.kind!r}, {state.stretch!r}, {state.size}, {state.rooted})",
            'paths = {name: {"turns": np.array(angle)} for name, angle in found.items()}',
            "for name, angle in found.items():",
            '    print(f"{name}: turns by {angle:.1f} degrees")',
        ]
        return "\n".join(lines)
    writer.add_import("natgrad_core.nets.implied_metrics", "implied")
    writer.add_import("natgrad_core.nets.step_comparison", "one_step")
    names = list(state.methods)
    lines += [
        f"built = implied(at, {state.size}, {state.rooted})",
        f"found = one_step(at, {state.damping!r}, {names}, built)",
        *STEPS_FOUND,
    ]
    return "\n".join(lines)
