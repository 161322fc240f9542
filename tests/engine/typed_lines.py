"""Lines that people type, each with what it means computed another way (SciPy, plain NumPy).

As users of Stan, PyMC, SciPy, statsmodels, torch, R and Desmos write them: whole lines with their
modules, Greek letters, typographic signs, helper lines and sums. ``python -m
tests.engine.typed_lines`` prints how many are understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from scipy import special, stats

from natgrad_core.expressions.expression_problem import own
from natgrad_core.types import Array

RNG = np.random.default_rng(5)
X = RNG.normal(size=12)
REAL = {"x": X, "y": 1.0 + 0.5 * X + 0.3 * RNG.normal(size=12)}
COUNTS = {"x": X, "y": np.array([0, 0, 3, 1, 0, 5, 2, 0, 1, 4, 0, 2.0])}
BINARY = {"x": X, "y": np.array([0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 1, 1.0])}
TRIALS = {"y": np.array([3, 5, 0, 7.0]), "n": np.array([8, 9, 4, 7.0])}
WAITS = {"x": X, "y": RNG.gamma(2.0, 0.7, 12)}
SHARES = {"y": RNG.beta(2.0, 3.0, 12)}
CENSORED = {**WAITS, "d": np.array([1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1, 0.0])}
ANGLES = {"y": RNG.uniform(-3, 3, 12)}


class Line(NamedTuple):
    """A text, its data and parameters with a point, and the log-likelihood of each row there."""

    text: str
    data: Mapping[str, Array]
    point: Mapping[str, float]
    rows: Callable[..., Any]
    """Of the columns and the parameters by name."""
    loss: bool = False


def _line(text: str, data: Mapping[str, Array], rows: Callable[..., Any], **point: float) -> Line:
    return Line(text, data, point, rows)


def _loss(text: str, rows: Callable[..., Any], **point: float) -> Line:
    return Line(text, {}, point, rows, True)


def _normal(y: Any, m: Any, s: Any) -> Any:
    return stats.norm.logpdf(y, m, s)


def _gaussian(x: Any, y: Any, a: float, b: float) -> Any:
    return _normal(y, a, b)


def _regression(x: Any, y: Any, a: float, b: float, s: float) -> Any:
    return _normal(y, a + b * x, s)


def _poisson(x: Any, y: Any, a: float, b: float) -> Any:
    return stats.poisson.logpmf(y, np.exp(a + b * x))


def _logit(x: Any, y: Any, a: float, b: float) -> Any:
    return stats.bernoulli.logpmf(y, special.expit(a + b * x))


def _inflated(x: Any, y: Any, p: float, m: float) -> Any:
    return np.log(p * (y == 0) + (1 - p) * stats.poisson.pmf(y, m))


def _mixture(x: Any, y: Any, a: float, b: float, w: float) -> Any:
    return np.log(w * stats.norm.pdf(y, a, 1) + (1 - w) * stats.norm.pdf(y, b, 1))


def _prior(x: Any, y: Any, a: float, s: float) -> Any:
    return _normal(y, a, s) + (_normal(a, 0, 10) + stats.expon.logpdf(s)) / len(y)


AB, ABS = {"a": 0.4, "b": 0.7}, {"a": 0.4, "b": 0.7, "s": 0.9}
LINES = (
    # SciPy and NumPy
    _line("scipy.stats.norm.logpdf(y, a, b)", REAL, _gaussian, **AB),
    _line("stats.norm.logpdf(y, loc=a + b*x, scale=s)", REAL, _regression, **ABS),
    _line("norm.logpdf(y, a, b)", REAL, _gaussian, **AB),
    _line("norm(a, b).logpdf(y).sum()", REAL, _gaussian, **AB),
    _line("np.sum(norm.logpdf(y, a, b))", REAL, _gaussian, **AB),
    _line("-0.5*np.log(2*np.pi*b**2) - (y - a)**2/(2*b**2)", REAL, _gaussian, **AB),
    _line("np.log(norm.pdf(y, a, b))", REAL, _gaussian, **AB),
    _line("-len(y)/2*np.log(2*np.pi*b**2) - np.sum((y - a)**2)/(2*b**2)", REAL, _gaussian, **AB),
    _line("stats.poisson.logpmf(y, np.exp(a + b*x))", COUNTS, _poisson, **AB),
    _line("y*np.log(expit(a + b*x)) + (1 - y)*np.log(1 - expit(a + b*x))", BINARY, _logit, **AB),
    _line("bernoulli.logpmf(y, 1/(1 + np.exp(-(a + b*x))))", BINARY, _logit, **AB),
    _line(
        "stats.t.logpdf(y, df=4, loc=a, scale=b)", REAL,
        lambda x, y, a, b: stats.t.logpdf(y, 4, a, b), **AB,
    ),
    _line(
        "gamma.logpdf(y, a, scale=1/b)", WAITS,
        lambda x, y, a, b: stats.gamma.logpdf(y, a, scale=1 / b), a=1.7, b=2.2,
    ),
    _line(
        "weibull_min.logpdf(y, k, scale=lam)", WAITS,
        lambda x, y, k, lam: stats.weibull_min.logpdf(y, k, scale=lam), k=1.6, lam=1.4,
    ),
    _line("beta.logpdf(y, a, b)", SHARES, lambda y, a, b: stats.beta.logpdf(y, a, b), a=2.1, b=3.0),
    _line(
        "a*np.log(b) - gammaln(a) + (a - 1)*np.log(y) - b*y", WAITS,
        lambda x, y, a, b: stats.gamma.logpdf(y, a, scale=1 / b), a=1.7, b=2.2,
    ),
    _line(
        "special.xlogy(y, m) - m - special.gammaln(y + 1)", COUNTS,
        lambda x, y, m: stats.poisson.logpmf(y, m), m=1.8,
    ),
    _line("stats.laplace.logpdf(y, m, s)", REAL,
          lambda x, y, m, s: stats.laplace.logpdf(y, m, s), m=0.9, s=0.6),
    _line("lognorm.logpdf(y, s, scale=np.exp(m))", WAITS,
          lambda x, y, m, s: stats.lognorm.logpdf(y, s, scale=np.exp(m)), m=0.2, s=0.8),
    _line("binom.logpmf(y, n, p)", TRIALS,
          lambda y, n, p, q: stats.binom.logpmf(y, n, p), p=0.4, q=0.0),
    _line("vonmises.logpdf(y, kappa, loc=mu)", ANGLES,
          lambda y, mu, kappa: stats.vonmises.logpdf(y, kappa, mu), mu=0.3, kappa=1.2),
    # statsmodels: the likelihoods of its GenericLikelihoodModel and of its manual
    _line(
        "size = 1/alph\nprob = size/(size + exp(b0 + b1*x))\n"
        "ll = stats.nbinom.logpmf(y, size, prob)",
        COUNTS, lambda x, y, b0, b1, alph: stats.nbinom.logpmf(
            y, 1 / alph, 1 / (1 + alph * np.exp(b0 + b1 * x))),
        b0=0.3, b1=0.4, alph=0.6,
    ),
    _line("q = 2*y - 1\nreturn stats.norm.logcdf(q*(a + b*x))", BINARY,
          lambda x, y, a, b: stats.norm.logcdf((2 * y - 1) * (a + b * x)), **AB),
    _line("mu = np.exp(np.dot(x, b) + a)\ny*np.log(mu) - mu - gammaln(y + 1)", COUNTS,
          _poisson, **AB),
    _line("-np.log1p(np.exp(-(2*y - 1)*(a + b*x)))", BINARY, _logit, **AB),
    _line(
        "np.where(d == 1, weibull_min.logpdf(y, k, scale=s), weibull_min.logsf(y, k, scale=s))",
        CENSORED, lambda x, y, d, k, s: np.where(
            d == 1, stats.weibull_min.logpdf(y, k, scale=s),
            stats.weibull_min.logsf(y, k, scale=s)), k=1.3, s=1.2,
    ),
    # Stan
    _line("normal_lpdf(y | a, b)", REAL, _gaussian, **AB),
    _line("target += normal_lpdf(y | a + b*x, s);", REAL, _regression, **ABS),
    _line("y ~ normal(a + b * x, s);", REAL, _regression, **ABS),
    _line("a ~ normal(0, 10);\ns ~ exponential(1);\ny ~ normal(a, s);", REAL, _prior, a=0.4, s=0.9),
    _line("bernoulli_logit_lpmf(y | a + b*x)", BINARY, _logit, **AB),
    _line("y ~ bernoulli(inv_logit(a + b*x))", BINARY, _logit, **AB),
    _line("poisson_log_lpmf(y | a + b*x)", COUNTS, _poisson, **AB),
    _line("student_t_lpdf(y | nu, m, 1)", REAL,
          lambda x, y, nu, m: stats.t.logpdf(y, nu, m, 1), nu=3.5, m=0.9),
    _line("real mu = a + b*x;  // the mean\ny ~ normal(mu, s);", REAL, _regression, **ABS),
    _line("log_mix(w, normal_lpdf(y | a, 1), normal_lpdf(y | b, 1))", REAL, _mixture,
          a=0.4, b=1.5, w=0.3),
    _line("neg_binomial_2_lpmf(y | mu, phi)", COUNTS,
          lambda x, y, mu, phi: stats.nbinom.logpmf(y, phi, phi / (phi + mu)), mu=1.5, phi=0.8),
    _line("binomial_logit_lpmf(y | n, a)", TRIALS,
          lambda y, n, a, b: stats.binom.logpmf(y, n, special.expit(a)), a=0.3, b=0.0),
    _line(
        "y == 0 ? log_sum_exp(log(p), log1m(p) + poisson_lpmf(y | m))"
        " : log1m(p) + poisson_lpmf(y | m)",
        COUNTS, _inflated, p=0.3, m=2.1,
    ),
    _line("normal_lpdf(y[i] | a, exp(lambda))", REAL,
          lambda **v: _normal(v["y"], v["a"], np.exp(v["lambda"])), a=0.4, **{"lambda": -0.2}),
    _line("inv_gamma_lpdf(y | a, b)", WAITS,
          lambda x, y, a, b: stats.invgamma.logpdf(y, a, scale=b), a=2.0, b=1.4),
    _line("fmax(a, 0) * x - square(y - b)", REAL,
          lambda x, y, a, b: max(a, 0) * x - (y - b) ** 2, **AB),
    # PyMC, torch
    _line('pm.Normal("y", mu=a + b*x, sigma=s, observed=y)', REAL, _regression, **ABS),
    _line("pm.logp(pm.Normal.dist(mu=a, sigma=b), y)", REAL, _gaussian, **AB),
    _line("pm.Bernoulli('y', logit_p=a + b*x, observed=y)", BINARY, _logit, **AB),
    _line("pm.Gamma('y', mu=m, sigma=s, observed=y)", WAITS,
          lambda x, y, m, s: stats.gamma.logpdf(y, (m / s) ** 2, scale=s**2 / m), m=1.3, s=0.9),
    _line("pm.ZeroInflatedPoisson('y', psi=1 - p, mu=m, observed=y)", COUNTS, _inflated,
          p=0.3, m=2.1),
    _line("pm.math.logsumexp([pm.math.log(w) + normal_lpdf(y | a, 1),"
          " pm.math.log(1 - w) + normal_lpdf(y | b, 1)])", REAL, _mixture, a=0.4, b=1.5, w=0.3),
    _line("torch.distributions.Normal(a + b*x, s).log_prob(y)", REAL, _regression, **ABS),
    _line("torch.log(torch.sigmoid((2*y - 1)*(a + b*x)))", BINARY, _logit, **AB),
    _line("y*F.logsigmoid(a + b*x) + (1 - y)*F.logsigmoid(-(a + b*x))", BINARY, _logit, **AB),
    _line("dist.NegativeBinomial(total_count=r, logits=u).log_prob(y)", COUNTS,
          lambda x, y, r, u: stats.nbinom.logpmf(y, r, special.expit(-u)), r=1.4, u=0.2),
    _line("-(y - a*torch.exp(-b*x)).pow(2).mean()", REAL,
          lambda x, y, a, b: -((y - a * np.exp(-b * x)) ** 2), **AB),
    # R, Desmos, paper
    _line("sum(dnorm(y, mean = a, sd = b, log = TRUE))", REAL, _gaussian, **AB),
    _line("dpois(y, exp(a + b*x), log=TRUE)", COUNTS, _poisson, **AB),
    _line("y ~ a + b x", REAL, lambda x, y, a, b: _normal(y, a + b * x, 1), **AB),
    _line("ln(normaldist(a, b).pdf(y))", REAL, _gaussian, **AB),
    _line("y ln(λ) − λ − ln(y!)", COUNTS,
          lambda **v: stats.poisson.logpmf(v["y"], v["λ"]), λ=1.8),
    _line("−½ (y − μ)²/σ² − ln(σ) − ½ ln(2π)", REAL,
          lambda **v: _normal(v["y"], v["μ"], v["σ"]), µ=0.9, σ=0.7),
    _line(r"-\frac{(y-a)^{2}}{2b^{2}}-\ln(b)-\frac{1}{2}\ln(2\pi)", REAL, _gaussian, **AB),
    _line("\u200b−|y\u00a0−\u00a0a|／b − ln（2b）", REAL,
          lambda x, y, a, b: stats.laplace.logpdf(y, a, b), **AB),
    _line("sum((y_i log(p) + (1 - y_i) log(1 - p)))", BINARY,
          lambda x, y, p: stats.bernoulli.logpmf(y, p), p=0.6),
    _line("α·x − exp(α·x)·√(β) + β^y", COUNTS,
          lambda **v: v["α"] * v["x"] - np.exp(v["α"] * v["x"]) * np.sqrt(v["β"])
          + v["β"] ** v["y"], α=0.4, β=0.7),
    # Functions that are defined, conditions behind a line, functions without parentheses
    _line("def loglik(a, b, s):\n    mu = a + b*x\n    return norm.logpdf(y, mu, s)", REAL,
          _regression, **ABS),
    _line("lambda a, b: norm.logpdf(y, a, b).sum()", REAL, _gaussian, **AB),
    _line("ll <- function(a, b) sum(dnorm(y, a, b, log = TRUE))", REAL, _gaussian, **AB),
    _line("m(t) = a + b*t\ny ~ normal(m(x), s)", REAL, _regression, **ABS),
    _line("L(a, b) = -(y - a)^2/(2b^2) - ln(b) - ln(2π)/2", REAL, _gaussian, **AB),
    _line("y*log(p) + (1 - y)*log(1 - p), where p = 1/(1 + e^(-a - b x))", BINARY, _logit, **AB),
    _line("y ~ normal(mu, s)\n  where mu = a + b x", REAL, _regression, **ABS),
    _line("−½ ((y − μ)/σ)² − ln σ − ½ ln(2π)", REAL,
          lambda **v: _normal(v["y"], v["μ"], v["σ"]), μ=0.9, σ=0.7),
    _line("y ln λ − λ − ln Γ(y + 1)", COUNTS,
          lambda **v: stats.poisson.logpmf(v["y"], v["λ"]), λ=1.8),
    _line("sin a cos b + y ln |x|", REAL,
          lambda x, y, a, b: np.sin(a) * np.cos(b) + y * np.log(abs(x)), **AB),
    _line(r"-\frac{(y-a)^2}{2b^2} - \ln b - \frac12\ln(2\pi)", REAL, _gaussian, **AB),
    _line("y*log(Φ(a + bx)) + (1 - y)*log(1 - Φ(a + bx))", BINARY,
          lambda x, y, a, b: stats.norm.logcdf((2 * y - 1) * (a + b * x)), **AB),
    _line("κ cos(y − μ) − log(2π I₀(κ))", ANGLES,
          lambda **v: stats.vonmises.logpdf(v["y"], v["κ"], v["μ"]), μ=0.3, κ=1.2),
    _line("lambda*exp(-lambda*y)", WAITS, lambda **v: v["λ"] * np.exp(-v["λ"] * v["y"]), λ=0.8),
    _line("log(lambda) - lamda*y", WAITS, lambda x, y, lam: np.log(lam) - lam * y, lam=0.8),
    _line("weibull.logpdf(y, k, scale=s)", WAITS,
          lambda x, y, k, s: stats.weibull_min.logpdf(y, k, scale=s), k=1.3, s=1.2),
    _loss("(1 - x)^2 + 100(y - x^2)^2",
          lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, x=0.4, y=-0.3),
    _loss("x^2 + y^2 + 2xy − 3x", lambda x, y: x * x + y * y + 2 * x * y - 3 * x, x=0.4, y=-0.3),
    _loss("0.5*abs(a) + max(0, 1 - a*b) + log1p(expm1(b)^2)", lambda a, b: 0.5 * abs(a)
          + max(0, 1 - a * b) + np.log1p(np.expm1(b) ** 2), **AB),
    _loss("erf(a) + math.sin(b)*math.pi + 2^(a*b) + e^a", lambda a, b: special.erf(a)
          + np.sin(b) * np.pi + 2 ** (a * b) + np.exp(a), **AB),
    _loss("sin(3u)cos(v) + u^v + w**2 + {t}/2 + s", lambda s, t, u, v, w: np.sin(3 * u) * np.cos(v)
          + u**v + w * w + t / 2 + s, s=0.1, t=0.2, u=0.3, v=0.4, w=0.5),
)  # fmt: skip


def found(line: Line) -> tuple[float, float]:
    """What the language makes of the line at its point, and what it is."""
    given = tuple(line.point.values())
    problem = own(line.text, dict(line.data), tuple(line.point), start=given)
    wanted = float(np.mean(line.rows(**line.data, **line.point)))
    return float(problem.loss(given)), wanted if line.loss else -wanted


def understood() -> list[str]:
    """The lines whose value is right; the others are printed with what was said."""
    good: list[str] = []
    for line in LINES:
        try:
            value, wanted = found(line)
        except ValueError as error:
            print(f"{line.text!r}: {error}")
            continue
        if abs(value - wanted) <= 1e-10 * (1 + abs(wanted)):
            good.append(line.text)
        else:
            print(f"{line.text!r}: {value}, not {wanted}")
    return good


if __name__ == "__main__":
    print(f"{len(understood())} of {len(LINES)} lines are understood")
