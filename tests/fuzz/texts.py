"""Texts: any at all, and those that the grammar of one's own problems allows, sensible or not."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from natgrad_core.expressions.grammar import FUNCTIONS
from natgrad_core.families.densities import DENSITIES

NUMBERS = ("0", "1", "2", "0.5", "pi", "1e9", "1e-9")
POWERS = ("0", "2", "3", "0.5", "(-1)", "(-0.5)")


def anything(most: int) -> st.SearchStrategy[str]:
    """Any text of up to so many characters.

    All that UTF-8 can say, which is named here by what it is not: told the codec, hypothesis tries
    each character by it on a fresh machine.
    """
    return st.text(st.characters(exclude_categories=("Cs",)), max_size=most)


def sums(names: Sequence[str]) -> st.SearchStrategy[str]:
    """Any expression of a few of these names, without a density."""
    leaf = st.one_of(st.sampled_from(names), st.sampled_from(names), st.sampled_from(NUMBERS))

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        two = st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({' '.join(t)})")
        functions = st.sampled_from(sorted(FUNCTIONS))
        called = st.tuples(functions, inner).map(lambda t: "{}({})".format(*t))
        raised = st.tuples(inner, st.sampled_from(POWERS)).map(lambda t: "({})**{}".format(*t))
        return st.one_of(two, two, called, raised, inner.map("-({})".format))

    return st.recursive(leaf, grown, max_leaves=6)


def densities(outcome: str, names: Sequence[str]) -> st.SearchStrategy[str]:
    """One density of ``outcome``, with any expressions of these names for its arguments."""

    def of(name: str) -> st.SearchStrategy[str]:
        arguments = st.tuples(*[sums(names)] * len(DENSITIES[name].arguments))
        return arguments.map(lambda found: f"{name}({', '.join((outcome, *found))})")

    return st.sampled_from(sorted(DENSITIES)).flatmap(of)


def texts(parameters: Sequence[str], outcome: str, covariate: str) -> st.SearchStrategy[str]:
    """A density, or any expression of the parameters, with or without the data."""
    return st.one_of(
        densities(outcome, (*parameters, covariate)),
        sums((*parameters, covariate, outcome)),
        sums(parameters),
    )
