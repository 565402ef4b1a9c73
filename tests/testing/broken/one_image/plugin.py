"""Broken: all names stand for one image."""

from priorbench import DatasetSpec, hookimpl


def images(parameters):
    return {f"noise-{number}": None for number in range(4)}


@hookimpl
def register_datasets():
    yield DatasetSpec(
        name="one-image",
        factory=".model:Model",
        summary="for a test",
        images=images,
    )
