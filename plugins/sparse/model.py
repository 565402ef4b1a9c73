"""Denoising by sparse codes in a dictionary that K-SVD learned."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from priorbench.priors import Context, Denoiser
from priorbench.solvers.colour import denoise_planes
from priorbench.types import Image, Patches, Plane

from .dictionary import LearnsDictionary, Row, rounding_error, without_mean
from .ksvd import adapt, better, squared_errors, start, update
from .omp import pursue, sparse_estimates
from .parameters import AdaptedKSVDParameters, KSVDParameters
from .restoration import at_least, averaged, patches_of


class KSVD(Denoiser, LearnsDictionary):
    """Each patch gets as few atoms as explain it up to the noise.

    Elad & Aharon 2006, doi:10.1109/TIP.2006.881969, with the dictionary learned from clean patches.
    Colour is denoised in opponent planes.

    Args:
        **parameters: fields of :attr:`Parameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    Parameters: ClassVar[type[KSVDParameters]] = KSVDParameters
    estimator = "smoother"

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
                    "train_error": _root_mean(squared_errors(signals, dictionary, codes), signals),
                    "held_out_error": _root_mean(
                        squared_errors(held_out, dictionary, measured), signals
                    ),
                    "seconds": time.perf_counter() - began,
                },
            )

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the mean of the sparse patches; the images themselves if σ ≤ 0."""
        if sigma <= 0:
            return image
        return denoise_planes(image, sigma, self._denoised)

    def dictionary_for(self, plane: Plane, tolerance: float) -> Tensor:
        """Return the dictionary in which the patches of a noisy plane get codes.

        Args:
            plane: H × W.
            tolerance: of the squared error of a patch.
        """
        return self.dictionary.to(plane)

    def _denoised(self, plane: Plane, sigma: float) -> Plane:
        height, width = plane.shape
        options = self.parameters
        size = options.patch_size
        plane = at_least(plane, size)
        tolerance = (options.gain * size * sigma) ** 2
        dictionary = self.dictionary_for(plane, tolerance)

        def sparse(patches: Patches) -> Patches:
            signals, mean = without_mean(patches)
            return sparse_estimates(signals, dictionary, signals.shape[1], tolerance) + mean

        weight = options.noisy_weight / (255 * sigma)
        return averaged(plane, size, sparse, weight)[:height, :width]


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

    def dictionary_for(self, plane: Plane, tolerance: float) -> Tensor:
        """Return the learned dictionary after further iterations on patches of the plane."""
        options = self.parameters
        signals, _ = without_mean(patches_of(plane, options.patch_size, options.adapted_patches))
        return adapt(signals, self.dictionary.to(plane), tolerance, options.adaptations)


def _root_mean(errors: Tensor, signals: Tensor) -> float:
    return float((errors.mean(dtype=torch.float64) / signals.shape[1]).sqrt())
