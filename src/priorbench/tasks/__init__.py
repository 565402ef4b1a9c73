"""Tasks: how a clean image becomes a problem."""

from priorbench.tasks.base import Task
from priorbench.tasks.deblur import Deblur
from priorbench.tasks.denoise import Denoise, DenoiseBlind, DenoisePoisson, DenoiseSaltPepper
from priorbench.tasks.guided import DenoiseGuided
from priorbench.tasks.inpaint import Inpaint, InpaintBlock, InpaintMask, InpaintScratch, InpaintText
from priorbench.tasks.jpeg import Jpeg
from priorbench.tasks.sense import Sense
from priorbench.tasks.superresolve import SuperResolve

__all__ = [
    "Deblur",
    "Denoise",
    "DenoiseBlind",
    "DenoiseGuided",
    "DenoisePoisson",
    "DenoiseSaltPepper",
    "Inpaint",
    "InpaintBlock",
    "InpaintMask",
    "InpaintScratch",
    "InpaintText",
    "Jpeg",
    "Sense",
    "SuperResolve",
    "Task",
]
