"""Priors whose model is a network: its weights, its training, its saved form."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from priorbench.networks.parameters import TrainingParameters
from priorbench.networks.training import Objective, Row, train
from priorbench.networks.weights import initialised, loaded
from priorbench.numerics.patches import PatchSet, draw_patches
from priorbench.priors import Context, Learned
from priorbench.types import AnyImage

__all__ = ["LearnedNetwork"]

Network = TypeVar("Network", bound=nn.Module)


class LearnedNetwork(Learned, Generic[Network]):
    """A network that is trained on square tiles of images; combine it with a kind of prior.

    Args:
        options: how it is trained.
        tile_size: side of a training tile in pixels.
    """

    def __init__(self, options: TrainingParameters, tile_size: int) -> None:
        self.tile_size = tile_size
        self._options = options
        self._network: Network | None = None

    @property
    def network(self) -> Network:
        """The network, for use and not for training.

        Raises:
            RuntimeError: the prior is neither fitted nor loaded.
        """
        if self._network is None:
            raise RuntimeError(f"this {type(self).__name__} has no model yet: fit it, or load one")
        return self._network

    @abstractmethod
    def build(self) -> Network:
        """Return the network before its training; torch's own generator may be drawn from."""

    def initial(self, generator: torch.Generator) -> Network:
        """Return the network with the weights that its training begins with."""
        return initialised(self.build, int(torch.randint(2**62, (), generator=generator)))

    @abstractmethod
    def objective(self, network: Network) -> Objective:
        """Return what a network is trained for."""

    def prepare(self, network: Network, drawn: PatchSet) -> None:
        """Set what a network takes from the training tiles before its training; here, nothing."""

    def extra_columns(self, held_out: PatchSet) -> Row:
        """Return further columns of a row of the training curve; here, none."""
        return {}

    def fit(self, images: Sequence[AnyImage], context: Context) -> Iterator[Row]:
        """Train on tiles of the images; the weights best on held-out tiles are kept.

        Yields:
            The rows of :func:`.training.train`, with the columns of :meth:`objective` and
            :meth:`extra_columns`.

        Raises:
            ValueError: an image has two or more than three channels, or none is as large as a tile.
            Diverged: the loss is NaN or infinite, again and again.
        """
        options = self._options
        drawn, measured = draw_patches(
            images, self.tile_size, options.n_tiles, options.held_out, context.generator
        )
        network = self.initial(context.generator)
        self.prepare(network, drawn)
        for weights, row in train(self.objective(network), drawn, measured, options, context):
            self.load_state_dict({**network.state_dict(), **weights})
            yield {**row, **self.extra_columns(measured)}

    def state_dict(self) -> Mapping[str, Tensor]:
        """Return the network's weights."""
        return self.network.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take over the network's weights.

        Raises:
            RuntimeError: one is missing, unknown or has the wrong shape.
            ValueError: one is not finite.
        """
        self._network = loaded(self.build, state)
