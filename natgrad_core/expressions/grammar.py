"""The small language of 'your own' problems: what a person types, read and never executed.

``read`` makes an ``Expression`` of a text: the tokens (``tokens``), the tree (``parser``), the sums
over rows (``rows``), and a list of operations that computes it on any kind of number. The language
is arithmetic with functions and densities, as users of NumPy, SciPy, torch, Stan, PyMC, R or a
graphing calculator write it; helper lines (``mu = a + b*x``) may come first. ``usage`` says it in
one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from natgrad_core.expressions.functions import FUNCTIONS as _ALL
from natgrad_core.expressions.functions import SEVERAL
from natgrad_core.expressions.parser import Parser
from natgrad_core.expressions.rows import Data, per_row
from natgrad_core.expressions.tokens import LONGEST, ExpressionError
from natgrad_core.expressions.tokens import plain as normal_name
from natgrad_core.expressions.tree import DEEPEST, Node, names
from natgrad_core.families.densities import DENSITIES

__all__ = ["DEEPEST", "FUNCTIONS", "LONGEST", "Expression", "ExpressionError", "read", "usage"]

FUNCTIONS = {name: function for name, function in _ALL.items() if name not in ("not", "neg")}
"""Functions of one argument."""


@dataclass(frozen=True)
class Expression:
    """A text that was read: ``value(names)`` computes it on any kind of number."""

    text: str
    tree: Node
    names: frozenset[str]
    """The parameters and columns that it mentions."""

    def value(self, names: Mapping[str, Any]) -> Any:
        """Return the value of the text, with these values for its names."""
        found: list[Any] = []
        for function, what in self._operations:
            if function is None:
                found.append(names[what] if isinstance(what, str) else what)
            else:
                found.append(function(*[found[i] for i in what]))
        return found[-1]

    @cached_property
    def _operations(self) -> list[tuple[Callable[..., Any] | None, Any]]:
        """Each distinct node once, after what it is computed from: (function, places) or a leaf."""
        built: list[tuple[Callable[..., Any] | None, Any]] = []
        place: dict[int, int] = {}
        kept: list[Node] = []  # a node's id is its own as long as it lives

        def of(node: Node) -> int:
            if id(node) not in place:
                if node.kind == "call":
                    built.append((_function(node.what), [of(a) for a in node.args]))
                else:
                    built.append((None, node.what))
                place[id(node)] = len(built) - 1
                kept.append(node)
            return place[id(node)]

        of(self.tree)
        return built

    @property
    def density(self) -> tuple[str, str, tuple[Expression, ...]] | None:
        """If the whole text is one density of a name: which, of which, and its arguments.

        The arguments may not mention the outcome again: that would be no density in it.
        """
        node = self.tree
        if node.kind != "call" or node.what not in DENSITIES or node.args[0].kind != "name":
            return None
        outcome, inner = node.args[0].what, node.args[1:]
        if any(outcome in names(a) for a in inner):
            return None
        return node.what, outcome, tuple(Expression(self.text, a, names(a)) for a in inner)


def _function(name: str) -> Callable[..., Any]:
    if name in _ALL:
        return _ALL[name]
    several = SEVERAL[name][0] if name in SEVERAL else DENSITIES[name].log_p
    return cast("Callable[..., Any]", several)


def read(
    text: str,
    names_given: frozenset[str],
    columns: Mapping[str, Any] | None = None,
    constants: Mapping[str, float] | None = None,
) -> Expression:
    """``text`` as an expression in these names, or ExpressionError.

    Of the names ``columns`` are data, ``[n]``, over which ``sum(…)`` is; its value is that of one
    row. The outcomes of the densities must be what those can have.
    """

    def evaluate(node: Node, values: Mapping[str, Any]) -> Any:
        return Expression(text, node, names(node)).value(values)

    plain = {normal_name(name) for name in names_given}
    target = Parser(text, frozenset(plain)).program()
    data = Data(
        {normal_name(n): c for n, c in (columns or {}).items()},
        {normal_name(n): c for n, c in (constants or {}).items()},
        evaluate,
    )
    tree = per_row(text, target, data)
    return Expression(text, tree, names(tree))


def usage() -> str:
    """What may be written, in one sentence."""
    known = ", ".join([*FUNCTIONS, *(d.signature for d in DENSITIES.values())])
    return (
        "numbers, names, + - * / ^, comparisons, parentheses, pi, where(c, a, b), sum(…), "
        f"logsumexp(a, b), helper lines such as mu = a + b*x, {known}, and the densities of SciPy "
        "(norm.logpdf), Stan (normal_lpdf), PyMC and torch by their own names"
    )
