"""The natural gradient and K-FAC as ``torch.optim.Optimizer``s, for anyone's training loop.

    criterion = nn.CrossEntropyLoss()
    optimizer = KFAC(model, criterion)

    for x, y in batches:
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()

They watch the model and the loss: what goes into the model, what comes out, the targets, and what
the outputs feel are noted, and the Fisher matrix follows from these. The direction is what is in
``.grad``, so a penalty in the loss, or clipping, counts. Several calls of the model before a step
are one larger batch. ``step(closure)`` works too, as with L-BFGS; a rule that tries a step first
then calls the closure again, so that a penalty counts in the loss of the trial point.

The rule sees −log p (``natgrad_core.nets.torch_losses``), so steps, λ and ρ are those of
``natgrad_core.nets.rules``.

The net whose Fisher matrix is taken is rebuilt from the model at each step: with derivatives by
hand where its outputs are the model's own, else by autodiff through the model's own forward
(``natgrad_core.nets.any_module``). A model that gives other outputs when it is called again is
refused.
"""

from __future__ import annotations

import inspect
import math
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import torch
from torch import Tensor, nn

from natgrad_core.errors import NotFiniteError
from natgrad_core.nets import rules
from natgrad_core.nets.any_module import ModuleNet, net_of, unwrapped
from natgrad_core.nets.baselines import momentum as heavy_ball
from natgrad_core.nets.called_batch import CalledBatch, called_batch, must_be_comparable
from natgrad_core.nets.damping import Damping, Fixed, LevenbergMarquardt, policy
from natgrad_core.nets.fisher.module_kfac import PLAIN
from natgrad_core.nets.model import Net
from natgrad_core.nets.model_calls import Call, Calls
from natgrad_core.nets.problem import At, NetProblem
from natgrad_core.nets.rule import Memory, Rule, chain, descend
from natgrad_core.nets.runtime.conversion import converted
from natgrad_core.nets.runtime.processes import group_of, together
from natgrad_core.nets.settings import in_range
from natgrad_core.nets.step_size import Quadratic, Rate, Scaled, Size, TrustRegion, size_of
from natgrad_core.nets.torch_losses import likelihood_of

P = ParamSpec("P")
T = TypeVar("T")
Closure = Callable[[], Any]
Params = Iterable[Tensor] | Iterable[dict[str, Any]]
CLOSURE = "zero_grad(), loss = criterion(model(x), y), loss.backward(), return loss"
SAME = 1e-5
"""Two gradients whose relative distance is below this are one, up to rounding."""
ROUNDED = 4
"""Units in the last place by which two ways to compute a mean may differ."""


class _LoopAt(At):
    """A point as a training loop sees it: its loss may hold more than −log p.

    Args:
        problem: The batch.
        theta: The parameters, ``[p]``.
        step: The number of the step.
        loss: The loss that is descended.
        direction: Its gradient, ``[p]``, without the clipping.
        clipped: What the gradient was multiplied by, 1 where it was not clipped.
        again: The loss at other parameters.
        outputs: The model's own outputs, where the optimizer makes no pass.
        passed: The same point without what else the loss holds, where a pass was made for it.
    """

    def __init__(
        self,
        problem: NetProblem,
        theta: Tensor,
        step: int,
        loss: float,
        direction: Tensor,
        clipped: float,
        again: Callable[[Tensor], float],
        outputs: Tensor | None = None,
        passed: At | None = None,
    ) -> None:
        super().__init__(problem, theta, step, loss=loss, outputs=outputs)
        self.direction, self.clipped, self._again = direction, clipped, again
        if passed is not None:
            self.tape, self.grad = passed.tape, passed.grad

    def doubled(self, v: Tensor) -> Tensor:
        """``v`` in float64, with the part of it that is ∇(−log p) computed there."""
        if not torch.equal(v, self.direction):
            return v.double()
        return self.double.grad + (v - self.grad).double()

    def after(self, change: Tensor) -> At:
        """The point at θ + change."""
        if self._ahead is None or not torch.equal(self._ahead[0], change):
            theta = self.theta + change
            loss = self._again(theta)
            self.lead(change, At(self.problem, theta, self.step + 1, loss=loss))
        assert self._ahead is not None
        return self._ahead[1]


