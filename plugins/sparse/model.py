"""Denoising by sparse codes in a dictionary that K-SVD learned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from priorbench.priors import Context
from priorbench.types import Patches, Plane

from .denoiser import SparseDenoiser
from .dictionary import Row, rounding_error, without_mean
from .ksvd import adapt, better, squared_errors, start, update
from .omp import Codes, pursue, sparse_estimates
from .parameters import AdaptedKSVDParameters, KSVDParameters
from .restoration import patches_of


class KSVD(SparseDenoiser):
    """Each patch gets as few atoms as explain it up to the noise.

    Elad & Aharon 2006, doi:10.1109/TIP.2006.881969, with the dictionary learned from clean patches.

    Args:
        **parameters: fields of :attr:`Parameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[KSVDParameters]] = KSVDParameters

    def __init__(self, **parameters: Any) -> None:
        self.parameters = self.Parameters(**parameters)
        super().__init__(self.parameters)

    def learn(
        self, signals: Tensor, held_out: Tensor, context: Context
    ) -> Iterator[tuple[Tensor, Row]]:
        """Yield the dictionary at the start and after each iteration of K-SVD.

        A row holds ``iteration``, ``train_error`` and ``held_out_error``, the root mean squared
        errors of a pixel on [0, 1] where a patch has ``sparsity`` atoms, and ``seconds``.
        """
        options = self.parameters
        tolerance = rounding_error(signals.shape[1])
        for iteration in range(options.iterations + 1):
            began = time.perf_counter()
            if iteration == 0:
                dictionary = start(signals, options.n_atoms - 1, context.generator)
                codes = pursue(signals, dictionary, options.sparsity, tolerance)
            else:
                dictionary, old = update(signals, dictionary, codes, tolerance)
                new = pursue(signals, dictionary, options.sparsity, tolerance)
                codes = better(signals, dictionary, new, old)
            measured = pursue(held_out, dictionary, options.sparsity, tolerance)
            context.progress(iteration / max(1, options.iterations))
            yield (
                dictionary,
                {
                    "iteration": iteration,
                    "train_error": _pixel_error(signals, dictionary, codes),
                    "held_out_error": _pixel_error(held_out, dictionary, measured),
                    "seconds": time.perf_counter() - began,
                },
            )

    def sparse(self, signals: Patches, dictionary: Tensor, sigma: float) -> Patches:
        """Return sums of as few atoms as take the mean squared error to (gain · σ)²."""
        return sparse_estimates(signals, dictionary, signals.shape[1], self.tolerance(sigma))

    def tolerance(self, sigma: float) -> float:
        """Return the squared error of a patch at which it gets no further atom, D (gain · σ)²."""
        return (self.parameters.gain * self.patch_size * sigma) ** 2


class AdaptedKSVD(KSVD):
    """The dictionary goes on learning from the noisy patches of the image.

    Elad & Aharon 2006, doi:10.1109/TIP.2006.881969, section III: K-SVD with the pursuit that ends
    at the noise, from the dictionary that was learned before. The patches it learns from are a
    function of the size of the image alone, so a restoration does not depend on the seed.

    Args:
        **parameters: fields of :attr:`Parameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[KSVDParameters]] = AdaptedKSVDParameters
    parameters: AdaptedKSVDParameters

    def dictionary_for(self, plane: Plane, sigma: float) -> Tensor:
        """Return the learned dictionary after further iterations on patches of the plane."""
        options = self.parameters
        signals, _ = without_mean(patches_of(plane, self.patch_size, options.adapted_patches))
        return adapt(signals, self.dictionary.to(plane), self.tolerance(sigma), options.adaptations)


def _pixel_error(signals: Tensor, dictionary: Tensor, codes: Codes) -> float:
    """Return the root of the mean squared error of a pixel."""
    errors = squared_errors(signals, dictionary, codes)
    return float((errors.mean(dtype=torch.float64) / signals.shape[1]).sqrt())
