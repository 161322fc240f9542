"""A net, a likelihood and data are a problem: a loss on flat parameters with a probability model.

The same questions as on the plane (loss, grad, fisher, kl, sample), answered in torch for θ of
shape ``[p]``. A ``At`` is the problem at one θ; its forward pass is done once, and everything
that is asked there (loss, gradient, Fisher products, the random targets of a Monte Carlo Fisher)
is derived from that one pass. Losses, gradients and matrices are means over the examples.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from natgrad_core.errors import NotFiniteError
from natgrad_core.nets.any_module import ModuleNet, net_of
from natgrad_core.nets.datasets import Data
from natgrad_core.nets.dense_fisher import dense
from natgrad_core.nets.layers.linear_and_conv import THIN, Linear
from natgrad_core.nets.likelihood import (
    Categorical,
    Gaussian,
    Likelihood,
    Weighted,
    least_loss,
    must_be_a_likelihood,
)
from natgrad_core.nets.model import Net, Tape
from natgrad_core.nets.runtime.memory_limit import must_hold

FLOAT32_FLOOR = 1e-5
"""Below this share of a matrix's largest eigenvalue, λ drowns in float32 rounding."""


class NetProblem:
    """loss(θ) = mean over examples of −log p(y | net(θ, x)).

    Parameters are ``[p]``, inputs ``[N, ...]``, outputs ``[N, C]``. A module that is not a plain
    Sequential of layers with derivatives by hand is differentiated by autodiff
    (``natgrad_core.nets.any_module``); of outputs ``[N, T, C]`` each of the N T positions is a row,
    and means are over rows.

    Args:
        net: The net, or any ``torch.nn.Module`` to make one of.
        likelihood: The distribution of the targets.
        x: Inputs, ``[N, ...]``, in float32 or float64; integers for a module that looks up rows.
        y: Targets: class numbers ``[N]``, or ``[N, C]``; ``[N, T]`` or ``[N, T, C]`` for positions.
        dtype: The precision of θ where inputs are integers; None: the module's.
        rows: The number of rows of outputs and C, where a pass of the net has told them; None: a
            pass is made.

    Raises:
        TypeError: If the inputs are of another type, or ``net`` or ``likelihood`` is not one.
        ValueError: If there are no examples, devices differ, or inputs, targets and outputs do not
            match.
    """

    def __init__(
        self,
        net: Net | nn.Module,
        likelihood: Likelihood,
        x: Tensor,
        y: Tensor,
        dtype: torch.dtype | None = None,
        rows: tuple[int, int] | None = None,
    ) -> None:
        for name, value in (("the inputs x", x), ("the targets y", y)):
            given: Any = value
            if not isinstance(given, Tensor):
                raise TypeError(
                    f"{name} are a torch tensor, got {type(given).__name__}: take torch.as_tensor"
                )
        if x.dtype not in (torch.float32, torch.float64) and (
            x.is_floating_point() or x.is_complex()
        ):
            raise TypeError(f"inputs are {x.dtype}; nets compute in float32 or float64")
        must_be_a_likelihood(likelihood)
        _must_be_on_one_device(net, x, y)
        self.net = net_of(net, x[:1])
        if not x.is_floating_point() and not isinstance(self.net, ModuleNet):
            raise TypeError(
                f"inputs are {x.dtype}, which a net of {self.net.layers[0].label} cannot take: "
                "give it float32 or float64"
            )
        self.likelihood = likelihood
        self.x = x
        first = next(iter(self.net.parameters.values()))
        self.like = x.new_zeros(
            (), dtype=x.dtype if x.is_floating_point() else dtype or first.dtype
        )
        self.outputs, y = self._rows(y, rows)
        self.y = likelihood.check(self.outputs, y, self.like.dtype)

    def _rows(self, y: Tensor, known: tuple[int, int] | None) -> tuple[int, Tensor]:
        """C, and the targets as rows: as many as there are outputs."""
        if known is not None:
            rows, outputs = known
        elif isinstance(self.net, ModuleNet):
            with torch.no_grad():
                out = self.net.forward(self.net.read().to(self.like), self.x)
            rows, outputs = out.shape
        else:
            probe = self.net.forward(self.x.new_zeros(self.net.size), self.x[:1])
            rows, outputs = len(self.x), probe.shape[-1]
        if isinstance(self.net, ModuleNet):
            if y.ndim > 1 and y.shape[-1] == outputs and y.numel() == rows * outputs:
                y = y.reshape(rows, outputs)
            elif y.numel() == rows:
                y = y.reshape(rows)
        if len(y) != rows or not rows:
            of = "inputs" if rows == len(self.x) else f"rows of outputs of {len(self.x)} inputs"
            raise ValueError(f"{rows} {of} and {len(y)} targets: there must be as many, and some")
        return outputs, y

    @classmethod
    def of(cls, net: Net | nn.Module, data: Data) -> NetProblem:
        """The usual likelihood for ``data``: categorical for classes, Gaussian for a regression.

        Args:
            net: The net.
            data: The data, inputs ``[N, d]``.

        Returns:
            The problem on the training data.
        """
        return cls(net, Categorical() if data.classes else Gaussian(), data.x, data.y)

    @property
    def dim(self) -> int:
        """p, the number of parameters."""
        return self.net.size

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return f"<problem of {len(self)} examples, {self.likelihood.name}: {self.net}>"

    def check(self, theta: Tensor) -> Tensor:
        """Return θ in the data's precision.

        Args:
            theta: θ, ``[p]``.

        Returns:
            θ, ``[p]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        given: Any = theta
        if not isinstance(given, Tensor):
            raise TypeError(
                f"θ is a tensor [{self.dim}], as problem.net.read() gives the model's; got "
                f"{type(given).__name__}"
            )
        if theta.ndim != 1 or len(theta) != self.dim:
            raise ValueError(
                f"{self.net} takes θ of shape [{self.dim}], got {list(theta.shape)}; "
                "torch.func.vmap handles a batch of them"
            )
        return theta.to(self.like)

    def loss(self, theta: Tensor) -> Tensor:
        """J(θ), the mean negative log-likelihood in nats.

        Args:
            theta: θ, ``[p]``.

        Returns:
            J, a tensor ``[]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        return self.likelihood.loss(self.net.forward(self.check(theta), self.x), self.y)

    def grad(self, theta: Tensor) -> Tensor:
        """∇J, ``[p]``.

        Args:
            theta: θ, ``[p]``.

        Returns:
            ∇J, ``[p]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        return self.at(theta).grad

    def fisher(self, theta: Tensor) -> Tensor:
        """F, ``[p, p]``, exact over the model's own targets; written out, so for small nets.

        Args:
            theta: θ, ``[p]``.

        Returns:
            F, ``[p, p]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
            NotFiniteError: If the loss is not finite.
        """
        at = self.at(theta).check()
        return dense(at.tape, at.tape.cotangents(self.likelihood.root(at.mean)))

    def hessian(self, theta: Tensor) -> Tensor:
        """∇²J, ``[p, p]``, by autodiff, all columns at once.

        Args:
            theta: θ, ``[p]``.

        Returns:
            ∇²J, ``[p, p]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
            TooLargeError: If it would not fit into memory.
        """
        values = sum(value.numel() for value in self.at(theta).tape.values)
        must_hold(
            f"the Hessian of p = {self.dim} parameters on N = {len(self)} examples",
            (2 * values + self.dim) * self.dim * self.like.element_size(),
            "its products (hessian_product)",
            self.x.device,
        )
        return torch.func.hessian(self.loss)(self.check(theta))

    def kl(self, theta: Tensor, other: Tensor) -> Tensor:
        """KL(p_θ ‖ p_other) per example, in nats.

        Args:
            theta: θ, ``[p]``.
            other: Another θ, ``[p]``.

        Returns:
            The divergence in nats, ``[]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        a, b = (self.net.forward(self.check(t), self.x) for t in (theta, other))
        return self.likelihood.kl(a, b)

    def log_prob(self, y: Tensor, theta: Tensor) -> Tensor:
        """Return log p(y | x, θ) per example.

        Args:
            y: The targets, as ``likelihood`` has them, ``[N]`` or ``[N, C]``.
            theta: θ, ``[p]``.

        Returns:
            The values in nats, ``[N]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        return self.likelihood.log_prob(self.net.forward(self.check(theta), self.x), y)

    def sample(self, theta: Tensor, generator: torch.Generator) -> Tensor:
        """One target for each input, drawn from the model.

        Args:
            theta: θ, ``[p]``.
            generator: The generator.

        Returns:
            The targets, as ``likelihood`` has them: ``[N]`` or ``[N, C]``.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        return self.likelihood.sample(self.net.forward(self.check(theta), self.x), generator)

    def at(self, theta: Tensor, step: int = 0) -> At:
        """Return the problem at one θ.

        Args:
            theta: θ, ``[p]``.
            step: Seeds what is random there.

        Returns:
            The problem there.

        Raises:
            TypeError: If θ is not a tensor.
            ValueError: If θ is not ``[p]``.
        """
        return At(self, self.check(theta), step)

    def batch(self, index: Tensor) -> NetProblem:
        """Return the same problem on some of the examples.

        Args:
            index: Their numbers, ``[n]``.

        Returns:
            The problem.
        """
        per = len(self.y) // len(self.x)
        y = self.y.unflatten(0, (len(self.x), per))[index].flatten(0, 1)
        return NetProblem(self.net, self.likelihood, self.x[index], y, self.like.dtype)

    def some(self, rows: slice) -> NetProblem:
        """Return the problem on some of the examples, with the ``input_moment`` of all.

        Args:
            rows: Which examples.

        Returns:
            The problem.
        """
        known = self._some.get((rows.start, rows.step))
        if known is not None:
            return known
        likelihood, y = self.likelihood, self.y[rows]
        if isinstance(likelihood, Weighted):
            likelihood = replace(likelihood, weights=likelihood.weights[rows])
        shape = len(y), self.outputs
        found = NetProblem(self.net, likelihood, self.x[rows], y, self.like.dtype, shape)
        found.input_moment, found.input_basis = self.input_moment, self.input_basis
        self._some[rows.start, rows.step] = found
        return found

    @cached_property
    def _some(self) -> dict[tuple[int | None, int | None], NetProblem]:
        """What ``some`` returned, by the first example and the step from one to the next."""
        return {}

    @cached_property
    def signature(self) -> tuple[float, float]:
        """The number of examples and the sum of their inputs: tells one batch from another."""
        return float(len(self)), float(self.x.sum())

    @cached_property
    def least_loss(self) -> float:
        """No more than the loss of any net on these targets; −∞ where nothing is known."""
        return least_loss(self.likelihood, self.y)

    @cached_property
    def double(self) -> NetProblem:
        """The same problem in float64."""
        x = self.x.double() if self.x.is_floating_point() else self.x
        return NetProblem(self.net, self.likelihood, x, self.y, torch.float64)

    @cached_property
    def input_basis(self) -> tuple[Tensor, Tensor] | None:
        """Eigenvalues and eigenvectors of ``input_moment``."""
        if self.input_moment is None:
            return None
        values, vectors = torch.linalg.eigh(self.input_moment)
        return values.clamp_min(0), vectors

    @cached_property
    def input_moment(self) -> Tensor | None:
        """Σ_n a aᵀ/N, ``[in, in]``, of a first Linear layer's features, which no step changes."""
        if isinstance(self.net, ModuleNet):
            return None
        i = self.net.parametric[0]
        layer = self.net.layers[i]
        if i != 0 or not isinstance(layer, Linear):
            return None
        a = layer.features(self.x, None)
        return a.T @ a / len(a)


