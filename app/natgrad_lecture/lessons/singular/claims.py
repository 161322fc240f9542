"""What shows each claim and checks it, and which option of a question is right."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core.types import Array
from natgrad_lecture.lessons.base import Claim, Question
from natgrad_lecture.lessons.singular.model import Model, run_of
from natgrad_lecture.lessons.singular.state import MIXED, MIXTURE, NET
from natgrad_lecture.state.items import problem_named


def _tangent(model: Model) -> bool:
    """F (w₁, −w₂) = 0 everywhere, and along w₁w₂ = c neither J nor the distribution changes."""
    points = model.some
    null = points * [1.0, -1.0]
    fisher = model.problem.fisher(points)
    moved = points * [1.25, 0.8]
    return bool(
        np.allclose(np.einsum("nij,nj->ni", fisher, null), 0, atol=1e-12)
        and np.allclose(model.problem.loss(moved), model.problem.loss(points))
        and np.allclose(model.problem.kl(points, moved), 0, atol=1e-12)
    )


def _no_inverse(model: Model) -> bool:
    """The undamped natural run does not reach step 2: F is singular up to rounding."""
    bare = model.run("natural")
    return not bool(bare.ok[:4].all())


def _product(model: Model) -> bool:
    """The pseudo-inverse's step moves w₁w₂ by α of what is missing, to first order."""
    path = model.run("pseudo", steps=20)
    w, delta = path.theta[:-1], np.diff(path.theta, axis=0)
    moved = (w[:, ::-1] * delta).sum(1)
    end = model.run("gradient", rate=0.05, steps=1500).theta[-1].prod()
    return bool(np.allclose(moved, model.state.rate * (end - w.prod(1)), rtol=1e-4, atol=1e-9))


def _no_sideways(model: Model) -> bool:
    """No part of a step, however it is made, lies along the hyperbola."""
    for method in ("gradient", "pseudo", "damped"):
        path = model.run(method, steps=20)
        w, delta = path.theta[:-1], np.diff(path.theta, axis=0)
        if not np.allclose((w * [1.0, -1.0] * delta).sum(1), 0, atol=1e-12):
            return False
    return True


def _limit_of_damping(model: Model) -> bool:
    """(F + λI)⁻¹∇J → F⁺∇J as λ → 0, to the order of λ."""
    steps = {
        damping: np.diff(model.run("damped", damping=damping, steps=1).theta, axis=0)[0]
        for damping in (1e-3, 1e-4)
    }
    exact = np.diff(model.run("pseudo", steps=1).theta, axis=0)[0]
    far = [float(np.linalg.norm(step - exact)) for step in steps.values()]
    return far[1] < 0.2 * far[0] < 0.2 * float(np.linalg.norm(exact))


def _near_the_origin(model: Model) -> bool:
    """At half the distance from the saddle F⁺∇J is twice as long and ∇J half."""
    points = np.array([0.08, -0.05]) * np.array([[1e-3], [5e-4]])
    starts = [tuple(point) for point in points]
    one = [
        np.diff(run_of(NET, method, 0.1, 0.0, start, 1).theta, axis=0)[0]
        for method in ("pseudo", "gradient")
        for start in starts
    ]
    far, near, plain_far, plain_near = (float(np.linalg.norm(step)) for step in one)
    return bool(
        np.isclose(near, 2 * far, rtol=1e-3) and np.isclose(plain_near, plain_far / 2, rtol=1e-3)
    )


def _lingers(model: Model) -> bool:
    return model.lingers("gradient") > 3 * max(1, model.lingers("damped"))


def _bounded(model: Model) -> bool:
    """A damped step is at most α|∇J|/λ long; F⁺'s may be far longer."""
    damped = model.run("damped")
    bound = model.state.rate * damped.grad_norm[:-1] / model.state.damping
    sizes = np.linalg.norm(np.diff(damped.theta, axis=0), axis=1)
    other = np.linalg.norm(np.diff(model.run("pseudo").theta, axis=0), axis=1)
    return bool((sizes <= bound * (1 + 1e-9)).all() and other.max() > 1.5 * sizes.max())


def _elsewhere(model: Model) -> bool:
    """Each way ends at a minimum, with one product of the weights, and none at another's."""
    ends = [model.run(method, steps=600).theta[-1] for method in ("gradient", "pseudo", "damped")]
    products = [float(np.prod(end)) for end in ends]
    apart = min(float(np.linalg.norm(ends[i] - ends[j])) for i, j in ((0, 1), (0, 2), (1, 2)))
    return bool(np.ptp(products) < 1e-4 and apart > 1e-3)


def _parallel(model: Model) -> bool:
    """On a = b F has rank one, and its null direction moves the parts apart about their mean."""
    w = model.problem.weight
    line = np.linspace(-2, 2, 9)
    fisher = model.problem.fisher(np.stack([line, line], -1))
    apart = np.array([w, -(1 - w)])
    return bool(
        np.allclose(fisher @ apart, 0, atol=1e-8) and (np.linalg.eigvalsh(fisher)[:, 1] > 0.1).all()
    )


