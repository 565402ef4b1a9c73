"""K-SVD: a dictionary in which signals have sparse codes.

Aharon, Elad & Bruckstein 2006, doi:10.1109/TSP.2006.881199.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .omp import Codes, pursue


def start(signals: Tensor, atoms: int, generator: torch.Generator) -> Tensor:
    """Return different signals, drawn at random, as atoms of norm 1, K × D.

    Instead of a signal of norm 0 it takes noise without a mean.
    """
    drawn = signals[torch.randperm(len(signals), generator=generator)[:atoms]]
    noise = torch.randn(drawn.shape, generator=generator).to(drawn)
    noise = noise - noise.mean(1, keepdim=True)
    flat = drawn.norm(dim=1, keepdim=True) <= torch.finfo(drawn.dtype).tiny
    return torch.nn.functional.normalize(torch.where(flat, noise, drawn))


def better(signals: Tensor, dictionary: Tensor, new: Codes, old: Codes) -> Codes:
    """Return of the two codes of each signal the one with the smaller error; both are N × L.

    A pursuit is greedy and may miss a code that is known. With the better of both, K-SVD lowers its
    objective in every iteration, as its authors say.
    """
    errors = [squared_errors(signals, dictionary, codes) for codes in (new, old)]
    keep = (errors[1] < errors[0])[:, None]
    return Codes(
        torch.where(keep, old.atoms, new.atoms),
        torch.where(keep, old.coefficients, new.coefficients),
    )


def squared_errors(signals: Tensor, dictionary: Tensor, codes: Codes) -> Tensor:
    """Return ‖y − Σⱼ γⱼdⱼ‖² of each signal, N."""
    return (signals - codes.synthesis(dictionary)).square().sum(1)


def update(
    signals: Tensor, dictionary: Tensor, codes: Codes, tolerance: float
) -> tuple[Tensor, Codes]:
    r"""Return the dictionary and the codes after the SVD step of each atom in turn.

    With E the residuals of the signals that have atom k, its own part put back, the atom and its
    coefficients become the best approximation E ≈ γ_k d_kᵀ of rank 1: d_k is the eigenvector of EᵀE
    with the largest eigenvalue, γ_k = E d_k. Which atoms a signal has stays as it is, so each of
    these steps lowers Σ‖y − Σⱼ γⱼdⱼ‖² or leaves it.

    An atom that no signal has becomes the signal that is represented worst, if its squared error is
    above the tolerance; a signal is taken once.

    Args:
        signals: y, N × D.
        dictionary: K × D.
        codes: of the signals.
        tolerance: see above.
    """
    dictionary, coefficients = dictionary.clone(), codes.coefficients.flatten().clone()
    most = codes.atoms.shape[1]
    residual = signals - codes.synthesis(dictionary)
    # The places of the nonzero coefficients, those of an atom behind one another.
    places = coefficients.nonzero()[:, 0]
    atoms = codes.atoms.flatten()[places]
    places = places[atoms.argsort(stable=True)]
    users = atoms.bincount(minlength=len(dictionary)).tolist()
    for atom, place in enumerate(torch.split(places, users)):
        if not len(place):
            continue
        owner = place.div(most, rounding_mode="floor")
        error = residual[owner] + coefficients[place, None] * dictionary[atom]
        # In float64: the residuals may be much smaller than the signals.
        moments = (error.mT @ error).double()
        direction = torch.linalg.eigh(moments).eigenvectors[:, -1].to(error)
        weights = error @ direction
        residual[owner] = error - weights[:, None] * direction
        dictionary[atom], coefficients[place] = direction, weights
    _replace_unused(signals, dictionary, residual, users, tolerance)
    return dictionary, Codes(codes.atoms, coefficients.view_as(codes.coefficients))


def _replace_unused(
    signals: Tensor, dictionary: Tensor, residual: Tensor, users: list[int], tolerance: float
) -> None:
    unused = [atom for atom, count in enumerate(users) if count == 0]
    errors = residual.square().sum(1)
    worst = errors.topk(min(len(unused), len(errors)))
    for atom, signal, error in zip(unused, worst.indices.tolist(), worst.values, strict=False):
        if error > tolerance:
            dictionary[atom] = signals[signal] / signals[signal].norm()


def adapt(signals: Tensor, dictionary: Tensor, tolerance: float, iterations: int) -> Tensor:
    """Return a dictionary after iterations of K-SVD on noisy signals.

    Each signal gets as many atoms as its squared error needs to fall to the tolerance, which no
    further code of the same length could be compared with: the pursuit's is taken.
    """
    for _ in range(iterations):
        codes = pursue(signals, dictionary, signals.shape[1], tolerance)
        dictionary, _ = update(signals, dictionary, codes, tolerance)
    return dictionary
