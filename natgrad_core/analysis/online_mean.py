"""How well a mean is learned online, one example at a time, with a rate that falls as 1/t.

θ ← θ + (C/t)·F(y − θ) for y ~ N(μ, F⁻¹), F(y − θ) being the score of one example. C = F⁻¹ is the
natural gradient at rate 1/t, C = cI gradient descent. The error is linear in the noise, so its
second moments obey an exact recursion, with which the Monte Carlo estimates are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from natgrad_core.types import Array, ArrayLike, Bools, Whole

KEPT = 120
"""Runs whose points are kept, to be seen."""


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


@dataclass(frozen=True)
class Race:
    """What is known of several ways to learn, from the same examples, after some runs."""

    times: Whole
    runs: int
    share: float
    moments: Mapping[str, Array]
    """t·mean(eeᵀ) over the runs, ``[times, d, d]``."""
    clouds: Mapping[str, Array]
    """√t e of the first runs, ``[times, KEPT, d]``."""

    @property
    def whole(self) -> bool:
        """Whether all runs are in."""
        return self.share == 1


AVERAGED = "averaged"
"""The mean of all iterates of gradient descent at a fixed rate (Polyak and Juditsky 1992)."""


def racing(
    fisher: ArrayLike,
    gains: Mapping[str, ArrayLike],
    start: ArrayLike,
    times: Whole,
    *,
    average: float = 0.0,
    batch: int = 400,
    batches: int = 12,
    seed: int = 0,
) -> Iterator[Race]:
    """Return runs of every gain on the same examples, batch by batch.

    The gains must commute with F (F⁻¹ and cI do): each run uses the eigenvectors of F as axes.

    Args:
        fisher: F, ``[d, d]``.
        gains: Each C by name, ``[d, d]``.
        start: The error at t = 0, ``[d]``.
        times: The times, ``[n]``.
        average: With a rate > 0 there is one more run: gradient descent at that rate, its iterates
            averaged.
        batch: Runs a batch.
        batches: How many batches.
        seed: The seed of the examples.

    Returns:
        An iterator: what is known after each batch.

    Raises:
        ValueError: If a gain does not commute with F.
    """
    f = np.asarray(fisher, float)
    values, basis = np.linalg.eigh(f)
    names = [*gains, AVERAGED] if average else list(gains)
    pulls = np.empty((len(names), 1, len(f)))
    for row, gain in zip(pulls, gains.values(), strict=False):
        inner = basis.T @ np.asarray(gain, float) @ basis
        if not np.allclose(inner, np.diag(np.diagonal(inner))):
            raise ValueError("racing takes gains that commute with F, as F⁻¹ and cI do")
        row[0] = np.diagonal(inner) * values
    if average:
        pulls[-1, 0] = average * values
    begin, wanted = np.asarray(start, float) @ basis, np.asarray(times)
    sums = np.zeros((len(wanted), len(names), len(f), len(f)))
    cloud = np.empty(0)
    for done in range(1, batches + 1):
        noise = np.random.default_rng([seed, done]).normal(size=(int(wanted[-1]), batch, len(f)))
        errors = _errors(noise / np.sqrt(values), pulls, begin, wanted, bool(average)) @ basis.T
        scaled = np.sqrt(wanted)[:, None, None, None] * errors
        sums += np.swapaxes(scaled, -1, -2) @ scaled
        cloud = scaled[:, :, :KEPT] if done == 1 else cloud
        runs = done * batch
        yield Race(
            wanted,
            runs,
            done / batches,
            {name: sums[:, i] / runs for i, name in enumerate(names)},
            {name: cloud[:, i] for i, name in enumerate(names)},
        )


def _errors(noise: Array, pulls: Array, start: Array, times: Whole, average: bool) -> Array:
    """The errors at these times in F's own directions, ``[times, ways, runs, d]``.

    Of the last way, with ``average``, the mean of the errors so far; its rate does not fall.
    """
    error = np.broadcast_to(start, (len(pulls), *noise.shape[1:])).copy()
    mean, shrink = np.zeros_like(error[-1]), pulls.copy()
    found: list[Array] = []
    wanted = set(times.tolist())
    for t, y in enumerate(noise, 1):
        np.divide(pulls, t, out=shrink)
        if average:
            shrink[-1] = pulls[-1]
        error += (y - error) * shrink
        if average:
            mean += error[-1]
        if t in wanted:
            found.append(error.copy())
            if average:
                found[-1][-1] = mean / t
    return np.array(found)


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
