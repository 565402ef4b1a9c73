import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba

from priorbench.figures.marks import contrast_to_white
from priorbench.results import Catalogue
from tests.plugins.experiments import GivenExperiment


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
def experiment_of():
    """Make an experiment with nothing but clean images, by data set and name."""

    def make(**images):
        catalogue = Catalogue(priors={}, tasks={}, datasets=tuple(images), metrics={})
        return GivenExperiment(catalogue=catalogue, images=images)

    return make
