"""Policy: Kakade's two states, where the plain gradient stalls and the natural one does not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from natgrad_core import Trajectory
from natgrad_core.linalg.small_matrices import full
from natgrad_core.types import Array, Bools, Whole
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.contours import add_contours
from natgrad_lecture.drawing.graph import Axis, Graph
from natgrad_lecture.drawing.paired_runs import broken, ellipses_at
from natgrad_lecture.drawing.palette import ink
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.vector_field import directions
from natgrad_lecture.drawing.windows import plane
from natgrad_lecture.engine_cache import rule_named, run_made
from natgrad_lecture.lessons import lessons
from natgrad_lecture.lessons.base import (
    Claim,
    Definition,
    Formula,
    Lesson,
    Predict,
    Preset,
    Section,
)
from natgrad_lecture.state.fields import BadInput, choice, control, number, several
from natgrad_lecture.state.state import Runs, numbers, problem_named

NAME = "two-state-mdp"
RULES = ("gradient", "natural", "adam")
FIELDS = ("natural", "gradient")
VIEW = np.array([[-7.0, 3.0], [-7.0, 3.0]])

PLATEAU = 0.1
"""The return is on the plateau when it is this near to 1, that of staying in the poorer state."""

GOOD = 1.9
"""A return that shows the better state found."""


@dataclass(frozen=True)
class Walk(Runs):
    """Runs on Kakade's problem; plain descent may take ``times`` the rate of the others."""

    problem: str = control(NAME, "problem", choice("problem", "problem", (NAME,)))
    rules: tuple[str, ...] = control(
        ("gradient", "natural"), "rules", several("rules", "rule", RULES)
    )
    times: float = control(
        1.0, "times", number("times", "the factor", 1, 100, "take one from 1 to 100")
    )
    arrows: str = control("natural", "arrows", choice("arrows", "field", FIELDS))

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """The chances p and q are views of the start."""
        if name in ("p", "q"):
            (chance,) = numbers(name, [value])
            if not 0 < chance < 1:
                raise BadInput(name, f"{name} = {chance:g} is no chance; take one between 0 and 1")
            start = list(self.point)
            start["pq".index(name)] = float(np.log(chance / (1 - chance)))
            return {"start": start}
        return super().changes(name, value)

    def values(self) -> dict[str, Any]:
        """The fields, and the chances at the start."""
        chances: Any = problem_named(self.problem)
        return {**super().values(), **dict(zip("pq", chances.policy(self.point), strict=True))}


@lru_cache(maxsize=4)
def _field(name: str) -> tuple[Array, Whole]:
    """Arrows along −∇J or −F⁻¹∇J all over the window."""
    problem = problem_named(NAME)

    def of(points: Array) -> Array:
        downhill = -problem.grad(points)
        if name == "gradient":
            return downhill
        return np.asarray(
            np.linalg.solve(problem.fisher(points), downhill[..., None])[..., 0], np.float64
        )

    return directions(of, VIEW)


