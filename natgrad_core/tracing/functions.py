"""The functions that formulas and traced lines may call, once for floats and once for arrays."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import numpy as np

from natgrad_core.types import Array


def _logaddexp(a: float, b: float) -> float:
    if a == b:  # infinities too, whose difference is NaN
        return a + LOG_2
    high, low = (a, b) if a > b else (b, a)
    return high + math.log1p(math.exp(low - high))


def _logaddexps(a: Any, b: Any) -> Any:
    high = cast(Array, np.where(a > b, a, b))
    low = cast(Array, np.where(a > b, b, a))
    return cast(Array, np.where(a == b, a + LOG_2, high + np.log1p(np.exp(low - high))))


def _minimum(a: float, b: float) -> float:
    """The smaller of two floats as NumPy has it: NaN if one of them is NaN."""
    return a if a < b or a != a else b


def _maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b


def _sigmoid(x: float) -> float:
    """1/(1 + e^{−x}) to the last digits at both ends: 1 + tanh(x/2) has none left at x = −40."""
    return math.exp(min(x, 0.0)) / (1.0 + math.exp(-abs(x)))


def _sigmoids(x: Any) -> Any:
    x = np.asarray(x, float)
    small = np.exp(-np.abs(x))
    return cast(Array, np.where(x < 0, small, 1.0) / (1.0 + small))


LOG_2 = math.log(2.0)


def _series(x: Any, coefficients: tuple[float, ...]) -> Any:
    """c₀ + c₁x + c₂x² + …, by Horner."""
    result: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        result = c + x * result
    return result


_ODD = tuple(1 / (2 * k + 3) for k in range(12))
"""log(1 + x) = 2 artanh(v) = 2v + 2v³(1/3 + v²/5 + …) with v = x/(2 + x)."""


def log1pmx_near(x: Any) -> Any:
    """log(1 + x) − x for |x| ≤ 0.4: −v(x − 2v²(1/3 + v²/5 + …)) with v = x/(2 + x)."""
    v = x / (2.0 + x)
    return -v * (x - 2.0 * v * v * _series(v * v, _ODD))


def _log1pmx(x: float) -> float:
    return log1pmx_near(x) if abs(x) < 0.4 else math.log1p(x) - x


def _log1pmx_all(x: Any) -> Any:
    x = np.asarray(x, float)
    near = np.abs(x) < 0.4
    near_by: Any = log1pmx_near(np.where(near, x, 0.0))
    return cast(Array, np.where(near, near_by, np.log1p(x) - x))


def _log_gap(r: float) -> float:
    return log1pmx_near(r - 1.0) if abs(r - 1.0) < 0.4 else math.log(r) - (r - 1.0)


def _log_gap_all(r: Any) -> Any:
    r = np.asarray(r, float)
    near = np.abs(r - 1.0) < 0.4
    near_by: Any = log1pmx_near(np.where(near, r - 1.0, 0.0))
    return cast(Array, np.where(near, near_by, np.log(r) - (r - 1.0)))


_STIRLING = (
    1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
)  # fmt: skip
FAR = 12.0
"""From where on Stirling's series is exact to the last digits."""


def stirling_far(x: Any) -> Any:
    """Stirling's error by its series 1/(12x) − 1/(360x³) + …, for x ≥ 12."""
    return _series(1.0 / (x * x), _STIRLING) / x


def stirling_near(x: Any, lgamma: Callable[[Any], Any], log: Callable[[Any], Any]) -> Any:
    """The same by its definition: log Γ(x) − (x − ½) log x + x − ½ log 2π."""
    return lgamma(x) - (x - 0.5) * log(x) + x - 0.5 * math.log(2 * math.pi)


def _stirling(x: float) -> float:
    return stirling_far(x) if x > FAR else stirling_near(x, _SPECIAL["lgamma"][0], math.log)


def _stirling_all(x: Any) -> Any:
    x = np.asarray(x, float)
    far = x > FAR
    near: Any = stirling_near(np.where(far, 1.0, x), _SPECIAL["lgamma"][1], np.log)
    far_off: Any = stirling_far(np.where(far, x, FAR))
    return cast(Array, np.where(far, far_off, near))


ZETA_LEAST = -1000.0
"""Below it the later derivatives of log Γ are not computed: all domains are positive."""


@lru_cache
def _scipy(name: str) -> Callable[..., Any]:
    """A function of scipy.special, imported when first called: most problems need none."""
    return getattr(importlib.import_module("scipy.special"), name)


