"""The runs that ``benchmarks.engine`` measures, written for JAX as its users would write them.

``build/jax/bin/python -m benchmarks.jax_peer`` prints a line of JSON: for each run the seconds of
the first call (JAX traces and compiles), of the fastest later call, and the last point. ``make
bench`` creates that environment, because nothing else here needs JAX.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from natgrad_core import problems
from natgrad_core.analysis.grid_sweep import rotated

STEPS, TRIES, GRID = 200, 300, 64
CHART = ((2.0, 1.0), (0.0, 0.5))
RATES, DAMPINGS = np.logspace(-4, 0, GRID), np.logspace(-4, 1, GRID)


def modules() -> tuple[Any, Any]:
    """Return JAX and its NumPy, which only this program's own environment has."""
    jax: Any = importlib.import_module("jax")
    importlib.import_module("jax.scipy.special")
    return jax, jax.numpy


def parts() -> dict[str, Any]:
    """Return for each problem its loss and its Fisher matrix, as functions that JAX traces."""
    jax, jnp = modules()
    gammaln, polygamma = jax.scipy.special.gammaln, jax.scipy.special.polygamma
    built: Any = problems
    normal, gamma, logistic = built["normal"](), built["gamma"](), built["logistic-regression"]()
    mean, variance = float(np.mean(normal.data)), float(np.var(normal.data))
    y = gamma.rows.columns[-1]
    weights, x, z, seen = (jnp.asarray(c) for c in logistic.rows.columns)
    mean_log, mean_y = float(gamma.rows.columns[0] @ np.log(y)), float(gamma.rows.columns[0] @ y)

    def normal_loss(t: Any) -> Any:
        return jnp.log(t[1]) + (variance + (t[0] - mean) ** 2) / (2 * t[1] ** 2)

    def gamma_loss(t: Any) -> Any:
        return gammaln(t[0]) - t[0] * jnp.log(t[1]) - (t[0] - 1) * mean_log + t[1] * mean_y

    def logistic_loss(t: Any) -> Any:
        eta = t[0] * x + t[1] * z
        return jnp.sum(weights * (jnp.logaddexp(eta, 0.0) - seen * eta))

    def logistic_fisher(t: Any) -> Any:
        p = jax.nn.sigmoid(t[0] * x + t[1] * z)
        v, rows = weights * p * (1 - p), jnp.stack([x, z])
        return (rows * v) @ rows.T

    def rosenbrock(t: Any) -> Any:
        return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2

    def gamma_fisher(t: Any) -> Any:
        cross = -1 / t[1]
        return jnp.array([[polygamma(1, t[0]), cross], [cross, t[0] / t[1] ** 2]])

    return {
        "normal": (normal_loss, lambda t: jnp.diag(jnp.array([1.0, 2.0]) / t[1] ** 2)),
        "gamma": (gamma_loss, gamma_fisher),
        "logistic-regression": (logistic_loss, logistic_fisher),
        "rosenbrock": (rosenbrock, None),
    }


def timed(work: Callable[[], Any], tries: int, rounds: int = 1) -> tuple[float, float, Any]:
    """Return the seconds of the first call, the least of later ones, and the result.

    There is a pause between the rounds: a work of microseconds is over before a machine's slow
    moment is.
    """
    began = time.perf_counter()
    found = work()
    first, least = time.perf_counter() - began, float("inf")
    for _ in range(rounds):
        for _ in range(tries):
            began = time.perf_counter()
            work()
            least = min(least, time.perf_counter() - began)
        time.sleep(0.4 if rounds > 1 else 0.0)
    return first, least, found


def main() -> None:
    """Measure everything."""
    jax, jnp = modules()
    jax.config.update("jax_enable_x64", True)
    known = parts()

    def descent(name: str, rule: str, matrix: Any) -> Callable[..., Any]:
        loss, fisher = known[name]

        def through(u: Any, a: Any) -> Any:
            return loss(a @ u)

        def step(u: Any, a: Any, rate: Any, damping: Any) -> Any:
            gradient = jax.grad(through)(u, a)
            if rule == "gradient":
                return u - rate * gradient
            metric = (
                jax.hessian(through)(u, a) if rule == "newton" else a.T @ fisher(a @ u) @ a
            ) + damping * jnp.eye(2)
            (p, q), (_, r) = metric
            g, h = gradient
            return u - rate * jnp.array([r * g - q * h, p * h - q * g]) / (p * r - q * q)

        return step

    found: dict[str, Any] = {}
    for name, rule, rate, chart in (
        ("normal", "natural", 0.02, CHART),
        ("gamma", "newton", 0.02, None),
        ("logistic-regression", "natural", 0.02, None),
        ("rosenbrock", "newton", 0.02, None),
        ("rosenbrock", "gradient", 0.0005, None),
    ):
        a = jnp.asarray(np.eye(2) if chart is None else np.array(chart))
        step = descent(name, rule, a)
        start = np.linalg.solve(np.asarray(a), np.array(problems[name]().start))

        @jax.jit
        def path(u: Any, rate: Any, a: Any = a, step: Any = step) -> Any:
            def body(u: Any, _: Any) -> Any:
                following = step(u, a, rate, 0.0)
                return following, following

            return jax.lax.scan(body, u, None, STEPS)[1]

        first, least, points = timed(lambda s=start, r=rate, p=path: np.asarray(p(s, r)), TRIES, 12)
        found[f"{name} {rule}"] = first, least, points[-1].tolist()
    matrix = rotated(45.0, (3.0, 1.0))
    start = np.linalg.solve(matrix, np.array(problems["normal"]().start))
    step = descent("normal", "natural", matrix)

    @jax.jit
    def last(rates: Any, dampings: Any) -> Any:
        def one(rate: Any, damping: Any) -> Any:
            def body(_: Any, u: Any) -> Any:
                return step(u, jnp.asarray(matrix), rate, damping)

            return jax.lax.fori_loop(0, STEPS, body, jnp.asarray(start))

        return jax.vmap(one)(rates, dampings)

    rates, dampings = (g.ravel() for g in np.meshgrid(RATES, DAMPINGS, indexing="ij"))
    first, least, ends = timed(lambda: np.asarray(last(rates, dampings)), 20)
    found["sweep"] = first, least, ends[GRID * GRID // 2].tolist()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
