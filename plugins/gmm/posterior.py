"""A mixture of patches seen through white Gaussian noise of one variance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from priorbench.numerics.precision import multiplies_bfloat16
from priorbench.numerics.threads import in_threads
from priorbench.types import Patches

from .mixture import Mixture, Scores
from .short_list import ShortList

PATCHES_IN_A_CHUNK = 1 << 13

COMPONENTS_FOR_A_LIST = 64
"""Components from which on a short list pays where bfloat16 is fast."""

MANY_PATCHES = 1 << 15
"""Patches in one call from which on a short list pays for being made."""


@dataclass(frozen=True)
class Spectra:
    """The eigendecompositions of a mixture: its posterior at any noise needs only products then.

    Args:
        weights: π, K.
        axes: the principal axes of all patches together, D × d, strongest first, orthogonal to the
            constant patch.
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
        rank: components are told apart by the strongest ``rank`` axes of all patches; by all of
            them if None.

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
        # Σ(Σ + sI)⁻¹ = I − s(Σ + sI)⁻¹ on u. The constant patch, which the axes leave out, passes
        # unchanged: so the filter of u is a filter of x.
        pictures = spectra.pictures.to(device, dtype)
        stopped = noise_variance / (spectra.variances + noise_variance)
        stopped = stopped.to(device, dtype)
        self._filters = (
            torch.eye(len(spectra.axes), dtype=dtype, device=device)
            - (pictures * stopped[:, None]) @ pictures.mT
        )

    @cached_property
    def _short_list(self) -> ShortList | None:
        """What chooses among many components faster; None where it would not."""
        spectra = self._spectra
        if (
            self._dtype != torch.float32
            or self._device.type != "cpu"
            or len(spectra.weights) < COMPONENTS_FOR_A_LIST
            or not multiplies_bfloat16(self._device)
        ):
            return None
        # Computed again here: kept, they would take more memory than all the rest.
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
        """Return the log density of each noisy patch, N × D, in nats."""

        def of(chunk: Patches) -> Tensor:
            result = chunk.new_empty(len(chunk))
            for block, scores in self._scores(self._whiten(chunk)):
                result[block] = scores.logsumexp(0)
            return result

        return torch.cat(in_threads(of, torch.split(patches, PATCHES_IN_A_CHUNK)))

    def select(self, patches: Patches) -> Tensor:
        """Return the most probable component of each noisy patch, N × D."""
        choose = self._chooser(len(patches))
        chunks = torch.split(patches, PATCHES_IN_A_CHUNK)
        return torch.cat(in_threads(lambda chunk: choose(self._whiten(chunk)), chunks))

    def estimate(self, patches: Patches) -> Patches:
        """Return the Wiener estimate of each noisy patch within its most probable component."""
        choose, estimates = self._chooser(len(patches)), torch.empty_like(patches)

        def fill(pair: tuple[Patches, Patches]) -> None:
            chunk, out = pair
            _multiply(chunk, choose(self._whiten(chunk)), self._filters, out)

        parts = (torch.split(each, PATCHES_IN_A_CHUNK) for each in (patches, estimates))
        in_threads(fill, zip(*parts, strict=True))
        return estimates

    def sample(self, patches: Patches, generator: torch.Generator) -> Patches:
        """Return a draw of the clean patch for each noisy patch, N × D.

        The component is drawn with its posterior probability, then the patch from the component's
        Gaussian posterior; the mean of a patch has a flat prior.
        """
        drawn = torch.empty_like(patches)
        parts = (torch.split(each, PATCHES_IN_A_CHUNK) for each in (patches, drawn))
        for chunk, out in zip(*parts, strict=True):
            labels = self._draw_components(chunk, generator)
            _multiply(chunk, labels, self._filters, out)
            noise = torch.randn(len(chunk), self._spreads.shape[1], generator=generator)
            spread = torch.empty_like(chunk)
            _multiply(noise.to(chunk), labels, self._spreads, spread)
            mean = torch.randn(len(chunk), 1, generator=generator).to(chunk)
            out += spread + mean * (self._noise_variance / chunk.shape[1]) ** 0.5
        return drawn

    @cached_property
    def _spreads(self) -> Tensor:
        """Roots of the posterior covariances of the components, transposed, K × d × D."""
        spectra, noise_variance = self._spectra, self._noise_variance
        variances = spectra.variances * noise_variance / (spectra.variances + noise_variance)
        roots = variances.sqrt()[:, :, None] * spectra.pictures.mT
        return roots.to(self._device, self._dtype)

    def _draw_components(self, patches: Patches, generator: torch.Generator) -> Tensor:
        """Return a component for each noisy patch, drawn with its posterior probability."""
        labels = torch.empty(len(patches), dtype=torch.long, device=patches.device)
        uniform = torch.rand(len(patches), generator=generator).to(patches)
        for block, scores in self._scores(self._whiten(patches)):
            cumulative = scores.softmax(0).cumsum(0)
            # Rounding may leave the last sum below 1.
            below = (cumulative < uniform[block]).sum(0)
            labels[block] = below.clamp(max=len(scores) - 1)
        return labels

    def _chooser(self, count: int) -> Callable[[Tensor], Tensor]:
        """Return what chooses the most probable component of each whitened vector, d × n.

        Args:
            count: patches of the call: with many, a short list pays for being made.
        """
        if count >= MANY_PATCHES and (listed := self._short_list):
            return listed
        return self._highest

    def _highest(self, vectors: Tensor) -> Tensor:
        result = torch.empty(vectors.shape[1], dtype=torch.long, device=vectors.device)
        for block, scores in self._scores(vectors):
            # Two to ten times as fast as argmax, which reads column after column.
            result[block] = scores.max(0).indices
        return result

    def _whiten(self, patches: Patches) -> Tensor:
        return self._projection @ (patches - patches.mean(1, keepdim=True)).mT


def _multiply(rows: Tensor, labels: Tensor, matrices: Tensor, out: Tensor) -> None:
    """Write each row times the matrix of its label, N × D, to ``out``.

    Args:
        rows: N × d.
        labels: N.
        matrices: K × d × D.
        out: N × D.
    """
    order = labels.argsort()
    ordered = rows[order]
    products = torch.empty_like(out)
    first = 0
    for label, count in enumerate(labels.bincount().tolist()):
        last = first + count
        torch.mm(ordered[first:last], matrices[label], out=products[first:last])
        first = last
    out[order] = products
