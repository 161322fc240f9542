"""A net learns, live: small nets on the plane, their rules side by side, and their Fisher matrix.

Suresh 2019, sections 1 and 2, on the net they speak of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from natgrad_lecture import controls as panels
from natgrad_lecture.drawing.palette import ink
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
from natgrad_lecture.lessons.net.figure import picture
from natgrad_lecture.lessons.net.script import script
from natgrad_lecture.lessons.net.state import DATA, ONE_EACH, RULES, Taught

if TYPE_CHECKING:
    from natgrad_lecture.lessons.net.model import Learning


def _see(state: Any) -> Learning:
    # Torch, which no other lesson should wait for.
    from natgrad_lecture.lessons.net.model import Learning

    return Learning(state)


# The claims -----------------------------------------------------------------------------------

ALL = {"rules": ("natural", "adam", "nesterov", "gradient"), "steps": 150}
SPLIT = {"show": "outputs", "stretch": 100.0, "steps": 60}
MATRIX = {"show": "fisher", "rules": ("natural",), "steps": 60}
THROWN = {"data": "circles", "damping": 0.01, "rules": ("natural", "adam"), "steps": 60}
NOISY = {"noise": 0.3, "rules": ("kfac", "adam"), "steps": 120}
HARD = {"data": "spirals", "noise": 0.05}


def _until(run: Any, loss: float) -> float:
    """The step at which a run's loss is first at or below this; infinity if it never is."""
    return next((float(i) for i, each in enumerate(run.losses) if each <= loss), float("inf"))


def _first_below(loss: float, steps: int) -> Any:
    """Which rule is there in the fewest steps: its index."""

    def first(seen: Any) -> int:
        seen.to(steps)
        taken = [_until(seen.run(name), loss) for name in seen.state.rules]
        return taken.index(min(taken))

    return first


def _natural_first(loss: float, steps: int, by: float) -> Any:
    """In fewer steps than any rival, by this factor."""

    def check(seen: Any) -> bool:
        seen.to(steps)
        taken = {name: _until(seen.run(name), loss) for name in seen.state.rules}
        natural = taken.pop("natural")
        return natural < float("inf") and all(other > by * natural for other in taken.values())

    return check


def _leaves_the_plateau(seen: Any) -> bool:
    natural, adam = (seen.to(60).run(name).losses for name in ("natural", "adam"))
    return natural[30] < 0.05 and min(adam[:31]) > 0.45 and adam[10] > 0.55


def _mostly_rounding(seen: Any) -> bool:
    """F has a null direction: one more on both outputs. And few others are above rounding."""
    matrix = seen.to(20).fisher("natural", 20)["exact"]
    both = [0.0] * (len(matrix) - 2) + [1.0, 1.0]
    spectrum = seen.spectra("natural", 20)["exact"]
    rank = int((spectrum > 1e-6 * spectrum[0]).sum())
    return bool(abs(matrix @ both).max() < 1e-5 * abs(matrix).max()) and rank < len(matrix) / 2


def _kl_of_a_step(seen: Any) -> bool:
    """KL(p_θ ‖ p_{θ+δ}) is ½ δᵀFδ for a part of the natural step; for all of it, less so."""
    seen.to(5)
    net = seen.net.double
    theta, ahead = (seen.theta("natural", False, step).double() for step in (4, 5))
    metric = net.fisher(theta)
    off = []
    for share in (1.0, 0.05):
        change = share * (ahead - theta)
        kl = float(net.kl(theta, theta + change))
        off.append(abs(kl / float(change @ metric @ change / 2) - 1))
    return off[1] < 0.01 and off[0] > 10 * off[1]


def _thrown_out(seen: Any) -> bool:
    run = seen.to(20).run("natural")
    return run.losses[min(20, run.steps)] > 10 * run.losses[0]


def _learns(name: str, steps: int, loss: float) -> Any:
    def check(seen: Any) -> bool:
        run = seen.to(steps).run(name)
        return run.steps >= steps and run.losses[steps] < loss < run.losses[0]

    return check


def _gap(name: str, low: float = 0.0, high: float = float("inf"), step: int = 10) -> Any:
    """The gap after this step lies between these."""
    return lambda seen: bool(low <= seen.to(step).gap(name, step) <= high)


def _damping_is_seen(seen: Any) -> bool:
    """λI in x makes a larger gap than λAᵀA, by far."""
    plain = seen.to(10).gap("natural", 10)
    pulled = _see(seen.state.with_(kind="pulled-back")).to(10).gap("natural", 10)
    return bool(plain > 0.005 and plain > 20 * pulled)


