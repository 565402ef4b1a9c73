"""The field of experts as a prior."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from priorbench.networks.training import train
from priorbench.numerics.patches import draw_patches
from priorbench.priors import Context, Learned, PatchPrior
from priorbench.types import AnyImage, Patches, Scores

from .experts import Experts, everywhere
from .map_estimate import map_estimate
from .parameters import FieldOfExpertsParameters
from .training import Field, RemoveNoise, whitening

PATCHES_IN_A_CHUNK = 1 << 12


class FieldOfExperts(PatchPrior, Learned):
    r"""p(x) ∝ ∏ⱼ ∏ᵢ (1 + (fⱼᵀPᵢx)²/2)^−λαⱼ: Student-t experts fⱼ at all places i of a patch.

    Roth & Black 2009, doi:10.1007/s11263-008-0197-6. With filters as large as the patch it is a
    product of experts, Welling, Hinton & Osindero 2002. The filters have mean 0, so a patch's mean
    has a flat prior. The experts are more than a patch has dimensions, so the density's constant is
    not known: :meth:`log_prob` leaves it out.

    The filters and α are learned; λ is the weight of the prior, which a MAP estimate needs: with
    λ = 1 it is too smooth, because the most likely image is smoother than likely ones.

    Args:
        **parameters: fields of :class:`FieldOfExpertsParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = FieldOfExpertsParameters(**parameters)
        self.patch_size, self.stride = self.parameters.patch_size, self.parameters.stride
        self._filters: Tensor | None = None
        self._exponents: Tensor | None = None

    @property
    def experts(self) -> Experts:
        """The experts at all places of a patch.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._filters is None or self._exponents is None:
            raise RuntimeError("this field of experts has no model yet: fit it, or load one")
        placed = everywhere(self._filters, self.patch_size)
        exponents = self.parameters.weight * self._exponents
        return Experts(placed, exponents.repeat(len(placed) // len(self._filters)))

    def log_prob(self, patches: Patches) -> Scores:
        """Return log p of each patch in nats, up to a constant that no patch changes."""
        experts = self.experts
        chunks = torch.split(patches, PATCHES_IN_A_CHUNK)
        return torch.cat([experts.log_prob(chunk) for chunk in chunks])

    def map_estimate(self, patches: Patches, noise_variance: float) -> Patches:
        """Return argmin_z −log p(z) + ‖z − x‖²/2s for each patch x: a minimum near x.

        Raises:
            ValueError: the noise variance is negative or not finite.
        """
        if not 0 <= noise_variance < math.inf:
            raise ValueError(
                f"noise_variance must be a finite number of at least 0, not {noise_variance}"
            )
        experts, options = self.experts, self.parameters
        chunks = torch.split(patches, PATCHES_IN_A_CHUNK)
        return torch.cat(
            [
                map_estimate(experts, chunk, noise_variance, options.steps, options.inner_steps)
                for chunk in chunks
            ]
        )

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Mapping[str, float]]:
        """Learn filters and exponents; the ones that denoise held-out patches best are kept.

        Yields:
            ``iteration``, ``loss``, ``held_out_psnr`` in dB, ``seconds``.

        Raises:
            ValueError: an image has two or more than three channels, or none is as large as a
                patch.
            Diverged: the loss is NaN or infinite.
        """
        options = self.parameters
        noise = options.noise / 255
        drawn, measured = draw_patches(
            images, options.patch_size, options.n_tiles, options.held_out, context.generator
        )
        small, _ = draw_patches(
            images, options.filter_size, options.n_tiles, options.held_out, context.generator
        )
        field = Field(
            whitening(small, noise), options.experts, options.patch_size, context.generator
        )
        for weights, row in train(RemoveNoise(field, noise), drawn, measured, options, context):
            directions = weights["directions"].cpu()
            filters = directions @ field.whitening.mT
            self._filters = filters.view(-1, options.filter_size, options.filter_size)
            self._exponents = weights["log_exponents"].cpu().exp()
            yield row

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return ``filters``, J × f × f, and ``exponents``, J.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._filters is None or self._exponents is None:
            raise RuntimeError("this field of experts has no model yet: fit it, or load one")
        return {"filters": self._filters, "exponents": self._exponents}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over ``filters`` and ``exponents``.

        Raises:
            ValueError: one is missing, has the wrong shape, or makes no density.
        """
        options = self.parameters
        shapes = {
            "filters": (options.experts, options.filter_size, options.filter_size),
            "exponents": (options.experts,),
        }
        for name, shape in shapes.items():
            if name not in state:
                raise ValueError(f"{name} is missing")
            if tuple(state[name].shape) != shape:
                raise ValueError(
                    f"{name} has shape {tuple(state[name].shape)}; its parameters ask for {shape}"
                )
        filters, exponents = state["filters"], state["exponents"]
        if not filters.isfinite().all():
            raise ValueError("filters must be finite")
        if not ((exponents > 0) & exponents.isfinite()).all():
            raise ValueError("exponents must be positive and finite")
        self._filters, self._exponents = filters, exponents
