"""The parameters of the priors; read with every workflow, so nothing heavy is imported.

Defaults were chosen for noise of σ = 25 on four crops of training images of BSDS500.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from priorbench import Parameters

Size = Annotated[int, Field(ge=1, le=99)]


class TotalVariationParameters(Parameters):
    """Parameters of total variation."""

    weight: float = Field(0.75, gt=0, description="weight of the regulariser as a multiple of σ")
    iterations: int = Field(300, ge=1, description="the most iterations")


class TotalGeneralisedVariationParameters(Parameters):
    """Parameters of total generalised variation."""

    weight: float = Field(
        7.0,
        gt=0,
        description="weight of the regulariser as a multiple of σ; deepinv takes a tenth of it for "
        "the first derivatives",
    )
    iterations: int = Field(300, ge=1, description="the most iterations")


class WaveletParameters(Parameters):
    """Parameters of soft thresholding in one orthogonal basis."""

    weight: float = Field(1.2, gt=0, description="the threshold as a multiple of σ")
    wavelet: str = Field("db8", description="name of an orthogonal wavelet of PyWavelets")
    level: int = Field(3, ge=1, description="scales of the decomposition")


class WaveletDictionaryParameters(Parameters):
    """Parameters of thresholding in several orthogonal bases at once."""

    weight: float = Field(1.2, gt=0, description="the threshold as a multiple of σ")
    wavelets: tuple[str, ...] = Field(
        ("db8", "db4"), min_length=2, description="names of orthogonal wavelets of PyWavelets"
    )
    level: int = Field(3, ge=1, description="scales of each decomposition")
    iterations: int = Field(10, ge=1, description="iterations of the proximal splitting")


class BilateralParameters(Parameters):
    """Parameters of the bilateral filter."""

    pixels: float = Field(1.5, gt=0, description="standard deviation of the weights in pixels")
    weight: float = Field(
        2.5, gt=0, description="standard deviation of the weights in intensity, a multiple of σ"
    )
    size: Size = Field(7, description="side of the window in pixels, odd")

    @field_validator("size")
    @classmethod
    def _odd(cls, size: int) -> int:
        return _odd(size)


class MedianParameters(Parameters):
    """Parameters of the median filter."""

    size: Size = Field(3, description="side of the window in pixels, odd")

    @field_validator("size")
    @classmethod
    def _odd(cls, size: int) -> int:
        return _odd(size)


class NetworkParameters(Parameters):
    """A network of deepinv and the file with its weights."""

    model: Literal["DnCNN", "DRUNet", "FFDNet", "GSDRUNet", "Restormer", "SCUNet", "SwinIR"] = (
        Field(description="name of the class in deepinv.models")
    )
    weights: str = Field(
        description="file with the weights, .safetensors or one that torch wrote; relative paths "
        "start where the command is run. Nothing is downloaded"
    )
    sha256: str = Field(
        "",
        validate_default=True,
        description="checksum of that file. It is filled in, so that results are computed again "
        "when the file changes; give it to accept one file only",
    )
    channels: Literal[1, 3] = Field(
        3, description="of the network; one channel restores each channel of an image by itself"
    )
    sigma_max: float = Field(
        75.0, gt=0, le=255, description="largest σ that the network was trained for, 0–255"
    )
    options: dict[str, bool | int | float | str] = Field(
        {}, description="further arguments of the class, where they differ from its defaults"
    )

    @field_validator("options")
    @classmethod
    def _nothing_is_downloaded(cls, options: dict[str, Any]) -> dict[str, Any]:
        if "pretrained" in options:
            raise ValueError("'pretrained' would download weights; name their file in 'weights'")
        return options

    @field_validator("sha256")
    @classmethod
    def _of_the_file(cls, given: str, info: ValidationInfo) -> str:
        # Where 'weights' itself is wrong, that is the error to read.
        if "weights" not in info.data:
            return given
        file = Path(info.data["weights"]).expanduser()
        if not file.is_file():
            raise ValueError(
                f"the weights {file.absolute()} do not exist; deepinv's documentation lists "
                "where to download those of its networks"
            )
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if given not in ("", found):
            raise ValueError(f"{file} has the SHA-256 {found}, not {given}")
        return found


def _odd(size: int) -> int:
    """Return the side of a window.

    Raises:
        ValueError: it has no pixel in its middle.
    """
    if size % 2 == 0:
        raise ValueError(f"must be odd, not {size}")
    return size
