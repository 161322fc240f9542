"""KL and coordinates (Suresh 2019, section 4.1): two changes that KL does not notice, kept apart.

A change of the data variable, y = f(x), changes the densities and not their KL; a change of the
parameters changes no distribution at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from natgrad_core import charts
from natgrad_core.analysis.data_transforms import VARIABLES
from natgrad_core.geometry.level_sets import kl_level_set
from natgrad_core.provenance.code_writer import Writer
from natgrad_core.types import Array
from natgrad_lecture import controls as panels
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
from natgrad_lecture.lessons.kl.figure import (
    CHARTS,
    KNOTS,
    NORMAL,
    ROWS,
    SAME,
    WINDOWS,
    Seen,
    picture,
)
from natgrad_lecture.state.fields import BadInput, choice, control, number, point
from natgrad_lecture.state.state import State, numbers

_CHANGES = ("data", "parameters")
_APART = 0.05
"""The least that the curve must rise from one knot to the next."""


def _normal(name: str) -> Any:
    def check(value: Any) -> tuple[float, ...]:
        mean, sigma = point(name, f"the parameters of {name}")(value)
        return (
            number(f"{name}.0", f"μ of {name}", -3, 3, "take one from −3 to 3")(mean),
            number(f"{name}.1", f"σ of {name}", 0.2, 2, "take one from 0.2 to 2")(sigma),
        )

    return check


def _curve(value: Any) -> tuple[float, ...]:
    high = WINDOWS["drawn"][1]
    found = point("curve", "the curve", size=len(KNOTS), most=high)(value)
    if not (np.diff(found) >= _APART - 1e-9).all():
        raise BadInput(
            "curve", f"the curve must rise, by {_APART:g} at least from one handle to the next"
        )
    return found


@dataclass(frozen=True)
class Two(State):
    """Two normals by (μ, σ); which change is made; the variable or the chart it leads to."""

    p: tuple[float, ...] = control((-0.7, 0.7), "p", _normal("p"))
    q: tuple[float, ...] = control((0.8, 1.0), "q", _normal("q"))
    change: str = control("data", "of", choice("change", "change", _CHANGES))
    f: str = control("drawn", "f", choice("f", "variable", (*VARIABLES, "drawn")))
    curve: tuple[float, ...] = control(
        (-2.8, -2.4, -1.6, 0.2, 1.9, 2.6, 3.0), "curve", _curve
    )  # fmt: skip
    chart: str = control("log-scale", "chart", choice("chart", "chart", CHARTS))

    def whole(self) -> Self:
        """The state itself if its two densities are two."""
        if np.hypot(*np.subtract(self.p, self.q)) < 0.01:
            raise BadInput("q", "p and q are the same: there is nothing between them to measure")
        return self

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """``peak.p`` is a density's highest point, ``knot.3`` a point of the curve, ``chart.p`` the
        parameters as the chart has them.
        """
        head, _, which = name.partition(".")
        if head == "peak":
            mean, height = numbers(name, value)
            tallest, lowest = (1 / (s * np.sqrt(2 * np.pi)) for s in (0.2, 2.0))
            if not lowest <= height <= tallest:
                raise BadInput(name, "a normal this high has a spread outside 0.2 to 2")
            return {which: (mean, float(1 / (height * np.sqrt(2 * np.pi))))}
        if head == "knot":
            curve = list(self.curve)
            curve[int(which)] = numbers(name, value)[1]
            return {"curve": curve, "f": "drawn"}
        if head == "chart" and which:
            chart, there = charts[self.chart](), np.array(numbers(name, value))
            with np.errstate(all="ignore"):
                found = chart.forward(there)
            if not (np.isfinite(found).all() and bool(chart.inside(there))):
                raise BadInput(name, f"no normal is written so; allowed: {chart.domain}")
            return {which: found.tolist()}
        return super().changes(name, value)


# The claims -----------------------------------------------------------------------------------

PARAMETERS = {"change": "parameters", "p": (-0.4, 0.8), "q": (0.5, 1.1)}
UNDONE = tuple(name for name, variable in VARIABLES.items() if variable.one_to_one)
_GRID: Array = np.linspace(-2.9, 2.9, 59)


def _same(a: Any, b: Any, tolerance: float = SAME) -> bool:
    return bool(np.allclose(a, b, rtol=tolerance, atol=tolerance))


def _everywhere(check: Any) -> Any:
    """``check`` under the reader's curve and under every named change that can be undone."""
    return lambda seen: all(check(Seen(seen.state.with_(f=f))) for f in ("drawn", *UNDONE))


