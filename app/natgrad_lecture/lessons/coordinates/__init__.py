"""Coordinates (Suresh 2019, section 2): the same rule in θ and in x = A⁻¹θ, run side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, ClassVar

import numpy as np

from natgrad_core import gap, rules, run
from natgrad_core.charts.linear import Linear, Parts, compose, decompose
from natgrad_core.linalg.small_matrices import components, pack
from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.contours import add_contours, add_contours_through, add_lattice
from natgrad_lecture.drawing.paired_runs import (
    COINCIDE,
    SPLIT,
    add_anatomy,
    add_ellipses,
    add_paths,
    one_step,
    reading,
    told,
)
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import corners, plane, square, window
from natgrad_lecture.engine_cache import Shown
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
from natgrad_lecture.lessons.coordinates.chain_rule_figure import (
    INKS,
    STAGES,
    add_chain_rule,
    carried,
)
from natgrad_lecture.state.fields import BadInput, choice, control, number
from natgrad_lecture.state.state import ChartKey, Runs, numbers, problem_named
from natgrad_lecture.text.typeset import live_matrix, live_vector

PROBLEMS = {"normal": 0.02, "logistic-regression": 0.1}
"""The problems of this lesson, each with a rate at which its runs are worth seeing."""

RULES = ("gradient", "newton", "natural")
"""The rules that the lesson is about; the others that there are can be chosen too."""

ALL_RULES = (*RULES, *(name for name in rules if name not in RULES))

SHEAR = ((1.0, 0.8), (0.0, 1.0))
ROTATION = tuple(map(tuple, compose(Parts(40.0, 1.0, 1.0, 0.0)).tolist()))
DOUBLE = ((2.0, 0.0), (0.0, 2.0))

WORST_CONDITION = 1e4
"""Beyond this a picture of A is a line, and its numbers lose more digits than the meter shows."""


@lru_cache
def _condition(rows: tuple[tuple[float, ...], ...]) -> float:
    """Kept, for every ask brings its A, whatever is dragged."""
    return Linear(rows).condition


def _matrix(value: Any) -> tuple[tuple[float, ...], ...]:
    allowed = "any number up to a thousand in size"
    rows = tuple(
        tuple(
            number(f"matrix.{i}.{j}", "this entry of A", -1e3, 1e3, allowed)(part)
            for j, part in enumerate(row)
        )
        for i, row in enumerate(value)
    )
    if len(rows) != 2 or any(len(row) != 2 for row in rows):
        raise BadInput("matrix", "A must have two rows of two numbers")
    try:
        condition = _condition(rows)
    except ValueError as error:
        raise BadInput("matrix", f"{error}. The last good A stays.") from None
    if condition > WORST_CONDITION:
        raise BadInput(
            "matrix",
            f"A is nearly singular (condition number {condition:.1e}, at most "
            f"{WORST_CONDITION:.0e} is drawn): its columns must point in different directions. "
            "The last good A stays.",
        )
    return rows


@dataclass(frozen=True)
class Coordinates(Runs):
    """Runs, in θ and in x = A⁻¹θ. A is set by its entries, its columns or its parts."""

    problem: str = control("normal", "problem", choice("problem", "problem", tuple(PROBLEMS)))
    matrix: tuple[tuple[float, ...], ...] = control(SHEAR, "A", _matrix)

    stage: str = control("off", "why", choice("stage", "stage", STAGES))
    """How far AAᵀ is built up: the gradient in x, the step made there, the step carried back."""

    suited: ClassVar = {name: {"rate": rate} for name, rate in PROBLEMS.items()}

    @property
    def chart_key(self) -> ChartKey:
        """θ = A x."""
        return "linear", (("matrix", self.matrix),)

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A part of A (rotation, stretches, shear) is a control too."""
        if name not in Parts._fields:
            return super().changes(name, value)
        (part,) = numbers(name, [value])
        if name == "stretch1" and not part > 0:
            raise BadInput(name, f"the first stretch is {part:g}; it must be more than 0")
        return {"matrix": compose(decompose(self.matrix)._replace(**{name: part})).tolist()}

    def values(self) -> dict[str, Any]:
        """The fields, and the parts of A."""
        return {**super().values(), **decompose(self.matrix)._asdict()}


