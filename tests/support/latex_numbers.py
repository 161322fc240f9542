"""Numbers that a formula of a text states: ``\\frac12\\cdot 4\\cdot 0.1^2 = 0.02`` is computed.

It reads the arithmetic of LaTeX alone: numbers, letters for numbers, fractions, roots, powers, sums
and products. What has more than this, a matrix or an integral, is not read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

TOKEN = re.compile(
    r"\s+|\\[,;:! ]|\\(?:left|right|quad|qquad)(?![a-z])|(?P<number>\d+(?:\.\d+)?)"
    r"|(?P<command>\\[A-Za-z]+)|(?P<letter>[a-zτασλγμ])|(?P<sign>[-+*/^_(){}|×])|(?P<odd>.)",
    re.S,
)
"""A token of LaTeX; spaces have no name."""

GREEK = {"τ": r"\tau", "α": r"\alpha", "σ": r"\sigma", "λ": r"\lambda", "γ": r"\gamma", "μ": r"\mu"}
NUMBERS = {
    *(rf"\{name}" for name in ("tau", "alpha", "sigma", "lambda", "gamma", "mu", "theta", "eta")),
    *(rf"\{name}" for name in ("epsilon", "varepsilon", "beta", "nu", "rho")),
}
"""The Greek letters that stand for numbers, unless a text uses them for vectors."""

FUNCTIONS = {r"\log": math.log, r"\exp": math.exp, r"\cos": math.cos}
RELATION = re.compile(r"=|\\approx(?![a-z])|\\to(?![a-z])|\\leq?(?![a-z])|\\geq?(?![a-z])|[<>,;:]")


class NotRead(ValueError):
    """A part of a formula that is not arithmetic."""


class Arithmetic:
    """One side of an equation, whose value is computed for given letters."""

    def __init__(self, latex: str, letters: Mapping[str, float]) -> None:
        self.tokens = [
            (str(found.lastgroup), GREEK.get(found[0], found[0]))
            for found in TOKEN.finditer(latex.replace("−", "-"))
            if found.lastgroup
        ]
        self.letters = letters
        self.at = 0

    def value(self) -> float:
        """Its value; NotRead if it is not arithmetic."""
        if not self.tokens:
            raise NotRead("nothing")
        found = self._sum()
        if self.at < len(self.tokens):
            raise NotRead(self.tokens[self.at][1])
        return found

    def _next(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _take(self, wanted: str = "") -> str:
        found = self._next()
        if not found or (wanted and found != wanted):
            raise NotRead(f"{found!r} where {wanted!r} should stand")
        self.at += 1
        return found

    def _sum(self) -> float:
        sign = -1.0 if self._next() == "-" else 1.0
        if self._next() in "+-" and self._next():
            self._take()
        total = sign * self._product()
        while self._next() and self._next() in "+-":
            sign = -1.0 if self._take() == "-" else 1.0
            total += sign * self._product()
        return total

    def _product(self) -> float:
        total = self._power()
        while self._next() and self._next() not in ("+", "-", ")", "}", "|"):
            if self._next() in ("/", r"\cdot", r"\times", "×"):
                divides = self._take() == "/"
                factor = self._power()
                total = total / factor if divides else total * factor
            else:
                total *= self._power()
        return total

    def _power(self) -> float:
        base = self._atom()
        if self._next() == "^":
            self._take()
            base **= self._group()
        return base

    def _group(self) -> float:
        """What stands in braces, or one digit or letter."""
        if self._next() == "{":
            self._take()
            found = self._sum()
            self._take("}")
            return found
        kind, token = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind == "number" and len(token) > 1:  # \frac12 is a half
            self.tokens[self.at : self.at + 1] = [("number", each) for each in token]
        return self._atom()

    def _atom(self) -> float:
        kind, token = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self._take()
        if kind == "number":
            return float(token)
        if token in (r"\frac", r"\dfrac", r"\tfrac"):
            above = self._group()
            return above / self._group()
        if token == r"\sqrt":
            return math.sqrt(self._group())
        if token in FUNCTIONS:
            return FUNCTIONS[token](self._product())
        if token == "(":
            found = self._sum()
            self._take(")")
            return found
        if token == "|":
            found = abs(self._sum())
            self._take("|")
            return found
        if token == "{":
            self.at -= 1
            return self._group()
        if kind == "letter" or token in NUMBERS:
            name = token
            if self._next() == "_":
                self._take()
                name += "_" + self._index()
            if name == "e" and self._next() == "^":
                return math.e
            return self.letters[name]
        raise NotRead(token)

    def _index(self) -> str:
        if self._next() != "{":
            return self._take()
        self._take()
        name = ""
        while self._next() != "}":
            name += self._take()
        self._take()
        return name


def letters_in(latex: str) -> set[str]:
    """The letters for numbers in the side of an equation; NotRead if it is not arithmetic."""

    class Asked(dict[str, float]):
        def __missing__(self, name: str) -> float:
            self[name] = 0.6180339
            return self[name]

    asked = Asked()
    Arithmetic(latex, asked).value()
    return set(asked)


def equations(text: str) -> Iterator[tuple[str, str]]:
    """The neighboring sides of each equation of a text: in its formulas, or of numbers in words."""
    formulas = re.findall(r"\$([^$]*)\$", text)
    words = re.sub(r"\$[^$]*\$", "$", text)
    for formula in [*formulas, *re.findall(r"\d[\d ×+()/]*=[\d ×+()/]*\d", words)]:
        sides = RELATION.split(formula)
        signs = RELATION.findall(formula)
        for left, sign, right in zip(sides[:-1], signs, sides[1:], strict=True):
            if sign in ("=", r"\approx"):
                yield left.strip(), right.strip()


def agree(left: float, right: float, printed: str) -> bool:
    """Whether two numbers are equal up to the digits that the right one is printed with."""
    found = re.fullmatch(r"-?\d+(?:\.(\d+))?", printed.replace("−", "-").strip())
    half = 0.51 * 10.0 ** -len(found[1] or "") if found and found[1] else 1e-9
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=half)
