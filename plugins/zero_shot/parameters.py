"""The parameters of networks that are fitted to a single observation."""

from __future__ import annotations

from pydantic import Field, model_validator

from priorbench import Parameters
from priorbench.networks.parameters import OptimiserName

OPTIMISER = (
    "orthogonalised steps, which need several times fewer iterations, or Adam as in the paper"
)
RATE = "muon: length of a step, of the norm of the weights; adam: its rate, {} in the paper"
FINAL_RATE = "the rate falls linearly to this fraction of itself in the last iteration"


class Noise2NoiseParameters(Parameters):
    """The network of Zero-Shot Noise2Noise and its fit."""

    channels: int = Field(48, ge=1, description="channels of the two hidden layers")
    iterations: int = Field(300, ge=1, description="steps of the fit")
    crops: int = Field(4, ge=1, description="parts of the image that a step sees")
    side: int | None = Field(
        72,
        ge=16,
        description="most pixels of a side of such a part; null: each step sees the whole image, "
        "as in the paper",
    )
    optimiser: OptimiserName = Field("muon", description=OPTIMISER)
    learning_rate: float = Field(0.04, gt=0, description=RATE.format("0.001"))
    final_rate: float = Field(0.01, gt=0, le=1, description=FINAL_RATE)
    turns: bool = Field(
        True,
        description="the estimate is the mean over the eight rotations and reflections of the "
        "image; the paper has none",
    )


class Noise2FastParameters(Parameters):
    """The network of Noise2Fast and its fit."""

    channels: int = Field(32, ge=1, description="channels of the hidden layers")
    layers: int = Field(5, ge=1, le=16, description="hidden layers of 3 × 3")
    iterations: int = Field(300, ge=1, description="steps of the fit")
    crops: int = Field(4, ge=1, description="parts of the image that a step sees")
    side: int = Field(96, ge=48, description="most pixels of a side of such a part")
    optimiser: OptimiserName = Field("muon", description=OPTIMISER)
    learning_rate: float = Field(0.04, gt=0, description=RATE.format("0.001"))
    final_rate: float = Field(0.01, gt=0, le=1, description=FINAL_RATE)

    @model_validator(mode="after")
    def _check_side(self) -> Noise2FastParameters:
        least = 4 * self.layers + 4
        if self.side < least:
            raise ValueError(f"side must be at least {least} for {self.layers} layers")
        return self


class Self2SelfParameters(Parameters):
    """The network of Self2Self, its fit, and the predictions that are averaged."""

    channels: int = Field(
        24,
        ge=1,
        description="channels on the way down, twice as many on the way up; 48 in the paper",
    )
    scales: int = Field(4, ge=1, le=8, description="how often the map is halved; 5 in the paper")
    dropped: float = Field(
        0.3, gt=0, le=0.95, description="share of the known pixels that the network does not see"
    )
    dropout: float = Field(
        0.3, ge=0, le=0.95, description="share of the numbers that dropout leaves out on the way up"
    )
    iterations: int = Field(1000, ge=1, description="steps of the fit; 450 000 in the paper")
    side: int | None = Field(
        128,
        ge=16,
        description="most pixels of a side of the part of the image that a step sees; null: each "
        "step sees the whole image, as in the paper",
    )
    averaged: float = Field(
        0.25,
        ge=0,
        le=1,
        description="share of the steps, the last ones, whose predictions are averaged; 0 in the "
        "paper",
    )
    predictions: int = Field(
        8,
        ge=1,
        description="predictions of the whole image after the last step that are averaged, too; "
        "50 to 100 in the paper",
    )
    optimiser: OptimiserName = Field("muon", description=OPTIMISER)
    learning_rate: float = Field(0.03, gt=0, description=RATE.format("0.0001"))
    final_rate: float = Field(0.05, gt=0, le=1, description=FINAL_RATE)


class DeepDecoderParameters(Parameters):
    """The network of the deep decoder and its fit."""

    channels: int | None = Field(
        None, ge=2, description="channels of the maps; null: as many as `compression` allows"
    )
    compression: float = Field(
        4.0,
        gt=0,
        description="null channels: how many times fewer weights than observed numbers there are",
    )
    doublings: int = Field(5, ge=0, le=8, description="how often the map is doubled")
    iterations: int = Field(400, ge=1, description="steps of the fit")
    optimiser: OptimiserName = Field("muon", description=OPTIMISER)
    learning_rate: float = Field(0.05, gt=0, description=RATE.format("0.01"))
    final_rate: float = Field(0.05, gt=0, le=1, description=FINAL_RATE)