class Seen:
    """What the engine says about the runs of a policy."""

    def __init__(self, state: Walk) -> None:
        self.state = state
        self.problem: Any = problem_named(state.problem)

    @cached_property
    def runs(self) -> dict[str, Trajectory]:
        """Each chosen rule from the start."""
        return {name: self.run(name) for name in self.state.rules}

    def run(self, name: str, times: float | None = None) -> Trajectory:
        """One rule from the start; plain descent at ``times`` the rate."""
        s = self.state
        factor = s.times if times is None else times
        rate = s.rate * (factor if name == "gradient" else 1.0)
        start = tuple(map(float, s.point))
        made = rule_named, (name, rate, s.damping, s.kind)
        return run_made(NAME, None, made, start, s.steps)

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``."""
        return self.runs

    @property
    def guide(self) -> Trajectory:
        """The run whose numbers the formulas show."""
        return self.runs.get("natural") or next(iter(self.runs.values()))

    def on_plateau(self, name: str, times: float | None = None) -> int:
        """How many steps a run stays within PLATEAU of a return of 1."""
        return int((np.abs(-self.run(name, times).loss - 1) < PLATEAU).sum())

    def arrives(self, name: str, times: float | None = None) -> int | None:
        """The first step at which the return is GOOD."""
        there: Bools = -self.run(name, times).loss > GOOD
        return int(np.argmax(there)) if there.any() else None

    def raised(self, points: Array) -> Array:
        """F⁻¹∇η, the natural gradient of the return, ``[n, 2]``."""
        gradient = -self.problem.grad(points)
        return np.asarray(
            np.linalg.solve(self.problem.fisher(points), gradient[..., None])[..., 0], np.float64
        )

    @property
    def some(self) -> Array:
        """A few policies, all over the window."""
        return self.problem.examples(np.random.default_rng(0), 40)


# The claims -----------------------------------------------------------------------------------


def _eta(seen: Seen) -> bool:
    """The long run of the chain, walked 4000 steps from each state, against the formula."""
    for theta in seen.some[:8]:
        p, q = seen.problem.policy(theta)
        shares = np.linalg.matrix_power(np.array([[1 - p, p], [q, 1 - q]]), 4000)
        formula = (q * (1 - p) + 2 * p * (1 - q)) / (p + q)
        if not np.allclose([shares @ [1 - p, 2 * (1 - q)], [-seen.problem.loss(theta)] * 2],
                           formula):  # fmt: skip
            return False
    return True


def _best_return(seen: Seen) -> bool:
    """No policy of the window has 2 or more, and some come near."""
    eta = -seen.problem.loss(np.array([[0.0, -12.0], [3.0, -20.0], *seen.some]))
    return bool((eta < 2).all() and eta.max() > 2 - 1e-4)


def _weights(seen: Seen) -> bool:
    """∇η = F (natural gradient): each part times d_s π(1 − π)."""
    chances, shares = seen.problem.policy(seen.some), seen.problem.visits(seen.some)
    weighted = shares * chances * (1 - chances) * seen.raised(seen.some)
    return bool(np.allclose(-seen.problem.grad(seen.some), weighted))


def _third(seen: Seen) -> bool:
    """The sign of ∂η/∂θ₁ is that of 1 − 3q; the run begins by lowering p."""
    q = seen.problem.policy(seen.some)[:, 1]
    signs = np.sign(-seen.problem.grad(seen.some)[:, 0]) == np.sign(1 - 3 * q)
    begins = {name: seen.run(name).theta for name in ("gradient", "natural")}
    return bool(
        signs.all()
        and seen.problem.policy(seen.state.point)[1] > 1 / 3
        and all(theta[1, 0] < theta[0, 0] for theta in begins.values())
    )


def _stalls(seen: Seen) -> bool:
    """Plain descent is still on the plateau at the end; the natural run has long arrived."""
    arrived = seen.arrives("natural")
    plain = seen.run("gradient")
    return bool(
        arrived is not None
        and arrived < seen.state.steps / 3
        and seen.arrives("gradient") is None
        and abs(-plain.loss[-1] - 1) < PLATEAU
        and seen.on_plateau("gradient") > 3 * seen.on_plateau("natural")
    )


def _rarely(seen: Seen) -> bool:
    """The share of state 2 falls along the plain run, and with it ∂η/∂θ₂; nearly in proportion."""
    theta = seen.run("gradient").theta
    shares, slope = seen.problem.visits(theta)[:, 1], seen.problem.grad(theta)[:, 1]
    return bool((np.diff(shares) < 0).all() and slope[-1] < 0.5 * slope[0]
                and np.ptp(slope / shares) < 0.5 * (slope / shares).max())  # fmt: skip


def _closed_form(seen: Seen) -> bool:
    """F⁻¹∇η against ((1 − 3q), −(1 + 3p))/(p + q)."""
    p, q = seen.problem.policy(seen.some).T
    formula = np.stack([1 - 3 * q, -(1 + 3 * p)], -1) / (p + q)[:, None]
    return bool(np.allclose(seen.raised(seen.some), formula))


def _limit(seen: Seen) -> bool:
    """As p → 0 the plain part for θ₂ goes to 0 like p, the natural one to −1/q."""
    p, q = np.array([1e-3, 1e-4, 1e-5]), 0.6

    def logit(chance: Array | float) -> Array | float:
        return np.log(chance / (1 - chance))

    points = np.stack(np.broadcast_arrays(logit(p), logit(q)), -1)
    plain, natural = -seen.problem.grad(points)[:, 1], seen.raised(points)[:, 1]
    ratios = plain / p
    return bool(np.allclose(ratios, ratios[-1], rtol=0.02)
                and np.allclose(natural, -1 / q, rtol=0.01))  # fmt: skip


def _path_fisher(seen: Seen) -> bool:
    """The Fisher matrix of two steps from the long run's state, counted over all four actions."""
    theta = seen.state.point
    chances, shares = seen.problem.policy(theta), seen.problem.visits(theta)
    total = np.zeros((2, 2))
    for first in (0, 1):
        for leaves in ((0, 0), (0, 1), (1, 0), (1, 1)):
            state, weight, score = first, shares[first], np.zeros(2)
            for leave in leaves:
                weight = weight * (chances[state] if leave else 1 - chances[state])
                score[state] += leave - chances[state]
                state = 1 - state if leave else state
            total += weight * np.outer(score, score)
    return bool(np.allclose(total / 2, seen.problem.fisher(theta)))


