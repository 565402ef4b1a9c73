"""Broken: its images lie on 0 to 255."""

from priorbench import DatasetSpec, hookimpl


def images(parameters):
    return {f"noise-{number}": None for number in range(4)}


@hookimpl
def register_datasets():
    yield DatasetSpec(
        name="bytes",
        factory=".model:Model",
        summary="for a test",
        images=images,
    )
