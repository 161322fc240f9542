"""The distributions that people name, each with the arguments of where the name comes from.

A line holds: names, arguments (with defaults), the expression here, and the possible outcomes.
``gamma.logpdf(y, a, scale=s)`` of SciPy is ``gamma_logpdf(y, a, 1/s)``, whose Fisher matrix is
exact (``natgrad_core.families.densities``); what has no such density is written out in ``HERE``.
"""

from __future__ import annotations

from typing import NamedTuple


class Named(NamedTuple):
    """``arguments`` as they are called there, the ``body`` in y and them, and the outcomes."""

    arguments: str
    body: str
    support: str = ""


def _table(text: str) -> dict[str, tuple[Named, ...]]:
    """The lines ``names : arguments : body : support``; a name may occur in several."""
    found: dict[str, tuple[Named, ...]] = {}
    for line in filter(None, map(str.strip, text.replace("\\\n", " ").splitlines())):
        heads, *rest = [part.strip() for part in line.split(":")]
        for head in heads.split():
            found[head] = (*found.get(head, ()), Named(*rest))
    return found


HERE = _table(r"""
half_normal_logpdf : sd : log(2) + normal_logpdf(y, 0, sd) : nonnegative
half_cauchy_logpdf : scale : log(2) + cauchy_logpdf(y, 0, scale) : nonnegative
skew_normal_logpdf : place, scale, slant : \
  log(2) + normal_logpdf(y, place, scale) + log_ndtr(slant*(y - place)/scale)
weibull_logpdf : shape, scale : log(shape) - shape*log(scale) + (shape - 1)*log(y) \
  - exp(shape*(log(y) - log(scale))) : positive
frechet_logpdf : shape, scale : log(shape) + shape*log(scale) - (shape + 1)*log(y) \
  - exp(shape*(log(scale) - log(y))) : positive
log_logistic_logpdf : shape, scale : log(shape) - shape*log(scale) + (shape - 1)*log(y) \
  - 2*softplus(shape*(log(y) - log(scale))) : positive
inverse_gamma_logpdf : shape, scale : \
  shape*log(scale) - lgamma(shape) - (shape + 1)*log(y) - scale/y : positive
rayleigh_logpdf : scale : log(y) - 2*log(scale) - y^2/(2*scale^2) : positive
chi_square_logpdf : freedom : gamma_logpdf(y, freedom/2, 1/2) : positive
pareto_logpdf : least, shape : \
  where(y >= least, log(shape) + shape*log(least) - (shape + 1)*log(y), -inf)
uniform_logpdf : low, high : where((y >= low) and (y <= high), -log(high - low), -inf)
von_mises_logpdf : mean, concentration : \
  -2*concentration*sin((y - mean)/2)^2 - log_i0e(concentration) - log(2*pi)
binomial_logpmf : trials, logit : log_binomial(trials, y, sigmoid(logit), sigmoid(-logit)) : counts
binomial_chance_logpmf : trials, p : \
  log_binomial(trials, y, p, 1 - p) : counts
negative_binomial_chance_logpmf : size, p : \
  log(size/(size + y)) + log_binomial(size + y, y, 1 - p, p) : counts
geometric_logpmf : p : xlog1py(y, -p) + log(p) : counts
beta_binomial_logpmf : trials, a, b : \
  lchoose(trials, y) + lbeta(y + a, trials - y + b) - lbeta(a, b) : counts
zero_inflated_poisson_logpmf : share, mean : \
  where(y == 0, log(1 - share + share*exp(-mean)), log(share) + poisson_logpmf(y, mean)) : counts
zero_inflated_negative_binomial_logpmf : share, mean, size : where(y == 0, \
  log(1 - share + share*exp(-size*log1p(mean/size))), \
  log(share) + negative_binomial_logpmf(y, mean, size)) : counts
hurdle_poisson_logpmf : share, mean : where(y == 0, log(1 - share), \
  log(share) + poisson_logpmf(y, mean) - log1mexp(-mean)) : counts
""")
"""This language's own, beside those of ``DENSITIES``: normal_logpdf(y, mean, sd) and the like."""