def _shorter(seen: Seen) -> bool:
    """Plain descent's arrival, in steps, is in inverse proportion to its rate."""
    steps = [seen.arrives("gradient", times) for times in (10, 20, 40)]
    if None in steps:
        return False
    products = np.array([10, 20, 40]) * np.array(steps, float)
    return bool(np.ptp(products) < 0.1 * products.mean())


def _digs(seen: Seen) -> bool:
    """Ten times the rate, and p is lower still: the plateau is where the slope leads."""
    lowest = [seen.run("gradient", times).theta[-1, 0] for times in (1, 10)]
    return bool(lowest[1] < lowest[0] - 1 and seen.arrives("gradient", 10) is None)


def _adam(seen: Seen) -> bool:
    plain, adam, natural = (seen.arrives(name) for name in ("gradient", "adam", "natural"))
    return plain is None and adam is not None and natural is not None and natural < adam


def _runs_away(seen: Seen) -> bool:
    """F loses its inverse at the end of the undamped run; a little damping keeps the run whole."""
    bare, damped = (
        Seen(seen.state.with_(damping=damping)).run("natural") for damping in (0.0, 1e-4)
    )
    return bool(not bare.ok[-1] and damped.ok.all() and -damped.loss[-1] > 1.999)


def _first_of_p(seen: Seen) -> int:
    """0: p rises, 1: p falls, as the plain run begins."""
    theta = seen.run("gradient").theta[:, 0]
    return int(theta[1] < theta[0])


def _who_arrives(seen: Seen) -> int:
    """0: plain with ten times the rate, 1: natural, 2: neither."""
    first = {name: seen.arrives(name) for name in ("gradient", "natural")}
    there = {name: step for name, step in first.items() if step is not None}
    return ["gradient", "natural"].index(min(there, key=lambda n: there[n])) if there else 2


STUCK = (-4.5, 0.5)
LATER: dict[str, Any] = {"start": STUCK, "times": 10.0, "steps": 400, "k": 100}

