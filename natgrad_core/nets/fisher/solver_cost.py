"""What an exact solve costs, known before it is begun: seconds to choose by, bytes to refuse by.

With N examples, K directions and p parameters, R = S J has N K rows and p columns. The rates are
those of one core of the kind of machine this was written on; they only have to rank the methods,
and benchmarks/nets.py holds the ranking against the clock.
"""

from __future__ import annotations

from dataclasses import dataclass

from natgrad_core.nets.dense_fisher import is_all_linear
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.layers.linear_and_conv import Conv2d, Linear
from natgrad_core.nets.runtime.memory_limit import allowed, must_hold

METHODS = ("rows", "gram", "contracted", "cg")

FLOPS, ELEMENTS, CALL = 60e9, 0.6e9, 8e-6
"""One core, float32: flops a second, numbers read or written a second, seconds a torch call."""


@dataclass(frozen=True)
class Cost:
    """What a method is expected to take here."""

    seconds: float
    bytes: int


@dataclass(frozen=True)
class _Sizes:
    """N, K, p, bytes a number, layers in all, and (in + bias, out) of each Linear layer."""

    n: int
    k: int
    p: int
    item: int
    depth: int
    widths: tuple[tuple[int, int], ...]
    linear: bool
    products: float
    preconditions: bool

    @property
    def rows(self) -> int:
        """N K."""
        return self.n * self.k

    @property
    def outputs(self) -> int:
        """The outputs of all layers together."""
        return sum(out for _, out in self.widths)

    def cost(self, flops: float, touched: float, calls: float, numbers: float) -> Cost:
        """Seconds and bytes; the K backward passes that all methods need are added."""
        flops, touched = flops + 2 * self.rows * self.p, touched + self.rows * self.outputs
        slow = 1 if self.item == 4 else 2
        seconds = slow * (flops / FLOPS + touched / ELEMENTS) + calls * CALL
        return Cost(seconds, int(numbers * self.item))


LOOSE = 1e-3
"""Conjugate gradients that stop above this want a good first guess more than cheap products."""


def _relative(fisher: FisherAt, damping: float) -> float:
    """λ/tr M, M the outputs' own metric, averaged."""
    at = fisher.at
    return damping / max(float(at.problem.likelihood.average(at.mean).trace()), 1e-30)


def products(fisher: FisherAt, damping: float) -> float:
    """Return about how many products conjugate gradients take to 1e-5: 5 (λ/tr M)^−0.42.

    The power and the factor were measured on the data sets and nets here (14 at λ = tr M/10, 90 at
    tr M/1000), and hold within a factor of two, with K-FAC as preconditioner or without.

    Args:
        fisher: F at a point.
        damping: λ.

    Returns:
        The number.
    """
    found = 5 * (_relative(fisher, damping) + 1e-12) ** -0.42
    return min(max(found, 2.0), 10.0 * len(fisher.at.theta))


def preconditions(fisher: FisherAt, damping: float, tolerance: float = 1e-5) -> bool:
    """Return whether K-FAC pays as preconditioner of conjugate gradients.

    It knows the large eigenvalues roughly. So it saves most of the first few products, which is all
    that a loose solve takes (4 for 10 to 0.1, at λ = tr M/100), and none of the last ones until λ
    is far below them (60 for 100 to 1e-5, at tr M/30000): measured on the nets here.

    Args:
        fisher: F at a point.
        damping: λ.
        tolerance: The relative residual at which they stop.

    Returns:
        Whether it does.
    """
    net = fisher.at.problem.net
    factored = all(isinstance(net.layers[i], Linear | Conv2d) for i in net.parametric)
    pays = 0.3 if tolerance > LOOSE else 1e-3
    return factored and damping > 0 and _relative(fisher, damping) < pays


def _sizes(fisher: FisherAt, damping: float) -> _Sizes:
    net = fisher.at.problem.net
    linear = is_all_linear(net)
    layers = (net.layers[i] for i in net.parametric)
    widths = tuple((x.inputs + x.bias, x.outputs) for x in layers if isinstance(x, Linear))
    n, item = len(fisher.at.tape), fisher.at.theta.element_size()
    return _Sizes(
        n,
        fisher.directions,
        net.size,
        item,
        len(net.layers),
        widths,
        linear,
        products(fisher, damping),
        preconditions(fisher, damping),
    )