STAN = _table(r"""
normal : mu, sigma : normal_logpdf(y, mu, sigma)
std_normal : : normal_logpdf(y, 0, 1)
student_t : nu, mu, sigma : student_logpdf(y, mu, sigma, nu)
cauchy : mu, sigma : cauchy_logpdf(y, mu, sigma)
double_exponential laplace : mu, sigma : laplace_logpdf(y, mu, sigma)
logistic : mu, sigma : logistic_logpdf(y, mu, sigma)
gumbel : mu, beta : gumbel_logpdf(y, mu, beta)
skew_normal : xi, omega, alpha : skew_normal_logpdf(y, xi, omega, alpha)
lognormal : mu, sigma : lognormal_logpdf(y, mu, sigma)
exponential : beta : exponential_logpdf(y, beta)
gamma : alpha, beta : gamma_logpdf(y, alpha, beta)
inv_gamma : alpha, beta : inverse_gamma_logpdf(y, alpha, beta)
weibull : alpha, sigma : weibull_logpdf(y, alpha, sigma)
weibull : c, scale : weibull_logpdf(y, c, scale)
frechet : alpha, sigma : frechet_logpdf(y, alpha, sigma)
loglogistic : alpha, beta : log_logistic_logpdf(y, beta, alpha)
rayleigh : sigma : rayleigh_logpdf(y, sigma)
chi_square : nu : chi_square_logpdf(y, nu)
inv_gaussian wald : mu, lambda : inverse_gaussian_logpdf(y, mu, lambda)
pareto : least, alpha : pareto_logpdf(y, least, alpha)
beta : alpha, beta : beta_logpdf(y, alpha, beta)
beta_proportion : mu, kappa : beta_logpdf(y, mu*kappa, (1 - mu)*kappa)
uniform : low, high : uniform_logpdf(y, low, high)
von_mises : mu, kappa : von_mises_logpdf(y, mu, kappa)
poisson : lambda : poisson_logpmf(y, lambda)
poisson_log : alpha : poisson_logpmf(y, exp(alpha))
neg_binomial_2 : mu, phi : negative_binomial_logpmf(y, mu, phi)
neg_binomial_2_log : eta, phi : negative_binomial_logpmf(y, exp(eta), phi)
neg_binomial : alpha, beta : negative_binomial_logpmf(y, alpha/beta, alpha)
bernoulli : theta : bernoulli_logpmf(y, logit(theta))
bernoulli_logit : alpha : bernoulli_logpmf(y, alpha)
binomial : N, theta : binomial_chance_logpmf(y, N, theta)
binomial_logit : N, alpha : binomial_logpmf(y, N, alpha)
beta_binomial : N, alpha, beta : beta_binomial_logpmf(y, N, alpha, beta)
""")
"""Stan's: normal_lpdf(y | mu, sigma), y ~ normal(mu, sigma)."""

