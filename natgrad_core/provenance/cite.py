"""cite(thing, …) -> BibTeX: the works behind a problem, a chart, a metric, a rule, a run or a name.

Each item names its sources where it states its formula, and what a registry makes remembers
the call that made it (``natgrad_core.core.provenance``): so a run cites its problem, its chart and
its rule.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from natgrad_core.charts import charts
from natgrad_core.core.provenance import call_of
from natgrad_core.core.trajectory import Trajectory
from natgrad_core.errors import UnknownName
from natgrad_core.metrics import metrics
from natgrad_core.problems import problems
from natgrad_core.provenance.bibliography import bibtex, cited
from natgrad_core.rules import rules

_REGISTRIES = {"problems": problems, "charts": charts, "metrics": metrics, "rules": rules}


def cite(*things: Any) -> str:
    """Return the works behind these things, each once, as BibTeX; "" where none is named.

    A name in two registries cites both.

    Args:
        things: Problems, charts, metrics, rules, trajectories, their makers (``rules["adam"]``), or
            names.

    Returns:
        The BibTeX entries.

    Raises:
        UnknownName: If a name is in no registry.
        UnknownSource: If the bibliography does not list a work.
    """
    return bibtex(cited(text for thing in things for text in words(thing))).rstrip()


def words(thing: Any) -> Iterator[str]:
    """Yield where a thing and all that it was made of say their sources.

    Args:
        thing: A problem, chart, metric, rule or run.

    Returns:
        An iterator of texts.
    """
    if isinstance(thing, str):
        for item in _named(thing):
            yield from words(item)
        return
    if isinstance(thing, Trajectory):
        yield from words(thing.problem)
        yield from words(thing.rule)
        return
    yield getattr(thing, "source", "") or ""
    if inspect.isclass(thing) or inspect.isfunction(thing):
        yield inspect.getdoc(thing) or ""
    call = call_of(thing)
    if call is None:
        return
    registry, _, name = call.expression.partition("[")
    if name:
        yield inspect.getdoc(_REGISTRIES[registry][name.strip('"]')]) or ""
    for part in (*call.given, *call.named.values()):
        if not isinstance(part, str):  # an option, "ascent" or "normal", is no name of an item
            yield from words(part)


def _named(name: str) -> list[Any]:
    found = [registry[name] for registry in _REGISTRIES.values() if name in registry]
    if not found:
        near = get_close_matches(
            name, [each for registry in _REGISTRIES.values() for each in registry], n=1
        )
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        kinds = "; ".join(f"{kind} {', '.join(registry)}" for kind, registry in _REGISTRIES.items())
        raise UnknownName(f"nothing is called {name!r}{hint}; there are the {kinds}")
    return found
