"""The parameters of the priors of sparse patches."""

from __future__ import annotations

from pydantic import Field

from priorbench import Parameters


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