def _rows(s: _Sizes) -> Cost:
    return s.cost(
        flops=2 * s.rows * s.p**2 + s.p**3 / 3,
        touched=s.rows * s.p,
        calls=12 * s.depth,
        numbers=s.rows * s.p + 2 * s.p**2,
    )


def _gram(s: _Sizes) -> Cost:
    by_layer = sum(2 * s.n**2 * i + 2 * s.rows**2 * out for i, out in s.widths)
    return s.cost(
        flops=(by_layer if s.linear else 2 * s.rows**2 * s.p) + s.rows**3 / 3,
        touched=2 * s.rows**2 * len(s.widths),
        calls=12 * s.depth,
        numbers=3 * s.rows**2 + (0 if s.linear else s.rows * s.p),
    )


def _contracted(s: _Sizes) -> Cost:
    own = [(out * (out + 1) / 2, i * (i + 1) / 2) for i, out in s.widths]
    crossed = [(a * b, i * j) for k, (i, a) in enumerate(s.widths) for j, b in s.widths[:k]]
    pairs = own + crossed
    largest = s.n * max(a + b for a, b in pairs) + 2 * max(a * b for a, b in pairs)
    return s.cost(
        flops=sum(2 * s.n * a * b for a, b in pairs) + s.p**3 / 3,
        touched=2 * sum(s.n * (a + b) for a, b in pairs) + 3 * s.p**2,
        calls=12 * s.depth + 30 * len(pairs),
        numbers=2 * s.p**2 + largest,
    )


def _cg(s: _Sizes) -> Cost:
    eigen = 20 * sum(i**3 + out**3 for i, out in s.widths)
    return s.cost(
        flops=s.products * 6 * s.n * s.p + s.preconditions * eigen,
        touched=s.products * 2 * s.n * s.outputs,
        calls=(s.products + 3) * 14 * s.depth,
        numbers=4 * s.n * (s.outputs + 1) + s.rows * s.outputs + 10 * s.p,
    )


def costs(fisher: FisherAt, damping: float = 1e-3) -> dict[str, Cost]:
    """Return expected seconds and bytes of each method that can be used at all.

    Args:
        fisher: F at a point.
        damping: λ.

    Returns:
        The costs by method.
    """
    s = _sizes(fisher, damping)
    found = {"rows": _rows(s), "gram": _gram(s), "cg": _cg(s)}
    return {**found, "contracted": _contracted(s)} if s.linear else found


def choose(fisher: FisherAt, damping: float = 1e-3, limit: int | None = None) -> str:
    """Return the method expected to be fastest among those that fit into memory.

    Args:
        fisher: F at a point.
        damping: λ.
        limit: Bytes; None: half of what is free.

    Returns:
        Its name.
    """
    most = allowed(limit, fisher.at.theta.device)
    fitting = {m: c for m, c in costs(fisher, damping).items() if c.bytes <= most}
    if not fitting:
        must_fit(fisher, "cg", most)
    return min(fitting, key=lambda m: fitting[m].seconds)


def must_fit(fisher: FisherAt, method: str, limit: int | None = None) -> None:
    """Check that a method fits into memory.

    Args:
        fisher: F at a point.
        method: The method.
        limit: Bytes; None: half of what is free.

    Raises:
        TypeError: If it cannot be used here.
        TooLargeError: If it would need more than the limit.
    """
    known = costs(fisher)
    if method not in known:
        raise TypeError(
            f"{method!r} needs a net of Linear layers only; take 'rows', 'gram' or 'cg'"
        )
    must_hold(
        f"the exact solve by {method!r} for p = {fisher.at.problem.dim} parameters, N = "
        f"{len(fisher.at.problem)} examples and K = {fisher.directions} directions",
        known[method].bytes,
        "fewer examples at a time" if method == "cg" else "method='cg', or K-FAC",
        fisher.at.theta.device,
        limit,
    )
