"""Write the reference's pages: one for each item of a registry, from its own attributes.

    python docs/build_pages.py docs/build/source     # what `make docs` does first

A new problem, chart, metric, rule or lesson gets its page when it is registered.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from contourpy import contour_generator

import natgrad_core
from natgrad_core import charts, metrics, problems, rules, run
from natgrad_core.core.problem import Problem
from natgrad_core.errors import NoProbabilityModel
from natgrad_core.geometry.ellipses import outline
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.notebook.rich_display import Picture
from natgrad_core.provenance.bibliography import cited
from natgrad_core.types import Array
from natgrad_lecture.drawing.palette import style
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.lessons.page_data import page_data
from natgrad_lecture.lessons.small_picture import thumbnail
from natgrad_lecture.text.typeset import formula

HERE = Path(__file__).parent
LIVE = "http://127.0.0.1:8866/"
NO_LEVELS = (np.empty(0), np.empty(0), np.empty(0))
"""Where ``make run`` serves the lessons; the links 'open it live' use it."""

GIVEN: Mapping[str, Any] = {"matrix": ((1.0, 0.8), (0.0, 1.0)), "family": "normal"}
"""Values for options without a default, by name."""


def html(text: str) -> str:
    """Return Markdown that inserts raw HTML in a page."""
    return f"```{{raw}} html\n{text}\n```\n" if text else ""


def example_of(maker: Callable[..., Any]) -> Any:
    """Make the item with its defaults, and with ``GIVEN`` where an option has none."""
    needed = {
        name: GIVEN[name]
        for name, option in inspect.signature(maker).parameters.items()
        if option.default is inspect.Parameter.empty and name in GIVEN
    }
    return maker(**needed)


def parts(maker: Any) -> tuple[str, str]:
    """Return the docstring's first paragraph, and the rest."""
    head, _, rest = (inspect.getdoc(maker) or "").partition("\n\n")
    return " ".join(head.split()), rest


def options(maker: Any) -> str:
    """Return the arguments of the call, with their defaults."""
    signature = inspect.signature(maker)
    shown = [
        str(option.replace(annotation=inspect.Parameter.empty))
        for option in signature.parameters.values()
    ]
    return ", ".join(shown)


def sources(*texts: str) -> str:
    """Return a list of the works in provenance/bibliography.py that these texts cite."""
    works = cited(texts)
    rows = (f"- {w.authors.replace(' and ', '; ')} ({w.year}). *{w.title}*." for w in works)
    return "## Sources\n\n" + "\n".join(rows) + "\n" if works else ""


def live(lesson: str, **changes: Any) -> str:
    """Return a link to a lesson with these changes, on the first problem that allows them.

    Where no problem does, for example with more than two parameters, return a sentence instead.
    """
    taught = lessons[lesson]
    places = [{}, *({"problem": name} for name in problems)] if changes else [{}]
    for place in places:
        store = taught.store()
        if not store.set({**place, **changes}):
            query = store.state.query(taught.default)
            address = f"{LIVE}{lesson}{'?' + query if query else ''}"
            return f"[Open it live]({address}) (while `make run` runs)\n"
    title = lessons[lesson].title
    return f"No page shows it live: {title} shows problems with at least two parameters.\n"


def page(kind: str, name: str, maker: Any, latex: str, *more: str) -> str:
    """Return an item's page."""
    head, rest = parts(maker)
    sections = (
        f"# {name}\n",
        plain(head) + "\n",
        html(f'<div class="formula">{formula(latex)}</div>') if latex else "",
        listed(plain(rest)) + "\n",
        f"```python\nfrom natgrad_core import {kind}s\n",
        f"{kind}s[{name!r}]({options(maker)})\n```\n",
        *more,
    )
    return "\n".join(filter(None, sections))


def domain(works: Callable[[Problem], Any]) -> str:
    """Return the line that names the problems on which ``works`` raises no TypeError."""
    lacking: list[str] = []
    for name, maker in problems.items():
        try:
            works(maker())
        except TypeError:
            lacking.append(name)
    if not lacking:
        return "Domain: every problem\n"
    if 2 * len(lacking) < len(problems):
        return f"Domain: every problem but {', '.join(lacking)}\n"
    return f"Domain: the problems {', '.join(name for name in problems if name not in lacking)}\n"


def listed(text: str) -> str:
    """Return a docstring whose sections Args, Returns and Raises are Markdown lists."""
    text = re.sub(r"^(Args|Returns|Raises):\n", r"\1:\n\n", text, flags=re.MULTILINE)
    text = re.sub(r"^ {8}(?=\S)", "  ", text, flags=re.MULTILINE)
    return re.sub(r"^ {4}(?=\S)", "- ", text, flags=re.MULTILINE)