SCIPY = _table(r"""
norm : loc=0, scale=1 : normal_logpdf(y, loc, scale)
t : df, loc=0, scale=1 : student_logpdf(y, loc, scale, df)
cauchy : loc=0, scale=1 : cauchy_logpdf(y, loc, scale)
laplace : loc=0, scale=1 : laplace_logpdf(y, loc, scale)
logistic : loc=0, scale=1 : logistic_logpdf(y, loc, scale)
gumbel_r : loc=0, scale=1 : gumbel_logpdf(y, loc, scale)
gumbel_l : loc=0, scale=1 : gumbel_logpdf(-y, -loc, scale)
skewnorm : a, loc=0, scale=1 : skew_normal_logpdf(y, loc, scale, a)
halfnorm : loc=0, scale=1 : half_normal_logpdf(y - loc, scale)
halfcauchy : loc=0, scale=1 : half_cauchy_logpdf(y - loc, scale)
expon : loc=0, scale=1 : exponential_logpdf(y - loc, 1/scale)
gamma : a, loc=0, scale=1 : gamma_logpdf(y - loc, a, 1/scale)
invgamma : a, loc=0, scale=1 : inverse_gamma_logpdf(y - loc, a, scale)
lognorm : s, loc=0, scale=1 : lognormal_logpdf(y - loc, log(scale), s)
weibull_min : c, loc=0, scale=1 : weibull_logpdf(y - loc, c, scale)
invweibull : c, loc=0, scale=1 : frechet_logpdf(y - loc, c, scale)
invgauss : mu, loc=0, scale=1 : inverse_gaussian_logpdf(y - loc, mu*scale, scale)
rayleigh : loc=0, scale=1 : rayleigh_logpdf(y - loc, scale)
chi2 : df, loc=0, scale=1 : gamma_logpdf(y - loc, df/2, 1/(2*scale))
fisk : c, loc=0, scale=1 : log_logistic_logpdf(y - loc, c, scale)
pareto : b, loc=0, scale=1 : pareto_logpdf(y - loc, scale, b)
beta : a, b : beta_logpdf(y, a, b)
beta : a, b, loc, scale=1 : beta_logpdf((y - loc)/scale, a, b) - log(scale)
uniform : loc=0, scale=1 : uniform_logpdf(y, loc, loc + scale)
vonmises : kappa, loc=0 : von_mises_logpdf(y, loc, kappa)
poisson : mu : poisson_logpmf(y, mu)
bernoulli : p : bernoulli_logpmf(y, logit(p))
binom : n, p : binomial_chance_logpmf(y, n, p)
nbinom : n, p : negative_binomial_chance_logpmf(y, n, p)
betabinom : n, a, b : beta_binomial_logpmf(y, n, a, b)
geom : p : geometric_logpmf(y - 1, p)
""")
"""SciPy's: norm.logpdf(y, loc, scale), stats.poisson(mu).logpmf(y)."""

