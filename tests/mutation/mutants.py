"""Faults, planted one at a time: each must be caught by the laws named beside it.

``python -m tests.mutation`` plants them in a copy and says which were. A constant, a sign, a
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
    """The files ``tests/engine/test_….py`` of which at least one must fail."""


FAULTS = (
    Fault("metrics/empirical_fisher.py", "weight * s[i] * s[j]", "s[i] * s[j]", ("metrics",)),
    Fault("metrics/monte_carlo_fisher.py", ", s, s) / n", ", s, s) / (n - 1)", ("metrics",)),
    Fault("metrics/monte_carlo_fisher.py", "default_rng(seed)", "default_rng(0)", ("metrics",)),
    Fault("linalg/spectral.py", "trace(square) + 2 * size", "trace(square) + size", ("metrics",)),
    Fault("linalg/spectral.py", "mean - slope * half)", "mean + slope * half)", ("metrics",)),
    Fault("linalg/spectral.py", "first * first - second)", "first * first)", ("metrics",)),
    Fault(
        "linalg/spectral.py",
        "add(square, matrix, -first), eye(3), second)",
        "add(square, matrix, -first), eye(3), -second)",
        ("metrics",),
    ),
    Fault("linalg/spectral.py", "-b / safe", "b / safe", ("metrics",)),
    Fault(
        "linalg/operators.py",
        "tuple(c / m for m, c in zip(entries",
        "tuple(c * m for m, c in zip(entries",
        ("metrics", "operators"),
    ),
    Fault(
        "linalg/operators.py",
        "cells.get((i, j), 0)",
        "cells.get((i, j), 1)",
        ("metrics", "operators"),
    ),
    Fault("core/damping.py", "mean = trace(metric) / d", "mean = trace(metric)", ("damping",)),
    Fault("core/damping.py", "1 - s * s * s", "1 - s * s", ("damping",)),
    Fault("core/damping.py", "radius / 4)", "radius / 2)", ("damping",)),
    Fault("core/damping.py", "ratio > 0.75", "ratio > 0.5", ("damping",)),
    Fault("core/damping.py", "return at.flat()", "return eye(len(at.theta))", ("damping", "rules")),
    Fault("geometry/christoffel.py", "times(-0.5,", "times(0.5,", ("rules",)),
    Fault(
        "geometry/christoffel.py",
        "a + dot(v, mv(second, v))",
        "a - dot(v, mv(second, v))",
        ("rules",),
    ),
    Fault(
        "tracing/forward_mode.py",
        '"trigamma": lambda x: (ops.trigamma(x), ops.tetragamma(x)',
        '"trigamma": lambda x: (ops.trigamma(x), 2 * ops.tetragamma(x)',
        ("forward_mode",),
    ),
    Fault(
        "tracing/forward_mode.py", "zero, one - zero, 2", "zero, one + zero, 2", ("forward_mode",)
    ),
    Fault(
        "tracing/forward_mode.py",
        "slope = zero - one - one / x",
        "slope = zero - one + one / x",
        ("forward_mode",),
    ),
    Fault(
        "tracing/forward_mode.py",
        "2 * (zero - one) - one / x",
        "2 * (zero - one) + one / x",
        ("forward_mode",),
    ),
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
        "core/gain_ratio.py",
        "where(allowed, drop / where(promised > 0, promised, 1.0), math.nan)",
        "drop / where(promised > 0, promised, 1.0)",
        ("rules",),
    ),
    Fault("core/gain_ratio.py", "0.0 * s)", "0.0)", ("rules",)),
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
        "tracing/replay.py",
        "if len(kept) == steps:\n            return kept\n        once",
        "return kept\n        once",
        ("rules",),
    ),
    Fault("core/validation.py", "(array < 1)).all()", "(array <= 1)).all()", ("rules",)),
    Fault("core/validation.py", "np.isfinite(array) & ", "", ("damping", "rules")),
    Fault("linalg/operators.py", "1 / np.finfo(float).eps", "1e40", ("operators",)),
    Fault(
        "core/charted.py",
        "                self._hessian = add(self._hessian, second, g)",
        "                pass",
        ("charts",),
    ),
    Fault(
        "core/charted.py",
        "self._grad = mv(transpose(self.jacobian), self.base.grad)",
        "self._grad = mv(self.jacobian, self.base.grad)",
        ("problems",),
    ),
    Fault(
        "core/charted.py",
        "self._fisher = congruent(self.jacobian, self.base.fisher)",
        "self._fisher = congruent(transpose(self.jacobian), self.base.fisher)",
        ("problems",),
    ),
    Fault(
        "core/charted.py",
        "return congruent(self.jacobian, self.base.flat())",
        "return self.base.flat()",
        ("published_values", "rules"),
    ),
    Fault(
        "families/exponential_family.py",
        "matrix = add(matrix, second, r)",
        "matrix = add(matrix, second, -r)",
        ("problems",),
    ),
    Fault(
        "families/exponential_family.py",
        "return self._partition(*new) - self._partition(*eta) - gap",
        "return self._partition(*eta) - self._partition(*new) + gap",
        ("problems",),
    ),
    Fault(
        "families/exponential_family.py",
        "return tuple(m - part for m, part in zip(self._mean(*eta), t, strict=True))",
        "return tuple(part - m for m, part in zip(self._mean(*eta), t, strict=True))",
        ("problems",),
    ),
    Fault(
        "problems/normal.py",
        "return symmetric(1 / sigma**2, 0, 2 / sigma**2)",
        "return symmetric(1 / sigma**2, 0, 1 / sigma**2)",
        ("problems", "published_values"),
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
        ("problems", "published_values"),
    ),
    Fault(
        "problems/two_state_mdp.py",
        "symmetric(q / (p + q) * p * stay_p, 0, p / (p + q) * q * stay_q)",
        "symmetric(p / (p + q) * p * stay_p, 0, q / (p + q) * q * stay_q)",
        ("problems",),
    ),
    Fault(
        "problems/logistic_regression.py",
        "return ((sigmoid(eta[0]) * sigmoid(-eta[0]),),)",
        "return ((sigmoid(eta[0]) * sigmoid(eta[0]),),)",
        ("problems",),
    ),
    Fault(
        "families/exponential_family.py",
        "(share * c)[some]) / there",
        "(share * c)[some])",
        ("metrics",),
    ),
    Fault(
        "core/problem.py",
        "-(row[d] * self._log_prob(row[d + 1 :], *row[:d]))",
        "-self._log_prob(row[d + 1 :], *row[:d])",
        ("problems",),
    ),
    Fault("problems/quadratic.py", "(1 / 3, 0.0)", "(0.0, 1 / 3)", ("published_values",)),
    Fault(
        "charts/polar.py",
        "r * cos(phi), self.center[1] + r * sin(phi)",
        "r * sin(phi), self.center[1] + r * cos(phi)",
        ("charts",),
    ),
    Fault(
        "charts/precision.py", "return 1 / sqrt(x)", "return 1 / x", ("charts", "published_values")
    ),
    Fault(
        "core/chart.py",
        "matrix = add(matrix, own, weight)",
        "matrix = add(matrix, own)",
        ("charts",),
    ),
    Fault("core/chart.py", "matrix = congruent(slope, second)", "matrix = second", ("charts",)),
    Fault(
        "tracing/forward_mode.py",
        "return r, 1 / (2 * r), -1 / (4 * x * r)",
        "return r, 1 / (2 * r), -1 / (2 * x * r)",
        ("forward_mode", "charts"),
    ),
    Fault(
        "linalg/small_matrices.py",
        "return (d * v[0] - b * v[1]) / determinant, (a * v[1] - c * v[0]) / determinant",
        "return (d * v[0] - c * v[1]) / determinant, (a * v[1] - b * v[0]) / determinant",
        ("operators", "published_values"),
    ),
    Fault("core/run.py", "spoiled[1:] = ~ok[:-1]", "spoiled[:-1] = ~ok[1:]", ("rules",)),
    Fault(
        "core/damping.py",
        "return eye(len(at.theta))",
        "return at.flat()",
        ("damping", "rules", "published_values"),
    ),
    Fault(
        "rules/natural.py",
        "precondition(fisher(), damping, kind, singular)",
        "precondition(fisher(), 0.0, kind, singular)",
        ("rules",),
    ),
    Fault(
        "geometry/gradient_flow.py",
        "[-float(v) for v in of(at).solve(at.grad)]",
        "[-float(v) for v in at.grad]",
        ("gradient_flow",),
    ),
    Fault(
        "geometry/fisher_rao.py",
        "return float(2 * self.scale * np.arcsinh(",
        "return float(self.scale * np.arcsinh(",
        ("gradient_flow",),
    ),
    Fault(
        "geometry/fisher_rao.py",
        "return float(4 * np.arcsin(min(1.0, chord / 2)))",
        "return float(2 * np.arcsin(min(1.0, chord / 2)))",
        ("gradient_flow",),
    ),
    Fault(
        "geometry/geodesics.py",
        "return np.array([*speed, *(-f for f in force)])",
        "return np.array([*speed, *force])",
        ("gradient_flow",),
    ),
    Fault(
        "problems/_kl_to_target.py",
        "ends if self.reverse else ends[::-1]",
        "ends[::-1] if self.reverse else ends",
        ("gradient_flow",),
    ),
    Fault(
        "geometry/steepest.py",
        "-raised / steepness, -steepness, -steepness / 2",
        "-raised / steepness, -steepness, -steepness",
        ("ellipses_and_level_sets",),
    ),
    Fault(
        "geometry/ellipses.py",
        "lengths = np.sqrt(2 * radius /",
        "lengths = np.sqrt(radius /",
        ("ellipses_and_level_sets",),
    ),
    Fault(
        "geometry/level_sets.py",
        "ends[::-1] if reverse else ends",
        "ends",
        ("ellipses_and_level_sets",),
    ),
    Fault(
        "families/densities.py",
        "lambda m, s: symmetric(1 / (s * s), 0, 2 / (s * s))",
        "lambda m, s: symmetric(1 / (s * s), 0, 1 / (s * s))",
        ("expression",),
    ),
    Fault(
        "expressions/functions.py",
        "lambda a, b: a - b",
        "lambda a, b: b - a",
        ("expression",),
    ),
    Fault(
        "expressions/expression_problem.py",
        "return -value if self._sign < 0 else value",
        "return -value",
        ("expression",),
    ),
    Fault(
        "families/densities.py",
        "2 * nu * spread",
        "nu * spread",
        ("expression", "published_values"),
    ),
    Fault("families/densities.py", "(nu + 5) / (2 * nu", "(nu + 3) / (2 * nu", ("expression",)),
    Fault("families/densities.py", "weight * one[1] * exp", "weight * exp", ("expression",)),
    Fault("families/densities.py", "EULER * (ratio - 1)", "EULER * (1 - ratio)", ("expression",)),
    Fault(
        "families/densities.py",
        "(EULER - 1) / (s * s)",
        "(1 - EULER) / (s * s)",
        ("expression", "published_values"),
    ),
    Fault("families/densities.py", "/ (4 * a[1] * b[1])", "/ (2 * a[1] * b[1])", ("expression",)),
    Fault("families/densities.py", "/ (m * n * n)) / 2", "/ (m * m * n)) / 2", ("expression",)),
    Fault(
        "expressions/expression_problem.py", "*args, *self.covariates)[", "*args)[", ("expression",)
    ),
    Fault("core/options.py", "and not isinstance(p, bool)", "", ("options",)),
    Fault(
        "analysis/data_transforms.py",
        "terms = [log_p(x) - stretch",
        "terms = [log_p(x) + stretch",
        ("data_transforms",),
    ),
    Fault(
        "analysis/data_transforms.py",
        "np.stack([one, -one])",
        "np.stack([one, one])",
        ("data_transforms",),
    ),
    Fault(
        "analysis/data_transforms.py", "- pull[i - 1] - pull[i]", "- pull[i]", ("data_transforms",)
    ),
    Fault(
        "analysis/data_transforms.py",
        "2 * chord[i] * both",
        "chord[i] * both",
        ("data_transforms",),
    ),
    Fault(
        "analysis/density_distances.py",
        "np.exp(q / 2)) ** 2 / 2)",
        "np.exp(q / 2)) ** 2)",
        ("data_transforms",),
    ),
    Fault(
        "analysis/density_distances.py", "-np.exp(p) * q)", "-np.exp(q) * q)", ("data_transforms",)
    ),
    Fault(
        "analysis/density_distances.py",
        "if outside <= _SETTLED * size",
        "if size",
        ("data_transforms",),
    ),
    Fault(
        "analysis/density_distances.py",
        "np.searchsorted(ends, places)]",
        "np.searchsorted(ends, places) - 1]",
        ("data_transforms",),
    ),
    Fault(
        "geometry/level_sets.py",
        "np.where(stays, at_a / 2, at_a)",
        "at_a",
        ("ellipses_and_level_sets",),
    ),
    Fault(
        "geometry/level_sets.py",
        "np.where(stays, at_b / 2, at_b)",
        "np.where(stays, -at_b, at_b)",
        ("ellipses_and_level_sets",),
    ),
    Fault(
        "analysis/fisher_sampling.py",
        "= -np.broadcast_to(value",
        "= np.broadcast_to(value",
        ("fisher_sampling",),
    ),
    Fault(
        "analysis/fisher_sampling.py",
        "np.concatenate([first, first[-1] + then])",
        "np.concatenate([first, then])",
        ("fisher_sampling",),
    ),
    Fault("analysis/fisher_sampling.py", ".sum() - d, 0.0", ".sum(), 0.0", ("fisher_sampling",)),
    Fault(
        "analysis/fisher_sampling.py",
        "- sizes[:, None] ** 2 / 2",
        "- sizes[:, None] ** 2",
        ("fisher_sampling",),
    ),
    Fault(
        "analysis/fisher_sampling.py",
        "(vectors / np.sqrt(values))",
        "(vectors / values)",
        ("fisher_sampling",),
    ),
    Fault(
        "geometry/ellipses.py",
        "lengths = np.sqrt(2 * radius * np",
        "lengths = np.sqrt(radius * np",
        ("fisher_sampling",),
    ),
    Fault("problems/_kunstner_line.py", "return -step, g", "return step, g", ("fisher_sampling",)),
    Fault(
        "rules/kl_limited.py",
        "solve(at.fisher, at.grad)) / 2",
        "solve(at.fisher, at.grad))",
        ("fisher_sampling",),
    ),
    Fault("analysis/stability.py", "np.asarray(2.0 /", "np.asarray(1.0 /", ("stability",)),
    Fault("analysis/stability.py", "np.swapaxes(half, -1, -2))", "half)", ("stability",)),
    Fault(
        "analysis/online_mean.py",
        "drift = c @ f - 0.5 * np.eye(d)",
        "drift = c @ f",
        ("online_mean",),
    ),
    Fault("analysis/online_mean.py", "driven / (t * t)", "driven / t", ("online_mean",)),
    Fault("analysis/online_mean.py", "mean / t", "error[-1]", ("online_mean",)),
    Fault(
        "analysis/online_mean.py",
        "noise / np.sqrt(values)",
        "noise * np.sqrt(values)",
        ("online_mean",),
    ),
    Fault(
        "analysis/online_mean.py",
        "default_rng([seed, done])",
        "default_rng(seed)",
        ("online_mean",),
    ),
    Fault("problems/two_state_mdp.py", "chances[..., ::-1] /", "chances /", ("two_state_mdp",)),
    Fault("core/rule.py", "(of_metric, strength, kind", "(of_metric, kind", ("rules",)),
    Fault("core/rule.py", "strength, kind, singular),", "strength, kind),", ("rules",)),
    Fault(
        "core/rule.py",
        "(of_metric, strength, kind, singular)",
        "(strength, kind, singular)",
        ("rules",),
    ),
    Fault(
        "core/metric.py",
        "return (self.function, self.options) if",
        "return self.function if",
        ("rules",),
    ),
    Fault(
        "tracing/tape.py",
        "constants=numbers + self.constants[len(numbers) :]",
        "constants=self.constants",
        ("rules",),
    ),
    Fault("tracing/tape.py", "tape.numbers)])", "numbers)])", ("rules",)),
    Fault("tracing/tape.py", "return value or repr(value)", "return value", ("rules",)),
    Fault("tracing/tape.py", "    tape.clear()\n", "", ("rules",)),
    Fault(
        "tracing/trace_cache.py",
        "form is None or not all(type(v) is float",
        "form is None or not all(True",
        ("rules",),
    ),
    Fault(
        "expressions/tree.py",
        'return call("normal_cdf", called("neg", node.args[0]), at=node.at)',
        'return call("normal_cdf", node.args[0], at=node.at)',
        ("typed_lines",),
    ),
    Fault("expressions/rows.py", 'called("/", node, number(data.size))', "node", ("typed_lines",)),
    Fault("expressions/rows.py", "int(bad[0]) + 1", "int(bad[0])", ("typed_lines",)),
    Fault("expressions/parser.py", 'binds if written == "^" else', "", ("typed_lines",)),
    Fault(
        "expressions/functions.py",
        "return top + log(ops.total(",
        "return log(ops.total(",
        ("typed_lines",),
    ),
    Fault("families/densities.py", "-0.5 + t * (1.5", "0.5 + t * (1.5", ("ends",)),
    Fault(
        "families/densities.py",
        "half * log1pmx(1 / nu)",
        "log1pmx(1 / nu)",
        ("ends",),
    ),
    Fault("tracing/functions.py", "1 / 12, -1 / 360", "1 / 12, 1 / 360", ("ends",)),
    Fault(
        "problems/logistic_regression.py",
        "return (1 - t[0]) * log1p_exp(eta[0]) + t[0] * log1p_exp(-eta[0])",
        "return log1p_exp(eta[0]) - t[0] * eta[0]",
        ("ends",),
    ),
    Fault(
        "geometry/warped.py",
        "size > half_length(low, False)",
        "size < half_length(low, False)",
        ("distances",),
    ),
    Fault("geometry/fisher_rao.py", "_SHIFT / float(p[0])", "1 / float(p[0])", ("distances",)),
    Fault(
        "geometry/relaxation.py", "if time.monotonic() > self.until:", "if False:", ("distances",)
    ),
    Fault("core/path_end.py", "0 <= loss < CERTAIN", "0 <= loss < 0", ("path_end",)),
    Fault("core/provenance.py", "if call is None:", "if True:", ("pickling",)),
)