def plain(text: str) -> str:
    """Return a docstring as Markdown; only its ``code`` is markup."""
    pieces = re.split(r"(``.*?``)", text, flags=re.DOTALL)
    pieces[::2] = [re.sub(r"([\\*_<$|#\[])", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)


# The pictures -------------------------------------------------------------------------------------


def _rings(at: Array, metric: Array, size: float) -> Array:
    """Return ellipses of a metric where it is positive definite, their median width ``size``."""
    offsets = outline(metric, 1.0, 60)
    spans = np.abs(offsets).max((-1, -2))
    good = np.isfinite(spans)
    return (
        (at[:, None] + offsets * size / float(np.median(spans[good])))[good]
        if good.any()
        else np.empty((0, 60, 2))
    )


def _lattice(problem: Problem, fine: int = 9) -> Array:
    sides = (np.linspace(*side, fine + 2)[1:-1] for side in problem.view)
    points = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
    return points[problem.inside(points)]


def problem_picture(problem: Problem) -> str:
    """Return its notebook picture, or level lines of J where it has no Fisher matrix.

    Empty for a problem that has not exactly two parameters.
    """
    try:
        problem.fisher(problem.start)
    except NoProbabilityModel:
        return _levels(problem)
    return problem._repr_mimebundle_().get("text/html", "")


def _levels(problem: Problem) -> str:
    view = np.asarray(problem.view, float)
    x, y = (np.linspace(low, high, 80) for low, high in view.tolist())
    losses = problem.loss(np.stack(np.meshgrid(x, y), -1))
    heights = losses.min() + np.ptp(losses) * np.linspace(0.05, 0.95, 10) ** 2
    lines = [
        np.asarray(line, float)
        for found in contour_generator(x, y, losses).multi_lines(heights)
        for line in found
    ]
    title = f"{problem!r}: lines on which J stays the same"
    return Picture(title, problem.symbols, view, (x, y, losses), np.empty((0, 60, 2)), lines).svg()


def chart_picture(chart: Any) -> str:
    """Return the lines x₁ = constant and x₂ = constant, drawn in θ, in the view of a normal."""
    problem = problems["normal"]()
    view = np.asarray(problem.view, float)
    x = chart.inverse(_lattice(problem, 60))
    x = x[np.isfinite(x).all(-1)]
    (a0, a1), (b0, b1) = x.min(0), x.max(0)
    line = np.linspace(0, 1, 80)
    across, along = a0 + line * (b0 - a0), a1 + line * (b1 - a1)
    upright = [np.stack([np.full(80, u), along], -1) for u in np.linspace(a0, b0, 12)]
    level = [np.stack([across, np.full(80, v)], -1) for v in np.linspace(a1, b1, 12)]
    with np.errstate(all="ignore"):
        lines = [chart.forward(line) for line in upright + level]
    low, high = view.T
    inside = [np.where(((p >= low) & (p <= high)).all(-1)[:, None], p, np.nan) for p in lines]
    title = f"{chart.name}: the lines on which a coordinate stays the same, in (μ, σ)"
    return Picture(title, problem.symbols, view, NO_LEVELS, np.empty((0, 60, 2)), inside).svg()


def metric_picture(name: str) -> str:
    """Return its unit balls in the view of a gamma distribution."""
    problem, metric = problems["gamma"](), metrics[name]()
    view = np.asarray(problem.view, float)
    at = _lattice(problem, 5)
    matrix = full(metric(problem.at(components(at))).dense(), at.shape[:-1])
    title = f"{name}: its unit balls, on one scale, over the gamma problem; none where it has none"
    rings = _rings(at, matrix, 0.08 * float(np.ptp(view[0])))
    return Picture(title, problem.symbols, view, NO_LEVELS, rings).svg()


def rule_picture(name: str) -> str:
    """Return a run on the normal problem, with the rule's defaults."""
    problem = problems["normal"]()
    try:
        path = run(problem, rules[name](), problem.start, 200)
    except TypeError as error:
        return f"<p>{escape(str(error))}</p>"
    return path._repr_mimebundle_()["text/html"]


# The registries -----------------------------------------------------------------------------------


def problem_page(name: str) -> str:
    """Return a problem's page: formula, domain, picture, presets, sources."""
    maker = problems[name]
    problem = maker()
    presets = ", ".join(problem.presets)
    facts = [
        f"- Parameters: {', '.join(problem.symbols)}",
        f"- Domain: {problem.domain}",
        f"- Presets: {presets}" if presets else "",
    ]
    return page(
        "problem",
        name,
        maker,
        problem.latex,
        "\n".join(filter(None, facts)) + "\n",
        html(problem_picture(problem)),
        live("playground", problem=name),
        sources(problem.source),
    )


def chart_page(name: str) -> str:
    """Return a chart's page: formula, domain, picture, sources."""
    maker = charts[name]
    chart = example_of(maker)
    return page(
        "chart",
        name,
        maker,
        chart.latex,
        f"Domain: {chart.domain or 'everywhere'}\n",
        html(chart_picture(chart)),
        live("playground", chart=name),
        sources(chart.source, inspect.getdoc(maker) or ""),
    )


def metric_page(name: str) -> str:
    """Return a metric's page: formula, domain, its unit balls, sources."""
    maker = metrics[name]
    metric = maker()

    def at_start(problem: Problem) -> None:
        metric(problem.at(components(np.asarray(problem.start, float)))).dense()

    return page(
        "metric",
        name,
        maker,
        metrics.traits(name).latex,
        domain(at_start),
        html(metric_picture(name)),
        live("playground", metric=name),
        sources(inspect.getdoc(maker) or ""),
    )


def rule_page(name: str) -> str:
    """Return a rule's page: formula, domain, a run, sources."""
    maker = rules[name]
    rule = maker()
    return page(
        "rule",
        name,
        maker,
        rule.latex,
        domain(lambda problem: run(problem, rule, problem.start, 1)),
        f"Its color on every page: {style(name)['light']}.\n",
        html(rule_picture(name)),
        live("playground", rules=[name]),
        sources(rule.source, inspect.getdoc(maker) or ""),
    )


def lesson_page(name: str) -> str:
    """Return a lesson's page: its text, and its claims with links to the states that show them."""
    lesson = lessons[name]
    words = "".join(
        f"<h2>{escape(section['heading'])}</h2>{section['html']}"
        for section in page_data(lesson)["words"]
    )
    picture = f'<div class="thumbnail">{thumbnail(lesson)}</div>'
    sections = (
        f"# {lesson.title}\n",
        f"*{plain(lesson.takeaway)}*\n",
        f"Domain: {where(lesson)}\n",
        live(name),
        html(picture + _linked(name, lesson, words)),
        sources(*lesson.said()),
    )
    return "\n".join(sections)


def where(lesson: Lesson) -> str:
    """Return what a lesson can be set to."""
    able = [name for name in problems if not lesson.store().set({"problem": name})]
    if able:
        return f"the problem{'s' * (len(able) > 1)} {', '.join(able)}"
    return "small nets, in torch" if lesson.slow else "examples of its own"


def _linked(name: str, lesson: Lesson, words: str) -> str:
    """Link each claim to the state that shows it."""
    for key, claim in lesson.claims.items():
        query = lesson.state_after(claim.set).query(lesson.default)
        words = words.replace(f'data-claim="{key}"', f'href="{LIVE}{name}?{escape(query)}"')
    return words


def modules() -> list[str]:
    """Return the engine's modules, except the items of registries, which have other pages."""
    registries = {f"natgrad_core.{name}" for name in REGISTRIES} | {"natgrad_core.datasets"}
    found = [m.name for m in pkgutil.walk_packages(natgrad_core.__path__, "natgrad_core.")]
    return [
        m.removeprefix("natgrad_core.")
        for m in found
        if not any(m.startswith(f"{registry}.") for registry in registries)
    ]


def module_page(name: str) -> str:
    """Return a module's page: its public members; a package also shows what it exports."""
    exports = hasattr(importlib.import_module(f"natgrad_core.{name}"), "__path__")
    own = "" if exports else "   :ignore-module-all:\n"
    directive = f".. automodule:: natgrad_core.{name}\n   :members:\n{own}"
    return f"# {name}\n\n```{{eval-rst}}\n{directive}```\n"


def by_order(name: str) -> tuple[int, str]:
    """Return a sort key: a lesson's place in the lecture."""
    return lessons[name].order, name


REGISTRIES: dict[str, tuple[Iterable[str], Callable[[str], str]]] = {
    "lessons": (sorted(lessons, key=by_order), lesson_page),
    "problems": (problems, problem_page),
    "charts": (charts, chart_page),
    "metrics": (metrics, metric_page),
    "rules": (rules, rule_page),
}
"""The items of each registry, and the function that writes the page of one."""


def write(to: Path) -> None:
    """Write the whole source of the site: the pages by hand, and a page for each item."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(HERE, to, ignore=shutil.ignore_patterns("build", "__pycache__"))
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (HERE.parent / name).read_text("utf-8")
        (to / name).write_text(text.replace("](docs/", "]("), "utf-8")
    for registry, (names, page_of) in {**REGISTRIES, "api": (modules(), module_page)}.items():
        folder = to / registry
        folder.mkdir()
        for name in names:
            (folder / f"{name}.md").write_text(page_of(name), "utf-8")
        listed = "\n".join(names)
        title = {"api": "The library, by module"}.get(registry, registry.capitalize())
        index = f"# {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
        (folder / "index.md").write_text(index, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