# The claims -----------------------------------------------------------------------------------


def _plain_step_is_preconditioned(shown: Shown) -> bool:
    """One step in x, mapped back, against −α AAᵀ∇J, at every point of the run."""
    twins = shown.twins["gradient"]
    _, away = one_step(twins, shown.rule("gradient"))
    gradient = pack(shown.problem.at(components(twins.home.theta)).grad)
    expected = -shown.state.rate * gradient @ (shown.matrix @ shown.matrix.T)
    return bool(np.allclose(away, expected, rtol=1e-10, atol=1e-14))


def _chain_rule(shown: Shown) -> bool:
    """Aᵀ∇J against central differences of J(Ax) along the run."""
    through = shown.problem.through(shown.chart)
    x, step = shown.guide.home_in_x, 1e-6
    slopes = [
        (np.asarray(through.loss(x + h)) - np.asarray(through.loss(x - h))) / (2 * step)
        for h in step * np.eye(2)
    ]
    return bool(np.allclose(np.stack(slopes, -1), carried(shown)[1], rtol=1e-5, atol=1e-6))


def _step_in_x(shown: Shown) -> bool:
    """The run's own steps in x are −α times the gradient there."""
    path = shown.twins["gradient"].away
    moved, gradient = np.diff(path.theta, axis=0), pack(path.at.grad)[:-1]
    return bool(np.allclose(moved, -shown.state.rate * gradient, rtol=1e-9, atol=1e-13))


def _carried_back(shown: Shown) -> bool:
    """And in θ the same run moves by A times that, −αAAᵀ∇J."""
    path = shown.twins["gradient"].away
    moved = np.diff(path.home, axis=0)
    gradient = shown.problem.grad(path.home)[:-1]
    expected = -shown.state.rate * gradient @ (shown.matrix @ shown.matrix.T)
    return bool(np.allclose(moved, expected, rtol=1e-9, atol=1e-13))


def _right_angles(shown: Shown) -> bool:
    """Each gradient is at right angles to its own level line; carried back it is not."""
    gradient, in_x, back = carried(shown)
    level = gradient @ np.array([[0.0, 1.0], [-1.0, 0.0]])
    level_in_x = np.linalg.solve(shown.matrix, level.T).T
    across = np.einsum("ni,ni->n", in_x, level_in_x)
    sizes = np.linalg.norm(back, axis=1) * np.linalg.norm(level, axis=1)
    leaning = np.einsum("ni,ni->n", back, level) / sizes
    return bool(np.abs(across).max() < 1e-9 * sizes.max() and np.abs(leaning).max() > 0.2)


def _another_metric(shown: Shown) -> bool:
    """AAᵀ∇J solves G a = ∇J with G = A⁻ᵀA⁻¹, which measures θ by the ruler of x."""
    gradient, _, back = carried(shown)
    inverse = np.linalg.inv(shown.matrix)
    return bool(np.allclose(back @ (inverse.T @ inverse), gradient, rtol=1e-9))


def _which_product(shown: Shown) -> int:
    """Which product the run's first step in x, carried back, has before ∇J: AᵀA, AAᵀ or AA."""
    path, a = shown.twins["gradient"].away, shown.matrix
    moved = np.diff(path.home, axis=0)[0]
    gradient = shown.problem.grad(path.home[0])
    products = (a.T @ a, a @ a.T, a @ a)
    apart = [np.linalg.norm(moved + shown.state.rate * m @ gradient) for m in products]
    return int(np.argmin(apart))


def _doubling_quadruples_the_rate(shown: Shown) -> bool:
    faster = run(
        shown.problem, rules["gradient"](4 * shown.state.rate), shown.start, shown.state.steps
    )
    return float(gap(faster.theta, shown.twins["gradient"].away.home)) < COINCIDE