SECTIONS = (
    Section(
        "states",
        "Two states, two rewards",
        (
            "Staying in the first state pays 1, staying in the second pays 2; moving pays nothing.",
            Definition(
                r"A policy leaves the first with chance $p = \sigma(\theta_1)$, the second with "
                r"$q = \sigma(\theta_2)$, $\sigma$ the logistic function."
            ),
            Claim(
                "eta",
                r"In the long run it earns $\eta = \frac{q(1-p) + 2p(1-q)}{p+q}$ a step.",
                {"k": 0},
                _eta,
            ),
            Claim(
                "best",
                r"The best is to go to the second and stay: $\eta \to 2$, which no finite "
                r"$\theta$ reaches. We follow $J = -\eta$ down.",
                {"k": 25, "rules": ["natural"]},
                _best_return,
            ),
        ),
        Predict(
            "first",
            r"The start: $p = 0.05$, $q = 0.82$. What does plain descent do first to $p$, the "
            "way to the better state?",
            ("it raises it", "it lowers it"),
            {"k": 1, "arrows": "gradient"},
            _first_of_p,
            "The second state is left again at once, and moving pays nothing: as long as q is "
            "above a third it is better not to go there.",
        ),
    ),
    Section(
        "plateau",
        "The plain gradient stalls",
        (
            Claim(
                "third",
                r"As long as $q > \tfrac13$, leaving the first state does not pay, and $p$ falls.",
                {"k": 5},
                _third,
            ),
            Claim(
                "weights",
                r"Each part of $\nabla\eta$ is weighted by $d_s$, the share of the time that the "
                r"policy is in that state.",
                {"k": 5},
                _weights,
            ),
            Claim(
                "rarely",
                r"So as $p$ falls the slope in $\theta_2$ falls too: what it should learn about "
                "the second state it no longer visits.",
                {"rules": ["gradient"], "arrows": "gradient", "times": 10.0},
                _rarely,
            ),
            Claim(
                "stalls",
                r"It stays on a plateau near $\eta = 1$ (Kakade 2001).",
                {"k": 80},
                _stalls,
            ),
        ),
    ),
    Section(
        "natural",
        "The natural gradient does not",
        (
            Claim(
                "closed",
                r"$F$ holds the same weights, $d_s\pi(1-\pi)$, and in $F^{-1}\nabla\eta$ they "
                r"cancel: $\left(\frac{1-3q}{p+q},\; -\frac{1+3p}{p+q}\right)$.",
                {"k": 10, "rules": ["natural"]},
                _closed_form,
            ),
            Claim(
                "limit",
                r"As $p \to 0$ its part for $\theta_2$ tends to $-1/q$, the plain one to $0$.",
                {"k": 12},
                _limit,
            ),
            Claim(
                "path",
                "This $F$, of one action, is the Fisher matrix of a whole path, per step "
                "(Bagnell and Schneider 2003).",
                {"k": 0, "rules": ["natural"]},
                _path_fisher,
            ),
        ),
        Predict(
            "ten",
            "Give plain descent ten times the rate. Which run finds the better state first?",
            ("plain, at ten times the rate", "natural", "neither, in these steps"),
            {"times": 10.0, "k": 30},
            _who_arrives,
            "A larger rate only walks faster to where nothing can be seen of the second state.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "digs",
                r"A larger rate is no way out: from here plain descent lowers $p$ the further.",
                {"times": 10.0, "k": 80},
                _digs,
            ),
            Claim(
                "shorter",
                "Nor is the plateau a trap for ever: from nearer its edge plain descent leaves, "
                "after a number of steps in inverse proportion to the rate.",
                LATER,
                _shorter,
            ),
            Claim(
                "adam",
                "And it is not the Fisher matrix alone that helps: Adam, which divides each slope "
                "by its own size, gets over it too, only later.",
                {"rules": ["gradient", "natural", "adam"], "k": 60},
                _adam,
            ),
            Claim(
                "away",
                r"The natural run has nowhere to come to rest: $\theta$ runs off until $F$ has "
                r"no inverse in floating point. A little damping $\lambda$ keeps it.",
                {"rules": ["natural"], "steps": 150, "k": 90},
                _runs_away,
            ),
        ),
    ),
)

PRESETS = (
    Preset("the plateau", {}, "Natural: at 2 in twenty steps. Plain, ten times as fast: at 1."),
    Preset("the plain field", {"arrows": "gradient", "k": 80},
           "Its arrows lead left, to where the second state is never seen."),
    Preset("at one rate", {"times": 1.0, "k": 80}, "At the natural run's rate plain hardly moves."),
    Preset("plain leaves at last", LATER, "From nearer the edge, at ten times the rate."),
    Preset("undecided", {"start": (0.0, 0.0), "times": 10.0, "k": 20},
           "From p = q = ½ there is no plateau on the way."),
    Preset("with Adam", {"rules": ["gradient", "natural", "adam"], "k": 60},
           "Adam rescales each slope, and gets over it too."),
    Preset("a little damping", {"damping": 0.0001, "steps": 150, "rules": ["natural"], "k": 90},
           "Without it this run ends where F has no inverse."),
)  # fmt: skip