PYMC = _table(r"""
Normal : mu=0, sigma=1 : normal_logpdf(y, mu, sigma)
Normal : mu=0, sd=1 : normal_logpdf(y, mu, sd)
Normal : mu=0, tau=1 : normal_logpdf(y, mu, 1/sqrt(tau))
Normal : loc=0, scale=1 : normal_logpdf(y, loc, scale)
HalfNormal : sigma=1 : half_normal_logpdf(y, sigma)
HalfNormal : scale : half_normal_logpdf(y, scale)
HalfCauchy : beta=1 : half_cauchy_logpdf(y, beta)
HalfCauchy : scale : half_cauchy_logpdf(y, scale)
StudentT : nu, mu=0, sigma=1 : student_logpdf(y, mu, sigma, nu)
StudentT : df, loc=0, scale=1 : student_logpdf(y, loc, scale, df)
Cauchy : alpha, beta : cauchy_logpdf(y, alpha, beta)
Cauchy : loc, scale : cauchy_logpdf(y, loc, scale)
Laplace : mu, b : laplace_logpdf(y, mu, b)
Laplace : loc, scale : laplace_logpdf(y, loc, scale)
Logistic : mu=0, s=1 : logistic_logpdf(y, mu, s)
Logistic : loc, scale : logistic_logpdf(y, loc, scale)
Gumbel : mu, beta : gumbel_logpdf(y, mu, beta)
Gumbel : loc, scale : gumbel_logpdf(y, loc, scale)
SkewNormal : mu=0, sigma=1, alpha=1 : skew_normal_logpdf(y, mu, sigma, alpha)
LogNormal Lognormal : mu=0, sigma=1 : lognormal_logpdf(y, mu, sigma)
LogNormal Lognormal : loc, scale : lognormal_logpdf(y, loc, scale)
Exponential : lam : exponential_logpdf(y, lam)
Exponential : rate : exponential_logpdf(y, rate)
Exponential : scale : exponential_logpdf(y, 1/scale)
Gamma : alpha, beta : gamma_logpdf(y, alpha, beta)
Gamma : mu, sigma : gamma_logpdf(y, mu^2/sigma^2, mu/sigma^2)
Gamma : concentration, rate : gamma_logpdf(y, concentration, rate)
InverseGamma : alpha, beta : inverse_gamma_logpdf(y, alpha, beta)
InverseGamma : concentration, rate : inverse_gamma_logpdf(y, concentration, rate)
Weibull : alpha, beta : weibull_logpdf(y, alpha, beta)
Wald : mu, lam : inverse_gaussian_logpdf(y, mu, lam)
ChiSquared : nu : chi_square_logpdf(y, nu)
Chi2 : df : chi_square_logpdf(y, df)
Pareto : alpha, m : pareto_logpdf(y, m, alpha)
Beta : alpha, beta : beta_logpdf(y, alpha, beta)
Beta : mu, nu : beta_logpdf(y, mu*nu, (1 - mu)*nu)
Beta : mu, sigma : beta_logpdf(y, mu*(mu*(1 - mu)/sigma^2 - 1), (1 - mu)*(mu*(1 - mu)/sigma^2 - 1))
Beta : concentration1, concentration0 : beta_logpdf(y, concentration1, concentration0)
Uniform : lower=0, upper=1 : uniform_logpdf(y, lower, upper)
Uniform : low, high : uniform_logpdf(y, low, high)
VonMises : mu, kappa : von_mises_logpdf(y, mu, kappa)
VonMises : loc, concentration : von_mises_logpdf(y, loc, concentration)
Poisson : mu : poisson_logpmf(y, mu)
Poisson : rate : poisson_logpmf(y, rate)
Poisson : lam : poisson_logpmf(y, lam)
Poisson : log_rate : poisson_logpmf(y, exp(log_rate))
Bernoulli : p : bernoulli_logpmf(y, logit(p))
Bernoulli : probs : bernoulli_logpmf(y, logit(probs))
Bernoulli : logit_p : bernoulli_logpmf(y, logit_p)
Bernoulli : logits : bernoulli_logpmf(y, logits)
Binomial : n, p : binomial_chance_logpmf(y, n, p)
Binomial : n, logit_p : binomial_logpmf(y, n, logit_p)
Binomial : total_count, probs : binomial_chance_logpmf(y, total_count, probs)
Binomial : total_count, logits : binomial_logpmf(y, total_count, logits)
BetaBinomial : alpha, beta, n : beta_binomial_logpmf(y, n, alpha, beta)
NegativeBinomial : mu, alpha : negative_binomial_logpmf(y, mu, alpha)
NegativeBinomial : n, p : negative_binomial_chance_logpmf(y, n, p)
Geometric : p : geometric_logpmf(y - 1, p)
ZeroInflatedPoisson : psi, mu : zero_inflated_poisson_logpmf(y, psi, mu)
ZeroInflatedNegativeBinomial : psi, mu, alpha : \
  zero_inflated_negative_binomial_logpmf(y, psi, mu, alpha)
HurdlePoisson : psi, mu : hurdle_poisson_logpmf(y, psi, mu)
""")
"""PyMC's, pm.Normal("y", mu=…, sigma=…, observed=y); the names of torch's arguments too."""

TORCH = {
    **PYMC,
    **_table(r"""
Weibull : scale, concentration : weibull_logpdf(y, concentration, scale)
Pareto : scale, alpha : pareto_logpdf(y, scale, alpha)
NegativeBinomial : total_count, probs : negative_binomial_chance_logpmf(y, total_count, 1 - probs)
NegativeBinomial : total_count, logits : \
  negative_binomial_logpmf(y, total_count*exp(logits), total_count)
Geometric : probs : geometric_logpmf(y, probs)
Geometric : logits : geometric_logpmf(y, sigmoid(logits))
HalfNormal : scale : half_normal_logpdf(y, scale)
HalfCauchy : scale : half_cauchy_logpdf(y, scale)
"""),
}
"""torch.distributions' and TensorFlow Probability's, with log_prob, where they differ."""

