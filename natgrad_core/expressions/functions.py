"""The functions of the language, on floats, arrays, tensors, derivatives and symbols alike.

A condition is a number: 1 where it holds, 0 where not, so that it can be multiplied too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from natgrad_core.families.counts import log_binomial
from natgrad_core.tracing import ops
from natgrad_core.tracing.forward_mode import Derivatives
from natgrad_core.tracing.ops import (
    atan2,
    cos,
    erf,
    exp,
    lgamma,
    log,
    log1p,
    log_ndtr,
    sin,
    sqrt,
    tanh,
)


def where(condition: Any, yes: Any, no: Any) -> Any:
    """``yes`` where the condition holds, else ``no``."""
    return ops.where(_value(condition) > 0.5, yes, no)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Derivatives) else x


def _one(condition: Any) -> Any:
    return ops.where(condition, 1.0, 0.0)


def _less(a: Any, b: Any) -> Any:
    return _one(_value(a) < _value(b))


def _at_most(a: Any, b: Any) -> Any:
    return _one(_value(a) <= _value(b))


def _equal(a: Any, b: Any) -> Any:
    return _at_most(a, b) * _at_most(b, a)


def larger(a: Any, b: Any) -> Any:
    """The larger of two."""
    return where(_at_most(b, a), a, b)


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two."""
    return where(_at_most(a, b), a, b)


def _of_many(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def of(*values: Any) -> Any:
        result = values[0]
        for value in values[1:]:
            result = function(result, value)
        return result

    return of


def power(base: Any, exponent: Any) -> Any:
    """The power; of a whole number of up to 16 also where the base is negative."""
    if isinstance(exponent, float | int) and exponent == 2:
        return ops.square(base)
    if isinstance(exponent, float) and exponent.is_integer() and abs(exponent) <= 16:
        return base ** int(exponent)
    if isinstance(base, Derivatives) or isinstance(exponent, Derivatives):
        return base**exponent
    return ops.power(base, exponent)


def log_of_mixture(*parts: Any) -> Any:
    """Log Σ w eᵘ of weights w and exponents u by turns: m + log Σ w e^{u − m}, m the largest u."""
    weights, exponents = parts[::2], parts[1::2]
    top = larger(_of_many(larger)(*map(_value, exponents)), -1e300)  # at −∞ too: log 0, no NaN
    return top + log(ops.total(w * exp(u - top) for w, u in zip(weights, exponents, strict=True)))


def logsumexp(*exponents: Any) -> Any:
    """Log Σ eᵘ."""
    return log_of_mixture(*(part for u in exponents for part in (1.0, u)))


def _log1mexp(u: Any) -> Any:
    """log(1 − eᵘ) for u < 0, by Mächler 2012, eq. 7."""
    near = larger(u, -math.log(2))
    return where(
        _less(-math.log(2), u), log(-ops.expm1(near)), log1p(-exp(smaller(u, -math.log(2))))
    )


def _xlogy(x: Any, y: Any) -> Any:
    """X log y, and 0 for x = 0 whatever y is."""
    nothing = _equal(x, 0.0)
    return where(nothing, 0.0 * x, x * log(where(nothing, 1.0 + 0.0 * x, y)))


def _lbeta(a: Any, b: Any) -> Any:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def _lchoose(n: Any, k: Any) -> Any:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _sign(x: Any) -> Any:
    return _less(0.0, x) - _less(x, 0.0)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "abs": abs,
    "sin": sin,
    "cos": cos,
    "tan": lambda x: sin(x) / cos(x),
    "tanh": tanh,
    "sinh": lambda x: (ops.expm1(x) - ops.expm1(-x)) / 2,
    "cosh": lambda x: (exp(x) + exp(-x)) / 2,
    "atan": lambda x: atan2(x, 1.0 + 0.0 * x),
    "log1p": log1p,
    "expm1": ops.expm1,
    "log2": lambda x: log(x) / math.log(2),
    "log10": lambda x: log(x) / math.log(10),
    "sigmoid": ops.sigmoid,
    "softplus": ops.log1p_exp,
    "logit": lambda p: log(p) - log1p(-p),
    "erf": erf,
    "erfc": lambda x: 2 * exp(log_ndtr(-math.sqrt(2) * x)),
    "normal_cdf": lambda x: exp(log_ndtr(x)),
    "log_ndtr": log_ndtr,
    "lgamma": lgamma,
    "gamma": lambda x: exp(lgamma(x)),
    "digamma": ops.digamma,
    "log_i0": ops.log_i0,
    "log_i0e": lambda x: log(ops.i0e(x)),
    "factorial": lambda x: exp(lgamma(x + 1)),
    "square": lambda x: x * x,
    "relu": lambda x: larger(x, 0.0 * x),
    "sign": _sign,
    "log1mexp": _log1mexp,
    "not": lambda a: 1.0 - _one(_value(a) > 0.5),
    "neg": lambda a: -a,
}
"""Functions of one argument."""


