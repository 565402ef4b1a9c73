"""Broken: an image is another one each time."""

from priorbench import DatasetSpec, hookimpl


def images(parameters):
    return {f"noise-{number}": None for number in range(4)}


@hookimpl
def register_datasets():
    yield DatasetSpec(
        name="other-images",
        factory=".model:Model",
        summary="for a test",
        images=images,
    )
