"""The race: real data, tuned rivals, two clocks. Suresh 2019, section 1, as true as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from natgrad_core.provenance.code_writer import Writer
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
from natgrad_lecture.lessons.race.figure import picture
from natgrad_lecture.state.fields import BadInput, choice, control, number, several, whole
from natgrad_lecture.state.state import State

if TYPE_CHECKING:
    from natgrad_lecture.lessons.race.model import Race

TASKS = {
    "digits": "digits",
    "iris": "iris",
    "wine": "wine",
    "breast-cancer": "breast cancer",
    "diabetes": "diabetes",
    "autoencoder": "autoencoder",
}
RULES = ("kfac", "natural", "lbfgs", "nesterov", "adam", "gradient", "adadelta")
OPTIONS = {
    "kfac": (),
    "natural": ("alpha", "damping"),
    "lbfgs": (),
    "nesterov": ("nesterov",),
    "adam": ("adam",),
    "gradient": ("gradient",),
    "adadelta": ("adadelta",),
}
"""Which fields a rule is told."""

_CLASSES = (1e-1, 1e-2, 1e-3, 1e-4)
TARGETS = {"diabetes": (0.3, 0.2, 0.15, 0.1), "autoencoder": (2.0, 1.0, 0.7, 0.5)}
TUNED: dict[str, dict[str, float]] = {
    "digits": {"nesterov": 0.6, "adam": 0.1, "gradient": 1.0, "adadelta": 10.0},
    "iris": {"nesterov": 0.6, "adam": 0.1, "gradient": 3.0, "adadelta": 10.0},
    "wine": {"nesterov": 0.6, "adam": 0.1, "gradient": 3.0, "adadelta": 10.0},
    "breast-cancer": {"nesterov": 0.6, "adam": 0.1, "gradient": 3.0, "adadelta": 10.0},
    "diabetes": {"nesterov": 0.1, "adam": 0.06, "gradient": 0.3, "adadelta": 10.0},
    "autoencoder": {"nesterov": 0.003, "adam": 0.01, "gradient": 0.3, "adadelta": 1.0},
}
"""Of a grid (0.003 … 10, by factors of two to three) the rate with the fewest steps on seeds 101
and 102, which no page begins with."""

_MOST_KEPT = 6


def _rate(name: str, label: str) -> Any:
    return number(name, label, 1e-6, 1e4, "take one from 0.000001 to 10000")


def _kept(value: Any) -> tuple[str, ...]:
    texts = tuple(dict.fromkeys(map(str, value)))
    if len(texts) > _MOST_KEPT:
        raise BadInput("kept", f"at most {_MOST_KEPT} runs are kept; forget some first")
    for text in texts:
        _entry(text)
    return texts


def _entry(text: str) -> tuple[str, int, tuple[float, ...]]:
    """Rule, width and options, as a kept run is written: ``adam:32:0.1``."""
    rule, *rest = text.split(":")
    try:
        width, *options = rest
        found = rule, int(width), tuple(float(option) for option in options)
    except ValueError:
        found = "", 0, ()
    fine = found[0] in OPTIONS and len(found[2]) == len(OPTIONS[found[0]]) and 4 <= found[1] <= 128
    if not fine or not all(0 <= option <= 1e4 for option in found[2]):
        raise BadInput("kept", f"no run {text[:40]!r}; one is written rule:width:rate")
    return found


@dataclass(frozen=True)
class Racing(State):
    """A task, who runs, and for how long."""

    task: str = control("digits", "task", choice("task", "task", TASKS))
    rules: tuple[str, ...] = control(
        ("kfac", "lbfgs", "nesterov", "adam"), "rules", several("rules", "rule", RULES)
    )
    alpha: float = control(1.0, "alpha", _rate("alpha", "the natural step's α"))
    damping: float = control(0.03, "damping", _rate("damping", "λ"))
    nesterov: float = control(TUNED["digits"]["nesterov"], "nesterov", _rate("nesterov", "a rate"))
    adam: float = control(TUNED["digits"]["adam"], "adam", _rate("adam", "Adam's rate"))
    gradient: float = control(TUNED["digits"]["gradient"], "plain", _rate("gradient", "a rate"))
    adadelta: float = control(
        TUNED["digits"]["adadelta"], "adadelta", _rate("adadelta", "Adadelta's rate")
    )
    width: int = control(32, "width", whole("width", "the width", 4, 128))
    seed: int = control(0, "seed", whole("seed", "the seed", 0, 9999))
    count: int = control(1, "seeds", whole("count", "the number of seeds", 1, 9))
    budget: float = control(
        2.0, "seconds", number("budget", "a run's time", 0.05, 30, "take 0.05 to 30 seconds")
    )
    kept: tuple[str, ...] = control((), "kept", _kept)

    @property
    def targets(self) -> tuple[float, ...]:
        """The losses to reach: the last ends a run."""
        return TARGETS.get(self.task, _CLASSES)

    def options(self, rule: str) -> tuple[float, ...]:
        """What a rule is told."""
        return tuple(getattr(self, name) for name in OPTIONS[rule])

    @staticmethod
    def entry(text: str) -> tuple[str, int, tuple[float, ...]]:
        """A kept run, read."""
        return _entry(text)

    def changes(self, name: str, value: Any) -> dict[str, Any]:
        """A task brings its tuned rates; what is kept, is kept of one task."""
        if name == "task":
            return {"task": value, "kept": (), **TUNED.get(str(value), {})}
        if name == "keep":
            now = (
                ":".join(map(str, (rule, self.width, *self.options(rule)))) for rule in self.rules
            )
            return {"kept": tuple(dict.fromkeys((*self.kept, *now)))}
        if name == "forget":
            return {"kept": ()}
        return super().changes(name, value)


def _see(state: Any) -> Race:
    # Torch and the data, which no other lesson should wait for.
    from natgrad_lecture.lessons.race.model import Race

    return Race(state)


# The claims -----------------------------------------------------------------------------------

ONE = {"count": 1}


def _steps(seen: Any, name: str, target: float, most: int) -> float:
    """Steps of the first seed to a target, infinite if not within ``most``."""
    run = seen.runs[name][0]
    while run.ok and run.steps < most and run.losses[-1] > target:
        run.advance()
    return next((float(k) for k, loss in enumerate(run.losses) if loss <= target), float("inf"))


def _fewer(name: str, other: str, target: float, factor: float, most: int) -> Any:
    """``name`` gets there, and ``other`` takes more than ``factor`` times its steps."""

    def check(seen: Any) -> bool:
        mine = _steps(seen, name, target, most)
        return mine < most and _steps(seen, other, target, int(factor * mine) + 1) > factor * mine

    return check


def _few(name: str, target: float, most: int) -> Any:
    return lambda seen: _steps(seen, name, target, most + 1) <= most


def _alike_on_new_digits(seen: Any) -> bool:
    """At a training loss of 0.01 all are within two in a hundred of one another."""
    found = []
    for name in seen.state.rules:
        run = seen.runs[name][0]
        _steps(seen, name, 1e-2, 400)
        found.append(run.look(run.last))
    return max(found) - min(found) < 0.02 and min(found) > 0.9


def _runs_away(seen: Any) -> bool:
    run = seen.to(60, "gradient").runs["gradient"][0]
    return not run.ok or run.losses[-1] > run.losses[0]


def _test_loss_rises(seen: Any) -> bool:
    """On the diabetes data the held-out loss of K-FAC ends above its best, and plain descent's."""
    run = seen.to(40, "kfac").runs["kfac"][0]
    looks = [look[2] for look in run.looks]
    return run.losses[-1] < 0.5 * run.losses[0] and looks[-1] > 1.3 * min(looks)


