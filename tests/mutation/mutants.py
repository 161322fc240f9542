"""Faults, planted one at a time: each must be caught by the laws named beside it.

``python -m tests.faults`` plants them in a copy and says which were. A constant, a sign, a
transpose, a missing factor, a dropped term, a wrong index, λ in the wrong place: one of each kind
that has been made here or could be.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """In ``natgrad_core/file`` the text ``old``, which stands there once, becomes ``new``."""

    file: str
    old: str
    new: str
    laws: tuple[str, ...]
    """The files ``tests/laws/test_….py`` of which at least one must fail."""


FAULTS = (
    Fault("metrics/empirical_fisher.py", "weight * s[i] * s[j]", "s[i] * s[j]", ("metrics",)),
    Fault("metrics/monte_carlo_fisher.py", ", s, s) / n", ", s, s) / (n - 1)", ("metrics",)),
    Fault("metrics/monte_carlo_fisher.py", "default_rng(seed)", "default_rng(0)", ("metrics",)),
    Fault("spectral.py", "trace(square) + 2 * size", "trace(square) + size", ("metrics",)),
    Fault("spectral.py", "mean - slope * half)", "mean + slope * half)", ("metrics",)),
    Fault("spectral.py", "first * first - second)", "first * first)", ("metrics",)),
    Fault(
        "spectral.py",
        "add(square, matrix, -first), eye(3), second)",
        "add(square, matrix, -first), eye(3), -second)",
        ("metrics",),
    ),
    Fault("spectral.py", "-b / safe", "b / safe", ("metrics",)),
    Fault(
        "operator.py",
        "tuple(c / m for m, c in zip(self.entries",
        "tuple(c * m for m, c in zip(self.entries",
        ("metrics", "operators"),
    ),
    Fault("operator.py", "cells.get((i, j), 0)", "cells.get((i, j), 1)", ("metrics", "operators")),
    Fault("damping.py", "mean = trace(metric) / d", "mean = trace(metric)", ("damping",)),
    Fault("damping.py", "1 - s * s * s", "1 - s * s", ("damping",)),
    Fault("damping.py", "radius / 4)", "radius / 2)", ("damping",)),
    Fault("damping.py", "ratio > 0.75", "ratio > 0.5", ("damping",)),
    Fault("damping.py", "return at.flat()", "return eye(len(at.theta))", ("damping", "rules")),
    Fault("christoffel.py", "times(-0.5,", "times(0.5,", ("rules",)),
    Fault("christoffel.py", "a + dot(v, mv(second, v))", "a - dot(v, mv(second, v))", ("rules",)),
    Fault(
        "jet.py",
        '"trigamma": lambda x: (ops.trigamma(x), ops.tetragamma(x)',
        '"trigamma": lambda x: (ops.trigamma(x), 2 * ops.tetragamma(x)',
        ("jet",),
    ),
    Fault("jet.py", "zero, one - zero, 2", "zero, one + zero, 2", ("jet",)),
    Fault("jet.py", "slope = zero - one - one / x", "slope = zero - one + one / x", ("jet",)),
    Fault("jet.py", "2 * (zero - one) - one / x", "2 * (zero - one) + one / x", ("jet",)),
    Fault("rules/geodesic.py", "v - b / 2", "v - b", ("rules",)),
    Fault("rules/geodesic.py", "v - b / 2", "v + b / 2", ("rules",)),
    Fault("rules/midpoint.py", "size / 2 * v", "size * v", ("rules",)),
    Fault(
        "rules/adam.py",
        "sqrt(b / (1 - power2)) + floor",
        "sqrt((b + floor) / (1 - power2))",
        ("rules",),
    ),
    Fault("rules/adam.py", "a / (1 - power1)", "a", ("rules",)),
    Fault("rules/adadelta.py", "(v, mean(u, delta))", "(v, mean(u, direction))", ("rules",)),
    Fault("rules/rmsprop.py", "(1 - keep) * g * g", "g * g", ("rules",)),
    Fault("rules/adagrad.py", "old + g * g", "old + abs(g)", ("rules",)),
    Fault("rules/nesterov.py", "ahead=True", "ahead=False", ("rules",)),
    Fault(
        "rules/momentum.py",
        "keep * m + d for m, d in zip(memory",
        "keep * m + (1 - keep) * d for m, d in zip(memory",
        ("rules",),
    ),
    Fault(
        "rules/kl_limited.py",
        "mv(at.fisher, direction)) / 2",
        "mv(at.fisher, direction)) / 4",
        ("rules",),
    ),
    Fault("rules/trust_region.py", "square / (2 * memory)", "square / (4 * memory)", ("rules",)),
    Fault(
        "rules/trust_region.py",
        "share * (1 - share / 2) * square",
        "share * (1 - share) * square",
        ("rules",),
    ),
    Fault("rules/trust_region.py", "only_if(ratio > 0, step)", "step", ("rules",)),
    Fault("rules/levenberg_marquardt.py", "only_if(ratio > 0, step)", "step", ("rules",)),
    Fault(
        "rules/levenberg_marquardt.py",
        "mv(at.fisher, step)) / 2)",
        "mv(at.fisher, step)))",
        ("rules",),
    ),
    Fault(
        "gain.py",
        "where(allowed, drop / where(promised > 0, promised, 1.0), math.nan)",
        "drop / where(promised > 0, promised, 1.0)",
        ("rules",),
    ),
    Fault("gain.py", "0.0 * s)", "0.0)", ("rules",)),
    Fault(
        "rules/mirror_descent.py",
        '"log-partition": (Expectation, Natural)',
        '"log-partition": (Natural, Expectation)',
        ("rules",),
    ),
    Fault("rules/mirror_descent.py", "slope = transpose(dual", "slope = (dual", ("rules",)),
    Fault("rules/mirror_descent.py", "reversed(through)", "through", ("rules",)),
    Fault(
        "rules/natural_momentum.py",
        "        precondition(fisher(), damping, kind, singular),\n        accumulate(beta),",
        "        accumulate(beta),\n        precondition(fisher(), damping, kind, singular),",
        ("rules",),
    ),
    Fault(
        "trace.py",
        "if len(kept) == steps:\n            return kept\n        once",
        "return kept\n        once",
        ("rules",),
    ),
    Fault("given.py", "(array < 1)).all()", "(array <= 1)).all()", ("rules",)),
    Fault("given.py", "np.isfinite(array) & ", "", ("damping", "rules")),
    Fault("operator.py", "1 / np.finfo(float).eps", "1e40", ("operators",)),
    Fault(
        "problem.py",
        "                self._hessian = add(self._hessian, second, g)",
        "                pass",
        ("charts",),
    ),
    Fault(
        "problem.py",
        "self._grad = mv(transpose(self.jacobian), self.base.grad)",
        "self._grad = mv(self.jacobian, self.base.grad)",
        ("problems",),
    ),
    Fault(
        "problem.py",
        "self._fisher = congruent(self.jacobian, self.base.fisher)",
        "self._fisher = congruent(transpose(self.jacobian), self.base.fisher)",
        ("problems",),
    ),
    Fault(
        "problem.py",
        "return congruent(self.jacobian, self.base.flat())",
        "return self.base.flat()",
        ("facts", "rules"),
    ),
    Fault(
        "family.py",
        "matrix = add(matrix, second, r)",
        "matrix = add(matrix, second, -r)",
        ("problems",),
    ),
    Fault(
        "family.py",
        "return self._partition(*new) - self._partition(*eta) - gap",
        "return self._partition(*eta) - self._partition(*new) + gap",
        ("problems",),
    ),
    Fault(
        "family.py",
        "return tuple(m - part for m, part in zip(mean, t, strict=True))",
        "return tuple(part - m for m, part in zip(mean, t, strict=True))",
        ("problems",),
    ),
    Fault(
        "problems/normal.py",
        "return symmetric(1 / sigma**2, 0, 2 / sigma**2)",
        "return symmetric(1 / sigma**2, 0, 1 / sigma**2)",
        ("problems", "facts"),
    ),
    Fault(
        "problems/normal.py",
        "return (sigma**2 / tau**2 + ((mu - nu) / tau) ** 2 - 1) / 2 - log(sigma / tau)",
        "return (sigma**2 / tau**2 + ((mu - nu) / tau) ** 2 - 1) / 2 + log(sigma / tau)",
        ("problems",),
    ),
    Fault("problems/normal.py", "& (theta[..., 1] > 0)", "& (theta[..., 1] != 0)", ("problems",)),
    Fault(
        "problems/gamma.py",
        "symmetric(trigamma(a), -1 / minus_b, a / minus_b**2)",
        "symmetric(trigamma(a), 1 / minus_b, a / minus_b**2)",
        ("problems", "facts"),
    ),
    Fault(
        "problems/two_state_mdp.py",
        "symmetric(q / both * p * (1 - p), 0, p / both * q * (1 - q))",
        "symmetric(p / both * p * (1 - p), 0, q / both * q * (1 - q))",
        ("problems",),
    ),
    Fault(
        "problems/logistic_regression.py",
        "return ((p * (1 - p),),)",
        "return ((p * p,),)",
        ("problems",),
    ),
    Fault(
        "family.py",
        "(share * c)[some]) / there",
        "(share * c)[some])",
        ("metrics",),
    ),
    Fault(
        "problem.py",
        "-(row[d] * self._log_prob(row[d + 1 :], *row[:d]))",
        "-self._log_prob(row[d + 1 :], *row[:d])",
        ("problems",),
    ),
    Fault("problems/quadratic.py", "(1 / 3, 0.0)", "(0.0, 1 / 3)", ("facts",)),
    Fault(
        "charts/polar.py",
        "r * cos(phi), self.center[1] + r * sin(phi)",
        "r * sin(phi), self.center[1] + r * cos(phi)",
        ("charts",),
    ),
    Fault("charts/precision.py", "return 1 / sqrt(x)", "return 1 / x", ("charts", "facts")),
    Fault(
        "chart.py", "matrix = add(matrix, bend, weight)", "matrix = add(matrix, bend)", ("charts",)
    ),
    Fault("chart.py", "matrix = congruent(slope, second)", "matrix = second", ("charts",)),
    Fault(
        "jet.py",
        "return r, 1 / (2 * r), -1 / (4 * x * r)",
        "return r, 1 / (2 * r), -1 / (2 * x * r)",
        ("jet", "charts"),
    ),
    Fault(
        "small.py",
        "return (d * v[0] - b * v[1]) / determinant, (a * v[1] - c * v[0]) / determinant",
        "return (d * v[0] - c * v[1]) / determinant, (a * v[1] - b * v[0]) / determinant",
        ("operators", "facts"),
    ),
    Fault("run.py", "spoiled[1:] = ~ok[:-1]", "spoiled[:-1] = ~ok[1:]", ("rules",)),
    Fault(
        "damping.py", "return eye(len(at.theta))", "return at.flat()", ("damping", "rules", "facts")
    ),
    Fault(
        "rules/natural.py",
        "precondition(fisher(), damping, kind, singular)",
        "precondition(fisher(), 0.0, kind, singular)",
        ("rules",),
    ),
    Fault(
        "flow.py",
        "[-float(v) for v in of(at).solve(at.grad)]",
        "[-float(v) for v in at.grad]",
        ("flow",),
    ),
    Fault(
        "rao.py",
        "return float(2 * np.sqrt(2) * np.arcsinh(",
        "return float(np.sqrt(2) * np.arcsinh(",
        ("flow",),
    ),
    Fault(
        "rao.py",
        "return float(4 * np.arcsin(min(1.0, chord / 2)))",
        "return float(2 * np.arcsin(min(1.0, chord / 2)))",
        ("flow",),
    ),
    Fault(
        "geodesic.py",
        "return np.array([*speed, *(-f for f in force)])",
        "return np.array([*speed, *force])",
        ("flow",),
    ),
    Fault(
        "divergence.py",
        "ends if self.reverse else ends[::-1]",
        "ends[::-1] if self.reverse else ends",
        ("flow",),
    ),
    Fault(
        "shapes.py",
        "-raised / steepness, -steepness, -steepness / 2",
        "-raised / steepness, -steepness, -steepness",
        ("shapes",),
    ),
    Fault("shapes.py", "lengths = np.sqrt(2 * radius /", "lengths = np.sqrt(radius /", ("shapes",)),
    Fault("shapes.py", "ends[::-1] if reverse else ends", "ends", ("shapes",)),
    Fault(
        "densities.py",
        "lambda m, s: symmetric(1 / (s * s), 0, 2 / (s * s))",
        "lambda m, s: symmetric(1 / (s * s), 0, 1 / (s * s))",
        ("expression",),
    ),
    Fault(
        "grammar.py", "ast.Sub: lambda a, b: a - b", "ast.Sub: lambda a, b: b - a", ("expression",)
    ),
    Fault(
        "expression.py",
        "return -value if self._columns else value",
        "return -value",
        ("expression",),
    ),
    Fault("densities.py", "2 * nu * spread", "nu * spread", ("expression", "facts")),
    Fault("densities.py", "(nu + 5) / (2 * nu", "(nu + 3) / (2 * nu", ("expression",)),
    Fault("densities.py", "weight * one[1] * exp", "weight * exp", ("expression",)),
    Fault("densities.py", "EULER * (ratio - 1)", "EULER * (1 - ratio)", ("expression",)),
    Fault(
        "densities.py", "(EULER - 1) / (s * s)", "(1 - EULER) / (s * s)", ("expression", "facts")
    ),
    Fault("densities.py", "/ (4 * a[1] * b[1])", "/ (2 * a[1] * b[1])", ("expression",)),
    Fault("densities.py", "/ (m * n * n)) / 2", "/ (m * m * n)) / 2", ("expression",)),
    Fault("expression.py", "*args, *self.covariates)[", "*args)[", ("expression",)),
    Fault("options.py", "and not isinstance(p, bool)", "", ("options",)),
    Fault(
        "variable.py", "terms = [log_p(x) - stretch", "terms = [log_p(x) + stretch", ("variable",)
    ),
    Fault("variable.py", "np.stack([one, -one])", "np.stack([one, one])", ("variable",)),
    Fault("variable.py", "- pull[i - 1] - pull[i]", "- pull[i]", ("variable",)),
    Fault("variable.py", "2 * chord[i] * both", "chord[i] * both", ("variable",)),
    Fault("compare.py", "np.exp(q / 2)) ** 2 / 2)", "np.exp(q / 2)) ** 2)", ("variable",)),
    Fault("compare.py", "-np.exp(p) * q)", "-np.exp(q) * q)", ("variable",)),
    Fault("compare.py", "if outside <= _SETTLED * size", "if size", ("variable",)),
    Fault(
        "compare.py",
        "np.searchsorted(ends, places)]",
        "np.searchsorted(ends, places) - 1]",
        ("variable",),
    ),
    Fault("shapes.py", "np.where(stays, at_a / 2, at_a)", "at_a", ("shapes",)),
    Fault(
        "shapes.py", "np.where(stays, at_b / 2, at_b)", "np.where(stays, -at_b, at_b)", ("shapes",)
    ),
    Fault(
        "information.py", "= -np.broadcast_to(value", "= np.broadcast_to(value", ("information",)
    ),
    Fault(
        "information.py",
        "np.concatenate([first, first[-1] + then])",
        "np.concatenate([first, then])",
        ("information",),
    ),
    Fault("information.py", ".sum() - d, 0.0", ".sum(), 0.0", ("information",)),
    Fault("information.py", "- sizes[:, None] ** 2 / 2", "- sizes[:, None] ** 2", ("information",)),
    Fault("information.py", "(vectors / np.sqrt(values))", "(vectors / values)", ("information",)),
    Fault(
        "shapes.py",
        "lengths = np.sqrt(2 * radius * np",
        "lengths = np.sqrt(radius * np",
        ("information",),
    ),
    Fault("skewed.py", "return -step, g", "return step, g", ("information",)),
    Fault(
        "rules/kl_limited.py",
        "solve(at.fisher, at.grad)) / 2",
        "solve(at.fisher, at.grad))",
        ("information",),
    ),
    Fault("stability.py", "np.asarray(2.0 /", "np.asarray(1.0 /", ("stability",)),
    Fault("stability.py", "np.swapaxes(half, -1, -2))", "half)", ("stability",)),
    Fault("efficiency.py", "drift = c @ f - 0.5 * np.eye(d)", "drift = c @ f", ("efficiency",)),
    Fault("efficiency.py", "driven / (t * t)", "driven / t", ("efficiency",)),
    Fault("efficiency.py", "mean / t", "error[-1]", ("efficiency",)),
    Fault("efficiency.py", "noise / np.sqrt(values)", "noise * np.sqrt(values)", ("efficiency",)),
    Fault("efficiency.py", "default_rng([seed, done])", "default_rng(seed)", ("efficiency",)),
    Fault("problems/two_state_mdp.py", "chances[..., ::-1] /", "chances /", ("policy",)),
    Fault("rule.py", "how.expression, strength, kind", "how.expression, kind", ("rules",)),
    Fault("rule.py", "strength, kind, singular) if", "strength, kind) if", ("rules",)),
    Fault(
        "rule.py",
        "how.expression, strength, kind, singular",
        "strength, kind, singular",
        ("rules",),
    ),
    Fault(
        "trace.py", "zip(old, numbers, strict=True)", "zip(numbers, old, strict=True)", ("rules",)
    ),
    Fault(
        "trace.py",
        "if {id(n) for n in numbers} <= {id(n) for n in line.numbers}:",
        "if True:",
        ("rules",),
    ),
    Fault("trace.py", "    tape.let_go()\n", "", ("rules",)),
    Fault(
        "trace.py",
        "form is None or not all(type(v) is float",
        "form is None or not all(True",
        ("rules",),
    ),
)
