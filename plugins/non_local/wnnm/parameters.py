"""The parameters of the low-rank priors."""

from __future__ import annotations

from pydantic import Field

from priorbench import Parameters


class WNNMParameters(Parameters):
    """Parameters of weighted nuclear norm minimisation; None is what its authors take at each σ."""

    step: int | None = Field(
        None,
        ge=1,
        description="pixels from one reference patch to the next, at most the side of a patch; by "
        "default 2 up to σ = 40 and 3 above",
    )
    iterations: int | None = Field(
        None,
        ge=1,
        description="iterations of the regularisation; by default 8 up to σ = 20, 12 up to 40 and "
        "14 above",
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
