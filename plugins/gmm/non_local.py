"""Groups of similar patches, each with a Gaussian of its own, beside the mixture.

Lebrun, Buades & Morel 2013, doi:10.1137/120874989, where a first denoising takes the place of EPLL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench.numerics.reflection import at_least
from priorbench.numerics.similar_patches import Groups, PatchSums, find_similar, patch_table
from priorbench.operators import Identity
from priorbench.priors import Context, Denoiser, Learned
from priorbench.problem import Problem
from priorbench.solvers import restore
from priorbench.solvers.colour import denoise_planes_together
from priorbench.types import AnyImage, Image, Plane, Planes

from .model import GMM
from .parameters import GMMParameters, NonLocalParameters


class NonLocalGMM(Denoiser, Learned):
    r"""EPLL with a mixture, then Gaussians of groups of similar patches of its estimate.

    In each pass the K patches that are nearest to a reference patch in the estimate x̂ are a group
    with mean μ and covariance S. Estimates lack the posterior covariance of what they estimate, so
    the group's density is N(μ, Σ) with the M-step of EM, of which a share c is taken:

        Σ = S + c sS(S + sI)⁻¹,    ẑ = μ + Σ(Σ + sI)⁻¹(y − μ)

    for the noisy patches y of the group, with s = σ². Groups whose estimates keep less noise,
    tr (Σ(Σ + sI)⁻¹)², count more where patches overlap.

    Args:
        **parameters: fields of :class:`NonLocalParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "mmse"

    def __init__(self, **parameters: Any) -> None:
        self.parameters = NonLocalParameters(**parameters)
        own = self.parameters.model_dump(include=set(GMMParameters.model_fields))
        self.mixture = GMM(**own)

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the images after the last pass; the images themselves if σ ≤ 0."""
        if sigma <= 0:
            return image
        # The planes of a colour image share their groups.
        return denoise_planes_together(image, sigma, self._denoised)

    def _denoised(self, noisy: Planes, sigmas: Tensor) -> Planes:
        """Return planes of one image, P × H × W, whose patches are compared in the first.

        Args:
            noisy: the planes.
            sigmas: of the noise in each plane, P.
        """
        _, height, width = noisy.shape
        side = self.parameters.group_patch_size
        noisy = at_least(noisy, max(side, self.mixture.patch_size))
        levels = sigmas.tolist()
        estimate = torch.stack([self._epll(*plane) for plane in zip(noisy, levels, strict=True)])
        for _ in range(self.parameters.passes):
            table = patch_table(estimate[0], side)
            groups = find_similar(
                table, self.parameters.group_stride, self.parameters.reach, self.parameters.similar
            )
            planes = zip(noisy, estimate, levels, strict=True)
            estimate = torch.stack([self._pass(groups, *plane) for plane in planes])
        return estimate[:, :height, :width]

    def _epll(self, noisy: Plane, sigma: float) -> Plane:
        """Return the mixture's estimate of a plane, H × W."""
        problem = Problem(noisy[None, None], Identity((1, *noisy.shape)), sigma)
        # Only a sparse grid of patches draws from it.
        return restore(self.mixture, problem, Context.seeded(0)).image[0, 0]

    def _pass(self, groups: Groups, noisy: Plane, estimate: Plane, sigma: float) -> Plane:
        """Return the plane, H × W, that the estimates of all groups make up."""
        side = self.parameters.group_patch_size
        table = patch_table(noisy, side)
        observed, estimated = table.flatten(0, 1), patch_table(estimate, side).flatten(0, 1)
        sums = PatchSums(table)

        def estimates(members: Tensor) -> tuple[Tensor, Tensor]:
            return _estimates(
                observed[members], estimated[members], sigma**2, self.parameters.uncertainty
            )

        sums.add_all(groups, estimates)
        return sums.plane()

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Train the mixture; see :meth:`.model.GMM.fit`."""
        yield from self.mixture.fit(images, context)

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the mixture's tensors."""
        return self.mixture.state_dict()

    def n_parameters(self) -> int:
        """Return the free numbers of the mixture."""
        return self.mixture.n_parameters()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the mixture's tensors.

        Raises:
            ValueError: they are no mixture of these parameters.
        """
        self.mixture.load_state_dict(state)


def _estimates(
    observed: Tensor, estimated: Tensor, noise_variance: float, uncertainty: float
) -> tuple[Tensor, Tensor]:
    """Return the new estimates of groups of patches, G × K × D, and the groups' weights, G.

    Args:
        observed: the noisy patches y, G × K × D.
        estimated: those of the estimate x̂, G × K × D.
        noise_variance: s > 0.
        uncertainty: c.
    """
    mean = estimated.mean(1, keepdim=True)
    deviations = estimated - mean
    covariance = deviations.mT @ deviations / estimated.shape[1]
    noise = noise_variance * torch.eye(covariance.shape[1]).to(covariance)
    covariance += uncertainty * noise_variance * _filters(covariance, noise)
    filters = _filters(covariance, noise)
    weights = 1 / (1 + filters.square().sum((1, 2)))
    return mean + (observed - mean) @ filters, weights


def _filters(covariance: Tensor, noise: Tensor) -> Tensor:
    """Return (S + sI)⁻¹S = S(S + sI)⁻¹ of covariances S, G × D × D."""
    return torch.cholesky_solve(covariance, torch.linalg.cholesky(covariance + noise))
