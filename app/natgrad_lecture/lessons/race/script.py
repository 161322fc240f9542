"""Copy as Python: the code that computes what is seen."""

from __future__ import annotations

from typing import Any

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.own_table_script import written


def script(model: Any, writer: Writer) -> str:
    """The runs as far as they have come, by ``natgrad_core.nets`` alone."""
    state = model.state
    writer.numpy()
    writer.add_import("natgrad_core.nets", "NetProblem", "mlp", "train")
    writer.add_import("natgrad_core.nets.runtime.threads_and_malloc", "settle")
    data = _data(state, writer)
    if state.task == "autoencoder":
        writer.add_import("natgrad_core.nets", "autoencoding")
        data = f"autoencoding({data})"
    elif state.noise:
        writer.add_import("natgrad_core.nets.datasets", "relabeled")
        data = f"relabeled({data}, {state.noise!r})"
    batch = next(iter(model.runs.values()))[0].batch
    given = "problem, rule, seed" if batch is None else f"problem, rule, seed, {batch}"
    lines = [
        "settle()",
        f"data = {data}",
        "",
        "def learn(sizes, rule, seed, steps):",
        "    problem = NetProblem.of(mlp(sizes), data)",
        f"    frames = train({given}, steps=steps)",
        "    return np.array([frame.loss for frame in frames])",
        "",
        "paths = {",
    ]
    for key, runs in model.runs.items():
        rule, sizes = writer.write(runs[0].rule), _sizes(runs[0].problem)
        rows = [
            f"{str(seed)!r}: learn({sizes}, {rule}, {seed}, {run.completed})"
            for seed, run in zip(model.seeds, runs, strict=True)
        ]
        lines.append(f"    {key!r}: {{{', '.join(rows)}}},")
    lines += [
        "}",
        "",
        "for name, runs in paths.items():",
        "    for seed, losses in runs.items():",
        '        print(f"{name}, seed {seed}: {len(losses) - 1} steps, loss {losses[-1]:.3g}")',
    ]
    return "\n".join(lines)


def _data(state: Any, writer: Writer) -> str:
    """The data of a task, before its labels are drawn; a fifth is held out."""
    if state.owned:
        return written(writer, *state.own_key[1:], test=0.2)
    writer.add_import("natgrad_core.nets", "real")
    scale = "unit" if state.task in ("digits", "autoencoder") else "standard"
    name = "digits" if state.task == "autoencoder" else state.task
    return f"real({name!r}, {scale!r}, 0.2)"


def _sizes(problem: Any) -> tuple[int, ...]:
    layers = [layer for layer in problem.net.layers if layer.size]
    return (layers[0].inputs, *(layer.outputs for layer in layers))
