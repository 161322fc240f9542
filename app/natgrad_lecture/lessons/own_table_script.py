"""A reader's own table as Python."""

from __future__ import annotations

from natgrad_core.provenance.code_writer import Writer


def written(writer: Writer, table: str, label: str, test: float = 0.0) -> str:
    """The call that makes the data of a table again, with a share held out."""
    writer.add_import("natgrad_core.datasets.labeled", "read_labeled")
    writer.add_import("natgrad_core.nets.datasets", "labeled")
    held = f", test={test!r}" if test else ""
    return f"labeled(read_labeled({table!r}, {label!r}){held})"