R = _table(r"""
dnorm : mean=0, sd=1 : normal_logpdf(y, mean, sd)
dexp : rate=1 : exponential_logpdf(y, rate)
dgamma : shape, rate=1 : gamma_logpdf(y, shape, rate)
dgamma : shape, scale : gamma_logpdf(y, shape, 1/scale)
dbeta : shape1, shape2 : beta_logpdf(y, shape1, shape2)
dt : df : student_logpdf(y, 0, 1, df)
dcauchy : location=0, scale=1 : cauchy_logpdf(y, location, scale)
dlogis : location=0, scale=1 : logistic_logpdf(y, location, scale)
dlnorm : meanlog=0, sdlog=1 : lognormal_logpdf(y, meanlog, sdlog)
dweibull : shape, scale=1 : weibull_logpdf(y, shape, scale)
dunif : min=0, max=1 : uniform_logpdf(y, min, max)
dchisq : df : chi_square_logpdf(y, df)
dpois : lambda : poisson_logpmf(y, lambda)
dbinom : size, prob : binomial_chance_logpmf(y, size, prob)
dnbinom : size, prob : negative_binomial_chance_logpmf(y, size, prob)
dnbinom : size, mu : negative_binomial_logpmf(y, mu, size)
dgeom : prob : geometric_logpmf(y, prob)
""")
"""R's: dnorm(y, mean, sd, log=TRUE)."""

DESMOS = _table(r"""
normaldist : mu=0, sigma=1 : normal_logpdf(y, mu, sigma)
tdist : nu : student_logpdf(y, 0, 1, nu)
poissondist : mu : poisson_logpmf(y, mu)
binomialdist : n, p : binomial_chance_logpmf(y, n, p)
uniformdist : low=0, high=1 : uniform_logpdf(y, low, high)
""")
"""Desmos': normaldist(mu, sigma).pdf(y)."""

BELOW = _table(r"""
normal norm Normal pnorm : mu=0, sigma=1 : log_ndtr((y - mu)/sigma)
norm Normal : loc=0, scale=1 : log_ndtr((y - loc)/scale)
pnorm : mean=0, sd=1 : log_ndtr((y - mean)/sd)
std_normal : : log_ndtr(y)
logistic : loc=0, scale=1 : -softplus(-(y - loc)/scale)
exponential : beta : log1mexp(-beta*y)
expon : loc=0, scale=1 : log1mexp(-(y - loc)/scale)
lognormal : mu, sigma : log_ndtr((log(y) - mu)/sigma)
weibull : alpha, sigma : log1mexp(-exp(alpha*(log(y) - log(sigma))))
weibull_min : c, loc=0, scale=1 : log1mexp(-exp(c*(log(y - loc) - log(scale))))
gumbel : mu, beta : -exp(-(y - mu)/beta)
gumbel_r : loc=0, scale=1 : -exp(-(y - loc)/scale)
""")
"""The log of the distribution function, P(Y ≤ y): what a censored observation adds."""

ABOVE = _table(r"""
normal norm Normal : mu=0, sigma=1 : log_ndtr(-(y - mu)/sigma)
norm Normal : loc=0, scale=1 : log_ndtr(-(y - loc)/scale)
std_normal : : log_ndtr(-y)
logistic : loc=0, scale=1 : -softplus((y - loc)/scale)
exponential : beta : -beta*y
expon : loc=0, scale=1 : -(y - loc)/scale
lognormal : mu, sigma : log_ndtr(-(log(y) - mu)/sigma)
weibull : alpha, sigma : -exp(alpha*(log(y) - log(sigma)))
weibull_min : c, loc=0, scale=1 : -exp(c*(log(y - loc) - log(scale)))
gumbel : mu, beta : log1mexp(-exp(-(y - mu)/beta))
gumbel_r : loc=0, scale=1 : log1mexp(-exp(-(y - loc)/scale))
""")
"""The log of the survival function, P(Y > y)."""
