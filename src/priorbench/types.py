"""Names for the shapes that tensors have throughout the library.

The letters are B images, C channels, H rows, W columns, N patches and D pixels in a patch.
Every tensor is float32 unless a docstring says otherwise; intensities lie on [0, 1].
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from torch import Tensor

Image: TypeAlias = Annotated[Tensor, "B C H W, on [0, 1]"]
Observation: TypeAlias = Annotated[Tensor, "B C h w, in the range of the operator"]
Patches: TypeAlias = Annotated[Tensor, "N D, one patch a row, row-major pixels"]
Scores: TypeAlias = Annotated[Tensor, "N, nats"]
