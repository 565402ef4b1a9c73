"""The parameters of the shallow models."""

from __future__ import annotations

from pydantic import Field

from priorbench.networks.parameters import TrainingParameters


class ShallowParameters(TrainingParameters):
    """What all of them are trained on."""

    sigma_max: float = Field(
        75.0, gt=1, le=255, description="largest σ of the noise in training, 0–255; the least is 1"
    )
    tile_size: int = Field(64, ge=8, le=512, description="side of a training tile in pixels")


class TNRDParameters(ShallowParameters):
    """How the diffusion is built and trained."""

    stages: int = Field(5, ge=1, le=50, description="steps of the diffusion")
    filter_size: int = Field(
        5,
        ge=2,
        le=15,
        description="side s of the filters in pixels; there are s² − 1 in each stage",
    )
    levels: int = Field(
        4,
        ge=1,
        le=32,
        description="levels of noise that have influence functions of their own; with 1 they are "
        "the same for every σ, in units of σ",
    )
    held_out: float = Field(
        0.001,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    batch: int = Field(8, ge=1, description="tiles in a batch")
    iterations: int = Field(1400, ge=1, description="steps of the optimiser, one for each batch")
    learning_rate: float = Field(
        0.15,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; "
        "falls linearly to a hundredth",
    )
    average: float = Field(
        0.99,
        ge=0,
        lt=1,
        description="how much of the average of the weights, which restores, each step keeps",
    )
    measure_every: int = Field(
        200, ge=1, description="steps between two measurements on held-out tiles"
    )


class FieldsOfExpertsParameters(ShallowParameters):
    """How the experts are learned, and how the most likely image is sought."""

    filter_size: int = Field(
        5, ge=2, le=15, description="side s of the filters in pixels; there are s² − 1"
    )
    levels: int = Field(
        6,
        ge=1,
        le=32,
        description="levels of noise that have a weight and a scale of the energy of their own",
    )
    steps: int = Field(30, ge=1, description="the most steps towards the most likely image")
    tolerance: float = Field(
        0.003, ge=0, description="it ends at steps shorter than this part of σ, in the mean square"
    )
    tile_size: int = Field(48, ge=8, le=512, description="side of a training tile in pixels")
    held_out: float = Field(
        0.0003,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    batch: int = Field(4, ge=1, description="tiles in a batch")
    iterations: int = Field(320, ge=1, description="steps of the optimiser, one for each batch")
    learning_rate: float = Field(
        0.08,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; "
        "falls linearly to a hundredth",
    )
    average: float = Field(
        0.98,
        ge=0,
        lt=1,
        description="how much of the average of the weights, which restores, each step keeps",
    )
    measure_every: int = Field(
        80, ge=1, description="steps between two measurements on held-out tiles"
    )