def _in_order(seen: Any) -> bool:
    """Errors rise from one block a layer to E-KFAC, K-FAC and the diagonal."""
    found = seen.to(30).errors("natural", 30)
    return found["block"] <= found["ekfac"] <= found["kfac"] < found["diagonal"]


def _error(name: str, low: float, step: int = 30) -> Any:
    return lambda seen: seen.to(step).errors(seen.state.rules[0], step)[name] > low


def _rank_at_most_the_points(seen: Any) -> bool:
    spectrum = seen.to(3).spectra("natural", 3)["exact"]
    return int((spectrum > 1e-5 * spectrum[0]).sum()) <= len(seen.net)


def _far_and_useful(seen: Any) -> bool:
    return _learns("kfac", 40, 1e-3)(seen) and seen.errors("kfac", 10)["kfac"] > 0.5


def _tested(seen: Any, name: str, by: int) -> list[float]:
    """The loss on new points along a run, each ``by`` steps until 120."""
    seen.to(120)
    return [seen.test_loss(name, step) for step in range(0, 121, by)]


def _learns_too_well(seen: Any) -> bool:
    """The training loss goes on falling while that on new points has long been rising."""
    tested, run = _tested(seen, "kfac", 10), seen.run("kfac")
    return run.losses[120] < 0.5 * run.losses[40] and tested[-1] > 2 * min(tested)


def _no_better_on_new_points(seen: Any) -> bool:
    """At their best on new points the two rules are near one another, the rival ahead."""
    best = {name: min(_tested(seen, name, 5)) for name in ("kfac", "adam")}
    return 0.85 < best["adam"] / best["kfac"] < 1.15


def _tuning_is_much_of_it(seen: Any) -> bool:
    """Adam at a tenth of its rate needs at least twice the steps."""
    good = _see(seen.state.with_(adam=10 * seen.state.adam)).to(150)
    return _until(seen.to(150).run("adam"), 0.1) > 2 * _until(good.run("adam"), 0.1)


