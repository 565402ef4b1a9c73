"""Images and priors in a Python session: corrupt, restore, score and show in a few lines."""

from __future__ import annotations

from priorbench.interactive.arrays import ImageArray, ImageLike
from priorbench.interactive.lists import priors, tasks
from priorbench.interactive.loading import load_prior, restore
from priorbench.interactive.models import NotTrained
from priorbench.interactive.pictures import show
from priorbench.interactive.prior import LoadedPrior, Restored
from priorbench.interactive.problems import ImageProblem, corrupt, observe
from priorbench.interactive.scores import score

__all__ = [
    "ImageArray",
    "ImageLike",
    "ImageProblem",
    "LoadedPrior",
    "NotTrained",
    "Restored",
    "corrupt",
    "load_prior",
    "observe",
    "priors",
    "restore",
    "score",
    "show",
    "tasks",
]