def _importing_no_compiler(method: Callable[P, T]) -> Callable[P, T]:
    """Return a method of torch's optimizers that leaves the compiler out until somebody compiles.

    Torch keeps its compiler from looking into the method; for that it imports the compiler, which
    takes two seconds, though most programs compile nothing.
    """
    plain = cast("Callable[P, T]", inspect.unwrap(method))

    @wraps(plain)
    def called(*given: P.args, **named: P.kwargs) -> T:
        return (method if "torch._dynamo" in sys.modules else plain)(*given, **named)

    return called


class _Optimizer(torch.optim.Optimizer):
    """Torch's optimizer, which imports no compiler."""

    add_param_group = _importing_no_compiler(torch.optim.Optimizer.add_param_group)
    zero_grad = _importing_no_compiler(torch.optim.Optimizer.zero_grad)
    state_dict = _importing_no_compiler(torch.optim.Optimizer.state_dict)
    load_state_dict = _importing_no_compiler(torch.optim.Optimizer.load_state_dict)


class SecondOrder(_Optimizer):
    """What both optimizers have in common; ``metric_rule`` makes the rule from the settings."""

    def __init__(
        self,
        model: nn.Module,
        loss: nn.Module,
        lr: float | Tensor | Size | None,
        damping: float | Damping | None,
        momentum: float,
        weight_decay: float,
        params: Params | None,
        **settings: Any,
    ) -> None:
        net = net_of(model)
        likelihood_of(loss)
        self.model, self.loss = model, loss
        self.size: Size = Quadratic() if lr is None else size_of(lr)
        self.trust: Damping = LevenbergMarquardt(1.0, 0.25) if damping is None else policy(damping)
        defaults = {
            "lr": self.size.rate if isinstance(self.size, Rate) else 1.0,
            "size": _name(self.size),
            "damping": _saved(self.trust),
            "momentum": momentum,
            "weight_decay": weight_decay,
            **settings,
        }
        self.rule(defaults)  # refuses what is out of range
        _must_be_single_or_double(net)
        super().__init__(list(model.parameters()) if params is None else params, defaults)
        self._take_settings_of_groups()
        self._held, given = _places(model), [p for g in self.param_groups for p in g["params"]]
        ids = {id(p) for p in given}
        _must_be({name: p for name, p in self._held.items() if p in ids}, self._held)
        self._calls = Calls(model, loss)
        self._last: Net | None = None

    def _take_settings_of_groups(self) -> None:
        """Let the λ that all groups name be the optimizer's; refuse what cannot be one step."""
        mine = self.defaults["damping"]
        trusts = [
            self.trust if group["damping"] == mine else policy(group["damping"])
            for group in self.param_groups
        ]
        for group, trust in zip(self.param_groups, trusts, strict=True):
            group["damping"] = _saved(trust)
        _must_be_one_metric(self.param_groups, self.defaults)
        self.trust = trusts[0]
        for group in self.param_groups:
            self.rule(group)

    def metric_rule(self, size: Size, damping: float | Damping, group: dict[str, Any]) -> Rule:
        """Return the rule for a length, a λ, and the settings of a parameter group.

        Args:
            size: The length of the step.
            damping: λ, or a policy for it.
            group: The settings.

        Returns:
            The rule.
        """
        raise NotImplementedError

    @property
    def net(self) -> Net:
        """The model as it is now, with derivatives by hand where its layers have them."""
        return net_of(self.model)

    def _net_without_a_pass(self) -> Net:
        """The net of the last step, if it has the model's parameters; a pass makes a new one.

        Names and places of parameters are all that a step without a pass needs of it.
        """
        last, now = self._last, (p for p in self.model.parameters() if p.requires_grad)
        if last is None or [*map(id, last.parameters.values())] != [*map(id, now)]:
            return self.net
        return last

    @property
    def looks(self) -> bool:
        """Whether a step is tried before it is taken, by a λ or a radius that learns."""
        return self.trust.learns or isinstance(self.size, TrustRegion)

    def _of_parameters(self, name: str, net: Net) -> float | Tensor:
        """A setting that groups may differ in: a number, or one for each parameter, ``[p]``."""
        values = [in_range(name, group[name]) for group in self.param_groups]
        if len(set(values)) == 1:
            return values[0]
        pairs = zip(self.param_groups, values, strict=True)
        of = {id(p): value for group, value in pairs for p in group["params"]}
        return torch.cat(
            [torch.full_like(p, of[id(p)]).reshape(-1) for p in net.parameters.values()]
        )

    def rule(
        self, group: dict[str, Any], clipped: float = 1.0, rates: Tensor | None = None
    ) -> Rule:
        """Return the rule of a parameter group's settings, for a gradient that was clipped.

        Args:
            group: The settings.
            clipped: What the gradient was multiplied by, 1 where it was not clipped.
            rates: The lr of each parameter, ``[p]``; None: that of the group.

        Returns:
            The rule.

        Raises:
            ValueError: If a setting is out of range, or was saved by an optimizer of other
                policies.
        """
        rate = in_range("lr", group["lr"]) if rates is None else rates
        keep = in_range("momentum", group["momentum"], below=1.0)
        in_range("weight_decay", group["weight_decay"])
        damping = group["damping"]
        if isinstance(damping, str):
            _must_agree("damping", damping, repr(self.trust))
            damping = self.trust
        _must_agree("lr", group["size"], _name(self.size))
        fixed = isinstance(self.size, Rate)
        if not keep:
            scale = rate * clipped
            if isinstance(scale, Tensor) and fixed:
                size = Scaled(Rate(1.0, promises=policy(damping).learns), scale)
            else:
                size = Rate(float(scale)) if fixed else Scaled(self.size, scale)
            return self.metric_rule(size, damping, group)
        if not fixed or policy(damping).learns:
            raise ValueError(
                "momentum goes with numbers as lr and damping; what tunes itself has a momentum of "
                "its own, or looks at a step without one"
            )
        step = self.metric_rule(Rate(clipped), damping, group)
        if isinstance(rate, Tensor):
            links = (step, heavy_ball(1.0, keep), descend(rate))
        else:
            links = (step, descend(1.0), heavy_ball(rate, keep))
        whole = chain(*links, name=step.name)

        def passes(memory: dict[str, Any], at: At) -> bool:
            return _passes(step, memory["0"], at)

        return replace(whole, passes=passes)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Refuse a group once the optimizer is made: its groups hold all of the model already.

        Args:
            param_group: The group.

        Raises:
            ValueError: If the optimizer is made.
        """
        if "_calls" in self.__dict__:
            raise ValueError(
                "a natural step is one step of all of the model's parameters, which the groups "
                "hold already; freeze layers with requires_grad_(False), or make an optimizer of "
                "the larger model"
            )
        super().add_param_group(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, and the calls of the model that they came from.

        Args:
            set_to_none: As in torch.
        """
        self._calls.clear()
        super().zero_grad(set_to_none)

    @torch.no_grad()
    def step(self, closure: Closure | None = None) -> float:  # type: ignore[override]
        """Take one step.

        Args:
            closure: Computes the loss and its gradients again. Without it the step is that of the
                gradients of the last backward pass.

        Returns:
            The loss before the step, without ``weight_decay``.

        Raises:
            RuntimeError: If no backward pass came through the model.
            ValueError, TypeError: If the model, the loss or a setting is not what it has to be; the
                message says what to do. The parameters are then as they were.
            NotFiniteError: If the loss or the step is not finite; likewise.
        """
        if torch.is_inference_mode_enabled():
            raise RuntimeError(
                "step() was called under torch.inference_mode(), where nothing has gradients: call "
                "it outside of that"
            )
        group, kept = self.param_groups[0], cast(Any, self.state)
        _must_be(self._held, _places(self.model))
        _must_be_one_metric(self.param_groups, self.defaults)
        net = self._net_without_a_pass()
        _must_be_single_or_double(net)
        theta, number = net.read(), kept.get("steps", 0)
        layout = {name: list(p.shape) for name, p in net.parameters.items()}
        rates = self._of_parameters("lr", net)
        each = rates if isinstance(rates, Tensor) else None
        rule, kind = self.rule(group, 1.0, each), f"{theta.dtype} {theta.device}"
        memory = rule.init(theta)
        if kept.get("layout") == layout and memory.keys() <= kept["memory"].keys():
            memory = kept["memory"]  # else parameters were frozen, or a momentum was set
        memory = memory if kind == kept.get("kind", kind) else converted(memory, theta)
        try:
            seen = self._seen(net, theta, number, closure)
            at, loss = self._without_a_pass(seen, theta, number)
            if seen.scale != 1 or _passes(rule, memory, at):
                if net is self._last:
                    seen = called_batch(self.net, self.loss, seen.calls, theta, seen.returned)
                at, loss = self._at(seen, theta, number, closure)
                rule = self.rule(group, at.clipped, each)
            change, memory = rule.update(at.direction, at, memory)
            if not bool(change.isfinite().all()):
                raise NotFiniteError(
                    f"step {number} is not finite: lower lr, raise damping, or look for NaN in the "
                    "data"
                )
        except BaseException:
            net.write(theta)
            raise
        finally:
            self._calls.clear()
        net.write(theta + change)
        self._last = at.problem.net
        kept.update(steps=number + 1, memory=memory, layout=layout, kind=kind)
        report = memory.get("report", {})
        note: str = report.get("note", "")
        if note.startswith(PLAIN) and kept.get("said") != note:
            kept["said"] = note
            warnings.warn(
                f"{note}: K-FAC has no factors for these parameters, so their block of the metric "
                "is the identity; see natgrad_core.nets.layers.factored to add a kind of layer",
                RuntimeWarning,
                stacklevel=2,
            )
        if report.get("refused"):
            warnings.warn(
                f"step {number} was not taken: {report['tries']} trials, with λ up to "
                f"{report['damping']:.2g}, all raised the loss; is the loss at its minimum, or "
                "does it change from call to call?",
                RuntimeWarning,
                stacklevel=2,
            )
        return loss

    def _seen(self, net: Net, theta: Tensor, number: int, closure: Closure | None) -> CalledBatch:
        """What the training loop has done with the model, as a problem on that batch."""
        returned = None if closure is None else self._call(closure)
        if returned is not None and not math.isfinite(returned):
            raise NotFiniteError(
                f"the loss is {returned} at step {number}: lower the rate, raise the damping, or "
                "look for NaN in the inputs"
            )
        calls = self._calls.reached[:]
        if not calls:
            other = self._calls.returned
            raise RuntimeError(
                "no backward pass came through the model's outputs, which have to be one tensor"
                + (f" (it returned a {other}): " if other else ": ")
                + (f"the closure is {CLOSURE}" if closure else "call loss.backward() before step()")
            )
        must_be_comparable(calls, number)
        return called_batch(net, self.loss, calls, theta, returned)

    def _without_a_pass(
        self, seen: CalledBatch, theta: Tensor, number: int
    ) -> tuple[_LoopAt, float]:
        """The point where the model is, known by the model's own outputs and gradients alone."""
        direction = _gradients(seen.problem.net) / seen.times
        plain = At(seen.problem, theta, number, outputs=seen.out)
        seen.scale = seen.scaled_by(self.loss, plain)
        value = plain.loss if seen.returned is None else seen.returned / seen.times
        decay, penalty = self._penalty(seen)
        at = _LoopAt(
            seen.problem,
            theta,
            number,
            value + penalty(theta),
            direction if decay is None else direction + decay * theta,
            1.0,
            lambda there: float(seen.problem.loss(there)) + penalty(there),
            seen.out,
        )
        return at, value * seen.times

    def _penalty(
        self, seen: CalledBatch
    ) -> tuple[float | Tensor | None, Callable[[Tensor], float]]:
        """η of the weight decay in units of −log p, None if it is 0, and what it adds to J."""
        decay = self._of_parameters("weight_decay", seen.problem.net)
        if isinstance(decay, float) and decay == 0:
            return None, lambda here: 0.0
        decay = decay / seen.times
        if isinstance(decay, Tensor):
            return decay, lambda here: float((decay * here) @ here) / 2
        return decay, lambda here: decay / 2 * float(here @ here)

    def _at(
        self, seen: CalledBatch, theta: Tensor, number: int, closure: Closure | None
    ) -> tuple[_LoopAt, float]:
        """The same point, with a pass of its own, which has to give what the model gave."""
        plain = At(seen.problem, theta, number)
        if not isinstance(seen.problem.net, ModuleNet) and seen.gap(plain):
            seen = called_batch(ModuleNet(self.model), self.loss, seen.calls, theta, seen.returned)
            plain = At(seen.problem, theta, number)
        if isinstance(seen.problem.net, ModuleNet):
            seen.problem.net.must_give(plain.tape, seen.out, seen.rounding)
        scale = seen.scaled_by(self.loss, plain)
        data = _gradients(seen.problem.net) / seen.times
        clipped, pure = _share(data, plain.grad, _unseen(plain))
        if scale != 1 and not (scale > 1 and pure and clipped <= 1):
            raise ValueError(
                f"the loss was scaled by {scale:.4g} before backward(), and the gradients were not "
                "divided by that before step(), as torch.amp.GradScaler does: call backward() on "
                "the loss itself, and on loss/k for k calls of the model a step"
            )
        if pure and seen.returned is not None:
            _must_be_near(seen.returned, plain.loss * seen.times, seen.rounding)
        if not pure and closure is None and self.looks:
            raise ValueError(
                "the gradients hold more than that of the loss (a penalty, say, or those of an "
                "earlier step, without zero_grad(), or a spectral_norm in train mode), which a "
                "step that is tried before it is taken cannot see: take weight_decay=, "
                "step(closure), eval(), or numbers as lr and damping"
            )
        decay, penalty = self._penalty(seen)

        def again(there: Tensor) -> float:
            if closure is None:
                return float(seen.problem.loss(there)) + penalty(there)
            seen.problem.net.write(there)
            value = self._call(closure)
            _must_be_the_same_batch(seen.calls, self._calls.reached)
            return value / seen.times + penalty(there)

        direction = plain.grad if pure else data
        if decay is not None:
            direction = direction + decay * theta
        loss = plain.loss if seen.returned is None else seen.returned / seen.times
        here = loss + penalty(theta)
        at = _LoopAt(seen.problem, theta, number, here, direction, clipped, again, passed=plain)
        return at, loss * seen.times

    def _call(self, closure: Closure) -> float:
        self._calls.clear()
        with torch.enable_grad():
            value = closure()
        if not isinstance(value, Tensor | int | float) or torch.as_tensor(value).numel() != 1:
            raise TypeError(
                f"the closure returns the loss, one number; got {type(value).__name__}: {CLOSURE}"
            )
        return float(value)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state.

        Args:
            state_dict: The state.

        Raises:
            ValueError: If it is of a net with other parameters, or of other policies.
        """
        groups = state_dict.get("param_groups", [])
        if "state" not in state_dict or [set(g) for g in groups] != [
            set(g) for g in self.state_dict()["param_groups"]
        ]:
            raise ValueError(
                f"this is not the state of a {type(self).__name__} of these settings: load what "
                "its state_dict() gave"
            )
        module: nn.Module = unwrapped(self.model)
        shapes = {name: list(p.shape) for name, p in module.named_parameters()}
        for name, shape in state_dict["state"].get("layout", {}).items():
            if shapes.get(name) != shape:
                here = shapes.get(name, "no such parameter")
                raise ValueError(
                    f"the state is of a net whose {name} is {shape}; this one has {here}"
                )
        for group in state_dict["param_groups"]:
            self.rule({**self.defaults, **group})
        super().load_state_dict(state_dict)

    def __getstate__(self) -> dict[str, Any]:
        mine = {name: self.__dict__[name] for name in ("model", "loss", "size", "trust")}
        return {**super().__getstate__(), **mine}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._calls, self._last = Calls(self.model, self.loss), None
        self._held = _places(self.model)


def _must_be_near(returned: float, derived: float, rounding: float) -> None:
    """ValueError where the closure's loss is not the one that was differentiated."""
    if abs(returned - derived) > 10 * rounding**0.5 * (abs(derived) + 1) and math.isfinite(derived):
        raise ValueError(
            f"the closure returned {returned:.6g}, but the loss of its targets is {derived:.6g}: "
            "return the loss that backward() was called on, of the model's outputs as they are (a "
            "temperature belongs into the model)"
        )