def _must_be_on_one_device(net: Net | nn.Module, x: Tensor, y: Tensor) -> None:
    module: Any = net.module if isinstance(net, Net) else net
    parameters = iter(module.parameters() if isinstance(module, nn.Module) else ())
    model = next(parameters, x).device
    if not model == x.device == y.device:
        raise ValueError(
            f"the model is on {model}, the inputs on {x.device}, the targets on {y.device}: move "
            "them to one device with .to(device)"
        )


class At:
    """A problem at one θ: each quantity is computed when it is first needed, then kept.

    Args:
        problem: The problem.
        theta: The parameters, ``[p]``.
        step: The number of the step, which seeds what is random here.
        loss: J(θ), if the caller has computed it already.
        residual: ∂(−log p)/∂outputs per example ``[N, C]``, if the caller has computed it already.
        outputs: The net's outputs here, ``[N, C]``, if the caller has them: then only what needs
            derivatives makes a pass.
    """

    def __init__(
        self,
        problem: NetProblem,
        theta: Tensor,
        step: int = 0,
        *,
        loss: float | None = None,
        residual: Tensor | None = None,
        outputs: Tensor | None = None,
    ) -> None:
        self.problem, self.theta, self.step = problem, theta, step
        self._loss, self._residual, self._outputs = loss, residual, outputs
        self._ahead: tuple[Tensor, At] | None = None

    def __repr__(self) -> str:
        return f"<point at step {self.step}, loss {self.loss:.4g}, of {self.problem}>"

    @cached_property
    def tape(self) -> Tape:
        """The forward pass."""
        return self.problem.net.tape(self.theta, self.problem.x)

    @property
    def outputs(self) -> Tensor:
        """``[N, C]``."""
        return self.tape.outputs if self._outputs is None else self._outputs

    @cached_property
    def loss(self) -> float:
        """J(θ)."""
        if self._loss is not None:
            return self._loss
        return float(self.problem.likelihood.loss(self.outputs, self.problem.y))

    @cached_property
    def mean(self) -> Tensor:
        """The expected target of each example, ``[N, C]``."""
        return self.problem.likelihood.mean(self.outputs)

    def weigh(self, t: Tensor) -> Tensor:
        """Return M t, with M the outputs' own metric.

        Args:
            t: A change of the outputs, ``[N, C]``.

        Returns:
            M t, ``[N, C]``.
        """
        return self.problem.likelihood.metric(self.mean, t)

    @cached_property
    def residual(self) -> Tensor:
        """∂(−log p)/∂outputs per example, ``[N, C]``."""
        if self._residual is not None:
            return self._residual
        return self.problem.likelihood.residual(self.mean, self.problem.y)

    @cached_property
    def grad(self) -> Tensor:
        """∇J = Jᵀ residual/N, ``[p]``."""
        return self.tape.pull(self.residual / len(self.tape))

    def is_grad(self, v: Tensor) -> bool:
        """Return whether a vector is ∇J at this point, entry by entry.

        Args:
            v: The vector, ``[p]``.

        Returns:
            Whether it is.
        """
        return v.dtype == self.grad.dtype and torch.equal(v, self.grad)

    def doubled(self, v: Tensor) -> Tensor:
        """Return a vector in float64; the gradient ∇J is computed there instead of converted.

        Rounding to float32 moves a gradient out of the span of the data, and a solve with a small λ
        magnifies that part by 1/λ.

        Args:
            v: The vector, ``[p]``.

        Returns:
            The same in float64, ``[p]``.
        """
        return self.double.grad if self.is_grad(v) else v.double()

    @property
    def ok(self) -> bool:
        """Whether the loss is a number."""
        return math.isfinite(self.loss)

    def generator(self, salt: int = 0) -> torch.Generator:
        """Return randomness that belongs to this step: the same whenever it is asked for.

        Args:
            salt: Another number gives other draws.

        Returns:
            The generator.
        """
        seed = (1_000_003 * self.step + salt) % 2**63
        return torch.Generator(self.theta.device).manual_seed(seed)

    def products(self, pushed: list[Tensor]) -> list[list[float]]:
        """Return all uᵀFv = Σ (J u)ᵀ M (J v)/N of pushed vectors: no pull.

        Args:
            pushed: J u of each vector u, ``[N, C]``.

        Returns:
            The products, one row a vector.
        """
        thin, n = self.problem.outputs < THIN, len(self.tape)

        def flat(t: Tensor) -> Tensor:
            return (t.T if thin else t).reshape(-1)

        weighed = [flat(self.weigh(u)) for u in pushed]
        found: list[list[float]] = []
        for i, u in enumerate(map(flat, pushed)):
            known = [found[j][i] for j in range(i)]
            found.append(known + [float(u @ w) / n for w in weighed[i:]])
        return found

    def after(self, change: Tensor) -> At:
        """Return the point at θ + δ; for the same change twice it is the same object.

        Args:
            change: δ, ``[p]``.

        Returns:
            The point.
        """
        if self._ahead is None or not torch.equal(self._ahead[0], change):
            ahead = At(self.problem, self.theta + change, self.step + 1)
            self._ahead = (change, ahead)
        return self._ahead[1]

    def some(self, most: int) -> At:
        """Return this point with no more than so many examples, others at each step.

        They are every k-th example, so that data in an order of their own are all there.

        Args:
            most: How many at most.

        Returns:
            The point, with the values of this one's pass.

        Raises:
            ValueError: If the net is differentiated as a whole.
        """
        every = -(-len(self.tape) // most)
        if every == 1:
            return self
        rows = slice(self.step % every, None, every)
        found = At(self.problem.some(rows), self.theta, self.step, loss=self.loss)
        found.tape, found.mean = self.tape.some(rows), self.mean[rows]
        return found

    def lead(self, change: Tensor, point: At) -> None:
        """Let a point that was looked at already be what ``after(change)`` gives.

        Args:
            change: The change, ``[p]``.
            point: The point at θ + change.
        """
        self._ahead = (change, point)

    def check(self) -> At:
        """Return this point if its loss is finite.

        Returns:
            The point.

        Raises:
            NotFiniteError: If J is not a number.
        """
        if not self.ok:
            raise NotFiniteError(
                f"the loss is {self.loss} at step {self.step}: lower the rate, raise the damping, "
                "or look for NaN in the inputs"
            )
        return self

    @cached_property
    def double(self) -> At:
        """The same point in float64."""
        return At(self.problem.double, self.theta.double(), self.step)
