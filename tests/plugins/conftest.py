import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from priorbench.report.figures.style import contrast_to_white
from priorbench.results import Results
from priorbench.results.catalogue import Catalogue
from priorbench.studies.material import Material


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

    def solver(self, prior, task):
        raise NotImplementedError

    def psnr(self, task, restored, clean):
        raise NotImplementedError

    def problems(self, dataset, task):
        raise NotImplementedError


@pytest.fixture
def assert_legible():
    """Check that every line and mark of a figure stands out from white (WCAG 2.2, 1.4.11)."""

    def check(figure):
        drawn = [
            line
            for axes in figure.findobj(lambda each: isinstance(each, Axes))
            for line in axes.lines
        ]
        assert drawn
        for line in drawn:
            *rgb, opacity = to_rgba(line.get_color(), line.get_alpha())
            assert opacity == 1 and contrast_to_white(tuple(rgb)) >= 3

    return check


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
