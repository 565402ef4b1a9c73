import pandas as pd
import pytest

from priorbench.results import Results
from priorbench.results.catalogue import Catalogue
from priorbench.results.material import Material


class Images(Material):
    """Clean images alone: what a study opens that looks at photographs only."""

    def __init__(self, images):
        self.images = images

    def test_images(self, dataset):
        return self.images[dataset]

    def prior(self, prior):
        raise NotImplementedError

    def training_images(self, prior):
        raise NotImplementedError

    def problems(self, dataset, task):
        raise NotImplementedError


@pytest.fixture
def results_of():
    """Make results of an experiment with nothing but clean images, by data set and name."""

    def make(**images):
        return Results(
            scores=pd.DataFrame(),
            runs=pd.DataFrame(),
            training={},
            parameters={},
            names={},
            catalogue=Catalogue(priors={}, tasks={}, datasets=tuple(images), metrics={}),
            material=Images(images),
        )

    return make
