"""Any ``nn.Module`` as a net: its own forward, with J as two maps by ``torch.func``.

Where a model is not a plain Sequential of the layers whose derivatives are written by hand, its
forward is called as it is (``torch.func.functional_call``): J v in forward mode (``jvp``), Jᵀ e in
reverse mode (``vjp``), and the rows of S J example by example (``vmap``). Two slower ways stand
behind these, for operations that torch cannot push or vectorize: J v as the derivative of
e -> Jᵀ e, which is linear, and rows one after another. What ``torch.func`` refuses altogether (an
``autograd.Function`` of the older form, checkpointing, NumPy in the forward) is differentiated by
``torch.autograd.grad``.

The outputs are rows ``[R, C]``: all axes but the one of the C outputs are flattened, so that each
position of a sequence is a row. Losses and matrices are means over rows.

Nothing in the module changes: buffers (the running statistics of a batch norm) are copied for each
call. A batch norm in train mode takes the statistics of the batch, so J is that of the whole batch.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.func import functional_call, jvp, vjp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.lazy import LazyModuleMixin
from torch.nn.parameter import is_lazy

from natgrad_core.errors import not_a
from natgrad_core.nets.layers.linear_and_conv import Layer, WrongShapeError
from natgrad_core.nets.model import Net, Tape
from natgrad_core.nets.model_calls import unwatched
from natgrad_core.nets.runtime.conversion import converted
from natgrad_core.nets.runtime.memory_limit import must_hold

CHUNK = 2**24
"""Numbers in a piece of the rows of S J that are held at once."""


_PUSHES: WeakKeyDictionary[nn.Module, tuple[tuple[type, ...], bool]] = WeakKeyDictionary()
"""What was found of forward mode: the types of a module's layers then, and whether it is right."""


class Part:
    """The parameters that one submodule owns itself: a block of the Fisher matrix."""

    def __init__(self, label: str, size: int) -> None:
        self.label, self.size = label, size

    def __repr__(self) -> str:
        return self.label


