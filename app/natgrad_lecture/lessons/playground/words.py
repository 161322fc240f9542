"""The playground's words: what can be had here, each sentence with its check."""

from __future__ import annotations

from typing import Any

import numpy as np

from natgrad_core import charts, gap, metrics, problems, rules, run
from natgrad_core.errors import NoProbabilityModel
from natgrad_core.linalg.small_matrices import pack
from natgrad_lecture.drawing.paired_runs import COINCIDE, SPLIT
from natgrad_lecture.lessons.base import Claim, Definition, Formula, Predict, Preset, Section
from natgrad_lecture.lessons.playground.model import Seen
from natgrad_lecture.lessons.playground.state import BY_METRIC, PROBLEMS
from natgrad_lecture.state.state import OWN, problem_named, why_not
from natgrad_lecture.text.typeset import live_matrix, live_vector

SHEARED = {"chart": "linear", "turned": ["chart.linear.shear:0.8"]}

CAVENDISH = {
    "problem": OWN, "source": "cavendish", "names": "m s", "window": [5.36, 0.29, 0.25],
    "text": "normal_logpdf(density, m, s)", "chart": "log-scale", "steps": 60,
}  # fmt: skip

VALLEY = {
    "problem": OWN, "source": "none", "names": "a b", "window": [0.0, 0.5, 1.8],
    "text": "(1 - a)**2 + 10*(b - a**2)**2", "start": [-1.2, 1.4],
    "metric": "absolute-hessian", "steps": 60,
}  # fmt: skip

BEETLES = {
    "problem": OWN, "source": "typed", "names": "a b", "window": [0.0, 1.5, 2.0],
    "typed": "dose: 1 2 3 4 5 6; dead: 0 0 1 0 1 1",
    "text": "bernoulli_logpmf(dead, a + b*(dose - 3.5))", "start": [-1.0, 0.5], "steps": 60,
}  # fmt: skip

STRAIGHT = {
    "problem": "rosenbrock", "chart": "bend", "rules": ["newton"], "rate": 1.0, "steps": 5, "k": 1,
}  # fmt: skip


def _every_problem(shown: Seen) -> bool:
    """On every problem of the plane with an invertible F, the shear leaves the natural path."""
    chart = shown.chart
    apart = []
    for name in PROBLEMS:
        if name == OWN or problems[name].support is None:
            continue
        of = problem_named(name)
        if not np.linalg.cond(of.fisher(of.start)) < 1e8:
            continue
        home = run(of, rules["natural"](0.1), of.start, 30).theta
        away = run(of.through(chart), rules["natural"](0.1), chart.inverse(of.start), 30).home
        apart.append(float(gap(home, away)))
    return len(apart) > 8 and max(apart) < 1e-7


def _lands_at_once(shown: Seen) -> bool:
    """In expectation parameters the first natural step at rate 1 ends where the run does."""
    path = shown.twins["natural"].away.home
    return bool(np.allclose(path[1], path[-1], rtol=1e-9) and not np.allclose(path[0], path[1]))


def _straightened(shown: Seen) -> bool:
    """In x the loss is quadratic: its Hessian is the same everywhere, and one step is enough."""
    through = shown.problem.through(shown.chart)
    x = through.examples(np.random.default_rng(0), 20)
    hessian = through.hessian(x)
    pair = shown.twins["newton"]
    return bool(
        np.allclose(hessian, hessian[0], rtol=1e-8)
        and pair.away.loss[1] < 1e-18
        and pair.home.loss[1] > 1e-3
    )


def _newton_steps(shown: Seen) -> int:
    """0: one step in x, 1: as many as in θ, 2: more."""
    pair = shown.twins["newton"]
    there = [np.append(path.loss < 1e-12, True) for path in (pair.home, pair.away)]
    home, away = (int(np.argmax(reached)) for reached in there)
    return 0 if away == 1 < home else 1 if away == home else 2


def _power_slides(shown: Seen) -> bool:
    """F^q at q = 0 and 1 are plain descent and the natural gradient."""
    ends = {"0": "gradient", "1": "natural"}
    for q, name in ends.items():
        at = Seen(shown.state.with_(turned=[f"metric.fisher-power.q:{q}"]))
        of = rules[name](shown.state.rate)
        expected = run(shown.problem, of, shown.start, shown.state.steps).theta
        if not np.allclose(at.twins[BY_METRIC].home.theta, expected, rtol=1e-7):
            return False
    return True