def _special(name: str, *first: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """``scipy.special.name(*first, x)`` on a float and on arrays."""

    def on_array(x: Any) -> Any:
        return _scipy(name)(*first, x)

    def on_float(x: float) -> float:
        return float(_scipy(name)(*first, x))

    return on_float, on_array


def _above_least(name: str, *first: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The same, and NaN below ``ZETA_LEAST``.

    SciPy adds terms one by one until the argument is positive: at −10⁸ this takes seconds, at −10¹⁵
    more than a year. A run that leaves its domain can get there.
    """
    known_float, known_array = _special(name, *first)

    def on_array(x: Any) -> Any:
        return known_array(np.where(np.asarray(x) > ZETA_LEAST, x, np.nan))

    def on_float(x: float) -> float:
        return known_float(x) if x > ZETA_LEAST else math.nan

    return on_float, on_array


_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
"""B₂, B₄, …, B₁₆."""
SHIFT = 10
"""From x + 10 on these are enough for the last digits."""

_ZETA2 = _above_least("zeta", 2.0)


def trigamma_of_positive(x: Any) -> Any:
    """ψ₁(x) for x > 0: the sum of 1/(x + i)² for i below 10, and from x + 10 on 1/y + 1/(2y²) +
    B₂/y³ + B₄/y⁵ + …. Abramowitz and Stegun 1964, 6.4.6 and 6.4.12.

    SciPy's zeta raises to a power again and again, and takes five times as long.
    """
    total: Any = 0.0
    for i in reversed(range(SHIFT)):
        part = 1.0 / (x + float(i))
        total = total + part * part
    part = 1.0 / (x + float(SHIFT))
    rest = part * (1.0 + part * (0.5 + part * _series(part * part, _BERNOULLI)))
    return total + rest


def _trigamma(x: float) -> float:
    return trigamma_of_positive(x) if x > 0 else _ZETA2[0](x)


def _trigamma_all(x: Any) -> Any:
    x = np.asarray(x, float)
    positive = x > 0
    with np.errstate(over="ignore"):  # ψ₁ of 1e-200 is larger than all numbers
        found: Any = trigamma_of_positive(np.where(positive, x, 1.0))
    if positive.all():
        return found
    return cast(Array, np.where(positive, found, _ZETA2[1](np.where(positive, np.nan, x))))


_SPECIAL = {
    "lgamma": _special("gammaln"),
    "digamma": _special("psi"),
    "trigamma": (_trigamma, _trigamma_all),
    "zeta2": _ZETA2,
    "i0e": _special("i0e"),
    "tetragamma": _above_least("polygamma", 2),
    "pentagamma": _above_least("polygamma", 3),
    "i1e": _special("i1e"),
    "log_ndtr": _special("log_ndtr"),
    "erf": _special("erf"),
}
"""log Γ, its first four derivatives (ψ₁ is ζ(2, x) too), e⁻ˣI₀, e⁻ˣI₁, log Φ and erf."""


def _invoke(function: Callable[..., tuple[Any, ...]], *args: Any) -> tuple[Any, ...]:
    return function(*args)


def _part(parts: tuple[Any, ...], index: int) -> Any:
    return parts[index]


def _column(x: Any) -> Array:
    return np.asarray(x)[..., None]


def _row_sum(x: Any) -> Any:
    return np.sum(x, -1)


FLOAT_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "sin": math.sin,
    "cos": math.cos,
    "atan2": math.atan2,
    "pow": math.pow,
    "tanh": math.tanh,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "sigmoid": _sigmoid,
    "minimum": _minimum,
    "maximum": _maximum,
    "abs": abs,
    "finite": math.isfinite,
    "logaddexp": _logaddexp,
    "log1pmx": _log1pmx,
    "log_gap": _log_gap,
    "stirling_error": _stirling,
    "invoke": _invoke,
    "part": _part,
    **{name: on_float for name, (on_float, _) in _SPECIAL.items()},
}
"""The functions that a traced line may call, on floats."""

ARRAY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "atan2": np.arctan2,
    "pow": np.power,
    "tanh": np.tanh,
    "log1p": np.log1p,
    "expm1": np.expm1,
    "sigmoid": _sigmoids,
    "minimum": np.minimum,
    "maximum": np.maximum,
    "abs": np.abs,
    "finite": np.isfinite,
    "logaddexp": _logaddexps,
    "log1pmx": _log1pmx_all,
    "log_gap": _log_gap_all,
    "stirling_error": _stirling_all,
    "where": np.where,
    "column": _column,
    "row_sum": _row_sum,
    "invoke": _invoke,
    "part": _part,
    **{name: on_array for name, (_, on_array) in _SPECIAL.items()},
}
"""The same functions, on arrays."""
