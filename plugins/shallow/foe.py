"""Fields of experts as a prior: the most likely image without noise, and plug-and-play."""

from __future__ import annotations

from typing import Any

from .field import Field
from .parameters import FieldsOfExpertsParameters
from .trained import TrainedDenoiser

REACH = 40
"""Rows beyond which a minimum hardly changes that of a pixel."""


class FieldsOfExperts(TrainedDenoiser[Field]):
    r"""argmin_x ‖x − y‖²/2σ² + λ(σ) E(x),   E(x) = Σ_k α_k Σ_i log(1 + (f_k ∗ x)_i²/2).

    Roth & Black 2009, doi:10.1007/s11263-008-0197-6. Filters, α and λ are learned so that the
    minimum is near the clean image, Samuel & Tappen 2009, doi:10.1109/CVPR.2009.5206774; Chen,
    Ranftl & Pock 2014, doi:10.1109/TIP.2014.2299065. Colour is denoised in opponent planes, each
    with its share of the noise.

    Args:
        **parameters: fields of :class:`FieldsOfExpertsParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    estimator = "mmse"
    reach = REACH
    parameters: FieldsOfExpertsParameters

    def __init__(self, **parameters: Any) -> None:
        super().__init__(FieldsOfExpertsParameters(**parameters))

    def build(self) -> Field:
        """Return the field before its training."""
        options = self.parameters
        return Field(
            options.filter_size,
            options.levels,
            *self.sigma_range,
            steps=options.steps,
            tolerance=options.tolerance,
        )