def _width_hardly_matters(seen: Any) -> bool:
    """K-FAC's steps to 0.01 at widths 16 and 64."""
    taken = [_steps(_see(seen.state.with_(width=w)), "kfac", 1e-2, 60) for w in (16, 64)]
    return max(taken) <= 2 * min(taken)


def _untuned(seen: Any) -> bool:
    """Adam at its library's 0.001 is above 0.1 when at its tuned rate it is below 0.01."""
    tuned = _see(seen.state.with_(adam=TUNED["digits"]["adam"]))
    there = _steps(tuned, "adam", 1e-2, 200)
    run = seen.to(int(there), "adam").runs["adam"][0]
    return there < 200 and run.losses[int(there)] > 0.1


def _fewest(names: tuple[str, ...], target: float, most: int) -> Any:
    def first(seen: Any) -> int:
        taken = [_steps(seen, name, target, most) for name in names]
        return taken.index(min(taken))

    return first


SECTIONS = (
    Section(
        "digits",
        "Handwritten digits",
        (
            Definition(
                "1438 digits of eight by eight pixels, one hidden layer, ten classes; a fifth of "
                "the data is held out. Every step sees all the data, and all rules start alike."
            ),
            Claim(
                "kfac",
                "K-FAC, which sets its damping, rate and momentum by itself, is at a loss of "
                "$10^{-4}$ within twenty steps.",
                ONE,
                _few("kfac", 1e-4, 20),
            ),
            Claim(
                "adam",
                "Adam at its best rate takes over four times as many even to $10^{-2}$,",
                ONE,
                _fewer("kfac", "adam", 1e-2, 4.0, 60),
            ),
            Claim(
                "nesterov",
                "and Nesterov's momentum over four times as many to $10^{-3}$.",
                ONE,
                _fewer("kfac", "nesterov", 1e-3, 4.0, 60),
            ),
            Claim(
                "natural",
                "The exact natural gradient needs no more than K-FAC at first, but each step "
                "solves for all 2410 parameters at once.",
                {**ONE, "rules": ("kfac", "natural")},
                lambda seen: bool(
                    _steps(seen, "natural", 1e-1, 40) <= 1.5 * _steps(seen, "kfac", 1e-1, 40)
                ),
            ),
        ),
        Predict(
            "fewest",
            "Which rule is at a loss of 0.001 in the fewest steps?",
            ("K-FAC", "L-BFGS", "Nesterov's momentum", "Adam"),
            ONE,
            _fewest(("kfac", "lbfgs", "nesterov", "adam"), 1e-3, 250),
            "The curvature that K-FAC has from the model, L-BFGS has to gather step by step; the "
            "others never have it.",
        ),
    ),
    Section(
        "clock",
        "By the clock",
        (
            "Look at the second plane and at the table: the factor in seconds is smaller than in "
            "steps, for a step of K-FAC costs several plain ones. Every run has its own clock, "
            "which runs only while it computes.",
            Claim(
                "lbfgs",
                "L-BFGS is the rival to beat: it takes about twice K-FAC's steps, and each is "
                "cheap.",
                ONE,
                lambda seen: bool(
                    1.5 < _steps(seen, "lbfgs", 1e-3, 80) / _steps(seen, "kfac", 1e-3, 80) < 3
                ),
            ),
            Claim(
                "width",
                "K-FAC's steps hardly depend on the width of the layer; their cost does.",
                {**ONE, "rules": ("kfac", "adam"), "width": 64},
                _width_hardly_matters,
            ),
        ),
    ),
    Section(
        "deep",
        "Deep and narrow",
        (
            Definition(
                "The autoencoder squeezes 64 pixels through eight numbers, six layers in all; "
                "$J$ is half the squared error of a digit."
            ),
            Claim(
                "autoencoder",
                "Here the layers' scales differ most, and K-FAC is farther ahead than on the "
                "shallow net: at $J = 1$ before Adam has taken three times its steps.",
                {**ONE, "task": "autoencoder", "rules": ("kfac", "adam"), "budget": 5.0},
                _fewer("kfac", "adam", 1.0, 3.0, 80),
            ),
        ),
    ),
    Section(
        "slips",
        "Where this slips",
        (
            "*Much faster convergence even than Adam and Adadelta*: true of steps and of the "
            "training loss here, and less than it sounds.",
            Claim(
                "alike",
                "At one training loss all rules are about equally right on the held-out digits:",
                {**ONE, "rules": ("kfac", "nesterov", "adam")},
                _alike_on_new_digits,
            ),
            Claim(
                "overfit",
                "and on the diabetes data K-FAC only overfits sooner.",
                {**ONE, "task": "diabetes", "rules": ("kfac", "gradient")},
                _test_loss_rises,
            ),
            Claim(
                "untuned",
                "Against Adam at its usual rate of 0.001 nearly everything wins; here rivals run "
                "at the best rate of a grid.",
                {**ONE, "adam": 0.001, "rules": ("kfac", "adam")},
                _untuned,
            ),
            Claim(
                "diverges",
                "A rate too large is thrown out, and drawn so.",
                {**ONE, "gradient": 100.0, "rules": ("kfac", "gradient")},
                _runs_away,
            ),
        ),
        Predict(
            "alike",
            "At the same training loss, whose net is clearly better on digits that none has seen?",
            ("K-FAC's", "Adam's", "neither's"),
            {**ONE, "rules": ("kfac", "nesterov", "adam")},
            lambda seen: 2 if _alike_on_new_digits(seen) else 0,
            "The rule decides how fast the training loss falls, not what the net does elsewhere.",
        ),
    ),
)