def _mass(seen: Seen) -> bool:
    """The probability below x is that below f(x), each by quadrature in its own variable."""
    y = seen.variable.forward(_GRID)
    return _same(seen.home.running(_GRID)[0], seen.away.running(y)[0])


def _slope(seen: Seen) -> bool:
    """p(y) = p(x)/f'(x), with the slope from two near points of the curve."""
    step = 1e-5
    y = seen.variable.forward(_GRID)
    rise = seen.variable.forward(_GRID + step) - seen.variable.forward(_GRID - step)
    expected = np.exp(seen.home.logs(_GRID)[0]) / (rise / (2 * step))
    return _same(np.exp(seen.away.logs(y)[0]), expected, 1e-4)


def _ratio(seen: Seen) -> bool:
    (p, q), (p_y, q_y) = seen.home.logs(_GRID), seen.away.logs(seen.variable.forward(_GRID))
    return _same(p - q, p_y - q_y)


def _integrand_moves(seen: Seen) -> bool:
    (p, q), (p_y, q_y) = seen.home.logs(_GRID), seen.away.logs(seen.variable.forward(_GRID))
    before, after = np.exp(p) * (p - q), np.exp(p_y) * (p_y - q_y)
    return bool(np.abs(after - before).max() > 0.05 * np.abs(before).max())


def _integral_stays(seen: Seen) -> bool:
    """By quadrature in y, in x, and in closed form."""
    exact = float(NORMAL.kl(seen.p, seen.q))
    return _same(seen.home.kl, exact) and _same(seen.away.kl, exact)


def _part_by_part(seen: Seen) -> bool:
    y = seen.variable.forward(_GRID)
    return _same(seen.home.running(_GRID)[1], seen.away.running(y)[1], 1e-7)


def _halves(seen: Seen) -> bool:
    """Both halves gain ∫ p log f', which is not nothing; the difference gains nothing."""
    before, after = np.array(seen.home.entropies), np.array(seen.away.entropies)
    gain = seen.home.integral(lambda x, p, q: np.exp(p) * np.log(seen.variable.slope(x)))
    gained = after - before
    return abs(gain) > 0.05 and _same(gained[0], gained[1], 1e-7) and _same(gained[0], gain, 1e-4)


def _by_units(seen: Seen) -> bool:
    """In units half as large: ∫(p − q)² is halved, the distance of means and spreads doubled."""
    before, after = seen.before, seen.after
    return _same(after["l2"] ** 2, before["l2"] ** 2 / 2) and _same(
        after["apart"], 2 * before["apart"]
    )


def _l2_moves(seen: Seen) -> bool:
    return seen.change("l2") > 0.05 and seen.change("apart") > 0.05


def _hellinger_stays(seen: Seen) -> bool:
    return seen.change("hellinger") < SAME


def _folded(seen: Seen) -> bool:
    """Less KL, and less of Hellinger's distance."""
    return all(seen.after[name] < 0.9 * seen.before[name] for name in ("kl", "hellinger"))


def _nothing_lost(seen: Seen) -> bool:
    """p/q is the same at x and at −x, so that |x| tells all, and KL stays."""
    p, q = seen.home.logs(_GRID)
    return _same(p - q, (p - q)[::-1]) and _same(seen.after["kl"], seen.before["kl"])


