"""The functions that formulas need, on every kind of number they are given.

A formula is written once, on components (μ, σ), with + − × ÷ and these. It then runs on floats,
on NumPy arrays (leading axes), on torch tensors (so that an autodiff reference can differentiate
the very line that draws the picture) and on the symbols of ``natgrad_core.tracing.tape``. torch is
never imported here: a tensor brings its own module along. Branches are ``where``.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

import numpy as np

from natgrad_core.tracing.functions import (
    ARRAY_FUNCTIONS,
    FAR,
    FLOAT_FUNCTIONS,
    LOG_2,
    log1pmx_near,
    stirling_far,
    stirling_near,
    trigamma_of_positive,
)
from natgrad_core.tracing.tape import Sym, call
from natgrad_core.types import Numeric


def is_tensor(value: object) -> bool:
    """Whether ``value`` is a torch tensor."""
    return type(value).__module__.partition(".")[0] == "torch"


def constant(value: Any, like: Numeric) -> Numeric:
    """``value`` (data, never differentiated) as a float array, or a tensor if ``like`` is one."""
    if is_tensor(like):
        return sys.modules["torch"].as_tensor(np.asarray(value), dtype=like.dtype)
    return np.asarray(value, float)


def _apply(
    name: str,
    *before: int,
    torch_name: str | None = None,
    composed: Callable[..., Any] | None = None,
    traced: Callable[..., Any] | None = None,
) -> Callable[..., Numeric]:
    """The function ``name`` of the tracer's tables; in torch ``torch_name(*before, …)``.

    What torch does not have is ``composed`` of what it has; a trace of it is ``traced`` so.
    """
    traced = traced or composed
    of_float, of_array = FLOAT_FUNCTIONS[name], ARRAY_FUNCTIONS[name]

    def function(*args: Numeric) -> Numeric:
        if (forward_mode := next((a for a in args if hasattr(a, "lift")), None)) is not None:
            return forward_mode.lift(name, args)
        if any(isinstance(a, Sym) for a in args):
            return traced(*args) if traced else call(name, *args)
        if any(is_tensor(a) for a in args):
            torch = sys.modules["torch"]
            like = next(a for a in args if is_tensor(a))
            if composed is not None:
                return composed(*args)
            return attrgetter(torch_name or name)(torch)(
                *before,
                *(a if is_tensor(a) else torch.as_tensor(a, dtype=like.dtype) for a in args),
            )
        if all(isinstance(a, float | int) for a in args):
            return of_float(*args)
        return of_array(*args)

    function.__name__ = function.__qualname__ = name
    return function


def _trigamma(x: Any) -> Any:
    positive = x > 0
    below = call("zeta2", where(positive, math.nan, x))
    return where(positive, trigamma_of_positive(where(positive, x, 1.0)), below)


def square(x: Any) -> Any:
    """x², by multiplication: ``x**2`` of a float asks C's ``pow``, whose last bit may differ from
    that of arrays and of the compiled step.
    """
    return x * x


exp = _apply("exp")
log = _apply("log")
sqrt = _apply("sqrt")
tanh = _apply("tanh")
minimum = _apply("minimum")
maximum = _apply("maximum")
sin = _apply("sin")
cos = _apply("cos")
atan2 = _apply("atan2")
power = _apply("pow")
"""x to a power that is not an integer; NaN for x < 0, where ``**`` of floats would be complex."""
lgamma = _apply("lgamma")
digamma = _apply("digamma")
trigamma = _apply("trigamma", 1, torch_name="polygamma", traced=_trigamma)
tetragamma = _apply("tetragamma", 2, torch_name="polygamma")
pentagamma = _apply("pentagamma", 3, torch_name="polygamma")
i0e = _apply("i0e", torch_name="special.i0e")
i1e = _apply("i1e", torch_name="special.i1e")
log1p = _apply("log1p")
expm1 = _apply("expm1")
erf = _apply("erf")
finite = _apply("finite", torch_name="isfinite")
"""Whether it is neither infinite nor NaN."""
log_ndtr = _apply("log_ndtr", torch_name="special.log_ndtr")
"""log Φ(x), the log of the standard normal's distribution function."""


def _log1pmx(x: Any) -> Any:
    near = abs(x) < 0.4
    return where(near, log1pmx_near(where(near, x, 0.0)), log1p(x) - x)


