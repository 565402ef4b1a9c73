"""The hooks: one for each kind of spec.

A plugin implements any of them with ``@priorbench.hookimpl`` and yields specs. Implementations
must be light: no torch, no pandas, no scikit-image; the workflow calls them whenever it is read.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from priorbench.specs import DatasetSpec, MetricSpec, PriorSpec, StudySpec, TaskSpec

PROJECT = "priorbench"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of its name."""


# The hooks have no body: pluggy calls the plugins' implementations.
@hookspec
def register_priors() -> Iterable[PriorSpec]:  # type: ignore[empty-body]
    """Yield image priors.

    Example::

        from priorbench import PriorSpec, hookimpl

        @hookimpl
        def register_priors():
            yield PriorSpec(name="median", factory=".model:Median", summary="3 × 3 median filter")
    """


@hookspec
def register_tasks() -> Iterable[TaskSpec]:  # type: ignore[empty-body]
    """Yield tasks: ways to corrupt an image.

    Example::

        from priorbench import Parameters, TaskSpec, hookimpl

        class StripeParameters(Parameters):
            period: int = 4

        @hookimpl
        def register_tasks():
            yield TaskSpec(
                name="inpaint-stripes",
                id="inpaint-stripes-{period}",
                factory=".stripes:InpaintStripes",
                parameters=StripeParameters,
                summary="every n-th row is missing",
            )
    """


@hookspec
def register_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Yield sources of images.

    Example::

        from priorbench import DatasetSpec, hookimpl

        def images(parameters):
            return {f"noise-{seed}": None for seed in range(10)}

        @hookimpl
        def register_datasets():
            yield DatasetSpec(
                name="white-noise",
                factory=".noise:load",
                images=images,
                summary="ten images of white noise",
            )
    """


@hookspec
def register_metrics() -> Iterable[MetricSpec]:  # type: ignore[empty-body]
    """Yield metrics.

    Example::

        from priorbench import MetricSpec, hookimpl

        @hookimpl
        def register_metrics():
            yield MetricSpec(
                name="mae", factory=".mae:mean_absolute_error", summary="mean absolute error",
                higher_is_better=False, decimals=4,
            )
    """


@hookspec
def register_studies() -> Iterable[StudySpec]:  # type: ignore[empty-body]
    """Yield studies: a table, a figure and verdicts computed from an experiment's results.

    Example::

        from priorbench import StudySpec, hookimpl

        @hookimpl
        def register_studies():
            yield StudySpec(
                name="speed", factory=".speed:seconds_against_psnr", summary="what a decibel costs",
                caption="Mean PSNR against seconds an image.",
            )
    """