class ModuleNet(Net):
    """A module as a function of flat parameters, with derivatives by autodiff.

    Args:
        module: Any module that takes one tensor ``[N, ...]`` and returns one.
        rows: The numbers of the output rows that count, ``[R']``; None: all.
        axis: The axis of the C outputs; 1 as ``nn.CrossEntropyLoss`` has it for ``[N, C, T]``.

    Raises:
        TypeError: If it is not a module, or is not one function of its parameters: it has no sizes
            yet, draws noise, is pruned, or two parameters share memory.
        ValueError: If no parameter is learned.
    """

    def __init__(self, module: nn.Module, rows: Tensor | None = None, axis: int = -1) -> None:
        module = unwrapped(module)
        _must_be_one_function(module)
        self.module, self.rows, self.axis = module, rows, axis
        parts: dict[str, int] = {}
        for name, p in self.parameters.items():
            owner = name.rpartition(".")[0]
            parts[owner] = parts.get(owner, 0) + p.numel()
        kinds = {name: type(child).__name__ for name, child in module.named_modules()}
        found = [Part(f"{name or 'the model'} ({kinds[name]})", n) for name, n in parts.items()]
        self.layers = cast("tuple[Layer, ...]", tuple(found))
        self._slice()
        names = {p: name for name, p in module.named_parameters()}
        modules: Iterable[tuple[str, nn.Module]] = module.named_modules()
        self.places = {
            ".".join(filter(None, (path, name))): names[p]
            for path, child in modules
            for name, p in child.named_parameters(recurse=False)
        }
        """Every place of each module that holds a parameter, and the parameter's name."""

    def forward(self, theta: Tensor, x: Tensor) -> Tensor:
        """Return the outputs as rows.

        Args:
            theta: θ, ``[p]``.
            x: The inputs, ``[N, ...]``.

        Returns:
            The outputs, ``[R, C]``.

        Raises:
            TypeError: If the module returns something else than a tensor.
        """
        found = self._called(theta, x)
        return found if self.rows is None else found[self.rows]

    def _called(self, theta: Tensor, x: Tensor) -> Tensor:
        with _TwiceDifferentiable(self.module), _with_dense_gradients(self.module):
            out: Any = functional_call(self.module, self.state(theta), (x,), tie_weights=False)
        if not isinstance(out, Tensor):
            raise TypeError(
                f"the model returns a {type(out).__name__}; it has to return one tensor, the "
                "outputs: wrap it in a module that picks them"
            )
        if out.ndim < 2:
            return out.reshape(-1, 1)
        return out.movedim(self.axis, -1).reshape(-1, out.shape[self.axis])

    def state(self, theta: Tensor) -> dict[str, Tensor]:
        """Return all that the module computes with, by name, in the precision of θ.

        Args:
            theta: θ, ``[p]``.

        Returns:
            Parameters, those that are frozen, and copies of buffers.
        """
        values: dict[str, Tensor] = {}
        ends = 0
        for name, p in self.module.named_parameters():
            if p.requires_grad:
                values[name] = theta[ends : ends + p.numel()].view(p.shape)
                ends += p.numel()
            else:
                values[name] = converted(p.detach(), theta)
        found = {place: values[name] for place, name in self.places.items()}
        for name, b in self.module.named_buffers():
            found[name] = converted(b.detach(), theta).clone()
        return found

    def tape(self, theta: Tensor, x: Tensor) -> ModuleTape:
        """Return one forward pass.

        Args:
            theta: θ, ``[p]``.
            x: The inputs, ``[N, ...]``.

        Returns:
            The tape.
        """
        return ModuleTape(self, theta, x)

    def must_give(self, tape: Tape, theirs: Tensor, rounding: float) -> None:
        """Refuse a module that computes something else when it is called again.

        Args:
            tape: A forward pass.
            theirs: What the module gave for the same input, as rows ``[R, C]``.
            rounding: The unit roundoff of the module's own pass.

        Raises:
            ValueError: If the outputs differ by more than rounding.
        """
        gap = self.gap(tape, theirs, rounding)
        if gap:
            raise ValueError(
                f"the model gives other outputs when it is called again ({gap}): it draws random "
                "numbers, keeps a state from call to call, its inputs or parameters were changed "
                "since, or several calls share the statistics of a batch; call .eval() on the "
                "layer that does, or make the step of one call"
            )

    def __repr__(self) -> str:
        return f"<net of {self.size} parameters: {type(self.module).__name__}, by autodiff>"