def _in_every_chart(seen: Seen) -> bool:
    """The same KL from the problem seen through each chart; other distances of the numbers."""
    found = [Seen(seen.state.with_(chart=name)) for name in CHARTS]
    stays = all(_same(s.after["kl"], s.before["kl"]) for s in found)
    sizes = sorted([seen.before["apart"], *(s.after["apart"] for s in found)])
    return stays and bool((np.diff(sizes) > 0.005 * sizes[0]).all())


def _circle_goes(seen: Seen) -> bool:
    """KL's level set in the chart is the image of the one here; the circle's image is no circle."""
    problem = NORMAL.through(seen.chart)
    x_p = seen.numbers_of[0]
    kl = float(seen.before["kl"])
    there = kl_level_set(problem, x_p, kl, 60)
    there = there[np.isfinite(there).all(-1)]
    back = seen.chart.forward(there)
    level = NORMAL.kl(np.broadcast_to(seen.p, back.shape), back)
    turn = np.linspace(0.0, 2 * np.pi, 60)
    ring = seen.p + seen.before["apart"] * np.stack([np.cos(turn), np.sin(turn)], -1)
    ring = ring[ring[:, 1] > 0.01]
    radii = np.linalg.norm(seen.chart.inverse(ring) - x_p, axis=1)
    return _same(level, kl, 1e-5) and bool(radii.max() > 1.05 * radii.min()) and len(there) > 30


def _l2_stays_too(seen: Seen) -> bool:
    """The densities by parameters from the chart are those they were: so is whatever compares
    them.
    """
    first, second = (seen.chart.forward(x) for x in seen.numbers_of)
    other = Seen(seen.state.with_(p=first, q=second))
    return all(_same(other.before[name], seen.before[name]) for name in ("kl", "hellinger", "l2"))


def _same_distance(seen: Seen) -> bool:
    """Moved up by 1.5 the two are as far apart on paper, and far less in KL."""
    up = np.array([0.0, 1.5])
    higher = Seen(seen.state.with_(p=seen.p + up, q=seen.q + up))
    return (
        _same(higher.before["apart"], seen.before["apart"])
        and higher.before["kl"] < seen.before["kl"] / 20
    )


def _one_sided(seen: Seen) -> bool:
    there, back = NORMAL.kl(seen.p, seen.q), NORMAL.kl(seen.q, seen.p)
    return bool(there > 2 * back > 0) and _same(seen.home.kl, there)


def _no_triangle(seen: Seen) -> bool:
    """By way of the normal half way in (μ, σ) it is shorter."""
    middle = (seen.p + seen.q) / 2
    return bool(NORMAL.kl(seen.p, middle) + NORMAL.kl(middle, seen.q) < NORMAL.kl(seen.p, seen.q))


def _which_moves(name: str) -> Any:
    """0: it grows, 1: it shrinks, 2: it stays."""

    def truth(seen: Seen) -> int:
        if seen.change(name) < SAME:
            return 2
        return 0 if seen.after[name] > seen.before[name] else 1

    return truth


def _who_moves(seen: Seen) -> int:
    """0: KL, 1: the L² distance, 2: the distance of the numbers, 3: none."""
    moved = [seen.change(name) > SAME for name in ("kl", "l2", "apart")]
    return moved.index(True) if sum(moved) == 1 else 3


STRETCHED = {"curve": (-3.6, -3.3, -2.9, -2.3, -1.3, 0.6, 3.4)}
LOGS = {"f": "exp", "p": (-0.6, 0.6), "q": (0.6, 0.8)}

