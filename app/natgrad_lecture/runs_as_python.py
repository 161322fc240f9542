"""Runs written as Python: a script with ``natgrad_core`` that makes the same ``paths``.

Problems, charts and rules know the calls that made them (``natgrad_core.core.provenance``), so that
runs need nothing more. A lesson that shows something else says it in its own ``script``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from natgrad_core import Problem, Trajectory
from natgrad_core.core.charted import Charted
from natgrad_core.provenance.code_writer import Writer

STEPS_FOUND = (
    "paths = {",
    '    name: {"change": s.change.numpy(), "angle": s.angle, "gained": s.gained}',
    "    for name, s in found.items()",
    "}",
    "for name, step in found.items():",
    '    print(f"{name}: {step.angle:.1f} degrees from the exact step, J falls by '
    '{step.gained:.3g}")',
)
"""What a script does with the steps of several metrics, ``found``."""


def leaves(paths: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What hangs in nested dicts, each with its names."""
    if isinstance(paths, Mapping):
        for name, inner in paths.items():
            yield from leaves(inner, (*place, str(name)))
    else:
        yield place, paths


def runs(model: Any, writer: Writer) -> str:
    """The script of a ``model`` whose ``paths`` are trajectories in nested dicts."""
    return runs_of(model.paths, writer)


def runs_of(paths: Mapping[str, Any], writer: Writer) -> str:
    """The script of these trajectories in nested dicts."""
    found = [path for _, path in leaves(paths)]
    if not found or not all(isinstance(path, Trajectory) for path in found):
        raise TypeError(
            "only runs write themselves; a lesson whose paths are more than runs, or none, says "
            "its own Python: Lesson(script=...), see app/natgrad_lecture/runs_as_python.py"
        )
    lines: list[str] = []
    writer.add_import("natgrad_core", "run")
    in_theta = [path.theta[0] for path in found if not isinstance(path.problem, Charted)]
    _name(lines, writer, "start", in_theta)
    _name(lines, writer, "problem", [_in_theta(path.problem) for path in found])
    _name(
        lines, writer, "chart", [p.problem.chart for p in found if isinstance(p.problem, Charted)]
    )
    _name_in_x(lines, writer, found, in_theta)
    lines += ["", f"paths = {_tree(paths, writer, '')}", ""]
    if all(isinstance(pair, Mapping) and set(pair) == {"theta", "x"} for pair in paths.values()):
        writer.add_import("natgrad_core", "gap")
        lines += [
            "for name, pair in paths.items():",
            '    apart = gap(pair["theta"].in_theta, pair["x"].in_theta)',
            "    print(f\"{name}: gap {apart:.3g}, loss {pair['theta'].loss[-1]:.6g}\")",
        ]
    else:
        lines += [
            "for name, path in paths.items():",
            '    print(f"{name}: ends at {path.in_theta[-1]}, loss {path.loss[-1]:.6g}")',
        ]
    return "\n".join(lines)


def _in_theta(problem: Problem) -> Problem:
    return problem.base if isinstance(problem, Charted) else problem


def _name(lines: list[str], writer: Writer, word: str, things: list[Any]) -> None:
    """Give each different thing a variable: ``word``, or ``word_1``, ``word_2``."""
    different = list({writer.write(thing): thing for thing in things}.items())
    for i, (expression, thing) in enumerate(different, 1):
        name = word if len(different) == 1 else f"{word}_{i}"
        lines.append(f"{name} = {expression}")
        writer.name(thing, name)


def _name_in_x(
    lines: list[str], writer: Writer, found: list[Trajectory], in_theta: list[Any]
) -> None:
    """Name the starts that a chart makes of those in θ, where it makes others."""
    calls: dict[str, Any] = {}
    for path in found:
        x = path.theta[0]
        if not isinstance(path.problem, Charted) or writer.known(x):
            continue
        chart = path.problem.chart
        for start in in_theta:
            if np.array_equal(chart.inverse(start), x):
                calls.setdefault(f"{writer.write(chart)}.inverse({writer.write(start)})", x)
                break
    for i, (call, x) in enumerate(calls.items(), 1):
        name = "x" if len(calls) == 1 else f"x_{i}"
        lines.append(f"{name} = {call}")
        writer.name(x, name)


def _tree(paths: Any, writer: Writer, indent: str) -> str:
    if isinstance(paths, Mapping):
        inner = indent + "    "
        rows = [f"{inner}{writer.write(k)}: {_tree(v, writer, inner)}" for k, v in paths.items()]
        return "{\n" + ",\n".join(rows) + f",\n{indent}}}"
    parts = map(writer.write, (paths.problem, paths.rule, paths.theta[0]))
    return f"run({', '.join(parts)}, steps={paths.steps})"
