"""Which letters a text says, written as such or in LaTeX, and which ones a formula has."""

from __future__ import annotations

import re

GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "varepsilon",
    "η": "eta",
    "θ": "theta",
    "κ": "kappa",
    "λ": "lambda",
    "μ": "mu",
    "σ": "sigma",
    "φ": "varphi",
    "Δ": "Delta",
    "Σ": "Sigma",
}
"""Greek letters and their names in LaTeX."""

_NAMES = {name: letter for letter, name in GREEK.items()}
_ASIDE = re.compile(
    r"@[^@]*@|\\(?:mathrm|operatorname|begin|end)\s*\{[^}]*\}|(?<![A-Za-z\\])d(?=[xy]\b)"
)
"""Live numbers, names of functions, and the d of an integral."""

_WORDS = re.compile(r"\\text\s*\{([^}]*)\}")
_LETTER = re.compile(r"(?:\\([A-Za-z]+)|(Df|[A-Za-z]))(_n\b)?")


def says(letter: str, text: str) -> bool:
    """Whether a text says a letter that stands alone, or with an index."""
    latex = rf"|\\{GREEK[letter]}(?![a-z])" if letter in GREEK else ""
    return bool(re.search(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z]){latex}", text))


def letters(latex: str) -> set[str]:
    """The letters of a formula, without their indices but one: ``J_n``, of the n-th example, is
    another quantity than J, and is given as "Jₙ".
    """
    latex = re.sub(
        r"_(?!n\b)(?:\{[^{}]*\}|\\?[A-Za-z0-9]+)", " ", _ASIDE.sub(" ", _WORDS.sub(" ", latex))
    )
    found = set[str]()
    for name, letter, n in _LETTER.findall(latex):
        found.add(str(_NAMES.get(name, letter)) + "ₙ" * bool(n))
    return {letter for letter in found if letter.strip("ₙ")}
