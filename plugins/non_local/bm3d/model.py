"""Block matching and 3-D filtering."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from priorbench.numerics.reflection import at_least
from priorbench.numerics.similar_patches import PatchSums, find_similar, patch_table
from priorbench.priors import Denoiser
from priorbench.solvers.colour import denoise_planes_together
from priorbench.types import Image, Plane, Planes

from .transforms import dct, haar, kaiser, wavelet

SIZE = 8
"""Side of a patch, N₁ in the paper."""
STEP = 3
"""Pixels from one reference patch to the next."""
REACH = 19
"""The search window reaches this many pixels from the reference patch."""
THRESHOLD = 2.5
"""λ₃D: the first step removes coefficients below this multiple of σ; the paper's 2.7 gives less."""
SIMILAR = {"first": 16, "second": 32}
"""Patches in a group of each step, N₂."""
KAISER = 2.0
"""β of the window that weighs the pixels of a patch."""
NUMBERS_IN_A_CHUNK = 1 << 21


class BM3D(Denoiser):
    """Groups of similar patches are sparse in a transform across and along the group.

    Two steps: the coefficients of groups of noisy patches are thresholded, which gives a basic
    estimate of the image; then groups that are found in it give the Wiener filters of the noisy
    coefficients. Overlapping estimates are averaged, those of sparse groups with more weight.
    Dabov, Foi, Katkovnik & Egiazarian 2007, doi:10.1109/TIP.2007.901238. Colour is filtered in
    opponent planes with groups of the luma (doi:10.1109/ICIP.2007.4378954).

    Unlike the paper's, a group has the nearest patches however far they are, and its mean always
    passes, so that the result scales with the image and its noise.
    """

    estimator = "mmse"

    @torch.no_grad()
    def denoise(self, image: Image, sigma: float) -> Image:
        """Return the filtered images; the images themselves if σ ≤ 0."""
        if sigma <= 0:
            return image
        # The planes of a colour image share their groups.
        return denoise_planes_together(image, sigma, _filtered)


def _filtered(noisy: Planes, sigmas: Tensor) -> Planes:
    """Return planes of one image, P × H × W, by both steps.

    Args:
        noisy: the planes; patches are compared in the first.
        sigmas: of the noise in each plane, P.
    """
    _, height, width = noisy.shape
    noisy = at_least(noisy, SIZE)
    groups = _Groups.of(noisy[0], SIMILAR["first"])
    levels = list(zip(noisy, sigmas, strict=True))
    basic = torch.stack([_thresholded(plane, sigma, groups) for plane, sigma in levels])
    groups = _Groups.of(basic[0], SIMILAR["second"])
    final = [
        _wiener_filtered(plane, pilot, sigma, groups)
        for (plane, sigma), pilot in zip(levels, basic, strict=True)
    ]
    return torch.stack(final)[:, :height, :width]


@dataclass(frozen=True)
class _Groups:
    """Groups of a power of two of patches.

    Args:
        members: the numbers of the patches, R × K.
        along: the transform along a group, K × K.
    """

    members: Tensor
    along: Tensor

    @classmethod
    def of(cls, plane: Plane, count: int) -> _Groups:
        """Return groups of the patches that are nearest in a plane."""
        members = find_similar(patch_table(plane, SIZE), STEP, REACH, count).members
        # A small image has fewer.
        count = 1 << (members.shape[1].bit_length() - 1)
        return cls(members[:, :count], haar(count).to(plane))

    def chunks(self) -> Iterator[Tensor]:
        """Yield the members of some groups at a time."""
        yield from torch.split(self.members, NUMBERS_IN_A_CHUNK // (len(self.along) * SIZE**2))


def _thresholded(noisy: Plane, sigma: Tensor, groups: _Groups) -> Plane:
    """Return the basic estimate: small coefficients of the noisy groups become 0."""
    forward, back = (each.to(noisy) for each in wavelet("bior1.5", SIZE))
    table = patch_table(noisy, SIZE) @ forward.mT
    sums = PatchSums(table)
    for members in groups.chunks():
        spectra = groups.along @ table.flatten(0, 1)[members]
        kept = spectra.abs() > THRESHOLD * sigma
        # The mean of the group.
        kept[:, 0, 0] = True
        weights = 1 / kept.sum((1, 2))
        estimates = groups.along.mT @ (spectra * kept * weights[:, None, None])
        sums.add(members, estimates, weights)
    return sums.plane(back, kaiser(SIZE, KAISER).to(noisy))


def _wiener_filtered(noisy: Plane, basic: Plane, sigma: Tensor, groups: _Groups) -> Plane:
    """Return the final estimate: the noisy groups, filtered as the basic estimate says."""
    forward, back = (each.to(noisy) for each in dct(SIZE))
    table, pilots = (patch_table(plane, SIZE) @ forward.mT for plane in (noisy, basic))
    sums = PatchSums(table)
    for members in groups.chunks():
        energy = (groups.along @ pilots.flatten(0, 1)[members]).square()
        passed = energy / (energy + sigma.square())
        passed[:, 0, 0] = 1
        weights = 1 / passed.square().sum((1, 2))
        spectra = groups.along @ table.flatten(0, 1)[members]
        estimates = groups.along.mT @ (spectra * passed * weights[:, None, None])
        sums.add(members, estimates, weights)
    return sums.plane(back, kaiser(SIZE, KAISER).to(noisy))
