"""The parameters of the Deep Image Prior."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from priorbench import Parameters
from priorbench.networks.parameters import OptimiserName


class DIPParameters(Parameters):
    """The network, its input and its fit; what is null is chosen by the class of the task."""

    channels: int = Field(32, ge=1, description="channels of the maps")
    scales: int = Field(5, ge=1, le=8, description="how often the map is halved")
    skip: int | None = Field(
        None, ge=0, description="channels of the skip connections at each scale"
    )
    kernel: Literal[1, 3, 5, 7] = Field(3, description="side of the kernels")
    activation: Literal["leaky-relu", "relu", "elu", "swish"] = Field(
        "leaky-relu", description="activation function"
    )
    padding: Literal["reflect", "replicate", "zeros"] = Field(
        "reflect", description="what lies outside of a map"
    )
    down: Literal["stride", "average", "max"] = Field("stride", description="how a map is halved")
    up: Literal["bilinear", "nearest"] | None = Field(None, description="how a map is doubled")
    input: Literal["noise", "grid"] | None = Field(
        None, description="z: uniform noise, or coordinates; a problem's guide takes its place"
    )
    input_channels: int = Field(16, ge=1, description="channels of a z of noise")
    iterations: int = Field(250, ge=1, description="most iterations of a run")
    optimiser: OptimiserName = Field(
        "muon",
        description="orthogonalised steps, which need several times fewer iterations, or Adam as "
        "in the paper",
    )
    precision: Literal["float32", "mixed"] = Field(
        "float32",
        description="mixed: convolutions multiply in bfloat16 where the device has instructions "
        "for it, and round otherwise than where it has none; pays with many channels",
    )
    learning_rate: float = Field(
        0.07,
        gt=0,
        description="muon: length of a step, of the norm of the weights; adam: its rate, 0.01 in "
        "the paper",
    )
    final_rate: float = Field(
        0.1,
        gt=0,
        le=1,
        description="the rate falls linearly to this fraction of itself in the last iteration",
    )
    perturbation: float | None = Field(
        None,
        ge=0,
        description="standard deviation of the noise that is added to z in each iteration",
    )
    first_perturbation: float = Field(
        0.2,
        ge=0,
        le=1,
        description="it grows from this fraction of itself, over 60 % of the iterations",
    )
    average: float = Field(
        0.95,
        ge=0,
        lt=1,
        description="how much of the running average of the outputs each iteration keeps",
    )
    runs: int = Field(
        1, ge=1, description="runs from different weights and inputs, whose estimates are averaged"
    )
    stopping: Literal["fixed", "discrepancy", "held-out", "variance"] | None = Field(
        None,
        description="which estimate is given back, without the clean image: see the plugin's "
        "README",
    )
    held_out: float = Field(
        0.05, gt=0, lt=1, description="held-out: fraction of the observed pixels that is not fitted"
    )
    patience: int = Field(
        300,
        ge=1,
        description="held-out and variance: iterations without a better estimate before the end",
    )
    window: int = Field(
        100, ge=20, description="variance: iterations that the variance is taken over"
    )
    total_variation: float = Field(
        0.0, ge=0, description="weight of the image's total variation in the loss"
    )
    sure: bool = Field(
        False,
        description="denoising: the network sees the observation, and Stein's unbiased risk "
        "estimate is minimised",
    )
