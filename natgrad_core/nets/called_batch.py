"""The batch that a step is made of, as the calls of the model and of the loss tell it.

``natgrad_core.nets.model_calls`` notes the calls; here their rows become one problem, with targets,
weights and the multiple of −log p that the loss is.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from natgrad_core.errors import NotFiniteError
from natgrad_core.nets.any_module import ModuleNet
from natgrad_core.nets.layers.linear_and_conv import WrongShapeError
from natgrad_core.nets.likelihood import Bernoulli, Categorical, Gaussian, Likelihood, Weighted
from natgrad_core.nets.model import Net
from natgrad_core.nets.model_calls import Call
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.runtime.conversion import converted
from natgrad_core.nets.torch_losses import factor, likelihood_of, targets


@dataclass
class CalledBatch:
    """What came of the calls of a model that a step is made of.

    Attributes:
        problem: The problem on their rows that count.
        calls: The calls.
        felt: What the outputs feel, ``[R, C]``.
        out: The outputs, ``[R, C]``.
        times: c, where the loss is c times the mean of −log p.
        returned: What the closure returned, if there is one.
        scale: What the loss was multiplied by before ``backward()``.
    """

    problem: NetProblem
    calls: list[Call]
    felt: Tensor
    out: Tensor
    times: float
    returned: float | None
    scale: float = 1.0

    @property
    def rounding(self) -> float:
        """The unit roundoff of the calls."""
        return max(call.rounding for call in self.calls)

    def gap(self, at: At) -> str:
        """Return how the outputs of our pass differ from the model's own.

        Args:
            at: The point where the model is.

        Returns:
            The difference in words, "" where there is none.
        """
        try:
            tape = at.tape
        except WrongShapeError as refused:
            return str(refused)
        return at.problem.net.gap(tape, self.out, self.rounding)

    def scaled_by(self, loss: nn.Module, at: At) -> float:
        """Return c, where the outputs feel c times the gradient of the loss with these targets.

        Args:
            loss: The loss.
            at: The point where the model is.

        Returns:
            What the loss was multiplied by, 1 where it was not.

        Raises:
            ValueError: If they feel something else.
        """
        return _scale(loss, at, self.felt * (len(self.out) / self.times), self.rounding)


def must_be_comparable(calls: list[Call], step: int) -> None:
    """Check that calls have rows, finite outputs, and targets of the outputs' shape.

    Args:
        calls: The calls.
        step: The number of the step.

    Raises:
        ValueError: If there are no rows, or targets were broadcast.
        NotFiniteError: If outputs are not finite.
    """
    if not any(call.out.numel() for call in calls):
        raise ValueError("the batch has no examples: leave an empty one out")
    if not all(bool(call.out.isfinite().all()) for call in calls):
        raise NotFiniteError(
            f"the model's outputs are not finite at step {step}: lower lr, raise damping, or look "
            "for NaN in the inputs"
        )
    for call in calls:
        if call.broadcast:
            raise ValueError(
                f"the loss was given {call.broadcast}, and compared each with each: give targets "
                "the shape of the outputs (y[:, None], or the outputs' .squeeze(-1) in the model)"
            )


def called_batch(
    net: Net, loss: nn.Module, calls: list[Call], theta: Tensor, returned: float | None
) -> CalledBatch:
    """Return the rows of outputs that count: the problem, what they feel, and the outputs.

    Where the loss was not seen at work its targets are what makes the outputs feel what they do:
    residual = mean − target for every likelihood here.

    Args:
        net: The net of the model.
        loss: The loss that was called on its outputs.
        calls: The calls, at least one.
        theta: The parameters, ``[p]``.
        returned: What the closure returned, if there is one.

    Returns:
        The batch.

    Raises:
        ValueError: If the rows are no batch of examples, or the targets cannot be known.
        RuntimeError: If the targets were not seen, and nothing tells them.
    """
    likelihood = likelihood_of(loss)
    for call in calls:
        if call.out.ndim == 0 or (call.out.ndim == 1 and isinstance(likelihood, Categorical)):
            raise ValueError(
                f"the model's outputs are {list(call.out.shape)}; a Fisher matrix is a mean over "
                "examples, so outputs are [N, C] or [N, ..., C]: give one example a batch of one"
            )
    if len({call.x.shape[1:] for call in calls}) > 1:
        raise ValueError(
            "the model was called on inputs of several shapes before a step; pad them to one, or "
            "make a step for each"
        )
    x = torch.cat([call.x for call in calls])
    out = torch.cat([call.rows(call.out) for call in calls])
    felt = torch.cat([call.rows(call.felt) for call in calls if call.felt is not None])
    seen = [targets(loss, call.y, call.rows(call.out)) for call in calls if call.y is not None]
    plain = all(call.out.ndim == 2 and len(call.out) == len(call.x) for call in calls)
    rows: Tensor | None = None
    if len(seen) == len(calls):
        y, counted = torch.cat([each[0] for each in seen]), torch.cat([each[1] for each in seen])
        weights = [w[on] for _, on, w in seen if w is not None]
        if not bool(counted.all()):
            out, felt, y = (t[counted] for t in (out, felt, y))
            if plain and not isinstance(net, ModuleNet):
                x = x[counted]
            else:
                rows = counted.nonzero()[:, 0]
        if weights:
            likelihood = Weighted(likelihood, torch.cat(weights))
        if len(y) == 0:
            raise ValueError("every target of the batch is ignored (ignore_index): no step")
    elif returned is not None and isinstance(likelihood, Categorical | Bernoulli | Gaussian):
        if (
            getattr(loss, "weight", None) is not None
            or getattr(loss, "pos_weight", None) is not None
        ):
            raise ValueError(
                "the loss has weights, and its targets were not seen: call the loss that the "
                "optimizer was given, on the model's outputs as they are"
            )
        scale = len(out) / factor(loss, *out.shape)
        y = _targets_that_feel(likelihood, out.to(theta), felt.to(theta) * scale, calls[0].rounding)
    else:
        raise RuntimeError(
            "the targets were not seen: call the loss that the optimizer was given, on the model's "
            "outputs as they are, or give step a closure"
        )
    same = isinstance(net, ModuleNet) and net.rows is rows is None and net.axis == calls[0].axis
    if not same and (not plain or isinstance(net, ModuleNet)):
        net = ModuleNet(net.module, rows, calls[0].axis)
    problem = NetProblem(
        net, likelihood, converted(x, theta), y, theta.dtype, (len(out), out.shape[1])
    )
    times = factor(loss, *out.shape)
    return CalledBatch(problem, calls, felt.to(theta), out.to(theta), times, returned)


def _targets_that_feel(
    likelihood: Likelihood, out: Tensor, residual: Tensor, rounding: float
) -> Tensor:
    """mean − residual, or ValueError where that is no target of the likelihood."""
    y = likelihood.mean(out) - residual
    slack = 10 * rounding**0.5
    if isinstance(likelihood, Categorical | Bernoulli):
        wrong = float(y.min()) < -slack or float(y.max()) > 1 + slack
        if wrong:
            raise ValueError(
                f"what the outputs feel is not the gradient of a {likelihood.name} loss with any "
                "targets: the loss is scaled or weighted, or examples are ignored; call the loss "
                "that the optimizer was given, and nothing else, on the model's outputs as they are"
            )
        near = y.round()  # the targets themselves, where they are zeros and ones
        y = near if float((y - near).abs().max()) < slack else y.clamp(0, 1)
    return y / y.sum(1, keepdim=True) if isinstance(likelihood, Categorical) else y


def _scale(loss: nn.Module, at: At, given: Tensor, rounding: float) -> float:
    """c if the outputs feel c times the gradient of the loss, else ValueError."""
    due = at.residual
    scale = max(float(t.abs().max()) for t in (at.mean, at.mean - due))
    allowed = 100 * rounding * scale + 2 * rounding**0.5 * float(due.abs().max())
    if float((given - due).abs().max()) <= allowed or not bool(given.isfinite().all()):
        return 1.0
    ratio = float((given * due).sum() / due.square().sum())
    if float((given - ratio * due).abs().max()) <= allowed * max(abs(ratio), 1):
        return ratio
    raise ValueError(
        f"what the outputs feel is not the gradient of {loss}: another loss was differentiated, a "
        "further term depends on the outputs, or calls of unequal sizes were averaged"
    )
