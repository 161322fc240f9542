"""What a training loop does with a model, noted: what went in, what came out, what was felt.

``Calls`` watches a model and a loss through forward hooks. A call of the model is noted when a
backward pass reaches its outputs; a call that no gradient comes back to (a validation, an accuracy
under no_grad) leaves nothing behind. Nothing that is noted keeps a graph alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from natgrad_core.nets.torch_losses import LikelihoodLoss


@dataclass(eq=False)
class Call:
    """One call: input, outputs, the unit roundoff they were computed with, and what came of it."""

    x: Tensor
    out: Tensor
    rounding: float
    felt: Tensor | None = None
    """The gradient of the loss by the outputs, once a backward pass has been here."""
    y: Tensor | None = None
    """The targets that the loss compared exactly these outputs with, if it was called."""
    axis: int = -1
    """The axis of the outputs that holds the C numbers of a row."""
    broadcast: str = ""
    """How the loss compared targets of another shape than its inputs, in words; "": it did not."""
    backward: int = -1
    """Which backward pass reached it last: torch numbers them."""

    def rows(self, t: Tensor) -> Tensor:
        """Return something of the outputs' shape as rows.

        Args:
            t: The tensor; ``[N, ...]`` like the outputs.

        Returns:
            The rows, ``[R, C]``.
        """
        return t.reshape(-1, 1) if t.ndim < 2 else t.movedim(self.axis, -1).flatten(0, -2)


class Calls:
    """The calls of ``model`` that backward passes reached, oldest first."""

    def __init__(self, model: nn.Module, loss: nn.Module) -> None:
        self.model, self.by_classes = model, isinstance(loss, nn.CrossEntropyLoss | nn.NLLLoss)
        self.by_likelihood = isinstance(loss, LikelihoodLoss)
        self.reached: list[Call] = []
        self.returned = ""
        """The type that the model returned last, if that is not a tensor."""
        self._open: weakref.WeakSet[Call] = weakref.WeakSet()
        me: weakref.ref[Calls] = weakref.ref(self)
        self._handles = [
            model.register_forward_hook(_Hook(me, "_called"), with_kwargs=True),
            loss.register_forward_hook(_Hook(me, "_judged"), with_kwargs=True),
        ]

    def clear(self) -> None:
        """Forget all calls."""
        self.reached.clear()

    def close(self) -> None:
        """Stop watching."""
        for handle in self._handles:
            handle.remove()

    def _called(self, inputs: list[Any], out: Any) -> None:
        self.returned = "" if isinstance(out, Tensor) else type(out).__name__
        if not (isinstance(out, Tensor) and out.requires_grad and _has_numbers(out)):
            return
        if len(inputs) != 1 or not isinstance(inputs[0], Tensor):
            kinds = ", ".join(type(each).__name__ for each in inputs) or "nothing"
            raise TypeError(
                f"the model takes one tensor here; it was given {kinds}: wrap it in a module that "
                "takes one tensor and makes the others of it, or holds them"
            )
        call = Call(inputs[0].detach(), out.detach(), _rounding(out))
        self._open.add(call)

        def felt(gradient: Tensor) -> None:
            here = torch._C._current_graph_task_id()
            before = bool(self.reached) and self.reached[-1].backward != here
            if before and all(p.grad is None for p in self.model.parameters()):
                self.reached.clear()  # gradients were dropped, so what they came from is void
            call.felt, call.backward = gradient.detach(), here
            self.reached.append(call)

        out.register_hook(felt)

    def _judged(self, inputs: list[Any], out: Any) -> None:
        if len(inputs) != 2 or not all(isinstance(t, Tensor) for t in inputs):
            return
        given, y = inputs[0].detach(), inputs[1].detach()
        for call in self._open:
            axis = self._axis(call.out, given) if call.y is None else None
            if axis is None:
                continue
            call.axis = axis
            if not self.by_classes and not self.by_likelihood and y.shape != given.shape:
                call.broadcast = f"targets {list(y.shape)} and outputs {list(given.shape)}"
            soft = self.by_classes and y.is_floating_point() and y.shape == given.shape
            y = y.movedim(1, -1) if soft and y.ndim > 2 else y
            call.y = y.reshape(-1, given.shape[1]) if soft and y.ndim > 1 else y

    def _axis(self, out: Tensor, given: Tensor) -> int | None:
        """The axis of the outputs in which a row lies, as the loss was given them; None: others."""
        flat = given.reshape(-1)
        if out.numel() != given.numel():
            return None
        if torch.equal(out.reshape(-1), flat):
            return 1 if self.by_classes and out.ndim > 2 and given.shape == out.shape else -1
        if out.ndim > 2 and self.by_classes:  # the axis of the classes was moved
            if given.ndim == 2 and torch.equal(out.movedim(1, -1).reshape(-1), flat):
                return 1
            if torch.equal(out.movedim(-1, 1).reshape(-1), flat):
                return -1
        return None


_looking_away: ContextVar[bool] = ContextVar("_looking_away", default=False)


@contextmanager
def unwatched() -> Generator[None]:
    """Within it, calls of a model are not those of its training loop.

    Returns:
        A context manager.
    """
    token = _looking_away.set(True)
    try:
        yield
    finally:
        _looking_away.reset(token)


class _Hook:
    """A forward hook that keeps its watcher neither alive nor in copies of the model."""

    def __init__(self, watcher: weakref.ref[Calls] | None, method: str) -> None:
        self.watcher, self.method = watcher, method

    def __call__(self, module: nn.Module, args: tuple[Any, ...], kwargs: Any, out: Any) -> None:
        watcher = self.watcher() if self.watcher else None
        if watcher is not None and torch.is_grad_enabled() and not _looking_away.get():
            getattr(watcher, self.method)([*args, *kwargs.values()], out)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_Hook, (None, self.method))  # a copy of the model is not watched


def _has_numbers(t: Tensor) -> bool:
    """Whether it is a plain tensor; under a transform of ``torch.func`` it represents many."""
    try:
        t.data_ptr()
    except RuntimeError:
        return False
    return True


def _rounding(out: Tensor) -> float:
    """The unit roundoff of a forward pass, under autocast that of its lower precision."""
    kind = out.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else out.dtype
    return max(torch.finfo(dtype).eps, torch.finfo(out.dtype).eps)
