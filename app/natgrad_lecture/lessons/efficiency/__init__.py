"""Race to efficiency: the natural gradient at rate 1/t learns as fast as anything can (Amari)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from natgrad_core.analysis.online_mean import AVERAGED, efficient, expected, limit
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
from natgrad_lecture.lessons.efficiency.figure import INKS, LAST, ROTATION, STEPS, Seen, picture
from natgrad_lecture.state.fields import control, number, point, whole
from natgrad_lecture.state.state import State


def _spread(name: str, label: str) -> Any:
    return number(name, label, 0.3, 3, "take one from 0.3 to 3")


@dataclass(frozen=True)
class Racers(State):
    """The data's spreads along two directions, plain descent's c, the start, and the seed."""

    s1: float = control(1.5, "s1", _spread("s1", "the first spread"))
    s2: float = control(0.6, "s2", _spread("s2", "the second spread"))
    c: float = control(1.5, "c", number("c", "c", 0.02, 20, "take one from 0.02 to 20"))
    start: tuple[float, ...] = control((1.0, 0.5), "start", point("start", "the start", most=20))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))


# The claims -----------------------------------------------------------------------------------


def _scalar(s: float, c: float, steps: int, start: float = 0.0) -> Array:
    """t·E e² in one dimension at 1, 2, 5, 10, 20, 50, … up to ``steps``."""
    times = np.array([m * 10**p for p in range(7) for m in (1, 2, 5) if m * 10**p <= steps])
    return expected([[s**-2.0]], [[c]], [start], times)[:, 0, 0]


def _running_mean(seen: Seen) -> bool:
    """μ ← μ + (1/t)F⁻¹·F(y − μ) is the mean of all y so far, wherever it starts."""
    fisher = seen.fisher
    y = np.random.default_rng(seen.state.seed).normal(size=(50, 2)) @ ROTATION.T
    mu = np.array(seen.state.start)
    for t, each in enumerate(y, 1):
        mu = mu + np.linalg.solve(fisher, fisher @ (each - mu)) / t
        if not np.allclose(mu, y[:t].mean(0), atol=1e-12):
            return False
    return True


def _at_the_bound(seen: Seen) -> bool:
    """Exactly, and over the runs to within their error, at every time."""
    race = seen.race
    return bool(
        np.allclose(seen.exact("natural"), np.linalg.inv(seen.fisher))
        and efficient(seen.ratio(race.moments["natural"]), race.runs).all()
    )


def _nothing_below(seen: Seen) -> bool:
    """For each c the limit lies above F⁻¹ in every direction; never below."""
    bound = np.linalg.inv(seen.fisher)
    least = max(seen.state.s1, seen.state.s2) ** 2 / 2
    return all(np.linalg.eigvalsh(seen.limit(c) - bound)[0] > -1e-12
               for c in least * np.array([1.01, 1.5, 2.0, 3.0, 10.0]))  # fmt: skip


def _formula(seen: Seen) -> bool:
    """c²/(2c − s²) against the exact recursion far out, in each direction and as the limit."""
    s, c = seen.state, seen.state.c
    along = np.diag(ROTATION.T @ seen.limit() @ ROTATION)
    for spread, there in zip((s.s1, s.s2), along, strict=True):
        wanted = c**2 / (2 * c - spread**2)
        far = _scalar(spread, c, 20_000)[-1]
        if not (np.isclose(there, wanted) and np.isclose(far, wanted, rtol=0.02)):
            return False
    return True


def _measured(seen: Seen) -> bool:
    """The runs agree with the exact recursion at every time."""
    race = seen.race
    both = seen.ratio(race.moments["gradient"]), seen.ratio(seen.exact("gradient"))
    return bool(np.allclose(*both, rtol=8 / np.sqrt(race.runs)))


def _best_c(seen: Seen) -> bool:
    """c = s² gives s², and any other c more."""
    s = seen.state.s1

    def at(c: float) -> float:
        return float(limit([[s**-2.0]], [[c]])[0, 0])

    return bool(np.isclose(at(s**2), s**2)
                and all(at(x * s**2) > s**2 * 1.005 for x in (0.6, 0.9, 1.1, 2.0)))  # fmt: skip


def _no_c_for_both(seen: Seen) -> bool:
    """Of all c the best ratio is above one, where the spreads differ."""
    least = max(seen.state.s1, seen.state.s2) ** 2 / 2
    ratios = [float(seen.ratio(seen.limit(c))) for c in least * np.geomspace(1.001, 30, 200)]
    return bool(min(ratios) > 1.2 and abs(seen.state.s1 - seen.state.s2) > 0.5)


def _too_small(seen: Seen) -> bool:
    """With 2c < s² t·Var grows as t^{1 − 2c/s²}."""
    s, c = seen.state.s1, seen.state.c
    found = _scalar(s, c, 50_000)
    slope = float(np.log(found[-1] / found[-4]) / np.log(10))
    return bool(2 * c < s**2 and np.isinf(seen.limit()).any()
                and abs(slope - (1 - 2 * c / s**2)) < 0.05)  # fmt: skip


def _on_the_edge(seen: Seen) -> bool:
    """With 2c = s² it grows as (s²/4) log t: by as much in every decade."""
    s = seen.state.s1
    found = _scalar(s, s**2 / 2, 10_000)
    decades = np.diff(found[::3])[1:]
    return bool(np.allclose(decades, s**2 / 4 * np.log(10), rtol=0.03))


def _start_fades(seen: Seen) -> bool:
    """Of an error at the start c/t leaves about t^{−c/s²}; the natural gradient nothing."""
    s, c = seen.state.s1, seen.state.c
    times = np.array([1000, 10_000])
    left = [expected([[s**-2.0]], [[c]], [e], times)[:, 0, 0] / times for e in (0.0, 1.0)]
    rest = np.sqrt(left[1] - left[0])
    slope = float(np.log10(rest[1] / rest[0]))
    return abs(slope + c / s**2) < 0.01 and np.allclose(seen.exact("natural")[0],
                                                        np.linalg.inv(seen.fisher))  # fmt: skip


def _averaging(seen: Seen) -> bool:
    """At the last time the averaged runs are within a tenth of the bound, and plain ones not."""
    race = seen.race
    last = {way: float(seen.ratio(race.moments[way])[-1]) for way in (AVERAGED, "gradient")}
    return abs(last[AVERAGED] - 1) < 0.1 and last["gradient"] > 1.3


def _what_becomes(seen: Seen) -> int:
    """0: at the bound, 1: above it, 2: it grows without end."""
    value = float(seen.ratio(seen.limit()))
    return 2 if not np.isfinite(value) else int(value > 1.001)


def _who_meets(seen: Seen) -> int:
    """0: at some c plain descent meets the bound, 1: at none."""
    least = max(seen.state.s1, seen.state.s2) ** 2 / 2
    found = [float(seen.ratio(seen.limit(c))) for c in least * np.geomspace(1.001, 30, 400)]
    return int(min(found) > 1.001)


ROUND = {"s1": 1.0, "s2": 1.0, "c": 1.0}
SLOW: dict[str, Any] = {"c": 0.3}

SECTIONS = (
    Section(
        "race",
        "One example at a time",
        (
            Definition(
                r"Examples $y$ come from a normal with unknown mean $\mu$ and known spreads; each "
                r"is used once, at step $t$."
            ),
            Claim(
                "mean",
                r"With rate $1/t$ the natural gradient of one example is the running mean, "
                r"$\mu \leftarrow \mu + \tfrac1t (y - \mu)$.",
                {"k": 20},
                _running_mean,
            ),
            Definition(r"With rate $c/t$ plain descent is "
                       r"$\mu \leftarrow \mu + \tfrac{c}{t} F (y - \mu)$."),
            "Thousands of runs are made, each way on the same examples. Their errors are drawn on "
            "the right, stretched as the square root of the time.",
            Definition(r"($\mathrm{Var}$ is the mean square of the error, bias and all.)"),
        ),
    ),
    Section(
        "bound",
        "The bound",
        (
            Claim(
                "bound",
                r"Of the natural gradient $t\,\mathrm{Var} = F^{-1}$ at every step: the "
                "Cramér–Rao bound, which no unbiased estimate can pass (Rao 1945, Cramér 1946).",
                {"k": LAST},
                _at_the_bound,
            ),
            Claim(
                "formula",
                r"Of plain descent $t\,\mathrm{Var} \to \frac{c^2}{2c - s^2}$ in a direction of "
                r"spread $s$, if $2c > s^2$.",
                {"c": 2.0, "k": LAST},
                _formula,
            ),
            Claim("measured", "The runs follow the exact mean, the thin line.", {"k": 40},
                  _measured),
            Claim(
                "below",
                "Whatever $c$, that is nowhere below the bound.",
                {"c": 4.0},
                _nothing_below,
            ),
        ),
        Predict(
            "small",
            r"Take a small $c$, less than half of $s^2$ in one direction. What becomes of "
            r"$t\,\mathrm{Var}$?",
            ("it comes to the bound", "it stays above the bound", "it grows without end"),
            SLOW,
            _what_becomes,
            "The steps shrink before they have brought the mean home: what is left of each error "
            "fades more slowly than the square root of the time grows.",
        ),
    ),
    Section(
        "one-number",
        "One number for two directions",
        (
            Claim(
                "best",
                r"In one direction $c = s^2$ is the best, and meets the bound: it is the natural "
                "gradient.",
                {**ROUND, "k": LAST},
                _best_c,
            ),
            Claim(
                "both",
                "Where the spreads differ no $c$ meets it in both.",
                {"c": 2.0, "k": LAST},
                _no_c_for_both,
            ),
            Claim(
                "too-small",
                r"With $2c < s^2$ it is worse than $1/t$: $t\,\mathrm{Var}$ grows as "
                r"$t^{\,1 - 2c/s^2}$;",
                {**SLOW, "k": LAST},
                _too_small,
            ),
            Claim(
                "edge",
                r"with $2c = s^2$ as $\tfrac{s^2}{4}\log t$.",
                {"c": 1.125, "k": LAST},
                _on_the_edge,
            ),
            Claim(
                "start",
                r"And of where it started plain descent keeps about $t^{-c/s^2}$; the natural "
                "gradient forgets it with the first example.",
                {**SLOW, "start": (6.0, 3.0), "k": 30},
                _start_fades,
            ),
        ),
        Predict(
            "any",
            r"Spreads 1.5 and 0.6. Is there a $c$ with which plain descent meets the bound?",
            ("yes, at the right one", "no, at none"),
            {"c": 2.0, "k": LAST},
            _who_meets,
            "Each direction has a best c of its own, its variance. It takes a matrix to give each "
            "its due, and that matrix is the inverse of F.",
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            Claim(
                "averaged",
                "*Only the natural gradient is efficient* is too much: plain descent at a fixed "
                "rate, its iterates averaged, comes to the same bound without knowing $F$ "
                "(Polyak and Juditsky 1992).",
                {"k": LAST},
                _averaging,
            ),
            Definition("(And the bound is about the end of the race, for a model that is true: "
                       "nothing is said of the first steps, nor of a fit that is not.)"),
        ),
    ),
)  # fmt: skip

PRESETS = (
    Preset("the race", {}, "Natural: on the bound all the way. The others come down to theirs."),
    Preset("the right c", {**ROUND, "k": LAST}, "In a round world plain descent is natural."),
    Preset("c too small", {**SLOW, "k": LAST}, "Its errors shrink more slowly than the bound's."),
    Preset("on the edge", {"c": 1.125, "k": LAST}, "2c = s² in the wide direction: log t."),
    Preset("c too large", {"c": 10.0, "k": LAST}, "Every example counts too much, to the end."),
    Preset("far from home", {**SLOW, "start": (6.0, 3.0), "k": 30},
           "The natural gradient forgets its start at once."),
)  # fmt: skip

FORMULAS = (
    Formula(
        "ratio",
        (
            r"t = @t@",
            r"\tfrac12 \mathrm{tr}(F\,t\,\mathrm{Var}):",
            r"\text{natural } @natural@,",
            r"\text{plain } @gradient@,",
            r"\text{averaged } @averaged@",
        ),
        "Measured over the runs; 1 is the bound.",
    ),
    Formula(
        "limits",
        (
            r"\frac{c^2}{2c - s_1^2} = @l1@,\quad s_1^2 = @v1@",
            r"\frac{c^2}{2c - s_2^2} = @l2@,\quad s_2^2 = @v2@",
        ),
        "Where plain descent's t·Var goes in each direction, and the bound there.",
    ),
)


def _controls() -> list[dict[str, Any]]:
    return [
        panels.group(
            "data", "The examples",
            panels.slider("s1", "spread s₁", 0.3, 3, 0.01, scale="log"),
            panels.slider("s2", "spread s₂", 0.3, 3, 0.01, scale="log"),
        ),
        panels.group("plain", "Plain descent",
                     panels.slider("c", "rate c/t: c", 0.02, 20, 0.01, scale="log")),
        panels.group(
            "start", "The runs",
            *({"kind": "number", "field": f"start.{i}", "label": f"start error {sign}",
               "step": 0.1} for i, sign in enumerate(("1", "2"))),
            {"kind": "number", "field": "seed", "label": "seed", "step": 1},
        ),
    ]  # fmt: skip


def _script(seen: Seen, writer: Writer) -> str:
    s = seen.state
    writer.take("natgrad_core.analysis.online_mean", "expected", "marks", "ratio")
    lines = [
        f"fisher = np.array({writer.write(seen.fisher)})",
        f"plain = {writer.write(s.c)} * np.eye(2)",
        "gains = {'natural': np.linalg.inv(fisher), 'gradient': plain}",
        f"start = {writer.write(s.start)}",
        "",
        f"paths = {{name: expected(fisher, gain, start, marks({STEPS}))",
        "         for name, gain in gains.items()}",
        "",
        "for name, moments in paths.items():",
        '    print(f"{name}: t·Var is {ratio(fisher, moments)[-1]:.4g} times the bound")',
    ]
    return "import numpy as np\n\n" + "\n".join(lines)


lessons.register("efficiency")(
    Lesson(
        name="efficiency",
        title="Race to efficiency",
        takeaway="At rate 1/t the natural gradient learns as fast as any estimate can; "
        "one rate for all directions cannot.",
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=Seen,
        rules=("natural", "gradient"),
        inks=INKS,
        sources=(
            "Amari 1998, sec. 4",
            "Rao 1945",
            "Cramér 1946",
            "Robbins and Monro 1951",
            "Sacks 1958",
            "Polyak and Juditsky 1992",
        ),
        script=_script,
        default=Racers(k=40),
        order=10,
        lights={"F": ("bound",), "c": ("gradient",)},
    )
)
