"""An expression as a tree, and the ways of writing it that keep its digits.

What people write loses digits at the ends: 1/(1 + exp(−x)) inside a logarithm, log(1 − p) of a tiny
p. ``called`` builds the node that has the same value and keeps them; nothing else changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 200
"""How deep an expression may be nested."""


@dataclass(frozen=True, eq=False, slots=True)
class Node:
    """A number, a name or a function of nodes; ``at`` is its place in what was typed."""

    kind: str
    """"number", "name" or "call"."""
    what: Any
    """The number, the name, or the name of the function."""
    args: tuple[Node, ...] = ()
    at: int = 0
    depth: int = 1

    def is_number(self, value: float) -> bool:
        """Whether it is this number."""
        return self.kind == "number" and self.what == value

    def is_call(self, name: str, count: int | None = None) -> bool:
        """Whether it is this function (of so many arguments)."""
        of_it = self.kind == "call" and self.what == name
        return of_it and (count is None or len(self.args) == count)


def number(value: float, at: int = 0) -> Node:
    """The number as a node."""
    return Node("number", float(value), (), at)


def call(name: str, *args: Node, at: int = 0) -> Node:
    """Return the function of these nodes, without simplification."""
    return Node("call", name, args, at, 1 + max((a.depth for a in args), default=0))


def called(name: str, *args: Node, at: int = 0) -> Node:
    """The function of these nodes, in a way that keeps its digits."""
    rewrite = _REWRITES.get(name)
    better = rewrite(at, *args) if rewrite else None
    return call(name, *args, at=at) if better is None else better


def names(root: Node) -> frozenset[str]:
    """The names in it."""
    found: set[str] = set()
    rebuilt(root, lambda node: found.add(node.what) if node.kind == "name" else None)
    return frozenset(found)


def rebuilt(root: Node, replace: Callable[[Node], Node | None]) -> Node:
    """The tree with each node exchanged for what ``replace`` makes of it, where it makes something.

    From the leaves up; a node that occurs in many places is visited once.
    """
    done: dict[int, Node] = {}

    def of(node: Node) -> Node:
        if id(node) not in done:
            args = tuple(map(of, node.args))
            same = all(a is b for a, b in zip(args, node.args, strict=True))
            here = node if same else called(node.what, *args, at=node.at)
            done[id(node)] = replace(here) or here
        return done[id(node)]

    return of(root)


def substituted(root: Node, values: Mapping[str, Node]) -> Node:
    """The tree with these names replaced."""
    return rebuilt(root, lambda node: values.get(node.what) if node.kind == "name" else None)


def _same(a: Node, b: Node) -> bool:
    if a is b:
        return True
    if (a.kind, a.what, len(a.args)) != (b.kind, b.what, len(b.args)):
        return False
    return all(_same(x, y) for x, y in zip(a.args, b.args, strict=True))


def _complement(node: Node) -> Node | None:
    """1 − node, where that is better said another way: 1 − σ(u) = σ(−u)."""
    if node.is_call("sigmoid"):
        return call("sigmoid", called("neg", node.args[0]), at=node.at)
    if node.is_call("normal_cdf"):
        return call("normal_cdf", called("neg", node.args[0]), at=node.at)
    return None


def _minus(at: int, a: Node, b: Node) -> Node | None:
    if b.is_number(0):
        return a
    return _complement(b) if a.is_number(1) else None


def _negated(at: int, a: Node) -> Node | None:
    if a.kind == "number":
        return number(-a.what, at)
    return a.args[0] if a.is_call("neg") else None


def _plus(at: int, a: Node, b: Node) -> Node | None:
    if a.is_number(0):
        return b
    return a if b.is_number(0) else None


def _times(at: int, a: Node, b: Node) -> Node | None:
    if a.is_number(1):
        return b
    return a if b.is_number(1) else None


def _one_and_exp(node: Node) -> Node | None:
    """The u of 1 + exp(u), either way round."""
    if not node.is_call("+", 2):
        return None
    for one, other in (node.args, node.args[::-1]):
        if one.is_number(1) and other.is_call("exp"):
            return other.args[0]
    return None


def _over(at: int, a: Node, b: Node) -> Node | None:
    if b.is_number(1):
        return a
    if a.is_number(1) and b.is_call("/") and b.args[0].is_number(1):
        return b.args[1]
    u = _one_and_exp(b)
    if u is not None and a.is_number(1):  # 1/(1 + exp(u)) = σ(−u)
        return call("sigmoid", called("neg", u), at=at)
    if u is not None and a.is_call("exp") and _same(a.args[0], u):  # exp(u)/(1 + exp(u))
        return call("sigmoid", u, at=at)
    return None


_LOG_OF: dict[str, Callable[[int, Node], Node]] = {
    "exp": lambda at, u: u,
    "sigmoid": lambda at, u: called("neg", call("softplus", called("neg", u)), at=at),
    "gamma": lambda at, u: call("lgamma", u, at=at),
    "factorial": lambda at, u: call("lgamma", called("+", u, number(1)), at=at),
    "sqrt": lambda at, u: called("*", number(0.5), called("log", u), at=at),
    "normal_cdf": lambda at, u: call("log_ndtr", u, at=at),
}


def _log(at: int, a: Node) -> Node | None:
    if a.kind == "call" and a.what in _LOG_OF:
        return _LOG_OF[a.what](at, a.args[0])
    u = _one_and_exp(a)
    if u is not None:
        return call("softplus", u, at=at)
    if a.is_call("-", 2) and a.args[0].is_number(1):
        return called("log1p", called("neg", a.args[1]), at=at)
    terms = [_weight_and_exponent(t) for t in _sum_terms(a)]
    if all(exponent is None for _, exponent in terms):
        return None
    if len(terms) == 1:
        weight, exponent = terms[0]
        assert exponent is not None
        return exponent if weight.is_number(1) else called("+", called("log", weight), exponent)
    parts = [part for weight, exponent in terms for part in (weight, exponent or number(0))]
    return call("log_of_mixture", *parts, at=at)


def _weight_and_exponent(node: Node) -> tuple[Node, Node | None]:
    """W and u with node = w eᵘ; no u where it contains no exponential."""
    if node.is_call("exp"):
        return number(1), node.args[0]
    if node.is_call("*") or node.is_call("/"):
        (w, u), (v, t) = map(_weight_and_exponent, node.args)
        if u is not None or t is not None:
            sign = "+" if node.what == "*" else "-"
            t = number(0) if t is None else t
            exponent = called("neg", t) if u is None and sign == "-" else t
            return called(node.what, w, v), exponent if u is None else called(sign, u, t)
    return node, None


def _sum_terms(node: Node) -> list[Node]:
    if not node.is_call("+", 2):
        return [node]
    return [*_sum_terms(node.args[0]), *_sum_terms(node.args[1])]


def _log1p(at: int, a: Node) -> Node | None:
    if a.is_call("exp"):
        return call("softplus", a.args[0], at=at)
    if a.is_call("neg"):
        inner = a.args[0]
        if inner.is_call("exp"):
            return call("log1mexp", inner.args[0], at=at)
        other = _complement(inner)
        if other is not None:
            return called("log", other, at=at)
    return None


def _logit(at: int, a: Node) -> Node | None:
    if a.is_call("sigmoid"):
        return a.args[0]
    if a.kind == "number":
        return None
    return called("-", called("log", a), called("log1p", called("neg", a)), at=at)


_REWRITES: dict[str, Callable[..., Node | None]] = {
    "+": _plus, "-": _minus, "neg": _negated, "*": _times, "/": _over, "log": _log, "log1p": _log1p,
    "logit": _logit,
}  # fmt: skip