def _must_be_the_same_batch(first: list[Call], calls: list[Call]) -> None:
    same = len(first) == len(calls) and all(
        torch.equal(a.x, b.x) for a, b in zip(first, calls, strict=True)
    )
    if not same:
        raise ValueError(
            "the closure gave the model other inputs when it was called again, so a step cannot be "
            "judged: choose the batch outside of the closure"
        )


def _gradients(net: Net) -> Tensor:
    """What the parameters feel, flat, ``[p]``."""
    missing = [name for name, p in net.parameters.items() if p.grad is None]
    if missing and not isinstance(net, ModuleNet):
        raise ValueError(
            f"{', '.join(missing)} has no gradient: backward() did not reach it (a detach, say); "
            "freeze its layer with requires_grad_(False) if it is not to be learned"
        )
    grads = ((p.grad, p) for p in net.parameters.values())
    dense = (torch.zeros_like(p) if g is None else g.to_dense() for g, p in grads)
    return torch.cat([g.reshape(-1) for g in dense])


def _share(data: Tensor, own: Tensor, unseen: float) -> tuple[float, bool]:
    """c and whether the gradient is c > 0 times our own, up to rounding; c is 1 if it is not."""
    square = float(own @ own)
    share = float(data @ own) / square if square > 0 else 1.0
    allowed = max(share, 1) * (SAME * square**0.5 + unseen)
    pure = share > 0 and float((data - share * own).norm()) <= allowed
    return (share if abs(share - 1) > SAME else 1.0, True) if pure else (1.0, False)


