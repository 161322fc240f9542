"""K-FAC of any module: each layer that can be factored by itself, for the others the identity.

The model is run once, and what its layers take in and give out is noted by hooks; backward passes
from the outputs say what is felt of it. A layer is factored if the gradient that follows from its
features and cotangents is autodiff's (Σ g ⊗ a, for one direction): so a weight that is used
elsewhere too, a hook or a forward of one's own leaves a layer out, instead of a wrong block. What
is left out has the identity for its block: it takes the step of gradient descent.

A weight that is shared by T places (positions, pixels, calls of one layer) has one block for all
of them (Eschenhagen et al. 2023). "expand": places count as examples, A = Σ a aᵀ/R and
B = Σ g gᵀ/(N T), with sums over examples and places. "reduce": places are summed first, A of the
mean of a over places, B of the sum of g. Expand is exact for a deep linear net with squared loss at
each position, reduce for one whose outputs are averaged over positions. E-KFAC (George et al. 2018)
keeps the eigenvectors of these factors; its moments are those of the gradients of whole examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets.any_module import ModuleNet, ModuleTape
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.fisher.kfac import Spectrum, turned
from natgrad_core.nets.layers.factored import Factored, kind_of
from natgrad_core.nets.model import Net
from natgrad_core.nets.model_calls import unwatched
from natgrad_core.nets.problem import FLOAT32_FLOOR
from natgrad_core.nets.runtime.processes import mean_over_processes

SHARING = ("expand", "reduce")
PLAIN = "gradient descent for "
"""How a note on parameters without factors begins."""

HeldModule = dict[str, Any]
"""λ, and (A⁻¹, B⁻¹), or (U_A, U_B, s + λ), of each layer by its path."""
ModuleSpectra = dict[str, Spectrum]
"""(U_A, U_B, s) of each layer by its path."""

SAME = 1e-3
"""Relative distance below which two gradients of a layer are one in float32."""

SINGULAR = (
    "a Kronecker factor of {} is singular (a dead unit, or fewer examples than inputs): K-FAC "
    "needs damping λ > 0 here"
)

ROUNDING = 32.0
"""A gradient of fewer than so many units in the last place of ‖g‖ ‖a‖ is rounding: that of a bias
before a batch norm in train mode is 0."""


@dataclass(frozen=True, eq=False)
class LayerFactors:
    """A ``[G, in, in]`` (``[G, in]`` if diagonal) and B ``[G, out, out]`` of one layer."""

    path: str
    layer: nn.Module
    kind: Factored
    a: Tensor
    b: Tensor

    def blend(self, a: Tensor, b: Tensor, keep: float) -> LayerFactors:
        """Return keep · old + (1 − keep) · self: a running average over steps.

        Args:
            a: The old A.
            b: The old B.
            keep: The weight of the old ones, from 0 to 1.

        Returns:
            The factors.
        """
        return replace(self, a=torch.lerp(self.a, a, keep), b=torch.lerp(self.b, b, keep))

    def vectors(self) -> tuple[Tensor, Tensor]:
        """Return the eigenvectors of the factors.

        Returns:
            U_A ``[G, in, in]`` (ones ``[G, in]`` if A is diagonal) and U_B ``[G, out, out]``, in
            float64.
        """
        a, ub = self.a.double(), torch.linalg.eigh(self.b.double())[1]
        return torch.ones_like(a) if a.ndim == 2 else torch.linalg.eigh(a)[1], ub


def known(path: str, layer: nn.Module, a: Tensor, b: Tensor) -> LayerFactors:
    """Return the factors of a layer that were kept.

    Args:
        path: The layer's path in the module.
        layer: The layer.
        a: A, ``[G, in, in]`` or ``[G, in]``.
        b: B, ``[G, out, out]``.

    Returns:
        The factors.
    """
    kind = kind_of(layer)
    assert kind is not None
    return LayerFactors(path, layer, kind, a, b)


class _Watch:
    """What went into a layer and came out of it, call by call."""

    def __init__(self, layer: nn.Module, kind: Factored) -> None:
        self.kind, self.layer = kind, layer
        self.inputs, self.outputs = list[Tensor](), list[Tensor]()
        self.plain = True

    def __call__(self, layer: nn.Module, given: tuple[Any, ...], out: Any) -> Any:
        if len(given) != 1 or not isinstance(out, Tensor) or not out.requires_grad:
            self.plain = False
            return None
        self.inputs.append(given[0].detach().clone())
        self.outputs.append(out)
        return out.clone()  # what follows may change it in place

    def features(self) -> Tensor | None:
        """a of all calls, ``[N, T, G, in]``; None where the kind cannot say."""
        if not self.plain or not self.outputs:
            return None
        try:
            return _joined([self.kind.features(self.layer, x) for x in self.inputs])
        except (RuntimeError, TypeError, ValueError):
            return None

    def felt(self, gradients: list[Tensor | None]) -> Tensor | None:
        """g of all calls, ``[N, T, G, out]``; None where the kind cannot say."""
        pairs = zip(gradients, self.outputs, strict=True)
        try:
            return _joined(
                [
                    self.kind.felt(self.layer, torch.zeros_like(o) if g is None else g)
                    for g, o in pairs
                ]
            )
        except (RuntimeError, TypeError, ValueError):
            return None


def _joined(calls: list[Tensor]) -> Tensor:
    """The places of all calls of a layer, ``[N, T, G, ·]``."""
    return calls[0] if len(calls) == 1 else torch.cat(calls, 1)


def _times(rows: Tensor, u: Tensor) -> Tensor:
    """Rows ``[N, T, G, ·]`` in a basis ``[G, ·, ·]``; ones ``[G, ·]`` are the identity."""
    return rows if u.ndim == 2 else torch.einsum("ntgi,gij->ntgj", rows, u)


def _contracted(a: Tensor, b: Tensor) -> Tensor:
    """Σ aᵀ b over examples and places, ``[G, ·, ·]``."""
    if a.shape[2] == 1:  # one product of matrices; to flatten may be to copy
        rows = a.flatten(0, 2)
        return (rows.T @ (rows if b is a else b.flatten(0, 2)))[None]
    return torch.einsum("ntgo,ntgi->goi", a, b)


def _sweep(fisher: FisherAt) -> Iterator[list[tuple[_Seen, Tensor]]]:
    """The layers that can be factored and what is felt of them, one direction at a time."""
    at = fisher.at
    net = at.problem.net
    if not isinstance(net, ModuleNet):
        net = ModuleNet(net.module)
    watched: dict[str, _Watch] = {}
    for path, layer in net.module.named_modules():
        own = dict(layer.named_parameters(recurse=False))
        kind = kind_of(layer)
        if own and kind is not None and all(p.requires_grad for p in own.values()):
            watched[path] = _Watch(layer, kind)
    handles = [w.layer.register_forward_hook(w) for w in watched.values()]
    try:
        with torch.enable_grad(), unwatched():
            theta = at.theta.detach().requires_grad_()
            out = net.forward(theta, at.problem.x)
    finally:
        for handle in handles:
            handle.remove()
    parts = net_parts(net)
    seen: list[_Seen] = []
    for path, w in watched.items():
        a = w.features()
        if a is not None:
            seen.append(_Seen(path, w, a))
    if not seen:
        return
    ends = [output for each in seen for output in each.watch.outputs]
    for number, e in enumerate(_directions(fisher, net)):
        of = [*ends, theta] if number == 0 else ends  # a direction suffices for the check
        pulled = torch.autograd.grad(out, of, e, retain_graph=True, allow_unused=True)
        felt = iter(pulled)
        found: list[tuple[_Seen, Tensor]] = []
        for each in seen:
            g = each.watch.felt([next(felt) for _ in each.watch.outputs])
            if number == 0:
                each.right = g is not None and each.is_gradient(g, pulled[-1], parts)
            if each.right and g is not None:
                found.append((each, g))
        yield found


def factors_of(fisher: FisherAt, sharing: str = "expand") -> dict[str, LayerFactors]:
    """Return the factors of each layer that can be factored.

    Args:
        fisher: F at a point.
        sharing: "expand" or "reduce": what places that share a weight are.

    Returns:
        The factors by the layer's path in the module.
    """
    seen: dict[str, _Seen] = {}
    for direction in _sweep(fisher):
        for each, g in direction:
            each.add(g, sharing)
            seen[each.path] = each
    found = [each.factors(len(fisher.root), sharing) for each in seen.values()]
    mean = mean_over_processes([factor for each in found for factor in (each.a, each.b)])
    pairs = zip(found, mean[::2], mean[1::2], strict=True)
    return {each.path: replace(each, a=a, b=b) for each, a, b in pairs}


def spectra_of(
    fisher: FisherAt, layers: dict[str, LayerFactors], old: ModuleSpectra, keep: float = 0.0
) -> ModuleSpectra:
    """Return the second moments of E-KFAC in the eigenbasis of factors.

    Args:
        fisher: F at a point.
        layers: The factors, of this point or averaged over steps.
        old: What was returned at the steps before.
        keep: The weight of that, from 0 to 1.

    Returns:
        (U_A, U_B, s) of each layer by its path: ``[G, in, in]`` (ones ``[G, in]`` if A is
        diagonal), ``[G, out, out]`` and ``[G, out, in]``, s = Σ (U_Bᵀ G U_A)²/R over examples and
        directions, where G is the gradient of one example in one direction.
    """
    vectors = {path: each.vectors() for path, each in layers.items()}
    sums: dict[str, Tensor] = {}
    for direction in _sweep(fisher):
        for each, g in direction:
            if each.path in vectors:
                square = each.squares(g, *vectors[each.path])
                sums[each.path] = sums.get(each.path, 0) + square
    means = mean_over_processes([total / len(fisher.root) for total in sums.values()])
    found: ModuleSpectra = {}
    for path, s in zip(sums, means, strict=True):
        if keep and path in old:
            s = torch.lerp(s, turned(old[path], vectors[path]).to(s), keep)
        found[path] = (*vectors[path], s)
    return found


class _Seen:
    """A layer at work: its features, and the sums over directions of what is felt of it."""

    def __init__(self, path: str, watch: _Watch, a: Tensor) -> None:
        self.path, self.watch, self.a = path, watch, a
        self.right, self.square = False, None

    def is_gradient(self, g: Tensor, truth: Tensor, parts: dict[str, slice]) -> bool:
        """Whether Σ g ⊗ a is what autodiff says of this layer's parameters."""
        layer, kind = self.watch.layer, self.watch.kind
        if g.shape[:3] != self.a.shape[:3]:
            return False
        mine = kind.parameters(layer, _contracted(g, self.a))
        double = truth.dtype == torch.float64
        rounding = ROUNDING * torch.finfo(truth.dtype).eps * float(g.norm() * self.a.norm())
        if set(mine) != {name for name, _ in layer.named_parameters(recurse=False)}:
            return False  # a weight that is computed from others
        for name, p in layer.named_parameters(recurse=False):
            part = parts.get(f"{self.path}.{name}" if self.path else name)
            if part is None or mine[name].numel() != p.numel():
                return False
            due, gap = truth[part], mine[name].reshape(-1) - truth[part]
            allowed = (1e-8 if double else SAME) * float(due.norm()) + rounding
            if not float(gap.norm()) <= allowed:
                return False
        return True

    def add(self, g: Tensor, sharing: str) -> None:
        """Count one direction."""
        g = g.sum(1, keepdim=True) if sharing == "reduce" else g
        square = _contracted(g, g)
        self.square = square if self.square is None else self.square + square

    def squares(self, g: Tensor, ua: Tensor, ub: Tensor) -> Tensor:
        """Σ (U_Bᵀ G U_A)² over examples, ``[G, out, in]``; G = Σ g ⊗ a over places."""
        a, g = _times(self.a, ua.to(g)), _times(g, ub.to(g))
        if g.shape[1] == 1:
            return _contracted(g.square(), a.square())
        return torch.einsum("ntgo,ntgi->ngoi", g, a).square().sum(0)

    def factors(self, rows: int, sharing: str) -> LayerFactors:
        """A and B; ``rows`` is R."""
        assert self.square is not None
        a = self.a.mean(1, keepdim=True) if sharing == "reduce" else self.a
        of_a, of_b = (len(a), rows) if sharing == "reduce" else (rows, len(a) * a.shape[1])
        if self.watch.kind.diagonal and sharing == "expand":
            moment = a.square().sum((0, 1))
        else:
            moment = _contracted(a, a)
        return LayerFactors(
            self.path, self.watch.layer, self.watch.kind, moment / of_a, self.square / of_b
        )


