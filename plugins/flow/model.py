"""A normalising flow as a density of patches: EPLL gives it every task."""

from __future__ import annotations

from typing import Any

from priorbench.networks.patch_density import PatchDensity

from .network import FlowNetwork
from .parameters import FlowParameters


class PatchFlow(PatchDensity):
    """log p of a patch without its mean, exact, by a change of variables; the mean is flat.

    Args:
        **parameters: fields of :class:`FlowParameters`.

    Raises:
        ValueError: a parameter is unknown or out of range.
    """

    def __init__(self, **parameters: Any) -> None:
        self.parameters = FlowParameters(**parameters)
        super().__init__(self.parameters)

    def build(self) -> FlowNetwork:
        """Return the flow with random weights."""
        options = self.parameters
        return FlowNetwork(
            self.patch_size**2, options.transforms, options.width, options.layers, options.bins
        )