def _hessian_becomes(shown: Shown) -> bool:
    away = shown.twins["newton"].away
    home = shown.problem.hessian(away.home)
    mapped = shown.matrix.T @ home @ shown.matrix
    return bool(np.allclose(away.problem.hessian(away.theta), mapped, rtol=1e-9))


def _fisher_becomes(shown: Shown) -> bool:
    away = shown.twins["natural"].away
    mapped = shown.matrix.T @ shown.problem.fisher(away.home) @ shown.matrix
    return bool(np.allclose(away.problem.fisher(away.theta), mapped, rtol=1e-9))


def _same_distributions(shown: Shown) -> bool:
    """KL of every step is the same number in both coordinates."""
    twins = shown.twins["natural"]
    return bool(np.allclose(twins.home.kl, twins.away.kl, rtol=1e-6, atol=1e-15))


def _coincide(name: str) -> Any:
    return lambda shown: shown.gap(name) < COINCIDE


def _split(name: str) -> Any:
    return lambda shown: shown.gap(name) > SPLIT


def _newton_is_natural(shown: Shown) -> bool:
    newton, natural = shown.twins["newton"].home, shown.twins["natural"].home
    return float(gap(newton.theta, natural.theta)) < COINCIDE


def _who_splits(shown: Shown) -> int:
    """0: all rules split, 1: plain descent alone, 2: none."""
    split = {name for name, pair in shown.twins.items() if pair.gap > SPLIT}
    return [set(shown.twins), {"gradient"}, set()].index(split)


WHY = {"matrix": SHEAR, "rules": ["gradient"], "k": 2, "steps": 60}

