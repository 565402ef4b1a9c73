"""What can be set, with defaults; README.md says how they were chosen."""

from __future__ import annotations

from pydantic import Field

from priorbench import Parameters


class GaussianParameters(Parameters):
    """Parameters of the Gaussian filter."""

    width: float = Field(
        10.0, gt=0, le=1000, description="standard deviation of the filter in pixels for σ = 1"
    )


class MedianParameters(Parameters):
    """Parameters of the median filter."""

    radius: float = Field(
        20.0,
        gt=0,
        le=1000,
        description="radius of the disc in pixels for σ = 1; below 1 pixel: off",
    )


class BilateralParameters(Parameters):
    """Parameters of the bilateral filter."""

    width: float = Field(15.0, gt=0, le=1000, description="standard deviation in pixels for σ = 1")
    contrast: float = Field(
        2.5, gt=0, description="standard deviation in intensity as a multiple of σ"
    )


class GuidedParameters(Parameters):
    """Parameters of the guided filter."""

    radius: float = Field(
        10.0, gt=0, le=1000, description="r of a window of (2r + 1)² pixels for σ = 1; at least 1"
    )
    strength: float = Field(
        9.0, gt=0, description="ε as a multiple of the noise's variance; larger is smoother"
    )


class DomainTransformParameters(Parameters):
    """Parameters of the domain transform."""

    width: float = Field(
        20.0, gt=0, le=1000, description="width in pixels, for σ = 1, where the image is constant"
    )
    contrast: float = Field(
        8.0, gt=0, description="sum of differences, as a multiple of σ, that counts as the width"
    )
    iterations: int = Field(3, ge=1, le=20, description="passes along rows and columns")


class PeronaMalikParameters(Parameters):
    """Parameters of Perona and Malik's diffusion."""

    width: float = Field(
        16.0, gt=0, le=100, description="width in pixels, for σ = 1, if nothing were an edge"
    )
    contrast: float = Field(2.0, gt=0, description="K: least difference of an edge, over σ")


class EdgeEnhancingParameters(Parameters):
    """Parameters of edge-enhancing diffusion."""

    width: float = Field(
        16.0, gt=0, le=100, description="width in pixels, for σ = 1, if nothing were an edge"
    )
    contrast: float = Field(
        0.3, gt=0, description="λ: least gradient of an edge in intensity a pixel, over σ"
    )
    presmoothing: float = Field(
        1.0, ge=0, le=100, description="standard deviation in pixels before gradients are taken"
    )


class CoherenceEnhancingParameters(Parameters):
    """Parameters of coherence-enhancing diffusion."""

    width: float = Field(
        24.0, gt=0, le=100, description="width in pixels, for σ = 1, along and across alike"
    )
    contrast: float = Field(
        0.1, gt=0, description="least root of a difference of eigenvalues, over σ, of a line"
    )
    presmoothing: float = Field(
        0.7, ge=0, le=100, description="standard deviation in pixels before gradients are taken"
    )
    integration: float = Field(
        2.5, ge=0, le=100, description="ρ: standard deviation in pixels of the structure tensor"
    )
    leak: float = Field(0.01, gt=0, le=1, description="α: conductivity across lines")
