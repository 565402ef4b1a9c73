"""The records that come with the library, declared as any plugin would."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench.data import embedded, folder
from priorbench.hookspecs import hookimpl
from priorbench.records import DatasetSpec, MetricSpec, Parameters, TaskSpec


class DenoiseParameters(Parameters):
    """Parameters of denoising."""

    sigma: float = Field(25, ge=0, description="standard deviation of the noise on the 0-255 scale")


class InpaintParameters(Parameters):
    """Parameters of inpainting."""

    missing: float = Field(50, gt=0, lt=100, description="missing pixels in percent")
    sigma: float = Field(0, ge=0, description="standard deviation of the noise on the known pixels, on the 0-255 scale")


@hookimpl
def register_tasks() -> Iterator[TaskSpec]:
    """Yield denoising and inpainting."""
    yield TaskSpec(
        name="denoise",
        id="denoise-{sigma:g}",
        label="denoise σ = {sigma:g}",
        factory="priorbench.tasks:Denoise",
        parameters=DenoiseParameters,
        summary="white Gaussian noise, neither clipped nor rounded",
    )
    yield TaskSpec(
        name="inpaint",
        id="inpaint-{missing:g}",
        label="inpaint {missing:g} %",
        factory="priorbench.tasks:Inpaint",
        parameters=InpaintParameters,
        summary="random pixels are missing, the same in all channels; the known ones may be noisy",
    )


@hookimpl
def register_datasets() -> Iterator[DatasetSpec]:
    """Yield the embedded images and any folder."""
    yield DatasetSpec(
        name="scikit-image",
        factory="priorbench.data.loaders:load_embedded",
        images=embedded.images,
        summary="the images that ship inside scikit-image",
        reference="doi:10.7717/peerj.453",
    )
    yield DatasetSpec(
        name="folder",
        factory="priorbench.data.loaders:load_from_folder",
        images=folder.images,
        parameters=folder.FolderParameters,
        summary="any folder of PNG, JPEG, TIFF or BMP images",
    )


@hookimpl
def register_metrics() -> Iterator[MetricSpec]:
    """Yield PSNR and SSIM."""
    yield MetricSpec(
        name="psnr",
        label="PSNR",
        unit="dB",
        factory="priorbench.metrics:psnr",
        summary="peak signal-to-noise ratio",
    )
    yield MetricSpec(
        name="ssim",
        label="SSIM",
        factory="priorbench.metrics:ssim",
        summary="structural similarity",
        reference="doi:10.1109/TIP.2003.819861",
        decimals=4,
    )