SECTIONS = (
    Section(
        "twice",
        "One rule, run twice",
        (
            "The same parameters can be written with other numbers.",
            Definition(r"On the left they are $\theta$, on the right $x = A^{-1}\theta$."),
            "Each rule starts at the same point and runs in both: solid in the left "
            "coordinates, dashed in the right ones.",
            "If the rule is about the problem and not about our numbers, the two must coincide.",
        ),
        Predict(
            "turned",
            "Turn the coordinates by 40°, and stretch nothing. Which rules will take two roads?",
            ("all of them", "plain descent alone", "none"),
            {"matrix": ROTATION},
            _who_splits,
            r"A rotation keeps lengths: $A A^{\top} = I$, and even plain descent cannot tell. "
            "It takes a stretch or a shear to part it from its twin.",
        ),
    ),
    Section(
        "plain",
        "Plain descent notices",
        (
            Claim(
                "plain-aat",
                r"A plain step made in $x$ is, back in $\theta$, "
                r"$-\alpha A A^{\top}\nabla J$ instead of $-\alpha\nabla J$.",
                {"matrix": SHEAR, "rules": ["gradient"], "k": 6},
                _plain_step_is_preconditioned,
            ),
            Claim(
                "plain-splits",
                "So a shear sends plain descent along another road.",
                {"matrix": SHEAR, "rules": ["gradient"]},
                _split("gradient"),
            ),
            Claim(
                "rotation",
                r"A rotation has $A A^{\top} = I$ and changes nothing.",
                {"matrix": ROTATION},
                lambda shown: max(pair.gap for pair in shown.twins.values()) < COINCIDE,
            ),
            Claim(
                "double",
                r"Measuring in half units, $A = 2I$, makes the learning rate four times as large.",
                {"matrix": DOUBLE, "rules": ["gradient"], "rate": 0.005},
                _doubling_quadruples_the_rate,
            ),
        ),
    ),
    Section(
        "why",
        "Why AAᵀ",
        (
            Claim(
                "chain",
                r"In $x$ the loss is $J(Ax)$, and by the chain rule its gradient is "
                r"$\nabla_x J = A^{\top}\nabla J$.",
                {**WHY, "stage": "gradient"},
                _chain_rule,
            ),
            Claim(
                "step-in-x",
                r"A plain step goes against it: $x \leftarrow x - \alpha A^{\top}\nabla J$.",
                {**WHY, "stage": "step"},
                _step_in_x,
            ),
            Claim(
                "carried-back",
                r"Back in $\theta = Ax$ the step is multiplied by $A$, and there stands "
                r"$-\alpha A A^{\top}\nabla J$.",
                {**WHY, "stage": "back"},
                _carried_back,
            ),
            Claim(
                "right-angles",
                "Each of the two gradients is at right angles to the level line of its own "
                "plane; the one carried back no longer is.",
                {**WHY, "stage": "back", "k": 1},
                _right_angles,
            ),
            Claim(
                "ruler",
                r"It is what $G = A^{-\top}A^{-1}$ calls steepest, $G^{-1}\nabla J$: plain "
                r"descent in $x$ measures $\theta$ with the ruler of $x$.",
                {**WHY, "stage": "back", "k": 0},
                _another_metric,
            ),
        ),
        Predict(
            "product",
            r"A gradient is carried into $x$, a step out of it again. Which product of matrices "
            r"will stand before $\nabla J$?",
            (r"$A^{\top}A$", r"$A A^{\top}$", r"$A A$"),
            {**WHY, "stage": "back"},
            _which_product,
            r"The gradient takes $A^{\top}$ on its way in, the step takes $A$ on its way out, and "
            r"the last to act stands in front.",
        ),
    ),
    Section(
        "newton",
        "Newton does not",
        (
            Claim(
                "hessian",
                r"The Hessian $H$ becomes $A^{\top} H A$ in $x$;",
                {"matrix": SHEAR, "rules": ["newton"], "k": 20},
                _hessian_becomes,
            ),
            Claim(
                "newton-coincides",
                r"in $H^{-1}\nabla J$ every $A$ cancels, and Newton's two runs are one.",
                {"matrix": SHEAR, "rules": ["newton"]},
                _coincide("newton"),
            ),
        ),
    ),
    Section(
        "natural",
        "Nor does the natural gradient",
        (
            Claim(
                "fisher",
                r"The Fisher matrix $F$ becomes $A^{\top} F A$ in $x$,",
                {"matrix": SHEAR, "rules": ["natural"], "k": 20},
                _fisher_becomes,
            ),
            Claim(
                "natural-coincides",
                r"so $F^{-1}\nabla J$ takes the same steps in both.",
                {"matrix": SHEAR, "rules": ["natural"]},
                _coincide("natural"),
            ),
            Claim(
                "same-distributions",
                "Each step moves the distribution by the same KL divergence, whatever the numbers "
                "that name it; the ellipses are one set of distributions drawn twice.",
                {"matrix": SHEAR, "rules": ["natural"], "k": 40},
                _same_distributions,
            ),
            Claim(
                "logistic",
                r"In logistic regression $H = F$: there Newton's method is the natural gradient.",
                {"problem": "logistic-regression", "matrix": SHEAR, "rules": ["newton", "natural"]},
                _newton_is_natural,
            ),
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "damping-breaks",
                r"Damping with $\lambda I$ adds the identity of whichever coordinates are in use, "
                r"and the twins part.",
                {"matrix": SHEAR, "damping": 10.0, "rules": ["natural"]},
                _split("natural"),
            ),
            Claim(
                "damping-mends",
                r"Damping with $\lambda A^{\top}A$ in $x$ is $\lambda I$ of $\theta$, carried "
                "along, and they are one again.",
                {"matrix": SHEAR, "damping": 10.0, "kind": "pulled-back", "rules": ["natural"]},
                _coincide("natural"),
            ),
            Definition(
                r"(The lecture writes its steps with $+\alpha$; as $J$ is a loss, we go down.)"
            ),
        ),
    ),
)