def _log_gap(r: Any) -> Any:
    near = abs(r - 1) < 0.4
    return where(near, log1pmx_near(where(near, r - 1, 0.0)), log(r) - (r - 1))


def _stirling_error(x: Any) -> Any:
    far = x > FAR
    return where(
        far, stirling_far(where(far, x, FAR)), stirling_near(where(far, 1.0, x), lgamma, log)
    )


def _logaddexp(a: Any, b: Any) -> Any:
    high, low = where(a > b, a, b), where(a > b, b, a)
    apart = high + log1p(exp(low - high))
    return where(a <= b, where(a >= b, a + LOG_2, apart), apart)


def _sigmoid(x: Any) -> Any:
    return exp(minimum(x, 0.0)) / (1.0 + exp(-abs(x)))


logaddexp = _apply("logaddexp", traced=_logaddexp)
log1pmx = _apply("log1pmx", composed=_log1pmx)
"""log(1 + x) − x, to the last digits near 0 too."""
log_gap = _apply("log_gap", composed=_log_gap)
"""log r − (r − 1), to the last digits near r = 1 too: −k·log_gap(x/k) is x's deviance from k."""
stirling_error = _apply("stirling_error", composed=_stirling_error)
"""log Γ(x) − (x − ½) log x + x − ½ log 2π, about 1/(12x). Loader 2000, sec. 2."""
sigmoid = _apply("sigmoid", traced=_sigmoid)
"""1/(1 + e^{−x}), to the last digits at both ends."""


def where(condition: Numeric, yes: Numeric, no: Numeric) -> Numeric:
    """``yes`` where the condition holds, else ``no``; derivatives follow the choice."""
    if (forward_mode := next((a for a in (yes, no) if hasattr(a, "lift")), None)) is not None:
        return forward_mode.chosen(condition, yes, no)
    if any(isinstance(a, Sym) for a in (condition, yes, no)):
        return call("where", condition, yes, no)
    if is_tensor(condition):
        return sys.modules["torch"].where(condition, yes, no)
    if isinstance(condition, bool):
        return yes if condition else no
    numbers = isinstance(yes, float | int) and isinstance(no, float | int)
    if numbers and isinstance(condition, np.bool_):  # of a sum over data
        return yes if condition else no
    return cast(Numeric, np.where(condition, yes, no))


def opaque(function: Callable[..., tuple[Any, ...]], count: int, *args: Numeric) -> Any:
    """``function(*args)``, a tuple of ``count`` parts, which the tracer calls but never looks into.

    For what is no straight line of arithmetic: an eigendecomposition, a random draw. The function
    must be pure and take floats and arrays alike.
    """
    if Sym in set(map(type, args)):  # of hundreds of arguments, without a look at each in Python
        parts = call("invoke", function, *args)
        return tuple(call("part", parts, i) for i in range(count))
    return function(*args)


def log1p_exp(x: Numeric) -> Numeric:
    """log(1 + eˣ), without overflow (softplus)."""
    return logaddexp(x, x * 0)


def log_i0(x: Numeric) -> Numeric:
    """The log of I₀(x) for x ≥ 0, without overflow."""
    return log(i0e(x)) + x


def bessel_ratio(x: Numeric) -> Numeric:
    """I₁(x)/I₀(x) for x ≥ 0: the mean resultant length of a von Mises distribution."""
    return i1e(x) / i0e(x)


def bessel_ratio_slope(x: Numeric) -> Numeric:
    """The slope of I₁(x)/I₀(x) for x > 0: 1 − A/x − A², by its series 1/(2x²) + 1/(4x³) + … where
    that cancels.
    """
    ratio = bessel_ratio(x)
    far = x > 300
    r = 1 / where(far, x, 300.0)
    series = (
        r * r * (1 / 2 + r * (1 / 4 + r * (3 / 8 + r * (25 / 32 + r * (65 / 32 + r * 3219 / 512)))))
    )
    return where(far, series, 1 - ratio / x - ratio * ratio)


def total(terms: Any) -> Numeric:
    """The sum of some components (of any kind)."""
    result: Numeric = 0
    for term in terms:
        result = result + term
    return result


HALF_LOG_2PI = math.log(2 * math.pi) / 2
