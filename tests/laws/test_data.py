"""Laws of the shipped data: who measured it, when, and that it may be passed on."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import natgrad_core.data
from natgrad_core.data import load

TABLES = sorted(Path(natgrad_core.data.__file__).parent.glob("*.csv"))
FREE = r"Public domain|public domain|not\s+subject to copyright"


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.stem)
def test_every_table_states_its_source_and_its_license(path: Path) -> None:
    said = " ".join(line[2:] for line in path.read_text("utf-8").splitlines() if line[:1] == "#")
    assert re.match(r"[A-Z]\w+.*? 1[789]\d\d|[A-Z]\w+.*? 20\d\d", said), "author and year"
    assert re.search(FREE, said)
    assert np.isfinite(load(path.stem)).all()