def _error(shown: Seen, n: int) -> float:
    """The typical error of F from n samples, over seeds, at the start."""
    at, true = shown.problem.at(tuple(shown.start)), shown.problem.fisher(shown.start)
    found = [pack(metrics["monte-carlo-fisher"](n, seed)(at).dense()) - true for seed in range(150)]
    return float(np.sqrt(np.mean(np.square(found))))


def _root_n(shown: Seen) -> bool:
    """Sixteen times the samples, a quarter of the error."""
    return 3.2 < _error(shown, 16) / _error(shown, 256) < 5.0


def _metric_split(shown: Seen) -> bool:
    return shown.gap(BY_METRIC) > SPLIT


def _metric_coincides(shown: Seen) -> bool:
    return shown.gap(BY_METRIC) < COINCIDE


def _same_as_built_in(shown: Seen) -> bool:
    built = problem_named("normal")
    points = built.examples(np.random.default_rng(0), 10)
    same = [
        np.allclose(getattr(shown.problem, ask)(points), getattr(built, ask)(points), rtol=1e-9)
        for ask in ("loss", "grad", "hessian", "fisher")
    ]
    return all(same) and shown.gap("natural") > 0


def _no_fisher(shown: Seen) -> bool:
    """A bare loss has no F, and neither fisher, nor a rule that needs it, runs."""
    try:
        shown.problem.fisher(shown.start)
    except NoProbabilityModel:
        return bool(why_not(shown.problem_key, "natural")) and shown.metric is None
    return False


def _shear_changes_valley(shown: Seen) -> bool:
    chart = charts["linear"](shear=0.8)
    away = shown.problem.through(chart)
    rate, x = shown.state.rate, chart.inverse(shown.start)
    ends = [
        float(gap(run(shown.problem, rules[n](rate), shown.start, 40).theta,
                  run(away, rules[n](rate), x, 40).home))
        for n in ("newton", "gradient")
    ]  # fmt: skip
    return ends[0] < 1e-7 and ends[1] > SPLIT