SECTIONS = (
    Section(
        "race",
        "A net learns",
        (
            Definition(
                "Two inputs, two layers of sixteen tanh units, two classes: $p = 354$ parameters; "
                r"$J$ is the mean surprise $-\log p(y|x)$ of 500 points."
            ),
            Claim(
                "fewer-steps",
                "On the moons the natural gradient takes $J$ below 0.03 in less than half the "
                "steps of Adam, Nesterov's momentum or plain descent, each at a good rate.",
                ALL,
                _natural_first(0.03, 150, 2.0),
            ),
            Claim(
                "spirals",
                "On the spirals Adam lingers on a plateau near $J = 0.6$ for thirty steps; the "
                "natural gradient has $J$ below 0.05 by then.",
                {**HARD, "steps": 100},
                _leaves_the_plateau,
            ),
            "By the second the race is closer, for a natural step costs several plain ones: "
            "change the axis of the losses and see.",
        ),
        Predict(
            "first",
            "Which rule has $J$ below 0.03 in the fewest steps?",
            ("the natural gradient", "Adam", "Nesterov's momentum", "plain descent"),
            ALL,
            _first_below(0.03, 150),
            "Each natural step asks what it does to the net's outputs, and goes far where they "
            "hardly move.",
        ),
    ),
    Section(
        "trust",
        "How far to trust it",
        (
            Claim(
                "kl",
                "$F$ measures a step by what it does to the outputs: for a small one "
                r"$\mathrm{KL} \approx \tfrac12 \delta^{\top} F \delta$.",
                MATRIX,
                _kl_of_a_step,
            ),
            Claim(
                "singular",
                "$F$ is singular: one more on both outputs changes nothing, and most other "
                r"directions hardly do. Hence $F + \lambda I$.",
                {**MATRIX, "steps": 20},
                _mostly_rounding,
            ),
            Claim(
                "thrown",
                r"With $\lambda = 0.01$ and full steps the net on the circles is thrown out: the "
                "quadratic model was trusted too far.",
                THROWN,
                _thrown_out,
            ),
            Claim(
                "saved",
                r"At $\lambda = 0.03$ it learns.",
                {**THROWN, "damping": 0.03},
                _learns("natural", 40, 0.02),
            ),
        ),
    ),
    Section(
        "notices",
        "Which rule notices A?",
        (
            Definition(
                "Write the middle layer as $W = A V$ and learn $V$ instead: the same nets, in "
                r"other numbers. Solid runs are made in $\theta$, dashed ones in $x$; the first "
                "plane shows what the net says at two points $u$ and $v$."
            ),
            Claim(
                "adam-notices",
                "Adam's run parts from itself,",
                {**SPLIT, "rules": ("adam", "natural"), "kind": "pulled-back"},
                _gap("adam", 0.03),
            ),
            Claim(
                "plain-notices",
                "and so does plain descent's;",
                {**SPLIT, "rules": ("gradient", "natural"), "kind": "pulled-back"},
                _gap("gradient", 0.03),
            ),
            Claim(
                "natural-blind",
                "the natural gradient does not notice: both runs give the same outputs, to "
                "rounding.",
                {**SPLIT, "rules": ("natural", "adam"), "kind": "pulled-back"},
                _gap("natural", 0.0, 1e-3),
            ),
            Claim(
                "damping-seen",
                r"That holds for a damping that is a tensor, $\lambda A^{\top} A$ in $x$. Add "
                r"$\lambda I$ there and the natural gradient notices, too.",
                {**SPLIT, "rules": ("natural", "adam")},
                _damping_is_seen,
            ),
            Claim(
                "kfac-nearly",
                "K-FAC, undamped, would be blind as well (Martens and Grosse 2015, theorem 1); "
                "damped it nearly is: its two runs end together.",
                {**SPLIT, "rules": ("kfac", "adam")},
                lambda seen: bool(seen.to(30).gap("kfac", 30) < 1e-3 < seen.gap("adam", 30)),
            ),
        ),
        Predict(
            "blind",
            "Whose outputs stay the same when the middle layer is written in other numbers?",
            ("the natural gradient's", "Adam's"),
            {**SPLIT, "rules": ("natural", "adam"), "kind": "pulled-back"},
            lambda seen: int(seen.to(10).gap("natural", 10) > seen.gap("adam", 10)),
            "Its step solves a problem about distributions, in which the numbers of the "
            "parameters do not occur.",
        ),
    ),
    Section(
        "matrix",
        "What stands in for F",
        (
            Claim(
                "order",
                "One block a layer is the nearest of the stand-ins, then E-KFAC, K-FAC and the "
                "diagonal: each drops more of $F$.",
                {**MATRIX, "stand_in": "block"},
                _in_order,
            ),
            Claim(
                "diagonal",
                "The diagonal keeps nearly nothing: its error is over nine tenths of the norm of "
                "$F$.",
                {**MATRIX, "stand_in": "diagonal"},
                _error("diagonal", 0.9),
            ),
            Claim(
                "off-blocks",
                "More than half the norm of $F$ lies off the blocks, and no stand-in has it.",
                {**MATRIX, "stand_in": "block"},
                _error("block", 0.5),
            ),
            Claim(
                "far-and-useful",
                "K-FAC learns fast all the same: a metric need not be near to be useful.",
                {**MATRIX, "rules": ("kfac",)},
                _far_and_useful,
            ),
            Claim(
                "rank",
                "With two classes $F$ has at most as many directions as there are points: paint "
                "two, and it has two.",
                {**MATRIX, "data": "painted", "points": ONE_EACH, "steps": 20},
                _rank_at_most_the_points,
            ),
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            "*Much faster convergence* than Adam, the lecture says. In steps, and on the training "
            "loss, so it is here. Three things go with it.",
            Claim(
                "tuned",
                "A rival at a tenth of its best rate needs more than twice its steps: races "
                "against untuned rivals prove little.",
                {"adam": 0.01, "steps": 150},
                _tuning_is_much_of_it,
            ),
            Claim(
                "too-well",
                "Fast on these points is not good on new ones: where the classes overlap K-FAC's "
                "training loss keeps falling while that on new points more than doubles.",
                NOISY,
                _learns_too_well,
            ),
            Claim(
                "no-better",
                "At their best on new points K-FAC and Adam are about equal.",
                NOISY,
                _no_better_on_new_points,
            ),
        ),
    ),
)

