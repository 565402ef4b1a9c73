"""The parameters of the priors of sparse patches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from priorbench import Parameters
from priorbench.networks.parameters import TrainingParameters


class DictionaryParameters(Parameters):
    """How a dictionary of patches is learned."""

    patch_size: int = Field(8, ge=2, le=32, description="side of a patch in pixels")
    n_atoms: int = Field(
        256,
        ge=2,
        le=4096,
        description="atoms, the constant patch, which all patches have, included",
    )
    n_patches: int = Field(100_000, ge=2, le=10_000_000, description="patches to train on")
    held_out: float = Field(
        0.1,
        gt=0,
        le=1,
        description="further patches that measure and don't train, as a fraction of n_patches",
    )


class SparseParameters(DictionaryParameters):
    """How sparse patches become an image."""

    noisy_weight: float = Field(
        30.0,
        ge=0,
        description="weight of the noisy image in the mean of the overlapping patches, times σ on "
        "0–255; that of each patch is 1",
    )


class KSVDParameters(SparseParameters):
    """Parameters of a dictionary learned by K-SVD."""

    sparsity: int = Field(
        3, ge=1, le=64, description="atoms of a training patch beside the constant one"
    )
    iterations: int = Field(30, ge=0, description="iterations of K-SVD in the training")
    gain: float = Field(
        1.1,
        gt=0,
        description="a patch gets atoms until its root mean squared error is this multiple of σ",
    )


class AdaptedKSVDParameters(KSVDParameters):
    """Parameters of a dictionary that goes on learning from the noisy image."""

    adaptations: int = Field(
        10, ge=0, description="iterations of K-SVD on the patches of the noisy image"
    )
    adapted_patches: int = Field(
        40_000,
        ge=1,
        description="patches of the noisy image that it learns from; all, if there are fewer",
    )


class SparseCodingParameters(SparseParameters):
    """Parameters of codes of least ℓ₁ norm."""

    n_patches: int = Field(40_000, ge=2, le=10_000_000, description="patches to train on, once")
    training_penalty: float = Field(
        0.15, gt=0, description="weight of the ℓ₁ norm in the training, for pixels on [0, 1]"
    )
    penalty: float = Field(
        1.9, ge=0, description="λ: the weight of the ℓ₁ norm is this multiple of σ"
    )
    steps: int = Field(40, ge=1, description="steps of FISTA")


class SuperResolutionParameters(Parameters):
    """How coupled dictionaries are learned."""

    factors: tuple[Annotated[int, Field(ge=2, le=8)], ...] = Field(
        (2, 3, 4), min_length=1, description="factors that it learns to enlarge by"
    )
    kernel: Literal["bicubic", "lanczos2", "area"] = Field(
        "bicubic", description="how the training images are made smaller"
    )
    n_atoms: int = Field(512, ge=2, le=4096, description="atoms of the dictionaries of each factor")
    n_patches: int = Field(
        60_000,
        ge=2,
        le=10_000_000,
        description="patches for each factor, the held-out ones included",
    )
    held_out: float = Field(
        0.1, gt=0, lt=1, description="share of these patches that measure and don't train"
    )
    sparsity: int = Field(3, ge=1, le=64, description="atoms of a patch")
    iterations: int = Field(20, ge=0, description="iterations of K-SVD")


class ConvolutionalParameters(TrainingParameters):
    """How filters are learned, and how sparse the maps are that they are convolved with."""

    filter_size: int = Field(8, ge=2, le=32, description="side of a filter in pixels")
    n_filters: int = Field(48, ge=1, le=512, description="filters")
    tile_size: int = Field(48, ge=8, description="side of a training tile in pixels")
    held_out: float = Field(
        0.0003,
        gt=0,
        le=1,
        description="further places that measure and don't train, as a fraction of n_tiles",
    )
    batch: int = Field(4, ge=1, description="tiles in a batch")
    iterations: int = Field(150, ge=1, description="steps of the optimiser, one for each batch")
    learning_rate: float = Field(
        0.1,
        gt=0,
        lt=1,
        description="length of a step, of the norm that the weights begin with; "
        "falls linearly to a hundredth",
    )
    average: float = Field(
        0.95,
        ge=0,
        lt=1,
        description="how much of the average of the weights, which restores, each step keeps",
    )
    measure_every: int = Field(
        50, ge=1, description="steps between two measurements on held-out tiles"
    )
    smoothing: float = Field(
        5.0, gt=0, description="weight of the squared differences in the smooth part"
    )
    training_penalty: float = Field(
        0.05, gt=0, description="weight of the ℓ₁ norm in the training, for pixels on [0, 1]"
    )
    penalty: float = Field(2.5, gt=0, description="λ: the weight of the ℓ₁ norm is this times σ")
    steps: int = Field(40, ge=1, description="steps of ADMM")
