"""Groups of similar patches as matrices of low rank."""

from __future__ import annotations

import torch
from torch import Tensor

from priorbench.numerics.reflection import at_least
from priorbench.numerics.similar_patches import Groups, PatchSums, find_similar, patch_table
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes_together
from priorbench.types import Image, Plane, Planes

from .profiles import profile
from .shrinkage import Shrinkage, shrink, uniform, weighted

ITERATIONS_OF_A_SEARCH = 2
FEWER_AT_EACH_SEARCH = 10


class LowRank(Denoiser):
    """A group of similar patches, one in each row of a matrix, has few large singular values.

    Each iteration puts some of the removed noise back, shrinks the singular values of all groups,
    and averages the patches where they overlap. Every second one searches the groups again in the
    estimate. Gu, Zhang, Zuo & Feng 2014, doi:10.1109/CVPR.2014.366. Colour is restored in opponent
    planes with groups of the luma.

    Args:
        shrinkage: of the singular values.
        step: pixels from one reference patch to the next.
        iterations: of the regularisation; None for what the authors take at each σ.
        reach: the search window reaches this many pixels from the reference patch.
        feedback: δ, the share of the removed noise that is put back.
    """

    estimator = "mmse"

    def __init__(
        self,
        shrinkage: Shrinkage,
        step: int,
        iterations: int | None,
        reach: int,
        feedback: float,
    ) -> None:
        self.shrinkage = shrinkage
        self.step, self.iterations = step, iterations
        self.reach, self.feedback = reach, feedback

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the images after the last iteration; the images themselves if σ ≤ 0."""
        if sigma <= 0:
            return image
        # The planes of a colour image share their groups.
        return denoise_planes_together(image, sigma, self._regularised)

    def _regularised(self, noisy: Planes, sigmas: Tensor) -> Planes:
        """Return planes of one image, P × H × W, whose patches are compared in the first.

        Args:
            noisy: the planes.
            sigmas: of the noise in each plane, P.
        """
        chosen = profile(float(sigmas[0]))
        _, height, width = noisy.shape
        noisy = at_least(noisy, chosen.size)
        estimate, similar = noisy, chosen.similar
        for iteration in range(self.iterations or chosen.iterations):
            estimate = estimate + self.feedback * (noisy - estimate)
            if iteration % ITERATIONS_OF_A_SEARCH == 0:
                similar = max(similar - FEWER_AT_EACH_SEARCH, FEWER_AT_EACH_SEARCH)
                table = patch_table(estimate[0], chosen.size)
                groups = find_similar(table, self.step, self.reach, similar)
            planes = zip(estimate, noisy, sigmas, strict=True)
            remaining = 1.0 if iteration == 0 else chosen.remaining
            estimate = torch.stack(
                [self._shrunk(groups, *plane, chosen.size, remaining) for plane in planes]
            )
        return estimate[:, :height, :width]

    def _shrunk(
        self, groups: Groups, plane: Plane, noisy: Plane, sigma: Tensor, size: int, remaining: float
    ) -> Plane:
        """Return a plane, H × W, after the singular values of all groups were shrunk.

        Args:
            groups: of patches.
            plane: the estimate that is to be improved.
            noisy: the observation.
            sigma: of its noise.
            size: side of a patch.
            remaining: the noise in the estimate as a multiple of √|σ² − ‖y − x‖²/D| of each patch.
        """
        table = patch_table(plane, size)
        removed = (patch_table(noisy, size) - table).square().mean(2).flatten()
        left = remaining * (sigma.square() - removed).abs().sqrt()
        table = table.flatten(0, 1)
        sums = PatchSums(table.view(*(length - size + 1 for length in plane.shape), -1))

        def estimates(members: Tensor) -> tuple[Tensor, Tensor]:
            shrunk = shrink(table[members], left[members[:, 0]], self.shrinkage)
            return shrunk, table.new_ones(len(members))

        sums.add_all(groups, estimates)
        return sums.plane()


class WNNM(LowRank):
    """Low rank by the weighted nuclear norm: large singular values shrink less.

    Args:
        step: see :class:`LowRank`.
        iterations: see :class:`LowRank`.
        reach: see :class:`LowRank`.
        feedback: see :class:`LowRank`.
    """

    def __init__(self, step: int, iterations: int | None, reach: int, feedback: float) -> None:
        super().__init__(weighted, step, iterations, reach, feedback)


class NuclearNorm(LowRank):
    """Low rank by the nuclear norm: all singular values shrink by the same amount.

    Args:
        strength: the threshold as a multiple of the largest singular value of noise alone.
        step: see :class:`LowRank`.
        iterations: see :class:`LowRank`.
        reach: see :class:`LowRank`.
        feedback: see :class:`LowRank`.
    """

    def __init__(
        self,
        strength: float,
        step: int,
        iterations: int | None,
        reach: int,
        feedback: float,
    ) -> None:
        super().__init__(uniform(strength), step, iterations, reach, feedback)
