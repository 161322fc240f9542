"""What the glossary states beside its definitions is computed, sentence by sentence.

The first sentence of an entry says what a term is. Each further one has a check here, or is listed
as one that defines; so an edited sentence asks for its check again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import pytest

from natgrad_core import charts, metrics, problems
from natgrad_core.types import Array
from natgrad_lecture.lessons import lessons
from natgrad_lecture.text.glossary import glossary

RNG = np.random.default_rng(7)
EYE = np.eye(3)
G, A, B = (m @ m.T + 0.1 * EYE for m in RNG.normal(size=(3, 3, 3)))
SLOPE, FLAT = RNG.normal(size=(2, 3))
"""A gradient, and a null direction of ``SINGULAR``."""
ACROSS = EYE - np.outer(FLAT, FLAT) / (FLAT @ FLAT)
SINGULAR = ACROSS @ G @ ACROSS
TURN = np.linalg.qr(A)[0]
U, S, VT = np.linalg.svd(RNG.normal(size=(3, 5)), full_matrices=False)
NORMAL, AT = problems["normal"](), np.array([5.2, 0.3])
CHART = charts["log-scale"]()
WELL = problems["double-well"]()
P, Q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
STATIONARY = [np.diag(signs) for signs in ([1.0, 2.0, 3.0], [1.0, -2.0, 3.0], [-1.0, -2.0, -3.0])]


def kl(p: Array, q: Array) -> float:
    """KL of two distributions over the same outcomes."""
    return float((p * np.log(p / q)).sum())


def score(theta: Array) -> Array:
    """The scores of outcomes drawn from the normal distribution at a point, ``[n, 2]``."""
    y = NORMAL.sample(theta, np.random.default_rng(1), 100_000)
    steps = 1e-5 * np.eye(2)
    sides = [(NORMAL.log_prob(y, theta + h) - NORMAL.log_prob(y, theta - h)) / 2e-5 for h in steps]
    return np.stack([np.asarray(each).reshape(-1) for each in sides], -1)


def is_tensor(matrix: str, theta: Array) -> bool:
    """Whether a matrix of the normal distribution becomes DfᵀG Df in (μ, log σ)."""
    x = CHART.inverse(theta)
    j, there = CHART.jacobian(x), NORMAL.through(CHART)
    here = getattr(NORMAL, matrix)(theta)
    return np.allclose(getattr(there, matrix)(x), j.T @ here @ j, atol=1e-6)


def damped(a: Array) -> Array:
    """The damped step made in x with θ = Ax, and mapped back."""
    return a @ np.linalg.solve(a.T @ G @ a + EYE, a.T @ SLOPE)


def steepest(metric: Array) -> bool:
    """No vector of the length of −G⁻¹∇J has a lower slope."""
    best = -np.linalg.solve(metric, SLOPE)
    others = RNG.normal(size=(1000, 3))
    lengths = np.sqrt(np.einsum("ni,ij,nj->n", others, metric, others))
    slopes = others @ SLOPE / lengths * np.sqrt(best @ metric @ best)
    return bool((SLOPE @ best <= slopes).all())


def running(c: Callable[[int], float]) -> Array:
    """The weights of five values in their running mean, which starts from zero."""
    weights = np.zeros(5)
    for t in range(5):
        weights += c(t + 1) * (np.eye(5)[t] - weights)
    return weights


FACTS: Mapping[str, Callable[[], object]] = {
    "Under the model its expectation is zero.": lambda: np.abs(score(AT).mean(0)).max() < 0.1,
    "It depends on the coordinates: "
    r"in $x$, with $\theta = Ax$, it is $A^{\top}\nabla J$.": lambda: np.allclose(
        NORMAL.through(charts["linear"](matrix=((2, 1), (0, 0.5)))).grad(
            np.linalg.solve([[2, 1], [0, 0.5]], AT)
        ),
        np.array([[2, 0], [1, 0.5]]) @ NORMAL.grad(AT),
    ),
    r"It looks for a point with $\nabla J = 0$, which may be a minimum, a saddle or a maximum.": (
        lambda: all(np.allclose(FLAT - np.linalg.solve(h, h @ FLAT), 0) for h in STATIONARY)
    ),
    "All its eigenvalues are positive, so it is invertible.": lambda: np.linalg.eigvalsh(G)[0] > 0,
    "It may be singular.": lambda: np.linalg.matrix_rank(SINGULAR) == 2,
    r"Then $Gv = 0$ for some $v \ne 0$.": lambda: np.allclose(SINGULAR @ FLAT, 0),
    r"If $G\delta = g$ has solutions, "
    r"$G^{+}g$ is the one with the least Euclidean length.": lambda: np.allclose(
        np.linalg.pinv(SINGULAR) @ SINGULAR @ SLOPE, ACROSS @ SLOPE
    ),
    "An invertible Hessian at a saddle is indefinite.": lambda: (
        np.sign(np.linalg.eigvalsh(WELL.hessian(np.zeros(2)))).tolist() == [-1, 1]
    ),
    "So the length of a small step is the same in both coordinates.": lambda: is_tensor(
        "fisher", AT
    ),
    "In general the Hessian is not a tensor under nonlinear changes; "
    r"where $\nabla J = 0$ it is.": lambda: (
        not is_tensor("hessian", AT)
        and is_tensor("hessian", np.array([NORMAL.mean, NORMAL.variance**0.5]))
    ),
    r"It measures how much a small step changes the distribution: "
    r"$\mathrm{KL} \approx \tfrac12\delta^{\top} F\,\delta$.": lambda: np.isclose(
        NORMAL.kl(AT, AT + 1e-4), 0.5e-8 * NORMAL.fisher(AT).sum(), rtol=1e-2
    ),
    "For models with a canonical link it equals the Fisher matrix.": lambda: all(
        np.allclose(metrics["gauss-newton"]()(at).solve(v), metrics["fisher"]()(at).solve(v))
        for at in [problems["logistic-regression"]().at((0.3, 0.8))]
        for v in [(1.0, 0.0), (0.0, 1.0)]
    ),
    "It is zero only if $p = q$.": lambda: kl(P, P) == 0 < kl(P, Q),
    r"Example: for $p = (\tfrac12, \tfrac12)$ and $q = (\tfrac14, \tfrac34)$ it is "
    r"$\tfrac12\log 2 + \tfrac12\log\tfrac23 \approx 0.144$.": lambda: round(kl(P, Q), 3) == 0.144,
    r"One nat is $1/\log 2 \approx 1.44$ bits.": lambda: round(1 / np.log(2), 2) == 1.44,
    r"Of all small steps with the same KL divergence, the one along $-F^{-1}\nabla J$ lowers $J$ "
    r"the most, to first order.": lambda: steepest(G),
    r"It depends on how length is measured: with the metric $G$ it is $-G^{-1}\nabla J$.": lambda: (
        steepest(A) and steepest(EYE)
    ),
    "Then the matrix is invertible and the steps are shorter, but they depend on the coordinates, "
    "except under rotations.": lambda: (
        np.linalg.matrix_rank(SINGULAR + EYE) == 3
        and np.linalg.norm(damped(EYE)) < np.linalg.norm(np.linalg.solve(G, SLOPE))
        and np.allclose(damped(TURN), damped(EYE))
        and not np.allclose(damped(A), damped(EYE))
    ),
    r"If both are invertible, its inverse is $B^{-1} \otimes A^{-1}$.": lambda: np.allclose(
        np.kron(B, A) @ np.kron(np.linalg.inv(B), np.linalg.inv(A)), np.eye(9)
    ),
    "The columns of $U$, and those of $V$, are orthogonal and have length 1: they are the singular "
    "vectors.": lambda: np.allclose([U.T @ U, VT @ VT.T], EYE),
    "It is the largest factor by which $D$ makes a vector longer.": lambda: np.isclose(
        np.linalg.norm((U * S) @ VT @ VT[0]), np.linalg.norm((U * S) @ VT, 2)
    ),
    "It has the singular vectors of $g$, and all its singular values are 1.": lambda: np.allclose(
        np.linalg.svd(U @ VT)[1], 1
    ),
    "With $c = 1/t$ at step $t$ it is the mean of all values so far.": lambda: np.allclose(
        running(lambda t: 1 / t), 0.2
    ),
    "With a fixed $c$ older values count less.": lambda: all(
        older < newer for older, newer in pairwise(running(lambda _: 0.1))
    ),
    "Its diagonal has the mean squares of the entries of $g$.": lambda: np.allclose(
        np.diag(A.T @ A), (A**2).sum(0)
    ),
}
"""What computes each sentence that states a fact."""

DEFINING = {
    "The parameters are fitted to them.",
    "It is small where the model gives the outcome a high probability.",
    "Here it is the mean negative log-likelihood of the data, unless a lesson says otherwise.",
    "One α is not comparable between different methods.",
    "The distributions stay the same; only the numbers that name them change.",
    "The same distribution has the coordinates θ or $x$.",
    r"For $\theta = Ax$ it is $A$.",
    "It describes the curvature of $J$.",
    "With $G = I$ the length is Euclidean.",
    "The outputs of a net before the softmax are called logits, too.",
    r"The natural parameters are η, the expectation parameters are $m = \mathrm{E}[t(y)]$.",
    "A flat prior is constant.",
    "It is proportional to the prior times the likelihood.",
    "The difference of the two is its bias.",
    "It is described by the entries of two small matrices.",
    r"$S$ is diagonal, and its entries $s_i \ge 0$ are the singular values.",
    "It shifts and scales each of its inputs "
    "so that over a batch the mean is 0 and the variance is 1.",
    "The step uses it in place of the last gradient.",
    r"Its metric is $L^{1/4} \otimes R^{1/4}$ with sums (in the paper) or running means $L$ of "
    r"$g g^{\top}$ and $R$ of "
    r"$g^{\top} g$, where $g$ is the gradient as a matrix (Gupta et al. 2018).",
    "Its step is the polar factor of its momentum (Jordan 2024).",
    r"$\theta = f(x)$; for linear changes $\theta = Ax$.",
    "Where data have inputs, $x$ is an input, as usual; the lesson then says so.",
    "F is the Fisher matrix, H the Hessian.",
}
"""The further sentences that define, too."""

CLAIMED = {
    "A small step along a null direction of $F$ "
    "does not change the distribution, to first order.": (
        "singular",
        "tangent",
    ),
    "In general it does not estimate the Fisher matrix, whose labels are drawn from the model.": (
        "fisher",
        "of-data",
    ),
    "The Euclidean distance of the parameters depends on the coordinates; KL does not.": (
        "kl",
        "charts",
    ),
    "In an exponential family m-geodesics are straight lines in the expectation parameters, "
    "e-geodesics in the natural parameters.": ("geodesics", "m"),
    "Fisher–Rao geodesics are the locally shortest paths of the metric $F$.": (
        "geodesics",
        "shortest",
    ),
}
"""The sentences that a claim of a lesson checks."""


def further() -> set[str]:
    """The sentences of the glossary after the first one of each entry."""
    entries = [" ".join(term.definition.split()) for term in glossary().terms.values()]
    return {part for said in entries for part in re.split(r"(?<=[.]) (?=[A-Z$])", said)[1:]}


def test_every_further_sentence_of_the_glossary_is_checked_or_defines() -> None:
    listed = [*FACTS, *DEFINING, *CLAIMED]
    assert sorted(listed) == sorted(further())
    assert all(id in lessons[name].claims for name, id in CLAIMED.values())


@pytest.mark.parametrize("sentence", FACTS)
def test_a_fact_of_the_glossary_holds(sentence: str) -> None:
    assert FACTS[sentence]()
