"""The pages of the shelves: one an item, written from what the item says of itself.

    python docs/build_pages.py docs/build/source     # what `make docs` does first

A new problem, chart, metric, rule or lesson gets its page by being on its shelf.
"""

from __future__ import annotations

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
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import Lesson
from natgrad_lecture.text.typeset import formula

HERE = Path(__file__).parent
LIVE = "http://127.0.0.1:8866/"
"""Where ``make run`` serves the lessons: 'open it live' leads there."""

GIVEN: Mapping[str, Any] = {"matrix": ((1.0, 0.8), (0.0, 1.0)), "family": "normal"}
"""What the pictures give to an option that has no default, by its name."""


def html(text: str) -> str:
    """Raw HTML in a page."""
    return f"```{{raw}} html\n{text}\n```\n" if text else ""


def made(maker: Callable[..., Any]) -> Any:
    """The item with its defaults, and with ``GIVEN`` where it has none."""
    needed = {
        name: GIVEN[name]
        for name, option in inspect.signature(maker).parameters.items()
        if option.default is inspect.Parameter.empty and name in GIVEN
    }
    return maker(**needed)


def parts(maker: Any) -> tuple[str, str]:
    """The docstring's first paragraph, and the rest."""
    head, _, rest = (inspect.getdoc(maker) or "").partition("\n\n")
    return " ".join(head.split()), rest


def options(maker: Any) -> str:
    """The call, with its defaults."""
    signature = inspect.signature(maker)
    shown = [
        str(option.replace(annotation=inspect.Parameter.empty))
        for option in signature.parameters.values()
    ]
    return ", ".join(shown)


def sources(*texts: str) -> str:
    """The works that these texts name, as a list; each is listed in
    natgrad_core/provenance/bibliography.py.
    """
    works = cited(texts)
    rows = (f"- {w.authors.replace(' and ', '; ')} ({w.year}). *{w.title}*." for w in works)
    return "## Sources\n\n" + "\n".join(rows) + "\n" if works else ""


def live(lesson: str, **changes: Any) -> str:
    """A link to the state in which a lesson shows something, on the first problem that has it.

    Not everything is of the plane: where no problem has it, it says so.
    """
    taught = lessons[lesson]
    places = [{}, *({"problem": name} for name in problems)] if changes else [{}]
    for place in places:
        store = taught.store()
        if not store.set({**place, **changes}):
            query = store.state.query(taught.default)
            address = f"{LIVE}{lesson}{'?' + query if query else ''}"
            return f"[Open it live]({address}) (while `make run` runs)\n"
    return f"No page shows it live: {lessons[lesson].title} is of the plane.\n"


def page(kind: str, name: str, maker: Any, latex: str, *more: str) -> str:
    """An item's page."""
    head, rest = parts(maker)
    sections = (
        f"# {name}\n",
        plain(head) + "\n",
        html(f'<div class="formula">{formula(latex)}</div>') if latex else "",
        plain(rest) + "\n",
        f"```python\nfrom natgrad_core import {kind}s\n",
        f"{kind}s[{name!r}]({options(maker)})\n```\n",
        *more,
    )
    return "\n".join(filter(None, sections))


def domain(works: Callable[[Problem], Any]) -> str:
    """The line that says on which problems something works: where it raises no TypeError."""
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