def _unseen(at: At) -> float:
    """What rounding of the residuals does to the gradient.

    Where examples are fitted, a residual is a small difference of numbers near 1, so its rounding
    is that of these: relative to the gradient it grows without bound.
    """
    felt = float(at.residual.norm())
    rounding = ROUNDED * torch.finfo(at.theta.dtype).eps * float(at.mean.norm())
    return rounding * float(at.grad.norm()) / felt if felt > 0 else 0.0


def _places(model: nn.Module) -> dict[str, int]:
    """Which parameter stands where in a model."""
    return {name: id(p) for name, p in model.named_parameters()}


def _must_be(held: dict[str, int], now: dict[str, int]) -> None:
    """ValueError where the model's parameters are not those that are held."""
    if now == held:
        return
    new = [name for name, p in now.items() if held.get(name) != p]
    raise ValueError(
        "the model's parameters are not those the optimizer was made for "
        f"({', '.join(new) or 'some are gone'}): give it all of them, freezing some with "
        "requires_grad_(False), and make a new optimizer after changing the model"
    )


def _must_be_one_metric(groups: list[dict[str, Any]], settings: dict[str, Any]) -> None:
    """ValueError where groups differ in a setting that belongs to the whole step."""
    for name in settings.keys() & groups[0].keys() - {"lr", "weight_decay"}:
        values = [group[name] for group in groups]
        if any(value != values[0] for value in values):
            raise ValueError(
                f"{name} is a setting of the whole step, so it is the same in all groups; got "
                f"{', '.join(map(repr, values))}; groups may differ in lr and weight_decay"
            )


