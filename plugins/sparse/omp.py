"""Orthogonal matching pursuit of many signals at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from priorbench.numerics.threads import in_threads

SIGNALS_IN_A_CHUNK = 1 << 12
"""Their correlations with all atoms stay in the cache."""
DEPENDENT = 1e-6
"""An atom whose part orthogonal to those chosen has less than this squared norm is one of them."""


@dataclass(frozen=True)
class Codes:
    """Sparse coefficients of N signals.

    Args:
        atoms: which atoms each signal has, N × L; where it has fewer than L, any.
        coefficients: of these atoms, N × L; 0 where a signal has fewer than L.
    """

    atoms: Tensor
    coefficients: Tensor

    def synthesis(self, dictionary: Tensor) -> Tensor:
        """Return Σⱼ γⱼ dⱼ of each signal, N × D, for the rows dⱼ of a dictionary, K × D."""
        return F.embedding_bag(
            self.atoms, dictionary, per_sample_weights=self.coefficients, mode="sum"
        )


def pursue(signals: Tensor, dictionary: Tensor, most: int, tolerance: float = 0.0) -> Codes:
    """Return what :func:`pursuit` finds for all signals, by chunks in threads."""
    chunks = in_threads(
        pursuit(dictionary, most, tolerance), torch.split(signals, SIGNALS_IN_A_CHUNK)
    )
    width = max(chunk.atoms.shape[1] for chunk in chunks)
    wide = [
        (F.pad(each, (0, width - each.shape[1])) for each in (chunk.atoms, chunk.coefficients))
        for chunk in chunks
    ]
    atoms, coefficients = zip(*wide, strict=True)
    return Codes(torch.cat(atoms), torch.cat(coefficients))


def sparse_estimates(
    signals: Tensor, dictionary: Tensor, most: int, tolerance: float = 0.0
) -> Tensor:
    """Return the syntheses of what :func:`pursuit` finds for all signals, N × D."""
    code = pursuit(dictionary, most, tolerance)
    return torch.cat(
        in_threads(
            lambda chunk: code(chunk).synthesis(dictionary),
            torch.split(signals, SIGNALS_IN_A_CHUNK),
        )
    )


def pursuit(dictionary: Tensor, most: int, tolerance: float = 0.0) -> Callable[[Tensor], Codes]:
    r"""Return the function that finds sparse codes γ of signals y.

    Orthogonal matching pursuit: while ‖y − Σⱼ γⱼdⱼ‖² is above the tolerance and γ has fewer than L
    atoms, the atom with the largest correlation to the residual is added, and all coefficients are
    fitted again by least squares. As in Rubinstein, Zibulevsky & Elad 2008 (Technion, CS-2008-08),
    residuals are never formed: with G = DDᵀ the correlations are Dy − Gγ, and the Cholesky factor
    of G at the chosen atoms grows by a row. All signals that have k atoms so far take their next
    one together.

    Args:
        dictionary: D, atoms of norm 1, one a row, K × D.
        most: L, at least 1; K or D, if they are less.
        tolerance: of the squared error of a signal.
    """
    gram = dictionary @ dictionary.mT
    most = min(most, *dictionary.shape)

    def code(signals: Tensor) -> Codes:
        found = _Found(signals, most)
        error = signals.square().sum(1)
        place = (error > tolerance).nonzero()[:, 0]
        error, first = error[place], signals[place] @ dictionary.mT
        correlations = first
        chosen = place.new_zeros(len(place), 0)
        factor = first.new_zeros(len(place), 0, 0)
        # z of Lz = Dy at the chosen atoms: each atom takes z² off the squared error.
        forward = first.new_zeros(len(place), 0)
        for _ in range(most):
            atom = correlations.abs().max(1).indices[:, None]
            row = _solve(factor, gram[chosen, atom], upper=False)
            pivot = 1 - row.square().sum(1)
            # Without such an atom none is left that would bring the signal nearer.
            new = (pivot > DEPENDENT) & (correlations.gather(1, atom)[:, 0] != 0)
            place, error, first, chosen, factor, forward, atom, row, pivot = _those(
                new, place, error, first, chosen, factor, forward, atom, row, pivot
            )
            if not len(place):
                break
            root = pivot.sqrt()
            value = (first.gather(1, atom)[:, 0] - (row * forward).sum(1)) / root
            chosen, forward = torch.cat([chosen, atom], 1), torch.cat([forward, value[:, None]], 1)
            factor = F.pad(factor, (0, 1, 0, 1))
            factor[:, -1, :-1], factor[:, -1, -1] = row, root
            weights = _solve(factor.mT, forward, upper=True)
            found.put(place, chosen, weights)
            error = error - value.square()
            place, error, first, chosen, factor, forward, weights = _those(
                error > tolerance, place, error, first, chosen, factor, forward, weights
            )
            if not len(place):
                break
            correlations = first - Codes(chosen, weights).synthesis(gram)
        return found.codes()

    return code


class _Found:
    """The codes of a chunk of signals while they grow."""

    def __init__(self, signals: Tensor, most: int) -> None:
        self._atoms = torch.zeros(len(signals), most, dtype=torch.long, device=signals.device)
        self._coefficients = signals.new_zeros(len(signals), most)
        self._width = 1

    def put(self, place: Tensor, atoms: Tensor, coefficients: Tensor) -> None:
        """Set the codes of some signals."""
        self._width = atoms.shape[1]
        self._atoms[place, : self._width] = atoms
        self._coefficients[place, : self._width] = coefficients

    def codes(self) -> Codes:
        """Return the codes, as wide as the longest of them."""
        return Codes(self._atoms[:, : self._width], self._coefficients[:, : self._width])


def _those(chosen: Tensor, *tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the chosen rows of each tensor; the tensors themselves if these are all."""
    return tensors if chosen.all() else tuple(tensor[chosen] for tensor in tensors)


def _solve(triangle: Tensor, right: Tensor, upper: bool) -> Tensor:
    """Return the solutions of triangular systems, N × k."""
    solution: Tensor = torch.linalg.solve_triangular(triangle, right[:, :, None], upper=upper)
    return solution[:, :, 0]