def net_parts(net: Net) -> dict[str, slice]:
    """Return which part of θ each parameter is, by its name.

    Args:
        net: The net.

    Returns:
        The parts.
    """
    found: dict[str, slice] = {}
    ends = 0
    for name, p in net.parameters.items():
        found[name] = slice(ends, ends + p.numel())
        ends += p.numel()
    return found


def _directions(fisher: FisherAt, net: ModuleNet) -> Iterator[Tensor]:
    """The directions at the outputs ``[R, C]``, one backward pass each.

    Positions of one example are told apart, each with a pass of its own; not so where targets are
    drawn, since products of two independent draws are zero on average.
    """
    root, tape = fisher.root, fisher.at.tape
    n = len(fisher.at.problem.x)
    total = len(tape.everything(root)[0]) if isinstance(tape, ModuleTape) else len(root)
    places = total // n if total % n == 0 and fisher.kind != "monte-carlo" else 1
    which = torch.arange(total, device=root.device) if net.rows is None else net.rows
    for k in range(root.shape[1]):
        for t in range(places):
            here = which % places == t
            yield root[:, k] if places == 1 else torch.where(here[:, None], root[:, k], 0.0)


@dataclass(frozen=True)
class HeldLayer:
    """A layer whose block is known as an inverse, and where its parameters are in θ."""

    layer: nn.Module
    kind: Factored
    places: dict[str, slice]

    def map(self, v: Tensor, out: Tensor, of: Callable[[Tensor], Tensor]) -> None:
        """Write a map of the layer's matrices ``[G, out, in]``, applied to a vector.

        Args:
            v: The vector, ``[p]``.
            out: Where to, ``[p]``.
            of: The map.
        """
        value = {k: v[here].view(getattr(self.layer, k).shape) for k, here in self.places.items()}
        found = self.kind.parameters(self.layer, of(self.kind.matrices(self.layer, value)))
        for k, here in self.places.items():
            out[here] = found[k].reshape(-1).to(out)


