"""An experiment for tests of studies."""

from priorbench.testing import GivenExperiment

__all__ = ["GivenExperiment"]
