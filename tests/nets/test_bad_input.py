"""What cannot be done is said: which layer, which size, and what to do instead."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest
import torch
from torch import nn

from natgrad_core.errors import NotFiniteError
from natgrad_core.nets import Categorical, Gaussian, Net, NetProblem, mlp, painted, plane, rules
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.likelihood import Bernoulli

X = torch.linspace(-1, 1, 12).view(6, 2)
Y = torch.arange(6) % 2


SECOND_ORDER = ("natural", "levenberg-marquardt", "trust-region", "kfac", "ekfac")


@pytest.mark.parametrize("rule", SECOND_ORDER)
def test_a_loss_that_is_not_a_number_is_refused_with_its_step(rule: str) -> None:
    problem = NetProblem(mlp((2, 3, 2)), Categorical(), X, Y)
    at = problem.at(torch.full((problem.dim,), math.nan), step=7)
    built = rules.RULES[rule]()
    with pytest.raises(NotFiniteError, match="nan at step 7: lower the rate, raise the damping"):
        built.update(at.grad, at, built.init(at.theta))


def test_a_layer_that_mixes_examples_or_draws_noise_is_named() -> None:
    with pytest.raises(TypeError, match=r"layer 1 \(BatchNorm1d\) in train mode.*\.eval\(\)"):
        Net(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)))
    with pytest.raises(TypeError, match=r"layer 1 \(Dropout\) draws new noise.*leave it out"):
        Net(nn.Sequential(nn.Linear(2, 3), nn.Dropout()))
    assert Net(nn.Sequential(nn.Linear(2, 3), nn.Dropout()).eval()).size == 9


def test_a_layer_without_a_counterpart_is_named_and_the_known_ones_are_listed() -> None:
    with pytest.raises(TypeError, match=r"layer 2 \(LSTM\) has no hand-written.*Linear, Conv2d"):
        Net(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.LSTM(3, 3)))
    with pytest.raises(TypeError, match=r"torch\.nn\.Sequential, got list: give the model itself"):
        Net(cast("Any", list(nn.Linear(2, 2).parameters())))
    with pytest.raises(ValueError, match="no parameters"):
        Net(nn.Sequential(nn.Tanh()))
    with pytest.raises(TypeError, match="only groups=1 and zero padding"):
        Net(nn.Sequential(nn.Conv2d(2, 2, 1, groups=2)))


def test_shapes_that_do_not_meet_are_named() -> None:
    with pytest.raises(ValueError, match=r"layer 0 \(Linear\) takes \[N, 3\], was given \[1, 2\]"):
        NetProblem(mlp((3, 2)), Categorical(), X, Y)
    with pytest.raises(ValueError, match=r"takes pictures \[N, 1, h, w\].*Unflatten"):
        NetProblem(nn.Sequential(nn.Conv2d(1, 2, 1)), Categorical(), X, Y)
    with pytest.raises(ValueError, match="6 inputs and 5 targets"):
        NetProblem(mlp((2, 2)), Categorical(), X, Y[:5])
    with pytest.raises(TypeError, match=r"inputs are torch\.int64"):
        NetProblem(mlp((2, 2)), Categorical(), X.long(), Y)
    problem = NetProblem(mlp((2, 2)), Categorical(), X, Y)
    with pytest.raises(ValueError, match=r"takes θ of shape \[6\], got \[5\]"):
        problem.loss(torch.zeros(5))


def test_targets_that_the_likelihood_cannot_have_are_refused() -> None:
    with pytest.raises(ValueError, match="one output cannot tell classes apart: take Bernoulli"):
        NetProblem(mlp((2, 1)), Categorical(), X, Y)
    with pytest.raises(ValueError, match="classes run from 0 to 5, but the net has 3 outputs"):
        NetProblem(mlp((2, 3)), Categorical(), X, torch.arange(6))
    with pytest.raises(ValueError, match="class numbers are integers"):
        NetProblem(mlp((2, 2)), Categorical(), X, Y.float())
    with pytest.raises(ValueError, match=r"lie in \[0, 1\], got 0 … 5"):
        NetProblem(mlp((2, 1)), Bernoulli(), X, torch.arange(6.0))
    with pytest.raises(ValueError, match="match the last layer"):
        NetProblem(mlp((2, 3)), Gaussian(), X, X)
    with pytest.raises(ValueError, match="σ of a Gaussian is positive, got 0"):
        Gaussian(0)


def test_data_and_nets_say_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"no data 'moon'.*moons, circles, spirals"):
        plane("moon")
    with pytest.raises(ValueError, match="no activation 'tan'; there are tanh"):
        mlp((2, 2), "tan")
    with pytest.raises(ValueError, match="at least one of them"):
        painted(torch.zeros(0, 2), torch.zeros(0))
    problem = NetProblem(mlp((2, 2)), Categorical(), X, Y)
    at = problem.at(problem.net.init(0))
    with pytest.raises(ValueError, match="no Fisher 'tru'; there are true, monte-carlo, empirical"):
        FisherAt(at, "tru")
    with pytest.raises(ValueError, match="at least one sample, got 0"):
        FisherAt(at, "monte-carlo", 0)


@pytest.mark.parametrize("rule", rules.RULES)
def test_a_batch_of_one_is_a_batch(rule: str) -> None:
    problem = NetProblem(mlp((2, 3, 2)), Categorical(), X[:1], Y[:1])
    at, built = problem.at(problem.net.init(0)), rules.RULES[rule]()
    change, _ = built.update(at.grad, at, built.init(at.theta))
    assert at.after(change).loss < at.loss
