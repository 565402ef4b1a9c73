"""A field of Student-t experts on patches: energy, score, and the matrix of all filters."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from priorbench.types import Patches, Scores


@dataclass(frozen=True)
class Experts:
    r"""−log p(x) = Σₖ αₖ log(1 + (wₖᵀx)²/2) + constant.

    Each factor is a Student-t density of the response of a filter. Roth & Black 2009,
    doi:10.1007/s11263-008-0197-6; products of such experts: Welling, Hinton & Osindero 2002.

    Args:
        filters: W, one wₖ in each row, K × D; each has mean 0.
        exponents: αₖ > 0, K.
    """

    filters: Tensor
    exponents: Tensor

    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch up to the constant, which is the same for all patches."""
        responses = patches @ self.filters.mT
        return -(responses.square() / 2).log1p() @ self.exponents

    def score(self, patches: Patches) -> Patches:
        """Return ∇ log p = −Σₖ αₖ wₖ (wₖᵀx) / (1 + (wₖᵀx)²/2) at each patch."""
        responses = patches @ self.filters.mT
        return -(self.curvatures(responses) * responses) @ self.filters

    def curvatures(self, responses: Tensor) -> Tensor:
        """Return κₖ = αₖ / (1 + rₖ²/2) of responses r, n × K.

        αₖ log(1 + r²/2) is concave in r², so κₖr²/2 and a constant majorise it, and touch it at rₖ.
        """
        return self.exponents / (1 + responses.square() / 2)


def everywhere(filters: Tensor, patch_size: int) -> Tensor:
    """Return small filters at every place of a patch, one in each row.

    Args:
        filters: J × f × f.
        patch_size: side p of a patch.

    Returns:
        J (p − f + 1)² × p².
    """
    count, size, _ = filters.shape
    places = patch_size - size + 1
    placed = filters.new_zeros(places, places, count, patch_size, patch_size)
    for row in range(places):
        for column in range(places):
            placed[row, column, :, row : row + size, column : column + size] = filters
    return placed.view(-1, patch_size**2)