def _must_be_single_or_double(net: Net) -> None:
    for name, p in net.parameters.items():
        if p.dtype not in (torch.float32, torch.float64):
            raise TypeError(
                f"{name} is {p.dtype}; natural steps are computed in float32 or float64: keep the "
                "parameters so, and take torch.autocast for the passes"
            )
    kinds = {(p.dtype, p.device) for p in net.parameters.values()}
    if len(kinds) > 1:
        raise TypeError(f"the parameters are of several kinds: {sorted(map(str, kinds))}")


def _must_agree(name: str, saved: str, here: str) -> None:
    if saved != here:
        raise ValueError(
            f"the state was saved with {name} = {saved}, this optimizer has {here}: make it with "
            "the same settings"
        )


def _passes(rule: Rule, memory: dict[str, Any], at: At) -> bool:
    return rule.passes is None or rule.passes(memory, at)


def _over_processes(rule: Rule, size: Size, damping: float | Damping, model: nn.Module) -> Rule:
    """The rule, with factors that are means over the processes that train the model."""
    group = group_of(model)
    if group is None:
        return rule
    if policy(damping).learns or not isinstance(size, Rate):
        raise ValueError(
            "a step of several processes (DistributedDataParallel) takes numbers as lr and "
            "damping: a policy would judge the step by the examples of one process"
        )

    def update(direction: Tensor, at: At, memory: Memory) -> tuple[Tensor, Memory]:
        with together(group):
            return rule.update(direction, at, memory)

    return replace(rule, update=update)


