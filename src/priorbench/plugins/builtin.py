"""The specs that come with the library, registered as any plugin would."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench.data import catalogue, embedded, folder
from priorbench.plugins.builtin_measures import optional_metrics
from priorbench.plugins.builtin_sample_metrics import sample_metrics
from priorbench.plugins.builtin_tasks import register_tasks as register_tasks
from priorbench.plugins.hookspecs import hookimpl
from priorbench.specs import DatasetSpec, MetricSpec
from priorbench.synthetic import sources


@hookimpl
def register_datasets() -> Iterator[DatasetSpec]:
    """Yield the embedded images, any folder, dead leaves, and the standard data sets."""
    yield DatasetSpec(
        name="embedded",
        factory="priorbench.data.loaders:load_embedded",
        images=embedded.images,
        origins=embedded.origins,
        summary="the images that ship inside scikit-image, scikit-learn and PyWavelets",
        reference="doi:10.7717/peerj.453, https://jmlr.org/papers/v12/pedregosa11a.html, "
        "doi:10.21105/joss.01237",
    )
    yield DatasetSpec(
        name="scikit-image",
        factory="priorbench.data.loaders:load_embedded",
        images=embedded.scikit_image,
        origins=embedded.scikit_image_origins,
        summary="the images that ship inside scikit-image",
        reference="doi:10.7717/peerj.453",
    )
    yield DatasetSpec(
        name="folder",
        factory="priorbench.data.loaders:load_from_folder",
        images=folder.images,
        parameters=folder.FolderParameters,
        summary="any folder of images",
    )
    yield DatasetSpec(
        name="dead-leaves",
        factory="priorbench.synthetic.dead_leaves:load_dead_leaves",
        images=sources.images,
        sizes=sources.dead_leaves_sizes,
        parameters=sources.DeadLeavesParameters,
        origins=sources.dead_leaves_origins,
        summary="random discs and polygons of every size that occlude each other",
        reference="doi:10.1023/A:1011109015675",
    )
    yield DatasetSpec(
        name="mini-dead-leaves",
        factory="priorbench.synthetic.mini_dead_leaves:load_mini_dead_leaves",
        images=sources.images,
        parameters=sources.MiniDeadLeavesParameters,
        origins=sources.mini_dead_leaves_origins,
        summary="sheets of independent patches, each flat or an edge",
        reference="https://papers.nips.cc/paper/2012/hash/"
        "e97ee2054defb209c35fe4dc94599061-Abstract.html",
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
        (
            "cbsd68",
            catalogue.CBSD68Parameters,
            "the images of BSD68 in colour",
            "doi:10.1109/CVPR.2005.160",
        ),
        ("set5", catalogue.Set5Parameters, "5 colour images", "doi:10.5244/C.26.135"),
        (
            "set12",
            catalogue.Set12Parameters,
            "12 classic gray images",
            "doi:10.1109/TIP.2017.2662206",
        ),
        (
            "set14",
            catalogue.Set14Parameters,
            "14 images, some gray",
            "doi:10.1007/978-3-642-27413-8_47",
        ),
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
            sizes=catalogue.sizes,
            parameters=parameters,
            origins=catalogue.origins,
            summary=summary,
            reference=reference,
        )


@hookimpl
def register_metrics() -> Iterator[MetricSpec]:
    """Yield measures of fidelity, consistency and samples, and those that are taken where named."""
    yield from sample_metrics()
    yield MetricSpec(
        name="psnr",
        label="PSNR",
        unit="dB",
        factory="priorbench.metrics.fidelity:psnr",
        summary="peak signal-to-noise ratio",
    )
    yield MetricSpec(
        name="ssim",
        label="SSIM",
        factory="priorbench.metrics.fidelity:ssim",
        summary="structural similarity",
        reference="doi:10.1109/TIP.2003.819861",
        decimals=4,
    )
    yield MetricSpec(
        name="ms-ssim",
        label="MS-SSIM",
        factory="priorbench.metrics.multiscale:ms_ssim",
        summary="structural similarity at five scales; for images of at least 176 pixels a side",
        reference="doi:10.1109/ACSSC.2003.1292216",
        decimals=4,
    )
    yield MetricSpec(
        name="psnr-y",
        label="PSNR of luma",
        unit="dB",
        factory="priorbench.metrics.fidelity:psnr_y",
        summary="peak signal-to-noise ratio of the luma Y of YCbCr; of gray images, PSNR",
    )
    yield MetricSpec(
        name="rmse",
        label="RMSE",
        factory="priorbench.metrics.fidelity:rmse",
        summary="root mean squared error on [0, 1]",
        higher_is_better=False,
        decimals=4,
    )
    yield MetricSpec(
        name="residual",
        label="‖Hx − y‖² / nσ²",
        factory="priorbench.metrics.consistency:residual",
        of_problem=True,
        summary="data consistency: about 1 when the restoration explains the observation, "
        "more when it does not, less when it keeps the noise",
        higher_is_better=None,
        target=1.0,
    )
    yield from optional_metrics()
