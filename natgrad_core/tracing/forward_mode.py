"""Forward-mode derivatives: numbers that carry their gradient and Hessian along.

A number here is a value with its first and second derivatives by the parameters (truncated Taylor
arithmetic). Its parts may be floats, arrays, tensors or symbols, so that the derivative of a
formula is a formula, and can be traced. A part that is the integer 0 costs nothing. Where only the
gradient is asked for, there are no second derivatives, and they are not computed.
Griewank and Walther 2008, ch. 13.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any

from natgrad_core.tracing import ops
from natgrad_core.tracing.functions import FAR
from natgrad_core.types import Vector


def times(a: Any, b: Any) -> Any:
    """Return the product a b, without an operation if a factor is the integer 0 or 1."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, int):
            if one == 0:
                return 0
            if one == 1:
                return other
    return a * b


class Derivatives:
    """A value, its ``grad`` (d parts) and its ``hessian`` (upper triangle by rows, or nothing)."""

    __slots__ = ("grad", "hessian", "value")
    __array_ufunc__ = None

    def __init__(self, value: Any, grad: Vector, hessian: Vector) -> None:
        self.value, self.grad, self.hessian = value, grad, hessian

    def lift(self, name: str, args: Sequence[Any]) -> Derivatives:
        """Return the function ``name`` of ``tracing.ops``; some arguments are of this class."""
        if name in _UNARY:
            return _unary(args[0], *_UNARY[name](args[0].value))
        if name in _BINARY:
            a, b = (derivatives_of(arg, self) for arg in args)
            return _binary(a, b, *_BINARY[name](a.value, b.value))
        if name == "pow":
            return args[0] ** args[1]
        raise TypeError(f"there is no derivative here of {name}")

    def chosen(self, condition: Any, yes: Any, no: Any) -> Derivatives:
        """``yes`` where the condition holds, else ``no``: derivatives and all."""
        a, b = derivatives_of(yes, self), derivatives_of(no, self)

        def pick(u: Any, v: Any) -> Any:
            return u if u is v else ops.where(condition, u, v)

        return Derivatives(
            pick(a.value, b.value),
            tuple(map(pick, a.grad, b.grad)),
            tuple(map(pick, a.hessian, b.hessian)),
        )

    def __lt__(self, other: Any) -> Any:
        return self.value < (other.value if isinstance(other, Derivatives) else other)

    def __le__(self, other: Any) -> Any:
        return self.value <= (other.value if isinstance(other, Derivatives) else other)

    def __gt__(self, other: Any) -> Any:
        return self.value > (other.value if isinstance(other, Derivatives) else other)

    def __ge__(self, other: Any) -> Any:
        return self.value >= (other.value if isinstance(other, Derivatives) else other)

    def each(self, function: Callable[[Any], Any]) -> Derivatives:
        """Apply a linear ``function`` to the value and to each derivative that is not 0."""

        def of(part: Any) -> Any:
            return part if isinstance(part, int) else function(part)

        return Derivatives(of(self.value), tuple(map(of, self.grad)), tuple(map(of, self.hessian)))

    def __add__(self, other: Any) -> Derivatives:
        o = derivatives_of(other, self)
        return Derivatives(
            self.value + o.value,
            tuple(a + b for a, b in zip(self.grad, o.grad, strict=True)),
            tuple(a + b for a, b in zip(self.hessian, o.hessian, strict=True)),
        )

    def __mul__(self, other: Any) -> Derivatives:
        if not isinstance(other, Derivatives):
            return Derivatives(
                self.value * other,
                tuple(times(g, other) for g in self.grad),
                tuple(times(h, other) for h in self.hessian),
            )
        return _binary(self, other, self.value * other.value, other.value, self.value, 0, 1, 0)

    def __truediv__(self, other: Any) -> Derivatives:
        return self * _reciprocal(other) if isinstance(other, Derivatives) else self * (1 / other)

    def __rtruediv__(self, other: Any) -> Derivatives:
        return _reciprocal(self) * other

    def __pow__(self, power: Any) -> Derivatives:
        if isinstance(power, Derivatives):
            return ops.exp(power * ops.log(self))
        if isinstance(power, int) and power in (0, 1, 2):
            return (self * 0 + 1, self, self * self)[power]
        x, to = self.value, pow if isinstance(power, int) else ops.power
        return _unary(
            self,
            to(x, power),
            power * to(x, power - 1),
            power * (power - 1) * to(x, power - 2),
        )

    def __rpow__(self, base: Any) -> Derivatives:
        return ops.exp(self * ops.log(base))

    def __neg__(self) -> Derivatives:
        return self * -1

    def __sub__(self, other: Any) -> Derivatives:
        return self + -other

    def __rsub__(self, other: Any) -> Derivatives:
        return -self + other

    __radd__ = __add__
    __rmul__ = __mul__

    def __abs__(self) -> Derivatives:
        sign = ops.where(self.value < 0, -1.0, 1.0)
        return self * sign


