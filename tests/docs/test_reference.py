"""The reference has, for each item, what a reader needs; and it has no dead link."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import natgrad_core
from natgrad_core import charts, metrics, problems, rules
from natgrad_core.nets import likelihood
from natgrad_core.nets import metrics as metric
from natgrad_core.nets import step_size as size
from natgrad_core.nets.layers import factored
from natgrad_core.nets.layers import linear_and_conv as layers
from natgrad_lecture.lessons import lessons
from tests.support import warm_starts

ROOT = Path(__file__).resolve().parents[2]
REGISTRIES: dict[str, Any] = {
    "problems": problems,
    "charts": charts,
    "metrics": metrics,
    "rules": rules,
    "lessons": lessons,
}
KINDS = ("problems", "charts", "metrics", "rules")
ITEMS = [(registry, name) for registry, items in REGISTRIES.items() for name in items]


BUILD = """
import logging, sys
from pathlib import Path

sys.path.insert(0, "docs")
from build_pages import write
from docutils.nodes import Element
from sphinx.application import Sphinx

source, site, pages = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
write(source)
by_hand = [path for room in ("", "how-to", "lessons") for path in (source / room).glob("*.md")]
written = {*by_hand, *source.glob("*/index.md"), *(source / f"{page}.md" for page in pages)}
logging.disable(logging.DEBUG)
settings = {"autodoc_preserve_defaults": False, "smartquotes": False}
app = Sphinx(
    source, source, site, site / ".doctrees", "html", settings, status=None, warningiserror=True
)
app.builder.search = False
keep = app.builder.write_doctree


def write_doctree(page, read, **how):
    if app.env.doc2path(page) in written:
        keep(page, read, **how)
    anchors = {anchor for node in read.findall(Element) for anchor in node["ids"]}
    seen = site / ".read" / page
    seen.parent.mkdir(parents=True, exist_ok=True)
    seen.with_name(f"{seen.name}.anchors").write_text("\\n".join(sorted(anchors)), "utf-8")
    seen.with_name(f"{seen.name}.text").write_text(read.astext(), "utf-8")


app.builder.write_doctree = write_doctree
app.build(False, [str(path) for path in written])
sys.exit(app.statuscode)
"""
"""Writes the site's source, reads every page of it, and writes as HTML what people have written,
and the pages named; of every page it leaves the anchors and the text. Warnings are errors.

To find how a function's defaults are written would take a sixth more time, and so would keeping
whole pages that are not written.
"""

MADE = (
    "api/core.problem",
    "api/nets",
    *(f"{name}/{next(iter(REGISTRIES[name]))}" for name in KINDS),
)
"""One page of each kind that is written by a program. To write the others would show no more, and
takes longer than to read them: their source is looked through."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, without the pages that are made like another one."""
    site = tmp_path_factory.mktemp("docs") / "site"
    done = warm_starts.run(BUILD, [str(source_of(site)), str(site), *MADE])
    said, _ = done.communicate()
    assert done.returncode == 0, said
    return site


def source_of(site: Path) -> Path:
    """Return the folder that a site was built from."""
    return site.parent / "source"


class Links(HTMLParser):
    """A page's links, the files that it loads, and its anchors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads: set[str] = set()
        self.loads: set[str] = set()
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.ids.add(found.get("id", ""))
        if tag == "a" and "href" in found:
            self.leads.add(found["href"])
        elif tag == "link" and found.get("rel") in ("stylesheet", "icon", "preload"):
            self.loads.add(found["href"])
        elif "src" in found:
            self.loads.add(found["src"])


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a whole site, and the machine may be busy
def test_every_item_s_page_has_formula_domain_picture_sources_and_a_way_in(site: Path) -> None:
    written = {page.partition("/")[::2] for page in MADE} | {("lessons", name) for name in lessons}
    lacking = {
        f"{registry}/{name}{path.suffix}: {what}"
        for registry, name in ITEMS
        for path in (
            source_of(site) / registry / f"{name}.md",
            *([site / registry / f"{name}.html"] if (registry, name) in written else []),
        )
        for what in lacks(path.read_text("utf-8"), registry, name)
    }
    assert not lacking, "\n".join(sorted(lacking))


def lacks(text: str, registry: str, name: str) -> Iterator[str]:
    """Yield what an item's page lacks, or its source does. The theme's icons are no pictures."""
    formula = r'<div class="formula"><math' if registry != "lessons" else r"<math"
    if not re.search(formula, text):
        yield "formula"
    if not re.search(r"Domain: \w", text):
        yield "domain"
    if not re.search(r"<h2>Sources<.*?<li>|^## Sources\n\n- ", text, re.S | re.M):
        yield "sources"
    dim = problems[name]().dim if registry == "problems" else 2
    if ("Open it live" if dim >= 2 else "No page shows it") not in text:
        yield "a way in"
    if registry == "lessons":
        picture = re.search(r'<div class="thumbnail"><svg.*?</svg>', text, re.S)
    else:
        picture = re.search(rf"<figure>.*?<figcaption>[^<]*\b{name}\b[^<]*<", text, re.S)
    if dim == 2 and not (picture and re.search(r'<(path|image)[^>]* d="M|<image', picture[0])):
        yield "picture"


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors of a page that was read but not written."""
    return set(page.read_text("utf-8").split("\n"))


