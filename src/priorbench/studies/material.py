"""What a study may open beside the tables: fitted priors, images, problems."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from priorbench.problem import Problem
    from priorbench.specs.solver_settings import SolverSettings
    from priorbench.types import Image


class Material(ABC):
    """What lies behind the tables of an experiment. Everything is read when it is asked for."""

    @abstractmethod
    def prior(self, prior: str) -> Any:
        """Return a prior, fitted if it learns."""

    @abstractmethod
    def solver(self, prior: str, task: str) -> SolverSettings:
        """Return the settings of the splitting that a prior restored a task with; what is not set is the default."""

    @abstractmethod
    def psnr(self, task: str, restored: Image, clean: Image) -> float:
        """Return the PSNR in dB by the protocol of a task: clipped, its border cut, of luma where it says so."""

    @abstractmethod
    def training_images(self, prior: str) -> Mapping[str, Image]:
        """Return the images that a prior learned from, each 1 × C × H × W."""

    @abstractmethod
    def test_images(self, dataset: str) -> Mapping[str, Image]:
        """Return the clean images of a data set, each 1 × C × H × W; those that could not be read are left out."""

    @abstractmethod
    def problems(self, dataset: str, task: str) -> Mapping[str, tuple[Problem, Image]]:
        """Return each problem made from a data set, with the clean image that it was made from."""