SECTIONS = (
    Section(
        "pieces",
        "Four shelves",
        (
            "Choose a problem, a chart, a metric and any rules; what has options shows them.",
            "A choice that does not go with the others says why beside it, and waits.",
            Claim(
                "every-problem",
                "A shear of the coordinates leaves the natural path where it was, on every "
                r"problem of the plane whose $F$ has an inverse.",
                {**SHEARED, "rules": ["natural", "gradient"]},
                _every_problem,
            ),
            Claim(
                "lands",
                r"In the expectation parameters of the normal distribution the natural step with "
                r"$\alpha = 1$ lands on the best fit at once.",
                {"chart": "expectation", "rules": ["natural"], "rate": 1.0, "steps": 5, "k": 1},
                _lands_at_once,
            ),
        ),
    ),
    Section(
        "charts",
        "A chart can straighten",
        (
            Claim(
                "straight",
                r"A bend of strength 1 makes Rosenbrock's valley a quadratic bowl in $x$: there "
                "Newton needs one step.",
                STRAIGHT,
                _straightened,
            ),
        ),
        Predict(
            "bend",
            "Rosenbrock's valley, seen through the bend that straightens it. How many Newton "
            "steps does it take in x?",
            ("one", "as many as in θ", "more than in θ"),
            STRAIGHT,
            _newton_steps,
            "The bend is curved, so the Hessian picks up a term, and with this one it becomes "
            "constant: a quadratic, which Newton solves in one step.",
        ),
    ),
    Section(
        "metrics",
        "Descent by any metric",
        (
            Definition(r"A metric $G$ makes the step $-\alpha (G + \lambda D)^{-1}\nabla J$."),
            Claim(
                "power",
                r"$G = F^q$ slides from plain descent ($q = 0$) to the natural gradient ($q = 1$).",
                {"metric": "fisher-power", "rules": [BY_METRIC], "steps": 60, "rate": 0.02},
                _power_slides,
            ),
            Claim(
                "diagonal",
                r"The diagonal of $F$ is no tensor: its paths split under a shear,",
                {**SHEARED, "metric": "diagonal-fisher", "rules": [BY_METRIC]},
                _metric_split,
            ),
            Claim(
                "empirical",
                "while the empirical Fisher's, wrong as it may be, do not.",
                {**SHEARED, "metric": "empirical-fisher", "rules": [BY_METRIC, "natural"]},
                _metric_coincides,
            ),
            Claim(
                "samples",
                r"From $n$ samples $F$ is known up to about $1/\sqrt n$.",
                {"metric": "monte-carlo-fisher", "rules": [BY_METRIC, "natural"],
                 "turned": ["metric.monte-carlo-fisher.n:16"], "steps": 30},
                _root_n,
            ),
        ),
    ),
    Section(
        "own",
        "Your own problem",
        (
            "Take “own” and write a log-likelihood of one row, in the data and two parameters; "
            "without data, a loss.",
            "Derivatives are exact; a density by itself brings its exact Fisher matrix.",
            Claim(
                "cavendish",
                "One line, normal_logpdf(density, m, s), is the built-in fit of Cavendish's Earth: "
                "loss, gradient, Hessian and Fisher matrix agree.",
                {**CAVENDISH, "rules": ["gradient", "newton", "natural"], "rate": 0.02},
                _same_as_built_in,
            ),
            Claim(
                "valley",
                "A loss of one's own is descended like any other: Newton ignores a shear, plain "
                "descent does not.",
                {**VALLEY, **SHEARED, "rules": ["newton", "gradient"], "rate": 0.01},
                _shear_changes_valley,
            ),
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "bare",
                "A bare loss has no probability model, so no Fisher matrix and no natural "
                "gradient; to call its Gauss–Newton matrix one is to assume a model.",
                {"problem": "double-well", "chart": "bend", "rules": ["newton", "gradient"]},
                _no_fisher,
            ),
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("three rules in log σ", {}, "A curved chart: plain and Newton split, natural hardly."),
    Preset(
        "a valley straightened",
        STRAIGHT,
        "Rosenbrock through a bend of strength 1: a bowl in x, and Newton is there at once.",
    ),
    Preset(
        "many starts",
        {"problem": "mixture", "chart": "identity", "starts": 12, "rules": ["gradient", "natural"],
         "rate": 0.1, "metric": "empirical-fisher"},
        "Two components, unknown means: where the runs of one rule end depends on the start.",
    ),
    Preset(
        "a noisy Fisher matrix",
        {"metric": "monte-carlo-fisher", "rules": [BY_METRIC, "natural"], "steps": 30, "rate": 0.05,
         "turned": ["metric.monte-carlo-fisher.n:8"]},
        "F from 8 samples at each point: turn n and the seed.",
    ),
    Preset(
        "your own density",
        {**CAVENDISH, "rules": ["gradient", "newton", "natural"], "rate": 0.02},
        "A line of text, Cavendish's 29 weighings, and an exact Fisher matrix.",
    ),
    Preset(
        "your own loss",
        {**VALLEY, "chart": "bend", "rules": ["gradient", "newton"], "rate": 0.02},
        "No data: the text is the loss.",
    ),
    Preset(
        "your own data",
        {**BEETLES, "chart": "identity", "rules": ["gradient", "natural"], "rate": 0.5},
        "Six doses, typed; the logistic curve that they ask for.",
    ),
)  # fmt: skip

FORMULAS = (
    Formula(
        "metric",
        (
            rf"G = {live_matrix('G')}",
            rf"\tfrac{{\partial\theta}}{{\partial x}} = {live_matrix('J')}",
            rf"G_x = {live_matrix('Gx')}",
            rf"\nabla J = {live_vector('g')}",
        ),
    ),
    Formula(
        "step",
        (
            rf"\Delta\theta = {live_vector('home')}",
            rf"\Delta\theta_x = {live_vector('away')}",
            r"J = @loss@",
            r"\mathrm{KL}(p_k \,\|\, p_{k+1}) = @kl@",
        ),
        "The next step from here: made in θ; made in x and mapped back.",
    ),
)


def lights() -> dict[str, Any]:
    """What a symbol of the text stands for in the picture."""
    return {"G": ("metric", BY_METRIC), "F": ("natural",), "J": ("gradient",)}