class ModuleTape(Tape):
    """A forward pass of a ``ModuleNet``: the outputs ``[R, C]``, and J by ``torch.func``."""

    def __init__(self, net: ModuleNet, theta: Tensor, x: Tensor) -> None:
        self.net, self.theta, self.x = net, theta, x
        self._graph: tuple[Tensor, Tensor] | None = None
        """θ and the outputs that follow from it, where ``torch.func`` refuses the module."""
        try:
            self.outputs, self._back = pulled(self._forward, theta)
        except RuntimeError as refused:
            self._by_graph(refused)
        self.parts, self.values = [theta], [x, self.outputs]
        self._kinds = tuple(type(child) for child in net.module.modules())
        kinds, pushes = _PUSHES.get(net.module, ((), None))
        self._pushes: bool | None = False if _pads(net.module) else pushes
        """Whether forward mode is the transpose of reverse mode; None: not compared yet."""
        if kinds != self._kinds and self._pushes:
            self._pushes = None

    def _forward(self, theta: Tensor) -> Tensor:
        return self.net.forward(theta, self.x)

    def _by_graph(self, refused: RuntimeError) -> None:
        """Differentiate by ``torch.autograd.grad``; TypeError where that is refused too."""
        with torch.enable_grad(), unwatched():
            theta = self.theta.detach().requires_grad_()
            try:
                out = self._forward(theta)
            except RuntimeError:
                raise refused from None  # the module does not take these inputs
        self._graph, self.outputs = (theta, out), out.detach()

        def back(e: Tensor) -> Tensor:
            return _derivative(out, theta, e)

        try:
            back(torch.zeros_like(self.outputs))
        except RuntimeError as error:
            said = str(error).partition(". ")[0]
            raise TypeError(
                f"the model cannot be differentiated here ({said}); with "
                "torch.utils.checkpoint take use_reentrant=False"
            ) from None
        self._back = back

    def pull(self, e: Tensor) -> Tensor:
        """Return Σ_n Jₙᵀ eₙ.

        Args:
            e: A covector of the outputs, ``[R, C]``.

        Returns:
            The sum, ``[p]``.
        """
        return self._back(e.to(self.outputs))

    def push(self, v: Tensor) -> Tensor:
        """Return J v, in forward mode, or as the derivative of e -> Jᵀ e.

        Args:
            v: A change of θ, ``[p]``.

        Returns:
            The change of the outputs, ``[R, C]``.
        """
        if self._graph is not None:
            return self._pushed_by_graph(v)
        if self._pushes is not False:
            try:
                dy = jvp(self._forward, (self.theta,), (v,))[1]
            except NotImplementedError:  # what torch raises where an operation has no forward mode
                self._pushes = False
            else:
                if self._pushes is None:
                    self._pushes = self._is_transposed(v, dy)
                    _PUSHES[self.net.module] = self._kinds, self._pushes
                if self._pushes:
                    return dy
        try:
            return pulled(self._back, torch.zeros_like(self.outputs))[1](v)
        except NotImplementedError:  # a derivative that has no derivative
            return self._pushed_by_rows(v)

    def pushes(self, v: Tensor) -> list[Tensor]:
        """Return J v, module by module: a push for each one that owns parameters.

        Args:
            v: A change of θ, ``[p]``.

        Returns:
            For each of them the change of the outputs, ``[R, C]``; their sum is J v.
        """
        found: list[Tensor] = []
        for i in self.net.parametric:
            alone = torch.zeros_like(v)
            alone[self.net.slices[i]] = v[self.net.slices[i]]
            found.append(self.push(alone))
        return found

    def some(self, rows: slice) -> Tape:
        """Refuse: examples may share statistics of the batch, and one may have several rows.

        Args:
            rows: Not used.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            f"{self.net} is differentiated as a whole, so its factors come from all examples of "
            "the batch: leave examples=None"
        )

    def _pushed_by_graph(self, v: Tensor) -> Tensor:
        """J v as the derivative of e -> Jᵀ e, or number by number where that has none."""
        assert self._graph is not None
        theta, out = self._graph
        e = torch.zeros_like(self.outputs, requires_grad=True)
        with torch.enable_grad():
            try:
                back = torch.autograd.grad(
                    out, theta, e, create_graph=True, allow_unused=True, materialize_grads=True
                )[0]
                return _derivative(back, e, v)
            except RuntimeError:  # a derivative that has no derivative
                return self._pushed_by_rows(v)

    def _pushed_by_rows(self, v: Tensor) -> Tensor:
        """J v, number by number: a backward pass for each."""
        rows = self._one_by_one(torch.diag_embed(torch.ones_like(self.outputs)))
        return torch.cat([row @ v for row in rows]).view(self.outputs.shape)

    def _is_transposed(self, v: Tensor, dy: Tensor) -> bool:
        """Whether dyᵀ dy = vᵀ Jᵀ dy: whether the two modes of autodiff have the same J."""
        square, due = float((dy * dy).sum()), float(v @ self.pull(dy))
        return abs(square - due) <= 1e4 * torch.finfo(dy.dtype).eps * max(square, abs(due))

    def cotangents(self, root: Tensor, before: int | None = None) -> list[Tensor]:
        """There are none: a module is differentiated as a whole.

        Args:
            root: Not used.
            before: Not used.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"{self.net} is not known layer by layer; take its products or rows")

    def rows(self, cotangents: Sequence[Tensor]) -> Tensor:
        """Return S J.

        Args:
            cotangents: S alone, ``[R, K, C]``.

        Returns:
            The rows, ``[R·K, p]``.
        """
        (root,) = cotangents
        numbers = root.shape[0] * root.shape[1] * len(self.theta)
        must_hold(
            f"the rows of p = {len(self.theta)} parameters, {root.shape[0]} outputs and "
            f"{root.shape[1]} directions",
            2 * numbers * root.element_size(),
            "products of the Fisher matrix, or fewer examples",
            root.device,
        )
        return torch.cat(list(self.pieces(root)))

    def pieces(self, root: Tensor) -> Iterator[Tensor]:
        """Yield S J in pieces of whole examples, so that no more is held at once.

        Args:
            root: S, ``[R, K, C]``.

        Returns:
            An iterator of rows, ``[·, p]``.
        """
        net, n = self.net, len(self.x)
        whole, chosen = self.everything(root)
        places = len(whole) // n
        if places * n != len(whole) or not self._apart():
            yield from self._one_by_one(root)
            return
        k = root.shape[1]
        per = whole.view(n, places, k, -1)
        step = max(1, CHUNK // max(places * k * len(self.theta), 1))
        eye = torch.eye(places, dtype=root.dtype, device=root.device)

        def of_one(x: Tensor, s: Tensor) -> Tensor:
            back = pulled(partial(net._called, x=x[None]), self.theta)[1]
            e = eye[:, None, :, None] * s[:, :, None, :]
            return vmap(back)(e.flatten(0, 1))

        for i in range(0, n, step):
            try:
                with _quietly():
                    found = vmap(of_one)(self.x[i : i + step], per[i : i + step])
            except RuntimeError:
                found = None  # an operation whose derivative vmap does not know
            if i == 0 and not self._is_pulled(found, whole):
                yield from self._one_by_one(root)
                return
            assert found is not None
            rows = found.view(-1, k, len(self.theta))
            yield rows[chosen[i * places : i * places + len(rows)]].flatten(0, 1)

    def _is_pulled(self, found: Tensor | None, whole: Tensor) -> bool:
        """Whether rows add up to what a backward pass gives, which no batching rule stands behind.

        Args:
            found: Rows of the first examples, ``[n, places K, p]``, if they could be made.
            whole: S of all rows of outputs.
        """
        if found is None:
            return False
        e = whole.sum(1)
        e[found.shape[0] * found.shape[1] // whole.shape[1] :] = 0
        rows = self.net.rows
        due = self.pull(e if rows is None else e[rows])
        scale = float(found.abs().sum((0, 1)).max()) if found.numel() else 1.0
        gap = float((found.sum((0, 1)) - due).abs().max())
        return gap <= 1e3 * torch.finfo(due.dtype).eps * scale

    def everything(self, root: Tensor) -> tuple[Tensor, Tensor]:
        """Return S of all rows, with zeros where a row does not count, and which of them count.

        Args:
            root: S of the rows that count, ``[R, K, C]``.

        Returns:
            S, ``[all, K, C]``, and a mask, ``[all]``.
        """
        rows = self.net.rows
        if rows is None:
            return root, torch.ones(len(root), dtype=torch.bool, device=root.device)
        total = int(self._all.shape[0])
        whole = root.new_zeros(total, *root.shape[1:])
        whole[rows] = root
        chosen = torch.zeros(total, dtype=torch.bool, device=root.device)
        chosen[rows] = True
        return whole, chosen

    @property
    def _all(self) -> Tensor:
        """The outputs, with the rows that do not count."""
        net = self.net
        return self.outputs if net.rows is None else net._called(self.theta, self.x)

    def _apart(self) -> bool:
        """Whether examples can be run one at a time, vectorized, with the same outputs."""
        net = self.net

        def alone(x: Tensor) -> Tensor:
            return net._called(self.theta, x[None])

        def felt(x: Tensor) -> Tensor:
            out, back = pulled(partial(net._called, x=x[None]), self.theta)
            return back(torch.ones_like(out))

        try:
            with _quietly():
                vmap(felt)(self.x[:3])
                found = vmap(alone)(self.x).flatten(0, 1)
        except (RuntimeError, ValueError):  # of torch, where vmap does not know an operation
            return False
        right = self._all
        scale = float(right.abs().max()) if right.numel() else 1.0
        return found.shape == right.shape and torch.allclose(
            found, right, rtol=0, atol=1e4 * torch.finfo(right.dtype).eps * scale
        )

    def _one_by_one(self, root: Tensor) -> Iterator[Tensor]:
        for r in range(len(root)):
            for s in root[r]:
                e = torch.zeros_like(self.outputs)
                e[r] = s
                yield self.pull(e)[None]


def unwrapped(module: Any) -> Any:
    """Return the model inside of a wrapper that runs it on several devices or processes.

    Args:
        module: A model, maybe in ``nn.DataParallel`` or ``DistributedDataParallel``.

    Returns:
        The model itself.
    """
    wrappers = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    return module.module if isinstance(module, wrappers) else module


def net_of(module: Net | nn.Module, x: Tensor | None = None) -> Net:
    """Return a module with derivatives by hand where those are proved equal, else by autodiff.

    Args:
        module: The module, or a net, which is returned as it is.
        x: Inputs ``[N, ...]`` on which both are compared; None: the module's layers decide.

    Returns:
        The net.

    Raises:
        TypeError: If the module is not one function of its parameters.
        ValueError: If no parameter is learned, or the inputs do not fit.
    """
    if isinstance(module, Net):
        return module
    inner: nn.Module = unwrapped(module)
    _must_be_a_model(inner)
    try:
        by_hand = Net(inner)
    except TypeError:
        return ModuleNet(inner)
    if x is None or not x.is_floating_point():
        return by_hand
    general = ModuleNet(inner)
    theta = by_hand.read().to(x)
    with torch.no_grad():
        try:
            tape = by_hand.tape(theta, x)
        except WrongShapeError as refused:
            try:
                general.forward(theta, x)
            except RuntimeError:
                raise refused from None
            return general
        gap = by_hand.gap(tape, general.forward(theta, x), torch.finfo(theta.dtype).eps)
    return general if gap else by_hand


def pulled(f: Callable[[Tensor], Tensor], at: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Return f(at), and the map e -> (∂f/∂at)ᵀ e, by reverse mode.

    Args:
        f: A map of tensors, in torch.
        at: Where.

    Returns:
        The value and the map.
    """
    found: Any = vjp(f, at)
    back: Callable[[Tensor], tuple[Tensor]] = found[1]
    return found[0], lambda e: back(e)[0]


def _derivative(out: Tensor, at: Tensor, e: Tensor) -> Tensor:
    """(∂out/∂at)ᵀ e, of a graph that stays."""
    (found,) = torch.autograd.grad(
        out, at, e, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    return found.detach()


@contextmanager
def _quietly() -> Generator[None]:
    """Within it, torch does not say that it knows only a slow way to vectorize an operation."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "There is a performance drop", UserWarning)
        yield


class _TwiceDifferentiable(AbstractContextManager[None]):
    """Within it, fused kernels that torch cannot differentiate twice are not taken, nor is what was
    compiled. Recurrent layers have such kernels from oneDNN and cuDNN, and convolutions, which keep
    theirs, lose time without.
    """

    def __init__(self, module: nn.Module) -> None:
        libraries: tuple[Any, ...] = (torch.backends.mkldnn, torch.backends.cudnn)
        recurrent = any(isinstance(layer, nn.RNNBase) for layer in module.modules())
        self.left_out = [it for it in libraries if recurrent and it.enabled]

    def __enter__(self) -> None:
        for library in self.left_out:
            library.enabled = False
        self.fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)
        self.kernel = sdpa_kernel(SDPBackend.MATH)
        self.kernel.__enter__()
        self.eager: Any = None
        if "torch._dynamo" in sys.modules:  # something was compiled
            self.eager = torch.compiler.set_stance("force_eager")
            self.eager.__enter__()

    def __exit__(self, *error: object) -> None:
        if self.eager is not None:
            self.eager.__exit__(None, None, None)
        self.kernel.__exit__(None, None, None)
        torch.backends.mha.set_fastpath_enabled(self.fast)
        for library in self.left_out:
            library.enabled = True


@contextmanager
def _with_dense_gradients(module: nn.Module) -> Generator[None]:
    """Within it, tables (``sparse=True``) have gradients with all their rows."""
    tables: list[Any] = [m for m in module.modules() if getattr(m, "sparse", False) is True]
    for table in tables:
        table.sparse = False
    try:
        yield
    finally:
        for table in tables:
            table.sparse = True


def _must_be_one_function(module: Any) -> None:
    """TypeError for a module that is not a function of its parameters, ValueError for none."""
    _must_be_a_model(module)
    _must_be_quiet(module)
    _must_own_its_memory(module)
    if not any(p.requires_grad and p.numel() for p in module.parameters()):
        raise ValueError(
            "the net has no parameters to learn; give it at least one layer that is not frozen"
        )


def _must_be_a_model(module: Any) -> None:
    """TypeError for what is not a module with numbers that torch can differentiate."""
    if isinstance(module, type):
        raise not_a("a model", "nn.Linear(2, 1)", module)
    if not isinstance(module, nn.Module):
        raise TypeError(
            f"a model is a torch.nn.Module, got {type(module).__name__}: give the model itself, "
            "not its parameters"
        )
    if isinstance(module, nn.modules.loss._Loss):
        raise TypeError(
            f"the model comes first, then the loss; got the loss {type(module).__name__} first"
        )
    if isinstance(module, torch.jit.ScriptModule):
        raise TypeError(
            "a model of TorchScript cannot be differentiated by its parameters here: give the "
            "module that was scripted or traced"
        )
    layouts = [
        (name, zip(p.stride(), p.shape, strict=True))
        for name, p in module.named_parameters()
        if p.layout == torch.strided and not is_lazy(p)
    ]
    expanded = [name for name, of in layouts if any(step == 0 and n > 1 for step, n in of)]
    if expanded:
        raise TypeError(
            f"several numbers of {expanded[0]} are one number in memory (expand), so a step cannot "
            "change them one by one: give the layer a copy (.clone()), or expand it in forward"
        )
    unborn = [name for name, p in module.named_parameters() if p.is_meta]
    if unborn:
        raise TypeError(
            f"{unborn[0]} is on the meta device, so it has no numbers: call "
            'model.to_empty(device="cpu") and give it its parameters first'
        )


def _must_be_quiet(module: nn.Module) -> None:
    """TypeError where a layer has no sizes yet, draws noise, or keeps what was computed before."""
    children: Iterable[tuple[str, nn.Module]] = module.named_modules()
    for name, child in children:
        label = f"{name or 'the model'} ({type(child).__name__})"
        if isinstance(child, LazyModuleMixin):
            raise TypeError(f"{label} has no sizes yet: call the model on an input first")
        if child.training and _noise(child):
            raise TypeError(
                f"{label} draws new noise at each call, so the net has no one Fisher matrix; call "
                ".eval() on it, or leave it out"
            )
        kept = [k for k, t in vars(child).items() if isinstance(t, Tensor) and t.requires_grad]
        if kept:
            raise TypeError(
                f"{label} keeps {', '.join(kept)}, computed from parameters, as an attribute "
                "(pruning, an old weight_norm or spectral_norm): make it permanent first "
                "(prune.remove, remove_weight_norm), or take torch.nn.utils.parametrizations"
            )


def _must_own_its_memory(module: nn.Module) -> None:
    """TypeError where two parameters are one memory."""
    owners: dict[tuple[int, torch.device], str] = {}
    for name, p in module.named_parameters():
        first = owners.setdefault((p.data_ptr(), p.device), name)
        if p.numel() and first != name:
            raise TypeError(
                f"{first} and {name} share their memory but are two parameters; assign the one "
                "parameter to both layers (b.weight = a.weight)"
            )


def _pads(module: nn.Module) -> bool:
    """Whether a table has a row for padding: forward mode counts it, reverse mode does not."""
    tables = (m for m in module.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag))
    return any(table.padding_idx is not None for table in tables)


def _noise(module: nn.Module) -> bool:
    """Whether a layer of torch in train mode draws random numbers."""
    if isinstance(module, _DropoutNd):
        return module.p > 0
    if isinstance(module, nn.RReLU):
        return module.lower < module.upper
    if isinstance(module, nn.RNNBase | nn.MultiheadAttention):
        layers = module.num_layers if isinstance(module, nn.RNNBase) else 2
        return module.dropout > 0 and layers > 1
    return isinstance(module, nn.FractionalMaxPool2d | nn.FractionalMaxPool3d)