PRESETS = (
    Preset("a shear splits plain descent", {}, "Two rules keep one path each. One has two."),
    Preset("a rotation changes nothing", {"matrix": ROTATION}, "Every rule keeps its path."),
    Preset(
        "a stretch is another learning rate",
        {"matrix": DOUBLE, "rules": ["gradient", "natural"], "rate": 0.005},
        "Half units: plain descent runs four times as fast, the natural gradient as before.",
    ),
    Preset(
        "damping breaks it",
        {"damping": 10.0, "rules": ["gradient", "natural"]},
        "λI is not the same in x: the natural gradient splits too.",
    ),
    Preset(
        "damping done right",
        {"damping": 10.0, "kind": "pulled-back", "rules": ["gradient", "natural"]},
        "λAᵀA is: its two runs are one again.",
    ),
    Preset(
        "Newton is natural here",
        {"problem": "logistic-regression", "rules": ["newton", "natural"]},
        "Logistic regression: the Hessian is the Fisher matrix.",
    ),
    Preset(
        "too fast for x",
        {"matrix": ((2.0, 1.6), (0.0, 1.0)), "rules": ["gradient", "natural"], "steps": 100},
        "The rate suits θ but not x: the dashed plain run is thrown out.",
    ),
    Preset(
        "why AAᵀ",
        {**WHY, "stage": "back"},
        "The gradient goes into x by Aᵀ, the step comes back by A.",
    ),
)


FORMULAS = (
    Formula(
        "matrices",
        (
            f"A = {live_matrix('A')}",
            rf"A A^{{\top}} = {live_matrix('AAT')}",
            f"F = {live_matrix('F')}",
            rf"A^{{\top}} F A = {live_matrix('AFA')}",
            rf"\lambda D = {live_matrix('D')}",
        ),
    ),
    Formula(
        "plain",
        (
            rf"-\alpha \nabla J = {live_vector('plain')}",
            rf"A^{{\top}}\nabla J = {live_vector('gx')}",
            rf"-\alpha A A^{{\top}} \nabla J = {live_vector('plainx')}",
        ),
        "One plain step from here: made in θ; made in x and mapped back.",
    ),
    Formula(
        "natural",
        (
            rf"-\alpha (F + \lambda I)^{{-1}} \nabla J = {live_vector('nat')}",
            r"-\alpha A (A^{\top} F A + \lambda D)^{-1} A^{\top} \nabla J = " + live_vector("natx"),
        ),
        "One natural step from here: made in θ; made in x and mapped back.",
    ),
)


def _stages() -> dict[str, Any]:
    labels = ("off", "gradient in x", "step in x", "carried back")
    options = [{"value": n, "label": text} for n, text in zip(STAGES, labels, strict=True)]
    return {"kind": "choice", "field": "stage", "label": "why AAᵀ", "options": options}


def _controls() -> list[dict[str, Any]]:
    return [
        panels.group("what", "What runs", panels.choose_problem(tuple(PROBLEMS)),
                     panels.choose_rules(ALL_RULES), *panels.start()),
        panels.group("matrix", "Coordinates θ = A x", *panels.coordinates(), _stages()),
        panels.group("descent", "Descent", *panels.descent()),
    ]  # fmt: skip


# The picture ----------------------------------------------------------------------------------


def picture(shown: Shown, sheet: Sheet) -> dict[str, Any]:
    """Both planes, the meter, the live numbers and the words for what is seen."""
    view = window(shown.problem)
    x_view = square(shown.chart.inverse(corners(view)))
    symbols = shown.problem.symbols
    add_contours(sheet, shown.state.problem)
    add_contours_through(sheet, shown.state.problem, shown.state.chart_key, x_view)
    add_lattice(sheet, "theta", shown.chart.forward, x_view, view)
    add_lattice(sheet, "x", shown.chart.inverse, view, x_view)
    if shown.state.stage == "off":
        add_ellipses(sheet, shown)
    add_paths(sheet, shown)
    if shown.state.stage == "off":
        add_anatomy(sheet, shown)
    else:
        add_chain_rule(sheet, shown, shown.state.stage, float(np.ptp(view[0])))
    meter = [reading(pair, panels.ink(pair.name)["label"]) for pair in shown.twins.values()]
    return {
        "planes": [
            plane("theta", "θ", symbols, view),
            plane("x", "x = A⁻¹θ", shown.chart.names(symbols), x_view),
        ],
        "ways": {"solid": "run in θ", "dashed": "run in x, mapped back"},
        "steps": shown.state.steps,
        "handles": _handles(shown),
        "numbers": _numbers(shown, sheet),
        "meter": meter,
        "notes": {name: note for name, pair in shown.twins.items() if (note := told(pair))},
        "description": "; ".join(f"{m['label']}: {m['word']}, gap {m['text']}" for m in meter),
    }  # fmt: skip


