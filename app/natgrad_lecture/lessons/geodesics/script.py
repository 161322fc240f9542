"""Copy as Python: the code that computes what is seen."""

from __future__ import annotations

from natgrad_core.provenance.code_writer import Writer
from natgrad_lecture.lessons.geodesics.model import COUNT, GEODESICS, NORMAL, Model
from natgrad_lecture.runs_as_python import runs_of


def script(model: Model, writer: Writer) -> str:
    """Write the Python that computes what is seen."""
    writer.add_import(
        "natgrad_core.geometry.geodesics", *(of.__name__ for of in GEODESICS.values())
    )
    lines = [
        runs_of(model.runs, writer),
        "",
        f"a, b = {writer.write(model.a)}, {writer.write(model.b)}",
    ]
    lines += [
        f'paths["{name}-geodesic"] = {of.__name__}({writer.write(NORMAL)}, a, b, {COUNT})'
        for name, of in GEODESICS.items()
    ]
    return "\n".join(lines)
