"""A problem: a loss on a space of parameters and, where it has one, a probability model.

The loss is the mean negative log-likelihood −log p(data | θ), per example. The Fisher matrix and
the KL divergence come from the model alone, so they do not depend on the coordinates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np

from natgrad_core.core.chart import Chart
from natgrad_core.core.evaluation import At
from natgrad_core.core.notebook_view import mime_bundle
from natgrad_core.core.numbers import Numbered
from natgrad_core.core.provenance import Call, remember
from natgrad_core.errors import NoProbabilityModel, OutsideDomain, not_a
from natgrad_core.linalg.small_matrices import components, full
from natgrad_core.tracing.ops import constant, is_tensor
from natgrad_core.tracing.row_sums import Rows
from natgrad_core.types import Array, ArrayLike, Bools, Matrix, Numeric, Vector

if TYPE_CHECKING:
    from natgrad_core.core.charted import Charted
    from natgrad_core.core.restricted import Restricted

Support: TypeAlias = tuple[float, float] | range
"""What one outcome can be: an interval for a density, a range of whole numbers for masses."""


@dataclass(frozen=True)
class Preset:
    """A named way to set a problem up: its constructor's options, and where a run starts."""

    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    start: tuple[float, ...] | None = None


EVERYWHERE = "all real parameters"
"""The domain of a problem without an edge."""
_TRIED = 1 << 20
"""So many points at most are drawn in search of some in a domain."""