_PLACES: WeakKeyDictionary[Net, dict[str, HeldLayer]] = WeakKeyDictionary()


def _place(net: Net, path: str) -> HeldLayer:
    """The layer at a path of a net's module, looked up once."""
    known = _PLACES.setdefault(net, {})
    if path not in known:
        layer, parts = net.module.get_submodule(path), net_parts(net)
        kind = kind_of(layer)
        assert kind is not None
        own = [name for name, _ in layer.named_parameters(recurse=False)]
        places = {k: parts[f"{path}.{k}" if path else k] for k in own}
        known[path] = HeldLayer(layer, kind, places)
    return known[path]


def held_solve(net: Net, held: HeldModule, v: Tensor) -> Tensor:
    """Return what ``ModuleKronecker.hold`` returned, applied to a vector.

    Args:
        net: The net.
        held: The inverses of each layer, by its path.
        v: The vector, ``[p]``.

    Returns:
        B⁻¹ V A⁻¹, or U_B [(U_Bᵀ V U_A)/(s + λ)] U_Aᵀ, of each layer, and v/(1 + λ) elsewhere,
        ``[p]``.
    """
    found = v / (1 + held["damping"])
    for path, matrices in held["layers"].items():

        def of(m: Tensor, matrices: tuple[Tensor, ...] = matrices) -> Tensor:
            if len(matrices) == 2:
                a, b = matrices
                return _right(b @ m.to(b), a)
            ua, ub, s = matrices
            return _within(m, ua, ub, lambda inside: inside / s)

        _place(net, path).map(v, found, of)
    return found