def _distances() -> tuple[Array, Array]:
    """Points at falling distances a − b, their mean that of the data: distances, points."""
    place: Any = problem_named(MIXTURE)
    w, middle = place.weight, (1 - place.weight) * -1.0 + place.weight * 1.5
    off = np.array([0.04, 0.02, 0.01])
    return off, np.stack([middle + w * off, middle - (1 - w) * off], -1)


def _square(model: Model) -> bool:
    """The small eigenvalue is a quarter at half the distance."""
    _, points = _distances()
    small = np.linalg.eigvalsh(model.problem.fisher(points))[:, 0]
    return bool(np.allclose(small[:-1] / small[1:], 4, rtol=0.02))


def _slope_falls(model: Model) -> bool:
    """∇J is half at half the distance, and F⁻¹∇J twice."""
    _, points = _distances()
    gradient, fisher = model.problem.grad(points), model.problem.fisher(points)
    raised = np.linalg.solve(fisher, gradient[..., None])[..., 0]
    plain, natural = (np.linalg.norm(v, axis=-1) for v in (gradient, raised))
    return bool(
        np.allclose(plain[:-1] / plain[1:], 2, rtol=0.02)
        and np.allclose(natural[1:] / natural[:-1], 2, rtol=0.02)
    )


def _diverges(model: Model) -> bool:
    """From so near the line one bare natural step goes far out, and the damped run arrives."""
    bare, damped = model.run("natural"), model.run("damped")
    first = float(np.linalg.norm(bare.theta[1] - bare.theta[0]))
    wide = float(np.ptp(np.asarray(model.problem.view)[0]))
    return bool(first > wide / 4 and damped.loss[-1] < model.level - 0.1 and damped.ok.all())


def _worse(model: Model) -> bool:
    """One start, two minima: the plain run's is lower than the bare natural one's."""
    plain, bare = (model.run(method, steps=600).loss[-1] for method in ("gradient", "natural"))
    return bool(plain < bare - 0.03)


def _everywhere(model: Model) -> bool:
    """det F = 0 at every point of the net, and F itself is zero at the origin."""
    values = np.linalg.eigvalsh(model.problem.fisher(model.some))
    return bool(
        (np.abs(values[:, 0]) < 1e-9 * values[:, 1]).all()
        and not model.problem.fisher((0.0, 0.0)).any()
    )


def _what_bare_does(model: Model) -> int:
    """0: arrives, 1: breaks off, 2: stands still."""
    bare = model.run("natural")
    if not bare.ok.all():
        return 1
    return 0 if bare.loss[-1] < model.level else 2


def _who_lingers(model: Model) -> int:
    """Which of plain, pseudo-inverse, damped is the longest on the plateau."""
    return int(np.argmax([model.lingers(method) for method in ("gradient", "pseudo", "damped")]))


CLAIMS = {
    "tangent": Claim({"rules": ["gradient"], "start": (2.2, -0.4), "k": 2}, _tangent),
    "no-inverse": Claim({"rules": ["natural"], "k": 0}, _no_inverse),
    "product": Claim({"rules": ["pseudo"], "start": (2.2, -0.4), "k": 10}, _product),
    "limit": Claim(
        {"rules": ["pseudo", "damped"], "start": (2.2, -0.4), "damping": 0.02, "k": 5},
        _limit_of_damping,
    ),
    "sideways": Claim(
        {"rules": ["gradient", "pseudo", "damped"], "start": (2.2, -0.4), "k": 3}, _no_sideways
    ),
    "origin": Claim({"start": (0.08, -0.05), "k": 1, "graph": "eigenvalues"}, _near_the_origin),
    "lingers": Claim({"k": 12}, _lingers),
    "bounded": Claim({"k": 20}, _bounded),
    "elsewhere": Claim({"k": 100}, _elsewhere),
    "parallel": Claim({**MIXED, "k": 20}, _parallel),
    "square": Claim({**MIXED, "graph": "eigenvalues", "k": 10}, _square),
    "falls": Claim({**MIXED, "k": 10}, _slope_falls),
    "mixture-lingers": Claim({**MIXED, "k": 25}, _lingers),
    "thrown": Claim({**MIXED, "rules": ["natural", "damped"], "k": 1}, _diverges),
    "everywhere": Claim({"graph": "eigenvalues", "k": 12}, _everywhere),
    "worse": Claim({**MIXED, "start": (0.5, 0.45), "rules": ["gradient", "natural"]}, _worse),
}


QUESTIONS = {
    "bare": Question({"rules": ["natural"], "k": 0}, _what_bare_does),
    "plateau": Question({"k": 0}, _who_lingers),
}
