"""The parameters of the low-rank priors."""

from __future__ import annotations

from pydantic import Field

from priorbench import Parameters

SMALLEST_PATCH = 6
"""Side of the smallest patch: with a larger step some pixels would have no reference patch."""


class WNNMParameters(Parameters):
    """Parameters of weighted nuclear norm minimisation."""

    step: int = Field(
        3,
        ge=1,
        le=SMALLEST_PATCH,
        description="pixels from one reference patch to the next; the authors take 2 up to σ = 40 "
        "and 3 above, which lasts longer",
    )
    iterations: int | None = Field(
        None,
        ge=1,
        description="iterations of the regularisation; None for what the authors take: 8 up to "
        "σ = 20, 12 up to 40 and 14 above",
    )
    reach: int = Field(30, ge=1, description="the search window reaches this far, in pixels")
    feedback: float = Field(
        0.1, ge=0, lt=1, description="share of the removed noise that each iteration puts back"
    )


class NuclearNormParameters(WNNMParameters):
    """Parameters of nuclear norm minimisation."""

    strength: float = Field(
        0.25,
        gt=0,
        description="threshold of the singular values as a multiple of the largest one that noise "
        "alone is expected to have",
    )
