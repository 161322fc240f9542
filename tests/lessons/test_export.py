"""An export is what was on the screen: scripts, sources."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
from typing import Any

import numpy as np
import pytest

from natgrad_core import Trajectory, charts, metrics, problems, rules, run
from natgrad_core.core.charted import Charted
from natgrad_core.core.provenance import call_of
from natgrad_core.provenance.bibliography import SOURCES, UnknownSource, cited, named
from natgrad_core.provenance.cite import words
from natgrad_core.provenance.code_writer import Unwritable, Writer, laid_out
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.export.bibtex import cite
from natgrad_lecture.export.python_script import script
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson, Preset
from natgrad_lecture.runs_as_python import leaves
from tests.support.answers import traces_of

PRESETS = [
    pytest.param(lesson, preset, id=f"{name}:{preset.name}")
    for name, lesson in lessons.items()
    for preset in lesson.presets
]


def done(source: str) -> dict[str, Any]:
    """The names that a script defines; what it prints has to be something."""
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(compile(source, "<the script>", "exec"), names)
    assert said.getvalue()
    return names


def same(one: Any, other: Any) -> bool:
    """Equal to the last bit."""
    if isinstance(other, Trajectory):
        return same(one.theta, other.theta) and same(one.in_theta, other.in_theta)
    return np.array_equal(one, other, equal_nan=np.asarray(other).dtype.kind == "f")


def points(paths: Any) -> list[np.ndarray]:
    """Every row of points in these paths, in each of their coordinates, as the page draws them."""
    found = [path for _, path in leaves(paths)]
    seen = [
        path.problem.chart
        for path in found
        if isinstance(path, Trajectory) and isinstance(path.problem, Charted)
    ]
    rows = []
    for path in found:
        if not isinstance(path, Trajectory):
            rows.append(np.asarray(path))
            continue
        rows += [path.theta, path.in_theta, *(chart.inverse(path.in_theta) for chart in seen)]
        rows.append(path.theta[:, :2])  # of more parameters a plane shows the first two
    return [np.asarray(row, np.float32) for row in rows]


@pytest.mark.parametrize(("lesson", "preset"), PRESETS)
def test_the_script_makes_what_is_on_the_screen_and_the_sources_are_cited(
    lesson: Lesson, preset: Preset
) -> None:
    seen = lesson.after(preset.set)
    assert_cited(lesson, cite(lesson, seen))
    still = getattr(seen.state, "show", "") in ("step", "spectrum", "matrix", "coordinates")
    if trains := lesson.slow and not still:
        seen.to(4)  # a net's run is as long as somebody asked for
    source = script(lesson, seen, "https://example.org/page?v=1")
    assert_reads_well(source)
    paths = done(source)["paths"]
    expected = dict(leaves(seen.paths))
    assert expected
    losses = [path for name, path in expected.items() if name[-1] == "loss" or name[-1].isdigit()]
    assert bool(losses) == trains
    assert all(len(path) > 1 for path in losses)
    rebuilt = dict(leaves(paths))
    assert list(rebuilt) == list(expected)
    assert [name for name, path in expected.items() if not same(rebuilt[name], path)] == []
    sheet = Sheet()
    picture = lesson.picture(seen, sheet)
    assert picture["planes"]
    assert picture["description"]
    rows = points(paths)
    for trace in traces_of(sheet):
        if trace["kind"] == "path" and trace.get("rule"):
            kind, shape, offset = sheet.buffers[trace["points"]]
            count = int(np.prod(shape))
            drawn = np.frombuffer(sheet.data, np.float32, count, offset).reshape(shape)
            assert any(same(row, drawn) for row in rows), (kind, trace["rule"], trace["name"])


def assert_cited(lesson: Lesson, entries: str) -> None:
    """What is in view brings its sources, those of the lesson among them."""
    assert lesson.sources
    assert entries.count("@") == entries.count("\n}\n") > 0
    for key in named(" ".join(lesson.sources)):
        assert f"{{{key}," in entries


def assert_reads_well(source: str) -> None:
    """A person would write it so: short lines, each thing once, nothing that changes no number."""
    assert [line for line in source.splitlines() if len(line) > 100] == []
    assert ".inverse(chart.inverse" not in source
    assert "view=" not in source
    assert source.count("own(") <= 1
    assigned = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    values = [ast.dump(node.value) for node in assigned]
    assert len(values) == len({*values}), "one thing has two names"


AWKWARD = [
    'x = own("a, (b" + \'c, ]"\', {"one": (1.0, 2.0), "two": ()}, ("a,", "b"), k=[1, 2, 3], e="d")',
    "y = run(problem, rules['natural'](rate=0.02), (0.12345678, 1.2345678), 6).through(chart).loss",
    "z = (" + ", ".join(map(str, range(60))) + ")",
    "only = {'only': (" + ", ".join(["0.25"] * 40) + ")}",
    "        deep = f(g(h(" + "a" * 70 + ", " + "b" * 70 + ")), " + "c" * 50 + ")",
    "paths = {name: run(problem, rule, start, n) for name, (rule, start) in entrants.items() if a}",
    "text = 'it\\'s (one, two' + \"and, more)\" + str((" + "a" * 40 + ", " + "b" * 40 + "))",
    "unclosed = (" + "a, " * 40,
]
"""Long lines of Python; the last one is a part of a statement."""


@pytest.mark.parametrize("line", AWKWARD)
def test_code_that_is_laid_out_is_the_same_code(line: str) -> None:
    code = laid_out(line)
    if line.startswith("unclosed"):
        assert code == line
        return
    assert ast.dump(ast.parse(code.strip())) == ast.dump(ast.parse(line.strip()))
    assert "for name" in line or max(map(len, code.split("\n"))) < len(line)


def test_a_default_is_left_out_of_a_script_and_the_rate_is_not() -> None:
    writer = Writer()
    assert writer.write(rules["natural"](rate=0.1)) == 'rules["natural"](rate=0.1)'
    written = writer.write(rules["natural"](rate=0.1, damping=0.5, kind="identity"))
    assert written == 'rules["natural"](rate=0.1, damping=0.5)'


def test_a_script_of_another_state_is_another_script() -> None:
    lesson = lessons["coordinates"]
    seen, other = lesson.after({}), lesson.after({"rate": 0.021})
    paths = dict(leaves(done(script(lesson, other))["paths"]))
    assert not any(same(paths[name], path) for name, path in leaves(seen.paths))


def test_the_script_says_what_is_seen_and_where() -> None:
    lesson = lessons["coordinates"]
    preset = lesson.presets[1]
    source = script(lesson, lesson.after({**preset.set, "k": 7}), "https://example.org/a?v=1")
    assert preset.name in source
    assert preset.say in source.replace("\n", " ")
    assert "https://example.org/a?v=1" in source
    assert lesson.takeaway.split(";")[0] in script(lesson, lesson.after({"rate": 0.5})).replace(
        "\n", " "
    )


@pytest.mark.parametrize("name", rules)
def test_a_rule_of_the_registry_writes_itself(name: str) -> None:
    rule = rules[name]()
    writer = Writer()
    again = eval(writer.write(rule), {"rules": rules})
    assert again.name == rule.name
    problem = problems["normal"]()
    paths = [run(problem, each, problem.start, 5).theta for each in (rule, again)]
    assert same(*paths)


def test_what_was_not_made_by_a_call_cannot_be_written() -> None:
    with pytest.raises(Unwritable, match="made by no call"):
        Writer().write(object())


def test_a_subclass_is_not_taken_for_what_it_comes_from() -> None:
    class Other(problems["normal"]):
        pass

    assert call_of(Other()) is None
    assert call_of(problems["normal"]()) is not None


# Sources ----------------------------------------------------------------------------------------

ITEMS = {
    f"{kind}:{name}": item
    for kind, registry in {
        "problem": problems,
        "chart": charts,
        "metric": metrics,
        "rule": rules,
    }.items()
    for name, item in registry.items()
}


@pytest.mark.parametrize("item", ITEMS.values(), ids=list(ITEMS))
def test_every_item_names_a_source_that_resolves(item: Any) -> None:
    texts = [getattr(item, "source", ""), inspect.getdoc(item) or ""]
    if item in rules.values():
        texts.append(item().source)
    assert cited(texts), f"{item.__name__} names no source, as in 'Amari 1998, theorem 1'"


def test_a_rule_in_view_brings_its_sources() -> None:
    lesson = lessons["coordinates"]
    with_adam = cite(lesson, lesson.after({"rules": ["adam"]}))
    assert "{kingma2015," in with_adam
    assert "{cavendish1798," in with_adam
    assert "{kingma2015," not in cite(lesson, lesson.after({"rules": ["natural"]}))
    assert any("Lin and others 2024" in text for text in words(metrics["fisher-power"](0.5)))


def test_a_work_that_is_not_listed_is_named() -> None:
    with pytest.raises(UnknownSource, match="nobody1999"):
        cited(["as in Nobody 1999, eq. 3"])
    assert named("Le Roux, Manzagol and Bengio 2008; Grosse & Martens 2016") == [
        "roux2008",
        "grosse2016",
    ]
    assert named("deaths since January 1983") == []
    assert len({source.bibtex for source in SOURCES.values()}) == len(SOURCES)