def _numbers(shown: Shown, sheet: Sheet) -> dict[str, Any]:
    """The numbers in the formulas; a name with @ is a series over the steps of the guide's run."""
    A, guide = shown.matrix, shown.guide
    fisher = pack(guide.home.at.fisher)
    plain, plain_x = one_step(guide, shown.rule("gradient"))
    natural, natural_x = one_step(guide, shown.rule("natural"))
    second = A.T @ A if shown.state.kind == "pulled-back" else np.eye(2)
    numbers: dict[str, Any] = {}
    for name, fixed in (("A", A), ("AAT", A @ A.T), ("D", shown.state.damping * second)):
        tidy = np.round(fixed, 12)  # −0.8·0.6 + 0.6·0.8 is nothing, not 10⁻¹⁷
        numbers |= {f"{name}.{i}.{j}": float(tidy[i, j]) for i in (0, 1) for j in (0, 1)}
    series = np.concatenate(
        [fisher.reshape(-1, 4), (A.T @ fisher @ A).reshape(-1, 4), plain, carried(shown)[1],
         plain_x, natural, natural_x], axis=1,
    )  # fmt: skip
    names = [f"{m}.{i}.{j}" for m in ("F", "AFA") for i in (0, 1) for j in (0, 1)]
    names += [f"{v}.{i}" for v in ("plain", "gx", "plainx", "nat", "natx") for i in (0, 1)]
    sheet.array("live", series)
    numbers["@"] = names
    return numbers


def _handles(shown: Shown) -> list[dict[str, Any]]:
    """The start, in both planes, and the columns of A as arrows from an anchor in a free corner."""
    start = np.asarray(shown.start)
    anchor, scale = _anchor(shown.state.problem)
    handles = [
        {"id": "start", "plane": "theta", "at": start.tolist(), "label": "starting point",
         "field": "start", "ink": "start"},
        {"id": "start.x", "plane": "x", "at": shown.chart.inverse(start).tolist(),
         "label": "starting point, in x", "field": "start.x", "ink": "start"},
    ]  # fmt: skip
    for j, word in enumerate(("first", "second")):
        tip = anchor + scale * shown.matrix[:, j]
        handles.append(
            {"id": f"a{j + 1}", "plane": "theta", "at": tip.tolist(), "from": anchor.tolist(),
             "scale": scale, "label": f"{word} column of A", "field": f"matrix.:.{j}",
             "ink": f"a{j + 1}"}
        )  # fmt: skip
    return handles


@cache
def _anchor(name: str) -> tuple[np.ndarray, float]:
    """A corner of the view away from where this problem's runs usually are."""
    problem = problem_named(name)
    view = window(problem)
    low, span = view[:, 0], np.ptp(view, axis=1)
    usual = run(problem, rules["natural"](0.05), problem.start, 100).theta
    places = [low + span * np.array([a, b]) for a in (0.26, 0.74) for b in (0.26, 0.74)]
    free = max(places, key=lambda c: float(np.linalg.norm((usual - c) / span, axis=1).min()))
    return free, 0.16 * float(span.max())


lessons.register("coordinates")(
    Lesson(
        name="coordinates",
        title="Coordinates",
        takeaway="Plain descent depends on the numbers we write parameters with; "
        "Newton and the natural gradient do not.",
        sources=("Amari 1998, sec. 2", "Martens 2020, sec. 12"),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        rules=ALL_RULES,
        inks=INKS,
        default=Coordinates(rules=RULES, k=12),
        meter="Gap between the two runs",
        lights={
            "A": ("a1", "a2"),
            "F": ("metric", "natural"),
            "H": ("newton",),
            "∇": ("gradient",),
        },
    )
)