@pytest.mark.slow
@pytest.mark.timeout(1200)  # a whole site, and the machine may be busy
def test_no_link_is_dead_and_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = {path: Links(path.read_text("utf-8")) for path in site.rglob("*.html")}
    source, unwritten = source_of(site), dict[Path, Path]()
    for path in source.rglob("*.md"):
        page = path.relative_to(source)
        if (there := site / page.with_suffix(".html")) not in pages:
            pages[there] = Links(path.read_text("utf-8"))  # it may hold HTML
            unwritten[there] = site / ".read" / page.with_suffix(".anchors")
    assert len(pages) > len(ITEMS)
    listing = {site / "genindex.html", site / "py-modindex.html"}  # Sphinx's own, of its anchors
    for path, page in pages.items():
        for target in page.leads | page.loads:
            place, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", place):
                assert target in page.leads, f"{path.name} loads {target}"
                continue
            to = (path.parent / place.partition("?")[0]).resolve() if place else path
            assert to in pages or to.is_file(), f"{path.relative_to(site)} leads to {target}"
            if anchor and to in pages and path not in listing:
                ids = anchors(unwritten[to]) if to in unwritten else pages[to].ids
                assert anchor in ids, f"{path.relative_to(site)} leads to {target}"


@pytest.mark.slow
def test_a_signature_names_an_alias_by_its_name(site: Path) -> None:
    """Of the library, every page: as it was read, since not all of them are written."""
    texts = list((site / ".read/api").glob("*.text"))
    assert len(texts) > 100
    assert not [path.stem for path in texts if "ForwardRef" in path.read_text("utf-8")]


@pytest.mark.slow
def test_the_sidebar_of_a_page_lists_all_registries_and_the_items_of_its_own(site: Path) -> None:
    here, *names = problems
    leads = Links((site / "problems" / f"{here}.html").read_text("utf-8")).leads
    assert {f"{name}.html" for name in names} <= leads
    others = {f"../{registry}/index.html" for registry in REGISTRIES if registry != "problems"}
    assert others <= leads
    assert not {f"../rules/{name}.html" for name in rules} & leads


def test_every_module_that_a_document_names_has_a_page() -> None:
    """The build would find this too, but only after a minute."""
    modules = {
        found.name for found in pkgutil.walk_packages(natgrad_core.__path__, "natgrad_core.")
    }
    named = {
        (path.name, name)
        for path in sorted((ROOT / "docs").rglob("*.md"))
        for name in re.findall(r"\(\S*api/([\w.]+)\.md\)", path.read_text("utf-8"))
    }
    lost = {
        each for each in named if each[1] != "index" and f"natgrad_core.{each[1]}" not in modules
    }
    assert named
    assert not lost


@pytest.mark.parametrize("maker", [rules["kl-limited"], charts["linear"], problems["normal"]])
def test_an_item_s_page_lists_its_arguments(maker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    text = importlib.import_module("build_pages").page("rule", "x", maker, "")
    section = text.partition("Args:\n\n")[2].partition("\n\n")[0]
    assert re.findall(r"^- (\w+): ", section, re.M) == [*inspect.signature(maker).parameters]
    assert not re.search(r"^ {4}", section, re.M)  # which Markdown shows as a program


def unsaid(body: list[ast.stmt], within: str) -> Iterator[str]:
    """Yield the public classes, functions and methods without a docstring."""
    for node in body:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node):
            yield f"{within}.{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from unsaid(node.body, f"{within}.{node.name}")


@pytest.mark.parametrize("room", ["natgrad_core", "app/natgrad_lecture"])
def test_whatever_is_public_has_a_docstring(room: str) -> None:
    silent: list[str] = []
    for path in sorted((ROOT / room).rglob("*.py")):
        tree, name = ast.parse(path.read_text("utf-8")), str(path.relative_to(ROOT))
        silent += [] if ast.get_docstring(tree) else [name]
        silent += unsaid(tree.body, name)
    assert not silent, f"no docstring: {', '.join(silent)}"


ARRAYS = re.compile(r"\b(Array|ArrayLike|Numeric|Bools|Whole|Tensor)\b")


PROTOCOLS = (
    layers.Layer,
    layers.Parametric,
    factored.Factored,
    likelihood.Likelihood,
    metric.Operator,
    size.Size,
)
"""Protocols of natgrad_core.nets; their docstrings give the shapes for every such class."""


def keeps(item: type, protocol: type) -> bool:
    """Return whether a class has all methods of a protocol."""
    return all(callable(getattr(item, key, None)) for key in vars(protocol) if key[0] != "_")


MODULES = [found.name for found in pkgutil.walk_packages(natgrad_core.__path__, "natgrad_core.")]


def public(module: Any) -> Iterator[tuple[Any, list[Any]]]:
    """Yield a module's public functions and methods, with the docstrings that may give shapes."""
    folder = module.__name__.rpartition(".")[0]
    above = [] if folder == "natgrad_core" else [importlib.import_module(folder)]
    for name, item in vars(module).items():
        if name.startswith("_") or getattr(item, "__module__", "") != module.__name__:
            continue
        if inspect.isfunction(item):
            yield item, [module, *above]
        elif inspect.isclass(item):
            for key, member in vars(item).items():
                inner = getattr(member, "fget", getattr(member, "func", member))
                if not key.startswith("_") and inspect.isfunction(inner):
                    kept = [base for base in PROTOCOLS if key in vars(base) and keeps(item, base)]
                    same = [getattr(base, key, None) for base in (*item.__mro__, *kept)]
                    yield inner, [item, *kept, *filter(None, same)]


@pytest.mark.parametrize("name", MODULES)
def test_whatever_takes_or_gives_arrays_says_their_shape(name: str) -> None:
    lacking: list[str] = []
    for function, context in public(importlib.import_module(name)):
        given = {k: v for k, v in function.__annotations__.items() if "rate" not in k}
        if any(ARRAYS.search(str(value)) for value in given.values()):
            words = " ".join(inspect.getdoc(item) or "" for item in (function, *context))
            if not re.search(r"\[[^]\"']*\]|component", words):
                lacking.append(function.__qualname__)
    assert not lacking, f"what shape? {', '.join(lacking)}"