PRESETS = (
    Preset("digits", {"count": 3}, "Four rules at their best rates, from three starts."),
    Preset("exact and K-FAC", {**ONE, "rules": ("kfac", "natural")},
           "The same few steps, at different prices."),
    Preset("autoencoder", {**ONE, "task": "autoencoder", "rules": ("kfac", "lbfgs", "adam"),
                           "budget": 5.0}, "Deep and narrow: the old benchmark in small."),
    Preset("wine", {"task": "wine"}, "A small set: everybody is fast."),
    Preset("diabetes", {**ONE, "task": "diabetes", "rules": ("kfac", "adam", "gradient")},
           "A regression with noise: fast on the training loss, no better on the rest."),
    Preset("untuned Adam", {**ONE, "adam": 0.001, "rules": ("kfac", "adam")},
           "How to win a race: do not tune the rival."),
    Preset("thrown out", {**ONE, "gradient": 100.0, "rules": ("kfac", "gradient")},
           "A rival with too large a rate."),
)  # fmt: skip

FORMULAS = (
    Formula(
        "kfac",
        (
            r"\text{K-FAC:}\quad F \approx \operatorname{diag}_l\,(B_l \otimes A_l),",
            r"\quad A_l = \mathrm{E}\,a a^{\top},\; B_l = \mathrm{E}\,g g^{\top}",
        ),
        "A layer's inputs a and what its outputs feel, g, taken to be independent.",
    ),
    Formula("size", (r"p = @p@\ \text{parameters},", r"\quad N = @N@,\; C = @C@\ \text{outputs}")),
)


