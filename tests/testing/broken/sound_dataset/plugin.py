"""Sound: images of noise, each by its number."""

from priorbench import DatasetSpec, hookimpl


def images(parameters):
    return {f"noise-{number}": None for number in range(4)}


@hookimpl
def register_datasets():
    yield DatasetSpec(
        name="sound-dataset",
        factory=".model:Model",
        summary="for a test",
        images=images,
    )
