"""What the engine says of small nets on the plane: their runs, in θ and in x = A⁻¹θ, and F.

Loads torch: the lesson imports it when it is opened.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from natgrad_core.nets import At, Data, NetProblem, mlp, painted, plane, rules
from natgrad_core.nets.approximations import error, operators, spectrum
from natgrad_core.nets.datasets import labeled
from natgrad_core.nets.reparametrization import Frame, Reparametrized, natural_in
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.training import accuracy, begin
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.drawing.windows import grid
from natgrad_lecture.lessons.net.state import KEEP, VIEW
from natgrad_lecture.state.own_table import OWN_TABLE, examples_of
from natgrad_lecture.training import Course, pull, reach, rule_for

COUNT = 500
"""Points of a data set that is drawn."""

ROUNDING = 1e-5
"""Of the largest eigenvalue; what is smaller is rounding."""

TINY = float(np.finfo(np.float32).tiny)
"""What is smaller has lost digits in single precision: such a Fisher matrix is zero to rounding."""

LAYER = 2
"""The layer that A reparameterizes, by its place in the net: from the first hidden units to the
second."""

FINE, COARSE = 72, 48
"""Cells of a decision region's picture, on a side: at rest, and while the net learns."""

FARTHEST = 5.0
"""Of a table's standardized columns the window shows so many deviations at most."""

LEAST, SHARE = 0.25, 0.2
"""While a net learns the picture of a matrix stands for a quarter of a second or longer, so that
making it takes a fifth of the time at most."""

DataKey = tuple[Any, ...]

Settings = tuple[float, float, float]

TUNED: dict[str, dict[str, Settings]] = {
    "moons": {"adam": (0.2, 0.8, 0.8), "muon": (0.5, 0.9, 0.03)},
    "circles": {"adam": (0.2, 0.8, 0.8), "muon": (0.2, 0.9, 0.03)},
}
"""What ``python -m benchmarks.tune_net`` found: Adam's rate, β₁ and β₂; Muon's rate, μ, and the
rate of its biases.
"""


def baseline(name: str, settings: Settings) -> Rule:
    """Adam or Muon with these settings."""
    if name == "adam":
        return rules.adam(*settings)
    rate, keep, others = settings
    return rules.muon(rate, keep, others=rules.adamw(others, decay=0.0))


@bounded_cache
def data_of(data: DataKey) -> Data:
    """One of the data sets, painted points, or the reader's own table."""
    name, *rest = data
    if name == OWN_TABLE:
        return labeled(examples_of(*rest))
    if name == "painted":
        points = np.reshape(rest[0], (-1, 3))
        return painted(points[:, :2], points[:, 2].astype(int))
    noise, seed = rest
    return plane(name, COUNT, noise, seed)


def sizes_of(data: DataKey, width: int) -> tuple[int, int, int, int]:
    """The layers of the net: inputs, twice so many hidden units, classes."""
    found = data_of(data)
    return found.x.shape[1], width, width, found.outputs


@bounded_cache
def problem_of(data: DataKey, width: int) -> NetProblem:
    """A net with two hidden layers on one of the data sets: 2-w-w-2 on points of the plane."""
    return NetProblem.of(mlp(sizes_of(data, width)), data_of(data))


@bounded_cache
def held_out(data: DataKey) -> Any:
    """As many points again, which no run sees."""
    name, noise, seed = data
    return plane(name, COUNT, noise, seed)


@bounded_cache
def frame_of(sizes: tuple[int, ...], condition: float) -> Reparametrized:
    """The net with its middle layer net_in_x through A."""
    frame = Frame.stretched(sizes[1], sizes[2], condition)
    return Reparametrized(mlp(sizes), {LAYER: frame})


@bounded_cache
def course(
    data: DataKey,
    width: int,
    seed: int,
    rule: str,
    parts: tuple[tuple[Any, ...], ...],
    condition: float,
    pulled: bool,
) -> Course:
    """A run; ``parts`` are (step, options of the rule from there on), the first from step 0.

    With a ``condition`` other than 1 it is made in x; ``pulled``: damped by λAᵀA there.
    """
    (at, *options), before = parts[-1], parts[:-1]
    how = rule_for(rule, tuple(options), KEEP)
    if pulled:
        how = natural_in(frame_of(sizes_of(data, width), condition), *options)
    if before:
        return course(data, width, seed, rule, before, condition, pulled).turn(how, at)
    problem = problem_of(data, width)
    if condition == 1:
        return Course.of(problem, how, seed)
    net_in_x = frame_of(sizes_of(data, width), condition)
    mixed = NetProblem(net_in_x.module, problem.likelihood, problem.x, problem.y)
    theta = net_in_x.inward(problem.net.init(seed, problem.x.dtype))
    return Course(mixed, how, begin(mixed, how, seed, theta=theta))


@bounded_cache
def _tuned(data: DataKey, width: int, seed: int, name: str) -> Course:
    return Course.of(problem_of(data, width), baseline(name, TUNED[data[0]][name]), seed)


