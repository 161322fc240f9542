"""K-FAC: forget that features and cotangents are correlated, and each layer's block factors.

E[(g gᵀ) ⊗ (a aᵀ)] ≈ E[g gᵀ] ⊗ E[a aᵀ] = B ⊗ A (Martens & Grosse 2015, eq. 1): two small matrices
in place of one large. With vec(W) taken row by row (torch's order) B comes FIRST. It is exact for
one example, and for deep linear nets with squared loss. Convolutions: places count as examples
(Grosse & Martens 2016, theorem 1; "expand").

E-KFAC keeps K-FAC's eigenvectors U_B ⊗ U_A and puts the true second moments in that basis on the
diagonal, s = E[(U_Bᵀ g aᵀ U_A)²]: of all matrices diagonal there, the nearest to the block
(George et al. 2018, §3.2). Diagonal in its own basis, it takes any damping for a division.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from natgrad_core.errors import SingularMetricError
from natgrad_core.nets.fisher.fisher import FisherAt
from natgrad_core.nets.layers.linear_and_conv import Conv2d, Linear
from natgrad_core.nets.model import Net
from natgrad_core.nets.problem import FLOAT32_FLOOR
from natgrad_core.nets.runtime.processes import is_shared, mean_over_processes

Pair = tuple[Tensor, Tensor]
Held = list[tuple[Tensor, ...]]
"""An inverse as matrices of each layer."""
Spectrum = tuple[Tensor, Tensor, Tensor]
"""(U_A, U_B, s) of a layer."""
Spectra = tuple[Spectrum, ...]


@dataclass(frozen=True)
class Factors:
    """(A, B) of each layer: A of features ``[in (+1)]²``, B of cotangents ``[out]²``."""

    net: Net
    pairs: tuple[Pair, ...]
    first: Pair | None = None
    """The eigenvalues and eigenvectors of the first A, where they are known already."""

    @classmethod
    def of(cls, fisher: FisherAt) -> Factors:
        """Return the factors of a Fisher matrix: exact, or sampled if that is what it is.

        Args:
            fisher: F at a point.

        Returns:
            The factors.

        Raises:
            TypeError: If a layer has no factors.
        """
        tape, likelihood = fisher.at.tape, fisher.at.problem.likelihood
        pairs: list[Pair] = []
        felt = [*fisher.hidden, None] if fisher.ends_linear else fisher.cotangents
        for i, g in zip(tape.net.parametric, felt, strict=True):
            layer = tape.net.layers[i]
            if isinstance(layer, Linear):
                known = fisher.at.problem.input_moment if i == 0 else None
                a = _moment(layer, tape.values[i]) if known is None else known
                b = likelihood.average(fisher.at.mean) if g is None else _square(g) / len(tape)
                pairs.append((a, b))
            elif isinstance(layer, Conv2d):
                assert g is not None
                a = layer.features(tape.values[i], tape.slope(i))
                flat = layer.places(g).flatten(0, 2)
                places = a.shape[1]
                a = a.flatten(0, 1)
                pairs.append((a.T @ a / len(tape), flat.T @ flat / (len(tape) * places)))
            else:
                raise TypeError(
                    f"K-FAC factors Linear and Conv2d layers; {layer.label} has no matrix to "
                    "factor. Take the exact Fisher (natural), or fold it into the layer before"
                )
        if is_shared():
            mean = mean_over_processes([factor for pair in pairs for factor in pair])
            return cls(tape.net, tuple(zip(mean[::2], mean[1::2], strict=True)))
        return cls(tape.net, tuple(pairs), fisher.at.problem.input_basis)

    @property
    def double(self) -> Factors:
        """The same numbers in float64."""
        return Factors(self.net, tuple((a.double(), b.double()) for a, b in self.pairs))

    def blend(self, new: Factors, keep: float) -> Factors:
        """Return keep · self + (1 − keep) · new: a running average over steps.

        Args:
            new: The factors of this step.
            keep: The weight of the old ones, from 0 to 1.

        Returns:
            The factors.
        """
        both = zip(self.pairs, new.pairs, strict=True)
        same = new.first is not None and torch.equal(self.pairs[0][0], new.pairs[0][0])
        return Factors(
            self.net,
            tuple((torch.lerp(b, a, keep), torch.lerp(d, c, keep)) for (a, c), (b, d) in both),
            new.first if same else None,
        )


def is_factored_by_hand(net: Net) -> bool:
    """Return whether every layer with parameters is a Linear or Conv2d with derivatives by hand.

    Args:
        net: The net.

    Returns:
        Whether they are.
    """
    return all(isinstance(net.layers[i], Linear | Conv2d) for i in net.parametric)


def _square(g: Tensor) -> Tensor:
    flat = g.flatten(0, -2)
    return flat.T @ flat


def _moment(layer: Linear, x: Tensor) -> Tensor:
    a = layer.features(x, None)
    return a.T @ a / len(a)


def split(net: Net, v: Tensor) -> list[Tensor]:
    """Return a flat vector as a matrix [W b] for each layer.

    Args:
        net: The net.
        v: The vector, ``[p]``.

    Returns:
        The matrices, ``[out, in (+1)]`` each.
    """
    found: list[Tensor] = []
    for i in net.parametric:
        layer, part = net.layers[i], v[net.slices[i]]
        assert isinstance(layer, Linear | Conv2d)
        weight = part[: layer.weights].view(layer.outputs, layer.inputs)
        column = part[layer.weights :, None]
        found.append(torch.cat((weight, column), 1) if layer.bias else weight)
    return found


def join(net: Net, parts: list[Tensor]) -> Tensor:
    """Return the matrices of all layers as a flat vector: the inverse of ``split``.

    Args:
        net: The net.
        parts: The matrices, ``[out, in (+1)]`` each.

    Returns:
        The vector, ``[p]``.
    """
    flat: list[Tensor] = []
    for i, m in zip(net.parametric, parts, strict=True):
        layer = net.layers[i]
        assert isinstance(layer, Linear | Conv2d)
        flat.append(m[:, : layer.inputs].reshape(-1))
        if layer.bias:
            flat.append(m[:, -1])
    return torch.cat(flat)


class Kronecker:
    """K-FAC as an operator: blocks B ⊗ A; λ is shared between the factors, or added to the whole.

    ``shared`` (factored Tikhonov; Martens & Grosse 2015, §6.3): (B + √λ/π I) ⊗ (A + π √λ I), with
    π² = (tr A/dim A)/(tr B/dim B): each factor is inverted by itself, by Cholesky. Otherwise
    B ⊗ A + λ I, exactly: a division in the eigenbasis, so that λ can be changed freely.

    Vectors are ``[p]``; of each layer A is ``[in, in]`` (a bias counts as an input), B is
    ``[out, out]``, and its block ``[size, size]``.
    """

    def __init__(self, factors: Factors, shared: bool = True) -> None:
        self.factors, self.net, self.shared = factors, factors.net, shared
        self._held: tuple[float, Held] | None = None

    @cached_property
    def basis(self) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """(s_A, U_A, s_B, U_B) of each layer."""
        found: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        for i, (a, b) in enumerate(self.factors.pairs):
            known = self.factors.first if i == 0 else None
            sa, ua = torch.linalg.eigh(a) if known is None else known
            sb, ub = torch.linalg.eigh(b)
            found.append((sa.clamp_min(0), ua, sb.clamp_min(0), ub))
        return found

    @property
    def vectors(self) -> list[Pair]:
        """(U_A, U_B) of each layer."""
        return [(ua, ub) for _, ua, _, ub in self.basis]

    def spectrum(self, damping: float) -> list[Tensor]:
        """Return what each layer's coordinates in the eigenbasis are divided by.

        Args:
            damping: λ.

        Returns:
            The divisors, ``[out, in (+1)]`` each.
        """
        return [torch.outer(sb, sa) + damping for sa, _, sb, _ in self.basis]

    def shares(self, damping: float) -> list[tuple[float, float]]:
        """Return what each layer's A and B are given of a shared λ.

        Args:
            damping: λ.

        Returns:
            π √λ and √λ/π for each layer.
        """
        found: list[tuple[float, float]] = []
        for a, b in self.factors.pairs:
            of_a, of_b = float(a.trace()) / len(a), float(b.trace()) / len(b)
            ratio = min(max((of_a / max(of_b, 1e-30)) ** 0.5, 1e-6), 1e6)
            found.append((damping**0.5 * ratio, damping**0.5 / ratio))
        return found

    @property
    def faintest(self) -> float:
        """The least λ that float32 rounding of the spectrum's largest value does not drown.

        Shared, each factor has about √λ, so it takes the square of what drowns a whole λ.
        """
        if self.shared:
            return FLOAT32_FLOOR**2 * self.largest
        return FLOAT32_FLOOR * max(float(s.max()) for s in self.spectrum(0.0))

    @cached_property
    def largest(self) -> float:
        """The largest ‖A‖ ‖B‖ of a layer, which no eigenvalue is above."""
        return max(float(a.norm() * b.norm()) for a, b in self.factors.pairs)

    def hold(self, damping: float) -> Held:
        """Return (B ⊗ A + damping)⁻¹ as matrices of each layer, which ``held_solve`` applies.

        Args:
            damping: λ.

        Returns:
            (A⁻¹, B⁻¹) of each layer where λ is shared, else (U_A, U_B, s).

        Raises:
            SingularMetricError: If a factor is singular and λ is 0.
        """
        if self._held is not None and self._held[0] == damping:
            return self._held[1]  # solved with, then held
        if self.shared and damping > 0:
            known = [self.factors.first] + [None] * len(self.factors.pairs)
            shares = zip(self.factors.pairs, self.shares(damping), known, strict=False)
            inverses: Held = [
                (_inverse(a, of_a, basis), _inverse(b, of_b))
                for (a, b), (of_a, of_b), basis in shares
            ]
            self._held = damping, inverses
            return inverses
        spectrum = self.spectrum(damping)
        for i, s in zip(self.net.parametric, spectrum, strict=True):
            if damping == 0 and not bool(s.min() > torch.finfo(s.dtype).eps * s.max()):
                raise SingularMetricError(
                    f"a Kronecker factor of {self.net.layers[i].label} is singular (a dead unit, "
                    "or fewer examples than inputs): K-FAC needs damping λ > 0 here"
                )
        return [(ua, ub, s) for (ua, ub), s in zip(self.vectors, spectrum, strict=True)]

    def solve(self, v: Tensor, damping: float) -> Tensor:
        """(B ⊗ A + damping)⁻¹ v."""
        return held_solve(self.net, self.hold(damping), v)

    def eigenvalues(self) -> Tensor:
        """Those of each block, ``[p]``, in no order: no matrix is formed."""
        return torch.cat([s.flatten() for s in self.spectrum(0.0)])

    def mv(self, v: Tensor) -> Tensor:
        """(B ⊗ A) v = B V A, layer by layer."""
        parts = zip(split(self.net, v), self.factors.pairs, strict=True)
        return join(self.net, [b @ m @ a for m, (a, b) in parts])

    def blocks(self) -> list[Tensor]:
        """Return B ⊗ A of each layer, in torch's order.

        Returns:
            The blocks, ``[size, size]`` each.
        """
        return [
            _reorder(self.net, i, torch.kron(b, a)) for i, (a, b) in enumerate(self.factors.pairs)
        ]

    def dense(self) -> Tensor:
        """All blocks in their places, ``[p, p]``."""
        return torch.block_diag(*self.blocks())


def held_solve(net: Net, held: Held, v: Tensor) -> Tensor:
    """Return what ``Kronecker.hold`` returned, applied to a vector.

    Args:
        net: The net.
        held: (A⁻¹, B⁻¹), or (U_A, U_B, s), of each layer.
        v: The vector, ``[p]``.

    Returns:
        B⁻¹ V A⁻¹, or U_B [(U_Bᵀ V U_A)/s] U_Aᵀ, layer by layer, ``[p]``.
    """
    found: list[Tensor] = []
    for m, matrices in zip(split(net, v), held, strict=True):
        if len(matrices) == 2:
            a, b = matrices
            found.append(b @ m @ a)
        else:
            ua, ub, s = matrices
            found.append(ub @ ((ub.T @ m @ ua) / s) @ ua.T)
    return join(net, found)


def _inverse(factor: Tensor, shift: float, basis: Pair | None = None) -> Tensor:
    """(factor + shift I)⁻¹ by Cholesky; by eigenvectors where they are known, or must be found
    because rounding has left a negative value.
    """
    if basis is None:
        damped = factor.clone()
        damped.diagonal().add_(shift)
        lower, info = torch.linalg.cholesky_ex(damped)
        if not int(info):
            return torch.cholesky_inverse(lower)
    s, u = torch.linalg.eigh(factor) if basis is None else basis
    return (u / (s.clamp_min(0) + shift)) @ u.T


class Eigen(Kronecker):
    """E-KFAC: K-FAC's eigenvectors with the true second moments on their diagonal.

    Args:
        factors: The factors.
        spectra: (U_A, U_B, s) of each layer: their eigenvectors, and the moments
            s = (1/N) Σ (U_Bᵀ G U_A)², ``[out, in]``, where G = g aᵀ is the gradient of one example
            in one direction (George et al. 2018, §3.2).
    """

    def __init__(self, factors: Factors, spectra: Spectra) -> None:
        super().__init__(factors, shared=False)
        self.spectra = spectra

    @classmethod
    def of(
        cls,
        fisher: FisherAt,
        factors: Factors | None = None,
        old: Spectra = (),
        keep: float = 0.0,
    ) -> Eigen:
        """Return E-KFAC of a Fisher matrix, averaged with that of the steps before.

        Args:
            fisher: F at a point.
            factors: The factors whose eigenvectors are taken; None: those of F.
            old: (U_A, U_B, s) of each layer of the steps before.
            keep: Their weight, from 0 to 1.

        Returns:
            The operator.
        """
        factors = factors or Factors.of(fisher)
        tape, vectors = fisher.at.tape, Kronecker(factors).vectors
        moments: list[Tensor] = []
        layers = zip(tape.net.parametric, fisher.cotangents, vectors, strict=True)
        for i, g, (ua, ub) in layers:
            layer = tape.net.layers[i]
            if isinstance(layer, Linear):
                a = layer.features(tape.values[i], None) @ ua
                squares = (g @ ub).square().sum(1)
                moments.append(squares.T @ a.square() / len(tape))
            else:
                assert isinstance(layer, Conv2d)
                a = layer.features(tape.values[i], tape.slope(i)) @ ua
                per = torch.matmul((layer.places(g) @ ub).mT, a[:, None])
                moments.append(per.square().sum((0, 1)) / len(tape))
        moments = mean_over_processes(moments)
        if keep:
            both = zip(vectors, old, moments, strict=True)
            moments = [torch.lerp(s, turned(last, u), keep) for u, last, s in both]
        pairs = zip(vectors, moments, strict=True)
        return cls(factors, tuple((ua, ub, s) for (ua, ub), s in pairs))

    @property
    def double(self) -> Eigen:
        """The same numbers in float64."""
        spectra = tuple((ua.double(), ub.double(), s.double()) for ua, ub, s in self.spectra)
        return Eigen(self.factors.double, spectra)

    @property
    def vectors(self) -> list[Pair]:
        """(U_A, U_B) of each layer."""
        return [(ua, ub) for ua, ub, _ in self.spectra]

    @property
    def moments(self) -> list[Tensor]:
        """The moments s of each layer, ``[out, in]``."""
        return [s for _, _, s in self.spectra]

    def spectrum(self, damping: float) -> list[Tensor]:
        """The sums s + λ."""
        return [s + damping for s in self.moments]

    def mv(self, v: Tensor) -> Tensor:
        """U_B [s ∘ (U_Bᵀ V U_A)] U_Aᵀ."""
        layers = zip(split(self.net, v), self.spectra, strict=True)
        return join(self.net, [ub @ ((ub.T @ m @ ua) * s) @ ua.T for m, (ua, ub, s) in layers])

    def blocks(self) -> list[Tensor]:
        """(U_B ⊗ U_A) diag s (U_B ⊗ U_A)ᵀ of each layer, ``[size, size]``, in torch's order."""
        found: list[Tensor] = []
        for i, (ua, ub, s) in enumerate(self.spectra):
            u = torch.kron(ub, ua)
            found.append(_reorder(self.net, i, (u * s.flatten()) @ u.T))
        return found


def turned(spectrum: Spectrum, vectors: Pair) -> Tensor:
    """Return the diagonal of U diag(s) Uᵀ in another eigenbasis.

    diag(Vᵀ U diag(s) Uᵀ V) = R_B² s (R_A²)ᵀ with R = Vᵀ U and squares entry by entry: of all
    matrices that are diagonal in the basis V, the nearest (as in George et al. 2018, appendix A.1).

    Args:
        spectrum: (U_A, U_B, s); a U_A without a last dimension is the identity.
        vectors: (V_A, V_B).

    Returns:
        The diagonal, in the shape of s, ``[…, out, in]``.
    """
    (ua, ub, s), (va, vb) = spectrum, vectors
    found = (vb.mT @ ub).square() @ s
    return found if ua.ndim < ub.ndim else found @ (va.mT @ ua).square().mT


def _reorder(net: Net, which: int, block: Tensor) -> Tensor:
    layer = net.layers[net.parametric[which]]
    assert isinstance(layer, Linear | Conv2d)
    if not layer.bias:
        return block
    grid = torch.arange(layer.size).view(layer.outputs, layer.inputs + 1)
    order = torch.cat((grid[:, :-1].flatten(), grid[:, -1]))
    return block[order][:, order]
