"""Copy as Python: the code that computes what is seen."""

from __future__ import annotations

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.kl.model import NORMAL, Model
from natgrad_lecture.lessons.kl.state import KNOTS


def script(model: Model, writer: Writer) -> str:
    """Write the Python that computes what is seen."""
    writer.add_import("natgrad_core.analysis.density_distances", "normals")
    ends = f"p, q = {writer.write(model.p)}, {writer.write(model.q)}"
    if model.of_data:
        if model.state.f == "drawn":
            writer.add_import("natgrad_core.analysis.data_transforms", "Drawn")
            variable = f"Drawn({writer.write(KNOTS)}, {writer.write(model.state.curve)})"
        else:
            writer.add_import("natgrad_core.analysis.data_transforms", "VARIABLES")
            variable = f"VARIABLES[{writer.write(model.state.f)}]"
        setup = f"""variable = {variable}
before = normals(p, q).measures
after = normals(p, q, variable).measures"""
    else:
        writer.numpy()
        setup = f"""normal, chart = {writer.write(NORMAL)}, {writer.write(model.chart)}
x_p, x_q = chart.inverse(p), chart.inverse(q)
before = {{**normals(p, q).measures, "apart": float(np.linalg.norm(np.subtract(p, q)))}}
after = {{
    **before,
    "kl": float(normal.through(chart).kl(x_p, x_q)),
    "apart": float(np.linalg.norm(x_p - x_q)),
}}"""
    return f"""
{ends}
{setup}
paths = {{"before": before, "after": after}}

for name in before:
    print(f"{{name}}: {{before[name]:.9g}}, after the change {{after[name]:.9g}}")
"""
