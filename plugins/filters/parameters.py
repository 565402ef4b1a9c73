"""What can be set, with defaults; README.md says how they were chosen."""

from __future__ import annotations

from pydantic import Field

from priorbench import Parameters


class GaussianParameters(Parameters):
    """Parameters of the Gaussian filter."""

    width: float = Field(
        2.5, gt=0, le=1000, description="standard deviation of the filter in pixels, over √σ"
    )


class MedianParameters(Parameters):
    """Parameters of the median filter."""

    radius: float = Field(
        17.0, gt=0, le=1000, description="radius of the disc in pixels, over σ; below 1 pixel: off"
    )


class BilateralParameters(Parameters):
    """Parameters of the bilateral filter."""

    width: float = Field(
        12.0, gt=0, le=1000, description="standard deviation of the weights in pixels, over σ"
    )
    contrast: float = Field(
        3.0, gt=0, description="standard deviation of the weights in intensity, over σ"
    )


class GuidedParameters(Parameters):
    """Parameters of the guided filter."""

    radius: float = Field(
        10.0, gt=0, le=1000, description="r of a window of (2r + 1)² pixels, over σ; at least 1"
    )
    strength: float = Field(6.0, gt=0, description="ε over the noise's variance σ²")


class DomainTransformParameters(Parameters):
    """Parameters of the domain transform."""

    width: float = Field(
        28.0, gt=0, le=1000, description="width in pixels where the image is constant, over σ"
    )
    contrast: float = Field(
        5.5, gt=0, description="sum of differences that counts as the width, over σ"
    )
    iterations: int = Field(3, ge=1, le=20, description="passes along rows and columns")


class PeronaMalikParameters(Parameters):
    """Parameters of Perona and Malik's diffusion."""

    time: float = Field(7.0, gt=0, le=1000, description="when it ends, in pixels², over σ")
    contrast: float = Field(2.0, gt=0, description="K: least difference of an edge, over σ")


class EdgeEnhancingParameters(Parameters):
    """Parameters of edge-enhancing diffusion."""

    width: float = Field(
        14.0, gt=0, le=100, description="width in pixels if nothing were an edge, over σ"
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
        20.0, gt=0, le=100, description="width in pixels, along and across alike, over σ"
    )
    contrast: float = Field(
        0.1, gt=0, description="least root of a difference of eigenvalues of a line, over σ"
    )
    presmoothing: float = Field(
        0.7, ge=0, le=100, description="standard deviation in pixels before gradients are taken"
    )
    integration: float = Field(
        2.5, ge=0, le=100, description="ρ: standard deviation in pixels of the structure tensor"
    )
    leak: float = Field(0.01, gt=0, le=1, description="α: conductivity across lines")
