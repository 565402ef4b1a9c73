"""Linear operators H of the observation model y = Hx + n, one in each file."""

from priorbench.operators.base import LinearOperator, conjugate_gradients, operator_class
from priorbench.operators.blur import Blur
from priorbench.operators.composition import Composition
from priorbench.operators.decimated_blur import DecimatedBlur
from priorbench.operators.downsample import Downsample
from priorbench.operators.identity import Identity
from priorbench.operators.mask import Mask
from priorbench.operators.random_projection import RandomProjection

__all__ = [
    "Blur",
    "Composition",
    "DecimatedBlur",
    "Downsample",
    "Identity",
    "LinearOperator",
    "Mask",
    "RandomProjection",
    "conjugate_gradients",
    "operator_class",
]
