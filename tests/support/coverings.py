"""On what a test of shared code is tried: on few cases, which together show all that there is.

What all lessons, problems or rules share is tried in `make test` on some of them, on each with
``EVERY_VISIT=1`` (`make visits`). A test says so by a mark, ``covering``: what of a case could show
a fault. A case whose features others have, too, is skipped; one with a feature of its own comes
in by itself, so a new lesson or problem that brings something new is tried at once.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Collection, Hashable
from functools import cache
from typing import Any, TypeVar

import pytest

from natgrad_lecture.lessons.base import Lesson

Item = TypeVar("Item", bound=Hashable)

EVERY = "EVERY_VISIT" in os.environ
"""Whether all that is tried on few lessons, screens and themes is tried on each."""


def covering(
    items: Collection[Item], features: Callable[[Item], Collection[Hashable]]
) -> list[Item]:
    """Few items that together show all that the others do, in the order given.

    Of the items that show most of what is still missing the first is taken; at the end those go
    whose features the others that were taken have, too.

    Args:
        items: All of them.
        features: What of an item could bring out a fault.
    """
    shown = {item: frozenset(features(item)) for item in items}
    missing = frozenset[Hashable]().union(*shown.values())
    taken: list[Item] = []
    while missing:
        taken.append(max(shown, key=lambda item: len(shown[item] & missing)))
        missing -= shown[taken[-1]]
    for item in tuple(taken):
        others = [other for other in taken if other is not item]
        if shown[item] <= frozenset[Hashable]().union(*(shown[other] for other in others)):
            taken = others
    return [item for item in shown if item in taken]


def few(
    lessons: Collection[Item], features: Collection[Callable[[Item], Collection[Hashable]]]
) -> list[Item]:
    """Few of these lessons, which together have all of these features."""
    return covering(lessons, lambda one: {it for each in features for it in each(one)})


def value_of(parameter: Any) -> Hashable:
    """What tells this value of a parameter from the others."""
    try:
        hash(parameter)
    except TypeError:
        return repr(parameter)
    return parameter


@cache
def features_in(
    lesson: Lesson, of: Callable[[Lesson], Collection[Hashable]]
) -> Collection[Hashable]:
    """Features of a lesson, which many tests ask for."""
    return of(lesson)


def features_of(item: pytest.Function, mark: pytest.Mark) -> frozenset[Hashable]:
    """The features of one case of a test; of several parameters, each two of theirs together."""
    of: dict[str, Collection[Hashable]] = {}
    for name, value in item.callspec.params.items():
        if name in mark.kwargs:
            of[name] = mark.kwargs[name](value)
        elif mark.args and isinstance(value, Lesson):
            of[name] = {it for each in mark.args for it in features_in(value, each)}
        else:
            of[name] = {value_of(value)}
    if len(of) == 1:
        return frozenset(*of.values())
    return frozenset(
        (one, a, other, b)
        for one, other in itertools.combinations(of, 2)
        for a, b in itertools.product(of[one], of[other])
    )


TAKEN = pytest.StashKey[dict[Any, frozenset[str]]]()


def spared(item: pytest.Item) -> bool:
    """Whether others of the cases that were selected have all the features of this one.

    The mark of a test says what features its cases have: ``covering(features.traces)`` those of the
    lesson that each is of; ``covering(problem=traits)`` those of a parameter, by its name; without
    any, the values of its parameters. Of several parameters each two are seen together.
    """
    mark = item.get_closest_marker("covering")
    if EVERY or not mark or not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return False
    taken = item.session.stash.setdefault(TAKEN, {})
    if item.obj not in taken:
        beside = [each for each in item.session.items if isinstance(each, pytest.Function)]
        cases = [each for each in beside if each.obj is item.obj]
        if mark.args:
            some = lessons_to_open([each for each in beside if each.path == item.path])
            cases = [each for each in cases if lesson_of(each) in some]
        every = {each.nodeid: features_of(each, mark) for each in cases}
        taken[item.obj] = frozenset(covering(every, every.__getitem__))
    return item.nodeid not in taken[item.obj]


def lesson_of(item: pytest.Function) -> Lesson:
    """The lesson that a case is of."""
    (lesson,) = (it for it in item.callspec.params.values() if isinstance(it, Lesson))
    return lesson


def lessons_to_open(cases: Collection[pytest.Function]) -> list[Lesson]:
    """Few lessons that have all that the tests of a file ask for: the tests share their pages, so
    each of them is tried on some of these.
    """
    asked: dict[Lesson, set[Hashable]] = {}
    for each in cases:
        mark = each.get_closest_marker("covering")
        if mark and mark.args:
            lesson = lesson_of(each)
            asked.setdefault(lesson, set()).update(*(features_in(lesson, of) for of in mark.args))
    return covering(asked, asked.__getitem__)
