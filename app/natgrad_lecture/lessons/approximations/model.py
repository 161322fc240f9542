"""Approximations of the Fisher matrix: one step with each, runs, spectra.

Loads torch: the lesson imports it when it is opened.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from natgrad_core.nets import At, NetProblem, mlp, plane, real, rules
from natgrad_core.nets.approximations import error
from natgrad_core.nets.damping import LevenbergMarquardt
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.metrics import Basis, Metric, Operator, exact
from natgrad_core.nets.normalization import Spectrum, folded, frozen, normed, reparametrized_as
from natgrad_core.nets.rule import Rule
from natgrad_core.nets.step_comparison import MATRICES, OneStep, along, one_step, operators
from natgrad_core.nets.step_size import Quadratic
from natgrad_core.types import Array
from natgrad_lecture.bounded_cache import bounded_cache
from natgrad_lecture.drawing.sheet import Sheet
from natgrad_lecture.lessons.approximations.state import ARRIVED, FEW, LARGE, SIZES
from natgrad_lecture.training import Course, pull, reach

SHARES = np.linspace(0.0, 2.0, 21)


@bounded_cache
def problem_of(data: str, large: bool = False) -> NetProblem:
    """The net of one view on one data set."""
    sizes = (LARGE if large else SIZES)[data]
    if data == "moons":
        return NetProblem.of(mlp(sizes), plane("moons", FEW))
    found = real(data, "unit" if data == "digits" else "standard")
    if data == "digits" and not large:
        found = replace(found, x=found.x[:FEW], y=found.y[:FEW])
    return NetProblem.of(mlp(sizes), found)


@bounded_cache
def teacher(data: str, seed: int) -> Course:
    """The run that brings a net to where the one step is taken."""
    return Course.of(problem_of(data), rules.kfac(), seed)


def rule_of(name: str, data: str, damping: float) -> Rule:
    """One policy for λ and the length for all, save the run with a fixed λ and full steps."""
    if name == "fixed":
        return rules.natural(1.0, damping)
    return rules.second_order(_metric(name, data), LevenbergMarquardt(1.0, 0.25), Quadratic())


def _metric(name: str, data: str) -> Metric:
    if data == "digits" and name in ("exact", "empirical"):  # as Martens 2010 has it: products
        return exact("true" if name == "exact" else name, "cg", tolerance=0.1)
    return MATRICES[name]()


@bounded_cache
def course(data: str, seed: int, name: str, damping: float) -> Course:
    """One run; only the one with a fixed λ depends on it."""
    return Course.of(problem_of(data, True), rule_of(name, data, damping), seed)


@bounded_cache
def _spectrum(data: str, seed: int, frame: str) -> Spectrum:
    """Eigenvalues of the Fisher matrix of the net at its start, its layers seen through ``frame``.

    A batch norm's statistics stand still at those of the data; ``folded`` is the same net with the
    norms multiplied into the layers before them.
    """
    problem = problem_of(data)
    theta = problem.net.init(seed)
    if frame in ("batch norm", "folded"):
        module = frozen(normed(SIZES[data], seed=seed), problem.x)
        module = module if frame == "batch norm" else folded(module)
        other = NetProblem(module, problem.likelihood, problem.x, problem.y)
        return Spectrum.of(other.at(other.net.read()))
    if frame == "as it is":
        return Spectrum.of(problem.at(theta))
    _, other, xi = reparametrized_as(problem, theta, frame)
    return Spectrum.of(other.at(xi))


class Place:
    """A net where the one step is taken, and all about it that does not depend on λ.

    The steps come from the matrices as they are, or once a reader rests there from their
    eigenvectors (``settle``), so that a drag of λ only divides.
    """

    parts = len(MATRICES) + 1

    def __init__(self, point: At) -> None:
        self.point = point
        self._waiting = list(MATRICES)
        """Whose eigenvectors were not looked for yet."""
        self._errors: dict[str, float] = {}

    @cached_property
    def operators(self) -> dict[str, Operator]:
        """Each matrix, to be solved with."""
        return operators(self.point)

    @property
    def errors(self) -> dict[str, float]:
        """Of each matrix ‖F − G‖/‖F‖."""
        if not self.measured:
            self._measure()
        return self._errors

    @property
    def measured(self) -> bool:
        """Whether the errors are known."""
        return bool(self._errors)

    def _measure(self) -> None:
        whole = FisherAt(self.point).dense()
        self._errors = {n: error(whole, built.dense()) for n, built in self.operators.items()}

    @property
    def left(self) -> int:
        """How many of ``parts`` are to be done."""
        return len(self._waiting) + (not self.measured)

    def settle(self) -> None:
        """Do one of the ``parts``, or a few that cost nothing: the errors, then eigenvectors."""
        if not self.measured:
            self._measure()
            return
        while self._waiting:
            name = self._waiting.pop(0)
            basis = Basis.of(self.point, self.operators[name])
            if basis is not None:
                self.operators[name] = basis
                return


@bounded_cache
def _steps(place: Place, damping: float, names: tuple[str, ...]) -> dict[str, OneStep]:
    return one_step(place.point, damping, names, place.operators)


@bounded_cache
def _falls(place: Place, damping: float, names: tuple[str, ...]) -> dict[str, Array]:
    changes = [step.change for step in _steps(place, damping, names).values()]
    return dict(zip(names, along(place.point, changes, SHARES.tolist()).numpy(), strict=True))


@bounded_cache
def _place(data: str, seed: int, after: int) -> Place:
    run = teacher(data, seed)
    reach([run], after)
    # In double precision: a late step changes the loss by less than single precision shows.
    return Place(problem_of(data).double.at(run.frame(after).theta.double(), after))


class Model:
    """All that the engine says of a state of the lesson."""

    shares = SHARES

    def __init__(self, state: Any) -> None:
        self.state = state

    # One step

    @cached_property
    def place(self) -> Place:
        """Where the one step is taken."""
        return _place(self.state.data, self.state.seed, self.state.after)

    @property
    def point(self) -> At:
        """The net there."""
        return self.place.point

    @property
    def first_layer(self) -> tuple[Array, Array, Array]:
        """Of the first layer: the scores of its parameters ``[N K, p₁]``, its inputs with a 1 for
        the bias ``[N, in + 1]``, and the scores of its outputs ``[N, K, out]``.
        """
        fisher = FisherAt(self.point).double
        first = fisher.at.tape.net.parametric[0]
        part = fisher.at.tape.net.slices[first]
        inputs = fisher.at.tape.values[first].numpy()
        ones = np.ones((len(inputs), 1))
        return (
            fisher.rows()[:, part].numpy(),
            np.concatenate([inputs, ones], 1),
            fisher.cotangents[0].numpy(),
        )

    @cached_property
    def steps(self) -> dict[str, OneStep]:
        """One step with each chosen matrix."""
        return _steps(self.place, self.state.damping, self.state.matrices)

    def step(self, name: str, damping: float | None = None) -> OneStep:
        """One step with one matrix, at this λ or another."""
        if damping is None and name in self.state.matrices:
            return self.steps[name]
        at: float = self.state.damping if damping is None else damping
        return _steps(self.place, at, (name,))[name]

    @property
    def falls(self) -> dict[str, Array]:
        """J(θ + tδ) at ``SHARES``, for each chosen matrix's δ."""
        return _falls(self.place, self.state.damping, self.state.matrices)

    def quadratic_model(self, name: str) -> Array:
        """The undamped quadratic model at ``SHARES``: J + t ∇Jᵀδ + t²/2 δᵀFδ."""
        step = self.steps[name]
        slope = float(self.point.grad @ step.change)
        return self.point.loss + SHARES * slope + SHARES**2 / 2 * step.bend

    @property
    def errors(self) -> dict[str, float]:
        """Of each matrix ‖F − G‖/‖F‖."""
        return self.place.errors

    # Runs

    @cached_property
    def runs(self) -> dict[str, Course]:
        """The chosen runs."""
        return {name: self.run(name) for name in self.state.runs}

    def run(self, name: str) -> Course:
        """One run."""
        damping = self.state.damping if name == "fixed" else 0.0
        return course(self.state.data, self.state.seed, name, damping)

    def to(self, steps: int) -> Model:
        """Itself, once every chosen run has come that far (or diverged)."""
        reach(list(self.runs.values()), steps)
        return self

    @property
    def longest(self) -> int:
        """The steps of the longest run, as many as are asked for: another state may have more."""
        return min(self.state.steps, max(run.steps for run in self.runs.values()))

    def pull(self, sheet: Sheet) -> bool:
        """Train a slice; say if there is more. A run that has arrived is at its end."""
        limit = self.state.steps

        def going(run: Course) -> bool:
            return run.steps < limit and run.losses[-1] > ARRIVED

        return pull(sheet, list(self.runs.values()), going, self.state.k)

    # Spectra

    @cached_property
    def spectra(self) -> dict[str, Spectrum]:
        """The spectrum with the layers seen each chosen way."""
        return {frame: self.spectrum(frame) for frame in self.state.frames}

    def spectrum(self, frame: str) -> Spectrum:
        """One of them."""
        return _spectrum(self.state.data, self.state.seed, frame)

    @property
    def problem(self) -> NetProblem:
        """The net of the view that is shown."""
        return problem_of(self.state.data, self.state.show == "runs")

    @property
    def paths(self) -> dict[str, Any]:
        """What a notebook reads as the widget's ``path``: the numbers of the view."""
        if self.state.show == "step":
            return {
                name: {"change": s.change.numpy(), "angle": s.angle, "gained": s.gained}
                for name, s in self.steps.items()
            }
        if self.state.show == "runs":
            return {name: {"loss": np.array(run.losses)} for name, run in self.runs.items()}
        return {name: {"eigenvalues": s.values.numpy()} for name, s in self.spectra.items()}