def plain(text: str) -> str:
    """A docstring's words as Markdown: only its ``code`` is marked."""
    pieces = re.split(r"(``.*?``)", text, flags=re.DOTALL)
    pieces[::2] = [re.sub(r"([\\*_<$|#\[])", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)


# The pictures -------------------------------------------------------------------------------------


def _rings(at: Array, metric: Array, size: float) -> Array:
    """Ellipses of a metric, the median one ``size`` across; only where it is positive definite."""
    offsets = outline(metric, 1.0, 60)
    spans = np.abs(offsets).max((-1, -2))
    good = np.isfinite(spans)
    return (at[:, None] + offsets * size / float(np.median(spans[good])))[good] if good.any() else (
        np.empty((0, 60, 2))
    )  # fmt: skip


def _lattice(problem: Problem, fine: int = 9) -> Array:
    sides = (np.linspace(*side, fine + 2)[1:-1] for side in problem.view)
    points = np.stack(np.meshgrid(*sides), -1).reshape(-1, 2)
    return points[problem.inside(points)]


def problem_picture(problem: Problem) -> str:
    """What a notebook shows of it, and level lines of J where it has no ellipses of F.

    Nothing beyond the plane.
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
    """The lines x₁, x₂ = constant, seen in θ, over a normal's view."""
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
    grid = tuple(np.empty(0) for _ in range(3))
    title = f"{chart.name}: the lines on which a coordinate stays the same, in (μ, σ)"
    return Picture(title, problem.symbols, view, grid, np.empty((0, 60, 2)), inside).svg()  # type: ignore[arg-type]


def metric_picture(name: str) -> str:
    """Its unit balls over a gamma distribution's view."""
    problem, metric = problems["gamma"](), metrics[name]()
    view = np.asarray(problem.view, float)
    at = _lattice(problem, 5)
    matrix = full(metric(problem.at(components(at))).dense(), at.shape[:-1])
    grid = tuple(np.empty(0) for _ in range(3))
    title = f"{name}: its unit balls, on one scale, over the gamma problem; none where it has none"
    rings = _rings(at, matrix, 0.08 * float(np.ptp(view[0])))
    return Picture(title, problem.symbols, view, grid, rings).svg()  # type: ignore[arg-type]


def rule_picture(name: str) -> str:
    """A run on the normal problem, with the rule's own defaults."""
    problem = problems["normal"]()
    try:
        path = run(problem, rules[name](), problem.start, 200)
    except TypeError as error:
        return f"<p>{escape(str(error))}</p>"
    return path._repr_mimebundle_()["text/html"]


# The shelves --------------------------------------------------------------------------------------


def problem_page(name: str) -> str:
    """A problem: formula, domain, picture, presets, sources."""
    maker = problems[name]
    problem = maker()
    presets = ", ".join(problem.presets)
    facts = [f"- Parameters: {', '.join(problem.symbols)}", f"- Domain: {problem.domain}",
             f"- Presets: {presets}" if presets else ""]  # fmt: skip
    return page(
        "problem", name, maker, problem.latex,
        "\n".join(filter(None, facts)) + "\n", html(problem_picture(problem)),
        live("playground", problem=name), sources(problem.source),
    )  # fmt: skip


def chart_page(name: str) -> str:
    """A chart: formula, domain, picture, sources."""
    maker = charts[name]
    chart = made(maker)
    return page(
        "chart", name, maker, chart.latex, f"Domain: {chart.domain or 'everywhere'}\n",
        html(chart_picture(chart)), live("playground", chart=name),
        sources(chart.source, inspect.getdoc(maker) or ""),
    )  # fmt: skip


def metric_page(name: str) -> str:
    """A metric: formula, domain, its unit balls, sources."""
    maker = metrics[name]
    metric = maker()

    def at_start(problem: Problem) -> None:
        metric(problem.at(components(np.asarray(problem.start, float)))).dense()

    return page(
        "metric", name, maker, metrics.traits(name).latex, domain(at_start),
        html(metric_picture(name)),
        live("playground", metric=name), sources(inspect.getdoc(maker) or ""),
    )  # fmt: skip


def rule_page(name: str) -> str:
    """A rule: formula, domain, a run, sources."""
    maker = rules[name]
    rule = maker()
    return page(
        "rule", name, maker, rule.latex,
        domain(lambda problem: run(problem, rule, problem.start, 1)),
        f"Its color on every page: {ink(name)['light']}.\n",
        html(rule_picture(name)), live("playground", rules=[name]),
        sources(rule.source, inspect.getdoc(maker) or ""),
    )  # fmt: skip


def lesson_page(name: str) -> str:
    """A lesson in readable form: its words, its claims with the states that show them."""
    lesson = lessons[name]
    words = "".join(
        f"<h2>{escape(section['heading'])}</h2>{section['html']}"
        for section in lesson.static()["words"]
    )
    picture = f'<div class="miniature">{lesson.miniature()}</div>'
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
    """What a lesson can be set to."""
    able = [name for name in problems if not lesson.store().set({"problem": name})]
    if able:
        return f"the problem{'s' * (len(able) > 1)} {', '.join(able)}"
    return "small nets, in torch" if lesson.heavy else "examples of its own"


def _linked(name: str, lesson: Lesson, words: str) -> str:
    """A claim leads to the state that shows it."""
    for key, claim in lesson.claims.items():
        query = lesson.state_after(claim.set).query(lesson.default)
        words = words.replace(f'data-claim="{key}"', f'href="{LIVE}{name}?{escape(query)}"')
    return words


def modules() -> list[str]:
    """The engine's modules, without the shelves' items, which have pages of their own."""
    shelves = {f"natgrad_core.{name}" for name in SHELVES} | {"natgrad_core.datasets"}
    found = [m.name for m in pkgutil.walk_packages(natgrad_core.__path__, "natgrad_core.")]
    return [
        m.removeprefix("natgrad_core.")
        for m in found
        if not any(m.startswith(f"{shelf}.") for shelf in shelves)
    ]


def module_page(name: str) -> str:
    """A module: what is public in it."""
    return f"# {name}\n\n```{{eval-rst}}\n.. automodule:: natgrad_core.{name}\n   :members:\n```\n"


def by_order(name: str) -> tuple[int, str]:
    """Where a lesson stands in the lecture."""
    return lessons[name].order, name


SHELVES: dict[str, tuple[Iterable[str], Callable[[str], str]]] = {
    "lessons": (sorted(lessons, key=by_order), lesson_page),
    "problems": (problems, problem_page),
    "charts": (charts, chart_page),
    "metrics": (metrics, metric_page),
    "rules": (rules, rule_page),
}
"""What stands on each shelf, and the page of one of them."""


def write(to: Path) -> None:
    """The whole source of the site: what is written by hand, and a page for each item."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(HERE, to, ignore=shutil.ignore_patterns("build", "__pycache__"))
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(HERE.parent / name, to)
    for shelf, (names, page_of) in {**SHELVES, "api": (modules(), module_page)}.items():
        folder = to / shelf
        folder.mkdir()
        for name in names:
            (folder / f"{name}.md").write_text(page_of(name), "utf-8")
        listed = "\n".join(names)
        title = {"api": "The library, by module"}.get(shelf, shelf.capitalize())
        index = f"# {title}\n\n```{{toctree}}\n:maxdepth: 1\n\n{listed}\n```\n"
        (folder / "index.md").write_text(index, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
