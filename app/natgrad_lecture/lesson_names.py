"""The names of the lessons, read from their folders; nothing is imported for it.

A lesson is a folder of ``lessons/``. Its name is the folder's, with "-" for "_".
"""

from __future__ import annotations

import json
from pathlib import Path

LESSONS = Path(__file__).parent / "lessons"

FIRST = "coordinates"
"""The lesson that ``/`` opens."""

RENAMED = {"roads": "geodesics"}
"""Names that links and files of talks still use, and what they are called now."""


def lesson_names() -> list[str]:
    """Return the names of all lessons, sorted."""
    folders = (path.parent.name for path in LESSONS.glob("[!_]*/__init__.py"))
    return sorted(name.replace("_", "-") for name in folders)


def current(name: str) -> str:
    """Return today's name of a lesson that may be called by an older one."""
    return RENAMED.get(name, name)


def folder_of(name: str) -> Path:
    """Return the folder of a lesson, where its text is, if there is such a lesson."""
    return LESSONS / name.replace("-", "_")


def notebook(name: str) -> str:
    """Return the text of a lesson's notebook: it names the lesson and shows it."""
    variable = name.replace("-", "_")
    source = [
        "from natgrad_lecture import lesson\n",
        "\n",
        f'{variable} = lesson("{name}")\n',
        variable,
    ]
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "lesson",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {
        "cells": [cell],
        "metadata": {"kernelspec": spec},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1) + "\n"