def derivatives_of(value: Any, like: Derivatives) -> Derivatives:
    """``value`` with its derivatives: those of a constant if it has none."""
    if isinstance(value, Derivatives):
        return value
    return Derivatives(value, (0,) * len(like.grad), (0,) * len(like.hessian))


def variables(point: Vector, second: bool = True) -> tuple[Derivatives, ...]:
    """Return the parameters themselves, with their derivatives.

    Args:
        point: Their values, d parts.
        second: Whether second derivatives are computed of what is made from them.

    Returns:
        One for each parameter.
    """
    d = len(point)
    nothing = (0,) * (d * (d + 1) // 2 if second else 0)
    return tuple(
        Derivatives(v, tuple(int(i == j) for j in range(d)), nothing) for i, v in enumerate(point)
    )


def variables_through(
    function: Callable[..., Vector], point: Vector, second: bool = True
) -> tuple[Derivatives, ...]:
    """Return the results of ``function`` at ``point``, each with its derivatives.

    Args:
        function: Maps d parts to some numbers.
        point: The values of the d parts.
        second: Whether second derivatives are computed.

    Returns:
        One for each number.
    """
    seeds = variables(point, second)
    return tuple(derivatives_of(result, seeds[0]) for result in function(*seeds))


def _pairs(x: Derivatives) -> Iterator[tuple[int, int]]:
    """The indices of the second derivatives that a number carries along."""
    return combinations_with_replacement(range(len(x.grad) if x.hessian else 0), 2)


def _unary(x: Derivatives, value: Any, first: Any, second: Any) -> Derivatives:
    """f(x): f' ∇x, and f' ∇²x + f'' ∇x ∇xᵀ."""
    hessian = tuple(
        times(first, h) + times(second, times(x.grad[i], x.grad[j]))
        for (i, j), h in zip(_pairs(x), x.hessian, strict=True)
    )
    return Derivatives(value, tuple(times(first, g) for g in x.grad), hessian)


def _binary(
    a: Derivatives, b: Derivatives, value: Any, fa: Any, fb: Any, faa: Any, fab: Any, fbb: Any
) -> Derivatives:
    """f(a, b), by its five partial derivatives."""
    hessian: list[Any] = []
    for n, (i, j) in enumerate(_pairs(a)):
        mixed = times(a.grad[i], b.grad[j]) + times(b.grad[i], a.grad[j])
        second = times(fa, a.hessian[n]) + times(fb, b.hessian[n]) + times(fab, mixed)
        second = second + times(faa, times(a.grad[i], a.grad[j]))
        hessian.append(second + times(fbb, times(b.grad[i], b.grad[j])))
    grad = tuple(times(fa, g) + times(fb, h) for g, h in zip(a.grad, b.grad, strict=True))
    return Derivatives(value, grad, tuple(hessian))


def _reciprocal(x: Derivatives) -> Derivatives:
    r = 1 / x.value
    return _unary(x, r, -(r * r), 2 * r * r * r)


def _exp(x: Any) -> tuple[Any, Any, Any]:
    e = ops.exp(x)
    return e, e, e


def _sqrt(x: Any) -> tuple[Any, Any, Any]:
    r = ops.sqrt(x)
    return r, 1 / (2 * r), -1 / (4 * x * r)


def _tanh(x: Any) -> tuple[Any, Any, Any]:
    t = ops.tanh(x)
    return t, 1 - t * t, -2 * t * (1 - t * t)


def _i0e(x: Any) -> tuple[Any, Any, Any]:
    """e⁻ˣI₀ for x > 0: I₀' = I₁ and I₁' = I₀ − I₁/x."""
    zero, one = ops.i0e(x), ops.i1e(x)
    return zero, one - zero, 2 * (zero - one) - one / x


def _i1e(x: Any) -> tuple[Any, Any, Any]:
    zero, one = ops.i0e(x), ops.i1e(x)
    slope = zero - one - one / x
    return one, slope, one - zero - slope - slope / x + one / (x * x)


def _atan2(y: Any, x: Any) -> tuple[Any, ...]:
    r = x * x + y * y
    twist, mixed = 2 * x * y / (r * r), (y * y - x * x) / (r * r)
    return ops.atan2(y, x), x / r, -y / r, -twist, mixed, twist


def _logaddexp(a: Any, b: Any) -> tuple[Any, ...]:
    s, rest = ops.sigmoid(a - b), ops.sigmoid(b - a)
    unsure = s * rest
    return ops.logaddexp(a, b), s, rest, unsure, -unsure, unsure


def _sigmoid(x: Any) -> tuple[Any, Any, Any]:
    s, rest = ops.sigmoid(x), ops.sigmoid(-x)
    return s, s * rest, -(s * rest * ops.tanh(x / 2))


def _log1p(x: Any) -> tuple[Any, Any, Any]:
    slope = 1 / (1 + x)
    return ops.log1p(x), slope, -(slope * slope)


def _expm1(x: Any) -> tuple[Any, Any, Any]:
    e = ops.exp(x)
    return ops.expm1(x), e, e


def _log1pmx(x: Any) -> tuple[Any, Any, Any]:
    slope = 1 / (1 + x)
    return ops.log1pmx(x), -(x * slope), -(slope * slope)


def _stirling_error(x: Any) -> tuple[Any, Any, Any]:
    """By the series' own derivatives where the others cancel."""
    far = x > FAR
    r = 1 / ops.where(far, x, FAR)
    t = r * r
    first, second = ops.digamma(x) - ops.log(x) + 1 / (2 * x), ops.trigamma(x) - 1 / x
    slope = -t * (1 / 12 - t * (1 / 120 - t * (1 / 252 - t * (1 / 240 - t * (1 / 132 - t * (
        691 / 32760 - t / 12))))))  # fmt: skip
    bend = t * r * (1 / 6 - t * (1 / 30 - t * (1 / 42 - t * (1 / 30 - t * (5 / 66 - t * (
        691 / 2730 - t * 7 / 6))))))  # fmt: skip
    return (
        ops.stirling_error(x),
        ops.where(far, slope, first),
        ops.where(far, bend, second - 1 / (2 * x * x)),
    )


def _erf(x: Any) -> tuple[Any, Any, Any]:
    slope = ops.exp(-(x * x)) * (2 / math.sqrt(math.pi))
    return ops.erf(x), slope, -(2 * x * slope)


def _log_ndtr(x: Any) -> tuple[Any, Any, Any]:
    """(log Φ)' = r = φ/Φ, and r' = −r (x + r)."""
    value = ops.log_ndtr(x)
    ratio = ops.exp(-(x * x) / 2 - ops.HALF_LOG_2PI - value)
    return value, ratio, -(ratio * (x + ratio))


_UNARY: dict[str, Callable[[Any], tuple[Any, Any, Any]]] = {
    "exp": _exp,
    "log": lambda x: (ops.log(x), 1 / x, -1 / (x * x)),
    "sqrt": _sqrt,
    "sin": lambda x: (ops.sin(x), ops.cos(x), -ops.sin(x)),
    "cos": lambda x: (ops.cos(x), -ops.sin(x), -ops.cos(x)),
    "tanh": _tanh,
    "sigmoid": _sigmoid,
    "log1p": _log1p,
    "expm1": _expm1,
    "erf": _erf,
    "log1pmx": _log1pmx,
    "log_gap": lambda r: (ops.log_gap(r), 1 / r - 1, -1 / (r * r)),
    "stirling_error": _stirling_error,
    "log_ndtr": _log_ndtr,
    "lgamma": lambda x: (ops.lgamma(x), ops.digamma(x), ops.trigamma(x)),
    "digamma": lambda x: (ops.digamma(x), ops.trigamma(x), ops.tetragamma(x)),
    "trigamma": lambda x: (ops.trigamma(x), ops.tetragamma(x), ops.pentagamma(x)),
    "i0e": _i0e,
    "i1e": _i1e,
}
"""f, f' and f'' at x."""

_BINARY: dict[str, Callable[[Any, Any], tuple[Any, ...]]] = {
    "atan2": _atan2,
    "logaddexp": _logaddexp,
}
"""f and its partial derivatives f_a, f_b, f_aa, f_ab, f_bb."""
