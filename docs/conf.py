"""The site's settings; ``build_pages.py`` writes the registries' pages before a build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import typesetting
from sphinx.util.inspect import TypeAliasForwardRef

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
autodoc_use_type_comments = False  # there are none, and to look for them parses all again
autodoc_type_aliases = {name: name for name in ("Array", "ArrayLike", "Bools", "Numeric", "Whole")}
TypeAliasForwardRef.__repr__ = lambda alias: alias.name  # within other types, too
suppress_warnings = ["ref.python"]  # a name that two modules export has two places


def fold(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Of the sidebar's shelves only the one that the page stands on is open.

    The theme would list every page of the site on every page, and take long over it.
    """
    tree = context["toctree"]
    context["toctree"] = lambda **wanted: tree(**{**wanted, "collapse": True})


def setup(app: Any) -> None:
    """Typeset mathematics as the lessons do, and take docstrings for the plain text they are."""
    app.add_html_math_renderer("mathml", (typesetting.inline, None), (typesetting.display, None))
    app.connect("html-page-context", fold, priority=100)  # before the theme, which asks at 500
    app.connect("autodoc-process-docstring", typesetting.as_plain_text)