def _quotient(a: Any, b: Any) -> Any:
    """a / b, infinite or not a number where b = 0, as arrays have it; of floats Python raises."""
    if isinstance(b, float | int) and b == 0:
        return a * math.copysign(math.inf, b)
    return a / b


Several: TypeAlias = (
    Callable[[Any], Any]
    | Callable[[Any, Any], Any]
    | Callable[[Any, Any, Any], Any]
    | Callable[[Any, Any, Any, Any], Any]
)

SEVERAL: dict[str, tuple[Several, int, int]] = {
    "+": (lambda a, b: a + b, 2, 2),
    "-": (lambda a, b: a - b, 2, 2),
    "*": (lambda a, b: a * b, 2, 2),
    "/": (_quotient, 2, 2),
    "^": (power, 2, 2),
    "<": (_less, 2, 2),
    "<=": (_at_most, 2, 2),
    ">": (lambda a, b: _less(b, a), 2, 2),
    ">=": (lambda a, b: _at_most(b, a), 2, 2),
    "==": (_equal, 2, 2),
    "!=": (lambda a, b: 1.0 - _equal(a, b), 2, 2),
    "and": (lambda a, b: a * b, 2, 2),
    "or": (larger, 2, 2),
    "where": (where, 3, 3),
    "min": (_of_many(smaller), 1, 99),
    "max": (_of_many(larger), 1, 99),
    "clip": (lambda x, low, high: smaller(larger(x, low), high), 3, 3),
    "logsumexp": (logsumexp, 1, 99),
    "log_of_mixture": (log_of_mixture, 2, 198),
    "xlogy": (_xlogy, 2, 2),
    "xlog1py": (lambda x, y: _xlogy(x, 1 + y), 2, 2),
    "lbeta": (_lbeta, 2, 2),
    "log_binomial": (log_binomial, 4, 4),
    "lchoose": (_lchoose, 2, 2),
    "atan2": (atan2, 2, 2),
    "hypot": (lambda a, b: sqrt(a * a + b * b), 2, 2),
    "log_mix": (lambda w, a, b: log_of_mixture(w, a, 1 - w, b), 3, 3),
    "inv": (lambda a: _quotient(1.0, a), 1, 1),
    "fma": (lambda a, b, c: a * b + c, 3, 3),
    "log_diff_exp": (lambda a, b: a + _log1mexp(b - a), 2, 2),
}
"""Functions of several: what computes them, and from how many arguments to how many."""

