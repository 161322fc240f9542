"""The site's settings; ``build_pages.py`` writes the registries' pages before a build."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import typesetting
from sphinx.util.inspect import TypeAliasForwardRef

# A build keeps nearly all that it makes until its end, so looking for garbage is a quarter of its
# time and finds little.
gc.set_threshold(200_000, 20, 50)

project = "natgrad"
author = "The natgrad authors"
copyright = "2026, the natgrad authors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["build"]
html_theme = "furo"
html_title = "The natural gradient"
html_static_path = ["static"]
html_css_files = ["natgrad.css"]
html_math_renderer = "mathml"
html_copy_source = False
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 2
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_use_type_comments = False  # there are none, and the search would parse every module again
autodoc_type_aliases = {name: name for name in ("Array", "ArrayLike", "Bools", "Numeric", "Whole")}
TypeAliasForwardRef.__repr__ = lambda self: self.name  # also inside other types
suppress_warnings = ["ref.python"]  # a name exported by two modules has two targets


def fold(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Collapse the sidebar except for the section that holds the page.

    The theme would list every page of the site on every page, which takes long to build.
    """
    tree = context["toctree"]
    context["toctree"] = lambda **wanted: tree(**{**wanted, "collapse": True})


def setup(app: Any) -> None:
    """Typeset mathematics as in the lessons, and read docstrings as plain text."""
    app.add_html_math_renderer("mathml", (typesetting.inline, None), (typesetting.display, None))
    app.connect("html-page-context", fold, priority=100)  # before the theme, whose priority is 500
    app.connect("autodoc-process-docstring", typesetting.as_plain_text)
