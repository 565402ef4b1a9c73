"""How a network is trained. No torch: plugins inherit from it where they declare their priors."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from priorbench.specs import Parameters

__all__ = ["OptimiserName", "TrainingParameters"]

OptimiserName = Literal["muon", "adam"]
"""Orthogonalised steps, or Adam's."""


class TrainingParameters(Parameters):
    """Base of the parameters of a network that :func:`.training.train` trains."""

    n_tiles: int = Field(
        100_000,
        ge=2,
        le=10_000_000,
        description="places in the training images that tiles come from",
    )
    held_out: float = Field(
        0.01,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    iterations: int = Field(5000, ge=1, description="steps of the optimiser, one for each batch")
    batch: int = Field(32, ge=1, description="tiles in a batch")
    learning_rate: float = Field(
        0.015,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; "
        "falls linearly to a hundredth",
    )
    average: float = Field(
        0.998,
        ge=0,
        lt=1,
        description="how much of the average of the weights, which restores, each step keeps",
    )
    measure_every: int = Field(
        250, ge=1, description="steps between two measurements on held-out tiles"
    )
    patience: int = Field(
        20, ge=1, description="stop after this many measurements without progress"
    )
