"""How well a mean is learned online, one example at a time, with a rate that falls as 1/t.

θ ← θ + (C/t)·F(y − θ) for y ~ N(μ, F⁻¹), F(y − θ) being the score of one example. C = F⁻¹ is the
natural gradient at rate 1/t, C = cI gradient descent. The error is linear in the noise, so its
second moments obey an exact recursion, with which the Monte Carlo estimates are compared. For the
same reason the mean squares over many runs follow from sums over their examples, which are made
once: another rate C costs no new run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from natgrad_core.types import Array, ArrayLike, Bools, Whole

KEPT = 120
"""Runs whose points are kept, to be seen."""

TOGETHER = 10
"""Times for which the sums over the examples are read once: most of the work is to read them."""


def marks(steps: int, count: int = 61) -> Whole:
    """Return times from 1 to the last step, about evenly on a log scale, each once.

    Args:
        steps: The last step.
        count: How many at most.

    Returns:
        The times, ``[≤ count]``.
    """
    return np.unique(np.geomspace(1, steps, count).round().astype(int))


def limit(fisher: ArrayLike, gain: ArrayLike) -> Array:
    """Return V = lim t·E[eeᵀ] of the rate C/t.

    It solves (CF − ½I)V + V(CF − ½I)ᵀ = CFCᵀ; for C = cI in a direction of spread s it is c²/(2c −
    s²), if 2c > s². C = F⁻¹ gives F⁻¹, the bound. Amari 1998, sec. 4; Sacks 1958.

    Args:
        fisher: F, ``[d, d]``.
        gain: C, ``[d, d]``.

    Returns:
        V, ``[d, d]``; infinite where 2CF − I has no inverse > 0.
    """
    f, c = np.asarray(fisher, float), np.asarray(gain, float)
    d = len(f)
    drift = c @ f - 0.5 * np.eye(d)
    if (np.linalg.eigvals(drift).real <= 0).any():
        return np.full((d, d), np.inf)
    both = np.kron(drift, np.eye(d)) + np.kron(np.eye(d), drift)
    return np.asarray(np.linalg.solve(both, (c @ f @ c.T).ravel()).reshape(d, d), float)


def expected(fisher: ArrayLike, gain: ArrayLike, start: ArrayLike, times: Whole) -> Array:
    """Return t·E[eeᵀ] at some times, exactly.

    E[eeᵀ] ← (I − CF/t) E[eeᵀ] (I − CF/t)ᵀ + CFCᵀ/t², entry by entry in CF's own directions.

    Args:
        fisher: F, ``[d, d]``.
        gain: C, ``[d, d]``.
        start: The error at t = 0, ``[d]``.
        times: The times, ``[n]``.

    Returns:
        The moments, ``[n, d, d]``.
    """
    f, c = np.asarray(fisher, float), np.asarray(gain, float)
    pulls, basis = np.linalg.eig(c @ f)
    back = np.linalg.inv(basis)
    error, noise = back @ np.asarray(start, float), back @ (c @ f @ c.T) @ back.T
    last, wanted = int(max(times)), np.asarray(times)
    found = np.empty((len(wanted), len(f), len(f)), noise.dtype)
    for i, a in enumerate(pulls.tolist()):
        for j, b in enumerate(pulls.tolist()[: i + 1]):
            moment, driven = (error[i] * error[j]).item(), noise[i, j].item()
            every: list[complex] = []
            for t in range(1, last + 1):
                moment = (1 - a / t) * (1 - b / t) * moment + driven / (t * t)
                every.append(t * moment)
            found[:, i, j] = found[:, j, i] = np.array(every)[wanted - 1]
    return np.real(basis @ found @ basis.T).astype(np.float64)


AVERAGED = "averaged"
"""The mean of all iterates of gradient descent at a fixed rate (Polyak and Juditsky 1992)."""


@dataclass(frozen=True)
class Examples:
    """What is known of the examples of many runs: all that second moments of errors depend on.

    The examples are standard normal, one a step in each of d directions. An error is linear in
    them, e = a e₀ + Σₛ wₛ yₛ, so its mean square over the runs is a quadratic form of a and w whose
    coefficients are these sums. Other rates, spreads and starts need no new runs.
    """

    runs: int
    share: float
    """The part of the runs that have been made, from 0 to 1."""
    sums: Array
    """Σ yₛ over the runs, ``[d, steps]``."""
    products: Array
    """Σ yₛ yₜ over the runs, ``[d, d, steps, steps]``; only entries ``[i, j]`` with i ≤ j."""
    first: Array
    """The examples of the first runs, ``[d, steps, KEPT]``."""


def drawing(
    steps: int, dim: int = 2, *, batch: int = 400, batches: int = 50, seed: int = 0
) -> Iterator[Examples]:
    """Draw the examples of many runs, batch by batch; each batch adds to the same arrays.

    Args:
        steps: How many examples a run sees.
        dim: The number of directions d.
        batch: Runs a batch.
        batches: How many batches.
        seed: The seed of the examples.

    Returns:
        An iterator: what is known after each batch.
    """
    sums, products = np.zeros((dim, steps)), np.zeros((dim, dim, steps, steps))
    first = np.empty(0)
    for done in range(1, batches + 1):
        drawn = np.random.default_rng([seed, done]).normal(size=(steps, batch, dim))
        along = np.ascontiguousarray(np.moveaxis(drawn, -1, 0))
        first = along[:, :, :KEPT].copy() if done == 1 else first
        sums += along.sum(-1)
        for i in range(dim):
            for j in range(i, dim):
                products[i, j] += along[i] @ along[j].T
        yield Examples(done * batch, done / batches, sums, products, first)


@dataclass(frozen=True)
class Errors:
    """The errors of one method, over many runs, each times √t."""

    moments: Array
    """t·mean(eeᵀ) over the runs, ``[times, d, d]``."""
    cloud: Array
    """√t e of the first runs, ``[times, KEPT, d]``."""


@dataclass(frozen=True)
class Response:
    """How the error along one direction of F responds: e = a e₀ + Σₛ wₛ yₛ at each time.

    The examples y have variance one, so a and w depend on the learning rate times F alone. What is
    computed of them holds for each start, and for each F in which that product is the same.
    """

    shrink: Array
    """a, ``[n]``."""
    weights: Array
    """w, ``[n, steps]``."""


def falling(pull: float, times: Whole) -> Response:
    """Return the response of θ ← θ + (C/t)·F(y − θ) along a direction in which CF is p.

    e ← (1 − p/t) e + (p/t) y, so an example s has the weight (p/s) Π (1 − p/u) over s < u ≤ t.

    Args:
        pull: p.
        times: The times, ``[n]``.

    Returns:
        The response of the error.
    """
    t = np.arange(1.0, int(max(times)) + 1)
    keep: Array = np.asarray(1 - pull / t, float)
    weights = np.zeros((len(times), len(t)))
    for row, n in zip(weights, times, strict=True):
        row[:n] = pull / t[:n] * np.cumprod(np.append(keep[1:n], 1.0)[::-1])[::-1]
    return Response(np.asarray(np.cumprod(keep), float)[np.asarray(times) - 1], weights)


def fixed(pull: float, times: Whole) -> Response:
    """Return the response of the mean of all iterates of θ ← θ + α F(y − θ), where αF is p.

    An example s has the weight (1 − (1 − p)^(t − s + 1))/t in the mean of e₁ … eₜ. Polyak and
    Juditsky 1992.

    Args:
        pull: p, above 0.
        times: The times, ``[n]``.

    Returns:
        The response of the error.
    """
    n, t = np.asarray(times)[:, None], np.arange(1, int(max(times)) + 1)
    powers = (1 - pull) ** np.maximum(n - t + 1, 0)
    shrink = (1 - pull) * (1 - (1 - pull) ** n) / (pull * n)
    return Response(shrink[:, 0], np.where(t <= n, (1 - powers) / n, 0.0))


@dataclass(frozen=True)
class Along:
    """A response, applied to the runs' examples along direction i."""

    response: Response
    mean: Array
    """The mean of Σₛ wₛ yₛ over all runs, ``[n]``."""
    first: Array
    """Σₛ wₛ yₛ in each of the first runs, ``[n, KEPT]``."""