ALIASES = {
    "ln": "log", "loge": "log", "arctan": "atan", "arctan2": "atan2", "fabs": "abs",
    "absolute": "abs", "expit": "sigmoid", "inv_logit": "sigmoid", "logistic": "sigmoid",
    "invlogit": "sigmoid", "plogis": "sigmoid", "qlogis": "logit", "log1p_exp": "softplus",
    "log1pexp": "softplus", "gammaln": "lgamma", "loggamma": "lgamma", "lngamma": "lgamma",
    "log_gamma": "lgamma", "psi": "digamma", "betaln": "lbeta", "log_beta": "lbeta",
    "binomial_coefficient_log": "lchoose", "minimum": "min", "maximum": "max", "fmin": "min",
    "fmax": "max", "pmin": "min", "pmax": "max", "clamp": "clip", "power": "^", "pow": "^",
    "float_power": "^", "logaddexp": "logsumexp", "log_sum_exp": "logsumexp", "ifelse": "where",
    "if_else": "where", "switch": "where", "Phi": "normal_cdf", "ndtr": "normal_cdf",
    "lmultiply": "xlogy", "multiply_log": "xlogy", "sgn": "sign",
    "reciprocal": "inv", "negative": "neg", "add": "+", "subtract": "-", "sub": "-",
    "multiply": "*", "mul": "*", "divide": "/", "true_divide": "/", "div": "/",
    "dot": "*", "inner": "*", "matmul": "*", "frac": "/",
    "log1m_exp": "log1mexp", "logical_and": "and", "logical_or": "or",
    "logical_not": "not", "lfactorial": "lgamma1", "log_factorial": "lgamma1",
    "arcsinh": "asinh", "Φ": "normal_cdf", "Γ": "gamma", "I0": "i0", "I_0": "i0",
    "bessel_i0": "i0", "bessel_i0e": "i0e",
}  # fmt: skip
"""Other names for them: NumPy's, SciPy's, torch's, Stan's, R's."""

WRITTEN = {
    "log1m": ("x", "log(1 - x)"),
    "lgamma1": ("x", "lgamma(x + 1)"),
    "log1m_inv_logit": ("x", "-softplus(x)"),
    "log_inv_logit": ("x", "-softplus(-x)"),
    "logsigmoid": ("x", "-softplus(-x)"),
    "log_sigmoid": ("x", "-softplus(-x)"),
    "log_expit": ("x", "-softplus(-x)"),
    "inv_sqrt": ("x", "1/sqrt(x)"),
    "rsqrt": ("x", "1/sqrt(x)"),
    "inv_square": ("x", "1/x^2"),
    "inv_cloglog": ("x", "1 - exp(-exp(x))"),
    "cloglog": ("x", "log(-log(1 - x))"),
    "cbrt": ("x", "sign(x)*abs(x)^(1/3)"),
    "exp2": ("x", "exp(x*log(2))"),
    "asinh": ("x", "sign(x)*log(abs(x) + sqrt(x^2 + 1))"),
    "acosh": ("x", "log(x + sqrt(x^2 - 1))"),
    "atanh": ("x", "(log1p(x) - log1p(-x))/2"),
    "asin": ("x", "atan2(x, sqrt(1 - x^2))"),
    "arcsin": ("x", "atan2(x, sqrt(1 - x^2))"),
    "acos": ("x", "atan2(sqrt(1 - x^2), x)"),
    "arccos": ("x", "atan2(sqrt(1 - x^2), x)"),
    "sec": ("x", "1/cos(x)"),
    "csc": ("x", "1/sin(x)"),
    "cot": ("x", "cos(x)/sin(x)"),
    "sech": ("x", "1/cosh(x)"),
    "logcosh": ("x", "softplus(2*x) - x - log(2)"),
    "squareplus": ("x", "(x + sqrt(x^2 + 4))/2"),
    "beta": ("a, b", "exp(lbeta(a, b))"),
    "comb": ("n, k", "exp(lchoose(n, k))"),
    "choose": ("n, k", "exp(lchoose(n, k))"),
    "binom": ("n, k", "exp(lchoose(n, k))"),
    "nCr": ("n, k", "exp(lchoose(n, k))"),
    "step": ("x", "x >= 0"),
    "heaviside": ("x, half", "where(x == 0, half, x > 0)"),
    "i0": ("x", "exp(log_i0(x))"),
    "i0e": ("x", "exp(log_i0e(x))"),
    "Phi_approx": ("x", "sigmoid(0.07056*x^3 + 1.5976*x)"),
    "squared_distance": ("a, b", "(a - b)^2"),
    "binary_cross_entropy_with_logits": ("s, y", "softplus(s) - y*s"),
    "gelu": ("x", "x*normal_cdf(x)"),
    "silu": ("x", "x*sigmoid(x)"),
}
"""Functions that the language itself can say: their arguments, and how."""
