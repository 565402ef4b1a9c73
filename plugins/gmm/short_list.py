"""The most probable of many components: bfloat16 lists the candidates, float32 decides.

bfloat16 products take half as long or less where the processor has instructions for them, and their
rounding moves the scores of good components by some hundredths of a nat: so it is among those
within a margin of the highest.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import torch
from torch import Tensor

from .quadratic import feature_blocks, pack

SAFETY = 1.2
"""The margin, as a multiple of the 99 % quantile of the largest rounding error near the top."""

SAMPLES = 512
"""Vectors that the rounding errors are measured on, at least."""

HALF_A_STEP = 2.0**-9
"""Of a number in bfloat16, relative to the number at most."""

WIDEST = 1.0
"""Nats; with a wider margin the list is too long to pay."""

NEAR = 10.0
"""Nats below the highest score within which they are measured."""


class ShortList:
    """argmaxₖ cₖ − ½‖Rₖv‖² as float32 has it, for all but one vector in thousands.

    The scores are compared less a typical highest one, so that those near the top are small and
    bfloat16 resolves them. The margin is measured, on as many vectors drawn from each component; it
    grows with the distance of the highest score from the typical one, as rounding errors do.

    Args:
        constants: c, K, float64.
        roots: R, K × m × d, float64.
        spreads: S, K × d × n, float64: Sₖz, with z white of variance 1, is a vector of component k.
    """

    def __init__(self, constants: Tensor, roots: Tensor, spreads: Tensor) -> None:
        components, _, dimensions = spreads.shape
        generator = torch.Generator().manual_seed(0)
        z = torch.randn(
            components,
            dimensions,
            ceil(SAMPLES / components),
            dtype=torch.float64,
            generator=generator,
        )
        vectors = (spreads @ z).movedim(0, 1).flatten(1).float()
        coefficients = (-0.5 * pack(roots.mT @ roots)).float()
        self._constants, self._roots = constants.float(), roots.float()
        exact = torch.cat(
            [coefficients @ features for _, features in feature_blocks(vectors)], dim=1
        )
        exact += self._constants[:, None]
        highest = exact.amax(0)
        shift = highest.mean()
        # In two parts: one bfloat16 would move the score by more than the products do.
        shifted = self._constants - shift
        fine = shifted - shifted.bfloat16()
        self._coefficients = torch.cat(
            [coefficients, shifted[:, None], fine[:, None]], dim=1
        ).bfloat16()
        rounded = torch.cat([scores for _, scores in self._scores(vectors)], dim=1)
        errors = torch.where(exact >= highest - NEAR, rounded - (exact - shift), 0)
        self.margin = SAFETY * float(errors.abs().amax(0).quantile(0.99))
        self._typical = max(float((highest - shift).std()), torch.finfo(torch.float32).tiny)

    @classmethod
    def where_it_pays(cls, constants: Tensor, roots: Tensor, spreads: Tensor) -> ShortList | None:
        """Return the short list of such components; None where bfloat16 makes it too long."""
        listed = cls(constants, roots, spreads)
        return listed if listed.margin <= WIDEST else None

    def __call__(self, vectors: Tensor) -> Tensor:
        """Return the most probable component of each column of ``vectors``, d × N, float32."""
        listed = torch.empty(len(self._roots), vectors.shape[1], dtype=torch.bool)
        for block, scores in self._scores(vectors):
            top = scores.amax(0).float()
            margin = self.margin * (top.abs() / self._typical).clamp(min=1)
            # In the scores' own type, and rounded so that the margin keeps its width.
            threshold = (top - margin - HALF_A_STEP * top.abs()).to(scores.dtype)
            torch.ge(scores, threshold, out=listed[:, block])
        # Component after component, as the products in float32 take them.
        components, columns = listed.nonzero(as_tuple=True)
        return self._decide(vectors, components, columns)

    def _scores(self, vectors: Tensor) -> Iterator[tuple[slice, Tensor]]:
        for block, features in feature_blocks(vectors.bfloat16(), ones=2):
            yield block, torch.mm(self._coefficients, features)

    def _decide(self, vectors: Tensor, components: Tensor, columns: Tensor) -> Tensor:
        """Return the most probable component listed for each column; of equals the lowest.

        Args:
            vectors: d × N.
            components: which are listed, in ascending order.
            columns: for which vector each of them is.
        """
        chosen = torch.zeros(vectors.shape[1], dtype=torch.long)
        chosen[columns] = components
        contested = columns.bincount(minlength=len(chosen))[columns] > 1
        components, columns = components[contested], columns[contested]
        rows, scores, start = vectors.mT.contiguous(), vectors.new_empty(len(columns)), 0
        for component, count in enumerate(components.bincount().tolist()):
            own = slice(start, start + count)
            projected = self._roots[component] @ rows.index_select(0, columns[own]).mT
            torch.sum(projected.square_(), 0, out=scores[own])
            start = own.stop
        scores = self._constants[components] - scores / 2
        highest = scores.new_full((len(chosen),), -torch.inf).scatter_reduce_(
            0, columns, scores, "amax"
        )
        won = scores == highest[columns]
        return chosen.scatter_reduce_(0, columns[won], components[won], "amin", include_self=False)
