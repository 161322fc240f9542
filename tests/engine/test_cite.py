"""Every registered item, and everything made from it, can cite its sources."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import natgrad_core
from natgrad_core import charts, cite, metrics, problems, rules, run
from natgrad_core.errors import UnknownName
from natgrad_core.provenance.bibliography import SOURCES, named

REGISTRIES: dict[str, Mapping[str, Any]] = {
    "problems": problems,
    "charts": charts,
    "metrics": metrics,
    "rules": rules,
}


ENGINE = Path(natgrad_core.__file__).parent


def keys(bibtex: str) -> set[str]:
    return set(re.findall(r"@\w+{(\w+),", bibtex))


@pytest.mark.parametrize(
    "name", sorted({name for registry in REGISTRIES.values() for name in registry})
)
def test_a_name_cites_what_every_registry_has_under_it(name: str) -> None:
    held = [registry[name] for registry in REGISTRIES.values() if name in registry]
    assert keys(cite(name)) == set().union(*(keys(cite(item)) for item in held))
    assert keys(cite(name)) <= set(SOURCES)


def test_a_run_cites_its_problem_its_chart_and_its_rule() -> None:
    problem, chart = problems["normal"](), charts["expectation"](family="normal")
    rule = rules["adam"]()
    path = run(problem.through(chart), rule, chart.inverse(problem.start), steps=2)
    of_all = keys(cite(path))
    assert of_all == keys(cite(problem, chart, rule))
    for part in (problem, chart, rule):
        assert keys(cite(part)), f"{part!r} cites nothing"
        assert not keys(cite(part)) >= of_all
    assert {"cavendish1798", "kingma2015"} <= of_all


def test_a_work_is_given_once_and_in_full() -> None:
    adam = SOURCES["kingma2015"].bibtex.rstrip()
    assert cite("adam", rules["adam"](), rules["adam"]) == adam


def test_a_name_that_nothing_has_is_said_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"'adan' \(did you mean 'adam'\?\).*rules adadelta"):
        cite("adan")


def test_every_work_that_the_engine_names_is_in_the_bibliography() -> None:
    found = {
        f"{path.relative_to(ENGINE)}: {key}"
        for path in ENGINE.rglob("*.py")
        for key in named(path.read_text("utf-8"))
        if key not in SOURCES
    }
    assert not found, "\n".join(sorted(found))


def test_a_work_of_an_author_of_two_words_is_found_by_its_first_author() -> None:
    assert named("Golub and Van Loan 2013, alg. 3.4.1; do Carmo 1976") == ["golub2013", "carmo1976"]
