"""The cloud of starts: each of its runs is the run from that start, in both planes."""

from __future__ import annotations

import numpy as np
import pytest

from natgrad_core import run
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.coordinates.model import HUNDRED, starts_around
from natgrad_lecture.lessons.coordinates.state import CLOUD
from tests.support.answers import traces_of, unpack

LESSON = lessons["coordinates"]


@pytest.mark.parametrize("name", ["gradient", "natural"])
def test_each_run_of_a_cloud_is_the_run_from_its_start(name: str) -> None:
    model = LESSON.after(CLOUD)
    cloud, starts = model.cloud(name), starts_around("normal", tuple(model.start))
    assert len(starts) == HUNDRED
    for i in (0, 41, 99):
        alone = run(model.problem, model.rule(name), starts[i], CLOUD["steps"])
        np.testing.assert_array_equal(cloud.in_theta.theta[:, i], alone.theta)
        there = model.problem.through(model.chart)
        alone = run(there, model.rule(name), model.chart.inverse(starts[i]), CLOUD["steps"])
        np.testing.assert_array_equal(cloud.in_x.theta[:, i], alone.theta)


def test_a_cloud_leaves_out_starts_beyond_the_domain() -> None:
    starts = starts_around("normal", (5.4, 0.01))
    assert 20 < len(starts) < HUNDRED
    assert (starts[:, 1] > 0).all()


def test_the_clouds_points_and_lines_are_those_of_x_once_the_page_has_mapped_them() -> None:
    model, sheet = LESSON.after(CLOUD), Sheet()
    LESSON.picture(model, sheet)
    arrays = unpack({"buffers": sheet.buffers}, sheet.data)
    drawn = [t for t in traces_of(sheet) if t["name"] == "from the cloud" and t["plane"] == "x"]
    dots = next(t for t in drawn if t["kind"] == "points" and t["style"] == "natural")
    a, b, c, d, e, f = dots.get("map") or []
    at = arrays[dots["points"]][: dots["per"]].astype(float)
    x = at @ np.array([[a, c], [b, d]]) + [e, f]
    np.testing.assert_allclose(x, model.cloud("natural").in_x.theta[0], rtol=1e-5)
    path = model.cloud("gradient").in_theta.theta
    line = next(t for t in drawn if t["dash"] == "solid" and t["style"] == "gradient")
    starts = arrays[line["starts"]].astype(int)
    first = arrays[line["points"]][starts[:-1]]
    last = arrays[line["points"]][starts[1:] - 1]
    np.testing.assert_allclose(first, path[0], rtol=1e-6)
    np.testing.assert_allclose(last, path[-1], rtol=1e-6)
