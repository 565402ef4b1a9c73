"""The records that come with the library, declared as any plugin would."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from priorbench.data import catalogue, embedded, folder
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
    """Yield the embedded images, any folder, and the standard data sets."""
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
    for name, parameters, summary, reference in (
        (
            "bsds500",
            catalogue.BSDS500Parameters,
            "Berkeley segmentation data: 200 + 100 + 200 colour photographs",
            "doi:10.1109/TPAMI.2010.161",
        ),
        (
            "bsd68",
            catalogue.BSD68Parameters,
            "68 of the validation images of BSDS500 in gray",
            "doi:10.1109/CVPR.2005.160",
        ),
        ("cbsd68", catalogue.CBSD68Parameters, "the images of BSD68 in colour", "doi:10.1109/CVPR.2005.160"),
        ("set5", catalogue.Set5Parameters, "5 colour images", "doi:10.5244/C.26.135"),
        ("set12", catalogue.Set12Parameters, "12 classic gray images", "doi:10.1109/TIP.2017.2662206"),
        ("set14", catalogue.Set14Parameters, "14 images, some gray", "doi:10.1007/978-3-642-27413-8_47"),
        (
            "kodak24",
            catalogue.Kodak24Parameters,
            "Kodak's 24 photographs, cut to 500 × 500",
            "doi:10.1109/TIP.2018.2839891",
        ),
        (
            "dip",
            catalogue.DIPParameters,
            "the Deep Image Prior's 9 colour or 11 gray images",
            "doi:10.1109/CVPR.2018.00984",
        ),
    ):
        yield DatasetSpec(
            name=name,
            factory="priorbench.data.loaders:load_from_catalogue",
            images=catalogue.images,
            parameters=parameters,
            origins=catalogue.origins,
            summary=summary,
            reference=reference,
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