def _right(m: Tensor, a: Tensor) -> Tensor:
    """M A, where A may be diagonal, ``[G, in]``."""
    return m * a[:, None] if a.ndim == 2 else m @ a


def _within(m: Tensor, ua: Tensor, ub: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """U_B of(U_Bᵀ M U_A) U_Aᵀ."""
    inside = of(_right(ub.mT @ m.to(ub), ua))
    return ub @ (inside if ua.ndim == 2 else inside @ ua.mT)


class ModuleKronecker:
    """Blocks B ⊗ A of the layers that are factored, and the identity for all other parameters.

    λ is shared between the factors: (B + √λ/π I)⁻¹ M (A + π √λ I)⁻¹ (Martens & Grosse 2015, §6.3),
    in float64. Vectors are ``[p]``.
    """

    def __init__(self, net: Net, layers: dict[str, LayerFactors]) -> None:
        self.net, self.layers, self.parts = net, layers, net_parts(net)
        self._held: HeldModule | None = None
        self.places = {path: _place(net, path) for path in layers}
        factored = {
            f"{path}.{k}" if path else k for path, each in self.places.items() for k in each.places
        }
        self.plain = [name for name in self.parts if name not in factored]
        self.note = f"{PLAIN}{', '.join(self.plain)}" if self.plain else ""

    @property
    def least(self) -> float:
        """The least λ worth learning where gradients are in float32."""
        if not self.layers or next(iter(self.layers.values())).b.dtype != torch.float32:
            return 0.0
        return FLOAT32_FLOOR**2 * max(
            float(each.a.norm() * each.b.norm()) for each in self.layers.values()
        )

    def hold(self, damping: float) -> HeldModule:
        """Return the inverses (A + π √λ I)⁻¹ and (B + √λ/π I)⁻¹ of each layer.

        Args:
            damping: λ.

        Returns:
            The inverses by the layer's path, in float64.

        Raises:
            SingularMetricError: If a factor has no inverse.
        """
        if self._held is None or self._held["damping"] != damping:
            layers = {path: _inverses(each, damping) for path, each in self.layers.items()}
            self._held = {"damping": damping, "layers": layers}  # solved with, then held
        return self._held

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(B ⊗ A + damping)⁻¹ v of each layer; v/(1 + damping) elsewhere."""
        return held_solve(self.net, self.hold(damping), v)

    def mv(self, v: Tensor) -> Tensor:
        """B V A of each layer.

        Args:
            v: The vector, ``[p]``.

        Returns:
            The product, ``[p]``.
        """
        found = v.clone()
        for path, each in self.layers.items():
            a, b = each.a.double(), each.b.double()

            def of(m: Tensor, a: Tensor = a, b: Tensor = b) -> Tensor:
                return _right(b @ m.double(), a)

            self.places[path].map(v, found, of)
        return found

    def dense(self) -> Tensor:
        """All blocks in their places, ``[p, p]``."""
        size = self.net.size
        like = next(iter(self.net.parameters.values()))
        eye = torch.eye(size, dtype=torch.float64, device=like.device)
        return torch.stack([self.mv(e) for e in eye], 1)

    def eigenvalues(self) -> Tensor:
        """Products of the factors' eigenvalues, and ones, ``[p]``, in no order."""
        plain = sum(self.parts[n].stop - self.parts[n].start for n in self.plain)
        like = next(iter(self.net.parameters.values()))
        found = [like.detach().new_ones(plain)]
        for each in self.layers.values():
            a, b = each.a.double(), torch.linalg.eigvalsh(each.b.double())
            a = a if a.ndim == 2 else torch.linalg.eigvalsh(a)
            found.append((b[:, :, None] * a[:, None]).flatten())
        return torch.cat([each.double() for each in found])


class ModuleEigen(ModuleKronecker):
    """E-KFAC by hooks: blocks that are diagonal in the eigenbasis of B ⊗ A.

    Args:
        net: The net.
        layers: The factors by the layer's path.
        spectra: (U_A, U_B, s) of each, as ``spectra_of`` returns them.
    """

    def __init__(self, net: Net, layers: dict[str, LayerFactors], spectra: ModuleSpectra) -> None:
        super().__init__(net, {path: layers[path] for path in spectra})
        self.spectra = {
            path: (ua.double(), ub.double(), s.double()) for path, (ua, ub, s) in spectra.items()
        }

    @property
    def least(self) -> float:
        """The least λ worth learning where gradients are in float32."""
        if not self.layers or next(iter(self.layers.values())).b.dtype != torch.float32:
            return 0.0
        return FLOAT32_FLOOR * max(float(s.max()) for _, _, s in self.spectra.values())

    def hold(self, damping: float) -> HeldModule:
        """Return (U_A, U_B, s + λ) of each layer.

        Args:
            damping: λ.

        Returns:
            The matrices by the layer's path, in float64.

        Raises:
            SingularMetricError: If λ is 0 and a moment is.
        """
        for path, (_, _, s) in self.spectra.items():
            if damping == 0 and not bool(s.min() > torch.finfo(s.dtype).eps * s.max()):
                raise SingularMetricError(SINGULAR.format(path or "the model"))
        layers = {path: (ua, ub, s + damping) for path, (ua, ub, s) in self.spectra.items()}
        return {"damping": damping, "layers": layers}

    def mv(self, v: Tensor) -> Tensor:
        """U_B [s ∘ (U_Bᵀ V U_A)] U_Aᵀ of each layer."""
        found = v.clone()
        for path, (ua, ub, s) in self.spectra.items():

            def of(m: Tensor, spectrum: Spectrum = (ua, ub, s)) -> Tensor:
                ua, ub, s = spectrum
                return _within(m, ua, ub, lambda inside: inside * s)

            self.places[path].map(v, found, of)
        return found

    def eigenvalues(self) -> Tensor:
        """The moments, and ones, ``[p]``, in no order."""
        plain = sum(self.parts[n].stop - self.parts[n].start for n in self.plain)
        like = next(iter(self.net.parameters.values()))
        found = [s.flatten() for _, _, s in self.spectra.values()]
        return torch.cat([like.detach().new_ones(plain).double(), *found])


def _inverses(each: LayerFactors, damping: float) -> tuple[Tensor, Tensor]:
    """(A + π √λ I)⁻¹, or its diagonal, and (B + √λ/π I)⁻¹, ``[G, ·, ·]``."""
    a, b = each.a.double(), each.b.double()
    of_a = (a if a.ndim == 2 else a.diagonal(dim1=1, dim2=2)).mean(1)
    of_b = b.diagonal(dim1=1, dim2=2).mean(1)
    pi = (of_a / of_b.clamp_min(1e-30)).sqrt().clamp(1e-6, 1e6)[:, None]
    right = _inverse(b, damping**0.5 / pi, each.path)
    if a.ndim == 2:
        return (a + damping**0.5 * pi).clamp_min(1e-30).reciprocal(), right
    return _inverse(a, damping**0.5 * pi, each.path), right


def _inverse(factor: Tensor, shift: Tensor, path: str) -> Tensor:
    """(factor + shift I)⁻¹."""
    damped = factor.clone()
    damped.diagonal(dim1=1, dim2=2).add_(shift)
    lower, info = torch.linalg.cholesky_ex(damped)
    if bool(info.any()):
        raise SingularMetricError(SINGULAR.format(path or "the model"))
    return torch.cholesky_inverse(lower)
