"""Copy as Python: the code that computes what is seen."""

from __future__ import annotations

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.steepest_descent.model import Model


def script(model: Model, writer: Writer) -> str:
    """Write the Python that computes what is seen."""
    eigenvalues, turn = model.state.entries("eig"), model.state.entries("turn")
    writer.numpy()
    writer.add_import("natgrad_core.geometry.unit_ball", "spd_matrix")
    writer.add_import("natgrad_core.geometry.ellipses", "reach")
    writer.add_import("natgrad_core.geometry.steepest", "steepest", "unit_directions")
    return f"""
G = spd_matrix({writer.write(eigenvalues)}, turn={writer.write(turn)})
gradient = np.array({writer.write(model.gradient)})
angle = np.deg2rad({writer.write(model.state.angle)})

paths = {{
    "G": G,
    "gradient": gradient,
    "steepest": steepest(G, gradient).a,
    "yours": unit_directions(G, np.array([angle]))[0],
    "against_gradient": reach(-gradient, G, 0.5),
}}

for name in ("against_gradient", "yours", "steepest"):
    print(f"{{name}}: {{paths[name]}}, slope {{gradient @ paths[name]:.6g}}")
"""