FORMULAS = (
    Formula(
        "policy",
        (
            r"(p, q) = (@p@, @q@)",
            r"(d_1, d_2) = \frac{(q, p)}{p+q} = (@d.0@, @d.1@)",
            r"\eta = @eta@",
        ),
    ),
    Formula(
        "gradients",
        (
            r"\nabla\eta = (@plain.0@, @plain.1@)",
            r"F = \mathrm{diag}(@F.0@, @F.1@)",
            r"F^{-1}\nabla\eta = (@natural.0@, @natural.1@)",
        ),
        "At this step of the natural run, or of the first one chosen.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    fields = panels.named({name: ink(name)["label"] for name in FIELDS})
    return [
        panels.group(
            "start", "The start",
            panels.slider("p", "p, leaves first", 0.001, 0.999, 0.001),
            panels.slider("q", "q, leaves second", 0.001, 0.999, 0.001),
        ),
        panels.group("what", "What runs", panels.choose_rules(RULES), *panels.start(),
                     {"kind": "choice", "field": "arrows", "label": "field", "options": fields}),
        panels.group(
            "descent", "Descent",
            panels.slider("rate", "learning rate α", 0.001, 2, 0.001, scale="log"),
            panels.slider("times", "plain: times α", 1, 100, 1, scale="log"),
            panels.slider("damping", "damping λ", 0, 1, 0.0001, scale="log"),
            panels.slider("steps", "steps", 10, 2000, 1, scale="log"),
        ),
    ]  # fmt: skip


# The picture ----------------------------------------------------------------------------------


def picture(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    """The field and the runs over the logits, and the return of each run against the step."""
    s = seen.state
    add_contours(sheet, s.problem)
    points, starts = _field(s.arrows)
    sheet.add("theta", "curve", s.arrows, f"{ink(s.arrows)['label']} directions", points=points,
              starts=starts, faint=True, width=1.3)  # fmt: skip
    graph = Graph(sheet, "eta", "return η of each run",
                  Axis("step", 1, s.steps, log=True), Axis("η", 0.0, 2.1))  # fmt: skip
    for level in (1.0, 2.0):
        graph.curve("level", "η = 1 and 2", [1, s.steps], [level, level], width=1.2, faint=True)
    for name, path in seen.runs.items():
        loss = sheet.array(f"loss.{name}", path.loss)
        sheet.add("theta", "path", name, ink(name)["label"], rule=name, dash="solid",
                  values={"loss": loss}, points=path.theta)  # fmt: skip
        steps = np.arange(len(path.theta))
        read = [["step", sheet.array(f"steps.{name}", steps.astype(float))],
                ["η", sheet.array(f"eta.{name}", -path.loss)]]  # fmt: skip
        sheet.add("eta", "path", name, ink(name)["label"], dash="solid", read=read,
                  points=graph.points(np.maximum(steps, 1), -path.loss))  # fmt: skip
    guide = seen.guide
    with np.errstate(all="ignore"):
        fisher = full(guide.at.fisher, guide.ok.shape)
    sheet.add("theta", "ellipse-at", "metric", "equal KL", shapes=ellipses_at(guide.good, fisher))
    return {
        "planes": [plane("theta", "logits of leaving", seen.problem.symbols, VIEW), graph.plane()],
        "ways": {},
        "steps": s.steps,
        "handles": [{"id": "start", "plane": "theta", "at": list(s.point), "ink": "start",
                     "label": "starting policy", "field": "start"}],
        "numbers": _numbers(seen, sheet),
        "description": "; ".join(_told(name, path) for name, path in seen.runs.items()),
    }  # fmt: skip


def _told(name: str, path: Trajectory) -> str:
    last = -path.loss[path.ok][-1]
    how = broken(path)
    return f"{ink(name)['label']}: return {last:.4g} at the end" + (f", {how}" if how else "")


def _numbers(seen: Seen, sheet: Sheet) -> dict[str, Any]:
    """The formulas' numbers along the guide's run."""
    path = seen.guide
    lead = path.ok.shape
    with np.errstate(all="ignore"):
        chances = np.full((*lead, 2), np.nan)
        shares = chances.copy()
        chances[path.ok] = seen.problem.policy(path.theta[path.ok])
        shares[path.ok] = seen.problem.visits(path.theta[path.ok])
        fisher = np.diagonal(full(path.at.fisher, lead), axis1=-2, axis2=-1)
        plain = -full(path.at.grad, lead)
        series = np.concatenate(
            [chances, shares, -path.loss[:, None], plain, fisher, plain / fisher], axis=1
        )
    sheet.array("live", series)
    pairs = (f"{name}.{i}" for name in ("plain", "F", "natural") for i in (0, 1))
    return {"@": ["p", "q", "d.0", "d.1", "eta", *pairs]}


lessons.register("policy")(
    Lesson(
        name="policy",
        title="Policy",
        takeaway="A gradient is weighted by where the policy goes; "
        "the Fisher matrix holds the same weights, and takes them out.",
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=RULES,
        inks={"level": {"label": "η = 1 and 2", "light": "#6b7280", "dark": "#9aa3ad"}},
        sources=("Kakade 2001, sec. 4", "Bagnell and Schneider 2003", "Kingma and Ba 2015"),
        default=Walk(rate=0.1, times=10.0, steps=80, k=12),
        order=9,
        lights={"F": ("metric", "natural"), "∇": ("gradient",)},
    )
)
