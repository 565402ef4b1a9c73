"""The metrics that an experiment takes only where it names them."""

from __future__ import annotations

from collections.abc import Iterator

from priorbench.specs import MetricSpec


def optional_metrics() -> Iterator[MetricSpec]:
    """Yield distances of statistics, and models of what an observer sees."""
    yield MetricSpec(
        name="patch-distance",
        label="patch distance",
        unit="gray levels",
        factory="priorbench.metrics.patch_distance:patch_distance",
        summary="sliced Wasserstein distance of 8 × 8 patches at three scales; for images of at "
        "least 64 pixels a side",
        reference="doi:10.1007/978-3-642-24785-9_37, arXiv:1710.10196, "
        "doi:10.1109/TCOM.1983.1095851",
        higher_is_better=False,
        optional=True,
    )
    yield MetricSpec(
        name="spectrum-distance",
        label="spectrum distance",
        unit="dB",
        factory="priorbench.metrics.spectrum_distance:spectrum_distance",
        summary="power that is lost or added, root mean square over four octaves of frequency; for "
        "images of at least 64 pixels a side",
        reference="doi:10.1364/JOSAA.4.002379",
        higher_is_better=False,
        optional=True,
    )
    yield MetricSpec(
        name="niqe",
        label="NIQE",
        factory="priorbench.metrics.niqe:niqe",
        summary="distance of an image's statistics from those of photographs, without a look at "
        "the clean image; for images of at least two blocks of 96 × 96 pixels",
        reference="doi:10.1109/LSP.2012.2227726",
        higher_is_better=False,
        optional=True,
    )
    yield MetricSpec(
        name="gmsd",
        label="GMSD",
        factory="priorbench.metrics.gmsd:gmsd",
        summary="deviation of the similarities of gradients",
        reference="doi:10.1109/TIP.2013.2293423",
        higher_is_better=False,
        decimals=4,
        optional=True,
    )
    yield MetricSpec(
        name="haarpsi",
        label="HaarPSI",
        factory="priorbench.metrics.haarpsi:haarpsi",
        summary="similarity of Haar coefficients, at most 1",
        reference="doi:10.1016/j.image.2017.11.001",
        decimals=4,
        optional=True,
    )
    yield MetricSpec(
        name="vif",
        label="VIF",
        factory="priorbench.metrics.information:vif",
        summary="visual information fidelity in the pixel domain; for images of at least 41 pixels "
        "a side",
        reference="doi:10.1109/TIP.2005.859378",
        decimals=4,
        optional=True,
    )
