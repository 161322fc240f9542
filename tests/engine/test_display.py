"""What a notebook shows of a problem and of a run is the engine's own numbers."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import plotly.graph_objects as go
import pytest

from natgrad_core import charts, problems, rules, run
from natgrad_core.notebook import rich_display as display
from natgrad_core.notebook.rich_display import PLOTLY


@pytest.mark.parametrize("name", list(problems))
def test_every_problem_and_its_run_have_a_picture_that_plotly_takes(name: str) -> None:
    problem = problems[name]()
    for thing in (problem, run(problem, rules["gradient"](0.01), problem.start, 5)):
        bundle = thing._repr_mimebundle_()
        assert bundle["text/plain"] == repr(thing)
        if problem.dim == 2:
            go.Figure(json.loads(json.dumps(bundle[PLOTLY])))
            ET.fromstring(bundle["text/html"])


def test_the_path_drawn_is_the_path_run_and_the_ground_is_the_loss() -> None:
    problem = problems["normal"]().through(charts["linear"](matrix=((1, 0.8), (0, 1))))
    path = run(problem, rules["natural"](0.1), problem.start, 30)
    ground, rings, line = path._repr_mimebundle_()[PLOTLY]["data"]
    np.testing.assert_array_equal(np.stack([line["x"], line["y"]], -1), path.theta)
    at = np.array([ground["x"][20], ground["y"][40]])
    assert ground["z"][40][20] == problem.loss(at)
    first = np.stack([rings["x"][:60], rings["y"][:60]], -1).astype(float) - path.theta[0]
    lengths = np.einsum("ni,ij,nj->n", first, problem.fisher(path.theta[0]), first)
    np.testing.assert_allclose(lengths, lengths[0])


def test_without_plotly_and_without_a_model_there_is_still_a_picture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(display, "find_spec", lambda name: None)
    problem = problems["rosenbrock"]()
    bare = problems["double-well"]()
    assert PLOTLY not in problem._repr_mimebundle_()
    path = run(bare, rules["gradient"](1e3), bare.start, 40)
    drawn = path._repr_mimebundle_()["text/html"]
    assert not re.search(r"nan|inf", drawn)
    assert len(ET.fromstring(drawn).findall(".//path")) == 1