SECTIONS = (
    Section(
        "data",
        "Other data, same probability",
        (
            "Take the two peaks and drag them; take the curve in the middle and bend it. "
            "Play, and a point goes along all three pictures.",
            Claim(
                "mass",
                r"With $y = f(x)$, $f$ rising, whatever lies below $x$ now lies below $f(x)$: "
                r"$p(x)\,dx = p(y)\,dy$.",
                {"k": 60},
                _everywhere(_mass),
            ),
            Claim(
                "density",
                r"So a density is divided by the slope, $p(y) = p(x)/f'(x)$: tall where the curve "
                "is flat.",
                {**STRETCHED, "k": 40},
                _everywhere(_slope),
            ),
            Claim(
                "ratio",
                r"Both are divided by the same slope, and $p/q$ is what it was.",
                {**STRETCHED, "k": 40},
                _everywhere(_ratio),
            ),
        ),
        Predict(
            "area",
            "Squeeze the left half of the line and stretch the right one. The filled area, KL's "
            "integral:",
            ("grows", "shrinks", "stays"),
            STRETCHED,
            _which_moves("kl"),
            "The integrand sinks where the line is stretched, and there is as much more of it.",
        ),
    ),
    Section(
        "integral",
        "The integral stays",
        (
            Claim(
                "integrand",
                r"The integrand $p \log(p/q)$ is another function of another variable,",
                LOGS,
                _integrand_moves,
            ),
            Claim(
                "integral",
                r"and its integral, the filled area, the same number: KL is blind to $f$.",
                LOGS,
                _everywhere(_integral_stays),
            ),
            Claim(
                "parts",
                r"So it is piece by piece: up to any $x$ and its $f(x)$ the sums agree.",
                {"f": "arsinh", "k": 70},
                _everywhere(_part_by_part),
            ),
            Claim(
                "halves",
                r"Neither half is: $-\int p \log p$ and $-\int p \log q$ both gain the mean of "
                r"$\log f'$, and only their difference does not.",
                {"f": "units"},
                _halves,
            ),
        ),
    ),
    Section(
        "others",
        "What does not stay",
        (
            Claim(
                "units",
                r"Measure in units half as large, $y = 2x$: $\int (p - q)^2$ is halved, and means "
                "and spreads lie twice as far apart.",
                {"f": "units"},
                _by_units,
            ),
            Claim(
                "l2",
                "Under a curve both change as they like.",
                {"f": "logistic"},
                _l2_moves,
            ),
            Claim(
                "hellinger",
                r"KL is not alone in staying: so does every mean of a function of $q/p$, like "
                r"Hellinger's distance, $\frac{1}{2}\int (\sqrt p - \sqrt q)^2$ under a root "
                "(Ali and Silvey 1966).",
                {"f": "logistic"},
                _everywhere(_hellinger_stays),
            ),
        ),
        Predict(
            "squared",
            r"$y = e^x$, as when logarithms are undone. The $L^2$ distance of the densities:",
            ("grows", "shrinks", "stays"),
            {"f": "exp", "p": (-1.0, 0.5), "q": (-0.2, 0.6)},
            _which_moves("l2"),
            r"Left of nought $e^x$ is flatter than the line, so both densities are taller; squares "
            "count what is tall.",
        ),
    ),
    Section(
        "fold",
        "A change that cannot be undone",
        (
            Claim(
                "fold",
                r"$y = |x|$ takes two $x$ to one $y$. What told them apart is lost, and KL is "
                "smaller (Kullback and Leibler 1951):",
                {"f": "fold"},
                _folded,
            ),
            Claim(
                "sufficient",
                r"unless there was nothing to lose, as between two normals about nought.",
                {"f": "fold", "p": (0.0, 0.6), "q": (0.0, 1.2)},
                _nothing_lost,
            ),
        ),
    ),
    Section(
        "parameters",
        "The other change: of the parameters",
        (
            "Now leave the data alone, and write the same two normals with other numbers. "
            "The left picture does not move at all.",
            Claim(
                "charts",
                r"KL compares the distributions, so it stays in every chart; the Euclidean "
                r"distance of $(\mu, \sigma)$ is another one in each.",
                PARAMETERS,
                _in_every_chart,
            ),
            Claim(
                "circles",
                "All that is as far as q by KL (blue) is one set of normals in both pictures; what "
                "is as far by the numbers is a circle in its own picture only.",
                {**PARAMETERS, "chart": "variance"},
                _circle_goes,
            ),
            Claim(
                "l2-too",
                r"Nothing here is special to KL: the $L^2$ distance of the densities stays too.",
                {**PARAMETERS, "chart": "precision"},
                _l2_stays_too,
            ),
            Claim(
                "near",
                "Equally far in the numbers can be far or near in KL: move both up, and it falls.",
                {**PARAMETERS, "p": (-0.4, 0.25), "q": (0.4, 0.25)},
                _same_distance,
            ),
        ),
        Predict(
            "logs",
            r"Write $\log\sigma$ for $\sigma$. Of these, which changes?",
            ("KL", r"the $L^2$ distance of the densities", "the distance of the numbers", "none"),
            {**PARAMETERS, "chart": "log-scale"},
            _who_moves,
            "The first two know the densities alone, and those are on the left, untouched.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            "The lecture's section 4.1 proves the first of these facts, about the data, and goes "
            "on with the second, about the weights. The second is the one it needs, and it is the "
            "simpler: nothing has to cancel. The first is worth having too: whoever measures in "
            "other units finds the same KL.",
            Claim(
                "one-sided",
                r"It also calls KL a *distance*. It is none: $\mathrm{KL}(p \| q)$ and "
                r"$\mathrm{KL}(q \| p)$ differ,",
                {"f": "units", "p": (0.0, 1.6), "q": (0.0, 0.5)},
                _one_sided,
            ),
            Claim(
                "triangle",
                "and a detour can be shorter than the way. Only for near distributions does it "
                "become the square of a length: the next lesson.",
                {"f": "units", "p": (-1.0, 0.6), "q": (1.0, 0.6)},
                _no_triangle,
            ),
            Definition(
                r"(In its integral the bounds go with $f$: over all $y$ that $f$ reaches.)"
            ),
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("bend the line", {}, "Another variable: other densities, the same filled area."),
    Preset("stretched", STRETCHED, "Squeezed on the left, stretched on the right."),
    Preset("other units", {"f": "units"}, "y = 2x: half as tall, twice as wide."),
    Preset("undo a logarithm", LOGS, "y = eˣ: normals become lognormals."),
    Preset("into (0, 1)", {"f": "logistic"}, "Squeezed between 0 and 1; KL does not notice."),
    Preset("fold it", {"f": "fold"}, "y = |x| cannot be undone, and KL falls."),
    Preset("other parameters", PARAMETERS, "The same normals by other numbers."),
)  # fmt: skip


def _v(name: str) -> str:
    return rf"(@{name}.0@, @{name}.1@)"


FORMULAS = (
    Formula(
        "point",
        (
            r"x = @x@,\; y = @y@",
            r"p(y) = \frac{p(x)}{f'(x)} = \frac{@p@}{@slope@} = @py@",
            r"\frac{p(x)}{q(x)} = @ratio@,\; \frac{p(y)}{q(y)} = @ratioy@",
        ),
    ),
    Formula(
        "sums",
        (
            r"p \log\tfrac{p}{q} = @g@ \text{ in } x,\; @gy@ \text{ in } y",
            r"\int^{x} p \log\tfrac{p}{q}\,dx = @sum@",
            r"\int^{y} p \log\tfrac{p}{q}\,dy = @sumy@",
        ),
        "At the step shown: the integrand, and its integral up to here, in either variable.",
    ),
    Formula(
        "numbers",
        (
            rf"p:\; (\mu, \sigma) = {_v('p')} \to {_v('xp')}",
            rf"q:\; (\mu, \sigma) = {_v('q')} \to {_v('xq')}",
        ),
        "The same two normals by their numbers, before and after.",
    ),
    Formula(
        "both",
        (
            r"\mathrm{KL}:\; @before.kl@ \to @after.kl@",
            r"L^2:\; @before.l2@ \to @after.l2@",
            r"\text{Euclid}:\; @before.apart@ \to @after.apart@",
        ),
        "In nats; of the densities; of mean and spread, or of the parameters.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    words = {"units": "other units, 2x", "exp": "eˣ", "arsinh": "arsinh x",
             "logistic": "1/(1 + e⁻ˣ)", "fold": "|x|", "drawn": "drawn by hand"}  # fmt: skip
    signs = {"log-scale": "μ, log σ", "variance": "μ, σ²", "precision": "μ, 1/σ²",
             "natural": "natural parameters", "expectation": "mean and mean square"}  # fmt: skip
    return [
        panels.group(
            "what", "What is changed",
            {"kind": "choice", "field": "change", "label": "change of",
             "options": panels.named({"data": "the data", "parameters": "the parameters"})},
        ),
        panels.group(
            "data", "The data variable",
            {"kind": "choice", "field": "f", "label": "y =", "options": panels.named(words)},
        ),
        panels.group(
            "parameters", "The parameters",
            {"kind": "choice", "field": "chart", "label": "instead of μ, σ",
             "options": panels.named(signs)},
        ),
        panels.group(
            "two", "The two normals",
            *({"kind": "number", "field": f"{n}.{i}", "label": f"{n} {sign}", "step": 0.05}
              for n in ("p", "q") for i, sign in enumerate(("μ", "σ"))),
        ),
    ]  # fmt: skip


INKS = {
    "p": {"label": "p", "light": "#1b1b1f", "dark": "#f3f3f0", "symbol": "circle"},
    "q": {"label": "q", "light": "#8a5a00", "dark": "#e6b84d", "symbol": "circle"},
    "kl": {"label": "KL", "light": "#0b62a8", "dark": "#63b3f5", "symbol": "circle"},
    "less": {"label": "takes away", "light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "change": {"label": "y = f(x)", "light": "#7b3fa0", "dark": "#cf9ff0", "symbol": "circle"},
    "hellinger": {"label": "Hellinger", "light": "#3d4a9e", "dark": "#a3aef5", "symbol": "circle"},
    "l2": {"label": "L²", "light": "#a23b72", "dark": "#e58fbf", "symbol": "circle"},
    "apart": {"label": "Euclid", "light": "#c2410c", "dark": "#fb923c",
              "symbol": "circle"},
}  # fmt: skip

assert set(ROWS) < set(INKS)


def _script(seen: Seen, writer: Writer) -> str:
    writer.take("natgrad_core.analysis.density_distances", "normals")
    ends = f"p, q = {writer.write(seen.p)}, {writer.write(seen.q)}"
    if seen.of_data:
        if seen.state.f == "drawn":
            writer.take("natgrad_core.analysis.data_transforms", "Drawn")
            variable = f"Drawn({writer.write(KNOTS)}, {writer.write(seen.state.curve)})"
        else:
            writer.take("natgrad_core.analysis.data_transforms", "VARIABLES")
            variable = f"VARIABLES[{writer.write(seen.state.f)}]"
        made = f"""variable = {variable}
before = normals(p, q).measures
after = normals(p, q, variable).measures"""
    else:
        writer.numpy()
        made = f"""normal, chart = {writer.write(NORMAL)}, {writer.write(seen.chart)}
x_p, x_q = chart.inverse(p), chart.inverse(q)
before = {{**normals(p, q).measures, "apart": float(np.linalg.norm(np.subtract(p, q)))}}
after = {{
    **before,
    "kl": float(normal.through(chart).kl(x_p, x_q)),
    "apart": float(np.linalg.norm(x_p - x_q)),
}}"""
    return f"""
{ends}
{made}
paths = {{"before": before, "after": after}}

for name in before:
    print(f"{{name}}: {{before[name]:.9g}}, after the change {{after[name]:.9g}}")
"""


lessons.register("kl")(
    Lesson(
        name="kl",
        title="KL and coordinates",
        takeaway="KL compares distributions: it sees neither how the data are measured nor how the "
        "parameters are written.",
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        script=_script,
        sources=("Kullback and Leibler 1951, sec. 4",),
        default=Two(k=60),
        order=4,
        inks=INKS,
        meter="Relative change",
        lights={"p": ("p",), "q": ("q",), "f": ("change",)},
    )
)
