"""Copy as Python: the code that computes what is seen."""

from __future__ import annotations

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.fisher.model import Model
from natgrad_lecture.runs_as_python import runs_of


def script(model: Model, writer: Writer) -> str:
    """Write the Python that computes what is seen."""
    if model.state.look == "data":
        writer.add_import("natgrad_core.problems._kunstner_line", "skewed_line")
        return runs_of(model.data.runs, writer)
    problem, theta = writer.write(model.problem), writer.write(model.state.point)
    writer.numpy()
    if model.state.look == "draws":
        found = model.draws.gathered()
        writer.add_import("natgrad_core.analysis.fisher_sampling", "error", "gather")
        return f"""problem = {problem}
theta = {theta}
n = np.array({writer.write(found.n)})
found = gather(problem, theta, n, seed=({model.state.seed}, 0))
paths = {{"n": found.n, "fisher": found.fisher, "curvature": found.curvature}}

missed = error(found.fisher, problem.fisher(theta))
for draws, miss in zip(n, missed):
    print(f"{{draws}} draws: the average of s sᵀ misses F by {{miss:.3g}}")
"""
    writer.add_import("natgrad_core.geometry.ellipses", "outline")
    writer.add_import("natgrad_core.geometry.level_sets", "kl_level_set")
    return f"""problem = {problem}
theta = np.array({theta})
radius = {writer.write(float(model.state.radius))}
paths = {{
    "level": kl_level_set(problem, theta, radius, 181),
    "ellipse": theta + outline(problem.fisher(theta), radius, 181),
}}

for name, points in paths.items():
    print(f"{{name}}: from {{np.nanmin(points, 0)}} to {{np.nanmax(points, 0)}}")
"""