class Problem(Numbered):
    """A loss, its derivatives and its model, on points ``theta`` of shape ``[..., d]``.

    A subclass states its formulas on components, ``_grad(self, mu, sigma)``: tuples for vectors,
    ``symmetric(...)`` for matrices, so that one formula serves floats, arrays, tensors and symbols.
    The public methods take arrays, check them, and keep their leading axes. A number that a slider
    drags it names in ``varying``, so that its steps are not traced again at each value.
    """

    name: str = ""
    title: ClassVar[str] = ""
    symbols: tuple[str, ...] = ("θ₁", "θ₂")
    latex: str = ""
    source: ClassVar[str] = ""
    domain: str = EVERYWHERE
    outside: ClassVar[tuple[float, ...] | None] = None
    """A point that the domain does not hold, of a problem that has one."""
    view: tuple[tuple[float, float], ...] = ((-1.0, 1.0), (-1.0, 1.0))
    start: tuple[float, ...] = (0.0, 0.0)
    presets: ClassVar[Mapping[str, Preset]] = {}
    singular: ClassVar[bool] = False
    """Whether the Fisher matrix has no inverse where the runs start."""
    kinks: ClassVar[bool] = False
    """Whether J has kinks, across which its gradient jumps."""
    exponential: ClassVar[bool] = False
    """Whether log p = η(θ)·T − A(η) + h, so that the Fisher matrix is also Gauss and Newton's."""

    rows: Rows = Rows()
    """The data over which the loss is a mean: weights (their sum is 1), covariates, outcomes. Empty
    if the loss is not a mean over data."""
    outcomes: int = 1
    """How many numbers one outcome has: the last columns of ``rows``."""
    support: Support | None = None
    """What each number of an outcome can be; None without a probability model."""
    measured: tuple[str, ...] = ()
    """What the published data measure, with units: the covariate, if there is one, and the
    outcome. Empty for data of one's own."""
    size: float | None = None
    """How many observations the data are, the sum of their weights; None: one a row."""

    @property
    def dim(self) -> int:
        """d, the number of parameters."""
        return len(self.symbols)

    def inside(self, theta: Array) -> Bools:
        """Return whether θ is in the domain.

        Args:
            theta: The points, ``[..., d]``.

        Returns:
            Truth values, ``[...]``.
        """
        good = np.isfinite(theta).all(-1)
        points = theta if theta.ndim > 1 else theta[None]  # arrays answer where floats raise
        with np.errstate(all="ignore"):
            for condition in self._inside(*components(points)):
                good = good & condition
        return np.reshape(good, theta.shape[:-1])

    def _inside(self, *theta: Any, **named: Any) -> Vector:
        """The conditions that the components of a finite point in the domain meet."""
        return ()

    def check(self, theta: ArrayLike) -> Numeric:
        """``theta`` as a float array ``[..., d]`` inside the domain, or an error.

        A torch tensor passes unchecked: it comes from an autodiff reference.

        Args:
            theta: The points, ``[..., d]``.

        Returns:
            The same points as a float array.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
        """
        if is_tensor(theta):
            return theta
        point = np.asarray(theta, float)
        if point.ndim == 0 or point.shape[-1] != self.dim:
            raise ValueError(
                f"{self.name} has parameters ({', '.join(self.symbols)}), so its points have shape "
                f"[..., {self.dim}]; got shape {list(point.shape)}"
            )
        if not np.all(self.inside(point)):
            bad = point[~self.inside(point)].reshape(-1, self.dim)[0]
            values = ", ".join(f"{s} = {v:g}" for s, v in zip(self.symbols, bad, strict=True))
            finite = "" if np.isfinite(bad).all() else "finite numbers; "
            raise OutsideDomain(
                f"{self.name} is not defined at {values}; allowed: {finite}{self.domain}"
            )
        return point

    def loss(self, theta: ArrayLike) -> Numeric:
        """J(θ) = E[−log p(data | θ)], the mean over the data, ``[...]``.

        Args:
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            J in nats per example, ``[...]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
        """
        point = self.check(theta)
        return _answered(lambda p: _spread(self._loss(*components(p[0])), *p), point)

    def grad(self, theta: ArrayLike) -> Array:
        """∇J, ``[..., d]``.

        Args:
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            ∇J, ``[..., d]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
        """
        return self._array_at(lambda at: at.grad, theta)

    def hessian(self, theta: ArrayLike) -> Array:
        """∇²J, ``[..., d, d]``.

        Args:
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            ∇²J, ``[..., d, d]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
        """
        return self._array_at(lambda at: at.hessian, theta)

    def fisher(self, theta: ArrayLike) -> Array:
        """F = E_{y ~ p(· | θ)}[s sᵀ] with s = ∇ log p(y | θ), per example, ``[..., d, d]``.

        Args:
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            F, ``[..., d, d]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
            NoProbabilityModel: If the problem has no probability model.
        """
        return self._array_at(lambda at: at.fisher, theta)

    def _array_at(self, part: Callable[[At], Any], theta: ArrayLike) -> Array:
        point = self.check(theta)
        return _answered(lambda p: full(part(self.at(components(p[0]))), p[0].shape[:-1]), point)

    def kl(self, theta: ArrayLike, other: ArrayLike) -> Numeric:
        """KL(p_θ ‖ p_other) in nats, per example, ``[...]``.

        Args:
            theta: The points, ``[..., d]``, inside the domain.
            other: Other points, ``[..., d]``, to broadcast with them.

        Returns:
            The divergence in nats, ``[...]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
            NoProbabilityModel: If the problem has no probability model.
        """
        p, q = self.check(theta), self.check(other)
        return _answered(lambda p: _spread(self._kl(*map(components, p)), *p), p, q)

    def log_prob(self, data: Numeric, theta: ArrayLike) -> Numeric:
        """Log p(datum | θ) in nats, for data as ``sample`` makes them.

        One outcome a point, ``[..., *lead]``, or with covariates one a row, ``[..., *lead, rows]``;
        an outcome of several numbers has a last axis for them.

        Args:
            data: The outcomes.
            theta: The points, ``[..., d]``, inside the domain.

        Returns:
            log p in nats, ``[..., *lead]`` or ``[..., *lead, rows]``.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
            NoProbabilityModel: If the problem has no probability model.
        """
        theta = components(self.check(theta))
        data = constant(data, theta[0])
        datum = components(data) if self.outcomes > 1 else (data,)
        covariates = self.covariates
        if covariates:
            theta = tuple(c[..., None] for c in theta)
        return self._log_prob((*(constant(c, theta[0]) for c in covariates), *datum), *theta)

    @property
    def covariates(self) -> tuple[Array, ...]:
        """The columns of the data that are given, not modelled."""
        return tuple(self.rows.columns[1 : -self.outcomes])

    def sample(self, theta: ArrayLike, rng: np.random.Generator, n: int) -> Array:
        """Draw n data from p(· | θ), ``[n]``; with covariates n for each row, ``[n, rows]``.

        Args:
            theta: One point, ``[d]``.
            rng: The generator.
            n: How many.

        Returns:
            The outcomes, ``[n]`` or ``[n, rows]``, with a last axis for an outcome of several
            numbers.

        Raises:
            OutsideDomain: If a point is outside the domain.
            ValueError: If the last axis is not d.
            NoProbabilityModel: If the problem has no probability model.
        """
        raise self._bare("samples")

    def _loss(self, *theta: Any, **named: Any) -> Any:
        """Mean negative log-likelihood over ``rows``. Override it if there is a closed form."""
        self._need("loss")
        d = len(theta)

        def of_row(*row: Any) -> Any:
            return -(row[d] * self._log_prob(row[d + 1 :], *row[:d]))

        return self.rows.total(of_row, *theta)

    def _grad(self, *theta: Any, **named: Any) -> Vector:
        """Minus the mean score over ``rows``. Override it if there is a closed form."""
        self._need("gradient")
        d = len(theta)

        def of_row(*row: Any) -> Vector:
            return tuple(-(row[d] * s) for s in self._score(row[d + 1 :], *row[:d]))

        return self.rows.total(of_row, *theta)

    def _need(self, thing: str) -> None:
        """Raise NotImplementedError if there are no rows: the subclass must define ``thing``."""
        if not len(self.rows):
            raise NotImplementedError(f"{type(self).__name__} does not state its {thing}")

    def _hessian(self, *theta: Any, **named: Any) -> Matrix:
        raise NotImplementedError(f"{type(self).__name__} does not state its Hessian")

    def _fisher(self, *theta: Any, **named: Any) -> Matrix:
        raise self._bare("Fisher matrix")

    def _kl(self, theta: Vector, other: Vector) -> Any:
        raise self._bare("KL divergence")

    def _log_prob(self, datum: Vector, *theta: Any, **named: Any) -> Any:
        """Log p of one row of the data (covariates, outcome), by components."""
        raise self._bare("log-probability")

    def _score(self, datum: Vector, *theta: Any, **named: Any) -> Vector:
        """∇ log p of one row of the data; its weighted mean over ``rows`` is −∇J."""
        raise self._bare("scores")

    def _bare(self, thing: str) -> NoProbabilityModel:
        return NoProbabilityModel(
            f"{self.name} is a loss without a probability model, so it has no {thing}; "
            "take a problem with a likelihood, or a metric that needs none (hessian, euclidean)"
        )

    def examples(self, rng: np.random.Generator, n: int) -> Array:
        """Draw points of the domain, uniformly over the view, for tests.

        Args:
            rng: The generator.
            n: How many.

        Returns:
            The points, ``[n, d]``.

        Raises:
            OutsideDomain: If hardly a point of the view is in the domain.
        """
        low, high = np.transpose(np.asarray(self.view, float))
        drawn = max(4 * n, 16)
        while drawn <= max(4 * n, _TRIED):
            points = rng.uniform(low, high, (drawn, self.dim))
            good = points[self.inside(points)]
            if len(good) >= n:
                return good[:n]
            drawn *= 2
        raise OutsideDomain(f"{self.name}: hardly a point of the view {self.view} is in the domain")

    def guess(self) -> tuple[float, ...]:
        """A rough estimate from the data, where a fit starts: from moments, where there are some.

        Returns:
            A point of the domain, ``d`` numbers.
        """
        return self.start

    def _suit(self, guess: tuple[float, ...], scale: tuple[float, ...]) -> None:
        """Set start and view to suit the data given.

        A parameter of scale 0 is positive: its start is half as much again as the guess. Another
        one starts its scale below. The view stays where it holds both.
        """
        self.measured = ()
        self.start = tuple(g - s if s else 1.5 * g for g, s in zip(guess, scale, strict=True))
        held = len(self.view) == len(guess) and all(
            low < min(g, s) and max(g, s) < high
            for (low, high), g, s in zip(self.view, guess, self.start, strict=True)
        )
        if not held:
            self.view = tuple(
                (g - 2 * s, g + 2 * s) if s else (0.2 * g, 2.5 * g)
                for g, s in zip(guess, scale, strict=True)
            )

    def at(self, theta: Vector) -> At:
        """Return the problem at a point.

        Args:
            theta: The point, by components.

        Returns:
            The problem there: ∇J, ∇²J and F are computed when they are asked for.
        """
        return At(self, theta)

    def through(self, chart: Chart) -> Charted:
        """Return the same problem in the coordinates x of ``chart``, θ = f(x).

        Args:
            chart: θ = f(x).

        Returns:
            The problem in x; its F is JᵀFJ.

        Raises:
            TypeError: If ``chart`` is not a chart.
        """
        given: Any = chart
        if not isinstance(given, Chart):
            raise not_a("a chart", 'charts["linear"](matrix=((2, 1), (0, 0.5)))', chart)
        from natgrad_core.core.charted import Charted  # Charted is a Problem

        return remember(Charted(self, chart), Call(__name__, ".through", (self, chart), {}))

    def holding(self, held: Mapping[str, float]) -> Restricted:
        """Return the same problem with some parameters held: a slice through the others.

        Args:
            held: The values of the parameters that are held, by symbol.

        Returns:
            The problem in the other parameters; its F is their block of F.

        Raises:
            ValueError: If there is no such parameter, or none is left.
        """
        from natgrad_core.core.restricted import Restricted  # Restricted is a Problem

        return remember(Restricted(self, held), Call(__name__, ".holding", (self, held), {}))

    def __repr__(self) -> str:
        return f"<problem {self.name}({', '.join(self.symbols)}), {self.domain}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """What a notebook shows: the loss and ellipses of F, as a picture."""
        return mime_bundle(self)


def must_be_a_problem(value: Any) -> None:
    """Check that something is a problem.

    Args:
        value: What was given.

    Raises:
        TypeError: If it is not; the message says what gives one.
    """
    if not isinstance(value, Problem):
        raise not_a("a problem", 'problems["normal"]()', value)


def _answered(ask: Callable[[tuple[Any, ...]], Any], *points: Numeric) -> Any:
    """``ask(points)``; where single numbers have no answer (log 0, 1/0), as arrays answer it.

    One point and many agree so: the answer is inf or NaN, without a warning and without an
    exception.
    """
    if any(map(is_tensor, points)):
        return ask(points)
    with np.errstate(all="ignore"):
        try:
            return ask(points)
        except (ArithmeticError, ValueError):
            if all(p.ndim > 1 for p in points):
                raise
            answer = ask(tuple(p[None] for p in points))
            return np.asarray(answer)[0]


def _spread(value: Any, *points: Numeric) -> Numeric:
    """Broadcast ``value`` to the leading axes of the points, which a constant lacks."""
    if is_tensor(value) or any(map(is_tensor, points)):
        return value
    lead = np.broadcast_shapes(*(p.shape[:-1] for p in points))
    return np.array(np.broadcast_to(value, lead))[()]
