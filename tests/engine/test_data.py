"""Laws of the shipped data: who measured it, when, and that it may be passed on."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import natgrad_core.datasets
from natgrad_core.datasets import load

FOLDER = Path(natgrad_core.datasets.__file__).parent
TABLES = sorted(FOLDER.rglob("*.csv"))
FREE = r"Public domain|public domain|not\s+subject to copyright"


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.stem)
def test_every_table_states_its_source_and_its_license(path: Path) -> None:
    said = " ".join(line[2:] for line in path.read_text("utf-8").splitlines() if line[:1] == "#")
    assert re.match(r"[A-Z]\w+.*? 1[789]\d\d|[A-Z]\w+.*? 20\d\d", said), "author and year"
    assert re.search(FREE, said)
    assert np.isfinite(load(str(path.relative_to(FOLDER).with_suffix("")))).all()


EXAMPLES = {
    "digits": (178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
    "iris": (50, 50, 50),
    "wine": (59, 71, 48),
    "breast-cancer": (212, 357),
}
"""How many examples of each class the sources say there are."""


def test_what_nets_learn_from_has_as_many_examples_of_each_class_as_published() -> None:
    for name, counts in EXAMPLES.items():
        assert tuple(np.bincount(load(f"nets/{name}")[:, -1].astype(int)).tolist()) == counts, name
    assert load("nets/diabetes").shape == (442, 11)
    blocks = load("nets/digits")[:, :-1]
    assert (blocks.min(), blocks.max()) == (0, 16)