class Model:
    """All that the engine says of a state of the lesson; runs are as long as they were pulled."""

    def __init__(self, state: Any) -> None:
        self.state = state

    @cached_property
    def net(self) -> NetProblem:
        """The net in θ."""
        return problem_of(self.state.data_key, self.state.width)

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """The layers of the net."""
        return sizes_of(self.state.data_key, self.state.width)

    @cached_property
    def view(self) -> Array:
        """The window of the two inputs that are shown: for a table as wide as its values are."""
        if not self.state.owned:
            return VIEW
        far = np.ceil(2 * float(self.points.abs().max()) + 0.2) / 2
        return np.sign(VIEW) * min(far, FARTHEST)

    @property
    def points(self) -> Any:
        """The two inputs of the data that are shown, ``[N, 2]``."""
        return self.net.x[:, list(self.state.columns)]

    @property
    def in_two_charts(self) -> bool:
        """Whether the runs are made in x, too."""
        return self.state.stretch != 1

    @cached_property
    def runs(self) -> dict[tuple[str, bool], Course]:
        """Each chosen rule in θ, and if A is not the identity in x, ``(rule, in_x)``."""
        places = (False, True) if self.in_two_charts else (False,)
        return {(name, in_x): self.run(name, in_x) for name in self.state.rules for in_x in places}

    def run(self, name: str, in_x: bool = False) -> Course:
        """The run of one rule, in θ or in x."""
        state = self.state
        pulled = in_x and name == "natural" and state.kind == "pulled-back"
        return course(
            state.data_key,
            state.width,
            state.seed,
            name,
            state.parts(name),
            state.stretch if in_x else 1.0,
            pulled,
        )

    def tuned(self, name: str) -> Course:
        """The run of Adam or of Muon with all its constants tuned for the data."""
        return _tuned(self.state.data_key, self.state.width, self.state.seed, name)

    def to(self, steps: int) -> Model:
        """Itself, once every run has come that far (or diverged)."""
        reach(list(self.runs.values()), steps)
        return self

    def pull(self, sheet: Sheet) -> bool:
        """Train a slice; say if there is more."""
        limit = self.state.steps
        return pull(sheet, list(self.runs.values()), lambda run: run.steps < limit, self.state.k)

    @property
    def steps(self) -> int:
        """The steps of the longest run, as many as are asked for: another state may have more."""
        return min(self.state.steps, max(run.steps for run in self.runs.values()))

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: losses, and where each run is, in θ."""
        return {
            name + ("-in-x" if in_x else ""): {
                "loss": np.array(run.losses),
                "theta": self.theta(name, in_x, run.steps).numpy(),
            }
            for (name, in_x), run in self.runs.items()
        }

    def theta(self, name: str, in_x: bool, step: int) -> Any:
        """The parameters after a step, in θ, ``[p]``."""
        found = self.runs[name, in_x].frame(step).theta
        return frame_of(self.sizes, self.state.stretch).outward(found) if in_x else found

    def small_step(self, step: int, share: float = 0.02) -> dict[str, Any]:
        """The outputs at a step of the first rule's run and after a small part of its next step, in
        double precision; and what the engine says of both.
        """
        name = self.state.rules[0]
        self.to(step + 1)
        net = self.net.double
        theta, ahead = (self.theta(name, False, k).double() for k in (step, step + 1))
        change = share * (ahead - theta)
        after = theta + change
        outputs = net.net.forward(theta, net.x)
        ends = [net.net.forward(theta + part * change, net.x) for part in (-1e-3, 1e-3)]
        return {
            "outputs": outputs.numpy(),
            "after": (outputs + (ends[1] - ends[0]) / 2e-3).numpy(),
            "labels": net.y.numpy(),
            "chances": net.likelihood.mean(outputs).numpy(),
            "loss": float(net.loss(theta)),
            "kl": float(net.kl(theta, after)),
            "quadratic": float(change @ net.fisher(theta) @ change),
        }

    def at(self, name: str, step: int) -> At:
        """The net at one step of the run in θ."""
        return self.net.at(self.theta(name, False, step), step)

    # Pictures

    def chances(self, name: str, step: int, moving: bool = False) -> Array:
        """The probability of the class shown on a grid of the plane, ``[cells, cells]``."""
        cells = COARSE if moving else FINE
        points = _grid(cells, tuple(self.view.ravel()))
        return self.chance(self.theta(name, False, step), points).reshape(cells, cells)

    def chance(self, theta: Any, points: Array) -> Array:
        """The probability of the class shown at points ``[n, 2]`` of the plane; the inputs that are
        not shown have their means, which are zero.
        """
        x = self.net.x.new_zeros(len(points), self.net.x.shape[1])
        x[:, list(self.state.columns)] = x.new_tensor(points)
        shown = self.net.likelihood.mean(self.net.net.forward(theta, x))
        return shown[:, self.state.shown_class].numpy()

    def outputs(self, name: str, in_x: bool) -> Array:
        """The probabilities at the two probes along a run, ``[steps + 1, 2]``."""
        run = self.runs[name, in_x]
        found = _outputs(run, self.state.probes, self.state.columns, self.state.shown_class)
        for step in range(len(found), run.steps + 1):
            found.append(self.chance(self.theta(name, in_x, step), np.array(self.state.probes)))
        return np.array(found)

    def gap(self, name: str, step: int) -> float:
        """How far the runs in θ and in x are apart at a step: the mean of |Δp| over the data."""
        pair = [self.theta(name, in_x, step) for in_x in (False, True)]
        p, q = (self.net.likelihood.mean(self.net.net.forward(t, self.net.x)) for t in pair)
        return float((p - q).abs().mean())

    def lately(self, name: str, step: int) -> int:
        """The step whose matrix stands for ``step`` while the run goes on."""
        run, began = self.run(name), time.monotonic()
        computed, until = _last_matrix.get(run, (-1, 0.0))
        if 0 <= computed <= step and began < until:
            return computed
        self.spectra(name, step)
        ended = time.monotonic()
        _last_matrix[run] = (step, ended + max(LEAST, (ended - began) * (1 / SHARE - 1)))
        return step

    def fisher(self, name: str, step: int) -> dict[str, Array]:
        """The Fisher matrix and its approximations at a step of a run, ``[p, p]`` each."""
        found = _matrices(self.run(name), step)
        if abs(found["exact"]).max() < TINY:
            return {**found, "exact": np.zeros_like(found["exact"])}
        return found

    def errors(self, name: str, step: int) -> dict[str, float]:
        """The relative error ‖F − G‖/‖F‖ of each approximation G; none where F is zero."""
        found = dict(_tensors(self.run(name), step))
        size = found["exact"].abs().max()  # without it the squares of small entries are zero
        if size < TINY:
            return {}
        exact = found.pop("exact") / size
        return {each: error(exact, matrix / size) for each, matrix in found.items()}

    def spectra(self, name: str, step: int) -> dict[str, Array]:
        """Eigenvalues above rounding, largest first: the net's numbers are of single precision."""
        found = _spectra(self.run(name), step)
        return {
            each: values[values > max(ROUNDING * values[0], TINY)] for each, values in found.items()
        }

    def rank(self, name: str, step: int) -> int:
        """How many eigenvalues of F are above rounding in single precision: its rank at least."""
        return len(self.spectra(name, step)["exact"])

    def kl_of_a_step(self, name: str, step: int) -> tuple[float, float]:
        """KL of a twentieth δ of the step that follows this one, and ½ δᵀFδ."""
        return _kl_of_a_step(self.run(name), step)

    def borders(self) -> list[int]:
        """Where the layers' blocks end, from 0 to p."""
        parts = self.net.net.slices
        return [0, *(part.stop for part in parts if part.stop > part.start)]

    def test_loss(self, name: str, step: int) -> float:
        """The loss on points that no run sees."""
        data = held_out(self.state.data_key)
        out = self.net.net.forward(self.theta(name, False, step), data.x_test)
        return float(self.net.likelihood.loss(out, data.y_test))

    def right(self, name: str, step: int) -> float:
        """The share of points that the net puts in their class."""
        return accuracy(self.net, self.theta(name, False, step), self.net.x, self.net.y)

    def grad_norm(self, name: str, step: int) -> float:
        """The length of the gradient, ‖∇J‖."""
        return float(self.at(name, step).grad.norm())


