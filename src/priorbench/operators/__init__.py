"""Linear operators H of the observation model y = Hx + n, one in each file."""

from priorbench.operators.base import LinearOperator, operator_class
from priorbench.operators.identity import Identity
from priorbench.operators.mask import Mask

__all__ = ["Identity", "LinearOperator", "Mask", "operator_class"]
