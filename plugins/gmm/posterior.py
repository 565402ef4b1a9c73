"""A mixture of patches seen through white Gaussian noise of one variance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from priorbench.numerics.precision import multiplies_bfloat16
from priorbench.types import Patches

from .mixture import Mixture, Scores
from .short_list import ShortList

COMPONENTS_FOR_A_LIST = 64
"""From so many on a short list pays where bfloat16 is fast."""


@dataclass(frozen=True)
class Spectra:
    """The eigendecompositions of a mixture, from which its posterior at any noise follows by products alone.

    Args:
        weights: π, K.
        axes: the principal axes of all patches together, D × d, strongest first, orthogonal to the constant patch.
        average: their variances, d.
        directions: the eigenvectors of each component on those axes, K × d × d.
        variances: the eigenvalues that belong to them, K × d.
    """

    weights: Tensor
    axes: Tensor
    average: Tensor
    directions: Tensor
    variances: Tensor

    @classmethod
    def of(cls, mixture: Mixture, basis: Tensor) -> Spectra:
        """Decompose a mixture of the coordinates u = Bᵀx, with B the D × d ``basis``."""
        covariance = torch.einsum("k,kij->ij", mixture.weights, mixture.covariances)
        average, rotation = torch.linalg.eigh(covariance)
        average, rotation = average.flip(0), rotation.flip(1)
        variances, directions = torch.linalg.eigh(rotation.mT @ mixture.covariances @ rotation)
        return cls(mixture.weights, basis @ rotation, average, directions, variances)

    @cached_property
    def pictures(self) -> Tensor:
        """The eigenvectors as patches, K × D × d."""
        return self.axes @ self.directions


class Posterior:
    """Which component a noisy patch came from, and what it was.

    Args:
        spectra: of the mixture.
        noise_variance: s ≥ 0.
        dtype: of the patches and the arithmetic.
        device: of the patches and the arithmetic.
        rank: components are told apart by the strongest ``rank`` axes of all patches; by all of them if None.

    Raises:
        ValueError: the noise variance is negative or not finite.
    """

    def __init__(
        self,
        spectra: Spectra,
        noise_variance: float,
        dtype: torch.dtype,
        device: torch.device,
        rank: int | None = None,
    ) -> None:
        if not 0 <= noise_variance < float("inf"):
            raise ValueError(
                f"noise_variance must be a finite number of at least 0, not {noise_variance}"
            )
        self._spectra, self._noise_variance, self._rank = spectra, noise_variance, rank
        self._dtype, self._device = dtype, device
        roots, half_log_det, scale = self._whitening()
        self._scores = Scores(spectra.weights, roots.mT @ roots, half_log_det, dtype, device)
        self._projection = (spectra.axes[:, :rank] / scale).mT.to(device, dtype)
        # Σ(Σ + sI)⁻¹ = I − s(Σ + sI)⁻¹ on u. The constant patch, which the axes leave out, passes unchanged: so the
        # filter of u is a filter of x.
        pictures = spectra.pictures.to(device, dtype)
        stopped = noise_variance / (spectra.variances + noise_variance)
        stopped = stopped.to(device, dtype)
        self._filters = (
            torch.eye(len(spectra.axes), dtype=dtype, device=device)
            - (pictures * stopped[:, None]) @ pictures.mT
        )

    @cached_property
    def short_list(self) -> ShortList | None:
        """What chooses among many components faster, once it is made; None where it would not."""
        spectra = self._spectra
        if not _may_be_listed(len(spectra.weights), self._dtype, self._device):
            return None
        # Computed again here: kept from the start, they would take more memory than all the rest.
        roots, half_log_det, scale = self._whitening()
        deviations = (spectra.variances + self._noise_variance).sqrt()
        spreads = spectra.directions[:, : self._rank] * deviations[:, None] / scale[:, None]
        return ShortList.where_it_pays(spectra.weights.log() - half_log_det, roots, spreads)

    def _whitening(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return what whitens each component, half its log determinant, and the patches' scale."""
        spectra, noise_variance = self._spectra, self._noise_variance
        variances = spectra.variances + noise_variance
        scale = (spectra.average[: self._rank] + noise_variance).sqrt()
        directions = spectra.directions[:, : self._rank]
        if len(scale) == spectra.axes.shape[1]:
            roots = directions.mT / variances.sqrt()[:, :, None]
            return roots * scale, variances.log().sum(1) / 2, scale
        factors = torch.linalg.cholesky((directions * variances[:, None]) @ directions.mT)
        identity = torch.eye(len(scale), dtype=factors.dtype)
        roots = torch.linalg.solve_triangular(factors, identity, upper=False)
        half_log_det = factors.diagonal(dim1=1, dim2=2).log().sum(1)
        return roots * scale, half_log_det, scale

    def log_prob(self, patches: Patches) -> Tensor:
        """Return the log density of each noisy patch, in nats."""
        result = patches.new_empty(len(patches))
        for block, scores in self._scores(self._whiten(patches)):
            result[block] = scores.logsumexp(0)
        return result

    def select(self, patches: Patches, listed: ShortList | None = None) -> Tensor:
        """Return the most probable component of each noisy patch, N × D, by :attr:`short_list` if it is given."""
        vectors = self._whiten(patches)
        if listed:
            return listed(vectors)
        result = torch.empty(len(patches), dtype=torch.long, device=patches.device)
        for block, scores in self._scores(vectors):
            torch.argmax(scores, 0, out=result[block])
        return result

    def estimate(self, patches: Patches, out: Patches, listed: ShortList | None = None) -> None:
        """Write the Wiener estimate of each patch within its component, selected as :meth:`select` does, to ``out``."""
        labels = self.select(patches, listed)
        order = labels.argsort()
        ordered = patches[order]
        filtered = torch.empty_like(ordered)
        first = 0
        for component, count in enumerate(labels.bincount().tolist()):
            last = first + count
            torch.mm(ordered[first:last], self._filters[component], out=filtered[first:last])
            first = last
        out[order] = filtered

    def _whiten(self, patches: Patches) -> Tensor:
        return self._projection @ (patches - patches.mean(1, keepdim=True)).mT


def _may_be_listed(components: int, dtype: torch.dtype, device: torch.device) -> bool:
    if dtype != torch.float32 or device.type != "cpu" or components < COMPONENTS_FOR_A_LIST:
        return False
    return multiplies_bfloat16(device)