def along(examples: Examples, i: int, response: Response) -> Along:
    """Apply a response to the examples along one direction.

    Args:
        examples: The examples.
        i: The direction.
        response: How the error responds there.

    Returns:
        The sums over the examples.
    """
    steps = response.weights.shape[1]
    mean = response.weights @ examples.sums[i, :steps] / examples.runs
    return Along(response, mean, response.weights @ examples.first[i, :steps])


def mean_product(
    examples: Examples, i: int, one: Response, j: int, other: Response, times: Whole
) -> Array:
    """Return the mean over all runs of (Σₛ wₛ yₛ)(Σₛ vₛ y′ₛ), y along direction i and y′ along j.

    Args:
        examples: The examples.
        i: The first direction, at most ``j``.
        one: The response there; its weights are w.
        j: The second direction.
        other: The response there; its weights are v.
        times: The times, ``[n]``.

    Returns:
        The means, ``[n]``.
    """
    sums, found = examples.products[i, j], np.empty(len(times))
    for rows in np.array_split(np.arange(len(times)), -(-len(times) // TOGETHER)):
        n = times[rows].max()  # an early error has seen the early examples only
        seen = one.weights[rows, :n] @ sums[:n, :n]
        found[rows] = np.einsum("ts,ts->t", seen, other.weights[rows, :n])
    return found / examples.runs


def errors(
    fisher: ArrayLike,
    start: ArrayLike,
    times: Whole,
    sums: Sequence[Along],
    product: Callable[[int, int], Array],
) -> Errors:
    """Return the errors of a method from what its responses are along F's directions.

    Args:
        fisher: F, ``[d, d]``.
        start: The error at t = 0, ``[d]``.
        times: The times, ``[n]``.
        sums: The responses applied to the examples, ``d`` of them, in the order of F's eigenvalues.
        product: Of two directions i ≤ j ``mean_product``, ``[n]``.

    Returns:
        The moments and the errors of the first runs.
    """
    values, basis = np.linalg.eigh(np.asarray(fisher, float))
    spread, wanted = 1 / np.sqrt(values), np.asarray(times)
    begin = _shrunk(basis, start, [it.response for it in sums])
    moments = _moments(basis, spread, begin, wanted, [it.mean for it in sums], product)
    first = np.stack([s * it.first for s, it in zip(spread, sums, strict=True)], -1)
    cloud = np.sqrt(wanted)[:, None, None] * ((first + begin.T[:, None]) @ basis.T)
    return Errors(moments, cloud)


def exact(fisher: ArrayLike, gain: ArrayLike, start: ArrayLike, times: Whole) -> Array:
    """Return t·E[eeᵀ] of the rate C/t at some times, where C commutes with F.

    The examples are independent, so along a direction of F E[(Σₛ wₛ yₛ)²] = Σₛ wₛ²; see
    ``falling``. ``expected`` finds the same step by step, for any C.

    Args:
        fisher: F, ``[d, d]``.
        gain: C, ``[d, d]``; it must commute with F, as F⁻¹ and cI do.
        start: The error at t = 0, ``[d]``.
        times: The times, ``[n]``.

    Returns:
        The moments, ``[n, d, d]``.

    Raises:
        ValueError: If the gain does not commute with F.
    """
    responses = [falling(p, times) for p in pulls(fisher, gain)]
    values, basis = np.linalg.eigh(np.asarray(fisher, float))
    begin = _shrunk(basis, start, responses)
    none = np.zeros(len(times))

    def product(i: int, j: int) -> Array:
        weights = responses[i].weights
        return np.einsum("ts,ts->t", weights, weights) if i == j else none

    means = [none] * len(values)
    return _moments(basis, 1 / np.sqrt(values), begin, np.asarray(times), means, product)


def _shrunk(basis: Array, start: ArrayLike, responses: Sequence[Response]) -> Array:
    """What is left of the error at t = 0, along each direction, ``[d, n]``."""
    along_each = np.asarray(start, float) @ basis
    return along_each[:, None] * np.array([response.shrink for response in responses])


def _moments(
    basis: Array,
    spread: Array,
    begin: Array,
    times: Whole,
    means: Sequence[Array],
    product: Callable[[int, int], Array],
) -> Array:
    """t times the second moments of errors ``begin`` + ``spread`` Σₛ wₛ yₛ, ``[n, d, d]``."""
    d, mean = len(spread), spread[:, None] * means
    inner = np.empty((len(times), d, d))
    for i in range(d):
        for j in range(i, d):
            both = begin[i] * begin[j] + begin[i] * mean[j] + begin[j] * mean[i]
            inner[:, i, j] = inner[:, j, i] = both + spread[i] * spread[j] * product(i, j)
    return np.asarray(times[:, None, None] * (basis @ inner @ basis.T), float)


def pulls(fisher: ArrayLike, gain: ArrayLike) -> list[float]:
    """Return p of CF along each direction of F.

    Args:
        fisher: F, ``[d, d]``.
        gain: C, ``[d, d]``; it must commute with F, as F⁻¹ and cI do.

    Returns:
        ``d`` numbers, in the order of F's eigenvalues.

    Raises:
        ValueError: If the gain does not commute with F.
    """
    values, basis = np.linalg.eigh(np.asarray(fisher, float))
    inner = basis.T @ np.asarray(gain, float) @ basis
    if not np.allclose(inner, np.diag(np.diagonal(inner))):
        raise ValueError("the gain must commute with F, as F⁻¹ and cI do")
    return (np.diagonal(inner) * values).tolist()


def learned(
    examples: Examples, fisher: ArrayLike, gain: ArrayLike, start: ArrayLike, times: Whole
) -> Errors:
    """Return the errors of θ ← θ + (C/t)·F(y − θ) on these examples; see ``falling``.

    Args:
        examples: The examples.
        fisher: F, ``[d, d]``.
        gain: C, ``[d, d]``; it must commute with F, as F⁻¹ and cI do.
        start: The error at t = 0, ``[d]``.
        times: The times, ``[n]``.

    Returns:
        The moments and the errors of the first runs.

    Raises:
        ValueError: If the gain does not commute with F.
    """
    responses = [falling(p, times) for p in pulls(fisher, gain)]
    return _errors(examples, fisher, start, times, responses)


def averaged(
    examples: Examples, fisher: ArrayLike, rate: float, start: ArrayLike, times: Whole
) -> Errors:
    """Return the errors of the mean of all iterates of θ ← θ + α F(y − θ); see ``fixed``.

    Args:
        examples: The examples.
        fisher: F, ``[d, d]``.
        rate: α, above 0.
        start: The error at t = 0, ``[d]``.
        times: The times, ``[n]``.

    Returns:
        The moments and the errors of the first runs.
    """
    responses = [fixed(p, times) for p in pulls(fisher, rate * np.eye(len(np.asarray(fisher))))]
    return _errors(examples, fisher, start, times, responses)


def _errors(
    examples: Examples,
    fisher: ArrayLike,
    start: ArrayLike,
    times: Whole,
    responses: Sequence[Response],
) -> Errors:
    sums = [along(examples, i, response) for i, response in enumerate(responses)]

    def product(i: int, j: int) -> Array:
        return mean_product(examples, i, responses[i], j, responses[j], times)

    return errors(fisher, start, times, sums, product)


def ratio(fisher: ArrayLike, moments: ArrayLike) -> Array:
    """Return tr(F V)/d of V = t·E[eeᵀ]: 1 where the Cramér–Rao bound is met.

    Args:
        fisher: F, ``[d, d]``.
        moments: V, ``[..., d, d]``.

    Returns:
        The ratios, ``[...]``.
    """
    f = np.asarray(fisher, float)
    return np.einsum("ij,...ji->...", f, np.asarray(moments, float)) / len(f)


def efficient(values: ArrayLike, runs: int, tolerance: float = 5.0) -> Bools:
    """Return whether ratios are 1 within some standard errors, for d = 2.

    Args:
        values: The ratios, ``[...]``.
        runs: How many runs they are the mean of.
        tolerance: How many standard errors.

    Returns:
        Truth values, ``[...]``.
    """
    return np.abs(np.asarray(values, float) - 1) < tolerance / np.sqrt(runs)
