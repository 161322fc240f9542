"""Copy as Python: the code that computes what is seen."""

from __future__ import annotations

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.efficiency.model import Model
from natgrad_lecture.lessons.efficiency.state import STEPS


def script(model: Model, writer: Writer) -> str:
    """Write the Python that computes what is seen."""
    s = model.state
    writer.add_import("natgrad_core.analysis.online_mean", "exact", "marks", "ratio")
    lines = [
        f"fisher = np.array({writer.write(model.fisher)})",
        f"identity = {writer.write(s.c)} * np.eye(2)",
        "gains = {'natural': np.linalg.inv(fisher), 'gradient': identity}",
        f"start = {writer.write(s.start)}",
        "",
        f"paths = {{name: exact(fisher, gain, start, marks({STEPS}))",
        "         for name, gain in gains.items()}",
        "",
        "for name, moments in paths.items():",
        '    print(f"{name}: t·Var is {ratio(fisher, moments)[-1]:.4g} times the bound")',
    ]
    return "import numpy as np\n\n" + "\n".join(lines)