def _controls() -> list[dict[str, Any]]:
    tasks = panels.named(TASKS)
    rules = panels.inked(RULES)
    return [
        panels.group(
            "task", "The task",
            {"kind": "choice", "field": "task", "label": "data", "options": tasks},
            panels.slider("width", "width", 4, 128, 1, scale="log"),
            panels.slider("count", "seeds", 1, 9, 1),
            {"kind": "number", "field": "seed", "label": "first seed", "step": 1},
            panels.slider("budget", "seconds a run", 0.1, 30, 0.1, scale="log"),
        ),
        panels.group(
            "rules", "Who runs",
            {"kind": "checks", "field": "rules", "label": "rules", "options": rules},
            {"kind": "button", "field": "keep", "label": "keep these for comparison"},
            {"kind": "button", "field": "forget", "label": "forget what is kept"},
        ),
        panels.group(
            "rates", "Rates",
            panels.slider("alpha", "natural α", 0.01, 2, 0.01, scale="log"),
            panels.slider("damping", "natural λ", 0.0001, 10, 0.0001, scale="log"),
            panels.slider("nesterov", "Nesterov's rate", 0.001, 10, 0.001, scale="log"),
            panels.slider("adam", "Adam's rate", 0.001, 1, 0.001, scale="log"),
            panels.slider("gradient", "plain rate", 0.001, 100, 0.001, scale="log"),
            panels.slider("adadelta", "Adadelta's rate", 0.1, 100, 0.1, scale="log"),
        ),
    ]  # fmt: skip


def _script(seen: Any, writer: Writer) -> str:
    """The runs as far as they have come, by ``natgrad_core.nets`` alone."""
    state = seen.state
    writer.numpy()
    writer.take("natgrad_core.nets", "NetProblem", "mlp", "real", "rules", "train")
    writer.take("natgrad_core.nets.runtime.threads_and_malloc", "settle")
    scale = "unit" if state.task in ("digits", "autoencoder") else "standard"
    name = "digits" if state.task == "autoencoder" else state.task
    data = f"real({name!r}, {scale!r}, 0.2)"
    if state.task == "autoencoder":
        writer.take("natgrad_core.nets", "autoencoding")
        data = f"autoencoding({data})"
    lines = [
        "settle()",
        f"data = {data}",
        "",
        "def learn(sizes, rule, seed, steps):",
        "    problem = NetProblem.of(mlp(sizes), data)",
        "    return np.array([frame.loss for frame in train(problem, rule, seed, steps=steps)])",
        "",
        "paths = {",
    ]
    for key, runs in seen.runs.items():
        rule, _, options = seen.entries[key]
        inside = ", ".join(map(repr, options)) + (", keep=0.99" if rule == "nesterov" else "")
        sizes = _sizes(runs[0].problem)
        rows = [f"{str(seed)!r}: learn({sizes}, rules.{rule}({inside}), {seed}, {run.made})"
                for seed, run in zip(seen.seeds, runs, strict=True)]  # fmt: skip
        lines.append(f"    {key!r}: {{{', '.join(rows)}}},")
    lines += [
        "}",
        "",
        "for name, runs in paths.items():",
        "    for seed, losses in runs.items():",
        '        print(f"{name}, seed {seed}: {len(losses) - 1} steps, loss {losses[-1]:.3g}")',
    ]
    return "\n".join(lines)


def _sizes(problem: Any) -> tuple[int, ...]:
    layers = [layer for layer in problem.net.layers if layer.size]
    return (layers[0].inputs, *(layer.outputs for layer in layers))


lessons.register("race")(
    Lesson(
        name="race",
        title="The race",
        takeaway="In steps K-FAC and the natural gradient win by a large factor, by the clock by a "
        "smaller one, and on new data not at all.",
        sources=("Martens and Grosse 2015, sec. 13", "Kingma and Ba 2015", "Zeiler 2012",
                 "Nocedal 1980"),
        sections=SECTIONS,
        presets=PRESETS,
        formulas=FORMULAS,
        controls=_controls,
        picture=picture,
        see=_see,
        script=_script,
        default=Racing(),
        order=13,
        heavy=True,
        small={"task": "wine", "count": 1, "budget": 0.2},
        rules=RULES,
        inks={"goal": {"label": "losses to reach", "light": "#5a5f66", "dark": "#a9afb7"}},
    )
)  # fmt: skip