_last_matrix: WeakKeyDictionary[Course, tuple[int, float]] = WeakKeyDictionary()


@bounded_cache
def _outputs(run: Course, probes: Any, columns: Any, shown_class: int) -> list[Array]:
    """The chances at the probes after each step of a run, as far as they were asked for."""
    return []


@bounded_cache
def _kl_of_a_step(run: Course, step: int) -> tuple[float, float]:
    net = run.problem.double
    theta, ahead = (run.frame(k).theta.double() for k in (step, step + 1))
    change = 0.05 * (ahead - theta)
    return float(net.kl(theta, theta + change)), float(change @ net.fisher(theta) @ change) / 2


@bounded_cache
def _grid(cells: int, box: tuple[float, ...]) -> Array:
    view = np.reshape(box, (2, 2))
    half = np.ptp(view, axis=1) / cells / 2
    return grid(np.stack([view[:, 0] + half, view[:, 1] - half], -1), cells).reshape(-1, 2)


@bounded_cache
def _operators(run: Course, step: int) -> dict[str, Any]:
    return operators(run.problem.at(run.frame(step).theta, step))


@bounded_cache
def _tensors(run: Course, step: int) -> dict[str, Any]:
    return {name: each.dense() for name, each in _operators(run, step).items()}


def _matrices(run: Course, step: int) -> dict[str, Array]:
    return {name: each.numpy() for name, each in _tensors(run, step).items()}


@bounded_cache
def _spectra(run: Course, step: int) -> dict[str, Array]:
    return {name: spectrum(each).numpy() for name, each in _operators(run, step).items()}