def _must_be_alone(model: nn.Module) -> None:
    if group_of(model):
        raise ValueError(
            "the exact Fisher matrix of examples in several processes is not computed; under "
            "DistributedDataParallel take KFAC, whose factors are averaged"
        )


def _saved(trust: Damping) -> float | str:
    """A policy for λ as a group's setting, which can be saved: its number, or its name."""
    return trust.damping if isinstance(trust, Fixed) else repr(trust)


def _name(size: Size) -> str:
    return "a rate" if isinstance(size, Rate) else repr(size)


class NaturalGradient(SecondOrder):
    """θ ← θ − lr (F + λI)⁻¹ g with the exact Fisher matrix (Amari 1998, theorem 1).

    With ``lr`` and ``damping`` left None it sets rate, momentum and λ by itself (Levenberg–
    Marquardt), for which it looks at each step before it takes it.

    Args:
        model: Any module that takes one tensor and returns one. Frozen parameters
            (``requires_grad_(False)``) stay as they are, at any time.
        loss: CrossEntropyLoss, MSELoss, BCEWithLogitsLoss or PoissonNLLLoss, with their weights; or
            ``natgrad_core.nets.torch_losses.LikelihoodLoss`` of a likelihood of your own.
        lr: α, a number ≥ 0 (on mini-batches start with 0.1, and damping 0.1); a policy of
            ``natgrad_core.nets.step_size``; None for the self-tuned length. Schedulers of torch
            multiply what there is, from 1 for a policy.
        damping: λ ≥ 0; a policy of ``natgrad_core.nets.damping``; None for one that learns.
        kind: "true", "monte-carlo" or "empirical".
        method: How to solve: "auto", "rows", "gram", "contracted" or "cg".
        momentum: μ in [0, 1): v ← μ v + F⁻¹g, θ ← θ − lr v; with numbers as lr and damping.
        weight_decay: η ≥ 0 adds η‖θ‖²/2 to the loss, as in ``torch.optim.SGD``.
        params: The model's parameters in groups, as ``torch.optim`` takes them, all of them. Groups
            may differ in lr and weight_decay; damping is one λ for the whole step.

    Raises:
        TypeError: If the model or the loss has no Fisher matrix here.
        ValueError: If a setting is out of range.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: nn.Module,
        lr: float | Tensor | Size | None = None,
        damping: float | Damping | None = None,
        kind: str = "true",
        method: str = "auto",
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        params: Params | None = None,
    ) -> None:
        settings = {"kind": kind, "method": method}
        super().__init__(model, loss, lr, damping, momentum, weight_decay, params, **settings)

    def metric_rule(self, size: Size, damping: float | Damping, group: dict[str, Any]) -> Rule:
        """The natural gradient."""
        _must_be_alone(self.model)
        return rules.natural(size, damping, group["kind"], group["method"])


class KFAC(SecondOrder):
    """K-FAC; with ``lr`` and ``damping`` left None it sets both by itself (Martens & Grosse 2015).

    Args:
        model: Any module. Linear, Conv1d to Conv3d, Embedding, LayerNorm, GroupNorm and batch norm
            layers are factored, and what ``natgrad_core.nets.layers.factored.KINDS`` has besides;
            other parameters take the step of gradient descent, which is said once. Frozen
            parameters (``requires_grad_(False)``) stay as they are, at any time.
        loss: CrossEntropyLoss, MSELoss, BCEWithLogitsLoss or PoissonNLLLoss, with their weights; or
            ``natgrad_core.nets.torch_losses.LikelihoodLoss`` of a likelihood of your own.
        lr: As in ``NaturalGradient``.
        damping: As in ``NaturalGradient``.
        kind: "true" has exact factors, at C − 1 backward passes; "monte-carlo" draws targets;
            "empirical" takes the data's.
        samples: Targets drawn for each example, with "monte-carlo".
        keep: The weight of old factors in a running average, in [0, 1); None: 0.8 on mini-batches,
            0 on all examples.
        sharing: What places that share a weight are, in a model that is not a plain Sequential of
            Linear and Conv2d layers: "expand" (examples), or "reduce" (summed first).
        every: The factors are computed and inverted at every ``every``-th step, and held in
            between, where a step makes no pass of its own. None: at each step on all examples, and
            on mini-batches at intervals that grow to 30 steps
            (``natgrad_core.nets.refresh.Growing``); in several processes at each step.
        inverses: They are inverted at every ``inverses``-th step; None: whenever they are computed.
        momentum: As in ``NaturalGradient``.
        weight_decay: As in ``NaturalGradient``.
        params: As in ``NaturalGradient``.

    Raises:
        TypeError: If the model or the loss has no Fisher matrix here.
        ValueError: If a setting is out of range.
    """

    _named = staticmethod(rules.kfac)

    def __init__(
        self,
        model: nn.Module,
        loss: nn.Module,
        lr: float | Tensor | Size | None = None,
        damping: float | Damping | None = None,
        kind: str = "true",
        samples: int = 1,
        keep: float | None = None,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        sharing: str = "expand",
        every: int | None = None,
        inverses: int | None = None,
        params: Params | None = None,
    ) -> None:
        settings: dict[str, Any] = {"kind": kind, "samples": samples, "keep": keep}
        settings |= {"sharing": sharing, "every": every, "inverses": inverses}
        super().__init__(model, loss, lr, damping, momentum, weight_decay, params, **settings)

    def metric_rule(self, size: Size, damping: float | Damping, group: dict[str, Any]) -> Rule:
        """K-FAC."""
        names = ("kind", "samples", "keep", "sharing", "every", "inverses")
        settings = {name: group[name] for name in names}
        if settings["every"] is None and group_of(self.model):
            settings["every"] = 1  # at steps that each process knows by itself
        rule = self._named(damping, size, **settings)
        return _over_processes(rule, size, damping, self.model)


class EKFAC(KFAC):
    """E-KFAC: K-FAC's eigenvectors, and true second moments along them (George et al. 2018).

    θ ← θ − lr U (s + λ)⁻¹ Uᵀg layer by layer, with U = U_B ⊗ U_A and s = E[(Uᵀ∇log p)²], §3. It
    has the settings of ``KFAC``, with the same meanings; ``keep`` averages the moments too, and
    ``sharing`` is that of the factors. A refresh costs eigenvectors and, where factors come by
    hooks, a second run of the model with its backward passes.
    """

    _named = staticmethod(rules.ekfac)