PRESETS = (
    Preset("moons", {}, "Two rules from one start: the natural gradient and Adam."),
    Preset("spirals", {**HARD, "steps": 150}, "The hard one: a plateau, and who leaves it."),
    Preset(
        "by the second",
        {"by": "second"},
        "The same runs by the time that they take: a natural step costs more.",
    ),
    Preset(
        "A in the middle",
        {**SPLIT, "rules": ("adam", "natural"), "kind": "pulled-back"},
        "Adam's outputs depend on the numbers that the middle layer is written in.",
    ),
    Preset("Fisher", MATRIX, "F as it changes, K-FAC in its place, and their spectra below."),
    Preset("thrown out", THROWN, "Too little damping, drawn as it is."),
    Preset(
        "paint",
        {"data": "painted", "points": ONE_EACH},
        "Paint points of both classes on a plane; the nets learn them as you paint.",
    ),
)

FORMULAS = (
    Formula(
        "step",
        (
            r"\theta_{k+1} = \theta_k - \alpha\,(F + \lambda I)^{-1}\,\nabla J,",
            r"\quad k = @k@,\; J = @loss@,\; \|\nabla J\| = @grad@",
        ),
        "The first rule chosen; the others put something else before the gradient.",
    ),
    Formula(
        "size",
        (
            r"F = \frac{1}{N}\sum_n J_n^{\top} M_n J_n,",
            r"\quad p = @p@,\; N = @N@,",
            r"\quad @rate@\ \text{steps a second of computing}",
        ),
    ),
    Formula(
        "error",
        (
            r"\frac{\|F - G\|}{\|F\|}:\quad \text{blocks}\ @error.block@,",
            r"\;\text{E-KFAC}\ @error.ekfac@,\;\text{K-FAC}\ @error.kfac@,",
            r"\;\text{diagonal}\ @error.diagonal@",
        ),
        "In the view of F.",
    ),
)


def _pick(field: str, label: str, options: dict[str, str]) -> dict[str, Any]:
    rows = panels.named(options)
    return {"kind": "choice", "field": field, "label": label, "options": rows}


def _controls() -> list[dict[str, Any]]:
    rules = panels.inked(RULES)
    stand_ins = {"kfac": "K-FAC", "ekfac": "E-KFAC", "block": "blocks", "diagonal": "diagonal"}
    return [
        panels.group(
            "view", "What is shown",
            _pick("show", "view", {"regions": "regions", "outputs": "outputs", "fisher": "F"}),
            _pick("by", "losses by", {"step": "step", "second": "second"}),
            _pick("stand_in", "in place of F", stand_ins),
            panels.slider("stretch", "stretch of A", 1, 1000, 0.01, scale="log"),
            panels.choose_damping(),
            _pick("on_change", "a new rate", {"anew": "starts anew", "onward": "goes on"}),
        ),
        panels.group(
            "rules", "Rules",
            {"kind": "checks", "field": "rules", "label": "rules", "options": rules},
            panels.slider("alpha", "natural α", 0.01, 2, 0.01, scale="log"),
            panels.slider("damping", "natural λ", 0.0001, 10, 0.0001, scale="log"),
            panels.slider("adam", "Adam's rate", 0.001, 1, 0.001, scale="log"),
            panels.slider("nesterov", "Nesterov's rate", 0.001, 10, 0.001, scale="log"),
            panels.slider("gradient", "plain rate", 0.001, 10, 0.001, scale="log"),
        ),
        panels.group(
            "data", "Data and net",
            _pick("data", "data", dict(zip(DATA, DATA, strict=True))),
            _pick("brush", "paint class", {"0": "0", "1": "1"}),
            {"kind": "button", "field": "erase", "label": "erase what is painted"},
            panels.slider("noise", "noise", 0, 0.5, 0.01),
            panels.slider("width", "width", 2, 32, 1),
            panels.slider("steps", "steps", 10, 1000, 1, scale="log"),
            {"kind": "number", "field": "seed", "label": "seed", "step": 1},
        ),
    ]  # fmt: skip


lessons.register("net")(
    Lesson(
        name="net",
        title="A net learns, live",
        takeaway="On a net the natural gradient takes far fewer steps and does not notice how a "
        "layer is written; but each step costs more.",
        sources=("Amari 1998", "Martens and Grosse 2015", "Martens 2020"),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=_see,
        script=script,
        default=Taught(),
        order=12,
        heavy=True,
        small={"k": 40, "steps": 45, "rules": ("natural",)},
        rules=RULES,
        meter="gap of the outputs, run in θ and run in x",
        inks={
            **{name: ink(name) for name in ("ekfac", "block", "diagonal")},
            "border": {"label": "layers", "light": "#1b1b1f", "dark": "#f3f3f0"},
        },
    )
)
